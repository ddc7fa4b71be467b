"""Recorded Cohere traffic through the dialect: what its own SDK reads must be what ours say."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from cohered import CONTEXT, LOOSE

import openai_client
import recorded
from gatewaymw.core.dialects.cohere import CHAT, EMBED
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.framing.sse import SSE
from gatewaymw.core.model import Context, decode_json

COUNTING = replace(CONTEXT, include_usage=True)
UNREAD = {
    "cohere__v2_chat__stream__test-sql-agent-1": (
        "ended by Cohere with ERROR, which its SDK hands on as an answer; ours is an error"
    )
}
"""Recorded answers that are not compared with what the SDK reads: why."""
ROWS = [row for row in recorded.expected("cohere", "v2_chat") if row["name"] not in UNREAD]
WHOLE = [row for row in ROWS if not row["stream"]]
STREAMED = [row for row in ROWS if row["stream"]]
ENDED_BADLY = [row for row in recorded.cases("cohere", "v2_chat") if row["name"] in UNREAD]
FAILED = [row for row in recorded.cases("cohere", "v2_chat") if row["status"] != 200]
FINISH = {"COMPLETE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls", "STOP_SEQUENCE": "stop"}


def streamed(case: dict[str, Any], context: Context) -> list[dict[str, Any]]:
    """All chunks of a recorded stream, which must come to its own end."""
    stream, framer = CHAT.stream, SSE()
    assert stream
    state, out = stream.start, list[dict[str, Any]]()
    for frame in framer.feed(recorded.frames(case)) + framer.close():
        if (event := decode_json(frame)) is None:
            continue
        before = copy.deepcopy(event)
        state, chunks = stream.step(state, event, context)
        assert event == before
        out += chunks
    assert stream.ended(state)
    return out


def compare(row: dict[str, Any], got: openai_client.Read) -> None:
    want = recorded.expectation(row["name"])
    assert want
    assert recorded.same_text(want["text"], got.text)
    assert got.calls == want["tool_calls"]
    assert got.finish == FINISH[want["native_finish"]]
    counts = want["usage"]
    assert got.usage["prompt_tokens"] == counts["input"]
    assert got.usage["completion_tokens"] == counts["output"]
    assert got.usage["total_tokens"] == counts["input"] + counts["output"]
    assert got.usage.get("prompt_tokens_details", {}).get("cached_tokens") == counts["cached_input"]
    if want.get("reasoning"):
        assert recorded.same_text(want["reasoning"], got.reasoning)


@pytest.mark.parametrize("row", recorded.each(WHOLE))
def test_a_recorded_answer_reads_as_its_own_sdk_reads_it(row: dict[str, Any]) -> None:
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
    chunks = streamed(case, COUNTING)
    assert streamed(case, COUNTING) == chunks
    for chunk in [*chunks, *streamed(case, LOOSE)]:
        openai_client.chunk(chunk)
    assert [chunk["choices"] for chunk in chunks].index([]) == len(chunks) - 1
    compare(row, openai_client.read(chunks, "delta"))


@pytest.mark.parametrize("row", recorded.each(ENDED_BADLY))
def test_a_recorded_stream_that_ended_in_an_error_is_one(row: dict[str, Any]) -> None:
    with pytest.raises(UpstreamError, match="invalid tool generation") as caught:
        streamed(recorded.case(row), CONTEXT)
    assert (caught.value.status, caught.value.code) == (502, "INVALID_TOOL_GENERATION")


def test_every_recorded_answer_is_compared_or_named() -> None:
    answered = {row["name"] for row in recorded.cases("cohere", "v2_chat") if row["status"] == 200}
    assert answered - {row["name"] for row in ROWS} == (UNREAD.keys() if answered else set())


@pytest.mark.parametrize("row", recorded.each(FAILED))
def test_a_recorded_error_keeps_its_words(row: dict[str, Any]) -> None:
    body = recorded.body(recorded.case(row))
    assert CHAT.error
    told = CHAT.error(body, row["status"], CONTEXT)["error"]
    assert (told["message"], told["type"], told["id"]) == (
        body["message"],
        "authentication_error",
        body["id"],
    )


@pytest.mark.parametrize("row", recorded.each(recorded.cases("cohere", "v2_embed")))
def test_recorded_embeddings_are_openais(row: dict[str, Any]) -> None:
    case = recorded.case(row)
    body = recorded.body(case)
    assert EMBED.request and EMBED.response
    asked = {"model": case["request"]["body"]["model"], "input": case["request"]["body"]["texts"]}
    assert EMBED.request(asked, CONTEXT).body == case["request"]["body"]
    told = EMBED.response(body, CONTEXT)
    assert [each["embedding"] for each in told["data"]] == body["embeddings"]["float"]
    assert told["usage"]["total_tokens"] == body["meta"]["billed_units"]["input_tokens"]


@pytest.mark.parametrize("row", recorded.each(row for row in ROWS if row["kind"] == "pair"))
def test_what_was_sent_to_cohere_by_others_can_be_asked_of_us(row: dict[str, Any]) -> None:
    """Cohere's own requests are OpenAI's but for few words: ours of them must be the same again."""
    asked = recorded.case(row)["request"]["body"]
    assert CHAT.request
    sent = CHAT.request(asked, CONTEXT)
    same = {name: value for name, value in asked.items() if name != "stream" or value}
    assert sent.body == same
    assert sent.dropped == ()
