"""One request through a plan: the whole machine."""

from __future__ import annotations

from dataclasses import replace

from ..checks.hooks import checked
from ..commands import Flow
from ..errors import GatewayError
from ..plan import Group, Node, Target
from ..values import Call, Env
from . import compare as compare  # which registers itself
from .batching import batched
from .caching import cached, rule_of
from .catalogue import CATALOGUE, of_list, only_lists, spans, union
from .failures import refusal
from .reasons import told
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
    flow = leaf(node, call, env) if isinstance(node, Target) else decided(node, call, env)
    return told(flow, node) if call.traced else flow


def leaf(target: Target, call: Call, env: Env) -> Flow[Reply]:
    """One target, within what its config wants around it."""
    if target.plain and call.endpoint not in CATALOGUE:
        return batched(target, call, env)
    if (total := target.timeouts.total) is not None:
        call = replace(call, deadline=min(call.deadline, env.now() + total))
    if only_lists(target, call):
        return of_list(target, call, env, leaf)
    if target.checks is None:
        return kept(target, call, env)
    return checked(target, call, env, lambda sent: kept(target, sent, env))


def kept(target: Target, call: Call, env: Env) -> Flow[Reply]:
    """One target, or what is kept of its answers."""
    if rule_of(target, call):
        return cached(target, call, env, lambda sent: followed(target, sent, env))
    return followed(target, call, env)


def followed(target: Target, call: Call, env: Env) -> Flow[Reply]:
    """One target, whose health is kept where somebody asks for it."""
    if target.tracked:
        return tracked(target, call, env, lambda sent: batched(target, sent, env))
    return batched(target, call, env)


def decided(group: Group, call: Call, env: Env) -> Flow[Reply]:
    try:
        if spans(group, call):
            return (yield from union(group, call, env, at))
        return (yield from among(group, call, env))
    except GatewayError as error:
        return refusal(error, call.endpoint.client)


def among(group: Group, call: Call, env: Env) -> Flow[Reply]:
    visits = attempts = 0

    def visit(child: Node) -> Flow[Reply]:
        nonlocal visits, attempts
        reply = yield from at(child, call, env)
        visits += not reply.skipped
        attempts += reply.attempts
        return reply

    reply = yield from STRATEGIES[group.mode](group, call, visit, env)
    if visits > 1:
        return replace(reply, again=True, attempts=attempts)
    return reply if reply.attempts == attempts else replace(reply, attempts=attempts)
