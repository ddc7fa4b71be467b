"""Tools, the choice among them and their schemas, as Gemini takes them."""

from __future__ import annotations

from typing import Any

import pytest
from gemini import ask, refused

from gatewaymw.core.dialects.gemini.schema import DEPTH, heeded

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def function(name: str = "f", **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **more}}


def tools(*given: Any, **params: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = ask(tools=list(given), **params).body.get("tools", [])
    return made


def calling(**params: Any) -> Any:
    params.setdefault("tools", [function("f"), function("g")])
    return ask(**params).body.get("toolConfig", {}).get("functionCallingConfig")


# ── what is offered ──────────────────────────────────────────────────────


def test_functions_are_declared_together_with_their_schemas_whole() -> None:
    made = tools(function("f", description="D", parameters=SCHEMA), function("g"))
    assert made == [
        {
            "functionDeclarations": [
                {"name": "f", "description": "D", "parametersJsonSchema": SCHEMA},
                {"name": "g"},
            ]
        }
    ]
    assert tools(function(parameters={"properties": {}}))[0]["functionDeclarations"] == [
        {"name": "f", "parametersJsonSchema": {"type": "object", "properties": {}}}
    ]
    assert tools() == []


def test_functions_as_they_were_before_tools() -> None:
    sent = ask(functions=[{"name": "f", "parameters": SCHEMA}], function_call={"name": "f"}).body
    assert sent["tools"] == [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": SCHEMA}]}]
    assert sent["toolConfig"] == {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}}
    assert calling(tools=None, functions=[{"name": "f"}], function_call="auto") == {"mode": "AUTO"}


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"google_search": {}}, {"googleSearch": {}}),
        ({"googleSearch": {"excludeDomains": ["x"]}}, {"googleSearch": {"excludeDomains": ["x"]}}),
        ({"type": "code_execution"}, {"codeExecution": {}}),
        ({"type": "google_maps", "enableWidget": True}, {"googleMaps": {"enableWidget": True}}),
        ({"type": "url_context", "url_context": {}}, {"urlContext": {}}),
        ({"functionDeclarations": [{"name": "f"}]}, {"functionDeclarations": [{"name": "f"}]}),
        (function("google_search"), {"googleSearch": {}}),
        (function("computerUse", parameters={"environment": "ENVIRONMENT_BROWSER"}), None),
        (function("googleMaps", parameters={"type": "object", "properties": {}}), {"googleMaps": {}}),
    ],
)
def test_geminis_own_tools_pass_however_they_are_written(given: dict[str, Any], made: Any) -> None:
    assert tools(given) == [made or {"computerUse": {"environment": "ENVIRONMENT_BROWSER"}}]


def test_a_function_that_has_properties_is_the_clients_own_whatever_its_name() -> None:
    made = tools(function("google_search", parameters=SCHEMA), function("retrieval"))
    assert [each["name"] for each in made[0]["functionDeclarations"]] == ["google_search", "retrieval"]


def test_functions_and_own_tools_stand_side_by_side() -> None:
    assert [next(iter(each)) for each in tools({"type": "google_search"}, function())] == [
        "functionDeclarations",
        "googleSearch",
    ]


def test_a_web_search_is_googles() -> None:
    options = {"search_context_size": "low", "user_location": None}
    sent = ask(web_search_options=options)
    assert (sent.body["tools"], sent.dropped) == (
        [{"googleSearch": {}}],
        ("web_search_options.search_context_size",),
    )
    assert ask(web_search_options={}).dropped == ()


def test_tools_that_cannot_be_had_are_named() -> None:
    custom = {"type": "custom", "custom": {"name": "f"}}
    sent = ask(tools=[custom, {"type": "web_search_20250305"}, {**function(), "cache_control": {}}])
    assert sent.dropped == ("tools[0]", "tools[1]", "tools[2].cache_control")
    assert sent.body["tools"] == [{"functionDeclarations": [{"name": "f"}]}]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"tools": "f"}, "tools"),
        ({"tools": ["f"]}, "tools[0]"),
        ({"tools": [{}]}, "tools[0].type"),
        ({"tools": [{"type": ["function"]}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [function("")]}, "tools[0].function.name"),
        ({"tools": [function(parameters="x")]}, "tools[0].function.parameters"),
        ({"tools": [function("googleSearch", parameters="x")]}, "tools[0].function.parameters"),
        ({"functions": ["f"]}, "functions[0]"),
        ({"functions": [{}]}, "functions[0].name"),
        ({"web_search_options": "x"}, "web_search_options"),
        ({"tool_config": "x"}, "tool_config"),
    ],
)
def test_tools_that_are_none_are_refused_by_their_path(params: dict[str, Any], param: str) -> None:
    assert refused(**params).param == param


