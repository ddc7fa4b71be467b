"""Tools and the choice among them, in Converse's words.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html. Tools in
Converse's own shape (`toolSpec`, `systemTool`, `cachePoint`) pass as they are; Anthropic's own tools
(`{"type": "bash_20250124", …}`) go to its models beside them, as
https://docs.aws.amazon.com/bedrock/latest/userguide/computer-use.html shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ...errors import BadRequest
from ...values import JSON
from ..anthropic.schema import closed
from ..calls import confined, legacy
from ..fields import array, mapping, text
from .content import Place, Reading, point

OWN = frozenset({"toolSpec", "systemTool", "cachePoint"})
PLACE = Place("tools", {})
GROUNDING = {"systemTool": {"name": "nova_grounding"}}
"""https://docs.aws.amazon.com/nova/latest/userguide/grounding.html."""


class Tooling(NamedTuple):
    """What is offered and chosen: `toolConfig`, and what goes to the model beside it."""

    config: JSON
    beside: JSON


class Choice(NamedTuple):
    """What the model must do (`auto`, `any`, `tool`, `none`), with which tool, and among which; None: all."""

    mode: str = "auto"
    name: str = ""
    among: frozenset[str] | None = None


def tooling(body: Mapping[str, Any], reading: Reading) -> Tooling:
    """`tools` and `tool_choice`; names of what they cannot carry are noted as lost. Raises BadRequest."""
    chosen, (offered, beside) = choice(body), offer(body, reading)
    if chosen.among is not None:
        offered = [tool for tool in offered if name_of(tool) in chosen.among]
    if not any(name_of(tool) for tool in offered):
        return recalled(chosen, beside, reading)
    if chosen.mode == "none" and not reading.called:
        return Tooling({}, {})
    if chosen.mode == "none":
        reading.lost.append("tool_choice")
    made, forced = forcing(chosen, offered, body, reading)
    return Tooling({"tools": made} | forced.config, ({"tools": beside} if beside else {}) | forced.beside)


