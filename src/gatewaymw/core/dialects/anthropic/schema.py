"""JSON schemas as Anthropic's constrained decoding takes them.

It refuses what it cannot enforce (https://platform.claude.com/docs/en/build-with-claude/structured-outputs,
"JSON Schema limitations"): objects must be closed, numbers and lengths cannot be bounded. Bounds are told
to the model in the description instead, so that it may keep to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import json
from ...errors import BadRequest
from ...values import JSON

DEPTH = 100
"""How deep a schema may nest. Anthropic's own limit is far below."""

BOUNDS = frozenset(
    {
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "maxItems", "uniqueItems", "contains", "minContains", "maxContains"),
        *("minProperties", "maxProperties", "patternProperties", "propertyNames", "not"),
    }
)
"""Keywords that cannot be enforced. `minItems` can, as far as 0 and 1 go."""
FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
MANY = frozenset({"anyOf", "allOf", "oneOf", "prefixItems"})
NAMED = frozenset({"properties", "$defs", "definitions"})


def closed(schema: Any, path: str, depth: int = DEPTH) -> Any:
    """A schema that Anthropic enforces: its objects closed, its bounds moved to the descriptions.

    The schema itself is not changed. Raises BadRequest, naming `path`, where it nests too deeply.
    """
    if not isinstance(schema, Mapping):
        return schema
    if not depth:
        raise BadRequest(f"{path} nests deeper than {DEPTH} levels", param=path)
    out: JSON = {}
    told: JSON = {}
    for name, value in schema.items():
        if unenforced(name, value):
            told[name] = value
        else:
            out[name] = inner(name, value, path, depth - 1)
    if "oneOf" in out and "anyOf" not in out:
        out["anyOf"] = out.pop("oneOf")
    if object_like(out):
        out["additionalProperties"] = False
    if told:
        words, notes = schema.get("description"), noted(told)
        out["description"] = f"{words}\n\n{notes}" if words and isinstance(words, str) else notes
    return out


def noted(told: Mapping[str, Any]) -> str:
    """What cannot be enforced, in the words of Anthropic's own SDKs: `{minimum: 1, maximum: 9}`."""
    plain = str | int | float
    written = (value if isinstance(value, plain) else json.dumps(value).decode() for value in told.values())
    return "{" + ", ".join(f"{name}: {value}" for name, value in zip(told, written, strict=True)) + "}"


def inner(name: str, value: Any, path: str, depth: int) -> Any:
    """The value of one keyword, the schemas in it closed too."""
    if name in NAMED and isinstance(value, Mapping):
        return {key: closed(each, path, depth) for key, each in value.items()}
    if name in MANY and isinstance(value, list):
        return [closed(each, path, depth) for each in value]
    return closed(value, path, depth) if name == "items" else value


def unenforced(name: str, value: Any) -> bool:
    if name == "minItems":
        return value not in (0, 1)
    if name == "format":
        return not isinstance(value, str) or value not in FORMATS
    if name == "additionalProperties":
        return isinstance(value, Mapping)
    return name in BOUNDS


def object_like(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or "properties" in schema or (isinstance(kind, list) and "object" in kind)
