"""What a trace tells in short, and what it never tells."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import CHUNK, call, group, ok, opened, status, streaming, target, world

from gatewaymw.core.commands import All, Note, Read, Send, Wait
from gatewaymw.core.plan import Credential, Node, Retry
from gatewaymw.core.routing.account import LIMIT, accounted, as_json, line
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.trace import Begun, Done, Log, Said, Trace, recorded
from gatewaymw.core.values import Answer, Call, Failure, Request, Secret

TWICE = Retry(2, frozenset({429, 502}), use_retry_after=True, base=2.0)


def trace_of(plan: Node, *outcomes: Any, asked: Call | None = None, reads: Any = None) -> Trace:
    here, log = world(*outcomes, reads=reads), Log()
    env = here.env()
    here.run(recorded(run(plan, asked or call(traced=True), env), log, env.now))
    return log.trace


def test_each_attempt_is_told_with_its_wait_and_its_reason() -> None:
    plan = group("fallback", target("a", retry=TWICE), target("b"), path="g")
    told = as_json(accounted(trace_of(plan, status(429, retry_after="3"), status(503), ok())))
    attempts = told["attempts"]
    assert [(each["target"], each["provider"], each["said"]) for each in attempts] == [
        ("a", "test", "429"),
        ("a", "test", "503"),
        ("b", "test", "200"),
    ]
    assert [each.get("waited_ms") for each in attempts] == [None, 3000.0, None]
    assert attempts[1]["at_ms"] == 3000.0 and told["ms"] == 3000.0
    assert attempts[0]["why"] == "429: tried again in 3.000 s (retry 1 of 2)"
    assert "why" not in attempts[2]
    assert told["reasons"] == [{"at": "g", "why": "a came to 503, which falls back"}]


def test_a_stream_that_broke_before_it_began_is_told_as_what_it_is() -> None:
    plan = target("a", retry=TWICE)
    broken = Failure("broken", "broke off")
    trace = trace_of(
        plan, opened(1), opened(2), asked=streaming(traced=True), reads={1: [broken], 2: [CHUNK]}
    )
    first, second = accounted(trace).attempts
    assert first.said == "200, then broken (upstream_unreachable)"
    assert second.said == "200" and second.why.startswith("committed with")


def test_a_trace_of_nothing_is_nothing() -> None:
    assert as_json(accounted(())) == {"ms": 0.0, "attempts": [], "reasons": []}
    assert as_json(accounted((Begun((), 5.0),)))["ms"] == 0.0


def sent(lane: tuple[int, ...], **more: Any) -> Done:
    return Done(lane, 0.0, 1.0, Send(Request("GET", "https://x.example"), **more), Answer(200))


def test_a_lane_is_in_the_node_that_began_it_or_in_its_own() -> None:
    trace: Trace = (
        Begun((), 0.0),
        sent(()),
        Said((), 0.0, Note("g", "enter", "compare")),
        Said((0,), 0.0, Note("a", "enter", "one")),
        sent((0,)),
        sent((1,)),
        sent((1,), errors=True),
        Done((1,), 1.0, 1.0, Read(7), b"a file that a client named"),
        Done((2,), 1.0, 1.0, Read(7), b"read by nobody who asked for it"),
        Done((), 2.0, 0.0, All(()), ()),
        Done((0,), 2.0, 4.0, Wait(4.0), None),
        Said((0,), 0.0, Note("a", "leave", "", 200)),
    )
    account = accounted(trace)
    assert [(each.target, each.provider) for each in account.attempts] == [
        ("", ""),
        ("a", "one"),
        ("g", "compare"),
    ]
    assert account.attempts[2].seconds == 2.0


@given(st.integers(0, 300), st.integers(60, LIMIT), st.text(max_size=60))
def test_a_line_is_ascii_and_no_longer_than_it_may_be(count: int, limit: int, path: str) -> None:
    trace: list[Any] = [Begun((), 0.0)]
    for number in range(count):
        trace += [
            Said((), 0.0, Note(f"{path}[{number}]", "enter", "openai")),
            sent(()),
            Said((), 1.0, Note(f"{path}[{number}]", "leave", "", 200)),
            Said((), 1.0, Note("config", "because", f"{number} came to nothing")),
        ]
    text = line(tuple(trace), limit)
    assert text.isascii() and text.isprintable() and len(text) <= limit
    told = json.loads(text)
    assert len(told["attempts"]) + len(told["reasons"]) + told.get("omitted", 0) == 2 * count


SECRETS = ("sk-caller-secret", "what the client asks", "what the provider says", "example/chat")


@pytest.mark.parametrize("number", [200, 401, 500])
def test_no_credential_address_or_word_of_anybody_is_in_it(number: int) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": SECRETS[1]}]}
    said = json.dumps({"error": {"message": SECRETS[2], "code": 7}, "id": SECRETS[2]}).encode()
    answer = Answer(number, {"content-type": "application/json", "x-said": SECRETS[2]}, said)
    plan = group("fallback", target("a", retry=TWICE), target("b"), path="g")
    asked = call(body, key=Secret(SECRETS[0]), traced=True)
    trace = trace_of(plan, answer, answer, answer, asked=asked)
    assert not [secret for secret in SECRETS if secret in line(trace)]


def test_no_credential_is_in_a_traces_repr() -> None:
    held = Credential(source="env:KEY", held=True)
    here, log = world(ok(), secrets={"env:KEY": "sk-held-secret"}), Log()
    env = here.env()
    here.run(recorded(run(target(credential=held), call(traced=True), env), log, env.now))
    assert "Ask" in repr(log.trace) and "sk-" not in repr(log.trace)
