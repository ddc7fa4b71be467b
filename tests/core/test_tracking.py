"""Targets whose health is kept, in flows: breakers, budgets, and what other workers say."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import (
    CHUNK,
    DONE,
    STOP,
    World,
    call,
    group,
    ok,
    opened,
    provider,
    status,
    streaming,
    target,
    world,
)

from gatewaymw.core.commands import Ask, Send
from gatewaymw.core.endpoints import SPEECH
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.model import Route
from gatewaymw.core.plan import Breaker, Budget, Credential, Node, Retry, Sticky, Target, targets
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.pipeline import Broken
from gatewaymw.core.routing.reply import Live, Reply
from gatewaymw.core.routing.trace import Log, Said, recorded
from gatewaymw.core.routing.tracking import PREFIX, name_of
from gatewaymw.core.values import Failure, Outcome, Secret
from gatewaymw.drivers.health import Health

RULE = Breaker(failures=2, cooldown=30.0)
SLOW = Failure("timeout", "slow", 408, "timeout")


def guarded(path: str, **more: Any) -> Target:
    return target(path, breaker=more.pop("breaker", RULE), name=path, **more)


def ask(world: World, node: Node, *outcomes: Outcome, **more: Any) -> Reply:
    world.outcomes = iter(outcomes)
    return world.run(run(node, call(**more), world.env()))


def phase(world: World, node: Target) -> str:
    return world.health.phase(name_of(node, call()))


def test_a_target_without_any_of_it_asks_nothing() -> None:
    here = world()
    ask(here, group("fallback", target("a"), target("b")), status(500), ok())
    assert [type(command) for command in here.log] == [Send, Send]


def test_an_open_breaker_is_passed_over_and_tried_again_later() -> None:
    here, first, second = world(), guarded("a"), guarded("b")
    node = group("fallback", first, second)
    for _ in range(2):
        assert ask(here, node, status(500), ok()).target == second
    assert phase(here, first) == "open"
    reply = ask(here, node, ok())
    assert (reply.target, reply.again) == (second, False)
    here.time += 30.0
    assert ask(here, node, ok()).target == first
    assert phase(here, first) == "closed"


def test_a_failure_before_the_skipped_is_what_the_client_hears() -> None:
    here = world()
    node = group("fallback", guarded("a"), guarded("b"))
    for _ in range(2):
        ask(here, node.children[1], status(500))
    reply = ask(here, node, status(503))
    assert (reply.status, reply.target, reply.again) == (503, node.children[0], False)


def test_where_all_are_open_none_is_heeded() -> None:
    here, sole = world(), guarded("a")
    for _ in range(5):
        assert ask(here, sole, status(500)).status == 500
    assert phase(here, sole) == "open" and len(here.sent) == 5
    both = group("fallback", guarded("a"), guarded("b"))
    for _ in range(2):
        ask(here, both.children[1], status(500))
    assert ask(here, both, status(502), ok()).status == 200


@pytest.mark.parametrize("mode", ["single", "conditional"])
def test_a_group_that_has_no_other_choice_is_asked_all_the_same(mode: str) -> None:
    here = world()
    node = group(mode, guarded("a"), guarded("b"), choose=lambda _: 0)
    for _ in range(4):
        assert ask(here, node, status(500)).status == 500


def test_what_counts_as_a_failure_is_for_the_rule_to_say() -> None:
    listed = guarded("a", breaker=Breaker(failures=1, statuses=frozenset({429})))
    here = world()
    ask(here, listed, status(500))
    assert phase(here, listed) == "closed"
    ask(here, listed, status(429))
    assert phase(here, listed) == "open"
    timed = guarded("b", breaker=Breaker(failures=1))
    ask(here, timed, status(429))
    assert phase(here, timed) == "closed"
    ask(here, timed, SLOW)
    assert phase(here, timed) == "open"


def poured(here: World, node: Node, *pieces: bytes | Failure, words: Any = None) -> None:
    """One stream, to its end."""
    here.outcomes, here.reads = iter([opened()]), {1: [CHUNK, *pieces]}
    reply = here.run(run(node, streaming(), here.env()))
    assert isinstance(reply, Live)
    passage = reply.passage
    assert passage.speaks and passage.started and passage.error is None
    if words:
        passage.stop(words)
    while not passage.over:
        data = here.reads[1].pop(0) if here.reads[1] else b""
        if isinstance(data, Failure):
            passage.fail(data)
            break
        if not data:
            passage.close()
            break
        passage.feed(data)
    here.open.clear()


CUT = Failure("broken", "cut", 502, "upstream_broken")


@pytest.mark.parametrize(
    ("pieces", "words", "state"),
    [
        ([STOP, DONE], None, "closed"),
        ([STOP], None, "closed"),
        ([], None, "open"),
        ([b'data: {"error":{"message":"busy","type":"overloaded_error"}}\n\n'], None, "open"),
        ([b'data: {"error":{"message":"no","type":"invalid_request_error"}}\n\n'], None, "closed"),
        ([CUT], None, "open"),
        ([STOP, CUT], None, "closed"),
        ([], GatewayError("shut down", status=503), "closed"),
    ],
)
def test_a_stream_that_breaks_is_a_failure(pieces: list[Any], words: Any, state: str) -> None:
    here, node = world(), guarded("a", breaker=Breaker(failures=1))
    poured(here, node, *pieces, words=words)
    assert phase(here, node) == state


def test_a_body_that_cannot_be_finished_is_told_before_it_is_cut() -> None:
    speaking = provider(routes={SPEECH: Route("/speech")})
    here, node = (
        world(opened(kind="audio/wav")),
        guarded("a", breaker=Breaker(failures=1), provider=speaking),
    )
    reply = here.run(run(node, call({"model": "m", "input": "x", "voice": "v"}, endpoint=SPEECH), here.env()))
    assert isinstance(reply, Live)
    with pytest.raises(Broken):
        reply.passage.fail(CUT)
    assert phase(here, node) == "open"


def test_a_client_that_leaves_says_nothing_of_the_target() -> None:
    here, node = world(), guarded("a", breaker=Breaker(failures=1))
    ask(here, group("single", node), status(500))
    here.time += 30.0
    for _ in range(3):  # each of them the only probe there may be, if the last had not given it back
        flow = run(group("fallback", node, guarded("b")), call(), here.env())
        event = here.do(next(flow))
        sent = flow.send(event)
        assert isinstance(sent, Send) and phase(here, node) == "half_open"
        flow.close()
    assert ask(here, group("fallback", node, guarded("b")), ok()).target == node
    assert phase(here, node) == "closed"


def test_a_client_that_leaves_a_stream_leaves_no_request_under_way() -> None:
    here, node = world(opened(), reads={1: [CHUNK]}), target("a", measured=True)
    reply: Any = here.run(run(node, streaming(), here.env()))
    name = name_of(node, call())
    assert here.health.loads([[name]], here.time)[0][0] == 1
    del reply
    assert here.health.loads([[name]], here.time)[0][0] == 0


def test_callers_with_keys_of_their_own_have_healths_of_their_own() -> None:
    node, held = guarded("a"), guarded("a", credential=Credential(Secret("sk-operator"), held=True))
    names = {name_of(node, call(key=Secret(key))) for key in ("sk-one", "sk-other")}
    assert len({*names, name_of(node, call(key=None))}) == 3
    assert name_of(held, call()) == held.tracked != node.tracked
    assert not any("sk-" in name for name in names)


# ── the budget of retries ────────────────────────────────────────────────


def test_t5_a_budget_bounds_the_tries_of_all_requests_together() -> None:
    here = world()
    retry = Retry(2, frozenset({500}), base=0.0, budget=Budget(0.2, 3, 1000.0))
    node = target("a", retry=retry)
    for _ in range(100):
        ask(here, node, *[status(500)] * 3)
    assert len(here.sent) == 100 + 20
    assert ask(here, node, status(500)).tries == -1


# ── other workers ────────────────────────────────────────────────────────


def workers() -> tuple[World, World]:
    first, second = world(health=Health(shared=True)), world(health=Health(shared=True))
    second.kept = first.kept
    return first, second


def test_what_one_worker_opens_is_open_in_the_other_within_a_second() -> None:
    here, there = workers()
    node = group("fallback", guarded("a"), guarded("b"))
    ask(there, node, ok())
    for _ in range(2):
        ask(here, node, status(500), ok())
    [(name, value)] = here.kept.items()
    assert name.startswith("gmw:1:breaker:") and float(value) == here.time + 30
    there.time = here.time = here.time + 0.5
    assert ask(there, node, ok()).target == node.children[1]
    there.time += 29.0
    assert ask(there, node, ok()).target == node.children[1]
    there.time += 1.0
    here.kept.clear()  # as its time to live does
    assert ask(there, node, ok()).target == node.children[0]


def test_after_the_cool_down_one_worker_tries_for_all() -> None:
    here, there = workers()
    node = group("fallback", guarded("a"), guarded("b"))
    for _ in range(2):
        ask(here, node, status(500), ok())
    assert ask(there, node, ok()).target == node.children[1]
    here.time = there.time = here.time + 30.0
    assert ask(here, node, status(500), ok()).target == node.children[1]
    there.time += 0.5
    assert ask(there, node, ok()).target == node.children[1]
    assert len(there.sent) == 2, "neither was to the target that fails"


def test_the_store_is_asked_once_in_a_while_and_only_by_workers_that_share_one() -> None:
    here, _ = workers()
    node = group("fallback", guarded("a"), guarded("b"))
    for _ in range(10):
        ask(here, node, ok())
    assert sum(isinstance(each, Ask) and each.service == "store" for each in here.log) == 1
    alone = world()
    for _ in range(3):
        ask(alone, node, status(500), ok())
    assert not any(isinstance(each, Ask) and each.service == "store" for each in alone.log)


def test_words_in_the_store_that_make_no_sense_are_none() -> None:
    here, _ = workers()
    node = guarded("a")
    for value in (b"soon", b"", b"1.0", b"nan"):
        here.kept[PREFIX + name_of(node, call())] = value
        here.time += 1
        assert ask(here, group("fallback", node, guarded("b")), ok()).target == node


def test_a_breaker_that_a_streams_end_opened_is_told_of_with_the_next_request() -> None:
    here, _ = workers()
    node = guarded("a", breaker=Breaker(failures=1, cooldown=30.0))
    poured(here, node, CUT)
    assert phase(here, node) == "open" and not here.kept
    ask(here, node, ok())
    assert len(here.kept) == 1
    here.time += 31.0
    poured(here, node, CUT)
    here.time += 31.0
    here.kept.clear()
    ask(here, node, ok())
    assert not here.kept, "it is over"


# ── the law ──────────────────────────────────────────────────────────────

LEAF = st.builds(
    lambda path, failures, held: target(
        path, provider=provider(path), breaker=Breaker(failures=failures, cooldown=5.0) if held else None
    ),
    st.uuids().map(lambda uuid: uuid.hex),
    st.integers(1, 2),
    st.booleans(),
)
STEPS = st.lists(
    st.tuples(st.lists(st.sampled_from([200, 500]), min_size=6, max_size=6), st.floats(0, 6)), max_size=12
)


@st.composite
def groups(draw: st.DrawFn, children: st.SearchStrategy[Node]) -> Node:
    nodes = draw(st.lists(children, min_size=1, max_size=3))
    mode = draw(st.sampled_from(["fallback", "loadbalance", "single", "conditional"]))
    sticky = draw(st.sampled_from([None, Sticky(("params.model",))]))
    return group(mode, *nodes, sticky=sticky, choose=lambda _: 0)


@given(st.recursive(LEAF, groups, max_leaves=6), STEPS, st.randoms(use_true_random=False))
def test_nothing_is_sent_to_an_open_breaker_unless_all_are_open(plan: Node, steps: Any, dice: Random) -> None:
    here = World(iter(()), rolls=iter(dice.random, None))
    named = {leaf.base: leaf for leaf in targets(plan)}
    for statuses, seconds in steps:
        here.time += seconds
        here.outcomes = iter([ok() if each == 200 else status(each) for each in statuses])
        flow, event, sent, forced = run(plan, call(), here.env()), None, 0, False
        try:
            while True:
                command = flow.send(event)
                if isinstance(command, Ask) and command.args[0] == "admit":
                    assert command.args[4] <= (forced or sent == 0), "only where there was nobody to ask"
                    forced = command.args[4]
                if isinstance(command, Send):
                    sent += 1
                    leaf = named[command.request.url.removesuffix("/chat")]
                    assert forced or not leaf.breaker or phase(here, leaf) != "open"
                event = here.do(command)
        except StopIteration as stop:
            reply: Reply = stop.value
        assert sent and not reply.skipped


@pytest.mark.parametrize("mode", ["fallback", "loadbalance"])
def test_a_trace_says_who_was_passed_over(mode: str) -> None:
    here, plan = world(), group(mode, guarded("a"), guarded("b"), guarded("c"))
    for _ in range(2):
        ask(here, group("fallback", guarded("a"), guarded("b")), status(500), status(500))
    log, env = Log(), here.env()
    here.outcomes = iter([ok()])
    here.run(recorded(run(plan, call(traced=True), env), log, env.now))
    said = [entry.note.text for entry in log.trace if isinstance(entry, Said)]
    passed = {each for each in "abc" if f"{each} is passed over: its breaker is open" in said}
    assert passed == {"a", "b"} if mode == "fallback" else passed and passed <= {"a", "b"}


def test_a_trace_says_so_where_all_are_open() -> None:
    here, plan = world(), group("loadbalance", guarded("a"))
    for _ in range(2):
        ask(here, plan, status(500))
    log, env = Log(), here.env()
    here.outcomes = iter([ok()])
    assert here.run(recorded(run(plan, call(traced=True), env), log, env.now)).status == 200
