"""Tools, the choice among them, and the schemas that Anthropic enforces."""

from __future__ import annotations

from typing import Any

import pytest
from claude import ask, refused

from gatewaymw.core.dialects.anthropic.schema import DEPTH, closed
from gatewaymw.core.errors import BadRequest

PARAMETERS = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}, "required": ["a"]}


def function(name: str = "f", **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **more}}


def tools(*given: Any, model: str = "claude-sonnet-4-5") -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = ask(model, tools=list(given)).body["tools"]
    return made


def choice(value: Any, model: str = "claude-sonnet-4-5", **params: Any) -> tuple[Any, tuple[str, ...]]:
    sent = ask(model, tools=[function("f"), function("g")], tool_choice=value, **params)
    return sent.body.get("tool_choice"), sent.dropped


# ── tools ────────────────────────────────────────────────────────────────


def test_a_function_keeps_its_whole_schema() -> None:
    schema = {**PARAMETERS, "additionalProperties": False, "$defs": {"x": {}}, "title": "T"}
    assert tools(function(description="Does.", parameters=schema)) == [
        {"name": "f", "description": "Does.", "input_schema": schema}
    ]


def test_a_function_without_parameters_takes_none() -> None:
    assert tools(function()) == [{"name": "f", "input_schema": {"type": "object", "properties": {}}}]
    assert tools(function(parameters={}, strict=False)) == tools(function())
    assert tools(function(parameters={"properties": {}}))[0]["input_schema"]["type"] == "object"


def test_a_strict_function_is_enforced() -> None:
    (made,) = tools(function(parameters=PARAMETERS, strict=True))
    assert made["strict"] is True
    assert made["input_schema"]["additionalProperties"] is False
    assert made["input_schema"]["properties"]["a"] == {"type": "integer", "description": "{minimum: 1}"}


def test_strictness_that_a_model_does_not_have_is_named() -> None:
    sent = ask("claude-3-7-sonnet-latest", tools=[function(parameters=PARAMETERS, strict=True)])
    assert sent.body["tools"] == [{"name": "f", "input_schema": PARAMETERS}]
    assert sent.dropped == ("tools[0].function.strict",)


def test_what_anthropics_tools_say_beyond_openais_is_kept() -> None:
    extras = {"cache_control": {"type": "ephemeral"}, "defer_loading": True, "input_examples": [{"a": 1}]}
    (made,) = tools({**function(), **extras})
    assert {name: made[name] for name in extras} == extras


def test_anthropics_own_tools_pass() -> None:
    own = [
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
        {"name": "mine", "input_schema": PARAMETERS},
        {"type": "custom", "name": "mine_too", "input_schema": PARAMETERS},
    ]
    assert tools(*own) == own


def test_anthropics_tools_in_portkeys_writing() -> None:
    size = {"display_width_px": 1024, "display_height_px": 768}
    given = {"type": "computer", "computer": {"name": "computer_20250124", **size}}
    sent = ask("another", tools=[function(), given])
    assert sent.body["tools"][1] == {"name": "computer", "type": "computer_20250124", **size}


def test_a_tool_for_free_text_is_named() -> None:
    sent = ask(tools=[function(), {"type": "custom", "custom": {"name": "c"}}])
    assert ([tool["name"] for tool in sent.body["tools"]], sent.dropped) == (["f"], ("tools[1]",))


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ("f", "tools"),
        (["f"], "tools[0]"),
        ([{"type": "function"}], "tools[0].function"),
        ([{"type": "function", "function": {}}], "tools[0].function.name"),
        ([function("")], "tools[0].function.name"),
        ([function(parameters="x")], "tools[0].function.parameters"),
    ],
)
def test_tools_that_are_none(given: Any, param: str) -> None:
    assert refused(tools=given).param == param


def test_functions_as_they_were_before_tools() -> None:
    sent = ask(functions=[{"name": "f"}], function_call={"name": "f"})
    assert [tool["name"] for tool in sent.body["tools"]] == ["f"]
    assert sent.body["tool_choice"] == {"type": "tool", "name": "f", "disable_parallel_tool_use": True}
    assert ask(functions=[{"name": "f"}], function_call="none").body["tool_choice"] == {"type": "none"}
    assert ask(functions=[{"name": "f"}]).body["tool_choice"] == {
        "type": "auto",
        "disable_parallel_tool_use": True,
    }
    assert refused(functions="f").param == "functions"
    assert refused(functions=[{}]).param == "functions[0].name"
    assert refused(functions=[{"name": "f"}], function_call={}).param == "function_call.name"


