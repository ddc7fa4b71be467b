"""Serve many requests in one process, and see that nothing is left behind.

    python bench/soak.py [--requests 20000] [--clients 16]

Requests of every ending run side by side: whole, streamed, left by the client after the first event,
refused, and cut by the provider. Memory, tasks and open files are printed on the way. Exit code 1 where they
grow with the number of requests.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import httpx

from gatewaymw import Gateway

CONFIG = {"provider": "mock"}
GROWTH = 16.0
"""MiB that memory may grow after the first fifth of the run."""


class Held(NamedTuple):
    """What the process holds."""

    mib: float
    tasks: int
    files: int


def held() -> Held:
    gc.collect()
    return Held(memory(), len(asyncio.all_tasks()), files())


def memory() -> float:
    """Resident memory in MiB where the system tells; else the highest there was."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def files() -> int:
    folder = Path("/dev/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


async def whole(client: httpx.AsyncClient, model: str) -> None:
    await client.post("/chat/completions", json=body(model))


async def streamed(client: httpx.AsyncClient, model: str) -> None:
    async with client.stream("POST", "/chat/completions", json=body(model, stream=True)) as answer:
        async for _ in answer.aiter_bytes():
            pass


async def left(client: httpx.AsyncClient, model: str) -> None:
    async with client.stream("POST", "/chat/completions", json=body(model, stream=True)) as answer:
        async for _ in answer.aiter_bytes():
            break


def body(model: str, stream: bool = False) -> dict[str, object]:
    words = "one two three four five six seven eight " * 8
    return {"model": model, "messages": [{"role": "user", "content": words}], "stream": stream}


ENDINGS = (
    (whole, "mock-echo"),
    (streamed, "mock-echo"),
    (left, "mock-echo"),
    (whole, "mock-tool"),
    (whole, "mock-status-503"),
    (streamed, "mock-status-429"),
    (streamed, "mock-cut-after-3"),
)


async def client_of(http: httpx.AsyncClient, numbers: Iterator[int], last: int) -> None:
    while (number := next(numbers)) < last:
        ask, model = ENDINGS[number % len(ENDINGS)]
        await ask(http, model)


async def soak(requests: int, clients: int) -> list[Held]:
    """Run in five parts; give what was held after each."""
    seen = []
    gateway = Gateway(CONFIG)
    transport = gateway.async_sdk_transport(family="httpx")
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway/v1") as http:
        numbers, begun = count(), time.perf_counter()
        for part in range(1, 6):
            last = requests * part // 5
            await asyncio.gather(*(client_of(http, numbers, last) for _ in range(clients)))
            numbers = count(last)
            seen.append(now := held())
            rate = last / (time.perf_counter() - begun)
            print(
                f"{last:>8} requests  {rate:6.0f}/s  {now.mib:6.1f} MiB  {now.tasks} tasks  {now.files} files"
            )
    await gateway.aclose()
    return seen


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--requests", type=int, default=20_000)
    options.add_argument("--clients", type=int, default=16)
    given = options.parse_args()
    first, *_, last = asyncio.run(soak(given.requests, given.clients))
    if last.mib - first.mib > GROWTH or last.tasks > first.tasks or last.files > first.files:
        print(f"it grows: {first} after the first fifth, {last} at the end", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
