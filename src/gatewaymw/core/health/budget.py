"""A retry budget: tries that repeat others are a share of all requests, so that a target in trouble is not
asked several times as often as one that is well."""

from __future__ import annotations

from ..plan import Budget
from .window import Window, added, totals


def asked(window: Window, rule: Budget, now: float) -> Window:
    """A request came."""
    return added(window, 1, 0, now, rule.window)


def spent(window: Window, rule: Budget, now: float) -> tuple[Window, bool]:
    """Whether one more repetition may be made, which then counts."""
    requests, repeated = totals(window, now, rule.window)
    if repeated + 1 > max(rule.floor, rule.share * requests):
        return window, False
    return added(window, 0, 1, now, rule.window), True
