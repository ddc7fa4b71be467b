"""What people write: Portkey's config, in snake_case or camelCase, and what this gateway adds to it.

Times are milliseconds, as `request_timeout` always was. A key that is null counts as not given.
The core never sees these models: `compile.py` makes a plan of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from ..core.values import Secret
from .options import STARS, Options, hidden
from .options import Shape as Shape

LONGEST_TIME = 24 * 3600 * 1000
MODES = ("single", "fallback", "loadbalance", "conditional", "compare")
LEAF, BRANCH = "(leaf)", "(branch)"


def key_of(value: Any) -> Any:
    return value if callable(value) else hidden(value)


def cache_of(value: Any) -> Any:
    return {"mode": value} if isinstance(value, str) else value


def as_async(schema: dict[str, Any]) -> None:
    """The name of a field that Python keeps for itself."""
    schema["additionalProperties"] = False
    for name in ("async_", "async"):
        if name in schema["properties"]:
            schema["properties"]["async"] = {**schema["properties"].pop(name), "title": "Async"}


Status: TypeAlias = Annotated[int, Field(strict=True, ge=100, le=599)]
Milliseconds: TypeAlias = Annotated[float, Field(strict=True, gt=0, le=LONGEST_TIME, allow_inf_nan=False)]
Weight: TypeAlias = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Flag: TypeAlias = Annotated[bool, Field(strict=True)]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=256)]
Key: TypeAlias = Annotated[
    Secret | Callable[[], Any],
    PlainValidator(key_of),
    STARS,
    WithJsonSchema({"type": "string", "description": "A key, or where it is: env:NAME, file:PATH"}),
]


Percentage: TypeAlias = Annotated[float, Field(strict=True, gt=0, le=100, allow_inf_nan=False)]
Kind: TypeAlias = Literal[
    "timeout",
    "connect",
    "broken",
    "context_length",
    "content_filter",
    "quota",
    "rate_limit",
    "guardrail",
]
"""As `core/routing/kinds.py` has them."""


class RetryBudget(Shape):
    """How many of a target's requests may repeat others. `true`: as the defaults say."""

    percentage: Percentage = 20
    """Of the requests within the window. Default 20."""
    floor: Annotated[int, Field(strict=True, ge=0, le=1000)] = 3
    """So many within the window at least. Default 3."""
    window: Milliseconds = 10_000
    """Milliseconds. Default 10000."""


class CircuitBreaker(Shape):
    """When a target is left alone, and for how long. Without a threshold: from 5 failures on."""

    failure_threshold: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    """Failures within the window."""
    failure_threshold_percentage: Percentage | None = None
    """Failures of all answers within the window."""
    minimum_requests: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 5
    """Answers within the window from which on the percentage counts. Default 5."""
    window: Milliseconds = 60_000
    """Milliseconds. Default 60000."""
    cooldown_interval: Milliseconds = 30_000
    """Milliseconds for which the target is left alone. Default 30000."""
    failure_status_codes: frozenset[Status] | None = None
    """Default: 500 and above, and requests that take too long (408)."""
    half_open_requests: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    """Requests that are let through after that, all of which must do well. Default 1."""


class Timeouts(Shape):
    """Limits of a target, in milliseconds, besides `request_timeout`."""

    connect: Milliseconds | None = None
    """To a connection, TLS included. Default 10000."""
    first_token: Milliseconds | None = None
    """Of a stream, to its first meaningful event. Default: request_timeout."""
    idle: Milliseconds | None = None
    """Of a stream, between two pieces. Default 60000."""
    total: Milliseconds | None = None
    """All tries and the whole answer. Default: the gateway's total_timeout alone."""


class Sticky(Shape):
    """What keeps a caller at one target of a load balance: `by`, or Portkey's `hash_fields`."""

    by: str | tuple[str, ...] | None = None
    """metadata.KEY, header.NAME or params.KEY, or a list of them."""
    ttl: Annotated[float, Field(strict=True, gt=0, le=LONGEST_TIME, allow_inf_nan=False)] | None = None
    """Seconds after which a caller is drawn anew. Default: never."""
    enabled: Flag | None = None
    hash_fields: tuple[str, ...] | None = None


def budget_of(value: Any) -> Any:
    return {} if value is True else None if value is False else value


class Retry(Shape):
    """When one target is asked again."""

    attempts: Annotated[int, Field(strict=True, ge=0, le=5)]
    """How often after the first time."""
    on_status_codes: frozenset[Status] | None = None
    """Default: 429, 500, 502, 503, 504."""
    use_retry_after_header: Flag | None = None
    """Wait as long as the provider says, if it says so."""
    base: Annotated[float, Field(strict=True, ge=0, le=60_000, allow_inf_nan=False)] | None = None
    """The first pause at its longest, in milliseconds; each further one is twice as long. Default 1000."""
    cap: Annotated[float, Field(strict=True, ge=0, le=60_000, allow_inf_nan=False)] | None = None
    """The longest pause, in milliseconds. Default 60000."""
    on: frozenset[Kind] | None = None
    """Kinds of errors that are tried again. Beside it on_status_codes has no default."""
    budget: Annotated[RetryBudget | None, BeforeValidator(budget_of)] = None
    """A share of all requests that may be such tries; true for the usual one."""


