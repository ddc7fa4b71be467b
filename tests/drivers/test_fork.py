"""A process that forks: the child makes connections of its own, and leaves the parent's alone."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from upstream import Upstream, whole

PROGRAM = """
import json, os, sys
import anyio
sys.path.insert(0, "tests")
from callers import ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, WSGIGateway

config, way = json.loads(sys.argv[1]), sys.argv[2]
wsgi = WSGIGateway(nothing_wsgi, config, auth="public")
asgi = ASGIGateway(nothing, gateway=wsgi.gateway)

async def evented():
    answer = await ask(asgi)
    await wsgi.gateway.aclose()
    return answer

def once():
    answer = ask_wsgi(wsgi) if way == "thread" else anyio.run(evented, backend=way)
    assert answer.status == 200, answer

once()
child = os.fork()
once()
if not child:
    os._exit(0)  # the sockets it inherited were never its to close
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
once()
wsgi.gateway.close()
"""


@pytest.mark.parametrize("way", ["thread", "asyncio", "trio"])
def test_a_forked_child_has_connections_of_its_own(way: str, upstream: Upstream) -> None:
    upstream.script("/a/chat/completions", whole({"id": "x"}))
    config = {"provider": "openai", "api_key": "k", "custom_host": f"{upstream.url}/a"}
    command = [sys.executable, "-W", "error", "-c", PROGRAM, json.dumps(config), way]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    connections = [seen.connection for seen in upstream.seen]
    assert len(connections) == 4
    if way == "thread":  # three by the parent over its one connection, one by the child over another
        assert sorted(connections) == [1, 1, 1, 2]
