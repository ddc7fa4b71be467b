"""OpenAI's embeddings, as those who make nothing else word them: Voyage and Nomic.

Both tell texts to be found from texts to find them with, by parameters of their own that pass as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BadRequest, Unsupported
from ..model import Codec, Context, Encoded
from ..values import JSON
from .fields import Table, array, pick, table, unheard
from .vectors import format_of, listing

MODEL = table("model")
"""All that some have besides the texts."""


def texts(value: Any) -> list[str]:
    """The texts that are to be embedded. Raises BadRequest, Unsupported for token ids."""
    given = [value] if isinstance(value, str) else array(value, "input")
    if not given:
        raise BadRequest("input must not be empty", param="input")
    if not all(isinstance(each, str) for each in given):
        raise Unsupported("input must be texts: token ids are OpenAI's own", param="input")
    return given


def asked(body: Mapping[str, Any], fields: Table, name: str) -> Encoded:
    """A request of the texts by that name and the parameters of `fields`, and the names of what is lost.

    Raises BadRequest, Unsupported."""
    format_of(body)
    lost: list[str] = []
    out = {name: texts(body.get("input")), **pick(body, fields, lost)}
    known = {*fields, "input", "encoding_format"}
    return Encoded(out, tuple(lost + unheard(body, known)))


# ── Voyage: https://docs.voyageai.com/reference/embeddings-api ────────────

VOYAGE_FIELDS = table(
    *("model", "input_type", "truncation", "output_dtype", "output_dimension"), dimensions="output_dimension"
)


def voyage_request(body: Mapping[str, Any], context: Context) -> Encoded:
    """Of `encoding_format` Voyage knows base64 alone, which is OpenAI's where the numbers are floats."""
    made = asked(body, VOYAGE_FIELDS, "input")
    packed = {"encoding_format": "base64"} if format_of(body) == "base64" else {}
    return Encoded({**made.body, **packed}, made.dropped)


def voyage_response(body: JSON, context: Context) -> JSON:
    tokens = body["usage"]["total_tokens"]
    return {**body, "object": "list", "usage": {"prompt_tokens": tokens, **body["usage"]}}


VOYAGE = Codec(request=voyage_request, response=voyage_response)

# ── Nomic: https://docs.nomic.ai/reference/api/embed-text-v-1-embedding-text-post ─

NOMIC_FIELDS = table("model", "task_type", "long_text_mode", "dimensionality", dimensions="dimensionality")


def nomic_request(body: Mapping[str, Any], context: Context) -> Encoded:
    return asked(body, NOMIC_FIELDS, "texts")


def nomic_response(body: JSON, context: Context) -> JSON:
    return listing(body["embeddings"], body["usage"]["total_tokens"], context)


NOMIC = Codec(request=nomic_request, response=nomic_response)