# ── what is chosen ───────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "g"}}, {"mode": "ANY", "allowedFunctionNames": ["g"]}),
        ({"type": "custom", "custom": {"name": "g"}}, {"mode": "ANY", "allowedFunctionNames": ["g"]}),
        (None, None),
    ],
)
def test_choices(given: Any, made: Any) -> None:
    assert calling(tool_choice=given) == made


def test_a_choice_among_some_offers_them_alone() -> None:
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "g"}}]}
    sent = ask(
        tools=[function("f"), function("g")],
        tool_choice={"type": "allowed_tools", "allowed_tools": allowed},
    ).body
    assert sent["tools"] == [{"functionDeclarations": [{"name": "g"}]}]
    assert sent["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}


def test_a_choice_among_none_asks_for_nothing_or_is_named() -> None:
    assert ask(tool_choice="auto").dropped == ask(tool_choice="none").dropped == ()
    sent = ask(tool_choice="required", tools=[{"type": "google_search"}])
    assert ("toolConfig" in sent.body, sent.dropped) == (False, ("tool_choice",))


def test_strict_functions_are_called_by_their_schemas() -> None:
    strict = [function("f", strict=True, parameters=SCHEMA), function("g", strict=False)]
    assert calling(tools=strict) == calling(tools=strict, tool_choice="auto") == {"mode": "VALIDATED"}
    assert calling(tools=strict, tool_choice="required") == {"mode": "ANY"}
    assert "strict" not in tools(*strict)[0]["functionDeclarations"][0]


def test_geminis_own_settings_of_tools_are_joined() -> None:
    own = {"retrievalConfig": {"languageCode": "de"}}
    sent = ask(tools=[function()], tool_choice="auto", tool_config=own).body
    assert sent["toolConfig"] == {**own, "functionCallingConfig": {"mode": "AUTO"}}


@pytest.mark.parametrize("name", ["functionCallingConfig", "function_calling_config"])
def test_geminis_own_way_of_calling_stands_where_openais_says_nothing(name: str) -> None:
    own = {name: {"mode": "ANY"}}
    sent = ask(tools=[function()], tool_config=own)
    assert (sent.body["toolConfig"], sent.dropped) == ({"functionCallingConfig": {"mode": "ANY"}}, ())
    sent = ask(tools=[function()], tool_config=own, tool_choice="none")
    assert sent.body["toolConfig"] == {"functionCallingConfig": {"mode": "NONE"}}
    assert sent.dropped == ("tool_config.function_calling_config",)
    assert refused(tools=[function()], tool_config={name: 5}).param == "tool_config.function_calling_config"
    assert "toolConfig" not in ask(tools=[function()], tool_config={name: None}).body


@pytest.mark.parametrize("name", ["streamFunctionCallArguments", "stream_function_call_arguments"])
def test_arguments_in_pieces_cannot_be_had(name: str) -> None:
    path = f"tool_config.function_calling_config.{name}"
    sent = ask(tools=[function()], tool_config={"function_calling_config": {"mode": "ANY", name: True}})
    assert (sent.body["toolConfig"], sent.dropped) == ({"functionCallingConfig": {"mode": "ANY"}}, (path,))
    sent = ask(tools=[function()], tool_config={"functionCallingConfig": {name: True}})
    assert ("toolConfig" in sent.body, sent.dropped) == (False, (path,))


def test_functions_may_be_declared_as_gemini_has_them() -> None:
    own = {"behavior": "NON_BLOCKING", "response": {"type": "STRING"}}
    assert tools(function("f", **own)) == [{"functionDeclarations": [{"name": "f", **own}]}]
    made = tools(function("f", response_json_schema={"type": "string"}))
    assert made[0]["functionDeclarations"] == [{"name": "f", "responseJsonSchema": {"type": "string"}}]


def test_one_call_at_a_time_cannot_be_had() -> None:
    assert ask(tools=[function()], parallel_tool_calls=False).dropped == ("parallel_tool_calls",)
    assert ask(tools=[function()], parallel_tool_calls=True).dropped == ()
    assert ask(parallel_tool_calls=False).dropped == ()


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ("any", "tool_choice"),
        (5, "tool_choice"),
        ({}, "tool_choice"),
        ({"type": ["function"]}, "tool_choice"),
        ({"type": "function"}, "tool_choice"),
        ({"type": "function", "function": {}}, "tool_choice.function.name"),
        ({"type": "allowed_tools"}, "tool_choice.allowed_tools"),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "any", "tools": []}}, "tool_choice"),
    ],
)
def test_choices_that_are_none(given: Any, param: str) -> None:
    assert refused(tools=[function()], tool_choice=given).param == param


