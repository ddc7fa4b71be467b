"""OpenAI's image generations, as jobs of Black Forest Labs' (https://docs.bfl.ai/quick_start/generating_images).

Each model is a path of its own that answers with a `polling_url`, which has to be looked at as it is
(https://docs.bfl.ai/integration_guidelines) until its status is final
(https://docs.bfl.ai/api-reference/utility/get-result). What a model takes stands on its own page, as
https://docs.bfl.ml/api-reference/models/edit-or-create-an-image-with-flux-kontext-pro: FLUX.1 Kontext and the
ultra models take a shape, the others pixels. The addresses of images hold for ten minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..model import Codec, Context, Encoded, Next
from ..values import JSON
from . import openai
from .imagery import EACH, Body, asked, listing, named, ratio_of, renamed, settled, sides, size_of, unmade
from .jobs import worded

SHAPED = ("kontext", "ultra")
"""What is in the names of models that take the ratio of the sides."""
HOOKS = ("webhook_url", "webhook_secret")
"""With them the answer goes elsewhere."""
FAILED = ("Error", "Failed", "Task not found", "Request Moderated", "Content Moderated")
PACE = 0.5
"""Seconds to the first look: https://docs.bfl.ai/quick_start/generating_images looks as often."""


def request(body: Body, context: Context) -> Encoded:
    """The model's request, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    model = named(body, "Black Forest Labs", "flux-2-pro")
    own, wanted, lost = asked(body, "Black Forest Labs", ("size", "output_format"))
    kept = {name: value for name, value in own.items() if name not in HOOKS}
    told = renamed(wanted, {"output_format": "output_format"})
    if size := size_of(wanted):
        told["size"] = sized(size, model)
    made = settled(kept, told, lost)
    return Encoded(made, (*lost, *(name for name in HOOKS if name in own)))


def sized(size: tuple[int, int], model: str) -> JSON:
    if any(word in model for word in SHAPED):
        return {"aspect_ratio": ratio_of(size)}
    return sides(size)


def follow(answer: JSON, context: Context) -> Next | None:
    """Look at the job until it is over. Raises UpstreamError where it failed."""
    if "polling_url" in answer:
        return Next(to=worded(answer["polling_url"]), after=PACE)
    return None if final(answer, context) else Next(to="", after=PACE)


def final(answer: JSON, context: Context) -> bool:
    """Whether a job is done. Raises UpstreamError where it failed."""
    status = answer["status"]
    if status in FAILED:
        details = answer.get("details")
        raise unmade(f"{status}: {openai.shown(details)}" if details else status, context)
    return bool(status == "Ready")


def response(answer: JSON, context: Context) -> JSON:
    """OpenAI's list of one image. Raises UpstreamError where there is none."""
    return listing([answer["result"].get("sample")], context)


IMAGE = Codec(request=request, follow=follow, response=response, error=openai.error, batch=EACH, linked=True)

# ── at others' ───────────────────────────────────────────────────────────


def polled(path: Callable[[Context], str]) -> Codec:
    """The same of a host that names no address to look at: a job is asked after at that path, by POST."""

    def follow(answer: JSON, context: Context) -> Next | None:
        if "request_id" not in answer and final(answer, context):
            return None
        id = worded(answer.get("request_id") or answer["id"])
        return Next(to=path(context), method="POST", body={"id": id}, asks=True, after=PACE)

    return replace(IMAGE, follow=follow)
