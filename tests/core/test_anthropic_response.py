"""An Anthropic message, as OpenAI's chat completion."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from claude import CONTEXT, LOOSE, answer, message, told

from gatewaymw.core.dialects.anthropic import CHAT
from gatewaymw.core.errors import UpstreamError

TEXT = {"type": "text", "text": "Hello."}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "sig"}
USE = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}


def test_a_message_of_text() -> None:
    assert told(answer(TEXT)) == {
        "id": "msg_1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "claude-sonnet-4-5-20250929",
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
            "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        },
    }


def test_texts_are_joined_and_calls_alone_have_none() -> None:
    assert message(TEXT, {"type": "text", "text": " Bye."})["content"] == "Hello. Bye."
    assert message(USE)["content"] is None
    assert message(TEXT, USE)["content"] == "Hello."
    assert message(THOUGHT)["content"] == ""
    assert message()["content"] == ""


def test_calls_of_the_clients_tools_alone_are_calls() -> None:
    searched = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}}
    remote = {"type": "mcp_tool_use", "id": "m", "name": "echo", "input": {}, "server_name": "s"}
    empty = {**USE, "id": "toolu_2", "input": {}}
    calls = message(TEXT, searched, USE, remote, empty)["tool_calls"]
    function = {"name": "f", "arguments": '{"a":1}'}
    assert calls == [
        {"id": "toolu_1", "type": "function", "function": function},
        {"id": "toolu_2", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    ]


def test_thinking_is_always_told_and_its_blocks_where_strictness_is_off() -> None:
    redacted = {"type": "redacted_thinking", "data": "x"}
    assert message(THOUGHT, redacted, TEXT, USE).keys().isdisjoint({"content_blocks"})
    said = message(THOUGHT, redacted, THOUGHT, TEXT, USE, context=LOOSE)
    assert said["reasoning_content"] == "Hm.Hm."
    assert said["content_blocks"] == [THOUGHT, redacted, THOUGHT, TEXT]


def test_calls_from_code_that_runs_there_say_so_where_strictness_is_off() -> None:
    caller = {"type": "code_execution_20260120", "tool_id": "s"}
    odd = {**USE, "caller": caller, "toolset_name": "browser"}
    assert message(odd)["tool_calls"][0].keys() == {"id", "type", "function"}
    said = message(odd, {**USE, "caller": {"type": "direct"}}, context=LOOSE)["tool_calls"]
    assert {"caller": caller, "toolset_name": "browser"}.items() <= said[0].items()
    assert said[1].keys() == {"id", "type", "function"}


def test_what_openai_has_no_place_for_comes_along_where_strictness_is_off() -> None:
    body = answer(TEXT, container={"id": "c"}, stop_sequence=None)
    body["usage"] |= {
        "cache_read_input_tokens": 3,
        "server_tool_use": {"web_search_requests": 1},
        "speed": None,
    }
    assert "container" not in told(body)
    said = told(body, LOOSE)
    assert said["container"] == {"id": "c"}
    assert "stop_sequence" not in said
    assert said["usage"]["server_tool_use"] == {"web_search_requests": 1}
    assert said["usage"].keys().isdisjoint({"speed", "input_tokens"})


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "stop"),
        ("refusal", "content_filter"),
        ("something_new", "stop"),
        (None, "stop"),
        (["end_turn"], "stop"),
    ],
)
def test_finish_reasons(reason: Any, finish: str) -> None:
    assert told(answer(TEXT, stop_reason=reason))["choices"][0]["finish_reason"] == finish


@pytest.mark.parametrize("reason", ["tool_use", "end_turn", "stop_sequence", "something_new", None])
def test_calls_are_the_reason_wherever_there_are_any(reason: Any) -> None:
    assert told(answer(TEXT, USE, stop_reason=reason))["choices"][0]["finish_reason"] == "tool_calls"
    cut = told(answer(TEXT, USE, stop_reason="max_tokens"))
    assert cut["choices"][0]["finish_reason"] == "length"


def test_a_refusal_says_why() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "Blocked."}
    assert message(stop_reason="refusal", stop_details=details)["refusal"] == "Blocked."
    assert (
        message(stop_reason="refusal", stop_details={"type": "refusal", "explanation": None})["refusal"]
        is None
    )
    assert message(TEXT, stop_details=details)["refusal"] is None


def test_the_prompt_counts_what_the_cache_gave_and_took() -> None:
    usage = {
        "input_tokens": 3,
        "cache_read_input_tokens": 20,
        "cache_creation_input_tokens": 100,
        "output_tokens": 50,
        "output_tokens_details": {"thinking_tokens": 30},
    }
    assert told(answer(TEXT, usage=usage))["usage"] == {
        "prompt_tokens": 123,
        "completion_tokens": 50,
        "total_tokens": 173,
        "prompt_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 100},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": None, "output_tokens": "5"}])
def test_counts_that_are_none_are_nought(usage: Any) -> None:
    assert told(answer(TEXT, usage=usage))["usage"]["total_tokens"] == 0


@pytest.mark.parametrize(
    ("given", "tier"), [("standard", "default"), ("priority", "priority"), ("batch", None), (None, None)]
)
def test_service_tiers(given: Any, tier: str | None) -> None:
    usage = {"input_tokens": 1, "output_tokens": 1, "service_tier": given}
    assert told(answer(TEXT, usage=usage)).get("service_tier") == tier


def test_pages_that_the_text_cites_are_annotations() -> None:
    page = {
        "type": "web_search_result_location",
        "url": "https://x.example",
        "title": None,
        "cited_text": "x",
    }
    paper = {"type": "page_location", "document_index": 0, "cited_text": "y"}
    cited = {"type": "text", "text": "Cited.", "citations": [page, paper, "odd"]}
    said = message(TEXT, cited, {"type": "text", "text": "!", "citations": [{**page, "title": "T"}]})
    places = [
        (note["url_citation"]["start_index"], note["url_citation"]["end_index"])
        for note in said["annotations"]
    ]
    assert [said["content"][begin:end] for begin, end in places] == ["Cited.", "!"]
    assert [note["url_citation"]["title"] for note in said["annotations"]] == ["", "T"]


def test_a_client_that_asks_for_functions_is_answered_in_functions() -> None:
    asked = replace(CONTEXT, request={"functions": [{"name": "f"}]})
    made = told(answer(USE, stop_reason="tool_use"), asked)["choices"][0]
    assert made["message"]["function_call"] == {
        "name": "f",
        "arguments": json.dumps({"a": 1}, separators=(",", ":")),
    }
    assert (made["finish_reason"], "tool_calls" in made["message"]) == ("function_call", False)
    both = replace(CONTEXT, request={"functions": [], "tools": []})
    assert "tool_calls" in told(answer(USE), both)["choices"][0]["message"]


def test_names_are_the_gateways_own_where_the_provider_gives_none() -> None:
    made = told(answer(TEXT, id=None, model=None))
    assert (made["id"], made["model"]) == ("own", "claude")


def test_blocks_of_odd_shapes_say_nothing() -> None:
    odd: list[dict[str, Any]] = [
        {"type": "text"},
        {"type": "thinking", "thinking": None},
        {"type": "new"},
        {},
    ]
    assert message(*odd) == {"role": "assistant", "content": "", "refusal": None}
    assert message("text", {"type": "tool_use"})["tool_calls"] == [  # type: ignore[arg-type]
        {"id": "", "type": "function", "function": {"name": "", "arguments": "{}"}}
    ]


@pytest.mark.parametrize(
    "body", [None, [], "Hello.", {}, {"content": "Hello."}, {"error": None}, {"error": {}}]
)
def test_a_body_that_is_no_message_is_an_error(body: Any) -> None:
    assert CHAT.response
    with pytest.raises(UpstreamError, match="no message") as caught:
        CHAT.response(body, CONTEXT)
    assert (caught.value.status, caught.value.code) == (502, "upstream_invalid_response")


def test_an_error_for_an_answer_keeps_its_words() -> None:
    assert CHAT.response
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    with pytest.raises(UpstreamError, match="Overloaded") as caught:
        CHAT.response(body, CONTEXT)
    assert (caught.value.status, caught.value.type) == (529, "overloaded_error")
