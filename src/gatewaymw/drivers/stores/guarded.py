"""What stands between requests and a shared store: no request waits long for it, or fails for it.

An operation has 100 ms. Where the store fails it, what this process keeps for itself answers. After a few
failures in a row the store is left in peace for a second, then one operation tries it again. That it is gone,
and that it is back, is said in the log once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Protocol

import anyio

from .memory import Memory

log = logging.getLogger("gatewaymw")
DEADLINE = 0.1
"""Seconds for one operation."""
FAILURES = 3
"""So many in a row, and the store counts as gone."""
REST = 1.0
"""Seconds until a store that is gone is asked again."""
ANSWERS: Mapping[str, Callable[[Any], bool]] = {
    "get": lambda answer: answer is None or isinstance(answer, bytes),
    "set": lambda answer: answer is None,
    "add": lambda answer: isinstance(answer, int) and not isinstance(answer, bool),
    "swap": lambda answer: isinstance(answer, bool),
    "drop": lambda answer: answer is None,
}
"""What an operation may answer: all else is a failure of the store's."""


class Backend(Protocol):
    """A shared store as both drivers ask it. It may raise anything."""

    @property
    def kind(self) -> str:
        """For an operator."""
        ...

    def ask(self, operation: str, *args: Any) -> Any: ...

    async def aask(self, operation: str, *args: Any) -> Any: ...

    def close(self) -> None: ...

    async def aclose(self) -> None: ...


class Guarded:
    """A store that never fails: the shared one, or this process's own in its place."""

    def __init__(
        self,
        backend: Backend | None,
        local: Memory,
        now: Callable[[], float] = time.monotonic,
        deadline: float = DEADLINE,
    ) -> None:
        self._backend, self._local, self._now, self._deadline = backend, local, now, deadline
        self._lock = Lock()
        self._row = 0  # failures since the last success
        self._until = 0.0  # when it may be asked again
        self._gone = False
        self.failures = 0
        """Operations that the shared store failed."""
        self.local = 0
        """Operations that were answered here instead."""
        self.error = ""
        """The kind of the last failure."""

    @property
    def shared(self) -> bool:
        """Whether others than this process may keep things there."""
        return self._backend is not None

    def state(self) -> dict[str, Any]:
        """For an operator: no addresses, no keys."""
        kind = self._backend.kind if self._backend else "Memory"
        told = {"failures": self.failures, "answered_locally": self.local, "last_error": self.error or None}
        return {"store": kind, "reachable": not self._gone, **told}

    def ask(self, operation: str, *args: Any) -> Any:
        if self._backend is None or self._rests():
            return self._own(operation, args)
        try:
            answer = checked(operation, self._backend.ask(operation, *args))
        except Exception as error:
            return self._failed(error, operation, args)
        return answer if self._row == 0 else self._back(answer)

    async def aask(self, operation: str, *args: Any) -> Any:
        if self._backend is None or self._rests():
            return self._own(operation, args)
        try:
            with anyio.fail_after(self._deadline):
                answer = checked(operation, await self._backend.aask(operation, *args))
        except Exception as error:
            return self._failed(error, operation, args)
        return answer if self._row == 0 else self._back(answer)

    def close(self) -> None:
        """Let go of the threads' connections."""
        if self._backend is not None:
            self._backend.close()

    async def aclose(self) -> None:
        """Let go of this event loop's connections."""
        if self._backend is not None:
            await self._backend.aclose()

    def _own(self, operation: str, args: tuple[Any, ...]) -> Any:
        return getattr(self._local, operation)(*args)

    def _rests(self) -> bool:
        """Whether the store is left in peace; where its time is over, for all but the first who asks."""
        if not self._gone:
            return False
        with self._lock:
            now = self._now()
            if self._gone and now < self._until:
                self.local += 1
                return True
            self._until = now + REST
            return False

    def _failed(self, error: Exception, operation: str, args: tuple[Any, ...]) -> Any:
        with self._lock:
            self.failures += 1
            self.local += 1
            self.error = type(error).__name__
            self._row += 1
            lost = self._row >= FAILURES and not self._gone
            if lost:
                self._gone, self._until = True, self._now() + REST
        if lost:
            # Its own words may quote its address.
            log.warning(
                "the store of gatewaymw fails (%s): each worker goes on with what it knows itself", self.error
            )
        return self._own(operation, args)

    def _back(self, answer: Any) -> Any:
        with self._lock:
            back, self._gone, self._row = self._gone, False, 0
        if back:
            log.warning("the store of gatewaymw is back")
        return answer


def checked(operation: str, answer: Any) -> Any:
    """Raises TypeError for an answer that is none."""
    if not ANSWERS[operation](answer):
        raise TypeError(f"a store answered {operation} with {type(answer).__name__}")
    return answer
