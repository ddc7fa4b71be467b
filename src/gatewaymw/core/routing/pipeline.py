"""From upstream bytes to client bytes: the one place that knows how a stream begins and ends.

A passage is fed what the upstream sends. It says when the first meaningful event came (`started`:
until then nothing has been shown to the client and everything can be tried again) and makes sure
that a stream which broke does not look like one that ended (ST-02, ST-03, ST-04).
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from ..dialects.openai import meaningful, stream_fault
from ..endpoints import Client
from ..errors import GatewayError, UpstreamError
from ..framing.base import Frame, FramingError
from ..framing.sse import SSE
from ..model import Context, Stream, decode_json
from ..values import Failure

HELD = 64 * 1024
"""Bytes after which a stream counts as begun, meaningful or not."""
TAIL = 8 * 1024
ODD = (KeyError, IndexError, TypeError, AttributeError, ValueError)
"""What a transform raises when an event has a shape its provider never documented."""


class Broken(Exception):
    """The body cannot be finished and has no way of saying so: the connection must be cut."""


class Passage(Protocol):
    """The way of one stream through the gateway."""

    started: bool
    """Something meaningful came."""
    error: GatewayError | None
    """Why the stream is over before its time."""
    over: bool
    """Nothing more is to be read."""

    def feed(self, data: bytes) -> bytes:
        """What `data` gives the client."""
        ...

    def close(self) -> bytes:
        """The upstream ended: the last words, which are an error where it ended too soon."""
        ...

    def fail(self, failure: Failure) -> bytes:
        """The upstream broke off: the last words. Raises Broken where there can be none."""
        ...


def cut_short(context: Context) -> UpstreamError:
    message = f"{context.provider} ended the stream before it was complete"
    return UpstreamError(message, code="upstream_stream_incomplete")


def unreadable(context: Context, why: object = "") -> UpstreamError:
    message = f"{context.provider} sent an event that cannot be read{f': {why}' if why else ''}"
    return UpstreamError(message, code="upstream_stream_invalid")


def broke_off(context: Context, failure: Failure) -> UpstreamError:
    message = f"{context.provider} broke off the stream: {failure.message}"
    return UpstreamError(message, status=failure.status, code=failure.code)


class Translation:
    """A stream in another dialect: frame, decode, fold, encode."""

    def __init__(self, stream: Stream[Any], context: Context, client: Client) -> None:
        self.started = self.over = False
        self.error: GatewayError | None = None
        self._stream, self._context, self._client = stream, context, client
        self._framer, self._state = stream.framer(), stream.start
        self._held = 0

    def feed(self, data: bytes) -> bytes:
        try:
            frames = self._framer.feed(data)
        except FramingError as error:
            return self._stop(unreadable(self._context, error))
        self._held += len(data)
        out = self._fold(frames)
        self.started = self.started or self._held > HELD
        return out

    def close(self) -> bytes:
        if self.over:
            return b""
        try:
            out = self._fold(self._framer.close())
        except FramingError as error:
            return self._stop(unreadable(self._context, error))
        if self.over:
            return out
        return out + self._last(cut_short(self._context))

    def fail(self, failure: Failure) -> bytes:
        return b"" if self.over else self._last(broke_off(self._context, failure))

    def _fold(self, frames: list[Frame]) -> bytes:
        out = b""
        step, decode, write = self._stream.step, self._stream.decode, self._client.chunk
        for frame in frames:
            try:
                if (event := decode(frame)) is None:
                    continue
                self._state, chunks = step(self._state, event, self._context)
            except GatewayError as error:
                return out + self._stop(error)
            except ODD:
                return out + self._stop(unreadable(self._context))
            for chunk in chunks:
                out += write(chunk)
                self.started = self.started or meaningful(chunk)
        return out

    def _last(self, error: GatewayError) -> bytes:
        """The end: a good one where the provider's own terminal marker came."""
        if self._stream.ended(self._state):
            self.over = True
            return self._client.done
        return self._stop(error)

    def _stop(self, error: GatewayError) -> bytes:
        self.error, self.over = error, True
        return self._client.event(error)


DONE = re.compile(rb"(?:^|[\r\n])data: ?\[DONE\]$")
FINISHED = re.compile(rb'"finish_reason": ?"|"type": ?"[\w.]+\.(?:completed|done)"')


class Passthrough:
    """Events in the client's own dialect: bytes go on untouched.

    They are read only until the first meaningful one. After it, only the tail is kept, to see at
    the end whether the terminal marker came.
    """

    def __init__(self, context: Context, client: Client) -> None:
        self.started = self.over = False
        self.error: GatewayError | None = None
        self._context, self._client = context, client
        self._framer = SSE()
        self._held = b""
        self._tail = bytearray()

    def feed(self, data: bytes) -> bytes:
        self._tail += data
        if len(self._tail) > 4 * TAIL:
            del self._tail[:-TAIL]
        if self.started:
            return data
        self._held += data
        try:
            for frame in self._framer.feed(data):
                self._judge(frame)
        except ValueError as error:
            return self._stop(unreadable(self._context, error if isinstance(error, FramingError) else ""))
        self.started = self.started or len(self._held) > HELD
        return self._release() if self.started else b""

    def close(self) -> bytes:
        return self._last(cut_short(self._context))

    def fail(self, failure: Failure) -> bytes:
        return self._last(broke_off(self._context, failure))

    def _judge(self, frame: Frame) -> None:
        event = decode_json(frame)
        if isinstance(event, dict):
            # All that came at once is looked at: while nothing was shown, an error undoes it all.
            self.error = self.error or stream_fault(event)
            self.started = self.started or meaningful(event)

    def _release(self) -> bytes:
        held, self._held = self._held, b""
        return held

    def _last(self, error: GatewayError) -> bytes:
        if self.over:
            return b""
        self.over = True
        tail = self._tail[-TAIL:].rstrip()
        if DONE.search(tail, max(0, len(tail) - len("\ndata: [DONE]"))):
            return self._release()
        if FINISHED.search(tail):
            # A dialect's cousin that never says [DONE]: OpenAI's clients wait for it.
            return self._release() + self._ended() + self._client.done
        return self._release() + self._ended() + self._stop(error)

    def _ended(self) -> bytes:
        """What closes the event the upstream left open, so that ours is read as one of its own."""
        return b"" if self._tail.endswith((b"\n\n", b"\r\n\r\n")) or not self._tail else b"\n\n"

    def _stop(self, error: GatewayError) -> bytes:
        self.error, self.over = error, True
        return self._client.event(error)


class Raw:
    """A body that is no stream of events: sound, a file, whatever a proxied path answers."""

    def __init__(self) -> None:
        self.started, self.over = True, False
        self.error: GatewayError | None = None

    def feed(self, data: bytes) -> bytes:
        return data

    def close(self) -> bytes:
        return b""

    def fail(self, failure: Failure) -> bytes:
        raise Broken(failure.message)
