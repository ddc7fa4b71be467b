"""Clients that leave, or read slowly, in every phase of a request: what was done for them ends with them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from itertools import repeat
from typing import Any

import anyio
import pytest
from mounts import Mounted, mounting
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware

from callers import HELLO, STREAMED, Caller
from gatewaymw import ASGIGateway, Facts
from gatewaymw.core.values import Env
from upstream import Script, Step, Upstream, chunked, raw, whole

pytestmark = pytest.mark.anyio
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
DONE = b"data: [DONE]\n\n"


@pytest.fixture
async def mounted(upstream: Upstream) -> AsyncIterator[Mounted]:
    async with mounting(upstream) as make:
        yield make


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
async def test_s12_the_client_leaves(phase: str, upstream: Upstream, mounted: Mounted) -> None:
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
    assert upstream.seen[0].gone - left < 20  # type: ignore[operator]
    assert len(upstream.seen) == 1
    await nothing_is_left(app)


def pools(app: ASGIGateway) -> list[Any]:
    """What they say of their connections."""
    return list(app.gateway._outbounds.get()._pools.values())


async def nothing_is_left(app: ASGIGateway) -> None:
    """No connection of a pool is busy."""
    for pool in pools(app):
        assert "Connections: 0 active" in repr(pool)


async def test_st_01_the_client_leaves_in_a_tls_handshake(upstream: Upstream, mounted: Mounted) -> None:
    app, caller = mounted(target={"custom_host": upstream.url.replace("http:", "https:")}), Caller()
    upstream.script("TLS", raw(ending="stall"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, caller.scope, caller.receive, caller.send)
        await upstream.until(lambda: upstream.hellos)
        caller.leave()
    await upstream.until(lambda: upstream.hellos[0].gone)
    await nothing_is_left(app)


async def test_st_01_the_client_leaves_during_a_pause_between_two_tries(
    upstream: Upstream, mounted: Mounted
) -> None:
    app, caller = mounted(whole({}, 500), target=RETRY, env=SLOWLY), Caller()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, caller.scope, caller.receive, caller.send)
        await upstream.until(lambda: upstream.seen)
        await upstream.until(lambda: "1 idle" in repr(pools(app)))
        caller.leave()
    assert (len(upstream.seen), caller.sent) == (1, [])


async def test_st_01_the_client_leaves_before_its_request_is_whole(
    upstream: Upstream, mounted: Mounted
) -> None:
    caller = Caller(pieces=[b"{"], ends=False)
    caller.leave()
    await mounted()(caller.scope, caller.receive, caller.send)
    assert (caller.sent, upstream.seen) == ([], [])


async def test_st_01_the_client_leaves_while_the_host_thinks_about_it(
    upstream: Upstream, mounted: Mounted
) -> None:
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


async def test_st_18_a_server_that_cancels(upstream: Upstream, mounted: Mounted) -> None:
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


async def test_st_05_a_slow_client_slows_the_upstream(upstream: Upstream, mounted: Mounted) -> None:
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


# ── middleware around it ─────────────────────────────────────────────────


class Named(BaseHTTPMiddleware):
    """One that wraps both `receive` and `send`."""

    async def dispatch(self, request: Any, call_next: Any) -> Any:
        answer = await call_next(request)
        answer.headers["x-named"] = "1"
        return answer


AROUND: dict[str, list[Any]] = {
    "BaseHTTPMiddleware": [Named],
    "GZipMiddleware": [GZipMiddleware],
    "both": [Named, GZipMiddleware],
}


@pytest.mark.parametrize("name", AROUND)
async def test_events_and_leaving_pass_through_middleware(
    name: str, upstream: Upstream, mounted: Mounted
) -> None:
    caller = Caller(body=STREAMED, headers={"accept-encoding": "gzip"})
    taken: list[Step] = [EVENT, lambda: len(caller.sent) > 1, EVENT, lambda: len(caller.sent) > 2, DONE]
    edge = mounted(chunked(taken), chunked([EVENT], "stall"))
    around = [*map(Middleware, AROUND[name]), Middleware(ASGIGateway, gateway=edge.gateway)]
    app = Starlette(middleware=around)
    await app(caller.scope, caller.receive, caller.send)
    assert [message["body"] for message in caller.sent[1:4]] == [EVENT, EVENT, DONE]

    caller = Caller(body=STREAMED)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, caller.scope, caller.receive, caller.send)
        await upstream.until(lambda: len(caller.sent) > 1)
        caller.leave()
    await upstream.until(lambda: upstream.seen[-1].gone)
    await nothing_is_left(edge)
