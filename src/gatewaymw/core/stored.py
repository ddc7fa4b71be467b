"""The typed words for what is kept between requests: `ask("store", …)` and `ask("flight", …)`.

The core holds no state. A store is at the driver's end, in this process or shared with others, and has few
operations, each of which is atomic. None of them fails: where a shared store cannot be reached, what this
process knows by itself stands in for it.
"""

from __future__ import annotations

from typing import cast

from .commands import Flow, ask


def get(key: str) -> Flow[bytes | None]:
    """What is kept under a key; of a counter its decimal digits. None: nothing, or no longer."""
    return cast("bytes | None", (yield from ask("store", "get", key)))


def keep(key: str, value: bytes, ttl: float) -> Flow[None]:
    """Keep a value for so many seconds."""
    yield from ask("store", "set", key, value, ttl)


def add(key: str, amount: int, ttl: float) -> Flow[int]:
    """Count on, from 0 where there is no counter: what it then says. `ttl` runs from the first time."""
    return cast(int, (yield from ask("store", "add", key, amount, ttl)))


def swap(key: str, old: bytes | None, new: bytes | None, ttl: float) -> Flow[bool]:
    """Replace `old` by `new`, for so many seconds, unless something else is there: whether that was done.
    None stands for nothing at all."""
    return cast(bool, (yield from ask("store", "swap", key, old, new, ttl)))


def drop(key: str) -> Flow[None]:
    """Forget what is kept under a key."""
    yield from ask("store", "drop", key)


# ── equal requests in flight ─────────────────────────────────────────────


class Lead:
    """Whoever holds it does for all others in this process what they wait for. The driver of its request
    lets go of it at the end, whatever came of that."""

    __slots__ = ()

    def land(self, value: bytes | None) -> None:
        """Tell those who wait; None: nothing came of it. Only the first word counts."""


def join(key: str, seconds: float) -> Flow[Lead | bytes | None]:
    """Lead, where nobody else does; or what the leader came to within so many seconds: None is nothing."""
    return cast("Lead | bytes | None", (yield from ask("flight", "join", key, seconds)))


def land(lead: Lead, value: bytes | None) -> Flow[None]:
    """Tell those who wait what came of it; None: they are to go on by themselves."""
    yield from ask("flight", "land", lead, value)
