"""Asking servers and seeing what that costs them, round after round: A B C, A B C, …"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from peers.places import PROGRAMS
from peers.processes import highest, resident, settled
from peers.results import Figure, Results
from peers.servers import Peer, Place
from peers.traffic import Cell, request

MOST = 50_000
"""Requests of one measurement."""
DRAIN = 30.0
"""Seconds that the generator waits for what is under way when its time is up."""
SELDOM = 4
"""A slow server has every fourth round only, and four times as much of it."""


class Failed(Exception):
    """A measurement that means nothing: an answer was wrong, or did not come."""


class Asked(NamedTuple):
    """What the generator tells, times in microseconds."""

    done: int
    failed: int
    unfinished: int
    why: str
    seconds: float
    p50: float
    p99: float
    first_p50: float
    """Until the first byte of a body."""
    word_p50: float
    """Until the first word of a stream; 0 for what is no stream."""


class Target(NamedTuple):
    """A server that runs, in one mode."""

    name: str
    peer: Peer
    place: Place
    process: subprocess.Popen[bytes] | None
    """None for the upstream itself."""

    @property
    def pid(self) -> int:
        assert self.process, "only servers under test are looked into"
        return self.process.pid

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def request(self, cell: Cell, answer: str = "") -> bytes:
        """The request for a cell; `answer` names a kind that no cell has."""
        model = self.peer.model_for(cell.mode, answer or cell.answer)
        return request(self.peer.path, model, cell, self.peer.headers(self.place))


class Spans(NamedTuple):
    """How long and how often, in seconds and rounds."""

    rounds: int
    seconds: float
    warm: float
    latency: float
    streams: int
    """Paced streams whose first word is timed."""
    open: int
    """Streams held open at once."""
    soak: int
    """Requests of the soak."""

    def longer(self, times: float) -> Spans:
        return self._replace(seconds=self.seconds * times, warm=self.warm * times)


FULL = Spans(rounds=3, seconds=1.0, warm=0.3, latency=8.0, streams=20, open=1000, soak=40_000)
SURE = FULL._replace(rounds=12, seconds=0.5, latency=2.5, streams=10, soak=20_000)
"""For the cells alone that verdicts are of: many short rounds. A shared processor is quick one second and
slow the next, and of many rounds each server has some quick ones."""
QUICK = Spans(rounds=1, seconds=0.3, warm=0.1, latency=1.0, streams=3, open=1000, soak=4_000)


def parsed(line: str) -> Asked:
    return Asked(**json.loads(line))


def load(
    target: Target,
    cell: Cell,
    *,
    seconds: float,
    answer: str = "",
    clients: int = 0,
    most: int = MOST,
    rate: float = 0,
) -> Asked:
    """Run the generator once: a cell as it is, or with another kind of answer or number of clients.

    Raises Failed where any answer is wrong or missing.
    """
    path = target.place.folder / "request"
    path.write_bytes(target.request(cell, answer))
    number = clients or cell.clients
    words = [target.place.port, path, cell.expected, cell.begins, number, seconds, most, rate]
    command = [str(PROGRAMS / "load"), *map(str, words)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + DRAIN + 15)
    except subprocess.TimeoutExpired:
        raise Failed("the generator did not end") from None
    if done.returncode:
        raise Failed(done.stderr.strip() or f"the generator ended with {done.returncode}")
    asked = parsed(done.stdout)
    if asked.failed or asked.unfinished or not asked.done:
        raise Failed(f"{asked.done} right, {asked.failed} wrong, {asked.unfinished} not ended; {asked.why}")
    return asked


# ── cells ────────────────────────────────────────────────────────────────


def figure(target: Target, cell: Cell, spans: Spans) -> Figure:
    """What one request, or one event, of a cell costs a server. Raises Failed."""
    load(target, cell, seconds=spans.warm)
    before = settled(target.pid)
    answered = load(target, cell, seconds=spans.seconds)
    used = settled(target.pid) - before
    return Figure(used / 1000 / answered.done / cell.per, answered.done / answered.seconds)


Asks = Callable[[str, Cell], bool]
"""Whether a peer is asked a cell."""


def everyone(peer: str, cell: Cell) -> bool:
    return True


def rounds(
    targets: Iterable[Target], cells: list[Cell], spans: Spans, results: Results, asks: Asks = everyone
) -> None:
    """All cells of all servers, in turns; a cell that failed is not asked again."""
    wanted = list(targets)
    for number in range(spans.rounds):
        for cell in cells:
            for target in wanted:
                name = f"{target.name}: {cell.name}"
                asked = takes(target, cell) and asks(target.name, cell)
                if not asked or name in results.failures or (target.peer.slow and number % SELDOM):
                    continue
                with noted(results, name):
                    span = spans.longer(SELDOM) if target.peer.slow else spans
                    results.add(target.name, cell.name, figure(target, cell, span))
            print(f"round {number + 1} of {spans.rounds}: {cell.name}", flush=True)


def takes(target: Target, cell: Cell) -> bool:
    return target.place.mode == cell.mode and target.peer.takes(cell)


@contextmanager
def noted(results: Results, name: str) -> Iterator[None]:
    """A failure is said at once, kept for the tables, and stops nothing else."""
    try:
        yield
    except Failed as error:
        results.failures[name] = str(error)
        print(f"FAILED {name}: {error}", flush=True)


# ── latency ──────────────────────────────────────────────────────────────

RATE = 50.0
SMALL = {mode: Cell(mode, "1 KB", "whole", 16) for mode in ("identity", "translated")}
PACED = {mode: Cell(mode, "1 KB", "paced", 1) for mode in ("identity", "translated")}


def latency(target: Target, seconds: float) -> dict[str, float]:
    """Milliseconds of a small request at 50 a second. Raises Failed."""
    asked = load(target, SMALL[target.place.mode], seconds=seconds, rate=RATE)
    return {"p50": asked.p50 / 1000, "p99": asked.p99 / 1000}


def first_word(target: Target, streams: int) -> dict[str, float]:
    """Milliseconds until a paced stream's first byte and first word, one stream at a time. Raises Failed."""
    asked = load(target, PACED[target.place.mode], seconds=120, most=streams)
    return {"first": asked.first_p50 / 1000, "word": asked.word_p50 / 1000}


