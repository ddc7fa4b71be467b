"""OpenAI's parameters, as Cohere's."""

from __future__ import annotations

from typing import Any

import pytest
from cohered import ask, refused, user

from gatewaymw.core.dialects.cohere.schema import enforced
from gatewaymw.core.errors import BadRequest
from gatewaymw.core.values import JSON


def test_a_greeting_is_all_there_is() -> None:
    sent = ask()
    assert sent.body == {"model": "command-a-03-2025", "messages": [user("Hi")]}
    assert sent.dropped == ()


@pytest.mark.parametrize(
    ("params", "made"),
    [
        ({"temperature": 0.2}, {"temperature": 0.2}),
        ({"top_p": 0.9}, {"p": 0.9}),
        ({"top_k": 40}, {"k": 40}),
        ({"k": 40}, {"k": 40}),
        ({"seed": 7}, {"seed": 7}),
        (
            {"frequency_penalty": 0.1, "presence_penalty": 0},
            {"frequency_penalty": 0.1, "presence_penalty": 0},
        ),
        ({"logprobs": True}, {"logprobs": True}),
        ({"max_tokens": 9}, {"max_tokens": 9}),
        ({"max_completion_tokens": 9, "max_tokens": 9}, {"max_tokens": 9}),
        ({"stream": True, "stream_options": {"include_usage": True}}, {"stream": True}),
        ({"stream": "true"}, {"stream": True}),
        ({"stream": False}, {}),
        ({"stop": "x"}, {"stop_sequences": ["x"]}),
        ({"stop": ["x", " "], "stop_sequences": ["y"]}, {"stop_sequences": ["y", "x", " "]}),
        ({"stop": []}, {}),
        ({"safety_mode": "STRICT", "priority": 3}, {"safety_mode": "STRICT", "priority": 3}),
        (
            {"documents": ["a", {"id": "d", "data": {"t": "b"}}]},
            {"documents": ["a", {"id": "d", "data": {"t": "b"}}]},
        ),
        ({"citation_options": {"mode": "OFF"}}, {"citation_options": {"mode": "OFF"}}),
        ({"thinking": {"type": "disabled"}}, {"thinking": {"type": "disabled"}}),
        ({"temperature": None, "stop": None, "tools": None, "response_format": None}, {}),
    ],
)
def test_parameters(params: JSON, made: JSON) -> None:
    sent = ask(**params)
    assert {name: value for name, value in sent.body.items() if name not in ("model", "messages")} == made
    assert sent.dropped == ()


@pytest.mark.parametrize(
    ("params", "made", "lost"),
    [
        ({"top_p": 0.9, "p": 0.8}, {"p": 0.8}, "top_p"),
        ({"k": 2, "top_k": 1}, {"k": 2}, "top_k"),
        ({"max_completion_tokens": 9, "max_tokens": 8}, {"max_tokens": 9}, "max_tokens"),
    ],
)
def test_of_two_names_for_one_thing_the_other_is_told(params: JSON, made: JSON, lost: str) -> None:
    sent = ask(**params)
    assert {name: value for name, value in sent.body.items() if name not in ("model", "messages")} == made
    assert sent.dropped == (lost,)


@pytest.mark.parametrize(
    ("params", "dropped"),
    [
        ({"n": 2, "user": "u", "logit_bias": {"1": 2}}, ("n", "user", "logit_bias")),
        ({"top_logprobs": 3, "store": True, "metadata": {"a": "b"}}, ("top_logprobs", "store", "metadata")),
        ({"parallel_tool_calls": False, "service_tier": "flex"}, ("parallel_tool_calls", "service_tier")),
        ({"web_search_options": {}, "surprise": 1}, ("web_search_options", "surprise")),
        ({"n": 1, "parallel_tool_calls": True, "top_logprobs": 0, "modalities": ["text"]}, ()),
        ({"service_tier": "auto"}, ()),
    ],
)
def test_what_cohere_has_no_word_for_is_named(params: JSON, dropped: tuple[str, ...]) -> None:
    sent = ask(**params)
    assert sent.dropped == dropped
    assert sent.body.keys() == {"model", "messages"}


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"model": ""}, "model"),
        ({"model": None}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"max_completion_tokens": True}, "max_completion_tokens"),
        ({"stop": 3}, "stop"),
        ({"stop": ["a", 3]}, "stop"),
        ({"thinking": "much"}, "thinking"),
        ({"documents": "one"}, "documents"),
        ({"reasoning_effort": "much"}, "reasoning_effort"),
        ({"reasoning_effort": ["high"]}, "reasoning_effort"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": []}}},
            "response_format.json_schema.schema",
        ),
    ],
)
def test_a_parameter_of_the_wrong_kind_is_named(params: JSON, param: str) -> None:
    assert refused(**params).param == param


# ── thinking ─────────────────────────────────────────────────────────────

THINKER = "command-a-reasoning-08-2025"


@pytest.mark.parametrize("model", [THINKER, "command-a-plus-05-2026", "north-mini-code-1-0", "my-own-ft"])
@pytest.mark.parametrize(
    ("effort", "thinking"),
    [
        ("none", {"type": "disabled"}),
        ("minimal", {"type": "enabled", "token_budget": 3200}),
        ("low", {"type": "enabled", "token_budget": 6400}),
        ("medium", {"type": "enabled", "token_budget": 16_000}),
        ("high", {"type": "enabled"}),
        ("xhigh", {"type": "enabled"}),
        ("max", {"type": "enabled"}),
    ],
)
def test_an_effort_is_a_budget_up_to_none_at_all(model: str, effort: str, thinking: JSON) -> None:
    sent = ask(model, reasoning_effort=effort)
    assert sent.body["thinking"] == thinking
    assert sent.dropped == ()


