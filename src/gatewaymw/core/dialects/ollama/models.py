"""The models a server has, as OpenAI lists them (https://docs.ollama.com/api/tags)."""

from __future__ import annotations

from ...model import Context
from ...values import JSON


def listed(body: JSON, context: Context) -> JSON:
    """All models; what else is told of each stays."""
    owned = {"object": "model", "created": 0, "owned_by": context.provider}
    return {"object": "list", "data": [{**row, "id": row["name"], **owned} for row in body["models"]]}
