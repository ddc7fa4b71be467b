"""A client the host hands in: `httpx` or its successor `httpx2`, sync or async, as it is.

Its own settings (proxies, HTTP/2, certificates, mock transports) hold. It cannot check addresses
at the moment of dialling, so requests whose host a caller chose are refused, not sent. A sync one
has a single patience for all of a body: the first event of a stream may take as long as any other.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import suppress
from types import ModuleType
from typing import Any

import anyio

from ..core.errors import ConfigError
from ..core.values import Failure, Request
from .transport import (
    BROKEN,
    PROTOCOL,
    REFUSED,
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
    plain,
)


def family(client: object) -> ModuleType:
    """The module a client comes from: its errors are that module's, by httpx's names.

    Raises ConfigError for anything else.
    """
    for base in type(client).__mro__:
        name = base.__module__.partition(".")[0]
        if name in ("httpx", "httpx2") and hasattr(client, "build_request"):
            return sys.modules[name]
    raise ConfigError("must be a Client or AsyncClient of httpx or httpx2", path="http_client")


def failure_of(error: Exception, httpx: Any, head: bool) -> Failure:
    if isinstance(error, httpx.TimeoutException):
        return TIMEOUT if head else SILENT
    if isinstance(error, httpx.ConnectError):
        return TLS if is_tls(error) else UNREACHABLE
    return BROKEN if isinstance(error, httpx.NetworkError) or is_cut(error) else PROTOCOL


def built(client: Any, httpx: Any, request: Request) -> Any:
    if request.guarded:
        raise Unreachable(REFUSED)
    made = client.build_request(
        request.method,
        request.url,
        headers=[
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()
        ],
        content=request.body,
        timeout=httpx.Timeout(request.timeout, connect=connecting(request)),
    )
    for name in ("accept", "cookie"):  # the client's own additions are none of the upstream's business
        if name not in request.headers:
            made.headers.pop(name, None)
    return made


def connecting(request: Request) -> float | None:
    """Seconds for a connection, which are a part of those for the head."""
    if request.connect is None or request.timeout is None:
        return request.connect or request.timeout
    return min(request.connect, request.timeout)


def patient(made: Any, seconds: float | None) -> None:
    """Wait so long for each read from now on: the engine looks when it begins a body."""
    made.extensions["timeout"]["read"] = seconds


def opened_headers(response: Any) -> Mapping[str, str]:
    """The headers, with HTTP/2's own of a status where it is spoken: a body that ends is whole there."""
    headers = as_asked(plain(response.headers.raw))
    if response.extensions.get("http_version") != b"HTTP/2":
        return headers
    return {":status": str(response.status_code), **headers}


async def leave(chunks: AsyncGenerator[bytes, None], *errors: type[Exception]) -> None:
    """Read no more of a body: whoever is about to wait for more of it is cancelled.

    The reader is generators within each other, which trio warns of where they are dropped as they stand. A
    body that has come as a whole just ends, and its connection serves again.
    """
    with anyio.CancelScope() as scope, suppress(*errors):
        scope.cancel()
        async for _ in chunks:
            pass


class AsyncHanded:
    """An AsyncTransport over an AsyncClient; closing it is left to whoever made it, unless it is `ours`."""

    def __init__(self, client: Any, ours: bool = False) -> None:
        self._client, self._httpx, self._ours = client, family(client), ours

    async def send(self, request: Request) -> AsyncOpened:
        made = built(self._client, self._httpx, request)
        patient(made, None)  # the time-outs here are told by anyio
        try:
            with anyio.fail_after(request.timeout):
                response = await self._client.send(made, stream=True, follow_redirects=False)
        except TimeoutError:
            raise Unreachable(TIMEOUT) from None
        except self._httpx.TransportError as error:
            raise Unreachable(failure_of(error, self._httpx, head=True)) from None
        try:
            return AsyncOpened(
                response.status_code, opened_headers(response), AsyncHandedBody(response, self._httpx)
            )
        except Unreachable:
            await response.aclose()
            raise

    async def aclose(self) -> None:
        if self._ours:
            await self._client.aclose()


class AsyncHandedBody:
    def __init__(self, response: Any, httpx: Any) -> None:
        self._response, self._httpx = response, httpx
        # A mock transport may hand over a body that is read already: raw, it can be had only once.
        read = response.is_stream_consumed
        self._chunks: AsyncGenerator[bytes, None] = response.aiter_bytes() if read else response.aiter_raw()
        self._read_on = True

    async def read(self, seconds: float | None) -> bytes:
        try:
            with anyio.fail_after(seconds):
                async for data in self._chunks:
                    return data
        except TimeoutError:
            raise Unreachable(SILENT) from None
        except self._httpx.TransportError as error:
            raise Unreachable(failure_of(error, self._httpx, head=False)) from None
        self._read_on = False
        return b""

    async def aclose(self) -> None:
        told = self._response.extensions
        if self._read_on and told.get("http_version") != b"HTTP/2" and "network_stream" in told:
            await leave(self._chunks, self._httpx.TransportError)
        await self._chunks.aclose()
        await self._response.aclose()


class Handed:
    """A Transport over a sync Client."""

    def __init__(self, client: Any, ours: bool = False) -> None:
        self._client, self._httpx, self._ours = client, family(client), ours

    def send(self, request: Request) -> Opened:
        made = built(self._client, self._httpx, request)
        try:
            response = self._client.send(made, stream=True, follow_redirects=False)
        except self._httpx.TransportError as error:
            raise Unreachable(failure_of(error, self._httpx, head=True)) from None
        patient(made, request.idle)
        try:
            return Opened(response.status_code, opened_headers(response), HandedBody(response, self._httpx))
        except Unreachable:
            response.close()
            raise

    def close(self) -> None:
        if self._ours:
            self._client.close()


class HandedBody:
    resumes = False  # a client gives a body up with the first read that is late

    def __init__(self, response: Any, httpx: Any) -> None:
        self._response, self._httpx = response, httpx
        read = response.is_stream_consumed
        self._chunks: Iterator[bytes] = response.iter_bytes() if read else response.iter_raw()

    def read(self, seconds: float | None) -> bytes:
        try:
            return next(self._chunks, b"")
        except self._httpx.TransportError as error:
            raise Unreachable(failure_of(error, self._httpx, head=False)) from None

    def close(self) -> None:
        self._response.close()
