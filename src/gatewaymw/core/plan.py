"""What a config compiles to: a frozen tree in which nothing is left to look up or to merge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeAlias

from .checks.hook import Checks
from .model import Keys, Provider
from .values import NOTHING, Call, Fields, Secret

RETRIED = frozenset({429, 500, 502, 503, 504})
NO_KINDS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Budget:
    """How many of a target's requests may repeat others, hedges included."""

    share: float = 0.2
    """Of the requests within the window."""
    floor: int = 3
    """So many at least."""
    window: float = 10.0
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Retry:
    """When and how long one target is asked again. Times are seconds."""

    attempts: int = 0
    on: frozenset[int] = RETRIED
    use_retry_after: bool = False
    base: float = 1.0
    cap: float = 60.0
    kinds: frozenset[str] = NO_KINDS
    """Kinds of errors besides: see `routing.kinds`."""
    budget: Budget | None = None


@dataclass(frozen=True, slots=True)
class Breaker:
    """When a target is left alone, and for how long. Times are seconds."""

    failures: int | None = 5
    """Within the window; None: it is the share that counts."""
    share: float | None = None
    """Of all answers within the window, from 0 to 1."""
    minimum: int = 5
    """Answers within the window from which on the share counts."""
    window: float = 60.0
    cooldown: float = 30.0
    statuses: frozenset[int] | None = None
    """What counts as a failure; None: 500 and above, and whatever the network failed at."""
    probes: int = 1
    """Requests let through after the cool-down, all of which must do well."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one target, in seconds; None: the gateway's own."""

    connect: float | None = None
    """To a connection, TLS included."""
    first_token: float | None = None
    """Of a stream: to its first meaningful event."""
    idle: float | None = None
    """Of a stream: between two pieces."""
    total: float | None = None
    """All tries and the whole answer."""


NO_TIMEOUTS = Timeouts()


@dataclass(frozen=True, slots=True)
class Caching:
    """Which answers of a target are kept, and how long."""

    max_age: float = 86_400.0
    """Seconds."""
    max_bytes: int = 2**20
    """Of one answer."""
    tool_calls: bool = False
    """Answers that call tools as well: whoever gets one again would call them again."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A key, or where to ask for it. `held` ones belong to the operator and to their host only."""

    secret: Secret | None = None
    source: object = field(default=None, repr=False)
    """Handed to the `secret` service where it is not at hand: `env:…`, `file:…`, a callable."""
    held: bool = False
    option: str = ""
    """The provider option that it is, where it is not the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A leaf: one provider, with all it inherited settled."""

    path: str
    """Where it stands in the config: `config.targets[0]`."""
    provider: Provider
    name: str = ""
    key_name: str = ""
    """The virtual key that it was made of."""
    credential: Credential | None = None
    base_url: str = ""
    """Replaces the provider's own."""
    guarded: bool = False
    """A caller chose `base_url`: its address is checked when it is dialled."""
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Provider options in snake_case: `openai_organization`, `aws_region`, …"""
    overrides: Mapping[str, Any] = NOTHING
    retry: Retry = Retry()
    timeout: float | None = None
    """Seconds to the head of an answer (streams: to the first meaningful event)."""
    forward: tuple[str, ...] = ()
    """Client headers copied to the provider, lower-case."""
    strict: bool = True
    """Strict OpenAI compliance of answers."""
    refuse_dropped: bool = False
    """Refuse a request whose parameters the provider cannot take, instead of reporting them."""
    caching: Caching | None = None
    """None: nothing of it is kept, and nothing that was kept is given."""
    commit_early: bool = False
    """Commit on the answer's head, as the original does, not on the first meaningful event."""
    checks: Checks | None = None
    """Hooks around each request; None where there are none."""
    timeouts: Timeouts = NO_TIMEOUTS
    breaker: Breaker | None = None
    measured: bool = False
    """Some load balance above asks how busy it is, or how fast."""
    tracked: str = field(init=False, default="")
    """What its health is kept by; empty where nobody asks for it."""
    watched: bool = field(init=False, default=False)
    """It has a breaker."""
    base: str = field(init=False, default="")
    """Where requests go: `base_url`, or the provider's own with the options filled in."""
    headers: Mapping[str, str] = field(init=False, default_factory=dict, repr=False)
    """What is sent with each request, whoever asks."""

    missing: tuple[str, ...] = field(init=False, default=())
    """Options the provider requires and the target lacks: it cannot be called."""
    asks: frozenset[str] = field(init=False, default=frozenset())
    """The client's headers that go on, lower-case."""
    signed: dict[str | None, tuple[Fields, Keys]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )
    """All headers of a request, credential included, and what they were signed with, by its content type:
    kept once they were made, where they are the same for each."""
    plain: bool = field(init=False, default=False)
    """Nothing is wanted around its attempts: no check, no cache, no limit to all of them, no health."""

    marks: dict[str, bytes] = field(init=False, default_factory=dict, repr=False, compare=False)
    """What tells it from other targets, by what for: kept once it was made."""

    def __post_init__(self) -> None:
        if self.provider.assumes:
            object.__setattr__(self, "options", {**self.provider.assumes, **self.options})
        if self.provider.infers and (inferred := self.provider.infers(self.options)):
            object.__setattr__(self, "options", {**inferred, **self.options})
        spared = {*self.provider.from_body, *(self.provider.locating if self.base_url else ())}
        required = [name for name in self.provider.requires if name not in spared]
        missing = tuple(name for name in required if not self.options.get(name))
        object.__setattr__(self, "missing", missing)
        if self.provider.settles and (settled := self.provider.settles(self.options)):
            object.__setattr__(self, "overrides", {**settled, **self.overrides})
        base = self.base_url or self.provider.base_url
        made = self.provider.base if not (self.base_url or missing) else None
        if made:
            base = made(self.options)
        elif "{" in base and not missing:
            base = base.format_map(self.options)
        object.__setattr__(self, "base", base.rstrip("/"))
        own = {
            header: self.options[option]
            for option, header in self.provider.option_headers.items()
            if option in self.options
        }
        object.__setattr__(self, "headers", {**self.provider.headers, **own})
        object.__setattr__(self, "asks", self.provider.accepts.union(self.forward))
        object.__setattr__(self, "watched", self.breaker is not None)
        if self.breaker or self.retry.budget or self.measured:
            object.__setattr__(self, "tracked", self._named())
        around = self.checks or self.caching or self.tracked or self.timeouts.total is not None
        object.__setattr__(self, "plain", not around)

    def _named(self) -> str:
        """The same for the same target in each worker, another where its rules or its place are others: who
        asks for a time limit of its own must not have the target left alone for everyone."""
        held, rules = self.credential is not None and self.credential.held, (self.breaker, self.retry.budget)
        told = self.path, self.mark, self.base, held, rules, self.timeout, self.timeouts
        return blake2b(repr(told).encode(errors="replace"), digest_size=16).hexdigest()

    @property
    def slug(self) -> str:
        """How the config names whom it asks: by a virtual key, or else by the provider."""
        return self.key_name or self.provider.name

    @property
    def mark(self) -> str:
        """What tells it from its neighbours, wherever it stands among them: its name, or what it calls."""
        model = self.overrides.get("model", "")
        return self.name or f"{self.provider.name} {self.base} {model}"


