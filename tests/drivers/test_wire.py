"""What the transport of our own does beside carrying: held back, left, shared, and closed at any moment."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import closing, suppress
from functools import partial
from typing import Any

import pytest
import uvloop

from gatewaymw.core.values import Failure, Request
from gatewaymw.drivers.dial import alternating, connected, connected_sync, first_of, readable
from gatewaymw.drivers.limits import CONNECTING
from gatewaymw.drivers.transport import BUSY, CONNECT, REFUSED, TIMEOUT, UNREACHABLE, Unreachable
from gatewaymw.drivers.wire.aio import AsyncWire
from gatewaymw.drivers.wire.blocking import NOW, TURN, waits
from gatewaymw.drivers.wire.connection import HIGH
from gatewaymw.drivers.wire.origin import within
from gatewaymw.drivers.wire.places import Places
from gatewaymw.drivers.wire.sync import Wire
from hostile import OK, Peer, black_hole, hostile
from upstream import Upstream, chunked, raw, whole

RUNS: dict[str, Callable[[Coroutine[Any, Any, Any]], Any]] = {"asyncio": asyncio.run, "uvloop": uvloop.run}


@pytest.fixture(params=RUNS)
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return RUNS[request.param]


Run = Callable[[Coroutine[Any, Any, Any]], Any]


def to(url: str, **more: Any) -> Request:
    return Request("POST", url, **{"body": b"{}", "timeout": 5.0, "idle": 5.0, **more})


async def asked(wire: AsyncWire, url: str, **more: Any) -> bytes:
    _, _, body = await wire.send(to(url, **more))
    got = b""
    while data := await body.read(5.0):
        got += data
    await body.aclose()
    return got


# ── left at any moment ───────────────────────────────────────────────────


def resolving(gone: asyncio.Event) -> Any:
    async def forever(host: str, port: int, **more: Any) -> list[Any]:
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()
        return []

    return partial(connected, resolve=forever)


@pytest.mark.parametrize("phase", ["handshake", "head", "upload", "body"])
def test_who_leaves_closes_the_socket_and_frees_its_place(phase: str, run: Run) -> None:
    began, gone = threading.Event(), threading.Event()

    def play(peer: Peer) -> None:
        if peer.number > 1:
            peer.request()
            return peer.send(OK)
        if phase == "handshake":
            peer.socket.recv(1)
        else:
            peer.head()
        if phase == "body":
            peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi")
        began.set()
        with suppress(ConnectionError):
            while peer.socket.recv(65536):
                if phase == "upload":
                    time.sleep(0.01)
        gone.set()

    async def leave(url: str) -> None:
        wire = AsyncWire(most=1)
        body = b"x" * 20_000_000 if phase == "upload" else b"{}"
        first = url.replace("http:", "https:") if phase == "handshake" else url
        task = asyncio.create_task(asked(wire, first, body=body))
        assert await asyncio.to_thread(began.wait, 5)
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        if phase == "body":  # whoever opened it closes it
            [connection] = wire._shelf.clear()
            connection.abort()
            wire._places.give()
        assert repr(wire) == "<AsyncWire [Connections: 0 active, 0 idle]>"
        assert await asked(wire, url) == b"good"
        assert await asyncio.to_thread(gone.wait, 5)
        await wire.aclose()

    with hostile(play) as server:
        run(leave(server.url))


def test_who_leaves_while_an_address_is_looked_for_or_dialled(run: Run) -> None:
    async def leave(url: str, port: int) -> None:
        for name in ("resolve", "connect"):
            gone = asyncio.Event()
            dial = resolving(gone) if name == "resolve" else connected
            wire = AsyncWire(most=1, dial=dial)
            task = asyncio.create_task(wire.send(to(f"http://127.0.0.2:{port}/")))
            await asyncio.sleep(0.03)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert gone.is_set() or name == "connect"
            assert wire._places.taken == 0
            await wire.aclose()

    with hostile(Peer.stay) as server, black_hole("127.0.0.2", server.port):
        run(leave(server.url, server.port))


def test_who_leaves_the_line_takes_no_place_along(run: Run) -> None:
    async def line() -> None:
        places = Places(1)
        assert (places.take(), places.take()) == (True, False)
        waiting = [asyncio.create_task(places.wait(5)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        places.give()  # to the second, who leaves in the same moment
        waiting[1].cancel()
        await asyncio.wait(waiting)
        assert waiting[0].cancelled() and waiting[2].done() and not waiting[2].cancelled()
        assert places.taken == 1
        with pytest.raises(TimeoutError):
            await places.wait(0.01)
        places.give()
        assert (places.taken, places.take()) == (0, True)

    run(line())


# ── bounded ──────────────────────────────────────────────────────────────


def test_no_more_of_an_answer_is_held_than_may_be(run: Run) -> None:
    def play(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 200000000\r\n\r\n")
        for _ in range(200):
            peer.send(b"x" * 1_000_000)
        peer.stay()

    async def hold(url: str) -> None:
        wire = AsyncWire()
        _, _, body = await wire.send(to(url))
        [connection] = wire._shelf._lent
        most = got = 0
        for _ in range(20):
            await asyncio.sleep(0.005)
            most = max(most, connection.reader.held)
        while data := await body.read(5.0):
            got += len(data)
            most = max(most, len(data))
        await body.aclose()
        assert (got, most <= HIGH + 300_000) == (200_000_000, True), most
        await wire.aclose()

    with hostile(play) as server:
        run(hold(server.url))


def test_small_pieces_count_for_what_they_cost(run: Run, upstream: Upstream) -> None:
    async def hold(url: str) -> None:
        wire = AsyncWire()
        _, _, body = await wire.send(to(url))
        [connection] = wire._shelf._lent
        await asyncio.sleep(0.3)
        assert len(connection.reader._chunks) < 60_000
        await body.aclose()
        await wire.aclose()

    small = b"1\r\nx\r\n" * 200_000
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    run(hold(upstream.script("/x", raw(head, small, small, ending="stall"))))


def test_an_idle_connection_expires(run: Run, upstream: Upstream) -> None:
    async def idle(url: str) -> None:
        wire = AsyncWire()
        await asked(wire, url)
        [connection] = wire._shelf._idle
        connection._rested -= 31
        await asked(wire, url)
        await wire.aclose()

    run(idle(upstream.script("/x", whole({}))))
    assert upstream.connections == 2


def test_one_that_the_upstream_closes_at_rest_is_forgotten(run: Run, upstream: Upstream) -> None:
    async def idle(url: str) -> None:
        wire = AsyncWire()
        await asked(wire, url)
        await upstream.until(lambda: "0 idle" in repr(wire))
        await wire.aclose()

    run(idle(upstream.script("/x", whole({}, ending="close"))))


def test_how_long_a_connection_is_waited_for() -> None:
    assert within(None, 100.0, CONNECT) == (CONNECTING, CONNECT)
    assert within(200.0, 100.0, BUSY) == (CONNECTING, BUSY)
    assert within(103.0, 100.0, BUSY) == (3.0, TIMEOUT)
    assert within(99.0, 100.0, BUSY) == (0, TIMEOUT)


def test_a_place_that_does_not_come_is_called_busy() -> None:
    with hostile(Peer.hold) as server:
        wire, outcomes = Wire(most=1), []

        def first() -> None:
            with suppress(Unreachable):
                wire.send(to(server.url, timeout=0.5))

        thread = threading.Thread(target=first)
        thread.start()
        while not server.peers:
            time.sleep(0.002)
        with pytest.raises(Unreachable) as caught:
            wire.send(to(server.url, timeout=0.05))
        outcomes.append(caught.value.failure)
        thread.join()
        assert outcomes == [TIMEOUT]
        wire.close()


# ── shared ───────────────────────────────────────────────────────────────


def test_threads_share_one_and_mix_nothing_up() -> None:
    def play(peer: Peer) -> None:
        while True:
            body = peer.request()
            peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    wire, wrong = Wire(kept=4), []

    def work(name: int) -> None:
        for turn in range(40):
            said = b"%d %d" % (name, turn) * (1 + turn * 300)
            _, _, body = wire.send(to(server.url, body=said))
            got = b""
            while data := body.read(5.0):
                got += data
            body.close()
            if got != said:
                wrong.append(name)

    with hostile(play) as server:
        threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (wrong, repr(wire)) == ([], "<Wire [Connections: 0 active, 4 idle]>")
        wire.close()


def test_closing_wakes_a_thread_that_reads(upstream: Upstream) -> None:
    """And leaves the socket to it: a number that is free again might be another's by then."""
    wire, outcomes = Wire(), []
    _, _, body = wire.send(to(upstream.script("/x", raw(b"HTTP/1.1 200 OK\r\n\r\nhi", ending="stall"))))

    def read() -> None:
        try:
            while True:
                outcomes.append(body.read(5.0))
        except Unreachable as error:
            outcomes.append(error.failure.code)

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.05)
    wire.close()
    thread.join(2)
    assert outcomes == [b"hi", "upstream_broken"]
    body.close()
    assert upstream.seen[0].gone or upstream.wait(lambda: upstream.seen[0].gone) is None


