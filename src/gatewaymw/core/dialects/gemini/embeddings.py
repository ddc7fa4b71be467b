"""OpenAI's embeddings, as Google's three ways of asking for them.

The Gemini API embeds one content (`embedContent`) or several (`batchEmbedContents`):
https://ai.google.dev/api/embeddings. Vertex AI does so with its newer models, its settings apart
(https://docs.cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-multimodal-embeddings); with older
ones it predicts (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api).
An input may also be an array of parts, as in a message, for models that embed images and sound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...errors import Unsupported, UpstreamError
from ...model import Context, Encoded
from ...values import JSON
from ..fields import Field, array, pick, table, text, unheard, whole, wrong
from ..vectors import format_of, listing
from .content import USER, part
from .usage import count

SETTINGS = table(
    task_type="taskType",
    title="title",
    dimensions=Field("outputDimensionality", lambda value: whole(value, "dimensions")),
)
KNOWN = frozenset({*SETTINGS, "model", "input", "encoding_format"})
FINER = {
    **SETTINGS,
    **table(
        auto_truncate="autoTruncate",
        document_ocr="documentOcr",
        audio_track_extraction="audioTrackExtraction",
    ),
}
Maker = Callable[[list[JSON]], JSON]
"""The parts of one input → what is sent for it."""


def several(body: Mapping[str, Any]) -> bool:
    """Whether several contents are to be embedded, be it a list of one."""
    return isinstance(body.get("input"), list)


def embedding(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to the Gemini API to embed, and the names of what it cannot carry.

    Raises BadRequest, and Unsupported for tokens.
    """
    name, settings = text(body.get("model"), "model"), pick(body, SETTINGS)
    full = name if "/" in name else f"models/{name}"
    made, lost = asked(body, KNOWN, lambda parts: {"content": {"parts": parts}, **settings})
    if several(body):
        return Encoded({"requests": [{"model": full, **each} for each in made]}, lost)
    return Encoded(made[0], lost)


def configured(body: Mapping[str, Any], context: Context) -> Encoded:
    """The same for Vertex AI, where the settings stand apart."""
    settings = pick(body, FINER)
    config = {"embedContentConfig": settings} if settings else {}
    made, lost = asked(
        body, KNOWN | FINER.keys(), lambda parts: {"content": {"role": "user", "parts": parts}, **config}
    )
    return Encoded({"requests": made} if several(body) else made[0], lost)


def predicting(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to predict embeddings of texts, and the names of what it cannot carry.

    Raises BadRequest, and Unsupported for what is no text.
    """
    beside = pick(body, table("task_type", "title", mime_type="mimeType"))
    settings = pick(body, table(dimensions=FINER["dimensions"], auto_truncate="autoTruncate"))
    known = KNOWN | {"auto_truncate", "mime_type"}
    made, lost = asked(body, known, lambda parts: {"content": worded(parts), **beside})
    return Encoded({"instances": made, **({"parameters": settings} if settings else {})}, lost)


def picturing(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to predict embeddings of texts and pictures
    (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/multimodal-embeddings-api)."""
    settings = pick(body, table(dimensions=Field("dimension", lambda value: whole(value, "dimensions"))))
    made, lost = asked(body, frozenset({"model", "input", "encoding_format", "dimensions"}), instance)
    return Encoded({"instances": made, **({"parameters": settings} if settings else {})}, lost)


def asked(body: Mapping[str, Any], known: frozenset[str], make: Maker) -> tuple[list[JSON], tuple[str, ...]]:
    """What is sent for each input, and the names of what is lost."""
    format_of(body)
    lost: list[str] = []
    value = body.get("input")
    given = [value] if isinstance(value, str | Mapping) else array(value, "input")
    if not given:
        raise wrong(given, "input", "a string or an array that is not empty")
    made = [make(parts_of(each, f"input[{index}]", lost)) for index, each in enumerate(given)]
    return made, tuple(dict.fromkeys(lost + unheard(body, known)))


def parts_of(value: Any, path: str, lost: list[str]) -> list[JSON]:
    """The parts of one input: a text, a part, or an array of parts. Raises BadRequest, Unsupported."""
    if isinstance(value, str):
        return [{"text": text(value, path)}]
    if isinstance(value, int) or (isinstance(value, list) and value and isinstance(value[0], int)):
        raise Unsupported(f"{path}: Google embeds text, not tokens; send the text", param=path)
    given = [value] if isinstance(value, Mapping) else array(value, path)
    made = [part(each, f"{path}[{index}]", USER, lost) for index, each in enumerate(given)]
    return [each for each in made if each is not None]


def worded(parts: list[JSON]) -> str:
    if not all("text" in each for each in parts):
        raise Unsupported("input: this model embeds text alone", param="input")
    return "\n".join(each["text"] for each in parts)


def instance(parts: list[JSON]) -> JSON:
    """Texts and pictures as one instance: one of each kind, the last that is given."""
    made: JSON = {}
    for each in parts:
        if "text" in each:
            made["text"] = each["text"]
            continue
        held = each.get("inlineData") or each["fileData"]
        kind = "video" if str(held.get("mimeType")).startswith("video/") else "image"
        given = {"bytesBase64Encoded": held["data"]} if "data" in held else {"gcsUri": held["fileUri"]}
        typed = {"mimeType": held["mimeType"]} if "mimeType" in held and kind == "image" else {}
        made[kind] = given | typed
    return made


# ── answers ──────────────────────────────────────────────────────────────


def embedded(body: JSON, context: Context) -> JSON:
    """OpenAI's list of embeddings, of any of the answers. Raises UpstreamError where there are none."""
    rows = body.get("predictions") or body.get("embeddings") or [body.get("embedding")]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UpstreamError(f"{context.provider} answered without embeddings")
    counts = body.get("usageMetadata") or {}
    tokens = count(counts, "promptTokenCount") or sum(read(row) for row in rows)
    made = listing([vector(row) for row in rows], tokens, context)
    if context.strict:
        return made
    return {**{name: body[name] for name in ("metadata", "usageMetadata") if name in body}, **made}


def vector(row: JSON) -> Any:
    """The vector of one row, whichever way it is told; of a text and a picture together, the picture's."""
    video = row.get("videoEmbeddings")
    for found in (row.get("values"), row.get("imageEmbedding"), row.get("textEmbedding")):
        if found is not None:
            return found
    if isinstance(video, list) and video:
        return video[0].get("embedding")
    inner = row.get("embeddings")
    return inner.get("values") if isinstance(inner, dict) else None


def read(row: JSON) -> int:
    """The tokens of one prediction."""
    inner = row.get("embeddings")
    statistics = inner.get("statistics") if isinstance(inner, dict) else None
    return count(statistics, "token_count") if isinstance(statistics, dict) else 0
