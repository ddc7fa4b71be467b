"""The provider of the measurements: answers fixed bytes, as fast as asyncio can.

    python bench/upstream.py FD

FD is a listening socket that was inherited. The path tells the dialect, the model's name whether an answer
is whole, streamed in one write (`bench-burst`) or streamed event by event (`bench-paced`).
"""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from collections.abc import Iterator
from typing import cast

import uvloop

from samples import ANTHROPIC_EVENTS, ANTHROPIC_WHOLE, OPENAI_EVENTS, OPENAI_WHOLE

PACE = 0.005
"""Seconds between the events of a paced stream."""
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
STREAMED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


def whole(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Said:
    """The answers of one dialect, as they go over the wire."""

    def __init__(self, answer: bytes, events: tuple[bytes, ...]) -> None:
        self.whole = whole(answer)
        self.events = tuple(map(chunk, events))
        self.burst = STREAMED + b"".join(self.events) + LAST


SAID = {
    b"/chat/completions": Said(OPENAI_WHOLE, OPENAI_EVENTS),
    b"/messages": Said(ANTHROPIC_WHOLE, ANTHROPIC_EVENTS),
}


class Provider(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self) -> None:
        self._got = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, blank, body = self._got.partition(b"\r\n\r\n")
        told = LENGTH.search(head)
        if blank and len(body) >= (int(told[1]) if told else 0):
            self._got = b""
            self._answer(head.split(b" ", 2)[1], body)

    def _answer(self, path: bytes, body: bytes) -> None:
        said = SAID[b"/messages" if path.endswith(b"/messages") else b"/chat/completions"]
        if b"bench-paced" in body:
            self._transport.write(STREAMED)
            self._next(iter(said.events))
        else:
            self._transport.write(said.burst if b"bench-burst" in body else said.whole)

    def _next(self, events: Iterator[bytes]) -> None:
        if self._transport.is_closing():
            return
        event = next(events, LAST)
        self._transport.write(event)
        if event is not LAST:
            self._loop.call_later(PACE, self._next, events)


async def serve(listener: socket.socket) -> None:
    server = await asyncio.get_running_loop().create_server(Provider, sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(socket.socket(fileno=int(sys.argv[1]))))
