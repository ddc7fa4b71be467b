"""The arithmetic of waiting: backoff with jitter, Retry-After, and what is left of the time."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from math import isfinite

from ..plan import Retry
from ..values import Answer, Env

ASKED = frozenset({429, 503})
"""Statuses whose Retry-After is believed (RFC 9110, 10.2.3)."""


def pause(retry: Retry, tries: int, outcome: object, left: float, env: Env) -> float | None:
    """Seconds to wait before trying again; None where no further try may be made.

    `tries` is how many retries there were, `left` the seconds until the deadline. A provider that
    names a time is given it, unless that is `retry.cap` or more, or later than the deadline. All
    other waits are drawn from [0, base·2ⁿ], capped ("full jitter"), so that clients who failed
    together do not come back together.
    """
    seconds = asked(retry, outcome, env)
    if seconds is None:
        seconds = env.random() * min(retry.cap, retry.base * 2.0 ** min(tries, 32))
    elif seconds >= retry.cap:
        return None
    return seconds if seconds < left else None


def asked(retry: Retry, outcome: object, env: Env) -> float | None:
    """The wait the provider asks for, where it is to be believed."""
    if retry.use_retry_after and isinstance(outcome, Answer) and outcome.status in ASKED:
        return retry_after(outcome.headers, env.clock())
    return None


def retry_after(headers: Mapping[str, str], clock: float) -> float | None:
    """Seconds from `retry-after-ms`, `x-ms-retry-after-ms` or `retry-after` (seconds or a date)."""
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if (value := number(headers.get(name))) is not None:
            return value / 1000
    text = headers.get("retry-after")
    return number(text) if number(text) is not None else until(text, clock)


def number(text: str | None) -> float | None:
    """A count that is finite and not negative; None for anything else."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if isfinite(value) and value >= 0 else None


def until(text: str | None, clock: float) -> float | None:
    """Seconds from `clock` to an HTTP date; a past one is now."""
    try:
        return max(0.0, parsedate_to_datetime(text or "").timestamp() - clock)
    except (ValueError, TypeError, OverflowError):
        return None
