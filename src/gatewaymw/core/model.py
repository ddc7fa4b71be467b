"""What a provider is: a dialect (codecs) on a carrier (where, and with what credentials).

A codec is pure functions over parsed bodies. They never change their arguments, give the same
result twice, keep fields they do not know unless the provider would refuse them, and see neither
`data:`, `[DONE]`, a header nor a clock. What is None in a codec passes through byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from . import json
from .endpoints import Endpoint
from .framing.base import Frame, Framer
from .framing.sse import SSE
from .values import JSON, NOTHING, Request

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a transform may know besides the body."""

    provider: str
    model: str = ""
    created: int = 0
    """Seconds since 1970, for OpenAI's `created`."""
    id: str = ""
    """For answers whose provider gives none."""
    strict: bool = True
    """Strict OpenAI compliance: no field of the provider's own (`content_blocks`, citations)."""
    stream: bool = False
    include_usage: bool = False
    """The client asked for a usage chunk (`stream_options.include_usage`)."""
    options: Mapping[str, str] = field(default_factory=dict)
    """The target's provider options, never secrets: region, api version, …"""
    request: Mapping[str, Any] = NOTHING
    """The client's body, as it was sent, for answers that depend on it."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """An upstream body, and the names of the client's parameters it could not carry."""

    body: JSON
    dropped: tuple[str, ...] = ()


SILENT = (b"[DONE]", b"")


def decode_json(frame: Frame) -> Any:
    """The JSON of a frame; None for the frames that say nothing, or nothing but the end."""
    return None if frame.data in SILENT else json.loads(frame.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream(Generic[S]):
    """A stream's transform: a reducer from upstream events to the client's chunks.

    `step` raises UpstreamError for an error event; `ended` tells from the last state whether the
    provider's own terminal marker came, which a broken stream lacks.
    """

    start: S
    step: Callable[[S, Any, Context], tuple[S, tuple[JSON, ...]]]
    ended: Callable[[S], bool]
    framer: Callable[[], Framer] = SSE
    decode: Callable[[Frame], Any] = decode_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """How one endpoint is spoken. What is None passes through byte for byte."""

    request: Callable[[Mapping[str, Any], Context], Encoded] | None = None
    response: Callable[[JSON, Context], JSON] | None = None
    stream: Stream[Any] | None = None
    error: Callable[[Any, int, Context], JSON] | None = None
    """(parsed body, status, context) → `{"error": {message, type, param, code, …}}`."""


IDENTITY = Codec()


@dataclass(frozen=True, slots=True)
class Route:
    """Where an endpoint lives at a provider, and how it is spoken there."""

    path: str | Callable[[Context], str]
    codec: Codec = IDENTITY
    method: str | None = None
    """Where it differs from the endpoint's own."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What signing a request takes."""

    api_key: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    clock: float = 0.0
    """Seconds since 1970, for signatures that carry a date."""


Auth: TypeAlias = Callable[[Request, Keys], Request]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Provider:
    """One upstream service: its address, its endpoints, its way of asking for a key."""

    name: str
    base_url: str
    """Without a trailing slash; empty where only a custom host makes sense."""
    routes: Mapping[Endpoint, Route]
    auth: Auth
    by_model: Mapping[Endpoint, Callable[[str], Route]] = field(default_factory=dict)
    """Endpoints of `routes` whose address and dialect depend on the model: its name → the route."""
    base: Callable[[Mapping[str, str]], str] | None = None
    """The address that options make, where it takes more than filling them into `base_url`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with each request, unless the client's own of `accepts` says otherwise."""
    accepts: frozenset[str] = frozenset()
    """Client headers that pass to this provider by their own names (`anthropic-beta`)."""
    option_headers: Mapping[str, str] = field(default_factory=dict)
    """Provider options that travel as headers: option name → header name, lower-case."""
    requires: Mapping[str, str] = field(default_factory=dict)
    """Options it cannot be called without → the official environment variable of each, for messages."""
    locating: frozenset[str] = frozenset()
    """Those of them that only make the address: not asked for where a target has an address of its own."""
    assumes: Mapping[str, str] = field(default_factory=dict)
    """Options that have a value where a target gives none."""
    settles: Callable[[Mapping[str, str]], Mapping[str, Any]] | None = None
    """Fields of the body that options settle, over the client's own but not over a target's overrides."""
    needs_key: bool = True
    env_key: str = ""
    """The official SDK's environment variable for the key, for messages and docs."""
    doc: str = ""
    """The provider's API page."""

    def __repr__(self) -> str:
        return f"Provider({self.name})"
