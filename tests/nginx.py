"""A real nginx, in the foreground, on free loopback ports: one that speaks plainly and one over TLS."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "bench"))

from peers.install import nginx  # noqa: E402

PATIENCE = 20.0
CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/said warn; events {{}}
http {{
  access_log off; lingering_time 20s;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl;
    ssl_certificate {pem}; ssl_certificate_key {pem};
    {server}
  }}
}}
"""


def program() -> str:
    """Where nginx is. Where there is none, what needs it is skipped, but fails in continuous integration."""
    if not Path(found := nginx()).exists():
        why = (
            "there is no nginx: `make test` fetches one, as does `cd bench && python -m peers.install nginx`"
        )
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    return found


@contextmanager
def running(folder: Path, server: str) -> Iterator[dict[str, str]]:
    """The addresses by their scheme, `server` being what the configuration says of it beyond them."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(2)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        plain, tls = (each.getsockname()[1] for each in sockets)
    config, pem = folder / "nginx.conf", Path(__file__).parent / "localhost.pem"
    config.write_text(CONFIG.format(folder=folder, plain=plain, tls=tls, pem=pem, server=server))
    command = [program(), "-p", str(folder), "-c", str(config), "-e", str(folder / "said")]
    with subprocess.Popen(command) as process:
        try:
            serves(process, tls, folder / "said")
            yield {"http": f"http://127.0.0.1:{plain}", "https": f"https://localhost:{tls}"}
        finally:
            process.terminate()


def serves(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None and time.monotonic() < end, said.read_text()
            time.sleep(0.02)