class Cache(Shape):
    """Also written as its mode alone."""

    mode: Literal["simple", "semantic"]
    max_age: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)] | None = None
    """Seconds for which an answer is kept. Default 86400, a day; 90 days at most."""
    max_bytes: Annotated[int, Field(strict=True, gt=0, le=16 * 2**20)] | None = None
    """Of an answer that is kept. Default 1 MiB."""
    tool_calls: Flag | None = None
    """Keep answers that call tools, too. Default: they are not kept."""


MOST_HOOKS = 64
"""Hooks of one key, and checks of one hook."""
NO_IDS = (
    "must be an object of checks, since this gateway has no guardrails that are kept under an id: write"
    ' {"contains": {"words": ["x"], "operator": "none"}, "deny": true}'
)


def written_here(value: Any) -> Any:
    """An item of a shorthand, which must not be the id of a guardrail that a service keeps (G5)."""
    if isinstance(value, str):
        raise ValueError(NO_IDS)
    return value


class Check(Shape):
    """One check of a hook: `gatewaymw` has those of docs/guardrails.md, and the host's own."""

    id: Name
    parameters: dict[str, Any] | None = None
    is_enabled: Flag | None = None
    fail_on_error: Flag | None = None
    """Where the check cannot be made, it has failed. Default: it has passed."""


class Aftermath(Shape):
    feedback: dict[str, Any] | None = None
    """Reported with the hook's results: `value`, `weight`, `metadata`."""


class Hook(Shape):
    """Checks with one verdict, before a request or after its answer."""

    model_config = ConfigDict(json_schema_extra=as_async)

    type: Literal["guardrail", "mutator"] | None = None
    """Default: guardrail."""
    id: Name | None = None
    checks: Annotated[tuple[Check, ...], Field(max_length=MOST_HOOKS)] | None = None
    deny: Flag | None = None
    """Where it fails, the client gets 446 and no answer. Default: the answer, with 246."""
    async_: Flag | None = Field(default=None, alias="async")
    """Run once the answer is sent."""
    sequential: Flag | None = None
    """Each check sees what those before it changed. Mutators always do."""
    on_fail: Aftermath | None = None
    on_success: Aftermath | None = None
    guardrail_version_id: Any = None
    fail_closed: Flag | None = None
    """`fail_on_error` of all checks."""
    stream: Literal["off", "buffer", "window"] | None = None
    """Of an answer that is a stream: not checked, held back until all of it is, or checked as it comes.
    Default: buffer where any hook of the target denies, else off."""
    window_characters: Annotated[int, Field(strict=True, ge=64, le=100_000)] | None = None
    """Characters that `window` holds back for one look. Default 200."""


Hooks: TypeAlias = Annotated[tuple[Hook, ...], Field(max_length=MOST_HOOKS)]
Shorthand: TypeAlias = Annotated[
    tuple[Annotated[dict[str, Any], BeforeValidator(written_here)], ...], Field(max_length=MOST_HOOKS)
]
"""Hooks whose keys are those of `Hook`, or ids of checks with their parameters."""


class Condition(Shape):
    query: dict[str, Any]
    """See `core/routing/conditions.py` for the language."""
    then: Name
    """The `name` of the target to take."""


class Strategy(Shape):
    """How one of several targets is chosen. Registered modes have keys of their own besides."""

    mode: Annotated[Name, Field(examples=list(MODES))]
    on_status_codes: frozenset[Status] | None = None
    """Fallback: the statuses that make it go on. Default: any that is not 2xx."""
    conditions: tuple[Condition, ...] | None = None
    default: Name | None = None
    """Conditional: the `name` of the target to take where no condition holds."""
    on: frozenset[Kind] | None = None
    """Fallback: kinds of errors that make it go on. Beside it on_status_codes has no default."""
    algorithm: Literal["weighted", "least_busy", "lowest_latency"] | None = None
    """Load balance: how a target is drawn. Default: weighted."""
    sticky: Sticky | None = None
    """Load balance: what keeps a caller at one target."""
    cb_config: CircuitBreaker | None = None
    """The circuit breaker of all targets below that do not say otherwise."""


