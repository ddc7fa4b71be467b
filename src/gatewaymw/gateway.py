"""The gateway: config, credentials and connections bound once; a flow for each request."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from . import headers as wire
from . import streams, tracing
from .core.commands import Flow
from .core.errors import BadRequest, ConfigError, GatewayError, TooLarge
from .core.frozen import dataclass
from .core.plan import Node, Plan
from .core.routing.catalogue import CATALOGUE, called
from .core.routing.failures import refusal
from .core.routing.flow import run
from .core.routing.reply import Reply
from .core.values import JSON, NOTHING, Call, Env, Part, call_of
from .drivers import aio, services, sync
from .drivers.health import Health
from .drivers.identity import Identities
from .drivers.stores import AsyncStore, Store, store_of
from .headers import Wishes
from .health import HEALTH, checked_path, counts, told
from .inbound import (
    Inbound,
    Match,
    Matcher,
    admit,
    check_required,
    form_body,
    json_body,
    kind_of,
    with_model,
)
from .streams import aio as aio_streams
from .streams import sync as sync_streams

if TYPE_CHECKING:
    from .explaining import Explanation

MiB = 2**20
Carry: TypeAlias = Callable[[Node, Call, Env], Flow[Reply]]
Auth = Callable[..., Any]
Family = Literal["httpx", "httpx2"]


def new_id() -> str:
    return f"{random.getrandbits(128):032x}"


ENV = Env(random=random.random, now=time.monotonic, clock=time.time, new_id=new_id)


@dataclass(frozen=True, slots=True)
class Served:
    """What an edge sends: a reply and the headers that go with it."""

    reply: Reply
    headers: list[tuple[str, str]]


class Options(TypedDict, total=False):
    """Gateway's keywords, for the type checkers of those who give them to an edge."""

    virtual_keys: Mapping[str, Mapping[str, Any]] | None
    configs: Mapping[str, Any] | None
    auth: Auth | Literal["public"] | None
    caller_config: Literal["full", "named", "none"] | None
    trusted_custom_hosts: Iterable[str] | None
    prefix: str
    max_body: int | None
    fetch_media: bool | Mapping[str, Any] | None
    checks: Mapping[str, Callable[..., Any]] | None
    check_timeout: float
    body_timeout: float
    total_timeout: float
    send_timeout: float
    keep_alive: float | None
    grace: float
    store: str | Store | AsyncStore | None
    http_client: Any
    transport: Literal["auto", "wire", "httpx", "aiohttp"] | None
    health: str | None
    env: Env