@dataclass(frozen=True, slots=True)
class Sticky:
    """What keeps a caller at one child of a load balance."""

    by: tuple[str, ...]
    """`metadata.KEY`, `header.NAME`, `params.KEY`."""
    ttl: float | None = None
    """Seconds after which it is drawn anew; None: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An inner node: a strategy and the nodes it chooses between."""

    mode: str
    path: str
    children: tuple[Node, ...]
    name: str = ""
    on: frozenset[int] | None = None
    """Statuses that make a fallback go on; None: any but 2xx."""
    bounds: tuple[float, ...] = ()
    """Load balance: running sums of the weights; the last is their total."""
    choose: Callable[[Call], int | None] | None = None
    """Conditional: the index of the child for a call, None where nothing matches."""
    reason: Callable[[Call], str] | None = None
    """Conditional: which condition chooses for a call, in words, for whoever asks why."""
    settings: Mapping[str, Any] = NOTHING
    """Whatever else a registered strategy was given."""
    kinds: frozenset[str] = NO_KINDS
    """Kinds of errors that make a fallback go on besides: see `routing.kinds`."""
    algorithm: str = "weighted"
    """Load balance: `weighted`, `least_busy` or `lowest_latency`."""
    sticky: Sticky | None = None
    watched: bool = field(init=False, default=False)
    """Some target below has a breaker."""
    marks: tuple[bytes, ...] = field(init=False, default=())
    """Of a sticky load balance: what its children are told apart by."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "watched", any(child.watched for child in self.children))
        if self.sticky:
            object.__setattr__(self, "marks", marks_of(self.children))

    @property
    def mark(self) -> str:
        return self.name or f"{self.mode}({', '.join(child.mark for child in self.children)})"


Node: TypeAlias = Target | Group


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole config, and what was odd about it."""

    root: Node
    warnings: tuple[str, ...] = ()
    sole: bool = field(init=False, default=True)
    """All targets are one service, so a key the caller brought can only reach its own provider."""
    held: bool = field(init=False, default=False)
    """Some target is paid for with the operator's own key."""

    def __post_init__(self) -> None:
        leaves = targets(self.root)
        object.__setattr__(self, "sole", len({(leaf.provider.name, leaf.base) for leaf in leaves}) == 1)
        held = any(leaf.credential is not None and leaf.credential.held for leaf in leaves)
        object.__setattr__(self, "held", held)


def marks_of(children: tuple[Node, ...]) -> tuple[bytes, ...]:
    """Names of nodes that do not depend on how many stand before them. Twins are numbered."""
    seen: dict[str, int] = {}
    made = []
    for child in children:
        twin = seen[child.mark] = seen.get(child.mark, 0) + 1
        made.append(f"{twin} {child.mark}".encode(errors="replace"))
    return tuple(made)


def targets(node: Node) -> tuple[Target, ...]:
    """All leaves, in the order they are written."""
    if isinstance(node, Target):
        return (node,)
    return tuple(leaf for child in node.children for leaf in targets(child))


def lacking(provider: Provider, name: str) -> str:
    """What is to be done where a provider cannot be called for want of an option."""
    variable, header = provider.requires.get(name), name.replace("_", "-")
    reads = f' (where "env:{variable}" reads the variable)' if variable else ""
    return (
        f"{provider.name} cannot be called without {name}; set it in the config{reads},"
        f" or send the header x-gateway-{header}"
    )
