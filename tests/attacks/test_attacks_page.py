"""The page on security: each attack of the lists has a test that bears its number, and the page names it."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
MADE: dict[str, Any] = runpy.run_path(str(DOCS / "security.py"))
ids: Callable[[str], list[str]] = MADE["ids"]
COUNTS = {
    **{"SSRF": 12, "KEY": 2, "HDR": 5, "LEAK": 6, "AUTH": 3, "WS": 3, "DOS": 14, "CACHE": 4},
    **{"CODE": 1, "SQL": 1, "LOG": 1},
}
RIVALS = {"R": 16, "T": 9, "S": 15, "C": 9, "G": 12, "P": 22, "X": 11}
"""How many there are of each."""


def numbered() -> list[str]:
    ours = [f"{family}-{number:02}" for family, most in COUNTS.items() for number in range(1, most + 1)]
    return ours + [f"{letter}{number}" for letter, most in RIVALS.items() for number in range(1, most + 1)]


def test_no_attack_is_missing_from_the_list() -> None:
    assert list(MADE["ATTACKS"]) == numbered()


def test_each_attack_is_tried_or_comes_with_what_is_not_built() -> None:
    proven = MADE["proven"]()
    assert [name for name in MADE["ATTACKS"] if name not in proven and name not in MADE["LATER"]] == []
    assert proven.keys() <= MADE["ATTACKS"].keys(), "no attack has that number"
    assert MADE["LATER"].keys() <= MADE["ATTACKS"].keys()


def test_the_page_is_up_to_date() -> None:
    text = (DOCS / "security.md").read_text("utf-8")
    assert MADE["written"](text) == text, "`python docs/security.py` writes it anew"


def test_numbers_are_read_from_the_front_of_a_name() -> None:
    assert list(ids("ssrf_01_and_02_hosts_9")) == ["SSRF-01", "SSRF-02"]
    assert list(ids("c2_c3_and_c9_nothing_of_c4")) == ["C2", "C3", "C9"]
    assert list(ids("ssrf_08_and_x8_nothing")) == ["SSRF-08", "X8"]
    assert list(ids("a_key_01_is_none")) == list(ids("key_of_r2")) == []
