"""JSON in a text, found by its grammar: in one pass, whatever stands before, between and within it.

A stack of what is open goes along. Where the grammar breaks, the whole objects within what was open are kept,
and the pass goes on from there, so that nothing is looked at twice.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from .. import json

FENCES = re.compile("```+")
LANGUAGE = re.compile(r"[A-Za-z_+#.-][A-Za-z0-9_+#.-]*+(?=\s)")
TOKEN = re.compile(
    r"""[ \t\r\n]*+(?:
    (?P<mark>[{}\[\]:,])
    |(?P<text>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")
    |(?P<plain>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|true|false|null))""",
    re.VERBOSE,
)
NEXT = {
    "{": {"text": ":", "}": "end"},
    ":": {":": "value"},
    "value": {"text": "{,", "plain": "{,", "{": "{,", "[": "{,"},
    "{,": {",": "key", "}": "end"},
    "key": {"text": ":"},
    "[": {"text": "[,", "plain": "[,", "{": "[,", "[": "[,", "]": "end"},
    "[,": {",": "item", "]": "end"},
    "item": {"text": "[,", "plain": "[,", "{": "[,", "[": "[,"},
}
"""What may come where: the state of what is open → the kind of a token → the state after it."""
LIKELY = re.compile(r"\s*+[\"\[{0-9tfn-]")
START = re.compile(r"\{(?=[ \t\r\n]*+[\"}])")
MOST = 1_000
"""Objects of one text."""
Span: TypeAlias = tuple[int, int]


class Open:
    """An object or an array that has begun."""

    __slots__ = ("start", "state", "within")

    def __init__(self, start: int, state: str) -> None:
        self.start, self.state = start, state
        self.within: list[Span] = []
        """Whole objects in it, the outermost."""


def values(text: str) -> list[Any]:
    """The JSON of a text: what its fenced blocks hold; else the whole of it, or the objects anywhere in it.

    Raises ValueError where there is more of it than is looked at.
    """
    blocks = FENCES.split(text)[1::2]
    if len(blocks) > MOST:
        raise ValueError(f"the text holds more than {MOST} fenced blocks")
    return [value for block in blocks for value in read(_untagged(block))] or read(text)


def _untagged(block: str) -> str:
    tag = LANGUAGE.match(block)
    return block[tag.end() :] if tag else block


def read(text: str) -> list[Any]:
    """A text that is JSON as a whole, or else the objects in it."""
    if LIKELY.match(text):
        try:
            return [json.loads(text.strip())]
        except ValueError:
            pass
    found = []
    for start, end in objects(text):
        try:
            found.append(json.loads(text[start:end]))
        except ValueError:  # nested too deeply, or a number too long
            continue
    return found


def objects(text: str) -> list[Span]:
    """Where the outermost objects of a text begin and end. Raises ValueError for too many."""
    whole, at = quickly(text)
    stack: list[Open] = []
    while at >= 0 and len(whole) <= MOST:
        token = TOKEN.match(text, at) if stack else None
        if stack and (token is None or not _step(stack, token, whole)):
            whole += [span for each in stack for span in each.within]
            stack.clear()
            at = begin(text, at)
            continue
        if token is None:
            stack.append(Open(at, "{"))
            at += 1
            continue
        at = token.end() if stack else begin(text, token.end())
    if len(whole) > MOST:
        raise ValueError(f"the text holds more than {MOST} objects of JSON")
    return whole + [span for each in stack for span in each.within]


def quickly(text: str) -> tuple[list[Span], int]:
    """The first objects, by a reader that is quick as long as nothing is broken; and where to go on."""
    whole: list[Span] = []
    at = begin(text, 0)
    while at >= 0 and len(whole) <= MOST:
        try:
            whole.append((at, json.end(text, at)))
        except ValueError:
            break
        at = begin(text, whole[-1][1])
    return whole, at


def begin(text: str, at: int) -> int:
    """Where an object may begin, from some place on; -1: nowhere."""
    found = START.search(text, at)
    return found.start() if found else -1


def _step(stack: list[Open], token: re.Match[str], whole: list[Span]) -> bool:
    """Whether a token may stand where it does; the stack is as it is after it."""
    kind = token["mark"] or str(token.lastgroup)
    now = stack[-1]
    after = NEXT[now.state].get(kind)
    if after is None:
        return False
    if after == "end":
        stack.pop()
        above = stack[-1].within if stack else whole
        above += [(now.start, token.end())] if kind == "}" else now.within
        return True
    now.state = after
    if kind == "{" or kind == "[":
        stack.append(Open(token.end() - 1, kind))
    return True
