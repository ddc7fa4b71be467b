"""A translated event that is the one before with other words becomes the chunk before with other words:
what a client is told is the same as if each event had been read."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.dialects import anthropic
from gatewaymw.core.dialects.told import Told, telling
from gatewaymw.core.endpoints import CHAT, COMPLETE, OPENAI
from gatewaymw.core.model import Context, Stream
from gatewaymw.core.routing.pipeline import Translation

TEXT = st.sampled_from(["one", " two", "a", "", 'q"', "\n", "\\", "é", "\x7f", "text", " data: x"]) | st.text(
    max_size=3
)


def claude(text: str, index: int = 0, kind: str = "text") -> dict[str, Any]:
    delta = {"type": f"{kind}_delta", kind: text}
    return {"type": "content_block_delta", "index": index, "delta": delta}


CLAUDE = st.one_of(
    st.builds(claude, TEXT),
    st.builds(claude, TEXT),
    st.builds(claude, TEXT, st.integers(0, 1), st.sampled_from(["text", "thinking"])),
    st.sampled_from(
        [
            {"type": "ping"},
            {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "one"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_stop"},
            {"type": "error", "error": {"type": "overloaded_error", "message": "text"}},
        ]
    ),
)
START = {"type": "message_start", "message": {"id": "one", "model": "m", "usage": {"input_tokens": 1}}}


def written(event: Any, named: bool) -> bytes:
    said = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
    return (b"event: %b\n" % event["type"].encode() if named else b"") + b"data: " + said + b"\n\n"


def told(stream: Stream[Any], pieces: list[bytes], strict: bool) -> list[Any]:
    passage = Translation(
        stream, Context(provider="p", model="m", strict=strict, request={"tools": []}), OPENAI
    )
    out = b"".join([passage.feed(piece) for piece in pieces if not passage.over]) + passage.close()
    said = [event.removeprefix(b"data: ") for event in out.split(b"\n\n")[:-1]]
    return [json.loads(event) if event != b"[DONE]" else None for event in said]


@given(st.data(), st.booleans(), st.booleans())
def test_what_is_told_is_the_same(data: st.DataObject, strict: bool, named: bool) -> None:
    stream = anthropic.CHAT.stream
    assert stream and stream.words
    events = [START, *data.draw(st.lists(CLAUDE, max_size=12))]
    whole = b"".join(written(event, named) for event in events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    ends = [0, *cuts, len(whole)]
    pieces = [whole[start:end] for start, end in pairwise(ends)]
    assert told(stream, pieces, strict) == told(replace(stream, words=b""), pieces, strict)


@given(st.lists(st.builds(claude, TEXT) | CLAUDE, max_size=12), st.booleans(), st.booleans())
def test_so_it_is_where_they_come_one_by_one(events: list[Any], strict: bool, named: bool) -> None:
    stream = anthropic.CHAT.stream
    assert stream
    pieces = [written(event, named) for event in (START, *events)]
    assert told(stream, pieces, strict) == told(replace(stream, words=b""), pieces, strict)


def said(text: str, index: int = 0, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {
        "index": index,
        "delta": {"role": "assistant", "content": text, **more},
        "finish_reason": finish,
    }
    return {"id": "one", "model": "m", "object": "chat.completion.chunk", "created": 1, "choices": [choice]}


COUNT = {"usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}
COUSIN = st.one_of(
    st.builds(said, TEXT),
    st.builds(said, TEXT),
    st.builds(said, TEXT, st.integers(0, 1), reasoning=TEXT),
    st.builds(said, TEXT, finish=st.sampled_from(["", "eos", "failed"])),
    st.builds(lambda text: said(text) | COUNT, TEXT),
    st.builds(lambda text: {"choices": [said(text)["choices"][0], said("one")["choices"][0]]}, TEXT),
)
TELLS = st.builds(
    Told,
    finish=st.just({"eos": "stop", "failed": 503}),
    thoughts=st.sampled_from(["", "reasoning"]),
    usage=st.sampled_from(["", "each"]),
    lacks=st.booleans(),
)


@given(st.data(), TELLS)
def test_what_is_told_of_cousins_is_the_same(data: st.DataObject, tells: Told) -> None:
    stream = telling(tells, CHAT).stream
    assert stream and stream.words
    events = [*data.draw(st.lists(COUSIN, max_size=12)), said("", finish="stop")]
    whole = b"".join(written(event, False) for event in events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    pieces = [whole[start:end] for start, end in pairwise([0, *cuts, len(whole)])]
    assert told(stream, pieces, True) == told(replace(stream, words=b""), pieces, True)


def test_words_that_may_hold_tags_are_read_and_so_are_text_completions() -> None:
    for stream in (
        telling(Told(thoughts="<think>"), CHAT).stream,
        telling(Told(lacks=True), COMPLETE).stream,
    ):
        assert stream and not stream.words


MANY = {
    "claude": (
        anthropic.CHAT,
        [START, claude("one"), claude("two"), *[claude("x" * 9)] * 50, {"type": "message_stop"}],
    ),
    "a cousin": (
        telling(Told(thoughts="reasoning"), CHAT),
        [said("one"), said("two"), said("three"), *[said("x" * 9)] * 50, said("", finish="stop")],
    ),
}


@pytest.mark.parametrize("together", [True, False], ids=["in one piece", "one by one"])
@pytest.mark.parametrize("name", MANY)
def test_not_each_of_many_events_is_read(name: str, together: bool) -> None:
    codec, events = MANY[name]
    decoded: list[Any] = []
    stream = codec.stream
    assert stream
    decode = stream.decode

    def counting(frame: Any) -> Any:
        decoded.append(frame)
        return decode(frame)

    pieces = [written(event, "type" in event) for event in events]
    out = told(replace(stream, decode=counting), [b"".join(pieces)] if together else pieces, True)
    assert len(out) == len(events) + 1 and len(decoded) < 6
