"""A frame, and what cuts a stream of bytes into frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, Protocol


class Frame(NamedTuple):
    """One message of a stream, out of its envelope. `event` is its name, where it has one."""

    data: bytes
    event: str = ""
    kind: str = ""
    """What sort of message it is, where the envelope says so: Amazon's event, exception, error."""


class FramingError(ValueError):
    """The bytes are not the envelope they claim to be, or break one of its bounds."""


class Framer(Protocol):
    """Cuts a stream of bytes into frames, whatever pieces it arrives in. Bounded in memory."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes. Raises FramingError."""
        ...

    def close(self) -> list[Frame]:
        """The stream ended: the frames still held. Raises FramingError where it was cut short."""
        ...


class Cutter(ABC):
    """A Framer whose fault does not swallow the good frames that came in the same piece.

    They are handed over first and the next call raises, so that what is read of a damaged stream
    does not depend on how the network cut it. After a fault, each call raises it again.
    """

    __slots__ = ("_fault",)

    def __init__(self) -> None:
        self._fault: FramingError | None = None

    @abstractmethod
    def _cut(self, data: bytes, frames: list[Frame]) -> None:
        """Add to `frames` what `data` completes."""

    @abstractmethod
    def _end(self, frames: list[Frame]) -> None:
        """Add to `frames` what is still held."""

    def feed(self, data: bytes) -> list[Frame]:
        if self._fault:
            raise self._fault
        frames: list[Frame] = []
        try:
            self._cut(data, frames)
        except FramingError as fault:
            self._fault = fault
            if not frames:
                raise
        return frames

    def close(self) -> list[Frame]:
        if self._fault:
            raise self._fault
        frames: list[Frame] = []
        self._end(frames)
        return frames
