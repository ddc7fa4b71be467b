"""Gemini's models, as OpenAI lists them (https://ai.google.dev/api/models)."""

from __future__ import annotations

from ...model import Context
from ...values import JSON
from ..catalogue import listing, showing

LARGEST = 1000
"""The most models Google puts on one page; unasked it is 50."""
ALL, shown = listing(("name",), "models/"), showing(("name",), "models/")
"""By the names by which they are asked. Google does not tell when they were made."""


def listed(body: JSON, context: Context) -> JSON:
    """All models; what else Google tells of each stays, as does the token of a next page."""
    return ALL({"models": [], **body}, context)  # no field at all where the page is empty
