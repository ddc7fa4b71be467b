"""The query language of conditional routing, compiled once and asked for every call.

A query is an object; all its clauses must hold. A clause is one of

- a path and a value, which must be equal: `{"metadata.plan": "pro"}`
- a path and operators, all of which must hold: `{"params.temperature": {"$gt": 0, "$lte": 1}}`
- `$and` or `$or` and a list of queries

and a path is `metadata.KEY`, `params.KEY` (further into the body by dots, list items by number:
`params.messages.0.role`) or `url.pathname`.

What is not there equals nothing, so that `$ne` and `$nin` hold and every other operator does not.
Equality knows types: 1 is 1.0, but neither "1" nor true. The four comparisons take numbers, and
strings that spell one; they hold for nothing else. `$regex` finds its pattern anywhere in a string.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from operator import ge, gt, le, lt
from typing import Any, TypeAlias

from ..errors import ConfigError
from ..values import Call

MAX_DEPTH = 16
MAX_CLAUSES = 256
LONGEST_NUMBER = 64

Test: TypeAlias = Callable[[Call], bool]
Reader: TypeAlias = Callable[[Call], Any]
Judge: TypeAlias = Callable[[Any], bool]
Regex: TypeAlias = Callable[[str], Callable[[str], bool]]
"""Compiles a pattern; the result tells whether a text holds it. Raises ValueError for a bad one."""


class Missing:
    """The value of a path that leads nowhere."""


MISSING = Missing()


def compile_query(query: Any, regex: Regex, *, path: str = "query", prefix: str = "/v1") -> Test:
    """The test a query stands for. It never raises, whatever the call holds.

    `prefix` is what `url.pathname` has before the call's own path. Raises ConfigError, naming the
    clause below `path`, for what is not in the language and for more than 256 clauses or 16 levels.
    """
    return _query(query, regex, path, prefix, iter(range(MAX_CLAUSES)), 1)


def sole_text(query: Mapping[str, Any]) -> tuple[str, str] | None:
    """The path and the text of a query that asks no more than whether the one is the other."""
    if len(query) != 1:
        return None
    [(path, value)] = query.items()
    if isinstance(value, Mapping) and len(value) == 1:
        value = value.get("$eq")
    return (path, value) if isinstance(value, str) else None


def reader(path: str, prefix: str = "/v1") -> Reader:
    """What a path of a query reads. Raises ConfigError for one that there is not."""
    return _reader(path, path, prefix)


def _query(query: Any, regex: Regex, path: str, prefix: str, budget: Iterator[int], depth: int) -> Test:
    if not isinstance(query, Mapping):
        raise ConfigError("a query is an object of paths and values", path=path)
    if depth > MAX_DEPTH:
        raise ConfigError(f"queries may be nested {MAX_DEPTH} deep", path=path)
    tests: list[Test] = []
    for key, value in query.items():
        where = _below(path, key)
        _spend(budget, where)
        if key in ("$and", "$or"):
            tests.append(_logical(key, value, regex, where, prefix, budget, depth))
        else:
            tests.append(_clause(_reader(key, where, prefix), _judges(value, regex, where, budget)))
    return _all(tuple(tests))


def _logical(
    key: str, queries: Any, regex: Regex, path: str, prefix: str, budget: Iterator[int], depth: int
) -> Test:
    if not isinstance(queries, Sequence) or isinstance(queries, str) or not queries:
        raise ConfigError("takes a list of one or more queries", path=path)
    tests = tuple(
        _query(query, regex, f"{path}[{i}]", prefix, budget, depth + 1) for i, query in enumerate(queries)
    )
    return _all(tests) if key == "$and" else lambda call: any(test(call) for test in tests)


def _all(tests: tuple[Test, ...]) -> Test:
    return tests[0] if len(tests) == 1 else lambda call: all(test(call) for test in tests)


def _clause(read: Reader, judges: tuple[Judge, ...]) -> Test:
    if len(judges) == 1:
        judge = judges[0]
        return lambda call: judge(read(call))

    def test(call: Call) -> bool:
        value = read(call)
        return all(judge(value) for judge in judges)

    return test


def _below(path: str, key: Any) -> str:
    plain = isinstance(key, str) and len(key) <= 64 and key.isascii() and key.isprintable()
    return f"{path}.{key}" if plain else path


def _spend(budget: Iterator[int], path: str) -> None:
    if next(budget, None) is None:
        raise ConfigError(f"a query may have {MAX_CLAUSES} clauses", path=path)


# ── what a path reads ────────────────────────────────────────────────────


def _reader(key: Any, path: str, prefix: str) -> Reader:
    if key == "url.pathname":
        return lambda call: prefix + call.path
    root, _, rest = key.partition(".") if isinstance(key, str) else ("", "", "")
    if rest and root == "metadata":
        return lambda call: call.metadata.get(rest, MISSING)
    if rest and root == "params":
        steps = tuple(rest.split("."))
        return lambda call: _walk(call.body, steps)
    raise ConfigError("conditions read metadata.KEY, params.KEY or url.pathname", path=path)


def _walk(value: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        if isinstance(value, Mapping):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and step.isascii() and step.isdigit() and len(step) < 10:
            index = int(step)
            value = value[index] if index < len(value) else MISSING
        else:
            return MISSING
    return value


# ── what is asked of it ──────────────────────────────────────────────────


def _judges(value: Any, regex: Regex, path: str, budget: Iterator[int]) -> tuple[Judge, ...]:
    if isinstance(value, list | tuple):
        raise ConfigError("a list equals nothing here; for one of several values write $in", path=path)
    if not isinstance(value, Mapping):
        return (_equals(value),)
    if not value:
        raise ConfigError("names no operator", path=path)
    judges: list[Judge] = []
    for name, operand in value.items():
        if name not in OPERATORS:
            raise ConfigError(_unknown(name), path=path)
        _spend(budget, path)
        judges.append(_judge(name, operand, regex, path))
    return tuple(judges)


def _judge(name: str, operand: Any, regex: Regex, path: str) -> Judge:
    try:
        return OPERATORS[name](operand, regex)
    except ValueError as error:
        fault = str(error)
    raise ConfigError(fault, path=f"{path}.{name}")


def _unknown(name: Any) -> str:
    near = get_close_matches(str(name)[:16], OPERATORS, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(OPERATORS)}, $and and $or"
    return f"unknown operator {str(name)[:32]!a}; {hint}"


def _same(left: Any, right: Any) -> bool:
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def _equals(operand: Any) -> Judge:
    if isinstance(operand, str):
        return lambda value: value == operand
    return lambda value: _same(value, operand)


def _not(judge: Judge) -> Judge:
    return lambda value: not judge(value)


def _in(operand: Any) -> Judge:
    if not isinstance(operand, list | tuple):
        raise ValueError("takes a list of values")
    if all(isinstance(item, str) for item in operand):
        texts = frozenset(operand)
        return lambda value: isinstance(value, str) and value in texts
    return lambda value: any(_same(value, item) for item in operand)


def _compares(relation: Callable[[float, float], bool], operand: Any) -> Judge:
    bound = number(operand)
    if math.isnan(bound):
        raise ValueError("takes a number")
    return lambda value: relation(number(value), bound)


def _matches(operand: Any, regex: Regex) -> Judge:
    if not isinstance(operand, str):
        raise ValueError("takes a pattern, a string")
    search = regex(operand)
    return lambda value: isinstance(value, str) and search(value)


def number(value: Any) -> float:
    """The number a value is or spells; NaN, which compares to nothing, where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    if isinstance(value, str) and len(value) > LONGEST_NUMBER:
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


OPERATORS: Mapping[str, Callable[[Any, Regex], Judge]] = {
    "$eq": lambda operand, regex: _equals(operand),
    "$ne": lambda operand, regex: _not(_equals(operand)),
    "$gt": lambda operand, regex: _compares(gt, operand),
    "$gte": lambda operand, regex: _compares(ge, operand),
    "$lt": lambda operand, regex: _compares(lt, operand),
    "$lte": lambda operand, regex: _compares(le, operand),
    "$in": lambda operand, regex: _in(operand),
    "$nin": lambda operand, regex: _not(_in(operand)),
    "$regex": _matches,
}
