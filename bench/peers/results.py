"""What a run measured, as it is kept in a file: tables, verdicts and the plot are made from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from timing import Cost, cost


class Figure(NamedTuple):
    """One measurement of one cell."""

    us: float
    """CPU of the server, per request or per paced event."""
    rate: float
    """Requests answered in a second."""


@dataclass
class Results:
    """Of one run."""

    setting: dict[str, str] = field(default_factory=dict)
    """What was measured with: versions, and how long."""
    cells: dict[str, dict[str, list[Figure]]] = field(default_factory=dict)
    """By peer and by cell's name, one figure a round."""
    facts: dict[str, dict[str, float]] = field(default_factory=dict)
    """By `peer/mode`: MiB, seconds, milliseconds."""
    absent: dict[str, str] = field(default_factory=dict)
    """Peers that could not be measured, and why."""
    failures: dict[str, str] = field(default_factory=dict)
    """Single measurements that went wrong, and how."""

    def add(self, peer: str, cell: str, figure: Figure) -> None:
        self.cells.setdefault(peer, {}).setdefault(cell, []).append(figure)

    def know(self, peer: str, mode: str, **facts: float) -> None:
        self.facts.setdefault(f"{peer}/{mode}", {}).update(facts)

    def fact(self, peer: str, mode: str, name: str) -> float | None:
        return self.facts.get(f"{peer}/{mode}", {}).get(name)

    def cpu(self, peer: str, cell: str) -> Cost | None:
        """Of the best round, and of the middle one."""
        figures = self._figures(peer, cell)
        return cost(figure.us for figure in figures) if figures else None

    def rate(self, peer: str, cell: str) -> float | None:
        """Of the best round."""
        figures = self._figures(peer, cell)
        return max(figure.rate for figure in figures) if figures else None

    def _figures(self, peer: str, cell: str) -> Sequence[Figure]:
        return self.cells.get(peer, {}).get(cell, ())


def save(results: Results, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(results), indent=1))


def read(path: Path) -> Results:
    """Raises FileNotFoundError."""
    kept = json.loads(path.read_text())
    cells = {
        peer: {cell: [Figure(*each) for each in figures] for cell, figures in by_cell.items()}
        for peer, by_cell in kept.pop("cells").items()
    }
    return Results(cells=cells, **kept)
