"""A circuit breaker: closed while a target does well, open once it does not, half-open to try it again.

Closed → open where failures within the window reach the rule's count or share. Open → half-open after the
cool-down, when a few requests are let through as probes. All of them do well → closed; one fails → open.
Answers to requests that were sent before all that change nothing any more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from ..frozen import dataclass
from ..plan import Breaker
from .window import Window, added, totals

Phase: TypeAlias = Literal["closed", "open", "half_open"]
Ticket: TypeAlias = int
"""What a request was let through as: 0 as any other, else as a probe of that round."""
ANY: Ticket = 0


@dataclass(frozen=True, slots=True)
class State:
    phase: Phase = "closed"
    counts: Window = ()
    """All answers and failures, while it is closed."""
    until: float = 0.0
    """When an open one may be tried again."""
    round: int = 0
    """How often it was half-open."""
    probing: int = 0
    """Probes under way."""
    proven: int = 0
    """Probes of this round that did well."""


def admit(state: State, rule: Breaker, now: float) -> tuple[State, Ticket | None]:
    """Whether a request may be sent: its ticket, or None."""
    if state.phase == "closed":
        return state, ANY
    if state.phase == "open":
        if now < state.until:
            return state, None
        state = State("half_open", round=state.round + 1)
    if state.probing + state.proven >= rule.probes:
        return state, None
    return replace(state, probing=state.probing + 1), state.round


def judge(state: State, rule: Breaker, ticket: Ticket, failed: bool | None, now: float) -> State:
    """What an answer changes. `failed` is None where nothing is known: the client left before it came."""
    if ticket == ANY:
        return state if failed is None or state.phase != "closed" else counted(state, rule, failed, now)
    if state.phase != "half_open" or ticket != state.round:
        return state
    if failed:
        return opened(state, now + rule.cooldown)
    proven = state.proven + (failed is False)
    if proven >= rule.probes:
        return State(round=state.round)
    return replace(state, probing=state.probing - 1, proven=proven)


def counted(state: State, rule: Breaker, failed: bool, now: float) -> State:
    counts = added(state.counts, 1, failed, now, rule.window)
    if failed and trips(rule, *totals(counts, now, rule.window)):
        return opened(state, now + rule.cooldown)
    return State(counts=counts, round=state.round)  # as each request makes one: `replace` takes longer


def trips(rule: Breaker, answers: int, failures: int) -> bool:
    if rule.failures is not None and failures >= rule.failures:
        return True
    return rule.share is not None and answers >= rule.minimum and failures >= rule.share * answers


def opened(state: State, until: float) -> State:
    return State("open", until=until, round=state.round)


def heard(state: State, rule: Breaker, until: float, now: float) -> State:
    """What the word of another worker changes, that the target is to be left alone until then. One that is
    half-open need not find out by a probe of its own what the other's has shown."""
    if state.phase == "open" or until <= now:
        return state
    return opened(state, min(until, now + rule.cooldown))
