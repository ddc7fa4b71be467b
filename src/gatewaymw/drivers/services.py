"""What `Ask` names: secrets and the host's own callables, for both drivers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import anyio.to_thread

from . import prices
from .health import Health
from .identity import Identities

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


def given(answer: Any) -> Callable[[], Any]:
    """What a function gave, as one that gives it at once: `resolve` is to look at it, not to wait."""
    return lambda: answer


def services(
    auth: Service | None, resolve: Callable[[object], Any], identities: Identities, health: Health
) -> tuple[Mapping[str, Service], Mapping[str, Service]]:
    """The services of a gateway: for the async driver, and for the sync one."""

    async def secret(source: Any) -> Any:
        return resolve(given(await ask(source))) if callable(source) else resolve(source)

    def secret_sync(source: Any) -> Any:
        return resolve(given(ask_sync(source))) if callable(source) else resolve(source)

    here: dict[str, Service] = {
        "secret": secret,
        "identity": identities.ask,
        "health": health.ask_async,
        "prices": partial(ask, prices.ready),
    }
    there: dict[str, Service] = {
        "secret": secret_sync,
        "identity": identities.ask_sync,
        "health": health.ask,
        "prices": prices.ready,
    }
    if auth is not None:
        here["auth"], there["auth"] = partial(ask, auth), partial(ask_sync, auth)
    return here, there
