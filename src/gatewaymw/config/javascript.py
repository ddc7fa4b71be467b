"""Patterns of checks, which are written for JavaScript: said so that RE2 and Python's `re` read them alike.

What JavaScript reads otherwise is put into other words: names of groups, `\\u`, white space, empty classes,
letters that are escaped for no reason (https://tc39.es/ecma262/#sec-patterns). Look-around and references to
groups stay as they are: RE2 refuses them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from ..core.checks.text import SPACE
from .regexes import LONGEST, Search, compiled

LARGEST = 4 * 2**20
"""Characters that a text may have once it is replaced in."""
SECONDS = 1.0
"""Of computing, to find all matches in a text: some patterns look far ahead for each of them."""
CODE = re.compile(r"u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})")
MEANT = frozenset("dDwWbBnrtfvpP123456789")
"""Letters and digits that mean the same after a backslash everywhere."""
FLAGS = frozenset("dgimsu")


class Replacing:
    """A pattern that can be replaced: `core.checks.model.Pattern`."""

    __slots__ = ("_all", "_compiled", "search")

    def __init__(self, compiled: Any, search: Search, all: bool) -> None:
        self._compiled, self.search, self._all = compiled, search, all

    def replace(self, text: str, to: str) -> tuple[str, int]:
        text = text.encode(errors="replace").decode()  # a lone surrogate has no UTF-8
        pieces: list[str] = []
        at = size = count = 0
        ends = time.thread_time() + SECONDS
        made = template(to, self._compiled)
        for found in self._compiled.finditer(text):
            piece = text[at : found.start()] + made(found)
            size, count, at = size + len(piece), count + 1, found.end()
            pieces.append(piece)
            if size > LARGEST:
                raise ValueError(f"the text is longer than {LARGEST} characters once it is replaced in")
            if time.thread_time() > ends:
                raise ValueError(f"it takes more than {SECONDS:g} s to find all matches")
            if not self._all:
                break
        return "".join((*pieces, text[at:])), count


def pattern(source: str, flags: str, re2: Any | None, trust: Callable[[str], None] | None) -> Replacing:
    """A pattern of JavaScript. `trust` is told where it runs on Python's `re`, as the operator's may.

    Raises ValueError for one that cannot be had.
    """
    if len(source) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    if not FLAGS.issuperset(flags) or len(set(flags)) < len(flags):
        raise ValueError(f"has flags other than {', '.join(sorted(FLAGS))}")
    modes = "".join(sorted({"i", "m", "s"}.intersection(flags)))
    said = (f"(?{modes})" if modes else "") + "".join(words(source))
    try:
        return _linear(compiled(said, re2), "g" in flags)
    except ValueError:
        if trust is None:
            raise
    trust("RE2 is not there or does not take this pattern, which runs on Python's re: texts may keep it busy")
    return _backtracking(said, "g" in flags)


def _linear(made: Any, all: bool) -> Replacing:
    return Replacing(made, lambda text: made.search(text.encode(errors="replace")) is not None, all)


def _backtracking(said: str, all: bool) -> Replacing:
    try:
        made = re.compile(said)
    except (re.error, RecursionError, OverflowError):
        raise ValueError("is no regular expression") from None
    return Replacing(made, lambda text: made.search(text) is not None, all)


# ── the pattern, in other words ──────────────────────────────────────────


def words(source: str) -> Iterator[str]:
    """The pattern piece by piece."""
    at, within = 0, False
    while at < len(source):
        rest = source[at:]
        if source[at] == "\\":
            piece, size = _escaped(rest, within)
        elif within:
            piece, size = ("\\[" if source[at] == "[" else source[at]), 1
            within = source[at] != "]"
        elif rest.startswith(("[]", "[^]")):
            piece, size = (r"[^\s\S]", 2) if rest[1] == "]" else (r"[\s\S]", 3)
        elif rest.startswith("(?<") and rest[3:4] not in ("=", "!"):
            piece, size = "(?P<", 3
        else:
            within = source[at] == "["
            piece, size = source[at], 1
        yield piece
        at += size


def _escaped(rest: str, within: bool) -> tuple[str, int]:
    """What a backslash and what follows it say, and how long they are."""
    if code := CODE.match(rest, 1):
        number = int(code[1] or code[2] or code[3], 16)
        return (re.escape(chr(number)) if number <= 0x10FFFF else "", code.end())
    letter = rest[1:2]
    if letter in ("s", "S") and not (within and letter == "S"):
        inner = SPACE if letter == "s" else "^" + SPACE
        return (inner if within else f"[{inner}]"), 2
    if letter == "0":
        return r"\x00", 2
    if letter == "c" and rest[2:3].isascii() and rest[2:3].isalpha():
        return f"\\x{ord(rest[2]) % 32:02x}", 3
    if letter == "k" and (name := re.match(r"<(\w+)>", rest[2:])):
        return f"(?P={name[1]})", 2 + name.end()
    if letter.isalnum() and letter not in MEANT and letter != "S":
        return letter, 2
    return rest[:2], 2


# ── what goes in its place ───────────────────────────────────────────────

GROUP = re.compile(r"\$(?:(\$)|(&)|([0-9]{1,2})|<([^>]*)>)")


def template(to: str, compiled: Any) -> Callable[[Any], str]:
    """What is put in the place of a match: `$$`, `$&`, `$1`, `$<name>` as in JavaScript."""
    if "$" not in to:
        return lambda found: to
    pieces: list[str | tuple[Any]] = []
    at = 0
    for found in GROUP.finditer(to):
        pieces += [to[at : found.start()], *_group(found, compiled)]
        at = found.end()
    pieces.append(to[at:])
    return lambda match: "".join(
        piece if isinstance(piece, str) else match.group(piece[0]) or "" for piece in pieces
    )


def _group(found: re.Match[str], compiled: Any) -> Iterator[str | tuple[Any]]:
    dollar, whole, number, name = found.groups()
    if dollar or whole:
        yield "$" if dollar else (0,)
    elif name is not None:
        named = compiled.groupindex
        yield (name,) if name in named else "" if named else found[0]
    elif 1 <= int(number) <= compiled.groups:
        yield (int(number),)
    elif len(number) == 2 and 1 <= int(number[0]) <= compiled.groups:
        yield from ((int(number[0]),), number[1])
    else:
        yield found[0]
