"""Which requests are alike: the key of an answer that was kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from .. import json
from ..endpoints import (
    CHAT,
    COMPLETE,
    EMBED,
    IMAGE,
    MODELS,
    MODERATE,
    RERANK,
    SPEECH,
    TRANSCRIBE,
    TRANSLATE,
)
from ..plan import Credential, Target
from ..values import Call

CACHED = frozenset({CHAT, COMPLETE, EMBED, IMAGE, MODERATE, RERANK, SPEECH, TRANSCRIBE, TRANSLATE})
"""Endpoints that change nothing at the provider, so that asking once is as good as asking twice."""
CREDENTIALS = ("authorization", "x-api-key", "api-key")
"""Where callers bring theirs."""
IDS = ("id", "sub", "pk", "hex")
"""What a principal may be told from all others by; the last is a UUID's."""
PREFIX = "cache:"


def key_of(target: Target, call: Call) -> str | None:
    """The key of what a target answers to a call, which tells nothing of either; None where it has none."""
    tenant: tuple[bytes, ...] | None = None
    if call.endpoint is MODELS and not (target.credential and callable(target.credential.source)):
        tenant = ()  # a credential has one list, whoever asks by it; a function may give each another
    elif call.endpoint in CACHED or call.endpoint is MODELS:
        tenant = tenant_of(call)
    if tenant is None:
        return None
    mark = target.marks.get(PREFIX) or target.marks.setdefault(PREFIX, mark_of(target))
    asked = (call.endpoint.name, call.method, call.path, call.query, call.namespace)
    return PREFIX + digest((mark, *tenant, *map(text, asked), *lent(target, call), *body_of(call))).hex()


def tenant_of(call: Call) -> tuple[bytes, ...] | None:
    """Who asks: the host's principal, or whoever has the caller's credential. None where the host knows who
    it is and does not tell: then no two requests can be said to come from the same."""
    who = identity(call.principal)
    if who is not None:
        return b"principal", who
    brought = [text(call.headers[name]) for name in CREDENTIALS if call.headers.get(name)]
    if not brought and call.principal is not None:
        return None
    return b"credential", *brought


def identity(principal: object) -> bytes | None:
    """What tells a principal from all others: itself, or its id. None where it has none."""
    if isinstance(principal, bool) or principal is None:
        return None
    if isinstance(principal, Mapping):
        named = next((principal[name] for name in IDS if principal.get(name) is not None), principal)
    else:
        ids = (getattr(principal, name, None) for name in IDS)
        named = next((each for each in ids if each is not None and not callable(each)), principal)
    kind = type(principal).__qualname__
    if named is principal and not isinstance(principal, str | int | Mapping | list | tuple):
        return None
    try:
        return json.dumps([kind, named if isinstance(named, Mapping | list | tuple | int) else str(named)])
    except (ValueError, TypeError):
        return None


def mark_of(target: Target) -> bytes:
    """Whatever of a target makes its answers its own."""
    flags = f"{target.strict} {target.refuse_dropped} {target.base}"
    bodies = (json.dumps(dict(target.options)), json.dumps(dict(target.overrides)))
    return digest((text(target.provider.name), text(flags), *bodies, *credential(target.credential, target)))


def credential(given: Credential | None, target: Target) -> tuple[bytes, ...]:
    if given is None:
        return (b"the caller's",)
    if given.secret:
        return b"secret", text(given.option), text(given.secret.reveal())
    if isinstance(given.source, str):
        return b"source", text(given.option), text(given.source)
    # A function, which cannot be told from others like it but by where it stands; or the machine itself.
    named = getattr(given.source, "__qualname__", type(given.source).__qualname__)
    return b"asked", text(given.option), text(target.path), text(named)


def lent(target: Target, call: Call) -> Iterable[bytes]:
    """What the provider would be told of the caller beside the body."""
    if target.credential is None and call.key:
        yield text(call.key.reveal())
    for name in sorted(target.asks.intersection(call.headers)):
        yield text(name)
        yield text(call.headers[name])


def body_of(call: Call) -> Iterable[bytes]:
    """The client's body. The order of its keys counts, as it may for a model; a form's boundary does not."""
    if not call.parts:
        yield call.raw or json.dumps(dict(call.body))
    for part in call.parts:
        yield json.dumps([part.name, part.filename, part.content_type])
        yield part.data


def text(words: Any) -> bytes:
    return str(words).encode("utf-8", "surrogatepass")


def digest(parts: Iterable[bytes]) -> bytes:
    """One for all of them, in which each has its place and its end."""
    return sha256(b"".join([b"%d:%b" % (len(part), part) for part in parts])).digest()