def test_openais_web_search_is_anthropics() -> None:
    near = {"city": "Oslo", "country": "NO"}
    options = {"search_context_size": "low", "user_location": {"type": "approximate", "approximate": near}}
    sent = ask(web_search_options=options)
    located = {"user_location": {"type": "approximate", **near}}
    assert sent.body["tools"] == [{"type": "web_search_20250305", "name": "web_search", **located}]
    assert sent.dropped == ("web_search_options.search_context_size",)
    assert ask(web_search_options={}).dropped == ()
    assert refused(web_search_options="yes").param == "web_search_options"
    assert refused(web_search_options={"user_location": 5}).param == "web_search_options.user_location"


# ── choice ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, None),
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        (function("g"), {"type": "tool", "name": "g"}),
        ({"type": "custom", "custom": {"name": "g"}}, {"type": "tool", "name": "g"}),
        ({"type": "any"}, {"type": "any"}),
        ({"type": "tool", "name": "g"}, {"type": "tool", "name": "g"}),
    ],
)
def test_choices(given: Any, sent: Any) -> None:
    assert choice(given) == (sent, ())


def test_one_call_at_a_time() -> None:
    alone = {"disable_parallel_tool_use": True}
    assert choice(None, parallel_tool_calls=False) == ({"type": "auto", **alone}, ())
    assert choice("required", parallel_tool_calls=False) == ({"type": "any", **alone}, ())
    assert choice("none", parallel_tool_calls=False) == ({"type": "none"}, ())
    assert choice("auto", parallel_tool_calls=True) == ({"type": "auto"}, ())


@pytest.mark.parametrize("given", ["required", function("g")])
def test_a_model_that_cannot_be_made_to_call_is_left_its_choice(given: Any) -> None:
    assert choice(given, "claude-opus-5-5") == ({"type": "auto"}, ("tool_choice",))


def test_a_choice_among_some_offers_only_those() -> None:
    named: list[dict[str, Any]] = [function("g"), {"type": "web_search_20250305", "name": "web_search"}]
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": named}}
    offered = [function("f"), function("g"), {"type": "web_search_20250305", "name": "web_search"}]
    sent = ask(tools=offered, tool_choice=allowed)
    assert [tool["name"] for tool in sent.body["tools"]] == ["g", "web_search"]
    assert sent.body["tool_choice"] == {"type": "any"}


def test_a_choice_among_no_tools_is_none() -> None:
    assert "tool_choice" not in ask(tool_choice="auto").body
    assert ask(tool_choice="none", parallel_tool_calls=False).dropped == ()
    assert ask(tool_choice="required", tools=[]).dropped == ("tool_choice",)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ("perhaps", "tool_choice"),
        (5, "tool_choice"),
        ({"type": "function"}, "tool_choice"),
        ({"type": ["x"]}, "tool_choice"),
        ({"type": "function", "function": {"name": 5}}, "tool_choice.function.name"),
        ({"type": "allowed_tools"}, "tool_choice.allowed_tools"),
        ({"type": "allowed_tools", "allowed_tools": {}}, "tool_choice.allowed_tools.mode"),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "x", "tools": []}}, "tool_choice"),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto"}}, "tool_choice.allowed_tools.tools"),
    ],
)
def test_choices_that_are_none(given: Any, param: str) -> None:
    assert refused(tools=[function()], tool_choice=given).param == param


# ── schemas ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": "object"}, {"type": "object", "additionalProperties": False}),
        ({"type": ["object", "null"]}, {"type": ["object", "null"], "additionalProperties": False}),
        ({"properties": {"a": True}}, {"properties": {"a": True}, "additionalProperties": False}),
        ({"type": "object", "additionalProperties": True}, {"type": "object", "additionalProperties": False}),
        ({"oneOf": [{"type": "object"}]}, {"anyOf": [{"type": "object", "additionalProperties": False}]}),
        ({"oneOf": [], "anyOf": []}, {"oneOf": [], "anyOf": []}),
        ({"$defs": {"x": {"maxLength": 3}}}, {"$defs": {"x": {"description": "{maxLength: 3}"}}}),
        ({"items": {"format": "email"}, "minItems": 1}, {"items": {"format": "email"}, "minItems": 1}),
        ({"minItems": 2, "format": "phone"}, {"description": "{minItems: 2, format: phone}"}),
        ({"maximum": 9, "description": "A."}, {"description": "A.\n\n{maximum: 9}"}),
        ({"const": 3, "enum": [3], "pattern": "x"}, {"const": 3, "enum": [3], "pattern": "x"}),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}},
            {
                "type": "object",
                "additionalProperties": False,
                "description": '{additionalProperties: {"type":"integer"}}',
            },
        ),
        (True, True),
    ],
)
def test_schemas_as_they_can_be_enforced(given: Any, made: Any) -> None:
    assert closed(given, "s") == made


def test_a_schema_without_end_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(DEPTH):
        schema = {"items": schema}
    with pytest.raises(BadRequest, match="deeper than 100") as caught:
        closed(schema, "tools[0].function.parameters")
    assert caught.value.param == "tools[0].function.parameters"
    assert closed(schema["items"], "s") == schema["items"]
