"""From upstream bytes to client bytes: the one place that knows how a stream begins and ends.

A passage is fed what the upstream sends. It says when the first meaningful event came (`started`:
until then nothing has been shown to the client and everything can be tried again) and makes sure
that a stream which broke does not look like one that ended (ST-02, ST-03, ST-04).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from ..dialects.openai import meaningful
from ..endpoints import Client
from ..errors import GatewayError, UpstreamError
from ..framing.base import Frame, FramingError
from ..model import Context, Stream
from ..values import JSON, Failure
from .likeness import Around, around, only, spoken

HELD = 64 * 1024
"""Bytes after which a stream counts as begun, meaningful or not."""
EVENT_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")
"""How a body ends in which no server-sent event was begun and not ended."""
ODD = (KeyError, IndexError, TypeError, AttributeError, ValueError)
"""What a transform raises when an event has a shape its provider never documented."""


class Broken(Exception):
    """The body cannot be finished and has no way of saying so: the connection must be cut."""


class Passage(Protocol):
    """The way of one stream through the gateway."""

    @property
    def started(self) -> bool:
        """Something meaningful came."""
        ...

    @property
    def error(self) -> GatewayError | None:
        """Why the stream is over before its time."""
        ...

    @property
    def over(self) -> bool:
        """Nothing more is to be read."""
        ...

    @property
    def speaks(self) -> bool:
        """Whether the gateway can say something of its own in it."""
        ...

    def feed(self, data: bytes) -> bytes:
        """What `data` gives the client."""
        ...

    def close(self) -> bytes:
        """The upstream ended: the last words, which are an error where it ended too soon."""
        ...

    def fail(self, failure: Failure) -> bytes:
        """The upstream broke off: the last words. Raises Broken where there can be none."""
        ...

    def stop(self, error: GatewayError) -> bytes:
        """The gateway itself ends it: the last words. Raises Broken where there can be none."""
        ...


def taken(passage: Passage, data: bytes | Failure) -> bytes:
    """What the client is told of what a read came to. A failure is the end, as nothing is. Raises Broken."""
    if isinstance(data, Failure):
        return passage.fail(data)
    return passage.feed(data) if data else passage.close()


Scrub = Callable[[bytes], bytes]
"""Takes credentials out of what an error quotes."""


def as_it_is(words: bytes) -> bytes:
    return words


def cut_short(context: Context) -> UpstreamError:
    message = f"{context.provider} ended the stream before it was complete"
    return UpstreamError(message, code="upstream_stream_incomplete")


def unreadable(context: Context, why: object = "") -> UpstreamError:
    message = f"{context.provider} sent an event that cannot be read{f': {why}' if why else ''}"
    return UpstreamError(message, code="upstream_stream_invalid")


def broke_off(context: Context, failure: Failure) -> UpstreamError:
    message = f"{context.provider} broke off the stream: {failure.message}"
    return UpstreamError(message, status=failure.status, code=failure.code)


DONE = b"[DONE]"


def asked_of(context: Context) -> int:
    """How many choices a request asks for."""
    n = context.request.get("n")
    return n if isinstance(n, int) else 1


class Choices:
    """Those of a stream that have ended, where several were asked for: one that was cut before the next began
    must not look whole."""

    __slots__ = ("_asked", "_done", "_ended")

    def __init__(self, asked: int) -> None:
        self._asked = asked
        self._ended: set[int] = set()
        self._done = False

    @property
    def all(self) -> bool:
        """Whether there is no more to come: each has ended, or it was said that no other comes."""
        return self._done or len(self._ended) >= self._asked

    def heard(self, data: bytes, chunks: tuple[JSON, ...] = ()) -> None:
        self._done = self._done or data == DONE
        for chunk in chunks:
            for choice in chunk.get("choices") or ():
                if choice.get("finish_reason"):
                    self._ended.add(choice.get("index") or 0)


class Translation:
    """A stream in another dialect: frame, decode, fold, encode."""

    speaks = True

    def __init__(
        self, stream: Stream[Any], context: Context, client: Client, scrub: Scrub = as_it_is
    ) -> None:
        self.started = self.over = False
        self.error: GatewayError | None = None
        self._stream, self._context, self._client, self._scrub = stream, context, client, scrub
        self._framer, self._state = stream.framer(), stream.start
        self._held = 0
        self._tail = b""
        """The last bytes, for those who say nothing of the end."""
        self._tailed = stream.last is not None and not stream.by_choice
        asked = asked_of(context) if stream.by_choice else 1
        self._choices = Choices(asked) if asked > 1 else None
        self._cut = False  # within an event
        self._like: Echo | None = None

    def feed(self, data: bytes) -> bytes:
        if not self._stream.words:
            return self._read(data)
        if self._like and not self.over and (said := self._like.alone(data)):
            return said
        out = b""
        while data and not self.over:
            if self._like:
                words, end = spoken(data, self._like.heard)
                out, data = out + self._like.said(words), data[end:]
            end = data.find(b"\n\n") + 2
            piece, data = (data[:end], data[end:]) if end > 1 else (data, b"")
            out += self._read_one(piece) if piece else b""
        return out

    def _read_one(self, piece: bytes) -> bytes:
        """One event, as a rule: whether the next may be like it is seen then."""
        state, whole = self._state, not self._cut
        out = self._read(piece)
        self._cut = not piece.endswith(b"\n\n")
        alike = whole and not self._cut and self.started and state is self._state
        self._like = echo(piece, out, self._stream.words) if alike else None
        return out

    def _read(self, data: bytes) -> bytes:
        try:
            frames = self._framer.feed(data)
        except FramingError as error:
            return self.stop(unreadable(self._context, error))
        self._held += len(data)
        if self._tailed:
            self._tail = (self._tail + data)[-4:]
        out = self._fold(frames)
        self.started = self.started or self._held > HELD
        return out

    def close(self) -> bytes:
        if self.over:
            return b""
        try:
            out = self._fold(self._framer.close())
        except FramingError as error:
            return self.stop(unreadable(self._context, error))
        if self.over:
            return out
        return out + (self._whole() or self._ended() or self.stop(cut_short(self._context)))

    def fail(self, failure: Failure) -> bytes:
        return b"" if self.over else self._ended() or self.stop(broke_off(self._context, failure))

    def _fold(self, frames: list[Frame]) -> bytes:
        out = b""
        step, decode, write = self._stream.step, self._stream.decode, self._client.chunk
        several = self._choices
        for frame in frames:
            try:
                if (event := decode(frame)) is None:
                    if several:
                        several.heard(frame.data)
                    continue
                self._state, chunks = step(self._state, event, self._context)
            except GatewayError as error:
                return out + self.stop(error)
            except ODD:
                return out + self.stop(unreadable(self._context))
            for chunk in chunks:
                out += write(chunk)
                self.started = self.started or meaningful(chunk)
            if several:
                several.heard(frame.data, chunks)
        return out

    def _whole(self) -> bytes:
        """The end of a body that is whole and says so by nothing but its end; empty where it is not that."""
        if not (self._stream.last and self.started):
            return b""
        if not (self._tail.endswith(EVENT_ENDS) if self._tailed else self._stream.ended(self._state)):
            return b""
        self.over = True
        said = (self._client.chunk(chunk) for chunk in self._stream.last(self._state, self._context))
        return b"".join(said) + self._client.done

    def _ended(self) -> bytes:
        """The good end, where the provider's own terminal marker came, or all that was asked for; empty where
        neither did."""
        if not self._stream.ended(self._state) or not (self._choices is None or self._choices.all):
            return b""
        self.over = True
        return self._client.done

    def stop(self, error: GatewayError) -> bytes:
        if self.over:
            return b""
        self.error, self.over = error, True
        return self._scrub(self._client.event(error))


class Echo(NamedTuple):
    """What an event and its chunk have around the words that they share."""

    heard: Around
    told: Around

    def alone(self, event: bytes) -> bytes:
        """The chunk of one event that is like it, as they come one by one; empty where it is none."""
        words = only(event, self.heard)
        return b"" if words is None else self.told.before + words + self.told.after

    def said(self, words: list[bytes]) -> bytes:
        """The chunks of events that are like it."""
        if not words:
            return b""
        before, after, _ = self.told
        return before + (after + before).join(words) + after


def echo(event: bytes, chunk: bytes, name: bytes) -> Echo | None:
    """None where an event and what became of it do not share their words, or might not."""
    named, data, text = event.partition(b"data: ")
    heard, told = around(text[:-2], (name,)), around(chunk[:-2])
    if heard is None or told is None:
        return None
    words = text[len(heard.before) : -len(heard.after) - 2]
    elsewhere = told.before + told.after
    if words in elsewhere or chunk[len(told.before) : -len(told.after) - 2] != words:
        return None
    return Echo(
        Around(named + data + heard.before, heard.after + b"\n\n"),
        Around(told.before, told.after + b"\n\n"),
    )


class Raw:
    """A body that is no stream of events: sound, a file, whatever a proxied path answers."""

    speaks = False

    def __init__(self) -> None:
        self.started, self.over = True, False
        self.error: GatewayError | None = None

    def feed(self, data: bytes) -> bytes:
        return data

    def close(self) -> bytes:
        return b""

    def fail(self, failure: Failure) -> bytes:
        raise Broken(failure.message)

    def stop(self, error: GatewayError) -> bytes:
        raise Broken(error.message)


class Within:
    """A passage around another, which is as far as that is. What it does with what it is fed is its own."""

    __slots__ = ("_passage",)

    def __init__(self, passage: Passage) -> None:
        self._passage = passage

    @property
    def started(self) -> bool:
        return self._passage.started

    @property
    def error(self) -> GatewayError | None:
        return self._passage.error

    @property
    def over(self) -> bool:
        return self._passage.over

    @property
    def speaks(self) -> bool:
        return self._passage.speaks

    def close(self) -> bytes:
        return self._passage.close()

    def fail(self, failure: Failure) -> bytes:
        return self._passage.fail(failure)

    def stop(self, error: GatewayError) -> bytes:
        return self._passage.stop(error)


class Bounded(Within):
    """A passage that is over at a given moment, however busy it still is (DOS-09)."""

    __slots__ = ("_deadline", "_now")

    def __init__(self, passage: Passage, deadline: float, now: Callable[[], float]) -> None:
        super().__init__(passage)
        self._deadline, self._now = deadline, now

    def feed(self, data: bytes) -> bytes:
        if self._now() > self._deadline:
            return self._passage.stop(LATE)
        return self._passage.feed(data)


LATE = GatewayError(
    "the answer took longer than this gateway gives one; its total_timeout, or timeouts.total of the target,"
    " says how long that is",
    status=504,
    type="timeout_error",
    code="total_timeout",
)
