"""Who is let in, at both edges, and the gateways that are not even made."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from counted import EDGES, Counted, Edge
from refused import HELD, OPENAI

from callers import nothing, nothing_wsgi
from gatewaymw import ASGIGateway, ConfigError, Facts, Gateway, WSGIGateway

edges = pytest.mark.parametrize("edge", EDGES.values(), ids=list(EDGES))


# ── who is there ─────────────────────────────────────────────────────────


def knows(facts: Facts) -> Any:
    return {"user": "u1"} if facts.headers.get("x-user") == "u1" else None


async def knows_later(facts: Facts) -> Any:
    return knows(facts)


def compares(facts: Facts) -> bool:
    return facts.headers.get("x-user") == "u1"


class Knows:
    async def __call__(self, facts: Facts) -> Any:
        return knows(facts)


@edges
@pytest.mark.parametrize(
    "auth", [knows, knows_later, compares, Knows()], ids=["sync", "async", "by comparing", "an object"]
)
def test_x9_who_is_not_known_is_401(edge: Edge, auth: Any) -> None:
    upstream = Counted()
    app = edge.app(upstream, HELD, auth=auth)
    refused = edge.ask(app, headers={"x-user": "u2"})
    assert (refused.status, refused.error["code"]) == (401, "unauthorized")
    assert refused.error["type"] == "authentication_error"
    assert upstream.seen == []
    assert edge.ask(app, headers={"x-user": "u1"}).status == 200
    assert len(upstream.seen) == 1


@edges
def test_a_body_that_does_not_say_what_it_is_could_be_another_sites(edge: Edge) -> None:
    upstream = Counted()
    body = b'{"model": "m", "messages": []}'
    app = edge.app(upstream, HELD, auth=knows)
    refused = edge.ask(app, body=body, headers={"x-user": "u1"})
    assert (refused.status, refused.error["code"]) == (415, "unsupported_media_type")
    assert upstream.seen == []
    assert edge.ask(edge.app(upstream, HELD, auth="public"), body=body).status == 200


@edges
def test_a_key_of_ones_own_is_no_way_round_it(edge: Edge) -> None:
    upstream = Counted()
    app = edge.app(upstream, auth=knows)
    assert edge.ask(app, headers=OPENAI).status == 401
    assert edge.ask(app, "/v1/models", b"", headers=OPENAI, method="GET").status == 401
    assert edge.ask(app, "/v1/files", b"", headers=OPENAI, method="GET").status == 401
    assert upstream.seen == []


# ── what no gateway can be made of ───────────────────────────────────────

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "held key": ({"config": HELD}, "auth"),
    "held key in a nested target": (
        {"config": {"targets": [{"provider": "mock"}, HELD], "strategy": {"mode": "fallback"}}},
        "auth",
    ),
    "held key by reference": ({"config": {"provider": "openai", "api_key": "env:OPENAI_API_KEY"}}, "auth"),
    "held key by a function": ({"config": {"provider": "openai", "api_key": lambda: "x"}}, "auth"),
    "virtual key": ({"virtual_keys": {"prod": HELD}}, "auth"),
    "named config": ({"configs": {"fast": HELD}}, "auth"),
    "auth by a word": ({"auth": "yes"}, "auth"),
    "auth switched off": ({"auth": False}, "auth"),
    "prefix without slash": ({"prefix": "v1"}, "prefix"),
    "prefix with a slash too many": ({"prefix": "/v1/"}, "prefix"),
    "no prefix": ({"prefix": ""}, "prefix"),
    "the whole app": ({"prefix": "/"}, "prefix"),
    "another level": ({"caller_config": "all"}, "caller_config"),
    "a level that is no word": ({"caller_config": True}, "caller_config"),
    "a host with a scheme": ({"trusted_custom_hosts": ["https://x.test"]}, "trusted_custom_hosts[0]"),
    "hosts that are no list": ({"trusted_custom_hosts": "example.com"}, "trusted_custom_hosts"),
    "a client that is none": ({"http_client": object()}, "http_client"),
}


MAKERS: dict[str, Any] = {
    "gateway": Gateway,
    "asgi": partial(ASGIGateway, nothing),
    "wsgi": partial(WSGIGateway, nothing_wsgi),
}


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("name", WRONG)
def test_auth_03_a_gateway_that_cannot_be_is_not_made(maker: str, name: str) -> None:
    keywords, path = WRONG[name]
    with pytest.raises(ConfigError) as caught:
        MAKERS[maker](**keywords)
    assert caught.value.path == path
    assert "sk-" not in str(caught.value)


@pytest.mark.parametrize("maker", ["asgi", "wsgi"])
@pytest.mark.parametrize("stray", [{"config": {"provider": "mock"}}, {"max_body": 5}])
def test_an_edge_takes_a_gateway_or_what_makes_one(maker: str, stray: dict[str, Any]) -> None:
    gateway = Gateway({"provider": "mock"})
    assert MAKERS[maker](gateway=gateway).gateway is gateway
    with pytest.raises(ConfigError) as caught:
        MAKERS[maker](gateway=gateway, **stray)
    assert caught.value.path in stray


def test_mock_and_callers_own_keys_need_no_auth() -> None:
    Gateway({"provider": "mock"})
    Gateway({"provider": "openai"})
    Gateway(None)
