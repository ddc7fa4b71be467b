"""OpenAI's image generations, as generations of Luma's Photon (https://docs.lumalabs.ai/docs/image-generation).

A generation is queued, and dreamt of until it is completed or has failed; what it takes and tells stands in
https://docs.lumalabs.ai/reference/generateimage and …/reference/getgeneration.
"""

from __future__ import annotations

from ..model import Codec, Context, Encoded, Next
from ..values import JSON
from . import openai
from .imagery import EACH, Body, asked, listing, named, nearest, ratio_of, size_of, unmade
from .jobs import id_of

SHAPES = ("1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21")
FORMATS = {"jpeg": "jpg", "png": "png"}
ELSEWHERE = ("callback_url", "sync", "sync_timeout")
"""Other ways to be told that it is done."""
PACE = 1.0
"""Seconds to the first look."""


def request(body: Body, context: Context) -> Encoded:
    """Luma's request, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    model = named(body, "Luma", "photon-1")
    own, wanted, lost = asked(body, "Luma", ("size", "output_format"))
    made = {"model": model, **{name: value for name, value in own.items() if name not in ELSEWHERE}}
    if size := size_of(wanted):
        shape = made.setdefault("aspect_ratio", nearest(size, SHAPES))
        if shape != ratio_of(size):
            lost.append("size")
    if kind := wanted.get("output_format"):
        if kind in FORMATS:
            made["format"] = FORMATS[kind]
        else:
            lost.append("output_format")
    return Encoded(made, (*lost, *(name for name in ELSEWHERE if name in own)))


def follow(answer: JSON, context: Context) -> Next | None:
    """Look at the generation until it is over. Raises UpstreamError where it failed."""
    state = answer["state"]
    if state == "failed":
        raise unmade(answer.get("failure_reason"), context)
    if state == "completed":
        return None
    return Next(to=f"/dream-machine/v1/generations/{id_of(answer)}", after=PACE)


def response(answer: JSON, context: Context) -> JSON:
    """OpenAI's list of one image. Raises UpstreamError where there is none."""
    return listing([answer["assets"].get("image")], context)


IMAGE = Codec(request=request, follow=follow, response=response, error=openai.error, batch=EACH, linked=True)
