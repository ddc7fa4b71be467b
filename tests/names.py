"""Names and addresses as a test wants them, behind the guard that looks at what is dialled."""

from __future__ import annotations

import socket
import ssl
from functools import partial
from typing import Any

import httpcore
from aiohappyeyeballs import start_connection

from gatewaymw.drivers.backends import AsyncDialler, Dialler
from gatewaymw.drivers.dial import connected, connected_sync, first_of
from gatewaymw.drivers.pool import AsyncPool, Pool
from gatewaymw.drivers.wire.aio import AsyncWire
from gatewaymw.drivers.wire.sync import Wire


class World:
    """Names and addresses: all that may be dialled leads to one upstream, and is written down."""

    def __init__(
        self,
        *answers: list[str],
        down: tuple[str, ...] = (),
        port: int = 0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._answers, self._down, self._port, self._context = list(answers), down, port, context
        self.asked: list[str] = []
        self.dialled: list[str] = []

    def resolve(self, host: str, port: int, **more: Any) -> list[Any]:
        self.asked.append(host)
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    def reached(self, address: str) -> None:
        self.dialled.append(address)
        if address in self._down:
            raise httpcore.ConnectError("unreachable")

    def sync(self) -> Pool:
        world, there = self, self._port

        class Backend(httpcore.SyncBackend):
            def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
                world.reached(host)
                return super().connect_tcp("127.0.0.1", there, *args, **kwargs)

        return Pool(dialler=Dialler(True, self.resolve, Backend()), context=self._context)

    def evented(self) -> AsyncPool:
        world, there = self, self._port

        class Backend(httpcore.AnyIOBackend):
            async def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
                world.reached(host)
                return await super().connect_tcp("127.0.0.1", there, *args, **kwargs)

        async def resolve(host: str, port: int, **more: Any) -> list[Any]:
            return self.resolve(host, port)

        return AsyncPool(dialler=AsyncDialler(True, resolve, Backend()), context=self._context)

    # ── the same for the transport of our own ────────────────────────────

    def led(self, found: list[Any]) -> Any:
        """The one address to dial instead of the first that is not down. Raises OSError."""
        for entry in found:
            self.dialled.append(entry[4][0])
            if entry[4][0] not in self._down:
                return (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", self._port))
        raise ConnectionRefusedError

    def wire_sync(self) -> Wire:
        def start(found: Any, expires: float) -> socket.socket:
            return first_of([self.led(found)], expires)

        return Wire(
            True, dial=partial(connected_sync, resolve=self.resolve, start=start), context=self._context
        )

    def wire(self) -> AsyncWire:
        async def start(found: Any, **more: Any) -> socket.socket:
            return await start_connection([self.led(found)])

        async def resolve(host: str, port: int, **more: Any) -> list[Any]:
            return self.resolve(host, port)

        return AsyncWire(True, dial=partial(connected, resolve=resolve, start=start), context=self._context)
