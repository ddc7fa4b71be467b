"""JSON Schemas of checks, by the library `jsonschema` (the extra `checks`), kept within bounds.

The library has the keywords; what is ours is that nothing is fetched, that patterns run in linear time, and
that each keyword counts: a schema of a few lines can ask for more steps than there are atoms. That is why it
is this library and not a faster one in another language, whose steps cannot be counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from types import NoneType
from typing import Any, TypeAlias

from ..core import json
from ..core.checks.model import Valid

STEPS = 30_000
"""Keywords that are looked at, and items that are compared, for one value."""
DEEPEST = 128
"""Keywords within each other."""
LEFT: ContextVar[list[int]] = ContextVar("steps left")
SCALARS = (str, int, float, NoneType)
Search: TypeAlias = Callable[[str], bool]
Keyword: TypeAlias = Callable[[Any, Any, Any, Any], Any]


def schema(value: Mapping[str, Any], regex: Callable[[str], Search]) -> Valid:
    """What tells whether a value is as a schema of draft 2020-12 says. Raises ValueError."""
    try:
        import jsonschema
        from referencing import Registry
    except ImportError:
        raise ValueError("needs jsonschema: the operator installs gatewaymw[checks]") from None
    said = json.loads(json.dumps(value))
    patterns: dict[str, Search] = {}
    look(said, regex, patterns)
    draft = jsonschema.Draft202012Validator
    try:
        draft.check_schema(said, format_checker=jsonschema.FormatChecker(formats=()))
        fault = ""
    except jsonschema.SchemaError as error:
        fault = f"is no JSON Schema: {error.message[:200]}"
    except RecursionError:
        fault = "is nested too deeply"
    if fault:
        raise ValueError(fault)
    keywords = {**draft.VALIDATORS, **searching(patterns)}
    counting = {name: counted(name, keyword) for name, keyword in keywords.items()}
    validator: Any = jsonschema.validators.extend(draft, counting)  # type: ignore[no-untyped-call]
    return bounded(validator(said, registry=Registry()).is_valid)


def look(value: Any, regex: Callable[[str], Search], patterns: dict[str, Search]) -> None:
    """Compiles the patterns of a schema. Raises ValueError for one, and for what the schema may not hold."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        if not isinstance(value, dict):
            continue
        waiting += value.values()
        named = value.get("patternProperties")
        found = list(named) if isinstance(named, dict) else []
        if isinstance(value.get("pattern"), str):
            found.append(value["pattern"])
        patterns.update({each: regex(each) for each in found})
        if found and "unevaluatedProperties" in value:
            raise ValueError("may not hold patternProperties beside unevaluatedProperties")
        for name in ("$ref", "$dynamicRef"):
            if isinstance(value.get(name), str) and not value[name].startswith("#"):
                raise ValueError(f"refers to {value[name][:100]!a}: {name} must lead into the schema (#/…)")


def bounded(valid: Valid) -> Valid:
    """The same, with so many steps for each value."""
    from referencing.exceptions import Unresolvable

    def judge(value: Any) -> bool:
        before = LEFT.set([STEPS, DEEPEST])
        try:
            return valid(value)
        except Unresolvable:
            fault = "the schema refers to something that is not in it"
        except RecursionError:
            fault = "the schema or the JSON is nested too deeply"
        finally:
            LEFT.reset(before)
        raise ValueError(fault)

    return judge


def spend(steps: int) -> None:
    left = LEFT.get()
    left[0] -= steps
    if left[0] < 0:
        raise ValueError(f"the schema asks for more than {STEPS} steps to look at the JSON")


def counted(name: str, keyword: Keyword) -> Keyword:
    """A keyword that counts what it looks at; to find a double, each item is compared with each other."""

    def run(validator: Any, said: Any, instance: Any, whole: Any) -> Iterator[Any]:
        many = len(instance) if isinstance(instance, list | dict) else 1
        if name == "uniqueItems" and many > 1 and not all(isinstance(each, SCALARS) for each in instance):
            many *= many
        spend(1 + many // 16)
        left = LEFT.get()
        left[1] -= 1
        if left[1] < 0:
            raise RecursionError  # before Python's own, which what the library is made of does not survive
        yield from keyword(validator, said, instance, whole) or ()
        left[1] += 1

    return run


def searching(patterns: Mapping[str, Search]) -> dict[str, Keyword]:
    """The keywords with patterns, which the library would search by Python's `re`."""
    from jsonschema.exceptions import ValidationError

    def pattern(validator: Any, said: Any, instance: Any, whole: Any) -> Iterator[Any]:
        if isinstance(instance, str) and not patterns[said](instance):
            yield ValidationError("does not match")

    def pattern_properties(validator: Any, said: Any, instance: Any, whole: Any) -> Iterator[Any]:
        for source, inner in said.items() if isinstance(instance, dict) else ():
            for name, value in instance.items():
                if patterns[source](name):
                    yield from validator.descend(value, inner)

    def additional(validator: Any, said: Any, instance: Any, whole: Any) -> Iterator[Any]:
        known = whole.get("properties", {})
        named = [patterns[source] for source in whole.get("patternProperties", ())]
        for name, value in instance.items() if isinstance(instance, dict) else ():
            if name not in known and not any(search(name) for search in named):
                yield from validator.descend(value, said)

    return {"pattern": pattern, "patternProperties": pattern_properties, "additionalProperties": additional}
