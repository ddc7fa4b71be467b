"""Sockets as httpcore has them: dialled by our guard, and read with a patience of our own.

https://www.encode.io/httpcore/network-backends/
"""

from __future__ import annotations

import socket
import time
from contextvars import ContextVar
from typing import Any

import anyio
import httpcore

from .dial import UNKNOWN, AsyncResolve, Resolve, checked, poll
from .transport import UNREACHABLE, Unreachable

# ── on an event loop ─────────────────────────────────────────────────────


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


# ── in a thread ──────────────────────────────────────────────────────────

EXPIRES: ContextVar[float | None] = ContextVar("gatewaymw-expires", default=None)
"""By when the request that this thread is making must have its head, on `time.monotonic`'s clock."""


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
