"""One request to a gateway that is made for it, through either edge, over real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import anyio
import pytest

from callers import HELLO, PATH, Answer, ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, WSGIGateway
from upstream import Upstream

Ask: TypeAlias = Callable[..., Answer]
KEY = "sk-of-the-operator"


def in_turn_by_asgi(config: Any, requests: Iterable[dict[str, Any]], **options: Any) -> list[Answer]:
    """Several requests to one gateway, each with the connections that the one before left."""

    async def run() -> list[Answer]:
        app = ASGIGateway(nothing, config, **{"auth": "public", **options})
        try:
            return [await ask(app, **request) for request in requests]
        finally:
            await app.gateway.aclose()

    return anyio.run(run)


def in_turn_by_wsgi(config: Any, requests: Iterable[dict[str, Any]], **options: Any) -> list[Answer]:
    app = WSGIGateway(nothing_wsgi, config, **{"auth": "public", **options})
    try:
        return [ask_wsgi(app, REQUEST_METHOD=method, **more) for method, more in map(apart, requests)]
    finally:
        app.gateway.close()


def apart(request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The method of a request, and the rest of it."""
    return request.get("method", "POST"), {name: said for name, said in request.items() if name != "method"}


def once(asked: Callable[..., list[Answer]]) -> Ask:
    """One request to a gateway of its own."""

    def ask(
        config: Any = None,
        body: Any = HELLO,
        headers: Mapping[str, str] | None = None,
        path: str = PATH,
        *,
        method: str = "POST",
        **options: Any,
    ) -> Answer:
        """`options` are the gateway's; anyone may use the operator's keys unless they say else."""
        request = {"path": path, "body": body, "headers": headers, "method": method}
        [answer] = asked(config, [request], **options)
        return answer

    return ask


by_asgi, by_wsgi = once(in_turn_by_asgi), once(in_turn_by_wsgi)
edges = pytest.mark.parametrize("asked", [by_asgi, by_wsgi], ids=["asgi", "wsgi"])
in_turn = pytest.mark.parametrize("asked", [in_turn_by_asgi, in_turn_by_wsgi], ids=["asgi", "wsgi"])


def at(upstream: Upstream, provider: str = "openai", **more: Any) -> dict[str, Any]:
    """A target of the operator's whose provider is ours, at a path of its own name."""
    return {"provider": provider, "custom_host": f"{upstream.url}/{provider}", "api_key": KEY, **more}


def fallback(*targets: dict[str, Any], **strategy: Any) -> dict[str, Any]:
    return {"strategy": {"mode": "fallback", **strategy}, "targets": list(targets)}


def sent_to(upstream: Upstream) -> list[str]:
    """The paths that were asked for, in their order."""
    return [seen.target for seen in upstream.seen]


def everything(upstream: Upstream) -> str:
    """All that was ever sent there."""
    return repr([(seen.method, seen.target, seen.headers, seen.body) for seen in upstream.seen])


def trusting(upstream: Upstream) -> list[str]:
    """The setting that lets a caller name this upstream."""
    return [upstream.url.removeprefix("http://")]
