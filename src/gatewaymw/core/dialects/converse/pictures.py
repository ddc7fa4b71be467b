"""Images that models on Converse answer with, whole or in pieces.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlock.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageBlockDelta.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ...errors import UpstreamError
from ...model import Context
from ...values import JSON

LARGEST = 64 * 1024 * 1024
"""The largest image that is waited for, in characters of base64."""


class Picture(NamedTuple):
    """The image of the open block, as far as it came."""

    form: str = "png"
    pieces: tuple[str, ...] = ()
    """Each in a base64 of its own."""
    size: int = 0


def grown_by(piece: str, picture: Picture, context: Context) -> Picture:
    """An image with one more piece; it is told when it is whole. Raises UpstreamError."""
    form, pieces, size = picture
    if size + len(piece) > LARGEST:
        message = f"{context.provider} sent an image of more than {LARGEST} characters of base64"
        raise UpstreamError(message, code="upstream_image_too_large")
    return Picture(form, (*pieces, piece), size + len(piece))


def drawn(image: Any) -> str:
    """The base64 of an image; empty for one that is elsewhere, or could not be made."""
    source = image.get("source") if isinstance(image, dict) else None
    data = source.get("bytes") if isinstance(source, dict) else None
    return data if isinstance(data, str) else ""


def seen(form: str, data: str, number: int) -> JSON:
    """An image of an answer, as others who answer with images tell it: OpenAI's chat has none."""
    return {
        "type": "image_url",
        "index": number,
        "image_url": {"url": f"data:image/{form};base64,{data}"},
    }
