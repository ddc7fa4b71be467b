"""The ASGI edge, message by message, on asyncio and trio: what it leaves alone, lifespans, bodies, errors."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from mounts import CHAT, Mounted, mounting

from callers import PATH, Answer, Caller, ask, nothing
from gatewaymw import ASGIGateway, Facts, Gateway
from upstream import Upstream, chunked, whole

pytestmark = pytest.mark.anyio
OK = whole({"id": "x"})


@pytest.fixture
async def mounted(upstream: Upstream) -> AsyncIterator[Mounted]:
    async with mounting(upstream) as make:
        yield make


def mock(app: Any = nothing, **options: Any) -> ASGIGateway:
    return ASGIGateway(app, {"provider": "mock"}, **options)


# ── what is not the gateway's ────────────────────────────────────────────


@pytest.mark.parametrize(
    "scope",
    [
        {"type": "http", "method": "GET", "path": "/", "headers": []},
        {"type": "http", "method": "GET", "path": "/v1", "headers": []},
        {"type": "http", "method": "GET", "path": "/v1/", "headers": []},
        {"type": "http", "method": "POST", "path": "/v1/unknown", "headers": []},
        {"type": "http", "method": "GET", "path": "/v1/chat/completions", "headers": []},
        {"type": "http", "method": "OPTIONS", "path": "/v1/chat/completions", "headers": []},
        {"type": "http", "method": "POST", "path": "/V1/chat/completions", "headers": []},
        {"type": "http", "method": "POST", "path": "//v1/chat/completions", "headers": []},
        {"type": "http", "method": "POST", "path": "v1/chat/completions", "headers": []},
        {"type": "http", "method": "POST", "path": "/other/v1/chat/completions", "headers": []},
        {
            "type": "http",
            "method": "POST",
            "path": "/v1/a/../../admin",
            "headers": [(b"x-gateway-provider", b"mock")],
        },
        {"type": "http", "method": "POST", "path": "/v1x/chat/completions", "headers": []},
        {"type": "websocket", "path": "/v1/realtime", "headers": []},
        {"type": "something.new"},
    ],
    ids=lambda scope: f"{scope.get('method', scope['type'])} {scope.get('path', '')}",
)
async def test_all_else_gets_the_very_same_objects(scope: dict[str, Any]) -> None:
    got: list[Any] = []

    async def app(*args: Any) -> None:
        got.extend(args)

    async def receive() -> Any:
        raise AssertionError

    async def send(message: Any) -> None:
        raise AssertionError

    before = dict(scope)
    await mock(app)(scope, receive, send)
    assert [id(each) for each in got] == [id(scope), id(receive), id(send)]
    assert scope == before


async def test_any_path_is_caught_once_a_provider_is_named() -> None:
    answer = await ask(mock(), "/v1/files/f1", b"", {"x-portkey-provider": "mock"}, method="GET")
    assert answer.status == 404
    assert "the mock has no GET" in answer.error["message"]
    assert answer.headers["x-portkey-provider"] == "mock"


@pytest.mark.parametrize(
    ("root", "path"),
    [("/api", "/api/v1/models"), ("/api/", "/api/v1/models"), ("/api", "/v1/models"), ("", "/v1/models")],
)
async def test_below_a_root_path(root: str, path: str) -> None:
    seen: list[Facts] = []

    def auth(facts: Facts) -> str:
        seen.append(facts)
        return "me"

    app = mock(auth=auth)
    answer = await ask(app, path, b"", method="GET", root_path=root)
    assert answer.json["object"] == "list"
    assert seen[0].path == path


async def test_mounted_in_starlette() -> None:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    async def home(request: Any) -> Any:
        return PlainTextResponse("home")

    inner = Starlette(routes=[Route("/v1/own", home)])
    app = Starlette(routes=[Mount("/llm", mock(inner)), Route("/", home)])
    assert (await ask(app, "/llm/v1/models", b"", method="GET")).json["object"] == "list"
    assert (await ask(app, "/llm/v1/own", b"", method="GET")).body == b"home"
    assert (await ask(app, "/", b"", method="GET")).body == b"home"


async def test_a_query_goes_on_as_an_address_can_hold_it(upstream: Upstream, mounted: Mounted) -> None:
    upstream.script("/a/models", whole({"data": []}))
    app = mounted()
    await ask(app, "/v1/models", b"", method="GET", query_string=b"after=a%20b&x=\xe9 \x01#y")
    assert upstream.seen[0].target == "/a/models?after=a%20b&x=%E9%20%01%23y"


# ── lifespan ─────────────────────────────────────────────────────────────


async def lived(app: Any, meanwhile: Any = None) -> list[str]:
    """What a server is told in the life of an app."""
    told: list[str] = []
    messages = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> Any:
        kind = next(messages)
        if kind == "lifespan.shutdown" and meanwhile:
            await meanwhile()
        return {"type": kind}

    async def send(message: Any) -> None:
        told.append(message["type"])

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    return told


DONE = ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def raises(scope: Any, receive: Any, send: Any) -> None:
    raise ValueError("only http here")


async def raises_later(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    raise ValueError("only http here")


async def ignores(scope: Any, receive: Any, send: Any) -> None:
    return


async def listens(scope: Any, receive: Any, send: Any) -> None:
    await receive()


async def starts(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})


async def mistakes(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})


@pytest.mark.parametrize("app", [raises, raises_later, ignores, listens, starts, mistakes])
async def test_a_lifespan_the_inner_app_does_not_live_to_its_end(
    app: Any, upstream: Upstream, mounted: Mounted
) -> None:
    edge = mounted(OK, app=app)

    async def meanwhile() -> None:
        assert (await ask(edge)).status == 200
        assert upstream.seen[0].gone is None

    assert await lived(edge, meanwhile) == DONE
    await upstream.until(lambda: upstream.seen[0].gone)


async def test_djangos_lifespan_which_it_has_not() -> None:
    from django.conf import settings
    from django.core.handlers.asgi import ASGIHandler

    if not settings.configured:
        settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="x")
    assert await lived(mock(ASGIHandler())) == DONE


async def test_starlettes_lifespan_is_its_own(upstream: Upstream, mounted: Mounted) -> None:
    from contextlib import asynccontextmanager

    from starlette.applications import Starlette

    told: list[str] = []

    @asynccontextmanager
    async def life(app: Any) -> Any:
        told.append("up")
        yield
        told.append("down")

    edge = mounted(OK, app=Starlette(lifespan=life))

    async def meanwhile() -> None:
        assert told == ["up"]
        await ask(edge)

    assert await lived(edge, meanwhile) == DONE
    assert told == ["up", "down"]
    await upstream.until(lambda: upstream.seen[0].gone)


async def test_a_startup_that_fails_is_told() -> None:
    from contextlib import asynccontextmanager

    from starlette.applications import Starlette

    @asynccontextmanager
    async def life(app: Any) -> Any:
        raise RuntimeError("no database")
        yield

    told: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        told.append(message)

    with pytest.raises(RuntimeError, match="no database"):
        await mock(Starlette(lifespan=life))({"type": "lifespan", "state": {}}, receive, send)
    assert [message["type"] for message in told] == ["lifespan.startup.failed"]


# ── bodies ───────────────────────────────────────────────────────────────


async def test_dos_01_413_by_content_length_reads_nothing() -> None:
    caller = Caller(
        pieces=[], ends=False, headers={"content-length": "2000", "content-type": "application/json"}
    )
    app = mock(max_body=1000)
    await app(caller.scope, caller.receive, caller.send)
    assert (caller.answer.status, caller.answer.error["code"]) == (413, "body_too_large")
    assert "1000 bytes" in caller.answer.error["message"]


async def test_dos_01_413_without_a_length_stops_at_the_limit() -> None:
    read: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(100):
            read.append(number)
            yield b"x" * 300

    caller = Caller(pieces=pieces(), ends=False)
    await mock(max_body=1000)(caller.scope, caller.receive, caller.send)
    assert caller.answer.status == 413
    assert len(read) == 4


@pytest.mark.parametrize("told", ["\xb2", "9" * 40, "-1", "1e3"])
async def test_lengths_that_are_none(told: str) -> None:
    answer = await ask(mock(max_body=1000), headers={"content-length": told})
    assert answer.status == (413 if told.isdecimal() else 200)


async def test_dos_02_a_slow_body_is_408() -> None:
    pieces: list[bytes | float] = [b'{"model":', *((0.02, b" ") * 1500)]
    caller = Caller(pieces=pieces, headers={"content-type": "application/json"})
    began = time.monotonic()
    await mock(body_timeout=0.1)(caller.scope, caller.receive, caller.send)
    assert (caller.answer.status, caller.answer.error["code"]) == (408, "body_timeout")
    assert time.monotonic() - began < 20


async def test_a_body_in_pieces() -> None:
    pieces = [b'{"model": "mock-echo", "mess', b"", b'ages": [{"role": "user", "content": "Hi"}]}']
    caller = Caller(pieces=pieces, headers={"content-type": "application/json"})
    await mock()(caller.scope, caller.receive, caller.send)
    assert caller.answer.json["choices"][0]["message"]["content"] == "You said: Hi"


# ── what goes wrong in us ────────────────────────────────────────────────


async def test_an_error_of_the_hosts_is_500_without_its_words(
    upstream: Upstream, mounted: Mounted, caplog: pytest.LogCaptureFixture
) -> None:
    def auth(facts: Facts) -> None:
        raise RuntimeError("the password of the database")

    answer = await ask(mounted(auth=auth))
    assert (answer.status, answer.error["code"]) == (500, "internal_error")
    assert b"password" not in answer.body
    [record] = [record for record in caplog.records if record.name == "gatewaymw"]
    assert record.levelno == logging.ERROR
    assert "the password of the database" in caplog.text
    assert upstream.seen == []


async def test_a_secret_that_cannot_be_fetched_is_500(upstream: Upstream, mounted: Mounted) -> None:
    def fetch() -> str:
        raise OSError("vault")

    answer = await ask(mounted(OK, target={"api_key": fetch}))
    assert (answer.status, answer.error["code"], upstream.seen) == (500, "internal_error", [])


async def test_a_body_that_cannot_be_finished_is_raised_to_the_server(
    upstream: Upstream, mounted: Mounted
) -> None:
    from gatewaymw.core.routing.pipeline import Broken

    app = mounted()
    upstream.script("/a/audio/speech", chunked([b"RIFF"], "close", kind="audio/wav"))
    caller = Caller("/v1/audio/speech", {"model": "m", "input": "x", "voice": "y"})
    with pytest.raises(Broken):
        await app(caller.scope, caller.receive, caller.send)
    assert caller.body == b"RIFF"
    assert caller.sent[-1]["more_body"] is True


async def test_one_gateway_behind_two_edges(upstream: Upstream) -> None:
    upstream.script(CHAT, OK)
    target = {"provider": "openai", "api_key": "k", "custom_host": f"{upstream.url}/a"}
    gateway = Gateway(target, auth="public")
    answers: list[Answer] = [await ask(ASGIGateway(nothing, gateway=gateway)) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    assert upstream.connections == 1
    await gateway.aclose()


async def test_paths_of_another_prefix() -> None:
    app = mock(prefix="/ai/v1")
    assert (await ask(app, "/ai/v1/models", b"", method="GET")).status == 200
    with pytest.raises(AssertionError, match="the host app was called"):
        await ask(app, PATH)
