"""Which plan a request runs by: the operator's, one it names, or one it brings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from typing import Any, Literal

from cachetools import LRUCache

from . import headers as wire
from .config import compile as compiler
from .config.checking_hooks import sends, with_more
from .config.forwarding import forwardable
from .config.hosts import check_custom_host, trusted_hosts
from .config.options import FREE, NAMES
from .core import json
from .core.checks.hook import Checks
from .core.errors import BadRequest, ConfigError, Forbidden
from .core.plan import Group, Node, Plan, Target, targets
from .core.providers import PROVIDERS
from .core.routing.catalogue import BARE, UNION
from .headers import Wishes

PLANS = 1024
"""Compiled plans kept of what callers sent."""
HEADER = 64 * 1024
"""Bytes of a config in a header."""
RENAMED = {
    "azure-resource-name": "resource_name",
    "azure-deployment-id": "deployment_id",
    "azure-api-version": "api_version",
    "azure-extra-params": "azure_extra_parameters",
}
"""Headers of provider options that the original named differently."""
OPTIONS = {**{name.replace("_", "-"): name for name in sorted(NAMES)}, **RENAMED}
"""Headers of provider options, without prefix."""
ROUTING = ("config", "provider", "virtual-key")
CHANGING = (
    *("request-timeout", "custom-host", "forward-headers", "strict-open-ai-compliance"),
    *wire.GUARDRAILS,
)
RELEVANT = frozenset((*ROUTING, *CHANGING, *OPTIONS))
"""The headers that a plan depends on. All others (trace ids, metadata) change from call to call."""


@dataclass(frozen=True, slots=True)
class Book:
    """What the operator gave, unread."""

    config: Any = None
    virtual_keys: Mapping[str, Any] = field(default_factory=dict, repr=False)
    configs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    trusted_custom_hosts: Iterable[str] = ()
    caller_config: Literal["full", "named", "none"] = "full"
    prefix: str = "/v1"
    open: bool = False
    """Somebody decides who may use the operator's keys."""
    checks: frozenset[str] = frozenset()
    """The names of the host's own checks."""


