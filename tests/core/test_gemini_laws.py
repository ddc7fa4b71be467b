"""What holds of the Gemini dialect whatever a client or Google sends."""

from __future__ import annotations

from typing import Any

import pytest
from gemini import CONTEXT, LOOSE, encoded
from hypothesis import given
from hypothesis import strategies as st
from odd import CALLS, CONTENT, IDS, conversations, named, refused_or_sent, values, worded

from gatewaymw.core import json
from gatewaymw.core.dialects.fields import IDLE
from gatewaymw.core.dialects.gemini import CHAT, EMBED, IMAGE, IMAGEN, PICTURE_EMBED, TEXT_EMBED, VERTEX
from gatewaymw.core.dialects.gemini.request import KNOWN, STUDIO
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.routing.pipeline import ODD

# ── requests ─────────────────────────────────────────────────────────────

NAMES = named("""cache_control budget_tokens thinking google extra_content thought_signature input_audio
    data format voice google_search $ref anyOf""")
WORDS = worded("""video_url thinking enabled adaptive gs://b/c wav gemini-3-flash-preview gemini-2.5-flash
    google_search executable_code files/1""")
JSON = values(NAMES, WORDS)
PARAMETERS = st.sampled_from([*sorted(KNOWN), *STUDIO.own, *STUDIO.settings, *IDLE, "surprise"])
ODD_MESSAGES = conversations(NAMES, JSON)


@given(
    st.dictionaries(PARAMETERS, JSON, max_size=5),
    ODD_MESSAGES,
    st.sampled_from([CHAT, VERTEX]),
)
def test_only_refusals_that_name_the_fault_escape(body: dict[str, Any], messages: Any, codec: Any) -> None:
    refused_or_sent(codec, {"model": "gemini-3-flash-preview", "messages": messages} | body, CONTEXT)


@given(
    st.dictionaries(
        st.sampled_from(["input", "prompt", "size", "n", "dimensions", "title"]), JSON, max_size=4
    ),
    st.sampled_from([EMBED, TEXT_EMBED, PICTURE_EMBED, IMAGE, IMAGEN]),
)
def test_so_it_is_with_vectors_and_images(body: dict[str, Any], codec: Any) -> None:
    refused_or_sent(codec, {"model": "m", **body}, CONTEXT)


MESSAGES = st.one_of(
    st.builds(lambda content: {"role": "user", "content": content}, CONTENT),
    st.builds(
        lambda content, calls: {"role": "assistant", "content": content, "tool_calls": calls},
        st.none() | st.text(max_size=9),
        st.lists(CALLS, max_size=2),
    ),
    st.builds(
        lambda content, id: {"role": "tool", "tool_call_id": id, "name": "f", "content": content},
        CONTENT,
        IDS,
    ),
    st.builds(lambda content: {"role": "system", "content": content}, st.text(max_size=9)),
)
SPOKEN = {"role": "user", "content": "Hi"}
SETTINGS = st.fixed_dictionaries(
    {
        "model": st.sampled_from(
            ["gemini-2.0-flash", "gemini-2.5-pro", "gemini-3-flash", "gemini-4-argon", "gemma-3"]
        )
    },
    optional={
        "max_tokens": st.integers(1, 100_000),
        "temperature": st.floats(0, 2),
        "reasoning_effort": st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
        "tools": st.just([{"type": "function", "function": {"name": "f", "strict": True}}]),
        "tool_choice": st.sampled_from(["auto", "none", "required"]),
        "stop": st.text() | st.lists(st.text(), max_size=3),
        "response_format": st.just({"type": "json_object"}),
    },
)


@given(st.lists(MESSAGES, max_size=8), SETTINGS)
def test_whatever_is_sent_is_legal(messages: list[Any], settings: dict[str, Any]) -> None:
    turns = encoded({**settings, "messages": [SPOKEN, *messages]}).body["contents"]
    roles = [turn["role"] for turn in turns]
    assert roles == ["user" if index % 2 == 0 else "model" for index in range(len(roles))]
    for turn in turns:
        assert turn["parts"]
        results = ["functionResponse" in part for part in turn["parts"]]
        assert results == sorted(results, reverse=True)
        assert all(part["text"] for part in turn["parts"] if "text" in part)
        if settings["model"].startswith(("gemini-3", "gemini-4")):
            calls = [part for part in turn["parts"] if "functionCall" in part]
            assert not calls or "thoughtSignature" in calls[0]


@given(st.lists(MESSAGES, max_size=8))
def test_no_word_and_no_picture_is_lost(messages: list[Any]) -> None:
    sent = encoded({"model": "gemini-3-flash", "messages": [SPOKEN, *messages]}).body
    told = json.dumps(sent).decode()
    for message in messages:
        content = message["content"] or []
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            if part["type"] == "image_url":
                assert part["image_url"]["url"].removeprefix("data:image/gif;base64,") in told
            elif message["role"] != "tool" and part["text"]:
                assert json.dumps(part["text"]).decode() in told


# ── answers ──────────────────────────────────────────────────────────────

FIELDS = st.sampled_from(
    (
        "candidates content parts text thought thoughtSignature functionCall name args inlineData mimeType "
        "data finishReason finishMessage index usageMetadata promptTokenCount thoughtsTokenCount serviceTier "
        "promptFeedback blockReason responseId modelVersion groundingMetadata groundingChunks web uri error "
        "groundingSupports segment startIndex endIndex groundingChunkIndices citationMetadata citations code "
        "status details reason logprobsResult chosenCandidates topCandidates token predictions embeddings "
        "embedding values statistics promptTokensDetails modality"
    ).split()
)
KINDS = st.sampled_from(["STOP", "SAFETY", "MAX_TOKENS", "image/png", "audio/wav", "AUDIO", "AAAA", "flex"])
SENT = values(FIELDS, KINDS)
PIECES = st.dictionaries(FIELDS, SENT, max_size=3)
ANSWERS = st.builds(
    lambda candidates, rest: {**rest, "candidates": candidates},
    st.lists(
        st.builds(
            lambda parts, rest: {**rest, "content": {"parts": parts}}, st.lists(PIECES, max_size=3), PIECES
        ),
        max_size=2,
    ),
    PIECES,
)


@pytest.mark.parametrize("codec", [CHAT, EMBED, IMAGE, IMAGEN])
@given(body=ANSWERS | SENT, context=st.sampled_from([CONTEXT, LOOSE]))
def test_an_answer_is_read_or_is_an_error(codec: Any, body: Any, context: Any) -> None:
    try:
        json.dumps(codec.response(body, context))
    except UpstreamError as error:
        assert error.status >= 400
    except ODD:
        assert codec is not CHAT or "audio" in json.dumps(body).decode()


@given(st.lists(ANSWERS | SENT, max_size=5), st.sampled_from([CONTEXT, LOOSE]))
def test_events_are_read_or_are_an_error(events: list[Any], context: Any) -> None:
    stream = CHAT.stream
    assert stream
    state = stream.start
    for event in events:
        try:
            state, chunks = stream.step(state, event, context)
        except (UpstreamError, *ODD):
            return
        json.dumps(chunks)


@given(SENT, st.integers(400, 599))
def test_an_error_always_has_words(body: Any, status: int) -> None:
    assert CHAT.error
    assert CHAT.error(body, status, CONTEXT)["error"]["message"]
