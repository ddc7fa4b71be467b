"""Services of checks: which addresses a name has, and who signed a token."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from typing import Any

import anyio
import anyio.to_thread

from ..core import json

SECONDS = 3.0
"""For a name."""


def resolve_sync(host: str) -> tuple[str, ...]:
    """The addresses of a name; none where it has none, or is no name."""
    try:
        return _addresses(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError):
        return ()


async def resolve(host: str) -> tuple[str, ...]:
    """The same on an event loop, in a while at most."""
    with anyio.move_on_after(SECONDS):
        try:
            return _addresses(await anyio.getaddrinfo(host, None, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            pass
    return ()


def _addresses(found: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def verify(token: str, keys: bytes, algorithms: tuple[str, ...]) -> Mapping[str, Any]:
    """`{"claims": …}` of a token that a key of the set signed, `{}` where the set lacks the key it names,
    `{"error": …}` where it is no such token, `{"unable": …}` where that cannot be known. Times and names are
    for whoever asks to look at."""
    try:
        import jwt
    except ImportError:
        return {"unable": "tokens need PyJWT: the operator installs gatewaymw[jwt]"}
    known = _keys(keys)
    if known is None:
        return {"unable": "the key set cannot be read"}
    try:
        header = jwt.get_unverified_header(token)
        key = known.get(header["kid"])
        if key is None:
            return {}
        signed = key.get("alg", header["alg"])
        if signed not in algorithms:
            return {"error": "the token is signed in a way that is not allowed"}
        made = jwt.PyJWK(dict(key), signed)
        return {"claims": jwt.decode(token, made, [signed], UNCHECKED)}
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        return {"error": "the token is none, or its signature is not that of the key"}


UNCHECKED: Any = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "sub", "jti")}


def _keys(keys: bytes) -> Mapping[Any, Mapping[str, Any]] | None:
    """The keys of a set by their names (RFC 7517)."""
    try:
        listed = json.loads(keys)["keys"]
        return {key["kid"]: key for key in listed if isinstance(key.get("kid"), str)}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


async def verify_async(token: str, keys: bytes, algorithms: tuple[str, ...]) -> Mapping[str, Any]:
    """The same beside an event loop: importing the library takes a while, and so do long keys."""
    return await anyio.to_thread.run_sync(verify, token, keys, algorithms)
