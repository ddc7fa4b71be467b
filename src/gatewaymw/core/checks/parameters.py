"""The kinds of parameters that checks take: what a config may say, in words and as a test at load."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from .. import json
from ..errors import ConfigError
from ..values import NOTHING
from .model import Make, Parameter, Tools
from .texts import SCOPES

LONGEST = 10_000
"""Characters of a text."""
MOST = 1_000
"""Entries of a list or an object."""
FARTHEST = 2**53
"""The largest whole number that JSON carries unharmed everywhere."""
MILLISECONDS = 60_000
"""The longest time limit of a check that asks someone."""


def text(name: str, words: str = "", *, required: bool = False, default: Any = None) -> Parameter:
    return Parameter(name, "text", _plain(_text), words, required, default)


def flag(name: str, words: str, default: bool = False) -> Parameter:
    return Parameter(name, "true or false", _plain(_flag), words, False, default)


def whole(name: str, words: str = "", *, required: bool = False, default: Any = None) -> Parameter:
    return Parameter(name, "whole number", _plain(_whole), words, required, default)


def number(name: str, words: str = "", *, required: bool = False, default: Any = None) -> Parameter:
    return Parameter(name, "number", _plain(_number), words, required, default)


def listed(name: str, words: str = "", *, required: bool = False) -> Parameter:
    return Parameter(name, "list of texts", _plain(_texts), words, required)


def commas(name: str, words: str) -> Parameter:
    """A list, or a text with commas."""
    return Parameter(name, "list of texts, or one with commas", _plain(_commas), words, False, ())


def choice(name: str, choices: tuple[str, ...], words: str = "", default: str | None = None) -> Parameter:
    def make(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"is one of {', '.join(choices)}")
        return value

    kind = ", ".join(choices[:-1]) + f" or {choices[-1]}"
    return Parameter(name, kind, _plain(make), words, default is None, default)


def pattern(name: str, words: str) -> Parameter:
    """A pattern without flags, searched in texts."""
    return Parameter(name, "pattern", lambda value, tools, path: tools.regex(_text(value), ""), words, True)


def schema(name: str, words: str) -> Parameter:
    def make(value: Any, tools: Tools, path: str) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError("is a JSON Schema, an object")
        return tools.schema(value)

    return Parameter(name, "JSON Schema", make, words, True)


def address(name: str, words: str) -> Parameter:
    make: Make = lambda value, tools, path: tools.address(_text(value), path)  # noqa: E731
    return Parameter(name, "address", make, words, True)


def fields(name: str, words: str) -> Parameter:
    """Headers, as an object or as the text of one."""
    return Parameter(name, "object of texts, or its JSON", _plain(_fields), words, False, NOTHING)


def within(name: str, words: str, default: int) -> Parameter:
    """A time limit in milliseconds; the check is handed seconds."""

    def make(value: Any) -> float:
        if not 1 <= _whole(value) <= MILLISECONDS:
            raise ValueError(f"is between 1 and {MILLISECONDS} milliseconds")
        return value / 1000  # type: ignore[no-any-return]

    return Parameter(name, "milliseconds", _plain(make), f"{words} ({default})", False, default / 1000)


# ── the tests ────────────────────────────────────────────────────────────


def _plain(make: Callable[[Any], Any]) -> Make:
    """A kind that takes neither tools nor a path."""
    return lambda value, tools, path: make(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        raise ValueError(f"is a text of 1 to {LONGEST} characters")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is true or false")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("is a number")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise ValueError("is a whole number")
    if not 0 <= value <= FARTHEST:
        raise ValueError("is a whole number from 0 on")
    return int(value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST:
        raise ValueError(f"is a list of 1 to {MOST} texts")
    return tuple(_text(each) for each in value)


def _commas(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = split(value)
    return _texts(value)


def split(value: str) -> list[str]:
    """The entries of a text with commas."""
    return [entry for each in value.split(",") if (entry := each.strip())]


def _fields(value: Any) -> Mapping[str, str]:
    if isinstance(value, str):
        value = json.loads(_text(value))
    if not isinstance(value, Mapping) or len(value) > MOST:
        raise ValueError("is an object of names and texts, or the JSON of one")
    return {_token(name): _line(line) for name, line in value.items()}


TOKEN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~")
OURS = frozenset(
    {"host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection"}
)
"""What the gateway says of what it sends."""


def _token(name: str) -> str:
    lower = name.lower()
    if not lower or not TOKEN.issuperset(lower) or lower in OURS:
        raise ValueError("holds a name that is no header's, or one that the gateway sets itself")
    return lower


def _line(value: Any) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or len(value) > LONGEST:
        raise ValueError("holds a value that is no line of ASCII text")
    return value.strip()


def made(parameter: Parameter, value: Any, tools: Tools, path: str) -> Any:
    """What a check is handed for what a config says. Raises ConfigError."""
    fault = "is nothing that can be used"
    try:
        return parameter.make(value, tools, path)
    except ValueError as error:
        fault = str(error)
    raise ConfigError(fault, path=path, code="invalid_check")


# ── those that many checks take ──────────────────────────────────────────

NOT = flag("not", "turns the verdict round")
SCOPE = choice("scope", SCOPES, "which texts are looked at", "last")
OPERATOR = choice("operator", ("any", "all", "none"))
