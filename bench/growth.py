"""Measure how costs grow: with targets, names, configs, headers, bodies and open streams.

    python bench/growth.py [--quick] [--only targets names callers bodies streams] [--write [PAGE]]

All of it is on-CPU time of this one process, without a network. A row's exponent is that of the power of
the size that fits its costs best: 0 is flat, 1 is linear. `--quick` is to see that everything runs.
`--write` puts the tables into docs/performance.md.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Sequence

import crowds
from growing import BODIES, CALLERS, NAMES, TARGETS, Law
from options import options
from tables import Table, text, verdict, write
from timing import Case, rounded, timed

MARKS = "<!-- growth: begin -->", "<!-- growth: end -->"
ROUNDS = 7


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of the line through the logarithms, by least squares."""
    xs, ys = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


def judged(name: str, sizes: Sequence[float], costs: Sequence[float], most: float) -> tuple[str, ...]:
    """A row: the costs, the exponents over all sizes and of the last step, and whether they may be so."""
    fitted, last = exponent(sizes, costs), exponent(sizes[-2:], costs[-2:])
    told = f"{fitted:.2f}", f"{last:.2f}", f"≤ {most:g}"
    return name, *map(rounded, costs), *told, verdict(max(fitted, last), most)


def head(first: str, sizes: Sequence[float], words: Callable[[float], str]) -> tuple[str, ...]:
    return first, *map(words, sizes), "exponent", "last step", "budget", ""


def measured(laws: dict[str, Law], sizes: Sequence[int], rounds: int) -> list[tuple[str, ...]]:
    return [judged(name, sizes, costs_of(law, sizes, rounds), law.most) for name, law in laws.items()]


def costs_of(law: Law, sizes: Sequence[int], rounds: int) -> list[float]:
    """Microseconds of the best round, the sizes in turns."""
    cases: dict[str, Case] = {str(size): law.make(size) for size in sizes}
    return [cost.best for cost in timed(cases, rounds).values()]


def counted(size: float) -> str:
    return f"{size:,.0f}"


def bytes_of(size: float) -> str:
    return f"{size / 1e6:g} MB" if size >= 1e6 else f"{size / 1e3:g} KB"


def table(title: str, laws: dict[str, Law], sizes: Sequence[int], quick: bool, note: str) -> Table:
    taken, words = sizes[:2] if quick else sizes, bytes_of if laws is BODIES else counted
    rows = measured(laws, taken, 1 if quick else ROUNDS)
    return Table(title, head("µs CPU, best round", taken, words), rows, note)


def targets(quick: bool) -> Table:
    note = "A whole request, from its headers to the reply's. A config may have 1,024 targets."
    return table("Targets of a strategy", TARGETS, (1, 10, 100, 1000), quick, note)


def names(quick: bool) -> Table:
    note = "Virtual keys or providers that the operator has."
    return table("Names to look up", NAMES, (1, 100, 10_000, 100_000), quick, note)


def callers(quick: bool) -> Table:
    note = "1,024 plans of callers' configs are kept, those asked for last."
    return table("What callers send", CALLERS, (1, 10, 100, 1000), quick, note)


def bodies(quick: bool) -> Table:
    note = "A whole request: its body is read and checked, and translated where it is for Anthropic."
    return table("Bodies", BODIES, (1000, 10_000, 100_000, 1_000_000, 20_000_000), quick, note)


def streams(quick: bool) -> Table:
    sizes = (1, 10) if quick else (1, 10, 100, 1000, 2000)
    rows = []
    for name, provider in (("OpenAI", "openai"), ("Anthropic", "anthropic")):
        crowd = crowds.measured(provider, sizes, 1 if quick else ROUNDS)
        each = [held.event for held in crowd]
        rows.append(judged(f"µs CPU per event from {name}", sizes, each, 0.3))
        rows.append((f"MiB resident, from {name}", *(rounded(held.mib) for held in crowd), "", "", "", ""))
    note = "Through the ASGI app, all open at once, each given an event in turn; no server, no HTTP client."
    return Table("Open streams", head("", sizes, counted), rows, note)


PARTS: dict[str, Callable[[bool], Table]] = {
    "targets": targets,
    "names": names,
    "callers": callers,
    "bodies": bodies,
    "streams": streams,
}


def main() -> None:
    given = options(__doc__, PARTS, MARKS[0])
    made: list[Table] = []
    for name in given.only:
        made.append(PARTS[name](given.quick))
        print(text(made[-1]), flush=True)
    if given.page:
        write(given.page, f"Python {platform.python_version()}", made, MARKS)


if __name__ == "__main__":
    main()
