"""Search for inputs that break a reader or a transform, led by which code they reach (atheris, libFuzzer).

    python tests/faults/fuzz.py [--seconds 45] [--jobs 2] [--targets sse host …]

Each target runs in a process of its own for so long, from the inputs that earlier runs found worth keeping.
It goes on past what it finds, which it keeps once per place in the code: `.fuzz/TARGET/found` has the inputs,
each with its traceback beside it. Ends with 1 where anything was found.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / ".fuzz"
LED_BY = ("gatewaymw", "tomllib", "werkzeug", "yaml")
"""The gateway, and what it reads files and forms by."""
LONGEST = 2048
"""Bytes of one input."""
PATIENCE = 120.0
"""Seconds that a target may take to start and to end, beyond those it is given."""
LAWS = {
    "requests": ("test_fuzz", "test_requests_of_clients_raise_refusals_only"),
    "answers": ("test_fuzz", "test_answers_raise_what_is_caught_only"),
    "streams": ("test_fuzz", "test_streams_raise_nothing_and_end_in_words_that_can_be_read"),
    "plans": ("test_laws", "test_any_value_is_a_plan_or_a_fault_and_never_another_exception"),
}
"""Tests whose inputs hypothesis makes of the bytes: recorded exchanges that were changed, and configs."""
READERS = ("sse", "eventstream", "ndjson", "array", "config", "file", "headers", "form", "host")


class Count(NamedTuple):
    """What came of one target."""

    runs: int
    covered: int
    """Edges of the code in `LED_BY`."""
    kept: int
    """Inputs that reach something that no other does."""
    found: list[str]
    error: str = ""


# ── one target, in its own process ───────────────────────────────────────


def plays(name: str) -> Callable[[bytes], object]:
    """One input in. Must be imported under atheris's eyes, or nothing is led anywhere."""
    if name in LAWS:
        module, law = LAWS[name]
        play: Callable[[bytes], object] = getattr(import_module(module), law).hypothesis.fuzz_one_input
        return play
    import targets

    return targets.TARGETS[name].play


def begin(name: str, folder: Path) -> None:
    """The inputs to start from, those of a reader being put there first."""
    folder.mkdir(parents=True, exist_ok=True)
    if name in READERS:
        import targets

        for seed in targets.TARGETS[name].seeds():
            with suppress(
                AssertionError
            ):  # what is imported late is so under atheris's eyes, which takes long
                targets.TARGETS[name].play(seed)
            (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed[:LONGEST])


def keep(folder: Path, data: bytes, error: BaseException) -> None:
    """Once for the innermost place in our code that it came from."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "hypothesis" not in each.filename]
    place = f"{type(error).__name__}-{Path(frames[-1].filename).stem}-{frames[-1].lineno}"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / f"{place}.txt").exists():
        (folder / f"{place}.bin").write_bytes(data)
        (folder / f"{place}.txt").write_text("".join(traceback.format_exception(error)))


def search(name: str, seconds: int) -> None:
    """Does not come back: libFuzzer ends the process."""
    import atheris

    sys.path[:0] = [str(HERE), str(HERE.parent / "config")]
    home = KEPT / name
    with atheris.instrument_imports(include=[*LED_BY]):
        play = plays(name)
        begin(name, home / "inputs")

    @atheris.instrument_func
    def one(data: bytes) -> None:
        try:
            play(data)
        except Exception as error:
            keep(home / "found", data, error)

    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-print_final_stats=1", "-timeout=60"]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={home}/", str(home / "inputs")], one)
    atheris.Fuzz()


# ── all of them ──────────────────────────────────────────────────────────


def run(name: str, seconds: int) -> Count:
    found = KEPT / name / "found"
    shutil.rmtree(found, ignore_errors=True)
    command = [sys.executable, __file__, "--search", name, "--seconds", str(seconds)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + PATIENCE)
    except subprocess.TimeoutExpired:
        return Count(0, 0, 0, [], f"no end after {seconds + PATIENCE:.0f} s")
    return counted(found, done.stderr, done.returncode)


def counted(folder: Path, said: str, code: int) -> Count:
    """What libFuzzer's words come to, and what the folder has."""
    runs = re.findall(r"stat::number_of_executed_units: *(\d+)", said)
    covered = re.findall(r"cov: (\d+).* corp: (\d+)", said)
    found = sorted(file.stem for file in folder.glob("*.txt"))
    if code or not runs or not covered:
        return Count(0, 0, 0, found, f"ended with {code}: {said[-600:]}")
    return Count(int(runs[-1]), int(covered[-1][0]), int(covered[-1][1]), found)


def told(name: str, count: Count) -> str:
    if count.error:
        return f"{name:12} {count.error}"
    figures = f"{count.runs:>10,} runs {count.covered:>6,} edges {count.kept:>6,} inputs kept"
    return f"{name:12} {figures}   found: {', '.join(count.found) or 'nothing'}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Search for inputs that break a reader or a transform.")
    parser.add_argument("--seconds", type=int, default=45, help="for each target (45)")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="how many at once (2)")
    names = [*READERS, *LAWS]
    parser.add_argument("--targets", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--search", choices=names, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed (gatewaymw[fuzz]): nothing is searched by coverage here")
        return 0
    if given.search:
        search(given.search, given.seconds)
    with ThreadPoolExecutor(given.jobs) as threads:
        bad = 0
        for name, count in zip(
            given.targets, threads.map(lambda name: run(name, given.seconds), given.targets), strict=True
        ):
            print(told(name, count), flush=True)
            bad += bool(count.found or count.error)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
