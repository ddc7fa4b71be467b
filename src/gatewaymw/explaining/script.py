"""Who fails, and how: `{"config.targets[0]": ["429x2", "timeout"]}`.

An outcome is a status (`503`), a word (`timeout`), or either with how often it happens (`429x2`; else for
ever) and settings after commas (`429x2,retry-after=2`). A target does well once its outcomes are used up, and
where it has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ..core.errors import ConfigError
from ..core.values import NOTHING

WORDS: Mapping[str, str] = {
    "ok": "does well",
    "timeout": "says nothing until the request's time is over",
    "unreachable": "cannot be connected to",
    "broken": "breaks off the connection before it answers",
    "silent": "answers 200 and says nothing after that",
    "cut": "begins a stream and breaks off before it said anything",
    "error": "begins a stream with an error event",
    "cut-late": "breaks off a stream in its midst",
    "error-late": "sends an error event in the midst of a stream",
}
STATUS = re.compile(r"([1-5][0-9]{2}|[a-z-]+?)(?:x([1-9][0-9]{0,3}))?")
SETTING = re.compile(r",(?=[a-z-]+=)")
"""Commas between settings; one in a date is none of them."""
HEADERS = ("retry-after", "retry-after-ms", "x-ms-retry-after-ms")
Table: TypeAlias = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one request, or of several in a row."""

    what: str = "ok"
    times: int | None = None
    """None: of all that follow."""
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    after: float = 0.1
    """Seconds until the head of the answer."""

    @property
    def status(self) -> int:
        return int(self.what) if self.what.isdecimal() else 200


DOES_WELL = Outcome()


def outcome_of(text: str) -> Outcome:
    """Read one outcome. Raises ConfigError."""
    what, *settings = SETTING.split(text.strip())
    found = STATUS.fullmatch(what)
    if found is None or not (found[1].isdecimal() or found[1] in WORDS):
        raise ConfigError(
            f"{what[:64]!r} is no outcome: a status or one of {', '.join(WORDS)}", path="script"
        )
    headers: dict[str, str] = {}
    after = DOES_WELL.after
    for name, _, value in (setting.partition("=") for setting in settings):
        if name in HEADERS:
            headers[name] = value
        elif name == "after":
            after = seconds(value)
        else:
            known = ", ".join((*HEADERS, "after"))
            raise ConfigError(f"{name[:64]!r} is no setting of an outcome; there are {known}", path="script")
    return Outcome(found[1], int(found[2]) if found[2] else None, headers, after)


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86_400:
        raise ConfigError(f"after={text[:32]} is no number of seconds", path="script")
    return value


class Script:
    """What becomes of each target's requests, one after the other. Raises ConfigError."""

    def __init__(self, table: Table) -> None:
        self._lines = {
            name: [outcome_of(text) for text in ([told] if isinstance(told, str) else told)]
            for name, told in table.items()
        }
        self._turn = dict.fromkeys(self._lines, 0)
        self.unused = set(self._lines)
        """Names that no target was found by."""

    def next(self, names: Iterable[str]) -> Outcome:
        """What becomes of the next request of a target, which goes by any of these names."""
        for name in names:
            if name in self._lines:
                self.unused.discard(name)
                return self._taken(name)
        return DOES_WELL

    def _taken(self, name: str) -> Outcome:
        turn = self._turn[name]
        self._turn[name] += 1
        for outcome in self._lines[name]:
            if outcome.times is None or turn < outcome.times:
                return outcome
            turn -= outcome.times
        return DOES_WELL


def table_of(pairs: Iterable[str]) -> dict[str, list[str]]:
    """`TARGET=OUTCOME`, as the command line has them. Raises ConfigError."""
    table: dict[str, list[str]] = {}
    for pair in pairs:
        name, found, text = pair.partition("=")
        if not (name and found):
            raise ConfigError(f"{pair[:64]!r} is not TARGET=OUTCOME", path="script")
        outcome_of(text)
        table.setdefault(name, []).append(text)
    return table
