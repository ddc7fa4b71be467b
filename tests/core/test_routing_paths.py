"""Every path of small plans, enumerated: the machine is deterministic, so replay is exhaustive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from machine import RanOut, World, call, group, ok, status, target

from gatewaymw.core.plan import Node, Retry
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Reply
from gatewaymw.core.values import Answer, Failure, Outcome

ALPHABET: tuple[Outcome, ...] = (ok(), status(429), status(400), Failure("timeout", "slow", 408))
ONCE = Retry(1, frozenset({429}))


def paths(node: Node) -> Iterator[tuple[tuple[Outcome, ...], World, Reply]]:
    todo: list[tuple[Outcome, ...]] = [()]
    while todo:
        path = todo.pop()
        world = World(iter(path))
        try:
            reply = world.run(run(node, call(), world.env()))
        except RanOut:  # each outcome could come next
            todo += [(*path, outcome) for outcome in ALPHABET]
        else:
            yield path, world, reply


def leaves(count: int, retry: Retry = ONCE) -> list[Node]:
    return [target(f"config.targets[{index}]", retry=retry) for index in range(count)]


def test_a_fallback_of_three_with_a_retry_each_goes_on_until_one_does_well() -> None:
    found = list(paths(group("fallback", *leaves(3))))
    assert len(found) == 187
    for path, world, reply in found:
        assert len(world.sent) == len(path) <= 6
        assert all(outcome.status != 200 for outcome in path[:-1])
        assert reply.status == path[-1].status
        assert reply.again == (len(path) > 1)


@pytest.mark.parametrize("mode", ["single", "loadbalance"])
def test_one_child_is_asked_and_no_other(mode: str) -> None:
    for path, world, reply in paths(group(mode, *leaves(3))):
        assert len(path) <= 2
        assert reply.target and reply.target.path == f"config.targets[{0 if mode == 'single' else 1}]"
        assert {command.request.url for command in world.sent} == {"https://test.example/chat"}


def test_an_outer_fallback_sees_the_last_status_of_an_inner_one() -> None:
    inner = [
        group("fallback", *leaves(2, Retry()), path=f"config.targets[{n}]", on=frozenset({429}))
        for n in (0, 1)
    ]
    for path, _, reply in paths(group("fallback", *inner, on=frozenset({408}))):
        statuses = [outcome.status for outcome in path]
        expected = []
        for _ in range(2):
            for _ in range(2):
                expected.append(statuses[len(expected)])
                if expected[-1] != 429:
                    break
            if expected[-1] != 408:
                break
        assert statuses == expected
        assert reply.status == statuses[-1]


def test_a_conditional_without_a_match_fails_as_a_child_does() -> None:
    nowhere = group("conditional", *leaves(1), choose=lambda _: None, path="config.targets[0]")
    world = World(iter([ok()]))
    reply = world.run(run(group("fallback", nowhere, *leaves(1)), call(), world.env()))
    assert reply.status == 200 and len(world.sent) == 1
    alone = World(iter(())).run(run(nowhere, call(), world.env()))
    assert alone.status == 400 and b"no_matching_target" in alone.body


def test_weights_are_kept_and_zero_is_never() -> None:
    drawn = []
    for step in range(100):
        world = World(iter([ok()]), dice=step / 100)
        reply = world.run(run(group("loadbalance", *leaves(3), weights=[0, 1, 3]), call(), world.env()))
        assert reply.target
        drawn.append(reply.target.path[-2])
    assert [drawn.count(index) for index in "012"] == [0, 25, 75]


def test_an_answer_that_fell_back_says_so_only_where_it_did() -> None:
    plan = group("fallback", *leaves(2, Retry()))
    first = World(iter([ok()]))
    assert not first.run(run(plan, call(), first.env())).again
    second = World(iter([Answer(500, {}, b""), ok()]))
    assert second.run(run(plan, call(), second.env())).again
