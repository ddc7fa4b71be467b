"""Every transport before a real nginx, plain and over TLS: many of the world's APIs are served through one.

It tells which connection a request came over, and as which of its requests.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from carriers import ALL, Carrier, Carrying
from gatewaymw.drivers.transport import BROKEN
from nginx import running
from upstream import Upstream, chunked, closed_port, listening, raw, whole

PEM = Path(__file__).parents[1] / "localhost.pem"
TRUSTING = ssl.create_default_context(cafile=str(PEM))
FEW = 3
"""Requests that a connection serves where it is said so."""
SERVER = """
    client_max_body_size 1m; client_body_buffer_size 8k; proxy_http_version 1.1;
    location = /told   {{ return 200 "$connection $connection_requests"; }}
    location = /few    {{ keepalive_requests {few}; return 200 "$connection $connection_requests"; }}
    location = /brief  {{ keepalive_timeout 50ms; return 200 "$connection $connection_requests"; }}
    location = /once   {{ keepalive_timeout 0; return 200 "$connection $connection_requests"; }}
    location = /none   {{ return 204; }}
    location /held/    {{ proxy_pass {upstream}/; }}
    location /passed/  {{ proxy_pass {upstream}/; proxy_buffering off; }}
    location /old/     {{ proxy_pass {upstream}/; proxy_buffering off; chunked_transfer_encoding off; }}
    location /hasty/   {{ proxy_pass {upstream}/; proxy_read_timeout 50ms; }}
    location /nobody/  {{ proxy_pass {nobody}/; }}
