"""How much a model is to think: `reasoning_effort`, as Anthropic's `thinking` and `output_config.effort`.

https://platform.claude.com/docs/en/build-with-claude/thinking, …/effort, …/extended-thinking. Newer models
think as they see fit, and by a level of effort; older ones by a budget of tokens, within `max_tokens`, and
not together with settings of temperature or a forced tool. An effort is a wish: where it cannot be had with
what else the request fixes, it gives way and is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest
from ...values import JSON
from .models import Traits

SHARES: Mapping[str, int] = {"minimal": 10, "low": 20, "medium": 50, "high": 80, "xhigh": 90, "max": 95}
"""The percentage of `max_tokens` that a model with a budget may think: OpenAI's limit holds reasoning too."""
LEAST = 1024
"""The smallest budget that Anthropic takes."""


def reasoning(body: Mapping[str, Any], out: Mapping[str, Any], traits: Traits, lost: list[str]) -> JSON:
    """What `reasoning_effort` adds to a request that is made but for that. Raises BadRequest.

    A client's own `thinking` and `output_config.effort` stand.
    """
    effort = body.get("reasoning_effort")
    if effort is None:
        return {}
    if effort == "none":
        return unthinking(out, traits, lost)
    if not isinstance(effort, str) or effort not in SHARES:
        levels = ", ".join(("none", *SHARES))
        raise BadRequest(f"reasoning_effort must be one of {levels}", param="reasoning_effort")
    added = {} if "thinking" in out else thinking(effort, out, traits)
    config = out.get("output_config") or {}
    level = "low" if effort == "minimal" else effort  # Anthropic has nothing below it
    if level in traits.efforts and "effort" not in config:
        return {**added, "output_config": {**config, "effort": level}}
    if traits.thinking != "budget" or not added:
        lost.append("reasoning_effort")
    return added


def unthinking(out: Mapping[str, Any], traits: Traits, lost: list[str]) -> JSON:
    if not traits.off or "thinking" in out:
        lost.append("reasoning_effort")
        return {}
    return {} if traits.off == "idle" else {"thinking": {"type": traits.off}}


def thinking(effort: str, out: Mapping[str, Any], traits: Traits) -> JSON:
    """The setting of `thinking` for an effort; none where the model or the request has no room for it."""
    if not traits.thinking or sampled(out):
        return {}
    if traits.thinking == "adaptive":
        # Newer models leave the text out unless asked for it; it costs the same.
        return {"thinking": {"type": "adaptive", "display": "summarized"}}
    budget = max(LEAST, out["max_tokens"] * SHARES[effort] // 100)
    if budget >= out["max_tokens"] or forced(out) or out["messages"][-1]["role"] != "user" or unthought(out):
        return {}
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def sampled(out: Mapping[str, Any]) -> bool:
    """Whether the request sets what thinking leaves no choice in."""
    return "top_k" in out or out.get("temperature", 1) != 1 or out.get("top_p", 1) != 1


def forced(out: Mapping[str, Any]) -> bool:
    return (out.get("tool_choice") or {}).get("type") in ("any", "tool")


def unthought(out: Mapping[str, Any]) -> bool:
    """Whether the last turn answers calls that were made without a thought before them.

    With a budget that is refused, since the thought behind a call must come back with its result
    (https://platform.claude.com/docs/en/build-with-claude/thinking-tool-workflows). A client under strict
    OpenAI compliance was never given it. Of several calls, one after the other's result, only the first
    has a thought before it, unless the model thinks between them: all of them are one turn.
    """
    turns = out["messages"]
    if len(turns) < 2 or turns[-1]["content"][0]["type"] != "tool_result":
        return False
    for turn in reversed(turns):
        kind = turn["content"][0]["type"]
        if kind in ("thinking", "redacted_thinking"):
            return False
        if turn["role"] == "user" and kind != "tool_result":
            break
    return True
