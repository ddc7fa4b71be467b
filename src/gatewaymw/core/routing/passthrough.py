"""The way of a stream that already is in the client's own dialect."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..dialects.openai import fault_of, meaningful, stream_fault
from ..endpoints import Client
from ..errors import GatewayError
from ..framing.base import Frame, FramingError
from ..framing.sse import SSE
from ..model import Context, decode_json
from ..values import Failure
from .likeness import Around, alike, around, only, run
from .pipeline import DONE, HELD, ODD, Scrub, as_it_is, asked_of, broke_off, cut_short, unreadable

WHOLE = (b"\n\n", b"\n\r\n")
"""What a piece ends with, most often, that ends with an event."""
BLANK = (b"\n\n", b"\n\r", b"\r\r")
"""Where an event ends, by any of the line ends that the standard allows."""
EVENTS = re.compile(rb"\n\n|\n\r\n?|\r\r\n?")


class Passthrough:
    """The bytes of whole events go on untouched. Each event is read, too, and only that: to see whether it
    is one, and whether it reports an error or ends an answer.

    An event is held back until all of it is here. One that is cut by the end of the stream would keep the
    client from reading the error that comes after it.
    """

    speaks = True

    def __init__(
        self, context: Context, client: Client, scrub: Scrub = as_it_is, bounded: bool = True
    ) -> None:
        self.started = self.over = False
        self.error: GatewayError | None = None
        self._context, self._client, self._scrub = context, client, scrub
        self._framer = SSE()
        self._bounded = bounded  # HTTP tells itself where the body ends
        self._early = b""  # whole events, while nothing is shown
        self._held = bytearray()  # the beginning of an event
        self._begun: set[int] = set()
        self._ended: set[int] = set()
        self._done = self._named = False
        self._latest: Around | None = None  # of the event that was read last
        self._line: Around | None = None

    def feed(self, data: bytes) -> bytes:
        if self._line and not self._held and not self.over and only(data, self._line) is not None:
            return data
        out = b""
        while data and not self.over:
            if self._line and not self._held and (like := run(data, self._line)):
                # The latest event with other words: as most are, where a model speaks.
                if like == len(data):
                    return out + data
                out, data = out + data[:like], data[like:]
            end = data.find(b"\n\n") + 2
            piece, data = (data[:end], data[end:]) if end > 1 else (data, b"")
            out += self._read(piece)
        return out

    def _read(self, data: bytes) -> bytes:
        try:
            frames = self._framer.feed(data)
        except FramingError as error:
            return self._release() + self.stop(unreadable(self._context, error))
        whole = data if not self._held and data.endswith(WHOLE) else self._completed(data)
        for number, frame in enumerate(frames):
            try:
                self._judge(frame)
            except GatewayError as fault:
                return self._release() + before(whole, number) + self.stop(fault)
            except ODD:
                return self._release() + before(whole, number) + self.stop(unreadable(self._context))
        if self.started and not self._early:
            return whole
        self._early += whole
        self.started = self.started or len(self._early) + len(self._held) > HELD
        return self._release() if self.started else b""

    def close(self) -> bytes:
        return self._last(lambda: cut_short(self._context), 1 if self._bounded else asked_of(self._context))

    def fail(self, failure: Failure) -> bytes:
        # What broke off may lack a choice that had not begun: one that HTTP says is whole may not.
        return self._last(lambda: broke_off(self._context, failure), asked_of(self._context))

    def stop(self, error: GatewayError) -> bytes:
        if self.over:
            return b""
        self.error, self.over = error, True
        return self._scrub(self._client.event(error))

    def _completed(self, data: bytes) -> bytes:
        """The events that are whole with `data`; what is left is held."""
        held = self._held
        seen = max(len(held) - 1, 0)
        held += data
        end = len(held) if held.endswith(WHOLE) else max(held.rfind(blank, seen) for blank in BLANK) + 2
        if end < 2:
            return b""
        whole = bytes(held[:end])
        del held[:end]
        return whole

    def _judge(self, frame: Frame) -> None:
        """Keep what an event says of the answer. Raises GatewayError for the error it reports, and what
        transforms raise for an event of no known shape."""
        if self._latest and not frame.event and alike(frame.data, self._latest):
            return
        event = decode_json(frame)
        if not isinstance(event, dict):
            self._done = self._done or frame.data == DONE
            return
        if fault := stream_fault(event) or (fault_of(event) if frame.event == "error" else None):
            raise fault
        for choice in event.get("choices") or ():
            index = choice.get("index") or 0
            self._begun.add(index)
            if choice.get("finish_reason"):
                self._ended.add(index)
        if "type" in event:
            self._named = str(event["type"]).endswith((".completed", ".done"))
        # All that came at once is looked at: while nothing was shown, an error undoes it all.
        self.started = self.started or meaningful(event)
        self._latest = around(frame.data) if self.started and not frame.event else None
        self._line = self._latest and self._latest.line

    def _release(self) -> bytes:
        early, self._early = self._early, b""
        return early

    def _last(self, error: Callable[[], GatewayError], most: int = 1) -> bytes:
        """The end: a good one where the terminal marker came, or each choice that began has its reason and
        as many have as were to come."""
        if self.over:
            return b""
        out = self._release()
        try:
            for frame in self._framer.close():
                self._judge(frame)
                if frame.data:
                    out += bytes(self._held).rstrip() + b"\n\n"  # so that what follows is an event of its own
        except GatewayError as fault:
            return out + self.stop(fault)
        except ODD:  # an event that was cut
            return out + self.stop(error())
        all_ended = self._begun == self._ended and len(self._ended) >= max(most, 1)
        if not (self._done or self._named or all_ended):
            return out + self.stop(error())
        self.over = True
        # A cousin of the dialect may never say it: OpenAI's clients wait for it.
        return out if self._done else out + self._client.done


def before(whole: bytes, number: int) -> bytes:
    """The bytes of the events that go before one of them."""
    framer, ends, at, end = SSE(), EVENTS.finditer(whole), 0, 0
    while number >= 0:
        at, end = end, next(ends).end()
        number -= len(framer.feed(whole[at:end]))
    return whole[:at]
