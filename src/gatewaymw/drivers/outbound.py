"""Which transport carries a request: made lazily, per event loop, never shared across a fork."""

from __future__ import annotations

import os
from asyncio import AbstractEventLoop, _get_running_loop
from collections.abc import Mapping
from typing import Any

from anyio.lowlevel import RunVar

from ..core.errors import ConfigError
from ..core.values import Request
from .choosing import Name, carrier, carrier_sync, checked_name
from .handed import AsyncHanded, Handed, family
from .scripted import SCHEME, AsyncScripted, Scripted
from .transport import AsyncTransport, Counted, Transport

GUARDED = "guarded"
"""The one pool of all hosts that callers chose, so that they cannot make pools without end."""


def key_of(request: Request) -> str:
    """What a pool is kept by: the origin of a request."""
    if request.guarded:
        return GUARDED
    end = request.url.find("/", 8)
    return request.url if end < 0 else request.url[:end]


def outbounds(client: Any, name: Any) -> tuple[AsyncOutbounds, Outbound]:
    """Those of event loops and of threads, with the host's client, where there is one, on its own side.

    Raises ConfigError for a client that is none, and for a name of no transport or one beside a client.
    """
    asynchronous, known = hasattr(client, "aclose"), checked_name(name)
    if known != "auto" and client is not None:
        raise ConfigError("your own http_client is one; leave out one of the two", path="transport")
    return AsyncOutbounds(client if asynchronous else None, known), Outbound(
        None if asynchronous else client, known
    )


def counted(pools: Mapping[str, object]) -> tuple[int, int]:
    """The connections of all transports that keep some: at work, and at rest."""
    known = [pool.counts for pool in tuple(pools.values()) if isinstance(pool, Counted)]
    return sum(active for active, _ in known), sum(idle for _, idle in known)


class AsyncOutbound:
    """The transports of one event loop."""

    def __init__(
        self, client: Any = None, name: Name = "auto", inherited: AsyncOutbound | None = None
    ) -> None:
        self.pid = os.getpid()
        self._name, self._inherited = name, inherited
        self._client = AsyncHanded(client) if client is not None else None
        self._pools: dict[str, AsyncTransport] = {}

    def transport(self, request: Request) -> AsyncTransport:
        if self._client and not request.url.startswith(SCHEME):
            return self._client
        key = key_of(request)
        if (pool := self._pools.get(key)) is None:
            mock = request.url.startswith(SCHEME)
            pool = self._pools[key] = AsyncScripted() if mock else carrier(self._name, request)
        return pool

    @property
    def counts(self) -> tuple[int, int]:
        return counted(self._pools)

    async def aclose(self) -> None:
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.aclose()


class AsyncOutbounds:
    """One AsyncOutbound per event loop, made when it is first needed there.

    Raises ConfigError for a client that is none.
    """

    def __init__(self, client: Any = None, name: Name = "auto") -> None:
        self._client, self._name = client, name
        if client is not None:
            family(client)
        self._here: RunVar[AsyncOutbound] = RunVar(f"gatewaymw-outbound-{id(self)}")
        self._last: tuple[AbstractEventLoop, AsyncOutbound] | None = None
        """The loop that asked last, and its own, which need not be looked for."""

    def get(self) -> AsyncOutbound:
        loop, last = _get_running_loop(), self._last  # no loop of asyncio's where trio runs
        if last is not None and last[0] is loop and last[1].pid == os.getpid():
            return last[1]
        here = self._of_this_loop()
        self._last = None if loop is None else (loop, here)
        return here

    def _of_this_loop(self) -> AsyncOutbound:
        here = self._here.get(None)
        if here is None or here.pid != os.getpid():
            # Sockets of the parent process are kept and left alone: closing them here could end its calls.
            here = AsyncOutbound(self._client, self._name, here)
            self._here.set(here)
        return here

    @property
    def counts(self) -> tuple[int, int]:
        """Connections of this event loop at work and at rest; none where no loop runs."""
        try:
            here = self._here.get(None)
        except RuntimeError:
            return 0, 0
        return here.counts if here is not None and here.pid == os.getpid() else (0, 0)

    async def aclose(self) -> None:
        """Close what this event loop opened."""
        if (here := self._here.get(None)) is not None and here.pid == os.getpid():
            await here.aclose()


class Outbound:
    """The transports of one process, for threads. Raises ConfigError for a client that is none."""

    def __init__(self, client: Any = None, name: Name = "auto") -> None:
        self._given, self._name = client, name
        self._inherited: list[dict[str, Transport]] = []
        """Of the parent process: never used, and kept so that no garbage collector closes them."""
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._client = Handed(self._given) if self._given is not None else None
        self._pools: dict[str, Transport] = {}

    def transport(self, request: Request) -> Transport:
        if self._pid != os.getpid():
            self._inherited.append(self._pools)
            self._start()
        if self._client and not request.url.startswith(SCHEME):
            return self._client
        key = key_of(request)
        if (pool := self._pools.get(key)) is None:
            mock = request.url.startswith(SCHEME)
            # Two threads may both make one; the first to arrive is kept, the other was never used.
            made = Scripted() if mock else carrier_sync(self._name, request)
            pool = self._pools.setdefault(key, made)
        return pool

    @property
    def counts(self) -> tuple[int, int]:
        """Connections at work and at rest."""
        return counted(self._pools) if self._pid == os.getpid() else (0, 0)

    def close(self) -> None:
        pools, self._pools = self._pools, {}
        if self._pid == os.getpid():
            for pool in pools.values():
                pool.close()
