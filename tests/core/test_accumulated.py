"""Streams as OpenAI's SDK puts them together (`client.chat.completions.stream()`): it never fails on them,
and what it makes is what a whole answer would have said."""

from __future__ import annotations

from typing import Any

import pytest
from accumulated import KINDS, accumulated, codec, compare, context, step_through

import recorded
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.framing.array import JSONArray
from gatewaymw.core.model import Codec

Json = dict[str, Any]


def events_of(row: Json, spoken: Codec) -> list[Any]:
    case = recorded.case(row)
    raw, stream = recorded.frames(case), spoken.stream
    assert stream
    framer = JSONArray() if raw.lstrip()[:1] == b"[" else stream.framer()
    found = [stream.decode(frame) for frame in framer.feed(raw) + framer.close()]
    return [event for event in found if event is not None]


def rows(stream: bool) -> list[Any]:
    found = []
    for name, kind in KINDS.items():
        cases = recorded.cases(kind.recorded, kind.streamed if stream else kind.whole)
        cases = [row for row in cases if row["stream"] == stream and row["status"] == 200]
        found += [pytest.param(name, row, id=f"{name}-{row['name']}") for row in cases]
    return found or [pytest.param("", {}, marks=pytest.mark.skip(reason=recorded.ABSENT), id="absent")]


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "loose"])
@pytest.mark.parametrize(("name", "row"), rows(stream=True))
def test_the_sdk_joins_every_recorded_stream(name: str, row: Json, strict: bool) -> None:
    kind = KINDS[name]
    spoken = codec(kind)
    try:
        chunks = step_through(spoken, events_of(row, spoken), context(kind, strict))
    except UpstreamError:
        return  # the stream ends with an error, which the client is told
    choice = accumulated(chunks).choices[0]
    places = {call["index"] for each in chunks for call in calls_in(each)}
    assert places == set(range(len(choice.message.tool_calls or ())))
    cut = choice.finish_reason in ("length", "content_filter")
    assert cut or (choice.finish_reason == "tool_calls") == bool(choice.message.tool_calls)


def calls_in(chunk: Json) -> list[Json]:
    return [call for each in chunk["choices"] for call in each["delta"].get("tool_calls") or ()]


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "loose"])
@pytest.mark.parametrize(("name", "row"), rows(stream=False))
def test_a_stream_is_joined_to_what_the_whole_answer_says(name: str, row: Json, strict: bool) -> None:
    kind, body = KINDS[name], recorded.body(recorded.case(row))
    compare(kind, body, strict)
