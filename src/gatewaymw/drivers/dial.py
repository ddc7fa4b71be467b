"""Opening sockets: the one place where it happens, so the guard on addresses is here.

Where a caller chose the host, its name is resolved once, every address it has must be a public
one, and the address that was checked is the address dialled (SSRF-01 … SSRF-04). TLS still sees
the name.
"""

from __future__ import annotations

import errno
import os
import select
import selectors
import socket
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Any, TypeAlias, cast

import anyio
import httpcore
from aiohappyeyeballs import start_connection

from ..core.addresses import public
from .transport import REFUSED, UNREACHABLE, Unreachable

Resolve: TypeAlias = Callable[..., Iterable[Any]]
"""As `socket.getaddrinfo`."""
AsyncResolve: TypeAlias = Callable[..., Awaitable[Iterable[Any]]]
Start: TypeAlias = Callable[[Sequence[Any], float], socket.socket]
"""As `first_of`."""
AsyncStart: TypeAlias = Callable[..., Awaitable[socket.socket]]
"""As `aiohappyeyeballs.start_connection`."""
UNKNOWN = (OSError, UnicodeError)
"""What resolving a name raises; the latter where it cannot be one."""


def checked(found: Iterable[Any]) -> tuple[str, ...]:
    """The addresses, each once, all of which must be public. Raises Unreachable."""
    addresses = tuple(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    if not addresses:
        raise Unreachable(UNREACHABLE)
    if not all(public(ip_address(address)) for address in addresses):
        raise Unreachable(REFUSED)
    return addresses


EYEBALLS = 0.25
"""Seconds after which the next address of a host is tried beside the first (RFC 8305)."""


# ── on an event loop ─────────────────────────────────────────────────────


async def connected(
    host: str,
    port: int,
    guarded: bool,
    resolve: AsyncResolve = anyio.getaddrinfo,
    start: AsyncStart = start_connection,
) -> socket.socket:
    """A socket to the first address of a host that answers. Raises Unreachable or OSError."""
    try:
        found = list(await resolve(host, port, type=socket.SOCK_STREAM))
    except UNKNOWN:
        raise Unreachable(UNREACHABLE) from None
    if guarded or not found:
        checked(found)
    return quick(await start(found, happy_eyeballs_delay=EYEBALLS, interleave=1))


def quick(made: socket.socket) -> socket.socket:
    """The socket, which waits for no acknowledgement before it sends what is short."""
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


class AsyncDialler(httpcore.AsyncNetworkBackend):
    """Opens sockets for the async client, on asyncio and trio."""

    def __init__(
        self,
        guarded: bool,
        resolve: AsyncResolve = anyio.getaddrinfo,
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._guarded, self._find, self._inner = guarded, resolve, inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, *args: Any, **kwargs: Any
    ) -> httpcore.AsyncNetworkStream:
        *others, last = await self._resolve(host, port) if self._guarded else (host,)
        for address in others:
            try:
                return AsyncPatient(await self._inner.connect_tcp(address, port, *args, **kwargs))
            except httpcore.ConnectError:
                continue  # many a host has an IPv6 address that cannot be reached from here
        return AsyncPatient(await self._inner.connect_tcp(last, port, *args, **kwargs))

    async def _resolve(self, host: str, port: int) -> tuple[str, ...]:
        try:
            return checked(await self._find(host, port, type=socket.SOCK_STREAM))
        except UNKNOWN:
            raise Unreachable(UNREACHABLE) from None


class AsyncPatient(httpcore.AsyncNetworkStream):
    """A stream with one patience for each read of a body, which is cheaper than a time-out around it.

    It is closed also where nobody waits for the end of its TLS handshake any more, and tells at a tenth
    of the usual price whether its other end hung up: the pool asks each idle connection, twice a request.
    """

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self.patience: float | None = None
        """For the next read of a body; None while its head is to come."""
        self._socket: Any = inner.get_extra_info("socket")
        self._poll: Any = poll(self._socket) if self._socket else None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout if self.patience is None else self.patience)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        try:
            return AsyncPatient(await self._inner.start_tls(*args, **kwargs))
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and self._poll:
            return self._socket.fileno() < 0 or bool(self._poll.poll(0))
        return self._inner.get_extra_info(info)


def poll(socket: Any) -> Any:
    """What tells whether a socket is readable; None where the system has no `poll`."""
    if (new := getattr(select, "poll", None)) is None:
        return None
    made = new()
    made.register(socket, select.POLLIN)
    return made


