"""Counts of the last seconds, in ten parts: what is older than the window falls out, a part at a time."""

from __future__ import annotations

from typing import TypeAlias

PARTS = 10

Window: TypeAlias = tuple[tuple[int, int, int], ...]
"""The number of a part, how many there were in it, and how many of them were marked; oldest first."""


def added(window: Window, count: int, marked: int, now: float, seconds: float) -> Window:
    """The window with so many more."""
    part = int(now * PARTS / seconds)
    kept = recent(window, part)
    if kept and kept[-1][0] >= part:
        last, before, more = kept[-1]
        return (*kept[:-1], (last, before + count, more + marked))
    return (*kept, (part, count, marked))


def totals(window: Window, now: float, seconds: float) -> tuple[int, int]:
    """How many there were, and how many were marked."""
    kept = recent(window, int(now * PARTS / seconds))
    return sum(count for _, count, _ in kept), sum(marked for _, _, marked in kept)


def recent(window: Window, part: int) -> Window:
    """Without the parts that are too old."""
    if not window or window[0][0] > part - PARTS:
        return window
    return tuple(each for each in window if each[0] > part - PARTS)
