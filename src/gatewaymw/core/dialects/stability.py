"""OpenAI's image generations, as Stability's (https://platform.stability.ai/docs/api-reference).

Stable Image takes a form and makes one image a request, in base64 where JSON is asked for; the older engines,
by the first version of the API, take JSON and make several. An image to begin with (`image`, with `mode` and
`strength`) is a data URI or base64.
"""

from __future__ import annotations

from binascii import Error as NotBase64
from binascii import a2b_base64
from typing import Any
from urllib.parse import quote

from ..errors import BadRequest, UpstreamError
from ..model import Codec, Context, Encoded, Filled
from ..values import JSON, Part
from .fields import text
from .imagery import (
    EACH,
    Body,
    asked,
    listing,
    named,
    nearest,
    renamed,
    settled,
    sides,
    size_of,
    unlinked,
    unmade,
)

RATIOS = ("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")
"""The shapes of images there are."""
OLDER = ("stable-diffusion-v1-", "stable-diffusion-xl-", "stable-diffusion-512-")
"""How the names of engines begin that only the first version of the API knows."""


def path(context: Context) -> str:
    """Models are paths, but for those of Stable Diffusion 3, which share one and are named in the form."""
    model = "sd3" if context.model.startswith("sd3") else context.model
    return f"/v2beta/stable-image/generate/{quote(model, safe='')}"


def fill(body: Body, context: Context) -> Filled:
    """The form, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    model = named(body, "Stability", "core, ultra or sd3.5-large")
    own, wanted, lost = asked(body, "Stability", ("size", "output_format"))
    made: JSON = {name: value for name, value in own.items() if name != "image"}
    if size := size_of(wanted):
        made.setdefault("aspect_ratio", nearest(size, RATIOS))
        lost.append("size")
    if "output_format" in wanted:
        made["output_format"] = wanted["output_format"]
    if model.startswith("sd3") and model != "sd3":
        made["model"] = model
    parts = [Part(name, worded(value, name)) for name, value in made.items()]
    if "image" in own:
        parts.append(Part("image", picture(own["image"]), "image", "application/octet-stream"))
    return Filled(tuple(parts), (*lost, *unlinked(body)))


def worded(value: Any, name: str) -> bytes:
    if isinstance(value, bool | dict | list):
        raise BadRequest(f"{name} must be a text or a number", param=name)
    return str(value).encode()


def picture(value: Any) -> bytes:
    """The bytes of an image. Raises BadRequest."""
    given = text(value, "image")
    try:
        return a2b_base64(given.partition(";base64,")[2] or given, strict_mode=True)
    except (NotBase64, ValueError):
        raise BadRequest("image must be base64, or a data URI of it", param="image") from None


def response(body: JSON, context: Context) -> JSON:
    """OpenAI's list of one image. Raises UpstreamError where a filter held it back."""
    if body.get("finish_reason") == "CONTENT_FILTERED" or not isinstance(body.get("image"), str):
        raise unmade(f"moderated: {body.get('finish_reason')}", context)
    return listing([f"data:image/png;base64,{body['image']}"], context)


IMAGE = Codec(fill=fill, response=response, batch=EACH)

# ── the first version ────────────────────────────────────────────────────


def engine(model: str) -> bool:
    """Whether only the first version of the API knows it."""
    return model.startswith(OLDER)


WEIGHTS = {"prompt": 1, "negative_prompt": -1}


def prompted(body: Body, context: Context) -> Encoded:
    """https://platform.stability.ai/docs/api-reference#tag/SDXL-1.0"""
    own, wanted, lost = asked(body, "Stability", ("size", "n", "style"))
    beaten = [name for name in ("prompt", "negative_prompt") if name in own]
    prompts = [{"text": own.pop(name), "weight": WEIGHTS[name]} for name in beaten]
    lost += beaten if own.get("text_prompts", prompts) != prompts else []
    told = renamed(wanted, {"n": "samples", "style": "style_preset"})
    if size := size_of(wanted):
        told["size"] = sides(size)
    made = {"text_prompts": prompts, **settled(own, told, lost)}
    return Encoded(made, (*lost, *unlinked(body)))


def artifacts(body: JSON, context: Context) -> JSON:
    """OpenAI's list of images. Raises UpstreamError where filters held all of them back."""
    made = [each for each in body["artifacts"] if each.get("finishReason") != "CONTENT_FILTERED"]
    if not made:
        raise unmade("moderated: CONTENT_FILTERED", context)
    if not all(isinstance(each.get("base64"), str) for each in made):
        raise UpstreamError(f"{context.provider} answered without an image")
    return listing([f"data:image/png;base64,{each['base64']}" for each in made], context)


FIRST = Codec(request=prompted, response=artifacts)
