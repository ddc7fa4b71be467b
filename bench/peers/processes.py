"""Servers as processes on free loopback ports: where they run, what they use, and how they end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from ending import end

PATIENCE = 5.0
"""Seconds a process may take to end by itself."""
QUIET = 200_000
"""Nanoseconds of CPU, within `PAUSE` seconds, that a server with nothing to do may use."""
PAUSE = 0.03
HIGHEST = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)
AT_HOME = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
"""Nobody asks a proxy for the upstream."""


class Processors:
    """One for the server under test, the others for everything else."""

    def __init__(self) -> None:
        mine = os.sched_getaffinity(0)
        self.server = max(mine)
        self.alone = len(mine) > 1
        self.others = mine - {self.server} if self.alone else mine
        os.sched_setaffinity(0, self.others)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(
    command: list[str], log: Path, processors: Processors, environment: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server on its own processor, in a session of its own; end it, and those it started."""
    pin = partial(os.sched_setaffinity, 0, {processors.server})
    with log.open("wb") as said:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **AT_HOME, **environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            preexec_fn=pin,
        )
    try:
        yield process
    finally:
        end_all(process)


def end_all(process: subprocess.Popen[bytes]) -> None:
    """End a process and those it started."""
    started = family(process.pid)
    end(process, PATIENCE)
    for pid in started:
        if pid != process.pid and session(pid) == process.pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


# ── what a process and its children use ──────────────────────────────────


def stat(pid: int) -> list[str]:
    """What follows a process's name: state, parent, group, session, …; nothing where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def session(pid: int) -> int:
    return int(found[3]) if (found := stat(pid)) else 0


def descendants(root: int, parents: Mapping[int, int]) -> list[int]:
    """A process and all below it, given the parent of each."""
    found = [root]
    for at in found:
        found += [pid for pid, parent in parents.items() if parent == at]
    return found


def family(root: int) -> list[int]:
    pids = [int(each) for each in os.listdir("/proc") if each.isdigit()]
    parents = {pid: int(found[1]) for pid in pids if (found := stat(pid))}
    return descendants(root, parents)


def on_cpu(schedstats: Iterable[str]) -> int:
    """Nanoseconds on a processor, of threads by their schedstat files."""
    return sum(int(text.split()[0]) for text in schedstats)


def spent(root: int) -> int:
    """Nanoseconds that a process and its children were on a processor, all threads, user and system."""
    return on_cpu(text for pid in family(root) for text in schedstats(pid))


def schedstats(pid: int) -> Iterator[str]:
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with suppress(FileNotFoundError, ProcessLookupError):
                yield Path(f"/proc/{pid}/task/{task}/schedstat").read_text()


def settled(root: int, limit: float = 1.0) -> int:
    """What was spent once the server is quiet again: some go on after the answer, with records of it."""
    until, before = time.monotonic() + limit, spent(root)
    while True:
        time.sleep(PAUSE)
        after = spent(root)
        if after - before < QUIET or time.monotonic() > until:
            return after
        before = after


def resident(root: int) -> float:
    """MiB of a process and its children; pages that they share count for each."""
    pages = 0
    for pid in family(root):
        with suppress(OSError):
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def highest(root: int) -> float:
    """The most MiB that a process and its children ever had: each one's own highest, in sum."""
    told = (HIGHEST.search(status(pid)) for pid in family(root))
    return sum(int(found[1]) for found in told if found) / 2**10


def status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""
