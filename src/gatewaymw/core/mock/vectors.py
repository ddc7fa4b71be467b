"""Embeddings, moderations and models of the mock."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Any

from ..dialects.vectors import packed
from ..errors import BadRequest, GatewayError
from ..values import JSON
from .asked import Asked
from .chat import WORDS
from .faults import FAULTS
from .script import CREATED, Script, digest, json_answer, whole_number

# ── embeddings ───────────────────────────────────────────────────────────


def embeddings(asked: Asked) -> Script:
    """https://platform.openai.com/docs/api-reference/embeddings/create"""
    inputs = inputs_of(asked.body.get("input"))
    size = whole_number(asked.body, "dimensions", 1536, 3072)
    coded = asked.body.get("encoding_format") == "base64"
    rows = [
        {"object": "embedding", "index": index, "embedding": packed(vector) if coded else list(vector)}
        for index, vector in enumerate(unit(text, size) for text in inputs)
    ]
    count = sum(len(WORDS.findall(text)) for text in inputs)
    usage = {"prompt_tokens": count, "total_tokens": count}
    return json_answer({"object": "list", "data": rows, "model": asked.model, "usage": usage})


def inputs_of(value: Any) -> list[str]:
    """Each input as text; tokens are spelt as their numbers."""
    if isinstance(value, str) and value:
        return [value]
    if not isinstance(value, list) or not value:
        raise BadRequest("input must be a string, a list of strings or a list of tokens", param="input")
    if isinstance(value[0], int):
        return [" ".join(map(str, value))]
    return [each if isinstance(each, str) else " ".join(map(str, each or ())) for each in value]


def unit(text: str, size: int) -> tuple[float, ...]:
    """A vector of length one that follows from the text, as 32-bit floats can hold it."""
    raw = list(noise(text.encode("utf-8", "surrogatepass"), size))
    length = math.sqrt(sum(each * each for each in raw)) or 1.0
    return struct.unpack(f"<{size}f", struct.pack(f"<{size}f", *(each / length for each in raw)))


def noise(seed: bytes, size: int) -> Iterator[float]:
    for start in range(0, size, 8):
        block = bytes.fromhex(digest(seed, b"%d" % start))
        for number in struct.unpack("<8i", block)[: size - start]:
            yield (number + 0.5) / 2**31


# ── moderations ──────────────────────────────────────────────────────────

CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent"),
    *("self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors"),
    *("violence", "violence/graphic"),
)
FLAG = "mock-flag"


def moderation(asked: Asked) -> Script:
    """https://platform.openai.com/docs/api-reference/moderations/create"""
    value = asked.body.get("input")
    if not isinstance(value, str | list) or not value:
        raise BadRequest("input must be a string or a list", param="input")
    results = [judged(text) for text in judgeable(value)]
    return json_answer({"id": f"modr-mock-{asked.id[:24]}", "model": asked.model, "results": results})


def judgeable(value: Any) -> list[str]:
    """One text, several, or the parts of one."""
    if isinstance(value, list) and isinstance(value[0], dict):
        return [" ".join(str(part.get("text") or "") for part in value if isinstance(part, dict))]
    return [str(text) for text in value] if isinstance(value, list) else [value]


def judged(text: str) -> JSON:
    flagged = FLAG in text
    return {
        "flagged": flagged,
        "categories": {name: flagged and name == "violence" for name in CATEGORIES},
        "category_scores": {name: 0.99 if flagged and name == "violence" else 0.01 for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
    }


# ── models ───────────────────────────────────────────────────────────────


def models() -> Script:
    """https://platform.openai.com/docs/api-reference/models/list"""
    names = ("mock-echo", "mock-tool", *(fault.example for fault in FAULTS))
    return json_answer({"object": "list", "data": [model_row(name) for name in names]})


def model(name: str) -> Script:
    """https://platform.openai.com/docs/api-reference/models/retrieve"""
    if not name.startswith("mock-"):
        message = f"The model {name!r} does not exist: the mock has those whose names begin with mock-"
        raise GatewayError(message, status=404, type="not_found_error", code="model_not_found", param="model")
    return json_answer(model_row(name))


def model_row(name: str) -> JSON:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "mock"}
