"""What a config says of the cache."""

from __future__ import annotations

from typing import Any

from ..core.errors import ConfigError
from ..core.plan import Caching
from . import models
from .book import Making

LONGEST = 90 * 24 * 3600
"""Seconds that an answer may be kept."""


def caching(cache: models.Cache, path: str, making: Making) -> dict[str, Any]:
    """The setting of a target. Raises ConfigError."""
    making.strays(cache, path)
    if cache.mode == "semantic":
        raise ConfigError(
            "a semantic cache is not part of this version; simple is", path=f"{path}.mode", code="unsupported"
        )
    if cache.max_age is not None and cache.max_age > LONGEST:
        raise ConfigError(f"is in seconds, {LONGEST} (90 days) at most", path=f"{path}.max_age")
    told = {"max_age": cache.max_age, "max_bytes": cache.max_bytes, "tool_calls": cache.tool_calls}
    return {"caching": Caching(**{name: value for name, value in told.items() if value is not None})}  # type: ignore[arg-type]
