"""Work for a client stops when it leaves, and nothing else stops it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from functools import partial
from weakref import ref

import anyio
import anyio.lowlevel
import pytest

from gatewaymw.attending import AFTER, attended, within

pytestmark = pytest.mark.anyio


class Client:
    def __init__(self, left: Callable[[], Awaitable[bool]]) -> None:
        self._left = left

    async def left(self) -> bool:
        return await self._left()


async def do(work: Callable[[], Awaitable[None]], _: Client) -> None:
    await work()


async def never() -> bool:
    await anyio.sleep_forever()
    return True


async def test_work_that_is_done_is_done_though_nobody_left() -> None:
    done = []

    async def work() -> None:
        await anyio.lowlevel.checkpoint()
        done.append(True)

    await attended(do, work, Client(never))
    await anyio.lowlevel.checkpoint()  # nothing comes after
    assert done


async def test_work_for_one_who_left_is_cut_short_and_is_no_error() -> None:
    met: list[BaseException] = []

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        except BaseException as error:
            met.append(error)
            raise

    async def left() -> bool:
        return True

    with anyio.fail_after(30):
        await attended(do, work, Client(left))
    assert isinstance(met[0], anyio.get_cancelled_exc_class())


async def test_one_who_stays_to_the_end_of_the_answer_disturbs_nothing() -> None:
    done = []

    async def work() -> None:
        await anyio.sleep(0.02)
        done.append(True)

    async def left() -> bool:
        return False

    await attended(do, work, Client(left))
    assert done


async def test_who_was_watched_leaves_nothing_for_the_collector(anyio_backend_name: str) -> None:
    if anyio_backend_name != "asyncio":
        return  # elsewhere it is anyio's own task group

    class Held:
        """Something that lives as long as the watcher's frames."""

    async def left(held: Held) -> bool:
        await anyio.sleep_forever()
        return held is None

    gc.collect()
    gc.disable()
    try:
        held = Held()
        seen = ref(held)
        await attended(do, lambda: anyio.sleep(2 * AFTER), Client(partial(left, held)))
        del held
        await asyncio.sleep(0.01)
        assert seen() is None
    finally:
        gc.enable()


def test_who_leaves_at_once_is_noticed_in_time() -> None:
    assert AFTER < 0.05


async def test_the_error_of_the_work_comes_out() -> None:
    async def work() -> None:
        await anyio.lowlevel.checkpoint()
        raise KeyError("x")

    with pytest.raises((KeyError, ExceptionGroup)):
        await attended(do, work, Client(never))


async def test_a_server_that_cannot_tell_ends_the_work() -> None:
    async def left() -> bool:
        raise OSError("the socket is gone")

    with anyio.fail_after(30), pytest.raises((OSError, ExceptionGroup)):
        await attended(do, anyio.sleep_forever, Client(left))


async def test_a_server_that_cancels_hears_of_it() -> None:
    async def work() -> None:
        scope.cancel()
        await anyio.sleep_forever()

    with anyio.CancelScope() as scope:
        await attended(do, work, Client(never))
    assert scope.cancelled_caught


async def test_both_at_once_are_the_servers_cancellation(anyio_backend_name: str) -> None:
    if anyio_backend_name != "asyncio":
        return  # trio's scopes tell the two apart by themselves
    gone = asyncio.Event()

    async def left() -> bool:
        await gone.wait()
        return True

    task = asyncio.get_running_loop().create_task(attended(do, anyio.sleep_forever, Client(left)))
    await asyncio.sleep(0.01)
    gone.set()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_takes_too_long_is_told_so() -> None:
    assert await within(30, answer()) == 42
    with pytest.raises(TimeoutError):
        await within(0.01, never())


async def answer() -> int:
    return 42
