"""A trace in short: which target was asked when, what it said, and why it went as it did.

It holds paths of the config, slugs of providers, statuses, codes and times: no addresses, headers or bodies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from .. import json
from ..commands import Note, Read, Send, Wait
from ..values import JSON, Failure
from .reasons import outcome
from .trace import Done, Lane, Said, Trace

LIMIT = 4096
"""Bytes of an account in a header."""
KEPT = 32
"""Attempts and reasons that are looked at of a trace that has more: the first half and the last of them."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to a provider. Times are seconds."""

    target: str
    provider: str
    at: float
    """Since the trace began."""
    seconds: float
    """To the head of the answer, or to the last that was read of it before the client was answered."""
    said: str
    """A status, or what went wrong (`timeout`)."""
    waited: float = 0.0
    """Before it, at the same target."""
    why: str = ""
    """Why the target was asked again after it, or was not."""


@dataclass(slots=True)
class Account:
    """What is read out of a trace, in its order."""

    attempts: list[Attempt] = field(default_factory=list)
    reasons: list[tuple[str, str]] = field(default_factory=list)
    """(path of a node, why it chose as it did)"""
    ended: float = 0.0


def accounted(trace: Trace) -> Account:
    made, began = Account(), getattr(trace[0], "at", 0.0) if trace else 0.0
    last: dict[Lane, int] = {}
    waits: dict[Lane, float] = {}
    for note, entry in placed(trace):
        if isinstance(entry, Said):
            made.ended = entry.at - began
            _noted(made, entry, last)
            continue
        made.ended = entry.at + entry.seconds - began
        if isinstance(entry.command, Wait):
            waits[entry.lane] = entry.command.seconds
        elif isinstance(entry.command, Send) and not entry.command.errors:
            last[entry.lane] = len(made.attempts)
            sent = (entry.at - began, entry.seconds, outcome(entry.event), waits.pop(entry.lane, 0.0))
            made.attempts.append(Attempt(note.path, note.text, *sent))
        elif isinstance(entry.command, Read) and entry.lane in last:
            _read(made, entry, last[entry.lane])
    return made


def _read(made: Account, entry: Done, index: int) -> None:
    """An attempt is not over before what it opened was read, and may fail then."""
    attempt = made.attempts[index]
    broken = f", then {outcome(entry.event)}" if isinstance(entry.event, Failure) else ""
    made.attempts[index] = replace(attempt, seconds=made.ended - attempt.at, said=attempt.said + broken)


def _noted(made: Account, entry: Said, last: dict[Lane, int]) -> None:
    """A reason belongs to the attempt before it, where it is the target's own."""
    note = entry.note
    if note.what == "enter":
        last.pop(entry.lane, None)
    if note.what not in ("because", "commit"):
        return
    index = last.get(entry.lane)
    if index is None or made.attempts[index].target != note.path:
        made.reasons.append((note.path, note.text))
    else:
        made.attempts[index] = replace(made.attempts[index], why=note.text)


def placed(trace: Trace) -> Iterator[tuple[Note, Said | Done]]:
    """What was said and done, each with the note by which its node was entered."""
    inside: dict[Lane, list[Note]] = {}
    for entry in trace:
        if not isinstance(entry, Said | Done):
            continue
        lane = entry.lane
        if isinstance(entry, Said) and entry.note.what == "enter":
            inside.setdefault(lane, []).append(entry.note)
        yield node_of(lane, inside), entry
        if isinstance(entry, Said) and entry.note.what == "leave":
            inside[lane].pop()


def node_of(lane: Lane, inside: dict[Lane, list[Note]]) -> Note:
    """The node that a lane is in: its own, or that of the lane which began it."""
    while not (here := inside.get(lane)):
        if not lane:
            return Note("", "enter")
        lane = lane[:-1]
    return here[-1]


# ── in writing ───────────────────────────────────────────────────────────


def as_json(made: Account) -> JSON:
    """`{"ms", "attempts": [{"target", "provider", "said", "at_ms", "ms", "waited_ms"?, "why"?}], "reasons":
    [{"at", "why"}]}`. Times are milliseconds, `at_ms` since the request was read."""
    attempts = [
        {
            "target": each.target,
            "provider": each.provider,
            "said": each.said,
            "at_ms": milliseconds(each.at),
            "ms": milliseconds(each.seconds),
            **({"waited_ms": milliseconds(each.waited)} if each.waited else {}),
            **({"why": each.why} if each.why else {}),
        }
        for each in made.attempts
    ]
    reasons = [{"at": path, "why": why} for path, why in made.reasons]
    return {"ms": milliseconds(made.ended), "attempts": attempts, "reasons": reasons}


def milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


def line(trace: Trace, limit: int = LIMIT) -> str:
    """The account of a trace as one line of JSON in ASCII, no longer than the limit. What had to be left out,
    from the middle on, is counted in `omitted`."""
    told = as_json(accounted(trace))
    lists: list[list[Any]] = [told["attempts"], told["reasons"]]
    most = sum(map(len, lists))
    for items in lists:
        if len(items) > KEPT:
            del items[KEPT // 2 : -(KEPT // 2)]
    while len(text := written(told, most - sum(map(len, lists)))) > limit and any(lists):
        longest = max(lists, key=len)
        del longest[len(longest) // 2]
    return text


def written(told: JSON, omitted: int) -> str:
    return json.in_ascii({**told, "omitted": omitted} if omitted else told)
