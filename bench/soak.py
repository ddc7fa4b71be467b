"""Serve many requests in one process, of all endings, and see that nothing is left behind.

    python bench/soak.py [--requests 40000] [--clients 16] [--only loop threads] [--growth 1]

Both edges, before a provider on real sockets: 65 % whole, 20 % streams, 5 % of configs with 200 keys in turn,
5 % clients that leave within a stream, 5 % faults (a stream that breaks, an error, nobody there). The first
fifth is to warm up. After it, memory may grow by 1 MiB for each 10,000 requests; open files, tasks and
threads must be back to where they were once all is idle; and no answer may be other than was asked for.
Exit code 1 where one of these fails.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from gatewaymw import ASGIGateway, Gateway, WSGIGateway
from processes import serving
from samples import chat

GROWTH = 1.0
"""MiB that memory may grow with 10,000 requests."""
SLACK = 2
"""Files, tasks and threads more or less that are none."""
PARTS = 5
KEYS = 200
MODELS = {
    "whole": "bench-whole",
    "key": "bench-whole",
    "stream": "bench-burst",
    "leave": "bench-paced",
    "cut": "mock-cut-after-3",
    "error": "mock-status-503",
    "nobody": "bench-whole",
}
MIX = ["whole"] * 26 + ["stream"] * 8 + ["key"] * 2 + ["leave"] * 2 + ["cut", "error"]
MIX[7::13] = ["nobody", "leave", "cut"]
"""What is asked for, in turns of forty."""
EXPECTED = {"whole": 200, "key": 200, "stream": 200, "leave": 200, "cut": 200, "error": 503, "nobody": 502}


class Held(NamedTuple):
    """What the process holds."""

    mib: float
    tasks: int
    files: int
    threads: int


def held(tasks: int = 0) -> Held:
    gc.collect()
    return Held(memory(), tasks, files(), threading.active_count())


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


# ── requests ─────────────────────────────────────────────────────────────


def made(provider: str) -> Gateway:
    """A gateway with a config for each kind of request."""
    openai = {"provider": "openai", "api_key": "sk-house", "custom_host": provider}
    mock = {"provider": "mock"}
    configs = {"openai": openai, "mock": mock, "nobody": {**openai, "custom_host": "http://127.0.0.1:9"}}
    return Gateway(configs=configs, auth="public", trusted_custom_hosts=[provider.removeprefix("http://")])


def asked(kind: str, number: int, provider: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of a request."""
    body = chat(MODELS[kind], kind in ("stream", "leave", "cut"))
    if kind == "key":
        config = {"provider": "openai", "api_key": f"sk-{number % KEYS}", "custom_host": provider}
        named = json.dumps(config)
    else:
        named = {"nobody": "nobody", "cut": "mock", "error": "mock"}.get(kind, "openai")
    return {"content-type": "application/json", "x-gateway-config": named}, body


def ended_well(kind: str, status: int, body: bytes) -> bool:
    """Whether that is what was to come of it."""
    if status != EXPECTED[kind]:
        return False
    if kind == "cut":
        return b'"error"' in body and body.endswith(b"data: [DONE]\n\n")
    return kind != "stream" or (body.endswith(b"data: [DONE]\n\n") and b'"error"' not in body)


class Visitor:
    """A client and its server in one: takes an answer, or leaves within it."""

    def __init__(self, headers: dict[str, str], body: bytes, leaves: bool) -> None:
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "method": "POST",
            "path": "/v1/chat/completions",
            "query_string": b"",
            "headers": pairs,
        }
        self._request: bytes | None = body
        self._leaves, self._left = leaves, asyncio.Event()
        self.status, self.body = 0, b""

    async def receive(self) -> dict[str, Any]:
        if self._request is not None:
            body, self._request = self._request, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")
        if self._leaves and self.body:
            self._left.set()


async def nobody(scope: Any, receive: Any, send: Any) -> None:
    """The host has nothing of its own."""


def nobody_wsgi(environ: Any, start_response: Any) -> Any:
    return []


# ── the two edges ────────────────────────────────────────────────────────


class Found(NamedTuple):
    seen: list[Held]
    """After each part."""
    idle: Held
    wrong: list[str]


def told(done: int, begun: float, now: Held) -> None:
    rate = done / (time.perf_counter() - begun)
    print(
        f"{done:>8} requests  {rate:6.0f}/s  {now.mib:6.1f} MiB  {now.tasks} tasks  {now.files} files", end=""
    )
    print(f"  {now.threads} threads", flush=True)


