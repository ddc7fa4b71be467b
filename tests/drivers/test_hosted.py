"""The host's checks, asked by both drivers: what they answer, how they fail, how long they may take."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from gatewaymw.core.errors import GatewayError
from gatewaymw.drivers.hosted import check, check_sync

WHO = contextvars.ContextVar("WHO", default="nobody")
Asked = Callable[..., Any]


def by_async(function: Any, seconds: float = 5.0) -> Any:
    async def run() -> Any:
        WHO.set("somebody")
        return await check({"mine": function}, seconds, "mine", "facts")

    return anyio.run(run)


def by_sync(function: Any, seconds: float = 5.0) -> Any:
    def run() -> Any:
        WHO.set("somebody")
        return check_sync({"mine": function}, seconds, "mine", "facts")

    return contextvars.copy_context().run(run)


twins = pytest.mark.parametrize("asked", [by_async, by_sync], ids=["async", "sync"])


async def coroutine(facts: str) -> Any:
    return facts, WHO.get()


class Callable_:
    async def __call__(self, facts: str) -> Any:
        return facts, WHO.get()


@twins
@pytest.mark.parametrize(
    "function",
    [lambda facts: (facts, WHO.get()), coroutine, lambda facts: coroutine(facts), Callable_()],
    ids=["sync", "async", "sync that gives a coroutine", "object"],
)
def test_functions_of_all_kinds_are_asked_in_their_caller_s_context(asked: Asked, function: Any) -> None:
    assert asked(function) == ("facts", "somebody")


async def failing(facts: str) -> Any:
    raise TimeoutError("of its own")


def failing_sync(facts: str) -> Any:
    raise TimeoutError("of its own")


@twins
@pytest.mark.parametrize("function", [failing, failing_sync], ids=["async", "sync"])
def test_what_a_function_raises_is_told_by_its_kind_alone(asked: Asked, function: Any) -> None:
    with pytest.raises(GatewayError) as caught:
        asked(function)
    assert (caught.value.code, caught.value.message) == (
        "check_failed",
        "the check mine failed (TimeoutError)",
    )


@twins
@pytest.mark.parametrize("kind", ["async", "sync"])
def test_a_function_that_takes_too_long_is_left_behind(asked: Asked, kind: str) -> None:
    stop = threading.Event()

    async def slow(facts: str) -> Any:
        await anyio.sleep(30)

    began = time.monotonic()
    with pytest.raises(GatewayError) as caught:
        asked(slow if kind == "async" else lambda facts: stop.wait(30), 0.05)
    stop.set()
    assert time.monotonic() - began < 20
    assert (caught.value.code, caught.value.message) == (
        "check_timeout",
        "the check mine took longer than 0.05 s",
    )
