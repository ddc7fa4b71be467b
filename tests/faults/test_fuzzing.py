"""The search of `make fuzz` without what leads it: each target plays bytes, and what is found is kept."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from fuzz import LAWS, READERS, Count, counted, keep, plays, told
from targets import TARGETS

sys.path.append(str(Path(__file__).parents[1] / "config"))

SAID = """\
#2\tINITED cov: 97 ft: 98 corp: 1/5b exec/s: 0 rss: 90Mb
#4096\tpulse  cov: 211 ft: 380 corp: 23/1404b lim: 56 exec/s: 1365 rss: 92Mb
Done 9000 runs in 9 second(s)
stat::number_of_executed_units: 9000
"""


def test_every_reader_is_searched() -> None:
    assert tuple(TARGETS) == READERS


@pytest.mark.parametrize("name", [*READERS, *LAWS])
def test_a_target_plays_whatever_bytes_it_is_given(name: str) -> None:
    play, dice = plays(name), random.Random(name)
    for size in range(0, 200, 4):
        play(dice.randbytes(size))


def test_figures_are_read_from_what_it_says(tmp_path: Path) -> None:
    assert counted(tmp_path, SAID, 0) == Count(9000, 211, 23, [])
    words = told("sse", counted(tmp_path, SAID, 0)).split()
    assert words == "sse 9,000 runs 211 edges 23 inputs kept found: nothing".split()


def test_what_breaks_something_is_kept_once_a_place(tmp_path: Path) -> None:
    for data in (b"a", b"ab", b""):
        try:
            int(data)
        except ValueError as error:
            keep(tmp_path, data, error)
    [name] = counted(tmp_path, SAID, 0).found
    assert name.startswith("ValueError-test_fuzzing-")
    assert (tmp_path / f"{name}.bin").read_bytes() == b"a"
    assert "invalid literal" in (tmp_path / f"{name}.txt").read_text()
    assert told("sse", counted(tmp_path, SAID, 0)).endswith(f"found: {name}")


@pytest.mark.parametrize(("said", "code"), [(SAID, 77), ("", 0), ("ERROR: no interesting inputs", 0)])
def test_who_ended_otherwise_has_not_searched(said: str, code: int, tmp_path: Path) -> None:
    assert counted(tmp_path, said, code).error.startswith(f"ended with {code}")
