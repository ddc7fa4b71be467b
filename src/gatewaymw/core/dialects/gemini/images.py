"""OpenAI's image generations, as Imagen's predictions or as content of models that answer with images.

https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api and
https://ai.google.dev/gemini-api/docs/generate-content/image-generation. OpenAI counts pixels, Google knows a
few shapes: the next one to a size is asked for, and named where it is not the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import log
from typing import Any

from ...errors import BadRequest, UpstreamError
from ...model import Context, Encoded
from ...values import JSON
from ..fields import Field, Table, laid_over, pick, table, text, unheard, whole
from ..imagery import as_a_whole
from .errors import fault
from .response import candidates, parts_of, refusal
from .usage import count

SHAPES = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
IMAGEN_SHAPES = ("1:1", "3:4", "4:3", "9:16", "16:9")
ASIDE = frozenset({"model", "prompt", "size", "response_format", "stream", "n", "quality"})
IDLE: Mapping[str, Any] = {"background": "auto", "moderation": "auto", "output_compression": 100}
"""OpenAI's parameters at values that ask for nothing."""


def both(**rows: str) -> Table:
    """Parameters by the names of Google's SDKs, and by those of its API, as Portkey's clients write them."""
    return table(*rows.values(), **rows)


PREDICTED = both(
    **{"aspect_ratio": "aspectRatio", "negative_prompt": "negativePrompt", "seed": "seed"},
    **{"person_generation": "personGeneration", "safety_setting": "safetySetting"},
    **{"add_watermark": "addWatermark", "enhance_prompt": "enhancePrompt", "language": "language"},
    **{"guidance_scale": "guidanceScale", "image_size": "sampleImageSize", "storage_uri": "storageUri"},
    **{"include_rai_reason": "includeRaiReason", "include_safety_attributes": "includeSafetyAttributes"},
    **{"safety_filter_level": "safetySetting", "output_gcs_uri": "storageUri"},
)
NO_TABLE: Table = table()
LABELLED = table("labels")
WRITTEN = table(
    mimeType="mimeType",
    mime_type="mimeType",
    output_mime_type="mimeType",
    output_format=Field("mimeType", lambda value: f"image/{value}"),
    output_compression="compressionQuality",
    output_compression_quality="compressionQuality",
)
SHAPED = both(
    **{"aspect_ratio": "aspectRatio", "image_size": "imageSize", "person_generation": "personGeneration"},
    prominent_people="prominentPeople",
)


