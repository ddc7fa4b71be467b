"""Gemini's models, as OpenAI lists them (https://ai.google.dev/api/models)."""

from __future__ import annotations

from ...model import Context
from ...values import JSON

LARGEST = 1000
"""The most models Google puts on one page; unasked it is 50."""


def listed(body: JSON, context: Context) -> JSON:
    """All models; what else Google tells of each stays, as does the token of a next page."""
    rest = {name: value for name, value in body.items() if name != "models"}
    rows = body.get("models", [])  # no field at all where the page is empty
    return {**rest, "object": "list", "data": [shown(row, context) for row in rows]}


def shown(row: JSON, context: Context) -> JSON:
    """One model, by the name by which it is asked. Google does not tell when it was made."""
    name = row["name"].removeprefix("models/")
    return {**row, "id": name, "object": "model", "created": 0, "owned_by": context.provider}
