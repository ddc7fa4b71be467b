"""OpenAI's embeddings, as Ollama's (https://docs.ollama.com/api/embed): one text or several at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest, Unsupported, UpstreamError
from ...model import Context, Encoded
from ...values import JSON
from ..fields import array, wrong
from ..vectors import format_of, listing
from .answers import count

HERE = ("encoding_format", "user")


def embedding(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to embed, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    format_of(body)
    given = inputs(body.get("input"))
    out = {name: value for name, value in body.items() if name not in HERE and value is not None}
    return Encoded({**out, "input": given}, ("user",) if body.get("user") is not None else ())


def inputs(value: Any) -> str | list[str]:
    """What is to be embedded. Raises BadRequest, Unsupported."""
    if isinstance(value, str):
        return value
    given = array(value, "input")
    if not given:
        raise BadRequest("input must not be empty", param="input")
    for index, each in enumerate(given):
        if isinstance(each, int | list):
            raise Unsupported(f"input[{index}]: Ollama embeds text, not token ids", param=f"input[{index}]")
        if not isinstance(each, str):
            raise wrong(each, f"input[{index}]", "a string")
    return given


def embedded(body: JSON, context: Context) -> JSON:
    """OpenAI's list of embeddings. Raises UpstreamError where the body holds none."""
    found = body.get("embeddings")
    if not isinstance(found, list):
        raise UpstreamError(f"{context.provider} answered without embeddings")
    made = listing(found, count(body, "prompt_eval_count"), context)
    told = ("embeddings", "prompt_eval_count")
    return made if context.strict else {**{name: body[name] for name in body if name not in told}, **made}
