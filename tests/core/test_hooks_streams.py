"""Hooks and streams: held back whole, looked at window by window, or let go and told so (S14)."""

from __future__ import annotations

from typing import Any

import pytest
from hooked import (
    Host,
    appends,
    asks,
    hook,
    hooked,
    host,
    notes,
    piece,
    says,
    without,
)
from machine import CHUNK, DONE, ROLE, STOP, call, opened, streaming

from gatewaymw.core import json
from gatewaymw.core.checks import streams
from gatewaymw.core.checks.folding import Folded, restreamed
from gatewaymw.core.checks.hook import Hook
from gatewaymw.core.checks.hooks import checked
from gatewaymw.core.checks.streams import Around
from gatewaymw.core.commands import Flow, ask
from gatewaymw.core.endpoints import OPENAI, PROXY
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.plan import Retry, Target
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.pipeline import LATE, Broken, Raw
from gatewaymw.core.routing.reply import NO_STREAM, Live, Reply
from gatewaymw.core.values import Call, Failure

GOOD = [ROLE, piece("Hello "), piece("world"), STOP, DONE]
BAD = [ROLE, piece("Hello "), piece("b"), piece("ad"), STOP, DONE]
USED = b'data: {"choices":[],"usage":{"total_tokens":9}}\n\n'


def asked(leaf: Target, pieces: list[Any], *, what: Call | None = None, **more: Any) -> tuple[Reply, Host]:
    here = host(opened(), reads={1: pieces}, **more)
    return here.run(run(leaf, what or streaming(), here.env())), here


def poured(reply: Reply, here: Host) -> bytes:
    """What the client gets."""
    assert isinstance(reply, Live)
    out, pieces = reply.body, here.reads[1]
    while not reply.passage.over:
        data = pieces.pop(0) if pieces else b""
        if isinstance(data, Failure):
            return out + reply.passage.fail(data)
        out += reply.passage.feed(data) if data else reply.passage.close()
        if not data:
            break
    return out


def results(reply: Reply) -> Any:
    return json.loads(reply.body)["hook_results"]["after_request_hooks"]


# ── buffer ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", [None, "buffer"])
def test_s14_a_hook_that_may_deny_holds_a_stream_back(mode: Any) -> None:
    leaf = hooked(after=(hook(without("bad"), deny=True, stream=mode),))
    reply, _ = asked(leaf, [*BAD[:-2], USED, *BAD[-2:]])
    assert not isinstance(reply, Live) and reply.status == 446
    assert json.loads(reply.body)["usage"] == {"total_tokens": 9} and b"Hello" not in reply.body
    reply, _ = asked(leaf, GOOD)
    assert (reply.status, reply.body) == (200, b"".join(GOOD))
    assert reply.content_type == "text/event-stream; charset=utf-8"


def test_what_a_stream_comes_to_is_what_is_checked() -> None:
    seen: list[Any] = []
    look = notes(seen, lambda subject: (subject.text, subject.stream, subject.body))
    reply, _ = asked(hooked(after=(hook(look, deny=True),)), GOOD)
    assert reply.status == 200
    [(text, stream, body)] = seen
    assert (text, stream) == ("Hello world", True)
    message = {"role": "assistant", "content": "Hello world"}
    assert body["choices"] == [{"index": 0, "message": message, "finish_reason": "stop"}]
    assert body["object"] == "chat.completion"


def test_results_are_an_event_where_the_answer_need_not_be_strict() -> None:
    leaf = hooked(
        (hook(says(False), id="in"),), (hook(says(False), id="out", stream="buffer"),), strict=False
    )
    reply, _ = asked(leaf, GOOD)
    first, rest = reply.body.split(b"\n\n", 1)
    told = json.loads(first.removeprefix(b"data: "))["hook_results"]
    assert (reply.status, rest) == (246, b"".join(GOOD))
    assert [told[name][0]["id"] for name in ("before_request_hooks", "after_request_hooks")] == ["in", "out"]
    reply, _ = asked(hooked((hook(says(False), id="in"),)), GOOD)
    assert (reply.status, reply.warnings) == (246, ("in: failed",)) and isinstance(reply, Live)


