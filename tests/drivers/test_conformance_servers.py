"""Every transport before servers that others wrote."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from carriers import EACH, Carrying
from servers import serving

BIG = b"x" * 2_000_000
APP = '''
async def app(scope, receive, send):
    """Says back how much it was sent: whole at /length, in pieces elsewhere."""
    if scope["type"] == "lifespan":
        return
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    said = b"%d" % size
    whole = [(b"content-length", b"%d" % len(said))] if scope["path"] == "/length" else []
    await send({"type": "http.response.start", "status": 200, "headers": whole})
    for sign in said if not whole else ():
        await send({"type": "http.response.body", "body": bytes([sign]), "more_body": True})
    await send({"type": "http.response.body", "body": said if whole else b""})
'''
NGINX = """
daemon off; error_log stderr; pid {folder}/pid; events {{}}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder}; client_max_body_size 1m;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello"; }} }}
}}
"""


@pytest.fixture(scope="module", params=["httptools", "h11"])
def uvicorn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "echo.py").write_text(APP)
    command = ("uvicorn", "--app-dir", str(folder), "echo:app", "--port", "0", "--http", request.param)
    with serving(command) as url:
        yield url


@EACH
def test_uvicorn(way: str, uvicorn: str, carrying: Carrying) -> None:
    with carrying(way) as carrier:
        for path in ("/length", "/pieces"):
            for body, said in ((b"", b"0"), (b"{}", b"2"), (BIG, b"2000000")):
                assert carrier.ask(uvicorn + path, body=body) == (200, said)


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if (program := shutil.which("nginx")) is None:
        pytest.skip("nginx is not installed: its answers are not tried here")
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port))
    running = subprocess.Popen([program, "-p", str(folder), "-c", str(config)])
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait()


def wait_for(port: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), 1).close()
        time.sleep(0.02)


@EACH
def test_nginx(way: str, nginx: str, carrying: Carrying) -> None:
    with carrying(way) as carrier:
        assert [carrier.ask(nginx, method="GET", body=b"") for _ in range(2)] == [(200, b"hello")] * 2
        assert carrier.ask(nginx, body=BIG)[0] == 413
        assert carrier.ask(nginx, method="HEAD", body=b"") == (200, b"")
