"""Writes the tables of checks into guardrails.md, from the registry: `python docs/guardrails.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gatewaymw.core.checks.catalogue import CHECKS
from gatewaymw.core.checks.model import Check, Parameter

PAGE = Path(__file__).with_suffix(".md")
BEGIN, END = "<!-- checks: python docs/guardrails.py -->\n", "<!-- /checks -->\n"
EVERYWHERE = ("not", "scope")
"""Parameters that are told of once, for all checks."""


def rows() -> Iterator[str]:
    yield "| Check | Passes where | `not` | `scope` |"
    yield "|---|---|---|---|"
    checks = sorted(CHECKS.values(), key=lambda check: check.name.lower())
    for check in checks:
        names = [parameter.name for parameter in check.parameters]
        marks = " | ".join("✓" if each in names else "" for each in EVERYWHERE)
        yield f"| `{check.name}` | {check.words} | {marks} |"
    yield ""
    yield "| Parameter | | What it is |"
    yield "|---|---|---|"
    for check in checks:
        yield from told(check)


def told(check: Check) -> Iterator[str]:
    short = check.name.removeprefix("default.")
    for each in check.parameters:
        if each.name not in EVERYWHERE:
            yield f"| `{short}`: `{each.name}` | {need(each)} | {meaning(each)} |"


def need(parameter: Parameter) -> str:
    return "required" if parameter.required else ""


def meaning(parameter: Parameter) -> str:
    return (parameter.kind + (f": {parameter.words}" if parameter.words else "")).replace("|", "\\|")


def written(text: str) -> str:
    """The text, with the tables as they are now between their two marks."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}{chr(10).join(rows())}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
