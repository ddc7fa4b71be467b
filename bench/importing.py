"""What a fresh interpreter pays for `import gatewaymw`, over what it pays for itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tables import Table, limit, verdict
from timing import Cost, cost

BARE = "an interpreter alone"
AFTER = "\nimport time\nused = time.process_time()\nfrom memory import memory\nprint(used * 1000, memory())"
"""Time is taken first: finding out about the memory costs some of it."""


class Start(NamedTuple):
    """A program, and what it may cost: milliseconds of CPU, and MiB."""

    program: str
    cpu: float | None = None
    mib: float | None = None


STARTS = {
    BARE: Start("pass"),
    "import gatewaymw": Start("import gatewaymw", 200, 40),
    "the same, and a Gateway": Start("import gatewaymw; gatewaymw.Gateway({'provider': 'openai'})"),
    "import httpx": Start("import httpx"),
    "the same, and an AsyncClient": Start("import httpx; httpx.AsyncClient()"),
}
HEAD = ("over an interpreter alone", "CPU, ms", "budget", "", "MiB resident", "budget", "")
NOTE = (
    "Fresh interpreters with their bytecode at hand, in turns. All that a Gateway needs is imported when it "
    "is made, none of it with a request."
)


def started(program: str) -> tuple[float, float]:
    """Milliseconds and MiB of an interpreter that runs a program."""
    command = [sys.executable, "-c", program + AFTER]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    used, mib = done.stdout.split()
    return float(used), float(mib)


def table(rounds: int) -> Table:
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in STARTS}
    for _ in range(rounds):
        for name, start in STARTS.items():
            seen[name].append(started(start.program))
    costs = {name: tuple(map(cost, zip(*values, strict=True))) for name, values in seen.items()}
    bare = costs.pop(BARE)
    return Table("Imports", HEAD, [row(name, over(own, bare)) for name, own in costs.items()], NOTE)


def over(own: tuple[Cost, ...], bare: tuple[Cost, ...]) -> list[Cost]:
    return [each.over(other) for each, other in zip(own, bare, strict=True)]


def row(name: str, costs: list[Cost]) -> tuple[str, ...]:
    start, (cpu, mib) = STARTS[name], costs
    return (
        name,
        *(str(cpu), limit(start.cpu), verdict(cpu.best, start.cpu)),
        *(str(mib), limit(start.mib), verdict(mib.best, start.mib)),
    )
