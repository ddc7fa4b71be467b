"""The request that the gateway makes of a client's, to lay beside the one that a provider's own SDK makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from gatewaymw.core import json
from gatewaymw.core.endpoints import CHAT, Endpoint
from gatewaymw.core.plan import Credential, Target
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.encode import prepare
from gatewaymw.core.values import NOTHING, Call, Env, Request, Secret

KEY = "k-test"
CLOCK = 1_700_000_000.0
ENV = Env(random=lambda: 0.5, now=lambda: 0.0, clock=lambda: CLOCK, new_id=lambda: "id")


class Case(NamedTuple):
    """One call, made twice: by a client of the gateway's, and with a provider's own SDK."""

    id: str
    body: dict[str, Any]
    asking: Callable[[Any], Any]
    """The call of the SDK's client."""


def ours(
    provider: str,
    body: Mapping[str, Any],
    endpoint: Endpoint = CHAT,
    *,
    key: str = KEY,
    headers: Mapping[str, str] = NOTHING,
    **options: str,
) -> Request:
    """What is sent to a provider for a body of OpenAI's, and headers, with lower-case names, of the client.

    Raises GatewayError where it cannot be.
    """
    credential = Credential(Secret(key), held=True) if key else None
    target = Target(path="config", provider=PROVIDERS[provider], credential=credential, options=options)
    call = Call(
        endpoint=endpoint,
        method=endpoint.method,
        path=endpoint.path,
        query="",
        headers=headers,
        raw=json.dumps(body),
        body=body,
        deadline=600.0,
    )
    flow = prepare(target, call, ENV)
    try:
        command = next(flow)
    except StopIteration as made:
        request: Request = made.value.request
        return request
    raise AssertionError(f"the request cannot be made without asking for {command}")


def where(url: str) -> tuple[str, list[tuple[str, str]]]:
    """Path and query of an address; escapes that mean the same are the same."""
    place = urlsplit(url)
    return unquote(place.path), sorted(parse_qsl(place.query, keep_blank_values=True))
