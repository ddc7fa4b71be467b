"""Connections at rest and at work: which is taken, which is let go, and that its place always comes back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import anyio
import httpcore
import pytest

from gatewaymw.drivers.shelf import EACH, Shelf
from gatewaymw.drivers.stack import AsyncStack, Stack
from upstream import Upstream, chunked, raw, whole

HERE = httpcore.Origin(b"http", b"here", 80)
THERE = httpcore.Origin(b"http", b"there", 80)


# ── at rest ──────────────────────────────────────────────────────────────


@dataclass(eq=False)
class Connection:
    """One that is in the state it is said to be in."""

    host: bytes = HERE.host
    stale: bool = False
    idle: bool = True
    closed: bool = False

    def can_handle_request(self, origin: httpcore.Origin) -> bool:
        return origin.host == self.host

    def has_expired(self) -> bool:
        return self.stale

    def is_idle(self) -> bool:
        return self.idle

    def is_closed(self) -> bool:
        return self.closed


def test_the_one_used_last_is_taken_first() -> None:
    shelf: Shelf[Connection] = Shelf(3)
    older, newer = Connection(), Connection()
    assert [shelf.put(older), shelf.put(newer)] == [None, None]
    assert [shelf.take(HERE), shelf.take(HERE), shelf.take(HERE)] == [newer, older, None]


def test_origins_are_not_mixed_up() -> None:
    shelf: Shelf[Connection] = Shelf(3)
    here, there = Connection(HERE.host), Connection(THERE.host)
    assert [shelf.put(here), shelf.put(there)] == [None, None]
    assert [shelf.take(HERE), shelf.take(HERE), shelf.take(THERE)] == [here, None, there]


def test_where_there_are_too_many_the_one_that_rested_longest_goes() -> None:
    shelf: Shelf[Connection] = Shelf(2)
    first, second, third = Connection(), Connection(), Connection()
    assert [shelf.put(first), shelf.put(second), shelf.put(third)] == [None, None, first]


def test_one_that_grew_stale_goes_when_some_others_have_come_to_rest() -> None:
    shelf: Shelf[Connection] = Shelf(2 * EACH)
    first, *others = Connection(stale=True), *(Connection() for _ in range(EACH - 1))
    assert [shelf.put(each) for each in (first, *others)] == [None] * (EACH - 1) + [first]


def test_only_what_is_idle_comes_to_rest() -> None:
    shelf: Shelf[Connection] = Shelf(3)
    broken = Connection(idle=False)
    assert shelf.put(broken) is broken
    assert shelf.put(Connection(closed=True)) is None
    assert shelf.take(HERE) is None


def test_all_of_them_are_closed_at_the_end() -> None:
    shelf: Shelf[Connection] = Shelf(3)
    lent, resting = Connection(), Connection()
    shelf.lend(lent)
    shelf.put(resting)
    assert repr(shelf) == "Connections: 1 active, 1 idle"
    assert set(shelf.clear()) == {lent, resting}
    assert (shelf.clear(), repr(shelf)) == ((), "Connections: 0 active, 0 idle")


# ── at work ──────────────────────────────────────────────────────────────


def connect(origin: httpcore.Origin) -> httpcore.HTTPConnection:
    return httpcore.HTTPConnection(origin)


def connect_async(origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
    return httpcore.AsyncHTTPConnection(origin, network_backend=httpcore.AnyIOBackend())


def request(url: str, **timeout: float | None) -> httpcore.Request:
    limits = {"pool": 20.0, "connect": 20.0, "read": 1.0, "write": 20.0, **timeout}
    return httpcore.Request("GET", url, headers={"host": "here"}, extensions={"timeout": limits})


@pytest.fixture
def closed() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/x"


FAULTS = {"no head": raw(ending="stall"), "no HTTP": raw(b"what?\r\n\r\n"), "an early end": raw()}
FAILING = pytest.mark.parametrize("fault", FAULTS)


@FAILING
def test_a_place_comes_back_after_a_failure(fault: str, closed: str, upstream: Upstream) -> None:
    bad, good = upstream.script("/bad", FAULTS[fault]), upstream.script("/good", whole({}))
    stack = Stack(connect, 1, 1)
    for url in (closed, bad, closed, bad):
        with pytest.raises((httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)):
            stack.handle_request(request(url))
    answer = stack.handle_request(request(good))
    assert (answer.read(), repr(stack)) == (b"{}", "<Stack [Connections: 1 active, 0 idle]>")
    answer.close()
    answer.close()
    assert repr(stack) == "<Stack [Connections: 0 active, 1 idle]>"
    stack.close()


@pytest.mark.anyio
@FAILING
async def test_so_it_does_on_an_event_loop(fault: str, closed: str, upstream: Upstream) -> None:
    bad, good = upstream.script("/bad", FAULTS[fault]), upstream.script("/good", whole({}))
    stack = AsyncStack(connect_async, 1, 1)
    for url in (closed, bad, closed, bad):
        with pytest.raises((httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)):
            await stack.handle_async_request(request(url))
    answer = await stack.handle_async_request(request(good))
    assert (await answer.aread(), repr(stack)) == (b"{}", "<AsyncStack [Connections: 1 active, 0 idle]>")
    await answer.aclose()
    await answer.aclose()
    assert repr(stack) == "<AsyncStack [Connections: 0 active, 1 idle]>"
    await stack.aclose()


@pytest.mark.anyio
async def test_and_after_one_who_left(upstream: Upstream) -> None:
    slow, good = upstream.script("/slow", raw(ending="stall")), upstream.script("/good", whole({}))
    stack = AsyncStack(connect_async, 1, 1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stack.handle_async_request, request(slow, read=None))
        await upstream.until(lambda: upstream.seen)
        tasks.cancel_scope.cancel()
    await upstream.until(lambda: upstream.seen[0].gone)
    answer = await stack.handle_async_request(request(good))
    assert await answer.aread() == b"{}"
    await answer.aclose()
    await stack.aclose()


def test_who_finds_no_place_waits_so_long_and_no_longer(upstream: Upstream) -> None:
    endless, good = upstream.script("/endless", chunked(repeat(b"z"))), upstream.script("/good", whole({}))
    stack = Stack(connect, 1, 1)
    first = stack.handle_request(request(endless))
    with pytest.raises(httpcore.PoolTimeout):
        stack.handle_request(request(good, pool=0.01))
    answers: list[Any] = []
    waiting = threading.Thread(target=lambda: answers.append(stack.handle_request(request(good, pool=20.0))))
    waiting.start()
    first.close()
    waiting.join()
    assert answers[0].read() == b"{}"
    answers[0].close()
    stack.close()


@pytest.mark.anyio
async def test_so_it_is_on_an_event_loop(upstream: Upstream) -> None:
    good = upstream.script("/good", whole({}))
    stack = AsyncStack(connect_async, 1, 1)
    first = await stack.handle_async_request(request(good))
    with pytest.raises(httpcore.PoolTimeout):
        await stack.handle_async_request(request(good, pool=0.01))
    answers: list[httpcore.Response] = []

    async def wait() -> None:
        answers.append(await stack.handle_async_request(request(good, pool=20.0)))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        await first.aread()
        await first.aclose()
    assert await answers[0].aread() == b"{}"
    await answers[0].aclose()
    assert upstream.connections == 1
    await stack.aclose()


@pytest.mark.anyio
async def test_no_more_are_kept_than_may_be(upstream: Upstream) -> None:
    good = upstream.script("/good", whole({}))
    stack = AsyncStack(connect_async, 5, 2)
    answers = [await stack.handle_async_request(request(good)) for _ in range(5)]
    for answer in answers:
        await answer.aread()
        await answer.aclose()
    assert repr(stack) == "<AsyncStack [Connections: 0 active, 2 idle]>"
    await stack.aclose()
    assert repr(stack) == "<AsyncStack [Connections: 0 active, 0 idle]>"
