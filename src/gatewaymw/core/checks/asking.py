"""Asking somebody else over HTTP: with little time, little to read, and no credential of a client's."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .. import json
from ..commands import Flow, send
from ..values import Answer, Failure, Request
from .model import Address

LONGEST = 2**20
"""Bytes of an answer."""
AGENT = "gatewaymw"
WORDS: Mapping[str, str] = {
    "timeout": "took too long",
    "connect": "could not be reached",
    "broken": "broke off, or did not speak HTTP as it should",
    "refused": "is at no public address",
}
SECRET = re.compile(
    r"auth|cookie|key|token|secret|passw|credential|session|signature|jwt|csrf|xsrf|assertion"
    r"|^x-gateway-|^x-portkey-|^x-amz-|^x-goog-|^proxy-|^forwarded$|^x-forwarded-client-cert$"
)
"""Headers by which somebody could pass for the client, or which tell the gateway what keys to use."""


def harmless(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers that may be told to others."""
    return {name: value for name, value in headers.items() if not SECRET.search(name.lower())}


def get(address: Address, seconds: float, limit: int = LONGEST) -> Flow[Answer | str]:
    """What is at an address, or why it is not known."""
    headers = {"user-agent": AGENT, "accept": "application/json"}
    return (yield from _answer(Request("GET", address.url, headers), address, seconds, limit))


def post(
    address: Address, payload: Mapping[str, object], headers: Mapping[str, str], seconds: float
) -> Flow[Answer | str]:
    """What somebody answers to JSON, or why it is not known."""
    told = {"user-agent": AGENT, **headers, "content-type": "application/json"}
    request = Request("POST", address.url, told, json.dumps(payload))
    return (yield from _answer(request, address, seconds, LONGEST))


def _answer(request: Request, address: Address, seconds: float, limit: int) -> Flow[Answer | str]:
    outcome = yield from send(
        Request(
            request.method,
            request.url,
            request.headers,
            request.body,
            timeout=seconds,
            idle=seconds,
            limit=limit,
            guarded=address.guarded,
        )
    )
    if isinstance(outcome, Failure):
        return WORDS[outcome.kind]
    return outcome if outcome.ok else f"answered {outcome.status}"
