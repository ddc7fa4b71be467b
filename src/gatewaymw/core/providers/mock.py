"""The mock: every endpoint, without network and key. What it answers is in `core.mock`, read on first use."""

from __future__ import annotations

from ..auth.keys import none
from ..model import Provider, Route
from .openai import ALL
from .registry import provide

MOCK = provide(
    Provider(
        name="mock",
        base_url="mock://mock",
        routes={endpoint: Route(endpoint.path) for endpoint in ALL},
        auth=none,
        needs_key=False,
    )
)
"""Played by the drivers: `gatewaymw.core.mock.answer(request)` is what the upstream does."""
