"""ST-20 and F28 below real servers: one that is told to end lets streams end, or end with an error."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from below import asked, below
from table import PATHS, finish, gpt

from sockets import read_to
from upstream import Upstream, chunked

HERE = Path(__file__).parent
HI = gpt({"content": "hi"})
GUNICORN = ("gunicorn", "-b", "127.0.0.1:0", "--no-control-socket")
SERVERS = {
    "uvicorn": ("uvicorn", "host:asgi", "--port", "0", "--timeout-graceful-shutdown", "3"),
    "hypercorn": ("hypercorn", "host:asgi", "--bind", "127.0.0.1:0", "--graceful-timeout", "3"),
    "gunicorn-gthread": (
        *GUNICORN,
        "host:wsgi",
        "-k",
        "gthread",
        "--threads",
        "4",
        "--graceful-timeout",
        "3",
    ),
}
SAYS_IT = ("uvicorn", "hypercorn")
"""Those that cancel what they have no more time for; gunicorn cuts the connection."""


@pytest.fixture(params=SERVERS)
def site(
    request: pytest.FixtureRequest, upstream: Upstream, tmp_path: Path
) -> Iterator[tuple[str, ExitStack, str]]:
    """A server by its name, what ends it, and its address."""
    name: str = request.param
    with ExitStack() as stack:
        url = stack.enter_context(below(SERVERS[name], upstream, tmp_path, total_timeout=20.0))
        yield name, stack, url


def test_st_20_f28_a_stream_may_end_after_the_server_was_told_to(
    site: tuple[str, ExitStack, str], upstream: Upstream
) -> None:
    _, stack, url = site
    upstream.script("/a" + PATHS["openai"], chunked([HI, 0.5, *finish("openai")]))
    with asked(url) as client:
        assert b"hi" in read_to(client, b"hi")
        ending = threading.Thread(target=stack.close)
        ending.start()
        assert b"data: [DONE]" in read_to(client, b"data: [DONE]")
    ending.join()


def test_st_20_f28_a_stream_without_end_does_not_look_whole(
    site: tuple[str, ExitStack, str], upstream: Upstream
) -> None:
    name, stack, url = site
    upstream.script("/a" + PATHS["openai"], chunked([HI], "stall"))
    with asked(url) as client:
        assert b"hi" in read_to(client, b"hi")
        ending = threading.Thread(target=stack.close)
        ending.start()
        rest = read_to(client, b"nothing so far, but the end")
    ending.join()
    assert (b'"code":"gateway_shutdown"' in rest) == (name in SAYS_IT)
    assert b"[DONE]" in rest or not rest.endswith(b"0\r\n\r\n")
    upstream.wait(lambda: upstream.seen[0].gone)
