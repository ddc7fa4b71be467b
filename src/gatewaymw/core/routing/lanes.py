"""Many flows, a few at a time: in lanes, in each of which one comes after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ..commands import Flow, all_of

WIDTH = 8
"""Flows that are under way at a time."""
T = TypeVar("T")


def endless(result: object) -> bool:
    """No result ends the others."""
    return False


def in_lanes(flows: Iterable[Flow[T]], over: Callable[[T], bool] = endless) -> Flow[list[T]]:
    """What flows come to, in their order. After a result that is `over` none is begun in any lane: there may
    be fewer results than flows."""
    numbered, found = list(enumerate(flows)), dict[int, T]()
    lanes = (numbered[first::WIDTH] for first in range(min(WIDTH, len(numbered))))
    yield from all_of(*(lane(each, found, over) for each in lanes))
    return [found[index] for index in sorted(found)]


def lane(
    numbered: Iterable[tuple[int, Flow[T]]], found: dict[int, T], over: Callable[[T], bool]
) -> Flow[None]:
    """One after the other, until a result of any lane's is the last."""
    for index, flow in numbered:
        if any(over(result) for result in tuple(found.values())):
            return
        found[index] = yield from flow
