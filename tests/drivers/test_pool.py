"""Connections: kept and used again, bounded in time and size, closed when asked, and never left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator
from itertools import repeat
from typing import Any

import anyio
import pytest

from callers import HELLO, STREAMED, Caller, ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, Gateway, WSGIGateway
from gatewaymw.core.commands import Flow, all_of, close, read, send, wait
from gatewaymw.core.values import Answer, Failure, Request
from gatewaymw.drivers.outbound import AsyncOutbounds, Outbound
from gatewaymw.drivers.transport import TOO_LARGE
from upstream import Upstream, chunked, raw, whole

BACKENDS = ("asyncio", "trio")
WAYS = pytest.mark.parametrize("way", [*BACKENDS, "thread"])
CHAT = "/a/chat/completions"


def config(upstream: Upstream, **more: Any) -> dict[str, Any]:
    return {"provider": "openai", "api_key": "k", "custom_host": f"{upstream.url}/a", **more}


def run(way: str, *flows: Any) -> list[Any]:
    """Carry flows out one after another, over the same connections."""
    gateway = Gateway({"provider": "mock"})
    if way == "thread":
        made = []
        for flow in flows:
            with gateway.sync_driver() as driver:
                made.append(driver.run(flow))
        gateway.close()
        return made

    async def evented() -> list[Any]:
        made = []
        for flow in flows:
            async with gateway.driver() as driver:
                made.append(await driver.run(flow))
        await gateway.aclose()
        return made

    return anyio.run(evented, backend=way)


def request(upstream: Upstream, path: str = "/x", **more: Any) -> Request:
    return Request("POST", upstream.url + path, body=b"{}", **{"timeout": 20.0, "idle": 20.0, **more})


# ── used again ───────────────────────────────────────────────────────────


@WAYS
def test_a_connection_is_used_again(way: str, upstream: Upstream) -> None:
    upstream.script("/x", whole({}))
    answers = run(way, *(send(request(upstream)) for _ in range(3)))
    assert [answer.status for answer in answers] == [200] * 3
    assert [seen.connection for seen in upstream.seen] == [1, 1, 1]


@WAYS
def test_also_after_an_error(way: str, upstream: Upstream) -> None:
    upstream.script("/x", whole({}, 500))
    run(way, *(send(request(upstream), stream=True) for _ in range(3)))
    assert upstream.connections == 1


@WAYS
def test_one_that_the_upstream_closed_meanwhile_is_not(way: str, upstream: Upstream) -> None:
    def twice() -> Flow[list[Any]]:
        first = yield from send(request(upstream))
        yield from wait(0.3)
        return [first, (yield from send(request(upstream)))]

    upstream.script("/x", whole({}, ending="close"))
    [[first, second]] = run(way, twice())
    assert (first.status, second.status, upstream.connections) == (200, 200, 2)


@WAYS
def test_one_whose_body_was_left_is_not(way: str, upstream: Upstream) -> None:
    def left() -> Flow[Any]:
        answer = yield from send(request(upstream), stream=True)
        assert isinstance(answer, Answer) and answer.stream is not None
        data = yield from read(answer.stream)
        yield from close(answer.stream)
        return data

    upstream.script("/x", chunked(repeat(b"z")), whole({}))
    first, second = run(way, left(), send(request(upstream)))
    assert (first[:1], second.status, upstream.connections) == (b"z", 200, 2)
    upstream.wait(lambda: upstream.seen[0].gone)


@WAYS
def test_a_driver_closes_what_a_flow_forgot(way: str, upstream: Upstream) -> None:
    def forgetful() -> Flow[Any]:
        return (yield from send(request(upstream), stream=True))

    upstream.script("/x", chunked(repeat(b"z")))
    run(way, forgetful())
    upstream.wait(lambda: upstream.seen[0].gone)


@WAYS
def test_flows_side_by_side(way: str, upstream: Upstream) -> None:
    paths = [f"/{number}" for number in range(5)]
    for path in paths:
        upstream.script(path, whole(told(path)))
    [answers] = run(way, all_of(*(send(request(upstream, path)) for path in paths)))
    assert [answer.body for answer in answers] == [told(path) for path in paths]


def told(path: str) -> bytes:
    return f'"{path}"'.encode()


def test_threads_share_a_pool_and_mix_nothing_up(upstream: Upstream) -> None:
    app = WSGIGateway(nothing_wsgi, config(upstream), auth="public")
    upstream.script(CHAT, whole({"id": "x"}))
    seen: list[int] = []

    def work() -> None:
        seen.extend(ask_wsgi(app).status for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [200] * 80
    assert upstream.connections <= 8
    app.gateway.close()


# ── bounded ──────────────────────────────────────────────────────────────


@WAYS
@pytest.mark.parametrize("chunks", [[b"x" * 50, b"y" * 51], [b"z" * 101]])
def test_a_whole_body_has_a_limit(way: str, chunks: list[bytes], upstream: Upstream) -> None:
    upstream.script("/x", chunked([*chunks, *repeat(b"more", 100)], "stall", "text/plain"))
    [outcome] = run(way, send(request(upstream, limit=100)))
    assert outcome is TOO_LARGE
    upstream.wait(lambda: upstream.seen[0].gone)


@WAYS
def test_a_head_that_drips_meets_its_time(way: str, upstream: Upstream) -> None:
    upstream.script("/x", raw(b"HTTP/1.1 200 OK\r\nx: ", *(0.05, b"y") * 1000, ending="stall"))
    began = time.monotonic()
    [outcome] = run(way, send(request(upstream, timeout=0.2)))
    assert isinstance(outcome, Failure) and outcome.code == "timeout"
    assert time.monotonic() - began < 20


@WAYS
def test_an_upstream_that_takes_no_body_meets_its_time(way: str, upstream: Upstream) -> None:
    upstream.script("TLS", raw(ending="stall"))
    big = Request("POST", upstream.url.replace("http:", "https:"), body=b"x" * 10**7, timeout=0.2)
    began = time.monotonic()
    [outcome] = run(way, send(big))
    assert isinstance(outcome, Failure) and outcome.code == "timeout"
    assert time.monotonic() - began < 20


@WAYS
def test_each_read_of_a_body_has_its_own_time(way: str, upstream: Upstream) -> None:
    """Longer than the head's here, and what one read says holds for no other."""

    def reads() -> Flow[list[Any]]:
        answer = yield from send(request(upstream, timeout=1.0), stream=True)
        assert isinstance(answer, Answer) and answer.stream is not None
        first = yield from read(answer.stream, 20)
        second = yield from read(answer.stream)
        third = yield from read(answer.stream, 0.05)
        yield from close(answer.stream)
        return [first, second, third]

    upstream.script("/x", chunked([1.1, b"one", 1.1, b"two"], "stall"))
    [[first, second, third]] = run(way, reads())
    assert (first, second, third.code) == (b"one", b"two", "upstream_timeout")
    upstream.wait(lambda: upstream.seen[0].gone)