def test_a_loop_of_its_own_for_each_thread(upstream: Upstream) -> None:
    url = upstream.script("/x", chunked([b"hi"]))
    got: list[bytes] = []

    async def work() -> None:
        wire = AsyncWire()
        got.extend([await asked(wire, url) for _ in range(5)])
        await wire.aclose()

    threads = [threading.Thread(target=lambda: asyncio.run(work())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (got, upstream.connections) == ([b"hi"] * 10, 2)


@pytest.mark.parametrize("polls", [True, False])
def test_whether_something_came_is_told_with_and_without_poll(polls: bool) -> None:
    here, there = socket.socketpair()
    came = readable(here) if polls else readable(here, lambda made: None)
    assert not came()
    begun = time.monotonic()
    assert not came(0.05)
    assert 0.04 < time.monotonic() - begun < 5
    there.send(b"x")
    assert came() and came(5) and came(None)
    here.recv(1)
    assert not came()
    there.close()
    assert came()
    here.close()


# ── waits of threads ─────────────────────────────────────────────────────


@pytest.mark.parametrize("phase", ["head", "body"])
def test_a_wait_longer_than_a_read_may_take_ends_to_the_moment(phase: str) -> None:
    """Nor does it end before that, where the answer comes late."""
    patience, got = TURN + 0.4, list[Any]()
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"

    def play(peer: Peer) -> None:
        peer.request()
        if phase == "body":
            peer.send(head)
        if peer.number == 1:
            time.sleep(TURN + 0.2)
            return peer.send(b"good" if phase == "body" else head + b"good")
        peer.socket.recv(1)

    def ask(url: str) -> None:
        wire, begun = Wire(), time.monotonic()
        try:
            _, _, body = wire.send(to(url, timeout=patience))
            with closing(body):
                got.append(body.read(patience))
        except Unreachable as error:
            got.append((error.failure.kind, patience <= time.monotonic() - begun < patience + 2))
        wire.close()

    with hostile(play) as server:
        threads = [threading.Thread(target=ask, args=(server.url,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(got, key=str) == [("timeout", True), b"good"]


class Never(socket.socket):
    """As gevent has them: the system's own calls never wait."""

    def setblocking(self, flag: bool) -> None:
        super().setblocking(False)


class Elsewhere(socket.socket):
    """Of a system that takes times in another form."""

    def setsockopt(self, *args: Any) -> None:
        raise OSError(22, "Invalid argument")


@pytest.mark.parametrize("kind", [socket.socket, Never, Elsewhere])
def test_a_socket_whose_reads_cannot_wait_is_left_as_one_that_does_not(kind: type[socket.socket]) -> None:
    with kind() as made:
        assert waits(made) == (kind is socket.socket and bool(NOW)) == made.getblocking()


# ── addresses ────────────────────────────────────────────────────────────


def test_addresses_of_two_families_take_turns() -> None:
    six = [(10, 1, 6, "", (f"::{i}", 1)) for i in range(3)]
    four = [(2, 1, 6, "", (f"1.1.1.{i}", 1)) for i in range(1)]
    assert alternating([*six, *four]) == [six[0], four[0], six[1], six[2]]
    assert alternating(four) == four


def test_a_family_that_the_system_does_not_have_is_passed_over() -> None:
    odd = (250, 1, 6, "", ("x", 1))
    with hostile(Peer.stay) as server:
        good = (2, 1, 6, "", ("127.0.0.1", server.port))
        first_of([odd, good], time.monotonic() + 5).close()
    with pytest.raises(OSError):
        first_of([odd], time.monotonic() + 5)


@pytest.mark.parametrize("url", ["http://.example/", "http://a b.example/", f"http://{'a' * 70}.example/"])
def test_hosts_that_can_be_none(url: str, run: Run) -> None:
    async def outcome() -> Failure:
        with pytest.raises(Unreachable) as caught:
            await AsyncWire().send(to(url))
        return caught.value.failure

    with pytest.raises(Unreachable) as caught:
        Wire().send(to(url))
    assert run(outcome()) is caught.value.failure is UNREACHABLE


def test_a_socket_is_not_left_where_the_guard_refuses(run: Run) -> None:
    async def refused() -> None:
        wire = AsyncWire(guarded=True)
        with pytest.raises(Unreachable) as caught:
            await wire.send(to("http://127.0.0.1:9/"))
        assert caught.value.failure is REFUSED
        assert wire._places.taken == 0

    run(refused())
    with pytest.raises(Unreachable):
        connected_sync("127.0.0.1", 9, True, time.monotonic() + 1)


def test_a_header_that_cannot_be_written_costs_no_connection(run: Run, upstream: Upstream) -> None:
    async def twice(url: str) -> None:
        wire = AsyncWire(most=1)
        with pytest.raises(Unreachable):
            await asked(wire, url, headers={"x": "a\r\nb: c"})
        assert await asked(wire, url, headers={"x": "é"}) == b"{}"
        await wire.aclose()

    run(twice(upstream.script("/x", whole({}))))
    assert [seen.header("x") for seen in upstream.seen] == ["é"]


def test_no_task_is_left_and_none_is_made(run: Run, upstream: Upstream) -> None:
    async def count(url: str) -> None:
        wire = AsyncWire()
        await asked(wire, url)
        before = asyncio.all_tasks()
        _, _, body = await wire.send(to(url))
        assert asyncio.all_tasks() == before
        await body.aclose()
        await wire.aclose()

    run(count(upstream.script("/x", chunked([b"a", b"b"]))))
