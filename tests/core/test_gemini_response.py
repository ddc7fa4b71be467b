"""Generated content, as OpenAI's chat completion."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from gemini import CALL, CONTEXT, LOOSE, PIXEL, SOUND, TEXT, THOUGHT, answer, candidate, choice, message, told

from gatewaymw.core.dialects.gemini import CHAT
from gatewaymw.core.errors import UpstreamError

URL = "data:image/png;base64,iVBORw0KGgo="


def test_an_answer_of_text() -> None:
    assert told(answer(TEXT)) == {
        "id": "r1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "gemini-2.5-flash",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
    }


def test_texts_are_joined_and_calls_alone_have_none() -> None:
    assert message(TEXT, {"text": " Bye."})["content"] == "Hello. Bye."
    assert message(CALL)["content"] is None
    assert message(TEXT, CALL)["content"] == "Hello."
    assert message(THOUGHT)["content"] == ""
    assert message()["content"] == ""


def test_thoughts_are_always_told() -> None:
    said = message(THOUGHT, {**THOUGHT, "thoughtSignature": "s"}, TEXT)
    assert (said["reasoning_content"], said["content"]) == ("Hm.Hm.", "Hello.")


def test_p10_calls_are_calls_and_so_is_the_reason() -> None:
    made = choice(TEXT, CALL, {"functionCall": {"name": "g"}})
    assert made["message"]["tool_calls"] == [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
        {"id": "call_own_1", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]
    assert made["finish_reason"] == "tool_calls"
    assert choice(CALL, finishReason="MAX_TOKENS")["finish_reason"] == "length"


def test_calls_of_several_candidates_have_ids_of_their_own() -> None:
    call = {"functionCall": {"name": "g"}}
    body = {**answer(), "candidates": [candidate(call), candidate(call, index=1)]}
    calls = [each["message"]["tool_calls"][0]["id"] for each in told(body)["choices"]]
    assert calls == ["call_own_0", "call_own_1_0"]


def test_what_googles_own_tools_do_is_no_call_of_the_clients() -> None:
    ran = {"executableCode": {"language": "PYTHON", "code": "1"}}
    done = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}
    asked = {"toolCall": {"id": "t", "toolType": "GOOGLE_SEARCH", "args": {}}}
    assert message(ran, done, asked, TEXT) == {"role": "assistant", "content": "Hello.", "refusal": None}


def test_images_and_sound_are_told() -> None:
    assert message(PIXEL, PIXEL, {**PIXEL, "thought": True})["images"] == [
        {"type": "image_url", "index": 0, "image_url": {"url": URL}},
        {"type": "image_url", "index": 1, "image_url": {"url": URL}},
    ]
    spoken = {"id": "own", "data": "AAAA", "expires_at": 1_700_000_000, "transcript": ""}
    assert message(SOUND)["audio"] == spoken
    half = {"inlineData": {"mimeType": "audio/wav", "data": "AA=="}}
    assert message(half, half)["audio"]["data"] == "AAA="


# ── where strictness is off ──────────────────────────────────────────────


def test_blocks_come_along_with_their_signatures_where_strictness_is_off() -> None:
    ran = {"executableCode": {"language": "PYTHON", "code": "1"}}
    signed = {"text": "", "thoughtSignature": "s"}
    parts = (THOUGHT, TEXT, ran, PIXEL, {**PIXEL, "thought": True}, SOUND, signed, {})
    assert "content_blocks" not in message(*parts)
    said = message(*parts, {**CALL, "thoughtSignature": "c"}, context=LOOSE)
    assert said["content_blocks"] == [
        {"type": "thinking", "thinking": "Hm."},
        {"type": "text", "text": "Hello."},
        {"type": "executable_code", "executable_code": ran["executableCode"]},
        {"type": "image_url", "image_url": {"url": URL}},
        {"type": "image_url", "image_url": {"url": URL}, "thought": True},
        {"type": "inline_data", "inline_data": SOUND["inlineData"]},
        {"type": "text", "text": "", "thought_signature": "s"},
        {"type": "", "": None},
    ]
    assert said["tool_calls"][0]["function"]["thought_signature"] == "c"
    assert message({**CALL, "thoughtSignature": "c"})["tool_calls"][0]["function"].keys() == {
        "name",
        "arguments",
    }


def test_what_is_said_of_a_part_stands_beside_it_in_its_block() -> None:
    words = {"text": "Hello.", "words": [{"word": "Hello.", "start_offset": "0s"}]}
    spoken = {**TEXT, "speechMetadata": {"speaker": "Ann"}, "audioTranscription": words}
    video = {"videoMetadata": {"fps": 1}, "fileData": {"fileUri": "gs://b/a.mp4"}}
    assert message(spoken, video, context=LOOSE)["content_blocks"] == [
        {
            "type": "text",
            "text": "Hello.",
            "speech_metadata": {"speaker": "Ann"},
            "audio_transcription": words,
        },
        {"type": "file_data", "file_data": video["fileData"], "video_metadata": {"fps": 1}},
    ]


def test_what_openai_has_no_place_for_comes_along_where_strictness_is_off() -> None:
    rating = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"}]
    body = answer(TEXT, safetyRatings=rating, finishReason="OTHER", finishMessage="Odd.")
    body["createTime"] = "2026-01-01T00:00:00Z"
    body["usageMetadata"]["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": 10}]
    strict, loose = told(body), told(body, LOOSE)
    assert strict["choices"][0].keys() == {"index", "message", "logprobs", "finish_reason"}
    assert {"safetyRatings": rating, "finishReason": "OTHER"}.items() <= loose["choices"][0].items()
    assert loose["createTime"] == "2026-01-01T00:00:00Z"
    assert loose["usage"]["promptTokensDetails"] == body["usageMetadata"]["promptTokensDetails"]
    assert "promptTokenCount" not in loose["usage"] and "createTime" not in strict


# ── why it ended ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("CONTINUATION", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("SPII", "content_filter"),
        ("IMAGE_SAFETY", "content_filter"),
        ("ESCALATION", "content_filter"),
        ("PUP_LIMITED_DISABLED", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "stop"),
        ("OTHER", "stop"),
        ("SOMETHING_NEW", "stop"),
        (None, "stop"),
        (["STOP"], "stop"),
    ],
)
def test_finish_reasons(reason: Any, finish: str) -> None:
    assert choice(TEXT, finishReason=reason)["finish_reason"] == finish


def test_google_says_why_an_answer_is_not_whole() -> None:
    assert message(finishReason="SAFETY", finishMessage="Unsafe.")["refusal"] == "Unsafe."
    malformed = {"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "Malformed function call: f("}
    assert message(**malformed)["refusal"] == "Malformed function call: f("
    assert message(TEXT, finishMessage="Model generated function call(s).")["refusal"] is None
    assert message(finishReason="SAFETY")["refusal"] is None
    unexpected = choice(CALL, finishReason="UNEXPECTED_TOOL_CALL", finishMessage="Undeclared function: f")
    assert (unexpected["message"]["refusal"], unexpected["finish_reason"]) == (None, "tool_calls")


def test_p4_a_prompt_that_was_blocked_is_answered_by_a_choice() -> None:
    counts = {"promptTokenCount": 4, "totalTokenCount": 4}
    made = told({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": counts})
    assert made["choices"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "",
                "refusal": "The prompt was blocked: PROHIBITED_CONTENT",
            },
            "logprobs": None,
            "finish_reason": "content_filter",
        }
    ]
    assert (made["id"], made["model"], made["usage"]["prompt_tokens"]) == ("own", "gemini", 4)
    worded = {"promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "No."}}
    assert told(worded)["choices"][0]["message"]["refusal"] == "No."
    assert told(worded, LOOSE)["promptFeedback"] == worded["promptFeedback"]


# ── counts ───────────────────────────────────────────────────────────────


def test_the_prompt_counts_what_tools_read_and_the_completion_what_was_thought() -> None:
    counts = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 60,
        "toolUsePromptTokenCount": 20,
        "candidatesTokenCount": 30,
        "thoughtsTokenCount": 50,
        "totalTokenCount": 200,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 70},
            {"modality": "AUDIO", "tokenCount": 30},
        ],
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}, "odd"],
    }
    assert told({**answer(TEXT), "usageMetadata": counts})["usage"] == {
        "prompt_tokens": 120,
        "completion_tokens": 80,
        "total_tokens": 200,
        "prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": 30},
        "completion_tokens_details": {"reasoning_tokens": 50, "audio_tokens": 3},
    }


@pytest.mark.parametrize("counts", [None, {}, 5, {"promptTokenCount": None, "candidatesTokenCount": "5"}])
def test_counts_that_are_none_are_nought(counts: Any) -> None:
    assert told({**answer(TEXT), "usageMetadata": counts})["usage"]["total_tokens"] == 0


@pytest.mark.parametrize(
    ("counts", "tier"),
    [
        ({"serviceTier": "standard"}, "default"),
        ({"serviceTier": "priority"}, "priority"),
        ({"trafficType": "ON_DEMAND_FLEX"}, "flex"),
        ({"trafficType": "ON_DEMAND"}, "default"),
        ({"trafficType": "PROVISIONED_THROUGHPUT"}, None),
        ({"serviceTier": ["flex"]}, None),
    ],
)
def test_service_tiers(counts: dict[str, Any], tier: str | None) -> None:
    assert told({**answer(TEXT), "usageMetadata": counts}).get("service_tier") == tier


def test_how_likely_tokens_were() -> None:
    likely = {
        "chosenCandidates": [
            {"token": "é", "tokenId": 1, "logProbability": -0.5},
            {"token": "b", "logProbability": "-Infinity"},
            "odd",
            {"token": "d", "logProbability": 0},
        ],
        "topCandidates": [
            {"candidates": [{"token": "é", "logProbability": -0.5}, {"token": "a"}, "odd"]},
            "odd",
        ],
    }
    made = choice(TEXT, logprobsResult=likely)["logprobs"]
    assert made["content"][0] == {
        "token": "é",
        "logprob": -0.5,
        "bytes": [195, 169],
        "top_logprobs": [
            {"token": "é", "logprob": -0.5, "bytes": [195, 169]},
            {"token": "a", "logprob": -9999.0, "bytes": [97]},
        ],
    }
    assert [each["logprob"] for each in made["content"]] == [-0.5, -9999.0, 0]
    assert choice(TEXT, logprobsResult={"chosenCandidates": [], "topCandidates": 5})["logprobs"] == {
        "content": [],
        "refusal": None,
    }
    for odd in ({}, {"chosenCandidates": 5}, 5):
        assert choice(TEXT, logprobsResult=odd)["logprobs"] is None


# ── citations ────────────────────────────────────────────────────────────

CHUNKS: list[Any] = [
    {"web": {"uri": "https://a.example", "title": "A"}},
    {"retrievedContext": {"uri": "gs://b/c"}},
    {"odd": {}},
]


def cited(*supports: Any, texts: tuple[str, ...] = ("Größe: ", "élan.")) -> list[tuple[str, str, str]]:
    """(cited text, URL, title) of each annotation."""
    metadata = {"groundingChunks": CHUNKS, "groundingSupports": list(supports)}
    said = message(*({"text": text} for text in texts), groundingMetadata=metadata)
    notes = [note["url_citation"] for note in said.get("annotations", ())]
    return [
        (said["content"][each["start_index"] : each["end_index"]], each["url"], each["title"])
        for each in notes
    ]


def support(begin: int, end: int, *indices: Any, part: int = 0) -> dict[str, Any]:
    segment = {"startIndex": begin, "endIndex": end, "partIndex": part}
    return {"segment": segment, "groundingChunkIndices": list(indices)}


def test_pages_that_the_text_rests_on_are_annotations_by_characters() -> None:
    assert cited(support(0, 7, 0)) == [("Größe", "https://a.example", "A")]
    assert cited(support(0, 5, 0, 1, part=1)) == [
        ("élan", "https://a.example", "A"),
        ("élan", "gs://b/c", ""),
    ]
    assert cited({"segment": {"endIndex": 14}, "groundingChunkIndices": [0]}) == [
        ("Größe: élan", "https://a.example", "A")
    ]


@pytest.mark.parametrize(
    "odd",
    [
        support(0, 99, 0),
        support(5, 2, 0),
        support(-1, 2, 0),
        support(0, 2, 0, part=-1),
        support(0, 2, 2, 9, -1, "x"),
        {"segment": "x"},
        {"segment": {"endIndex": 2}, "groundingChunkIndices": 5},
        "odd",
    ],
)
def test_citations_of_nothing_are_none(odd: Any) -> None:
    assert cited(odd) == []
    assert "annotations" not in message(TEXT, groundingMetadata={"groundingChunks": 5})


@pytest.mark.parametrize("name", ["citations", "citationSources"])
def test_what_the_text_repeats_is_an_annotation(name: str) -> None:
    sources = [
        {"startIndex": 0, "endIndex": 5, "uri": "https://a.example"},
        {"endIndex": 5},
        {"endIndex": 99},
    ]
    said = message(TEXT, citationMetadata={name: sources})
    page = {"start_index": 0, "end_index": 5, "url": "https://a.example", "title": ""}
    assert said["annotations"] == [{"type": "url_citation", "url_citation": page}]


# ── the rest ─────────────────────────────────────────────────────────────


def test_a_client_that_asks_for_functions_is_answered_in_functions() -> None:
    asked = replace(CONTEXT, request={"functions": [{"name": "f"}]})
    made = choice(CALL, context=asked)
    assert made["message"]["function_call"] == {
        "name": "f",
        "arguments": json.dumps({"a": 1}, separators=(",", ":")),
    }
    assert (made["finish_reason"], "tool_calls" in made["message"]) == ("function_call", False)


def test_parts_of_odd_shapes_say_nothing() -> None:
    odd: list[Any] = [{}, {"text": None}, {"text": 5}, {"functionCall": None}, {"inlineData": 5}, "text"]
    assert message(*odd) == {"role": "assistant", "content": "5", "refusal": None}
    for content in (None, 5, {}, {"parts": 5}, {"role": "model"}):
        assert message(content=content)["content"] == ""
    call = {"functionCall": {}}
    assert message(call)["tool_calls"][0]["function"] == {"name": "", "arguments": "{}"}


@pytest.mark.parametrize(
    "body",
    [
        *(None, [], "Hello.", 5, {}, {"candidates": []}, {"candidates": "x"}, {"candidates": ["x"]}),
        *({"promptFeedback": {}}, {"promptFeedback": 5}, {"error": None}, [{}]),
    ],
)
def test_a_body_that_is_no_answer_is_an_error(body: Any) -> None:
    assert CHAT.response
    with pytest.raises(UpstreamError, match="no content") as caught:
        CHAT.response(body, CONTEXT)
    assert (caught.value.status, caught.value.code) == (502, "upstream_invalid_response")


def test_an_error_for_an_answer_keeps_its_words() -> None:
    assert CHAT.response
    body: Any = [{"error": {"code": 503, "message": "Overloaded", "status": "UNAVAILABLE"}}]
    with pytest.raises(UpstreamError, match="Overloaded") as caught:
        CHAT.response(body, CONTEXT)
    assert (caught.value.status, caught.value.code) == (503, "UNAVAILABLE")