async def soak_loop(provider: str, requests: int, clients: int) -> Found:
    app = ASGIGateway(nobody, gateway=made(provider))
    seen, wrong, begun = [], [], time.perf_counter()

    async def client(numbers: Iterator[int], last: int) -> None:
        while (number := next(numbers)) < last:
            kind = MIX[number % len(MIX)]
            visitor = Visitor(*asked(kind, number, provider), kind == "leave")
            await app(visitor.scope, visitor.receive, visitor.send)
            if not ended_well(kind, visitor.status, visitor.body):
                wrong.append(f"{kind}: {visitor.status} {visitor.body[-200:]!r}")

    numbers = count()
    for part in range(1, PARTS + 1):
        last = requests * part // PARTS
        await asyncio.gather(*(client(numbers, last) for _ in range(clients)))
        numbers = count(last)
        seen.append(held(len(asyncio.all_tasks())))
        told(last, begun, seen[-1])
    await app.gateway.aclose()
    await asyncio.sleep(0.1)
    return Found(seen, held(len(asyncio.all_tasks())), wrong)


def visit(app: WSGIGateway, kind: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    status: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/v1/chat/completions",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": headers["content-type"],
        "HTTP_X_GATEWAY_CONFIG": headers["x-gateway-config"],
        "wsgi.input": io.BytesIO(body),
    }
    pieces: Any = app(environ, lambda line, headers: status.append(line))
    try:
        answer = next(iter(pieces)) if kind == "leave" else b"".join(pieces)
    finally:
        pieces.close()
    return int(status[0][:3]), answer


def soak_threads(provider: str, requests: int, clients: int) -> Found:
    app = WSGIGateway(nobody_wsgi, gateway=made(provider))
    seen, wrong, begun = [], [], time.perf_counter()

    def client(number: int) -> None:
        kind = MIX[number % len(MIX)]
        status, body = visit(app, kind, *asked(kind, number, provider))
        if not ended_well(kind, status, body):
            wrong.append(f"{kind}: {status} {body[-200:]!r}")

    for part in range(1, PARTS + 1):
        numbers = range(requests * (part - 1) // PARTS, requests * part // PARTS)
        with ThreadPoolExecutor(clients) as threads:
            for _ in threads.map(client, numbers):
                """All of them."""
        seen.append(held())
        told(numbers.stop, begun, seen[-1])
    app.gateway.close()
    time.sleep(1.2)  # the thread that looks after streams outlives them by a second
    return Found(seen, held(), wrong)


# ── judging ──────────────────────────────────────────────────────────────


def faults(found: Found, base: Held, requests: int, growth: float) -> list[str]:
    """What is not as it should be."""
    first, last = found.seen[0], found.seen[-1]
    slope = (last.mib - first.mib) / (requests * (PARTS - 1) / PARTS / 10_000)
    print(f"memory: {slope:+.2f} MiB per 10,000 requests after the first fifth; idle: {found.idle}")
    said = [f"memory grows by {slope:.2f} MiB per 10,000 requests"] if slope > growth else []
    pairs = [(name, getattr(found.idle, name), getattr(base, name)) for name in ("tasks", "files", "threads")]
    said += [
        f"{name}: {now}, where {before} were before" for name, now, before in pairs if now > before + SLACK
    ]
    if found.wrong:
        said.append(f"{len(found.wrong)} wrong answers, the first: {found.wrong[0]}")
    return said


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--requests", type=int, default=40_000)
    options.add_argument("--clients", type=int, default=16)
    options.add_argument("--only", nargs="+", choices=("loop", "threads"), default=["loop", "threads"])
    options.add_argument("--growth", type=float, default=GROWTH)
    given = options.parse_args()
    said: list[str] = []
    with serving("upstream.py") as port:
        provider = f"http://127.0.0.1:{port}"
        for name in given.only:
            print(f"{name}:")
            base = held(tasks=1 if name == "loop" else 0)
            if name == "loop":
                found = asyncio.run(soak_loop(provider, given.requests, given.clients))
                # The loop's own threads, for looking up names, end with it.
                found = found._replace(idle=held(found.idle.tasks))
            else:
                found = soak_threads(provider, given.requests, given.clients)
            said += faults(found, base, given.requests, given.growth)
    print(*said, sep="\n", file=sys.stderr)
    return int(bool(said))


if __name__ == "__main__":
    sys.exit(main())