# ── schemas ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "schema",
    [
        SCHEMA,
        {"type": ["string", "null"], "enum": ["a", "b"], "format": "date-time", "title": "T"},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"type": "array", "prefixItems": [{"type": "string"}], "minItems": 1, "maxItems": 2},
        {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
        {"$defs": {"N": {"type": "object", "properties": {"n": {"$ref": "#/$defs/N"}}}}, "$ref": "#/$defs/N"},
        True,
        "odd",
    ],
)
def test_what_gemini_heeds_stays_as_it_is(schema: Any) -> None:
    assert heeded(schema, "p") == schema


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"const": "a"}, {"enum": ["a"]}),
        ({"const": "a", "enum": ["a", "b"]}, {"enum": ["a", "b"], "description": '{"const":"a"}'}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"allOf": [{"type": "string"}]}, {"anyOf": [{"type": "string"}]}),
        ({"$schema": "x", "$comment": "y", "examples": [1], "type": "string"}, {"type": "string"}),
        (
            {"type": "string", "pattern": "^a", "description": "An a."},
            {"type": "string", "description": 'An a.\n\n{"pattern":"^a"}'},
        ),
        ({"description": 5, "not": {}}, {"description": '{"not":{}}'}),
        ({"allOf": [{}, {}]}, {"description": '{"allOf":[{},{}]}'}),
        ({"$ref": "#/$defs/A", "$comment": "x"}, {"$ref": "#/$defs/A"}),
        (
            {"$ref": "#/$defs/A", "description": "An A.", "default": 1},
            {"anyOf": [{"$ref": "#/$defs/A"}], "description": 'An A.\n\n{"default":1}'},
        ),
        (
            {"$ref": "#/$defs/A", "anyOf": [{"const": 1}]},
            {"anyOf": [{"enum": [1]}], "description": '{"allOf":[{"$ref":"#/$defs/A"}]}'},
        ),
        (
            {"$ref": "#/$defs/A", "allOf": [{}, {}]},
            {"description": '{"allOf":[{},{},{"$ref":"#/$defs/A"}]}'},
        ),
        (
            {"definitions": {"A": {"const": 1}}, "items": {"$ref": "#/definitions/A"}},
            {"$defs": {"A": {"enum": [1]}}, "items": {"$ref": "#/$defs/A"}},
        ),
        (
            {"definitions": {"A": {}, "B": {}}, "$defs": {"B": {"type": "null"}}},
            {"$defs": {"A": {}, "B": {"type": "null"}}},
        ),
        ({"definitions": {"A": {}}, "$defs": 5}, {"$defs": {"A": {}}}),
        ({"definitions": 5}, {"description": '{"definitions":5}'}),
        ({"properties": 5, "anyOf": 5, "items": 5}, {"properties": 5, "anyOf": 5, "items": 5}),
        ({"$ref": 5}, {"$ref": 5}),
        ({"oneOf": [{"const": 1}, "odd"]}, {"oneOf": [{"enum": [1]}, "odd"]}),
    ],
)
def test_what_gemini_passes_over_is_said_in_other_words(schema: Any, made: Any) -> None:
    assert heeded(schema, "p") == made


def test_a_property_may_bear_the_name_of_a_keyword() -> None:
    schema = {"properties": {"$schema": {"type": "string"}, "pattern": {"type": "string"}}}
    assert heeded(schema, "p") == schema


def test_a_schema_nests_so_deep_and_no_deeper() -> None:
    deep: dict[str, Any] = {}
    for _ in range(DEPTH - 1):
        deep = {"items": deep}
    assert heeded(deep, "p") == deep
    error = refused(tools=[function(parameters={"properties": {"a": {"items": deep}}})])
    assert error.param == "tools[0].function.parameters"
