"""A flow that is recorded is the same flow; what was written down gives the same decisions again."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machine import EVENTS, World, call, group, ok, status, streaming, target, world
from test_routing_laws import PIECES, PLAIN, PLANS, WHOLE, endless, most

from gatewaymw.core.commands import All, Command, Flow, Note, Send, all_of, ask, send, wait
from gatewaymw.core.errors import BadRequest
from gatewaymw.core.plan import Node, Retry
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Reply
from gatewaymw.core.routing.trace import Begun, Diverged, Done, Drawn, Log, Said, observed, recorded, replayed
from gatewaymw.core.values import Answer, Call, Env, Outcome, Request


def rolling(here: World, seed: int) -> Env:
    """The world's clock, with dice and ids that are others each time."""
    env, dice, ids = here.env(), random.Random(seed), itertools.count()
    return Env(random=dice.random, now=env.now, clock=env.clock, new_id=lambda: f"id-{next(ids)}")


def traced(plan: Node, asked: Call, here: World, seed: int = 0) -> tuple[Reply, Log]:
    log = Log()
    env = rolling(here, seed)
    return here.run(recorded(run(plan, asked, observed(env, log)), log, env.now)), log


def told(reply: Reply) -> tuple[Any, ...]:
    """All of a reply but the body that is still to come, which no two have in common."""
    return reply.status, reply.body, reply.tries, reply.attempts, reply.again, reply.target, reply.dropped


@given(PLAIN, st.data(), st.integers(0, 99))
def test_a_trace_played_again_gives_the_same_decisions(plan: Node, data: st.DataObject, seed: int) -> None:
    asked = call(traced=True)
    reply, log = traced(plan, asked, endless(data, WHOLE), seed)
    assert replayed(lambda env: run(plan, asked, env), log.trace) == reply


@given(PLAIN, st.data(), st.integers(0, 99))
def test_a_trace_of_streams_played_again_gives_the_same_decisions(
    plan: Node, data: st.DataObject, seed: int
) -> None:
    numbers, asked, here = iter(range(1, 10_000)), streaming(traced=True), World(iter(()))

    def outcomes() -> Outcome:
        if data.draw(st.booleans()):
            return data.draw(WHOLE.filter(lambda outcome: not isinstance(outcome, Answer) or not outcome.ok))
        number = next(numbers)
        here.reads[number] = list(data.draw(PIECES))
        return Answer(200, EVENTS, stream=number)

    here.outcomes = iter(outcomes, None)
    reply, log = traced(plan, asked, here, seed)
    assert told(replayed(lambda env: run(plan, asked, env), log.trace)) == told(reply)


@given(PLAIN, st.data(), st.floats(0, 1, exclude_max=True))
def test_to_record_a_flow_changes_nothing_about_it(plan: Node, data: st.DataObject, dice: float) -> None:
    script = data.draw(st.lists(WHOLE, min_size=most(plan), max_size=most(plan)))
    bare, watched = (World(iter(script), dice=dice) for _ in range(2))
    log = Log()
    flow = run(plan, call(traced=True), observed(watched.env(), log))
    replies = (
        bare.run(run(plan, call(), bare.env())),
        watched.run(recorded(flow, log, watched.env().now)),
    )
    assert replies[0] == replies[1]
    assert bare.log == watched.log
    assert [entry.command for entry in log.trace if isinstance(entry, Done)] == watched.log
    assert replies[0].attempts == len(bare.sent)


@given(PLAIN, st.data())
def test_another_script_is_another_trace(plan: Node, data: st.DataObject) -> None:
    """Every end of a trace but its own is one that the flow did not come to."""
    asked = call(traced=True)
    _, log = traced(plan, asked, endless(data, WHOLE))
    cut = data.draw(st.integers(0, len(log.trace) - 1))
    with pytest.raises(Diverged):
        replayed(lambda env: run(plan, asked, env), log.trace[:cut])


# ── side by side ─────────────────────────────────────────────────────────


def step(env: Env, name: str) -> Flow[str]:
    yield Note(name, "enter", name)
    env.now()
    yield from wait(env.random())
    outcome = yield from send(Request("GET", f"https://{name}.example"))
    assert isinstance(outcome, Answer)
    return f"{name} {outcome.status} {env.new_id()}"


def nested(env: Env) -> Flow[Any]:
    first = yield from all_of(step(env, "a"), step(env, "b"))
    inner = all_of(step(env, "c"), all_of(step(env, "d"), step(env, "e")))
    second = yield from all_of(inner, step(env, "f"))
    return first, second


