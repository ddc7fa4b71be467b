"""Where things are: what is installed, built and measured lies in a folder that git ignores."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
BENCH = HERE.parent
ROOT = BENCH.parent
KEPT = ROOT / ".peers"
"""Everything that is fetched or made."""
PROGRAMS = KEPT / "programs"
FIGURES = KEPT / "figures.json"
"""What the last run measured."""
VERDICTS = KEPT / "verdicts.json"
"""What the last run for verdicts alone did."""
PAGE = ROOT / "docs" / "performance.md"
README = ROOT / "README.md"


def python_of(name: str) -> Path:
    """The interpreter of a peer's own environment."""
    return KEPT / name / "env" / "bin" / "python"


def python_of_ours() -> str:
    """What this project is measured on: its environment there, or the one that runs this."""
    python = python_of("gatewaymw")
    return str(python) if python.exists() else sys.executable
