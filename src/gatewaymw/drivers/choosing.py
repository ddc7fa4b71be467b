"""Which transport carries the requests to one origin: the one that was named, or the fastest that can.

Each is imported when it is first needed: what a program does not use costs it nothing.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ..core.errors import ConfigError
from ..core.values import Failure, Request
from .transport import AsyncTransport, Transport, Unreachable

Name = Literal["auto", "wire", "httpx", "aiohttp"]
"""`auto` is `wire` where it runs; `httpx` on trio; httpx's client where the environment names a proxy."""


def checked_name(name: Any) -> Name:
    """A name from a config. Raises ConfigError where there is no such transport, or it is not installed."""
    if name not in get_args(Name):
        names = ", ".join(f'"{each}"' for each in get_args(Name))
        raise ConfigError(f"must be one of {names}", path="transport")
    if name == "aiohttp":
        try:
            from . import aiohttp  # noqa: F401 - to know now, not at the first request
        except ImportError:
            missing = "aiohttp is not installed; pip install 'gatewaymw[fast]'"
            raise ConfigError(missing, path="transport") from None
    made: Name = name
    return made


def carrier(name: Name, request: Request) -> AsyncTransport:
    """A transport for the origin of a request, on this event loop. Raises ConfigError, Unreachable."""
    if name == "auto" and (proxy := proxy_of(request)):
        return proxied(proxy)
    if name == "httpx" or (name == "auto" and not on_asyncio()):
        from .pool import AsyncPool

        return AsyncPool(request.guarded)
    if not on_asyncio():
        raise ConfigError(f'"{name}" runs on asyncio only; say "auto" or "httpx" on trio', path="transport")
    if name == "aiohttp":
        from .aiohttp import AsyncAiohttp

        return AsyncAiohttp(request.guarded)
    from .wire.aio import AsyncWire

    return AsyncWire(request.guarded)


def carrier_sync(name: Name, request: Request) -> Transport:
    """The same for threads."""
    if name == "aiohttp":
        raise ConfigError('"aiohttp" runs on asyncio only; say "auto" for WSGI', path="transport")
    if name == "auto" and (proxy := proxy_of(request)):
        return proxied_sync(proxy)
    if name == "httpx":
        from .pool import Pool

        return Pool(request.guarded)
    from .wire.sync import Wire

    return Wire(request.guarded)


def on_asyncio() -> bool:
    """Whether a task of asyncio runs: where trio is the guest of its loop, none does."""
    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False


# ── through a proxy ──────────────────────────────────────────────────────


def proxy_of(request: Request) -> str | None:
    """The proxy that the environment names for a request's host.

    None for a host that a caller chose: a proxy would resolve and dial it where no guard can look.
    """
    if request.guarded:
        return None
    proxies, at = getproxies(), urlsplit(request.url)
    proxy = proxies.get(at.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(at.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


UNUSABLE = Failure(
    "connect", "is behind a proxy of the environment that cannot be used", 502, "upstream_unreachable"
)


def settings(proxy: str) -> dict[str, Any]:
    import httpx

    from .limits import CONNECTIONS, EXPIRY, KEPT, tls

    limits = httpx.Limits(
        max_connections=CONNECTIONS, max_keepalive_connections=KEPT, keepalive_expiry=EXPIRY
    )
    return {"proxy": proxy, "trust_env": False, "verify": tls(), "limits": limits}


def proxied(proxy: str) -> AsyncTransport:
    import httpx

    from .handed import AsyncHanded

    try:
        return AsyncHanded(httpx.AsyncClient(**settings(proxy)), ours=True)
    except (ValueError, ImportError):  # a scheme that is unknown, or whose library is missing
        raise Unreachable(UNUSABLE) from None


def proxied_sync(proxy: str) -> Transport:
    import httpx

    from .handed import Handed

    try:
        return Handed(httpx.Client(**settings(proxy)), ours=True)
    except (ValueError, ImportError):
        raise Unreachable(UNUSABLE) from None
