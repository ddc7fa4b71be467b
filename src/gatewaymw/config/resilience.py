"""Retries and their budget, circuit breakers, time limits, and what keeps a caller at one target."""

from __future__ import annotations

from typing import Any

from ..core.errors import ConfigError
from ..core.plan import NO_KINDS, RETRIED, Breaker, Budget, Retry, Sticky, Timeouts
from ..core.routing.conditions import reader
from . import models
from .book import Making
from .reading import shown

FIELDS = 8
"""Of a sticky load balance."""


def retry(retry: models.Retry, path: str, making: Making) -> dict[str, Any]:
    making.strays(retry, path)
    base = 1.0 if retry.base is None else retry.base / 1000
    cap = 60.0 if retry.cap is None else retry.cap / 1000
    if base > cap:
        raise ConfigError("the first pause is longer than the longest, cap", path=f"{path}.base")
    on = retry.on_status_codes
    if on is None:
        on = RETRIED if retry.on is None else frozenset()
    made = Retry(
        retry.attempts,
        on,
        bool(retry.use_retry_after_header),
        base,
        cap,
        kinds_of(retry.on),
        budget(retry.budget, f"{path}.budget", making),
    )
    return {"retry": made}


def kinds_of(kinds: frozenset[models.Kind] | None) -> frozenset[str]:
    return NO_KINDS if kinds is None else frozenset(kinds)


def budget(budget: models.RetryBudget | None, path: str, making: Making) -> Budget | None:
    if budget is None:
        return None
    making.strays(budget, path)
    return Budget(budget.percentage / 100, budget.floor, budget.window / 1000)


def breaker(told: models.CircuitBreaker, path: str, making: Making) -> dict[str, Any]:
    making.strays(told, path)
    share = told.failure_threshold_percentage
    default = 5 if share is None else None
    made = Breaker(
        failures=default if told.failure_threshold is None else told.failure_threshold,
        share=None if share is None else share / 100,
        minimum=told.minimum_requests,
        window=told.window / 1000,
        cooldown=told.cooldown_interval / 1000,
        statuses=told.failure_status_codes,
        probes=told.half_open_requests,
    )
    return {"breaker": made}


def timeouts(told: models.Timeouts, path: str, making: Making) -> dict[str, Any]:
    making.strays(told, path)
    times = (told.connect, told.first_token, told.idle, told.total)
    return {"timeouts": Timeouts(*(None if each is None else each / 1000 for each in times))}


def below(branch: models.Branch, path: str, making: Making) -> dict[str, Any]:
    """What a strategy says for all targets below it: fields of `Target`."""
    strategy, said = branch.strategy, dict[str, Any]()
    if strategy is None:
        return said
    if strategy.cb_config is not None:
        said |= breaker(strategy.cb_config, f"{path}.strategy.cb_config", making)
    if strategy.mode == "loadbalance" and strategy.algorithm in ("least_busy", "lowest_latency"):
        said["measured"] = True
    return said


def sticky(told: models.Sticky | None, path: str, making: Making) -> Sticky | None:
    """Raises ConfigError for what cannot be read of a request."""
    if told is None or told.enabled is False:
        return None
    making.strays(told, path)
    named = (told.by,) if isinstance(told.by, str) else told.by
    by = named or told.hash_fields
    if not by or len(by) > FIELDS:
        raise ConfigError(f"needs what to keep callers by, 1 to {FIELDS} of them", path=f"{path}.by")
    return Sticky(tuple(field(name, f"{path}.by") for name in by), told.ttl)


def field(name: str, path: str) -> str:
    """A field of a request, in our spelling. Raises ConfigError."""
    where, _, rest = name.partition(".")
    if where in ("header", "headers") and rest:
        return f"header.{rest.lower()}"
    if where in ("metadata", "params") and rest:
        reader(name)
        return name
    raise ConfigError(f"must be metadata.KEY, header.NAME or params.KEY, not {shown(name)}", path=path)
