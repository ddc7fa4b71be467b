"""How much a model is to think: `reasoning_effort` or `thinking`, as Gemini's `thinkingConfig`.

https://ai.google.dev/gemini-api/docs/generate-content/thinking: newer models think by levels, older ones by a
budget of tokens. Efforts become what Google's own OpenAI endpoint makes of them
(https://ai.google.dev/gemini-api/docs/openai#thinking). Summaries of the thoughts are asked for along with
any of it: they cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest
from ...values import JSON
from ..fields import mapping, whole
from .models import ALL, Traits

BUDGETS: Mapping[str, int] = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24_576}
EFFORTS = ("none", *ALL, "xhigh", "max")


def reasoning(body: Mapping[str, Any], traits: Traits, lost: list[str]) -> JSON:
    """The `thinkingConfig` that a request asks for; empty where it asks for none.

    Gemini's own `thinking_config` stands, then `thinking` as Anthropic's clients write it, then the effort.
    What loses is named, and so is an effort that cannot be had as it is. Raises BadRequest.
    """
    given = [
        name for name in ("thinking_config", "thinking", "reasoning_effort") if body.get(name) is not None
    ]
    lost += given[1:]
    if not given:
        return {}
    value = body[given[0]]
    if given[0] == "thinking_config":
        return dict(mapping(value, "thinking_config"))
    if given[0] == "thinking":
        return budgeted(mapping(value, "thinking"), traits, lost)
    return effortful(value, traits, lost)


def effortful(effort: Any, traits: Traits, lost: list[str]) -> JSON:
    if not isinstance(effort, str) or effort not in EFFORTS:
        raise BadRequest(f"reasoning_effort must be one of {', '.join(EFFORTS)}", param="reasoning_effort")
    if effort == "none":
        return unthinking(traits, "reasoning_effort", lost)
    if traits.thinking == "budget":
        return {"includeThoughts": True, "thinkingBudget": min(BUDGETS.get(effort, traits.most), traits.most)}
    if not traits.levels or effort not in ALL:
        lost.append("reasoning_effort")
    return {"includeThoughts": True, "thinkingLevel": level(effort, traits)} if traits.levels else {}


def level(effort: str, traits: Traits) -> str:
    """The level next to an effort, or else the highest one."""
    wanted = ALL.index(effort) if effort in ALL else len(ALL)
    return next((each for each in traits.levels if ALL.index(each) >= wanted), traits.levels[-1])


def unthinking(traits: Traits, name: str, lost: list[str]) -> JSON:
    """No thinking, or the least there is where it cannot be turned off: then that is named."""
    if traits.thinking == "":
        return {}
    if traits.thinking == "budget" and not traits.least:
        return {"thinkingBudget": 0}
    lost.append(name)
    return (
        {"thinkingBudget": traits.least}
        if traits.thinking == "budget"
        else {"thinkingLevel": traits.levels[0]}
    )


def budgeted(spec: Mapping[str, Any], traits: Traits, lost: list[str]) -> JSON:
    """Thinking by a number of tokens, which models that go by levels leave to themselves."""
    if spec.get("type") not in ("enabled", "disabled", "adaptive"):
        raise BadRequest("thinking.type must be enabled, disabled or adaptive", param="thinking.type")
    if spec["type"] == "disabled":
        return unthinking(traits, "thinking", lost)
    tokens = spec.get("budget_tokens")
    if tokens is not None:
        whole(tokens, "thinking.budget_tokens")
    if not traits.thinking:
        lost.append("thinking")
        return {}
    if tokens is None or traits.thinking == "level":
        lost += [] if tokens is None else ["thinking.budget_tokens"]
        return {"includeThoughts": True}
    return {"includeThoughts": True, "thinkingBudget": tokens}
