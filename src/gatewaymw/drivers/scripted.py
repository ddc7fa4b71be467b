"""The upstream that needs no network: plays what the mock provider answers."""

from __future__ import annotations

import time
from collections.abc import Iterator

import anyio

from ..core import mock
from ..core.values import Request
from .transport import BROKEN, SILENT, TIMEOUT, AsyncOpened, Opened, Unreachable

SCHEME = "mock:"


class Steps:
    """The body of a script, step by step, without the waiting."""

    def __init__(self, script: mock.Script) -> None:
        self._steps: Iterator[tuple[float, bytes]] = iter(script.steps)
        self._due: tuple[float, bytes] | None = None
        """What a read was too early for."""
        self.ending = script.ending

    def next(self, patience: float | None) -> tuple[float, bytes | None]:
        """How long to wait, and what comes then; None where the wait is longer than the patience."""
        delay, data = self._due or next(self._steps, (0.0, b""))
        self._due = None
        if not data and self.ending == "cut":
            raise Unreachable(BROKEN)
        if not data and self.ending == "stall":
            delay = float("inf")
        if patience is not None and delay > patience:
            self._due = delay - patience, data
            return patience, None
        return delay, data


class AsyncScripted:
    async def send(self, request: Request) -> AsyncOpened:
        script = mock.answer(request)
        if request.timeout is not None and script.wait > request.timeout:
            await anyio.sleep(request.timeout)
            raise Unreachable(TIMEOUT)
        await anyio.sleep(script.wait)
        return AsyncOpened(script.status, script.headers, AsyncScriptedBody(script))

    async def aclose(self) -> None:
        """Holds nothing."""


class AsyncScriptedBody:
    def __init__(self, script: mock.Script) -> None:
        self._steps = Steps(script)

    async def read(self, seconds: float | None) -> bytes:
        delay, data = self._steps.next(seconds)
        await anyio.sleep(delay)
        if data is None:
            raise Unreachable(SILENT)
        return data

    async def aclose(self) -> None:
        """Holds nothing."""


class Scripted:
    def send(self, request: Request) -> Opened:
        script = mock.answer(request)
        if request.timeout is not None and script.wait > request.timeout:
            time.sleep(request.timeout)
            raise Unreachable(TIMEOUT)
        time.sleep(script.wait)
        return Opened(script.status, script.headers, ScriptedBody(script))

    def close(self) -> None:
        """Holds nothing."""


class ScriptedBody:
    resumes = True

    def __init__(self, script: mock.Script) -> None:
        self._steps = Steps(script)

    def read(self, seconds: float | None) -> bytes:
        delay, data = self._steps.next(seconds)
        time.sleep(delay)
        if data is None:
            raise Unreachable(SILENT)
        return data

    def close(self) -> None:
        """Holds nothing."""
