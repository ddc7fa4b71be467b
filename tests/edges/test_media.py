"""Files that clients give by their addresses, over real sockets: fetched, or refused with the reason."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest

from callers import PATH, Answer, ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, ConfigError, Gateway, WSGIGateway
from gatewaymw.drivers.outbound import GUARDED
from names import World
from upstream import Script, Upstream, chunked, listening, raw, whole

PNG = b"\x89PNG\r\n\x1a\n" + bytes(2000)
HOST, PUBLIC = "media.example", "93.184.216.34"
CONVERSED = whole(
    {
        "output": {"message": {"role": "assistant", "content": [{"text": "A kiwi."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
    }
)
PARAM = "messages[0].content[0].image_url.url"
OPEN: dict[str, Any] = {"hosts": [HOST], "timeout": 5}
WAYS = pytest.mark.parametrize("way", ["asgi", "wsgi"])


@pytest.fixture
def media() -> Iterator[Upstream]:
    """Where the files are."""
    with listening() as server:
        yield server


def config(upstream: Upstream) -> dict[str, Any]:
    return {
        "provider": "bedrock",
        "custom_host": upstream.url,
        "aws_region": "eu-west-1",
        "api_key": "bedrock-key-of-the-operator",
    }


def asking(url: str) -> dict[str, Any]:
    part = {"type": "image_url", "image_url": {"url": url}}
    return {"model": "us.amazon.nova-lite-v1:0", "messages": [{"role": "user", "content": [part]}]}


def asked(way: str, config: Any, url: str, world: World | None = None, **options: Any) -> Answer:
    """One request; where there is a world, names are what they are there."""
    if way == "wsgi":
        app = WSGIGateway(nothing_wsgi, config, auth="public", **options)
        if world:
            app.gateway._outbound._pools[GUARDED] = world.wire_sync()
        try:
            return ask_wsgi(app, PATH, asking(url))
        finally:
            app.gateway.close()

    async def run() -> Answer:
        app = ASGIGateway(nothing, config, auth="public", **options)
        if world:
            app.gateway._outbounds.get()._pools[GUARDED] = world.wire()
        try:
            return await ask(app, PATH, asking(url))
        finally:
            await app.gateway.aclose()

    return anyio.run(run)


def fetching(
    way: str, upstream: Upstream, media: Upstream, *answers: Script, leads: str = PUBLIC, **bounds: Any
) -> Answer:
    """A request with the address of a file, at a host whose name leads to the server of files."""
    upstream.script("/model/us.amazon.nova-lite-v1%3A0/converse", CONVERSED)
    media.script("/a.png", *answers)
    world = World([leads], port=urlsplit(media.url).port or 0)
    return asked(way, config(upstream), f"http://{HOST}/a.png?v=1#x", world, fetch_media={**OPEN, **bounds})


@WAYS
def test_a_file_is_fetched_and_sent_as_bytes(way: str, upstream: Upstream, media: Upstream) -> None:
    answer = fetching(way, upstream, media, whole(PNG, kind="image/png"))
    assert (answer.status, answer.json["choices"][0]["message"]["content"]) == (200, "A kiwi.")
    [image] = upstream.seen[0].json["messages"][0]["content"]
    assert image["image"]["format"] == "png"
    assert base64.b64decode(image["image"]["source"]["bytes"]) == PNG
    [seen] = media.seen
    assert (seen.method, seen.target, seen.header("host"), seen.body) == ("GET", "/a.png?v=1", HOST, b"")
    assert not {name for name, _ in seen.headers} & {"authorization", "cookie", "x-api-key", "referer"}


@WAYS
@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (whole(PNG, kind="image/png"), "media_too_large", "1000 bytes"),
        (chunked([PNG[:900], PNG[900:]], kind="image/png"), "media_too_large", "1000 bytes"),
        (whole(b"<html>secret</html>", kind="text/html"), "media_type_unsupported", "PNG"),
        (whole(PNG[:50], kind="image/jpeg"), "media_type_unsupported", "PNG"),
        (whole(b"secret", 404, kind="image/png"), "media_fetch_failed", "answers 404"),
        (whole(b"secret", 302, location="http://127.0.0.1/"), "media_fetch_failed", "not followed"),
        (whole(PNG[:50], kind="image/png", content_encoding="gzip"), "media_fetch_failed", "broke off"),
        (raw(b"secret\r\n\r\n"), "media_fetch_failed", "broke off"),
    ],
)
def test_what_is_no_such_file_is_refused(
    way: str, answer: Script, code: str, words: str, upstream: Upstream, media: Upstream
) -> None:
    refused = fetching(way, upstream, media, answer, max_bytes=1000)
    assert refused.status == (413 if code == "media_too_large" else 400), refused.body
    assert (refused.error["code"], refused.error["param"]) == (code, PARAM)
    assert words in refused.error["message"] and b"secret" not in refused.body
    assert len(media.seen) == 1 and not upstream.seen


@WAYS
def test_a_file_that_never_comes_is_given_up(way: str, upstream: Upstream, media: Upstream) -> None:
    for silent in (raw(ending="stall"), chunked([PNG[:50]], "stall", kind="image/png")):
        refused = fetching(way, upstream, media, silent, timeout=0.3)
        assert (refused.status, refused.error["code"]) == (400, "media_fetch_failed")
        assert "too long" in refused.error["message"] and not upstream.seen


@WAYS
def test_of_an_error_no_more_than_its_status_is_read(way: str, upstream: Upstream, media: Upstream) -> None:
    head = b"HTTP/1.1 404 No\r\ncontent-length: 100\r\n\r\n"
    began = time.monotonic()
    refused = fetching(way, upstream, media, raw(head, ending="stall"), timeout=60)
    assert "answers 404" in refused.error["message"] and time.monotonic() - began < 30


@WAYS
@pytest.mark.parametrize("leads", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
def test_ssrf_09_a_name_that_leads_inside_is_not_dialled(
    way: str, leads: str, upstream: Upstream, media: Upstream
) -> None:
    refused = fetching(way, upstream, media, whole(PNG, kind="image/png"), leads=leads)
    assert (refused.status, refused.error["code"], refused.error["param"]) == (
        400,
        "media_not_permitted",
        PARAM,
    )
    assert leads not in refused.error["message"] and not (media.connections or upstream.seen)


@WAYS
@pytest.mark.parametrize("settings", [True, {"hosts": ["127.0.0.1"]}, {"hosts": ["*", "127.0.0.1"]}])
def test_ssrf_09_not_even_for_the_operator(
    way: str, settings: Any, upstream: Upstream, media: Upstream
) -> None:
    """By the guard itself, with no names of the test's making."""
    refused = asked(way, config(upstream), f"{media.url}/a.png", fetch_media=settings)
    assert refused.status in (400, 403)
    assert (refused.error["code"], refused.error["param"]) == ("media_not_permitted", PARAM)
    assert not (media.connections or upstream.seen)


