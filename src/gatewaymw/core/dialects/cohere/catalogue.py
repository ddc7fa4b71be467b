"""Cohere's models, as OpenAI lists them (https://docs.cohere.com/reference/list-models)."""

from __future__ import annotations

from ...model import Context
from ...values import JSON

LARGEST = 1000
"""The most models Cohere puts on one page; unasked it is 20."""


def listed(body: JSON, context: Context) -> JSON:
    """All models; what else Cohere tells of each stays, as does the token of a next page."""
    rest = {name: value for name, value in body.items() if name != "models"}
    return {**rest, "object": "list", "data": [shown(row, context) for row in body["models"]]}


def shown(row: JSON, context: Context) -> JSON:
    """One model. Cohere does not tell when it was made."""
    return {**row, "id": row["name"], "object": "model", "created": 0, "owned_by": context.provider}
