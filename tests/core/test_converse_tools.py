"""Tools and the choice among them, in Converse's words."""

from __future__ import annotations

from typing import Any

import pytest
from conversed import CLAUDE, NOVA, ask, calls, refused, tool, user

MISTRAL = "mistral.mistral-large-2402-v1:0"
LLAMA = "us.meta.llama3-3-70b-instruct-v1:0"
F, G = tool(), tool("g")
PLAIN = {"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object", "properties": {}}}}}
HISTORY = [user("Hi"), calls("f", "h"), {"role": "tool", "tool_call_id": "c0", "content": "1"}]


def config(model: str = CLAUDE, **params: Any) -> dict[str, Any]:
    made: dict[str, Any] = ask(model, **params).body.get("toolConfig", {})
    return made


def names(model: str = CLAUDE, **params: Any) -> list[str]:
    return [each["toolSpec"]["name"] for each in config(model, **params)["tools"]]


# ── what is offered ──────────────────────────────────────────────────────


def test_a_tool_is_a_specification() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    made = config(tools=[tool("weather", description="Of a city.", parameters=schema)])
    spec = {"name": "weather", "description": "Of a city.", "inputSchema": {"json": schema}}
    assert made == {"tools": [{"toolSpec": spec}]}


@pytest.mark.parametrize("description", ["", None])
def test_an_empty_description_is_none(description: Any) -> None:
    assert config(tools=[tool(description=description)]) == {"tools": [PLAIN]}


def test_a_schema_is_an_objects() -> None:
    assert config(tools=[tool(parameters={})]) == {"tools": [PLAIN]}
    made = config(tools=[tool(parameters={"properties": {"a": {}}})])
    assert made["tools"][0]["toolSpec"]["inputSchema"]["json"]["type"] == "object"


def test_strict_tools_are_closed_where_the_model_takes_them() -> None:
    strict = tool(strict=True, parameters={"properties": {"a": {"type": "integer", "maximum": 3}}})
    spec = config(tools=[strict])["tools"][0]["toolSpec"]
    assert spec["strict"] is True
    assert spec["inputSchema"]["json"]["additionalProperties"] is False
    made = ask("us.anthropic.claude-sonnet-5", tools=[strict])
    assert "strict" not in made.body["toolConfig"]["tools"][0]["toolSpec"]
    assert made.dropped == ("tools[0].function.strict",)
    assert ask(NOVA, tools=[tool(strict=False)]).dropped == ()


def test_free_text_is_no_argument_of_these_tools() -> None:
    made = ask(tools=[F, {"type": "custom", "custom": {"name": "g"}}])
    assert made.body["toolConfig"] == {"tools": [PLAIN]}
    assert made.dropped == ("tools[1]",)


def test_tools_in_converses_own_shape_pass() -> None:
    own = [PLAIN, {"systemTool": {"name": "nova_grounding"}}, {"cachePoint": {"type": "default"}}]
    assert config(NOVA, tools=own) == {"tools": own}
    assert refused(tools=[{"toolSpec": {"inputSchema": {"json": {}}}}]).param == "tools[0].toolSpec.name"
    assert refused(tools=[{"systemTool": 5}]).param == "tools[0].systemTool"
    assert config(tools=[{"cachePoint": {"type": "default"}}]) == {}


def test_anthropics_own_tools_go_to_its_models() -> None:
    bash = {"type": "bash_20250124", "name": "bash"}
    made = ask(tools=[F, bash])
    assert made.body["toolConfig"] == {"tools": [PLAIN]}
    assert made.body["additionalModelRequestFields"] == {"tools": [bash]}
    assert ask(NOVA, tools=[F, bash]).dropped == ("tools[1]",)


def test_anthropics_own_tools_are_chosen_beside() -> None:
    bash = {"type": "bash_20250124", "name": "bash"}
    named = {"type": "function", "function": {"name": "bash"}}
    for choice, made in (
        ("required", {"type": "any"}),
        ("auto", {"type": "auto"}),
        (named, {"type": "tool", "name": "bash"}),
    ):
        sent = ask(tools=[bash], tool_choice=choice).body
        assert sent["additionalModelRequestFields"] == {"tools": [bash], "tool_choice": made}
        assert "toolConfig" not in sent
    assert ask(tools=[bash], tool_choice="none").body == ask().body
    odd = {"type": "x", "name": ["unhashable"]}
    assert ask(tools=[odd], messages=HISTORY).body["additionalModelRequestFields"]["tools"] == [odd]


def test_a_cache_point_stands_behind_its_tool() -> None:
    mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    point = {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert config(tools=[{**F, **mark}, G])["tools"][1] == point
    assert config(tools=[tool(**mark)])["tools"][1] == point
    assert config(functions=[{"name": "f", **mark}])["tools"][1] == point
    made = ask(NOVA, tools=[{**F, **mark}])
    assert (made.body["toolConfig"], made.dropped) == ({"tools": [PLAIN]}, ("tools[].cache_control",))


def test_functions_are_tools() -> None:
    made = ask(functions=[{"name": "f"}], function_call={"name": "f"})
    assert made.body["toolConfig"] == {"tools": [PLAIN]}
    assert made.body["additionalModelRequestFields"]["tool_choice"] == {
        **{"type": "tool", "name": "f"},
        "disable_parallel_tool_use": True,
    }
    assert config(NOVA, functions=[{"name": "f"}], function_call="auto") == {"tools": [PLAIN]}


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"tools": {}}, "tools"),
        ({"tools": ["f"]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [tool("")]}, "tools[0].function.name"),
        ({"tools": [tool(parameters=[])]}, "tools[0].function.parameters"),
        ({"functions": [{}]}, "functions[0].name"),
    ],
)
def test_faults_are_placed(params: dict[str, Any], param: str) -> None:
    assert refused(**params).param == param


