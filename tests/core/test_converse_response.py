"""Converse answers, as OpenAI's chat completions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conversed import CONTEXT, LOOSE, answer, message, told

from gatewaymw.core.dialects.converse import CHAT
from gatewaymw.core.errors import UpstreamError

CALL = {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}}}
THOUGHT = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}}
VEILED = {"reasoningContent": {"redactedContent": "cmVk"}}
SERVED = [
    {"toolUse": {"toolUseId": "s", "name": "nova_grounding", "input": {"q": 1}, "type": "server_tool_use"}},
    {"toolResult": {"toolUseId": "s", "content": [{"text": "x"}], "status": "success"}},
]


def test_text_is_the_content() -> None:
    assert told(answer({"text": "Hel"}, {"text": "lo"})) == {
        "id": "own",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": CONTEXT.model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        },
    }


def test_no_blocks_are_no_words() -> None:
    assert message()["content"] == ""
    assert message({"text": None}, {"odd": 1})["content"] == ""


def test_calls_are_the_clients() -> None:
    said = message({"text": "Let me see."}, CALL)
    assert said["content"] == "Let me see."
    assert said["tool_calls"] == [
        {"id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    ]
    assert message(CALL)["content"] is None
    empty = message({"toolUse": {"toolUseId": "t", "name": "f", "input": {}, "type": "tool_use"}})
    assert empty["tool_calls"][0]["function"]["arguments"] == "{}"


def test_tools_of_the_models_maker_are_no_calls() -> None:
    said = message(*SERVED, {"text": "4"})
    assert said.keys() == {"role", "content", "refusal"}
    assert message(*SERVED, {"text": "4"}, context=LOOSE)["content_blocks"] == [*SERVED, {"text": "4"}]


def test_functions_as_they_were_before_tools() -> None:
    context = replace(CONTEXT, request={"functions": [{"name": "f"}]})
    made = told(answer(CALL, stopReason="tool_use"), context)["choices"][0]
    assert made["message"]["function_call"] == {"name": "f", "arguments": '{"a":1}'}
    assert "tool_calls" not in made["message"]
    assert made["finish_reason"] == "function_call"


def test_thoughts_are_told_and_kept_signed() -> None:
    assert message(THOUGHT, VEILED, {"text": "a"})["reasoning_content"] == "Hm."
    assert "content_blocks" not in message(THOUGHT, {"text": "a"})
    loose = message(THOUGHT, VEILED, {"text": "a"}, CALL, context=LOOSE)
    assert loose["content_blocks"] == [THOUGHT, VEILED, {"text": "a"}]
    assert "reasoning_content" not in message(VEILED, {"text": "a"})


# ── citations ────────────────────────────────────────────────────────────


def cited(text: str | None, *citations: Any) -> dict[str, Any]:
    content = {} if text is None else {"content": [{"text": text}]}
    return {"citationsContent": {**content, "citations": list(citations)}}


def page(url: str, **more: Any) -> dict[str, Any]:
    return {"location": {"web": {"url": url, **more}}}


def test_images_are_told_as_others_tell_them() -> None:
    picture = {"image": {"format": "png", "source": {"bytes": "AA=="}}}
    stored = {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/a.png"}}}}
    failed = {"image": {"format": "png", "error": {"message": "no"}}}
    said = message(picture, stored, failed, {"image": 5}, {"text": "a"}, context=LOOSE)
    url = {"url": "data:image/png;base64,AA=="}
    assert said["images"] == [{"type": "image_url", "index": 0, "image_url": url}]
    assert said["content_blocks"][:3] == [picture, stored, failed]
    assert "images" not in message(stored, {"text": "a"})


def test_cited_text_is_text() -> None:
    note = {"title": "policy", "location": {"documentChar": {"documentIndex": 0, "start": 0, "end": 5}}}
    said = message({"text": "They get "}, cited("20 days", note), {"text": "."})
    assert said["content"] == "They get 20 days."
    assert "annotations" not in said


def test_web_pages_are_annotations() -> None:
    said = message(
        {"text": "Ruby is "}, cited("old", page("https://a.example", domain="a.example")), {"text": "."}
    )
    assert said["annotations"] == [
        {
            "type": "url_citation",
            "url_citation": {
                **{"start_index": 8, "end_index": 11},
                **{"url": "https://a.example", "title": "a.example"},
            },
        }
    ]


def test_a_citation_without_text_is_of_the_text_before() -> None:
    said = message({"text": "One."}, {"text": "Two."}, cited(None, page("u"), {**page("v"), "title": "V"}))
    notes = [note["url_citation"] for note in said["annotations"]]
    assert [(note["start_index"], note["end_index"]) for note in notes] == [(4, 8), (4, 8)]
    assert [note["title"] for note in notes] == ["", "V"]


@pytest.mark.parametrize(
    "note", [None, {}, {"location": 5}, {"location": {"web": []}}, {"location": {"web": {"url": 5}}}]
)
def test_odd_citations_are_passed_over(note: Any) -> None:
    assert "annotations" not in message(cited("a", note))
    assert message({"citationsContent": {"content": 5, "citations": 5}}, {"text": "a"})["content"] == "a"
    assert message({"citationsContent": 5, "reasoningContent": 5, "toolUse": 5})["content"] == ""


# ── the end ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        *(("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length")),
        *(("tool_use", "stop"), ("model_context_window_exceeded", "length")),
        *(("guardrail_intervened", "content_filter"), ("content_filtered", "content_filter")),
        *(("something_new", "stop"), (None, "stop"), (["end_turn"], "stop")),
    ],
)
def test_reasons(reason: Any, finish: str) -> None:
    assert told(answer({"text": "a"}, stopReason=reason))["choices"][0]["finish_reason"] == finish


@pytest.mark.parametrize("reason", ["tool_use", "end_turn", "something_new", None])
def test_calls_are_the_reason_wherever_there_are_any(reason: Any) -> None:
    use = {"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}
    assert told(answer(use, stopReason=reason))["choices"][0]["finish_reason"] == "tool_calls"
    assert told(answer(use, stopReason="max_tokens"))["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("reason", ["malformed_tool_use", "malformed_model_output"])
def test_what_could_not_be_read_is_a_failure(reason: str) -> None:
    assert CHAT.response
    with pytest.raises(UpstreamError, match=reason) as caught:
        CHAT.response(answer({"text": "a"}, stopReason=reason), CONTEXT)
    assert (caught.value.status, caught.value.code) == (502, reason)


def test_the_prompt_counts_what_was_cached() -> None:
    counts = {"inputTokens": 2, "outputTokens": 5, "totalTokens": 1337}
    cached = {"cacheReadInputTokens": 1_000, "cacheWriteInputTokens": 330}
    more = {"cacheDetails": [{"ttl": "5m", "inputTokens": 330}], "serverToolUsage": {}}
    usage = told(answer(usage={**counts, **cached, **more}))["usage"]
    assert usage == {
        **{"prompt_tokens": 1_332, "completion_tokens": 5, "total_tokens": 1_337},
        "prompt_tokens_details": {"cached_tokens": 1_000, "cache_write_tokens": 330},
    }
    assert told(answer(usage={**counts, **cached, **more}), LOOSE)["usage"] == {**cached, **more, **usage}


@pytest.mark.parametrize("usage", [None, [], {"inputTokens": "10"}])
def test_odd_counts_are_none(usage: Any) -> None:
    assert told(answer({"text": "a"}, usage=usage))["usage"]["total_tokens"] == 0


def test_the_tier_that_served() -> None:
    assert told(answer(serviceTier={"type": "flex"}))["service_tier"] == "flex"
    for other in ({"type": "reserved"}, {"type": []}, "flex", None):
        assert "service_tier" not in told(answer(serviceTier=other))


def test_what_openai_has_no_place_for_comes_along_loosely() -> None:
    more = {"trace": {"guardrail": {}}, "additionalModelResponseFields": {"x": 1}, "performanceConfig": None}
    strict, loose = told(answer(**more)), told(answer(**more), LOOSE)
    assert loose.keys() - strict.keys() == {"trace", "additionalModelResponseFields", "metrics"}
    assert loose["metrics"] == {"latencyMs": 7}


# ── answers that are none ────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"output": {}}, {"output": {"message": []}}, {"output": {"message": {"content": 5}}}],
)
def test_what_is_no_message_is_an_error(body: Any) -> None:
    assert CHAT.response
    with pytest.raises(UpstreamError, match="bedrock answered with something that is no message") as caught:
        CHAT.response(body, CONTEXT)
    assert caught.value.status == 502


def test_an_error_within_a_200_says_so() -> None:
    assert CHAT.response
    body: Any = {"Output": {"__type": "com.amazon.coral.service#UnknownOperationException"}, "Version": "1.0"}
    with pytest.raises(UpstreamError, match="UnknownOperationException") as caught:
        CHAT.response(body, CONTEXT)
    assert (caught.value.status, caught.value.code) == (502, "UnknownOperationException")
    with pytest.raises(UpstreamError, match="Slow down"):
        CHAT.response({"message": "Slow down"}, CONTEXT)
