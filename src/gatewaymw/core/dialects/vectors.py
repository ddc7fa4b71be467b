"""Embeddings as OpenAI tells them (https://platform.openai.com/docs/api-reference/embeddings/object)."""

from __future__ import annotations

import struct
from binascii import b2a_base64
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import BadRequest, UpstreamError
from ..model import Context
from ..values import JSON


def format_of(body: Mapping[str, Any]) -> str:
    """How the client wants its vectors, `float` or `base64`. Raises BadRequest."""
    value = body.get("encoding_format")
    if value is None:
        return "float"
    if value not in ("float", "base64"):
        raise BadRequest("encoding_format must be float or base64", param="encoding_format")
    return str(value)


def listing(vectors: Iterable[Any], tokens: int, context: Context) -> JSON:
    """OpenAI's list of embeddings, in the format the client asked for.

    Raises UpstreamError for a vector that is not of numbers.
    """
    tell = packed if format_of(context.request) == "base64" else checked
    data = [
        {"object": "embedding", "index": index, "embedding": tell(vector)}
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": context.model, "usage": usage}


def joined(answers: tuple[JSON, ...]) -> JSON:
    """One list of several, in their order; what they cost is added up."""
    rows = [row for answer in answers for row in answer["data"]]
    usage = {name: sum(answer["usage"][name] for answer in answers) for name in answers[0]["usage"]}
    return {**answers[0], "data": [{**row, "index": index} for index, row in enumerate(rows)], "usage": usage}


def checked(vector: Any) -> Any:
    if not isinstance(vector, list):
        raise UpstreamError("the answer holds an embedding that is not of numbers")
    return vector


def packed(vector: Any) -> str:
    """OpenAI's base64: 32-bit floats, the least significant byte first."""
    try:
        return b2a_base64(struct.pack(f"<{len(vector)}f", *vector), newline=False).decode()
    except (struct.error, OverflowError, TypeError):
        raise UpstreamError("the answer holds an embedding that is not of numbers") from None
