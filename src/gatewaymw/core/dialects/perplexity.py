"""Perplexity's embeddings: vectors of signed bytes, in base64.

https://docs.perplexity.ai/api-reference/embeddings-post: `encoding_format` is `base64_int8` or
`base64_binary`. Clients of OpenAI's want numbers, or 32-bit floats in base64, and are given them; who asks
for one of Perplexity's formats by its name gets it as it is.
"""

from __future__ import annotations

import struct
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from ..errors import UpstreamError
from ..model import Codec, Context, Encoded
from ..values import JSON
from .vectors import packed

OPENAIS = (None, "float", "base64")


def asked(body: Mapping[str, Any], context: Context) -> Encoded:
    """The body without the name of a format that Perplexity would refuse."""
    if "encoding_format" not in body or body["encoding_format"] not in OPENAIS:
        return Encoded(body)
    return Encoded({name: value for name, value in body.items() if name != "encoding_format"})


def answered(body: JSON, context: Context) -> JSON:
    """The list of embeddings in the format the client asked for. Raises UpstreamError."""
    wanted = context.request.get("encoding_format")
    if wanted not in OPENAIS:
        return body
    rows = [{**row, "embedding": numbers(row.get("embedding"))} for row in body.get("data") or ()]
    if wanted == "base64":
        rows = [{**row, "embedding": packed(row["embedding"])} for row in rows]
    return {**body, "data": rows}


def numbers(vector: Any) -> list[int]:
    try:
        raw = b64decode(vector, validate=True)
    except (ValueError, TypeError):
        raise UpstreamError("the answer holds an embedding that is not of signed bytes") from None
    return [*struct.unpack(f"{len(raw)}b", raw)]


EMBED = Codec(request=asked, response=answered)
