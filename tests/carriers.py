"""Every way there is to carry a request, behind one face: blocking calls, whatever runs beneath.

Those of an event loop run on a loop in a thread of its own, on asyncio, uvloop or trio. Our own for threads
runs in one beside the main thread, and in that as well: it waits there in another way.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import httpx
import httpx2
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from gatewaymw.core.values import Failure, Request
from gatewaymw.drivers.aiohttp import AsyncAiohttp
from gatewaymw.drivers.backends import AsyncDialler, Dialler
from gatewaymw.drivers.dial import connected, connected_sync
from gatewaymw.drivers.handed import AsyncHanded, Handed
from gatewaymw.drivers.pool import AsyncPool, Pool
from gatewaymw.drivers.transport import Unreachable
from gatewaymw.drivers.wire.aio import AsyncWire
from gatewaymw.drivers.wire.sync import Wire

Resolve = Callable[..., list[Any]]
Carrying = Callable[..., AbstractContextManager["Carrier"]]
"""As `Carriers.carrying`."""


@dataclass(frozen=True)
class Setting:
    """How a transport is made; None is its default."""

    guarded: bool = False
    context: ssl.SSLContext | None = None
    resolve: Resolve | None = None
    most: int | None = None


def evented(resolve: Resolve | None) -> dict[str, Any]:
    async def ask(host: str, port: int, **more: Any) -> list[Any]:
        assert resolve
        return resolve(host, port)

    return {"resolve": ask} if resolve else {}


def bound(setting: Setting) -> dict[str, Any]:
    return {"context": setting.context, **({"most": setting.most} if setting.most else {})}


async def wire(at: Setting) -> Any:
    return AsyncWire(at.guarded, dial=partial(connected, **evented(at.resolve)), **bound(at))


def wire_thread(at: Setting) -> Any:
    found = {"resolve": lambda host, port, **more: at.resolve(host, port)} if at.resolve else {}  # type: ignore[misc]
    return Wire(at.guarded, dial=partial(connected_sync, **found), **bound(at))


async def pool(at: Setting) -> Any:
    return AsyncPool(at.guarded, AsyncDialler(at.guarded, **evented(at.resolve)), at.context)


def pool_thread(at: Setting) -> Any:
    found = {"resolve": lambda host, port, **more: at.resolve(host, port)} if at.resolve else {}  # type: ignore[misc]
    return Pool(at.guarded, Dialler(at.guarded, **found), at.context)


async def aiohttp(at: Setting) -> Any:
    return AsyncAiohttp(at.guarded, **evented(at.resolve), **bound(at))


@cache
def trusting_nobody() -> ssl.SSLContext:
    """Made once: to read the certificates of all authorities takes longer than most tests."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client(family: Any) -> Callable[[Setting], Any]:
    async def make(at: Setting) -> Any:
        return AsyncHanded(
            family.AsyncClient(trust_env=False, verify=at.context or trusting_nobody()), ours=True
        )

    return make


def client_thread(family: Any) -> Callable[[Setting], Any]:
    return lambda at: Handed(
        family.Client(trust_env=False, verify=at.context or trusting_nobody()), ours=True
    )


BESIDE = "beside"
"""In a thread that is not the main one."""
WIRES: dict[str, tuple[str, Any]] = {
    "wire-asyncio": ("asyncio", wire),
    "wire-uvloop": ("uvloop", wire),
    "wire-thread": (BESIDE, wire_thread),
    "wire-main": ("", wire_thread),
}
POOLS: dict[str, tuple[str, Any]] = {
    "pool-asyncio": ("asyncio", pool),
    "pool-trio": ("trio", pool),
    "pool-thread": ("", pool_thread),
}
AIOHTTP: dict[str, tuple[str, Any]] = {"aiohttp": ("asyncio", aiohttp)}
CLIENTS: dict[str, tuple[str, Any]] = {
    "httpx-asyncio": ("asyncio", client(httpx)),
    "httpx-thread": ("", client_thread(httpx)),
    "httpx2-asyncio": ("asyncio", client(httpx2)),
    "httpx2-thread": ("", client_thread(httpx2)),
}
ALL = {**WIRES, **POOLS, **AIOHTTP, **CLIENTS}
EACH = pytest.mark.parametrize("way", ALL)


@dataclass
class Answered:
    """A head, and a body that is still to be read."""

    carrier: Carrier
    status: int
    headers: Any
    body: Any
    idle: float = 5.0

    def read(self, seconds: float | None = None) -> bytes | Failure:
        data: bytes | Failure = self.carrier.call(self.body.read, seconds or self.idle)
        return data

    def rest(self) -> bytes | Failure:
        """All of the body that is left; then it is closed."""
        got = b""
        try:
            while data := self.read():
                if isinstance(data, Failure):
                    return data
                got += data
            return got
        finally:
            self.close()

    def close(self) -> None:
        self.carrier.call(self.body.close if hasattr(self.body, "close") else self.body.aclose)


@dataclass
class Carrier:
    """One transport; where something cannot be reached, a Failure is what comes of a call."""

    transport: Any
    portal: BlockingPortal | None
    beside: ThreadPoolExecutor | None = None

    def call(self, act: Any, *args: Any) -> Any:
        try:
            if self.beside:
                return self.beside.submit(act, *args).result()
            return self.portal.call(act, *args) if self.portal else act(*args)
        except Unreachable as error:
            return error.failure

    def send(self, url: str, **more: Any) -> Any:
        told = {"method": "POST", "body": b"{}", "timeout": 5.0, "idle": 5.0, **more}
        made = self.call(self.transport.send, Request(url=url, **told))
        return made if isinstance(made, Failure) else Answered(self, *made, told["idle"])

    def ask(self, url: str, **more: Any) -> Any:
        """A request and all of its answer: status and body, or a failure."""
        made = self.send(url, **more)
        if isinstance(made, Failure):
            return made
        body = made.rest()
        return body if isinstance(body, Failure) else (made.status, body)

    def shut(self) -> None:
        self.call(self.transport.close if self.portal is None else self.transport.aclose)


@dataclass
class Carriers:
    """Makes them, each loop once for all."""

    stack: ExitStack = field(default_factory=ExitStack)
    portals: dict[str, BlockingPortal] = field(default_factory=dict)

    def portal(self, loop: str) -> BlockingPortal:
        if loop not in self.portals:
            options = {"use_uvloop": True} if loop == "uvloop" else {}
            backend = "trio" if loop == "trio" else "asyncio"
            self.portals[loop] = self.stack.enter_context(start_blocking_portal(backend, options))
        return self.portals[loop]

    @contextmanager
    def carrying(self, way: str, **more: Any) -> Iterator[Carrier]:
        loop, make = ALL[way]
        with ExitStack() as stack:
            beside = stack.enter_context(ThreadPoolExecutor(1)) if loop == BESIDE else None
            portal = self.portal(loop) if loop not in ("", BESIDE) else None
            transport = portal.call(make, Setting(**more)) if portal else make(Setting(**more))
            made = Carrier(transport, portal, beside)
            try:
                yield made
            finally:
                made.shut()