@WAYS
def test_by_default_nothing_is_fetched_and_the_setting_is_named(
    way: str, upstream: Upstream, media: Upstream
) -> None:
    for options in ({}, {"fetch_media": False}, {"fetch_media": None}):
        refused = asked(way, config(upstream), f"{media.url}/a.png", **options)
        assert (refused.status, refused.error["code"]) == (400, "media_not_fetched")
        assert refused.error["param"] == PARAM and "fetch_media" in refused.error["message"]
    assert not (media.connections or upstream.seen)


@WAYS
def test_a_target_that_reads_addresses_answers_where_one_that_does_not_cannot(
    way: str, upstream: Upstream, media: Upstream
) -> None:
    upstream.script("/chat/completions", whole({"id": "x", "choices": []}))
    second = {"provider": "openai", "custom_host": upstream.url, "api_key": "sk-operator"}
    plan = {"strategy": {"mode": "fallback"}, "targets": [config(upstream), second]}
    url = f"{media.url}/a.png"
    assert asked(way, plan, url).status == 200
    assert upstream.seen[0].json["messages"][0]["content"][0]["image_url"]["url"] == url
    assert not media.connections


def test_the_setting_may_stand_in_a_file_and_a_keyword_wins(upstream: Upstream, media: Upstream) -> None:
    beside = {"config": config(upstream), "fetch_media": True}
    url = f"{media.url}/a.png"
    assert asked("wsgi", beside, url).error["code"] == "media_not_permitted"
    assert asked("wsgi", beside, url, fetch_media=False).error["code"] == "media_not_fetched"


def test_a_client_of_the_hosts_own_cannot_guard() -> None:
    import httpx

    with httpx.Client() as client, pytest.raises(ConfigError) as caught:
        Gateway(fetch_media=True, http_client=client)
    assert caught.value.path == "fetch_media" and "http_client" in caught.value.message
