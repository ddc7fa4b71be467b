"""Reading a client's form: its fields, its lists, its files
(https://platform.openai.com/docs/api-reference/images/createEdit, …/audio/createTranscription)."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from ..errors import BadRequest, Unsupported
from ..values import JSON, Part
from .fields import wrong


def fields(parts: tuple[Part, ...]) -> JSON:
    """The text fields. Those whose name ends in `[]` are a list under the name before it; of others with
    one name, the last counts."""
    one: JSON = {}
    many: dict[str, list[str]] = {}
    for part in parts:
        if part.filename is None:
            value = part.data.decode(errors="replace")
            if part.name.endswith("[]"):
                many.setdefault(part.name[:-2], []).append(value)
            else:
                one[part.name] = value
    return {**one, **many}


def files(parts: tuple[Part, ...], name: str) -> tuple[Part, ...]:
    """The files of that name, one or a list."""
    return tuple(part for part in parts if part.filename is not None and part.name in (name, f"{name}[]"))


def upload(parts: tuple[Part, ...], name: str) -> Part:
    """The one file of that name. Raises BadRequest."""
    found = files(parts, name)
    if len(found) != 1 or not found[0].data:
        raise BadRequest(f"{name} must be one file that is not empty", param=name)
    return found[0]


def others(parts: tuple[Part, ...], known: Container[str]) -> list[str]:
    """The names of the files that a dialect does not look at."""
    names = [part.name.removesuffix("[]") for part in parts if part.filename is not None]
    return [name for name in dict.fromkeys(names) if name not in known]


def number(form: Mapping[str, Any], name: str) -> int | None:
    """A whole number, where there is one. Raises BadRequest."""
    value = form.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()):
        raise wrong(value, name, "a whole number")
    return int(value)


def listed(form: Mapping[str, Any], name: str) -> list[str]:
    """A list, which may as well be one value by itself."""
    value = form.get(name) or []
    return value if isinstance(value, list) else [value]


# ── transcripts ──────────────────────────────────────────────────────────


def spelled(form: Mapping[str, Any], able: tuple[str, ...], who: str) -> str:
    """The format in which a transcript is wanted. Raises Unsupported for one that cannot be made, and for a
    stream."""
    if form.get("stream") == "true":
        raise Unsupported(f"{who}'s transcripts come whole: leave stream out", param="stream")
    value = form.get("response_format") or "json"
    if value not in able:
        raise Unsupported(
            f"{who}'s transcripts cannot be told as {value}; response_format may be {', '.join(able)}",
            param="response_format",
        )
    return str(value)
