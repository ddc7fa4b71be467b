"""Working for a client while it is there: what is under way for it stops when it leaves.

anyio does this on any event loop, at the price of a task group, two scopes and a time-out of its own for each
request. On asyncio, which nearly all servers run on, one task is enough, and only for work that lasts: who
waits for an answer seldom leaves within the first moments, and is found gone after it.
"""

from __future__ import annotations

import asyncio
from asyncio import _get_running_loop as loop_here  # the public one raises where there is none
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any, Protocol, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import anyio

T = TypeVar("T")
Loop: TypeAlias = asyncio.AbstractEventLoop
AFTER = 0.04
"""Seconds of work after which it is watched whether the client is still there: whoever leaves is to be
noticed within 0.05."""


class Leaving(Protocol):
    """A client."""

    async def left(self) -> bool:
        """Wait until it is gone, or has all it came for. Whether it left early."""
        ...


C = TypeVar("C", bound=Leaving)
Work: TypeAlias = Callable[[T, C], Coroutine[Any, Any, None]]


def attended(work: Work[T, C], what: T, client: C) -> Coroutine[Any, Any, None]:
    """Do the work, and cut it short where its client leaves before."""
    loop = loop_here()
    if loop is None:
        return _anywhere(work, what, client)
    return _on_asyncio(loop, work, what, client)


async def _anywhere(work: Work[T, C], what: T, client: C) -> None:
    async with anyio.create_task_group() as tasks:

        async def watch() -> None:
            if await client.left():
                tasks.cancel_scope.cancel()

        tasks.start_soon(watch)
        try:
            await work(what, client)
        finally:
            tasks.cancel_scope.cancel()


async def _on_asyncio(loop: Loop, work: Work[T, C], what: T, client: C) -> None:
    worker = asyncio.current_task(loop)
    assert worker is not None
    visit, rounds = Visit(worker, client, loop.time() + AFTER), rounds_of(loop)
    rounds.add(visit)
    try:
        await work(what, client)
    except asyncio.CancelledError:
        # Cancelled by the watcher alone, it is done with; by the server as well, the server must hear it.
        if not visit.gone or worker.uncancel():
            raise
    finally:
        visit.over = True
        rounds.leave(visit)
        # Let go of: a task that was cancelled holds the frames it was cancelled in, which hold the visit.
        watcher, visit.watcher = visit.watcher, None
        if watcher is not None:
            watcher.cancel()
    if visit.gone and watcher is not None and watcher.done():
        watcher.result()  # raises what the watcher met


class Visit:
    """One client's request while it is worked on."""

    __slots__ = ("_client", "_worker", "due", "gone", "over", "watcher")

    def __init__(self, worker: asyncio.Task[Any], client: Leaving, due: float) -> None:
        self._worker, self._client = worker, client
        self.due = due
        self.over = self.gone = False
        self.watcher: asyncio.Task[None] | None = None

    async def watch(self) -> None:
        leaves = True
        try:
            leaves = await self._client.left()
        finally:  # also where the server fails to tell
            if leaves and not self.over:
                self.gone = True
                self._worker.cancel()


class Rounds:
    """The requests of one event loop that are too young to be watched, the oldest first.

    Those that are over leave it at once: whoever stayed would keep all that it was made of, and the next
    request would be made of memory that no processor has at hand.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._young: dict[Visit, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, visit: Visit) -> None:
        self._young[visit] = None
        if self._timer is None:
            self._timer = self._loop.call_at(visit.due, self._look)

    def leave(self, visit: Visit) -> None:
        self._young.pop(visit, None)

    def _look(self) -> None:
        now = self._loop.time()
        due = [visit for visit in self._young if visit.due <= now]
        for visit in due:
            del self._young[visit]
            visit.watcher = self._loop.create_task(visit.watch())
        first = next(iter(self._young), None)
        self._timer = self._loop.call_at(first.due, self._look) if first else None


ROUNDS: WeakKeyDictionary[Loop, Rounds] = WeakKeyDictionary()
LATEST: list[tuple[Loop, Rounds]] = []
"""Those of the loop that asked last, which need not be looked for."""


def rounds_of(loop: Loop) -> Rounds:
    for here, rounds in LATEST:
        if here is loop:
            return rounds
    found = ROUNDS.get(loop) or ROUNDS.setdefault(loop, Rounds(loop))
    LATEST[:] = [(loop, found)]
    return found


# ── within a time ────────────────────────────────────────────────────────


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to. Raises TimeoutError where it takes longer.

    On asyncio its first step is taken before any clock is set: as a rule a body is here when it is asked for.
    """
    if loop_here() is None:
        with anyio.fail_after(seconds):
            return await work
    try:
        first = work.send(None)
    except StopIteration as stop:
        done: T = stop.value
        return done
    async with asyncio.timeout(seconds):
        return await resumed(work, first)


@coroutine
def resumed(work: Coroutine[Any, Any, T], first: Any) -> Generator[Any, Any, T]:
    """The rest of a coroutine that has begun, and waits for something: what `yield from` does (PEP 380)."""
    try:
        while True:
            try:
                told = yield first
            except BaseException as error:
                first = work.throw(error)
            else:
                first = work.send(told)
    except StopIteration as stop:
        done: T = stop.value
        return done
