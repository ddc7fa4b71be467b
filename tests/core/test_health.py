"""The retry budget and the measure of latency: by example and by law."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.health import budget, latency
from gatewaymw.core.health.latency import State
from gatewaymw.core.health.window import Window, totals
from gatewaymw.core.plan import Budget

RULE = Budget(0.2, 3, 10.0)


def test_a_few_are_always_there_and_then_a_share() -> None:
    window: Window = ()
    for expected in (True, True, True, False):
        window, left = budget.spent(window, RULE, 0.0)
        assert left is expected
    for _ in range(20):
        window = budget.asked(window, RULE, 0.0)
    window, left = budget.spent(window, RULE, 0.0)
    assert left and not budget.spent(window, RULE, 0.0)[1]
    assert budget.spent(window, RULE, 10.0)[1], "a window later it is as it was"


@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=80))
def test_t5_a_budget_is_never_exceeded(steps: list[tuple[float, bool]]) -> None:
    window: Window = ()
    now = 0.0
    for seconds, repeats in steps:
        now += seconds
        if repeats:
            window, left = budget.spent(window, RULE, now)
            if left:
                requests, repeated = totals(window, now, RULE.window)
                assert repeated <= max(RULE.floor, RULE.share * requests)
        else:
            window = budget.asked(window, RULE, now)


def test_a_peak_is_taken_at_once_and_forgotten_slowly() -> None:
    state = latency.observed(State(), 0.1, False, 0.0)
    state = latency.observed(state, 2.0, False, 1.0)
    assert state.seconds == 2.0
    state = latency.observed(state, 0.1, False, 2.0)
    assert 1.5 < state.seconds < 2.0
    assert latency.mean(state, 2.0) > latency.mean(state, 12.0) > 0


def test_a_failure_is_a_slow_answer() -> None:
    state = latency.observed(State(), 0.001, True, 0.0)
    assert state.seconds == 1.0
    for number in range(10):
        state = latency.observed(state, 0.001, True, number / 100)
    assert state.seconds == latency.LONGEST


def test_work_under_way_counts_and_the_unknown_is_tried_once() -> None:
    fresh = State()
    assert latency.load(fresh, 0.0) == 0.0
    assert latency.load(latency.begun(fresh), 0.0) == 2.0
    known = latency.observed(fresh, 0.5, False, 0.0)
    assert latency.load(known, 0.0) == 0.5
    assert latency.load(latency.begun(known), 0.0) == 1.0
    assert latency.ended(latency.begun(known)) == known


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1000), st.booleans()), min_size=1))
def test_a_mean_stays_within_what_was_seen(steps: list[tuple[float, float, bool]]) -> None:
    state, now = State(), 0.0
    for seconds, took, failed in steps:
        now += seconds
        state = latency.observed(state, took, failed, now)
        assert 0 <= latency.mean(state, now) <= latency.LONGEST
