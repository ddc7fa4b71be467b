"""Equal requests at the same time, over real sockets; and workers that share what they know."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Event, Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import anyio
import httpx
import pytest

from callers import HELLO, PATH, STREAMED, Caller, ask, ask_wsgi, environ, nothing, nothing_wsgi, open_wsgi
from gatewaymw import ASGIGateway, Gateway, WSGIGateway
from gatewaymw.drivers.flights import Flights
from redises import redis_server
from servers import PATIENCE, serving
from upstream import Upstream, chunked, whole

CHAT = "/openai/chat/completions"
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
DONE = b"data: [DONE]\n\n"
STATUS = "x-gateway-cache-status"
MANY = 50
HOST = ("uvicorn", "--app-dir", "tests/edges", "shared_host:app")
BREAKERS = 21
"""Configs of that host whose first target fails, each with a breaker of its own."""


def at(upstream: Upstream, **more: Any) -> dict[str, Any]:
    return {"provider": "openai", "api_key": "sk-1", "custom_host": f"{upstream.url}/openai", **more}


def slowly(body: Any, upstream: Upstream) -> None:
    """An answer that takes its time, so that all who ask are there before it."""
    if body is STREAMED:
        upstream.script(CHAT, chunked([EVENT, 0.6, EVENT, DONE]))
    else:
        answer = json.dumps({"id": "x", "choices": []}).encode()
        upstream.script(CHAT, chunked([0.6, answer], kind="application/json"))


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


class Threads(ThreadingMixIn, WSGIServer):
    request_queue_size = 128
    daemon_threads = False


@pytest.fixture
def wsgi_server() -> Iterator[Callable[[Any], str]]:
    made: list[Any] = []

    def start(app: Any) -> str:
        server = make_server("127.0.0.1", 0, app, Threads, Quiet)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        made.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in made:
        server.shutdown()
        thread.join()
        server.server_close()


def many(url: str, body: Any) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=MANY)
    with httpx.Client(limits=limits, timeout=30) as client, ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(lambda _: client.post(url + PATH, json=body), range(MANY)))


@pytest.mark.parametrize("body", [HELLO, STREAMED], ids=["whole", "stream"])
@pytest.mark.parametrize("edge", ["asgi", "wsgi"])
def test_fifty_equal_requests_at_once_are_one_to_the_provider(
    edge: str, body: Any, upstream: Upstream, wsgi_server: Callable[[Any], str], tmp_path: Path
) -> None:
    slowly(body, upstream)
    if edge == "wsgi":
        app = WSGIGateway(nothing_wsgi, at(upstream, cache="simple"), auth="public")
        answers = many(wsgi_server(app), body)
        app.gateway.close()
    else:
        env = {"UPSTREAM": f"{upstream.url}/openai", "STORE": "memory"}
        with serving((*HOST, "--port", "0"), env) as url:
            answers = many(url, body)
    assert len(upstream.seen) == 1
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    told = [answer.headers[STATUS] for answer in answers]
    assert (told.count("MISS"), told.count("HIT")) == (1, MANY - 1)


def test_two_tenants_at_once_are_two_to_the_provider(upstream: Upstream) -> None:
    slowly(HELLO, upstream)
    config = at(upstream, cache="simple")

    async def run() -> None:
        app = ASGIGateway(nothing, config, auth=lambda facts: facts.headers["x-user"])
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(ask, app, PATH, HELLO, {"x-user": f"user {number % 2}"})
        await app.gateway.aclose()

    anyio.run(run)
    assert len(upstream.seen) == 2


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_those_who_wait_go_on_alone_where_the_leader_fails(backend: str, upstream: Upstream) -> None:
    upstream.script(CHAT, chunked([0.3], "close", kind="application/json"), whole({"id": "x"}))

    async def run() -> None:
        app = ASGIGateway(nothing, at(upstream, cache="simple"), auth="public")
        answers = []

        async def one() -> None:
            answers.append(await ask(app))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(one)
        assert sorted(answer.status for answer in answers) == [200, 200, 200, 200, 502]
        await app.gateway.aclose()

    anyio.run(run, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("body", [HELLO, STREAMED], ids=["whole", "stream"])
def test_those_who_wait_go_on_where_the_leader_leaves(backend: str, body: Any, upstream: Upstream) -> None:
    stalled = chunked([EVENT, 30.0, DONE]) if body is STREAMED else chunked([30.0], kind="application/json")
    upstream.script(CHAT, stalled, chunked([EVENT, DONE]) if body is STREAMED else whole({"id": "x"}))

    async def run() -> None:
        app = ASGIGateway(nothing, at(upstream, cache="simple"), auth="public")
        leader = Caller(PATH, body)
        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(app, leader.scope, leader.receive, leader.send)
                await upstream.until(lambda: len(upstream.seen) == 1)
                if body is STREAMED:
                    await upstream.until(lambda: leader.begun)
                tasks.start_soon(leave, leader)
                answer = await ask(app, body=body)
        assert (answer.status, answer.headers[STATUS]) == (200, "MISS")
        await app.gateway.aclose()

    async def leave(leader: Caller) -> None:
        await anyio.sleep(0.2)
        leader.leave()

    anyio.run(run, backend=backend)


def test_a_thread_that_waits_goes_on_where_the_server_lets_a_stream_go(upstream: Upstream) -> None:
    upstream.script(CHAT, chunked([EVENT, 30.0]), chunked([EVENT, DONE]))
    app = WSGIGateway(nothing_wsgi, at(upstream, cache="simple"), auth="public")
    _, pieces = open_wsgi(app, environ(PATH, STREAMED))
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(ask_wsgi, app, PATH, STREAMED)
        time.sleep(0.1)
        assert not second.done()
        pieces.close()
        answer = second.result(30)
    assert answer.headers[STATUS] == "MISS" and answer.body.endswith(DONE)
    assert ask_wsgi(app, PATH, STREAMED).headers[STATUS] == "HIT"
    app.gateway.close()


def test_calls_of_the_hosts_own_are_cached_and_kept_as_well(upstream: Upstream) -> None:
    upstream.script(CHAT, chunked([EVENT, DONE]), whole({"id": "x"}))
    gateway = Gateway(at(upstream, cache="simple"), auth=lambda facts: None)
    url = f"http://gateway{PATH}"
    with httpx.Client(transport=gateway.sdk_transport("httpx")) as client:
        streams = [client.post(url, json=STREAMED) for _ in range(2)]
        wholes = [client.post(url, json=HELLO) for _ in range(2)]
    for answers in (streams, wholes):
        assert [answer.headers[STATUS] for answer in answers] == ["MISS", "HIT"]
        assert answers[0].content == answers[1].content

    async def run() -> None:
        async with httpx.AsyncClient(transport=gateway.async_sdk_transport("httpx")) as client:
            for body in (STREAMED, HELLO):
                assert (await client.post(url, json=body)).headers[STATUS] == "HIT"
            fresh = {"x-gateway-cache-namespace": "n"}
            upstream.script(CHAT, chunked([EVENT, DONE]))
            for told in ("MISS", "HIT"):
                assert (await client.post(url, json=STREAMED, headers=fresh)).headers[STATUS] == told
        await gateway.aclose()

    anyio.run(run)


def test_those_who_wait_longer_than_they_may_go_on() -> None:
    flights = Flights()
    lead = flights.ask("join", "a", 1.0)
    assert flights.ask("join", "a", 0.01) is None
    assert anyio.run(flights.aask, "join", "a", 0.01) is None
    flights.ask("land", lead, b"x")
    flights.ask("land", lead, b"y")
    again = flights.ask("join", "a", 1.0)
    assert again is not lead
    lead.land(None)  # which is over, and takes nothing from who leads now
    assert flights.ask("join", "a", 0.01) is None


# ── several workers ──────────────────────────────────────────────────────


@pytest.fixture
def fresh() -> Iterator[httpx.Client]:
    """Each of its requests has a connection of its own, so that any worker may take it."""
    with httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=30) as client:
        yield client


def pids(fresh: httpx.Client, url: str) -> set[int]:
    return {fresh.get(url).json()["pid"] for _ in range(20)}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def told(fresh: httpx.Client, url: str, body: Any) -> tuple[int, str]:
    answer = fresh.post(url + PATH, json=body)
    return answer.status_code, answer.headers[STATUS]


@contextmanager
def two_workers(fresh: httpx.Client, upstream: Upstream, store: str) -> Iterator[str]:
    """The address of a server, once both of its workers answer."""
    env, port = {"UPSTREAM": f"{upstream.url}/openai", "STORE": store}, free_port()
    with serving((*HOST, "--workers", "2", "--port", str(port)), env, port=port) as url:
        while len(pids(fresh, url)) < 2:
            time.sleep(0.1)
        yield url


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
def test_two_workers_share_a_cache_whatever_becomes_of_the_store(
    kind: str, upstream: Upstream, fresh: httpx.Client, tmp_path: Path
) -> None:
    upstream.script(CHAT, whole({"id": "x", "choices": []}))
    with redis_server(tmp_path) as server:
        store = server.url if kind == "redis" else f"sqlite:{tmp_path / 'state.db'}"
        with two_workers(fresh, upstream, store) as url:
            assert any(shared(fresh, url, upstream, seed) for seed in range(10))
            if kind == "sqlite":
                return
            with steadily(url) as statuses:
                server.stop()
                down = [told(fresh, url, {**HELLO, "seed": 20 + seed % 3}) for seed in range(20)]
                assert {status for status, _ in down} == {200}
                most = max(seeds(upstream).count(seed) for seed in (20, 21, 22))
                assert most <= 2, "each worker keeps what it learns by itself"
                server.start()
                time.sleep(1.1)
                assert any(shared(fresh, url, upstream, seed) for seed in range(30, 40))
            assert set(statuses) == {200} and len(statuses) > 10


@contextmanager
def steadily(url: str) -> Iterator[list[int]]:
    """What a client hears that asks all the while, again and again for the same and for something new."""
    statuses: list[int] = []
    over = Event()

    def run() -> None:
        with httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=30) as client:
            while not over.wait(0.02):
                body = {**HELLO, "seed": 1_000 + len(statuses) // 2}
                statuses.append(client.post(url + PATH, json=body).status_code)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(run)
        try:
            yield statuses
        finally:
            over.set()
            asking.result(PATIENCE)


def seeds(upstream: Upstream) -> list[int]:
    """What the provider was asked."""
    return [seen.json["seed"] for seen in upstream.seen]


def shared(fresh: httpx.Client, url: str, upstream: Upstream, seed: int) -> bool:
    """Whether many requests were one to the provider. A worker that was held up for 100 ms just then may have
    asked on its own; workers that share nothing would each do so, whatever is asked."""
    answers = [told(fresh, url, {**HELLO, "seed": seed}) for _ in range(20)]
    assert {status for status, _ in answers} == {200}
    return seeds(upstream).count(seed) == 1 and [status for _, status in answers].count("HIT") == 19


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
def test_a_breaker_that_one_worker_opens_is_open_in_the_other_within_a_second(
    kind: str, upstream: Upstream, fresh: httpx.Client, tmp_path: Path
) -> None:
    upstream.script(CHAT, whole({"id": "x", "choices": []}))
    for number in range(BREAKERS):
        upstream.script(f"/openai/dead-{number}/chat/completions", whole({"error": {"message": "no"}}, 500))
    with redis_server(tmp_path) as server:
        store = server.url if kind == "redis" else f"sqlite:{tmp_path / 'state.db'}"
        with two_workers(fresh, upstream, store) as url:
            assert any(heard(fresh, url, upstream, number) for number in range(10))
            if kind == "sqlite":
                return
            server.stop()
            heard(fresh, url, upstream, 10)
            assert dead(upstream, 10) <= 2 * 3, "each worker learns by itself"
            server.start()
            time.sleep(1.1)
            assert any(heard(fresh, url, upstream, number) for number in range(11, BREAKERS))


def dead(upstream: Upstream, number: int) -> int:
    """Requests that came to a target that fails."""
    return sum(f"/dead-{number}/" in seen.target for seen in upstream.seen)


def heard(fresh: httpx.Client, url: str, upstream: Upstream, number: int) -> bool:
    """Whether what one worker has learnt kept the other from a target. Of five requests one worker has three
    at least, which open its breaker, and the other fewer than that."""
    named = {"x-gateway-config": f"guarded-{number}"}

    def asked(times: int) -> set[int]:
        return {fresh.post(url + PATH, json=HELLO, headers=named).status_code for _ in range(times)}

    assert asked(5) == {200}
    time.sleep(0.6)
    before = dead(upstream, number)
    assert 3 <= before <= 5
    assert asked(30) == {200}
    return dead(upstream, number) == before


def test_a_store_is_named_in_a_file_as_well(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"provider": "openai", "store": f"sqlite:{tmp_path / 'x.db'}"}))
    gateway = Gateway(str(file))
    assert gateway.store.state()["store"] == "SQLite"
    gateway.close()
    named = Gateway(str(file), store="memory")
    assert named.store.state()["store"] == "Memory"
    named.close()
