"""The circuit breaker: by example, and its legal transitions as a law."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gatewaymw.core.health.breaker import ANY, State, admit, heard, judge
from gatewaymw.core.health.window import added, totals
from gatewaymw.core.plan import Breaker

RULE = Breaker(failures=3, window=60.0, cooldown=30.0)
LEGAL = {
    ("closed", "open"),
    ("open", "half_open"),
    ("half_open", "open"),
    ("half_open", "closed"),
}


def failing(state: State, rule: Breaker, times: int, now: float = 0.0) -> State:
    for _ in range(times):
        state = judge(state, rule, ANY, True, now)
    return state


def test_it_opens_at_the_threshold_and_not_before() -> None:
    state = failing(State(), RULE, 2)
    assert state.phase == "closed" and admit(state, RULE, 0.0) == (state, ANY)
    state = failing(state, RULE, 1)
    assert (state.phase, state.until) == ("open", 30.0)
    assert admit(state, RULE, 29.9) == (state, None)


def test_the_window_slides() -> None:
    state = failing(State(), RULE, 2, now=0.0)
    assert failing(state, RULE, 1, now=59.0).phase == "open"
    assert failing(state, RULE, 2, now=61.0).phase == "closed"


def test_a_share_counts_from_enough_answers_on() -> None:
    rule = Breaker(failures=None, share=0.5, minimum=4)
    state = failing(State(), rule, 3)
    assert state.phase == "closed"
    assert failing(state, rule, 1).phase == "open"
    well = State()
    for _ in range(5):
        well = judge(well, rule, ANY, False, 0.0)
    assert failing(well, rule, 4).phase == "closed"
    assert failing(well, rule, 5).phase == "open"


def test_a_probe_that_does_well_closes_it() -> None:
    state, ticket = admit(failing(State(), RULE, 3), RULE, 30.0)
    assert (state.phase, ticket) == ("half_open", 1)
    assert admit(state, RULE, 30.0)[1] is None, "one at a time"
    assert judge(state, RULE, 1, False, 31.0) == State(round=1)


def test_a_probe_that_fails_opens_it_for_as_long_again() -> None:
    state, _ = admit(failing(State(), RULE, 3), RULE, 30.0)
    state = judge(state, RULE, 1, True, 31.0)
    assert (state.phase, state.until) == ("open", 61.0)
    assert admit(state, RULE, 61.0)[1] == 2


def test_a_probe_of_which_nothing_is_known_leaves_its_place_to_another() -> None:
    state, _ = admit(failing(State(), RULE, 3), RULE, 30.0)
    state = judge(state, RULE, 1, None, 31.0)
    assert state.phase == "half_open" and admit(state, RULE, 31.0)[1] == 1


def test_several_probes_must_all_do_well() -> None:
    rule = Breaker(failures=1, probes=2)
    state, first = admit(failing(State(), rule, 1), rule, 30.0)
    state, second = admit(state, rule, 30.0)
    assert (first, second, admit(state, rule, 30.0)[1]) == (1, 1, None)
    state = judge(state, rule, 1, False, 31.0)
    assert state.phase == "half_open" and admit(state, rule, 31.0)[1] is None
    assert judge(state, rule, 1, False, 31.0).phase == "closed"


def test_answers_of_another_time_change_nothing() -> None:
    opened = failing(State(), RULE, 3)
    assert judge(opened, RULE, ANY, False, 1.0) == opened == judge(opened, RULE, ANY, True, 1.0)
    half, _ = admit(opened, RULE, 30.0)
    assert judge(half, RULE, 7, True, 31.0) == half
    assert judge(State(), RULE, ANY, None, 0.0) == State()


def test_another_workers_word_opens_it_for_no_longer_than_its_own_rule() -> None:
    assert heard(State(), RULE, 10.0, 5.0).until == 10.0
    assert heard(State(), RULE, 1e9, 5.0).until == 35.0
    assert heard(State(), RULE, 5.0, 5.0) == State()
    opened = failing(State(), RULE, 3)
    assert heard(opened, RULE, 99.0, 5.0) == opened


def test_another_workers_word_spares_it_a_probe_of_its_own() -> None:
    half, ticket = admit(failing(State(), RULE, 3), RULE, 30.0)
    assert ticket is not None
    opened = heard(half, RULE, 50.0, 31.0)
    assert (opened.phase, opened.until) == ("open", 50.0)
    assert judge(opened, RULE, ticket, False, 32.0) == opened, "a probe of before changes nothing any more"
    assert admit(opened, RULE, 50.0)[1] == ticket + 1


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans()), max_size=60))
def test_a_window_holds_what_came_within_it(steps: list[tuple[float, bool]]) -> None:
    window, now, all_of_them = (), 0.0, []
    for seconds, marked in steps:
        now += seconds
        window = added(window, 1, marked, now, 60.0)
        all_of_them.append((now, marked))
        count, marks = totals(window, now, 60.0)
        sure = [each for at, each in all_of_them if at > now - 54.0]
        possible = [each for at, each in all_of_them if at >= now - 60.0 - 1e-6]
        assert len(sure) <= count <= len(possible)
        assert sum(sure) <= marks <= sum(possible)
        assert len(window) <= 10


class Breaking(RuleBasedStateMachine):
    """Any order of requests, answers, waits and other workers' words."""

    def __init__(self) -> None:
        super().__init__()
        self.rule = Breaker(failures=2, share=0.5, minimum=2, window=20.0, cooldown=5.0, probes=2)
        self.state, self.now = State(), 0.0
        self.tickets: list[int] = []

    def become(self, state: State) -> None:
        moved = (self.state.phase, state.phase)
        assert moved[0] == moved[1] or moved in LEGAL, moved
        self.state = state

    @rule(seconds=st.floats(0, 10))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def a_request(self) -> None:
        before = self.state
        state, ticket = admit(before, self.rule, self.now)
        if before.phase == "open" and self.now < before.until:
            assert ticket is None, "an open breaker lets nobody through"
        self.become(state)
        if ticket is not None:
            self.tickets.append(ticket)

    @precondition(lambda self: self.tickets)
    @rule(failed=st.sampled_from([True, False, None]), data=st.data())
    def an_answer(self, failed: bool | None, data: st.DataObject) -> None:
        ticket = self.tickets.pop(data.draw(st.integers(0, len(self.tickets) - 1)))
        self.become(judge(self.state, self.rule, ticket, failed, self.now))

    @rule(seconds=st.floats(-5, 50))
    def another_worker(self, seconds: float) -> None:
        self.become(heard(self.state, self.rule, self.now + seconds, self.now))

    @invariant()
    def probes_are_few(self) -> None:
        assert self.state.probing >= 0 and self.state.probing + self.state.proven <= self.rule.probes
        assert self.state.until <= self.now + self.rule.cooldown


TestBreaking = Breaking.TestCase
