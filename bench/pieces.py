"""What the budgets name, piece by piece, without a network: the machine, the plans, the streams, the edge."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Generator
from typing import Any, NamedTuple

from gatewaymw import ASGIGateway, Gateway
from gatewaymw.asgi import App, Message, Receive, Scope, Send
from gatewaymw.choice import Book, Chooser
from gatewaymw.core.commands import Command, Flow
from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.model import Context
from gatewaymw.core.plan import Group, Node, Plan, Target
from gatewaymw.core.providers import ANTHROPIC
from gatewaymw.core.routing.attempt import pursue
from gatewaymw.core.routing.encode import prepare
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.passthrough import Passthrough
from gatewaymw.core.routing.pipeline import Translation
from gatewaymw.core.routing.strategies import STRATEGIES
from gatewaymw.core.values import Answer, Call, Secret
from gatewaymw.gateway import ENV
from gatewaymw.headers import wishes_of
from samples import (
    ANTHROPIC_EVENTS,
    ANTHROPIC_WHOLE,
    HEADERS,
    OPENAI_EVENTS,
    OPENAI_WHOLE,
    chat,
    compact,
)
from tables import Table, limit, verdict
from timing import Case, Cost, rounded, timed


class Budget(NamedTuple):
    """A case, what it may cost, and the case it comes on top of."""

    case: Case
    limit: float | None = None
    over: str = ""


# ── the routing machine ──────────────────────────────────────────────────

FALLBACK = {
    "strategy": {"mode": "fallback"},
    "targets": [
        {
            "strategy": {"mode": "loadbalance"},
            "targets": [{"provider": "openai", "weight": 2}, {"provider": "openai", "weight": 1}],
            "retry": {"attempts": 3},
        },
        {"provider": "openai"},
    ],
}


def plan_of(config: dict[str, Any]) -> Plan:
    made = Chooser(Book(config=config)).own
    assert made is not None
    return made


def call_of(raw: bytes) -> Call:
    return Call(
        endpoint=CHAT,
        method="POST",
        path="/chat/completions",
        headers=HEADERS,
        raw=raw,
        body=json.loads(raw),
        key=Secret("sk-bench-0123456789abcdef"),
        deadline=ENV.now() + 3600,
    )


def carried(start: Callable[[], Flow[Any]], answer: Answer) -> Case:
    """A flow that sends one request, with the answer ready."""

    def carry() -> object:
        flow = start()
        next(flow)
        return ended(flow, answer)

    return Case(carry)


def ended(flow: Generator[Command, Any, Any], event: Any) -> object:
    try:
        flow.send(event)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the flow wants more than one answer")


def leaf(node: Node) -> Target:
    return node if isinstance(node, Target) else leaf(node.children[0])


def prepared(target: Target, call: Call) -> Any:
    try:
        next(prepare(target, call, ENV))
    except StopIteration as stop:
        return stop.value
    raise AssertionError("a key at hand is not asked for")


def routing() -> dict[str, Budget]:
    tree, call = plan_of(FALLBACK).root, call_of(chat("gpt-4o", stream=False))
    made = prepared(leaf(tree), call)

    def visit(child: Node) -> Flow[Any]:
        if isinstance(child, Group):
            return STRATEGIES[child.mode](child, call, visit, ENV)
        return pursue(made, child, call, ENV)

    json_of = {"content-type": "application/json"}
    answer, other = Answer(200, json_of, OPENAI_WHOLE), Answer(200, json_of, ANTHROPIC_WHOLE)
    claude = plan_of({"provider": "anthropic"}).root
    return {
        "machine alone, fallback over loadbalance": Budget(carried(lambda: visit(tree), answer), 10),
        "the same, and making the request": Budget(carried(lambda: run(tree, call, ENV), answer)),
        "one target, and making the request": Budget(carried(lambda: run(leaf(tree), call, ENV), answer)),
        "one target, both bodies translated": Budget(carried(lambda: run(claude, call, ENV), other)),
    }


# ── the plan of a request ────────────────────────────────────────────────


def choosing() -> dict[str, Budget]:
    chooser = Chooser(Book())
    headers = {**HEADERS, "x-gateway-config": compact(FALLBACK).decode(), "x-gateway-trace-id": "0123456789"}
    wishes = wishes_of(headers)

    def new() -> object:
        return Chooser(Book()).choose(wishes, "gpt-4o")

    return {
        "config by header, seen before": Budget(Case(lambda: chooser.choose(wishes, "gpt-4o")), 2),
        "14 headers read for what they ask": Budget(Case(lambda: wishes_of(headers))),
        "config by header, new": Budget(Case(new), 200),
    }


# ── streams ──────────────────────────────────────────────────────────────

CONTEXT = Context(provider="anthropic", model="claude", created=1_700_000_000, id="0123456789", stream=True)


def translating() -> object:
    codec = ANTHROPIC.routes[CHAT].codec
    assert codec.stream is not None
    passage = Translation(codec.stream, CONTEXT, CHAT.client)
    return [passage.feed(event) for event in ANTHROPIC_EVENTS], passage.close()


def bursting() -> object:
    codec = ANTHROPIC.routes[CHAT].codec
    assert codec.stream is not None
    passage = Translation(codec.stream, CONTEXT, CHAT.client)
    return passage.feed(BURST), passage.close()


BURST = b"".join(ANTHROPIC_EVENTS)


def passing() -> object:
    passage = Passthrough(CONTEXT, CHAT.client)
    return [passage.feed(event) for event in OPENAI_EVENTS], passage.close()


def streaming() -> dict[str, Budget]:
    events = len(ANTHROPIC_EVENTS)
    return {
        "event translated from Anthropic": Budget(Case(translating, events), 10),
        "the same, all events in one piece": Budget(Case(bursting, events), 10),
        "event in the client's own dialect": Budget(Case(passing, len(OPENAI_EVENTS)), 1),
    }


# ── the edge ─────────────────────────────────────────────────────────────


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """A host that does nothing."""


async def receive() -> Message:
    return {"type": "http.request", "body": chat("mock-echo", stream=False)}


async def send(message: Message) -> None:
    """Nobody reads."""


def finished(awaited: Awaitable[object]) -> None:
    """Run what never waits."""
    for _ in awaited.__await__():
        raise AssertionError("it waited")


def scope_of(path: str) -> Scope:
    headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "root_path": "",
        "headers": headers,
        "query_string": b"",
    }


def asked(app: App, path: str) -> Case:
    scope = scope_of(path)
    return Case(lambda: finished(app(scope, receive, send)))


ALONE = "host's own app, alone"


def edge() -> dict[str, Budget]:
    wrapped = ASGIGateway(inner, gateway=Gateway({"provider": "mock"}))
    return {
        ALONE: Budget(asked(inner, "/users/1")),
        "host's own route, on top of that": Budget(asked(wrapped, "/users/1"), 2, ALONE),
        "the same, where it is under /v1": Budget(asked(wrapped, "/v1/users/1"), None, ALONE),
    }


# ── the table ────────────────────────────────────────────────────────────

YARD = "json.loads of a 1 KB request"
HEAD = ("µs CPU", "best (middle)", "budget", "", f"÷ {YARD}")
NOTE = f"On-CPU time of one thread. The last column is a ratio to what {YARD} takes in the same rounds."


def yard() -> Budget:
    body = chat("gpt-4o", stream=False)
    return Budget(Case(lambda: json.loads(body)))


def table(rounds: int) -> Table:
    budgets = {**routing(), **choosing(), **streaming(), **edge(), YARD: yard()}
    costs = timed({name: budget.case for name, budget in budgets.items()}, rounds)
    rows = [row(name, budget, costs) for name, budget in budgets.items()]
    return Table("Pieces, in one process", HEAD, rows, NOTE)


def row(name: str, budget: Budget, costs: dict[str, Cost]) -> tuple[str, ...]:
    own = costs[name].over(costs[budget.over]) if budget.over else costs[name]
    told = limit(budget.limit), verdict(own.best, budget.limit)
    return name, str(own), *told, rounded(own.best / costs[YARD].best)
