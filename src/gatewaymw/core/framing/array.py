"""The items of one JSON array, as Gemini streams it where nobody asks it for `alt=sse`.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from .base import Cutter, Frame, FramingError

_BLANKS = re.compile(rb"[ \t\r\n]*+")
# All repeats are possessive, so that nothing is ever tried a second way.
_STRING = rb'"(?:[^"\\]++|\\.)*+"'
# An item that is all there and not too deep takes one match: each level holds the one before.
_WHOLE = rb"(?!)"
for _ in range(12):
    _WHOLE = rb'[\[{](?:[^"\[\]{}]++|' + _STRING + rb"|" + _WHOLE + rb")*+[\]}]"
_ITEM = re.compile(_WHOLE, re.DOTALL)
# What needs no closer look in others: all up to a bracket or to a string whose end is not there or,
# for a bare scalar, up to a comma.
_NESTED = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+", re.DOTALL)
_SCALAR = re.compile(rb'(?:[^"\[\]{},]++|' + _STRING + rb")*+", re.DOTALL)
_QUOTED = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)

_Place: TypeAlias = Literal["start", "first", "next", "item", "after", "end"]
# Between the items: where a byte leads from a place. Anything else begins an item or is a fault.
_STEPS: dict[tuple[_Place, int], _Place] = {
    ("start", ord("[")): "first",
    ("first", ord("]")): "end",
    ("after", ord(",")): "next",
    ("after", ord("]")): "end",
}


class JSONArray(Cutter):
    """Cuts a top-level array into its items, each as soon as it is closed.

    A bare scalar is closed by the comma or bracket after it. `limit` is the most bytes of an item.
    What an item is made of is not judged here, only where it ends: its reader will see.
    """

    __slots__ = ("_depth", "_limit", "_open", "_place", "_rest", "_seen")

    def __init__(self, limit: int = 8 * 2**20) -> None:
        super().__init__()
        self._limit = limit
        self._place: _Place = "start"
        self._rest = bytearray()  # the unfinished item
        self._seen = 0  # so much of `_rest` needs no second look
        self._depth = 0  # brackets open in the item
        self._open = False  # within a string of the item

    def _cut(self, data: bytes, frames: list[Frame]) -> None:
        self._rest += data
        at = 0
        while self._place == "item" or (at := self._between(at)) < len(self._rest):
            ended = self._scan(at)
            if self._seen - at > self._limit:
                raise FramingError(f"an item of a JSON array is longer than {self._limit} bytes")
            if not ended:
                break
            frames.append(Frame(bytes(self._rest[at : self._seen]).rstrip(b" \t\r\n")))
            self._place = "after"
            at = self._seen
        del self._rest[:at]
        self._seen -= at

    def _between(self, at: int) -> int:
        """Where, from `at` on, the next item begins; the end of what is there, if none does."""
        while (at := _past(_BLANKS, self._rest, at)) < len(self._rest):
            byte = self._rest[at]
            if place := _STEPS.get((self._place, byte)):
                self._place = place
                at += 1
            elif self._place in ("first", "next") and byte not in b",]}":
                self._place = "item"
                break
            else:
                raise FramingError(f"{chr(byte)!a} where a JSON array has no place for it")
        self._seen = at
        return at

    def _scan(self, start: int) -> bool:
        """Look for the end of the item that begins at `start`; `_seen` is how far that came."""
        rest, at = self._rest, self._seen
        if at == start and (whole := _ITEM.match(rest, at)):
            self._seen = whole.end()
            return True
        while at < len(rest):
            at = _past(_QUOTED if self._open else _NESTED if self._depth else _SCALAR, rest, at)
            byte = rest[at : at + 1]
            if not byte or byte == b"\\":  # an escape cut in two
                break
            if byte == b'"':
                self._open = not self._open
            elif byte in b"[{" and (self._depth or at == start):
                self._depth += 1
            elif self._depth < 2:
                self._seen = at + self._depth  # a bracket of its own is the item's, a scalar has none
                self._depth = 0
                return True
            else:
                self._depth -= 1
            at += 1
        self._seen = at
        return False

    def _end(self, frames: list[Frame]) -> None:
        if self._place != "end":
            raise FramingError("the JSON array ended before its closing bracket")


def _past(pattern: re.Pattern[bytes], text: bytearray, at: int) -> int:
    """The end of the match at `at`, which may be empty."""
    found = pattern.match(text, at)
    return found.end() if found else at