def predicting(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to Imagen, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    lost = checked(body)
    settings = settled(
        shaped(body, IMAGEN_SHAPES, "sampleImageSize", lost), pick(body, PREDICTED, lost), lost
    )
    settings["sampleCount"] = whole(body.get("n") or 1, "n")
    if options := pick(body, WRITTEN, lost):
        settings["outputOptions"] = options
    labels = pick(body, LABELLED)
    known = ASIDE | PREDICTED.keys() | WRITTEN.keys() | LABELLED.keys()
    made = {"instances": [{"prompt": body["prompt"]}], "parameters": settings, **labels}
    return Encoded(made, dropped(body, known, lost))


def generating(body: Mapping[str, Any], context: Context, written: Table = NO_TABLE) -> Encoded:
    """The request to a model that answers with images, and the names of what it cannot carry. Such a model
    makes as many as it likes; in which format they are `written` is for Vertex AI alone to be told.

    Raises BadRequest, Unsupported.
    """
    lost = checked(body)
    if whole(body.get("n") or 1, "n") != 1:
        lost.append("n")
    config: JSON = {"responseModalities": ["TEXT", "IMAGE"]}
    settings = settled(shaped(body, SHAPES, "imageSize", lost), pick(body, SHAPED, lost), lost)
    if options := pick(body, written, lost):
        settings["imageOutputOptions"] = options
    if settings:
        config["imageConfig"] = settings
    contents = [{"role": "user", "parts": [{"text": body["prompt"]}]}]
    return Encoded(
        {"contents": contents, "generationConfig": config},
        dropped(body, ASIDE | SHAPED.keys() | written.keys(), lost),
    )


def checked(body: Mapping[str, Any]) -> list[str]:
    """The names of what is lost with any model. Raises BadRequest, and Unsupported for a stream."""
    text(body.get("model"), "model")
    text(body.get("prompt"), "prompt")
    as_a_whole(body, "Google")
    lost = ["response_format"] if body.get("response_format") not in (None, "b64_json") else []
    return [*lost, "quality"] if body.get("quality") not in (None, "auto", "standard") else lost


def dropped(body: Mapping[str, Any], known: frozenset[str], lost: list[str]) -> tuple[str, ...]:
    idle = {name for name, value in IDLE.items() if body.get(name) == value}
    return tuple(dict.fromkeys(lost + unheard(body, known | idle)))


def shaped(body: Mapping[str, Any], shapes: tuple[str, ...], size: str, lost: list[str]) -> JSON:
    """The shape next to a size, and the step of resolution above 1K. Raises BadRequest."""
    value = body.get("size")
    if value in (None, "auto"):
        return {}
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", value) if isinstance(value, str) else None
    if not found or not int(found[1]) or not int(found[2]):
        raise BadRequest("size must be auto or <width>x<height>, in pixels", param="size")
    width, height = int(found[1]), int(found[2])
    shape = min(shapes, key=lambda each: abs(log(ratio(each) * height / width)))
    if abs(ratio(shape) * height - width) > 1e-6:
        lost.append("size")
    longest = max(width, height)
    step = {} if longest <= 1536 else {size: "2K" if longest <= 2560 else "4K"}
    return {"aspectRatio": shape, **step}


def settled(made: JSON, own: JSON, lost: list[str]) -> JSON:
    """What a size becomes, and over it what a client says in Gemini's own words."""
    return laid_over(made, own, dict.fromkeys(made, "size"), lost)


def ratio(shape: str) -> float:
    width, _, height = shape.partition(":")
    return int(width) / int(height)


# ── answers ──────────────────────────────────────────────────────────────


def predicted(body: JSON, context: Context) -> JSON:
    """OpenAI's list of images. Raises UpstreamError where all were filtered, or there are none."""
    given = body.get("predictions")
    rows = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    images = [row for row in rows if isinstance(row.get("bytesBase64Encoded"), str)]
    if not images:
        raise unpainted(
            next((str(why) for row in rows if (why := row.get("raiFilteredReason"))), ""), context
        )
    data = [{"b64_json": row["bytesBase64Encoded"], **revised(row)} for row in images]
    return {"created": context.created, "data": data}


def revised(row: JSON) -> JSON:
    return {"revised_prompt": row["prompt"]} if isinstance(row.get("prompt"), str) else {}


def generated(body: JSON, context: Context) -> JSON:
    """OpenAI's list of images, of what models answer. Raises UpstreamError where none is among it."""
    found = candidates(body)
    if not found:
        raise fault(body, context)
    parts = [part for each in found for part in parts_of(each) if not part.get("thought")]
    held = [part["inlineData"] for part in parts if isinstance(part.get("inlineData"), dict)]
    images = [each["data"] for each in held if isinstance(each.get("data"), str)]
    if not images:
        said = "".join(str(part.get("text") or "") for part in parts)
        raise unpainted(refusal(found[0]) or said or str(found[0].get("finishReason") or ""), context)
    made = {"created": context.created, "data": [{"b64_json": data} for data in images]}
    counts = body.get("usageMetadata")
    return {**made, "usage": usage(counts)} if isinstance(counts, dict) else made


def usage(counts: JSON) -> JSON:
    """OpenAI's counts for images."""
    given = counts.get("promptTokensDetails")
    rows = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    pictures = sum(count(row, "tokenCount") for row in rows if row.get("modality") == "IMAGE")
    prompt = count(counts, "promptTokenCount")
    answer = count(counts, "candidatesTokenCount") + count(counts, "thoughtsTokenCount")
    return {
        "input_tokens": prompt,
        "output_tokens": answer,
        "total_tokens": prompt + answer,
        "input_tokens_details": {"text_tokens": prompt - pictures, "image_tokens": pictures},
    }


def unpainted(why: str, context: Context) -> UpstreamError:
    """Why there is no image: as OpenAI says of a prompt that its filters stop."""
    return UpstreamError(
        f"{context.provider} made no image{f': {why}' if why else ''}",
        status=400,
        type="image_generation_user_error",
        code="moderation_blocked",
    )
