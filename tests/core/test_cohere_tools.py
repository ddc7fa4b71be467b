"""Tools and the choice among them, for Cohere."""

from __future__ import annotations

from typing import Any

import pytest
from cohered import ask, refused

from gatewaymw.core.values import JSON

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
LAX = {"type": "object", "properties": {"city": {"type": "string"}}}
BARE = {"type": "object", "properties": {}}


def tool(name: str = "f", **more: Any) -> JSON:
    return {"type": "function", "function": {"name": name, **more}}


def made(name: str = "f", parameters: JSON = BARE, **more: Any) -> JSON:
    return {"type": "function", "function": {"name": name, **more, "parameters": parameters}}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (tool(description="d", parameters=SCHEMA), made(description="d", parameters=SCHEMA)),
        (tool(), made()),
        (tool(parameters={}), made()),
        (tool(strict=False, parameters=SCHEMA), made(parameters=SCHEMA)),
    ],
)
def test_a_function_keeps_what_cohere_knows(given: JSON, sent: JSON) -> None:
    got = ask(tools=[given])
    assert got.body["tools"] == [sent]
    assert "strict_tools" not in got.body and got.dropped == ()


def test_other_tools_are_named() -> None:
    got = ask(tools=[{"type": "custom", "custom": {"name": "c"}}, tool(), {"type": "web_search"}])
    assert got.body["tools"] == [made()]
    assert got.dropped == ("tools[0]", "tools[2]")


def test_functions_are_tools() -> None:
    got = ask(functions=[{"name": "f", "parameters": SCHEMA}], function_call={"name": "f"})
    assert got.body["tools"] == [made(parameters=SCHEMA)]
    assert got.body["tool_choice"] == "REQUIRED"


# ── strictness ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("schema", [SCHEMA, BARE])
def test_where_all_are_strict_cohere_is(schema: JSON) -> None:
    got = ask(tools=[tool(strict=True, parameters=schema), tool("g", strict=True, parameters=SCHEMA)])
    assert got.body["strict_tools"] is True
    assert got.body["tools"] == [made(parameters=schema), made("g", parameters=SCHEMA)]
    assert got.dropped == ()


@pytest.mark.parametrize(
    "other", [tool("g", parameters=SCHEMA), tool("g", strict=True, parameters=LAX)], ids=["lax", "optional"]
)
def test_where_one_is_not_or_cannot_be_none_is_and_who_asked_is_named(other: JSON) -> None:
    got = ask(tools=[tool(strict=True, parameters=SCHEMA), other])
    assert "strict_tools" not in got.body
    assert got.dropped[0] == "tools[0].function.strict"
    assert ("tools[1].function.strict" in got.dropped) == (other["function"].get("strict") is True)


def test_strict_schemas_hold_only_what_cohere_enforces() -> None:
    bounded = {**SCHEMA, "properties": {"city": {"type": "string", "minLength": 2}}}
    (strict,) = ask(tools=[tool(strict=True, parameters=bounded)]).body["tools"]
    (plain,) = ask(tools=[tool(parameters=bounded)]).body["tools"]
    assert strict["function"]["parameters"]["properties"]["city"] == {
        "type": "string",
        "description": '{"minLength":2}',
    }
    assert plain["function"]["parameters"] == bounded


def test_the_clients_own_word_for_strictness_stands() -> None:
    got = ask(tools=[tool(strict=True, parameters=SCHEMA)], strict_tools=False)
    assert got.body["strict_tools"] is False
    assert got.body["tools"] == [made(parameters=SCHEMA)]


# ── the choice ───────────────────────────────────────────────────────────

TWO = [tool("f"), tool("g")]


@pytest.mark.parametrize(
    ("choice", "must", "names"),
    [
        ("auto", None, "fg"),
        ("none", "NONE", "fg"),
        ("NONE", "NONE", "fg"),
        ("required", "REQUIRED", "fg"),
        ("REQUIRED", "REQUIRED", "fg"),
        (None, None, "fg"),
        ({"type": "function", "function": {"name": "g"}}, "REQUIRED", "g"),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
            },
            None,
            "f",
        ),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"name": "g"}]}},
            "REQUIRED",
            "g",
        ),
    ],
)
def test_choices(choice: Any, must: str | None, names: str) -> None:
    got = ask(tools=TWO, tool_choice=choice)
    assert got.body.get("tool_choice") == must
    assert "".join(each["function"]["name"] for each in got.body["tools"]) == names
    assert got.dropped == ()


@pytest.mark.parametrize(
    ("value", "must"), [("auto", None), ("none", "NONE"), ({"name": "f"}, "REQUIRED"), (None, None)]
)
def test_the_choice_among_functions(value: Any, must: str | None) -> None:
    assert ask(functions=[{"name": "f"}], function_call=value).body.get("tool_choice") == must


@pytest.mark.parametrize(("choice", "dropped"), [("required", ("tool_choice",)), ("none", ()), ("auto", ())])
@pytest.mark.parametrize("given", [{}, {"tools": []}])
def test_without_tools_only_a_call_that_was_asked_for_is_lost(
    choice: str, dropped: tuple[str, ...], given: JSON
) -> None:
    got = ask(tool_choice=choice, **given)
    assert got.body.keys() == {"model", "messages"}
    assert got.dropped == dropped


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"tools": {}}, "tools"),
        ({"tools": ["f"]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [tool("")]}, "tools[0].function.name"),
        ({"tools": [tool(parameters=[])]}, "tools[0].function.parameters"),
        ({"functions": {}}, "functions"),
        ({"functions": [{}]}, "functions[0].name"),
        ({"function_call": "f"}, "tool_choice"),
        ({"function_call": {}}, "function_call.name"),
        ({"tool_choice": "some"}, "tool_choice"),
        ({"tool_choice": ["auto"]}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {}}}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": 1}}}, "tool_choice.function.name"),
        ({"tool_choice": {"type": "function", "function": {"name": "h"}}, "tools": TWO}, "tool_choice"),
        ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.allowed_tools"),
        (
            {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "all", "tools": []}}},
            "tool_choice.allowed_tools.mode",
        ),
        (
            {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{}]}}},
            "tool_choice.allowed_tools.tools[0].function.name",
        ),
    ],
)
def test_what_is_wrong_is_named(params: JSON, param: str) -> None:
    assert refused(**params).param == param
