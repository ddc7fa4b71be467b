"""Opening sockets: where it happens, and the guard on addresses that all of it goes through.

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
from ipaddress import ip_address
from typing import Any, Protocol, TypeAlias, cast

import anyio
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


def poll(socket: Any) -> Any:
    """What tells whether a socket is readable; None where the system has no `poll`."""
    if (new := getattr(select, "poll", None)) is None:
        return None
    made = new()
    made.register(socket, select.POLLIN)
    return made


class Readable(Protocol):
    def __call__(self, seconds: float | None = 0, /) -> bool:
        """Whether something came within so many seconds, None being as many as it takes."""
        ...


def readable(made: Any, watch: Callable[[Any], Any] = poll) -> Readable:
    """What tells whether something came on a socket: bytes, or its end."""
    if (polled := watch(made)) is not None:
        return lambda seconds=0: bool(polled.poll(seconds and seconds * 1000))
    return lambda seconds=0: bool(select.select([made], [], [], seconds)[0])


# ── in a thread ──────────────────────────────────────────────────────────


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
