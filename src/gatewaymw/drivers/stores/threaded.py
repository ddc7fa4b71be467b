"""Stores that may block, or that are async where nobody awaits: asked in threads of their own."""

from __future__ import annotations

import asyncio
import os
from asyncio import _get_running_loop as loop_here
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any

import anyio.to_thread

from ..asking import ask_sync, is_async
from .guarded import DEADLINE

THREADS = 4
"""As many operations are under way at a time. The others wait, and are given up when their time is over."""


class Threaded:
    """A store for both drivers. Its methods may be sync or async."""

    def __init__(self, store: Any, deadline: float = DEADLINE) -> None:
        self._store, self._deadline, self._lock = store, deadline, Lock()
        self.kind = type(store).__name__
        self._pool: ThreadPoolExecutor | None = None
        self._pid = 0

    def ask(self, operation: str, *args: Any) -> Any:
        return self._begun(operation, args).result(self._deadline)

    async def aask(self, operation: str, *args: Any) -> Any:
        method = getattr(self._store, operation)
        if is_async(method):
            return await method(*args)
        begun = self._begun(operation, args)
        if loop_here() is not None:
            return await asyncio.wrap_future(begun)
        wait = partial(begun.result, self._deadline)
        return await anyio.to_thread.run_sync(wait, abandon_on_cancel=True)

    def close(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)
        if callable(close := getattr(self._store, "close", None)):
            close()

    async def aclose(self) -> None:
        """What threads share outlives an event loop."""

    def _begun(self, operation: str, args: tuple[Any, ...]) -> Future[Any]:
        return self._threads().submit(ask_sync, getattr(self._store, operation), *args)

    def _threads(self) -> ThreadPoolExecutor:
        if self._pid != os.getpid():
            # The parent's threads are not here, not even to let go of a lock.
            self._lock, self._pool, self._pid = Lock(), None, os.getpid()
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(THREADS, "gatewaymw-store")
            return self._pool
