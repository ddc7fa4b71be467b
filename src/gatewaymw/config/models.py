"""What people write: Portkey's config, in snake_case or camelCase, and what this gateway adds to it.

Times are milliseconds, as `request_timeout` always was. A key that is null counts as not given.
The core never sees these models: `compile.py` makes a plan of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
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
MODES = ("single", "fallback", "loadbalance", "conditional")
LEAF, BRANCH = "(leaf)", "(branch)"


def key_of(value: Any) -> Any:
    return value if callable(value) else hidden(value)


def cache_of(value: Any) -> Any:
    return {"mode": value} if isinstance(value, str) else value


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


class Cache(Shape):
    """Also written as its mode alone."""

    mode: Literal["simple", "semantic"]
    max_age: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)] | None = None
    """Seconds for which an answer is kept. Default 86400, a day; 90 days at most."""
    max_bytes: Annotated[int, Field(strict=True, gt=0, le=16 * 2**20)] | None = None
    """Of an answer that is kept. Default 1 MiB."""
    tool_calls: Flag | None = None
    """Keep answers that call tools, too. Default: they are not kept."""


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
    cb_config: Any = None


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
    forward_headers: tuple[str, ...] | None = None
    """Names of client headers to copy to the provider."""
    strict_open_ai_compliance: Flag | None = None
    strict_params: Flag | None = None
    """Refuse a request with parameters the provider cannot take, instead of leaving them out."""
    commit: Literal["headers", "first_event"] | None = None
    """When a stream counts as begun, after which nothing is tried again. Default: first_event."""
    before_request_hooks: Any = None
    after_request_hooks: Any = None
    input_guardrails: Any = None
    output_guardrails: Any = None
    input_mutators: Any = None
    output_mutators: Any = None
    default_input_guardrails: Any = None
    default_output_guardrails: Any = None
    # Portkey takes these; here they change nothing, and a warning says so.
    cb_config: Any = None
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


class File(Tables):
    """A whole file, for the schema."""

    config: Node | None = None
    fetch_media: FetchMedia | bool | None = None
    """Whether files that clients give by their addresses are fetched for providers that take bytes only."""
    virtual_keys: dict[str, KeyEntry] | None = None
    configs: dict[str, Node] | None = None