class Chooser:
    """Compiles the operator's configs at once, the callers' when they come, and keeps them."""

    def __init__(self, book: Book) -> None:
        if book.caller_config not in ("full", "named", "none"):
            raise ConfigError('must be "full", "named" or "none"', path="caller_config")
        self._level = book.caller_config
        if isinstance(book.trusted_custom_hosts, str):
            raise ConfigError("must be a list of hosts", path="trusted_custom_hosts")
        self._trusted = trusted_hosts(book.trusted_custom_hosts)
        self._keys = compiler.compile_virtual_keys(book.virtual_keys, checks=book.checks)
        own = compiler.Book(
            self._keys,
            self._trusted,
            held=True,
            prefix=book.prefix,
            open=book.open,
            checks=book.checks,
        )
        self._callers = replace(own, held=False, open=False, strict_keys=False)
        self.own = compiler.compile_config(book.config, own) if book.config else None
        named = {
            name: compiler.compile_config(config, own, path=f"configs.{name}")
            for name, config in book.configs.items()
        }
        self._named = {**parts(self.own), **named} if self._level != "none" else named
        leaves = targets(self.own.root) if self.own else ()
        scopes = frozenset[str]().union(*(leaf.provider.scopes for leaf in leaves))
        self._scopes = scopes - self._keys.keys() - {name.removeprefix("@") for name in self._named}
        self._own_book = own
        self._check_open(book)
        self._plans: LRUCache[bytes, Plan] = LRUCache(PLANS)
        self._lock = Lock()

    def _check_open(self, book: Book) -> None:
        """Nobody's money is spent on strangers by accident."""
        held = bool(self._keys) or any(plan.held for plan in (self.own, *self._named.values()) if plan)
        if held and not book.open:
            raise ConfigError(
                "the operator's own keys are only served where `auth` says to whom: give a callable, "
                'or auth="public" to serve them to anyone who can reach this app',
                path="auth",
            )

    @property
    def providers(self) -> list[str]:
        """The slugs of all providers that the operator's configs and keys name."""
        plans = [plan for plan in (self.own, *self._named.values()) if plan]
        named = {leaf.provider.name for plan in plans for leaf in targets(plan.root)}
        return sorted(named | {key.provider.name for key in self._keys.values()})

    def choose(self, wishes: Wishes, model: Any, listing: bool = False) -> tuple[Plan, str | None]:
        """The plan for a request, and its model's own name where that carried the provider.

        `listing`: it asks for models, of whoever there is if it names nobody.

        Raises BadRequest, ConfigError or Forbidden.
        """
        named = None
        if isinstance(model, str) and model[:1] == "@" and "/" in model and not wishes.routes:
            slug, _, rest = model[1:].partition("/")
            if slug not in self._scopes:
                named, wishes = rest, replace(wishes, given={**wishes.given, **self._whom(slug)})
        own = self.catalogue if listing else self.own
        if not wishes.given:
            return self._default(own), named
        told = telling(wishes.given)
        return self._kept(told, wishes, own) if told else self._default(own), named

    def _whom(self, slug: str) -> dict[str, str]:
        """The headers that would ask for whoever stands in front of a model: the operator's own targets and
        keys of that name, before a provider of which nothing more is known."""
        if f"@{slug}" in self._named:
            return {"config": f"@{slug}"}
        return {"provider": f"@{slug}" if slug in self._keys or slug not in PROVIDERS else slug}

    @cached_property
    def catalogue(self) -> Plan | None:
        """Whose models are listed where a request names nobody: those of the operator's config, and of each
        virtual key that a request may name. None where there are none."""
        if self.own and self.own.sole:
            return self.own
        leaves = targets(self.own.root) if self.own else ()
        if self._level == "full":
            leaves += tuple(self._leaves())
        bare = {BARE: True} if self._level == "none" else {}
        if not leaves:
            return None
        return Plan(Group(mode=UNION, path="config", children=leaves, settings=bare))

    def _leaves(self) -> Iterator[Target]:
        for name in self._keys:
            # Some keys lack what only the configs that name them say, such as a region.
            with suppress(ConfigError):
                config = {"virtual_key": name}
                yield from targets(
                    compiler.compile_config(config, self._own_book, path=f"virtual_keys.{name}").root
                )

    def _default(self, own: Plan | None) -> Plan:
        if own is None:
            raise BadRequest(
                "no provider is named: send the header x-gateway-provider or x-gateway-config, or put it "
                "in front of the model (@openai/gpt-4o), or give the gateway a config of its own",
                code="no_provider",
            )
        return own

    def _kept(self, told: str, wishes: Wishes, own: Plan | None) -> Plan:
        told = told if own is self.own else f"models {told}"
        key = hashlib.sha256(told.encode()).digest()  # which holds no secret
        with self._lock:
            plan = self._plans.get(key)
        if plan is None:
            given = {name: value for name, value in wishes.given.items() if name in RELEVANT}
            plan = self._compiled(replace(wishes, given=given), own)
            with self._lock:
                self._plans[key] = plan
        return plan

    def _compiled(self, wishes: Wishes, own: Plan | None) -> Plan:
        plan = self._routed(wishes) if wishes.routes else self._default(own)
        if plan.held:
            refuse_turning(wishes)
        changes, given = wire.overrides(wishes), wire.guardrails(wishes)
        if not changes and not given:
            return plan
        more, warnings = compiler.compile_guardrails(given, self._callers, wishes.prefix)
        if (id := sends(more)) and (plan.held or not brought(wishes)):
            # What the operator's config adds to a body is not for a caller's listener.
            raise Forbidden(
                f"{id} would tell somebody else what the operator's config makes of a request; leave it out",
                param=wishes.prefix + next(name for name in wire.GUARDRAILS if name in wishes.given),
            )
        changed = replace_leaves(plan, lambda leaf: self._changed(leaf, changes, more, wishes))
        return Plan(changed.root, plan.warnings + warnings)

    def _routed(self, wishes: Wishes) -> Plan:
        config = wishes.given.get("config")
        if self._level == "none" or (
            self._level == "named" and (config is None or config.lstrip()[:1] == "{")
        ):
            raise self._not_permitted(wishes)
        if config is not None and config.lstrip()[:1] != "{":
            return self._by_name(config.strip(), wishes)
        return compiler.compile_config(self._brought(config, wishes), self._callers)

    def _not_permitted(self, wishes: Wishes) -> Forbidden:
        return Forbidden(
            "this gateway routes by its own config; leave out the config and provider headers, and the "
            "provider in front of the model (@NAME/)"
            if self._level == "none"
            else "this gateway takes the names of its own configs only; send one as the config header",
            param=wishes.prefix + next(name for name in ROUTING if name in wishes.given),
        )

    def _by_name(self, name: str, wishes: Wishes) -> Plan:
        if name not in self._named:
            header = wishes.prefix + "config"
            raise BadRequest(
                f"{header} is neither JSON nor the name of a config of this gateway", param=header
            )
        return self._named[name]

    def _brought(self, text: str | None, wishes: Wishes) -> dict[str, Any]:
        """The config a request brings; where it names nobody, the headers do."""
        config = parsed(text, wishes) if text is not None else {}
        if any(name in config for name in ("provider", "targets", "virtual_key", "virtualKey")):
            return config
        given = wishes.given
        if "provider" not in given and "virtual-key" not in given:
            header = wishes.prefix + "provider"
            raise ConfigError(
                f"names no provider and no targets; add one, or send {header}", code="no_provider"
            )
        return {**config, **options(given), **whom(given)}

    def _changed(
        self, leaf: Target, changes: Mapping[str, Any], more: Checks | None, wishes: Wishes
    ) -> Target:
        held = leaf.credential is not None and leaf.credential.held
        base, guarded = leaf.base_url, leaf.guarded
        if "custom_host" in changes:
            header = wishes.prefix + "custom-host"
            if held:
                raise Forbidden(
                    "a key of the operator's is not sent to a host that callers name; leave the header out",
                    param=header,
                )
            base, guarded = check_custom_host(changes["custom_host"], self._trusted, header)
        forward = changes.get("forward_headers")
        timeout = changes.get("request_timeout")
        return replace(
            leaf,
            base_url=base,
            guarded=guarded,
            forward=leaf.forward
            if forward is None
            else forwardable(forward, wishes.prefix + "forward-headers"),
            timeout=timeout / 1000 if timeout is not None else leaf.timeout,
            strict=leaf.strict and changes.get("strict_open_ai_compliance", True),
            checks=with_more(leaf.checks, more),
        )


