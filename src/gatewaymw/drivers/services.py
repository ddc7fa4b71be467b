"""What `Ask` names: secrets and the host's own callables, for both drivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from . import lookups, prices
from .asking import Service as Service
from .asking import ask, ask_sync
from .flights import Flights
from .health import Health
from .hosted import check, check_sync, told, told_sync
from .identity import Identities
from .stores import Guarded


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
    store: Guarded,
) -> tuple[Mapping[str, Service], Mapping[str, Service]]:
    """The services of a gateway: for the async driver, and for the sync one."""

    async def secret(source: Any) -> Any:
        return resolve(given(await ask(source))) if callable(source) else resolve(source)

    def secret_sync(source: Any) -> Any:
        return resolve(given(ask_sync(source))) if callable(source) else resolve(source)

    flights = Flights()
    here: dict[str, Service] = {
        "secret": secret,
        "identity": identities.ask,
        "resolve": lookups.resolve,
        "jwt": lookups.verify_async,
        "check": partial(check, checks, seconds),
        "hooks": told,
        "health": health.ask_async,
        "prices": partial(ask, prices.ready),
        "store": store.aask,
        "flight": flights.aask,
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
        "store": store.ask,
        "flight": flights.ask,
    }
    if auth is not None:
        here["auth"], there["auth"] = partial(ask, auth), partial(ask_sync, auth)
    return here, there
