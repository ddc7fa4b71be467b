"""F24 to F30: what goes wrong with clients, hosts, clocks and files, not with an upstream."""

from __future__ import annotations

import json
import resource
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
from table import PATHS, gpt

from callers import HELLO, PATH, STREAMED, ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, Facts, WSGIGateway
from gatewaymw.core.values import Env
from servers import serving
from sockets import read_to
from upstream import Upstream, chunked, whole

HERE = Path(__file__).parent
CHAT = "/a/chat/completions"
OK = whole({"id": "x"})
HI, DONE = gpt({"content": "hi"}), b"data: [DONE]\n\n"


def target(upstream: Upstream, **more: Any) -> dict[str, Any]:
    return {"provider": "openai", "api_key": "sk-house", "custom_host": f"{upstream.url}/a", **more}


def message(body: Any, *more: str) -> bytes:
    data = json.dumps(body).encode()
    lines = ("host: x", "content-type: application/json", "x-gateway-config: one", *more)
    return f"POST {PATH} HTTP/1.1\r\n{''.join(line + chr(13) + chr(10) for line in lines)}".encode() + (
        b"content-length: %d\r\n\r\n" % len(data) + data
    )


def test_f24_the_next_request_of_a_connection_is_answered_well(upstream: Upstream, tmp_path: Path) -> None:
    """Pipelined after a stream, and after the client of another connection was cut off in the midst."""
    upstream.script("/a" + PATHS["openai"], chunked([HI, DONE]), chunked([HI], "stall"), OK)
    file = tmp_path / "configs.json"
    file.write_text(json.dumps({"one": target(upstream)}))
    with serving(("uvicorn", "host:asgi", "--port", "0"), {"FAULTS_CONFIGS": str(file)}, HERE) as url:
        place = urlsplit(url)
        at = (place.hostname, place.port or 0)
        with socket.create_connection(at, timeout=10) as client:
            client.sendall(message(STREAMED))
            assert b"data: [DONE]" in read_to(client, b"0\r\n\r\n")
            with socket.create_connection(at, timeout=10) as other:
                other.sendall(message(STREAMED))
                assert b"hi" in read_to(other, b"hi")
            upstream.wait(lambda: upstream.seen[1].gone)
            client.sendall(message(HELLO))
            assert read_to(client, b'{"id": "x"}').startswith(b"HTTP/1.1 200")


@pytest.mark.anyio
async def test_f25_a_host_that_raises_is_a_500_and_the_next_is_served(upstream: Upstream) -> None:
    upstream.script(CHAT, OK)
    calls: list[Facts] = []

    async def auth(facts: Facts) -> str:
        calls.append(facts)
        if len(calls) == 1:
            raise RuntimeError("the database is away")
        return "me"

    edge = ASGIGateway(nothing, target(upstream), auth=auth)
    assert [(await ask(edge)).status for _ in range(2)] == [500, 200]
    await edge.gateway.aclose()


def test_f26_a_store_of_keys_that_is_down_fails_that_call_alone(upstream: Upstream, tmp_path: Path) -> None:
    """There is no other store yet: a key that is kept in a file is read when it is needed."""
    key = tmp_path / "key"
    upstream.script(CHAT, OK)
    edge = WSGIGateway(nothing_wsgi, target(upstream, api_key=f"file:{key}"), auth="public")
    away = ask_wsgi(edge)
    key.write_text("sk-back")
    assert (away.status, ask_wsgi(edge).status) == (401, 200)
    edge.gateway.close()


@pytest.mark.anyio
async def test_f27_a_host_that_holds_up_the_loop_does_not_time_out_what_came(upstream: Upstream) -> None:
    """What the socket has by then is read, though the clock says that it is late."""
    upstream.script(CHAT, chunked([HI, 0.05, DONE]))
    edge = ASGIGateway(nothing, target(upstream, request_timeout=5000), auth="public", send_timeout=0.2)
    found: list[bytes] = []

    async def one() -> None:
        found.append((await ask(edge, body=STREAMED)).body)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one)
        await upstream.until(lambda: upstream.seen)
        time.sleep(0.5)  # noqa: ASYNC251 - that is the fault
    assert found == [HI + DONE]
    await edge.gateway.aclose()


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_f29_a_clock_that_jumps_changes_nothing(jump: float, upstream: Upstream) -> None:
    upstream.script(CHAT, whole({}, 500), chunked([HI, DONE]))
    hours = iter([1e9 + jump * step for step in range(100)])
    env = Env(
        random=lambda: 0.0, now=time.monotonic, clock=lambda: next(hours), new_id=lambda: "0123456789abcdef"
    )
    retry = {"attempts": 1, "base": 1, "cap": 1}
    edge = WSGIGateway(nothing_wsgi, target(upstream, retry=retry), auth="public", env=env)
    assert ask_wsgi(edge, body=STREAMED).body == HI + DONE
    edge.gateway.close()


def test_f30_without_files_left_it_says_so_and_recovers(upstream: Upstream) -> None:
    upstream.script(CHAT, OK)
    edge = WSGIGateway(nothing_wsgi, target(upstream), auth="public")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[socket.socket] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        try:
            while True:
                held.append(socket.socket())
        except OSError:
            """None is left."""
        without = ask_wsgi(edge)
        for each in held:
            each.close()
        upstream_again = ask_wsgi(edge)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (without.status, without.error["code"]) == (502, "upstream_unreachable")
    assert upstream_again.status == 200
    edge.gateway.close()
