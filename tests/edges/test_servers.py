"""The edges below real servers: streams flow, the host's page is untouched, and who leaves is noticed."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import pytest

from callers import PATH, STREAMED
from servers import serving
from sockets import read_to, sent
from upstream import Step, Upstream, chunked, listening, raw, whole

ASGI = {
    "uvicorn-h11": ("uvicorn", "host:asgi", "--port", "0", "--http", "h11"),
    "uvicorn-httptools": ("uvicorn", "host:asgi", "--port", "0", "--http", "httptools"),
    "hypercorn": ("hypercorn", "host:asgi", "--bind", "127.0.0.1:0"),
    "hypercorn-trio": ("hypercorn", "host:asgi", "--bind", "127.0.0.1:0", "-k", "trio"),
    "granian": ("granian", "host:asgi", "--interface", "asgi", "--port", "PORT"),
    "gunicorn-asgi": ("gunicorn", "host:asgi", "-k", "asgi"),
}
WSGI = {
    "gunicorn-sync": ("gunicorn", "host:wsgi", "-k", "sync"),
    "gunicorn-gthread": ("gunicorn", "host:wsgi", "-k", "gthread", "--threads", "4"),
}
GUNICORN = ("-b", "127.0.0.1:0", "--no-control-socket")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
DONE = b"data: [DONE]\n\n"
CHAT = "/a/chat/completions"
SOON = 20.0
"""Seconds within which a leaving is noticed, however busy the machine is."""


class Site(NamedTuple):
    name: str
    url: str
    upstream: Upstream

    @property
    def tells(self) -> bool:
        """Whether the server says at once that a client left. WSGI has no way of saying so."""
        return self.name in ASGI


@pytest.fixture(scope="module", params=[*ASGI, *WSGI])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    command = {**ASGI, **WSGI}[request.param]
    with listening() as upstream:
        target = {"provider": "openai", "api_key": "sk-house", "custom_host": f"{upstream.url}/a"}
        env = {"HOST_CONFIG": json.dumps(target)}
        words = (*command, *GUNICORN) if command[0] == "gunicorn" else command
        with serving(words, env, Path(__file__).parent) as url:
            yield Site(request.param, url, upstream)


def asked(site: Site, path: str = PATH, body: object = STREAMED, method: str = "POST") -> socket.socket:
    """A request that was just sent."""
    return sent(site.url, body, path, method, {"connection": "close"})


def test_the_hosts_own_page(site: Site) -> None:
    with asked(site, "/", b"", "GET") as client:
        assert read_to(client, b"own page").endswith(b"the host's own page")


def test_a_whole_answer(site: Site) -> None:
    site.upstream.script(CHAT, whole({"id": "x"}))
    with asked(site) as client:
        got = read_to(client, b"nothing so far, but the end")
    assert got.startswith(b"HTTP/1.1 502")  # JSON, where a stream was asked for
    with asked(site, body={**STREAMED, "stream": False}) as client:
        got = read_to(client, b'{"id": "x"}')
    assert got.startswith(b"HTTP/1.1 200")
    assert got.endswith(b'{"id": "x"}')


def test_events_come_one_by_one(site: Site) -> None:
    """Each is sent only once the one before it was read."""
    read: list[bytes] = []
    pieces: list[Step] = [
        EVENT,
        lambda: b"hi" in read,
        EVENT.replace(b"hi", b"ho"),
        lambda: b"ho" in read,
        DONE,
    ]
    site.upstream.script(CHAT, chunked(pieces))
    with asked(site) as client:
        for word in (b"hi", b"ho", b"[DONE]"):
            assert word in read_to(client, word)
            read.append(word)


def test_who_leaves_between_two_events_is_noticed(site: Site) -> None:
    pieces: list[Step] = [EVENT] if site.tells else [EVENT, *(0.02, EVENT) * 1000]
    site.upstream.script(CHAT, chunked(pieces, "stall"))
    site.upstream.seen.clear()
    client = asked(site)
    assert b"hi" in read_to(client, b"hi")
    assert left(client, site) < SOON


def test_who_leaves_before_anything_came_is_noticed(site: Site) -> None:
    if not site.tells:
        return told_by_nobody(site)
    site.upstream.script(CHAT, raw(ending="stall"))
    site.upstream.seen.clear()
    client = asked(site)
    site.upstream.wait(lambda: site.upstream.seen)
    assert left(client, site) < SOON


def told_by_nobody(site: Site) -> None:
    """A WSGI server notices on its first write, here after 100 ms: then the upstream is closed."""
    site.upstream.script(CHAT, chunked([0.1, *repeat(EVENT, 5), *(0.02, EVENT) * 1000], "stall"))
    site.upstream.seen.clear()
    client = asked(site)
    site.upstream.wait(lambda: site.upstream.seen)
    assert left(client, site) < SOON


def left(client: socket.socket, site: Site) -> float:
    """Seconds from the client's leaving until the upstream sees its connection closed."""
    [seen] = site.upstream.seen
    assert seen.gone is None
    leaving = time.monotonic()
    client.close()
    site.upstream.wait(lambda: seen.gone)
    assert seen.gone is not None
    return seen.gone - leaving


def test_a_body_that_cannot_be_finished_does_not_look_finished(site: Site) -> None:
    site.upstream.script("/a/audio/speech", chunked([b"RIFF"], "close", kind="audio/wav"))
    with asked(site, "/v1/audio/speech", {"model": "m", "input": "x", "voice": "y"}) as client:
        got = read_to(client, b"nothing so far, but the end")
    assert b"RIFF" in got
    assert b"transfer-encoding: chunked" in got.lower()
    assert not got.endswith(b"0\r\n\r\n")
