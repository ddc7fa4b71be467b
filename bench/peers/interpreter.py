"""Which interpreter the Python servers under test run on: the quickest that this machine has.

How an interpreter was built matters more than its version. Those of distributions and of containers are
compiled by what a profile tells; one that was compiled by hand takes a fifth longer for the same code, and
says so nowhere. So each is tried.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

NAMES = ("python3", *(f"python3.{minor}" for minor in range(11, 16)))
TRIAL = """\
import sys, time, venv
assert sys.version_info >= (3, 11)

class Item:
    def __init__(self, number):
        self.number, self.name = number, f"item {number}"
    def told(self, seen):
        seen[self.name] = seen.get(self.name, 0) + self.number
        return seen

def once():
    began, seen = time.process_time(), {}
    for number in range(20_000):
        seen = Item(number % 97).told(seen)
    return time.process_time() - began

print(min(once() for _ in range(7)))
"""
"""Calls, attributes, dicts and text, which is what serving is made of: CPU seconds of the best of some."""
ROUNDS = 5
"""In turns, since a shared processor is quick one second and slow the next."""


def found(path: str) -> list[str]:
    """The interpreters on a path of folders, each once, and the one that runs this."""
    named = [Path(folder) / name for folder in path.split(os.pathsep) for name in NAMES]
    there = [sys.executable, *(str(each) for each in named if os.access(each, os.X_OK))]
    return list({os.path.realpath(each): each for each in reversed(there)}.values())


def seconds(python: str) -> float:
    """What the trial takes; without end where there is no answer, or no way to make an environment."""
    try:
        done = subprocess.run([python, "-I", "-c", TRIAL], capture_output=True, text=True, timeout=60)
        return float(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return float("inf")


def best(timed: Mapping[str, float]) -> str:
    """The quickest; the one that runs this, where no other is clearly better."""
    quickest = min(timed, key=lambda python: timed[python])
    here = timed.get(sys.executable, float("inf"))
    return sys.executable if here <= timed[quickest] * 1.05 else quickest


@cache
def quickest() -> str:
    return best(times(found(os.environ.get("PATH", ""))))


def times(pythons: Iterable[str]) -> dict[str, float]:
    able = [python for python in pythons if seconds(python) < float("inf")]
    rounds = [{python: seconds(python) for python in able} for _ in range(ROUNDS)]
    return {python: min(each[python] for each in rounds) for python in able}


def version_of(python: str) -> str:
    asked = [python, "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
