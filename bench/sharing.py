"""Many workers, simulated: the reducers, the balance and the keys are the gateway's own, the rest is not.

No time passes and nothing is sent: requests come evenly, each to a worker that is drawn, and are answered at
once. A store that is shared is one dict for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from random import Random
from typing import Any, NamedTuple

from gatewaymw.core import json
from gatewaymw.core.commands import Ask, Flow
from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.plan import Breaker, Caching, Group, Sticky, Target
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.balance import ranked
from gatewaymw.core.routing.likes import key_of
from gatewaymw.core.routing.reply import Reply
from gatewaymw.core.routing.tracking import tracked
from gatewaymw.core.values import Call, Env, Secret
from gatewaymw.drivers.health import Health

PER_SECOND = 1000
"""Requests of all workers together."""
RULE = Breaker()
"""As `cb_config: {}` has it: five failures within a minute, half a minute of rest."""
ROUNDS = 3
"""Times that a breaker's trouble is played; figures are the mean."""
PROMPTS, ASKED = 5_000, 50_000
"""Different requests, and how many come: the n-th most frequent a n-th as often as the first."""
CALLERS, PLACES = 4_000, 8
"""Keys of a sticky load balance, and its targets."""
OPENAI = PROVIDERS["openai"]


def drawn(dice: Random, most: int) -> int:
    """A number below the most. `randrange` promises no sequence, `random` does."""
    return int(dice.random() * most)


# ── breakers ─────────────────────────────────────────────────────────────


@dataclass
class World:
    """What all workers have in common: the time, and the store."""

    now: float = 1_000.0
    kept: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    lookups: int = 0

    def env(self) -> Env:
        return Env(random=lambda: 0.5, now=lambda: self.now, clock=lambda: self.now, new_id=lambda: "id")

    def store(self, operation: str, key: str, *more: Any) -> bytes | None:
        if operation == "set":
            value, ttl = more
            self.kept[key] = value, self.now + ttl
            return None
        self.lookups += 1
        value, until = self.kept.get(key, (None, 0.0))
        return value if self.now < until else None

    def carry(self, flow: Flow[Reply], health: Health) -> Reply:
        """A request in a worker, which knows what its health does."""
        event: Any = None
        try:
            while True:
                command = flow.send(event)
                assert isinstance(command, Ask)
                event = (self.store if command.service == "store" else health.ask)(*command.args)
        except StopIteration as stop:
            reply: Reply = stop.value
            return reply


class Trouble(NamedTuple):
    """What a target that fails every request gets, and for how long."""

    sent: float
    """Requests, until each worker leaves it alone."""
    seconds: float
    """Until then."""
    probes: float
    """Requests after one cool-down, until each worker leaves it alone again."""
    lookups: float
    """Of a thousand requests, while all was well: those that looked at the store."""


class Fleet:
    """Workers with one target that has a breaker."""

    def __init__(self, workers: int, shared: bool, dice: Random) -> None:
        self.world, self.dice, self.well = World(), dice, True
        self.healths = [Health(shared) for _ in range(workers)]
        self.target = Target(path="config", provider=OPENAI, breaker=RULE)
        self.call = Call(endpoint=CHAT, method="POST", path="/chat/completions")

    def request(self) -> tuple[int, bool]:
        """One more: which worker had it, and whether it was sent to the target."""
        self.world.now += 1 / PER_SECOND
        worker = drawn(self.dice, len(self.healths))
        flow = tracked(self.target, self.call, self.world.env(), self.answered)
        return worker, not self.world.carry(flow, self.healths[worker]).skipped

    def answered(self, call: Call) -> Flow[Reply]:
        return Reply(status=200 if self.well else 500)
        yield

    def left(self) -> tuple[int, float]:
        """Requests that are sent, and seconds, until each worker has passed the target over."""
        began = last = self.world.now
        asking, sent = set(range(len(self.healths))), 0
        while asking:
            worker, was = self.request()
            if was:
                sent, last = sent + 1, self.world.now
            else:
                asking.discard(worker)
        return sent, last - began


