"""The transport on blocking sockets, for threads: the twin of `aio`."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Protocol

from ...core.values import Request
from ..dial import connected_sync
from ..limits import CONNECTIONS, KEPT, tls
from ..shelf import Shelf
from ..transport import BUSY, CONNECT, TLS, UNREACHABLE, Opened, Unreachable, Whole, as_asked
from .blocking import Connection, shaken
from .origin import Origin, place, within


class Dial(Protocol):
    def __call__(self, host: str, port: int, guarded: bool, expires: float, /) -> socket.socket:
        """As `dial.connected_sync`."""
        ...


class Wire:
    """A Transport on blocking sockets, for one origin, or for all those that callers choose."""

    def __init__(
        self,
        guarded: bool = False,
        *,
        dial: Dial = connected_sync,
        context: ssl.SSLContext | None = None,
        most: int = CONNECTIONS,
        kept: int = KEPT,
    ) -> None:
        self._guarded, self._dial, self._context = guarded, dial, context
        self._shelf: Shelf[Connection] = Shelf(kept)
        self._places: SimpleQueue[None] = SimpleQueue()  # a semaphore takes ten times as long
        for _ in range(most):
            self._places.put(None)

    def __repr__(self) -> str:
        return f"<Wire [{self._shelf!r}]>"

    @property
    def counts(self) -> tuple[int, int]:
        """Connections at work, and at rest."""
        return self._shelf.counts

    def send(self, request: Request) -> Opened:
        at = place(request.url)
        until = None if request.timeout is None else time.monotonic() + request.timeout
        try:
            self._places.get(block=False)
        except Empty:
            self._room(until)
        connection: Connection | None = None
        opened: Opened | None = None
        try:
            connection = self._kept(at.origin) or self._connect(at.origin, until, request.connect)
            self._shelf.lend(connection)
            connection.ask(request, at, until)
            connection.head(until)
            reader = connection.reader
            headers = as_asked(reader.headers or {})
            if reader.done:  # a short answer has come whole: its connection is free again
                return Opened(reader.status, headers, Whole(reader.take()))
            opened = Opened(reader.status, headers, WireBody(connection, self._done))
            return opened
        finally:
            if opened is None:
                self._done(connection)

    def _room(self, until: float | None) -> None:
        seconds, late = within(until, time.monotonic(), BUSY)
        try:
            self._places.get(timeout=seconds)
        except Empty:
            raise Unreachable(late) from None

    def _kept(self, origin: Origin) -> Connection | None:
        while connection := self._shelf.take(origin):
            if not connection.has_expired():
                return connection
            connection.close()
        return None

    def _connect(self, origin: Origin, until: float | None, most: float | None) -> Connection:
        now = time.monotonic()
        seconds, late = within(until, now, CONNECT, most)
        try:
            return self._opening(origin, now + seconds)
        except TimeoutError:
            raise Unreachable(late) from None
        except ssl.SSLError as error:  # one that ends in the middle says nothing of certificates
            raise Unreachable(UNREACHABLE if isinstance(error, ssl.SSLEOFError) else TLS) from None
        except (OSError, ValueError):
            raise Unreachable(UNREACHABLE) from None

    def _opening(self, origin: Origin, expires: float) -> Connection:
        host, port, secure = origin
        made = self._dial(host, port, self._guarded, expires)
        return Connection(origin, self._secured(made, host, expires) if secure else made)

    def _secured(self, made: socket.socket, host: str, expires: float) -> ssl.SSLSocket:
        """Speak TLS, all of whose steps together have so long. Raises OSError, ValueError."""
        context = self._context or tls()
        try:
            secured = context.wrap_socket(
                made, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False
            )
        finally:
            made.close()  # which has nothing to close where the other has taken over
        return shaken(secured, expires)

    def _done(self, connection: Connection | None) -> None:
        """A request is over, well or not."""
        self._places.put(None)
        if connection is None:
            return
        connection.rest()
        if (over := self._shelf.put(connection)) is not None:
            over.close()
        if connection.is_closed():
            connection.close()

    def close(self) -> None:
        """End all connections; those at work are closed by the threads that read from them."""
        for connection in self._shelf.clear():
            connection.cut()


class WireBody:
    """A body that gives its connection back when it is closed."""

    __slots__ = ("_connection", "_done")

    resumes = True

    def __init__(self, connection: Connection, done: Callable[[Connection], None]) -> None:
        self._connection: Connection | None = connection
        self._done = done

    def read(self, seconds: float | None) -> bytes:
        return b"" if self._connection is None else self._connection.more(seconds)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._done(connection)