# ── what is chosen ───────────────────────────────────────────────────────

NAMED = {"type": "function", "function": {"name": "g"}}


def test_choices() -> None:
    assert "toolChoice" not in config(tools=[F], tool_choice="auto")
    assert config(tools=[F], tool_choice="required")["toolChoice"] == {"any": {}}
    assert config(tools=[F, G], tool_choice=NAMED)["toolChoice"] == {"tool": {"name": "g"}}
    custom = {"type": "custom", "custom": {"name": "g"}}
    assert config(tools=[F, G], tool_choice=custom)["toolChoice"] == {"tool": {"name": "g"}}


def test_none_is_offering_none() -> None:
    made = ask(tools=[F], tool_choice="none")
    assert made.body == ask().body
    assert made.dropped == ()


def test_none_cannot_be_had_where_tools_were_called() -> None:
    """Bedrock wants tools declared that the conversation speaks of."""
    made = ask(messages=HISTORY, tools=[F], tool_choice="none")
    assert made.body["toolConfig"] == {"tools": [PLAIN]}
    assert made.dropped == ("tool_choice",)


def test_tools_that_were_called_are_declared() -> None:
    made = ask(messages=HISTORY)
    assert names(messages=HISTORY) == ["f", "h"]
    assert made.dropped == ()
    assert names(messages=HISTORY, tool_choice="none") == ["f", "h"]
    assert ask(messages=HISTORY, tool_choice="required").dropped == ("tool_choice",)
    bash = {"type": "bash_20250124", "name": "h"}
    assert names(messages=HISTORY, tools=[bash]) == ["f"]


def test_a_choice_without_tools_is_none() -> None:
    assert ask(tool_choice="required").dropped == ("tool_choice",)
    assert ask(tool_choice="auto", parallel_tool_calls=False, tools=[]).body == ask().body
    assert ask(tool_choice="auto").dropped == ()


def test_models_that_can_only_be_made_to_call_any_are_offered_the_one() -> None:
    made = config(MISTRAL, tools=[F, G], tool_choice=NAMED)
    assert [each["toolSpec"]["name"] for each in made["tools"]] == ["g"]
    assert made["toolChoice"] == {"any": {}}
    assert refused(MISTRAL, tools=[F], tool_choice=NAMED).param == "tool_choice"


@pytest.mark.parametrize("choice", ["required", NAMED])
@pytest.mark.parametrize("model", [LLAMA, "us.anthropic.claude-opus-5-5"])
def test_models_that_cannot_be_made_to_call(model: str, choice: Any) -> None:
    made = ask(model, tools=[F, G], tool_choice=choice)
    assert "toolChoice" not in made.body["toolConfig"]
    assert made.dropped == ("tool_choice",)


def test_a_choice_among_some() -> None:
    some = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [NAMED]}}
    made = config(tools=[F, G], tool_choice=some)
    assert [each["toolSpec"]["name"] for each in made["tools"]] == ["g"]
    assert made["toolChoice"] == {"any": {}}


def test_one_call_at_a_time_is_said_to_claude_itself() -> None:
    """As Bedrock says itself: "The additional field tool_choice/type conflicts with the existing field"."""
    alone = {"disable_parallel_tool_use": True}
    for choice, made in (
        (None, {"type": "auto", **alone}),
        ("required", {"type": "any", **alone}),
        (NAMED, {"type": "tool", "name": "g", **alone}),
    ):
        sent = ask(tools=[F, G], tool_choice=choice, parallel_tool_calls=False).body
        assert sent["additionalModelRequestFields"] == {"tool_choice": made}
        assert "toolChoice" not in sent["toolConfig"]


@pytest.mark.parametrize("model", [NOVA, "anthropic.claude-3-5-sonnet-20240620-v1:0"])
def test_other_models_make_as_many_calls_as_they_like(model: str) -> None:
    made = ask(model, tools=[F], tool_choice="required", parallel_tool_calls=False)
    assert made.body["toolConfig"]["toolChoice"] == {"any": {}}
    assert made.dropped == ("parallel_tool_calls",)
    assert ask(model, parallel_tool_calls=False).dropped == ()


@pytest.mark.parametrize(
    ("choice", "param"),
    [
        *(("any", "tool_choice"), (5, "tool_choice"), ({"type": "tool"}, "tool_choice")),
        ({"type": "function", "function": {}}, "tool_choice.function.name"),
        ({"type": "allowed_tools"}, "tool_choice.allowed_tools"),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "all", "tools": []}}, "tool_choice"),
    ],
)
def test_other_choices_are_refused(choice: Any, param: str) -> None:
    refusal = refused(tools=[F], tool_choice=choice)
    assert refusal.param in (param, "tool_choice")


def test_an_odd_function_call_is_refused() -> None:
    assert refused(functions=[{"name": "f"}], function_call={"name": 5}).param == "function_call.name"
