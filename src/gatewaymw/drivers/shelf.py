"""Connections kept for the next request, the one that was used last on top."""

from __future__ import annotations

import threading
from typing import Any, Generic, Protocol, TypeVar


class Kept(Protocol):
    """What a connection of any kind says of itself."""

    def can_handle_request(self, origin: Any) -> bool: ...

    def has_expired(self) -> bool: ...

    def is_idle(self) -> bool: ...

    def is_closed(self) -> bool: ...


C = TypeVar("C", bound=Kept)
EACH = 8
"""How many are put back for one look at the oldest."""


class Shelf(Generic[C]):
    """The connections there are: lent ones, and at most `most` at rest. Several threads may reach in."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._idle: list[C] = []
        self._lent: set[C] = set()
        self._lock = threading.Lock()
        self._puts = 0

    def __repr__(self) -> str:
        return f"Connections: {len(self._lent)} active, {len(self._idle)} idle"

    def take(self, origin: Any) -> C | None:
        """The connection to an origin that was used last; None where all are at work."""
        with self._lock:
            for at in range(len(self._idle) - 1, -1, -1):
                if self._idle[at].can_handle_request(origin):
                    return self._idle.pop(at)
        return None

    def lend(self, connection: C) -> None:
        with self._lock:
            self._lent.add(connection)

    def put(self, connection: C) -> C | None:
        """Take one back. What is returned is to be closed: one too many, or one that grew stale."""
        with self._lock:
            self._lent.discard(connection)
            if connection.is_closed():
                return None
            if not connection.is_idle():
                return connection
            self._idle.append(connection)
            self._puts += 1
            # To ask a connection whether it has expired is a system call.
            stale = self._puts % EACH == 0 and self._idle[0].has_expired()
            return self._idle.pop(0) if stale or len(self._idle) > self._most else None

    def drop(self, connection: C) -> None:
        """Forget one that ended by itself while it was at rest."""
        with self._lock:
            if connection in self._idle:
                self._idle.remove(connection)

    def clear(self) -> tuple[C, ...]:
        """All of them, to be closed."""
        with self._lock:
            every = (*self._idle, *self._lent)
            self._idle.clear()
            self._lent.clear()
        return every
