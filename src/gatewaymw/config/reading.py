"""From whatever a config is handed in as to a checked model: bounded, detached, its faults with paths."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, time
from typing import Any, NamedTuple, TypeVar, cast

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from ..core.errors import ConfigError
from ..core.values import Secret
from .models import BRANCH, LEAF

T = TypeVar("T")

DEEPEST = 100
"""Objects and lists within each other, wherever in a config."""


class Bounds(NamedTuple):
    """How large a config may be."""

    values: int
    """Items of all objects and lists together."""
    targets: int
    levels: int = 16


OPERATOR = Bounds(values=1_000_000, targets=1024)
CALLER = Bounds(values=8192, targets=64)


def shown(name: str) -> str:
    """A name out of a config, fit for a message or a header: cut, in quotes, ASCII."""
    return json.dumps(name if len(name) <= 64 else name[:64] + "...")


def join(path: str, step: str | int) -> str:
    if isinstance(step, int):
        return f"{path}[{step}]"
    simple = step.isascii() and step.isidentifier() and len(step) <= 64
    if not simple:
        return f"{path}[{shown(step)}]"
    return f"{path}.{step}" if path else step


# ── any value, as plain data ─────────────────────────────────────────────


def plain(value: Any, path: str, bounds: Bounds) -> Any:
    """A copy in dicts, lists and scalars; secrets and functions stay as they are.

    Raises ConfigError, with the path, for what no config can hold, and for more than its bounds.
    """
    return _plain(value, path, [bounds.values], DEEPEST)


def _plain(value: Any, path: str, left: list[int], depth: int) -> Any:
    if type(value) in (str, int, bool, type(None)):
        return value
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        left[0] -= len(value)
        if depth == 0 or left[0] < 0:
            raise ConfigError("is nested too deeply" if depth == 0 else "is too large", path=path)
        if isinstance(value, Mapping):
            return {
                _key(key, path): _plain(item, join(path, key), left, depth - 1) for key, item in value.items()
            }
        return [_plain(item, f"{path}[{index}]", left, depth - 1) for index, item in enumerate(value)]
    return _scalar(value, path)


def _key(key: Any, path: str) -> str:
    if not isinstance(key, str):
        raise ConfigError("the keys of a config are strings", path=path)
    return str.__str__(key)


def _scalar(value: Any, path: str) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ConfigError("must be a finite number", path=path)
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Secret | SecretStr) or callable(value):
        return value
    if isinstance(value, date | time):
        # YAML and TOML read one where a text was meant: `api_version: 2024-10-21`.
        return value.isoformat()
    raise ConfigError(f"cannot be a {type(value).__name__}", path=path)


# ── plain data, as a model ───────────────────────────────────────────────

WORDS = {
    "missing": "is required",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "tuple_type": "must be a list",
    "frozen_set_type": "must be a list",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
}


def validated(value: Any, path: str, adapter: TypeAdapter[T]) -> tuple[T, list[ConfigError]]:
    """The model of plain data; or nothing, and what keeps it from being one, with no value in the words."""
    if not isinstance(value, dict):
        return cast(T, None), [ConfigError("must be an object", path=path)]
    try:
        return adapter.validate_python(value), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
    return cast(T, None), [_fault(detail["type"], detail["loc"], detail["msg"], path) for detail in details]


def _fault(kind: str, steps: tuple[int | str, ...], message: str, path: str) -> ConfigError:
    for step in steps:
        path = path if step in (LEAF, BRANCH) else join(path, step)
    words = message.removeprefix("Value error, ").removeprefix("Input ").replace("should", "must", 1)
    return ConfigError(WORDS.get(kind, words[:1].lower() + words[1:]), path=path)
