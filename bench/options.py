"""What a command that measures in parts is asked for: which of them, how long, and where their tables go."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


class Options(NamedTuple):
    """One command line."""

    quick: bool
    only: list[str]
    page: Path | None
    """Where the tables go, besides the terminal."""


def options(about: str | None, parts: Iterable[str], mark: str) -> Options:
    """Read the command line. Ends the process where the page has no such mark to put the tables at."""
    names = list(parts)
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawTextHelpFormatter)
    made.add_argument("--quick", action="store_true")
    made.add_argument("--only", nargs="+", choices=names, default=names)
    made.add_argument("--write", type=Path, nargs="?", const=PAGE, metavar="PAGE")
    given = made.parse_args()
    if given.write and mark not in given.write.read_text():
        sys.exit(f"{given.write} has no {mark}, where the tables could go")
    return Options(given.quick, given.only, given.write)
