"""Measure what the gateway costs, and say where a budget is missed.

    python bench/run.py [--quick] [--only servers pieces imports leaving] [--write [PAGE]]

All costs are on-CPU time, so that other work on the machine disturbs them as little as can be; what is
compared takes turns within one run. `--quick` is to see that everything runs: its figures are worth nothing.
`--write` puts the tables into docs/performance.md.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.metadata import version

import importing
import leaving
import pieces
import servers
from options import options
from tables import BEGIN, Table, text, write

PARTS: dict[str, Callable[[bool], list[Table]]] = {
    "servers": lambda quick: servers.tables(1, 0.05) if quick else servers.tables(7, 1.0),
    "pieces": lambda quick: [pieces.table(1 if quick else 15)],
    "imports": lambda quick: [importing.table(1 if quick else 7)],
    "leaving": lambda quick: [leaving.table(2 if quick else 40)],
}


def setting() -> str:
    """What was measured with."""
    names = ("uvicorn", "uvloop", "httptools", "anyio", "pydantic", "httpx")
    return f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in names)


def main() -> None:
    given = options(__doc__, PARTS, BEGIN)
    print(setting())
    tables: list[Table] = []
    for name in given.only:
        made = PARTS[name](given.quick)
        print(*map(text, made), sep="\n", flush=True)
        tables += made
    if given.page:
        write(given.page, setting(), tables)


if __name__ == "__main__":
    main()
