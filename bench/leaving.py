"""How soon an upstream is let go of once the client has left, over real sockets."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import cast

import uvloop

from load import message
from processes import serving
from samples import OPENAI_EVENTS, WORDS, chat
from tables import Table, limit, verdict
from timing import rounded
from upstream import STREAMED, chunk

BUDGET = 50.0
"""Milliseconds."""
PATIENCE = 60.0
"""Seconds for all of them."""
REQUEST = message("POST", "/v1/chat/completions", chat("bench-stall", stream=True))
HEAD = ("left one after the other", "middle, ms", "longest, ms", "budget", "")
NOTE = "From the moment the client's socket is closed to the end of the upstream's, which has fallen silent."


class Stalling(asyncio.Protocol):
    """An upstream that begins to answer, then says nothing more, and notes when it is left."""

    def __init__(self, left: asyncio.Queue[float]) -> None:
        self._left = left
        self._begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self._begun:
            self._begun = True
            self._transport.write(STREAMED + b"".join(map(chunk, OPENAI_EVENTS[:2])))

    def connection_lost(self, exc: Exception | None) -> None:
        self._left.put_nowait(time.perf_counter())


async def once(port: int, left: asyncio.Queue[float]) -> float:
    """Milliseconds from leaving to having left."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    await reader.readuntil(WORDS[0].encode())
    begun = time.perf_counter()
    writer.transport.abort()
    return (await left.get() - begun) * 1000


async def figures(times: int) -> Table:
    left: asyncio.Queue[float] = asyncio.Queue()
    server = await asyncio.get_running_loop().create_server(lambda: Stalling(left), "127.0.0.1", 0)
    upstream = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, asyncio.timeout(PATIENCE):
        with serving("hosts.py", "identity", upstream) as port:
            seen = [await once(port, left) for _ in range(times)]
    return Table("An upstream is left", HEAD, [row(seen)], NOTE)


def row(seen: list[float]) -> tuple[str, ...]:
    longest = max(seen)
    told = limit(BUDGET), verdict(longest, BUDGET)
    return f"{len(seen)} streams", rounded(median(seen)), rounded(longest), *told


def table(times: int) -> Table:
    return uvloop.run(figures(times))
