"""Configs in files: three formats, what stands beside a config, and what a bad file is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from books import plan
from pydantic import BaseModel

from gatewaymw.config import load, split
from gatewaymw.config.models import Leaf
from gatewaymw.core.errors import ConfigError

CONFIG = {
    "strategy": {"mode": "fallback", "on_status_codes": [429, 500]},
    "targets": [
        {"provider": "openai", "api_key": "env:KEY", "request_timeout": 1500},
        {"provider": "azure-openai", "resource_name": "r", "api_version": "2024-10-21"},
    ],
}
TOML = """
[strategy]
mode = "fallback"
on_status_codes = [429, 500]

[[targets]]
provider = "openai"
api_key = "env:KEY"
request_timeout = 1500

[[targets]]
provider = "azure-openai"
resource_name = "r"
api_version = 2024-10-21
"""
YAML = """
strategy: {mode: fallback, on_status_codes: [429, 500]}
targets:
  - provider: openai
    api_key: env:KEY
    request_timeout: 1500
  - provider: azure-openai
    resource_name: r
    api_version: 2024-10-21
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.json", json.dumps(CONFIG)),
        ("c.toml", TOML),
        ("c.yaml", YAML),
        ("C.YML", YAML),
        ("é.json", json.dumps(CONFIG)),
    ],
)
def test_a_config_is_the_same_in_every_format(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    for path in (tmp_path / name, str(tmp_path / name)):
        assert plan(load(path)) == plan(CONFIG)


class Mine(BaseModel):
    provider: str = "openai"


def test_what_is_no_file_is_taken_as_it_is() -> None:
    assert load(None) == {} and load(CONFIG) == CONFIG and load(json.dumps(CONFIG)) == CONFIG
    assert load(Mine()) == {"provider": "openai"}
    assert plan(load(Leaf(provider="openai", request_timeout=5))) == plan(
        {"provider": "openai", "requestTimeout": 5}
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("c.json", '{"api_key": "sk-canary"', "c.json cannot be read"),
        ("c.json", "[1]", "holds no table"),
        ("c.toml", 'api_key = "sk-canary', "c.toml cannot be read"),
        ("c.toml", "x = sk-canary", "c.toml cannot be read"),
        ("c.yaml", "a: b\napi_key: 'sk-canary\n", "line 3, column 1"),
        ("c.yaml", "api_key: !!python/object:sk-canary {}", "line 1, column 10"),
        ("c.yaml", "a: \x00sk-canary", "c.yaml cannot be read"),
        ("c.yaml", "[" * 600, "c.yaml cannot be read"),
        ("c.yaml", "sk-canary", "holds no table"),
        ("c.ini", "sk-canary", "is none of them"),
        ("c.json", " " * (4 * 2**20 + 1), "larger than"),
    ],
    ids=range(11),
)
def test_a_bad_file_is_told_its_place_and_not_shown(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / name)
    assert words in caught.value.message
    assert "canary" not in f"{caught.value!r}" and str(tmp_path) not in caught.value.message


@pytest.mark.untraced  # it grows far before it is too large
def test_a_file_that_grows_when_it_is_read_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    loaded = load(tmp_path / "bomb.yaml")
    with pytest.raises(ConfigError, match="too large"):
        plan(loaded)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "no.json", "no\0.json", tmp_path):
        with pytest.raises(ConfigError):
            load(path)


def test_a_broken_text_is_not_taken_for_a_path() -> None:
    with pytest.raises(ConfigError, match="this text cannot be read") as caught:
        load('{"api_key": "sk-canary"')
    assert "canary" not in caught.value.message


def test_without_pyyaml_the_error_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(YAML)
    program = "import sys; sys.modules['yaml'] = None\nfrom gatewaymw.config import load\nload(sys.argv[1])"
    command = [sys.executable, "-c", program, str(tmp_path / "c.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "gatewaymw[yaml]" in done.stderr


BESIDE = {"virtual_keys": {"k": {"provider": "openai"}}, "trusted_custom_hosts": ["localhost"], "max_body": 5}


@pytest.mark.parametrize("loaded", [{**CONFIG, **BESIDE}, {"config": CONFIG, **BESIDE}])
def test_tables_may_stand_beside_a_config(loaded: dict[str, Any]) -> None:
    assert split(loaded) == (CONFIG, BESIDE)


def test_a_file_may_hold_tables_alone() -> None:
    assert split(BESIDE) == ({}, BESIDE) == split({"config": None, **BESIDE})


def test_keys_beside_a_table_config_that_are_no_tables_are_refused() -> None:
    with pytest.raises(ConfigError, match="retry, targets"):
        split({"config": CONFIG, "targets": [], "retry": {}})
    assert split({"config": CONFIG, "limits": 1}, {"limits"}) == (CONFIG, {"limits": 1})
