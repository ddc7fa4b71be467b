"""The ASGI edge, message by message, on asyncio and trio: what it leaves alone, and when clients leave."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import repeat
from typing import Any

import anyio
import pytest

from callers import HELLO, PATH, STREAMED, Answer, Caller, ask, nothing
from gatewaymw import ASGIGateway, Facts, Gateway
from gatewaymw.core.values import NOTHING, Env
from upstream import Script, Upstream, chunked, raw, whole

pytestmark = pytest.mark.anyio
CHAT = "/a/chat/completions"
OK = whole({"id": "x"})
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'


Mounted = Callable[..., ASGIGateway]


@pytest.fixture
async def mounted(upstream: Upstream) -> AsyncIterator[Mounted]:
    """Makes gateways whose only target is the upstream, and closes them."""
    made: list[ASGIGateway] = []

    def make(*answers: Script, app: Any = nothing, target: Any = NOTHING, **options: Any) -> ASGIGateway:
        upstream.script(CHAT, *answers)
        whom = {"provider": "openai", "api_key": "sk-house", "custom_host": f"{upstream.url}/a", **target}
        made.append(ASGIGateway(app, whom, **{"auth": "public", **options}))
        return made[-1]

    yield make
    for edge in made:
        await edge.gateway.aclose()


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
    app = mock(auth=lambda facts: seen.append(facts) or "me")
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


async def test_413_by_content_length_reads_nothing() -> None:
    caller = Caller(
        pieces=[], ends=False, headers={"content-length": "2000", "content-type": "application/json"}
    )
    app = mock(max_body=1000)
    await app(caller.scope, caller.receive, caller.send)
    assert (caller.answer.status, caller.answer.error["code"]) == (413, "body_too_large")
    assert "1000 bytes" in caller.answer.error["message"]


async def test_413_without_a_length_stops_at_the_limit() -> None:
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


async def test_a_slow_body_is_408() -> None:
    pieces = [b'{"model":', *([0.02, b" "] * 50)]
    caller = Caller(pieces=pieces, headers={"content-type": "application/json"})
    began = time.monotonic()
    await mock(body_timeout=0.1)(caller.scope, caller.receive, caller.send)
    assert (caller.answer.status, caller.answer.error["code"]) == (408, "body_timeout")
    assert time.monotonic() - began < 0.6


async def test_a_body_in_pieces() -> None:
    pieces = [b'{"model": "mock-echo", "mess', b"", b'ages": [{"role": "user", "content": "Hi"}]}']
    caller = Caller(pieces=pieces, headers={"content-type": "application/json"})
    await mock()(caller.scope, caller.receive, caller.send)
    assert caller.answer.json["choices"][0]["message"]["content"] == "You said: Hi"


# ── the client leaves ────────────────────────────────────────────────────

RETRY = {"retry": {"attempts": 5, "base": 50_000, "cap": 50_000}}
SLOWLY = Env(random=lambda: 1.0, now=time.monotonic, clock=time.time, new_id=lambda: "id")
PHASES: dict[str, tuple[Script, dict[str, Any], dict[str, Any]]] = {
    "while the upstream thinks": (raw(ending="stall"), HELLO, {}),
    "within the head": (raw(b"HTTP/1.1 200 OK\r\nx: y", ending="stall"), HELLO, {}),
    "within a whole body": (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", ending="stall"), HELLO, {}),
    "before the first event": (chunked([b": hold on\n\n"], "stall"), STREAMED, {}),
    "between two events": (chunked([EVENT], "stall"), STREAMED, {}),
    "while events come": (chunked(repeat(EVENT)), STREAMED, {}),
}


@pytest.mark.parametrize("phase", PHASES)
async def test_the_client_leaves(phase: str, upstream: Upstream, mounted: Mounted) -> None:
    script, body, target = PHASES[phase]
    app, caller = mounted(script, target=target), Caller(body=body)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, caller.scope, caller.receive, caller.send)
        await upstream.until(lambda: upstream.seen and (upstream.seen[0].sent or script.ending == "stall"))
        if phase.endswith(("events", "events come")):
            await upstream.until(lambda: len(caller.sent) > 1)
        left = time.monotonic()
        caller.leave()
    await upstream.until(lambda: upstream.seen[0].gone)
    assert upstream.seen[0].gone - left < 0.5  # type: ignore[operator]
    assert len(upstream.seen) == 1
    await nothing_is_left(app)


def pools(app: ASGIGateway) -> list[Any]:
    """What they say of their connections."""
    return [getattr(pool, "_pool", None) for pool in app.gateway._outbounds.get()._pools.values()]


async def nothing_is_left(app: ASGIGateway) -> None:
    """No connection of a pool is busy."""
    for pool in pools(app):
        assert "Connections: 0 active" in repr(pool)


async def test_the_client_leaves_in_a_tls_handshake(upstream: Upstream, mounted: Mounted) -> None:
    app, caller = mounted(target={"custom_host": upstream.url.replace("http:", "https:")}), Caller()
    upstream.script("TLS", raw(ending="stall"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, caller.scope, caller.receive, caller.send)
        await upstream.until(lambda: upstream.hellos)
        caller.leave()
    await upstream.until(lambda: upstream.hellos[0].gone)
    await nothing_is_left(app)


async def test_the_client_leaves_during_a_pause_between_two_tries(
    upstream: Upstream, mounted: Mounted
) -> None:
    app, caller = mounted(whole({}, 500), target=RETRY, env=SLOWLY), Caller()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, caller.scope, caller.receive, caller.send)
        await upstream.until(lambda: upstream.seen)
        await upstream.until(lambda: "1 idle" in repr(pools(app)))
        caller.leave()
    assert (len(upstream.seen), caller.sent) == (1, [])


async def test_the_client_leaves_before_its_request_is_whole(upstream: Upstream, mounted: Mounted) -> None:
    caller = Caller(pieces=[b"{"], ends=False)
    caller.leave()
    await mounted()(caller.scope, caller.receive, caller.send)
    assert (caller.sent, upstream.seen) == ([], [])


async def test_the_client_leaves_while_the_host_thinks_about_it(upstream: Upstream, mounted: Mounted) -> None:
    asked = anyio.Event()

    async def auth(facts: Facts) -> None:
        asked.set()
        await anyio.sleep_forever()

    app, caller = mounted(auth=auth), Caller()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, caller.scope, caller.receive, caller.send)
        await asked.wait()
        caller.leave()
    assert upstream.seen == []


async def test_a_server_that_tells_by_raising_from_send(
    upstream: Upstream, mounted: Mounted, caplog: pytest.LogCaptureFixture
) -> None:
    app, caller = mounted(chunked(repeat(EVENT))), Caller(body=STREAMED)

    async def send(message: Any) -> None:
        if message.get("body"):
            raise BrokenPipeError
        await caller.send(message)

    await app(caller.scope, caller.receive, send)
    await upstream.until(lambda: upstream.seen[0].gone)
    assert not [record for record in caplog.records if record.name == "gatewaymw"]
    await nothing_is_left(app)


async def test_a_server_that_cancels(upstream: Upstream, mounted: Mounted) -> None:
    app, caller = mounted(chunked([EVENT], "stall")), Caller(body=STREAMED)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, caller.scope, caller.receive, caller.send)
        await upstream.until(lambda: len(caller.sent) > 1)
        tasks.cancel_scope.cancel()
    await upstream.until(lambda: upstream.seen[0].gone)
    await nothing_is_left(app)


async def test_many_who_leave_early_leave_nothing_behind(upstream: Upstream, mounted: Mounted) -> None:
    app = mounted(chunked([EVENT, 0.01] * 50))
    callers = [Caller(body=STREAMED) for _ in range(60)]

    async def come_and_go(caller: Caller, after: float) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(app, caller.scope, caller.receive, caller.send)
            await anyio.sleep(after)
            caller.leave()

    async with anyio.create_task_group() as tasks:
        for number, caller in enumerate(callers):
            tasks.start_soon(come_and_go, caller, number * 0.004)
    await upstream.until(lambda: all(seen.gone for seen in upstream.seen))
    await nothing_is_left(app)


async def test_a_slow_client_slows_the_upstream(upstream: Upstream, mounted: Mounted) -> None:
    big = b"data: " + b'{"choices":[{"delta":{"content":"' + b"x" * 60_000 + b'"}}]}' + b"\n\n"
    app, caller, go = mounted(chunked(repeat(big))), Caller(body=STREAMED), anyio.Event()
    taken = 0

    async def send(message: Any) -> None:
        nonlocal taken
        taken += len(message.get("body", b""))
        await go.wait()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, caller.scope, caller.receive, send)
        await upstream.until(lambda: upstream.seen)
        sent = -1
        while upstream.seen[0].sent != sent:
            sent = upstream.seen[0].sent
            await anyio.sleep(0.1)
        assert taken == 0  # the head is not taken yet, so no body was offered
        assert sent < 20 * 2**20  # what sockets hold, of a stream that never ends
        go.set()
        await upstream.until(lambda: taken > 30 * 2**20)
        caller.leave()
    await nothing_is_left(app)


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
