"""The tool calls of the mock."""

from __future__ import annotations

from typing import Any

from .. import json
from ..values import JSON
from .asked import Asked
from .schema import fitting
from .script import digest


def called(asked: Asked, messages: list[JSON], number: int) -> tuple[JSON, ...]:
    """The calls that a choice makes: none after a tool's result, or where neither the model nor
    `tool_choice` wants one."""
    body = asked.body
    tools = [tool for tool in body.get("tools") or () if isinstance(tool, dict) and name_of(tool)]
    choice = body.get("tool_choice")
    named = name_of(choice) if isinstance(choice, dict) else ""
    wanted = "tool" in asked.model.removeprefix("mock-").split("+") or choice == "required" or bool(named)
    if not (tools and wanted) or choice == "none" or messages[-1].get("role") == "tool":
        return ()
    if named:
        tools = [tool for tool in tools if name_of(tool) == named]
    most = 1 if named or body.get("parallel_tool_calls") is False else 2
    return tuple(call(asked, tool, number, index) for index, tool in enumerate(tools[:most]))


def name_of(tool: JSON) -> str:
    """Of `{"type": "function", "function": {"name": …}}`, and so for custom tools."""
    inner: Any = tool.get("custom") if tool.get("type") == "custom" else tool.get("function")
    return str(inner.get("name") or "") if isinstance(inner, dict) else ""


def call(asked: Asked, tool: JSON, number: int, index: int) -> JSON:
    name = f"call_{digest(asked.id.encode(), b'%d %d' % (number, index))[:24]}"
    if tool.get("type") == "custom":
        return {"id": name, "type": "custom", "custom": {"name": name_of(tool), "input": "mock input"}}
    schema = tool["function"].get("parameters") or {"type": "object"}
    arguments = json.dumps(fitting(schema)).decode()
    return {"id": name, "type": "function", "function": {"name": name_of(tool), "arguments": arguments}}
