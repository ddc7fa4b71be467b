"""The transport on asyncio: a shelf of connections, and nothing between them and who asks.

One request at a time on a connection. A request that was written in part or whole is never written again:
only who made it knows whether that is safe.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from ...core.values import Request
from ..dial import connected
from ..limits import CONNECTIONS, KEPT, tls
from ..shelf import Shelf
from ..transport import CONNECT, TLS, UNREACHABLE, AsyncOpened, AsyncWhole, Unreachable, as_asked
from .connection import Connection
from .origin import Origin, place, within
from .places import Places

if TYPE_CHECKING:
    import socket


class Dial(Protocol):
    async def __call__(self, host: str, port: int, guarded: bool, /) -> socket.socket:
        """As `dial.connected`."""
        ...


class AsyncWire:
    """An AsyncTransport on asyncio, for one origin, or for all those that callers choose."""

    def __init__(
        self,
        guarded: bool = False,
        *,
        dial: Dial = connected,
        context: ssl.SSLContext | None = None,
        most: int = CONNECTIONS,
        kept: int = KEPT,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._guarded, self._dial, self._context = guarded, dial, context
        self._shelf: Shelf[Connection] = Shelf(kept)
        self._places = Places(most)

    def __repr__(self) -> str:
        return f"<AsyncWire [{self._shelf!r}]>"

    @property
    def counts(self) -> tuple[int, int]:
        """Connections at work, and at rest."""
        return self._shelf.counts

    async def send(self, request: Request) -> AsyncOpened:
        at = place(request.url)
        until = None if request.timeout is None else self._loop.time() + request.timeout
        if not self._places.take():
            await self._places.wait_until(until)
        connection: Connection | None = None
        opened: AsyncOpened | None = None
        try:
            connection = self._shelf.take(at.origin)
            while connection is not None and connection.has_expired():
                connection.abort()
                connection = self._shelf.take(at.origin)
            if connection is None:
                connection = await self._connect(at.origin, until, request.connect)
            self._shelf.lend(connection)
            connection.ask(request, at)
            headers, reader = as_asked(await connection.head(until)), connection.reader
            if reader.done:  # a short answer has come whole: its connection is free again
                return AsyncOpened(reader.status, headers, AsyncWhole(reader.take()))
            opened = AsyncOpened(reader.status, headers, AsyncWireBody(connection, self._done))
            return opened
        finally:
            if opened is None:
                self._done(connection)

    async def _connect(self, origin: Origin, until: float | None, most: float | None) -> Connection:
        seconds, late = within(until, self._loop.time(), CONNECT, most)
        try:
            async with asyncio.timeout(seconds):
                return await self._opening(origin)
        except TimeoutError:
            raise Unreachable(late) from None
        except ssl.SSLError:
            raise Unreachable(TLS) from None
        except (OSError, RuntimeError, ValueError):  # uvloop's, and of names that TLS does not take
            raise Unreachable(UNREACHABLE) from None

    async def _opening(self, origin: Origin) -> Connection:
        host, port, secure = origin
        made = await self._dial(host, port, self._guarded)
        connection: Connection | None = None
        try:
            _, connection = await self._loop.create_connection(
                lambda: Connection(self._loop, origin, self._shelf.drop),
                sock=made,
                ssl=(self._context or tls()) if secure else None,
                server_hostname=host if secure else None,
            )
            return connection
        finally:
            if connection is None:
                made.close()

    def _done(self, connection: Connection | None) -> None:
        """A request is over, well or not."""
        self._places.give()
        if connection is None:
            return
        connection.rest()
        if (over := self._shelf.put(connection)) is not None:
            over.abort()

    async def aclose(self) -> None:
        for connection in self._shelf.clear():
            connection.abort()
        await asyncio.sleep(0)  # when the event loop closes what was aborted


class AsyncWireBody:
    """A body that gives its connection back when it is closed."""

    __slots__ = ("_connection", "_done")

    def __init__(self, connection: Connection, done: Callable[[Connection], None]) -> None:
        self._connection: Connection | None = connection
        self._done = done

    def read(self, seconds: float | None) -> Coroutine[Any, Any, bytes]:
        return nothing() if self._connection is None else self._connection.more(seconds)

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._done(connection)


async def nothing() -> bytes:
    """What a closed body gives."""
    return b""
