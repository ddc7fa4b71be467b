"""Calls of tools in OpenAI's words: what a client sends back of them, and how it chooses among tools.

https://platform.openai.com/docs/api-reference/chat/create: `tool_calls`, `tool_choice`, and the `functions`
that were before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import json
from ..errors import BadRequest
from ..model import Context
from .fields import array, mapping, text


def named(spec: Mapping[str, Any], path: str) -> tuple[str, Mapping[str, Any]]:
    """The name and the arguments of a call. A call of a custom tool, which takes text, is told as one of a
    function with that text as its `input`. Raises BadRequest."""
    if spec.get("type") == "custom":
        custom = mapping(spec.get("custom"), f"{path}.custom")
        return text(custom.get("name"), f"{path}.custom.name"), {"input": custom.get("input")}
    function = mapping(spec.get("function"), f"{path}.function")
    name = text(function.get("name"), f"{path}.function.name")
    return name, arguments(function.get("arguments"), f"{path}.function.arguments")


def arguments(value: Any, path: str) -> Mapping[str, Any]:
    """The arguments of a call, parsed. None at all are an empty object, as some models write them (`null`).
    Raises BadRequest."""
    if value is None or (isinstance(value, str) and value.strip() in ("", "null")):
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise BadRequest(f"{path} must be JSON: {error}", param=path) from None
    return mapping(value, path)


def confined(value: Mapping[str, Any]) -> tuple[str, set[str]]:
    """The mode of a choice among some of the tools (`allowed_tools`), and their names. Raises BadRequest."""
    path = "tool_choice.allowed_tools"
    spec = mapping(value.get("allowed_tools"), path)
    mode = text(spec.get("mode"), f"{path}.mode")
    names: set[str] = set()
    for index, each in enumerate(array(spec.get("tools"), f"{path}.tools")):
        tool = mapping(each, f"{path}.tools[{index}]")
        inner = tool.get("function")
        named = inner if isinstance(inner, Mapping) else tool
        names.add(text(named.get("name"), f"{path}.tools[{index}].function.name"))
    return mode, names


def legacy(body: Mapping[str, Any]) -> Any:
    """`function_call`, as a tool choice. Raises BadRequest."""
    value = body.get("function_call")
    if not isinstance(value, Mapping):
        return value
    return {"type": "function", "function": {"name": text(value.get("name"), "function_call.name")}}


def ended(reason: str, called: bool, context: Context) -> str:
    """The finish reason by whether the client's tools were called: where they were, a client looks for its
    calls by that reason only, whatever the model behind a platform says; where they were not, in vain."""
    if reason not in ("stop", "tool_calls"):
        return reason
    if not called:
        return "stop"
    return "function_call" if functional(context) else "tool_calls"


def functional(context: Context) -> bool:
    """Whether the client speaks of functions, as it was done before tools."""
    return "functions" in context.request and "tools" not in context.request
