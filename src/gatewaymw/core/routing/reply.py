"""What the machine ends with: an answer that is whole, or one that is on its way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Literal, TypeAlias

from ..commands import Flow
from ..frozen import dataclass, maker
from ..plan import Target
from .pipeline import Passage
from .trace import Trace

CacheStatus: TypeAlias = Literal["HIT", "MISS", "REFRESH", "DISABLED"]

NO_STREAM = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole answer to the client, in its own dialect."""

    status: int
    body: bytes = field(default=b"", repr=False)
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The upstream's, unfiltered."""
    target: Target | None = None
    tries: int = 0
    """Retries made at the answering target; -1 where they were used up."""
    again: bool = False
    """More than one upstream call was made for this answer."""
    dropped: tuple[str, ...] = ()
    """Parameters the answering target could not take."""
    attempts: int = 0
    """Requests that were sent to providers for this answer, those that failed among them."""
    final: bool = False
    """The gateway itself refused: no fallback may mend it."""
    warnings: tuple[str, ...] = ()
    """What is odd about this answer."""
    cache_status: CacheStatus = "DISABLED"
    later: tuple[Callable[[], Flow[None]], ...] = field(default=(), repr=False, compare=False)
    """Flows to be run once the client has the last byte. A stream that was cut is followed by none."""
    trace: Trace = field(default=(), repr=False)
    """How it was come by, where that was asked for."""
    skipped: bool = False
    """The target was not asked, since its breaker is open."""


reply_of = maker(Reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class Live(Reply):
    """An answer whose body is still to come: `body` is what was made of it so far."""

    stream: int
    """The upstream's open body; `NO_STREAM` where `body` holds all of it and the passage is over."""
    passage: Passage
    beside: tuple[tuple[int, Passage], ...] = ()
    """Where several streams are one answer: each of them. `passage` then is what they have in common."""
