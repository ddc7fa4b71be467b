"""Keys that are exchanged for tokens, of IBM and Sber, at a token endpoint of our own."""

from __future__ import annotations

import re
import time
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from callers import ask_wsgi, nothing_wsgi
from gatewaymw import Gateway, WSGIGateway
from gatewaymw.core.errors import GatewayError, Unauthorized, UpstreamError
from gatewaymw.drivers.identity import Found, Identities, exchange, ibm, sber
from upstream import Upstream, closed_port, raw, whole

KEY = "the-key-that-is-secret"
IBMS = {"access_token": "eyJ.ibm", "token_type": "Bearer", "expires_in": 3600, "expiration": 1}
SBERS = {"access_token": "eyJ.sber", "expires_at": 1_700_001_800_000}
SETTINGS = {"api_key": KEY, "gigachat_scope": "GIGACHAT_API_CORP"}
SOURCES = {"ibm": ibm.source, "sber": sber.source}
BOTH = pytest.mark.parametrize("kind", SOURCES)


def fetched(kind: str, upstream: Upstream) -> Found:
    return SOURCES[kind](SETTINGS, upstream.url + "/token")()


# ── what is asked, and what it comes to ──────────────────────────────────


def test_ibm_gives_a_token_for_an_api_key(upstream: Upstream) -> None:
    upstream.script("/token", whole(IBMS))
    found = ibm.source({"api_key": KEY}, upstream.url + "/token", lambda: 1000.0)()
    assert (found.options, found.until) == ({"api_key": "eyJ.ibm"}, 4600.0)
    (seen,) = upstream.seen
    assert parse_qs(seen.body.decode()) == {
        "grant_type": ["urn:ibm:params:oauth:grant-type:apikey"],
        "apikey": [KEY],
    }
    assert (seen.method, seen.header("content-type")) == ("POST", "application/x-www-form-urlencoded")


def test_a_token_without_an_end_is_one_of_an_hour(upstream: Upstream) -> None:
    upstream.script("/token", whole({"access_token": "eyJ.ibm"}))
    assert 3500 < fetched("ibm", upstream).until - time.time() < 3700


def test_sber_gives_a_token_for_an_authorization_key(upstream: Upstream) -> None:
    upstream.script("/token", whole(SBERS))
    found = fetched("sber", upstream)
    assert (found.options, found.until) == ({"api_key": "eyJ.sber"}, 1_700_001_800.0)
    (seen,) = upstream.seen
    assert parse_qs(seen.body.decode()) == {"scope": ["GIGACHAT_API_CORP"]}
    assert seen.header("authorization") == f"Basic {KEY}"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", seen.header("rquid") or "")


def test_each_cloud_has_one_place_where_keys_go() -> None:
    assert ibm.URL == "https://iam.cloud.ibm.com/identity/token"
    assert sber.URL == "https://ngw.devices.sberbank.ru:9443/api/v2/oauth"


# ── what goes wrong ──────────────────────────────────────────────────────


@BOTH
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            {"errorCode": "BXNIM0415E", "errorMessage": f"no such key {KEY}"},
            r"answered 400 \(BXNIM0415E\); is",
        ),
        ({"code": 7, "message": f"credentials doesn't match {KEY}"}, r"answered 400 \(7\); is"),
        ({"error": {"of": KEY}}, "answered 400; is"),
        ({"error": KEY}, "answered 400; is"),
        (f"what is {KEY}", "answered 400; is"),
    ],
)
def test_a_key_that_is_refused_is_told_by_the_clouds_code(
    kind: str, body: Any, told: str, upstream: Upstream
) -> None:
    upstream.script("/token", whole(body, 400))
    with pytest.raises(Unauthorized, match=told) as caught:
        fetched(kind, upstream)
    assert KEY not in caught.value.message and caught.value.code == "invalid_credentials"


