"""How long a target takes and how much it has to do: a mean that jumps to each peak and forgets it slowly.

The mean is exponential, by time (peak-EWMA). A failure counts as a slow answer, or whoever refuses at once
would be taken for the fastest.
"""

from __future__ import annotations

from math import exp

from ..frozen import dataclass

FORGETS = 10.0
"""Seconds after which a peak counts for a third."""
FAILING = 1.0
"""Seconds that a failure counts as, at least."""
LONGEST = 60.0
UNKNOWN = 1.0
"""Seconds that are assumed of a target which is at work and has not answered yet."""


@dataclass(frozen=True, slots=True)
class State:
    seconds: float = 0.0
    """The mean, as it was at `at`."""
    at: float | None = None
    busy: int = 0
    """Requests under way."""


def begun(state: State) -> State:
    return State(state.seconds, state.at, state.busy + 1)


def ended(state: State) -> State:
    return State(state.seconds, state.at, state.busy - 1)


def observed(state: State, seconds: float, failed: bool, now: float) -> State:
    """An answer began after so many seconds."""
    held = mean(state, now)
    if failed:
        seconds = max(seconds, FAILING, 2 * held)
    seconds = min(seconds, LONGEST)
    if state.at is not None and seconds < state.seconds:
        seconds = held + seconds * (1 - fading(state.at, now))
    return State(seconds, now, state.busy)


def mean(state: State, now: float) -> float:
    """What is left of it: a target that was not asked for long is worth another try."""
    return 0.0 if state.at is None else state.seconds * fading(state.at, now)


def fading(at: float, now: float) -> float:
    return exp(-max(now - at, 0.0) / FORGETS)


def load(state: State, now: float) -> float:
    """Seconds that one more request would have to wait, as far as can be known."""
    held = mean(state, now) if state.at is not None else UNKNOWN * (state.busy > 0)
    return held * (state.busy + 1)
