"""How a group chooses between its children: one function a strategy.

A strategy is a flow over a group. It visits children, as many as it likes, and returns one of
their replies. `@strategy("name")` makes the name known to configs.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable
from typing import Protocol

from ..commands import Flow, because
from ..errors import BadRequest
from ..plan import Group, Node
from ..values import Call, Env
from .balance import order
from .kinds import kind_of
from .reasons import drew, kept, left, passed_over
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
    """Each child in turn until one does well; the last one's word counts, whatever it is. Those whose breaker
    is open are passed over."""
    asked: Reply | None = None
    for child in group.children:
        reply = yield from visit(child)
        more = call.traced and child is not group.children[-1]
        if reply.skipped:
            asked = asked or reply
            if call.traced:
                yield from because(group.path, passed_over(child))
            continue
        asked = reply
        if reply.final or not goes_on(group, reply) or env.now() >= call.deadline:
            if more:
                yield from because(group.path, kept(child, reply, group.on))
            break
        if more:
            yield from because(group.path, left(child, reply))
    assert asked is not None
    return asked


def goes_on(group: Group, reply: Reply) -> bool:
    """Whether the next one is to be asked."""
    if group.on is None and not group.kinds:
        return not 200 <= reply.status < 300
    if group.on is not None and reply.status in group.on:
        return True
    return bool(group.kinds) and kind_of(reply.status, reply.body) in group.kinds


@strategy("loadbalance")
def loadbalance(group: Group, call: Call, visit: Visit, env: Env) -> Flow[Reply]:
    """One child, drawn by weight, by its load, or by what keeps a caller where it is. Where its breaker is
    open, another."""
    if not group.watched and not group.sticky and group.algorithm == "weighted":
        bounds, last = group.bounds, len(group.bounds) - 1
        point = env.random() * bounds[last]
        index = bisect(bounds, point, 0, last)
        if call.traced:
            yield from because(group.path, drew(group, point, index))
        return (yield from visit(group.children[index]))
    first: Reply | None = None
    for index in (yield from order(group, call, env)):
        child = group.children[index]
        if call.traced:
            yield from because(group.path, f"{child.path} is next in line")
        reply = yield from visit(child)
        if not reply.skipped:
            return reply
        if call.traced:
            yield from because(group.path, passed_over(child))
        first = first or reply
    assert first is not None
    return first


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
