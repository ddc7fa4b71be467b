"""The table of providers: who is in it, and who serves what."""

from __future__ import annotations

from ..endpoints import Endpoint
from ..model import Provider

PROVIDERS: dict[str, Provider] = {}
"""By name. Filled by the modules of this package, and by whoever calls `provide`."""


def provide(provider: Provider) -> Provider:
    """Add a provider to the table. Raises ValueError where the name is taken."""
    if PROVIDERS.setdefault(provider.name, provider) is not provider:
        raise ValueError(f"two providers named {provider.name!r}")
    return provider


def serving(endpoint: Endpoint) -> tuple[str, ...]:
    """The names of those who serve an endpoint, in order."""
    return tuple(sorted(name for name, provider in PROVIDERS.items() if endpoint in provider.routes))
