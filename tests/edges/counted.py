"""An upstream that counts, behind either edge: what a request gets, and what went on to a provider."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx

from callers import Answer, ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, WSGIGateway

Said = Callable[[httpx.Request], httpx.Response]
FINE = {"id": "x", "object": "chat.completion", "choices": []}


def fine(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=FINE)


@dataclass
class Counted:
    """The network, as both kinds of client see it."""

    said: Said = fine
    seen: list[httpx.Request] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return self.said(request)

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self.answer))

    def async_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.answer))


def bytes_of(request: httpx.Request) -> bytes:
    """All of a request that could hold what is not to leave."""
    heads = b"\n".join(name + b": " + value for name, value in request.headers.raw)
    return str(request.url).encode() + b"\n" + heads + b"\n\n" + request.content


@dataclass(frozen=True)
class Edge:
    """One kind of host. `wire` becomes the ASGI scope's or the WSGI environ's."""

    app: Callable[..., Any]
    ask: Callable[..., Answer]


def asgi(upstream: Counted, config: Any = None, host: Any = nothing, **options: Any) -> ASGIGateway:
    return ASGIGateway(host, config, http_client=upstream.async_client(), **options)


def wsgi(upstream: Counted, config: Any = None, host: Any = nothing_wsgi, **options: Any) -> WSGIGateway:
    return WSGIGateway(host, config, http_client=upstream.client(), **options)


def asked(app: Any, *args: Any, **more: Any) -> Answer:
    async def one() -> Answer:
        return await ask(app, *args, **more)

    return anyio.run(one)


def asked_wsgi(app: Any, *args: Any, method: str = "POST", **more: Any) -> Answer:
    return ask_wsgi(app, *args, REQUEST_METHOD=method, **more)


EDGES = {"asgi": Edge(asgi, asked), "wsgi": Edge(wsgi, asked_wsgi)}
