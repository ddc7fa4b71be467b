"""What Azure's content filter says within streams, in chunks that are OpenAI's; and recorded traffic."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types import Completion
from reading import Reading, read

import openai_client
import recorded
from gatewaymw.core.dialects.azure import CHAT, COMPLETE
from gatewaymw.core.dialects.openai import error
from gatewaymw.core.endpoints import CHAT as CHATS
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.framing.sse import SSE
from gatewaymw.core.model import Codec, Context, decode_json
from gatewaymw.core.providers import AZURE_AI, AZURE_OPENAI

Json = dict[str, Any]

CONTEXT = Context(provider="azure-openai", model="gpt-4o", created=7, id="own", include_usage=True)
BARE = {"id": "", "object": "", "created": 0, "model": ""}
HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 9, "model": "gpt-4o-2024"}
SAFE = {"hate": {"filtered": False, "severity": "safe"}}
PROMPT = {
    **BARE,
    "choices": [],
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}],
}
OFFSETS = {"check_offset": 44, "start_offset": 44, "end_offset": 198}
NOTE = {
    **BARE,
    "choices": [
        {
            "index": 0,
            "finish_reason": None,
            "content_filter_results": SAFE,
            "content_filter_offsets": OFFSETS,
        }
    ],
    "usage": None,
}


def chunk(content: str | None = None, finish: str | None = None, **more: Any) -> Json:
    delta = {} if content is None else {"content": content}
    return {**HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def play(events: list[Json], codec: Codec = CHAT) -> tuple[bool, list[Json]]:
    """Whether a stream has ended, and all its chunks."""
    stream = codec.stream
    assert stream
    state, out = stream.start, list[Json]()
    for event in events:
        before = copy.deepcopy(event)
        again = stream.step(state, event, CONTEXT)
        state, chunks = stream.step(state, event, CONTEXT)
        assert (state, chunks) == again
        assert event == before
        out += chunks
    return stream.ended(state), out


# ── the filter's own chunks ──────────────────────────────────────────────


def test_what_is_said_of_the_prompt_comes_with_the_first_chunk() -> None:
    ended, out = play([PROMPT, chunk("Oi"), chunk("!"), chunk(finish="stop")])
    assert ended
    assert out == [
        {**chunk("Oi"), "prompt_filter_results": PROMPT["prompt_filter_results"]},
        chunk("!"),
        chunk(finish="stop"),
    ]
    for each in out:
        openai_client.chunk(each)


def test_without_a_filter_nothing_changes() -> None:
    events = [chunk("Oi"), chunk(finish="stop"), {**HEAD, "choices": [], "usage": None}]
    ended, out = play(events)
    assert ended
    assert all(made is given for made, given in zip(out[1:], events[1:], strict=True))
    assert out == events


def test_what_is_said_of_the_answer_comes_in_chunks_of_openais() -> None:
    _, out = play([chunk("Oi"), NOTE, chunk(finish="stop"), NOTE])
    (choice,) = NOTE["choices"]
    assert out[1] == {**HEAD, "choices": [{"delta": {}, **choice}], "usage": None}
    assert out[3] == out[1]
    openai_client.chunk(out[1])


def test_before_anything_else_was_said_such_a_chunk_has_our_id() -> None:
    _, (first, second) = play([NOTE, chunk("Oi")])
    assert (first["id"], first["object"], first["model"]) == ("own", "chat.completion.chunk", "gpt-4o")
    openai_client.chunk(first)
    assert second == chunk("Oi")


def test_a_late_note_of_no_choice_is_one_still() -> None:
    _, out = play([chunk("Oi"), {**PROMPT, "choices": None}])
    assert out[1]["choices"] == []
    assert out[1]["prompt_filter_results"] == PROMPT["prompt_filter_results"]
    openai_client.chunk(out[1])


def test_completions_from_before_there_were_chats_are_treated_alike() -> None:
    head = {**HEAD, "object": "text_completion"}
    said = {**head, "choices": [{"index": 0, "text": "Oi", "finish_reason": "stop", "logprobs": None}]}
    ended, out = play([PROMPT, NOTE, said], COMPLETE)
    assert ended
    (choice,) = NOTE["choices"]
    assert out[0]["choices"] == [{"text": "", "logprobs": None, **choice}]
    assert (out[0]["id"], out[0]["object"]) == ("own", "text_completion")
    Completion.model_validate_json(json.dumps(out[1]), strict=True)
    assert out[1] == {**said, "prompt_filter_results": PROMPT["prompt_filter_results"]}


def test_no_end_comes_before_each_choice_has_its_own() -> None:
    second = {"index": 1, "delta": {"content": "b"}, "finish_reason": None}
    events = [PROMPT, chunk("a", choices=[*chunk("a")["choices"], second]), chunk(finish="stop")]
    assert not play(events)[0]
    assert play([*events, {**HEAD, "choices": [{**second, "finish_reason": "content_filter"}]}])[0]
    assert not play([PROMPT])[0]


def test_an_error_event_is_an_error() -> None:
    fault = {"error": {"message": "The response was filtered", "code": "content_filter", "status": 400}}
    with pytest.raises(UpstreamError, match="filtered") as caught:
        play([PROMPT, chunk("a"), fault])
    assert (caught.value.status, caught.value.code) == (400, "content_filter")


EVENTS = st.lists(
    st.one_of(
        st.text().map(lambda said: chunk(said)),
        st.sampled_from([PROMPT, NOTE, {**HEAD, "choices": [], "usage": None}]),
    ),
    max_size=8,
)


@given(EVENTS)
def test_no_word_is_lost_and_each_chunk_is_openais(events: list[Json]) -> None:
    ended, out = play([*events, chunk(finish="stop")])
    assert ended
    said = [
        each["choices"][0]["delta"].get("content", "") for each in events if each["id"] and each["choices"]
    ]
    assert openai_client.read(out, "delta").text == "".join(said)
    for each in out:
        openai_client.chunk(each)
    notes = sum("content_filter_offsets" in choice for each in out for choice in each["choices"])
    assert notes == sum(each is NOTE for each in events)
    assert any("prompt_filter_results" in each for each in out) == any(each is PROMPT for each in events)


# ── recorded traffic ─────────────────────────────────────────────────────

ROWS = recorded.expected("azure", "chat_completions")
WHOLE = [row for row in ROWS if not row["stream"]]
STREAMED = [row for row in ROWS if row["stream"]]
FAILED = [row for row in recorded.cases("azure", "chat_completions") if row["status"] != 200]


def compare(row: Json, got: Reading) -> Json:
    want = recorded.expectation(row["name"])
    assert want
    assert recorded.same_text(want["text"], got.text)
    assert got.calls == want["tool_calls"]
    assert got.finish == want["native_finish"]
    assert got.tokens == (want["usage"]["input"], want["usage"]["output"])
    return want


@pytest.mark.parametrize("row", recorded.each(WHOLE))
def test_a_recorded_answer_is_openais_as_it_is(row: Json) -> None:
    for provider in (AZURE_OPENAI, AZURE_AI):
        codec = provider.routes[CHATS].codec
        assert (codec.response, codec.stream) == (None, CHAT.stream)
    body = recorded.body(recorded.case(row))
    openai_client.completion(body)
    want = compare(row, read([body], "message"))
    assert (body["id"], body["model"]) == (want["id"], want["model"])


@pytest.mark.parametrize("row", recorded.each(STREAMED))
def test_a_recorded_stream_reads_as_its_own_sdk_reads_it(row: Json) -> None:
    """The SDK's own way of putting chunks together goes by the first one's id and model."""
    framer = SSE()
    frames = framer.feed(recorded.frames(recorded.case(row))) + framer.close()
    events = [event for frame in frames if (event := decode_json(frame)) is not None]
    ended, out = play(events)
    assert ended
    want = compare(row, read(out, "delta"))
    helper: ChatCompletionStreamState[Any] = ChatCompletionStreamState()
    for each in out:
        helper.handle_chunk(openai_client.chunk(each))
    whole = helper.get_final_completion()
    assert (whole.id, whole.model) == (want["id"], want["model"])
    assert recorded.same_text(want["text"], whole.choices[0].message.content or "")
    filters = "azure_content_filter" in row["features"]
    assert [index for index, each in enumerate(out) if "prompt_filter_results" in each] == [0] * filters


def test_every_recorded_answer_is_compared() -> None:
    answered = {row["name"] for row in recorded.cases("azure", "chat_completions") if row["status"] == 200}
    assert answered == {row["name"] for row in ROWS}


@pytest.mark.parametrize("row", recorded.each(FAILED))
def test_a_recorded_error_keeps_its_words(row: Json) -> None:
    body = recorded.body(recorded.case(row))
    told = error(body, row["status"], CONTEXT)["error"]
    assert told == {"param": None, **body["error"], "type": told["type"]}
    assert told["type"] in ("authentication_error", "rate_limit_error")


@pytest.mark.parametrize("row", recorded.each(recorded.cases("azure", "embeddings")))
def test_recorded_embeddings_are_openais_as_they_are(row: Json) -> None:
    body = recorded.body(recorded.case(row))
    assert body["object"] == "list" and body["data"][0]["embedding"]
    assert body["usage"]["total_tokens"] > 0
