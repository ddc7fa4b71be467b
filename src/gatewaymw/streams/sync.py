"""Streams of threads: the twin of `aio`.

A thread that is in the midst of a write, or waits for an upstream, cannot be stopped. What can be done for it
from outside is done by one thread for all of them, which ends when there are none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import inf
from threading import Condition, Lock, Thread

from ..core.errors import GatewayError
from ..core.routing.reply import Live
from ..core.values import Failure
from ..drivers.sync import Driver
from . import COMMENT, FAREWELL, Pace, not_taken, shut_down

LINGER = 1.0
"""Seconds at most that the thread outlives the last stream, so that not each starts one."""
LEAST = 0.001
"""Seconds of the shortest wait."""


class Pouring:
    """One answer, piece by piece, as its server asks for them. The server closes it."""

    def __init__(self, live: Live, driver: Driver, streams: Streams) -> None:
        self._live, self._driver, self._streams = live, driver, streams
        pause = streams.pace.keep_alive
        one = live.passage.speaks and not live.beside
        fills = pause is not None and one and driver.opened(live.stream)[0].resumes
        self._pieces = driver.pour(live) if pause is None or not fills else self._filled(pause)
        self._turn = Lock()
        self._given: float | None = None  # when the server was handed what it has not come back from
        self._error: GatewayError | None = None
        self._stuck = self._whole = False
        streams.add(self)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with self._turn:
            if self._stuck:
                raise not_taken(self._streams.pace)
            self._given = None
            piece = next(self._pieces, None) if self._error is None else self._last_words(self._error)
            if piece is None:
                self._whole = True
                raise StopIteration
            self._given = time.monotonic()
            return piece

    def _filled(self, pause: float) -> Iterator[bytes]:
        """What the driver pours, and a comment after each `pause` seconds without a word.

        So long at most does the thread wait for the upstream: it is the one that writes, too.
        """
        live, passage, driver = self._live, self._live.passage, self._driver
        idle = driver.opened(live.stream)[1] or inf
        if live.body:
            yield live.body
        said = heard = time.monotonic()
        while not passage.over:
            now = time.monotonic()
            due, end = said + pause - now, heard + idle - now
            data = driver.read(live.stream, max(min(due, end), LEAST))
            if isinstance(data, Failure):
                if data.kind != "timeout" or due >= end:
                    yield passage.fail(data)
                    return
                yield COMMENT
                said = time.monotonic()
            else:
                if out := passage.feed(data) if data else passage.close():
                    yield out
                    said = time.monotonic()
                if not data:
                    return
                heard = time.monotonic()

    def close(self) -> None:
        self._streams.drop(self)
        with self._turn, self._driver:
            if self._whole:
                self._whole = False
                self._driver.afterwards(self._live)

    def end(self, error: GatewayError) -> None:
        """Let these be its last words, as soon as its thread comes back."""
        self._error = error

    def look(self) -> None:
        """Let go of the upstream where the client has not taken what it was sent."""
        given = self._given
        if given is None or time.monotonic() - given < self._streams.pace.send_timeout:
            return
        if self._turn.acquire(blocking=False):  # else its thread has just come back
            if self._given == given:
                self._stuck = True
                self._driver.__exit__()
            self._turn.release()

    def _last_words(self, error: GatewayError) -> bytes:
        self._pieces = iter(())
        self._error = None
        words = self._live.passage.stop(error)
        self._driver.__exit__()
        return words


class Streams:
    """Those of one gateway, of all its threads."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.ending = False
        """The host is being shut down: nobody new is served."""
        self._open: set[Pouring] = set()
        self._change = Condition()
        self._watch: Thread | None = None

    @property
    def count(self) -> int:
        return len(self._open)

    def add(self, pouring: Pouring) -> None:
        with self._change:
            self._open.add(pouring)
            if self._watch is None or not self._watch.is_alive():  # dead, in a process that was forked
                self._watch = Thread(target=self._look, name="gatewaymw-streams", daemon=True)
                self._watch.start()

    def drop(self, pouring: Pouring) -> None:
        with self._change:
            self._open.discard(pouring)
            self._change.notify_all()

    def drain(self, grace: float) -> None:
        """Let the streams end, for so many seconds; then end each as soon as its thread lets it."""
        self.ending = True
        try:
            with self._change:
                self._change.wait_for(lambda: not self._open, grace)
                for pouring in self._open:
                    pouring.end(shut_down())
                self._change.wait_for(lambda: not self._open, FAREWELL)
        finally:
            self.ending = False

    def _look(self) -> None:
        while True:
            time.sleep(min(self.pace.tick, LINGER))
            with self._change:
                looked_at = tuple(self._open)
                if not looked_at:
                    self._watch = None
                    return
            for pouring in looked_at:
                pouring.look()