def test_a_stream_that_breaks_while_it_is_held_is_an_error_that_may_be_tried_again() -> None:
    leaf = hooked(after=(hook(without("bad"), deny=True),), retry=Retry(1, frozenset({502})))
    for end in (Failure("broken", "cut"), b"", b'data: {"error":{"message":"busy"}}\n\n'):
        here = host(opened(1), opened(2), reads={1: [*GOOD[:2], end], 2: list(GOOD)})
        reply = here.run(run(leaf, streaming(), here.env()))
        assert (reply.status, reply.tries, reply.body) == (200, 1, b"".join(GOOD))
        reply, _ = asked(hooked(after=(hook(without("bad"), deny=True),)), [*GOOD[:2], end])
        assert reply.status == 502 and b"Hello" not in reply.body and reply.target is not None


def test_what_is_held_back_has_a_bound() -> None:
    long = piece("x" * 2**20)
    reply, _ = asked(hooked(after=(hook(without("bad"), deny=True),)), [long] * 10)
    assert (reply.status, json.loads(reply.body)["error"]["code"]) == (502, "guardrail_buffer_full")


def test_a_changed_stream_is_written_anew() -> None:
    calls = [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{"}}]
    more = [{"index": 0, "function": {"arguments": "}"}}]
    deltas = [
        json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": each}}]}) for each in (calls, more)
    ]
    pieces = [*GOOD[:3], *(b"data: " + each + b"\n\n" for each in deltas), STOP, USED, DONE]
    reply, _ = asked(hooked(after=(hook(appends("!"), type="mutator", stream="buffer"),)), pieces)
    events = [json.loads(line[6:]) for line in reply.body.split(b"\n\n")[:-2]]
    first, last, used = events
    assert first["object"] == last["object"] == "chat.completion.chunk"
    delta = first["choices"][0]["delta"]
    assert (delta["content"], first["choices"][0]["finish_reason"]) == ("Hello world!", None)
    assert delta["tool_calls"] == [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]
    assert (last["choices"][0]["finish_reason"], used["usage"]) == ("stop", {"total_tokens": 9})
    assert reply.body.endswith(DONE)


def test_a_changed_text_completion_is_written_anew() -> None:
    said = [
        {"choices": [{"index": 0, "text": text, "finish_reason": ends}]}
        for text, ends in (("a", None), ("b", "stop"))
    ]
    pieces = [*(b"data: " + json.dumps(each) + b"\n\n" for each in said), DONE]
    reply, _ = asked(hooked(after=(hook(appends("!"), type="mutator", stream="buffer"),)), pieces)
    first, last = (json.loads(line[6:]) for line in reply.body.split(b"\n\n")[:-2])
    assert first["choices"] == [{"index": 0, "text": "ab!", "finish_reason": None}]
    assert last["choices"] == [{"index": 0, "text": "", "finish_reason": "stop"}]


# ── proxied paths ────────────────────────────────────────────────────────

RESPONSES = [
    b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"b"}\n\n',
    b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"ad"}\n\n',
]
MESSAGES = [
    b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"b"}}\n\n',
    b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"ad","n":1}}\n\n',
]
GEMINI = [
    b'data: {"candidates":[{"content":{"parts":[{"text":"b"}]}}]}\n\n',
    b'data: {"candidates":[{"content":{"parts":[{"text":"ad"}]}}]}\n\n',
]


@pytest.mark.parametrize("pieces", [RESPONSES, MESSAGES, GEMINI], ids=["responses", "messages", "gemini"])
@pytest.mark.parametrize("mode", [None, "window"])
def test_g1_streams_on_proxied_paths_are_held_back_whatever_their_dialect(pieces: Any, mode: Any) -> None:
    odd = [b"data: [1]\n\n", b"data: {cut\n\n", b'data: {"type":"ping"}\n\n']
    leaf = hooked(after=(hook(without("bad"), deny=True, stream=mode),))
    reply, _ = asked(leaf, [*odd, *pieces], what=call(endpoint=PROXY))
    assert reply.status == 446
    reply, _ = asked(leaf, [*odd, pieces[0]], what=call(endpoint=PROXY))
    assert (reply.status, reply.body) == (200, b"".join([*odd, pieces[0]]))
    changing = hooked(after=(hook(appends("!"), type="mutator", stream="buffer"),))
    reply, _ = asked(changing, list(pieces), what=call(endpoint=PROXY))
    assert (reply.status, json.loads(reply.body)["error"]["code"]) == (502, "hook_change_unsupported")


