"""One JSON text a line, as Ollama streams it: https://github.com/ndjson/ndjson-spec."""

from __future__ import annotations

from .base import Cutter, Frame, FramingError

_BLANK = b" \t\r"


class NDJSON(Cutter):
    """Cuts lines, ended by LF or CRLF, and skips blank ones. `limit` is the most bytes of a line.

    A last line without an end is a frame too: whether it is whole is for the reader of JSON to say.
    """

    __slots__ = ("_limit", "_rest")

    def __init__(self, limit: int = 8 * 2**20) -> None:
        super().__init__()
        self._limit = limit
        self._rest = bytearray()

    def _cut(self, data: bytes, frames: list[Frame]) -> None:
        *lines, tail = data.split(b"\n")
        for line in lines:
            if self._rest:
                line = bytes(self._rest) + line
                self._rest.clear()
            self._line(line, frames)
        self._rest += tail
        self._check(len(self._rest))

    def _line(self, line: bytes, frames: list[Frame]) -> None:
        self._check(len(line))
        if line := line.strip(_BLANK):
            frames.append(Frame(line))

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise FramingError(f"a line is longer than {self._limit} bytes")

    def _end(self, frames: list[Frame]) -> None:
        self._line(bytes(self._rest), frames)
