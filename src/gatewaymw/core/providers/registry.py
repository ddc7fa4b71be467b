"""The table of providers: who is in it, and who serves what."""

from __future__ import annotations

from collections.abc import Iterable

from ..endpoints import Endpoint
from ..model import Provider

PROVIDERS: dict[str, Provider] = {}
"""By name. Filled by the modules of this package, and by whoever calls `provide`."""


def provide(provider: Provider) -> Provider:
    """Add a provider to the table. Raises ValueError where the name is taken."""
    if PROVIDERS.setdefault(provider.name, provider) is not provider:
        raise ValueError(f"two providers named {provider.name!r}")
    return provider


SHOWN = 12
"""Names that an error lists at most."""


def some(names: Iterable[str]) -> str:
    """Names of providers for a sentence: of many, those that are asked for the most things."""
    ranked = sorted(names, key=rank)
    more = len(ranked) - SHOWN
    rest = f" and {more} more (`gatewaymw providers` lists them)" if more > 0 else ""
    return ", ".join(ranked[:SHOWN]) + rest


def rank(name: str) -> tuple[bool, int, str]:
    """Services that all can call go before servers that one runs, and those with the most endpoints first."""
    provider = PROVIDERS[name]
    return not provider.base_url.startswith(("https://", "{")), -len(provider.routes), name


def serving(endpoint: Endpoint) -> tuple[str, ...]:
    """The names of those who serve an endpoint, in order."""
    return tuple(sorted(name for name, provider in PROVIDERS.items() if endpoint in provider.routes))
