"""The client of the measurements: raw sockets, kept alive, one request after the other on each."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any, cast

from samples import HEADERS

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
LAST = b"\r\n0\r\n\r\n"
SPREAD = 0.005
"""Seconds over which the clients start, so that their streams are not in step."""


class Wrong(Exception):
    """An answer that is not the expected one: then its cost means nothing."""


def message(method: str, path: str, body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    headers = {**HEADERS, "content-length": str(len(body))} if body else {"host": HEADERS["host"]}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


class Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._got = bytearray()
        self._size = 0
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._got += data
        if self._size == 0 and (end := self._got.find(b"\r\n\r\n")) >= 0:
            told = LENGTH.search(self._got, 0, end)
            self._size = end + 4 + int(told[1]) if told else -1
        if self._got.endswith(LAST) if self._size < 0 else 0 < self._size <= len(self._got):
            self._finish()

    def _finish(self) -> None:
        answer, self._answer = self._answer, None
        got, self._got, self._size = bytes(self._got), bytearray(), 0
        if answer and not answer.done():
            answer.set_result(got)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(Wrong(f"the server closed the connection after {bytes(self._got)!r}"))

    def ask(self, request: bytes) -> asyncio.Future[bytes]:
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer


class Crowd:
    """Clients side by side."""

    def __init__(self, callers: list[Caller]) -> None:
        self._callers = callers

    async def ask(self, request: bytes, expected: bytes, seconds: float, most: int) -> int:
        """Send a request again and again, until the time is up or `most` were sent; count the answers."""
        loop = asyncio.get_running_loop()
        left, until = most, loop.time() + seconds

        async def one(caller: Caller, delay: float) -> int:
            nonlocal left
            await asyncio.sleep(delay)
            count = 0
            while left > 0 and loop.time() < until:
                left -= 1
                checked(await caller.ask(request), expected)
                count += 1
            return count

        step = SPREAD / len(self._callers)
        async with asyncio.timeout(seconds + 30):
            return sum(await asyncio.gather(*(one(each, step * at) for at, each in enumerate(self._callers))))

    def close(self) -> None:
        for caller in self._callers:
            caller.transport.abort()


def checked(answer: bytes, expected: bytes) -> bytes:
    """Raises Wrong."""
    if not answer.startswith(b"HTTP/1.1 200") or expected not in answer:
        raise Wrong(answer[:500].decode(errors="replace"))
    return answer


async def connect(port: int) -> Caller:
    _, caller = await asyncio.get_running_loop().create_connection(Caller, "127.0.0.1", port)
    return caller


async def crowd(port: int, clients: int) -> Crowd:
    return Crowd([await connect(port) for _ in range(clients)])


async def spent(port: int) -> Any:
    """What a server has used so far, by its own account."""
    caller = await connect(port)
    try:
        answer = checked(await caller.ask(message("GET", "/spent")), b"cpu")
    finally:
        caller.transport.abort()
    return json.loads(answer.partition(b"\r\n\r\n")[2])
