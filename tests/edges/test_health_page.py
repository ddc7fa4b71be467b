"""The page for operators: off unless it is wanted, behind `auth`, without secrets, at both edges."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

import anyio
import pytest

from callers import HELLO, STREAMED, Answer, ask, ask_wsgi
from gatewaymw import ASGIGateway, ConfigError, Facts, Gateway, WSGIGateway
from upstream import Upstream, chunked, whole

AT = "/gateway/health"
KEY = "sk-of-the-operator"
HOST = b"the host's own page"
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def page(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-host", b"1")]})
    await send({"type": "http.response.body", "body": HOST})


def page_wsgi(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [("content-type", "text/plain"), ("x-host", "1")])
    return [HOST]


async def by_asgi(
    gateway: Gateway, path: str = AT, headers: Any = None, method: str = "GET", **more: Any
) -> Answer:
    return await ask(ASGIGateway(page, gateway=gateway), path, b"", headers, method=method, **more)


async def by_wsgi(
    gateway: Gateway, path: str = AT, headers: Any = None, method: str = "GET", **more: Any
) -> Answer:
    app = WSGIGateway(page_wsgi, gateway=gateway)
    return ask_wsgi(app, path, b"", headers, REQUEST_METHOD=method, **more)


edges = pytest.mark.parametrize("asked", [by_asgi, by_wsgi], ids=["asgi", "wsgi"])


@edges
async def test_it_tells_what_the_gateway_is_made_of(asked: Any) -> None:
    gateway = Gateway(
        {"provider": "mock"},
        virtual_keys={"house": {"provider": "openai", "api_key": KEY}},
        configs={"fast": {"provider": "groq", "api_key": KEY}},
        auth="public",
        health=AT,
    )
    answer = await asked(gateway)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.json == {
        "status": "ok",
        "version": version("gatewaymw"),
        "providers": ["groq", "mock", "openai"],
        "connections": {"active": 0, "idle": 0},
        "streams": {"open": 0},
        "breakers": {"known": 0, "not_closed": []},
        "store": {
            "store": "Memory",
            "reachable": True,
            "failures": 0,
            "answered_locally": 0,
            "last_error": None,
        },
    }
    assert KEY not in answer.body.decode()


@edges
async def test_without_a_path_there_is_none(asked: Any) -> None:
    assert (await asked(Gateway({"provider": "mock"}))).body == HOST


@edges
@pytest.mark.parametrize("path", ["/", "/gateway", AT + "/", "/x" + AT, AT + "z"])
async def test_all_other_paths_are_the_hosts(asked: Any, path: str) -> None:
    assert (await asked(Gateway({"provider": "mock"}, health=AT), path)).body == HOST


@edges
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_it_is_only_to_be_got(asked: Any, method: str) -> None:
    assert (await asked(Gateway({"provider": "mock"}, health=AT), method=method)).body == HOST


@edges
async def test_it_may_be_under_the_prefix(asked: Any) -> None:
    gateway = Gateway({"provider": "mock"}, health="/v1/health")
    assert (await asked(gateway, "/v1/health")).json["status"] == "ok"


async def test_a_mount_is_taken_off() -> None:
    gateway = Gateway({"provider": "mock"}, health=AT)
    answer = await by_asgi(gateway, "/mounted" + AT, root_path="/mounted")
    assert answer.json["status"] == "ok"


@edges
async def test_it_is_behind_auth(asked: Any) -> None:
    def who(facts: Facts) -> str | None:
        assert facts.path == AT
        return facts.headers.get("x-user")

    gateway = Gateway({"provider": "mock"}, auth=who, health=AT)
    refused = await asked(gateway)
    assert refused.status == 401 and "version" not in refused.body.decode()
    assert (await asked(gateway, headers={"x-user": "ops"})).json["status"] == "ok"


@edges
async def test_it_tells_which_breakers_are_open(asked: Any, upstream: Upstream) -> None:
    upstream.script("/a/chat/completions", whole({"error": {"message": "no"}}, 500))
    config = {
        "provider": "openai",
        "api_key": KEY,
        "custom_host": f"{upstream.url}/a",
        "cb_config": {"failure_threshold": 1, "cooldown_interval": 60_000},
    }
    gateway = Gateway(config, auth="public", health=AT)
    assert (await ask(ASGIGateway(page, gateway=gateway), body=HELLO)).status == 500
    told = (await asked(gateway)).json["breakers"]
    assert told == {"known": 1, "not_closed": [{"target": "config: openai", "phase": "open"}]}
    await gateway.aclose()


@edges
async def test_whoever_has_a_part_in_it_adds_what_is_to_be_known(
    asked: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> dict[str, Any]:
        raise OSError(KEY)

    gateway = Gateway({"provider": "mock"}, health=AT)
    gateway.facts["breakers"] = lambda: {"config.targets[0]": "open"}
    gateway.facts["store"] = broken
    told = (await asked(gateway)).json
    assert told["breakers"] == {"config.targets[0]": "open"}
    assert told["store"] == {"error": "OSError"}
    assert "'store'" in caplog.text


async def test_a_host_that_is_shut_down_says_so() -> None:
    gateway = Gateway({"provider": "mock"}, health=AT)
    gateway.streams.ending = True
    answer = await by_asgi(gateway)
    assert (answer.status, answer.error["code"]) == (503, "gateway_shutdown")


EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'


def target(upstream: Upstream) -> dict[str, Any]:
    return {"provider": "openai", "custom_host": f"{upstream.url}/openai", "api_key": KEY}


async def told_of(gateway: Gateway, **wanted: Any) -> Any:
    """What is told once it is this."""
    for _ in range(500):
        told = (await by_asgi(gateway)).json
        if wanted.items() <= told.items():
            return told
        await anyio.sleep(0.01)
    raise AssertionError(told)


@pytest.mark.parametrize("transport", ["wire", "httpx", "aiohttp"])
async def test_connections_and_streams_of_an_event_loop_are_counted(
    transport: Any, upstream: Upstream
) -> None:
    upstream.script("/openai/chat/completions", whole({"id": "x", "choices": []}))
    gateway = Gateway(target(upstream), auth="public", health=AT, transport=transport)
    app = ASGIGateway(page, gateway=gateway)
    assert (await ask(app, body=HELLO)).status == 200
    idle = 0 if transport == "aiohttp" else 1
    assert (await by_asgi(gateway)).json["connections"] == {"active": 0, "idle": idle}
    upstream.script("/openai/chat/completions", chunked([EVENT], "stall"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: ask(app, body=STREAMED))
        told = await told_of(gateway, streams={"open": 1})
        assert told["connections"] == {"active": 1, "idle": 0}
        tasks.cancel_scope.cancel()
    await gateway.aclose()
    assert (await by_asgi(gateway)).json["connections"] == {"active": 0, "idle": 0}


@pytest.mark.parametrize("transport", ["wire", "httpx"])
async def test_connections_of_threads_are_counted(transport: Any, upstream: Upstream) -> None:
    upstream.script("/openai/chat/completions", whole({"id": "x", "choices": []}))
    gateway = Gateway(target(upstream), auth="public", health=AT, transport=transport)
    assert ask_wsgi(WSGIGateway(page_wsgi, gateway=gateway), body=HELLO).status == 200
    assert (await by_wsgi(gateway)).json["connections"] == {"active": 0, "idle": 1}
    gateway.close()


def test_a_thread_asks_no_event_loop() -> None:
    gateway = Gateway({"provider": "mock"}, health=AT)
    answer = ask_wsgi(WSGIGateway(page_wsgi, gateway=gateway), AT, b"", REQUEST_METHOD="GET")
    assert answer.json["streams"] == {"open": 0}
    assert answer.json["connections"] == {"active": 0, "idle": 0}


def test_a_file_may_name_its_path(tmp_path: Any) -> None:
    file = tmp_path / "gateway.json"
    file.write_text(json.dumps({"config": {"provider": "mock"}, "health": AT}))
    assert Gateway(file).health == AT
    assert Gateway(file, health="/other").health == "/other"


@pytest.mark.parametrize("path", ["health", "/", "/health/", "/a?b", "/a#b", "", 7])
def test_a_path_that_is_none_is_refused(path: Any) -> None:
    with pytest.raises(ConfigError) as fault:
        Gateway({"provider": "mock"}, health=path)
    assert fault.value.path == "health"
