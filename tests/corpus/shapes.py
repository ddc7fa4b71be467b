"""The words that the rows of the corpus are written in."""

from __future__ import annotations

import json
from typing import Any

from offline import Row

from callers import HELLO


def at(host: str, **more: Any) -> dict[str, Any]:
    """A target of the operator's at a host of the corpus."""
    return {"provider": "openai", "custom_host": f"https://{host}.test", "api_key": f"sk-of-{host}", **more}


def bare(host: str, **more: Any) -> dict[str, Any]:
    """A target that brings no key of its own: the caller's is used."""
    return {"provider": "openai", "custom_host": f"https://{host}.test", **more}


def group(mode: str, *targets: Any, **strategy: Any) -> dict[str, Any]:
    return {"strategy": {"mode": mode, **strategy}, "targets": list(targets)}


def fallback(*targets: Any, **strategy: Any) -> dict[str, Any]:
    return group("fallback", *targets, **strategy)


def weighed(*weights: float | None) -> dict[str, Any]:
    """A load balance of a, b, … with these weights."""
    told = [{} if weight is None else {"weight": weight} for weight in weights]
    return group("loadbalance", *(at(host, **more) for host, more in zip("abcdefgh", told, strict=False)))


def choosing(*queries: Any, default: str | None = "z", **more: Any) -> dict[str, Any]:
    """A condition for each of a, b, …; the default is z, at host h."""
    conditions = [{"query": query, "then": host} for host, query in zip("abcdefg", queries, strict=False)]
    otherwise = {} if default is None else {"default": default}
    targets = [at(host, name=host) for host, _ in zip("abcdefg", queries, strict=False)]
    return {**group("conditional", *targets, at("h", name="z"), conditions=conditions, **otherwise), **more}


def header(config: Any, prefix: str = "x-gateway-") -> dict[str, str]:
    """A caller's own config, and a key."""
    text = config if isinstance(config, str) else json.dumps(config)
    return {f"{prefix}config": text, "authorization": "Bearer sk-of-the-caller"}


def asking(**more: Any) -> dict[str, Any]:
    """The body of a short chat, with more in it."""
    return {**HELLO, **more}


def refused(name: str, config: Any, param: str | None, code: str = "invalid_config", **more: Any) -> Row:
    """A caller's config that is none."""
    more.setdefault("headers", header(config))
    return Row(name, None, "", 400, error=(code, param), **more)
