"""A prediction: where it is asked for, and how it goes on.

An official model is called by its name, any other by the id of a version. Where it says `Prefer: wait` a
request lasts up to a minute; what is not done then is looked at until it is.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from ...errors import BadRequest, UpstreamError
from ...model import Context, Next
from ...values import JSON
from ..imagery import unmade
from ..jobs import id_of, worded

OFFICIAL = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
VERSION = re.compile(r"(?:[\w.-]+/[\w.-]+:)?[0-9a-f]{64}", re.ASCII)
WAIT = {"prefer": "wait"}
EVENTS = {"accept": "text/event-stream", "cache-control": "no-store"}
OVER = ("failed", "canceled", "aborted")
PACE = 0.5
"""Seconds to the first look."""


def path(context: Context) -> str:
    """Where predictions of a model are created."""
    return (
        "/predictions" if VERSION.fullmatch(context.model) else f"/models/{quote(context.model)}/predictions"
    )


def predicting(inputs: JSON, model: str) -> JSON:
    """The body that asks a model for a prediction. Raises BadRequest for what is no model."""
    if VERSION.fullmatch(model):
        return {"version": model, "input": inputs}
    if not OFFICIAL.fullmatch(model):
        raise BadRequest(
            "model must be <owner>/<name>, as black-forest-labs/flux-schnell, or the id of a version, with or"
            " without <owner>/<name>: before it",
            param="model",
        )
    return {"input": inputs}


def follow(answer: JSON, context: Context) -> Next | None:
    """Look at the prediction until it is over, or read its stream. Raises UpstreamError where it failed."""
    status = answer["status"]
    if status in OVER:
        raise unmade(answer.get("error") or status, context)
    if context.stream:
        return Next(to=streaming(answer["urls"], context), headers=EVENTS, live=True)
    return None if status == "succeeded" else Next(to=f"/predictions/{id_of(answer)}", after=PACE)


def streaming(urls: JSON, context: Context) -> str:
    if "stream" in urls:
        return worded(urls["stream"])
    raise UpstreamError(
        f"{context.model} does not stream what it writes; leave stream out",
        status=400,
        type="invalid_request_error",
        code="unsupported",
    )
