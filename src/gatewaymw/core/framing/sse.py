"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6.

One departure, since providers leave out the last blank line: the `data:` lines on which a stream
ends are an event. Whether the very last one is whole cannot be told here; a cut one is no JSON,
which its reader will notice. Bytes pass as they came, UTF-8 or not, but for a byte order mark.
"""

from __future__ import annotations

import re

from .base import Cutter, Frame, FramingError

_BOM = b"\xef\xbb\xbf"
_EVENT = re.compile(rb"(?:event: (.*)\n)?data: (.*)\n\n")


class SSE(Cutter):
    """Cuts server-sent events. `limit` is the most bytes one event's lines may have.

    `Frame.event` is the `event:` field, empty where the standard would say "message". Of `id:` and
    `retry:` nothing is kept: no upstream of ours can resume.
    """

    __slots__ = ("_begun", "_clean", "_data", "_event", "_limit", "_rest", "_size", "_skip")

    def __init__(self, limit: int = 8 * 2**20) -> None:
        super().__init__()
        self._limit = limit
        self._begun = False  # past a byte order mark
        self._clean = False  # between two events, nothing held
        self._skip = False  # the last byte was a CR: an LF next belongs to it
        self._rest = bytearray()  # the unfinished line
        self._data: list[bytes] = []
        self._size = 0  # of the event's data lines
        self._event = ""

    def feed(self, data: bytes) -> list[Frame]:
        # The usual piece is one event, perhaps with its name: this way it takes half the time of the general.
        if (
            self._clean
            and (found := _EVENT.fullmatch(data))
            and data.find(b"\r") < 0
            and len(data) <= self._limit
        ):
            name, said = found.groups()
            return [Frame(said, name.decode(errors="replace") if name else "")]
        return super().feed(data)

    def _cut(self, data: bytes, frames: list[Frame]) -> None:
        # Not `in`: looking for one byte, it first tries to read that as a number.
        if self._clean and data.find(b"\r") < 0 and len(data) <= self._limit:
            self._cut_events(data, frames)
        elif data:
            self._cut_lines(data, frames)

    def _cut_events(self, data: bytes, frames: list[Frame]) -> None:
        """The short cut: from a clean start, by LF alone, in steps of whole events."""
        at = 0
        while (end := data.find(b"\n\n", at)) >= 0:
            line = data.rfind(b"\n", at, end) + 1 or at
            if not data.startswith(b"data: ", line):
                self._cut_lines(data[at : end + 2], frames)
            elif line == at:
                frames.append(Frame(data[at + 6 : end]))
            elif data.startswith(b"event: ", at) and data.find(b"\n", at) == line - 1:
                frames.append(Frame(data[line + 6 : end], data[at + 7 : line - 1].decode(errors="replace")))
            else:
                self._cut_lines(data[at : end + 2], frames)
            at = end + 2
        if at < len(data):
            self._cut_lines(data[at:], frames)

    def _cut_lines(self, data: bytes, frames: list[Frame]) -> None:
        self._clean = False
        data = self._begin(data)
        # bytes.splitlines knows the standard's three line ends and no others.
        lines = data.splitlines()
        tail = lines.pop() if lines and not data.endswith((b"\n", b"\r")) else b""
        for line in lines:
            if self._rest:
                line = bytes(self._rest) + line
                self._rest.clear()
            self._line(line, frames)
        # A bytearray grows in place: a line in a million pieces stays linear.
        if tail:
            self._rest += tail
            self._check(len(self._rest))
        self._skip = data.endswith(b"\r")
        self._clean = self._begun and not (self._rest or self._data or self._event or self._skip)

    def _begin(self, data: bytes) -> bytes:
        """`data` without the LF of a CRLF cut in two and without a byte order mark."""
        if self._skip:
            self._skip = False
            return data.removeprefix(b"\n")
        if not self._begun:
            data = bytes(self._rest) + data
            self._rest.clear()
            self._begun = len(data) > 2 or not _BOM.startswith(data)
            return data.removeprefix(_BOM)
        return data

    def _line(self, line: bytes, frames: list[Frame]) -> None:
        if not line:
            self._dispatch(frames)
            return
        self._check(len(line))
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(line) + 1
        elif name == b"event":
            self._event = value.removeprefix(b" ").decode(errors="replace")

    def _dispatch(self, frames: list[Frame]) -> None:
        if self._data:
            frames.append(Frame(b"\n".join(self._data), self._event))
            self._data.clear()
            self._size = 0
        self._event = ""

    def _check(self, more: int) -> None:
        if self._size + more > self._limit:
            raise FramingError(f"a server-sent event is longer than {self._limit} bytes")

    def _end(self, frames: list[Frame]) -> None:
        if self._rest:
            self._line(bytes(self._rest), frames)
        self._dispatch(frames)
