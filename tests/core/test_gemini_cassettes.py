"""Recorded traffic of the Gemini API and of Vertex AI: what Google's own SDK reads must be what ours say."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from gemini import CONTEXT, LOOSE, OLD
from google.genai import types

import openai_client
import recorded
from gatewaymw.core.dialects import anthropic
from gatewaymw.core.dialects.gemini import CHAT
from gatewaymw.core.framing.array import JSONArray
from gatewaymw.core.framing.sse import SSE
from gatewaymw.core.model import Codec, Context, decode_json

COUNTING = replace(CONTEXT, include_usage=True)
ENDPOINTS = ("generateContent", "streamGenerateContent")
CLAUDES = ("anthropic:rawPredict", "anthropic:streamRawPredict")
DROPPED = {
    "vertex__generateContent__json__test-generate-content-extra-params-0": (
        "written by a library that tells reasons as numbers: no reading by the SDK is known"
    ),
}
"""Recorded answers that are compared with nothing: why."""
ALL = [
    row
    for provider in ("gemini", "vertex")
    for each in (*ENDPOINTS, *CLAUDES)
    for row in recorded.cases(provider, each)
]
ANSWERED = [row for row in ALL if row["status"] == 200]
ARRAYS = [row for row in ANSWERED if "json_array_stream" in row["features"]]
ROWS = [row for row in ANSWERED if recorded.expectation(row["name"]) and row["name"] not in DROPPED]
WHOLE = [row for row in ROWS if not row["stream"]]
STREAMED = [row for row in ROWS if row["stream"]]
FAILED = [row for row in ALL if row["status"] != 200]


def codec(row: dict[str, Any]) -> Codec:
    return anthropic.CHAT if row["endpoint"] in CLAUDES else CHAT


def streamed(row: dict[str, Any], context: Context) -> list[dict[str, Any]]:
    """All chunks of a recorded stream, which must come to its own end."""
    case, stream = recorded.case(row), codec(row).stream
    assert stream
    data = recorded.frames(case)
    framer = JSONArray() if data.lstrip()[:1] == b"[" else SSE()
    state, out = stream.start, list[dict[str, Any]]()
    for frame in framer.feed(data) + framer.close():
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
    beside = ("toolUsePromptTokenCount", "cache_read_input_tokens", "cache_creation_input_tokens")
    prompt = want["usage"]["input"] + sum(counted.get(name) or 0 for name in beside)
    completion = want["usage"]["output"] + (counted.get("thoughtsTokenCount") or 0)
    assert recorded.same_text(want["text"], got.text)
    assert got.calls == want["tool_calls"]
    assert got.finish in ("stop", "length", "tool_calls", "content_filter")
    assert (got.finish == "tool_calls") == bool(want["tool_calls"])
    assert got.usage["prompt_tokens"] == prompt
    assert got.usage["completion_tokens"] == completion
    assert got.usage["total_tokens"] == prompt + completion
    if "totalTokenCount" in counted:
        assert got.usage["total_tokens"] == counted["totalTokenCount"]
    assert (got.id, got.model) == (want["id"], want["model"])


@pytest.mark.parametrize("row", recorded.each(WHOLE))
def test_a_recorded_answer_reads_as_its_own_sdk_reads_it(row: dict[str, Any]) -> None:
    body, read = recorded.body(recorded.case(row)), codec(row).response
    before = copy.deepcopy(body)
    assert read
    told = read(body, CONTEXT)
    assert body == before
    assert read(body, CONTEXT) == told
    openai_client.completion(told)
    openai_client.completion(read(body, LOOSE))
    compare(row, openai_client.read([told], "message"))


@pytest.mark.parametrize("row", recorded.each(STREAMED))
def test_a_recorded_stream_reads_as_its_own_sdk_reads_it(row: dict[str, Any]) -> None:
    chunks = streamed(row, COUNTING)
    assert streamed(row, COUNTING) == chunks
    for chunk in [*chunks, *streamed(row, replace(LOOSE, include_usage=True))]:
        openai_client.chunk(chunk)
    assert [chunk["choices"] for chunk in chunks].index([]) == len(chunks) - 1
    compare(row, openai_client.read(chunks, "delta"))


@pytest.mark.parametrize("row", recorded.each(ARRAYS))
def test_a_recorded_array_of_events_reads_as_one_answer(row: dict[str, Any]) -> None:
    """Of which no reading by the SDK is known: all its text is told, once."""
    events = [event for document in recorded.documents(recorded.case(row)) for event in document]
    said = [
        part["text"]
        for event in events
        for candidate in event["candidates"]
        for part in candidate["content"]["parts"]
        if "text" in part and not part.get("thought")
    ]
    assert openai_client.read(streamed(row, COUNTING), "delta").text == "".join(said)


def test_every_recorded_answer_is_compared_or_named() -> None:
    compared = {row["name"] for row in (*ROWS, *ARRAYS)}
    assert {row["name"] for row in ANSWERED} - compared == (DROPPED.keys() if ANSWERED else set())


@pytest.mark.parametrize("row", recorded.each(FAILED))
def test_a_recorded_error_keeps_its_words(row: dict[str, Any]) -> None:
    body = recorded.body(recorded.case(row))
    assert CHAT.error
    told = CHAT.error(body, row["status"], CONTEXT)["error"]
    assert (told["message"], told["status"]) == (body["error"]["message"], body["error"]["status"])
    assert told.get("details") == body["error"].get("details")


# ── what is sent back of a recorded answer ───────────────────────────────


@pytest.mark.parametrize("row", recorded.each(row for row in WHOLE if row["endpoint"] in ENDPOINTS))
def test_a_recorded_answer_goes_back_as_the_parts_it_was(row: dict[str, Any]) -> None:
    """Where strictness is off nothing is lost on the way to the client and back, signatures least of all."""
    body = recorded.body(recorded.case(row))
    assert CHAT.response and CHAT.request
    told = CHAT.response(body, LOOSE)["choices"][0]["message"]
    turns = [{"role": "user", "content": "x"}, told, {"role": "user", "content": "y"}]
    sent = CHAT.request({"model": OLD, "messages": turns}, LOOSE).body["contents"]
    given = [part for part in body["candidates"][0]["content"].get("parts", []) if kept(part)]
    back = sent[1]["parts"] if len(sent) == 3 else []
    assert sorted(map(plain, back)) == sorted(map(plain, given))


def kept(part: dict[str, Any]) -> bool:
    """Whether a part needs to go back: thoughts do not, nor does what says nothing."""
    return "thoughtSignature" in part or (not part.get("thought") and part.get("text") != "")


def plain(part: dict[str, Any]) -> str:
    """A part without the id of its call, which may be our own."""
    if "functionCall" in part:
        call = {name: value for name, value in part["functionCall"].items() if name != "id"}
        part = {**part, "functionCall": {"args": {}, **call}}
    types.Part.model_validate_json(json.dumps(part))
    return json.dumps(part, sort_keys=True)