def recalled(chosen: Choice, beside: list[Any], reading: Reading) -> Tooling:
    """Where none is offered: the tools that the conversation speaks of, which Bedrock wants declared."""
    known = [tool.get("name") for tool in beside]
    names = [name for name in dict.fromkeys(reading.called.values()) if name not in known]
    tools = [{"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}} for name in names]
    config: JSON = {"tools": tools} if tools else {}
    if chosen.mode == "none" or not beside:
        reading.lost += ["tool_choice"] if chosen.mode in ("any", "tool") else []
        return Tooling(config, {})
    kind = {"type": "tool", "name": chosen.name} if chosen.mode == "tool" else {"type": chosen.mode}
    return Tooling(config, {"tools": beside, "tool_choice": kind})


def name_of(tool: JSON) -> str:
    return next((str(tool[kind]["name"]) for kind in ("toolSpec", "systemTool") if kind in tool), "")


# ── what is offered ──────────────────────────────────────────────────────


def offer(body: Mapping[str, Any], reading: Reading) -> tuple[list[JSON], list[Any]]:
    """The tools for `toolConfig`, and those that only the model's maker knows."""
    offered: list[JSON] = []
    beside: list[Any] = []
    for index, each in enumerate(listed(body, "tools")):
        spec, path = mapping(each, f"tools[{index}]"), f"tools[{index}]"
        if spec.get("type") == "function":
            offered += function(spec.get("function"), spec, f"{path}.function", reading)
        elif key := next((name for name in OWN if name in spec), None):
            offered.append({key: native(spec[key], f"{path}.{key}", key)})
        elif "custom" in spec or not reading.family.native:
            reading.lost.append(path)  # free text, perhaps by a grammar, or a tool of another maker's
        else:
            beside.append(spec)
    for index, each in enumerate(listed(body, "functions")):
        offered += function(each, {}, f"functions[{index}]", reading)
    return offered + searching(body, reading), beside


def listed(body: Mapping[str, Any], name: str) -> list[Any]:
    return [] if body.get(name) is None else array(body[name], name)


def native(value: Any, path: str, kind: str) -> JSON:
    """A tool in Converse's own shape, which must have a name if it is more than a cache point."""
    spec = dict(mapping(value, path))
    if kind != "cachePoint":
        text(spec.get("name"), f"{path}.name")
    return spec


def function(value: Any, beside: Mapping[str, Any], path: str, reading: Reading) -> list[JSON]:
    spec = mapping(value, path)
    made: JSON = {"name": text(spec.get("name"), f"{path}.name")}
    if spec.get("description"):
        made["description"] = spec["description"]
    given = spec.get("parameters")
    schema: Any = {} if given is None else mapping(given, f"{path}.parameters")
    schema = {"type": "object", **(schema or {"properties": {}})}
    if spec.get("strict") is True and reading.family.formats:
        made |= {"strict": True}
        schema = closed(schema, f"{path}.parameters")
    elif spec.get("strict") is True:
        reading.lost.append(f"{path}.strict")
    tool: JSON = {"toolSpec": {**made, "inputSchema": {"json": schema}}}
    mark = beside if beside.get("cache_control") is not None else spec
    return [tool, *(dict(each) for each in point(mark, [tool], PLACE, reading, "tools[]"))]


def searching(body: Mapping[str, Any], reading: Reading) -> list[JSON]:
    """OpenAI's web search, as Nova's, which takes no settings."""
    if body.get("web_search_options") is None:
        return []
    if not reading.family.searches:
        reading.lost.append("web_search_options")
        return []
    options = mapping(body["web_search_options"], "web_search_options")
    reading.lost += [f"web_search_options.{name}" for name in options if options[name] is not None]
    return [GROUNDING]


# ── what is chosen ───────────────────────────────────────────────────────

CHOICES: Mapping[str, str] = {"auto": "auto", "none": "none", "required": "any"}


def forcing(
    chosen: Choice, offered: list[JSON], body: Mapping[str, Any], reading: Reading
) -> tuple[list[JSON], Tooling]:
    """The tools that are left to a choice, and the choice; `auto` goes without saying.

    Where a model can only be made to call any tool, a certain one is the only one offered.
    """
    mode, name = (chosen.mode, chosen.name) if chosen.mode in ("any", "tool") else ("auto", "")
    forced = reading.family.forced
    if mode != "auto" and not forced:
        reading.lost.append("tool_choice")
        mode = "auto"
    if mode == "tool" and mode not in forced:
        mode, offered = "any", [tool for tool in offered if name_of(tool) == name]
        if not offered:
            raise BadRequest(f"tool_choice names {name}, which is not among tools", param="tool_choice")
    alone = body.get("parallel_tool_calls") is False or body.get("functions") is not None
    if alone and reading.family.paralleled:
        # Said to the model itself: Converse has no word for it, and refuses a choice in both places.
        kind = {"type": mode, "name": name} if mode == "tool" else {"type": mode}
        return offered, Tooling({}, {"tool_choice": {**kind, "disable_parallel_tool_use": True}})
    if body.get("parallel_tool_calls") is False:
        reading.lost.append("parallel_tool_calls")
    if mode == "auto":
        return offered, Tooling({}, {})
    return offered, Tooling({"toolChoice": {mode: {"name": name} if mode == "tool" else {}}}, {})


def choice(body: Mapping[str, Any]) -> Choice:
    """The client's choice. Raises BadRequest."""
    value = body.get("tool_choice")
    if value is None:
        return simple(legacy(body))
    if isinstance(value, Mapping) and value.get("type") == "allowed_tools":
        mode, names = confined(value)
        return Choice(simple(mode).mode, among=frozenset(names))
    return simple(value)


def simple(value: Any) -> Choice:
    if value is None:
        return Choice()
    if isinstance(value, str) and value in CHOICES:
        return Choice(CHOICES[value])
    if isinstance(value, Mapping):
        kind = value.get("type")
        inner = value.get("function") or value.get("custom")
        if kind in ("function", "custom") and isinstance(inner, Mapping):
            return Choice("tool", text(inner.get("name"), f"tool_choice.{kind}.name"))
    raise BadRequest(
        "tool_choice must be none, auto, required, a function to call or allowed_tools", param="tool_choice"
    )
