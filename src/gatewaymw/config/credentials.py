"""What a config says of keys, as credentials: whose they are, and where they are fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.errors import ConfigError, GatewayError
from ..core.model import Provider
from ..core.plan import Credential
from ..core.values import NOTHING, Secret
from .book import Making, VirtualKey
from .hosts import TrustedHosts, check_custom_host
from .models import Place, Settings
from .options import AMBIENT, FREE, GRAMMARS, NAMES, URLS, read
from .reading import join, shown
from .secrets import check_reference, is_reference

# A key goes into a header: printable, nothing at the ends that a reader would cut off.
_SENDABLE = re.compile(r"[\x21-\x7e\xa1-\xff](?:[\x20-\x7e\xa1-\xff]*[\x21-\x7e\xa1-\xff])?")


NEAREST = 3
"""Names that are told where a provider is called by none."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A provider and what is only ever said to it: a node that names another inherits none of it."""

    provider: Provider | None = None
    credential: Credential | None = None
    options: Mapping[str, str] = field(default=NOTHING, repr=False)
    guarded: bool = False
    """A caller chose a host among the options."""
    key: VirtualKey | None = None
    settings: Mapping[str, Any] = NOTHING
    """What the virtual key settles, and nodes of its owner's from where it is named."""
    overrides: Mapping[str, Any] = NOTHING


def upstream(node: Settings, above: Upstream, path: str, making: Making) -> Upstream:
    """The upstream of a node: named by it, or else that of the node above."""
    base = _named(node, above, path, making)
    credential = _credential(node, base, path, making)
    options, guarded = _options(node, base, path, making)
    if base.provider is None and (credential or options):
        raise ConfigError("a key and provider options belong beside the provider they are for", path=path)
    if credential is None and making.book.held and any(_is_secret(node, name) for name in options):
        credential = Credential(held=True)
    return Upstream(
        base.provider,
        credential or base.credential,
        {**base.options, **options} if options else base.options,
        guarded or base.guarded,
        base.key,
        base.settings,
        base.overrides,
    )


# ── which provider ───────────────────────────────────────────────────────


def _named(node: Settings, above: Upstream, path: str, making: Making) -> Upstream:
    name = _key_name(node, path)
    slug = None if node.provider is None or node.provider[0] == "@" else node.provider
    if name is not None:
        key = _virtual_key(name, path, making, or_provider=node.provider is not None)
        if slug not in (None, key.provider.name):
            raise ConfigError(f"this virtual key is for {key.provider.name}", path=f"{path}.provider")
        return Upstream(key.provider, key.credential, key.options, False, key, key.settings, key.overrides)
    if slug is None or (above.provider is not None and above.provider.name == slug):
        return above
    return Upstream(_provider(slug, path, making))


def _key_name(node: Settings, path: str) -> str | None:
    said = node.virtual_key if isinstance(node, Place) else None
    if node.provider is None or node.provider[0] != "@":
        return said
    if not isinstance(node, Place):
        raise ConfigError("a virtual key names a provider, not another key", path=f"{path}.provider")
    if said not in (None, node.provider[1:]):
        raise ConfigError("two virtual keys are named, here and as virtual_key", path=f"{path}.provider")
    return node.provider[1:]


def _virtual_key(name: str, path: str, making: Making, or_provider: bool) -> VirtualKey:
    if key := making.book.virtual_keys.get(name):
        return key
    # Callers are not told what the operator's keys are called. `@NAME` may be meant for a provider.
    keys, providers = (
        making.book.virtual_keys if making.book.held else (),
        making.providers if or_provider else (),
    )
    if name in providers:
        hint = f"; the provider is named without the @: {shown(name)}"
    else:
        hint = making.hint(name, [*keys, *providers], NEAREST)
    raise ConfigError(f"no virtual key is named {shown(name)}{hint}", path=f"{path}.virtual_key")


def _provider(slug: str, path: str, making: Making) -> Provider:
    providers = making.providers
    if provider := providers.get(slug):
        return provider
    hint = making.hint(slug, providers, NEAREST) or "; `gatewaymw providers` lists those there are"
    raise ConfigError(f"unknown provider {shown(slug)}{hint}", path=f"{path}.provider")


# ── with which key ───────────────────────────────────────────────────────


