"""So many requests at once: who comes later waits in line, for as long as it has patience."""

from __future__ import annotations

import asyncio
from collections import deque

from ..transport import BUSY, Unreachable
from .origin import within


class Places:
    """For one event loop. What is free is taken without a wait, which is nearly always."""

    __slots__ = ("_free", "_line", "_most")

    def __init__(self, most: int) -> None:
        self._free = self._most = most
        self._line: deque[asyncio.Future[None]] = deque()

    @property
    def taken(self) -> int:
        return self._most - self._free

    def take(self) -> bool:
        """Take a place; False where none is free."""
        if not self._free:
            return False
        self._free -= 1
        return True

    def give(self) -> None:
        """Give a place back, to who waited longest."""
        while self._line:
            waiting = self._line.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return
        self._free += 1

    async def wait_until(self, until: float | None) -> None:
        """Wait for a place, no longer than until a moment on the event loop's clock. Raises Unreachable."""
        seconds, late = within(until, asyncio.get_running_loop().time(), BUSY)
        try:
            await self.wait(seconds)
        except TimeoutError:
            raise Unreachable(late) from None

    async def wait(self, seconds: float) -> None:
        """Wait for a place. Raises TimeoutError."""
        waiting, here = asyncio.get_running_loop().create_future(), False
        self._line.append(waiting)
        try:
            async with asyncio.timeout(seconds):
                await waiting
            here = True
        finally:
            if waiting in self._line:
                self._line.remove(waiting)
            elif not here and not waiting.cancelled():
                self.give()  # it came, and nobody is here to take it
