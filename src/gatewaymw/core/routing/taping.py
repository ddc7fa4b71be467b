"""A stream recorded while it passes."""

from __future__ import annotations

from ..errors import GatewayError
from ..values import Failure
from .pipeline import Passage, Within


class Tape(Within):
    """A passage that remembers what it gave the client, up to so many bytes."""

    __slots__ = ("_ended", "_pieces", "_room")

    def __init__(self, passage: Passage, begun: bytes, most: int) -> None:
        super().__init__(passage)
        self._room = most
        self._pieces: list[bytes] = []
        self._ended = False
        self._take(begun)

    def recorded(self) -> bytes | None:
        """All of it; None where it was too much, or has not ended as it should."""
        sound = self._ended and self._passage.error is None
        return b"".join(self._pieces) if sound and self._room >= 0 else None

    def _take(self, data: bytes) -> bytes:
        self._room -= len(data)
        if self._room >= 0:
            self._pieces.append(data)
        elif self._pieces:
            self._pieces.clear()
        return data

    def feed(self, data: bytes) -> bytes:
        return self._take(self._passage.feed(data))

    def close(self) -> bytes:
        out = self._take(self._passage.close())
        self._ended = True
        return out

    def fail(self, failure: Failure) -> bytes:
        """Some have said all they had to say by then: that is an end as well."""
        out = self._take(self._passage.fail(failure))
        self._ended = True
        return out

    def stop(self, error: GatewayError) -> bytes:
        self._room = -1
        self._pieces.clear()
        return self._passage.stop(error)
