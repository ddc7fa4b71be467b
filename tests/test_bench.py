"""That `make bench` runs: each part of it, as short as can be. What it measures is not judged here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = "# Figures\n\n<!-- figures: begin -->\nold\n<!-- figures: end -->\n\nThe end.\n"
PARTS = {
    "servers": ("gateway to Anthropic", "request, 64 clients", "event, streams paced, 16 clients"),
    "pieces": ("machine alone", "config by header, seen before", "host's own route"),
    "imports": ("import gatewaymw", "MiB resident"),
    "leaving": ("2 streams", "longest, ms"),
}


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "bench/run.py", "--quick", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.timeout(240)  # it pins processes to the processors that other tests use meanwhile
@pytest.mark.parametrize("part", PARTS)
def test_a_part_prints_its_figures_and_writes_them_between_the_marks(part: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    done = bench("--only", part, "--write", str(page))
    assert done.returncode == 0, done.stderr
    written = page.read_text()
    for words in PARTS[part]:
        assert words in done.stdout and words in written
    assert re.search(r"^\| .*\d\.\d+.* \|$", written, re.MULTILINE)
    assert written.startswith("# Figures\n\n<!-- figures: begin -->\n")
    assert written.endswith("\n<!-- figures: end -->\n\nThe end.\n") and "old" not in written


def test_a_page_without_marks_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no marks here")
    done = bench("--write", str(page))
    assert done.returncode == 1 and "has no <!-- figures: begin -->" in done.stderr
    assert (done.stdout, page.read_text()) == ("", "no marks here")


def test_the_docs_have_a_place_for_the_figures() -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    assert page.count("<!-- figures: begin -->") == page.count("<!-- figures: end -->") == 1