def readable(made: Any, watch: Callable[[Any], Any] = poll) -> Callable[[], bool]:
    """What tells whether something came on a socket: bytes, or its end."""
    if (polled := watch(made)) is not None:
        return lambda: bool(polled.poll(0))
    return lambda: bool(select.select([made], [], [], 0)[0])


# ── in a thread ──────────────────────────────────────────────────────────

EXPIRES: ContextVar[float | None] = ContextVar("gatewaymw-expires", default=None)
"""By when the request that this thread is making must have its head, on `time.monotonic`'s clock."""


def connected_sync(
    host: str,
    port: int,
    guarded: bool,
    expires: float,
    resolve: Resolve = socket.getaddrinfo,
    start: Start | None = None,
) -> socket.socket:
    """The same in a thread, until `expires` on `time.monotonic`'s clock. Raises Unreachable or OSError."""
    try:
        found = list(resolve(host, port, type=socket.SOCK_STREAM))
    except UNKNOWN:
        raise Unreachable(UNREACHABLE) from None
    if guarded or not found:
        checked(found)
    return quick((start or first_of)(found, expires))


def first_of(found: Sequence[Any], expires: float) -> socket.socket:
    """The first to answer of several addresses, each tried a little after the one before. Raises OSError."""
    line, failed = alternating(found), OSError("no address")
    with selectors.DefaultSelector() as pending:
        try:
            while line or pending.get_map():
                if line and (error := begin(line.pop(0), pending)):
                    failed = error
                    continue
                for key, _ in waited(pending, expires, bool(line)):
                    made = cast("socket.socket", key.fileobj)
                    pending.unregister(made)
                    if not (code := made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
                        return made
                    failed = OSError(code, os.strerror(code))
                    made.close()
            raise failed
        finally:
            for key in tuple(pending.get_map().values()):
                cast("socket.socket", key.fileobj).close()


def alternating(found: Sequence[Any]) -> list[Any]:
    """Addresses of the first one's family and of the others in turn (RFC 8305)."""
    one = [entry for entry in found if entry[0] == found[0][0]]
    others = [entry for entry in found if entry[0] != found[0][0]]
    pairs = zip(one, others, strict=False)
    short = min(len(one), len(others))
    return [entry for pair in pairs for entry in pair] + one[short:] + others[short:]


def begin(entry: Any, pending: selectors.BaseSelector) -> OSError | None:
    """Start to connect; the error where that fails at once."""
    family, kind, protocol, _, address = entry
    try:
        made = socket.socket(family, kind, protocol)
    except OSError as error:  # a system without IPv6
        return error
    made.setblocking(False)
    code = made.connect_ex(address)
    if code not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
        made.close()
        return OSError(code, os.strerror(code))
    pending.register(made, selectors.EVENT_WRITE)
    return None


def waited(pending: selectors.BaseSelector, expires: float, more: bool) -> list[Any]:
    """Those whose attempt has ended, in a while none where `more` may be tried. Raises TimeoutError."""
    seconds = expires - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return pending.select(min(seconds, EYEBALLS) if more else seconds)


class Dialler(httpcore.NetworkBackend):
    """Opens sockets for the sync client."""

    def __init__(
        self,
        guarded: bool,
        resolve: Resolve = socket.getaddrinfo,
        inner: httpcore.NetworkBackend | None = None,
    ) -> None:
        self._guarded, self._find, self._inner = guarded, resolve, inner or httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        *others, last = self._resolve(host, port) if self._guarded else (host,)
        for address in others:
            try:
                return Patient(self._inner.connect_tcp(address, port, *args, **kwargs))
            except httpcore.ConnectError:
                continue
        return Patient(self._inner.connect_tcp(last, port, *args, **kwargs))

    def _resolve(self, host: str, port: int) -> tuple[str, ...]:
        try:
            return checked(self._find(host, port, type=socket.SOCK_STREAM))
        except UNKNOWN:
            raise Unreachable(UNREACHABLE) from None


class Patient(httpcore.NetworkStream):
    """A blocking stream with one patience for the whole of a head, and one for each read of a body.

    A blocking socket has a time-out for a single read only: an upstream that sends a byte now and
    then would never meet it.
    """

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner
        self.patience: float | None = None
        """For the next read of a body; None while its head is to come."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, left(timeout) if self.patience is None else self.patience)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return Patient(self._inner.start_tls(ssl_context, server_hostname, left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def left(timeout: float | None) -> float | None:
    """Seconds until the head must be here, at most `timeout`. Raises httpcore's ReadTimeout."""
    if (expires := EXPIRES.get()) is None:
        return timeout
    seconds = expires - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout
    return seconds if timeout is None else min(seconds, timeout)
