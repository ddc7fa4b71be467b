"""How a group chooses between its children: one function a strategy.

A strategy is a flow over a group. It visits children, as many as it likes, and returns one of
their replies. `@strategy("name")` makes the name known to configs.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable
from itertools import islice
from typing import Protocol

from ..commands import Flow, because
from ..errors import BadRequest
from ..plan import Group, Node
from ..values import Call, Env
from .reasons import drew, kept, left
from .reply import Reply


class Visit(Protocol):
    def __call__(self, child: Node) -> Flow[Reply]: ...


class Strategy(Protocol):
    def __call__(self, group: Group, call: Call, visit: Visit, env: Env) -> Flow[Reply]: ...


STRATEGIES: dict[str, Strategy] = {}


def strategy(mode: str) -> Callable[[Strategy], Strategy]:
    """Register a strategy under the `mode` that configs name. Raises ValueError on a double."""

    def add(function: Strategy) -> Strategy:
        if STRATEGIES.setdefault(mode, function) is not function:
            raise ValueError(f"two strategies named {mode!r}")
        return function

    return add


@strategy("single")
def single(group: Group, call: Call, visit: Visit, env: Env) -> Flow[Reply]:
    """The first child, whatever it says."""
    return (yield from visit(group.children[0]))


@strategy("fallback")
def fallback(group: Group, call: Call, visit: Visit, env: Env) -> Flow[Reply]:
    """Each child in turn until one does well; the last one's word counts, whatever it is."""
    last = len(group.children) - 1
    for child in islice(group.children, last):  # a slice would copy them all for each request
        reply = yield from visit(child)
        if reply.final or not falls_back(group.on, reply.status) or env.now() >= call.deadline:
            if call.traced:
                yield from because(group.path, kept(child, reply, group.on))
            return reply
        if call.traced:
            yield from because(group.path, left(child, reply))
    return (yield from visit(group.children[last]))


def falls_back(on: frozenset[int] | None, status: int) -> bool:
    return status in on if on is not None else not 200 <= status < 300


@strategy("loadbalance")
def loadbalance(group: Group, call: Call, visit: Visit, env: Env) -> Flow[Reply]:
    """One child, drawn by weight."""
    bounds, last = group.bounds, len(group.bounds) - 1
    drawn = env.random() * bounds[last]
    index = bisect(bounds, drawn, 0, last)
    if call.traced:
        yield from because(group.path, drew(group, drawn, index))
    return (yield from visit(group.children[index]))


@strategy("conditional")
def conditional(group: Group, call: Call, visit: Visit, env: Env) -> Flow[Reply]:
    """The child whose condition is the first to hold for this call, else the default."""
    index = group.choose(call) if group.choose else None
    if call.traced:
        yield from because(group.path, group.reason(call) if group.reason else "no condition is set")
    if index is None:
        raise BadRequest(
            f"{group.path}: no condition of this config matches the request, and it names no default",
            code="no_matching_target",
        )
    return (yield from visit(group.children[index]))
