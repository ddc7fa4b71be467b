"""A client's request as the edges hand it over, and what it takes to read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from typing import Any
from urllib.parse import quote

from .core import form, json
from .core.commands import Flow, ask
from .core.endpoints import ENDPOINTS, PROXY, Endpoint
from .core.errors import BadRequest, GatewayError, Unauthorized
from .core.frozen import dataclass
from .core.plan import Plan, targets
from .core.values import NOTHING, Call, Part
from .headers import ORIGINAL, OURS

ROUTING = tuple(
    f"{prefix}{name}" for prefix in (OURS, ORIGINAL) for name in ("provider", "config", "virtual-key")
)
"""Headers by which a request names whom to ask; then any path under the prefix is the gateway's."""
VISIBLE = "".join(map(chr, range(0x21, 0x7F))).replace("#", "")
JSON_TYPE = "application/json"
PARTS = 1000
"""Fields and files of one form."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What `auth` is told of a request."""

    method: str
    path: str
    """The whole path, prefix included."""
    headers: Mapping[str, str] = field(repr=False)
    """Names are lower-case."""
    native: Mapping[str, Any] = field(repr=False)
    """The ASGI scope or WSGI environ: session, user, client address."""


@dataclass(frozen=True, slots=True)
class Match:
    """An endpoint, and what its path names: `{"model": …}`."""

    endpoint: Endpoint
    path: str
    """Below the prefix."""
    named: Mapping[str, str] = NOTHING


@dataclass(frozen=True, slots=True)
class Inbound:
    """One request, whole."""

    match: Match
    facts: Facts
    query: str = ""
    body: bytes = field(default=b"", repr=False)


def quoted(query: bytes) -> str:
    """A query string that any URL can hold: what is no visible ASCII in it is percent-encoded."""
    return quote(query, safe=VISIBLE)


class Matcher:
    """The endpoint of a request: one look-up for most, a few patterns for paths that hold names."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._cut = len(prefix)
        rows = ENDPOINTS.values()
        self._fixed = {(row.method, row.path): Match(row, row.path) for row in rows if "{" not in row.path}
        self.usual = {(method, prefix + path): found for (method, path), found in self._fixed.items()}
        """Those whose paths hold no names, by method and whole path."""
        self._open = [(pattern(row.path), row) for row in rows if "{" in row.path]

    def match(self, method: str, path: str, headers: Iterable[str]) -> Match | None:
        """None where the request is the host's. `path` starts with the prefix; `headers` are names."""
        below = path[self._cut :]
        if found := self._fixed.get((method, below)):
            return found
        for template, row in self._open:
            if row.method == method and (named := template.fullmatch(below)):
                return Match(row, below, named.groupdict())
        if below.startswith("/") and not any(step in ("", ".", "..") for step in below[1:].split("/")):
            return Match(PROXY, below) if any(name in ROUTING for name in headers) else None
        return None


def pattern(path: str) -> re.Pattern[str]:
    """`/models/{model}`: a name at the end may hold slashes, as model ids do."""
    inner = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
    return re.compile(re.sub(r"\[\^/\]\+\)$", "(?:[^/.]|\\.(?!\\.)|/(?!/))+)", inner))


# ── who asks ─────────────────────────────────────────────────────────────


def admit(inbound: Inbound) -> Flow[object]:
    """Ask the host who is there. A body must say that it is JSON: a page of another site can make a
    browser send one that says nothing, cookies and all, without asking first. Raises Unauthorized."""
    principal = yield from ask("auth", inbound.facts)
    if principal is None or principal is False:  # a comparison's answer is no principal either
        raise Unauthorized("this gateway does not know you; sign in, or send the key it expects")
    if inbound.match.endpoint.body == "json" and not kind_of(inbound):
        raise wrong_type("none", JSON_TYPE)
    return principal


# ── bodies ───────────────────────────────────────────────────────────────


def json_body(inbound: Inbound) -> Mapping[str, Any]:
    """The body of a JSON endpoint. Raises BadRequest, saying where the fault is."""
    headers = inbound.facts.headers
    if headers.get("content-type") != JSON_TYPE or "content-encoding" in headers:
        kind = kind_of(inbound)
        if kind and kind != JSON_TYPE and not kind.endswith("+json"):
            raise wrong_type(kind, JSON_TYPE)
    try:
        body = json.loads(inbound.body, finite=True)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}", code="invalid_json") from None
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object", code="invalid_json")
    return body


