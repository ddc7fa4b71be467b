"""Multipart forms, written. (They are read at the edge, where the library for it lives.)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from . import json
from .values import Part


def override(parts: tuple[Part, ...], values: Mapping[str, Any]) -> tuple[Part, ...]:
    """The parts, with some fields set to other values; files stay, whatever is said of their names."""
    files = {part.name for part in parts if part.filename is not None}
    kept = tuple(part for part in parts if part.name in files or part.name not in values)
    return kept + tuple(Part(name, text(value)) for name, value in values.items() if name not in files)


def text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value)


def encode(parts: Iterable[Part], boundary: str) -> bytes:
    """A multipart/form-data body (RFC 7578)."""
    return b"".join([*pieces(parts, boundary.encode()), b"--%b--\r\n" % boundary.encode()])


def pieces(parts: Iterable[Part], boundary: bytes) -> Iterator[bytes]:
    for part in parts:
        head = f'Content-Disposition: form-data; name="{quoted(part.name)}"'
        if part.filename is not None:
            head += f'; filename="{quoted(part.filename)}"'
        if part.content_type:
            head += f"\r\nContent-Type: {part.content_type}"
        yield b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, head.encode(), part.data)


def quoted(name: str) -> str:
    """As browsers do: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data"""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