def parts(plan: Plan | None) -> dict[str, Plan]:
    """The targets of a plan by what stands in front of a model (`@SLUG`): where several go by one name, one
    after the other."""
    made: dict[str, list[Target]] = {}
    for leaf in targets(plan.root) if plan else ():
        made.setdefault(f"@{leaf.slug}", []).append(leaf)
    return {slug: Plan(together(leaves)) for slug, leaves in made.items()}


def together(leaves: Sequence[Target]) -> Node:
    return leaves[0] if len(leaves) == 1 else Group(mode="fallback", path="config", children=tuple(leaves))


def brought(wishes: Wishes) -> bool:
    """Whether a request says itself whom to ask, by more than the name of one of the operator's configs."""
    config = wishes.given.get("config", "{").lstrip()
    return wishes.routes and config[:1] == "{"


def parsed(text: str, wishes: Wishes) -> dict[str, Any]:
    header = wishes.prefix + "config"
    if len(text) > HEADER:
        raise BadRequest(f"a config in the header {header} has {HEADER} characters at most", param=header)
    try:
        config = json.loads(text)
    except ValueError as error:
        raise BadRequest(
            f"the header {header} is not JSON: {error}", param=header, code="invalid_config"
        ) from None
    if not isinstance(config, dict):
        raise BadRequest(f"the header {header} must be a JSON object", param=header, code="invalid_config")
    return config


def options(given: Mapping[str, str]) -> dict[str, str]:
    """The provider options among the headers."""
    return {OPTIONS[name]: value for name, value in given.items() if name in OPTIONS}


def whom(given: Mapping[str, str]) -> dict[str, str]:
    """Whom the headers name, as a config does. Of a provider without an address they say that, too."""
    if "virtual-key" in given:
        return {"virtual_key": given["virtual-key"]}
    slug, host = given["provider"], given.get("custom-host")
    placeless = slug in PROVIDERS and not PROVIDERS[slug].base_url
    return {"provider": slug, **({"custom_host": host} if host and placeless else {})}


def refuse_turning(wishes: Wishes) -> None:
    """Where and as whom the operator's credentials are used is not for headers to say. Raises Forbidden."""
    for name in wishes.given:
        if name in OPTIONS and OPTIONS[name] not in FREE:
            raise Forbidden(
                "the operator's config settles the options of its providers; leave the header out",
                param=wishes.prefix + name,
            )


def telling(given: Mapping[str, str]) -> str:
    """What a plan depends on; where a value ends is told by its length."""
    return "".join([f"{name} {len(value)}:{value}" for name, value in given.items() if name in RELEVANT])


def replace_leaves(plan: Plan, change: Any) -> Plan:
    def changed(node: Node) -> Node:
        if isinstance(node, Group):
            return replace(node, children=tuple(changed(child) for child in node.children))
        made: Target = change(node)
        return made

    return Plan(changed(plan.root), plan.warnings)