@BOTH
@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({}, 503, "answered 503"),
        ({}, 429, "answered 429"),
        (b"[]", 200, "answered 200"),
        (b"<html>", 200, "answered 200"),
        ({"expires_at": 1}, 200, "answered without a token"),
        ({"access_token": "", "expires_at": 1}, 200, "answered without a token"),
        (b"{" + b" " * exchange.LONGEST, 200, "more than 65536 bytes"),
    ],
)
def test_a_cloud_that_is_busy_or_makes_no_sense(
    kind: str, body: Any, status: int, told: str, upstream: Upstream
) -> None:
    upstream.script("/token", whole(body, status))
    with pytest.raises(UpstreamError, match=told) as caught:
        fetched(kind, upstream)
    assert caught.value.code == "identity_unavailable"


def test_a_token_is_not_waited_for_without_end(upstream: Upstream) -> None:
    upstream.script("/token", whole(IBMS))
    with pytest.raises(UpstreamError, match="IBM Cloud took longer than 0 seconds"):
        exchange.exchange(upstream.url + "/token", {}, {}, "IBM Cloud", seconds=0.0)


def test_a_token_of_sber_must_say_when_it_ends(upstream: Upstream) -> None:
    upstream.script("/token", whole({"access_token": "t"}))
    with pytest.raises(UpstreamError, match="the time at which its token ends"):
        fetched("sber", upstream)


@BOTH
def test_a_key_does_not_follow_where_it_is_sent_on(kind: str, upstream: Upstream) -> None:
    upstream.script("/token", whole({}, 307, location=f"{upstream.url}/other"))
    with pytest.raises(Unauthorized, match="answered 307"):
        fetched(kind, upstream)
    assert [seen.target for seen in upstream.seen] == ["/token"]


def test_a_server_that_is_not_there_or_speaks_no_http(upstream: Upstream) -> None:
    with pytest.raises(httpx.HTTPError):
        ibm.source(SETTINGS, closed_port() + "/token")()
    upstream.script("/token", raw(b"secret\r\n\r\n"))
    asked = Identities(lambda kind, settings: ibm.source(settings, upstream.url + "/token"))
    with pytest.raises(
        GatewayError, match="no identity could be had from ibm: RemoteProtocolError"
    ) as caught:
        asked.ask_sync("ibm", SETTINGS)
    assert "secret" not in caught.value.message


# ── through the gateway ──────────────────────────────────────────────────

CHOICE = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
ANSWER = {"id": "1", "model": "m", "created": 1, "choices": [CHOICE]}
BODY = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
PLACES = {"watsonx": "/ml/v1/text/chat?version=2025-02-06", "gigachat": "/chat/completions"}
KINDS = {
    "watsonx": ("ibm", ibm, IBMS),
    "gigachat": ("sber", sber, {**SBERS, "expires_at": 9_999_999_999_000}),
}


@pytest.mark.parametrize("provider", PLACES)
@pytest.mark.parametrize("callers", [True, False], ids=["a caller's key", "the operator's key"])
def test_a_token_is_kept_while_it_lasts_and_the_key_stays_behind(
    provider: str, callers: bool, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, module, token = KINDS[provider]
    monkeypatch.setattr(
        module.source, "__defaults__", (upstream.url + "/token", *module.source.__defaults__[1:])
    )
    upstream.script("/token", whole(token))
    upstream.script(PLACES[provider].partition("?")[0], whole(ANSWER))
    config = {"provider": provider, "custom_host": upstream.url, "watsonx_project_id": "p"}
    held = {} if callers else {"api_key": KEY}
    headers = {"authorization": f"Bearer {KEY}"} if callers else {}
    with closing(Gateway({**config, **held}, auth=lambda facts: "someone")) as gateway:
        for _ in range(2):
            answer = ask_wsgi(WSGIGateway(nothing_wsgi, gateway=gateway), body=BODY, headers=headers)
            assert answer.status == 200, answer.body
    assert [seen.target for seen in upstream.seen] == ["/token", PLACES[provider], PLACES[provider]]
    assert upstream.seen[1].header("authorization") == f"Bearer {token['access_token']}"
    told = [f"{seen.target} {seen.headers} {seen.body!r}" for seen in upstream.seen[1:]]
    assert not any(KEY in each for each in told)
