"""Laws of the machine: for any plan, any script of outcomes and any dice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import Any

from hooked import hook, says
from hypothesis import given
from hypothesis import strategies as st
from machine import CHUNK, DONE, EVENTS, ROLE, STOP, World, call, group, provider, streaming, target

from gatewaymw.core.checks.hook import Checks
from gatewaymw.core.commands import Ask, Command, Read, Send, Wait
from gatewaymw.core.plan import (
    Breaker,
    Budget,
    Caching,
    Group,
    Node,
    Retry,
    Sticky,
    Target,
    Timeouts,
    targets,
)
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.pipeline import Passage
from gatewaymw.core.routing.reply import Live
from gatewaymw.core.routing.tracking import Admission, name_of
from gatewaymw.core.values import Answer, Failure, Outcome

DENIED, FAILED = 446, 246
STATUSES = st.sampled_from([400, 408, 429, 500, 503])
FAILURES = st.sampled_from(
    [
        Failure("timeout", "slow", 408),
        Failure("connect", "away"),
        Failure("broken", "cut"),
        Failure("refused", "no", 400),
    ]
)
SAID = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'
WHOLE = st.one_of(
    st.just(Answer(200, {}, SAID)),
    st.just(Answer(200, {}, b"{}")),
    st.just(Answer(200, {}, b"<html>")),
    STATUSES.map(lambda status: Answer(status, {"retry-after": "3"}, b"{}")),
    FAILURES,
)
LONG = 1e6
"""Seconds: longer than anything here takes."""
BUDGET = Budget(0.2, 1, LONG)
RETRIES = st.builds(
    Retry,
    attempts=st.integers(0, 3),
    on=st.frozensets(STATUSES | st.sampled_from([DENIED, FAILED])),
    use_retry_after=st.booleans(),
    cap=st.just(9.0),
    budget=st.sampled_from([None, BUDGET]),
)
HOOKS = st.builds(
    lambda passes, deny, stream: hook(says(passes), deny=deny, stream=stream),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, "off", "buffer", "window"]),
)
CHECKS = st.builds(
    lambda before, after: Checks(tuple(before), tuple(after)),
    st.lists(HOOKS, max_size=1),
    st.lists(HOOKS, max_size=2),
)
LEAVES = st.builds(
    lambda path, retry, early, **more: target(
        path, provider=provider(path), retry=retry, commit_early=early, **more
    ),
    st.uuids().map(lambda uuid: uuid.hex),
    RETRIES,
    st.booleans(),
    breaker=st.none() | st.builds(Breaker, failures=st.integers(1, 3), cooldown=st.just(20.0)),
    measured=st.booleans(),
    caching=st.sampled_from([None, None, Caching()]),
    checks=st.none() | CHECKS,
    timeouts=st.builds(Timeouts, total=st.none() | st.floats(0.1, 20)),
)


@st.composite
def groups(draw: st.DrawFn, children: st.SearchStrategy[Node], plain: bool = False) -> Group:
    nodes = draw(st.lists(children, min_size=1, max_size=3))
    choice = draw(st.none() | st.integers(0, len(nodes) - 1))
    modes = ["single", "fallback", "loadbalance", "conditional", *([] if plain else ["compare"])]
    algorithms = ["weighted", *([] if plain else ["least_busy", "lowest_latency"])]
    mode = draw(st.sampled_from(modes))
    sticky = draw(st.booleans()) if mode == "loadbalance" and not plain else False
    return group(
        mode,
        *nodes,
        on=draw(st.none() | st.frozensets(STATUSES)),
        choose=lambda _: choice,
        algorithm=draw(st.sampled_from(algorithms)),
        sticky=Sticky(("params.model",)) if sticky else None,
    )


PLANS: st.SearchStrategy[Node] = st.recursive(LEAVES, groups, max_leaves=8)
PLAIN: st.SearchStrategy[Node] = st.recursive(
    st.builds(
        lambda path, attempts, on, early: target(
            path, provider=provider(), retry=Retry(attempts, on, True, cap=9.0), commit_early=early
        ),
        st.uuids().map(str),
        st.integers(0, 3),
        st.frozensets(STATUSES),
        st.booleans(),
    ),
    lambda children: groups(children, plain=True),
    max_leaves=8,
)
"""Plans in which nothing is learnt or kept."""
DICE = st.randoms(use_true_random=False)


def most(node: Node) -> int:
    """The sends a plan may make at the most."""
    if isinstance(node, Target):
        return 1 + node.retry.attempts
    counts = [most(child) for child in node.children]
    return sum(counts) if node.mode in ("fallback", "compare") else max(counts)


class Watched(World):
    """A world that sees to it that no target is asked that may not be."""

    def over(self, plan: Node, dice: Random) -> Watched:
        """For requests through this plan."""
        self.rolls = iter(dice.random, None)
        self.places = {leaf.base: leaf for leaf in targets(plan)}
        self.admitted = dict.fromkeys(self.places, 0)
        self.repeated = dict.fromkeys(self.places, 0)
        self.begin()
        return self

    def begin(self, deadline: float = float("inf")) -> None:
        """A request comes."""
        self.deadline, self.forced = deadline, False
        self.fresh = set(self.places)
        self.log.clear()

    def do(self, command: Command) -> Any:
        match command:
            case Ask("health", ("admit", _, leaf, _, forced)):
                assert not forced or self.forced or not self.sent, "only where there was nobody to ask"
                self.forced = forced
                admission: Admission = super().do(command)
                self.admitted[leaf.base] += admission.lease is not None
                return admission
            case Send(request):
                self.sending(self.places[request.url.removesuffix("/chat")])
            case Wait(seconds):
                assert self.time + seconds <= self.deadline
        return super().do(command)

    def sending(self, leaf: Target) -> None:
        assert self.time <= self.deadline
        first = leaf.base in self.fresh
        self.fresh.discard(leaf.base)
        self.repeated[leaf.base] += not first
        if budget := leaf.retry.budget:
            most = max(budget.floor, budget.share * self.admitted[leaf.base])
            assert self.repeated[leaf.base] <= most, "more tries than the budget has"
        if leaf.breaker and not self.forced and first:
            assert self.health.phase(name_of(leaf, call())) != "open"

    def drain(self, reply: Live) -> None:
        """All of an answer, and what is done afterwards."""
        for stream, passage in reply.beside:
            while not passage.over:
                data = self.do(Read(stream))
                _ = passage.fail(data) if isinstance(data, Failure) else fed(passage, data)
        if reply.beside:
            reply.passage.close()
        self.pour(reply)
        self.open.clear()


def fed(passage: Passage, data: bytes) -> bytes:
    return passage.feed(data) if data else passage.close()


def watched(plan: Node, outcomes: Iterator[Outcome], dice: Random) -> Watched:
    return Watched(outcomes).over(plan, dice)


def endless(draw: st.DataObject, outcomes: st.SearchStrategy[Outcome]) -> World:
    return World(iter(lambda: draw.draw(outcomes), None))


@given(PLANS, st.data(), DICE)
def test_any_script_of_whole_answers(plan: Node, data: st.DataObject, dice: Random) -> None:
    world = watched(plan, endless(data, WHOLE).outcomes, dice)
    reply = world.run(run(plan, call(), world.env()))
    assert len(world.sent) <= most(plan)
    assert len(world.waits) <= max(0, len(world.sent) - 1)
    assert all(0 <= seconds <= 9.0 for seconds in world.waits)
    log = [command for command in world.log if isinstance(command, Send | Wait)]
    for before, after in pairwise(log):
        assert isinstance(before, Send) or isinstance(after, Send), "it waits once, and only to send again"
    if log:
        assert isinstance(log[-1], Send), "it never waits for nothing"
    if reply.target is None:
        assert reply.status == 400 and b"no_matching_target" in reply.body
    else:
        assert reply.target in targets(plan)
    assert reply.status in (200, FAILED) or b"error" in reply.body


PIECES = st.lists(
    st.sampled_from(
        [
            CHUNK,
            ROLE,
            STOP,
            DONE,
            b": ping\n\n",
            b"data: {broken\n\n",
            b'data: {"error":{"message":"busy"}}\n\n',
        ]
    )
    | FAILURES,
    max_size=5,
)


def streams(world: World, data: st.DataObject) -> Iterator[Outcome]:
    """Streams of anything, and failures."""
    numbers = iter(range(1, 10_000))

    def outcome() -> Outcome:
        if data.draw(st.booleans()):
            return data.draw(WHOLE.filter(lambda outcome: not isinstance(outcome, Answer) or not outcome.ok))
        number = next(numbers)
        world.reads[number] = list(data.draw(PIECES))
        return Answer(200, EVENTS, stream=number)

    return iter(outcome, None)


@given(PLANS, st.data(), DICE)
def test_any_script_of_streams_is_closed_or_delivered(plan: Node, data: st.DataObject, dice: Random) -> None:
    world = watched(plan, iter(()), dice)
    world.outcomes = streams(world, data)
    reply = world.run(run(plan, streaming(), world.env()))  # asserts that no stream was forgotten
    assert len(world.sent) <= most(plan)
    leaf = reply.target
    if isinstance(reply, Live) and leaf and not (leaf.commit_early or leaf.checks or reply.beside):
        assert reply.passage.error is None
        assert CHUNK in reply.body or STOP in reply.body, "nothing is shown before something meaningful came"


STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 1.0, 7.0, 30.0])), min_size=1, max_size=6)


@given(PLANS, STEPS, st.data(), DICE)
def test_any_requests_one_after_another(plan: Node, steps: Any, data: st.DataObject, dice: Random) -> None:
    """What is learnt of targets, and kept of answers, lasts. Once something is shown, nobody is asked."""
    world = watched(plan, iter(()), dice)
    answers = {False: endless(data, WHOLE).outcomes, True: streams(world, data)}
    for streamed, seconds in steps:
        world.time += seconds
        world.begin()
        world.outcomes = answers[streamed]
        reply = world.run(run(plan, streaming() if streamed else call(), world.env()))
        sent = len(world.sent)
        assert sent <= most(plan) and reply.attempts == sent
        assert not reply.skipped, "no request is refused for a breaker alone"
        if isinstance(reply, Live):
            world.drain(reply)
        assert len(world.sent) == sent, "nobody is asked after the commit"


@given(PLANS, st.data(), DICE, st.booleans())
def test_nothing_is_sent_or_awaited_after_the_deadline(
    plan: Node, data: st.DataObject, dice: Random, streamed: bool
) -> None:
    world = watched(plan, iter(()), dice)
    world.outcomes = streams(world, data) if streamed else endless(data, WHOLE).outcomes
    world.begin(world.time + data.draw(st.floats(0.01, 30)))
    asked = (streaming if streamed else call)(deadline=world.deadline)
    world.run(run(plan, asked, world.env()))


@given(PLANS, st.data(), st.integers())
def test_r15_the_same_script_gives_the_same_decisions(plan: Node, data: st.DataObject, seed: int) -> None:
    script = data.draw(st.lists(WHOLE, min_size=most(plan), max_size=most(plan)))
    worlds = [watched(plan, iter(script), Random(seed)) for _ in range(2)]
    replies = [world.run(run(plan, call(), world.env())) for world in worlds]
    assert replies[0] == replies[1]
    assert [world.sent + world.waits for world in worlds[:1]] == [
        world.sent + world.waits for world in worlds[1:]
    ]
