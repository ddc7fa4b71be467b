"""What a gateway keeps of its targets' health, and how long a connection may take, on every transport."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx
import pytest
from genai_prices.data_snapshot import get_snapshot

from gatewaymw.core.auth.keys import bearer
from gatewaymw.core.model import Provider
from gatewaymw.core.plan import Breaker, Budget, Retry, Target
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.values import Failure, Request
from gatewaymw.drivers import prices
from gatewaymw.drivers.aiohttp import AsyncAiohttp
from gatewaymw.drivers.handed import AsyncHanded, Handed
from gatewaymw.drivers.health import Health
from gatewaymw.drivers.pool import AsyncPool, Pool
from gatewaymw.drivers.transport import Unreachable
from gatewaymw.drivers.wire.aio import AsyncWire
from gatewaymw.drivers.wire.sync import Wire
from hostile import black_hole
from upstream import Upstream, whole

PROVIDER = Provider(name="test", base_url="https://test.example", routes={}, auth=bearer)


def target(**more: Any) -> Target:
    return Target(path="config", provider=PROVIDER, **more)


def test_many_threads_lose_nothing() -> None:
    health = Health()
    node = target(breaker=Breaker(failures=10**6), retry=Retry(1, budget=Budget()), measured=True)

    def work(number: int) -> None:
        for _ in range(200):
            lease = health.ask("admit", "t", node, 1.0, False).lease
            health.ask("retry", "t", node, 1.0)
            lease.began(0.1, False, 1.0)
            if number % 2:
                lease.end(True, 1.0)
                lease.end(True, 1.0)
            del lease

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    gc.collect()
    assert health.ask("loads", [["t"]], 1.0)[0][0] == 0
    record = health._of("t")
    assert record.breaker.counts[0][1:] == (800, 800)
    assert record.budget[0][1:] == (1600, 320)


def test_of_more_targets_than_it_holds_the_oldest_are_forgotten() -> None:
    health, node = Health(most=10), target(breaker=Breaker(failures=1))
    for number in range(100):
        health.ask("admit", f"t{number}", node, 1.0, False).lease.end(True, 1.0)
    assert health.phase("t99") == "open" and health.phase("t0") == "closed"
    assert len(health._records) == 10


def test_a_lease_that_outlives_its_record_harms_nothing() -> None:
    health, node = Health(most=1), target(breaker=Breaker(failures=1))
    lease = health.ask("admit", "a", node, 1.0, False).lease
    health.ask("admit", "b", node, 1.0, False).lease.end(False, 1.0)
    lease.end(True, 1.0)
    assert health.phase("a") == "closed"


def test_another_workers_word_means_nothing_where_there_is_no_breaker() -> None:
    health = Health(shared=True)
    health.ask("heard", "t", target(measured=True), 99.0, 1.0)
    assert health.phase("t") == "closed"
    assert not health.ask("admit", "t", target(measured=True), 1.0, False).look


def test_the_service_of_event_loops_is_the_same() -> None:
    health, node = Health(), target(measured=True)
    assert anyio.run(health.ask_async, "admit", "t", node, 1.0, False).lease


# ── prices ───────────────────────────────────────────────────────────────


def test_prices_are_by_kind_of_token() -> None:
    cost = prices.ready()
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    full = cost("openai", "gpt-4o-2024-08-06", usage)
    cached = cost("openai", "gpt-4o-2024-08-06", {**usage, "prompt_tokens_details": {"cached_tokens": 800}})
    assert full and cached and 0 < cached < full


@pytest.mark.parametrize(
    ("provider", "model", "usage"),
    [
        ("mock", "gpt-4o", {"prompt_tokens": 1}),
        ("openai", "no-such-model", {"prompt_tokens": 1}),
        ("openai", "gpt-4o", {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 5}}),
    ],
)
def test_where_no_price_is_known_there_is_none(provider: str, model: str, usage: Any) -> None:
    assert prices.cost(provider, model, usage) is None


def test_each_name_of_a_provider_is_in_the_tables_and_none_is_overlooked() -> None:
    """Those that the tables have under another provider's router, or as a maker of models, are none here."""
    known = {each.id for each in get_snapshot().providers}
    named = {name: provider.prices for name, provider in PROVIDERS.items() if provider.prices}
    assert {*named.values()} <= known
    alike = {name for name in PROVIDERS if name.split("-ai")[0].replace("-", "") in known - {"cloudflare"}}
    assert {"groq", "together-ai"} <= alike <= named.keys()


