"""Recorded Anthropic traffic through the dialect: what its own SDK reads must be what ours say."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

import openai_client
import recorded
from gatewaymw.core.dialects.anthropic import CHAT
from gatewaymw.core.framing.sse import SSE
from gatewaymw.core.model import Context, decode_json

CONTEXT = Context(provider="anthropic", model="claude", created=1_700_000_000, id="own", include_usage=True)
LOOSE = replace(CONTEXT, strict=False)

JOINED = "several answers, one after the other, stored as one stream: its reading mixes them"
DROPPED = {
    "anthropic__messages__stream__anthropic-tool-search-bm25-1-chunks-txt-0": JOINED,
    "anthropic__messages__stream__anthropic-tool-search-deferred-regex-chunks-txt-0": JOINED,
    "anthropic__messages__stream__anthropic-tool-search-regex-1-chunks-txt-0": JOINED,
    "anthropic__messages__stream__spliced-message-start-chunks-txt-0": (
        "made up: a second message begins within the first, and no reading is known"
    ),
}
"""Recorded answers that are compared with nothing: why."""
ROWS = [row for row in recorded.expected("anthropic", "messages") if row["name"] not in DROPPED]
WHOLE = [row for row in ROWS if not row["stream"]]
STREAMED = [row for row in ROWS if row["stream"]]
FAILED = [row for row in recorded.cases("anthropic", "messages") if row["status"] != 200]


def streamed(case: dict[str, Any], context: Context) -> list[dict[str, Any]]:
    """All chunks of a recorded stream, which must come to its own end."""
    stream, framer = CHAT.stream, SSE()
    assert stream
    state, out = stream.start, list[dict[str, Any]]()
    for frame in framer.feed(recorded.frames(case)) + framer.close():
        event = decode_json(frame)
        before = copy.deepcopy(event)
        state, chunks = stream.step(state, event, context)
        assert event == before
        out += chunks
    assert stream.ended(state)
    return out


def compare(row: dict[str, Any], got: openai_client.Read) -> None:
    want = recorded.expectation(row["name"])
    assert want
    counted = recorded.usage(recorded.case(row))
    prompt = want["usage"]["input"] + sum(
        counted.get(name) or 0 for name in ("cache_read_input_tokens", "cache_creation_input_tokens")
    )
    assert recorded.same_text(want["text"], got.text)
    assert got.calls == want["tool_calls"]
    assert got.finish in ("stop", "length", "tool_calls", "content_filter")
    assert (got.finish == "tool_calls") == (want["native_finish"] == "tool_use")
    assert got.usage["prompt_tokens"] == prompt
    assert got.usage["completion_tokens"] == want["usage"]["output"]
    assert got.usage["total_tokens"] == prompt + want["usage"]["output"]
    assert (got.id, got.model) == (want["id"], want["model"])


@pytest.mark.parametrize("row", recorded.each(WHOLE))
def test_a_recorded_message_reads_as_its_own_sdk_reads_it(row: dict[str, Any]) -> None:
    body = recorded.body(recorded.case(row))
    before = copy.deepcopy(body)
    assert CHAT.response
    told = CHAT.response(body, CONTEXT)
    assert body == before
    assert CHAT.response(body, CONTEXT) == told
    openai_client.completion(told)
    openai_client.completion(CHAT.response(body, LOOSE))
    compare(row, openai_client.read([told], "message"))


@pytest.mark.parametrize("row", recorded.each(STREAMED))
def test_a_recorded_stream_reads_as_its_own_sdk_reads_it(row: dict[str, Any]) -> None:
    case = recorded.case(row)
    chunks = streamed(case, CONTEXT)
    assert streamed(case, CONTEXT) == chunks
    for chunk in [*chunks, *streamed(case, LOOSE)]:
        openai_client.chunk(chunk)
    assert [chunk["choices"] for chunk in chunks].index([]) == len(chunks) - 1
    compare(row, openai_client.read(chunks, "delta"))


def test_every_recorded_answer_is_compared_or_named() -> None:
    answered = {row["name"] for row in recorded.cases("anthropic", "messages") if row["status"] == 200}
    assert answered - {row["name"] for row in ROWS} == (DROPPED.keys() if answered else set())


@pytest.mark.parametrize("row", recorded.each(FAILED))
def test_a_recorded_error_keeps_its_words(row: dict[str, Any]) -> None:
    body = recorded.body(recorded.case(row))
    assert CHAT.error
    told = CHAT.error(body, row["status"], CONTEXT)["error"]
    assert (told["message"], told["type"]) == (body["error"]["message"], body["error"]["type"])
    assert told.get("request_id") == body.get("request_id")
