"""Simulate what workers share and what each learns by itself, from one to a thousand of them.

    python bench/scaling.py [--workers 1 2 4] [--write [PAGE]]

Seeded: it says the same each time. `--write` puts the table into docs/scaling.md, and the picture beside it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from curves import Panel, svg
from sharing import (
    ASKED,
    CALLERS,
    PER_SECOND,
    PLACES,
    PROMPTS,
    ROUNDS,
    Hits,
    Kept,
    Trouble,
    hits,
    prompts,
    sticky,
    trouble,
)
from tables import Table, text, write

PAGE = Path(__file__).parents[1] / "docs" / "scaling.md"
MARKS = "<!-- scaling: begin -->", "<!-- scaling: end -->"
WORKERS = (1, 2, 4, 8, 16, 64, 256, 1000)
SETTING = f"{PER_SECOND:,} requests a second, of all workers together"


class Row(NamedTuple):
    """What becomes of one number of workers."""

    workers: int
    alone: Trouble
    together: Trouble
    kept: Kept
    hits: Hits


def rows(workers: Sequence[int]) -> list[Row]:
    keys = prompts(PROMPTS)
    return [
        Row(each, trouble(each, False), trouble(each, True), sticky(each), hits(each, keys))
        for each in workers
    ]


def count(figure: float) -> str:
    return f"{figure:,.0f}"


def share(figure: float) -> str:
    return f"{figure:.1%}".replace("%", " %")


def breakers(made: Sequence[Row]) -> Table:
    own = ("sent", "within", "after a cool-down")
    cells = [
        (
            count(row.workers),
            *troubled(row.alone),
            *troubled(row.together),
            count(row.together.lookups),
        )
        for row in made
    ]
    note = (
        "A target begins to fail every request: how many it gets until each worker leaves it alone, and"
        " within which time; and how many more once the cool-down is over and it still fails. Look-ups at the"
        f" shared store are per second, while all is well. The mean of {ROUNDS} rounds."
    )
    head = ("workers", *own, *(f"{words}, shared" for words in own), "look-ups")
    return Table("A target that dies", head, cells, note)


def troubled(figures: Trouble) -> tuple[str, ...]:
    return count(figures.sent), f"{figures.seconds:.2f} s", count(figures.probes)


def balances(made: Sequence[Row]) -> Table:
    head = ("workers", "workers agree", "keys that move", "needlessly")
    cells = [(count(row.workers), *map(share, row.kept)) for row in made]
    note = (
        f"{CALLERS:,} callers, {PLACES} targets, of which one leaves. Each worker computes a caller's target"
        " by itself; what moves is what was at the one that left."
    )
    return Table("Sticky keys", head, cells, note)


def caches(made: Sequence[Row]) -> Table:
    head = ("workers", "hits, each its own", "hits, shared")
    cells = [(count(row.workers), *map(share, row.hits[:2])) for row in made]
    note = (
        f"{ASKED:,} requests for {PROMPTS:,} different ones, the n-th most frequent a n-th as often as the"
        f" first (Zipf), of which {made[0].hits.distinct:,} come at all; nothing grows too old."
    )
    return Table("The cache", head, cells, note)


def tables(made: Sequence[Row]) -> list[Table]:
    return [breakers(made), balances(made), caches(made)]


def picture(made: Sequence[Row]) -> str:
    sizes = [row.workers for row in made]
    alone, together = "each by itself", "shared store"
    return svg(
        [
            Panel(
                "Requests sent to a dead target",
                "workers",
                sizes,
                {alone: [row.alone.sent for row in made], together: [row.together.sent for row in made]},
                log=True,
            ),
            Panel(
                "Sticky keys, one of 8 targets leaves",
                "workers",
                sizes,
                {"stay": [1 - row.kept.moved for row in made], "move": [row.kept.moved for row in made]},
            ),
            Panel(
                "Answered from the cache",
                "workers",
                sizes,
                {alone: [row.hits.own for row in made], together: [row.hits.shared for row in made]},
            ),
        ]
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--workers", nargs="+", type=int, default=WORKERS, metavar="NUMBER")
    options.add_argument("--write", type=Path, nargs="?", const=PAGE, metavar="PAGE")
    given = options.parse_args()
    if given.write and MARKS[0] not in given.write.read_text():
        sys.exit(f"{given.write} has no {MARKS[0]}, where the tables could go")
    made = rows(given.workers)
    print(*map(text, tables(made)), sep="\n")
    if given.write:
        file = given.write.with_suffix(".svg")
        file.write_text(picture(made))
        write(given.write, SETTING, tables(made), MARKS, {"What workers share, as curves": file.name})


if __name__ == "__main__":
    main()
