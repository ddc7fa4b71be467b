"""How the gateway is, for operators: what it is made of and what is under way, and no secrets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version

from .core import json
from .core.endpoints import Endpoint
from .core.errors import ConfigError
from .core.routing.reply import Reply
from .core.values import JSON

log = logging.getLogger("gatewaymw")

HEALTH = Endpoint(name="health", method="GET", path="/{health}", body="none")
"""No route of an API: its path is the operator's to say."""


def checked_path(path: object) -> str | None:
    """Raises ConfigError for what can be no path of a request."""
    if path is None:
        return None
    if isinstance(path, str) and path.startswith("/") and not path.endswith("/") and not {*"?#"} & {*path}:
        return path
    raise ConfigError("must be a path that starts with a slash and does not end with one", path="health")


def told(facts: Mapping[str, Callable[[], JSON]], providers: Sequence[str]) -> Reply:
    """`{"status": "ok", "version", "providers": […], …}`, and each of the facts by its name."""
    known = {name: fact_of(name, fact) for name, fact in tuple(facts.items())}
    said = {"status": "ok", "version": version("gatewaymw"), "providers": list(providers)}
    return Reply(status=200, body=json.dumps({**said, **known}))


def fact_of(name: str, fact: Callable[[], JSON]) -> JSON:
    """One that cannot be told says so: the others are wanted all the more then."""
    try:
        return fact()
    except Exception as error:
        log.error("the fact %r of the health page failed", name, exc_info=error)
        return {"error": type(error).__name__}


def counts(here: tuple[int, int], threads: tuple[int, int]) -> JSON:
    """Connections to providers, of the event loop that is asked and of all threads."""
    return {"active": here[0] + threads[0], "idle": here[1] + threads[1]}
