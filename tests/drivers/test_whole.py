"""A whole answer has, from its first byte to its last, the time and the length that its request gives it."""

from __future__ import annotations

import time
from typing import Any

import anyio
import pytest

from gatewaymw.core.commands import Flow, send
from gatewaymw.core.values import Answer, Failure, Outcome, Request
from gatewaymw.drivers import aio, sync
from gatewaymw.drivers.transport import BROKEN, SILENT, TIMEOUT, TOO_LARGE, AsyncOpened, Opened, Unreachable

TIME = 1.0
"""Seconds that the request has."""


class Pieces:
    """A body of pieces, each after a pause; or a fault in place of one."""

    def __init__(self, *steps: bytes | Failure, pause: float = 0.0) -> None:
        self._steps, self._pause = iter(steps), pause
        self.closed = 0

    def next(self, seconds: float | None) -> tuple[float, bytes | Failure]:
        assert seconds is not None and seconds <= TIME
        return (seconds, SILENT) if self._pause > seconds else (self._pause, next(self._steps, b""))


class Blocking(Pieces):
    def read(self, seconds: float | None) -> bytes:
        wait, step = self.next(seconds)
        time.sleep(wait)
        return given(step)

    def close(self) -> None:
        self.closed += 1


class Evented(Pieces):
    async def read(self, seconds: float | None) -> bytes:
        wait, step = self.next(seconds)
        await anyio.sleep(wait)
        return given(step)

    async def aclose(self) -> None:
        self.closed += 1


def given(step: bytes | Failure) -> bytes:
    if isinstance(step, Failure):
        raise Unreachable(step)
    return step


class Carrier:
    """A transport with one answer, and who chooses it."""

    def __init__(self, body: Any) -> None:
        self.body = body

    def transport(self, request: Request) -> Any:
        return self

    def send(self, request: Request) -> Any:
        if isinstance(self.body, Blocking):
            return Opened(200, {}, self.body)

        async def opened() -> AsyncOpened:
            return AsyncOpened(200, {}, self.body)

        return opened()


def asking() -> Flow[Outcome]:
    return (yield from send(Request("POST", "https://a.example/x", timeout=TIME, limit=64)))


CASES: dict[str, tuple[list[Any], float, bytes | Failure]] = {
    "in pieces": ([b"ab", b"c"], 0.0, b"abc"),
    "of nothing": ([], 0.0, b""),
    "a drip without end": ([b" "] * 50, 0.03, TIMEOUT),
    "silence": ([b"{"], TIME * 2, TIMEOUT),
    "silence that the transport tells": ([b"{", SILENT], 0.0, TIMEOUT),
    "a break": ([b"{", BROKEN], 0.0, BROKEN),
    "too much": ([b"x" * 40] * 2, 0.0, TOO_LARGE),
}


@pytest.mark.parametrize("name", CASES)
def test_in_a_thread(name: str) -> None:
    steps, pause, expected = CASES[name]
    body = Blocking(*steps, pause=pause)
    with sync.Driver(Carrier(body), {}) as driver:  # type: ignore[arg-type]
        judged(driver.run(asking()), expected)
    assert body.closed == 1


@pytest.mark.anyio
@pytest.mark.parametrize("name", CASES)
async def test_on_an_event_loop(name: str) -> None:
    steps, pause, expected = CASES[name]
    body = Evented(*steps, pause=pause)
    async with aio.Driver(Carrier(body), {}) as driver:  # type: ignore[arg-type]
        judged(await driver.run(asking()), expected)
    assert body.closed == 1


def judged(outcome: Outcome, expected: bytes | Failure) -> None:
    if isinstance(expected, Failure):
        assert outcome == expected
    else:
        assert isinstance(outcome, Answer) and outcome.body == expected