"""
BIG = b"x" * 900_000
TOO_BIG = b"x" * 20_000_000


@pytest.fixture(scope="module")
def behind() -> Iterator[Upstream]:
    with listening() as made:
        yield made


@pytest.fixture(scope="module")
def nginx(behind: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    told = SERVER.format(few=FEW, upstream=behind.url, nobody=closed_port())
    with running(tmp_path_factory.mktemp("nginx"), told) as urls:
        yield urls


@pytest.fixture(params=["http", "https"])
def at(request: pytest.FixtureRequest, nginx: dict[str, str]) -> str:
    return nginx[request.param]


@pytest.fixture(params=ALL)
def carrier(request: pytest.FixtureRequest, carrying: Carrying) -> Iterator[Carrier]:
    with carrying(request.param, context=TRUSTING) as made:
        yield made


def came(carrier: Carrier, url: str, **more: object) -> tuple[int, int]:
    """Which connection a request came over, and as which of its requests."""
    status, said = carrier.ask(url, **more)
    assert status == 200
    connection, number = said.split()
    return int(connection), int(number)


# ── connections ──────────────────────────────────────────────────────────


def test_one_connection_serves_again_whatever_was_asked(carrier: Carrier, at: str, behind: Upstream) -> None:
    """After an answer, after one without a body, after an error, and after a body of some size."""
    first, _ = came(carrier, f"{at}/told", method="GET", body=b"")
    assert carrier.ask(f"{at}/none", body=b"") == (204, b"")
    assert carrier.ask(f"{at}/nowhere")[0] == 404
    behind.script("/read", whole(b"all of it"))  # nginx itself answers before it has read all
    assert carrier.ask(f"{at}/held/read", body=BIG) == (200, b"all of it")
    assert came(carrier, f"{at}/told") == (first, 5)


def test_heads_alone_are_answered(carrier: Carrier, at: str, behind: Upstream) -> None:
    """Its own, and those that it passes on; neither spoils what comes after."""
    behind.script("/head", raw(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n", ending="keep"))
    for path in ("/told", "/passed/head"):
        assert carrier.ask(at + path, method="HEAD", body=b"") == (200, b"")
        assert came(carrier, f"{at}/told")[1] >= 1


def test_a_connection_that_has_served_its_number_is_left(carrier: Carrier, at: str) -> None:
    seen = [came(carrier, f"{at}/few") for _ in range(2 * FEW)]
    assert [number for _, number in seen] == [1, 2, 3, 1, 2, 3]
    assert len({connection for connection, _ in seen}) == 2


def test_a_connection_that_was_closed_for_its_idleness_is_not_asked(carrier: Carrier, at: str) -> None:
    before, _ = came(carrier, f"{at}/brief")
    outwait(at)
    after, number = came(carrier, f"{at}/told")
    assert after != before and number == 1


def outwait(at: str) -> None:
    """Until a connection is closed that has been idle from now on: those that were before are closed too."""
    parts = urlsplit(at)
    with ExitStack() as held:
        idle = held.enter_context(socket.create_connection((parts.hostname, parts.port), 5))
        if parts.scheme == "https":
            idle = held.enter_context(TRUSTING.wrap_socket(idle, server_hostname="localhost"))
        idle.sendall(b"GET /brief HTTP/1.1\r\nHost: x\r\n\r\n")
        while idle.recv(4096):
            """What it says, and then its end."""


def test_a_connection_that_serves_once(carrier: Carrier, at: str) -> None:
    seen = [came(carrier, f"{at}/once") for _ in range(3)]
    assert [number for _, number in seen] == [1, 1, 1]
    assert len({connection for connection, _ in seen}) == 3


# ── bodies that are refused ──────────────────────────────────────────────


def test_a_body_that_is_too_big_is_refused_while_it_is_sent(
    carrier: Carrier, at: str, behind: Upstream
) -> None:
    """Said after the head alone, while twenty megabytes are on their way. The next one is answered well."""
    behind.seen.clear()
    for path in ("/told", "/passed/x"):
        assert carrier.ask(at + path, body=TOO_BIG)[0] == 413
        assert came(carrier, f"{at}/told")[1] >= 1
    assert behind.seen == []


# ── what it passes on ────────────────────────────────────────────────────


def test_chunks_are_passed_on_as_they_come(carrier: Carrier, at: str, behind: Upstream) -> None:
    """The first is read while the second has not been said."""
    behind.script("/slow", chunked([b"data: 1\n\n"], "stall"))
    reply = carrier.send(f"{at}/passed/slow")
    assert (reply.status, reply.read()) == (200, b"data: 1\n\n")
    reply.close()


@pytest.mark.parametrize("way_through", ["held", "passed", "old"])
def test_a_body_in_pieces_is_whole(way_through: str, carrier: Carrier, at: str, behind: Upstream) -> None:
    """In chunks, or ended by the connection's end alone; kept by nginx until all of it is there, or not."""
    pieces = [b"x" * 70_000, b"y", b"z" * 5]
    behind.script("/pieces", chunked(pieces))
    behind.seen.clear()
    for _ in range(2):
        assert carrier.ask(f"{at}/{way_through}/pieces", body=BIG) == (200, b"".join(pieces))
    assert [seen.body == BIG for seen in behind.seen] == [True, True]


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_body_that_is_cut_behind_it_is_not_taken_for_a_whole_one(
    ending: str, carrier: Carrier, at: str, behind: Upstream
) -> None:
    behind.script("/cut", chunked([b"half"], ending))  # type: ignore[arg-type]
    assert carrier.ask(f"{at}/passed/cut") is BROKEN
    assert came(carrier, f"{at}/told")[1] == 1


def test_its_own_errors_are_answers(carrier: Carrier, at: str, behind: Upstream) -> None:
    behind.script("/silent", raw(ending="stall"))
    assert [carrier.ask(f"{at}/{path}")[0] for path in ("nobody/x", "hasty/silent")] == [502, 504]
    behind.script("/json", whole({"a": 1}, 429, retry_after="7"))
    reply = carrier.send(f"{at}/passed/json")
    assert (reply.status, reply.headers["retry-after"], json.loads(reply.rest())) == (429, "7", {"a": 1})
