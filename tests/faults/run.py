"""Play every fault of an upstream below every server, and count what must never happen.

    python tests/faults/run.py [--only uvicorn-h11 waitress …] [--faults f07 f18 …]

For each case (fault x shape of the upstream x whole or streamed x with or without a fallback) OpenAI's SDK is
the client. Three counts must be 0: silent truncations (a broken answer that the SDK takes for whole), hangs
(no end within twenty seconds), leaks (sockets, threads or tasks of the server that outlive the run). Loopback
only. Ends by itself, within seven minutes for all servers; ends no process but those it started.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from places import configs, places  # noqa: E402
from table import FAULTS, Case, cases  # noqa: E402
from told import Told, client, told  # noqa: E402

from servers import serving  # noqa: E402

GUNICORN = ("gunicorn", "-b", "127.0.0.1:0", "--no-control-socket")
SERVERS: dict[str, tuple[str, ...]] = {
    "uvicorn-h11": ("uvicorn", "host:asgi", "--port", "0", "--http", "h11"),
    "uvicorn-httptools": ("uvicorn", "host:asgi", "--port", "0", "--http", "httptools"),
    "hypercorn": ("hypercorn", "host:asgi", "--bind", "127.0.0.1:0"),
    "granian": ("granian", "host:asgi", "--interface", "asgi", "--port", "PORT"),
    "daphne": ("daphne", "-b", "127.0.0.1", "-p", "PORT", "host:asgi"),
    "gunicorn-asgi": (*GUNICORN, "host:asgi", "-k", "asgi"),
    "gunicorn-sync": (*GUNICORN, "host:wsgi", "-k", "sync"),
    # Fewer threads than are asked at once: gunicorn makes them when it first needs them.
    "gunicorn-gthread": (*GUNICORN, "host:wsgi", "-k", "gthread", "--threads", "6"),
    "gunicorn-gevent": (*GUNICORN, "host:wsgi", "-k", "gevent"),
    "waitress": ("waitress", "--listen=127.0.0.1:PORT", "--threads=16", "host:wsgi"),
}
ALONE = ("gunicorn-sync",)
"""Those that serve one request at a time."""
AT_ONCE = 12
WARMING = cases("f04", "f05", "f22")
"""What makes a server make what it makes once."""
SLACK = 2
"""Files, threads and tasks that servers may keep more or less."""
SETTLING = 5.0
"""Seconds after which what is still held counts as leaked."""


class Count(NamedTuple):
    """What came of one server."""

    wrong: dict[str, str]
    truncations: int
    hangs: int
    leaks: dict[str, int]
    played: int
    seconds: float


def held(url: str, path: str = "/held") -> dict[str, int]:
    found: dict[str, int] = httpx2.get(url + path, trust_env=False, timeout=10).json()
    return found


def play(url: str, name: str, played: list[Case]) -> list[Told]:
    with client(url) as sdk, ThreadPoolExecutor(1 if name in ALONE else AT_ONCE) as threads:
        return list(threads.map(lambda case: told(sdk, case), played))


def leaked(url: str, before: dict[str, int]) -> dict[str, int]:
    """What is held more than before, once it had time to be let go."""
    held(url, "/close")
    end = time.monotonic() + SETTLING
    while True:
        more = {what: count - before[what] for what, count in held(url).items()}
        if all(count <= SLACK for count in more.values()) or time.monotonic() > end:
            return {what: count for what, count in more.items() if count > SLACK}
        time.sleep(0.2)


def counted(url: str, name: str, played: list[Case]) -> Count:
    begun = time.monotonic()
    play(url, name, WARMING)
    held(url, "/close")
    time.sleep(1.2)
    before = held(url)
    answers = list(zip(played, play(url, name, played), strict=True))
    return Count(
        wrong={case.name: why for case, each in answers if (why := each.wrong(case))},
        truncations=sum(each.truncated for _, each in answers),
        hangs=sum(each.hung for _, each in answers),
        leaks=leaked(url, before),
        played=len(answers),
        seconds=time.monotonic() - begun,
    )


def run(names: Iterable[str], played: list[Case]) -> dict[str, Count]:
    found: dict[str, Count] = {}
    with places() as where, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "configs.json"
        file.write_text(json.dumps(configs(where, [*played, *WARMING])))
        for name in names:
            with serving(SERVERS[name], {"FAULTS_CONFIGS": str(file)}, HERE) as url:
                found[name] = counted(url, name, played)
            line = found[name]
            print(f"{name}: {line.played} cases in {line.seconds:.0f} s, {len(line.wrong)} wrong", flush=True)
    return found


def mark(found: Count, fault: str, played: list[Case]) -> str:
    names = [case.name for case in played if case.fault.name == fault]
    bad = sum(name in found.wrong for name in names)
    return f"{bad} of {len(names)}" if bad else "·"


def table(found: dict[str, Count], played: list[Case]) -> str:
    faults = dict.fromkeys(case.fault.name for case in played)
    rows: list[list[Any]] = [
        ["", *found],
        *([fault, *(mark(each, fault, played) for each in found.values())] for fault in faults),
        ["silent truncations", *(each.truncations for each in found.values())],
        ["hangs", *(each.hangs for each in found.values())],
        ["leaks", *(sum(each.leaks.values()) for each in found.values())],
    ]
    widths = [max(len(str(row[at])) for row in rows) for at in range(len(rows[0]))]
    lines = [[str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return "\n".join("  ".join(line) for line in lines)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--only", nargs="+", choices=SERVERS, default=list(SERVERS))
    options.add_argument("--faults", nargs="+", choices=sorted({each.number for each in FAULTS}), default=[])
    given = options.parse_args()
    played = cases(*given.faults)
    found = run(given.only, played)
    print(table(found, played))
    for name, each in found.items():
        for case, why in each.wrong.items():
            print(f"{name}: {case}: {why}")
        if each.leaks:
            print(f"{name}: left behind: {each.leaks}")
    return int(any(each.wrong or each.leaks for each in found.values()))


if __name__ == "__main__":
    sys.exit(main())
