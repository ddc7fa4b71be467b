"""Gemini's counts of tokens, in OpenAI's sense.

https://ai.google.dev/api/generate-content#UsageMetadata: the prompt counts what the cache gave, but not what
Google's own tools read for the model; the candidates do not count the thoughts before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model import Context
from ...values import JSON

COUNTED = frozenset(
    {
        *("promptTokenCount", "candidatesTokenCount", "totalTokenCount", "thoughtsTokenCount"),
        *("cachedContentTokenCount", "toolUsePromptTokenCount"),
    }
)
TIERS: Mapping[str, str] = {
    **{"standard": "default", "flex": "flex", "priority": "priority"},
    **{"ON_DEMAND": "default", "ON_DEMAND_FLEX": "flex", "ON_DEMAND_PRIORITY": "priority"},
}
"""OpenAI's service tiers, by what the Gemini API and Vertex AI call them."""


def usage(counts: Mapping[str, Any], context: Context) -> JSON:
    """OpenAI's usage. Where strictness is off, Gemini's finer counts come along."""
    prompt = count(counts, "promptTokenCount") + count(counts, "toolUsePromptTokenCount")
    thoughts = count(counts, "thoughtsTokenCount")
    completion = count(counts, "candidatesTokenCount") + thoughts
    made: JSON = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {
            "cached_tokens": count(counts, "cachedContentTokenCount"),
            "audio_tokens": heard(counts, "promptTokensDetails"),
        },
        "completion_tokens_details": {
            "reasoning_tokens": thoughts,
            "audio_tokens": heard(counts, "candidatesTokensDetails"),
        },
    }
    if context.strict:
        return made
    return {**{name: value for name, value in counts.items() if name not in COUNTED}, **made}


def count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) else 0


def heard(counts: Mapping[str, Any], name: str) -> int:
    """The tokens of sound among those of one kind."""
    details = counts.get(name)
    rows = [each for each in details if isinstance(each, dict)] if isinstance(details, list) else []
    return sum(count(row, "tokenCount") for row in rows if row.get("modality") == "AUDIO")


def tier(counts: Mapping[str, Any]) -> JSON:
    """OpenAI's `service_tier`, where it is told."""
    for name in ("serviceTier", "trafficType"):
        value = counts.get(name)
        if isinstance(value, str) and value in TIERS:
            return {"service_tier": TIERS[value]}
    return {}
