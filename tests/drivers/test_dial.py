"""The guard where sockets are opened: what a host resolves to decides, and what was checked is dialled.

The names are those of the threat model's tests.
"""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest

from callers import HELLO, ask_wsgi, nothing_wsgi
from gatewaymw import WSGIGateway
from gatewaymw.core.values import Request
from gatewaymw.drivers.pool import AsyncPool, Pool
from gatewaymw.drivers.transport import REFUSED, UNREACHABLE, AsyncTransport, Transport, Unreachable
from names import World
from upstream import Upstream, listening, whole

BACKENDS = ("asyncio", "trio")
PUBLIC, OTHER, SIX = "93.184.216.34", "151.101.1.69", "2606:2800:220:1::1"
HOST = "model.example"


# ── what is written ──────────────────────────────────────────────────────

LOOPBACKS = [
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "0",
    "127。0。0。1",
    "①②⑦.0.0.1",
    "127.0.0.1",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "model.example@127.0.0.1",
    "127.0.0.1#.model.example",
    "127.0.0.1\\@model.example",
    "%31%32%37.0.0.1",
]
INNER = [
    "[::ffff:169.254.169.254]",
    "[::ffff:7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[::127.0.0.1]",
    "[fec0::1]",
    "[::1]",
    "100.64.1.1",
    "0.0.0.0",
    "[::]",
    "169.254.169.254",
    "168.63.129.16",
    "metadata.google.internal",
]


def asked(headers: dict[str, str], trusted: list[str]) -> Any:
    app = WSGIGateway(nothing_wsgi, trusted_custom_hosts=trusted)
    told = {"authorization": "Bearer sk-of-the-caller", **headers}
    encoded = {name: value.encode().decode("latin-1") for name, value in told.items()}
    try:
        return ask_wsgi(app, body=HELLO, headers=encoded)
    finally:
        app.gateway.close()


@pytest.mark.parametrize("trust", ["nobody", "everybody"])
@pytest.mark.parametrize("host", LOOPBACKS + INNER)
def test_ssrf_01_and_02_hosts_that_lead_inside(host: str, trust: str, upstream: Upstream) -> None:
    """By header and in a target of a config; over http, and over https to the listener's own port."""
    port = urlsplit(upstream.url).port
    trusted = [f"*:{port}", "*"] if trust == "everybody" else []
    for scheme in ("http", "https"):
        url = f"{scheme}://{host}:{port}/v1"
        by_header = {"x-gateway-provider": "openai", "x-gateway-custom-host": url}
        targets = [{"provider": "openai", "custom_host": url}]
        config = {"strategy": {"mode": "fallback"}, "targets": targets}
        for headers in (by_header, {"x-gateway-config": json.dumps(config)}):
            answer = asked(headers, trusted)
            assert answer.status == 400, answer.body
            # What is no text at all does not even get as far as being a host.
            assert answer.error["code"] == "invalid_host" or "control characters" in answer.error["message"]
    assert upstream.connections == 0


# ── what it resolves to ──────────────────────────────────────────────────


def sent(world: World, way: str, times: int = 1, url: str = f"http://{HOST}/x") -> list[Any]:
    """What comes of requests made one after the other: statuses, or failures."""
    request = Request("POST", url, body=b"{}", timeout=5, idle=5, guarded=True)
    if way in ("thread", "wire-thread"):
        pool = world.sync() if way == "thread" else world.wire_sync()
        made = [one(pool, request) for _ in range(times)]
        pool.close()
        return made

    async def run() -> list[Any]:
        evented = world.wire() if way == "wire" else world.evented()
        made = [await one_evented(evented, request) for _ in range(times)]
        await evented.aclose()
        return made

    return anyio.run(run, backend="asyncio" if way == "wire" else way)


def one(pool: Transport, request: Request) -> Any:
    try:
        status, _, body = pool.send(request)
    except Unreachable as error:
        return error.failure
    while body.read(5):
        pass
    body.close()
    return status


async def one_evented(pool: AsyncTransport, request: Request) -> Any:
    try:
        status, _, body = await pool.send(request)
    except Unreachable as error:
        return error.failure
    while await body.read(5):
        pass
    await body.aclose()
    return status


@pytest.fixture
def port(upstream: Upstream) -> int:
    upstream.script("/x", whole({}, ending="close", connection="close"))
    return urlsplit(upstream.url).port or 0


WAYS = pytest.mark.parametrize("way", [*BACKENDS, "thread", "wire", "wire-thread"])


