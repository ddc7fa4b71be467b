"""Cohere's answers, as OpenAI's chat completions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cohered import CONTEXT, LOOSE, answer, message, thought, told, words

from gatewaymw.core.dialects.cohere import CHAT, response
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.values import JSON

CALL = {"id": "f_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}


def test_a_text() -> None:
    assert told(answer(words("Hello, "), words("you."))) == {
        "id": "5a50",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "command-a-03-2025",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello, you.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 70, "completion_tokens": 9, "total_tokens": 79},
    }


def test_what_cohere_leaves_out_is_ours() -> None:
    made = told({"message": {}, "finish_reason": None})
    assert (made["id"], made["choices"][0]["finish_reason"]) == ("own", "stop")
    assert made["choices"][0]["message"]["content"] == ""
    assert "usage" not in made
    assert (
        told({"message": {"content": "Hi", "tool_calls": None}})["choices"][0]["message"]["content"] == "Hi"
    )


# ── thoughts, plans, calls ───────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "plan", "reasoning"),
    [
        ([thought("Hm."), words("a")], None, "Hm."),
        ([words("a")], "First f.", "First f."),
        ([thought("Hm."), words("a")], "First f.", "Hm.\n\nFirst f."),
        ([words("a")], "", None),
    ],
)
def test_thoughts_and_plans_are_reasoning(
    content: list[JSON], plan: str | None, reasoning: str | None
) -> None:
    said = message(*content, tool_plan=plan)
    assert said["content"] == "a"
    assert said.get("reasoning_content") == reasoning
    assert said.keys() <= {"role", "content", "refusal", "reasoning_content"}


def test_calls() -> None:
    made = told(answer(reason="TOOL_CALL", tool_calls=[CALL, {**CALL, "id": "f_2"}]))
    said = made["choices"][0]["message"]
    assert said["content"] is None
    assert said["tool_calls"] == [CALL, {**CALL, "id": "f_2"}]
    assert made["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    ("given", "arguments"), [("", "{}"), (None, "{}"), ({"a": 1}, '{"a":1}'), ("{", "{")]
)
def test_arguments_are_always_text(given: Any, arguments: str) -> None:
    (call,) = message(tool_calls=[{**CALL, "function": {"name": "f", "arguments": given}}])["tool_calls"]
    assert call["function"]["arguments"] == arguments


def test_a_client_that_asks_for_functions_is_answered_in_functions() -> None:
    asked = replace(CONTEXT, request={"functions": [{"name": "f"}]})
    made = told(answer(reason="TOOL_CALL", tool_calls=[CALL]), asked)["choices"][0]
    assert made["message"]["function_call"] == CALL["function"]
    assert "tool_calls" not in made["message"]
    assert made["finish_reason"] == "function_call"


# ── why it ended ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("COMPLETE", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("MAX_TOKENS", "length"),
        ("TOOL_CALL", "stop"),
        ("SOMETHING_NEW", "stop"),
    ],
)
def test_finish_reasons(reason: str, finish: str) -> None:
    assert told(answer(words("a"), reason=reason))["choices"][0]["finish_reason"] == finish
    called = finish if finish == "length" else "tool_calls"
    made = told(answer(words("a"), reason=reason, tool_calls=[CALL]))
    assert made["choices"][0]["finish_reason"] == called


@pytest.mark.parametrize(("reason", "status"), [("ERROR", 502), ("TIMEOUT", 504)])
def test_an_answer_that_failed_is_an_error(reason: str, status: int) -> None:
    with pytest.raises(UpstreamError, match=f"cohere gave up on the answer: {reason}") as caught:
        response(answer(words("a"), reason=reason), CONTEXT)
    assert (caught.value.status, caught.value.code) == (status, reason)


def test_a_failure_keeps_its_words() -> None:
    failed = {**answer(reason="ERROR"), "error": "Bad tools.", "error_type": "INVALID_TOOL_GENERATION"}
    with pytest.raises(UpstreamError, match=r"^Bad tools\.$") as caught:
        response(failed, CONTEXT)
    assert caught.value.code == "INVALID_TOOL_GENERATION"


@pytest.mark.parametrize("body", [{}, [], "no", {"message": None}, {"message": []}])
def test_what_is_no_message_is_an_error(body: Any) -> None:
    with pytest.raises(UpstreamError, match="no message") as caught:
        response(body, CONTEXT)
    assert caught.value.status == 502


def test_an_error_in_place_of_an_answer_keeps_its_words() -> None:
    with pytest.raises(UpstreamError, match=r"^model 'x' not found$"):
        response({"id": "1", "message": "model 'x' not found"}, CONTEXT)


# ── numbers ──────────────────────────────────────────────────────────────


def counted(usage: Any, strict: bool = True) -> Any:
    return told({**answer(), "usage": usage}, replace(CONTEXT, strict=strict)).get("usage")


@pytest.mark.parametrize(
    ("usage", "made"),
    [
        (None, None),
        ({}, None),
        ({"tokens": None}, None),
        ({"tokens": [1]}, None),
        (
            {"billed_units": {"input_tokens": 5.0, "output_tokens": 3}},
            {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
        ),
        (
            {"tokens": {"input_tokens": 70.0, "output_tokens": 9.0}, "billed_units": {"input_tokens": 5}},
            {"prompt_tokens": 70, "completion_tokens": 9, "total_tokens": 79},
        ),
        (
            {"tokens": {"input_tokens": 7, "output_tokens": 9, "reasoning_tokens": 4}, "cached_tokens": 6},
            {
                "prompt_tokens": 7,
                "completion_tokens": 9,
                "total_tokens": 16,
                "prompt_tokens_details": {"cached_tokens": 6},
                "completion_tokens_details": {"reasoning_tokens": 4},
            },
        ),
        (
            {"tokens": {"input_tokens": 1e999, "output_tokens": "many"}},
            {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        ),
    ],
)
def test_usage_counts_all_tokens_not_those_billed(usage: Any, made: Any) -> None:
    assert counted(usage) == made


def test_cohere_s_own_counts_come_along_where_strictness_is_off() -> None:
    own = {"tokens": {"input_tokens": 7, "output_tokens": 9}, "billed_units": {"input_tokens": 5}}
    assert counted(own, strict=False) == {
        **own,
        "prompt_tokens": 7,
        "completion_tokens": 9,
        "total_tokens": 16,
    }


def test_log_probabilities_are_of_pieces() -> None:
    given = [
        {"text": "Hé", "token_ids": [1, 2], "logprobs": [-0.5, -0.25]},
        {"text": "y", "token_ids": [3]},
    ]
    made = told({**answer(words("Héy")), "logprobs": given})["choices"][0]["logprobs"]
    (piece,) = made["content"]
    assert piece == {"token": "Hé", "logprob": -0.75, "bytes": [72, 195, 169], "top_logprobs": []}


# ── citations and what else there is ─────────────────────────────────────

PAGE = {"type": "document", "id": "d", "document": {"url": "https://x.example", "title": "X", "text": "…"}}


def note(start: Any = 0, end: Any = 1, *sources: Any, **more: Any) -> JSON:
    return {"start": start, "end": end, "text": "a", "sources": list(sources), **more}


@pytest.mark.parametrize(
    ("citation", "places"),
    [
        (note(1, 3, PAGE), [(1, 3)]),
        (note(1, 3, PAGE, content_index=2, type="TEXT_CONTENT"), [(4, 6)]),
        (note(1, 3, PAGE, content_index=9), [(1, 3)]),
        (note(1, 3, PAGE, content_index="2"), [(1, 3)]),
        (note(1, 3, PAGE, PAGE), [(1, 3), (1, 3)]),
        (note(1, 3, {"type": "tool", "id": "t", "tool_output": {"url": "https://x.example"}}), [(1, 3)]),
        (note(1, 3, {"type": "document", "id": "d", "document": {"text": "…"}}), []),
        (note(1, 3, {"type": "document", "id": "d"}, 7), []),
        (note(1, 3, PAGE, type="THINKING_CONTENT"), []),
        (note(1, 3, PAGE, type="PLAN"), []),
        (note(None, 3, PAGE), []),
        (note(1, "3", PAGE), []),
        ("odd", []),
    ],
)
def test_pages_that_the_text_cites_are_annotations(citation: Any, places: list[Any]) -> None:
    said = message(thought("Hm."), words("abc"), words("defg"), citations=[citation])
    made = [each["url_citation"] for each in said.get("annotations", ())]
    assert [(each["start_index"], each["end_index"]) for each in made] == places
    assert all(each["url"] == "https://x.example" for each in made)
    assert all(each["title"] in ("X", "") for each in made)


def test_no_list_of_citations_is_none() -> None:
    assert "annotations" not in message(words("a"), citations="odd")


def test_what_openai_has_no_place_for_comes_along_where_strictness_is_off() -> None:
    parts = [thought("Hm."), words("a")]
    body = {**answer(*parts, tool_plan="First f.", citations=[note()]), "logprobs": None, "extra": 1}
    strict, loose = told(body), told(body, LOOSE)
    assert strict.keys() == {"id", "object", "created", "model", "choices", "usage"}
    assert loose["extra"] == 1
    said = loose["choices"][0]["message"]
    assert said == {
        **strict["choices"][0]["message"],
        "content_blocks": parts,
        "tool_plan": "First f.",
        "citations": [note()],
    }


# ── errors ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (401, "authentication_error"), (429, "rate_limit_error")],
)
def test_an_error_is_words_beside_an_id(status: int, kind: str) -> None:
    assert CHAT.error
    made = CHAT.error({"id": "9d", "message": "invalid request: too long"}, status, CONTEXT)
    assert made["provider"] == "cohere"
    assert made["error"] == {
        "id": "9d",
        "message": "invalid request: too long",
        "type": kind,
        "param": None,
        "code": None,
    }
