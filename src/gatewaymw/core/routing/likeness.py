"""Whether an event of a stream is the one before it with other words in it: then it need not be read.

Nearly all events of a stream are. They differ in a few letters of text, and in nothing that the gateway asks
of them; to compare what stands around those letters takes a fourth of the time that parsing takes, and for
many events in one piece hardly more than for one.
"""

from __future__ import annotations

import re
from itertools import repeat
from typing import NamedTuple

PLAIN = re.compile(rb'[^"\\\x00-\x1f]*(?:\\["\\/bfnrt][^"\\\x00-\x1f]*)*')
"""Text in a string of JSON, but for the escapes of four digits, of which half a pair may be none."""
SAFE = bytes({*range(32, 256)} - {*b'"\\'})
"""What a string of JSON holds as it is."""
FEW = 32
"""Bytes of words up to which it takes a fifth of the time to strip them of that than to match them."""
LETTERS = rb"[ !#-\[\]-~]*"
LAST, LAST_LINE = re.compile(LETTERS + rb'"\}'), re.compile(LETTERS + rb'"\}\n\n')
WORDS = b'content":"', b'content": "'
"""Before what a model says, and thinks (`reasoning_content`)."""
NOISE = b'"obfuscation":"'
"""Before the letters by which OpenAI hides how long words are, at the end of an event
(https://platform.openai.com/docs/api-reference/chat-streaming)."""

ANCHOR = 20
"""Bytes right before the words of an event by which others like it are looked for: to look for all that
stands between two of them takes four times as long, since it is prepared for anew each time."""


class Around(NamedTuple):
    """What stands before and after the words of an event."""

    before: bytes
    after: bytes
    noise: re.Pattern[bytes] | None = None
    """What comes after that, where not all of it is known."""

    @property
    def line(self) -> Around:
        """The same for the event on its way, as it is sent as a rule."""
        before = b"data: " + self.before
        return Around(before, self.after, LAST_LINE) if self.noise else Around(before, self.after + b"\n\n")


def plain(words: bytes) -> bool:
    """Whether these can stand between quotes as they are."""
    few = len(words) <= FEW and not words.strip(SAFE)
    if not few and PLAIN.fullmatch(words) is None:
        return False
    if not words.isascii():
        try:
            words.decode()
        except UnicodeDecodeError:
            return False
    return True


def around(event: bytes, names: tuple[bytes, ...] = WORDS) -> Around | None:
    """What stands around the words of an event that is JSON in one line; None where none are plain."""
    for name in names:
        if b"\n" not in event and (at := event.find(name)) >= 0:
            start = at + len(name)
            found = PLAIN.match(event, start)
            assert found, "it may match nothing, but it matches"
            end, last = found.end(), event.rfind(NOISE)
            noise = last + len(NOISE)
            noisy = last > end and LAST.fullmatch(event, noise) is not None
            after = event[end:noise] if noisy else event[end:]
            known = after[:1] == b'"' and plain(event[start:end])
            return Around(event[:start], after, LAST if noisy else None) if known else None
    return None


def alike(event: bytes, other: Around) -> bool:
    """Whether the same stands around the words of an event: it is JSON then, too, and equal but for them."""
    start = len(other.before)
    end = event.find(other.after, start)
    rest = end + len(other.after)
    return (
        end >= 0
        and event.startswith(other.before)
        and (rest == len(event) if other.noise is None else other.noise.fullmatch(event, rest) is not None)
        and plain(event[start:end])
    )


def spoken(data: bytes, line: Around) -> tuple[list[bytes], int]:
    """The words of the events with which a piece of a stream begins and that are like one; where the first
    that is not begins."""
    before, after, _ = line
    head, anchor = before[:-ANCHOR], before[-ANCHOR:]
    first, *words = data.split(anchor)
    if first != head or not words:
        return [], 0
    between = after + head
    size, last = len(between), words.pop()
    if not all(map(bytes.endswith, words, repeat(between))):
        cut = next(index for index, each in enumerate(words) if not each.endswith(between))
        last, words = words[cut], words[:cut]
    words = [each[:-size] for each in words]
    if (end := last.find(after)) >= 0:
        words.append(last[:end])
    # What ends on half an escape is none before a space either.
    if not plain(b" ".join(words)):
        words = words[: next(index for index, each in enumerate(words) if not plain(each))]
    return words, sum(map(len, words)) + (len(before) + len(after)) * len(words)


def only(data: bytes, line: Around) -> bytes | None:
    """The words of the one event that a piece is, where it is like one; None where it is not."""
    before, after, noise = line
    start, end = len(before), len(data) - len(after)
    if noise is not None or end < start or not (data.startswith(before) and data.endswith(after)):
        return None
    words = data[start:end]
    return words if plain(words) else None


def run(data: bytes, line: Around) -> int:
    """How many bytes of a piece are events that are like one, from its beginning."""
    if line.noise is None:
        return spoken(data, line)[1]
    at = 0
    while (end := data.find(b"\n\n", at) + 2) > 1 and alike(data[at:end], line):
        at = end
    return at
