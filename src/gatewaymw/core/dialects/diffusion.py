"""OpenAI's image generations (https://platform.openai.com/docs/api-reference/images/create), for hosts that
answer at once, each with its own names for the same few things: a size, a number, a format.

A row says what they are (`providers.rows`). What is not OpenAI's own of a body is the host's, and goes on as
it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UpstreamError
from ..model import Codec, Context, Encoded
from ..values import JSON, NOTHING
from .fields import text
from .imagery import EACH, Body, asked, nearest, size_of

Sized = Callable[[tuple[int, int]], JSON]
"""The host's fields of a width and a height."""


def sides(size: tuple[int, int]) -> JSON:
    return dict(zip(("width", "height"), size, strict=True))


def in_one(name: str) -> Sized:
    """A size as OpenAI writes it, by the host's own name."""
    return lambda size: {name: f"{size[0]}x{size[1]}"}


def shaped(*shapes: str) -> Sized:
    """The shape next to a size, of those that the host has."""
    return lambda size: {"aspect_ratio": nearest(size, shapes)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What a host calls what OpenAI's clients ask for."""

    sized: Sized
    names: Mapping[str, str] = NOTHING
    """OpenAI's parameters that it has, but for the size and the format → its own names of them. Without `n`,
    it is asked once for each image."""
    model: str = "model"
    """Its name for the model; empty where that is part of the address, and has to be given."""
    formats: Mapping[str, str] = NOTHING
    """What `response_format` may say → what the host is told; nothing where it has but the one. Without any,
    it is told what the client says."""
    linked: bool = False
    """It knows addresses alone: what a client wants in base64 is fetched."""


# ── requests ─────────────────────────────────────────────────────────────


def requesting(host: Host) -> Callable[[Body, Context], Encoded]:
    """The request transform for a host. It raises BadRequest, and Unsupported for a stream."""

    def request(body: Body, context: Context) -> Encoded:
        own, wanted, lost = asked(body, context.provider, ("size", "response_format", *host.names))
        model = body.get("model") if host.model else text(body.get("model"), "model")
        made = {host.model: model} if host.model and model else {}
        if size := size_of(wanted):
            made |= host.sized(size)
        made |= {its: wanted[name] for name, its in host.names.items() if name in wanted}
        told, unheard = formatted(body.get("response_format"), host)
        return Encoded({**made, **told, **own}, (*lost, *unheard))

    return request


def formatted(given: Any, host: Host) -> tuple[JSON, tuple[str, ...]]:
    """What the host is told of the format, and the parameter's name where it has another only."""
    if given is None or (host.linked and given in ("url", "b64_json")):
        return {}, ()
    if host.linked or (host.formats and given not in [*host.formats]):
        return {}, ("response_format",)
    told = host.formats[given] if host.formats else given
    return ({} if told == "" else {"response_format": told}), ()


# ── answers ──────────────────────────────────────────────────────────────

LISTS = ("data", "images", "base64")
PICTURES = ("b64_json", "image", "base64")
"""Where a list of images is, and the base64 of one of them."""
FILTERED = "CONTENT_FILTERED"


def response(body: Any, context: Context) -> JSON:
    """OpenAI's list of images, whatever list they come in; fields it does not know are kept.

    Raises UpstreamError where there is none, which mostly is a filter's doing.
    """
    given: JSON = body if isinstance(body, dict) else {"data": body}
    found = next((given[name] for name in LISTS if given.get(name)), None)
    images = [each if isinstance(each, dict) else {"base64": each} for each in listed(found)]
    if any(each.get("finishReason") == FILTERED for each in (given, *images)):
        raise filtered(context)
    rest = {name: value for name, value in given.items() if name not in LISTS}
    return {"created": context.created, **rest, "data": [row(each, context) for each in images]}


def listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def row(image: JSON, context: Context) -> JSON:
    """One image as OpenAI tells it, by its address or in base64. Raises UpstreamError where it is neither."""
    rest = {name: value for name, value in image.items() if name not in PICTURES}
    base64 = next((image[name] for name in PICTURES if image.get(name)), None)
    if isinstance(base64, str):
        return {**rest, "b64_json": base64.partition(";base64,")[2] or base64}
    if not isinstance(image.get("url"), str):
        raise UpstreamError(f"{context.provider} answered without an image")
    return rest


def filtered(context: Context) -> UpstreamError:
    return UpstreamError(
        f"{context.provider} made no image: a filter held it back",
        status=400,
        type="invalid_request_error",
        code="content_policy_violation",
    )


def drawing(host: Host) -> Codec:
    """The codec of a host's images."""
    batch = None if "n" in host.names else EACH
    return Codec(request=requesting(host), response=response, batch=batch, linked=host.linked)
