"""The page on guardrails lists the checks that there are."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

from gatewaymw.config import javascript, schemas
from gatewaymw.core.checks import asking, lookups, scanning
from gatewaymw.core.checks.catalogue import CHECKS

PAGE = Path(__file__).parents[1] / "docs" / "guardrails.md"
MADE: dict[str, Any] = runpy.run_path(str(PAGE.with_suffix(".py")))


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text("utf-8")
    assert MADE["written"](text) == text, "`python docs/guardrails.py` writes it anew"
    listed = re.findall(r"^\| `(default\.\w+)`", text, re.MULTILINE)
    assert sorted(listed) == sorted(check.name for check in CHECKS.values())


def test_each_parameter_says_what_it_is() -> None:
    rows = "\n".join(MADE["rows"]())
    for check in CHECKS.values():
        for parameter in check.parameters:
            assert parameter.kind and (parameter.words or parameter.required), (check.name, parameter.name)
            assert f"`{parameter.name}`" in rows


def test_its_numbers_are_those_of_the_code() -> None:
    text = " ".join(PAGE.read_text("utf-8").split())
    assert f"{javascript.LARGEST // 2**20} MiB long. A schema" in text and javascript.SECONDS == 1
    assert f"{schemas.STEPS:,} times" in text and f"{scanning.MOST:,} objects of JSON" in text
    assert f"and {lookups.MOST} addresses" in text and f"{asking.LONGEST // 2**20} MiB long" in text
