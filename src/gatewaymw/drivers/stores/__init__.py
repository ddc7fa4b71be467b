"""Where the core's state is kept: in this process, in a file, on a server, or where the host says."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from ...core.errors import ConfigError
from .guarded import DEADLINE, Backend
from .guarded import Guarded as Guarded
from .memory import Memory
from .redis import SCHEMES, Redis
from .threaded import Threaded

OPERATIONS = ("get", "set", "add", "swap", "drop")


class Store(Protocol):
    """What the host may hand over: each operation is atomic, and may be slow or fail. Times are seconds."""

    def get(self, key: str) -> bytes | None:
        """None: nothing, or no longer. A counter reads as its decimal digits."""
        ...

    def set(self, key: str, value: bytes, ttl: float) -> None: ...

    def add(self, key: str, amount: int, ttl: float) -> int:
        """The counter after it; one that is not there counts from 0, and its `ttl` runs from then."""
        ...

    def swap(self, key: str, old: bytes | None, new: bytes | None, ttl: float) -> bool:
        """Replace `old` by `new` where it is there; None: nothing. Whether that was done."""
        ...

    def drop(self, key: str) -> None: ...


class AsyncStore(Protocol):
    """The same for hosts whose own client is async."""

    def get(self, key: str) -> Awaitable[bytes | None]: ...

    def set(self, key: str, value: bytes, ttl: float) -> Awaitable[None]: ...

    def add(self, key: str, amount: int, ttl: float) -> Awaitable[int]: ...

    def swap(self, key: str, old: bytes | None, new: bytes | None, ttl: float) -> Awaitable[bool]: ...

    def drop(self, key: str) -> Awaitable[None]: ...


Named: TypeAlias = "str | Store | AsyncStore | None"
"""`"memory"`, `"sqlite:PATH"`, `"redis://…"`, or an object with the operations. None: memory."""


def store_of(named: Named, deadline: float = DEADLINE) -> Guarded:
    """The store that is named, behind its guard, with so many seconds for each operation. Opens nothing.
    Raises ConfigError."""
    return Guarded(backend_of(named, deadline), Memory(), deadline=deadline)


def backend_of(named: Any, deadline: float = DEADLINE) -> Backend | None:
    """None: what this process keeps for itself is all there is."""
    if named is None or named == "memory":
        return None
    if not isinstance(named, str):
        if missing := [name for name in OPERATIONS if not callable(getattr(named, name, None))]:
            raise ConfigError(f"a store of the host's needs {', '.join(missing)}", path="store")
        return Threaded(named, deadline)
    scheme, _, rest = named.partition(":")
    if scheme == "sqlite" and rest.removeprefix("//"):
        from .sqlite import SQLite

        return Threaded(SQLite(Path(rest.removeprefix("//"))), deadline)
    if scheme in SCHEMES and rest.startswith("//"):
        return Redis(named, deadline / 2)
    # It may hold a password: its words are not repeated.
    raise ConfigError(
        'must be "memory", "sqlite:PATH", "redis://HOST:PORT/DB" (or rediss, valkey, unix) or an object',
        path="store",
    )
