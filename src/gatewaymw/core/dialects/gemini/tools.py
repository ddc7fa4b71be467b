"""Tools and the choice among them, in Gemini's words.

Functions: https://ai.google.dev/gemini-api/docs/generate-content/function-calling; Gemini's own tools
(`{"google_search": {}}`, …): https://ai.google.dev/api/caching#Tool. A client may write the latter as they
are, with a type (`{"type": "google_search"}`), or as Portkey's clients do, as functions of those names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest
from ...values import JSON
from ..calls import confined, legacy
from ..fields import array, mapping, pick, table, text
from .schema import heeded

OWN = (
    *("googleSearch", "googleSearchRetrieval", "googleMaps", "codeExecution", "urlContext", "computerUse"),
    *("fileSearch", "mcpServers", "retrieval", "enterpriseWebSearch", "parallelAiSearch", "exaAiSearch"),
    "functionDeclarations",
)
"""Gemini's own tools. Which of them a model or a carrier has is for Google to say."""


def snake(name: str) -> str:
    """A name as Google's SDKs write it."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


NAMES: Mapping[str, str] = {name: name for name in OWN} | {snake(name): name for name in OWN}
PIECEMEAL = ("streamFunctionCallArguments", "stream_function_call_arguments")
DISGUISED = ("googleSearch", "googleSearchRetrieval", "googleMaps", "computerUse")
"""Those that Portkey's clients write as functions."""
CHOICES: Mapping[str, str] = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
DECLARING = table(*("behavior", "response", "responseJsonSchema"), response_json_schema="responseJsonSchema")
"""What Gemini's declarations say beyond OpenAI's (https://ai.google.dev/api/caching#FunctionDeclaration)."""


