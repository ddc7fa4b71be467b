"""What may grow, each as a size → something to time: targets, names, configs, headers, bodies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count, cycle
from typing import Any, NamedTuple

from gatewaymw import Gateway
from gatewaymw.choice import Book, Chooser
from gatewaymw.config import compile as compiler
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.values import Answer
from gatewaymw.gateway import Served
from gatewaymw.headers import wishes_of
from gatewaymw.inbound import Facts, Inbound
from samples import ANTHROPIC_WHOLE, HEADERS, OPENAI_WHOLE, PARAGRAPH, chat, compact
from timing import Case

Make = Callable[[int], Case]


class Law(NamedTuple):
    """How the cost of something may grow with its size: with no power of it beyond `most`."""

    make: Make
    most: float


FLAT, LINEAR = 0.15, 1.3
"""Powers, with what noise may add, and memory that no cache holds: a byte of 20 MB costs more than of 1."""
ASKED = chat("gpt-4o", stream=False)
JSON = {"content-type": "application/json"}
GOOD, OTHER = Answer(200, JSON, OPENAI_WHOLE), Answer(200, JSON, ANTHROPIC_WHOLE)
FAILED = Answer(500, JSON, b'{"error":{"message":"it failed"}}')
PATH = "/v1/chat/completions"


def inbound(gateway: Gateway, body: bytes = ASKED, headers: dict[str, str] = HEADERS) -> Inbound:
    match = gateway.match("POST", PATH, ())
    assert match is not None
    return Inbound(match, Facts("POST", PATH, headers, {}), "", body)


def served(gateway: Gateway, asked: Inbound, answer: Answer = GOOD) -> Served:
    """A request from its headers to its reply, with the same answer to whatever is sent."""
    flow = gateway.serve(asked)
    try:
        next(flow)
        while True:
            flow.send(answer)
    except StopIteration as stop:
        made: Served = stop.value
        return made


def serving(gateway: Gateway, asked: Inbound, answer: Answer = GOOD) -> Case:
    status = served(gateway, asked, answer).reply.status
    assert status == answer.status, status
    return Case(lambda: served(gateway, asked, answer))


# ── targets ──────────────────────────────────────────────────────────────


def leaf(number: int, **more: Any) -> dict[str, Any]:
    return {"provider": "openai", "name": f"target-{number}", **more}


def routed(targets: int, answer: Answer = GOOD, **strategy: Any) -> Case:
    config = {"strategy": strategy, "targets": [leaf(number) for number in range(targets)]}
    gateway = Gateway(config)
    return serving(gateway, inbound(gateway), answer)


def conditional(targets: int, *more: dict[str, Any]) -> Case:
    """One condition a target, of which the last holds."""
    models = [*(f"model-{number}" for number in range(1, targets)), "gpt-4o"]
    queries = [{"params.model": model} for model in models]
    conditions = [
        {"query": {"$and": [query, *more]} if more else query, "then": f"target-{number}"}
        for number, query in enumerate(queries)
    ]
    return routed(targets, mode="conditional", conditions=conditions)


TEMPERED = {"params.temperature": {"$lt": 1}}
TARGETS: dict[str, Law] = {
    "load balance": Law(partial(routed, mode="loadbalance"), FLAT),
    "fallback, the first does well": Law(partial(routed, mode="fallback"), FLAT),
    "fallback, all fail": Law(partial(routed, answer=FAILED, mode="fallback"), LINEAR),
    "conditional, on one text": Law(conditional, FLAT),
    "conditional, on more, the last holds": Law(lambda size: conditional(size, TEMPERED), LINEAR),
    "compiling a config of so many": Law(lambda size: compiling(size), LINEAR),
}

OWNERS = compiler.Book(held=True)


def compiling(targets: int) -> Case:
    nodes = [leaf(number, retry={"attempts": 2}) for number in range(targets)]
    config = {"strategy": {"mode": "fallback"}, "targets": nodes}
    return Case(lambda: compiler.compile_config(config, OWNERS))


# ── names ────────────────────────────────────────────────────────────────


def keys(number: int) -> dict[str, Any]:
    return {f"key-{each}": {"provider": "openai", "api_key": f"sk-{each:020}"} for each in range(number)}


def keyed(number: int) -> Case:
    """A request that names a virtual key, its config seen before."""
    gateway = Gateway(virtual_keys=keys(number), auth="public")
    headers = {**HEADERS, "x-gateway-virtual-key": f"key-{number // 2}"}
    return serving(gateway, inbound(gateway, headers=headers))


def fresh(chooser: Chooser, key: str) -> Case:
    """A config that was never seen, each time."""
    numbers = count(1)

    def choose() -> object:
        return chooser.choose(wishes_of({**HEADERS, **told(next(numbers), key)}), "gpt-4o")

    return Case(choose)


def told(number: int, key: str) -> dict[str, str]:
    config = {"virtual_key": key, "request_timeout": number % 80_000_000 + 1}
    return {"x-gateway-config": compact(config).decode()}


def newly_keyed(number: int) -> Case:
    return fresh(Chooser(Book(virtual_keys=keys(number), open=True)), f"key-{number // 2}")


def compiling_keys(number: int) -> Case:
    table = keys(number)
    return Case(lambda: compiler.compile_virtual_keys(table))


def registered(number: int) -> Case:
    """One target compiled against a registry of so many providers."""
    providers = {f"p{each}": replace(PROVIDERS["openai"], name=f"p{each}") for each in range(number)}
    book = replace(OWNERS, providers=providers)
    return Case(lambda: compiler.compile_config({"provider": f"p{number // 2}"}, book))


NAMES: dict[str, Law] = {
    "a request by a virtual key": Law(keyed, FLAT),
    "a new config that names one": Law(newly_keyed, FLAT),
    "a target among so many providers": Law(registered, FLAT),
    "reading a table of so many keys": Law(compiling_keys, LINEAR),
}

# ── what callers send ────────────────────────────────────────────────────


def kept(number: int) -> Case:
    """One of so many configs that callers sent before."""
    chooser = Chooser(Book(virtual_keys=keys(1), open=True))
    wishes = [wishes_of({**HEADERS, **told(each, "key-0")}) for each in range(number)]
    for each in wishes:
        chooser.choose(each, "gpt-4o")
    turns: Iterator[Any] = cycle(wishes)
    return Case(lambda: chooser.choose(next(turns), "gpt-4o"))


def forgotten(number: int) -> Case:
    """One more, after so many that were sent once."""
    chooser = Chooser(Book(virtual_keys=keys(1), open=True))
    case = fresh(chooser, "key-0")
    for _ in range(number):
        case.call()
    return case


def headed(number: int) -> Case:
    gateway = Gateway({"provider": "openai"})
    more = {f"x-app-{each}": "a value of a usual length" for each in range(number)}
    return serving(gateway, inbound(gateway, headers={**HEADERS, **more}))


CALLERS: dict[str, Law] = {
    "a config seen before, among so many": Law(kept, FLAT),
    "a new config after so many": Law(forgotten, FLAT),
    "a request with so many headers more": Law(headed, LINEAR),
}

# ── bodies ───────────────────────────────────────────────────────────────


def talk(messages: list[str]) -> bytes:
    roles = cycle(("user", "assistant"))
    said = [{"role": next(roles), "content": each} for each in messages]
    return json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 512, "messages": said}).encode()


def long_text(size: int) -> bytes:
    return talk([PARAGRAPH * max(1, size // len(PARAGRAPH))])


def long_talk(size: int) -> bytes:
    return talk([PARAGRAPH * 5] * max(1, size // 500))


def carried(size: int, provider: str, write: Callable[[int], bytes]) -> Case:
    gateway = Gateway({"provider": provider}, max_body=2**26)
    return serving(gateway, inbound(gateway, write(size)), GOOD if provider == "openai" else OTHER)


def answered(size: int, provider: str) -> Case:
    text = PARAGRAPH * max(1, size // len(PARAGRAPH))
    sample = OPENAI_WHOLE if provider == "openai" else ANTHROPIC_WHOLE
    gateway = Gateway({"provider": provider})
    body = sample.replace((PARAGRAPH * 7).encode(), text.encode())
    return serving(gateway, inbound(gateway), Answer(200, JSON, body))


BODIES: dict[str, Law] = {
    "one long text to OpenAI": Law(partial(carried, provider="openai", write=long_text), LINEAR),
    "many messages to OpenAI": Law(partial(carried, provider="openai", write=long_talk), LINEAR),
    "one long text to Anthropic": Law(partial(carried, provider="anthropic", write=long_text), LINEAR),
    "many messages to Anthropic": Law(partial(carried, provider="anthropic", write=long_talk), LINEAR),
    "an answer from OpenAI": Law(partial(answered, provider="openai"), FLAT),
    "an answer from Anthropic": Law(partial(answered, provider="anthropic"), LINEAR),
}