def interleaved(flow: Flow[Any], choose: Callable[[int], int], answer: Callable[[Command], Any]) -> Any:
    """Carry flows side by side, resumed in an order of somebody's choice."""
    ready: list[tuple[Flow[Any], Any]] = [(flow, None)]
    parents: dict[int, tuple[Flow[Any], int, list[Any]]] = {}
    while True:
        current, event = ready.pop(choose(len(ready)))
        try:
            command = current.send(event)
        except StopIteration as stop:
            if current is flow:
                return stop.value
            parent, index, results = parents[id(current)]
            results[index] = stop.value
            if None not in results:
                ready.append((parent, tuple(results)))
            continue
        if isinstance(command, All):
            gathered: list[Any] = [None] * len(command.flows)
            parents |= {id(each): (current, at, gathered) for at, each in enumerate(command.flows)}
            ready += [(each, None) for each in command.flows]
        else:
            ready.append((current, answer(command)))


@given(st.data(), st.integers(0, 99))
def test_lanes_are_resumed_in_the_order_in_which_they_were(data: st.DataObject, seed: int) -> None:
    dice, clock, statuses = random.Random(seed), itertools.count(), itertools.count(200)
    log = Log()
    env = observed(Env(dice.random, lambda: float(next(clock)), lambda: 0.0, lambda: f"{dice.random()}"), log)
    result = interleaved(
        recorded(nested(env), log, lambda: 0.0),
        lambda most: data.draw(st.integers(0, most - 1)),
        lambda command: Answer(next(statuses)) if isinstance(command, Send) else None,
    )
    assert replayed(nested, log.trace) == result
    lanes = {entry.lane for entry in log.trace if isinstance(entry, Begun)}
    assert lanes == {(), (0,), (1,), (2,), (3,), (2, 0), (2, 1), (2, 1, 0), (2, 1, 1)}


# ── what else there is ───────────────────────────────────────────────────


def asking() -> Flow[str]:
    try:
        yield from ask("secret", "x")
    except BadRequest as error:
        return error.message
    return "no error"


def test_an_error_that_was_thrown_is_thrown_again() -> None:
    log = Log()
    flow = recorded(asking(), log, lambda: 0.0)
    flow.send(None)
    with pytest.raises(StopIteration) as stopped:
        flow.throw(BadRequest("no such key"))
    assert stopped.value.value == "no such key"
    assert replayed(lambda env: asking(), log.trace) == "no such key"


def refusing() -> Flow[str]:
    yield from wait(1)
    raise BadRequest("nothing of the kind")


def beside() -> Flow[Any]:
    try:
        return (yield from all_of(refusing(), wait(2)))
    except BadRequest as error:
        return error.message


def test_an_error_of_a_lane_is_that_of_what_began_it() -> None:
    log = Log()
    here = world()
    flow = recorded(beside(), log, here.env().now)
    command = flow.send(None)
    assert isinstance(command, All)
    with pytest.raises(BadRequest) as refused:
        here.carry(command.flows[0])
    here.carry(command.flows[1])
    with pytest.raises(StopIteration) as stopped:
        flow.throw(refused.value)
    assert stopped.value.value == replayed(lambda env: beside(), log.trace) == "nothing of the kind"


def test_an_error_that_ends_a_flow_ends_it_again() -> None:
    log = Log()
    here = world()
    with pytest.raises(BadRequest):
        here.run(recorded(refusing(), log, here.env().now))  # type: ignore[arg-type]
    with pytest.raises(BadRequest):
        replayed(lambda env: refusing(), log.trace)


def test_what_is_read_after_a_flow_is_over_is_not_written_down() -> None:
    log = Log()
    env = observed(world().env(), log)
    here = world(ok())
    here.run(recorded(run(target(), call(), env), log, here.env().now))
    before = log.trace
    env.now()
    assert log.trace == before and any(isinstance(entry, Drawn) for entry in before)


def test_a_recorded_flow_that_is_given_up_gives_up_its_own() -> None:
    ended: list[bool] = []

    def flow() -> Flow[None]:
        try:
            yield from wait(1)
        finally:
            ended.append(True)

    made = recorded(flow(), Log(), lambda: 0.0)
    made.send(None)
    made.close()
    assert ended == [True]


def changed_dice(env: Env) -> Flow[Any]:
    env.clock()
    return nested(env)


def other_words(env: Env) -> Flow[Any]:
    yield from all_of(step(env, "a"), step(env, "x"))


def fewer_lanes(env: Env) -> Flow[Any]:
    yield from all_of(step(env, "a"))


@pytest.mark.parametrize("other", [changed_dice, other_words, fewer_lanes])
def test_what_differs_is_said(other: Callable[[Env], Flow[Any]]) -> None:
    log = Log()
    env = observed(Env(lambda: 0.5, lambda: 0.0, lambda: 0.0, lambda: "id"), log)
    interleaved(
        recorded(nested(env), log, lambda: 0.0),
        lambda most: 0,
        lambda command: Answer(200) if isinstance(command, Send) else None,
    )
    with pytest.raises(Diverged):
        replayed(other, log.trace)


