"""Real servers, in processes of their own, on free loopback ports."""

from __future__ import annotations

import os
import queue
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

Serve = Callable[..., str]
"""What the fixture `serve` is: a command and its `env` in, an address out."""
ROOT = Path(__file__).parents[1]
SPOKEN = re.compile(r"http://127\.0\.0\.1:(\d+)")
PATIENCE = 40.0
"""Seconds a server may take to start or to end, on a machine that is busy."""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def serving(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    port: int | None = None,
) -> Iterator[str]:
    """Run a Python module that serves on port 0; give the address it says it listens on. One that does not
    say is told a free port where its command has the word PORT, or is given here what it was told."""
    if any("PORT" in word for word in command):
        port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", *(word.replace("PORT", str(port)) for word in command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
    )
    assert process.stdout is not None
    said: list[str] = []
    ports: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_listen, args=(process.stdout, said, ports))
    reader.start()
    try:
        at = port or ports.get(timeout=PATIENCE)
        assert at, f"{command[0]} ended without serving:\n" + "".join(said)
        _connect(int(at))
        yield f"http://127.0.0.1:{at}"
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
        process.stdout.close()


def _connect(port: int) -> None:
    """Some say where they will listen before they do: try until one is let in."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, f"nobody listens on port {port}"
            time.sleep(0.05)


def _listen(output: TextIO, said: list[str], ports: queue.Queue[str | None]) -> None:
    # Read to the end, or the server would stand still once the pipe is full.
    for line in output:
        said.append(line)
        if match := SPOKEN.search(line):
            ports.put(match[1])
    ports.put(None)
