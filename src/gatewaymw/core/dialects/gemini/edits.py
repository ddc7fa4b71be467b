"""OpenAI's edits of images, as content of models that take images and answer with them.

https://ai.google.dev/gemini-api/docs/generate-content/image-generation (image editing): the images stand
after the words that say what to make of them. What a mask would mark has to be said in words.
"""

from __future__ import annotations

from ...errors import BadRequest, Unsupported
from ...model import Context, Encoded
from ...values import JSON, Part
from ..fields import Table
from ..forms import fields, files, number, others
from ..media import base64, kind_of, media_type, pictured
from .images import NO_TABLE, generating

MOST = 16
"""As many images as OpenAI takes."""


def editing(parts: tuple[Part, ...], context: Context, written: Table = NO_TABLE) -> Encoded:
    """The request to edit, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    form = fields(parts)
    form |= {name: number(form, name) for name in ("n", "output_compression")}
    if "imagen" in str(form.get("model")):
        raise Unsupported(
            "model: Imagen edits no images here; use a Gemini model that makes images", param="model"
        )
    for name in others(parts, ("image",)):
        raise Unsupported(f"{name}: Gemini edits by words alone; say in the prompt where", param=name)
    images = [shown(part) for part in files(parts, "image")]
    if not 0 < len(images) <= MOST:
        raise BadRequest(f"image must be an image file, or up to {MOST} of them as image[]", param="image")
    made = generating(form, context, written)
    said = made.body["contents"][0]["parts"]
    return Encoded({**made.body, "contents": [{"role": "user", "parts": [*said, *images]}]}, made.dropped)


def shown(part: Part) -> JSON:
    """The part of an image. What it is shows in itself; else the client says so. Raises BadRequest."""
    kind = pictured(part.data) or kind_of(part.filename or "") or media_type(part.content_type or "")
    if not part.data or not kind.startswith("image/"):
        raise BadRequest("image must be a PNG, JPEG, WebP or another image with its type", param="image")
    return {"inlineData": {"mimeType": kind, "data": base64(part.data)}}
