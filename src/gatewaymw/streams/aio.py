"""Streams of an event loop: the twin of `sync`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Protocol

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import RunVar, checkpoint

from ..core.errors import GatewayError
from ..core.routing.reply import Live
from ..drivers.aio import Driver
from . import COMMENT, FAREWELL, Pace, not_taken, shut_down


class Receiver(Protocol):
    """The client's side."""

    gone: bool
    """It left by itself."""

    async def say(self, data: bytes) -> None:
        """Returns once there is room for more."""
        ...

    async def finish(self) -> None:
        """All is said."""
        ...


class Pouring:
    """One answer, on its way to one client.

    What is measured costs two looks at the clock for each piece; a task of its own looks at the figures now
    and then.
    """

    def __init__(self, live: Live, client: Receiver, pace: Pace) -> None:
        self._live, self._client, self._pace = live, client, pace
        self._scope, self._error = anyio.CancelScope(), shut_down()
        self._since: float | None = None  # when what is being sent was begun with
        self._last = time.monotonic()
        self._stuck = False
        self._comments = pace.keep_alive is not None and live.passage.speaks
        self._turn = anyio.Lock(fast_acquire=True)
        self.ended = anyio.Event()

    async def run(self, driver: Driver, tasks: TaskGroup) -> None:
        """To its end, or to the one that it is given. Raises Broken where that cannot be told."""
        tasks.start_soon(self._watch)
        say = self._say_in_turn if self._comments else self._say
        try:
            with self._scope:
                async with aclosing(driver.pour(self._live)) as pieces:
                    async for data in pieces:
                        # Awaited one by one: a client that reads slowly slows the upstream, and nothing
                        # piles up here.
                        await say(data)
                return await self._client.finish()
            if self._stuck:
                raise not_taken(self._pace)
            await self._farewell()
        except anyio.get_cancelled_exc_class():
            # The client left; or the host's server has no more time for it, and it is still there.
            if not self._client.gone and self._live.passage.speaks:
                await self._farewell()
            raise
        finally:
            self.ended.set()

    def end(self, error: GatewayError) -> None:
        """Let these be its last words, now."""
        self._error = error
        self._scope.cancel()

    async def _say(self, data: bytes) -> None:
        self._since = time.monotonic()
        await self._client.say(data)
        self._last, self._since = time.monotonic(), None

    async def _say_in_turn(self, data: bytes) -> None:
        async with self._turn:
            await self._say(data)

    async def _farewell(self) -> None:
        """Raises Broken where no more can be said."""
        words = self._live.passage.stop(self._error)
        with anyio.move_on_after(FAREWELL, shield=True):
            await self._client.say(words)
            return await self._client.finish()
        raise not_taken(self._pace)

    async def _watch(self) -> None:
        pace = self._pace
        while True:
            await anyio.sleep(pace.tick)
            now, since = time.monotonic(), self._since
            if since is not None:
                if now - since >= pace.send_timeout:
                    self._give_up()
            elif self._comments and now - self._last >= (pace.keep_alive or 0):
                with anyio.move_on_after(pace.send_timeout) as taking:
                    await self._say_in_turn(COMMENT)
                if taking.cancelled_caught:
                    self._give_up()

    def _give_up(self) -> None:
        self._stuck = True
        self._scope.cancel()


class Streams:
    """Those of one gateway, by event loop."""

    def __init__(self) -> None:
        self._here: RunVar[set[Pouring]] = RunVar(f"gatewaymw-streams-{id(self)}")
        self.ending = False
        """The host is being shut down: nobody new is served."""

    def _open(self) -> set[Pouring]:
        found = self._here.get(None)
        if found is None:
            found = set()
            self._here.set(found)
        return found

    @asynccontextmanager
    async def kept(self, pouring: Pouring) -> AsyncIterator[None]:
        found = self._open()
        found.add(pouring)
        try:
            yield
        finally:
            found.discard(pouring)

    async def drain(self, grace: float) -> None:
        """Let the streams of this event loop end, for so many seconds; then end them."""
        found, self.ending = self._open(), True
        try:
            with anyio.move_on_after(grace):
                await all_ended(found)
            for pouring in tuple(found):
                pouring.end(shut_down())
            with anyio.move_on_after(2 * FAREWELL):
                await all_ended(found)
        finally:
            self.ending = False


async def all_ended(found: set[Pouring]) -> None:
    while found:
        await next(iter(found)).ended.wait()
        await checkpoint()
