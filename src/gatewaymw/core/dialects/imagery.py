"""OpenAI's image generations (https://platform.openai.com/docs/api-reference/images/create), for providers
that make them as jobs of one image each and tell where the images are.

What is not OpenAI's own of a body is the provider's, and goes on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import gcd, log
from typing import Any, TypeAlias

from ..errors import BadRequest, Unsupported, UpstreamError
from ..model import Batch, Context
from ..values import JSON
from .fields import text, whole
from .jobs import failed

Body: TypeAlias = Mapping[str, Any]

OPENAIS = frozenset(
    {
        *("background", "input_fidelity", "moderation", "n", "output_compression", "output_format"),
        *("partial_images", "quality", "response_format", "size", "stream", "style", "user"),
    }
)
"""OpenAI's parameters but for the model and the prompt."""
IDLE: Mapping[str, tuple[Any, ...]] = {
    "background": ("auto", "opaque"),
    "moderation": ("auto",),
    "n": (1,),
    "output_compression": (100,),
    "partial_images": (0,),
    "quality": ("auto", "standard"),
    "response_format": ("url", "b64_json"),
    "size": ("auto",),
    "stream": (False, "false"),
}
"""Their values that ask for nothing, or for what is seen to elsewhere."""
MOST = 10
"""Images of one request, as with OpenAI."""


def asked(body: Body, who: str, known: Iterable[str] = ()) -> tuple[JSON, JSON, list[str]]:
    """What a client asks for: the provider's own parameters, those of OpenAI's that are `known` to the
    dialect, and the names of those that are not. Raises BadRequest, and Unsupported for a stream."""
    text(body.get("prompt"), "prompt")
    given = {name: value for name, value in body.items() if value is not None}
    if given.get("stream", False) not in IDLE["stream"]:
        raise Unsupported(f"stream: {who}'s images come whole; leave it out", param="stream")
    openais = {
        name: value for name, value in given.items() if name in OPENAIS and value not in IDLE.get(name, ())
    }
    own = {name: value for name, value in given.items() if name not in OPENAIS and name != "model"}
    wanted = {name: openais.pop(name) for name in known if name in openais}
    return own, wanted, list(openais)


def named(body: Body, who: str, sample: str) -> str:
    """The model. Raises BadRequest."""
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise BadRequest(f"model must be given: one of {who}'s, as {sample}", param="model")
    return str(body["model"])


SIZE = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")


def size_of(body: Body) -> tuple[int, int] | None:
    """Width and height, where they are asked for. Raises BadRequest."""
    if body.get("size") in (None, "auto"):
        return None
    found = SIZE.fullmatch(text(body["size"], "size"))
    if not found:
        raise BadRequest("size must be <width>x<height>, as 1024x1024, or auto", param="size")
    return int(found[1]), int(found[2])


def ratio_of(size: tuple[int, int]) -> str:
    """How its sides are to each other: `16:9`."""
    part = gcd(*size)
    return f"{size[0] // part}:{size[1] // part}"


def nearest(size: tuple[int, int], shapes: Iterable[str]) -> str:
    """The next one to a size of the shapes that there are."""

    def off(shape: str) -> float:
        width, _, height = shape.partition(":")
        return abs(log(int(width) * size[1] / int(height) / size[0]))

    return min(shapes, key=off)


# ── several of them ──────────────────────────────────────────────────────


def cut(body: Body, context: Context) -> tuple[Body, ...]:
    """A body for each image. Raises BadRequest."""
    number = whole(1 if body.get("n") is None else body["n"], "n")
    if not 1 <= number <= MOST:
        raise BadRequest(f"n must be from 1 to {MOST}", param="n")
    return ({**body, "n": 1},) * number


def joined(answers: tuple[JSON, ...]) -> JSON:
    return {**answers[0], "data": [row for answer in answers for row in answer["data"]]}


EACH = Batch(cut, joined)
"""A job for each image that is asked for."""


# ── answers ──────────────────────────────────────────────────────────────


def listing(images: Iterable[Any], context: Context) -> JSON:
    """OpenAI's list of images, of addresses or data URIs. Raises UpstreamError where there is none."""
    data = [row(image) for image in images if isinstance(image, str) and image]
    if not data:
        raise UpstreamError(f"{context.provider} answered without an image")
    return {"created": context.created, "data": data}


def row(image: str) -> JSON:
    if image.startswith("data:") and ";base64," in image[:100]:
        return {"b64_json": image.partition(",")[2]}
    return {"url": image}


MODERATED = re.compile(r"moderat|nsfw|safety|sensitive|content.?polic", re.IGNORECASE)
"""Words for content that was refused."""


def unmade(reason: Any, context: Context) -> UpstreamError:
    """The error of a job that made no image."""
    return failed(reason, context, MODERATED, "content_policy_violation")
