"""The strategy `compare`: all at once, side by side."""

from __future__ import annotations

from typing import Any

import pytest
from machine import (
    CHUNK,
    DONE,
    ROLE,
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

from gatewaymw.core import json
from gatewaymw.core.commands import All, Ask
from gatewaymw.core.endpoints import EMBED
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.framing.sse import SSE
from gatewaymw.core.plan import Breaker, Node
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.pipeline import taken
from gatewaymw.core.routing.reply import Live, Reply
from gatewaymw.core.values import Failure, Outcome


def said(text: str, model: str = "m-1", **usage: int) -> Outcome:
    message = {"role": "assistant", "content": text}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    body: dict[str, Any] = {"id": "x", "object": "chat.completion", "model": model, "choices": choices}
    return ok(json.dumps({**body, "usage": usage} if usage else body))


def compared(here: World, *children: Node, **more: Any) -> tuple[Reply, Any]:
    reply = here.run(run(group("compare", *children), call(**more), here.env()))
    return reply, json.loads(reply.body)


A, B, C = (target(f"config.targets[{at}]", name=n, provider=provider(n)) for at, n in enumerate("abc"))


def test_every_answer_comes_back_with_what_it_took() -> None:
    here = world(
        said("one", prompt_tokens=3, completion_tokens=4, total_tokens=7),
        said("two", "m-2", prompt_tokens=3, completion_tokens=6, total_tokens=9),
        lasts=0.25,
        price=0.002,
    )
    reply, body = compared(here, A, B)
    assert reply.status == 200 and body["object"] == "chat.completion" and body["model"] == "m"
    assert [(choice["index"], choice["message"]["content"]) for choice in body["choices"]] == [
        (0, "one"),
        (1, "two"),
    ]
    assert body["usage"] == {"prompt_tokens": 6, "completion_tokens": 10, "total_tokens": 16}
    assert body["compare"][1] == {
        "index": 1,
        "target": "config.targets[1]",
        "name": "b",
        "provider": "b",
        "model": "m-2",
        "status": 200,
        "first_token_ms": None,
        "latency_ms": 250.0,
        "usage": {"prompt_tokens": 3, "completion_tokens": 6, "total_tokens": 9},
        "cost": 0.002,
        "error": None,
    }
    assert sum(isinstance(command, All) for command in here.log) == 1
    assert [command.service for command in here.log if isinstance(command, Ask)] == ["prices"]


def test_one_that_fails_is_told_of_and_the_others_stand() -> None:
    here = world(status(429), said("two"), ok(b'{"choices":[]}'))
    other = target("config.targets[2]", provider=provider("c"), overrides={"model": "c-9"})
    reply, body = compared(here, A, B, other)
    assert (reply.status, reply.target) == (200, B)
    assert [choice["finish_reason"] for choice in body["choices"]] == ["error", "stop", "error"]
    first, second, third = body["compare"]
    assert (first["status"], first["error"]["message"], first["usage"]) == (429, "no", None)
    assert (second["error"], second["usage"], second["cost"]) == (None, None, None)
    assert (third["model"], third["error"]) == ("c-9", {"message": "no answer"})


def test_where_all_fail_the_firsts_error_is_the_answer() -> None:
    here = world(status(429), status(500))
    reply, body = compared(here, A, B)
    assert (reply.status, body["error"]["message"], reply.again) == (429, "no", True)
    assert [row["status"] for row in body["compare"]] == [429, 500]
    reply, body = compared(world(ok(b"{}"), ok(b"[]")), A, B)
    assert (reply.status, body["error"]["code"]) == (502, "compare_failed")


def test_a_group_may_be_compared() -> None:
    here = world(status(500), said("second"), said("other"))
    _, body = compared(here, group("fallback", A, B, path="config.targets[0]", name="g"), C)
    assert body["compare"][0] == {**body["compare"][0], "target": B.path, "provider": "b", "name": "g"}


def test_a_fallback_goes_on_where_a_comparison_failed() -> None:
    here = world(status(500), status(500), said("third"))
    node = group("fallback", group("compare", A, B), C)
    assert here.run(run(node, call(), here.env())).target == C


def test_a_target_that_is_left_alone_is_told_as_an_error() -> None:
    here = world(status(500), said("two"))
    guarded = target("a", breaker=Breaker(failures=1), provider=provider("a"))
    here.run(run(group("single", guarded), call(), here.env()))
    _, body = compared(here, guarded, B)
    assert body["compare"][0]["error"]["code"] == "circuit_open"
    here = world(status(500), said("one"))
    here.run(run(guarded, call(), here.env()))
    reply, body = compared(here, guarded)
    assert reply.status == 200, "all were open"


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        (call({"model": "m", "messages": [], "n": 2}), "n"),
        (call({"model": "m", "input": "x"}, endpoint=EMBED), None),
    ],
)
def test_what_cannot_be_compared_is_refused(asked: Any, param: str | None) -> None:
    here = world()
    reply = here.run(run(group("compare", A, B), asked, here.env()))
    assert reply.status == 400 and json.loads(reply.body)["error"]["param"] == param
    assert not here.sent


