"""What this process has learnt of its targets: one object a gateway, for all its event loops and threads.

It decides nothing: under a lock it puts what happens through the reducers of `core.health`. Of more targets
than it can hold it forgets those that were not asked for longest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from cachetools import LRUCache

from ..core.health import breaker, budget, latency
from ..core.health.window import Window
from ..core.plan import Target
from ..core.routing.tracking import Admission

SHOWN = 100
"""Breakers that are listed at most."""
MOST = 10_000
"""Targets that something is known of."""
FRESH = 0.5
"""Seconds for which the word of the other workers holds."""


@dataclass(slots=True)
class Record:
    """All that is known of one target."""

    breaker: breaker.State = field(default_factory=breaker.State)
    budget: Window = ()
    latency: latency.State = field(default_factory=latency.State)
    looked: float = float("-inf")
    untold: bool = False
    """The breaker opened, and the other workers do not know."""
    target: str = ""
    """Where it stands in its config, and who it is: for operators."""


class Health:
    """`shared`: the workers have a store in common."""

    def __init__(self, shared: bool = False, most: int = MOST) -> None:
        self._shared = shared
        self._records: LRUCache[str, Record] = LRUCache(most)
        # A lease that is dropped may be so in the midst of another's step: it waits for the next one.
        self._lock = Lock()
        self._dropped: deque[tuple[Record, Target, breaker.Ticket]] = deque()

    def ask(self, what: str, *args: Any) -> Any:
        """The service, for threads."""
        return ASKED[what](self, *args)

    async def ask_async(self, what: str, *args: Any) -> Any:
        """The same for event loops: nothing here waits."""
        return ASKED[what](self, *args)

    def phase(self, name: str) -> breaker.Phase:
        """How the breaker of a target stands."""
        with self._lock:
            return self._of(name).breaker.phase

    def breakers(self) -> dict[str, Any]:
        """How many breakers are known of, and which of them are not closed. For the health page."""
        with self._lock:
            records = [record for record in self._records.values() if record.target]
        odd = [record for record in records if record.breaker.phase != "closed"][:SHOWN]
        return {
            "known": len(records),
            "not_closed": [{"target": record.target, "phase": record.breaker.phase} for record in odd],
        }

    def admit(self, name: str, target: Target, now: float, forced: bool) -> Admission:
        """Leave for one request."""
        with self._lock:
            self._settle()
            record, ticket = self._of(name), breaker.ANY
            record.target = record.target or f"{target.path}: {target.name or target.provider.name}"
            if target.breaker and not forced:
                record.breaker, admitted = breaker.admit(record.breaker, target.breaker, now)
                if admitted is None:
                    return Admission(None)
                ticket = admitted
            if target.retry.budget:
                record.budget = budget.asked(record.budget, target.retry.budget, now)
            if target.measured:
                record.latency = latency.begun(record.latency)
            look = self._shared and target.breaker is not None and now - record.looked >= FRESH
            if look:
                record.looked = now
            return Admission(Lease(self, record, target, ticket), look and not forced, record.untold)

    def heard(self, name: str, target: Target, until: float, now: float) -> None:
        """Another worker has opened the breaker until then."""
        if target.breaker:
            with self._lock:
                record = self._of(name)
                record.breaker = breaker.heard(record.breaker, target.breaker, until, now)

    def untold(self, name: str, now: float) -> float | None:
        """Seconds that the breaker stays open, where the other workers are to be told: to who asks first."""
        with self._lock:
            record = self._of(name)
            tell, record.untold = record.untold, False
            return record.breaker.until - now if tell and record.breaker.until > now else None

    def retry(self, name: str, target: Target, now: float) -> bool:
        """Whether a request may be repeated."""
        assert target.retry.budget
        with self._lock:
            record = self._of(name)
            record.budget, left = budget.spent(record.budget, target.retry.budget, now)
            return left

    def loads(self, children: Sequence[Sequence[str]], now: float) -> tuple[tuple[int, float], ...]:
        """Of the targets of each child, how busy the least busy is, and how soon the soonest would answer."""
        with self._lock:
            self._settle()
            return tuple(
                (
                    min(self._of(name).latency.busy for name in names),
                    min(latency.load(self._of(name).latency, now) for name in names),
                )
                for names in children
            )

    def began(self, record: Record, seconds: float, failed: bool, now: float) -> None:
        """An answer of a measured target began."""
        with self._lock:
            record.latency = latency.observed(record.latency, seconds, failed, now)

    def end(
        self, record: Record, target: Target, ticket: breaker.Ticket, failed: bool | None, now: float
    ) -> bool:
        """A request is over. Whether other workers are to be told that the breaker opened."""
        with self._lock:
            before = record.breaker
            self._over(record, target, ticket, failed, now)
            opened = record.breaker.phase == "open" and record.breaker is not before
            record.untold = record.untold or (opened and self._shared)
            return record.untold

    def drop(self, record: Record, target: Target, ticket: breaker.Ticket) -> None:
        """The same for one whose end nobody told."""
        self._dropped.append((record, target, ticket))

    def _settle(self) -> None:
        while self._dropped:
            self._over(*self._dropped.popleft(), None, 0.0)

    def _over(
        self, record: Record, target: Target, ticket: breaker.Ticket, failed: bool | None, now: float
    ) -> None:
        if target.measured:
            record.latency = latency.ended(record.latency)
        if target.breaker:
            record.breaker = breaker.judge(record.breaker, target.breaker, ticket, failed, now)

    def _of(self, name: str) -> Record:
        record = self._records.get(name)
        if record is None:
            record = self._records[name] = Record()
        return record


class Lease:
    """One request's part in a target's health. Where nobody has it any more, it is over: a client that leaves
    takes its flow along."""

    __slots__ = ("_health", "_open", "_record", "_target", "_ticket")

    def __init__(self, health: Health, record: Record, target: Target, ticket: breaker.Ticket) -> None:
        self._health, self._record, self._target, self._ticket = health, record, target, ticket
        self._open = True

    def began(self, seconds: float, failed: bool, now: float) -> None:
        if self._target.measured:
            self._health.began(self._record, seconds, failed, now)

    def end(self, failed: bool | None, now: float) -> bool:
        if not self._open:
            return False
        self._open = False
        return self._health.end(self._record, self._target, self._ticket, failed, now)

    def __del__(self) -> None:
        if self._open:
            self._health.drop(self._record, self._target, self._ticket)


ASKED: Mapping[str, Callable[..., Any]] = {
    "admit": Health.admit,
    "heard": Health.heard,
    "untold": Health.untold,
    "retry": Health.retry,
    "loads": Health.loads,
}
"""What the core may ask."""
