"""The table of checks, and how what a config says of one becomes a check that can be asked.

An id that is not in it, and a parameter that a check does not take, end the loading of a config: a check that
is asked for and not made would let pass what it should stop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from ..errors import ConfigError
from .model import Check, Given, Inquire, Parameter, Prepared, Run, Tools
from .parameters import flag, made

PREFIX = "default."
FAIL_ON_ERROR = flag("failOnError", "an error counts as a failure")

CHECKS: dict[str, Check] = {}
Agree = Callable[[Given], str | None]


def check(name: str, *parameters: Parameter, words: str, agree: Agree | None = None) -> Callable[[Run], Run]:
    """Registers a pure check."""

    def register(run: Run) -> Run:
        _add(Check(name=name, parameters=parameters, words=words, run=run, agree=agree))
        return run

    return register


def inquiry(
    name: str, *parameters: Parameter, words: str, agree: Agree | None = None
) -> Callable[[Inquire], Inquire]:
    """Registers a check that must ask someone: a flow."""

    def register(inquire: Inquire) -> Inquire:
        _add(Check(name=name, parameters=parameters, words=words, inquire=inquire, agree=agree))
        return inquire

    return register


def _add(made: Check) -> None:
    if CHECKS.setdefault(made.name.lower(), made) is not made:
        raise ValueError(f"two checks named {made.name!r}")


def validate(id: Any, parameters: Any, path: str, tools: Tools) -> Prepared:
    """A check of a config, compiled. An id without a dot is one of `default.`; capitals do not matter, as
    the original's own list of checks spells some otherwise than its code.

    Raises ConfigError for an unknown id, for unknown, missing and wrong parameters.
    """
    known = CHECKS.get(_full(id).lower())
    if known is None:
        raise ConfigError(_unknown(id), path=path, code="unknown_check")
    said = NOTHING_SAID if parameters is None else parameters
    if not isinstance(said, Mapping):
        raise ConfigError(f"the parameters of {known.name} are an object", path=path, code="invalid_check")
    _strays(known, said, path)
    given = {each.name: _given(known, each, said, path, tools) for each in known.parameters}
    if known.agree is not None and (fault := known.agree(given)):
        raise ConfigError(fault, path=path, code="invalid_check")
    strict = _given(known, FAIL_ON_ERROR, said, path, tools)
    return Prepared(known, given, strict)


NOTHING_SAID: Mapping[str, Any] = {}


def _full(id: Any) -> str:
    if not isinstance(id, str):
        return ""
    return id if "." in id else PREFIX + id


def _unknown(id: Any) -> str:
    if not isinstance(id, str):
        return "the id of a check is a text"
    near = get_close_matches(_full(id)[:64].lower(), CHECKS, 1)
    hint = f"did you mean {CHECKS[near[0]].name}?" if near else "docs/guardrails.md lists those there are"
    return f"there is no check {id[:64]!a}; {hint}"


def _strays(known: Check, said: Mapping[str, Any], path: str) -> None:
    names = [each.name for each in known.parameters] + [FAIL_ON_ERROR.name]
    stray = next((name for name in said if name not in names), None)
    if stray is not None:
        takes = ", ".join(names)
        shown = str(stray)[:64]
        raise ConfigError(
            f"{known.name} takes no {shown!a}; it takes {takes}", path=path, code="invalid_check"
        )


def _given(known: Check, parameter: Parameter, said: Mapping[str, Any], path: str, tools: Tools) -> Any:
    value = said.get(parameter.name)
    if value is not None:
        return made(parameter, value, tools, f"{path}.{parameter.name}")
    if parameter.required:
        raise ConfigError(
            f"{known.name} needs {parameter.name}: {parameter.kind}", path=path, code="invalid_check"
        )
    return parameter.default
