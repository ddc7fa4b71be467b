"""A value that fits a JSON schema, always the same one.

Follows `$ref` within the document, `const`, `enum`, `allOf`, the first of `anyOf` and `oneOf`, and the
bounds of numbers, strings and arrays. Not `pattern`, `not` and conditions: their values may not fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..errors import BadRequest

DEEP = 5
"""From this depth on, only what is required is made: schemas may hold themselves."""
DEEPEST = 40
MOST = 5_000
"""Values made for one schema: those that hold themselves twice would never end."""


class Root(NamedTuple):
    """The document a schema is part of, and how many more values may be made for it."""

    schema: Any
    budget: Iterator[int]


FORMATS = {
    "date-time": "2024-01-01T00:00:00Z",
    "date": "2024-01-01",
    "time": "00:00:00Z",
    "email": "mock@example.com",
    "uri": "https://example.com/mock",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "duration": "P1D",
    "hostname": "example.com",
}


def fitting(schema: Any) -> Any:
    """A value for the schema; None where there is none. Raises BadRequest for one that is malformed."""
    try:
        return value_for(schema, Root(schema, iter(range(MOST))), 0)
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise BadRequest(f"a JSON schema in the request is malformed: {error}") from None


def value_for(schema: Any, root: Root, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > DEEPEST:
        return None
    if next(root.budget, None) is None:
        raise BadRequest(f"a JSON schema in the request needs more than {MOST} values")
    schema = settled(schema, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    make = MAKERS.get(kind_of(schema))
    return make(schema, root, depth + 1) if make else None


def settled(schema: dict[str, Any], root: Root) -> dict[str, Any]:
    """The schema with its references, unions and conjunctions resolved."""
    for _ in range(DEEPEST):
        rest = {
            name: value for name, value in schema.items() if name not in ("$ref", "anyOf", "oneOf", "allOf")
        }
        branches = [
            *([pointed(root.schema, schema["$ref"])] if "$ref" in schema else ()),
            *(schema.get("allOf") or ()),
            *(schema.get("anyOf") or ())[:1],
            *(schema.get("oneOf") or ())[:1],
        ]
        if not branches:
            return schema
        for branch in branches:
            rest = joined(rest, branch) if isinstance(branch, dict) else rest
        schema = rest
    return {}


def joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {**other, **one}
    if "properties" in one and "properties" in other:
        both["properties"] = {**other["properties"], **one["properties"]}
    if "required" in one and "required" in other:
        both["required"] = [*one["required"], *other["required"]]
    return both


def pointed(root: Any, reference: Any) -> Any:
    """What `#/$defs/name` points at; None where it points out of the document or nowhere."""
    at = root
    for step in str(reference).removeprefix("#").split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        at = at.get(step) if isinstance(at, dict) else None
    return at


def kind_of(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    if kind is None:
        kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(kind)


def object_for(schema: dict[str, Any], root: Root, depth: int) -> Any:
    properties = schema.get("properties") or {}
    required = schema.get("required") or []
    names = list(properties) if depth < DEEP else [name for name in properties if name in required]
    made = {name: value_for(properties[name], root, depth) for name in names}
    return {**made, **{name: "mock" for name in required if name not in properties}}


def array_for(schema: dict[str, Any], root: Root, depth: int) -> Any:
    first = [value_for(each, root, depth) for each in schema.get("prefixItems") or ()]
    wanted = max(schema.get("minItems") or 0, 1 if depth < DEEP else 0)
    wanted = min(wanted, schema.get("maxItems", wanted), 100)
    return first + [value_for(schema.get("items", {}), root, depth) for _ in range(wanted - len(first))]


def string_for(schema: dict[str, Any], root: Root, depth: int) -> str:
    text = FORMATS.get(str(schema.get("format")), "mock")
    text = text.ljust(min(schema.get("minLength") or 0, 10_000), "x")
    return text[: schema.get("maxLength")]


def number_for(schema: dict[str, Any], root: Root, depth: int) -> Any:
    return next(filter(bounded(schema), numbers(schema, whole=False)), 1)


def integer_for(schema: dict[str, Any], root: Root, depth: int) -> Any:
    fits = bounded(schema)
    return next((int(each) for each in numbers(schema, whole=True) if each == int(each) and fits(each)), 1)


def numbers(schema: dict[str, Any], whole: bool) -> Iterator[float]:
    """Candidates: small numbers, the bounds, and what lies just within or between them."""
    yield from (1, 0)
    step = schema.get("multipleOf") or (1 if whole else 0.5)
    edges = [schema[name] for name in BOUNDS if isinstance(schema.get(name), int | float)]
    for edge in edges:
        yield from (edge, edge + step, edge - step, math.ceil(edge / step) * step)
        yield from (math.ceil(edge / step + 1) * step, math.floor(edge / step - 1) * step)
    if len(edges) > 1:
        yield sum(edges) / len(edges)


def bounded(schema: dict[str, Any]) -> Callable[[float], bool]:
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
    step = schema.get("multipleOf")

    def fits(value: float) -> bool:
        if not (low <= value <= high and above < value < below):
            return False
        return not step or math.isclose(value / step, round(value / step), abs_tol=1e-9)

    return fits


BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
MAKERS: dict[str, Callable[[dict[str, Any], Root, int], Any]] = {
    "object": object_for,
    "array": array_for,
    "string": string_for,
    "number": number_for,
    "integer": integer_for,
    "boolean": lambda schema, root, depth: True,
}