def test_a_target_that_streams_by_its_own_override_is_told_so() -> None:
    here = world(opened(), said("two"), reads={1: [CHUNK]})
    eager = target("a", provider=provider("a"), overrides={"stream": True})
    _, body = compared(here, eager, B)
    assert "override_params" in body["compare"][0]["error"]["message"]
    here = world(said("one"), opened(), reads={1: [CHUNK]})
    stubborn = target("a", provider=provider("a"), overrides={"stream": False})
    reply = here.run(run(group("compare", stubborn, B), streaming(), here.env()))
    assert b"override_params" in reply.body and isinstance(reply, Live)


# ── streams ──────────────────────────────────────────────────────────────

USED = b'data: {"choices":[],"model":"m-9","usage":{"prompt_tokens":2,"completion_tokens":3}}\n\n'
CUT = Failure("broken", "broke off the connection", 502, "upstream_broken")


def poured(here: World, *children: Node) -> tuple[Live, list[Any]]:
    """All chunks of a comparison, a piece of each stream in turn."""
    reply = here.run(run(group("compare", *children), streaming(), here.env()))
    assert isinstance(reply, Live)
    data, left = reply.body, list(reply.beside)
    while left:
        for voice in tuple(left):
            here.time += 0.125
            stream, passage = voice
            pieces = here.reads[stream]
            data += taken(passage, pieces.pop(0) if pieces else b"")
            if passage.over:
                left.remove(voice)
    data += reply.passage.close()
    assert reply.passage.close() == b"" and data.count(b"[DONE]") == 1 and data.endswith(DONE)
    return reply, [json.loads(frame.data) for frame in SSE().feed(data) if frame.data != b"[DONE]"]


def test_streams_come_side_by_side_under_their_numbers() -> None:
    reads = {1: [ROLE, CHUNK, STOP, USED, DONE], 2: [CHUNK, CHUNK, STOP, DONE]}
    here = world(opened(1), opened(2), reads=reads, lasts=0.5, price=0.25)
    reply, chunks = poured(here, A, B)
    assert (reply.status, reply.target, reply.passage.started) == (200, A, True)
    *spoken, last = chunks
    assert [chunk["choices"][0]["index"] for chunk in spoken].count(1) == 3
    ended = [chunk["choices"][0] for chunk in spoken if chunk["choices"][0].get("finish_reason")]
    assert {(each["index"], each["finish_reason"]) for each in ended} == {(0, "stop"), (1, "stop")}
    assert last["choices"] == [] and last["usage"]["completion_tokens"] == 3
    first, second = last["compare"]
    assert (first["model"], first["cost"], first["first_token_ms"]) == ("m-9", 0.25, 500.0)
    assert first["latency_ms"] > 500 and (second["usage"], second["cost"]) == (None, None)


def test_a_stream_that_breaks_ends_its_own_choice_only() -> None:
    here = world(opened(1), opened(2), reads={1: [CHUNK, CUT], 2: [CHUNK, CHUNK, STOP, DONE]})
    _, chunks = poured(here, A, B)
    [broken] = [chunk for chunk in chunks if "compare" in chunk and chunk["choices"]]
    assert broken["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "error"}
    assert broken["compare"][0]["error"]["code"] == "upstream_broken"
    assert [row["error"] is None for row in chunks[-1]["compare"]] == [False, True]
    assert chunks[-1]["usage"] is None and "error" not in chunks[-1]


def test_one_that_fails_before_it_begins_is_told_of_first() -> None:
    here = world(status(429), opened(2), reads={2: [CHUNK, STOP, DONE]})
    reply, chunks = poured(here, A, B)
    assert reply.target == B
    assert (chunks[0]["choices"][0]["index"], chunks[0]["compare"][0]["status"]) == (0, 429)
    here = world(status(429), status(500))
    assert here.run(run(group("compare", A, B), streaming(), here.env())).status == 429


def test_all_are_stopped_together() -> None:
    for end in ("stop", "fail"):
        here = world(opened(1), opened(2), reads={1: [CHUNK], 2: [CHUNK]})
        reply = here.run(run(group("compare", A, B), streaming(), here.env()))
        assert isinstance(reply, Live)
        error = GatewayError("shut down", status=503, code="gateway_shutdown")
        words = reply.passage.stop(error) if end == "stop" else reply.passage.fail(CUT)
        assert words.count(b"[DONE]") == 1 and b'"error"' in words
        assert all(passage.over for _, passage in reply.beside) and reply.passage.error
        assert reply.passage.stop(error) == b"" == reply.passage.feed(b"")


def test_what_was_dropped_is_named_once() -> None:
    here = world(said("one", prompt_tokens=True), said("two"))
    reply, body = compared(here, A, B)
    assert reply.dropped == () and body["usage"]["prompt_tokens"] == 1
