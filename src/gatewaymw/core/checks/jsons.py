"""Checks of the JSON in a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .findings import empty, found, unjudged
from .model import Finding, Given, Subject
from .parameters import NOT, OPERATOR, SCOPE, listed, schema
from .registry import check
from .scanning import values

NONE = "there is no JSON in the text"


@check(
    "default.jsonSchema",
    schema("schema", "of draft 2020-12; what it refers to is within it"),
    NOT,
    SCOPE,
    words="some JSON in the text is as the schema says; without any JSON, never",
)
def json_schema(subject: Subject, given: Given) -> Finding:
    said, inverted = subject.inspected(given["scope"]), given["not"]
    if not said:
        return empty()
    try:
        there = values(said)
        valid = any(given["schema"](value) for value in there)
    except ValueError as error:
        return unjudged(str(error), said)
    if not there:
        return found(False, NONE, said, **{"not": inverted})
    words = f"{'some' if valid else 'no'} JSON in the text is as the schema says"
    return found(valid != inverted, words, said, **{"not": inverted})


@check(
    "default.jsonKeys",
    listed("keys", "at the top of an object", required=True),
    OPERATOR,
    SCOPE,
    words="an object of JSON in the text has any or all of the keys, or none has one of them; without, never",
)
def json_keys(subject: Subject, given: Given) -> Finding:
    said, operator = subject.inspected(given["scope"]), given["operator"]
    if not said:
        return empty()
    try:
        there = [value for value in values(said) if isinstance(value, Mapping)]
    except ValueError as error:
        return unjudged(str(error), said)
    if not there:
        return found(False, NONE, said, operator=operator)
    best = max(there, key=lambda value: len(_held(value, given)))
    held = _held(best, given)
    missing = [key for key in given["keys"] if key not in best]
    verdict = {"any": bool(held), "all": not missing, "none": not held}[operator]
    words = f"{len(held)} of the keys are there, where {operator} should be"
    return found(verdict, words, said, presentKeys=held, missingKeys=missing, operator=operator)


def _held(value: Mapping[str, Any], given: Given) -> list[str]:
    return [key for key in given["keys"] if key in value]
