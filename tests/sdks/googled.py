"""What google-genai itself sends, caught on its way out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import httpx2
from google.genai import Client
from google.genai.types import HttpOptions
from google.oauth2.credentials import Credentials
from ours import KEY, where

from gatewaymw.core.values import Request

PROJECT, REGION = "proj", "us-east5"
CLOUD = {"vertex_project_id": PROJECT, "vertex_region": REGION}
"""The gateway's options for what the SDK is told below."""

Asking = Callable[[Client], Any]
"""A call of the SDK's client."""


class Sent(NamedTuple):
    """A request, as far as the two must agree."""

    method: str
    host: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: Any


HEADERS = ("content-type", "x-goog-api-key", "authorization")


CAUGHT: list[httpx2.Request] = []
"""What the SDK sent for the latest call."""


def answer(request: httpx2.Request) -> httpx2.Response:
    """Nothing, as an answer."""
    CAUGHT.append(request)
    return httpx2.Response(200, headers={"content-type": "application/json"}, json={})


@cache
def studio() -> Client:
    """A client of the Gemini API, in its version with all features: the one the gateway speaks."""
    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    return Client(api_key=KEY, http_options=HttpOptions(api_version="v1beta", httpx_client=http))


@cache
def cloud(region: str = REGION) -> Client:
    """A client of Vertex AI, in its version that is no beta: the one the gateway speaks."""
    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    return Client(
        vertexai=True,
        project=PROJECT,
        location=region,
        credentials=Credentials(token=KEY),
        http_options=HttpOptions(api_version="v1", httpx_client=http),
    )


def theirs(asking: Asking, client: Client) -> Sent:
    """What the SDK sends for a call."""
    CAUGHT.clear()
    answered = asking(client)
    if isinstance(answered, Iterator):
        assert not [each for each in answered if each.candidates]
    (request,) = CAUGHT
    return sent(request.method, str(request.url), request.headers, request.content)


def taken(request: Request) -> Sent:
    """What the gateway sends."""
    return sent(request.method, request.url, request.headers, request.body)


def sent(method: str, url: str, headers: Any, body: bytes) -> Sent:
    path, query = where(url)
    named = {name: headers[name] for name in HEADERS if name in headers}
    return Sent(method, httpx2.URL(url).host, path, query, named, plain(json.loads(body)))


# ── what is written in two ways and means the same ───────────────────────

IDLE = frozenset({("systemInstruction", "role"), ("content", "role")})
"""Roles of contents that are no turn of a conversation, for which alone they are there: "otherwise can be
left blank or unset" (https://ai.google.dev/api/caching#Content)."""
EMPTY: tuple[str, dict[str, Any]] = ("generationConfig", {})
"""Settings that set nothing."""
BYTES = frozenset({"data", "thoughtSignature"})
OWN = frozenset({"args", "response", "parametersJsonSchema", "responseJsonSchema", "labels"})
"""Objects of the client's own, which are left as they are."""


def plain(value: Any, name: str = "") -> Any:
    """A body in one of the spellings that mean the same.

    JSON of protocol buffers (https://protobuf.dev/programming-guides/json/): fields may be named in
    snake_case or lowerCamelCase, and bytes be in either alphabet of base64.
    """
    if isinstance(value, list):
        return [plain(each, name) for each in value]
    if isinstance(value, dict) and name not in OWN:
        given = {camel(key): plain(each, camel(key)) for key, each in value.items()}
        return {key: each for key, each in given.items() if (name, key) not in IDLE and (key, each) != EMPTY}
    if isinstance(value, str) and name in BYTES:
        return value.replace("-", "+").replace("_", "/")
    # Google's pages write levels in small letters, its SDK in capitals (https://ai.google.dev/gemini-api/docs/thinking).
    return value.upper() if name == "thinkingLevel" else value


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
