"""Whose model it is that InvokeModel calls, and the images among its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ...errors import BadRequest, Unsupported
from ...model import Context
from ..fields import mapping, text
from ..media import Media, data_uri, is_data

M = TypeVar("M")


def maker_of(body: Mapping[str, Any], context: Context, makers: Mapping[str, M]) -> M:
    """What makes a request for the model, by the longest name that its id holds. Raises Unsupported."""
    model = text(body.get("model"), "model")
    for name in (model, context.options.get("aws_bedrock_model", "")):
        for known in sorted(makers, key=len, reverse=True):
            if known in name:
                return makers[known]
    raise Unsupported(
        f"model: {model} is none of those that are known to do this ({', '.join(makers)}); where it is an ARN"
        " that does not tell, set aws_bedrock_model to the id of the model behind it",
        param="model",
    )


SIGNS: Mapping[str, str] = {
    "iVBOR": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
}
"""What images begin with in base64."""


def picture(value: Any, path: str) -> Media:
    """An image as a data URI or bare base64. Raises BadRequest, and Unsupported for the web."""
    given = text(value, path)
    if is_data(given):
        return data_uri(given, path)
    if given.lower().startswith(("https://", "http://")):
        raise Unsupported(
            f"{path}: Bedrock fetches nothing from the web; send the image as a data URI", param=path
        )
    for sign, kind in SIGNS.items():
        if given.startswith(sign):
            return Media(kind, given)
    raise BadRequest(f"{path} must be a data URI (data:image/png;base64,…) or an image in base64", param=path)


def pictured(value: Any, path: str) -> Media:
    """An image that may stand in an object, as `url` or `base64`."""
    if isinstance(value, str):
        return picture(value, path)
    spec = mapping(value, path)
    key = "base64" if spec.get("base64") is not None else "url"
    return picture(spec.get(key), f"{path}.{key}")