class Settings(Options):
    """What a node says for itself and for all below it that do not say otherwise."""

    provider: Name | None = None
    """A provider's slug, or `@NAME` for a virtual key."""
    api_key: Key | None = None
    token_provider: Key | None = None
    """A function, `env:` or `file:` that gives an access token, asked for each request."""
    custom_host: str | None = None
    override_params: dict[str, Any] | None = None
    """Set in each request's body, over what the client sent."""
    retry: Retry | None = None
    cache: Annotated[Cache, BeforeValidator(cache_of)] | None = None
    request_timeout: Milliseconds | None = None
    """Milliseconds to the head of an answer."""
    timeouts: Timeouts | None = None
    cb_config: CircuitBreaker | None = None
    """The circuit breaker of each target."""
    forward_headers: tuple[str, ...] | None = None
    """Names of client headers to copy to the provider."""
    strict_open_ai_compliance: Flag | None = None
    strict_params: Flag | None = None
    """Refuse a request with parameters the provider cannot take, instead of leaving them out."""
    commit: Literal["headers", "first_event"] | None = None
    """When a stream counts as begun, after which nothing is tried again. Default: first_event."""
    before_request_hooks: Hooks | None = None
    after_request_hooks: Hooks | None = None
    input_guardrails: Shorthand | None = None
    output_guardrails: Shorthand | None = None
    input_mutators: Shorthand | None = None
    output_mutators: Shorthand | None = None
    default_input_guardrails: Shorthand | None = None
    """Run after all others before a request."""
    default_output_guardrails: Shorthand | None = None
    # Portkey takes these; here they change nothing, and a warning says so.
    id: Any = None
    metadata: Any = None
    on_status_codes: Any = None
    url_to_fetch: Any = None


class KeyEntry(Settings):
    """One of the operator's virtual keys: a credential, and what goes with it wherever it is used."""


class Place(Settings):
    name: Name | None = None
    """What conditions call this node."""
    weight: Weight | None = None
    """Its share of a load balance. Default 1."""
    virtual_key: Name | None = None


class Leaf(Place):
    """One provider."""


class Branch(Place):
    """Several targets and a strategy, which may be left out where there is one target only."""

    targets: Annotated[tuple[Node, ...], Field(json_schema_extra={"minItems": 1})]
    strategy: Strategy | None = None


def kind(value: Any) -> str:
    if isinstance(value, dict):
        return BRANCH if value.get("targets") is not None or value.get("strategy") is not None else LEAF
    return BRANCH if isinstance(value, Branch) else LEAF


Node: TypeAlias = Annotated[Annotated[Leaf, Tag(LEAF)] | Annotated[Branch, Tag(BRANCH)], Discriminator(kind)]
Branch.model_rebuild()


def spellings(shape: type[Shape]) -> dict[str, str]:
    """What each key of a model may be called, by both of its names."""
    return {spelling: name for name in shape.model_fields for spelling in (name, to_camel(name))}


class FetchMedia(Shape):
    """What is fetched of the files that clients give by their addresses, and how much."""

    max_bytes: Annotated[int, Field(strict=True, gt=0, le=64 * 2**20)] = 5 * 2**20
    """Of one file. Default 5 MiB."""
    max_count: Annotated[int, Field(strict=True, gt=0, le=64)] = 8
    """Files of one request. Default 8."""
    timeout: Annotated[float, Field(strict=True, gt=0, le=600, allow_inf_nan=False)] = 10
    """Seconds for one file. Default 10."""
    hosts: tuple[str, ...] = ("*",)
    """Where from: HOST, HOST:PORT, *.SUFFIX or *. Default: any. Only public addresses are ever called."""


FETCH_MEDIA = TypeAdapter(FetchMedia)


class Tables(Shape):
    """What stands beside a config in a file: keywords of the gateway."""

    virtual_keys: dict[str, Any] | None = None
    configs: dict[str, Any] | None = None
    auth: Annotated[Any, WithJsonSchema({"const": "public"})] = None
    caller_config: Literal["full", "named", "none"] | None = None
    max_body: Annotated[int, Field(strict=True, gt=0)] | None = None
    trusted_custom_hosts: tuple[str, ...] | None = None
    fetch_media: Any = None
    store: Annotated[Any, WithJsonSchema({"type": "string"})] = None
    """`memory`, `sqlite:PATH`, `redis://HOST:PORT/DB`, or `env:NAME` for one of these."""
    transport: Literal["auto", "wire", "httpx", "aiohttp"] | None = None
    health: Annotated[str, Field(pattern=r"^/[^?#]*[^?#/]$", max_length=256)] | None = None
    """The path at which operators are told how the gateway is. Default: none."""


class File(Tables):
    """A whole file, for the schema."""

    config: Node | None = None
    fetch_media: FetchMedia | bool | None = None
    """Whether files that clients give by their addresses are fetched for providers that take bytes only."""
    virtual_keys: dict[str, KeyEntry] | None = None
    configs: dict[str, Node] | None = None
