"""What a node says for itself and for those below it, settled: one rule of inheritance for every key.

A node's own word replaces that of the node above; `override_params` are merged, key by key. The
upstream (provider, key, provider options) goes together: see `credentials.py`. A virtual key stands
between the node that names it and those above; in a caller's config, above whatever the caller says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ..core.errors import ConfigError
from ..core.model import Provider
from ..core.plan import Credential, Target, lacking
from ..core.values import NOTHING
from . import checking_hooks, models, resilience
from .book import Making
from .caching import caching
from .checking_hooks import checks_of, gathered, sends
from .credentials import Upstream, upstream
from .forwarding import forwardable
from .hosts import check_custom_host
from .reading import join


@dataclass(frozen=True, slots=True)
class Settled:
    """All that those below a node inherit."""

    upstream: Upstream
    settings: Mapping[str, Any] = NOTHING
    """Fields of `Target`."""
    overrides: Mapping[str, Any] = NOTHING


NOTHING_SAID = Settled(Upstream())


def settle(node: models.Settings, above: Settled, path: str, making: Making) -> Settled:
    """What holds at a node. Raises ConfigError."""
    making.strays(node, path)
    own, overrides = _settings(node, path, making), _overrides(node, path)
    up = upstream(node, above.upstream, path, making)
    if up.key and making.book.held and (own or overrides):
        up = _bent(up, own, overrides)
    return Settled(up, {**above.settings, **own}, {**above.overrides, **overrides})


def _bent(up: Upstream, own: Mapping[str, Any], overrides: Mapping[str, Any]) -> Upstream:
    """The operator may say otherwise than its virtual key."""
    settings, merged = {**up.settings, **own}, {**up.overrides, **overrides}
    return Upstream(up.provider, up.credential, up.options, up.guarded, up.key, settings, merged)


def target(leaf: models.Leaf, above: Settled, path: str, making: Making) -> Target:
    """The leaf of a plan. Raises ConfigError."""
    said = settle(leaf, above, path, making)
    up = said.upstream
    if up.provider is None:
        raise ConfigError("names no provider: give it a provider, a virtual_key or targets", path=path)
    if up.key and not making.book.held and "base_url" in said.settings:
        raise ConfigError(
            "a virtual key is used at its own host; leave custom_host out, or bring your own key",
            path=path,
            code="not_permitted",
        )
    if up.key and up.overrides and not making.book.held and (id := sends(checks_of(said.settings))):
        raise ConfigError(
            f"a virtual key with parameters of the operator's is not used with {id}, which would tell them to"
            " somebody else; leave the check out, or bring your own key",
            path=path,
            code="not_permitted",
        )
    settings = gathered({**said.settings, **up.settings})
    _addressed(up.provider, settings.get("base_url", ""), up.options, path)
    return Target(
        path=path,
        name=leaf.name or "",
        key_name=up.key.name if up.key else "",
        provider=up.provider,
        credential=up.credential or machine(up.provider, up.options, making),
        options=MappingProxyType(dict(up.options)),
        overrides=MappingProxyType({**said.overrides, **up.overrides}),
        **{"guarded": up.guarded, **settings},
    )


def machine(provider: Provider, options: Mapping[str, str], making: Making) -> Credential | None:
    """The identity of the machine as a credential, where the operator's config means it: by a word of its
    own, or, where somebody decides who may call, by naming no other."""
    if provider.ambient is None or not making.book.held:
        return None
    told = provider.ambient(options)
    return Credential(held=True) if told == "named" or (told and making.book.open) else None


def _addressed(provider: Provider, base_url: str, options: Mapping[str, str], path: str) -> None:
    """Raises ConfigError where it is not known where the provider is."""
    base = base_url or provider.base_url
    missing = [name for name in re.findall(r"\{(\w+)\}", base) if name not in options]
    if missing:
        raise ConfigError(lacking(provider, missing[0]), path=path, code="missing_option")
    if not base:
        raise ConfigError(f"{provider.name} has no address of its own: give it a custom_host", path=path)


# ── keys, one by one ─────────────────────────────────────────────────────


def _settings(node: models.Settings, path: str, making: Making) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name in sorted(READERS.keys() & node.model_fields_set):
        value = getattr(node, name)
        if value is not None:
            settings.update(READERS[name](value, join(path, name), making))
    return settings


def _overrides(node: models.Settings, path: str) -> Mapping[str, Any]:
    if not node.override_params:
        return NOTHING
    try:
        json.dumps(node.override_params)
    except TypeError:
        pass
    else:
        return node.override_params
    raise ConfigError("holds something that JSON cannot say", path=f"{path}.override_params")


def _host(url: str, path: str, making: Making) -> dict[str, Any]:
    trusted = None if making.book.held else making.book.trusted_hosts
    base_url, guarded = check_custom_host(url, trusted, path)
    return {"base_url": base_url, "guarded": guarded}


def _unused(value: Any, path: str, making: Making) -> dict[str, Any]:
    making.warn(path, "is not applied by this version")
    return {}


READERS: Mapping[str, Callable[[Any, str, Making], dict[str, Any]]] = {
    "retry": resilience.retry,
    "cb_config": resilience.breaker,
    "timeouts": resilience.timeouts,
    "request_timeout": lambda milliseconds, path, making: {"timeout": milliseconds / 1000},
    "custom_host": _host,
    "forward_headers": lambda names, path, making: {"forward": forwardable(names, path)},
    "strict_open_ai_compliance": lambda value, path, making: {"strict": value},
    "strict_params": lambda value, path, making: {"refuse_dropped": value},
    "commit": lambda value, path, making: {"commit_early": value == "headers"},
    "cache": caching,
    **checking_hooks.READERS,
    **dict.fromkeys(("id", "metadata", "on_status_codes", "url_to_fetch"), _unused),
}