@WAYS
def test_a_public_host_is_dialled_by_its_address_and_called_by_its_name(
    way: str, upstream: Upstream, port: int
) -> None:
    world = World([PUBLIC, PUBLIC], port=port)
    assert sent(world, way) == [200]
    assert (world.asked, world.dialled) == ([HOST], [PUBLIC])
    assert upstream.seen[0].header("host") == HOST


@WAYS
def test_ssrf_03_a_name_that_changes_is_asked_once_a_connection(
    way: str, upstream: Upstream, port: int
) -> None:
    world = World([PUBLIC], ["127.0.0.1"], port=port)
    assert sent(world, way, 2) == [200, REFUSED]
    assert (world.asked, world.dialled) == ([HOST, HOST], [PUBLIC])
    assert len(upstream.seen) == 1


@WAYS
@pytest.mark.parametrize("bad", ["127.0.0.1", "::1", "fe80::1%eth0", "::ffff:10.0.0.1", "169.254.169.254"])
def test_ssrf_04_one_address_that_leads_inside_refuses_the_name(way: str, bad: str, port: int) -> None:
    for addresses in ([PUBLIC, bad], [bad, PUBLIC], [bad]):
        world = World(addresses, port=port)
        assert (sent(world, way), world.dialled) == ([REFUSED], [])


@WAYS
def test_the_next_address_is_dialled_where_one_cannot_be_reached(way: str, port: int) -> None:
    world = World([SIX, PUBLIC, OTHER], down=(SIX,), port=port)
    assert (sent(world, way), world.dialled) == ([200], [SIX, PUBLIC])
    world = World([SIX, PUBLIC], down=(SIX, PUBLIC), port=port)
    assert (sent(world, way), world.dialled) == ([UNREACHABLE], [SIX, PUBLIC])


@WAYS
def test_a_name_that_nobody_knows(way: str) -> None:
    world = World([])
    assert (sent(world, way), world.dialled) == ([UNREACHABLE], [])


def test_a_name_that_cannot_be_one() -> None:
    request = Request("GET", f"http://{'a' * 70}.example/", timeout=5)
    with pytest.raises(Unreachable) as caught:
        Pool(guarded=True).send(request)
    assert caught.value.failure is UNREACHABLE


# ── TLS ──────────────────────────────────────────────────────────────────

PEM = Path(__file__).parents[1] / "localhost.pem"
"""A key and a certificate that nobody else trusts."""


def served(way: str, url: str, context: ssl.SSLContext | None) -> list[Any]:
    request = Request("POST", f"{url}/x", body=b"{}", timeout=5, idle=5)
    if way == "thread":
        pool = Pool(context=context)
        made: list[Any] = []
        for _ in range(2):
            try:
                status, _, body = pool.send(request)
                made.append((status, body.read(5), body.read(5)))
                body.close()
            except Unreachable as error:
                made.append(error.failure.code)
        pool.close()
        return made

    async def run() -> list[Any]:
        pool = AsyncPool(context=context)
        made: list[Any] = []
        for _ in range(2):
            try:
                status, _, body = await pool.send(request)
                made.append((status, await body.read(5), await body.read(5)))
                await body.aclose()
            except Unreachable as error:
                made.append(error.failure.code)
        await pool.aclose()
        return made

    return anyio.run(run, backend=way)


@pytest.mark.parametrize("way", [*BACKENDS, "thread"])
def test_tls_is_spoken_and_a_certificate_checked(way: str) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(PEM)
    with listening(server) as upstream:
        upstream.script("/x", whole({"a": 1}))
        trusting = ssl.create_default_context(cafile=str(PEM))
        assert served(way, upstream.url, trusting) == [(200, b'{"a": 1}', b"")] * 2
        assert upstream.connections == 1
        assert served(way, upstream.url, None) == ["upstream_tls"] * 2


@WAYS
def test_tls_sees_the_name_where_an_address_is_dialled(way: str) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(PEM)
    trusting = ssl.create_default_context(cafile=str(PEM))
    with listening(server) as upstream:
        upstream.script("/x", whole({}))
        world = World([PUBLIC], port=urlsplit(upstream.url).port or 0, context=trusting)
        assert sent(world, way, url="https://localhost/x") == [200]
        [failure] = sent(world, way, url="https://model.example/x")
        assert failure.code == "upstream_tls"
    assert world.dialled == [PUBLIC, PUBLIC]
