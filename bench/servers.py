"""CPU per request and per event of whole servers, each a process, asked in turns: A B C D, A B C D, …"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from statistics import median
from typing import NamedTuple

import uvloop

from load import crowd, message, spent
from processes import apart, serving
from samples import ANTHROPIC_EVENTS, OPENAI_EVENTS, WORDS, chat
from tables import Table, limit, verdict
from timing import cost

NAMES = {
    "host": "host alone",
    "proxy": "httpx proxy",
    "identity": "gateway to OpenAI",
    "translated": "gateway to Anthropic",
}
EVENTS = {"proxy": len(OPENAI_EVENTS), "identity": len(OPENAI_EVENTS), "translated": len(ANTHROPIC_EVENTS)}
"""What the upstream sends in one stream."""
MOST = 20_000
"""Requests of one measurement."""


class Load(NamedTuple):
    """A way of asking."""

    name: str
    model: str
    clients: int
    seconds: float

    @property
    def streams(self) -> bool:
        return self.model != "bench-whole"

    @property
    def request(self) -> bytes:
        return message("POST", "/v1/chat/completions", chat(self.model, self.streams))

    @property
    def expected(self) -> bytes:
        """What is in each answer, near its end."""
        return WORDS[-1].encode() if self.streams else b"twice a day"


LOADS = (
    Load("request, 1 client", "bench-whole", 1, 0.5),
    Load("request, 16 clients", "bench-whole", 16, 0.5),
    Load("request, 64 clients", "bench-whole", 64, 0.7),
    Load("event, streams in a burst, 16 clients", "bench-burst", 16, 0.5),
    Load("event, streams paced, 16 clients", "bench-paced", 16, 0.5),
)

WARMING = LOADS[0]

Seen = dict[tuple[str, str], list[float]]
"""Microseconds by (load, server), a figure a round."""


async def measured(port: int, server: str, load: Load, share: float) -> float:
    """Microseconds of a server's CPU, for each request or event."""
    clients = await crowd(port, load.clients)
    request, expected = load.request, load.expected
    try:
        # Connections and pools are warm before anything counts.
        await clients.ask(WARMING.request, WARMING.expected, load.seconds * share / 4, 4 * load.clients)
        before = await spent(port)
        count = await clients.ask(request, expected, load.seconds * share, MOST)
        after = await spent(port)
    finally:
        clients.close()
    used: float = (after["cpu"] - before["cpu"]) / 1000
    return used / count / (EVENTS[server] if load.streams else 1)


async def measure(ports: dict[str, int], loads: Iterable[Load], rounds: int, share: float) -> Seen:
    seen: Seen = {}
    for _ in range(rounds):
        for load in loads:
            for server, port in ports.items():
                if server in EVENTS or not load.streams:
                    figure = await measured(port, server, load, share)
                    seen.setdefault((load.name, server), []).append(figure)
    return seen


async def idle(ports: dict[str, int]) -> dict[str, float]:
    return {server: (await spent(port))["mib"] for server, port in ports.items()}


def ratio(seen: Seen, load: str, one: str, other: str) -> str:
    """The middle of the rounds' ratios: what disturbed a round disturbed both."""
    if (load, other) not in seen:
        return "–"
    pairs = zip(seen[load, one], seen[load, other], strict=True)
    return f"{median(first / second for first, second in pairs):.2f}"


# ── the tables ───────────────────────────────────────────────────────────

RATIOS = (("identity", "proxy"), ("translated", "proxy"), ("translated", "identity"), ("identity", "host"))
BUDGET = 1.1
"""What a stream in the client's own dialect may cost, where a bare proxy is 1."""
NOTE = (
    "Best round (middle round). An event is one the upstream sent; the cost of a stream's beginning and end "
    "is in it. Memory is before the first request and after the last."
)
RATIOS_NOTE = "The middle of the rounds' own ratios: what disturbed a round disturbed both sides of it."


def row(seen: Seen, load: str) -> tuple[str, ...]:
    return (load, *(str(cost(seen[load, name])) if (load, name) in seen else "–" for name in NAMES))


def ratios(seen: Seen, load: Load) -> tuple[str, ...]:
    made = [ratio(seen, load.name, one, other) for one, other in RATIOS]
    budget = BUDGET if load.streams else None
    return (load.name, *made, limit(budget), verdict(float(made[0]), budget))


async def figures(ports: dict[str, int], rounds: int, share: float) -> list[Table]:
    fresh = await idle(ports)
    seen = await measure(ports, LOADS, rounds, share)
    loaded = await idle(ports)
    memory = [f"{fresh[name]:.0f} → {loaded[name]:.0f}" for name in NAMES]
    rows = [*(row(seen, load.name) for load in LOADS), ("MiB resident", *memory)]
    compared = ("", *(f"{NAMES[one]} ÷ {NAMES[other]}" for one, other in RATIOS), "budget of the first", "")
    return [
        Table("Servers under uvicorn", ("µs CPU per …", *NAMES.values()), rows, NOTE),
        Table("The same, as ratios", compared, [ratios(seen, load) for load in LOADS], RATIOS_NOTE),
    ]


def tables(rounds: int, share: float) -> list[Table]:
    """Start all, ask all, end all. `share` shortens each measurement."""
    with apart(), ExitStack() as stack:
        provider = f"http://127.0.0.1:{stack.enter_context(serving('upstream.py'))}"
        ports = {name: stack.enter_context(serving("hosts.py", name, provider)) for name in NAMES}
        return uvloop.run(figures(ports, rounds, share))
