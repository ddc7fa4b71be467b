"""What a request to the mock says, out of its JSON or its form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import json
from ..errors import BadRequest
from ..values import Part, Request
from .script import digest

PARTS = 1_000
"""The most fields a form may have."""
BOUNDARY = re.compile(r'boundary="?([^";]{1,200})"?')
NAME = re.compile(rb'\bname="([^"]{0,1000})"')
FILENAME = re.compile(rb'\bfilename="([^"]{0,1000})"')


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, read. `id` is the same for the same request, and for no other."""

    body: Mapping[str, Any]
    files: tuple[Part, ...]
    id: str

    @property
    def model(self) -> str:
        return str(self.body.get("model") or "mock-echo")

    @property
    def stream(self) -> bool:
        return self.body.get("stream") in (True, "true")


def asked(request: Request) -> Asked:
    """Read a request. Raises BadRequest where it is neither JSON nor a form."""
    kind = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")
    parts = form(request.body, kind) if "multipart/form-data" in kind else ()
    body = fields(parts) if parts else document(request.body)
    name = digest(request.method.encode(), request.url.encode(), request.body)
    return Asked(body, tuple(part for part in parts if part.filename is not None), name)


def document(text: bytes) -> dict[str, Any]:
    try:
        body = json.loads(text or b"{}")
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def fields(parts: tuple[Part, ...]) -> dict[str, Any]:
    """The text fields by name; `name[]` is a list of its values."""
    out: dict[str, Any] = {}
    for part in parts:
        text = part.data.decode(errors="replace")
        if part.filename is None and part.name.endswith("[]"):
            out.setdefault(part.name[:-2], []).append(text)
        elif part.filename is None:
            out[part.name] = text
    return out


def form(body: bytes, kind: str) -> tuple[Part, ...]:
    """The parts of a multipart form (RFC 7578). Raises BadRequest."""
    if not (boundary := BOUNDARY.search(kind)):
        raise BadRequest("the form's content-type names no boundary")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode(), PARTS + 2)
    if len(pieces) < 3 or len(pieces) == PARTS + 3:
        raise BadRequest(f"the form must end with its boundary and have at most {PARTS} fields")
    return tuple(part(piece.removeprefix(b"\r\n")) for piece in pieces[1:-1])


def part(piece: bytes) -> Part:
    head, _, data = piece.partition(b"\r\n\r\n")
    name, filename = NAME.search(head), FILENAME.search(head)
    return Part(
        name[1].decode(errors="replace") if name else "",
        data,
        filename[1].decode(errors="replace") if filename else None,
    )
