"""Calling a host's function, sync or async, from an event loop or a thread."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import anyio.to_thread

Service: TypeAlias = Callable[..., Any]


def is_async(function: Service) -> bool:
    called = type(function).__call__ if not inspect.isroutine(function) else function
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)


async def ask(function: Service, *args: Any) -> Any:
    """Call a host's function from an event loop: a sync one in a thread, for it may block."""
    if is_async(function):
        return await function(*args)
    answer = await anyio.to_thread.run_sync(partial(function, *args))
    return await answer if inspect.isawaitable(answer) else answer


def ask_sync(function: Service, *args: Any) -> Any:
    """The same from a thread."""
    answer = function(*args)
    if inspect.isawaitable(answer):
        from asgiref.sync import async_to_sync

        return async_to_sync(_settled)(answer)
    return answer


async def _settled(answer: Any) -> Any:
    return await answer
