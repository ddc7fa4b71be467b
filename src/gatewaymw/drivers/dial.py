"""Opening sockets: the one place where it happens, so the guard on addresses is here.

Where a caller chose the host, its name is resolved once, every address it has must be a public
one, and the address that was checked is the address dialled (SSRF-01 … SSRF-04). TLS still sees
the name.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import anyio
import httpcore

from ..core.addresses import public
from .transport import REFUSED, UNREACHABLE, Unreachable


def checked(found: Iterable[Any]) -> str:
    """The first of the addresses, all of which must be public. Raises Unreachable."""
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not addresses:
        raise Unreachable(UNREACHABLE)
    if not all(public(ip_address(address)) for address in addresses):
        raise Unreachable(REFUSED)
    return addresses[0]


class AsyncDialler(httpcore.AsyncNetworkBackend):
    """Opens sockets for the async client, on asyncio and trio."""

    def __init__(self, guarded: bool) -> None:
        self._guarded, self._inner = guarded, httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, *args: Any, **kwargs: Any
    ) -> httpcore.AsyncNetworkStream:
        if self._guarded:
            host = await self._resolve(host, port)
        return await self._inner.connect_tcp(host, port, *args, **kwargs)

    async def _resolve(self, host: str, port: int) -> str:
        try:
            return checked(await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError:
            raise Unreachable(UNREACHABLE) from None


class Dialler(httpcore.NetworkBackend):
    """Opens sockets for the sync client."""

    def __init__(self, guarded: bool) -> None:
        self._guarded, self._inner = guarded, httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> httpcore.NetworkStream:
        if self._guarded:
            host = self._resolve(host, port)
        return Patient(self._inner.connect_tcp(host, port, timeout, *args, **kwargs))

    def _resolve(self, host: str, port: int) -> str:
        try:
            return checked(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError:
            raise Unreachable(UNREACHABLE) from None


class Patient(httpcore.NetworkStream):
    """A blocking stream whose patience can change between two reads of one body."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner
        self.patience: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, timeout if self.patience is None else self.patience)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return Patient(self._inner.start_tls(*args, **kwargs))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
