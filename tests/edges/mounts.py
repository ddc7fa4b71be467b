"""ASGI gateways over one upstream, closed when their test is over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from callers import nothing
from gatewaymw import ASGIGateway
from gatewaymw.core.values import NOTHING
from upstream import Script, Upstream

CHAT = "/a/chat/completions"
Mounted = Callable[..., ASGIGateway]


@asynccontextmanager
async def mounting(upstream: Upstream) -> AsyncIterator[Mounted]:
    """What makes gateways whose only target is the upstream: `make(*answers, target={…}, …)`."""
    made: list[ASGIGateway] = []

    def make(*answers: Script, app: Any = nothing, target: Any = NOTHING, **options: Any) -> ASGIGateway:
        upstream.script(CHAT, *answers)
        whom = {"provider": "openai", "api_key": "sk-house", "custom_host": f"{upstream.url}/a", **target}
        made.append(ASGIGateway(app, whom, **{"auth": "public", **options}))
        return made[-1]

    yield make
    for edge in made:
        await edge.gateway.aclose()
