"""The default transport: httpx's own connections, a stack of them per origin, called directly.

`httpx.Client` would build a request, a response and a cookie jar per call; `httpcore`, the engine
under it, does the same work on the wire for a fraction of the CPU (docs/decisions/005).
"""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

import anyio
import httpcore

from ..core.values import Failure, Request
from .backends import EXPIRES, AsyncDialler, AsyncPatient, Dialler, Patient
from .limits import CONNECTING, CONNECTIONS, EXPIRY, KEPT, WRITING, tls
from .stack import AsyncStack, Stack
from .transport import (
    BROKEN,
    BUSY,
    CONNECT,
    PROTOCOL,
    SILENT,
    TIMEOUT,
    TLS,
    UNREACHABLE,
    AsyncOpened,
    Opened,
    Unreachable,
    as_asked,
    is_cut,
    is_tls,
    opened,
    plain,
)


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
    pool = request.timeout if hurried(request) else CONNECTING
    connect = request.connect if given(request) else pool
    timeouts = {"connect": connect, "pool": pool, "write": WRITING}
    content = Content(request.body)
    return httpcore.Request(
        request.method, at, headers=headers, content=content, extensions={"timeout": timeouts}
    )


class Content:
    """A body to send. httpcore's own is a generator, which trio warns of where it is not used up."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        return iter((self._data,))

    def __aiter__(self) -> Once:
        return Once(self._data)


class Once:
    __slots__ = ("_left",)

    def __init__(self, data: bytes) -> None:
        self._left = [data]

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()


def hurried(request: Request) -> bool:
    """Whether the whole head must be here before a connection would have to be."""
    return request.timeout is not None and request.timeout <= CONNECTING


def given(request: Request) -> bool:
    """Whether a connection has a time of its own, which is over before the head's."""
    return request.connect is not None and (request.timeout is None or request.connect < request.timeout)


def failure_of(error: Exception, request: Request) -> Failure:
    """What an error of httpcore's means to the core, where no answer had begun."""
    if isinstance(error, httpcore.ConnectTimeout) and (given(request) or not hurried(request)):
        return CONNECT
    if isinstance(error, httpcore.PoolTimeout) and not hurried(request):
        return BUSY
    if isinstance(error, httpcore.TimeoutException):
        return TIMEOUT
    if isinstance(error, httpcore.ConnectError):
        return TLS if is_tls(error) else UNREACHABLE
    return broken_off(error)


def broken_off(error: Exception) -> Failure:
    """The same where it had."""
    if isinstance(error, httpcore.TimeoutException):
        return SILENT
    return PROTOCOL if isinstance(error, httpcore.ProtocolError) and not is_cut(error) else BROKEN


ERRORS = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError)
"""The last of them is what TLS says of a damaged record."""


class AsyncPool:
    """An AsyncTransport for one origin, or for all those that callers choose."""

    def __init__(
        self,
        guarded: bool = False,
        dialler: AsyncDialler | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        trusted, dial = context or tls(), dialler or AsyncDialler(guarded)

        def connect(origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
            return httpcore.AsyncHTTPConnection(origin, trusted, EXPIRY, network_backend=dial)

        self._pool = AsyncStack(connect, CONNECTIONS, KEPT)

    def __repr__(self) -> str:
        return repr(self._pool)

    async def send(self, request: Request) -> AsyncOpened:
        try:
            with anyio.fail_after(request.timeout):
                response = await self._pool.handle_async_request(outgoing(request))
        except TimeoutError:
            raise Unreachable(TIMEOUT) from None
        except ERRORS as error:
            raise Unreachable(failure_of(error, request)) from None
        return await opened(response.status, response.headers, AsyncPoolBody(response))

    async def aclose(self) -> None:
        await self._pool.aclose()


async def hang_up(stream: Any, chunks: AsyncIterator[bytes], *errors: type[Exception]) -> None:
    """Close a connection in the middle of a body, and let its reader meet the end of it.

    The reader is generators within each other. Dropped where they stand they would wait for the
    garbage collector, which trio warns of; an error ends them all.
    """
    with anyio.CancelScope(shield=True), suppress(*errors):
        await stream.aclose()
        async for _ in chunks:
            pass


class AsyncPoolBody:
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response
        self._chunks: AsyncIterator[bytes] = response.aiter_stream()
        stream: Any = response.extensions["network_stream"]
        self._stream: AsyncPatient = stream
        self._read_on = True

    async def read(self, seconds: float | None) -> bytes:
        self._stream.patience = seconds
        try:
            async for data in self._chunks:
                return data
        except ERRORS as error:
            raise Unreachable(broken_off(error)) from None
        self._read_on = False
        return b""

    async def aclose(self) -> None:
        self._stream.patience = None
        if self._read_on:
            await hang_up(self._stream, self._chunks, *ERRORS)
        await self._response.aclose()


class Pool:
    """The same over blocking sockets."""

    def __init__(
        self, guarded: bool = False, dialler: Dialler | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        trusted, dial = context or tls(), dialler or Dialler(guarded)

        def connect(origin: httpcore.Origin) -> httpcore.HTTPConnection:
            return httpcore.HTTPConnection(origin, trusted, EXPIRY, network_backend=dial)

        self._pool = Stack(connect, CONNECTIONS, KEPT)

    def __repr__(self) -> str:
        return repr(self._pool)

    def send(self, request: Request) -> Opened:
        expires = None if request.timeout is None else time.monotonic() + request.timeout
        before = EXPIRES.set(expires)
        try:
            response = self._pool.handle_request(outgoing(request))
        except ERRORS as error:
            raise Unreachable(failure_of(error, request)) from None
        finally:
            EXPIRES.reset(before)
        body = PoolBody(response)
        try:
            return Opened(response.status, as_asked(plain(response.headers)), body)
        except Unreachable:
            body.close()
            raise

    def close(self) -> None:
        self._pool.close()


class PoolBody:
    resumes = False  # httpcore gives a body up with the first read that is late

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
            raise Unreachable(broken_off(error)) from None

    def close(self) -> None:
        self._stream.patience = None
        self._response.close()
