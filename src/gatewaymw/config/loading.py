"""A config from wherever the operator keeps it, and what stands beside it in a file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ..core import json
from ..core.errors import ConfigError

LARGEST = 4 * 2**20
"""Bytes of a file."""
TABLES = frozenset(
    {
        *("virtual_keys", "configs", "auth", "caller_config", "max_body", "trusted_custom_hosts"),
        *("fetch_media", "health", "store", "transport"),
    }
)
"""What may stand beside a config in its file: keywords of the gateway."""


def load(config: str | Path | Mapping[str, Any] | BaseModel | None) -> Mapping[str, Any]:
    """What is configured: a mapping, a model's content, or that of a .json, .toml, .yaml or .yml file.

    Nothing but the file itself is read: `env:` and `file:` stay as they are written. None is the
    empty config. Raises ConfigError; of what a file holds its words say no more than the place.
    """
    if config is None:
        return {}
    if isinstance(config, BaseModel):
        return config.model_dump()
    if isinstance(config, Mapping):
        return config
    if isinstance(config, str) and config.lstrip().startswith("{"):
        return _table(json.loads, config.encode(), "this text")
    file = Path(config)
    return _table(_reader(file), _read(file), file.name)


def split(
    loaded: Mapping[str, Any], tables: Collection[str] = TABLES
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """The config, and the tables beside it.

    The config is the table `config`, or else all keys that are no tables. Raises ConfigError where
    keys stand beside a `config` that are neither.
    """
    beside = {key: value for key, value in loaded.items() if key in tables}
    rest = {key: value for key, value in loaded.items() if key not in tables}
    if "config" not in rest:
        return rest, beside
    if len(rest) > 1:
        strays = ", ".join(sorted(str(key)[:64] for key in rest if key != "config"))
        raise ConfigError(f"these keys belong into the table config, or are unknown: {strays}", path="file")
    return rest["config"] or {}, beside


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except (OSError, ValueError):
        data = None
    if data is None:
        raise ConfigError(f"there is no file {file.name[:128]!a} that can be read")
    if len(data) > LARGEST:
        raise ConfigError(f"{file.name} is larger than {LARGEST} bytes")
    return data


def _reader(file: Path) -> Callable[[bytes], Any]:
    readers: dict[str, Callable[[bytes], Any]] = {
        ".json": json.loads,
        ".toml": _toml,
        ".yaml": _yaml,
        ".yml": _yaml,
    }
    if file.suffix.lower() in readers:
        return readers[file.suffix.lower()]
    raise ConfigError(f"a config file is {', '.join(readers)}; {file.name[:128]!a} is none of them")


def _toml(data: bytes) -> Any:
    return tomllib.loads(data.decode())


def _yaml(data: bytes) -> Any:
    try:
        import yaml
    except ImportError:
        yaml = None  # type: ignore[assignment]
    if yaml is None:
        raise ConfigError("YAML needs PyYAML: install gatewaymw[yaml], or write JSON or TOML")
    try:
        return yaml.safe_load(data)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        # Its own words quote the line, which may hold a key.
        raise ValueError(f"line {mark.line + 1}, column {mark.column + 1}" if mark else "no YAML") from None


def _table(read: Callable[[bytes], Any], data: bytes, name: str) -> Mapping[str, Any]:
    value, fault = None, ""
    try:
        value = read(data)
    except (ValueError, RecursionError) as error:
        fault = str(error)[:200] or type(error).__name__
    if fault:
        raise ConfigError(f"{name} cannot be read: {fault}")
    if not isinstance(value, Mapping):
        raise ConfigError(f"{name} holds no table of keys")
    return value
