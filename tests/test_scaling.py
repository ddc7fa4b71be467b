"""The page on many workers: its figures are what the simulation says, and what the simulation says holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "bench"))

from scaling import MARKS, PAGE, WORKERS, Row, picture, rows, tables  # noqa: E402
from tables import Table, markdown  # noqa: E402

FEW = (1, 2, 4, 8)


@pytest.fixture(scope="module")
def made() -> list[Row]:
    return rows(FEW)


def test_the_page_has_what_the_simulation_says(made: list[Row]) -> None:
    page = PAGE.read_text()
    block = page.partition(MARKS[0])[2].partition(MARKS[1])[0]
    for table in tables(made):
        head, *written = [line for line in part_of(block, table).splitlines() if line.startswith("| ")]
        assert len(written) == 1 + len(WORKERS)
        assert [head, *written[: 1 + len(FEW)]] == [
            line for line in markdown(table).splitlines() if line.startswith("| ")
        ]
        assert table.note in block
    assert [int(line.split("|")[1].replace(",", "")) for line in written[1:]] == list(WORKERS)


def part_of(block: str, table: Table) -> str:
    """What is written below one title."""
    return block.partition(f"### {table.title}\n")[2].partition("\n### ")[0]


def test_workers_who_share_send_no_more_to_a_dead_target(made: list[Row]) -> None:
    for row in made:
        assert row.alone.sent == 5 * row.workers and row.alone.probes == row.workers
        assert row.together.sent <= row.alone.sent and row.together.probes == 1
        assert row.together.lookups <= 2 * row.workers + 1


def test_sticky_keys_do_not_depend_on_workers(made: list[Row]) -> None:
    assert len({row.kept for row in made}) == 1
    assert made[0].kept.agreed == 1 and made[0].kept.needless == 0
    assert made[0].kept.moved <= 1 / 8 + 0.02


def test_a_shared_cache_does_not_depend_on_workers_and_others_do(made: list[Row]) -> None:
    assert len({row.hits.shared for row in made}) == 1
    own = [row.hits.own for row in made]
    assert own == sorted(own, reverse=True) and own[0] == made[0].hits.shared > own[-1]


def test_the_picture_is_one(made: list[Row]) -> None:
    drawn = ElementTree.fromstring(picture(made))
    assert len(drawn.findall(".//{*}polyline")) == 6
    assert len(drawn.findall(".//{*}circle")) == 6 * len(FEW)
    ElementTree.parse(PAGE.with_suffix(".svg"))


def test_a_page_without_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no marks")
    command = [sys.executable, "bench/scaling.py", "--write", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "has no <!-- scaling: begin -->" in done.stderr
    assert page.read_text() == "no marks"
