"""OpenAI's embeddings, as Oracle's.

https://docs.oracle.com/iaas/api/#/EN/generative-ai-inference/20231130/EmbedTextResult/EmbedText. Base64 is
made here of the floats that Oracle gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model import Context, Encoded
from ...values import JSON
from ..embedding import texts
from ..fields import Field, pick, table, unheard
from ..vectors import format_of, listing
from .generic import upper
from .request import serving
from .response import usage

FIELDS = table(
    dimensions="outputDimensions",
    input_type=Field("inputType", upper),
    truncate=Field("truncate", upper),
    is_echo="isEcho",
)
KNOWN = frozenset({*FIELDS, "model", "input", "encoding_format"})


def embedding(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to embed, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    format_of(body)
    out = {**serving(body, context), "inputs": texts(body.get("input")), **pick(body, FIELDS)}
    return Encoded(out, tuple(unheard(body, KNOWN)))


def embedded(body: JSON, context: Context) -> JSON:
    """OpenAI's list of embeddings. Raises UpstreamError where the body holds none."""
    counts = usage(body.get("usage")) or {"prompt_tokens": 0}
    made = listing(body["embeddings"], counts["prompt_tokens"], context)
    return {**made, "model": body.get("modelId") or context.model}
