"""The arithmetic of waiting (T1, T3, T4)."""

from __future__ import annotations

from email.utils import formatdate
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import status, world

from gatewaymw.core.plan import Retry
from gatewaymw.core.routing.retry import pause, retry_after
from gatewaymw.core.values import Failure

BELIEVING = Retry(3, use_retry_after=True)


def paused(
    retry: Retry, outcome: object, tries: int = 0, left: float = inf, dice: float = 0.5
) -> float | None:
    return pause(retry, tries, outcome, left, world(dice=dice, time=1_700_000_000.0).env())


@pytest.mark.parametrize("tries, longest", [(0, 1), (1, 2), (2, 4), (5, 32), (9, 60), (10_000, 60)])
def test_t1_backoff_doubles_up_to_the_cap_and_is_drawn_from_all_of_it(tries: int, longest: float) -> None:
    assert paused(Retry(9), status(500), tries, dice=0.0) == 0
    assert paused(Retry(9), status(500), tries, dice=0.5) == longest / 2


@pytest.mark.parametrize(
    "headers, seconds",
    [
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": formatdate(1_700_000_005, usegmt=True)}, 5),
        ({"retry-after": formatdate(1_600_000_000, usegmt=True)}, 0),
        ({"retry-after": "-4"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 99 Nov 2026 07:28:00 GMT"}, None),
        ({"retry-after-ms": "x", "retry-after": "3"}, 3),
        ({}, None),
    ],
)
def test_t3_and_t4_the_providers_wait_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, 1_700_000_000.0) == seconds


@pytest.mark.parametrize("code", [429, 503])
def test_a_wait_the_provider_asks_for_is_kept_to_the_second(code: int) -> None:
    assert paused(BELIEVING, status(code, retry_after="7")) == 7


def test_it_is_believed_only_where_configured_and_only_with_429_and_503() -> None:
    assert paused(Retry(3), status(429, retry_after="7")) == 0.5
    assert paused(BELIEVING, status(500, retry_after="7")) == 0.5
    assert paused(BELIEVING, Failure("timeout", "slow", 503)) == 0.5


def test_a_wait_beyond_the_cap_ends_the_tries() -> None:
    assert paused(BELIEVING, status(429, retry_after="60")) is None
    assert paused(BELIEVING, status(429, retry_after="1000000")) is None


def test_no_wait_reaches_past_the_deadline() -> None:
    assert paused(BELIEVING, status(429, retry_after="7"), left=7) is None
    assert paused(Retry(3), status(500), left=0.5) is None
    assert paused(Retry(3), status(500), left=0.51) == 0.5


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms"]), st.text()), st.floats(0, 1e10))
def test_no_header_breaks_it(headers: dict[str, str], clock: float) -> None:
    seconds = retry_after(headers, clock)
    assert seconds is None or 0 <= seconds < inf
