"""One law for all who carry requests: how they are written, who is waited for, and how many there may be."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest

from carriers import AIOHTTP, EACH, WIRES, Carrying
from gatewaymw.core.values import Failure
from gatewaymw.drivers.transport import BROKEN, TIMEOUT
from hostile import Peer, hostile
from upstream import Upstream, closed_port, raw, whole

HEAD = b"HTTP/1.1 200 OK\r\n"


# ── requests ─────────────────────────────────────────────────────────────

BIG = b"x" * 20_000_000


@EACH
def test_a_request_as_it_is_written(way: str, shared: Upstream, carrying: Carrying) -> None:
    url = shared.script("/a%2Fb", whole({}))
    headers = {"x-key": "v", "user-agent": "mine", "accept-encoding": "identity"}
    with carrying(way) as carrier:
        assert carrier.ask(f"{url}?q=%20&r", headers=headers, body=BIG[:3_000_000]) == (200, b"{}")
        carrier.ask(url, method="GET", body=b"")
    first, second = shared.seen
    assert (first.method, first.target, len(first.body)) == ("POST", "/a%2Fb?q=%20&r", 3_000_000)
    told = {name: value for name, value in first.headers if name != "connection"}
    assert told == {"host": shared.url[7:], **headers, "content-length": "3000000"}
    assert (second.method, second.body, second.header("content-length")) == ("GET", b"", None)


@pytest.mark.parametrize("way", [*WIRES, *AIOHTTP])
def test_an_early_answer_counts_where_nobody_reads_the_rest(way: str, carrying: Carrying) -> None:
    def play(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno")
        peer.hold()

    with hostile(play) as server, carrying(way) as carrier:
        began = time.monotonic()
        assert carrier.ask(server.url, body=BIG) == (403, b"no")
        assert carrier.ask(server.url, body=b"") == (403, b"no")
        assert time.monotonic() - began < 3
        assert server.peers == 2


@EACH
def test_an_early_answer_and_a_reset(way: str, carrying: Carrying) -> None:
    def play(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 413 Large\r\ncontent-length: 2\r\n\r\nno")
        time.sleep(0.1)  # what is unread now makes the end a reset

    with hostile(play) as server, carrying(way) as carrier:
        outcome = carrier.ask(server.url, body=BIG)
        assert outcome == (413, b"no") or (way not in WIRES and outcome is BROKEN)


@EACH
def test_a_long_request_is_sent_while_an_answer_begins(way: str, carrying: Carrying) -> None:
    def play(peer: Peer) -> None:
        peer.head()
        peer.send(HEAD + b"transfer-encoding: chunked\r\n\r\n")
        peer.server.heads.clear()
        got = len(peer.held)
        while got < len(BIG):
            got += len(peer.socket.recv(65536))
        peer.send(b"%x\r\n%d\r\n0\r\n\r\n" % (len(str(got)), got))

    with hostile(play) as server, carrying(way) as carrier:
        assert carrier.ask(server.url, body=BIG) == (200, b"20000000")


@EACH
def test_who_never_reads_meets_the_time_of_the_request(way: str, carrying: Carrying) -> None:
    with hostile(Peer.hold) as server, carrying(way) as carrier:
        began = time.monotonic()
        assert carrier.ask(server.url, body=BIG, timeout=0.3) is TIMEOUT
        assert time.monotonic() - began < 2


@EACH
def test_an_upstream_that_never_stops_is_held_back(way: str, carrying: Carrying) -> None:
    sent = [0]

    def play(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + b"content-length: 200000000\r\n\r\n")
        for _ in range(200):
            peer.send(BIG[:1_000_000])
            sent[0] += 1_000_000

    with hostile(play) as server, carrying(way) as carrier:
        answer = carrier.send(server.url)
        assert answer.read()
        last = -1
        while last != sent[0]:  # until it stands still
            last = sent[0]
            time.sleep(0.1)
        assert sent[0] < 20_000_000
        answer.close()
        assert server.peers == 1


# ── many ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("way", [*WIRES, *AIOHTTP])
def test_places_are_bounded_and_come_back(way: str, shared: Upstream, carrying: Carrying) -> None:
    url, long = shared.script("/x", whole({})), shared.script("/long", whole(BIG))
    with carrying(way, most=2) as carrier:
        first, second = carrier.send(long), carrier.send(long)
        assert carrier.ask(url, timeout=0.05) is TIMEOUT
        first.rest()
        assert carrier.ask(url) == (200, b"{}")
        second.close()
        for failing in (closed_port(), shared.script("/bad", raw())):
            assert isinstance(carrier.ask(failing), Failure)
        third, fourth = carrier.send(long), carrier.send(long)
        third.close()
        fourth.close()
        fourth.close()
        assert "Connections: 0 active" in repr(carrier.transport)


@pytest.mark.parametrize("way", [*WIRES, *AIOHTTP])
def test_a_transport_that_was_closed_ends_its_streams_and_never_as_if_they_were_whole(
    way: str, shared: Upstream, carrying: Carrying
) -> None:
    """Also those that nothing but the end of the connection ends."""
    url = shared.script("/x", raw(HEAD + b"\r\nhello", ending="stall"))
    with ExitStack() as stack:
        carrier = stack.enter_context(carrying(way))
        answer = carrier.send(url)
        assert answer.read() == b"hello"
        carrier.shut()
        outcome = answer.read(1.0)
        assert isinstance(outcome, Failure) or way not in WIRES
        answer.close()
