"""OpenAI's image generations in one answer, by those whose models are paths of their own: fal, Ideogram and
Segmind. What is not OpenAI's own of a body is the model's, and goes on as it is."""

from __future__ import annotations

from urllib.parse import quote

from ..model import Codec, Context, Encoded
from ..values import JSON
from .imagery import Body, asked, listing, named, size_of, unmade

# ── fal: https://docs.fal.ai/model-apis/model-endpoints/synchronous-requests ─


def fal_path(context: Context) -> str:
    """A model is several steps of a path: `fal-ai/flux/dev`."""
    return f"/{quote(context.model, safe='/')}"


def fal_request(body: Body, context: Context) -> Encoded:
    """With `sync_mode` images come in the answer, not by their addresses."""
    named(body, "fal", "fal-ai/flux/dev")
    own, wanted, lost = asked(body, "fal", ("size", "n", "output_format"))
    made = dict(own)
    if size := size_of(wanted):
        made.setdefault("image_size", dict(zip(("width", "height"), size, strict=True)))
    if "n" in wanted:
        made["num_images"] = wanted["n"]
    if "output_format" in wanted:
        made["output_format"] = wanted["output_format"]
    if body.get("response_format") == "b64_json":
        made["sync_mode"] = True
    return Encoded(made, tuple(lost))


def fal_response(body: JSON, context: Context) -> JSON:
    """OpenAI's list of images; some models make one, and call it `image`."""
    images = body.get("images") or [body.get("image") or {}]
    return listing([image.get("url") for image in images], context)


FAL = Codec(request=fal_request, response=fal_response)

# ── Ideogram: https://developer.ideogram.ai/ideogram-api/quickstart ───────


def ideogram_request(body: Body, context: Context) -> Encoded:
    named(body, "Ideogram", "ideogram-4-5")
    own, wanted, lost = asked(body, "Ideogram", ("size", "n"))
    made = dict(own)
    if size := size_of(wanted):
        made.setdefault("resolution", "{}x{}".format(*size))
    if "n" in wanted:
        made["num_images"] = wanted["n"]
    return Encoded(made, tuple(lost))


def ideogram_response(body: JSON, context: Context) -> JSON:
    """OpenAI's list of images. Raises UpstreamError where none was held to be safe."""
    safe = [image for image in body["data"] if image.get("is_image_safe") is not False]
    if body["data"] and not safe:
        raise unmade("moderated: no image was held to be safe", context)
    return listing([image.get("url") for image in safe], context)


IDEOGRAM = Codec(request=ideogram_request, response=ideogram_response, linked=True)

# ── Segmind: https://www.segmind.com/models/sdxl1.0-txt2img/api ───────────


def segmind_request(body: Body, context: Context) -> Encoded:
    """`base64` is what has its models answer with JSON, not with the image's bytes."""
    named(body, "Segmind", "sdxl1.0-txt2img")
    own, wanted, lost = asked(body, "Segmind", ("size", "n", "style"))
    made: JSON = {**own, "base64": True}
    if size := size_of(wanted):
        made |= dict(zip(("img_width", "img_height"), size, strict=True))
    if "n" in wanted:
        made["samples"] = wanted["n"]
    if "style" in wanted:
        made["style"] = wanted["style"]
    if body.get("response_format") == "url":
        lost.append("response_format")
    return Encoded(made, tuple(lost))


def segmind_response(body: JSON, context: Context) -> JSON:
    """OpenAI's list of images, of which several come as a list."""
    found = body.get("image")
    images = found if isinstance(found, list) else [found]
    return listing([f"data:image/png;base64,{each}" for each in images if each], context)


SEGMIND = Codec(request=segmind_request, response=segmind_response)
