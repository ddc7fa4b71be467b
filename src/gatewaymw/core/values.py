"""What goes in and out of the core: requests, outcomes, calls and secrets, all of them values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias

from .frozen import dataclass, maker

if TYPE_CHECKING:
    from .endpoints import Endpoint

JSON: TypeAlias = dict[str, Any]


class Nothing(dict[Any, Any]):
    """No entries, now and ever. Unlike a mapping proxy it can be hashed in Python 3.11, as dataclasses ask of
    defaults; unlike a Mapping of our own it costs no call of Python's to look whether something is in it."""

    __slots__ = ()

    def _refuse(self, *args: Any, **more: Any) -> NoReturn:
        raise TypeError("nothing is added to what is shared by all that have nothing")

    __setitem__ = setdefault = update = __ior__ = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return 0


NOTHING: Mapping[Any, Any] = Nothing()


class Secret:
    """A credential that shows itself only to who asks for it by `reveal()`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Fields(dict[str, str]):
    """Headers that are made once and sent with many requests."""

    __slots__ = ("written",)

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(headers)
        self.written = b""
        """As they go over the wire, for the transport that has found that out."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request to an upstream. Times are seconds, `limit` is bytes."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    timeout: float | None = None
    """How long the head of the answer may take, connecting included."""
    idle: float | None = None
    """How long the body may stay silent between two reads."""
    limit: int = 64 * 2**20
    """The longest whole body that is read."""
    guarded: bool = False
    """A caller chose this host: only public addresses may be dialled."""
    connect: float | None = None
    """How long a connection may take to be made; None: as long as the transport gives one."""

    # Each request is remade twice on its way. `replace` takes thrice the time of a constructor.

    def bearing(self, headers: Mapping[str, str]) -> Request:
        """The same with these headers."""
        return request_of(
            self.method,
            self.url,
            headers,
            self.body,
            self.timeout,
            self.idle,
            self.limit,
            self.guarded,
            self.connect,
        )

    def within(self, seconds: float) -> Request:
        """The same with so much time, at most, to its head and between two reads."""
        timeout, idle = min(seconds, self.timeout or seconds), min(seconds, self.idle or seconds)
        return request_of(
            self.method,
            self.url,
            self.headers,
            self.body,
            timeout,
            idle,
            self.limit,
            self.guarded,
            self.connect,
        )

    def __repr__(self) -> str:
        # Headers, body and query hold keys and prompts: none of them belongs in a log.
        return f"Request({self.method} {self.url.partition('?')[0]})"


request_of = maker(Request)


@dataclass(frozen=True, slots=True)
class Answer:
    """The upstream answered. `stream` names the open body where it was not read."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names are lower-case."""
    body: bytes = field(default=b"", repr=False)
    stream: int | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


answer_of = maker(Answer)


@dataclass(frozen=True, slots=True)
class Failure:
    """The upstream could not be reached, broke off or fell silent: an error as a value."""

    kind: Literal["timeout", "connect", "broken", "refused"]
    message: str = ""
    status: int = 502
    """What it counts as, where status codes decide."""
    code: str = "upstream_unreachable"


Outcome: TypeAlias = Answer | Failure


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a multipart form: a value, or a file where `filename` is set."""

    name: str
    data: bytes = field(repr=False)
    filename: str | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Fetching:
    """What files that a client gives by their addresses may be fetched for it. Each has bounds."""

    check: Callable[[str, str], str]
    """(address, where it stands) → the address to call. Raises GatewayError for a host that may not be."""
    max_bytes: int
    """Of one file."""
    max_count: int
    """Of one request."""
    timeout: float
    """Seconds for one file, from the first byte of its name to the last of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One client's request, read and checked, before any target is chosen. Never edited."""

    endpoint: Endpoint
    method: str
    path: str
    """Below the prefix: `/chat/completions`."""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The client's own, names lower-case."""
    raw: bytes = field(default=b"", repr=False)
    """The body as it came."""
    body: Mapping[str, Any] = field(default=NOTHING, repr=False)
    """The body as JSON, or the text fields of a form; empty where there is neither."""
    parts: tuple[Part, ...] = ()
    stream: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    key: Secret | None = None
    """The provider key the caller brought."""
    deadline: float = float("inf")
    """On the clock of `Env.now`."""
    fetching: Fetching | None = None
    """None: the operator lets no file be fetched."""
    spent: int = 0
    """How often the target has been asked again already."""
    traced: bool = False
    """Somebody wants to know why: flows say notes (`commands.Note`)."""
    forced: bool = False
    """All breakers on its way were open: none is heeded."""
    principal: object = field(default=None, repr=False)
    """Whom the host's `auth` said this is; None where it was not asked."""
    namespace: str = ""
    """A part of the cache that the caller keeps apart."""
    refresh: bool = False
    """The caller wants no answer from the cache."""


call_of = maker(Call)


@dataclass(frozen=True, slots=True)
class Env:
    """What the core may know of the world, handed in so that tests can set it."""

    random: Callable[[], float]
    """A float in [0, 1)."""
    now: Callable[[], float]
    """Monotonic seconds: waits and deadlines."""
    clock: Callable[[], float]
    """Seconds since 1970: dates and `created`."""
    new_id: Callable[[], str]
    """A fresh opaque id, 24 or more letters and digits."""
