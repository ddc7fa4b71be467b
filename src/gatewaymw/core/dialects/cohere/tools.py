"""Tools and the choice among them, in Cohere's words (https://docs.cohere.com/docs/tool-use-overview).

Cohere can be made to call some tool or none (https://docs.cohere.com/docs/tool-use-usage-patterns), not one
of several by name: where one is named, it is the only one offered. Strictness it knows of all tools at once
(https://docs.cohere.com/docs/structured-outputs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ...errors import BadRequest
from ...values import JSON
from ..calls import confined, legacy
from ..fields import array, mapping, text
from .schema import enforced


class Tool(NamedTuple):
    """A function, as Cohere takes it; whether its calls must follow its schema; where it stands."""

    name: str
    made: JSON
    strict: bool
    path: str


class Choice(NamedTuple):
    """What the model must do, None for as it sees fit, and the tools it is confined to, None for all."""

    must: str | None = None
    names: frozenset[str] | None = None


def tooling(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """`tools`, `tool_choice` and `strict_tools`; names of what they cannot carry go to `lost`.

    Raises BadRequest.
    """
    must, names = chosen(body)
    offered = offer(body, lost)
    offered = left(offered, names)
    if not offered:
        # Cohere refuses a choice among none; only where a call is asked for is anything lost.
        lost += ["tool_choice"] if must == "REQUIRED" else []
        return {}
    out = strictly(offered, lost) if body.get("strict_tools") is None else {"tools": plain(offered)}
    return {**out, "tool_choice": must} if must else out


def left(offered: list[Tool], names: frozenset[str] | None) -> list[Tool]:
    """Those that a choice leaves. Raises BadRequest where it names others."""
    if names is None:
        return offered
    if strays := sorted(names - {tool.name for tool in offered}):
        raise BadRequest(f"tool_choice names {strays[0]}, which is not among tools", param="tool_choice")
    return [tool for tool in offered if tool.name in names]


def plain(offered: list[Tool]) -> list[JSON]:
    return [tool.made for tool in offered]


def strictly(offered: list[Tool], lost: list[str]) -> JSON:
    """All tools strict, where all ask for it and can be; else none, and who asked for it is named."""
    if not all(tool.strict and fits(tool.made["function"]["parameters"]) for tool in offered):
        lost += [f"{tool.path}.strict" for tool in offered if tool.strict]
        return {"tools": plain(offered)}
    return {"tools": [closed(tool) for tool in offered], "strict_tools": True}


def fits(schema: Mapping[str, Any]) -> bool:
    """Whether Cohere can be strict with it: not where there are parameters, and all are optional."""
    return not schema.get("properties") or bool(schema.get("required"))


def closed(tool: Tool) -> JSON:
    function = tool.made["function"]
    return {
        **tool.made,
        "function": {**function, "parameters": enforced(function["parameters"], f"{tool.path}.parameters")},
    }


# ── what is offered ──────────────────────────────────────────────────────


def offer(body: Mapping[str, Any], lost: list[str]) -> list[Tool]:
    """The functions among the tools. Cohere has no others: those are named in `lost`."""
    offered: list[Tool] = []
    if body.get("tools") is not None:
        for index, each in enumerate(array(body["tools"], "tools")):
            spec = mapping(each, f"tools[{index}]")
            if spec.get("type") == "function":
                offered.append(function(spec.get("function"), f"tools[{index}].function"))
            else:
                lost.append(f"tools[{index}]")
    if body.get("functions") is not None:
        given = enumerate(array(body["functions"], "functions"))
        offered += [function(each, f"functions[{index}]") for index, each in given]
    return offered


def function(value: Any, path: str) -> Tool:
    spec = mapping(value, path)
    name = text(spec.get("name"), f"{path}.name")
    made: JSON = {"name": name}
    if spec.get("description") is not None:
        made["description"] = spec["description"]
    given = spec.get("parameters")
    schema = {} if given is None else mapping(given, f"{path}.parameters")
    made["parameters"] = dict(schema) or {"type": "object", "properties": {}}
    return Tool(name, {"type": "function", "function": made}, spec.get("strict") is True, path)


# ── what is chosen ───────────────────────────────────────────────────────

CHOICES: Mapping[str, Choice] = {
    **{"auto": Choice(), "none": Choice("NONE"), "required": Choice("REQUIRED")},
    **{"NONE": Choice("NONE"), "REQUIRED": Choice("REQUIRED")},
}


def chosen(body: Mapping[str, Any]) -> Choice:
    """OpenAI's choice, or Cohere's own words for it. Raises BadRequest."""
    value = body.get("tool_choice")
    if value is None:
        value = legacy(body)
    if value is None:
        return Choice()
    if isinstance(value, str) and value in CHOICES:
        return CHOICES[value]
    if isinstance(value, Mapping):
        kind = value.get("type")
        if kind == "allowed_tools":
            return among(value)
        inner = value.get("function") or value.get("custom")
        if kind in ("function", "custom") and isinstance(inner, Mapping):
            name = text(inner.get("name"), f"tool_choice.{kind}.name")
            return Choice("REQUIRED", frozenset({name}))
    raise BadRequest(
        "tool_choice must be none, auto, required, a function to call or allowed_tools", param="tool_choice"
    )


def among(value: Mapping[str, Any]) -> Choice:
    """A choice among some of the tools: the rest are not offered at all, which comes to the same."""
    mode, names = confined(value)
    if mode not in ("auto", "required"):
        path = "tool_choice.allowed_tools.mode"
        raise BadRequest(f"{path} must be auto or required", param=path)
    return Choice("REQUIRED" if mode == "required" else None, frozenset(names))
