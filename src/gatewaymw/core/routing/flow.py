"""One request through a plan: the whole machine."""

from __future__ import annotations

from dataclasses import replace

from ..checks.hooks import checked
from ..commands import Flow
from ..errors import GatewayError
from ..plan import Group, Node, Target
from ..values import Call, Env
from .batching import batched
from .failures import refusal
from .reasons import told
from .reply import Reply
from .strategies import STRATEGIES


def run(node: Node, call: Call, env: Env) -> Flow[Reply]:
    """Carry one call through a plan.

    Raises no GatewayError: whatever goes wrong at a node comes back as that node's reply, so that
    a fallback above it can go on to the next.
    """
    flow = asked(node, call, env) if isinstance(node, Target) else decided(node, call, env)
    return told(flow, node) if call.traced else flow


def asked(target: Target, call: Call, env: Env) -> Flow[Reply]:
    """One target, within what its config wants around it."""
    if target.checks is None:
        return batched(target, call, env)
    return checked(target, call, env, lambda sent: batched(target, sent, env))


def decided(group: Group, call: Call, env: Env) -> Flow[Reply]:
    try:
        return (yield from among(group, call, env))
    except GatewayError as error:
        return refusal(error, call.endpoint.client)


def among(group: Group, call: Call, env: Env) -> Flow[Reply]:
    visits = attempts = 0

    def visit(child: Node) -> Flow[Reply]:
        nonlocal visits, attempts
        visits += 1
        reply = yield from run(child, call, env)
        attempts += reply.attempts
        return reply

    reply = yield from STRATEGIES[group.mode](group, call, visit, env)
    return reply if visits < 2 else replace(reply, again=True, attempts=attempts)
