"""Many streams at once, through the ASGI app on an event loop: memory, and CPU for each event."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, NamedTuple

import uvloop

from gatewaymw import ASGIGateway, Gateway
from gatewaymw.asgi import Message, Receive, Scope, Send
from gatewaymw.core.values import Request
from gatewaymw.drivers.aio import Driver
from gatewaymw.drivers.transport import AsyncOpened
from memory import memory
from samples import ANTHROPIC_EVENTS, HEADERS, OPENAI_EVENTS, chat

HEAD = {"content-type": "text/event-stream"}
EVENTS = {"openai": (OPENAI_EVENTS, 2), "anthropic": (ANTHROPIC_EVENTS, 4)}
"""What the upstream says, and after how many events it has said something."""
TURNS = 5
"""Events each stream is given in one round."""


class Held(NamedTuple):
    """What so many open streams cost."""

    event: float
    """Microseconds of CPU."""
    mib: float
    """Resident, of the process."""


class Tap:
    """The body of an answer, filled by hand."""

    def __init__(self) -> None:
        self._data = b""
        self._waiting: asyncio.Future[None] | None = None

    def fill(self, data: bytes) -> None:
        self._data += data
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    async def read(self, seconds: float | None) -> bytes:
        if not self._data:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        data, self._data = self._data, b""
        return data

    async def aclose(self) -> None:
        """Holds nothing."""


class Taps:
    """An upstream that answers each request with a tap, its first events already in it."""

    def __init__(self, first: bytes) -> None:
        self.all: list[Tap] = []
        self._first = first

    def transport(self, request: Request) -> Taps:
        return self

    async def send(self, request: Request) -> AsyncOpened:
        tap = Tap()
        tap.fill(self._first)
        self.all.append(tap)
        return AsyncOpened(200, HEAD, tap)

    async def aclose(self) -> None:
        """Holds nothing."""


class Tapped(Gateway):
    """A gateway whose upstream is made of taps."""

    def __init__(self, provider: str, taps: Taps) -> None:
        super().__init__({"provider": provider})
        self._taps = taps

    def driver(self) -> Driver:
        upstream: Any = self._taps
        return Driver(upstream, self._services)


class Clients:
    """The other side of all streams: counts the pieces that come."""

    def __init__(self, app: ASGIGateway) -> None:
        self._app, self._tasks = app, set[asyncio.Task[None]]()
        self._pieces, self._wanted = 0, 0
        self._there = asyncio.Event()

    def open(self) -> None:
        headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
        scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": headers}
        self._tasks.add(asyncio.create_task(self._app(scope, self._asking(), self._send)))

    def _asking(self) -> Receive:
        messages = [{"type": "http.request", "body": chat("a-model", stream=True)}]

        async def receive() -> Message:
            if not messages:
                await asyncio.get_running_loop().create_future()  # a client that stays
            return messages.pop()

        return receive

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self._pieces += 1
            if self._pieces == self._wanted:
                self._there.set()

    async def get(self, pieces: int) -> None:
        """Wait until so many more have come since they were last waited for."""
        self._wanted += pieces
        self._there.clear()
        if self._pieces < self._wanted:
            await self._there.wait()

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def nobody(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("the request is the gateway's")


async def crowded(provider: str, sizes: Sequence[int], rounds: int) -> list[Held]:
    """As the streams become more, none is closed."""
    events, early = EVENTS[provider]
    taps = Taps(b"".join(events[:early]))
    clients = Clients(ASGIGateway(nobody, gateway=Tapped(provider, taps)))
    made: list[Held] = []
    for size in sizes:
        more = size - len(taps.all)
        for _ in range(more):
            clients.open()
        await clients.get(more)
        gc.collect()
        assert len(taps.all) == size, "a request was refused"
        best = min([await round_of(taps, clients, events[early]) for _ in range(rounds)])
        made.append(Held(best, memory()))
    await clients.leave()
    return made


async def round_of(taps: Taps, clients: Clients, event: bytes) -> float:
    """Microseconds for one event of one stream. Few streams are given more events, for there to be enough."""
    turns = max(TURNS, 200 // len(taps.all))
    begun = time.process_time_ns()
    for _ in range(turns):
        for tap in taps.all:
            tap.fill(event)
        await clients.get(len(taps.all))
    return (time.process_time_ns() - begun) / 1000 / turns / len(taps.all)


def run(provider: str, sizes: Sequence[int], rounds: int) -> list[Held]:
    return uvloop.run(crowded(provider, sizes, rounds))


def measured(provider: str, sizes: Sequence[int], rounds: int) -> list[Held]:
    """In a process of its own, whose memory nobody used before."""
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        return alone.submit(run, provider, sizes, rounds).result()
