"""One socket in a thread, the request that is written to it and the answer that is read from it.

What waits for an answer is the read itself, which the system breaks off after a while: each call of the
system lets other threads go first, which costs more than the call where there are many. Thus a request takes
three: a look at the socket, a write and a read. Where reads cannot wait so, a poll waits for what is left of
the time. While a long request is written, the socket is read too: who refuses it early need not take all
of it.
"""

from __future__ import annotations

import os
import selectors
import socket
import ssl
import struct
import time
from contextlib import suppress
from math import inf
from threading import get_ident, main_thread

from ...core.values import Failure, Request
from ..dial import readable
from ..limits import EXPIRY, WRITING
from ..transport import BROKEN, SILENT, TIMEOUT, Unreachable
from .answer import Reader
from .origin import Origin, Place, written

HIGH = 256 * 1024
"""Bytes of an answer that may wait to be taken while a request is still written."""
ONCE = 64 * 1024
"""Bytes of one read, of one write, and of a request's body that goes out with its head."""
TURN = 1
"""Seconds after which a read that waits looks at the clock."""
NOW: int = getattr(socket, "MSG_DONTWAIT", 0)
"""What a call says that is not to wait, on a socket whose calls do."""
LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What a socket that does not block says where it would have to."""


class Connection:
    """Lent to one request at a time."""

    def __init__(self, origin: Origin, made: socket.socket) -> None:
        self._origin, self._socket = origin, made
        self._readable = readable(made)
        self._secure = isinstance(made, ssl.SSLSocket)
        self._waits = not self._secure and waits(made)
        self._now = NOW if self._waits else 0
        self._rested = time.monotonic()
        self._closed = self._sent = False
        self.reader = Reader()
        self.fault: Failure | None = None
        self.lent = True

    # ── what the shelf asks ──────────────────────────────────────────────

    def can_handle_request(self, origin: Origin) -> bool:
        return self._origin == origin

    def has_expired(self) -> bool:
        """Also where something came that nobody asked for: most often, the end."""
        return self.is_closed() or time.monotonic() - self._rested >= EXPIRY or self._readable()

    def is_idle(self) -> bool:
        """Whether the answer is over, and another request may follow."""
        return self.reader.reusable and self.reader.done and self._sent

    def is_closed(self) -> bool:
        return self.fault is not None or self._closed

    # ── what the transport calls ─────────────────────────────────────────

    def ask(self, request: Request, at: Place, until: float | None) -> None:
        """Write a request, or as much of it as is wanted. Raises Unreachable."""
        head, body = written(request, at), request.body
        self.lent = True
        self.reader.begin(request.method)
        if self._secure:
            self._socket.setblocking(False)
        end = time.monotonic() + WRITING if until is None else until
        if len(body) <= ONCE:
            self._sent = self._write(head + body, end)
        else:
            self._sent = self._write(head, end) and self._write(body, end)

    def _write(self, data: bytes, until: float) -> bool:
        """Whether all of it could be written, or the answer came first."""
        rest: bytes | memoryview = data
        while self.fault is None and not self.reader.settled():
            try:
                sent = self._socket.send(rest[:ONCE], self._now)
                if sent == len(rest):
                    return True
                rest = memoryview(rest)[sent:]
            except LATER as error:
                self._either(until, writing=not isinstance(error, ssl.SSLWantReadError))
            except OSError:
                break  # it may have answered all the same
        return False

    def _either(self, until: float, writing: bool) -> None:
        """Wait until there is room to write, and read what comes meanwhile. Raises Unreachable."""
        reading = self.reader.held <= HIGH or not writing
        events = (selectors.EVENT_WRITE if writing else 0) | (selectors.EVENT_READ if reading else 0)
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, events)
            ready = selector.select(left(until))
        if ready and ready[0][1] & selectors.EVENT_READ:
            self._take_in(TIMEOUT, self._now)

    def head(self, until: float | None) -> None:
        """Wait for status and headers. Raises Unreachable."""
        reader = self.reader
        while reader.headers is None:
            if self.fault is not None:
                raise Unreachable(self.fault)
            self._read(None if until is None else left(until), TIMEOUT)

    def more(self, seconds: float | None) -> bytes:
        """The next bytes of the body, b"" at its end. Raises Unreachable."""
        reader = self.reader
        while not reader.held:
            if self.fault is not None:
                raise Unreachable(self.fault)
            if reader.done:
                return b""
            self._read(seconds, SILENT)
        return reader.take()

    def _read(self, seconds: float | None, late: Failure) -> None:
        """Wait so long for what comes, and take it in. Raises Unreachable where nothing did."""
        # A signal begins the wait of a read anew, and it is the main thread that signals are for.
        if self._waits and (seconds is None or seconds >= TURN) and get_ident() != main_thread().ident:
            self._sit(inf if seconds is None else time.monotonic() + seconds, late)
        else:
            self._look(seconds, late)

    def _sit(self, until: float, late: Failure) -> None:
        """Wait in the read itself, until less time is left than it takes."""
        while not self._take_in(late):
            if (seconds := until - time.monotonic()) < TURN:
                return self._look(max(seconds, 0), late)

    def _look(self, seconds: float | None, late: Failure) -> None:
        """Wait to the moment."""
        if self._secure:
            # What TLS still holds, and that half a record is nothing yet, a socket knows and no poll.
            self._socket.settimeout(seconds)
        elif not self._readable(seconds):
            raise Unreachable(late)
        self._take_in(late, self._now)

    def _take_in(self, late: Failure, flags: int = 0) -> bool:
        """Read once; whether anything came, be it the end."""
        try:
            data = self._socket.recv(ONCE, flags)
            if data:
                self.reader.feed(data)
            else:
                self.reader.end(clean=not self._closed)
        except LATER:
            return False
        except TimeoutError:
            raise Unreachable(late) from None
        except Unreachable as error:
            self.fault = error.failure
        except OSError:
            self.fault = BROKEN
        return True

    def rest(self) -> None:
        self.lent, self._rested = False, time.monotonic()

    def cut(self) -> None:
        """End it from another thread: who reads from it meets a broken answer, and closes it."""
        if not self.lent:
            return self.close()
        self._closed = True
        with suppress(OSError):
            # Not SSLSocket's own, which would leave the reader with bytes as they are on the wire.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        self._closed = True
        self._socket.close()


def waits(made: socket.socket) -> bool:
    """Let a socket's reads wait, `TURN` at most. False where they cannot: on systems without such calls, and
    on gevent's sockets, which never block. Such a socket is left as one that does not wait."""
    try:
        made.setblocking(True)
        if NOW and os.get_blocking(made.fileno()):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", TURN, 0))
            return True
    except OSError:
        pass  # its times have another form here
    made.setblocking(False)
    return False


def left(until: float) -> float:
    """Seconds until a moment. Raises Unreachable where it is past."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise Unreachable(TIMEOUT)
    return seconds


def shaken(secured: ssl.SSLSocket, expires: float) -> ssl.SSLSocket:
    """Do the whole handshake before a moment, or close the socket. Raises OSError."""
    done = False
    try:
        secured.setblocking(False)
        while not done:
            try:
                secured.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                wait(secured, selectors.EVENT_READ, expires)
            except ssl.SSLWantWriteError:
                wait(secured, selectors.EVENT_WRITE, expires)
        return secured
    finally:
        if not done:
            secured.close()


def wait(made: socket.socket, event: int, expires: float) -> None:
    """Until a socket may be read or written. Raises TimeoutError."""
    with selectors.DefaultSelector() as selector:
        selector.register(made, event)
        if not selector.select(max(expires - time.monotonic(), 0)):
            raise TimeoutError
