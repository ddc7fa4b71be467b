"""What `Ask` names: secrets and the host's own callables, for both drivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from . import lookups, prices
from .health import Health
from .hosted import ask, ask_sync, check, check_sync, told, told_sync
from .identity import Identities

Service: TypeAlias = Callable[..., Any]


def given(answer: Any) -> Callable[[], Any]:
    """What a function gave, as one that gives it at once: `resolve` is to look at it, not to wait."""
    return lambda: answer


def services(
    auth: Service | None,
    resolve: Callable[[object], Any],
    identities: Identities,
    checks: Mapping[str, Service],
    seconds: float,
    health: Health,
) -> tuple[Mapping[str, Service], Mapping[str, Service]]:
    """The services of a gateway: for the async driver, and for the sync one."""

    async def secret(source: Any) -> Any:
        return resolve(given(await ask(source))) if callable(source) else resolve(source)

    def secret_sync(source: Any) -> Any:
        return resolve(given(ask_sync(source))) if callable(source) else resolve(source)

    here: dict[str, Service] = {
        "secret": secret,
        "identity": identities.ask,
        "resolve": lookups.resolve,
        "jwt": lookups.verify_async,
        "check": partial(check, checks, seconds),
        "hooks": told,
        "health": health.ask_async,
        "prices": partial(ask, prices.ready),
    }
    there: dict[str, Service] = {
        "secret": secret_sync,
        "identity": identities.ask_sync,
        "resolve": lookups.resolve_sync,
        "jwt": lookups.verify,
        "check": partial(check_sync, checks, seconds),
        "hooks": told_sync,
        "health": health.ask,
        "prices": prices.ready,
    }
    if auth is not None:
        here["auth"], there["auth"] = partial(ask, auth), partial(ask_sync, auth)
    return here, there
