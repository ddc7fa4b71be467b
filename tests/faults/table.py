"""The faults of upstreams, by their numbers: what each says, and what a client is told of it.

A fault is played in both shapes of an upstream (OpenAI's, Anthropic's) and to both ways of asking (whole,
streamed), with another target to fall back to and without.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, NamedTuple

from upstream import Again, Script, chunked, head, raw, whole

Shape = Literal["openai", "anthropic"]
Mode = Literal["whole", "streamed"]
SHAPES: tuple[Shape, ...] = ("openai", "anthropic")
MODES: tuple[Mode, ...] = ("whole", "streamed")
PATHS = {"openai": "/chat/completions", "anthropic": "/messages"}
WORDS = ("one", " two", " three")
TEXT = "".join(WORDS)
PAUSE = 0.004
"""Between two events that must come apart."""


# ── how either shape speaks ──────────────────────────────────────────────


def gpt(delta: dict[str, Any], finish: str | None = None) -> bytes:
    row = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [row]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def claude(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


MESSAGE = {"id": "m1", "type": "message", "role": "assistant", "model": "claude"}
COUNTED = {"usage": {"input_tokens": 1, "output_tokens": 3}}


def begin(shape: Shape) -> list[bytes]:
    if shape == "openai":
        return [gpt({"role": "assistant", "content": ""})]
    return [
        claude("message_start", message={**MESSAGE, "content": [], **COUNTED}),
        claude("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    ]


def word(shape: Shape, text: str) -> bytes:
    if shape == "openai":
        return gpt({"content": text})
    return claude("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def finish(shape: Shape) -> list[bytes]:
    if shape == "openai":
        return [gpt({}, "stop"), b"data: [DONE]\n\n"]
    return [
        claude("content_block_stop", index=0),
        claude("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 3}),
        claude("message_stop"),
    ]


def answer(shape: Shape) -> dict[str, Any]:
    if shape == "openai":
        message = {"role": "assistant", "content": TEXT}
        row = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [row]}
    return {**MESSAGE, "content": [{"type": "text", "text": TEXT}], "stop_reason": "end_turn", **COUNTED}


def spoken(shape: Shape, count: int = len(WORDS)) -> list[bytes]:
    """The events up to a word."""
    return [*begin(shape), *(word(shape, text) for text in WORDS[:count])]


def well(shape: Shape, mode: Mode) -> Script:
    return whole(answer(shape)) if mode == "whole" else chunked([*spoken(shape), *finish(shape)])


def apart(events: list[bytes]) -> Iterator[bytes | float]:
    for event in events:
        yield event
        yield PAUSE


# ── the faults ───────────────────────────────────────────────────────────

Play = Callable[[Shape, Mode], Script]


class Fault(NamedTuple):
    """One row."""

    name: str
    play: Play | str
    """What the upstream plays; or an address where there is none: `dns`, `refused`, `deaf`, `untrusted`."""
    code: str | None = None
    """What the client is told without another target; None: whatever the provider said."""
    status: int | None = None
    modes: tuple[Mode, ...] = MODES
    begun: bool = False
    """A stream has been shown by then, so that nobody can be fallen back to."""
    good: bool = False
    """It does no harm: the whole answer arrives."""

    @property
    def number(self) -> str:
        return self.name[:3]


def same(script: Script) -> Play:
    return lambda shape, mode: script


def refusing(status: int, **headers: str) -> Play:
    body = {"type": "error", "error": {"type": "some_error", "message": f"said {status}"}}
    return same(whole(body, status, **headers))


def cut_body(shape: Shape, mode: Mode) -> Script:
    data = json.dumps(answer(shape)).encode()[:-30]
    return raw(
        head(200, [("content-type", "application/json"), ("content-length", str(len(data) + 30))]) + data
    )


def broken_json(shape: Shape, mode: Mode) -> Script:
    return whole(json.dumps(answer(shape)).encode()[:-30])


def byte_by_byte(shape: Shape, mode: Mode) -> Script:
    if mode == "whole":
        data = json.dumps(answer(shape)).encode()
        top = head(200, [("content-type", "application/json"), ("content-length", str(len(data)))])
        return Script(Again(lambda: singly(top + data)))
    return chunked([bytes([each]) for each in b"".join([*spoken(shape), *finish(shape)])])


def singly(data: bytes) -> Iterator[bytes]:
    for each in data:
        yield bytes([each])


def other_encoding(shape: Shape) -> bytes:
    """A word that is no UTF-8."""
    return word(shape, "\ufffdx").replace(rb"\ufffdx", b"\xff\xfe")


def stream_of(make: Callable[[Shape], Iterable[bytes | float]], ending: Any = "end") -> Play:
    return lambda shape, mode: chunked([*make(shape)], ending)


def begun(shape: Shape, *then: bytes, count: int = 3) -> list[bytes | float]:
    """Words, one by one, and what comes after them."""
    return [*apart(spoken(shape, count)), *then]


def after(count: int, ending: str) -> Play:
    return stream_of(lambda shape: begun(shape, count=count), ending)


def stalling(shape: Shape, mode: Mode) -> Script:
    return raw(
        head(200, [("content-type", "application/json"), ("content-length", "99")]) + b"{", ending="stall"
    )


HTML = b"<html><title>busy</title></html>"
BOMB = gzip.compress(bytes(20 * 2**20))
S: tuple[Mode, ...] = ("streamed",)
W: tuple[Mode, ...] = ("whole",)
LAST: dict[str, Any] = {"modes": S, "begun": True}
"""Of faults that come when a stream has been shown."""
LATER = ("1", "soon", "-5", "1000000", "Wed, 21 Oct 2015 07:28:00 GMT")
LONG = b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000
BUSY = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n'
NONSENSE = b"data: {nonsense}\n\n"
ODD = b'data: {"choices":7,"type":7}\n\n'
INVALID = "upstream_invalid_response"

FAULTS: tuple[Fault, ...] = (
    Fault("f01 no such name", "dns", "upstream_unreachable", 502),
    Fault("f02 refused", "refused", "upstream_unreachable", 502),
    Fault("f03 no connection in time", "deaf", "timeout", 408),
    Fault("f04 untrusted certificate", "untrusted", "upstream_tls", 502),
    Fault("f05 closed at once", same(raw()), "upstream_broken", 502),
    Fault("f06 reset before the head", same(raw(ending="reset")), "upstream_broken", 502),
    Fault("f07 no head", same(raw(ending="stall")), "timeout", 408),
    Fault("f08 half a status line", same(raw(b"HTTP/1.")), None, 502),
    Fault("f08 no HTTP", same(raw(b"\x00\x01 hello\r\n\r\n")), "upstream_protocol", 502),
    Fault("f08 a head without end", same(raw(LONG)), "upstream_protocol", 502),
    *(Fault(f"f09 {status}", refusing(status), None, status) for status in (400, 401, 403, 404, 422)),
    *(Fault(f"f10 429 retry-after {each}", refusing(429, retry_after=each), None, 429) for each in LATER),
    *(Fault(f"f11 {status}", refusing(status), None, status) for status in (500, 502, 503, 504, 529)),
    Fault("f12 a page", same(whole(HTML, kind="text/html")), INVALID, 502),
    Fault("f13 JSON that is cut", broken_json, INVALID, 502),
    Fault("f13 a body that is cut", cut_body, None, 502),
    Fault("f13 a body that stalls", stalling, "timeout", 408, W),
    Fault("f14 sound", same(whole(b"RIFF", kind="audio/wav")), None, 502),
    Fault("f15 no body", same(whole(b"")), INVALID, 502),
    Fault("f15 no event", same(chunked([])), None, 502, S),
    Fault("f16 reset after no event", same(chunked([], "reset")), "upstream_broken", 502, S),
    Fault("f16 reset after a word", after(1, "reset"), **LAST),
    Fault("f16 reset after all words", after(3, "reset"), **LAST),
    Fault("f16 cut after a word", after(1, "close"), **LAST),
    Fault("f16 cut after all words", after(3, "close"), **LAST),
    Fault("f16 cut in a word", stream_of(lambda it: begun(it, word(it, " x")[:-9]), "close"), **LAST),
    Fault("f17 an end without a marker", stream_of(spoken), **LAST),
    Fault("f17 an end without a word", stream_of(begin), None, 502, S),
    Fault("f18 silence before a word", stream_of(begin, "stall"), None, None, S),
    Fault("f18 silence after a word", after(1, "stall"), **LAST),
    Fault("f19 no JSON", stream_of(lambda it: begun(it, NONSENSE, *finish(it))), **LAST),
    Fault("f19 no known shape", stream_of(lambda it: begun(it, ODD, *finish(it))), **LAST),
    Fault("f19 an error first", stream_of(lambda it: [*begin(it), BUSY]), None, 529, S),
    Fault("f19 an error later", stream_of(lambda it: begun(it, BUSY)), **LAST),
    Fault("f20 no end", stream_of(lambda it: begun(it, b"data: ", *[b"x" * 2**20] * 9)), **LAST),
    Fault("f21 no UTF-8", stream_of(lambda it: begun(it, other_encoding(it), *finish(it), count=2)), **LAST),
    Fault("f22 byte by byte", byte_by_byte, good=True),
    Fault("f23 a bomb", same(whole(BOMB, content_encoding="gzip")), "upstream_encoding", 502),
    Fault("f23 an unknown coding", same(whole(b"x", content_encoding="x-odd")), "upstream_encoding", 502),
)


# ── cases ────────────────────────────────────────────────────────────────


class Case(NamedTuple):
    """A fault as it is played: for its place in a table, and its config."""

    fault: Fault
    shape: Shape
    mode: Mode
    fallback: bool

    @property
    def name(self) -> str:
        words = f"{self.fault.name} {self.shape} {self.mode} {'fallback' if self.fallback else 'alone'}"
        return "-".join(words.lower().replace(",", "").replace(":", "").split())

    @property
    def saved(self) -> bool:
        """Whether the client gets the whole answer all the same."""
        return self.fault.good or (self.fallback and not self.fault.begun and self.fault.number != "f09")


def cases(*numbers: str) -> list[Case]:
    return [
        Case(fault, shape, mode, fallback)
        for fault in FAULTS
        if not numbers or fault.number in numbers
        for shape in SHAPES
        for mode in fault.modes
        for fallback in (False, True)
    ]