def _credential(node: Settings, base: Upstream, path: str, making: Making) -> Credential | None:
    if node.token_provider is not None:
        return _provided(node, base, path, making)
    if node.api_key is None:
        return None
    path, held = f"{path}.api_key", making.book.held
    if base.key:
        raise ConfigError("a virtual key brings its own key; leave one of the two out", path=path)
    if not isinstance(node.api_key, Secret):
        return Credential(source=_operators(node.api_key, path, making), held=True)
    text = node.api_key.reveal()
    if is_reference(text):
        return Credential(source=check_reference(_operators(text, path, making), path), held=True)
    if not _SENDABLE.fullmatch(text):
        raise ConfigError("no header can carry this key: look for spaces and line ends in it", path=path)
    return Credential(node.api_key, held=held)


def _provided(node: Settings, base: Upstream, path: str, making: Making) -> Credential:
    """The credential that a token provider is: as much a secret as a key, and instead of one."""
    path = f"{path}.token_provider"
    if base.key or node.api_key is not None:
        raise ConfigError("a key is given as well; leave one of the two out", path=path)
    source: Any = node.token_provider
    if isinstance(source, Secret):
        source = source.reveal()
        if not is_reference(source):
            raise ConfigError("must be a function, env: or file:; a token itself is an api_key", path=path)
        check_reference(source, path)
    option = base.provider.token if base.provider else ""
    return Credential(source=_operators(source, path, making), held=True, option=option)


def _operators(source: Any, path: str, making: Making) -> Any:
    if not making.book.held:
        raise ConfigError(
            "env:, file: and functions are for the operator's own config; write the key itself",
            path=path,
            code="not_permitted",
        )
    return source


# ── with which options ───────────────────────────────────────────────────


def _options(node: Settings, base: Upstream, path: str, making: Making) -> tuple[dict[str, str], bool]:
    options: dict[str, str] = {}
    guarded = False
    for name in sorted(NAMES & node.model_fields_set):
        value, where = getattr(node, name), join(path, name)
        if value is None:
            continue
        if not making.book.held:
            _permit(name, value, base, where)
        text, known = _text(name, value, where, making)
        if name in URLS and known:
            text, chosen = _address(name, text, where, making)
            guarded = guarded or chosen
        options[name] = text
    return options, guarded


def _permit(name: str, value: Any, base: Upstream, path: str) -> None:
    """Raises ConfigError where a caller's option would turn the operator's credential, or its machine."""
    if base.key and (name not in FREE or name in base.key.options):
        raise ConfigError(
            f"the virtual key {shown(base.key.name)} settles this; leave it out, or bring your own key",
            path=path,
            code="not_permitted",
        )
    # A role is assumed by whoever the machine is.
    if name == "aws_role_arn" or value in AMBIENT.get(name, ()):
        raise ConfigError(
            "the gateway's own identity is the operator's to use", path=path, code="not_permitted"
        )


def _address(name: str, value: str, path: str, making: Making) -> tuple[str, bool]:
    if making.book.held:
        return check_custom_host(value, None, path)
    trusted, own = making.book.trusted_hosts, URLS[name]
    return check_custom_host(value, TrustedHosts(trusted.exact, (*trusted.wild, *own.wild)), path)


def _text(name: str, value: Any, path: str, making: Making) -> tuple[str, bool]:
    """An option's text, its reference followed, and whether that is done: a check follows none."""
    text: str = value.reveal() if isinstance(value, Secret) else value
    if not is_reference(text):
        return text, True
    check_reference(_operators(text, path, making), path)
    found = _followed(text, path, making)
    if found is text:
        return text, False
    found = read(name, found)
    if name in GRAMMARS and (fault := GRAMMARS[name].fault(found)):
        raise ConfigError(f"what {_source(text)} holds {fault}", path=path)
    return found, True


def _followed(reference: str, path: str, making: Making) -> str:
    try:
        return making.book.look_up(reference)
    except GatewayError as error:
        fault = error.message
    raise ConfigError(fault, path=path)


def _source(reference: str) -> str:
    """Where a text was found, without the folder, which is nobody's business."""
    kind, _, name = reference.partition(":")
    return f"{kind}:{name}" if kind == "env" else f"{kind}:{name.rpartition('/')[2]}"


def _is_secret(node: Settings, name: str) -> bool:
    return isinstance(getattr(node, name), Secret)
