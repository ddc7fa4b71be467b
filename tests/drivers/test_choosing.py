"""Who carries what: the transport that was named, or the fastest that can, also by a proxy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from callers import HELLO, ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, ConfigError, Gateway, WSGIGateway
from gatewaymw.core.values import Request
from gatewaymw.drivers.choosing import on_asyncio
from gatewaymw.drivers.outbound import AsyncOutbound, Outbound
from upstream import Upstream, raw, whole

CHAT = "/a/chat/completions"
HTTP = Request("POST", "http://127.0.0.1:9/x")
CARRIED = {
    ("auto", "asyncio"): "AsyncWire",
    ("auto", "trio"): "AsyncPool",
    ("wire", "asyncio"): "AsyncWire",
    ("httpx", "asyncio"): "AsyncPool",
    ("httpx", "trio"): "AsyncPool",
    ("aiohttp", "asyncio"): "AsyncAiohttp",
    ("auto", "thread"): "Wire",
    ("wire", "thread"): "Wire",
    ("httpx", "thread"): "Pool",
}


def carried(name: Any, way: str) -> str:
    """The kind of transport that an origin gets."""
    if way == "thread":
        return type(Outbound(name=name).transport(HTTP)).__name__

    async def run() -> str:
        outbound = AsyncOutbound(name=name)
        made = type(outbound.transport(HTTP)).__name__
        await outbound.aclose()
        return made

    return anyio.run(run, backend=way)


@pytest.mark.parametrize(("name", "way"), CARRIED)
def test_who_carries_what(name: str, way: str) -> None:
    assert carried(name, way) == CARRIED[name, way]


@pytest.mark.parametrize(("name", "way"), [("wire", "trio"), ("aiohttp", "trio"), ("aiohttp", "thread")])
def test_one_that_does_not_run_there_says_so(name: str, way: str) -> None:
    with pytest.raises(ConfigError) as caught:
        carried(name, way)
    assert (caught.value.path, "asyncio only" in caught.value.message) == ("transport", True)


def test_no_task_of_asyncio_runs_in_a_thread() -> None:
    assert not on_asyncio()


@pytest.mark.parametrize("name", ["auto", "wire", "httpx", "aiohttp"])
def test_a_gateway_asks_by_the_one_that_is_named(name: Any, upstream: Upstream, tmp_path: Path) -> None:
    upstream.script(CHAT, whole({"id": "x"}))
    whom = {"provider": "openai", "api_key": "k", "custom_host": f"{upstream.url}/a"}
    file = tmp_path / "gateway.json"
    file.write_text(json.dumps({"config": whom, "transport": name}))

    async def evented(*args: Any, **options: Any) -> Any:
        app = ASGIGateway(nothing, *args, auth="public", **options)
        answer = await ask(app)
        await app.gateway.aclose()
        return answer.status, answer.json

    assert anyio.run(lambda: evented(whom, transport=name)) == (200, {"id": "x"})
    assert anyio.run(lambda: evented(str(file))) == (200, {"id": "x"})
    app = WSGIGateway(nothing_wsgi, whom, auth="public", transport=name)
    answer = ask_wsgi(app, body=HELLO)
    if name == "aiohttp":
        assert (answer.status, answer.error["param"]) == (400, "transport")
    else:
        assert answer.status == 200
    app.gateway.close()


@pytest.mark.parametrize("name", ["requests", "", 1, ["wire"]])
def test_a_name_that_is_none_is_refused_at_once(name: Any) -> None:
    with pytest.raises(ConfigError, match=r'"auto", "wire", "httpx", "aiohttp"') as caught:
        Gateway({"provider": "mock"}, transport=name)
    assert caught.value.path == "transport"


def test_a_client_of_ones_own_is_a_transport_already() -> None:
    import httpx

    with httpx.Client() as client, pytest.raises(ConfigError) as caught:
        Gateway({"provider": "mock"}, http_client=client, transport="wire")
    assert caught.value.path == "transport"


def test_where_aiohttp_is_missing_its_name_is_refused_at_once() -> None:
    program = """