# ── closed ───────────────────────────────────────────────────────────────


def test_two_event_loops_one_after_another(upstream: Upstream) -> None:
    upstream.script(CHAT, whole({"id": "x"}))
    app = ASGIGateway(nothing, config(upstream), auth="public")

    async def once() -> int:
        try:
            return (await ask(app)).status
        finally:
            await app.gateway.aclose()

    for backend in ("asyncio", "trio", "asyncio"):
        assert anyio.run(once, backend=backend) == 200
    assert upstream.connections == 3
    assert ask_wsgi(WSGIGateway(nothing_wsgi, gateway=app.gateway)).status == 200
    app.gateway.close()


@pytest.mark.anyio
async def test_closing_twice_and_going_on(upstream: Upstream) -> None:
    upstream.script(CHAT, whole({"id": "x"}))
    app = ASGIGateway(nothing, config(upstream), auth="public")
    await app.gateway.aclose()
    for _ in range(2):
        assert (await ask(app)).status == 200
        await app.gateway.aclose()
        await app.gateway.aclose()
        app.gateway.close()
    assert upstream.connections == 2
    await upstream.until(lambda: all(seen.gone for seen in upstream.seen))


@pytest.mark.anyio
async def test_closing_under_a_stream_ends_it_with_an_error(upstream: Upstream) -> None:
    event = b'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
    upstream.script(CHAT, chunked([event], "stall"))
    app = ASGIGateway(nothing, config(upstream), auth="public")
    caller = Caller(body=STREAMED)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, caller.scope, caller.receive, caller.send)
        await upstream.until(lambda: len(caller.sent) > 1)
        await app.gateway.aclose()
    answer = caller.answer
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert b'"code":"upstream_broken"' in answer.body


def test_each_origin_has_a_pool_and_callers_share_one() -> None:
    outbound = Outbound()
    hosts = [f"https://{name}.example" for name in "aab"]
    pools = [outbound.transport(Request("POST", f"{host}/v1/x")) for host in hosts]
    assert (pools[0] is pools[1], pools[1] is pools[2]) == (True, False)
    guarded = [outbound.transport(Request("POST", host, guarded=True)) for host in hosts]
    assert guarded[0] is guarded[2]
    assert guarded[0] not in pools
    outbound.close()
    outbound.close()


@pytest.mark.anyio
async def test_gateways_of_one_loop_have_connections_of_their_own() -> None:
    one, two = AsyncOutbounds(), AsyncOutbounds()
    assert one.get() is one.get()
    assert one.get() is not two.get()
    await one.aclose()
    await two.aclose()


@pytest.fixture
async def busy(upstream: Upstream) -> AsyncIterator[ASGIGateway]:
    upstream.script(CHAT, whole({"id": "x"}))
    app = ASGIGateway(nothing, config(upstream), auth="public")
    yield app
    await app.gateway.aclose()


@pytest.mark.anyio
async def test_a_burst_leaves_idle_connections_only(upstream: Upstream, busy: ASGIGateway) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(ask, busy, "/v1/chat/completions", HELLO)
    [pool] = busy.gateway._outbounds.get()._pools.values()
    assert "Connections: 0 active" in repr(pool)
    assert upstream.connections <= 50
