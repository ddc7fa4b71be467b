"""Laws of the machine: for any plan, any script of outcomes and any dice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from machine import CHUNK, DONE, EVENTS, ROLE, STOP, World, call, group, provider, streaming, target

from gatewaymw.core.commands import Send, Wait
from gatewaymw.core.plan import Group, Node, Retry, Target, targets
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Live
from gatewaymw.core.values import Answer, Failure, Outcome

STATUSES = st.sampled_from([400, 408, 429, 500, 503])
PROVIDER = provider()
FAILURES = st.sampled_from(
    [
        Failure("timeout", "slow", 408),
        Failure("connect", "away"),
        Failure("broken", "cut"),
        Failure("refused", "no", 400),
    ]
)
WHOLE = st.one_of(
    st.just(Answer(200, {}, b"{}")),
    st.just(Answer(200, {}, b"<html>")),
    STATUSES.map(lambda status: Answer(status, {"retry-after": "3"}, b"{}")),
    FAILURES,
)
RETRIES = st.builds(
    Retry,
    attempts=st.integers(0, 3),
    on=st.frozensets(STATUSES),
    use_retry_after=st.booleans(),
    cap=st.just(9.0),
)
LEAVES = st.builds(
    lambda path, retry, early: target(path, provider=PROVIDER, retry=retry, commit_early=early),
    st.uuids().map(str),
    RETRIES,
    st.booleans(),
)


@st.composite
def groups(draw: st.DrawFn, children: st.SearchStrategy[Node]) -> Group:
    nodes = draw(st.lists(children, min_size=1, max_size=3))
    choice = draw(st.none() | st.integers(0, len(nodes) - 1))
    return group(
        draw(st.sampled_from(["single", "fallback", "loadbalance", "conditional"])),
        *nodes,
        on=draw(st.none() | st.frozensets(STATUSES)),
        choose=lambda _: choice,
    )


PLANS: st.SearchStrategy[Node] = st.recursive(LEAVES, groups, max_leaves=8)
DICE = st.floats(0, 1, exclude_max=True)


def most(node: Node) -> int:
    """The sends a plan may make at the most."""
    if isinstance(node, Target):
        return 1 + node.retry.attempts
    counts = [most(child) for child in node.children]
    return sum(counts) if node.mode == "fallback" else max(counts)


def endless(draw: st.DataObject, outcomes: st.SearchStrategy[Outcome]) -> World:
    return World(iter(lambda: draw.draw(outcomes), None))


@given(PLANS, st.data(), DICE)
def test_any_script_of_whole_answers(plan: Node, data: st.DataObject, dice: float) -> None:
    world = endless(data, WHOLE)
    world.dice = dice
    reply = world.run(run(plan, call(), world.env()))
    assert len(world.sent) <= most(plan)
    assert len(world.waits) <= max(0, len(world.sent) - 1)
    assert all(0 <= seconds <= 9.0 for seconds in world.waits)
    for before, after in zip(world.log, world.log[1:], strict=False):
        assert isinstance(before, Send) or isinstance(after, Send), "it waits once, and only to send again"
    if world.log:
        assert isinstance(world.log[-1], Send), "it never waits for nothing"
    if reply.target is None:
        assert reply.status == 400 and b"no_matching_target" in reply.body
    else:
        assert reply.target in targets(plan)
    assert reply.status == 200 or b"error" in reply.body


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


@given(PLANS, st.data(), DICE)
def test_any_script_of_streams_is_closed_or_delivered(plan: Node, data: st.DataObject, dice: float) -> None:
    numbers = iter(range(1, 10_000))
    world = World(iter(()), dice=dice)

    def outcomes() -> Outcome:
        if data.draw(st.booleans()):
            return data.draw(WHOLE.filter(lambda outcome: not isinstance(outcome, Answer) or not outcome.ok))
        number = next(numbers)
        world.reads[number] = list(data.draw(PIECES))
        return Answer(200, EVENTS, stream=number)

    world.outcomes = iter(outcomes, None)
    reply = world.run(run(plan, streaming(), world.env()))  # asserts that no stream was forgotten
    assert len(world.sent) <= most(plan)
    if isinstance(reply, Live) and reply.target and not reply.target.commit_early:
        assert reply.passage.error is None
        assert CHUNK in reply.body or STOP in reply.body, "nothing is shown before something meaningful came"


@given(PLANS, st.data())
def test_nothing_is_sent_or_awaited_after_the_deadline(plan: Node, data: st.DataObject) -> None:
    world = endless(data, WHOLE)
    deadline = world.time + data.draw(st.floats(0.01, 30))
    flow, event = run(plan, call(deadline=deadline), world.env()), None
    try:
        while True:
            command = flow.send(event)
            assert world.time <= deadline
            if isinstance(command, Wait):
                assert world.time + command.seconds <= deadline
            event = world.do(command)
    except StopIteration:
        pass


@given(PLANS, st.data(), DICE)
def test_r15_the_same_script_gives_the_same_decisions(plan: Node, data: st.DataObject, dice: float) -> None:
    script = data.draw(st.lists(WHOLE, min_size=most(plan), max_size=most(plan)))
    worlds = [World(iter(script), dice=dice) for _ in range(2)]
    replies = [world.run(run(plan, call(), world.env())) for world in worlds]
    assert replies[0] == replies[1]
    assert worlds[0].log == worlds[1].log