import sys
sys.modules["aiohttp"] = None
from gatewaymw import ConfigError, Gateway
Gateway({"provider": "mock"})
try:
    Gateway({"provider": "mock"}, transport="aiohttp")
except ConfigError as error:
    print(error.message)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert "gatewaymw[fast]" in ran.stdout, ran.stderr


# ── proxies ──────────────────────────────────────────────────────────────

PROGRAM = """
import sys
import anyio
from gatewaymw.core.values import Request
from gatewaymw.drivers.outbound import AsyncOutbound, Outbound
from gatewaymw.drivers.transport import Unreachable

way, guarded, *urls = sys.argv[1:]
requests = [Request("POST", url, body=b"{}", timeout=5.0, idle=5.0, guarded=guarded == "yes") for url in urls]

async def later(request):
    outbound = AsyncOutbound()
    try:
        status, _, body = await outbound.transport(request).send(request)
        print(status, (await body.read(5)).decode())
        await body.aclose()
    except Unreachable as error:
        print(error.failure.code)
    await outbound.aclose()

def now(request):
    outbound = Outbound()
    try:
        status, _, body = outbound.transport(request).send(request)
        print(status, body.read(5).decode())
        body.close()
    except Unreachable as error:
        print(error.failure.code)
    outbound.close()

for request in requests:
    now(request) if way == "thread" else anyio.run(later, request, backend=way)
"""
WAYS = pytest.mark.parametrize("way", ["asyncio", "trio", "thread"])


def sent(way: str, env: dict[str, str], *urls: str, guarded: bool = False) -> list[str]:
    """What comes of requests in a process with such an environment."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM, way, "yes" if guarded else "no", *urls]
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    ran = subprocess.run(command, env={**clean, **env}, capture_output=True, text=True, timeout=30)
    assert ran.stderr == ""
    return ran.stdout.splitlines()


@WAYS
def test_the_proxy_of_the_environment_is_asked_and_is_told_no_more_than_it_must(
    way: str, upstream: Upstream
) -> None:
    upstream.script("http://model.example/x", whole(b"by proxy"))
    upstream.script("model.example:443", raw(b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n"))
    env = {"http_proxy": upstream.url, "HTTPS_PROXY": upstream.url}
    outcomes = sent(way, env, "http://model.example/x", "https://model.example/x")
    assert outcomes[0] == "200 by proxy" and outcomes[1].startswith("upstream_")
    assert [(seen.method, seen.target) for seen in upstream.seen] == [
        ("POST", "http://model.example/x"),
        ("CONNECT", "model.example:443"),
    ]
    assert (upstream.seen[0].body, upstream.seen[1].body) == (b"{}", b"")


@WAYS
def test_hosts_that_it_is_not_for_are_called_directly(way: str, upstream: Upstream) -> None:
    upstream.script("/x", whole(b"direct"))
    for env in (
        {"http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"},
        {"https_proxy": "http://127.0.0.1:1"},
    ):
        assert sent(way, env, upstream.url + "/x") == ["200 direct"]


@WAYS
def test_ssrf_10_a_host_that_a_caller_chose_never_goes_by_a_proxy(way: str, upstream: Upstream) -> None:
    """It would look the name up and dial it where no guard can see."""
    env = {"http_proxy": upstream.url, "all_proxy": upstream.url}
    assert sent(way, env, "http://127.0.0.1:9/x", guarded=True) == ["invalid_host"]
    assert upstream.connections == 0


@WAYS
def test_a_proxy_that_cannot_be_used(way: str, upstream: Upstream) -> None:
    upstream.script("/x", whole(b"direct"))
    assert sent(way, {"all_proxy": "gopher://127.0.0.1:1"}, upstream.url + "/x") == ["upstream_unreachable"]
    assert upstream.seen == []
