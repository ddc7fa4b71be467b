"""How much a model is to reason: `reasoning_effort`, as each maker's models are told behind Converse.

Claude: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html and
…/claude-messages-adaptive-thinking.html, by the rules of `dialects.anthropic.thinking`; Nova:
https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html; OpenAI's:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html. An effort is a wish: where
it cannot be had in full, the nearest is asked for, and `reasoning_effort` named as lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest
from ...values import JSON
from ..anthropic import thinking
from ..anthropic.models import Traits
from .content import Reading
from .models import Efforts

LEVELS = ("minimal", "low", "medium", "high", "xhigh", "max")


def reasoning(body: Mapping[str, Any], out: JSON, own: JSON, reading: Reading) -> tuple[JSON, JSON]:
    """A request that is made but for that, and the model's own fields beside it, with the effort in them.

    A client's own settings of the same stand. Raises BadRequest.
    """
    effort, family = body.get("reasoning_effort"), reading.family
    if effort is not None and (not isinstance(effort, str) or effort not in ("none", *LEVELS)):
        levels = ", ".join(("none", *LEVELS))
        raise BadRequest(f"reasoning_effort must be one of {levels}", param="reasoning_effort")
    if family.claude is not None:
        return thought(body, out, own, family.claude, reading)
    if effort is None:
        return out, own
    if family.effort and effort != "none" and "effort" not in out["outputConfig"]:
        return effortful(out, "low" if effort == "minimal" else effort), own
    if family.efforts is None or family.efforts.field in own:
        reading.lost.append("reasoning_effort")
        return out, own
    return out, {**own, **leveled(effort, family.efforts, out, reading)}


def effortful(out: JSON, level: str) -> JSON:
    return {**out, "outputConfig": {"effort": level, **out["outputConfig"]}}


# ── Claude ───────────────────────────────────────────────────────────────


def thought(
    body: Mapping[str, Any], out: JSON, own: JSON, traits: Traits, reading: Reading
) -> tuple[JSON, JSON]:
    """Claude's `thinking`, and its effort. Where a budget is set without a limit to the answer, the longest
    answer of the model is set too, of which the budget is a part."""
    asked = likened(out, own, traits)
    if asked.get("thinking", {}).get("type") == "enabled" and thinking.unthought(asked):
        own = {name: value for name, value in own.items() if name != "thinking"}
        asked = likened(out, own, traits)
        reading.lost.append("thinking")
    made = thinking.reasoning(body, asked, traits, reading.lost)
    if "output_config" in made:
        out = effortful(out, made["output_config"]["effort"])
    if "thinking" not in made:
        return out, own
    if made["thinking"]["type"] == "enabled" and "maxTokens" not in out["inferenceConfig"]:
        out = {**out, "inferenceConfig": {**out["inferenceConfig"], "maxTokens": traits.output}}
    return out, {**own, "thinking": made["thinking"]}


def likened(out: JSON, own: JSON, traits: Traits) -> JSON:
    """As much of a request as its thinking depends on, in Anthropic's own shape."""
    config = out["inferenceConfig"]
    most = config.get("maxTokens")
    chosen = next(iter(out["toolConfig"].get("toolChoice", ())), "auto")
    asked: JSON = {
        "max_tokens": most if isinstance(most, int) else traits.output,
        "messages": [{"role": turn["role"], "content": [kind_of(turn)]} for turn in out["messages"]],
        "tool_choice": own.get("tool_choice") or {"type": chosen},
        "output_config": {**out["outputConfig"], **own.get("output_config", {})},
    }
    named = {"temperature": "temperature", "topP": "top_p"}
    asked |= {name: config[key] for key, name in named.items() if key in config}
    return asked | {name: own[name] for name in ("top_k", "thinking") if name in own}


def kind_of(turn: JSON) -> JSON:
    """What a turn begins with, by Anthropic's name for it."""
    first = turn["content"][0]
    if "toolResult" in first:
        return {"type": "tool_result"}
    return {"type": "thinking" if "reasoningContent" in first else "text"}


# ── the others ───────────────────────────────────────────────────────────


def leveled(effort: str, by: Efforts, out: JSON, reading: Reading) -> JSON:
    """The field that holds the level, or the nearest the model has."""
    if effort == "none":
        reading.lost += [] if by.off else ["reasoning_effort"]
        return {by.field: by.told("none")} if by.off == "none" else {}
    levels = by.levels[:-1] if by.apart & out["inferenceConfig"].keys() else by.levels
    level = levels[0] if effort == "minimal" else effort
    if level not in levels:
        reading.lost.append("reasoning_effort")
        level = levels[-1]
    return {by.field: by.told(level)}
