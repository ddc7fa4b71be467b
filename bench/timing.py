"""Timing of pieces within this process: cases side by side, round after round, on-CPU time only."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from statistics import median
from typing import NamedTuple

SLICE = 0.02
"""Seconds of one case in one round."""


class Case(NamedTuple):
    """Something to time. `call` does it `per` times."""

    call: Callable[[], object]
    per: int = 1


class Cost(NamedTuple):
    """Of the best round, which others disturbed least, and of the middle one."""

    best: float
    middle: float

    def __str__(self) -> str:
        return f"{rounded(self.best)} ({rounded(self.middle)})"

    def over(self, other: Cost) -> Cost:
        """What is on top of another."""
        return Cost(self.best - other.best, self.middle - other.middle)


def rounded(value: float) -> str:
    """Three digits at most: more would be noise."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cost(values: Iterable[float]) -> Cost:
    ordered = sorted(values)
    return Cost(ordered[0], median(ordered))


def spent(call: Callable[[], object], times: int) -> float:
    """Seconds of this process's CPU."""
    begun = time.process_time_ns()
    for _ in repeat(None, times):
        call()
    return (time.process_time_ns() - begun) / 1e9


def often(call: Callable[[], object]) -> int:
    """How many calls fill a slice."""
    times = 1
    while (took := spent(call, times)) < SLICE / 10:
        times *= 4
    return max(1, int(times * SLICE / took))


def timed(cases: Mapping[str, Case], rounds: int) -> dict[str, Cost]:
    """Microseconds of each case: A B C, A B C, …"""
    times = {name: often(case.call) for name, case in cases.items()}
    seen: dict[str, list[float]] = {name: [] for name in cases}
    gc.collect()
    for _ in range(rounds):
        for name, case in cases.items():
            took = spent(case.call, times[name])
            seen[name].append(took / times[name] / case.per * 1e6)
    return {name: cost(values) for name, values in seen.items()}
