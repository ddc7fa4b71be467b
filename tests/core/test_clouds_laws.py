"""What holds of the clouds' dialects whatever a client or a provider sends, and however a stream is cut."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odd import conversations, named, refused_or_sent, values, worded

import openai_client
from gatewaymw.core.dialects import cortex, gigachat, oracle, sagemaker, watsonx, yandex
from gatewaymw.core.endpoints import OPENAI
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.model import Codec, Context, Stream
from gatewaymw.core.routing.pipeline import ODD, Translation
from pieces import POINTS, cut
from recorded import amazon

FEW = settings(max_examples=30)
"""Of each dialect."""
OPTIONS = {
    **{"oracle_compartment_id": "c", "oracle_serving_mode": "ON_DEMAND", "watsonx_project_id": "p"},
    **{"watsonx_api_version": "v", "yandex_folder_id": "f"},
}
CHATS: Mapping[str, Codec] = {
    **{"oracle": oracle.CHAT, "watsonx": watsonx.CHAT, "cortex": cortex.CHAT, "gigachat": gigachat.CHAT},
    **{"sagemaker": sagemaker.CHAT, "yandex": yandex.CHAT},
}
EMBEDS: Mapping[str, Codec] = {
    **{"oracle": oracle.EMBED, "watsonx": watsonx.EMBED, "cortex": cortex.EMBED, "gigachat": gigachat.EMBED},
    "yandex": yandex.EMBED,
}


def told(provider: str, **more: Any) -> Context:
    return Context(provider=provider, model="m", created=1, id="own", options=OPTIONS, **more)


# ── requests ─────────────────────────────────────────────────────────────

NAMES = named("""input_audio data format video_url required description approximate user_location
    reasoning_details reasoning_content""")
WORDS = worded("video_url refusal float base64")
JSON = values(NAMES, WORDS, leaves=10)
PARAMETERS = st.sampled_from(
    """temperature stop max_tokens max_completion_tokens n logprobs top_logprobs tools tool_choice functions
    function_call response_format prediction web_search_options reasoning_effort stream stream_options
    api_format truncate_input_tokens encoding_format dimensions user surprise""".split()
)
ODD_MESSAGES = conversations(NAMES, JSON)
MODELS = st.sampled_from(
    ["meta.llama", "openai.gpt", "cohere.command-a", "cohere.command-a-vision", "deployment/d", "gpt://a/b"]
)


@pytest.mark.parametrize("name", CHATS)
@FEW
@given(
    st.dictionaries(PARAMETERS, JSON, max_size=4),
    ODD_MESSAGES,
    MODELS,
)
def test_only_refusals_that_name_the_fault_escape(name: str, body: Any, messages: Any, model: str) -> None:
    refused_or_sent(CHATS[name], {"model": model, "messages": messages, **body}, told(name))


@pytest.mark.parametrize("name", EMBEDS)
@FEW
@given(st.dictionaries(PARAMETERS, JSON, max_size=4), JSON)
def test_only_such_refusals_escape_from_embeddings(name: str, body: Any, input: Any) -> None:
    refused_or_sent(EMBEDS[name], {"model": "m", "input": input, **body}, told(name))


# ── answers ──────────────────────────────────────────────────────────────

FIELDS = st.sampled_from(
    """chatResponse choices message content text type toolCalls name id arguments parameters finishReason
    usage promptTokens completionTokens promptTokensDetails annotations urlCitation logprobs tokens delta
    finish_reason index function_call tool_calls reasoning_details errors code model_id resources results
    embedding embeddings data error""".split()
)
KINDS = st.sampled_from("TEXT THINKING ERROR COMPLETE stop function_call blacklist error ASSISTANT".split())
SENT = values(FIELDS, KINDS)
ANSWERED = [(name, codec) for table in (CHATS, EMBEDS) for name, codec in table.items() if codec.response]
ANSWERED.append(("watsonx", watsonx.MODELS))


@pytest.mark.parametrize(("name", "codec"), ANSWERED)
@FEW
@given(st.dictionaries(FIELDS, SENT, max_size=6) | SENT, st.booleans())
def test_an_answer_is_read_or_is_an_error(name: str, codec: Codec, body: Any, strict: bool) -> None:
    assert codec.response
    try:
        json.dumps(codec.response(body, told(name, strict=strict)))
    except UpstreamError as error:
        assert error.status >= 400
    except ODD:
        return


STREAMS = {name: codec.stream for name, codec in CHATS.items() if codec.stream}
EVENT = st.dictionaries(FIELDS, SENT, max_size=4) | st.builds(
    lambda field, inner: {"choices": [{"index": 0, "delta": {field: inner}}]}, FIELDS, SENT
)


@pytest.mark.parametrize("name", STREAMS)
@FEW
@given(st.lists(EVENT, max_size=5), st.booleans())
def test_events_are_read_or_are_an_error(name: str, events: list[Any], strict: bool) -> None:
    stream: Stream[Any] = STREAMS[name]
    state = stream.start
    for event in events:
        before = copy.deepcopy(event)
        try:
            state, chunks = stream.step(state, event, told(name, strict=strict, include_usage=True))
        except (UpstreamError, *ODD):
            assert event == before
            return
        assert event == before
        json.dumps(list(chunks))


@given(SENT, st.integers(400, 599), st.sampled_from([watsonx.error, sagemaker.error]))
def test_an_error_always_has_words(body: Any, status: int, error: Any) -> None:
    assert error(body, status, told("x"))["error"]["message"]


# ── streams, however they are cut ────────────────────────────────────────

TEXTS = st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=4)
CALL = {"name": "look", "arguments": {"city": "Rome"}}


def generic(texts: list[str]) -> list[Any]:
    pieces = [{"index": 0, "message": {"content": [{"type": "TEXT", "text": text}]}} for text in texts]
    return [*pieces, {"message": {}, "finishReason": "stop"}]


def first_format(texts: list[str]) -> list[Any]:
    return [*({"text": text} for text in texts), {"text": "".join(texts), "finishReason": "COMPLETE"}]


def plain(texts: list[str], last: str | None = "stop") -> list[Any]:
    pieces = [
        {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]} for text in texts
    ]
    end = [{"choices": [{"index": 0, "delta": {}, "finish_reason": last}]}] if last else []
    named = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return [{**named, **each} for each in (*pieces, *end)]


def framed(events: list[Any], done: bool = True) -> bytes:
    lines = [json.dumps(event) for event in events] + (["[DONE]"] if done else [])
    return "".join(f"data: {line}\n\n" for line in lines).encode()


SAID: Mapping[str, Any] = {
    "oracle": lambda texts, points: framed(generic(texts), done=False),
    "oracle's first": lambda texts, points: framed(first_format(texts), done=False),
    "watsonx": lambda texts, points: framed(plain(texts), done=False),
    "cortex": lambda texts, points: framed(plain(texts, None)),
    "gigachat": lambda texts, points: framed(plain(texts)),
    "sagemaker": lambda texts, points: b"".join(
        amazon("PayloadPart", piece) for piece in cut(framed(plain(texts)), points)
    ),
}


@pytest.mark.parametrize("name", SAID)
@FEW
@given(TEXTS, POINTS, POINTS)
def test_however_a_stream_is_cut_the_same_is_said(
    name: str, texts: list[str], points: list[int], inner: list[int]
) -> None:
    data = SAID[name](texts, inner)
    whole, pieces = through(name, [data]), through(name, cut(data, points))
    assert whole == pieces
    chunks = [json.loads(line.removeprefix("data: ")) for line in whole.split("\n\n") if line]
    read = openai_client.read(chunks[:-1] if chunks[-1] == "[DONE]" else chunks, "delta")
    assert (read.text, read.finish) == ("".join(texts), "stop")


def through(name: str, pieces: list[bytes]) -> str:
    """What a client is told of a stream, its `[DONE]` left out."""
    provider = name.partition("'")[0]
    passage = Translation(STREAMS[provider], told(provider), OPENAI)
    out = b"".join(passage.feed(piece) for piece in pieces) + passage.close()
    assert passage.error is None and out.endswith(b"data: [DONE]\n\n")
    return out.removesuffix(b"data: [DONE]\n\n").decode()


@pytest.mark.parametrize("name", SAID)
@FEW
@given(TEXTS, st.integers(0, 2**16))
def test_a_stream_that_breaks_off_does_not_end_well(name: str, texts: list[str], point: int) -> None:
    data = SAID[name](texts, [])
    provider = name.partition("'")[0]
    passage = Translation(STREAMS[provider], told(provider), OPENAI)
    keep = point % len(data)
    out = passage.feed(data[:keep]) + passage.close()
    ended = b'"finish_reason":"stop"' in out
    assert ended or (passage.error and b'"error"' in out)
