"""OpenAI's image generations (https://platform.openai.com/docs/api-reference/images/create), read for
those who have words of their own for sizes, numbers and formats.

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
    as_a_whole(given, who)
    openais = {
        name: value for name, value in given.items() if name in OPENAIS and value not in IDLE.get(name, ())
    }
    own = {name: value for name, value in given.items() if name not in OPENAIS and name != "model"}
    wanted = {name: openais.pop(name) for name in known if name in openais}
    return own, wanted, list(openais)


def as_a_whole(body: Body, who: str) -> None:
    """Raises Unsupported for images that are asked for as a stream."""
    if body.get("stream") not in (None, *IDLE["stream"]):
        raise Unsupported(f"stream: {who}'s images come whole; leave it out", param="stream")


def named(body: Body, who: str, sample: str) -> str:
    """The model. Raises BadRequest."""
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise BadRequest(f"model must be given: one of {who}'s, as {sample}", param="model")
    return str(body["model"])


def settled(own: JSON, told: Mapping[str, JSON], lost: list[str]) -> JSON:
    """The provider's own parameters, and the fields that OpenAI's make (`told`: its name → fields). Where a
    client says a thing in both, the provider's words count, and OpenAI's name goes to `lost`."""
    fields = {name: value for made in told.values() for name, value in made.items()}
    lost += [
        name for name, made in told.items() if any(own.get(each, made[each]) != made[each] for each in made)
    ]
    return {**fields, **own}


def renamed(wanted: JSON, names: Mapping[str, str]) -> dict[str, JSON]:
    """OpenAI's parameters that a client gives → the provider's fields, which only have another name."""
    return {name: {its: wanted[name]} for name, its in names.items() if name in wanted}


def unlinked(body: Body) -> list[str]:
    """What is lost where images come in base64, whatever is asked for."""
    return ["response_format"] if body.get("response_format") == "url" else []


SIZE = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")


def size_of(body: Body) -> tuple[int, int] | None:
    """Width and height, where they are asked for. Raises BadRequest."""
    if body.get("size") in (None, "auto"):
        return None
    found = SIZE.fullmatch(text(body["size"], "size"))
    if not found:
        raise BadRequest("size must be <width>x<height>, as 1024x1024, or auto", param="size")
    return int(found[1]), int(found[2])


def sides(size: tuple[int, int]) -> JSON:
    """A size in two fields, as most have it."""
    return dict(zip(("width", "height"), size, strict=True))


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


def moderated(message: str) -> UpstreamError:
    """The error of what was held back for what it shows or says, or was to."""
    return UpstreamError(message, status=400, type="invalid_request_error", code="content_policy_violation")


def unmade(reason: Any, context: Context) -> UpstreamError:
    """The error of a job that made no image."""
    return failed(reason, context, MODERATED, "content_policy_violation")
