"""One request through a plan: the whole machine."""

from __future__ import annotations

from dataclasses import replace

from ..commands import Flow
from ..errors import GatewayError
from ..plan import Group, Node, Target
from ..values import Call, Env
from . import compare as compare  # which registers itself
from .batching import batched
from .failures import refusal
from .reply import Reply
from .strategies import STRATEGIES
from .tracking import tracked


def run(node: Node, call: Call, env: Env) -> Flow[Reply]:
    """Carry one call through a plan.

    Raises no GatewayError: whatever goes wrong at a node comes back as that node's reply, so that
    a fallback above it can go on to the next.
    """
    return insisted(node, call, env) if node.watched else at(node, call, env)


def insisted(node: Node, call: Call, env: Env) -> Flow[Reply]:
    """Where the breakers of all targets that could have been asked are open, none is heeded."""
    reply = yield from at(node, call, env)
    return (yield from at(node, replace(call, forced=True), env)) if reply.skipped else reply


def at(node: Node, call: Call, env: Env) -> Flow[Reply]:
    return leaf(node, call, env) if isinstance(node, Target) else decided(node, call, env)


def leaf(target: Target, call: Call, env: Env) -> Flow[Reply]:
    if (total := target.timeouts.total) is not None:
        call = replace(call, deadline=min(call.deadline, env.now() + total))
    if target.tracked:
        return tracked(target, call, env, lambda call: batched(target, call, env))
    return batched(target, call, env)


def decided(group: Group, call: Call, env: Env) -> Flow[Reply]:
    try:
        return (yield from among(group, call, env))
    except GatewayError as error:
        return refusal(error, call.endpoint.client)


def among(group: Group, call: Call, env: Env) -> Flow[Reply]:
    visits = 0

    def visit(child: Node) -> Flow[Reply]:
        nonlocal visits
        reply = yield from at(child, call, env)
        visits += not reply.skipped
        return reply

    reply = yield from STRATEGIES[group.mode](group, call, visit, env)
    return replace(reply, again=True) if visits > 1 and not reply.again else reply
