"""One identity: who fetches it, who waits for that, and when it is renewed. No event loop is known here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from copy import copy
from dataclasses import dataclass
from threading import Lock
from typing import Protocol, TypeAlias

from ...core.errors import GatewayError, UpstreamError

Settings: TypeAlias = Mapping[str, str]
Flight: TypeAlias = "Future[None]"
"""A fetch under way. Nothing comes of it but its end: what was found is the entry's to tell."""

EARLY = 300.0
"""Seconds before its end at which an identity is renewed, unless its source says otherwise."""
REST = 5.0
"""Seconds in which nobody fetches again what was just fetched, or just failed."""


@dataclass(frozen=True, slots=True)
class Found:
    """Provider options, until when they hold (in seconds since 1970), and how many seconds before that they
    are to be renewed."""

    options: Settings
    until: float = float("inf")
    early: float = EARLY

    def __repr__(self) -> str:
        return f"Found({', '.join(self.options)})"


class Source(Protocol):
    """Where one identity comes from. It may block, and raises GatewayErrors or its library's own errors."""

    def __call__(self) -> Found: ...


class Entry:
    """One identity. Many may ask for it at once: one fetches, the others wait for what it gets, or go on with
    what is at hand as long as that holds.

    `fetch` raises nothing but GatewayErrors.
    """

    def __init__(self, fetch: Source, clock: Callable[[], float]) -> None:
        self._fetch, self._clock = fetch, clock
        self._lock = Lock()  # held while attributes are looked at, never while somebody fetches
        self._found: Found | None = None
        self._fault: GatewayError | None = None
        self._flight: Flight | None = None
        self._rested = 0.0

    def fresh(self) -> Settings | None:
        """What was fetched before and need not be renewed."""
        found = self._found
        return found.options if found and self._clock() < found.until - found.early else None

    def held(self) -> Settings | None:
        """What was fetched before and has not ended."""
        found = self._found
        return found.options if found and self._clock() < found.until else None

    def board(self) -> tuple[Flight | None, bool]:
        """The fetch under way, and whether whoever asks is to `run` it. None: there is no need of one, or the
        last failed too lately."""
        with self._lock:
            if self._flight:
                return self._flight, False
            if self._clock() < self._rested and (self._fault or self.held()):
                return None, False
            self._flight = Future()
            return self._flight, True

    def run(self, flight: Flight) -> None:
        """Fetch. Those who wait are told, whatever happens."""
        found: Found | None = None
        fault: GatewayError = UpstreamError(
            "the fetch of an identity was cut short", code="identity_unavailable"
        )
        try:
            found = self._fetch()
        except GatewayError as error:
            fault = copy(error)  # without the frames it came through
        finally:
            self._land(found, fault)
            flight.set_result(None)

    def leave(self, flight: Flight, fault: GatewayError) -> None:
        """Give up a fetch that was not begun."""
        self._land(None, fault)
        flight.set_result(None)

    def _land(self, found: Found | None, fault: GatewayError) -> None:
        with self._lock:
            now = self._clock()
            if found and found.until <= now:
                found, fault = None, ended()
            self._found, self._fault = (found, None) if found else (self._found, fault)
            self._flight, self._rested = None, now + REST

    def outcome(self) -> Settings:
        """What the last fetch has come to. Raises its GatewayError, which many may be told."""
        with self._lock:
            found, fault = self._found, self._fault
        if found and (fault is None or self._clock() < found.until):
            return found.options
        assert fault is not None
        raise copy(fault)


def ended() -> UpstreamError:
    return UpstreamError(
        "the identity that was fetched has already ended; is the clock of this machine right?",
        code="identity_unavailable",
    )
