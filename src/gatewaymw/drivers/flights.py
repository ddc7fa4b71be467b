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

    __slots__ = ("_flights", "done", "key")

    def __init__(self, flights: Flights, key: str) -> None:
        self._flights, self.key = flights, key
        self.done: Future[bytes | None] = Future()

    def land(self, value: bytes | None) -> None:
        self._flights.leave(self)
        if not self.done.done():
            self.done.set_result(value)


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
        flight, leads = self._board(args[0])
        return flight if leads else await awaited(flight.done, args[1])

    def ask(self, word: str, *args: Any) -> Any:
        if word == "land":
            return self._land(*args)
        flight, leads = self._board(args[0])
        if leads:
            return flight
        with suppress(TimeoutError):
            return flight.done.result(args[1])
        return None

    def _land(self, lead: Lead, value: bytes | None) -> None:
        lead.land(value)

    def _board(self, key: str) -> tuple[Flight, bool]:
        """The flight, and whether the one who asks leads it."""
        if self._pid != os.getpid():
            self._start()  # the parent's requests are not this process's to wait for
        with self._lock:
            if (found := self._table.get(key)) is not None:
                return found, False
            made = self._table[key] = Flight(self, key)
            return made, True


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
    own = [lead for lead in leads if isinstance(lead, Flight) and not lead.done.done()]
    return any(lead.key == command.args[1] for lead in own)
