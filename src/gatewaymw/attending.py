"""Working for a client while it is there: what is under way for it stops when it leaves.

anyio does this on any event loop, at the price of a task group, two scopes and a time-out of its own for each
request. asyncio, which nearly all servers run on, needs one task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")


async def attended(work: Callable[[], Awaitable[None]], left: Callable[[], Awaitable[bool]]) -> None:
    """Do the work, and cut it short where `left` is first and comes back with True."""
    if on_asyncio():
        return await _with_a_task(work, left)
    async with anyio.create_task_group() as tasks:

        async def watch() -> None:
            if await left():
                tasks.cancel_scope.cancel()

        tasks.start_soon(watch)
        try:
            await work()
        finally:
            tasks.cancel_scope.cancel()


async def _with_a_task(work: Callable[[], Awaitable[None]], left: Callable[[], Awaitable[bool]]) -> None:
    worker = asyncio.current_task()
    assert worker is not None
    finished = gone = False

    async def watch() -> None:
        nonlocal gone
        leaves = True
        try:
            leaves = await left()
        finally:  # also where the server fails to tell
            if leaves and not finished:
                gone = True
                worker.cancel()

    watcher = asyncio.get_running_loop().create_task(watch())
    try:
        await work()
    except asyncio.CancelledError:
        # Cancelled by the watcher alone, it is done with; by the server as well, the server must hear it.
        if not gone or worker.uncancel():
            raise
    finally:
        finished = True
        watcher.cancel()
    if gone and watcher.done():
        watcher.result()  # raises what the watcher met


async def within(seconds: float, work: Awaitable[T]) -> T:
    """What the work comes to. Raises TimeoutError where it takes longer."""
    if on_asyncio():
        async with asyncio.timeout(seconds):
            return await work
    with anyio.fail_after(seconds):
        return await work


def on_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
