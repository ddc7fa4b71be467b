"""What an answer costs, where `gatewaymw[prices]` is installed: by the tables of genai-prices.

https://github.com/pydantic/genai-prices: prices as they were published with that package, offline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any


@lru_cache(1)
def tables() -> ModuleType | None:
    """Read when they are first needed: they are large."""
    try:
        import genai_prices
    except ImportError:
        return None
    return genai_prices


def ready() -> Callable[[str, str, Mapping[str, Any]], float | None]:
    """`cost`, once its tables are read, which takes a while."""
    tables()
    return cost


def cost(provider: str, model: str, usage: Mapping[str, Any]) -> float | None:
    """US dollars for an answer with this OpenAI `usage`; None where no price is known."""
    there, name = tables(), called(provider)
    if there is None or not name:
        return None
    try:
        price = there.calc_price(there.Usage(**counted(usage)), model_ref=model, provider_id=name)
    except (LookupError, TypeError, ValueError):
        return None
    return float(price.total_price)


def called(provider: str) -> str:
    """What the provider's row says it is called in the tables; empty where they do not have it."""
    from ..core.providers import PROVIDERS  # whoever has an answer to a provider has imported it

    asked = PROVIDERS.get(provider)
    return asked.prices if asked else ""


def counted(usage: Mapping[str, Any]) -> dict[str, int]:
    """The counts that have prices of their own."""
    prompt, completion = details(usage, "prompt_tokens_details"), details(usage, "completion_tokens_details")
    found = {
        "input_tokens": usage.get("prompt_tokens"),
        "output_tokens": usage.get("completion_tokens"),
        "cache_read_tokens": prompt.get("cached_tokens"),
        "input_audio_tokens": prompt.get("audio_tokens"),
        "output_audio_tokens": completion.get("audio_tokens"),
    }
    return {name: count for name, count in found.items() if isinstance(count, int) and count > 0}


def details(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = usage.get(name)
    return found if isinstance(found, dict) else {}
