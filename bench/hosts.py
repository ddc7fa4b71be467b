"""The servers under test, each one process under uvicorn.

    python bench/hosts.py NAME FD UPSTREAM

FD is a listening socket that was inherited, UPSTREAM the address of the provider. Each answers `GET /spent`
with what it has used so far; they differ only in what they do with a request for `/v1`.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable

import httpx
import uvicorn

from gatewaymw import ASGIGateway
from gatewaymw.asgi import App, Receive, Scope, Send
from memory import memory
from samples import OPENAI_WHOLE, compact

JSON = [(b"content-type", b"application/json")]
CPU = "BENCH_CPU"
"""The environment variable that names the processor to stay on."""


def spent() -> bytes:
    """Nanoseconds of CPU, all threads, user and system; MiB resident."""
    return compact({"cpu": time.process_time_ns(), "mib": memory()})


async def body_of(receive: Receive) -> bytes:
    pieces: bytes = b""
    while True:
        message = await receive()
        pieces += message.get("body", b"")
        if not message.get("more_body"):
            return pieces


async def host(scope: Scope, receive: Receive, send: Send) -> None:
    """An app of nobody's: reads the request and answers fixed bytes."""
    await body_of(receive)
    body = spent() if scope["path"] == "/spent" else OPENAI_WHOLE
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [*JSON, length]})
    await send({"type": "http.response.body", "body": body})


def proxy(upstream: str) -> App:
    """The least that passes a request on and streams the answer, by httpx."""
    limits = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
    client = httpx.AsyncClient(limits=limits, timeout=600)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/spent":
            return await host(scope, receive, send)
        headers = [pair for pair in scope["headers"] if pair[0] in (b"authorization", b"content-type")]
        url = upstream + scope["path"]
        request = client.build_request(scope["method"], url, headers=headers, content=await body_of(receive))
        answer = await client.send(request, stream=True)
        try:
            kind = (b"content-type", answer.headers["content-type"].encode())
            await send({"type": "http.response.start", "status": answer.status_code, "headers": [kind]})
            async for data in answer.aiter_raw():
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body"})
        finally:
            await answer.aclose()

    return app


def identity(upstream: str) -> App:
    return ASGIGateway(host, {"provider": "openai", "custom_host": f"{upstream}/v1"})


def translated(upstream: str) -> App:
    return ASGIGateway(host, {"provider": "anthropic", "custom_host": f"{upstream}/v1"})


HOSTS: dict[str, Callable[[str], App]] = {
    "host": lambda upstream: host,
    "proxy": proxy,
    "identity": identity,
    "translated": translated,
}


def main(name: str, fd: str, upstream: str) -> None:
    if cpu := os.environ.get(CPU):
        os.sched_setaffinity(0, {int(cpu)})
    config = uvicorn.Config(HOSTS[name](upstream), access_log=False, log_level="warning", lifespan="off")
    uvicorn.Server(config).run([socket.socket(fileno=int(fd))])


if __name__ == "__main__":
    main(*sys.argv[1:])
