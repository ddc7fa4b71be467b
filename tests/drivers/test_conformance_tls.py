"""TLS over every transport: whom it trusts, what the server is told, and how its faults are called."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carriers import AIOHTTP, EACH, PATIENCE, POOLS, WIRES, Carrying
from gatewaymw.drivers.transport import BROKEN, REFUSED, SILENT, TIMEOUT, TLS, UNREACHABLE
from hostile import OK, Peer, black_hole, hostile
from upstream import chunked, closed_port, listening, whole

RESOLVED = pytest.mark.parametrize("way", [*WIRES, *AIOHTTP])
PEM = Path(__file__).parents[1] / "localhost.pem"
"""A key and a certificate for localhost that nobody else trusts."""


@pytest.fixture
def shown() -> ssl.SSLContext:
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(PEM)
    return made


TRUSTING = ssl.create_default_context(cafile=str(PEM))


def found(*addresses: str) -> Callable[..., list[Any]]:
    """A resolver to whom each name is these addresses."""

    def resolve(host: str, port: int) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return resolve


@EACH
def test_it_is_spoken_and_its_connection_serves_again(
    way: str, shown: ssl.SSLContext, carrying: Carrying
) -> None:
    big = b"x" * 3_000_000
    with listening(shown) as upstream, carrying(way, context=TRUSTING) as carrier:
        url = upstream.script("/x", whole({}), chunked([b"he", b"llo"]), whole({}))
        answers = [carrier.ask(url), carrier.ask(url), carrier.ask(url, body=big)]
        assert answers == [(200, b"{}"), (200, b"hello"), (200, b"{}")]
        assert (upstream.connections, upstream.seen[2].body == big) == (1, True)


@pytest.mark.parametrize("secure", [True, False])
def test_a_read_that_met_only_silence_may_be_made_again(
    secure: bool, shown: ssl.SSLContext, carrying: Carrying
) -> None:
    """As the stream of a thread does that has a comment to write."""
    with (
        listening(shown if secure else None) as upstream,
        carrying("wire-thread", context=TRUSTING) as carrier,
    ):
        met: list[Any] = []
        url = upstream.script("/x", chunked([b"he", lambda: len(met) == 2, b"llo"]), whole({}))
        answer = carrier.send(url)
        assert answer.read() == b"he"
        met += [answer.read(0.02), answer.read(0.02)]
        assert met == [SILENT, SILENT]
        assert answer.rest() == b"llo"
        assert (carrier.ask(url), upstream.connections) == ((200, b"{}"), 1)


@EACH
def test_who_cannot_be_trusted_is_told_nothing(way: str, shown: ssl.SSLContext, carrying: Carrying) -> None:
    """A certificate of a maker nobody knows, and one of another name."""
    with listening(shown) as upstream:
        with carrying(way) as carrier:
            assert carrier.ask(upstream.url) is TLS
        elsewhere = upstream.url.replace("127.0.0.1", "127.0.0.2")
        if way in {**WIRES, **AIOHTTP}:
            with carrying(way, context=TRUSTING, resolve=found("127.0.0.1")) as carrier:
                assert carrier.ask(elsewhere.replace("127.0.0.2", "other.example")) is TLS
        assert upstream.seen == []


@RESOLVED
def test_the_server_sees_the_name_where_an_address_is_dialled(
    way: str, shown: ssl.SSLContext, carrying: Carrying
) -> None:
    def play(peer: Peer) -> None:
        peer.request()
        peer.send(OK)

    with hostile(play, shown) as server:
        with carrying(way, context=TRUSTING, resolve=found("127.0.0.1")) as carrier:
            assert carrier.ask(f"https://localhost:{server.port}/") == (200, b"good")
        assert server.names == ["localhost"]
        assert f"host: localhost:{server.port}".encode() in server.heads[0].lower()


@EACH
def test_who_speaks_none(way: str, carrying: Carrying) -> None:
    def play(peer: Peer) -> None:
        peer.socket.recv(10)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.stay()

    with hostile(play) as server, carrying(way, context=TRUSTING) as carrier:
        assert carrier.ask(server.url.replace("http:", "https:")) is TLS


# Without httpx's clients on an event loop: who leaves them in a handshake leaves a socket open.
@pytest.mark.parametrize("way", [*WIRES, *POOLS, *AIOHTTP, "httpx-thread", "httpx2-thread"])
def test_a_handshake_that_hangs_or_is_cut(way: str, carrying: Carrying) -> None:
    def play(peer: Peer) -> None:
        peer.socket.recv(10)
        if peer.number == 1:
            peer.stay()

    with hostile(play) as server, carrying(way, context=TRUSTING) as carrier:
        url, began = server.url.replace("http:", "https:"), time.monotonic()
        assert carrier.ask(url, timeout=0.3) is TIMEOUT
        assert time.monotonic() - began < PATIENCE / 2
        cut = carrier.ask(url)
        assert cut is UNREACHABLE if way in WIRES else cut in (UNREACHABLE, TLS, BROKEN)


@pytest.mark.parametrize("way", WIRES)
@pytest.mark.parametrize("said", [True, False])
def test_a_body_that_only_the_end_ends_must_be_ended_by_its_server(
    said: bool, way: str, shown: ssl.SSLContext, carrying: Carrying
) -> None:
    """Anyone on the way can end a connection; only who has the keys can say that this was the end."""

    def play(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
        if said:
            peer.socket.unwrap()  # type: ignore[attr-defined]

    with hostile(play, shown) as server, carrying(way, context=TRUSTING) as carrier:
        url = f"https://localhost:{server.port}/"
        assert carrier.ask(url) == ((200, b"hello") if said else BROKEN)


@pytest.mark.parametrize("way", [*WIRES, *AIOHTTP])
def test_an_early_answer_counts_there_too(way: str, shown: ssl.SSLContext, carrying: Carrying) -> None:
    def play(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno")
        peer.hold()

    with hostile(play, shown) as server, carrying(way, context=TRUSTING) as carrier:
        assert carrier.ask(f"https://localhost:{server.port}/", body=b"x" * 20_000_000) == (403, b"no")


@EACH
def test_who_never_reads_meets_the_time_of_the_request(
    way: str, shown: ssl.SSLContext, carrying: Carrying
) -> None:
    with hostile(Peer.hold, shown) as server, carrying(way, context=TRUSTING) as carrier:
        began = time.monotonic()
        assert (
            carrier.ask(f"https://localhost:{server.port}/", body=b"x" * 20_000_000, timeout=0.3) is TIMEOUT
        )
        assert time.monotonic() - began < PATIENCE / 2


# ── addresses ────────────────────────────────────────────────────────────


@RESOLVED
def test_the_next_address_is_tried_where_one_is_dead_or_silent(way: str, carrying: Carrying) -> None:
    def play(peer: Peer) -> None:
        peer.request()
        peer.send(OK)

    with hostile(play) as server, black_hole("127.0.0.2", server.port):
        for first in ("127.0.0.3", "127.0.0.2"):
            with carrying(way, resolve=found(first, "127.0.0.1")) as carrier:
                began = time.monotonic()
                assert carrier.ask(f"http://model.example:{server.port}/") == (200, b"good")
                assert time.monotonic() - began < PATIENCE / 2
        with carrying(way, resolve=found("127.0.0.2", "127.0.0.3")) as carrier:
            assert carrier.ask(f"http://model.example:{server.port}/", timeout=0.4) is TIMEOUT


@RESOLVED
def test_all_addresses_are_dead_or_there_is_none(way: str, carrying: Carrying) -> None:
    port = closed_port().rpartition(":")[2]
    for addresses in (("127.0.0.1", "127.0.0.2"), ()):
        with carrying(way, resolve=found(*addresses)) as carrier:
            assert carrier.ask(f"http://model.example:{port}/") is UNREACHABLE


@RESOLVED
def test_a_name_is_asked_once_a_connection_and_what_leads_inside_is_refused(
    way: str, carrying: Carrying
) -> None:
    """Written as an address, or what a name resolves to, alone or among others."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[Any]:
        asked.append(host)
        return found("93.184.216.34", "127.0.0.1")(host, port)

    with hostile(Peer.hold) as server, carrying(way, guarded=True, resolve=resolve) as carrier:
        for host in ("model.example", "127.0.0.1", "[::1]", "127.1", "[::ffff:127.0.0.1]"):
            outcome = carrier.ask(f"http://{host}:{server.port}/")
            assert outcome is REFUSED or (way, host, outcome) == ("aiohttp", "127.1", UNREACHABLE), host
        assert (asked.count("model.example"), server.peers) == (1, 0)
