"""Silence below real servers of threads: it is filled, and who leaves in it is noticed (ST-07, ST-18)."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from table import PATHS, gpt

from callers import PATH, STREAMED
from servers import serving
from upstream import Upstream, chunked, closed_port

HERE = Path(__file__).parent
HI, DONE = gpt({"content": "hi"}), b"data: [DONE]\n\n"
COMMENT = b": keep-alive\n\n"
CHAT = "/a" + PATHS["openai"]
GUNICORN = ("gunicorn", "-b", "127.0.0.1:0", "--no-control-socket", "host:wsgi", "-k")
SERVERS = {
    "gunicorn-sync": (*GUNICORN, "sync"),
    "gunicorn-gthread": (*GUNICORN, "gthread", "--threads", "4"),
    "gunicorn-gevent": (*GUNICORN, "gevent"),
    "waitress": ("waitress", "--listen=127.0.0.1:PORT", "--threads=4", "host:wsgi"),
}


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest, upstream: Upstream, tmp_path: Path) -> Iterator[str]:
    """A server whose streams are filled after 0.15 s, and given up after a minute."""
    free = urlsplit(closed_port()).port
    command = tuple(word.replace("PORT", str(free)) for word in SERVERS[request.param])
    file = tmp_path / "configs.json"
    target = {"provider": "openai", "api_key": "k", "custom_host": f"{upstream.url}/a"}
    file.write_text(json.dumps({"one": target}))
    options = {"keep_alive": 0.15, "total_timeout": 60, "send_timeout": 60}
    env = {"FAULTS_CONFIGS": str(file), "FAULTS": json.dumps(options)}
    with serving(command, env, HERE, free if request.param == "waitress" else None) as address:
        yield address


def asked(url: str) -> socket.socket:
    place, data = urlsplit(url), json.dumps(STREAMED).encode()
    client = socket.create_connection((place.hostname, place.port or 0), timeout=20)
    head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\nx-gateway-config: one\r\ncontent-type: application/json\r\n"
    client.sendall(head.encode() + b"content-length: %d\r\n\r\n" % len(data) + data)
    return client


def read_to(client: socket.socket, word: bytes) -> bytes:
    got = b""
    while word not in got and (data := client.recv(65536)):
        got += data
    return got


def test_st_07_silence_is_filled_and_who_leaves_in_it_is_noticed(url: str, upstream: Upstream) -> None:
    upstream.script(CHAT, chunked([HI, 0.5, DONE]), chunked([HI], "stall"))
    with asked(url) as client:
        said = read_to(client, DONE)
    assert said.index(HI) < said.index(COMMENT) < said.index(DONE)
    with asked(url) as client:
        read_to(client, COMMENT)
    upstream.wait(lambda: upstream.seen[1].gone)
