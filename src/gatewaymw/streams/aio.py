"""Streams of an event loop: the twin of `sync`."""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop, CancelledError, Task, _get_running_loop, current_task
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol

import anyio
from anyio.lowlevel import RunVar, checkpoint

from ..core.errors import GatewayError
from ..core.routing.pipeline import Passage
from ..core.routing.reply import Live
from ..drivers.aio import Driver
from ..drivers.transport import Unreachable
from . import COMMENT, FAREWELL, Gone, Pace, not_taken, shut_down


class Receiver(Protocol):
    """The client's side."""

    gone: bool
    """It left by itself."""

    def say(self, data: bytes) -> Coroutine[Any, Any, None]:
        """Returns once there is room for more. Raises Gone."""
        ...

    async def finish(self, data: bytes = b"") -> None:
        """All is said with that."""
        ...


class Pouring:
    """One answer, on its way to one client.

    What is measured costs two looks at the clock for each piece; the figures are looked at now and then.
    """

    def __init__(self, live: Live, client: Receiver, pace: Pace) -> None:
        self._live, self._client, self._pace = live, client, pace
        self._scope = anyio.CancelScope() if _get_running_loop() is None else Scope()
        self._error: GatewayError | None = None
        self._since: float | None = None  # when what is being sent was begun with
        self._last = time.monotonic()
        self._stuck = False
        self._comments = pace.keep_alive is not None and live.passage.speaks
        self._turn = anyio.Lock(fast_acquire=True) if self._comments or live.beside else None
        self._ended: anyio.Event | None = None

    async def run(self, driver: Driver) -> None:
        """To its end, or to the one that it is given. Raises Broken where that cannot be told."""
        try:
            with self._scope:
                last = await self._pass_on(driver)
                self._since = time.monotonic()
                await self._client.finish(last)
                self._since = None
                return await driver.let_go(self._live.stream)
            if self._stuck:
                raise not_taken(self._pace)
            await self._farewell()
        except anyio.get_cancelled_exc_class():
            # The client left; or the host's server has no more time for it, and it is still there.
            if not self._client.gone and self._live.passage.speaks:
                await self._farewell()
            raise
        finally:
            if self._ended:
                self._ended.set()

    async def end_of(self) -> None:
        """Wait for it. For one who waits."""
        self._ended = self._ended or anyio.Event()
        await self._ended.wait()

    async def _pass_on(self, driver: Driver) -> bytes:
        """Piece by piece: a client that reads slowly slows the upstream, and nothing piles up here. What is
        left to be said at the end."""
        live = self._live
        if not live.beside and live.passage.over:  # it came at once, or from the cache
            return live.body
        if live.body:
            await self._say(live.body)
            self._since = None
        if not live.beside:
            await self._pass_on_one(driver, live.stream, live.passage)
            return b""
        async with anyio.create_task_group() as tasks:
            for stream, passage in live.beside:
                tasks.start_soon(self._pass_on_one, driver, stream, passage)
        return live.passage.close()

    async def _pass_on_one(self, driver: Driver, stream: int, passage: Passage) -> None:
        if passage.over:
            return  # as one from the cache is
        say = self._say
        body, idle = driver.opened(stream)
        while not passage.over:
            try:
                data = await body.read(idle)
            except Unreachable as error:
                await say(passage.fail(error.failure))
                self._since = None
                return
            if out := passage.feed(data) if data else passage.close():
                await say(out)
                self._since = None
            if not data:
                return

    def end(self, error: GatewayError) -> None:
        """Let these be its last words, now."""
        self._error = error
        self._scope.cancel()

    def _say(self, data: bytes) -> Coroutine[Any, Any, None]:
        """To be waited for; that nothing is being sent any more is then for the caller to note. No coroutine
        itself: each event would have to go through it."""
        if self._turn:
            return self._say_in_turn(data)
        self._since = time.monotonic()
        return self._client.say(data)

    async def _say_in_turn(self, data: bytes) -> None:
        assert self._turn is not None
        async with self._turn:
            self._since = time.monotonic()
            await self._client.say(data)
            self._last, self._since = time.monotonic(), None

    async def _farewell(self) -> None:
        """Raises Broken where no more can be said."""
        words = self._live.passage.stop(self._error or shut_down())
        with anyio.move_on_after(FAREWELL, shield=True):
            await self._client.say(words)
            return await self._client.finish()
        raise not_taken(self._pace)

    def waits(self, now: float) -> bool:
        """Whether `look` has something to do."""
        pace, since = self._pace, self._since
        if since is not None:
            return now - since >= pace.send_timeout
        return self._comments and now - self._last >= (pace.keep_alive or 0)

    async def look(self) -> None:
        """Give up a client that takes nothing; fill a silence."""
        if not self.waits(time.monotonic()):
            return
        if self._since is not None:
            return self._give_up()
        with anyio.move_on_after(self._pace.send_timeout) as taking:
            try:
                await self._say_in_turn(COMMENT)
            except Gone:  # who sends meets it as well, with the next word
                return self._give_up()
        if taking.cancelled_caught:
            self._give_up()

    def _give_up(self) -> None:
        self._stuck = True
        self._scope.cancel()