def form_body(inbound: Inbound, limit: int) -> tuple[tuple[Part, ...], Mapping[str, Any]]:
    """The parts of a multipart form, and its text fields. Raises BadRequest."""
    kind = kind_of(inbound)
    if kind != "multipart/form-data":
        raise wrong_type(kind or "none", "multipart/form-data")
    parts = parts_of(inbound.body, boundary_of(inbound), limit)
    texts = {part.name: part.data.decode(errors="replace") for part in parts if part.filename is None}
    return parts, texts


def kind_of(inbound: Inbound) -> str:
    """The content type of a body that is not compressed. Raises GatewayError for one that is."""
    headers = inbound.facts.headers
    if headers.get("content-encoding", "identity") != "identity":
        raise GatewayError(
            "compressed request bodies are not read; send it without content-encoding",
            status=415,
            type="invalid_request_error",
            code="unsupported_encoding",
        )
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def wrong_type(kind: str, wanted: str) -> GatewayError:
    message = f"content-type {kind} is not what this endpoint takes; send {wanted}"
    return GatewayError(message, status=415, type="invalid_request_error", code="unsupported_media_type")


def boundary_of(inbound: Inbound) -> bytes:
    from werkzeug.http import parse_options_header

    boundary = parse_options_header(inbound.facts.headers.get("content-type"))[1].get("boundary", "")
    if not 0 < len(boundary) <= 200:
        raise BadRequest("the multipart content-type names no usable boundary", code="invalid_form")
    return boundary.encode("latin-1", "replace")


def parts_of(body: bytes, boundary: bytes, limit: int) -> tuple[Part, ...]:
    """Read a form with werkzeug's decoder, which does no I/O of its own."""
    from werkzeug.exceptions import RequestEntityTooLarge
    from werkzeug.sansio import multipart as sansio

    decoder = sansio.MultipartDecoder(boundary, max_form_memory_size=limit, max_parts=PARTS)
    made: list[tuple[Any, list[bytes]]] = []
    try:
        decoder.receive_data(body)
        decoder.receive_data(None)
        while not isinstance(event := decoder.next_event(), sansio.Epilogue | sansio.NeedData):
            if isinstance(event, sansio.Field | sansio.File):
                made.append((event, []))
            elif isinstance(event, sansio.Data) and made:
                made[-1][1].append(event.data)
    except RequestEntityTooLarge:
        raise BadRequest(f"a form has {PARTS} parts at most", code="invalid_form") from None
    except ValueError as error:
        raise BadRequest(f"the body is not a multipart form: {error}", code="invalid_form") from None
    return tuple(part_of(event, b"".join(data)) for event, data in made)


def part_of(event: Any, data: bytes) -> Part:
    return Part(event.name or "", data, getattr(event, "filename", None), event.headers.get("content-type"))


# ── the call that it makes ───────────────────────────────────────────────


def with_model(call: Call, model: str, new_id: Callable[[], str]) -> Call:
    """The call without the provider in front of its model (`@anthropic/claude-…`); an id of no other is
    what a new form's parts are told apart by."""
    body = {**call.body, "model": model}
    if call.endpoint.body != "form":
        return replace(call, body=body, raw=json.dumps(body) if call.raw else b"")
    boundary = new_id()
    parts = form.override(call.parts, {"model": model})
    kind = f"multipart/form-data; boundary={boundary}"
    headers = {**call.headers, "content-type": kind}
    return replace(call, body=body, parts=parts, raw=form.encode(parts, boundary), headers=headers)


def check_required(call: Call, plan: Plan) -> None:
    """What the endpoint cannot do without, unless the config adds it. Raises BadRequest."""
    for name in call.endpoint.required:
        value = call.body.get(name)
        if value is None and not all(name in leaf.overrides for leaf in targets(plan.root)):
            file = any(part.name == name for part in call.parts)
            if not file:
                raise BadRequest(f"`{name}` is missing; {call.endpoint.path} requires it", param=name)