@pytest.mark.parametrize(("limit", "budget"), [(1000, 500), (1, 1)])
def test_a_budget_is_a_share_of_the_longest_answer(limit: int, budget: int) -> None:
    sent = ask(THINKER, reasoning_effort="medium", max_completion_tokens=limit)
    assert sent.body["thinking"]["token_budget"] == budget


def test_the_clients_own_thinking_stands() -> None:
    sent = ask(THINKER, reasoning_effort="low", thinking={"type": "enabled", "token_budget": 9})
    assert sent.body["thinking"] == {"type": "enabled", "token_budget": 9}
    assert sent.dropped == ("reasoning_effort",)


@pytest.mark.parametrize(
    "model",
    [
        *("command", "command-light", "command-nightly", "command-r", "command-r-08-2024"),
        *("command-r-plus-08-2024", "command-r7b-12-2024", "command-r7b-arabic-02-2025"),
        *("command-a-03-2025", "command-a-vision-07-2025", "command-a-translate-08-2025"),
        *("c4ai-aya-expanse-32b", "tiny-aya-global"),
    ],
)
def test_who_cannot_think_is_not_asked_to(model: str) -> None:
    asked, idle = ask(model, reasoning_effort="high"), ask(model, reasoning_effort="none")
    assert "thinking" not in asked.body and "thinking" not in idle.body
    assert (asked.dropped, idle.dropped) == (("reasoning_effort",), ())


# ── the format of the answer ─────────────────────────────────────────────

PERSON = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "json_object"}),
        ({"type": "json_object", "json_schema": PERSON}, {"type": "json_object", "json_schema": PERSON}),
        ({"type": "json_object", "schema": PERSON}, {"type": "json_object", "json_schema": PERSON}),
        ({"type": "json_schema", "json_schema": {"name": "p"}}, {"type": "json_object"}),
        (
            {"type": "json_schema", "json_schema": {"name": "p", "strict": True, "schema": PERSON}},
            {"type": "json_object", "json_schema": PERSON},
        ),
        (
            {"type": "json_schema", "json_schema": {"name": "p", "description": "P.", "schema": PERSON}},
            {"type": "json_object", "json_schema": {"description": "P.", **PERSON}},
        ),
    ],
)
def test_formats(given: JSON, made: JSON | None) -> None:
    sent = ask(response_format=given)
    assert sent.body.get("response_format") == made
    assert sent.dropped == ()


@pytest.mark.parametrize(
    "beside",
    [{"tools": [{"type": "function", "function": {"name": "f"}}]}, {"documents": ["a"]}],
)
def test_beside_tools_and_documents_a_format_gives_way_and_is_named(beside: JSON) -> None:
    sent = ask(response_format={"type": "json_object"}, **beside)
    assert "response_format" not in sent.body
    assert sent.dropped == ("response_format",)


# ── schemas ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (PERSON, PERSON),
        ({"type": "integer", "minimum": 1}, {"type": "integer", "description": '{"minimum":1}'}),
        (
            {
                "type": "array",
                "minItems": 1,
                "description": "Few.",
                "items": {"type": "string", "minLength": 2},
            },
            {
                "type": "array",
                "description": 'Few.\n\n{"minItems":1}',
                "items": {"type": "string", "description": '{"minLength":2}'},
            },
        ),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
        ({"type": "string", "format": "email"}, {"type": "string", "description": '{"format":"email"}'}),
        ({"type": "string", "pattern": "[a-z]+"}, {"type": "string", "pattern": "[a-z]+"}),
        ({"type": "string", "pattern": "^a"}, {"type": "string", "description": '{"pattern":"^a"}'}),
        ({"pattern": 1, "format": 1}, {"description": '{"pattern":1,"format":1}'}),
        ({"oneOf": [{"maximum": 1}]}, {"anyOf": [{"description": '{"maximum":1}'}]}),
        ({"oneOf": [1], "anyOf": [{}]}, {"anyOf": [{}], "description": '{"oneOf":[1]}'}),
        ({"allOf": [{}], "description": 1}, {"description": '{"allOf":[{}]}'}),
        (
            {"$defs": {"a": {"not": {}}}, "properties": {"maximum": {"$ref": "#/$defs/a"}}},
            {"$defs": {"a": {"description": '{"not":{}}'}}, "properties": {"maximum": {"$ref": "#/$defs/a"}}},
        ),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        (
            {"additionalProperties": {"minimum": 1}},
            {"additionalProperties": {"description": '{"minimum":1}'}},
        ),
        ({"enum": [{"minimum": 1}], "properties": []}, {"enum": [{"minimum": 1}], "properties": []}),
    ],
)
def test_what_cannot_be_enforced_is_told(given: JSON, made: JSON) -> None:
    assert enforced(given, "s") == made


def test_a_schema_has_a_depth() -> None:
    schema: Any = {}
    for _ in range(120):
        schema = {"items": schema}
    with pytest.raises(BadRequest, match="100 levels") as caught:
        enforced(schema, "response_format.json_schema.schema")
    assert caught.value.param == "response_format.json_schema.schema"
