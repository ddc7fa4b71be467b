"""Recorded Bedrock traffic through the dialect: what its own SDK reads must be what ours say."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from conversed import CONTEXT, COUNTED, LOOSE
from hypothesis import given
from hypothesis import strategies as st

import openai_client
import recorded
from gatewaymw.core.dialects.bedrock_invoke import EMBED
from gatewaymw.core.dialects.converse import CHAT
from gatewaymw.core.model import Context
from pieces import POINTS, cut, drip

OWN_TOOLS = "calls a tool of the model's maker, which is no call of the client's"
SERVED = {
    "bedrock__converse__json__chat-web-search-with-bedrock-amazon-nova-2-lite-v1-0-grounds-0": OWN_TOOLS,
    "bedrock__converse__json__test-bedrock-model-with-code-execution-tool-1": OWN_TOOLS,
    "bedrock__converse_stream__stream__test-bedrock-model-code-execution-tool-stream-0": OWN_TOOLS,
}
"""Recorded answers in which the SDK reads more calls than the client's: why."""
HOUSE = ("nova_grounding", "nova_code_interpreter")
WHOLE = recorded.expected("bedrock", "converse")
STREAMED = recorded.expected("bedrock", "converse_stream")
BOTH = [*recorded.cases("bedrock", "converse"), *recorded.cases("bedrock", "converse_stream")]
FAILED = [row for row in BOTH if row["status"] != 200]
BINARY = [row for row in STREAMED if row["kind"] == "pair"]


def streamed(pieces: Iterable[bytes], context: Context) -> list[dict[str, Any]]:
    """All chunks of a recorded stream, which must come to its own end."""
    stream = CHAT.stream
    assert stream
    framer, state, out = stream.framer(), stream.start, list[dict[str, Any]]()
    for piece in [*pieces, None]:
        for frame in framer.close() if piece is None else framer.feed(piece):
            event = stream.decode(frame)
            before = copy.deepcopy(event)
            state, chunks = stream.step(state, event, context)
            assert event == before
            out += chunks
    assert stream.ended(state)
    return out


def compare(row: dict[str, Any], got: openai_client.Read) -> None:
    want = recorded.expectation(row["name"])
    assert want
    counted = recorded.usage(recorded.case(row)) or counts(row)
    names = ("cacheReadInputTokens", "cacheWriteInputTokens")
    prompt = want["usage"]["input"] + sum(counted.get(name) or 0 for name in names)
    calls = want["tool_calls"]
    if row["name"] in SERVED:
        calls = [call for call in calls if call["name"] not in HOUSE]
        assert len(calls) < len(want["tool_calls"])
    assert recorded.same_text(want["text"], got.text)
    assert got.calls == calls
    assert got.finish in ("stop", "length", "tool_calls", "content_filter")
    assert (got.finish == "tool_calls") == (want["native_finish"] == "tool_use")
    assert got.usage["prompt_tokens"] == prompt
    assert got.usage["completion_tokens"] == want["usage"]["output"]
    assert got.usage["total_tokens"] == prompt + want["usage"]["output"]
    assert recorded.same_text(want.get("reasoning"), got.reasoning)


def counts(row: dict[str, Any]) -> dict[str, Any]:
    """The counts in a binary stream, which the recordings' table cannot read."""
    stream = CHAT.stream
    assert stream
    found: dict[str, Any] = {}
    for frame in stream.framer().feed(recorded.frames(recorded.case(row))):
        found |= stream.decode(frame).get("metadata", {}).get("usage", {})
    return found


@pytest.mark.parametrize("row", recorded.each(WHOLE))
def test_a_recorded_answer_reads_as_its_own_sdk_reads_it(row: dict[str, Any]) -> None:
    body = recorded.body(recorded.case(row))
    before = copy.deepcopy(body)
    assert CHAT.response
    made = CHAT.response(body, CONTEXT)
    assert body == before
    assert CHAT.response(body, CONTEXT) == made
    openai_client.completion(made)
    openai_client.completion(CHAT.response(body, LOOSE))
    compare(row, openai_client.read([made], "message"))


@pytest.mark.parametrize("row", recorded.each(STREAMED))
def test_a_recorded_stream_reads_as_its_own_sdk_reads_it(row: dict[str, Any]) -> None:
    case = recorded.case(row)
    chunks = streamed([recorded.frames(case)], COUNTED)
    for chunk in [*chunks, *streamed([recorded.frames(case)], replace(LOOSE, include_usage=True))]:
        openai_client.chunk(chunk)
    assert [chunk["choices"] for chunk in chunks].index([]) == len(chunks) - 1
    compare(row, openai_client.read(chunks, "delta"))


@pytest.mark.parametrize("row", recorded.each(BINARY))
def test_a_recorded_stream_reads_the_same_however_it_is_cut(row: dict[str, Any]) -> None:
    data = recorded.frames(recorded.case(row))
    want = streamed([data], COUNTED)
    assert streamed([*drip(data[:3_000]), data[3_000:]], COUNTED) == want
    searched(data, want)


def searched(data: bytes, want: list[dict[str, Any]]) -> None:
    @given(st.lists(st.integers(0, len(data)), max_size=6) | POINTS)
    def same(points: list[int]) -> None:
        assert streamed(cut(data, points), COUNTED) == want

    same()


def test_every_recorded_answer_is_compared() -> None:
    answered = {row["name"] for row in BOTH if row["status"] == 200}
    assert answered == {row["name"] for row in [*WHOLE, *STREAMED]}


@pytest.mark.parametrize("row", recorded.each(FAILED))
def test_a_recorded_error_keeps_its_words(row: dict[str, Any]) -> None:
    body = recorded.body(recorded.case(row))
    assert CHAT.error
    made = CHAT.error(body, row["status"], CONTEXT)["error"]
    assert (made["message"], made["type"]) == (body["message"], "invalid_request_error")


@pytest.mark.parametrize(
    "row",
    recorded.each(
        row
        for row in recorded.cases("bedrock", "invoke:amazon")
        if "embedding" in row["name"] or "dimensions" in row["name"]
    ),
)
def test_a_recorded_vector_is_the_one_that_is_told(row: dict[str, Any]) -> None:
    body = recorded.body(recorded.case(row))
    assert EMBED.response
    made = EMBED.response(body, CONTEXT)
    assert [each["embedding"] for each in made["data"]] == [each["embedding"] for each in body["embeddings"]]
