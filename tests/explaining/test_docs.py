"""What docs/explain.md shows is what is printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gatewaymw.cli import main
from gatewaymw.explaining.script import HEADERS, WORDS, outcome_of

PAGE = Path(__file__).parents[2] / "docs" / "explain.md"
TEXT = PAGE.read_text(encoding="utf-8")
JSON = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
SHOWN = re.findall(r"```console\n\$ (gatewaymw .*?)\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in zip(("fallback.json", "stream.json"), JSON, strict=True):
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_a_command_prints_what_the_page_shows(
    command: str, output: str, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out == output


def test_the_python_of_the_page_does_what_it_says(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [text] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(text, str(PAGE), "exec"), {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"  # (.*)$", text, re.MULTILINE)


def test_the_page_lists_all_outcomes_and_settings() -> None:
    rows = dict(re.findall(r"^\| `([^`|]*)` \| (.*) \|$", TEXT, re.MULTILINE))
    assert {name: words for name, words in rows.items() if name in WORDS and name != "ok"} == {
        name: words for name, words in WORDS.items() if name != "ok"
    }
    settings = re.findall(r"`([a-z-]+)=[0-9.]+`", TEXT)
    assert set(settings) == {*HEADERS, "after"}
    assert all(outcome_of(f"429,{name}=1") for name in settings)
