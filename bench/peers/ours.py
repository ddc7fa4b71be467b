"""The hosts that the gateway is measured in, started as a user would, and bare proxies beside them.

UPSTREAM=http://127.0.0.1:9000 python -m uvicorn peers.ours:identity
UPSTREAM=http://127.0.0.1:9000 python -m gunicorn --worker-class gthread peers.ours:wsgi_identity
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import httpx

from gatewaymw import ASGIGateway, WSGIGateway
from gatewaymw.asgi import App, Receive, Scope, Send
from gatewaymw.core.values import Request
from gatewaymw.drivers.transport import AsyncWhole
from gatewaymw.drivers.wire.aio import AsyncWire

Start = Callable[..., object]
KEPT = ("content-type", "content-length")
"""Headers of an answer that the bare proxies pass on."""
ASKED = {"authorization": "Bearer sk-held-by-the-operator", "content-type": "application/json"}
UPSTREAM = os.environ.get("UPSTREAM", "http://127.0.0.1:9000")


async def host(scope: Scope, receive: Receive, send: Send) -> None:
    """An app with nothing of its own."""
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def wsgi_host(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    start("404 Not Found", [("content-length", "0")])
    return [b""]


def config(provider: str) -> dict[str, str]:
    """The operator's key, and the upstream for its provider."""
    return {"provider": provider, "api_key": "sk-held-by-the-operator", "custom_host": f"{UPSTREAM}/v1"}


@cache
def client() -> httpx.Client:
    limits = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
    return httpx.Client(limits=limits, timeout=600, trust_env=False)


def wsgi_httpx(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """The least that passes a request on and streams the answer, by a blocking httpx."""
    headers = ASKED
    content = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    asked = client().build_request("POST", UPSTREAM + environ["PATH_INFO"], headers=headers, content=content)
    answer = client().send(asked, stream=True)
    kept = [(name, answer.headers[name]) for name in KEPT if name in answer.headers]
    start(f"{answer.status_code} {answer.reason_phrase}", kept)
    try:
        yield from answer.iter_raw()
    finally:
        answer.close()


@cache
def transport() -> AsyncWire:
    return AsyncWire()


async def passing(scope: Scope, receive: Receive, send: Send) -> None:
    """The least that passes a request on and its answer back by the gateway's transport: what a gateway in
    Python cannot go below."""
    if scope["type"] != "http":
        return await host(scope, receive, send)
    asked = await receive()
    body = asked["body"]
    while asked["more_body"]:
        asked = await receive()
        body += asked["body"]
    url, patience = UPSTREAM + scope["path"], 600.0
    status, headers, answer = await transport().send(Request("POST", url, ASKED, body, patience, patience))
    kept = [(name.encode(), headers[name].encode()) for name in KEPT if name in headers]
    await send({"type": "http.response.start", "status": status, "headers": kept})
    if isinstance(answer, AsyncWhole):
        return await send({"type": "http.response.body", "body": answer.data, "more_body": False})
    try:
        while data := await answer.read(patience):
            await send({"type": "http.response.body", "body": data, "more_body": True})
    finally:
        await answer.aclose()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


APPS: dict[str, Callable[[], App | Callable[..., Iterable[bytes]]]] = {
    "identity": lambda: ASGIGateway(host, config("openai"), auth="public"),
    "translated": lambda: ASGIGateway(host, config("anthropic"), auth="public"),
    "wsgi_identity": lambda: WSGIGateway(wsgi_host, config("openai"), auth="public"),
    "wsgi_translated": lambda: WSGIGateway(wsgi_host, config("anthropic"), auth="public"),
}


def __getattr__(name: str) -> App | Callable[..., Iterable[bytes]]:
    """Each process makes the one app it serves."""
    if name not in APPS:
        raise AttributeError(name)
    return APPS[name]()
