"""JSON schemas as Gemini takes them: whole, but for what it passes over.

Functions and answers may be described by a JSON schema (`parametersJsonSchema`, `responseJsonSchema`), of
which Gemini heeds a part (https://ai.google.dev/api/generate-content#generationconfig, `responseJsonSchema`):
references, unions, closed objects and lists of types among it. A constant becomes an enum of one; what else
it does not heed is told to the model in the description instead. Beside a reference nothing else may stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import json
from ...errors import BadRequest
from ...values import JSON

DEPTH = 100
"""How deep a schema may nest."""
HEEDED = frozenset(
    {
        *("$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items"),
        *("prefixItems", "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties"),
        *("additionalProperties", "required", "propertyOrdering"),
    }
)
SILENT = frozenset({"$schema", "$comment", "discriminator", "examples", "example", "deprecated", "strict"})
"""Keywords that ask nothing of an answer."""
MANY = frozenset({"anyOf", "oneOf", "prefixItems"})
NAMED = frozenset({"properties", "$defs"})
INNER = frozenset({"items", "additionalProperties"})


def heeded(schema: Any, path: str, depth: int = DEPTH) -> Any:
    """A schema that Gemini heeds, what it would pass over told in the descriptions.

    The schema itself is not changed. Raises BadRequest, naming `path`, where it nests too deeply.
    """
    if not isinstance(schema, Mapping):
        return schema
    if not depth:
        raise BadRequest(f"{path} nests deeper than {DEPTH} levels", param=path)
    if isinstance(schema.get("$ref"), str):
        return referring(schema, path, depth)
    return described(*parted(settled(schema), path, depth - 1))


def parted(schema: Mapping[str, Any], path: str, depth: int) -> tuple[JSON, JSON]:
    """What is heeded of a schema, and what is to be told."""
    out = {name: inner(name, value, path, depth) for name, value in schema.items() if name in HEEDED}
    told = {name: value for name, value in schema.items() if name not in HEEDED and name not in SILENT}
    return out, told


def referring(schema: Mapping[str, Any], path: str, depth: int) -> JSON:
    """A reference, alone with what may stand beside it; anything else moves around it, to a union of one."""
    target = schema["$ref"].replace("#/definitions/", "#/$defs/", 1)
    rest = {name: value for name, value in settled(schema).items() if name not in SILENT and name != "$ref"}
    if all(name[:1] == "$" for name in rest):
        return {"$ref": target, **{name: inner(name, value, path, depth - 1) for name, value in rest.items()}}
    parts = rest.get("allOf")
    whole = {**rest, "allOf": [*(parts if isinstance(parts, list) else ()), {"$ref": target}]}
    return described(*parted(settled(whole), path, depth - 1))


def settled(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema said in other words: a constant, OpenAPI's `nullable`, `allOf` of one, old `definitions`."""
    out = dict(schema)
    if "const" in out and "enum" not in out:
        out["enum"] = [out.pop("const")]
    if out.pop("nullable", False) is True and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    if isinstance(parts := out.get("allOf"), list) and len(parts) == 1 and "anyOf" not in out:
        out["anyOf"] = out.pop("allOf")
    if isinstance(old := out.get("definitions"), Mapping):
        del out["definitions"]
        out["$defs"] = {**old, **(out["$defs"] if isinstance(out.get("$defs"), Mapping) else {})}
    return out


def inner(name: str, value: Any, path: str, depth: int) -> Any:
    """The value of one keyword, the schemas in it heeded too."""
    if name in NAMED and isinstance(value, Mapping):
        return {key: heeded(each, path, depth) for key, each in value.items()}
    if name in MANY and isinstance(value, list):
        return [heeded(each, path, depth) for each in value]
    return heeded(value, path, depth) if name in INNER else value


def described(out: JSON, told: Mapping[str, Any]) -> JSON:
    """A schema with what is told in words at the end of its description."""
    if not told:
        return out
    words, notes = out.get("description"), json.dumps(told).decode()
    return {**out, "description": f"{words}\n\n{notes}" if words and isinstance(words, str) else notes}