@pytest.mark.parametrize("text", ["good", "bad"])
def test_g1_whole_answers_on_proxied_paths_are_checked_both_ways(text: str) -> None:
    body = json.dumps({"output": [{"type": "message", "content": [{"type": "output_text", "text": text}]}]})
    leaf = hooked((hook(without("no"), deny=True),), (hook(without("bad"), deny=True, stream="off"),))
    here = host(opened(1, "application/json"), reads={1: [body[:5], body[5:]]})
    reply = here.run(run(leaf, call({"model": "m", "input": "yes"}, endpoint=PROXY), here.env()))
    assert reply.status == (446 if text == "bad" else 200)
    here = host()
    reply = here.run(run(leaf, call({"model": "m", "input": "no"}, endpoint=PROXY), here.env()))
    assert (reply.status, here.sent) == (446, [])
    for raw in (b"", b"[1]", b"{no"):  # nothing that could be looked at
        here = host(opened(1, "application/json"), reads={1: [b"{}"]})
        what = Call(endpoint=PROXY, method="POST", path="/x", raw=raw, key=call().key)
        assert here.run(run(leaf, what, here.env())).status == 200


def test_a_proxied_answer_that_breaks_while_it_is_held_is_an_error() -> None:
    leaf = hooked(after=(hook(without("bad"), deny=True),))
    here = host(opened(1, "application/json"), reads={1: [b"{", Failure("broken", "cut")]})
    assert here.run(run(leaf, call(endpoint=PROXY), here.env())).status == 502


# ── off ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode, deny", [("off", True), (None, False)])
def test_s14_a_stream_that_is_not_checked_says_so(mode: Any, deny: bool) -> None:
    reply, here = asked(hooked(after=(hook(without("bad"), deny=deny, stream=mode),)), list(BAD))
    assert (reply.status, reply.warnings) == (200, ("h: streams are not checked",))
    assert poured(reply, here) == b"".join(BAD)


# ── window ───────────────────────────────────────────────────────────────


def windowed(*checks: Any, window: int = 64, **more: Any) -> Target:
    hooks: tuple[Hook, ...] = (hook(*checks, deny=True, stream="window", window=window),)
    return hooked(after=hooks, **more)


def test_s14_a_window_goes_on_once_it_was_looked_at() -> None:
    words = [piece(f"{number:>4} ") for number in range(40)]
    pieces = [ROLE, *words, STOP, DONE]
    reply, here = asked(windowed(without("bad")), list(pieces))
    assert isinstance(reply, Live) and reply.body == b"" and reply.passage.started and reply.passage.speaks
    seen, left = b"", here.reads[1]
    while left:
        seen += reply.passage.feed(left.pop(0))  # type: ignore[arg-type]
        pending = len(b"".join(pieces)) - len(seen) - sum(len(each) for each in left)  # type: ignore[arg-type]
        assert 0 <= pending <= len(b"".join(words[:13])) + len(ROLE), "no more is held than a window"
    assert seen + reply.passage.close() == b"".join(pieces) and reply.passage.error is None


def test_s14_a_denied_window_ends_the_stream_with_an_error_event() -> None:
    pieces = [piece("good " * 20), piece("ba"), piece("d" + "!" * 100), piece("never"), DONE]
    reply, here = asked(windowed(without("bad")), pieces)
    assert isinstance(reply, Live) and reply.body == pieces[0]
    out = poured(reply, here)
    rest = out.removeprefix(pieces[0])
    assert b'"ba"' not in rest and b"never" not in rest and rest.endswith(DONE)
    error = json.loads(rest.split(b"\n\n")[0][6:])["error"]
    assert (error["code"], error["type"]) == ("guardrail_denied", "hooks_failed")
    assert reply.passage.over and reply.passage.error is not None
    assert reply.passage.feed(b"more") == reply.passage.close() == b""


def test_the_first_window_and_the_last_are_looked_at_as_well() -> None:
    reply, _ = asked(windowed(without("bad")), [piece("bad" + "!" * 100), DONE])
    assert not isinstance(reply, Live) and reply.status == 446 and results(reply)[0]["verdict"] is False
    reply, here = asked(windowed(without("bad")), list(BAD))
    assert b"guardrail_denied" in poured(reply, here)
    for end in (Failure("broken", "cut"), b""):
        reply, here = asked(windowed(without("bad")), [*GOOD[:3], end])
        out = poured(reply, here)
        assert out.startswith(b"".join(GOOD[:3])) and b"error" in out
    reply, here = asked(windowed(without("bad")), list(GOOD))
    assert isinstance(reply, Live)
    assert b"total_timeout" in reply.passage.stop(LATE)