class Scope:
    """What is needed here of anyio's, which takes ten times as long to make and to leave: on asyncio only."""

    __slots__ = ("_cut", "_task")

    def __init__(self) -> None:
        self._task: Task[Any] | None = None
        self._cut = False

    def __enter__(self) -> None:
        self._task = current_task()
        if self._cut and self._task:
            self._task.cancel()

    def cancel(self) -> None:
        if not self._cut and self._task is not None:
            self._task.cancel()
        self._cut = True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        """Whoever else cancelled the task as well, means all of it."""
        task, self._task = self._task, None
        return self._cut and task is not None and not task.uncancel() and kind is CancelledError


class Streams:
    """Those of one gateway, by event loop."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._here: RunVar[set[Pouring]] = RunVar(f"gatewaymw-streams-{id(self)}")
        self._last: tuple[AbstractEventLoop, set[Pouring]] | None = None
        self.ending = False
        """The host is being shut down: nobody new is served."""

    def _open(self) -> set[Pouring]:
        loop, last = _get_running_loop(), self._last
        if last is not None and last[0] is loop:
            return last[1]
        found = self._here.get(None)
        if found is None:
            found = set()
            self._here.set(found)
        self._last = None if loop is None else (loop, found)
        return found

    @property
    def count(self) -> int:
        """Streams that are open on this event loop; none where no loop runs."""
        try:
            return len(self._open())
        except RuntimeError:
            return 0

    async def pour(self, live: Live, client: Receiver, driver: Driver) -> None:
        """One answer, to its end. Raises Broken."""
        pouring, found = Pouring(live, client, self._pace), self._open()
        found.add(pouring)
        try:
            loop = _get_running_loop()
            if loop is None:
                async with watched(pouring, self._pace.tick):
                    await pouring.run(driver)
            else:
                with Watch(loop, pouring, self._pace.tick):
                    await pouring.run(driver)
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
        await next(iter(found)).end_of()
        await checkpoint()


@asynccontextmanager
async def watched(pouring: Pouring, tick: float) -> AsyncIterator[None]:
    """Have a stream looked at now and then."""
    async with anyio.create_task_group() as tasks:

        async def watch() -> None:
            while True:
                await anyio.sleep(tick)
                await pouring.look()

        tasks.start_soon(watch)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


class Watch:
    """The same on asyncio, for the price of a timer: a task is made where there is something to do."""

    __slots__ = ("_loop", "_pouring", "_task", "_tick", "_timer")

    def __init__(self, loop: AbstractEventLoop, pouring: Pouring, tick: float) -> None:
        self._loop, self._pouring, self._tick = loop, pouring, tick
        self._task: Task[None] | None = None
        self._timer = loop.call_later(tick, self._look)

    def __enter__(self) -> None:
        """It has begun."""

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _look(self) -> None:
        self._timer = self._loop.call_later(self._tick, self._look)
        if self._pouring.waits(time.monotonic()) and (self._task is None or self._task.done()):
            self._task = self._loop.create_task(self._pouring.look())
