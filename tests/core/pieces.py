"""Streams in pieces, and what a framer makes of them however they are cut."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from gatewaymw.core.framing.base import Frame, Framer, FramingError

Outcome = tuple[list[Frame], str]


def outcome(framer: Framer, pieces: Iterable[bytes]) -> Outcome:
    """All frames that came, and what the fault said that ended them; no words where none did."""
    frames: list[Frame] = []
    try:
        for piece in pieces:
            frames += framer.feed(piece)
        frames += framer.close()
    except FramingError as fault:
        return frames, str(fault)
    return frames, ""


def drip(data: bytes) -> list[bytes]:
    """A byte a piece."""
    return [data[at : at + 1] for at in range(len(data))]


def cut(data: bytes, points: Iterable[int]) -> list[bytes]:
    """Cut at the points, counted modulo the length; the same point twice gives an empty piece."""
    at = sorted(point % (len(data) + 1) for point in points)
    return [data[start:end] for start, end in zip([0, *at], [*at, len(data)], strict=True)]


POINTS = st.lists(st.integers(0, 2**16), max_size=8)
"""Where to cut."""
