"""The gateway: config, credentials and connections bound once; a flow for each request."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypedDict

from . import headers as wire
from . import streams
from .core.commands import Flow
from .core.errors import BadRequest, ConfigError, GatewayError, TooLarge
from .core.frozen import dataclass
from .core.plan import Plan
from .core.routing.failures import refusal
from .core.routing.flow import run
from .core.routing.reply import Reply
from .core.values import NOTHING, Call, Env, Part
from .drivers import aio, services, sync
from .drivers.health import Health
from .drivers.identity import Identities
from .headers import Wishes
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

MiB = 2**20
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
    body_timeout: float
    total_timeout: float
    send_timeout: float
    keep_alive: float | None
    grace: float
    http_client: Any
    transport: Literal["auto", "wire", "httpx", "aiohttp"] | None
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
    `body_timeout`, `total_timeout`: seconds for a request to arrive, and for all attempts together with the
    answer, streams included. `send_timeout`: seconds that a client may take for what it was sent, before its
    stream is given up. `keep_alive`: seconds of silence after which a stream gets a comment, `: keep-alive`;
    by default none, since some clients cannot read them; below WSGI with the transport of our own only, whose
    reads can be broken off and made again. `grace`: seconds that streams are given to end once the host is
    shut down; then they end with an error.
    `http_client`: a client of httpx or httpx2 to send with, for the edge of its kind. `transport`: what
    carries requests without one: `"auto"` (the fastest that can), `"wire"`, `"httpx"` or `"aiohttp"`.

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
        body_timeout: float = 120.0,
        total_timeout: float = 600.0,
        send_timeout: float = 60.0,
        keep_alive: float | None = None,
        grace: float = 30.0,
        http_client: Any = None,
        transport: Literal["auto", "wire", "httpx", "aiohttp"] | None = None,
        env: Env = ENV,
    ) -> None:
        # Here, so that whoever only imports the package does not wait for pydantic and the HTTP client.
        from .choice import Book, Chooser
        from .config.fetching import fetching_of
        from .config.loading import load, split
        from .config.secrets import resolve
        from .drivers.outbound import outbounds

        if not prefix.startswith("/") or prefix.endswith("/"):
            raise ConfigError("must start with a slash and not end with one: /v1", path="prefix")
        own, beside = split(load(config))
        auth = beside.get("auth") if auth is None else auth
        if not callable(auth) and auth not in (None, "public"):
            raise ConfigError('must be a callable or "public"', path="auth")
        book = Book(
            config=own,
            virtual_keys={**(beside.get("virtual_keys") or {}), **(virtual_keys or {})},
            configs={**(beside.get("configs") or {}), **(configs or {})},
            trusted_custom_hosts=first(trusted_custom_hosts, beside.get("trusted_custom_hosts"), ()),
            caller_config=first(caller_config, beside.get("caller_config"), "full"),
            prefix=prefix,
            open=auth is not None,
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
        self._env, self._patience = env, total_timeout
        self.pace = streams.paced(send_timeout, keep_alive, grace)
        self.streams, self.sync_streams = aio_streams.Streams(self.pace), sync_streams.Streams(self.pace)
        self._asks = callable(auth)
        self._services, self._services_sync = services.services(
            auth if callable(auth) else None, resolve, Identities(), Health()
        )
        carrier = first(transport, beside.get("transport"), "auto")
        self._outbounds, self._outbound = outbounds(http_client, carrier)

    # ── what the edges call ──────────────────────────────────────────────

    def match(self, method: str, path: str, names: Iterable[str]) -> Match | None:
        """The endpoint of a request under the prefix, None where it is the host's."""
        return self._matcher.match(method, path, names)

    def driver(self) -> aio.Driver:
        return aio.Driver(self._outbounds.get(), self._services)

    def sync_driver(self) -> sync.Driver:
        return sync.Driver(self._outbound, self._services_sync)

    def serve(self, inbound: Inbound, known: bool = False) -> Flow[Served]:
        """One request, from its headers to a reply. Raises no GatewayError: refusals are replies.

        `known`: it comes from the host's own code, so nobody need be asked who that is.
        """
        wishes, trace = Wishes(), ""
        warnings: tuple[str, ...] = ()
        try:
            if self.streams.ending or self.sync_streams.ending:
                raise streams.shut_down()
            wishes = wire.wishes_of(inbound.facts.headers)
            trace = self._trace(wishes)
            if self._asks and not known:
                yield from admit(inbound)
            plan, call = self._read(inbound, wishes)
            warnings = plan.warnings
            reply = yield from run(plan.root, call, self._env)
        except GatewayError as error:
            reply = refusal(error, inbound.match.endpoint.client)
        return Served(reply, wire.answer(reply, wishes, trace or self._env.new_id(), warnings))

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
        self._outbound.close()

    def close(self) -> None:
        """Close the connections that were made for threads. Safe to call again."""
        self._outbound.close()

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

    # ── reading a request ────────────────────────────────────────────────

    def _trace(self, wishes: Wishes) -> str:
        trace = wishes.given.get("trace-id", "")
        if len(trace) > 256:
            raise BadRequest("a trace id has 256 characters at most", param=wishes.prefix + "trace-id")
        return trace

    def _read(self, inbound: Inbound, wishes: Wishes) -> tuple[Plan, Call]:
        metadata: Mapping[str, str] = NOTHING
        if wishes.given:
            wire.refuse_guardrails(wishes)
        parts, body = self._body(inbound)
        if wishes.given:
            metadata = wire.metadata(wishes)
        plan, model = self.chooser.choose(wishes, body.get("model"))
        call = Call(
            endpoint=inbound.match.endpoint,
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
        )
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