def test_what_is_looked_at_again_and_again_has_a_bound() -> None:
    pieces = [piece("x" * 2**19)] * 4
    reply, here = asked(windowed(says(True)), pieces)
    assert b"guardrail_window_full" in poured(reply, here)
    pieces = [piece("x"), *([b'data: {"type":"t","padding":"' + b"y" * 2**20 + b'"}\n\n'] * 9)]
    reply, here = asked(windowed(says(True)), pieces)
    assert b"guardrail_window_full" in poured(reply, here)


def test_a_check_that_asks_has_no_place_in_a_window() -> None:
    with pytest.raises(RuntimeError, match="asked somebody"):
        asked(windowed(asks()), [piece("x" * 100)])


# ── afterwards ───────────────────────────────────────────────────────────


def test_g4_what_a_stream_came_to_is_looked_at_once_it_is_over() -> None:
    seen: list[str] = []
    look = notes(seen, lambda subject: subject.text)
    reply, here = asked(hooked(after=(hook(look, later=True),)), list(GOOD))
    assert poured(reply, here) == b"".join(GOOD) and seen == []
    here.carry(reply.later[0]())
    assert seen == ["Hello world"]
    after = (hook(without("bad"), deny=True), hook(look, later=True))
    reply, here = asked(hooked(after=after), list(GOOD))
    here.carry(reply.later[0]())
    assert seen == ["Hello world"] * 2
    reply, here = asked(hooked(after=after), list(BAD))
    here.carry(reply.later[0]())
    assert (reply.status, seen) == (446, ["Hello world"] * 2)


def test_what_is_kept_for_later_has_a_bound() -> None:
    reply, here = asked(hooked(after=(hook(says(True), later=True),)), [piece("x" * 2**20)] * 10)
    assert len(poured(reply, here)) > streams.MOST
    here.carry(reply.later[0]())
    [[told]] = here.told
    assert len(told["checks"][0]["data"]["saw"]) < streams.MOST


def test_a_stream_that_is_tried_again_for_246_is_closed() -> None:
    leaf = hooked((hook(says(False)),), retry=Retry(1, frozenset({246})))
    here = host(opened(1), opened(2), reads={1: [CHUNK], 2: [CHUNK]})
    reply = here.run(run(leaf, streaming(), here.env()))
    assert isinstance(reply, Live) and reply.stream == 2 and reply.tries == -1


def test_of_events_that_nobody_could_read_nothing_is_put_together() -> None:
    folded = Folded()
    folded.take(b'data: {"choices":["odd",{"index":0,"delta":{"content":"a"}}]}\n\n')
    folded.take(b"data: " + b"x" * (9 * 2**20))
    folded.take(piece("never"))
    assert folded.body["choices"] == [{"index": 0, "message": {"content": "a"}}]
    assert restreamed({"choices": [{"index": 0, "message": {"content": "a"}}]}, OPENAI) is not None


def test_a_passage_around_another_is_like_it_in_all_that_it_does_not_say() -> None:
    inner = Raw()
    around = Around(inner)
    assert (around.started, around.over, around.speaks, around.error) == (True, False, False, None)
    assert around.feed(b"x") == b"x" and around.close() == b""
    with pytest.raises(Broken):
        around.fail(Failure("broken", "cut"))
    with pytest.raises(Broken):
        around.stop(UpstreamError("no"))


@pytest.mark.parametrize("text", ["good", "bad"])
def test_c8_a_stream_out_of_a_cache_is_checked_as_any_other(text: str) -> None:
    """Which is over before it begins, and has no body that is open."""
    passage = Raw()
    passage.over = True
    body = piece(text) + STOP + DONE
    made: Any = {"content_type": "text/event-stream", "cache_status": "HIT", "later": (lambda: ask("x"),)}
    kept = Live(status=200, body=body, stream=NO_STREAM, passage=passage, **made)

    def inner(sent: Call) -> Flow[Reply]:
        return kept
        yield from ask("nobody")

    here = host()
    leaf = hooked(after=(hook(without("bad"), deny=True),))
    reply = here.run(checked(leaf, streaming(), here.env(), inner))
    assert (reply.status, reply.cache_status, len(reply.later)) == (446 if text == "bad" else 200, "HIT", 1)
    assert isinstance(reply, Reply) and not isinstance(reply, Live)
