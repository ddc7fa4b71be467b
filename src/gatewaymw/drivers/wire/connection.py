"""One socket on asyncio, the request that is written to it and the answer that is read from it.

A protocol: the event loop calls it, and no task belongs to it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ...core.values import Failure, Request
from ..dial import readable
from ..limits import EXPIRY
from ..transport import BROKEN, SILENT, TIMEOUT, Unreachable
from .answer import Reader
from .origin import Origin, Place, written

HIGH = 256 * 1024
"""Bytes of an answer that may wait to be taken, before the socket is left alone."""
JOINED = 64 * 1024
"""Bytes of a request's body up to which head and body go out as one write."""
PIECE = 256 * 1024
"""Bytes of a longer one that are handed to the socket at a time."""
NOTHING = memoryview(b"")
NEVER = float("inf")

Forget: TypeAlias = "Callable[[Connection], None]"


class Connection(asyncio.Protocol):
    """Lent to one request at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, origin: Origin, forget: Forget) -> None:
        self._loop, self._origin, self._forget = loop, origin, forget
        self._transport: Any = None
        self._waiter: asyncio.Future[bool] | None = None
        self._until = 0.0  # when the waiter has waited long enough
        self._timer: asyncio.TimerHandle | None = None
        self._unsent = NOTHING
        self._full = self._paused = False
        self._rested = loop.time()
        self.reader = Reader()
        self.fault: Failure | None = None
        self.lent = True

    # ── what the event loop calls ────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._readable = readable(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        if not self.lent:
            self.abort()  # nobody asked
            return
        reader = self.reader
        try:
            reader.feed(data)
        except Unreachable as error:
            self._break(error.failure)
        if reader.held > HIGH and not self._paused and not self.is_closed():
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._end(clean=meant(self._transport))
        self._transport.abort()  # what is still unsent has no reader

    def connection_lost(self, error: Exception | None) -> None:
        self._end(clean=False)
        if self._timer is not None:
            self._timer.cancel()
        if not self.lent:
            self._forget(self)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._pump()

    def _pump(self) -> None:
        """Hand on what is unsent, as much as there is room for."""
        while self._unsent and not self._full and not self.reader.settled():
            piece, self._unsent = self._unsent[:PIECE], self._unsent[PIECE:]
            self._transport.write(piece)

    def _end(self, clean: bool) -> None:
        try:
            self.reader.end(clean)
        except Unreachable as error:
            self.fault = self.fault or error.failure
        self._wake()

    def _break(self, failure: Failure) -> None:
        self.fault = self.fault or failure
        self._transport.abort()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(True)

    # ── what the shelf asks ──────────────────────────────────────────────

    def can_handle_request(self, origin: Origin) -> bool:
        return self._origin is origin or self._origin == origin

    def has_expired(self) -> bool:
        """Also where something came that the event loop did not tell yet: most often, the end."""
        return self.is_closed() or self._loop.time() - self._rested >= EXPIRY or self._readable()

    def is_idle(self) -> bool:
        """Whether the answer is over, and another request may follow."""
        reader = self.reader
        sent = not self._unsent and not self._transport.get_write_buffer_size()
        return reader.reusable and reader.done and sent

    def is_closed(self) -> bool:
        return self.fault is not None or self._transport.is_closing()

    # ── what the transport calls ─────────────────────────────────────────

    def ask(self, request: Request, at: Place) -> None:
        """Begin: nothing is waited for. Raises Unreachable."""
        head = written(request, at)
        self.lent = True
        self.reader.begin(request.method)
        if len(request.body) <= JOINED:
            self._transport.write(head + request.body)
        else:
            self._transport.write(head)
            self._unsent = memoryview(request.body)
            self._pump()

    def _news(self, seconds: float | None) -> asyncio.Future[bool]:
        """Something came: True. Nothing did in time: False."""
        loop, timer = self._loop, self._timer
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiter = waiter
        if seconds is None:
            self._until = NEVER
            return waiter
        until = self._until = loop.time() + seconds
        # The timer of an earlier wait stays, where it goes off before: to set one takes longer than most of
        # what else is to be done for an event of a stream.
        if timer is None or timer.when() > until:
            if timer is not None:
                timer.cancel()
            self._timer = loop.call_at(until, self._look)
        return waiter

    def _look(self) -> None:
        self._timer = None
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if self._until <= self._loop.time():
            waiter.set_result(False)
        elif self._until < NEVER:
            self._timer = self._loop.call_at(self._until, self._look)

    async def head(self, until: float | None) -> Mapping[str, str]:
        """Wait for status and headers. Raises Unreachable."""
        reader = self.reader
        while reader.headers is None:
            if self.fault is not None:
                raise Unreachable(self.fault)
            left = None if until is None else until - self._loop.time()
            if not await self._news(left):
                raise Unreachable(TIMEOUT)
        return reader.headers

    async def more(self, seconds: float | None) -> bytes:
        """The next bytes of the body, b"" at its end. Raises Unreachable."""
        reader = self.reader
        while not reader.held:
            if self.fault is not None:
                raise Unreachable(self.fault)
            if reader.done:
                return b""
            if not await self._news(seconds):
                raise Unreachable(SILENT)
        data = reader.take()
        if self._paused and not self.is_closed():
            self._paused = False
            self._transport.resume_reading()
        return data

    def rest(self) -> None:
        self.lent, self._rested = False, self._loop.time()
        if self._paused and not self.is_closed():
            self._paused = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close it at once; who still reads from it meets a broken answer, never an end."""
        if not self.reader.done:
            self.fault = self.fault or BROKEN
        self._transport.abort()
        self._wake()


def meant(transport: Any) -> bool:
    """Whether the other side said that this is the end. TLS has a word for it, without which anyone on the
    way may have ended the connection."""
    secured = transport.get_extra_info("ssl_object")
    try:
        return secured is None or not secured.read(1)
    except ssl.SSLError as error:
        return isinstance(error, ssl.SSLZeroReturnError)