def trouble(workers: int, shared: bool, rounds: int = ROUNDS) -> Trouble:
    """The mean of some rounds."""
    played = [once(Fleet(workers, shared, Random(f"{workers} {turn}"))) for turn in range(rounds)]
    return Trouble(*(sum(each) / rounds for each in zip(*played, strict=True)))


def once(fleet: Fleet) -> Trouble:
    for _ in range(PER_SECOND):
        fleet.request()
    before, fleet.well = fleet.world.lookups, False
    sent, seconds = fleet.left()
    fleet.world.now += RULE.cooldown
    probes, _ = fleet.left()
    return Trouble(sent, seconds, probes, before * 1000 / PER_SECOND)


# ── sticky keys ──────────────────────────────────────────────────────────


class Kept(NamedTuple):
    """Shares of all keys."""

    agreed: float
    """That each worker sends to the same target."""
    moved: float
    """That go elsewhere when one target of eight leaves."""
    needless: float
    """That do so though their target stays."""


def balance(names: Sequence[str]) -> Group:
    """One worker's own, made from the config."""
    children = tuple(Target(path="config.targets", provider=OPENAI, name=name) for name in names)
    bounds = tuple(accumulate([1.0] * len(children)))
    return Group(
        mode="loadbalance", path="config", children=children, bounds=bounds, sticky=Sticky(("metadata.user",))
    )


def chosen(group: Group, key: str) -> str:
    return group.children[ranked(group, key)[0]].name


def sticky(workers: int, callers: int = CALLERS) -> Kept:
    """Each caller's requests come to two workers, before a target leaves and after."""
    dice, names = Random(f"sticky {workers}"), [f"target {number}" for number in range(PLACES)]
    before = [balance(names) for _ in range(workers)]
    after = [balance(names[:3] + names[4:]) for _ in range(workers)]
    agreed = moved = needless = 0
    for key in map("user {}".format, range(callers)):
        first, second, third = (drawn(dice, workers) for _ in range(3))
        was, now = chosen(before[first], key), chosen(after[third], key)
        agreed += was == chosen(before[second], key)
        moved += was != now
        needless += was != now and was != names[3]
    return Kept(agreed / callers, moved / callers, needless / callers)


# ── the cache ────────────────────────────────────────────────────────────


class Hits(NamedTuple):
    """Shares of all requests that were answered from the cache."""

    own: float
    """Where each worker has a cache of its own."""
    shared: float
    distinct: int
    """Different requests that came: what a cache must ask for once."""


def prompts(count: int) -> list[str]:
    """The keys of different requests of one tenant."""
    target = Target(path="config", provider=OPENAI, caching=Caching())
    made = []
    for number in range(count):
        body = {"model": "m", "messages": [{"role": "user", "content": f"question {number}"}]}
        call = Call(
            endpoint=CHAT,
            method="POST",
            path="/chat/completions",
            raw=json.dumps(body),
            body=body,
            key=Secret("sk-simulated"),
            principal="a tenant",
        )
        key = key_of(target, call)
        assert key
        made.append(key)
    return made


def frequent(keys: Sequence[str], dice: Random) -> Iterator[str]:
    """Keys by Zipf's law."""
    sums = list(accumulate(1 / rank for rank in range(1, len(keys) + 1)))
    while True:
        yield dice.choices(keys, cum_weights=sums)[0]


def hits(workers: int, keys: Sequence[str], asked: int = ASKED) -> Hits:
    """Whoever finds nothing asks, and keeps the answer: nothing gets old or is put out within an hour."""
    dice = Random("cache")
    own: list[set[str]] = [set() for _ in range(workers)]
    shared: set[str] = set()
    found = [0, 0]
    for key in islice(frequent(keys, dice), asked):
        worker = own[drawn(dice, workers)]
        for index, cache in enumerate((worker, shared)):
            found[index] += key in cache
            cache.add(key)
    return Hits(found[0] / asked, found[1] / asked, len(shared))
