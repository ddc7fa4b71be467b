"""Checks that are made elsewhere: a webhook that judges, and a listener that is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import json
from ..commands import Flow
from ..values import Env
from .asking import harmless, post
from .findings import found, unjudged
from .model import Finding, Given, Subject
from .parameters import address, fields, within
from .registry import inquiry
from .requests import request_type
from .texts import inspected

SECONDS = within("timeout", "how long it may take", 3000)
HEADERS = fields("headers", "sent with it")


def payload(subject: Subject) -> dict[str, Any]:
    """What others are told: what is inspected, as the original tells it, without any header."""
    output = subject.kind == "output"
    return {
        "request": {
            "json": subject.request,
            "text": inspected("input", subject.request, "last"),
            "isStreamingRequest": subject.stream,
            "isTransformed": False,
        },
        "response": {
            "json": subject.body if output else {},
            "text": subject.text if output else "",
            "statusCode": subject.status,
            "isTransformed": False,
        },
        "provider": subject.provider,
        "requestType": request_type(subject.endpoint),
        "metadata": subject.metadata,
        "eventType": "afterRequestHook" if output else "beforeRequestHook",
    }


@inquiry(
    "default.webhook",
    address("webhookURL", "is sent what is inspected; answers {verdict, data?, transformedData?}"),
    HEADERS,
    SECONDS,
    words="the webhook says so; it may change the body (`transformedData.request.json`, `.response.json`)",
)
def webhook(subject: Subject, given: Given, env: Env) -> Flow[Finding]:
    outcome = yield from post(given["webhookURL"], payload(subject), given["headers"], given["timeout"])
    if isinstance(outcome, str):
        return unjudged(f"the webhook {outcome}")
    try:
        said = json.loads(outcome.body)
    except ValueError:
        said = None
    if not isinstance(said, Mapping) or not isinstance(said.get("verdict"), bool):
        return unjudged("the webhook's answer is no JSON with a verdict of true or false")
    made = found(said["verdict"], "the webhook said so", None, responseData=said.get("data"))
    return Finding(made.verdict, None, made.data, transformed(said, subject.kind))


def transformed(said: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    """The body in an answer's `transformedData`, of the side that is inspected."""
    at: Any = said
    for step in ("transformedData", "request" if kind == "input" else "response", "json"):
        at = at.get(step) if isinstance(at, Mapping) else None
    return at if isinstance(at, Mapping) and at else None


@inquiry(
    "default.log",
    address("logURL", "is sent what is inspected, with such headers of the client as are no credentials"),
    HEADERS,
    SECONDS,
    words="it was delivered",
)
def log(subject: Subject, given: Given, env: Env) -> Flow[Finding]:
    told = payload(subject)
    told["request"]["headers"] = harmless(subject.headers)
    outcome = yield from post(given["logURL"], told, given["headers"], given["timeout"])
    if isinstance(outcome, str):
        return unjudged(f"the listener {outcome}")
    return found(True, "the listener was told")
