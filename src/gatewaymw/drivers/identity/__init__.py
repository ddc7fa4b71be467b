"""The identities of clouds: fetched as each cloud has it, kept, and renewed before they end.

A library is imported when its cloud is first asked for. Fetching may wait for files and networks, so an
event loop has a thread do it; what is at hand costs a look-up.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from threading import BoundedSemaphore, Lock, Thread
from typing import Any

import anyio
from cachetools import LRUCache

from ...core.errors import GatewayError, Unauthorized, UpstreamError
from .entry import Entry, Flight
from .entry import Found as Found
from .entry import Settings as Settings
from .entry import Source as Source

KEPT = 1024
"""Identities of one process at most: the least used is forgotten, and fetched again when it is asked for."""
THREADS = 32
"""Threads that fetch for event loops at once."""
PATIENCE = 15.0
"""Seconds that a request waits for a fetch it does not make itself. Sources have time-outs of their own."""

KINDS = {
    "aws": ("amazon", "gatewaymw"),
    "google": ("google", "gatewaymw[vertex]"),
    "azure": ("azure", "gatewaymw[azure]"),
    "ibm": ("ibm", "gatewaymw"),
    "sber": ("sber", "gatewaymw"),
}
"""The module of each kind, whose `source(settings)` makes a Source, and what installs its library."""


class Identities:
    """All identities of a gateway. Making it imports and opens nothing."""

    def __init__(
        self,
        sources: Callable[[str, Settings], Source] | None = None,
        clock: Callable[[], float] = time.time,
        patience: float = PATIENCE,
    ) -> None:
        self._sources, self._clock, self._patience = sources or library, clock, patience
        self._start()

    def _start(self) -> None:
        self._lock = Lock()
        self._threads = BoundedSemaphore(THREADS)
        self._entries: LRUCache[bytes, Entry] = LRUCache(KEPT)
        self._pid = os.getpid()  # last, for another thread may look at it meanwhile

    async def ask(self, kind: str, settings: Settings) -> Settings:
        """The options of an identity, from an event loop. Raises GatewayError."""
        entry = self._entry(kind, settings)
        if (found := entry.fresh()) is not None:
            return found
        flight, first = entry.board()
        if flight and first:
            self._depart(entry, flight)
        if (found := entry.held()) is not None:
            return found
        if flight:
            await self._landing(flight, kind)
        return entry.outcome()

    def ask_sync(self, kind: str, settings: Settings) -> Settings:
        """The same from a thread, which itself fetches where nobody else does."""
        entry = self._entry(kind, settings)
        if (found := entry.fresh()) is not None:
            return found
        flight, first = entry.board()
        if flight and first:
            entry.run(flight)
        elif (found := entry.held()) is not None:
            return found
        elif flight:
            try:
                flight.result(self._patience)
            except TimeoutError:
                raise late(kind, self._patience) from None
        return entry.outcome()

    def _entry(self, kind: str, settings: Settings) -> Entry:
        if self._pid != os.getpid():
            # The parent's threads are not here to end what they began, nor to let go of a lock.
            self._start()
        told = "".join(f"{name} {len(value)}:{value}" for name, value in sorted(settings.items()))
        key = hashlib.sha256(f"{kind} {told}".encode(errors="surrogatepass")).digest()
        with self._lock:
            if (entry := self._entries.get(key)) is None:
                fetch = fetching(partial(self._sources, kind, dict(settings)), kind)
                entry = self._entries[key] = Entry(fetch, self._clock)
        return entry

    def _depart(self, entry: Entry, flight: Flight) -> None:
        """Fetch in a thread, which goes on when the request that began it is gone: others wait for it."""
        threads = self._threads
        if not threads.acquire(blocking=False):
            return entry.leave(flight, busy(f"{THREADS} identities are being fetched already"))

        def fly() -> None:
            try:
                entry.run(flight)
            finally:
                threads.release()

        try:
            Thread(target=fly, name="gatewaymw-identity", daemon=True).start()
        except RuntimeError:
            threads.release()
            entry.leave(flight, busy("this process can start no more threads"))

    async def _landing(self, flight: Flight, kind: str) -> None:
        """Wait until a fetch has ended. Raises UpstreamError where that takes too long."""
        over = anyio.Event()
        wake = caller(over.set)
        flight.add_done_callback(lambda _: wake())
        with anyio.move_on_after(self._patience):
            await over.wait()
        if not flight.done():
            raise late(kind, self._patience)


def library(kind: str, settings: Settings) -> Source:
    """A source of a cloud's own library, imported here and now."""
    module: Any = import_module(f".{KINDS[kind][0]}", __name__)
    source: Source = module.source(settings)
    return source


def fetching(make: Callable[[], Source], kind: str) -> Source:
    """A source that is made when it is first used, and raises nothing but GatewayErrors."""
    made: list[Source] = []

    def fetch() -> Found:
        try:
            if not made:
                made.append(make())
            return made[0]()
        except Exception as error:
            raise refusal(kind, error) from None

    return fetch


def refusal(kind: str, error: Exception) -> GatewayError:
    """What went wrong, without what the library says of it: that may quote keys and addresses."""
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, ImportError):
        return Unauthorized(
            f"the library for {kind} identities is not installed: pip install '{KINDS[kind][1]}'",
            code="missing_credentials",
        )
    return UpstreamError(
        f"no identity could be had from {kind}: {type(error).__name__}", code="identity_unavailable"
    )


def busy(why: str) -> UpstreamError:
    return UpstreamError(f"{why}; try again in a moment", status=503, code="identity_unavailable")


def late(kind: str, seconds: float) -> UpstreamError:
    return UpstreamError(
        f"no identity came from {kind} within {seconds:g} seconds", status=504, code="identity_unavailable"
    )


def caller(function: Callable[[], object]) -> Callable[[], None]:
    """What makes the running event loop call a function, from any thread, unless the loop has ended."""
    schedule: Callable[[Callable[[], object]], object] | None = None
    if trio := sys.modules.get("trio"):
        with suppress(RuntimeError, AttributeError):  # not on trio's loop; or it is being imported just now
            schedule = trio.lowlevel.current_trio_token().run_sync_soon
    schedule = schedule or asyncio.get_running_loop().call_soon_threadsafe

    def call() -> None:
        with suppress(RuntimeError):
            schedule(function)

    return call
