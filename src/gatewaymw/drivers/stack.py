"""httpcore's connections on a shelf, in place of its pools.

Those look at each connection they keep for each request and again for each answer, and count all the others
while they do: a hundred of them, left from a busy moment, made a request four times as dear for half a
minute. Here a request looks at one, and an answer at one more now and then.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import httpcore

from .shelf import Shelf


def more_came(connection: Any) -> bool:
    """Whether bytes followed an answer: httpcore keeps them, and would take them for the next one. It tells
    nobody but its own parser."""
    parser = getattr(getattr(connection, "_connection", None), "_h11_state", None)
    return parser is not None and bool(parser.trailing_data[0])


# ── on an event loop ─────────────────────────────────────────────────────


class AsyncStack:
    """At most `most` connections at work and `kept` at rest. Who waits too long gets a PoolTimeout."""

    def __init__(
        self, connect: Callable[[httpcore.Origin], httpcore.AsyncConnectionInterface], most: int, kept: int
    ) -> None:
        self._connect = connect
        self._shelf: Shelf[httpcore.AsyncConnectionInterface] = Shelf(kept)
        self._slots = anyio.Semaphore(most, fast_acquire=True)

    def __repr__(self) -> str:
        return f"<AsyncStack [{self._shelf!r}]>"

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        await self._wait(request.extensions["timeout"]["pool"])
        lent = AsyncLent(self._slots, self._shelf)
        try:
            connection = lent.connection = await self._usable(request.url.origin)
            self._shelf.lend(connection)
            response = await connection.handle_async_request(request)
            lent.stream, response.stream = response.stream, lent
            return response
        finally:
            if lent.stream is None:
                await lent.aclose()

    async def _wait(self, seconds: float | None) -> None:
        try:
            self._slots.acquire_nowait()
        except anyio.WouldBlock:
            try:
                with anyio.fail_after(seconds):
                    await self._slots.acquire()
            except TimeoutError:
                raise httpcore.PoolTimeout from None

    async def _usable(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        while connection := self._shelf.take(origin):
            if not connection.has_expired():
                return connection
            with anyio.CancelScope(shield=True):
                await connection.aclose()
        return self._connect(origin)

    async def aclose(self) -> None:
        for connection in self._shelf.clear():
            await connection.aclose()


class AsyncLent:
    """A body that gives its connection back when it is closed."""

    def __init__(self, slots: anyio.Semaphore, shelf: Shelf[httpcore.AsyncConnectionInterface]) -> None:
        self._slots, self._shelf = slots, shelf
        self.connection: httpcore.AsyncConnectionInterface | None = None
        self.stream: Any = None
        self._closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        chunks: AsyncIterator[bytes] = aiter(self.stream)
        return chunks

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        with anyio.CancelScope(shield=True):
            if self.stream is not None:
                await self.stream.aclose()
            self._slots.release()
            if self.connection and more_came(self.connection):
                await self.connection.aclose()
            if self.connection and (over := self._shelf.put(self.connection)):
                await over.aclose()


# ── in a thread ──────────────────────────────────────────────────────────


class Stack:
    """The same over blocking sockets."""

    def __init__(
        self, connect: Callable[[httpcore.Origin], httpcore.ConnectionInterface], most: int, kept: int
    ) -> None:
        self._connect = connect
        self._shelf: Shelf[httpcore.ConnectionInterface] = Shelf(kept)
        self._slots = threading.Semaphore(most)

    def __repr__(self) -> str:
        return f"<Stack [{self._shelf!r}]>"

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        if not self._slots.acquire(timeout=request.extensions["timeout"]["pool"]):
            raise httpcore.PoolTimeout
        lent = Lent(self._slots, self._shelf)
        try:
            connection = lent.connection = self._usable(request.url.origin)
            self._shelf.lend(connection)
            response = connection.handle_request(request)
            lent.stream, response.stream = response.stream, lent
            return response
        finally:
            if lent.stream is None:
                lent.close()

    def _usable(self, origin: httpcore.Origin) -> httpcore.ConnectionInterface:
        while connection := self._shelf.take(origin):
            if not connection.has_expired():
                return connection
            connection.close()
        return self._connect(origin)

    def close(self) -> None:
        for connection in self._shelf.clear():
            connection.close()


class Lent:
    def __init__(self, slots: threading.Semaphore, shelf: Shelf[httpcore.ConnectionInterface]) -> None:
        self._slots, self._shelf = slots, shelf
        self.connection: httpcore.ConnectionInterface | None = None
        self.stream: Any = None
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        chunks: Iterator[bytes] = iter(self.stream)
        return chunks

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self.stream is not None:
            self.stream.close()
        self._slots.release()
        if self.connection and more_came(self.connection):
            self.connection.close()
        if self.connection and (over := self._shelf.put(self.connection)):
            over.close()
