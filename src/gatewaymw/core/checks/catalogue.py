"""All checks there are: importing this fills the registry."""

from __future__ import annotations

from . import code, jsons, listeners, lookups, patterns, prefixes, requests, text, tokens
from .registry import CHECKS, validate

__all__ = [
    "CHECKS",
    "code",
    "jsons",
    "listeners",
    "lookups",
    "patterns",
    "prefixes",
    "requests",
    "text",
    "tokens",
    "validate",
]
