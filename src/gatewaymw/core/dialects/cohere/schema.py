"""JSON schemas as Cohere's constrained decoding takes them.

It does not know all keywords (https://docs.cohere.com/docs/structured-outputs, "Unsupported schema
features"). Those are told to the model in the description instead, so that it may keep to them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ... import json
from ...errors import BadRequest
from ...values import JSON

DEPTH = 100
"""How deep a schema may nest."""
UNKNOWN = frozenset(
    {
        *("allOf", "not", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains"),
        *("minLength", "maxLength", "minProperties", "maxProperties", "patternProperties", "propertyNames"),
    }
)
FORMATS = frozenset({"date-time", "uuid", "date", "time"})
ANCHORS = re.compile(r"[$^]|\(\?[=!]")
"""What a pattern may not have. A `^` within brackets is taken for one too: the pattern is told, then."""
MANY = frozenset({"anyOf", "prefixItems"})
NAMED = frozenset({"properties", "$defs", "definitions"})
INNER = frozenset({"items", "additionalProperties"})


def enforced(schema: Any, path: str, depth: int = DEPTH) -> Any:
    """A schema that Cohere can enforce, with what it cannot in the descriptions.

    The schema itself is not changed. Raises BadRequest, naming `path`, where it nests too deeply.
    """
    if not isinstance(schema, Mapping):
        return schema
    if not depth:
        raise BadRequest(f"{path} nests deeper than {DEPTH} levels", param=path)
    out: JSON = {}
    told: JSON = {}
    for name, value in schema.items():
        if name == "oneOf" and "anyOf" not in schema:
            out["anyOf"] = inner("anyOf", value, path, depth - 1)
        elif unenforced(name, value):
            told[name] = value
        else:
            out[name] = inner(name, value, path, depth - 1)
    if told:
        words, notes = schema.get("description"), json.dumps(told).decode()
        out["description"] = f"{words}\n\n{notes}" if words and isinstance(words, str) else notes
    return out


def inner(name: str, value: Any, path: str, depth: int) -> Any:
    """The value of one keyword, the schemas in it too."""
    if name in NAMED and isinstance(value, Mapping):
        return {key: enforced(each, path, depth) for key, each in value.items()}
    if name in MANY and isinstance(value, list):
        return [enforced(each, path, depth) for each in value]
    return enforced(value, path, depth) if name in INNER else value


def unenforced(name: str, value: Any) -> bool:
    if name == "format":
        return not isinstance(value, str) or value not in FORMATS
    if name == "pattern":
        return not isinstance(value, str) or ANCHORS.search(value) is not None
    return name in UNKNOWN or name == "oneOf"
