"""Silence below real servers of threads: it is filled, and who leaves in it is noticed (ST-07, ST-18)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from below import asked, below
from table import PATHS, gpt

from sockets import read_to
from upstream import Upstream, chunked

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
    options = {"keep_alive": 0.15, "total_timeout": 60, "send_timeout": 60}
    with below(SERVERS[request.param], upstream, tmp_path, **options) as address:
        yield address


def test_st_07_silence_is_filled_and_who_leaves_in_it_is_noticed(url: str, upstream: Upstream) -> None:
    upstream.script(CHAT, chunked([HI, 2.0, DONE]), chunked([HI], "stall"))
    with asked(url) as client:
        said = read_to(client, DONE)
    assert said.index(HI) < said.index(COMMENT) < said.index(DONE)
    with asked(url) as client:
        read_to(client, COMMENT)
    upstream.wait(lambda: upstream.seen[1].gone)
