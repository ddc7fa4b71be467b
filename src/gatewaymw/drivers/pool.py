"""The default transport: httpx's own connection pools, one per origin, called directly.

`httpx.Client` would build a request, a response and a cookie jar per call; `httpcore`, the engine
under it, does the same work on the wire for a fraction of the CPU (docs/decisions/005).
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from typing import Any

import anyio
import httpcore

from ..core.values import Failure, Request
from .dial import AsyncDialler, Dialler, Patient
from .transport import (
    BROKEN,
    BUSY,
    CONNECT,
    ENCODED,
    PROTOCOL,
    SILENT,
    TIMEOUT,
    TLS,
    UNREACHABLE,
    AsyncOpened,
    Opened,
    Unreachable,
    plain,
)

CONNECTIONS = 1000
"""At most so many connections to one origin, as the official SDKs have it."""
KEPT = 100
EXPIRY = 30.0
CONNECTING = 10.0
WRITING = 60.0
HEADERS = 64 * 1024


@lru_cache(1)
def tls() -> ssl.SSLContext:
    """One context for all: building one reads a file of certificates."""
    return httpcore.default_ssl_context()


@lru_cache(1024)
def address(url: str) -> tuple[httpcore.URL, bytes]:
    """A URL taken apart, and its Host header."""
    at = httpcore.URL(url)
    return at, host(at)


def host(at: httpcore.URL) -> bytes:
    default = {b"http": 80, b"https": 443}.get(at.scheme)
    name = b"[" + at.host + b"]" if b":" in at.host else at.host
    return name if at.port in (None, default) else b"%b:%d" % (name, at.port)


def outgoing(request: Request) -> httpcore.Request:
    at, name = address(request.url)
    headers = [(b"host", name)]
    headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()]
    if request.body or request.method not in ("GET", "HEAD", "DELETE"):
        headers.append((b"content-length", b"%d" % len(request.body)))
    limit = request.timeout
    connect = CONNECTING if limit is None else min(limit, CONNECTING)
    timeouts = {"connect": connect, "pool": connect, "write": WRITING, "read": limit}
    return httpcore.Request(
        request.method, at, headers=headers, content=request.body, extensions={"timeout": timeouts}
    )


def failure_of(error: Exception, head: bool) -> Failure:
    """What an error of httpcore's means to the core; `head` where no answer had begun."""
    if isinstance(error, httpcore.PoolTimeout):
        return BUSY
    if isinstance(error, httpcore.ConnectTimeout):
        return CONNECT
    if isinstance(error, httpcore.TimeoutException):
        return TIMEOUT if head else SILENT
    if isinstance(error, httpcore.ConnectError):
        return TLS if "certificate" in str(error).lower() or "ssl" in str(error).lower() else UNREACHABLE
    return BROKEN if isinstance(error, httpcore.NetworkError) else PROTOCOL


ERRORS = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


def opened_headers(response: httpcore.Response) -> dict[str, str]:
    headers = plain(response.headers)
    if headers.get("content-encoding", "identity") != "identity":
        raise Unreachable(ENCODED)
    return headers


class AsyncPool:
    """An AsyncTransport for one origin, or for all those that callers choose."""

    def __init__(self, guarded: bool = False) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            tls(), None, CONNECTIONS, KEPT, EXPIRY, network_backend=AsyncDialler(guarded)
        )

    async def send(self, request: Request) -> AsyncOpened:
        try:
            with anyio.fail_after(request.timeout):
                response = await self._pool.handle_async_request(outgoing(request))
        except TimeoutError:
            raise Unreachable(TIMEOUT) from None
        except ERRORS as error:
            raise Unreachable(failure_of(error, head=True)) from None
        body = AsyncPoolBody(response)
        try:
            return AsyncOpened(response.status, opened_headers(response), body)
        except Unreachable:
            await body.aclose()
            raise

    async def aclose(self) -> None:
        await self._pool.aclose()


class AsyncPoolBody:
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response
        self._chunks: AsyncIterator[bytes] = response.aiter_stream()

    async def read(self, seconds: float | None) -> bytes:
        try:
            with anyio.fail_after(seconds):
                return await anext(self._chunks, b"")
        except TimeoutError:
            raise Unreachable(SILENT) from None
        except ERRORS as error:
            raise Unreachable(failure_of(error, head=False)) from None

    async def aclose(self) -> None:
        await self._response.aclose()


class Pool:
    """The same over blocking sockets."""

    def __init__(self, guarded: bool = False) -> None:
        self._pool = httpcore.ConnectionPool(
            tls(), None, CONNECTIONS, KEPT, EXPIRY, network_backend=Dialler(guarded)
        )

    def send(self, request: Request) -> Opened:
        try:
            response = self._pool.handle_request(outgoing(request))
        except ERRORS as error:
            raise Unreachable(failure_of(error, head=True)) from None
        body = PoolBody(response)
        try:
            return Opened(response.status, opened_headers(response), body)
        except Unreachable:
            body.close()
            raise

    def close(self) -> None:
        self._pool.close()


class PoolBody:
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response
        self._chunks: Iterator[bytes] = response.iter_stream()
        stream: Any = response.extensions["network_stream"]
        self._stream: Patient = stream

    def read(self, seconds: float | None) -> bytes:
        self._stream.patience = seconds
        try:
            return next(self._chunks, b"")
        except ERRORS as error:
            raise Unreachable(failure_of(error, head=False)) from None

    def close(self) -> None:
        self._stream.patience = None
        self._response.close()
