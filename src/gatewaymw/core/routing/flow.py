"""One request through a plan: the whole machine."""

from __future__ import annotations

from dataclasses import replace

from ..commands import Flow
from ..errors import GatewayError
from ..plan import Group, Node
from ..values import Call, Env
from .batching import batched
from .caching import cached
from .failures import refusal
from .reply import Reply
from .strategies import STRATEGIES


def run(node: Node, call: Call, env: Env) -> Flow[Reply]:
    """Carry one call through a plan.

    Raises no GatewayError: whatever goes wrong at a node comes back as that node's reply, so that
    a fallback above it can go on to the next.
    """
    if isinstance(node, Group):
        return decided(node, call, env)
    if node.caching:
        return cached(node, call, env, lambda call: batched(node, call, env))
    return batched(node, call, env)


def decided(group: Group, call: Call, env: Env) -> Flow[Reply]:
    try:
        return (yield from among(group, call, env))
    except GatewayError as error:
        return refusal(error, call.endpoint.client)


def among(group: Group, call: Call, env: Env) -> Flow[Reply]:
    visits = 0

    def visit(child: Node) -> Flow[Reply]:
        nonlocal visits
        visits += 1
        return run(child, call, env)

    reply = yield from STRATEGIES[group.mode](group, call, visit, env)
    return replace(reply, again=True) if visits > 1 and not reply.again else reply
