"""How findings are worded: an explanation, and the first hundred characters of the text."""

from __future__ import annotations

from typing import Any

from .model import Finding

EXCERPT = 100


def excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else text[:EXCERPT] + "..."


def found(verdict: bool, explanation: str, text: str | None = None, **data: Any) -> Finding:
    """A verdict, and what it rests on."""
    return Finding(verdict, None, _data(explanation, text, {"verdict": verdict, **data}))


def unjudged(error: str, text: str | None = None, **data: Any) -> Finding:
    """An error, in place of a verdict."""
    return Finding(None, error, _data(error, text, data))


def _data(explanation: str, text: str | None, data: dict[str, Any]) -> dict[str, Any]:
    shown = {} if text is None else {"textExcerpt": excerpt(text)}
    return {**data, "explanation": explanation, **shown}


def empty() -> Finding:
    return unjudged("there is no text to look at")
