"""The transport over aiohttp, for who trusts it more than ours and has it (`transport="aiohttp"`).

Its sessions are used for connections alone: no cookies, redirects, proxies, decompression or headers of
its own. Docs: https://docs.aiohttp.org/en/stable/client_reference.html
"""

from __future__ import annotations

import asyncio
import io
import socket
import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import aiohttp
import anyio
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict
from yarl import URL

from ..core.values import Failure, Request
from .dial import EYEBALLS, UNKNOWN, AsyncResolve, checked, quick
from .limits import CONNECTING, CONNECTIONS, EXPIRY, tls
from .transport import (
    BROKEN,
    CONNECT,
    PROTOCOL,
    SILENT,
    TIMEOUT,
    TLS,
    UNREACHABLE,
    AsyncOpened,
    Unreachable,
    opened,
)
from .wire.answer import HEAD
from .wire.origin import BODILESS, place
from .wire.places import Places

OWN = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers it would add."""


class Resolver(AbstractResolver):
    """Asks for the addresses of a name once a connection, and checks them where a caller chose the name."""

    def __init__(self, guarded: bool, resolve: AsyncResolve) -> None:
        self._guarded, self._find = guarded, resolve

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found = list(await self._find(host, port, type=socket.SOCK_STREAM))
        except UNKNOWN:
            raise Unreachable(UNREACHABLE) from None
        if self._guarded or not found:
            checked(found)
        return [result(host, entry) for entry in found]

    async def close(self) -> None:
        """There is nothing to close."""


def result(host: str, entry: Any) -> ResolveResult:
    family, _, protocol, _, address = entry
    return ResolveResult(
        hostname=host, host=address[0], port=address[1], family=family, proto=protocol, flags=0
    )


def opener(guarded: bool) -> Callable[[Any], socket.socket]:
    """What makes the sockets: the last to see an address, also one that no resolver was asked for."""

    def opened(entry: Any) -> socket.socket:
        if guarded:
            checked([entry])
        return quick(socket.socket(entry[0], entry[1], entry[2]))

    return opened


class Connector(aiohttp.TCPConnector):
    """Uses no connection again on which something came while it was at rest: it would be taken for the next
    answer. There is no public place to look."""

    async def _get(self, key: Any, traces: Any) -> Any:
        while (made := await super()._get(key, traces)) is not None:
            if made.protocol is not None and not made.protocol.should_close:
                return made
            made.close()
        return None


@lru_cache(64)
def patience(connect: float) -> aiohttp.ClientTimeout:
    """All other times are kept here."""
    return aiohttp.ClientTimeout(total=None, sock_connect=connect)


class AsyncAiohttp:
    """An AsyncTransport on asyncio, for one origin, or for all those that callers choose."""

    def __init__(
        self,
        guarded: bool = False,
        *,
        resolve: AsyncResolve = anyio.getaddrinfo,
        context: ssl.SSLContext | None = None,
        most: int = CONNECTIONS,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._places = Places(most)
        self._session = aiohttp.ClientSession(
            connector=Connector(
                ssl=context or tls(),
                limit=most,
                keepalive_timeout=EXPIRY,
                use_dns_cache=False,
                resolver=Resolver(guarded, resolve),
                socket_factory=opener(guarded),
                happy_eyeballs_delay=EYEBALLS,
            ),
            timeout=patience(CONNECTING),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=OWN,
            trust_env=False,
            max_line_size=HEAD,
            max_field_size=HEAD,
        )

    def __repr__(self) -> str:
        return f"<AsyncAiohttp [Connections: {self._places.taken} active]>"

    async def send(self, request: Request) -> AsyncOpened:
        at, headers = address(request.url), outgoing(request)
        until = None if request.timeout is None else self._loop.time() + request.timeout
        if not self._places.take():
            await self._places.wait_until(until)
        response = None
        try:
            async with asyncio.timeout_at(until):
                response = await self._session.request(
                    request.method,
                    at,
                    headers=headers,
                    data=content(request),
                    allow_redirects=False,
                    timeout=patience(request.connect or CONNECTING),
                )
        except (aiohttp.ClientError, OSError, Unreachable) as error:
            raise Unreachable(failure_of(error)) from None
        finally:
            if response is None:
                self._places.give()
        body = AsyncAiohttpBody(response, self._places)
        return await opened(response.status, response.raw_headers, body)

    async def aclose(self) -> None:
        await self._session.close()
        await asyncio.sleep(0)


class AsyncAiohttpBody:
    """A body that gives its connection back when it is closed."""

    def __init__(self, response: aiohttp.ClientResponse, places: Places) -> None:
        self._response, self._places = response, places
        self._open = True

    async def read(self, seconds: float | None) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                return await self._response.content.readany()
        except TimeoutError:
            raise Unreachable(SILENT) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(failure_of(error)) from None

    async def aclose(self) -> None:
        if self._open:
            self._open = False
            self._response.close()  # what was read to its end is at rest already, and stays there
            self._places.give()


@lru_cache(1024)
def address(url: str) -> URL:
    """A URL as it is. Raises Unreachable where it leads nowhere."""
    at = place(url)
    return URL(f"{'https' if at.origin.secure else 'http'}://{at.host}{at.path}", encoded=True)


def outgoing(request: Request) -> CIMultiDict[str]:
    """Headers to send. Raises Unreachable for those that aiohttp would write in UTF-8, or as two."""
    for name, value in request.headers.items():
        if not (name.isascii() and value.isascii()) or any(sign in name + value for sign in "\r\n\0"):
            raise Unreachable(UNTOLD)
    return CIMultiDict(request.headers)


UNTOLD = Failure("connect", "has a header that aiohttp cannot send", 502, "upstream_unreachable")


def content(request: Request) -> io.BytesIO | None:
    """The body, of which aiohttp then takes a piece at a time."""
    return io.BytesIO(request.body) if request.body or request.method not in BODILESS else None


def failure_of(error: Exception) -> Failure:
    """What an error of aiohttp's means to the core."""
    if isinstance(error, Unreachable):
        return error.failure
    if isinstance(error, aiohttp.ServerTimeoutError):
        return CONNECT
    if isinstance(error, TimeoutError):
        return TIMEOUT
    if isinstance(error, aiohttp.ClientSSLError):
        return TLS
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.InvalidURL)):
        return UNREACHABLE
    return PROTOCOL if isinstance(error, aiohttp.ClientResponseError) else BROKEN
