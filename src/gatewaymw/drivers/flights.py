"""Equal requests in flight: one does the work, the others in this process wait for what it comes to."""

from __future__ import annotations

import os
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock
from typing import Any

import anyio

from ..core.commands import Ask
from ..core.stored import Lead
from .identity import caller


class Flight(Lead):
    """One that is under way."""

    __slots__ = ("_flights", "_over", "_waiting", "key")

    def __init__(self, flights: Flights, key: str) -> None:
        self._flights, self.key, self._over = flights, key, False
        self._waiting: Future[bytes | None] | None = None  # as nobody is, mostly

    @property
    def over(self) -> bool:
        return self._over

    def land(self, value: bytes | None) -> None:
        if self._over:
            return
        self._over = True
        self._flights.leave(self)  # after which nobody comes to wait any more
        if self._waiting is not None:
            self._waiting.set_result(value)

    def waiting(self) -> Future[bytes | None]:
        """What those wait for who do not lead. For one at a time."""
        self._waiting = self._waiting or Future()
        return self._waiting


class Flights:
    """Those of one gateway, whatever event loops and threads its requests are carried by."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._lock = Lock()
        self._table: dict[str, Flight] = {}
        self._pid = os.getpid()

    def leave(self, flight: Flight) -> None:
        with self._lock:
            if self._table.get(flight.key) is flight:
                del self._table[flight.key]

    async def aask(self, word: str, *args: Any) -> Any:
        if word == "land":
            return self._land(*args)
        found = self._board(args[0])
        return found if isinstance(found, Flight) else await awaited(found, args[1])

    def ask(self, word: str, *args: Any) -> Any:
        if word == "land":
            return self._land(*args)
        found = self._board(args[0])
        if isinstance(found, Flight):
            return found
        with suppress(TimeoutError):
            return found.result(args[1])
        return None

    def _land(self, lead: Lead, value: bytes | None) -> None:
        lead.land(value)

    def _board(self, key: str) -> Flight | Future[bytes | None]:
        """A flight to lead, or what comes of the one that is under way."""
        if self._pid != os.getpid():
            self._start()  # the parent's requests are not this process's to wait for
        with self._lock:
            if (found := self._table.get(key)) is not None:
                return found.waiting()
            made = self._table[key] = Flight(self, key)
            return made


async def awaited(done: Future[bytes | None], seconds: float) -> bytes | None:
    """What the leader came to; None where that takes longer."""
    over = anyio.Event()
    wake = caller(over.set)
    done.add_done_callback(lambda _: wake())
    with anyio.move_on_after(seconds):
        await over.wait()
    return done.result() if done.done() else None


def waits_for_itself(command: Ask, leads: tuple[Lead, ...]) -> bool:
    """Whether it is to wait for a flight that its own request leads."""
    if command.service != "flight" or command.args[0] != "join":
        return False
    own = [lead for lead in leads if isinstance(lead, Flight) and not lead.over]
    return any(lead.key == command.args[1] for lead in own)
