"""An upstream of our own: it says what its script tells it to, and remembers what it was told, and when.

It lives in a thread with an event loop of its own, so that tests on asyncio, on trio and on neither can use
it alike. Scripts are per path; the last answer of a path is given again and again.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio

Step = bytes | float | Callable[[], Any]
"""What to send as it is, how many seconds to wait, or what has to hold first."""
Ending = Literal["keep", "close", "reset", "stall"]
PATIENCE = 30.0
"""Seconds after which something that was expected is not going to come."""


@dataclass(frozen=True)
class Script:
    """One answer."""

    steps: Iterable[Step]
    ending: Ending = "keep"
    """Then the connection waits for its next request, is closed, is reset, or says nothing for ever."""


@dataclass
class Seen:
    """One request, and what became of its connection."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int
    sent: int = 0
    """Bytes of the answer that the socket has taken."""
    gone: float | None = None
    """When the other side closed, on `time.monotonic`'s clock."""

    def header(self, name: str) -> str | None:
        return next((value for each, value in self.headers if each == name), None)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


# ── answers ──────────────────────────────────────────────────────────────


def head(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode("latin-1")


def whole(
    body: Any, status: int = 200, kind: str = "application/json", ending: Ending = "keep", **headers: str
) -> Script:
    """A whole answer. Names of headers are written with underscores."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Script((head(status, [("content-type", kind), *told, length(data)]) + data,), ending)


def length(data: bytes) -> tuple[str, str]:
    return "content-length", str(len(data))


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def chunked(
    pieces: Iterable[Step],
    ending: Literal["end", "close", "reset", "stall"] = "end",
    kind: str = "text/event-stream",
    **headers: str,
) -> Script:
    """A body in pieces. All endings but `end` leave it unfinished."""
    told = [("content-type", kind), *((name.replace("_", "-"), value) for name, value in headers.items())]

    def steps() -> Iterator[Step]:
        yield head(200, [*told, ("transfer-encoding", "chunked")])
        for piece in pieces:
            yield chunk(piece) if isinstance(piece, bytes) else piece
        if ending == "end":
            yield b"0\r\n\r\n"

    return Script(Again(steps), "keep" if ending == "end" else ending)


class Again:
    """The same steps each time they are asked for."""

    def __init__(self, make: Callable[[], Iterator[Step]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Step]:
        return self._make()


def raw(*steps: Step, ending: Ending = "close") -> Script:
    """Bytes as they are, HTTP or not."""
    return Script(steps, ending)


# ── the server ───────────────────────────────────────────────────────────


@dataclass
class Upstream:
    """What tests see of it."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    hellos: list[Seen] = field(default_factory=list)
    """Those who began a TLS that was not asked for."""
    connections: int = 0
    scripts: dict[str, list[Script]] = field(default_factory=dict)

    def script(self, path: str, *answers: Script) -> str:
        """What to answer at a path from now on; gives the whole address."""
        self.scripts[path] = list(answers)
        return self.url + path

    def answer(self, path: str) -> Script:
        answers = self.scripts.get(path) or [whole({"error": {"message": f"no script for {path}"}}, 404)]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def wait(self, holds: Callable[[], Any]) -> None:
        """Until something holds, which happens in another thread."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"it did not happen; requests: {self.seen}"
            time.sleep(0.002)

    async def until(self, holds: Callable[[], Any]) -> None:
        """The same on an event loop."""
        with anyio.fail_after(PATIENCE):
            while not holds():  # noqa: ASYNC110 - it happens in another thread
                await anyio.sleep(0.002)


class Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        upstream.connections += 1
        self._number = upstream.connections
        self._got, self._news = b"", asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()
        self._gone: float | None = None
        self._seen: list[Seen] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=1)  # with 0, TLS would never call it free again
        self._task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        self._got += data
        self._news.set()

    def eof_received(self) -> bool:
        self._left()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        # Afterwards, for the socket is closed only once this has returned.
        asyncio.get_running_loop().call_soon(self._left)
        self._task.cancel()

    def pause_writing(self) -> None:
        self._free.clear()

    def resume_writing(self) -> None:
        self._free.set()

    def _left(self) -> None:
        if self._gone is None:
            self._gone = time.monotonic()
        for seen in self._seen:
            seen.gone = seen.gone or self._gone
        self._news.set()
        self._free.set()

    async def _serve(self) -> None:
        while not self._got:
            await self._more()
        if self._got[0] < 32:  # the hello of a TLS that was not asked for
            script = self._upstream.scripts.get("TLS", [raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")])[0]
            hello = Seen("", "", [], b"", self._number)
            self._seen.append(hello)
            self._upstream.hellos.append(hello)
            await self._play(script, hello)
        while True:
            while b"\r\n\r\n" not in self._got:
                await self._more()
            top, _, self._got = self._got.partition(b"\r\n\r\n")
            first, *lines = top.decode("latin-1").split("\r\n")
            method, target, _ = first.split(" ", 2)
            pairs = [line.split(":", 1) for line in lines]
            headers = [(name.lower(), value.strip()) for name, value in pairs]
            size = int(dict(headers).get("content-length", "0"))
            while len(self._got) < size:
                await self._more()
            body, self._got = self._got[:size], self._got[size:]
            seen = Seen(method, target, headers, body, self._number)
            self._seen.append(seen)
            self._upstream.seen.append(seen)
            await self._play(self._upstream.answer(target.partition("?")[0]), seen)

    async def _more(self) -> None:
        """Wait for more bytes; after the end, until the task is cancelled."""
        self._news.clear()
        if self._gone is not None:
            await asyncio.Event().wait()
        await self._news.wait()

    async def _play(self, script: Script, seen: Seen) -> None:
        for step in script.steps:
            if isinstance(step, float):
                await asyncio.sleep(step)
                continue
            if not isinstance(step, bytes):
                while not step():  # noqa: ASYNC110 - it happens in another thread
                    await asyncio.sleep(0.002)
                continue
            self._transport.write(step)
            await asyncio.sleep(0)
            await self._free.wait()
            seen.sent += len(step)
        if script.ending == "stall":
            await asyncio.Event().wait()
        if script.ending == "reset":
            self._reset()
        if script.ending != "keep":
            self._transport.close()
            await asyncio.Event().wait()

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@contextmanager
def listening(tls: ssl.SSLContext | None = None, made: Upstream | None = None) -> Iterator[Upstream]:
    """An upstream on a free port, the one that was made for it or a new one, until the end of the block."""
    upstream, started, loop = made or Upstream(), threading.Event(), asyncio.new_event_loop()
    transports: list[asyncio.BaseTransport] = []

    class Kept(Connection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transports.append(transport)
            super().connection_made(transport)

    async def serve(stop: asyncio.Event) -> None:
        server = await loop.create_server(lambda: Kept(upstream), "127.0.0.1", 0, ssl=tls)
        host, port = server.sockets[0].getsockname()
        upstream.url = f"{'https' if tls else 'http'}://{host}:{port}"
        started.set()
        await stop.wait()
        server.close()
        for transport in transports:
            transport.abort()  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(stop),))
    thread.start()
    assert started.wait(PATIENCE)
    try:
        yield upstream
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def closed_port() -> str:
    """An address where nobody listens, and nobody else begins to: a port that was let go of would soon be
    another test's server's."""
    return f"http://127.0.0.1:{TAKEN.getsockname()[1]}"


TAKEN = socket.socket()
TAKEN.bind(("127.0.0.1", 0))
atexit.register(TAKEN.close)