def test_a_price_is_found_by_the_name_that_the_row_says() -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    assert prices.cost("mistral-ai", "mistral-large-latest", usage)
    assert prices.cost("no-such-provider", "mistral-large-latest", usage) is None


# ── a connection's time ──────────────────────────────────────────────────

HOLE = ("127.0.0.3", 18931)


def request(url: str, **more: Any) -> Request:
    return Request("POST", url, body=b"{}", **more)


async def handed() -> AsyncHanded:
    return AsyncHanded(httpx.AsyncClient(), ours=True)


async def made(kind: Callable[[], Any]) -> Any:
    return kind()


ASYNC: dict[str, Callable[[], Any]] = {
    "wire": lambda: made(AsyncWire),
    "httpcore": lambda: made(AsyncPool),
    "aiohttp": lambda: made(AsyncAiohttp),
    "handed": handed,
}
SYNC: dict[str, Callable[[], Any]] = {
    "wire": Wire,
    "httpcore": Pool,
    "handed": lambda: Handed(httpx.Client(), ours=True),
}


async def failing(make: Callable[[], Any], asked: Request) -> Failure:
    transport = await make()
    try:
        with pytest.raises(Unreachable) as caught:
            await transport.send(asked)
        return caught.value.failure
    finally:
        await transport.aclose()


@pytest.mark.parametrize("name", ASYNC)
@pytest.mark.parametrize("timeout", [60.0, 30.0])
def test_t6_a_connection_has_a_time_of_its_own(name: str, timeout: float) -> None:
    with black_hole(*HOLE):
        began = time.monotonic()
        asked = request(f"http://{HOLE[0]}:{HOLE[1]}/", timeout=timeout, connect=0.2)
        failure = anyio.run(failing, ASYNC[name], asked)
    assert failure.kind == "timeout" and time.monotonic() - began < 20
    assert failure.code == "upstream_timeout" or name == "handed"


@pytest.mark.parametrize("name", SYNC)
@pytest.mark.parametrize("timeout", [60.0, 30.0])
def test_t6_and_in_threads(name: str, timeout: float) -> None:
    transport = SYNC[name]()
    with black_hole(*HOLE):
        began = time.monotonic()
        with pytest.raises(Unreachable) as caught:
            transport.send(request(f"http://{HOLE[0]}:{HOLE[1]}/", timeout=timeout, connect=0.2))
    transport.close()
    failure = caught.value.failure
    assert failure.kind == "timeout" and time.monotonic() - began < 20
    assert failure.code == "upstream_timeout" or name == "handed"


@pytest.mark.parametrize("name", SYNC)
def test_t6_the_answer_may_take_longer_than_its_connection(name: str, upstream: Upstream) -> None:
    from upstream import raw

    upstream.script("/slow", raw(1.2, *whole({}).steps))
    transport = SYNC[name]()
    status, _, body = transport.send(request(f"{upstream.url}/slow", timeout=20.0, idle=20.0, connect=1.0))
    assert (status, body.read(20.0)) == (200, b"{}")
    body.close()
    transport.close()


@pytest.mark.parametrize("name", SYNC)
def test_t6_the_heads_time_holds_where_it_is_the_shorter(name: str) -> None:
    transport = SYNC[name]()
    with black_hole(*HOLE), pytest.raises(Unreachable) as caught:
        transport.send(request(f"http://{HOLE[0]}:{HOLE[1]}/", timeout=0.2, connect=5.0))
    transport.close()
    assert (caught.value.failure.status, caught.value.failure.code) == (408, "timeout")