def tooling(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """`tools` and `toolConfig`; names of what they cannot carry go to `lost`. Raises BadRequest."""
    functions, own = offer(body, lost)
    chosen, allowed = choice(body)
    if allowed is not None:
        functions = [each for each in functions if each["name"] in allowed]
    tools = [*([{"functionDeclarations": declared(functions)}] if functions else ()), *own]
    config = configured(body, called(chosen, functions, lost), lost)
    if body.get("parallel_tool_calls") is False and functions:
        lost.append("parallel_tool_calls")
    return ({"tools": tools} if tools else {}) | ({"toolConfig": config} if config else {})


def configured(body: Mapping[str, Any], calling: JSON | None, lost: list[str]) -> JSON:
    """`toolConfig`, with how functions are to be called: by what OpenAI's parameters say of it, or else by
    Gemini's own. Arguments in pieces are not asked for, which OpenAI's clients await as text: Google tells
    values by their paths
    (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc)."""
    config = dict(mapping(body.get("tool_config") or {}, "tool_config"))
    path = "tool_config.function_calling_config"
    given = [config.pop(name, None) for name in ("functionCallingConfig", "function_calling_config")]
    own = {name: value for each in given if each is not None for name, value in mapping(each, path).items()}
    pieces = [name for name in own if name in PIECEMEAL]
    lost += [path] if own and calling is not None else [f"{path}.{name}" for name in pieces]
    made = {name: own[name] for name in own if name not in PIECEMEAL} if calling is None else calling
    return {**config, "functionCallingConfig": made} if made else config


def declared(functions: list[JSON]) -> list[JSON]:
    return [{name: value for name, value in each.items() if name != "strict"} for each in functions]


# ── what is offered ──────────────────────────────────────────────────────


def offer(body: Mapping[str, Any], lost: list[str]) -> tuple[list[JSON], list[JSON]]:
    """The client's functions, and Gemini's own tools."""
    functions: list[JSON] = []
    own: list[JSON] = []
    for index, spec in enumerate(array(body.get("tools") or [], "tools")):
        offered(mapping(spec, f"tools[{index}]"), f"tools[{index}]", functions, own, lost)
    for index, spec in enumerate(array(body.get("functions") or [], "functions")):
        functions.append(function(mapping(spec, f"functions[{index}]"), f"functions[{index}]"))
    if body.get("web_search_options") is not None:
        options = mapping(body["web_search_options"], "web_search_options")
        lost += [f"web_search_options.{name}" for name, value in options.items() if value is not None]
        own.append({"googleSearch": {}})
    return functions, own


def offered(
    spec: Mapping[str, Any], path: str, functions: list[JSON], own: list[JSON], lost: list[str]
) -> None:
    kind = spec.get("type")
    if spec.get("cache_control") is not None:
        lost.append(f"{path}.cache_control")
    if kind == "function":
        inner = mapping(spec.get("function"), f"{path}.function")
        if tool := disguised(inner):
            own.append(tool)
        else:
            functions.append(function(inner, f"{path}.function"))
    elif tool := native(spec):
        own.append(tool)
    elif isinstance(kind, str):
        lost.append(path)  # a tool for text, perhaps by a grammar, or one of another provider's own
    else:
        raise BadRequest(f"{path}.type must be function, or one of Gemini's tools", param=f"{path}.type")


def disguised(spec: Mapping[str, Any]) -> JSON | None:
    """Gemini's own tool, where a function has its name and describes no properties: its `parameters` are
    the tool's settings then."""
    name, given = spec.get("name"), spec.get("parameters") or {}
    own = NAMES.get(name) if isinstance(name, str) else None
    if own not in DISGUISED or not isinstance(given, Mapping) or given.get("properties"):
        return None
    return {own: {} if given.get("type") == "object" else given}


def native(spec: Mapping[str, Any]) -> JSON:
    """One of Gemini's own tools, or several in one; empty for anything else."""
    kind = spec.get("type")
    made = {NAMES[name]: value for name, value in spec.items() if name in NAMES}
    if isinstance(kind, str) and kind in NAMES:
        settings = {name: value for name, value in spec.items() if name != "type" and name not in NAMES}
        made.setdefault(NAMES[kind], settings)
    return made


def function(spec: Mapping[str, Any], path: str) -> JSON:
    """The declaration of a function; `strict` stands by it until the mode of calling is settled."""
    made: JSON = {"name": text(spec.get("name"), f"{path}.name")}
    if spec.get("description") is not None:
        made["description"] = spec["description"]
    if spec.get("parameters"):
        schema = mapping(spec["parameters"], f"{path}.parameters")
        made["parametersJsonSchema"] = heeded({"type": "object", **schema}, f"{path}.parameters")
    made |= pick(spec, DECLARING)
    return {**made, "strict": True} if spec.get("strict") is True else made


# ── what is chosen ───────────────────────────────────────────────────────


def choice(body: Mapping[str, Any]) -> tuple[JSON | None, set[str] | None]:
    """The mode of calling, None for the model's own, and the names it is confined to, None for all."""
    value, allowed = body.get("tool_choice"), None
    if value is None:
        value = legacy(body)
    elif isinstance(value, Mapping) and value.get("type") == "allowed_tools":
        value, allowed = confined(value)
    if value is None:
        return None, allowed
    if isinstance(value, str) and value in CHOICES:
        return {"mode": CHOICES[value]}, allowed
    spec = value if isinstance(value, Mapping) else {}
    kind = spec.get("type")
    inner = spec.get(kind) if kind in ("function", "custom") else None
    if not isinstance(inner, Mapping):
        raise BadRequest(
            "tool_choice must be none, auto, required, a function to call or allowed_tools",
            param="tool_choice",
        )
    name = text(inner.get("name"), f"tool_choice.{kind}.name")
    return {"mode": "ANY", "allowedFunctionNames": [name]}, allowed


def called(chosen: JSON | None, functions: list[JSON], lost: list[str]) -> JSON | None:
    """How functions are to be called. Where some are strict and the model may choose, by the mode that holds
    calls to their schemas
    (https://ai.google.dev/gemini-api/docs/generate-content/function-calling#function_calling_modes)."""
    if not functions:
        # There is nothing to choose from; auto and none ask for nothing then.
        if chosen and chosen["mode"] == "ANY":
            lost.append("tool_choice")
        return None
    if (chosen is None or chosen["mode"] == "AUTO") and any(each.get("strict") for each in functions):
        return {"mode": "VALIDATED"}
    return chosen
