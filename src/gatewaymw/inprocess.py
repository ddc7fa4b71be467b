"""The gateway without a socket: transports that hand an SDK's requests straight to it."""

from __future__ import annotations

import asyncio
from asyncio import _get_running_loop
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

from .core.endpoints import OPENAI_DONE
from .core.errors import GatewayError
from .core.routing.reply import Live, Reply
from .inbound import Facts, Inbound, Match

if TYPE_CHECKING:
    from .drivers import aio, sync
    from .gateway import Family, Gateway, Served


def library(family: Family) -> Any:
    if family not in ("httpx", "httpx2"):
        raise ValueError('family must be "httpx" or "httpx2"')
    return import_module(family)


def inbound_of(request: Any, body: bytes, match: Match) -> Inbound:
    headers = {name.lower(): value for name, value in request.headers.items()}
    facts = Facts(request.method, request.url.path, headers, {})
    return Inbound(match, facts, request.url.query.decode("ascii"), body)


def matched(gateway: Gateway, request: Any) -> Match:
    path, names = request.url.path, [name.lower() for name in request.headers]
    found = gateway.match(request.method, path, names) if path.startswith(gateway.prefix + "/") else None
    if found is None:
        hint = f"the SDK's base URL must end in {gateway.prefix}"
        message = f"{request.method} {path} is no path of the gateway; {hint}"
        raise GatewayError(message, status=404, type="not_found_error", code="not_found")
    return found


def unmatched(httpx: Any, request: Any, error: GatewayError) -> Any:
    body = {"error": {"message": error.message, "type": error.type, "param": None, "code": error.code}}
    return httpx.Response(error.status, json=body, request=request)


def response(httpx: Any, request: Any, served: Served, stream: Any) -> Any:
    body = {"content": served.reply.body} if stream is None else {"stream": stream}
    return httpx.Response(served.reply.status, headers=served.headers, request=request, **body)


def live_of(served: Served) -> Live | None:
    return served.reply if isinstance(served.reply, Live) else None


def poured(gateway: Gateway, driver: sync.Driver, live: Live) -> Generator[bytes, None, None]:
    """A stream, and what is to be done after it. SDKs read no further than its last words."""
    piece = b""
    try:
        for piece in driver.pour(live):
            yield piece
    except GeneratorExit:
        if piece.endswith(OPENAI_DONE):
            finish(gateway, driver, live)
        raise
    finish(gateway, driver, live)


async def apoured(gateway: Gateway, driver: aio.Driver, live: Live) -> AsyncGenerator[bytes, None]:
    piece = b""
    try:
        async with aclosing(driver.pour(live)) as pieces:
            async for piece in pieces:
                yield piece
    except GeneratorExit:
        if piece.endswith(OPENAI_DONE):
            await afinish(gateway, driver, live)
        raise
    await afinish(gateway, driver, live)


def finish(gateway: Gateway, driver: sync.Driver, reply: Reply) -> None:
    """What comes after an answer: at once where others wait for it; else by a thread, since nobody does."""
    if driver.leads or not reply.later:
        return driver.afterwards(reply)
    other = gateway.sync_driver()
    Thread(target=other.afterwards, args=(reply,), name="gatewaymw-after", daemon=True).start()


TASKS: set[asyncio.Task[None]] = set()
"""Those under way: their event loop alone would let go of them."""


async def afinish(gateway: Gateway, driver: aio.Driver, reply: Reply) -> None:
    """The same on an event loop; on other loops than asyncio's, where tasks have an owner, at once."""
    if driver.leads or not reply.later or _get_running_loop() is None:
        return await driver.afterwards(reply)
    task = asyncio.create_task(gateway.driver().afterwards(reply))
    TASKS.add(task)
    task.add_done_callback(TASKS.discard)


def sync_transport(gateway: Gateway, family: Family) -> Any:
    httpx = library(family)

    def stream(driver: sync.Driver, live: Live) -> Any:
        pieces = poured(gateway, driver, live)

        def close(body: object) -> None:
            pieces.close()
            driver.__exit__()

        body = {"__iter__": lambda self: pieces, "close": close}
        return type("Stream", (httpx.SyncByteStream,), body)()

    def handle(transport: object, request: Any) -> Any:
        try:
            match = matched(gateway, request)
        except GatewayError as error:
            return unmatched(httpx, request, error)
        driver = gateway.sync_driver()
        try:
            served = driver.run(gateway.serve(inbound_of(request, request.read(), match), known=True))
            live = live_of(served)
            if not live:
                finish(gateway, driver, served.reply)
        except BaseException:
            driver.__exit__()
            raise
        return response(httpx, request, served, stream(driver, live) if live else None)

    return type("GatewayTransport", (httpx.BaseTransport,), {"handle_request": handle})()


def async_transport(gateway: Gateway, family: Family) -> Any:
    httpx = library(family)

    def stream(driver: aio.Driver, live: Live) -> Any:
        pieces = apoured(gateway, driver, live)

        async def aclose(body: object) -> None:
            await pieces.aclose()
            await driver.__aexit__()

        return type(
            "Stream", (httpx.AsyncByteStream,), {"__aiter__": lambda self: pieces, "aclose": aclose}
        )()

    async def handle(transport: object, request: Any) -> Any:
        try:
            match = matched(gateway, request)
        except GatewayError as error:
            return unmatched(httpx, request, error)
        driver = gateway.driver()
        try:
            inbound = inbound_of(request, await request.aread(), match)
            served = await driver.run(gateway.serve(inbound, known=True))
            live = live_of(served)
            if not live:
                await afinish(gateway, driver, served.reply)
        except BaseException:
            await driver.__aexit__()
            raise
        return response(httpx, request, served, stream(driver, live) if live else None)

    return type("AsyncGatewayTransport", (httpx.AsyncBaseTransport,), {"handle_async_request": handle})()
