"""Measure what the gateway costs, and say where a budget is missed.

    python bench/run.py [--quick] [--only servers pieces imports leaving] [--write [PAGE]]

All costs are on-CPU time, so that other work on the machine disturbs them as little as can be; what is
compared takes turns within one run. `--quick` is to see that everything runs: its figures are worth nothing.
`--write` puts the tables into docs/performance.md.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import importing
import leaving
import pieces
import servers
from tables import BEGIN, Table, text, write

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PARTS: dict[str, Callable[[bool], list[Table]]] = {
    "servers": lambda quick: servers.tables(1, 0.05) if quick else servers.tables(7, 1.0),
    "pieces": lambda quick: [pieces.table(1 if quick else 15)],
    "imports": lambda quick: [importing.table(1 if quick else 7)],
    "leaving": lambda quick: [leaving.table(2 if quick else 40)],
}


def options() -> argparse.Namespace:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    made.add_argument("--quick", action="store_true")
    made.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    made.add_argument("--write", type=Path, nargs="?", const=PAGE, metavar="PAGE")
    return made.parse_args()


def setting() -> str:
    """What was measured with."""
    names = ("httpcore", "httpx", "anyio", "uvicorn", "uvloop", "pydantic")
    return f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in names)


def main() -> None:
    given = options()
    if given.write and BEGIN not in given.write.read_text():
        sys.exit(f"{given.write} has no {BEGIN}, where the tables could go")
    print(setting())
    tables: list[Table] = []
    for name in given.only:
        made = PARTS[name](given.quick)
        print(*map(text, made), sep="\n", flush=True)
        tables += made
    if given.write:
        write(given.write, setting(), tables)


if __name__ == "__main__":
    main()