def latencies(targets: list[Target], spans: Spans, results: Results) -> None:
    """In turns too; of up to four rounds the best one counts."""
    kinds: Mapping[str, Callable[[Target], dict[str, float]]] = {
        "latency": lambda target: latency(target, spans.latency),
        "first word": lambda target: first_word(target, spans.streams),
    }
    for _ in range(min(4, spans.rounds)):
        for kind, measure in kinds.items():
            for target in targets:
                if kind == "first word" and "paced" not in target.peer.answers:
                    continue
                with noted(results, f"{target.name}: {kind}, {target.place.mode}"):
                    better(results, target, measure(target))
    print("latencies", flush=True)


def better(results: Results, target: Target, seen: Mapping[str, float]) -> None:
    for name, value in seen.items():
        known = results.fact(target.name, target.place.mode, name)
        results.know(target.name, target.place.mode, **{name: value if known is None else min(known, value)})


# ── memory ───────────────────────────────────────────────────────────────


def loaded(targets: Iterable[Target], results: Results) -> None:
    """What a server has once it was asked all of it, and the most that it had meanwhile."""
    for target in targets:
        results.know(target.name, target.place.mode, loaded=resident(target.pid), peak=highest(target.pid))


def holds_streams(peer: Peer) -> bool:
    return not peer.slow and "paced" in peer.answers


def open_streams(target: Target, spans: Spans, results: Results) -> None:
    """Many streams at once, each with an event every 50 ms: 5 s of them, by a server that did nothing else.

    Raises Failed.
    """
    cell = PACED[target.place.mode]
    load(target, cell, answer="slow", clients=spans.open, seconds=60, most=spans.open)
    results.know(target.name, cell.mode, streams=highest(target.pid))
    print(f"{spans.open} open streams, {target.name}, {cell.mode}", flush=True)


def soak(target: Target, spans: Spans, results: Results) -> None:
    """MiB that 10,000 requests leave behind, half of them streams, once a fifth as many warmed it up."""
    mode = target.place.mode

    def asked(many: int) -> None:
        for answer in ("whole", "burst"):
            load(target, Cell(mode, "1 KB", answer, 16), seconds=300, most=many // 2)

    with noted(results, f"{target.name}: soak, {mode}"):
        asked(spans.soak // 5)
        before = resting(target.pid)
        asked(spans.soak)
        grown = resting(target.pid) - before
        results.know(target.name, mode, growth=grown * 10_000 / spans.soak)
    print(f"soak, {target.name}, {mode}", flush=True)


def resting(pid: int) -> float:
    """MiB once the server is quiet."""
    settled(pid)
    time.sleep(0.2)
    return resident(pid)
