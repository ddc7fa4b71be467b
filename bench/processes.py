"""Servers as processes of their own, on free loopback ports, ended by those who started them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ending import end
from hosts import CPU
from peers.processes import AT_HOME

HERE = Path(__file__).parent
PATIENCE = 10.0
"""Seconds a server may take to end."""


@contextmanager
def serving(script: str, name: str = "", upstream: str = "") -> Iterator[int]:
    """Run a script of this folder that serves on an inherited socket; give its port.

    The socket listens already, so whoever connects is served as soon as the server is up.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        port: int = listener.getsockname()[1]
        fd = listener.fileno()
        words = [word for word in (name, str(fd), upstream) if word]
        command = [sys.executable, str(HERE / script), *words]
        process = subprocess.Popen(command, pass_fds=[fd], env={**os.environ, **AT_HOME})
    try:
        yield port
    finally:
        end(process, PATIENCE)


@contextmanager
def apart() -> Iterator[None]:
    """Keep the servers under test on one processor, and everything else off it, where that can be said."""
    if not hasattr(os, "sched_setaffinity") or len(all_of_them := os.sched_getaffinity(0)) < 2:
        yield
        return
    server = max(all_of_them)
    os.environ[CPU] = str(server)
    os.sched_setaffinity(0, all_of_them - {server})
    try:
        yield
    finally:
        del os.environ[CPU]
        os.sched_setaffinity(0, all_of_them)