class Gateway:
    """Everything that outlives a request. Constructing one opens nothing and needs no event loop.

    `config`: a dict, a pydantic model, or the path of a JSON, TOML or YAML file. `virtual_keys`:
    name → `{"provider", "api_key", …}`, credentials that configs refer to. `configs`: name → config
    that callers may name. `auth`: a callable, sync or async, from `Facts` to a principal; None or
    False refuses; `"public"` serves the operator's keys to anyone. `caller_config`: whether callers may
    send a config of their own (`"full"`), only name one (`"named"`), or neither (`"none"`).
    `trusted_custom_hosts`: hosts that callers may name. `max_body`: bytes of a request. `fetch_media`:
    whether files that clients give by their addresses are fetched for providers that take bytes only, True
    or a table of `max_bytes`, `max_count`, `timeout` (seconds) and `hosts`; by default they are refused.
    `checks`: name → a callable, sync or async, from `CheckFacts` to True (it passes), False, or `{"verdict":
    bool, "data", "transformedData"}`; hooks name it as they name any check. `check_timeout`: seconds that it
    may take.
    `body_timeout`, `total_timeout`: seconds for a request to arrive, and for all attempts together with the
    answer, streams included. `send_timeout`: seconds that a client may take for what it was sent, before its
    stream is given up. `keep_alive`: seconds of silence after which a stream gets a comment, `: keep-alive`;
    by default none, since some clients cannot read them; below WSGI with the transport of our own only, whose
    reads can be broken off and made again. `grace`: seconds that streams are given to end once the host is
    shut down; then they end with an error. `store`: where state is kept that outlives a request: `"memory"`
    (the default: of this process, bounded), `"sqlite:PATH"` for the workers of one machine,
    `"redis://HOST:PORT/DB"` for any number, `"env:NAME"` for either from the environment, or an object with
    the operations of `gatewaymw.drivers.stores.Store` or `AsyncStore`. No request fails, or waits more than
    100 ms, for a store that does.
    `http_client`: a client of httpx or httpx2 to send with, for the edge of its kind. `transport`: what
    carries requests without one: `"auto"` (the fastest that can), `"wire"`, `"httpx"` or `"aiohttp"`.
    `health`: a path (`"/gateway/health"`) at which GET tells how the gateway is, behind `auth` where that is
    a callable; by default there is none. `facts` is what it tells, by name: add your own.

    Raises ConfigError, naming the path of the fault.
    """

    def __init__(
        self,
        config: Any = None,
        *,
        virtual_keys: Mapping[str, Mapping[str, Any]] | None = None,
        configs: Mapping[str, Any] | None = None,
        auth: Auth | Literal["public"] | None = None,
        caller_config: Literal["full", "named", "none"] | None = None,
        trusted_custom_hosts: Iterable[str] | None = None,
        prefix: str = "/v1",
        max_body: int | None = None,
        fetch_media: bool | Mapping[str, Any] | None = None,
        checks: Mapping[str, Callable[..., Any]] | None = None,
        check_timeout: float = 5.0,
        body_timeout: float = 120.0,
        total_timeout: float = 600.0,
        send_timeout: float = 60.0,
        keep_alive: float | None = None,
        grace: float = 30.0,
        store: str | Store | AsyncStore | None = None,
        http_client: Any = None,
        transport: Literal["auto", "wire", "httpx", "aiohttp"] | None = None,
        health: str | None = None,
        env: Env = ENV,
    ) -> None:
        # Here, so that whoever only imports the package does not wait for pydantic and the HTTP client.
        from .choice import Book, Chooser
        from .config.fetching import fetching_of
        from .config.host_checks import host_checks
        from .config.loading import load, split
        from .config.secrets import look_up, resolve
        from .drivers.outbound import outbounds

        if not prefix.startswith("/") or prefix.endswith("/"):
            raise ConfigError("must start with a slash and not end with one: /v1", path="prefix")
        own, beside = split(load(config))
        auth = beside.get("auth") if auth is None else auth
        if not callable(auth) and auth not in (None, "public"):
            raise ConfigError('must be a callable or "public"', path="auth")
        own_checks = host_checks(checks)
        book = Book(
            config=own,
            virtual_keys={**(beside.get("virtual_keys") or {}), **(virtual_keys or {})},
            configs={**(beside.get("configs") or {}), **(configs or {})},
            trusted_custom_hosts=first(trusted_custom_hosts, beside.get("trusted_custom_hosts"), ()),
            caller_config=first(caller_config, beside.get("caller_config"), "full"),
            prefix=prefix,
            open=auth is not None,
            checks=frozenset(own_checks),
        )
        self.chooser = Chooser(book)
        self.prefix, self.body_timeout = prefix, body_timeout
        self.max_body = first(max_body, beside.get("max_body"), 32 * MiB)
        self._fetching = fetching_of(first(fetch_media, beside.get("fetch_media"), False))
        if self._fetching and http_client is not None:
            raise ConfigError(
                "your own http_client cannot check the addresses that it dials; leave out one of the two",
                path="fetch_media",
            )
        self._matcher = Matcher(prefix)
        self.usual = self._matcher.usual
        self._env, self._patience = env, total_timeout
        self.pace = streams.paced(send_timeout, keep_alive, grace)
        self.streams, self.sync_streams = aio_streams.Streams(self.pace), sync_streams.Streams(self.pace)
        self._asks = callable(auth)
        store = first(store, beside.get("store"), "memory")
        named = look_up(store) if isinstance(store, str) else store
        self.store = store_of(named)
        known = Health(shared=self.store.shared)
        self._services, self._services_sync = services.services(
            auth if callable(auth) else None,
            resolve,
            Identities(),
            own_checks,
            check_timeout,
            known,
            self.store,
        )
        carrier = first(transport, beside.get("transport"), "auto")
        self._outbounds, self._outbound = outbounds(http_client, carrier)
        self.health = checked_path(beside.get("health") if health is None else health)
        self.facts: dict[str, Callable[[], JSON]] = {
            "connections": lambda: counts(self._outbounds.counts, self._outbound.counts),
            "streams": lambda: {"open": self.streams.count + self.sync_streams.count},
            "breakers": known.breakers,
            "store": self.store.state,
        }

    # ── what the edges call ──────────────────────────────────────────────

    def match(self, method: str, path: str, names: Iterable[str]) -> Match | None:
        """The endpoint of a request under the prefix, None where it is the host's."""
        if path == self.health:
            return Match(HEALTH, path) if method == "GET" else None
        return self._matcher.match(method, path, names)

    def driver(self) -> aio.Driver:
        return aio.Driver(self._outbounds.get(), self._services)

    def sync_driver(self) -> sync.Driver:
        return sync.Driver(self._outbound, self._services_sync)

    def serve(self, inbound: Inbound, known: bool = False, carry: Carry | None = None) -> Flow[Served]:
        """One request, from its headers to a reply. Raises no GatewayError: refusals are replies.

        `known`: it comes from the host's own code, so nobody need be asked who that is. `carry`: what takes
        it through its plan, where that is not to be done in earnest.
        """
        wishes, trace, principal = Wishes(), "", None
        warnings: tuple[str, ...] = ()
        try:
            if self.streams.ending or self.sync_streams.ending:
                raise streams.shut_down()
            wishes = wire.wishes_of(inbound.facts.headers)
            if wishes.given:
                trace = self._trace(wishes)
            if self._asks and not known:
                principal = yield from admit(inbound)
            if inbound.match.endpoint is HEALTH:
                reply = told(self.facts, self.chooser.providers)
            else:
                plan, call = self._read(inbound, wishes, principal)
                warnings = plan.warnings
                carry = carry or (tracing.traced if tracing.wanted(wishes) else run)
                reply = yield from carry(plan.root, call, self._env)
                if inbound.match.named:
                    reply = called(reply, inbound.match.named.get("model", ""))
        except GatewayError as error:
            reply = refusal(error, inbound.match.endpoint.client)
        trace = trace or self._env.new_id()
        if reply.trace:
            tracing.written(reply, trace, inbound.match.endpoint)
        return Served(reply, wire.answer(reply, wishes, trace, warnings))

    def refuse(self, error: GatewayError, match: Match) -> Served:
        """A refusal before there is a whole request."""
        reply = refusal(error, match.endpoint.client)
        return Served(reply, wire.answer(reply, Wishes(), self._env.new_id()))

    def too_large(self) -> TooLarge:
        return TooLarge(f"the body is longer than {self.max_body} bytes; send less, or raise max_body")

    async def adrain(self, grace: float | None = None) -> None:
        """Refuse new requests, let the streams of this event loop end, and end those that have not after
        `grace` seconds (the gateway's own by default). The edge does so when the host's lifespan ends."""
        await self.streams.drain(self.pace.grace if grace is None else grace)

    def drain(self, grace: float | None = None) -> None:
        """The same for threads, whose servers do not tell: for a hook of the server's."""
        self.sync_streams.drain(self.pace.grace if grace is None else grace)

    async def aclose(self) -> None:
        """Close the connections of this event loop, and of all threads. Safe to call again."""
        await self._outbounds.aclose()
        await self.store.aclose()
        self.close()

    def close(self) -> None:
        """Close the connections that were made for threads. Safe to call again."""
        self._outbound.close()
        self.store.close()

    def sdk_transport(self, family: Family = "httpx2") -> Any:
        """A sync transport for an SDK in this process: `OpenAI(http_client=httpx2.Client(transport=…))`.

        `family` is the library the SDK is built on: `httpx2` (today's OpenAI and Anthropic SDKs) or
        `httpx`. The SDK's base URL must end in the prefix; its host is not looked at. Such calls are
        the host's own: `auth` is not asked.
        """
        from .inprocess import sync_transport

        return sync_transport(self, family)

    def async_sdk_transport(self, family: Family = "httpx2") -> Any:
        """The same for the async SDKs."""
        from .inprocess import async_transport

        return async_transport(self, family)

    def explain(
        self,
        request: Mapping[str, Any] | None = None,
        script: Mapping[str, str | Sequence[str]] | None = None,
        *,
        seed: int = 0,
        dice: Callable[[], float] | None = None,
    ) -> Explanation:
        """Whom a request would be sent to, and why, without sending anything: the same core, on a clock of
        its own, with dice from a seed (or `dice`, each a float in [0, 1)) and answers from a script.

        `request`: `{"method", "path", "query", "headers", "body"}`, each of which may be left out. `script`:
        what becomes of a target's requests (`{"targets[0]": ["429x2", "timeout"]}`), by its path, name,
        provider or host, or `*` for all; those that it does not name do well. See docs/explain.md.

        Raises ConfigError for a request or a script that cannot be read.
        """
        from .explaining import Rehearsal, inbound_of

        rehearsal = Rehearsal(script or {}, dice or random.Random(seed).random)
        other = copy(self)
        other._env = rehearsal.world.env()
        inbound = inbound_of(request or {}, self._matcher.match, self.prefix)
        return rehearsal.explained(inbound, lambda asked, carry: other.serve(asked, True, carry))

    # ── reading a request ────────────────────────────────────────────────

    def _trace(self, wishes: Wishes) -> str:
        trace = wishes.given.get("trace-id", "")
        if len(trace) > 256:
            raise BadRequest("a trace id has 256 characters at most", param=wishes.prefix + "trace-id")
        return trace

    def _read(self, inbound: Inbound, wishes: Wishes, principal: object) -> tuple[Plan, Call]:
        metadata: Mapping[str, str] = NOTHING
        parts, body = self._body(inbound)
        if wishes.given:
            metadata = wire.metadata(wishes)
        endpoint = inbound.match.endpoint
        plan, model = self.chooser.choose(wishes, body.get("model"), endpoint in CATALOGUE)
        call = call_of(
            endpoint=endpoint,
            method=inbound.facts.method,
            path=inbound.match.path,
            query=inbound.query,
            headers=inbound.facts.headers,
            raw=inbound.body,
            body=body,
            parts=parts,
            metadata=metadata,
            key=wishes.key if plan.sole else None,
            deadline=self._env.now() + self._patience,
            fetching=self._fetching,
            principal=principal,
        )
        if wishes.given:
            call = wire.caching(call, wishes)
        if model is not None:
            call = with_model(call, model, new_id)
        check_required(call, plan)
        return plan, call

    def _body(self, inbound: Inbound) -> tuple[tuple[Part, ...], Mapping[str, Any]]:
        match = inbound.match
        if match.endpoint.body == "json":
            return (), json_body(inbound)
        if match.endpoint.body == "form":
            return form_body(inbound, self.max_body)
        if inbound.body:
            kind_of(inbound)  # the provider would not be told that it is compressed
        return (), match.named


def edge_gateway(gateway: Gateway | None, config: Any, options: Options) -> Gateway:
    """The gateway of an edge: the one it was handed, or one of its own. Raises ConfigError for both."""
    if gateway is None:
        return Gateway(config, **options)
    if config is not None or options:
        stray = "config" if config is not None else next(iter(options))
        raise ConfigError("belongs to the gateway that was handed over; say it there", path=stray)
    return gateway


def first(*values: Any) -> Any:
    """The first that is given."""
    return next(value for value in values if value is not None)
