"""What a provider is: a dialect (codecs) on a carrier (where, and with what credentials).

A codec is pure functions over parsed bodies. They never change their arguments, give the same
result twice, keep fields they do not know unless the provider would refuse them, and see neither
`data:`, `[DONE]`, a clock nor, but for an answer's, a header. What is None in a codec passes through byte
for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar

from . import json
from .commands import Flow
from .endpoints import Endpoint
from .framing.base import Frame, Framer
from .framing.sse import SSE
from .frozen import dataclass, maker
from .values import JSON, NOTHING, Part, Request

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
    answer: Mapping[str, str] = NOTHING
    """The headers of the answer, names lower-case, for what a provider tells nowhere else."""
    home: bool = True
    """The provider is called at its own address, not at one that the target names in its place."""
    later: Mapping[str, Any] = NOTHING
    """What `File.later` kept of the client's request for the calls that follow."""

    def answered(self, headers: Mapping[str, str]) -> Context:
        """The same, with an answer's headers. (`replace` would take thrice the time.)"""
        return context_with(
            provider=self.provider,
            model=self.model,
            created=self.created,
            id=self.id,
            strict=self.strict,
            stream=self.stream,
            include_usage=self.include_usage,
            options=self.options,
            request=self.request,
            answer=headers,
            home=self.home,
            later=self.later,
        )


context_with = maker(Context)


@dataclass(frozen=True, slots=True)
class Encoded:
    """An upstream body, and the names of the client's parameters it could not carry.

    The client's body itself, unchanged, is sent in the bytes it came in."""

    body: Mapping[str, Any]
    dropped: tuple[str, ...] = ()
    headers: Mapping[str, str] | None = None
    """Sent with this request alone, names lower-case."""


@dataclass(frozen=True, slots=True)
class Filled:
    """An upstream form, and the names of the client's fields it could not carry."""

    parts: tuple[Part, ...]
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """An upstream body that is one file, and the names of the client's fields it could not carry."""

    data: bytes = field(repr=False)
    content_type: str = "application/octet-stream"
    dropped: tuple[str, ...] = ()
    later: Mapping[str, Any] = NOTHING
    """What calls that follow are to say (`Context.later`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """One more call that an answer takes: the next step, or a look at whether a job is done."""

    to: str
    """A path below the target's address; the address that the provider named, which must be on the host that
    was called or one of `Provider.hosts`; or empty, where the last place is looked at again."""
    method: Literal["GET", "POST"] = "GET"
    """A POST begins the work, or goes on with it; a GET looks, and may be made again."""
    body: Mapping[str, Any] | None = None
    after: float = 0.0
    """Seconds to wait before it. Looks at the same thing come further and further apart."""
    headers: Mapping[str, str] = NOTHING
    asks: bool = False
    """A POST that only looks, of those who are asked after a job by POST: it may be made again."""
    live: bool = False
    """What it answers goes to the client: the stream that was asked for, or a body as it is."""

    @property
    def looks(self) -> bool:
        """Whether it leaves all as it is."""
        return self.method == "GET" or self.asks


Change: TypeAlias = Callable[[JSON, Context], JSON]
"""What is done to an answer. It raises UpstreamError for one that says it is an error."""
Step: TypeAlias = str | int


class Link(NamedTuple):
    """A web address in a client's body, at the place that the steps lead to."""

    steps: tuple[Step, ...]
    url: str
    document: bool = False
    """A document may be there; else only an image."""

    @property
    def path(self) -> str:
        """As errors name the place: `messages[2].content[0].image_url.url`."""
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps)[1:]


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
    array: Callable[[], Framer] | None = None
    """Cuts a body of `application/json`, where the provider may answer with an array of events."""
    decode: Callable[[Frame], Any] = decode_json
    last: Callable[[S, Context], tuple[JSON, ...]] | None = None
    """The last chunks, of those who have no terminal marker: a body that HTTP itself says is whole has ended
    well, and one that broke off has not. They have nothing to tell where nothing was told."""
    by_choice: bool = False
    """`ended` tells of no marker but that each choice which began has its reason. Of several that were asked
    for some may not have begun then: see `dialects.cousins.choicewise`."""
    words: bytes = b""
    """What stands before text that goes on as it is: where neither an event nor a state differs in more than
    that text, the chunk does not either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """How one endpoint is spoken. What is None passes through byte for byte."""

    request: Callable[[Mapping[str, Any], Context], Encoded] | None = None
    fill: Callable[[Mapping[str, Any], Context], Filled] | None = None
    """In place of `request`, where a body of JSON becomes a form."""
    form: Callable[[tuple[Part, ...], Context], Encoded | Filled | File] | None = None
    """The same for endpoints whose clients send forms: the parts → JSON, another form, or one file."""
    follow: Callable[[JSON, Context], Next | None] | None = None
    """(answer, context) → the call that is to follow it; None for the last answer, which `response` or
    `media` is given. Raises UpstreamError for a job that failed, and only for that: it may be sent again."""
    response: Callable[[JSON, Context], JSON] | None = None
    reads: Callable[[bytes], Any] = json.loads
    """What makes of a whole answer's bytes what `response` and `media` are given: not all are JSON."""
    media: Callable[[JSON, Context], tuple[bytes, str]] | None = None
    """(answer, context) → the client's body and its content type, where that is no JSON."""
    stream: Stream[Any] | None = None
    error: Callable[[Any, int, Context], JSON] | None = None
    """(parsed body, status, context) → `{"error": {message, type, param, code, …}}`."""
    links: Callable[[Mapping[str, Any]], Iterable[Link]] | None = None
    """Where a client may give web addresses of files that the provider takes as bytes only."""
    batch: Batch | None = None
    """How several inputs become calls of one each, where the provider takes no more at a time."""
    linked: bool = False
    """Images are answered by their addresses alone: where a client wants them in base64, they are fetched."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Cutting a client's body that asks for several things into bodies that ask for one, and joining what
    clients are told of each, in order."""

    cut: Callable[[Mapping[str, Any], Context], tuple[Mapping[str, Any], ...]]
    """Fewer than two where there is nothing to cut. Raises BadRequest where there are too many."""
    join: Callable[[tuple[JSON, ...]], JSON]


