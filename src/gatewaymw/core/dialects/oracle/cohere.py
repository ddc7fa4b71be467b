"""The formats of Cohere's models, which are Cohere's own: its API v1 (COHERE) and v2 (COHEREV2).

https://docs.oracle.com/iaas/api/#/EN/generative-ai-inference/20231130/datatypes/CohereChatRequest and
…/CohereChatRequestV2. In the first a turn is one text, with the turns before it beside it; calls have no ids,
and are found again by what they ask; a tool's parameters are a flat list, and none can be insisted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ... import json
from ...errors import BadRequest, Unsupported
from ...values import JSON
from ..calls import arguments
from ..cohere.messages import calls_of, marks, result
from ..cohere.tools import Tool, chosen, left, offer
from ..fields import Field, Table, array, mapping, pick, stops, table, text, unheard
from .generic import EVERYWHERE, SHARED, format_asked, upper
from .messages import SECOND, Part, content, conversation, role_of

LIMIT = table(max_tokens="maxTokens", max_completion_tokens="maxTokens")
ONE = table(
    "documents",
    is_echo="isEcho",
    max_input_tokens="maxInputTokens",
    is_search_queries_only="isSearchQueriesOnly",
    is_force_single_step="isForceSingleStep",
    preamble_override="preambleOverride",
    prompt_truncation=Field("promptTruncation", upper),
    citation_quality=Field("citationQuality", upper),
    safety_mode=Field("safetyMode", upper),
)
TWO = table(
    *("documents", "priority", "thinking"),
    citation_options="citationOptions",
    logprobs="isLogProbsEnabled",
    safety_mode=Field("safetyMode", upper),
)


def request(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """The first format; names of what it cannot carry go to `lost`. Raises BadRequest, Unsupported."""
    out = common(body, ONE, lost) | turns(body.get("messages"), lost)
    must, names = chosen(body)
    tools = [] if must == "NONE" else among(body, names, lost)
    if must == "REQUIRED":
        lost.append("tool_choice")
    if tools:
        out["tools"] = [flat(tool, lost) for tool in tools]
    return out


def second(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """The second format. Raises BadRequest, Unsupported."""
    out = common(body, TWO, lost)
    out["messages"] = conversation(body.get("messages"), SECOND, lost)
    must, names = chosen(body)
    tools = among(body, names, lost)
    if tools:
        out["tools"] = [{**tool.made, "type": "FUNCTION"} for tool in tools]
    if tools and must:
        out["toolsChoice"] = must
    return out


def common(body: Mapping[str, Any], own: Table, lost: list[str]) -> JSON:
    """What both have. Raises BadRequest."""
    out = pick(body, SHARED) | pick(body, LIMIT) | pick(body, own)
    if given := stops(body.get("stop")):
        out["stopSequences"] = given
    kind, schema = format_asked(body)
    if kind in ("json_object", "json_schema"):
        asked = schema.get("schema")
        shaped = {} if asked is None else {"schema": asked}
        out["responseFormat"] = {"type": "JSON_OBJECT", **shaped}
    lost += unheard(body, EVERYWHERE | own.keys())
    return out


def among(body: Mapping[str, Any], names: frozenset[str] | None, lost: list[str]) -> list[Tool]:
    """The tools that may be called: where some are named, the others are not offered. Raises BadRequest."""
    offered = offer(body, lost)
    lost += [f"{tool.path}.strict" for tool in offered if tool.strict]
    return left(offered, names)


# ── tools of the first format ────────────────────────────────────────────

TYPES: Mapping[str, str] = {
    **{"string": "str", "number": "float", "integer": "int", "boolean": "bool", "array": "list"},
    "object": "dict",
}
"""Cohere's v1 has Python's names of types (https://docs.cohere.com/v1/docs/tool-use)."""
PLAIN = frozenset({"type", "description", "title"})


def flat(tool: Tool, lost: list[str]) -> JSON:
    """A tool with its parameters as a list. What a schema says beyond types and words is lost, and named."""
    function = tool.made["function"]
    schema: Mapping[str, Any] = function["parameters"]
    needed = schema.get("required") or ()
    fields = mapping(schema.get("properties") or {}, f"{tool.path}.parameters.properties")
    made: JSON = {}
    for name, field in fields.items():
        spec = mapping(field, f"{tool.path}.parameters.properties.{name}")
        if spec.keys() - PLAIN:
            lost.append(f"{tool.path}.parameters.properties.{name}")
        kind = spec.get("type")
        told = {"type": TYPES.get(kind, "str") if isinstance(kind, str) else "str"}
        words = {} if spec.get("description") is None else {"description": spec["description"]}
        made[name] = {**told, **words, "isRequired": name in needed}
    described = {"name": tool.name, "description": function.get("description") or tool.name}
    return {**described, "parameterDefinitions": made} if made else described


# ── turns of the first format ────────────────────────────────────────────


class Past(NamedTuple):
    """What was said before."""

    turns: list[JSON]
    called: dict[str, str]
    """The id of a call from before there were tools, by its name."""
    made: dict[str, JSON]
    """Calls by their ids."""


def turns(value: Any, lost: list[str]) -> JSON:
    """The message to answer, or the results of tools to answer by, and what was said before.

    Raises BadRequest, Unsupported.
    """
    given = array(value, "messages")
    read = [mapping(each, f"messages[{index}]") for index, each in enumerate(given)]
    roles = [role_of(each, f"messages[{index}]") for index, each in enumerate(read)]
    if not roles or roles[-1] not in ("USER", "TOOL"):
        raise BadRequest("the last of the messages must be a user's, or a tool's", param="messages")
    past = Past([], {}, {})
    for index, (message, role) in enumerate(zip(read, roles, strict=True)):
        add(message, role, f"messages[{index}]", past, lost)
    last = past.turns.pop()
    asked: JSON = {"message": "", "toolResults": last["toolResults"]} if roles[-1] == "TOOL" else last
    told: JSON = {name: asked[name] for name in ("message", "toolResults") if name in asked}
    return {**told, "chatHistory": past.turns} if past.turns else told


def add(message: Part, role: str, path: str, past: Past, lost: list[str]) -> None:
    """Add a turn to those before it. Results of tools that come one after the other are one turn."""
    lost += marks(message)
    if role != "TOOL":
        if message.get("name") is not None:
            lost.append("messages[].name")
        past.turns.append(uttered(message, role, path, past))
        return
    answer = outcome(message, path, past)
    if past.turns and past.turns[-1]["role"] == "TOOL":
        past.turns[-1]["toolResults"].append(answer)
    else:
        past.turns.append({"role": "TOOL", "toolResults": [answer]})


def uttered(message: Part, role: str, path: str, past: Past) -> JSON:
    if role != "ASSISTANT":
        return {"role": "USER" if role == "USER" else "SYSTEM", "message": plain(message, path)}
    calls = {each["id"]: asking(each, path) for each in calls_of(message, path, past.called)}
    past.made.update(calls)
    turn: JSON = {"role": "CHATBOT", "message": plain(message, path)}
    return {**turn, "toolCalls": [*calls.values()]} if calls else turn


def asking(call: JSON, path: str) -> JSON:
    function = call["function"]
    given = arguments(function["arguments"], f"{path}.tool_calls[].function.arguments")
    return {"name": function["name"], "parameters": dict(given)}


def outcome(message: Part, path: str, past: Past) -> JSON:
    """A tool's result, with the call that it is of. Raises BadRequest."""
    id = result({**message, "content": None}, path, past.called)["tool_call_id"]
    if id not in past.made:
        where = f"{path}.tool_call_id"
        raise BadRequest(f"{where} must be the id of one of the tool_calls before", param=where)
    return {"call": past.made[id], "outputs": outputs(plain(message, path))}


def outputs(said: str) -> list[JSON]:
    """What a tool said, as objects: its own where it is one or a list of them."""
    try:
        value = json.loads(said)
    except ValueError:
        value = None
    listed = value if isinstance(value, list) else [value]
    return listed if listed and all(isinstance(each, dict) for each in listed) else [{"output": said}]


def plain(message: Part, path: str) -> str:
    """The text of a message: the first format has nothing else. Raises BadRequest, Unsupported."""
    given = message.get("content")
    parts = [] if given is None else content(given, f"{path}.content", SECOND)
    if any(part["type"] != "TEXT" for part in parts):
        raise Unsupported(
            f"{path}.content: this model reads text only; api_format: COHEREV2 is for those that see",
            param=f"{path}.content.image_url",
        )
    refusal = message.get("refusal")
    if refusal is not None:
        parts.append({"text": text(refusal, f"{path}.refusal")})
    return "".join(part["text"] for part in parts)
