"""One config, two edges: what the upstream is asked and the client gets do not depend on the kind of host."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from callers import HELLO, STREAMED, Answer, ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, WSGIGateway
from gatewaymw.core.values import Env
from upstream import Script, Upstream, chunked, raw, whole

EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
DONE = b"data: [DONE]\n\n"
BUSY = b'data: {"error":{"message":"busy","type":"server_error"}}\n\n'


def config(url: str) -> dict[str, Any]:
    """A condition chooses a load balance, whose second half is a fallback, whose first target is retried."""

    def at(place: str, **more: Any) -> dict[str, Any]:
        return {"provider": "openai", "api_key": f"sk-{place}", "custom_host": f"{url}/{place}", **more}

    first = at("first", retry={"attempts": 2, "base": 1, "cap": 1})
    fallback = {"strategy": {"mode": "fallback"}, "targets": [first, at("second")], "weight": 3}
    balance = {
        "name": "pro",
        "strategy": {"mode": "loadbalance"},
        "targets": [at("never", weight=1), fallback],
    }
    conditions = [{"query": {"metadata.plan": "pro", "params.temperature": {"$lt": 1}}, "then": "pro"}]
    return {
        "strategy": {"mode": "conditional", "conditions": conditions, "default": "plain"},
        "targets": [at("plain", name="plain"), balance],
    }


WELL = whole({"id": "second"})
SCRIPTS: dict[str, tuple[Any, list[Script], list[Script]]] = {
    "whole": (HELLO, [whole({}, 500), raw(), whole({}, 503)], [WELL]),
    "stream": (STREAMED, [whole({}, 429), chunked([BUSY]), chunked([])], [chunked([EVENT, DONE])]),
    "stream that breaks": (STREAMED, [whole({}, 500)], [chunked([EVENT], "close")]),
    "nobody does well": (HELLO, [whole({}, 500)], [whole({"error": {"message": "no"}}, 418)]),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_both_edges_do_the_same(name: str, upstream: Upstream) -> None:
    body, first, second = SCRIPTS[name]
    body = {**body, "temperature": 0.5}
    headers = {"x-gateway-metadata": '{"plan": "pro"}', "x-gateway-trace-id": "trace-1"}
    env = Env(random=lambda: 0.5, now=lambda: 1.0, clock=lambda: 1e9, new_id=lambda: "id" * 12)
    options: Any = {"auth": "public", "env": env}

    def scripted() -> None:
        upstream.script("/first/chat/completions", *first)
        upstream.script("/second/chat/completions", *second)
        upstream.seen.clear()

    def requests() -> list[Any]:
        return [(seen.method, seen.target, seen.headers, seen.body) for seen in upstream.seen]

    async def evented() -> Answer:
        app = ASGIGateway(nothing, config(upstream.url), **options)
        try:
            return await ask(app, body=body, headers=headers)
        finally:
            await app.gateway.aclose()

    scripted()
    answer = anyio.run(evented)
    sent = requests()
    assert [seen[1].split("/")[1] for seen in sent] == ["first"] * 3 + ["second"]
    assert answer.headers["x-gateway-last-used-option-index"] == "config.targets[1].targets[1].targets[1]"

    scripted()
    app = WSGIGateway(nothing_wsgi, config(upstream.url), **options)
    assert ask_wsgi(app, body=body, headers=headers) == answer
    assert requests() == sent
    app.gateway.close()


def test_a_condition_that_does_not_hold_leads_to_the_default(upstream: Upstream) -> None:
    upstream.script("/plain/chat/completions", WELL)
    app = WSGIGateway(nothing_wsgi, config(upstream.url), auth="public")
    answer = ask_wsgi(app, headers={"x-gateway-metadata": '{"plan": "free"}'})
    assert answer.headers["x-gateway-last-used-option-index"] == "config.targets[0]"
    assert [seen.header("authorization") for seen in upstream.seen] == ["Bearer sk-plain"]
    app.gateway.close()