# ── why ──────────────────────────────────────────────────────────────────


def reasons(log: Log) -> Iterator[tuple[str, str]]:
    for entry in log.trace:
        if isinstance(entry, Said) and entry.note.what in ("because", "commit"):
            yield entry.note.path, entry.note.text


ONCE = Retry(1, frozenset({429}), base=2.0)


@pytest.mark.parametrize(
    ("outcomes", "why"),
    [
        ([status(503)], "503: 503 is not one of the retry's on_status_codes"),
        ([status(429), status(429)], "429: all 1 retries are used up"),
        ([status(429), ok()], "429: tried again in 1.000 s (retry 1 of 1)"),
        (
            [ok(b"<html>")],
            "broken (upstream_invalid_response): 502 is not one of the retry's on_status_codes",
        ),
    ],
)
def test_why_a_target_was_asked_again_or_was_not(outcomes: list[Outcome], why: str) -> None:
    log = Log()
    here = world(*outcomes)
    env = here.env()
    here.run(recorded(run(target("t", retry=ONCE), call(traced=True), env), log, env.now))
    assert list(reasons(log))[-1] == ("t", why)


def test_why_there_is_no_time_to_wait() -> None:
    here, log = world(status(429)), Log()
    env = here.env()
    asked = call(traced=True, deadline=here.time + 0.5)
    here.run(recorded(run(target("t", retry=ONCE), asked, env), log, env.now))
    assert list(reasons(log)) == [("t", "429: the wait would be longer than may be waited")]


def leaves(*paths: str) -> list[Node]:
    return [target(path) for path in paths]


@pytest.mark.parametrize(
    ("plan", "outcomes", "why"),
    [
        (
            group("fallback", *leaves("a", "b"), path="g"),
            [status(500), ok()],
            ["a came to 500, which falls back"],
        ),
        (group("fallback", *leaves("a", "b"), path="g"), [ok()], ["a came to 200: well done"]),
        (
            group("fallback", *leaves("a", "b"), path="g", on=frozenset({429})),
            [status(500)],
            ["a came to 500, which is not one of on_status_codes"],
        ),
        (
            group("loadbalance", *leaves("a", "b"), path="g", weights=[1, 3]),
            [ok()],
            ["2.000 was drawn of 4: b, whose share is 3"],
        ),
        (
            group("loadbalance", *leaves("a", "b"), path="g", weights=[3, 1]),
            [ok()],
            ["2.000 was drawn of 4: a, whose share is 3"],
        ),
        (
            group("conditional", *leaves("a"), path="g", choose=lambda _: 0, reason=lambda _: "so it is"),
            [ok()],
            ["so it is"],
        ),
        (group("conditional", *leaves("a"), path="g"), [], ["no condition is set"]),
    ],
)
def test_why_a_target_was_chosen(plan: Node, outcomes: list[Outcome], why: list[str]) -> None:
    here, log = world(*outcomes), Log()
    env = here.env()
    here.run(recorded(run(plan, call(traced=True), env), log, env.now))
    assert [text for path, text in reasons(log) if path == "g"] == why


def test_why_a_fallback_stops_where_no_time_is_left() -> None:
    here, log = world(status(500)), Log()
    env = here.env()
    plan = group("fallback", *leaves("a", "b"), path="g")
    here.run(recorded(run(plan, call(traced=True, deadline=here.time), env), log, env.now))
    assert ("g", "a came to 500: there is no time left for the next") in list(reasons(log))


def test_why_a_fallback_stops_where_the_gateway_refused() -> None:
    from gatewaymw.core.routing.reasons import code_of, kept, outcome

    refused = Reply(status=446, body=b"[]", final=True)
    assert kept(target("a"), refused, None) == "a came to 446: the gateway itself refused"
    assert code_of(refused) == ""
    assert outcome(None) == ""


def test_a_commit_is_noted() -> None:
    from machine import CHUNK, opened

    here, log = world(opened(), reads={1: [CHUNK]}), Log()
    env = here.env()
    here.run(recorded(run(target("t"), streaming(traced=True), env), log, env.now))
    assert list(reasons(log)) == [("t", f"committed with {len(CHUNK)} bytes for the client")]


@settings(max_examples=60)
@given(PLANS, st.data(), st.integers(0, 99))
def test_so_does_one_of_plans_that_remember(plan: Node, data: st.DataObject, seed: int) -> None:
    """Breakers, budgets, caches, checks, comparisons: what they were told is in the trace as well."""
    asked = call(traced=True)
    reply, log = traced(plan, asked, endless(data, WHOLE), seed)
    assert told(replayed(lambda env: run(plan, asked, env), log.trace)) == told(reply)
