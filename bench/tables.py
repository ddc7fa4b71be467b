"""Tables: for a terminal, and for the page of figures in the docs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
NONE: Mapping[str, str] = MappingProxyType({})


class Table(NamedTuple):
    """One part of the figures."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str


def text(table: Table) -> str:
    """In columns, for a terminal."""
    lines = [table.head, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.head))]
    made = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join(["", table.title, "-" * len(table.title), *made, table.note])


def markdown(table: Table) -> str:
    lines = [table.head, ("---",) * len(table.head), *table.rows]
    made = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([f"### {table.title}", "", *made, "", table.note, ""])


def replaced(
    page: str,
    setting: str,
    tables: list[Table],
    marks: tuple[str, str] = (BEGIN, END),
    pictures: Mapping[str, str] = NONE,
) -> str:
    """The page with these figures for what stood between its marks, pictures by what they show last.

    Raises ValueError where it has no marks.
    """
    before, begin, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not (begin and end):
        raise ValueError(f"the page has no {marks[0]} … {marks[1]}")
    shown = [f"![{about}]({path})\n" for about, path in pictures.items()]
    figures = "\n".join([f"{setting}.", "", *map(markdown, tables), *shown])
    return f"{before}{begin}\n\n{figures}\n{end}{after}"


def write(
    page: Path,
    setting: str,
    tables: list[Table],
    marks: tuple[str, str] = (BEGIN, END),
    pictures: Mapping[str, str] = NONE,
) -> None:
    page.write_text(replaced(page.read_text(), setting, tables, marks, pictures))


# ── budgets ──────────────────────────────────────────────────────────────


def limit(budget: float | None) -> str:
    return "" if budget is None else f"≤ {budget:g}"


def verdict(figure: float, budget: float | None) -> str:
    return "" if budget is None else "held" if figure <= budget else "MISSED"
