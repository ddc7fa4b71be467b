"""A host whose gateway shares its state: `uvicorn --workers 2 shared_host:app`, told by the environment."""

from __future__ import annotations

import json
import os
from typing import Any

from gatewaymw import ASGIGateway


async def own(scope: Any, receive: Any, send: Any) -> None:
    """The process that answers, so that a test knows that there are two."""
    body = json.dumps({"pid": os.getpid()}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})


async def lifespan_or_own(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await own(scope, receive, send)


def at(path: str = "") -> dict[str, Any]:
    return {
        "provider": "openai",
        "api_key": "sk-of-the-operator",
        "custom_host": os.environ["UPSTREAM"] + path,
    }


def guarded(number: int) -> dict[str, Any]:
    """A target that fails, whose breaker no other config has, and one that does well."""
    strategy = {"mode": "fallback", "cb_config": {"failure_threshold": 3}}
    return {"strategy": strategy, "targets": [at(f"/dead-{number}"), at()]}


app = ASGIGateway(
    lifespan_or_own,
    {**at(), "cache": "simple"},
    configs={f"guarded-{number}": guarded(number) for number in range(21)},
    auth="public",
    store="env:STORE",
)
