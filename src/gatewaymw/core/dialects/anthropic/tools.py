"""Tools and the choice among them, in Anthropic's words.

https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools. Anthropic's own tools
(`{"type": "web_search_20250305", …}`) and tools in its shape pass as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest
from ...values import JSON
from ..calls import confined, legacy
from ..fields import array, mapping, text
from .models import Traits
from .schema import closed

EXTRAS = ("cache_control", "defer_loading", "allowed_callers", "input_examples", "eager_input_streaming")
"""What Anthropic's tools may say beyond OpenAI's: https://platform.claude.com/docs/en/api/messages."""


def tooling(body: Mapping[str, Any], traits: Traits, lost: list[str]) -> JSON:
    """`tools` and `tool_choice`; names of what they cannot carry go to `lost`. Raises BadRequest."""
    chosen, allowed = choice(body, traits, lost)
    offered = offer(body, traits, lost)
    if allowed is not None:
        offered = [tool for tool in offered if tool.get("name") in allowed]
    if not offered:
        # Anthropic refuses a choice among none; auto and none ask for nothing then.
        if chosen and chosen["type"] not in ("auto", "none"):
            lost.append("tool_choice")
        return {}
    return {"tools": offered, "tool_choice": chosen} if chosen else {"tools": offered}


# ── what is offered ──────────────────────────────────────────────────────


def offer(body: Mapping[str, Any], traits: Traits, lost: list[str]) -> list[JSON]:
    offered: list[JSON | None] = []
    if body.get("tools") is not None:
        each = enumerate(array(body["tools"], "tools"))
        offered += [tool(spec, f"tools[{index}]", traits, lost) for index, spec in each]
    if body.get("functions") is not None:
        each = enumerate(array(body["functions"], "functions"))
        offered += [function(spec, f"functions[{index}]", traits, lost) for index, spec in each]
    if body.get("web_search_options") is not None:
        offered.append(web_search(body["web_search_options"], lost))
    return [made for made in offered if made is not None]


def tool(value: Any, path: str, traits: Traits, lost: list[str]) -> JSON | None:
    spec = mapping(value, path)
    kind = spec.get("type")
    if kind == "function":
        made = function(spec.get("function"), f"{path}.function", traits, lost)
        return made | {name: spec[name] for name in EXTRAS if spec.get(name) is not None}
    if "custom" in spec:
        lost.append(path)  # free text, perhaps by a grammar: Anthropic's tools take JSON only
        return None
    inner = spec.get(kind) if isinstance(kind, str) else None
    if isinstance(inner, Mapping):
        # As Portkey's clients write Anthropic's tools: {"type": "bash", "bash": {"name": "bash_20250124"}}.
        return {**inner, "name": kind, "type": inner.get("name")}
    return dict(spec)


def function(value: Any, path: str, traits: Traits, lost: list[str]) -> JSON:
    spec = mapping(value, path)
    made: JSON = {"name": text(spec.get("name"), f"{path}.name")}
    if spec.get("description") is not None:
        made["description"] = spec["description"]
    given = spec.get("parameters")
    schema = {} if given is None else mapping(given, f"{path}.parameters")
    made["input_schema"] = {"type": "object", **(schema or {"properties": {}})}
    if spec.get("strict") is True and traits.formats:
        made |= {"strict": True, "input_schema": closed(made["input_schema"], f"{path}.parameters")}
    elif spec.get("strict") is True:
        lost.append(f"{path}.strict")
    return made


def web_search(value: Any, lost: list[str]) -> JSON:
    """OpenAI's web search, as the tool that every Claude model has
    (https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool)."""
    options = mapping(value, "web_search_options")
    if options.get("search_context_size") not in (None, "medium"):
        lost.append("web_search_options.search_context_size")
    made: JSON = {"type": "web_search_20250305", "name": "web_search"}
    if options.get("user_location") is None:
        return made
    place = mapping(options["user_location"], "web_search_options.user_location")
    near = mapping(place.get("approximate"), "web_search_options.user_location.approximate")
    return {**made, "user_location": {"type": "approximate", **near}}


# ── what is chosen ───────────────────────────────────────────────────────

CHOICES: Mapping[str, str] = {"auto": "auto", "none": "none", "required": "any"}


def choice(body: Mapping[str, Any], traits: Traits, lost: list[str]) -> tuple[JSON | None, set[str] | None]:
    """The choice, None for the model's own, and the names it is confined to, None for all."""
    value, allowed = body.get("tool_choice"), None
    if value is None:
        value = legacy(body)
    elif isinstance(value, Mapping) and value.get("type") == "allowed_tools":
        value, allowed = confined(value)
    chosen = chosen_by(value)
    if chosen and not traits.forced and chosen["type"] in ("any", "tool"):
        # Refused since https://platform.claude.com/docs/en/models/opus-5-5/whats-new-opus-5-5.
        chosen = {"type": "auto"}
        lost.append("tool_choice")
    if body.get("parallel_tool_calls") is False or body.get("functions") is not None:
        chosen = alone(chosen)
    return chosen, allowed


def chosen_by(value: Any) -> JSON | None:
    if value is None:
        return None
    if isinstance(value, str) and value in CHOICES:
        return {"type": CHOICES[value]}
    if isinstance(value, Mapping):
        kind = value.get("type")
        inner = value.get("function") or value.get("custom")
        if kind in ("function", "custom") and isinstance(inner, Mapping):
            return {"type": "tool", "name": text(inner.get("name"), f"tool_choice.{kind}.name")}
        if kind in ("auto", "any", "tool", "none"):
            return dict(value)  # Anthropic's own
    raise BadRequest(
        "tool_choice must be none, auto, required, a function to call or allowed_tools", param="tool_choice"
    )


def alone(chosen: JSON | None) -> JSON:
    """A choice of one call at a time; of none at all, where none may be made."""
    if chosen and chosen["type"] == "none":
        return chosen
    return {**(chosen or {"type": "auto"}), "disable_parallel_tool_use": True}