IDENTITY = Codec()


@dataclass(frozen=True, slots=True)
class Route:
    """Where an endpoint lives at a provider, and how it is spoken there."""

    path: str | Callable[[Context], str]
    codec: Codec = IDENTITY
    method: str | None = None
    """Where it differs from the endpoint's own."""
    fixed: str | None = field(init=False, default=None)
    """The path, where it is the same whatever is asked."""

    def __post_init__(self) -> None:
        if isinstance(self.path, str) and "{" not in self.path:
            object.__setattr__(self, "fixed", self.path)


@dataclass(frozen=True, slots=True)
class Keys:
    """What signing a request takes."""

    api_key: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    clock: float = 0.0
    """Seconds since 1970, for signatures that carry a date."""
    held: bool = False
    """They are the operator's: the identity of the machine itself may stand in for them."""
    hidden: tuple[str, ...] | None = field(init=False, default=None, repr=False, compare=False)
    """Those that no answer may hold, once they were told apart."""


Auth: TypeAlias = Callable[[Request, Keys], Request]
Access: TypeAlias = Callable[[Keys], Flow[Keys]]
Ambient: TypeAlias = Literal["", "implied", "named"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Provider:
    """One upstream service: its address, its endpoints, its way of asking for a key."""

    name: str
    base_url: str
    """Without a trailing slash; empty where only a custom host makes sense."""
    routes: Mapping[Endpoint, Route]
    auth: Auth
    access: Access | None = None
    """How keys are come by that a target does not hold itself, before `auth` is handed them."""
    ambient: Callable[[Mapping[str, str]], Ambient] | None = None
    """Whether options without a key stand for the identity of the machine, by a word or by saying nothing."""
    by_model: Mapping[Endpoint, Callable[[str], Route]] = field(default_factory=dict)
    """Endpoints of `routes` whose address and dialect depend on the model: its name → the route."""
    models: Mapping[Endpoint, tuple[str, ...]] = field(default_factory=dict)
    """Where what is sent depends on the model: names that stand for its families, for docs and probes."""
    base: Callable[[Mapping[str, str]], str] | None = None
    """The address that options make, where it takes more than filling them into `base_url`, or where they may
    name another."""
    hosts: re.Pattern[str] | None = None
    """Hosts of its own, finitely many, which answers may name for what is to follow: the credential goes
    there as well, over https, where the target is called at one of them or at `base_url`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with each request, unless the client's own of `accepts` says otherwise."""
    accepts: frozenset[str] = frozenset()
    """Client headers that pass to this provider by their own names (`anthropic-beta`)."""
    option_headers: Mapping[str, str] = field(default_factory=dict)
    """Provider options that travel as headers: option name → header name, lower-case."""
    requires: Mapping[str, str] = field(default_factory=dict)
    """Options it cannot be called without → the official environment variable of each, for messages."""
    from_body: Mapping[str, str] = field(default_factory=dict)
    """Those of them that a field of the client's body may say where the target does not: option → field."""
    locating: frozenset[str] = frozenset()
    """Those of them that only make the address: not asked for where a target has an address of its own."""
    assumes: Mapping[str, str] = field(default_factory=dict)
    """Options that have a value where a target gives none."""
    token: str = ""
    """The option that an access token is, where it is another thing than a key."""
    infers: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    """Options that follow from others, where a target does not give them."""
    proxied: Callable[[str], str] | None = None
    """Where below its address a path goes that is handed through, where that is not the path itself."""
    settles: Callable[[Mapping[str, str]], Mapping[str, Any]] | None = None
    """Fields of the body that options settle, over the client's own but not over a target's overrides."""
    needs_key: bool = True
    env_key: str = ""
    """The official SDK's environment variable for the key, for messages and docs."""
    scopes: frozenset[str] = frozenset()
    """What its own names of models begin with where those look as if they named a provider: `cf`, for
    `@cf/meta/llama-3.1-8b-instruct`."""
    prices: str = ""
    """What genai-prices calls it, where that knows what its models cost."""
    doc: str = ""
    """The provider's API page."""
    cuts: bool = field(init=False, default=False)
    """Some of its endpoints may take several calls for one of a client's (`Codec.batch`)."""

    def __post_init__(self) -> None:
        batches = any(route.codec.batch for route in self.routes.values())
        object.__setattr__(self, "cuts", batches or bool(self.by_model))

    def __repr__(self) -> str:
        return f"Provider({self.name})"
