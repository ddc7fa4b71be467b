"""That `make soak` runs and judges: both edges, as short as can be. Memory is judged by the long form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORDS = ("--requests", "400", "--clients", "8", "--growth", "1000")


@pytest.mark.parametrize("edge", ["loop", "threads"])
def test_requests_of_all_endings_leave_nothing_behind(edge: str) -> None:
    command = [sys.executable, "bench/soak.py", *WORDS, "--only", edge]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "400 requests" in done.stdout and "MiB per 10,000 requests" in done.stdout


def test_growth_is_noticed() -> None:
    command = [sys.executable, "bench/soak.py", "--requests", "100", "--only", "loop", "--growth", "-1000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "memory grows by" in done.stderr
