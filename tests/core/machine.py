"""A world for flows to run in: scripted outcomes, a clock that only waits move, dice that lie still."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from gatewaymw.core import json
from gatewaymw.core.auth.keys import bearer
from gatewaymw.core.commands import All, Ask, Close, Command, Flow, Read, Send, Wait
from gatewaymw.core.endpoints import CHAT, Endpoint
from gatewaymw.core.model import IDENTITY, Codec, Provider, Route
from gatewaymw.core.plan import Group, Node, Retry, Target
from gatewaymw.core.routing.reply import NO_STREAM, Live, Reply
from gatewaymw.core.stored import Lead
from gatewaymw.core.values import Answer, Call, Env, Failure, Outcome, Secret
from gatewaymw.drivers.health import Health

CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
ROLE = b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'
STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
EVENTS = {"content-type": "text/event-stream"}


def provider(name: str = "test", codec: Codec = IDENTITY, **more: Any) -> Provider:
    routes: Mapping[Endpoint, Route] = more.pop("routes", {CHAT: Route("/chat", codec)})
    return Provider(name=name, base_url=f"https://{name}.example", routes=routes, auth=bearer, **more)


def target(path: str = "config", **more: Any) -> Target:
    more.setdefault("provider", provider())
    return Target(path=path, **more)


def group(mode: str, *children: Node, weights: Iterable[float] = (), **more: Any) -> Group:
    bounds = tuple(accumulate(weights or [1.0] * len(children)))
    return Group(mode=mode, path=more.pop("path", "config"), children=children, bounds=bounds, **more)


def call(body: Mapping[str, Any] | None = None, **more: Any) -> Call:
    body = body or {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    more.setdefault("key", Secret("sk-caller-key"))
    more.setdefault("endpoint", CHAT)
    return Call(method="POST", path="/chat/completions", raw=json.dumps(body), body=body, **more)


def streaming(**more: Any) -> Call:
    return call({"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}, **more)


def opened(number: int = 1, kind: str = "text/event-stream") -> Answer:
    return Answer(200, {"content-type": kind}, stream=number)


class RanOut(Exception):
    """A flow asked for more outcomes than its script has."""


@dataclass
class World:
    """Answers commands from a script; time passes only where a flow waits."""

    outcomes: Iterator[Outcome]
    reads: dict[int, list[bytes | Failure]] = field(default_factory=dict)
    secrets: Mapping[Any, str] = field(default_factory=dict)
    dice: float = 0.5
    time: float = 1000.0
    log: list[Command] = field(default_factory=list)
    open: set[int] = field(default_factory=set)
    pace: float = 0.0
    """Seconds that each read takes."""
    lasts: float = 0.0
    """Seconds that each answer takes."""
    health: Health = field(default_factory=Health)
    price: float | None = None
    rolls: Iterator[float] | None = None
    """Dice that fall differently each time."""
    kept: dict[str, bytes] = field(default_factory=dict)
    """The store."""
    boarding: list[bytes | None] = field(default_factory=list)
    """What those lead to whom this request joins; where there is none it leads itself."""
    landed: list[bytes | None] = field(default_factory=list)

    def env(self) -> Env:
        return Env(random=self.roll, now=lambda: self.time, clock=lambda: self.time, new_id=lambda: "id")

    def roll(self) -> float:
        return self.dice if self.rolls is None else next(self.rolls)

    def do(self, command: Command) -> Any:
        self.log.append(command)
        match command:
            case Send():
                self.time += self.lasts
                outcome = next(self.outcomes, None)
                if outcome is None:
                    raise RanOut
                if isinstance(outcome, Answer) and outcome.stream is not None:
                    assert command.stream, "a body was left open that nobody asked for"
                    self.open.add(outcome.stream)
                return outcome
            case Read(stream):
                assert stream in self.open
                self.time += self.pace
                pieces = self.reads.get(stream, [])
                return pieces.pop(0) if pieces else b""
            case Close(stream):
                if stream != NO_STREAM:  # that of an answer that was kept is none
                    self.open.remove(stream)
            case Wait(seconds):
                self.time += seconds
            case All(flows):
                return tuple(self.carry(flow) for flow in flows)
            case Ask("health", args):
                return self.health.ask(*args)
            case Ask("prices"):
                return lambda *_: self.price
            case Ask("store", args):
                return self.store(*args)
            case Ask("flight", ("join", _, seconds)):
                assert seconds > 0
                return self.boarding.pop(0) if self.boarding else Lead()
            case Ask("flight", (_, lead, value)):
                assert isinstance(lead, Lead)
                self.landed.append(value)
            case _:
                return self.secrets[command.args[0]]  # type: ignore[union-attr]
        return None

    def store(self, operation: str, key: str, *args: Any) -> Any:
        kept = self.kept
        match operation, args:
            case "get", ():
                return kept.get(key)
            case "set", (value, ttl):
                assert ttl > 0
                kept[key] = value
            case "add", (amount, ttl):
                kept[key] = b"%d" % (int(kept.get(key, b"0")) + amount)
                return int(kept[key])
            case "swap", (old, new, ttl):
                if kept.get(key) != old:
                    return False
                kept.pop(key, None) if new is None else kept.update({key: new})
                return True
            case _:
                kept.pop(key, None)
        return None

    def carry(self, flow: Flow[Any]) -> Any:
        event: Any = None
        try:
            while True:
                event = self.do(flow.send(event))
        except StopIteration as stop:
            return stop.value

    def run(self, flow: Flow[Reply]) -> Reply:
        reply: Reply = self.carry(flow)
        live = {stream for stream, _ in reply.beside} or {reply.stream} if isinstance(reply, Live) else set()
        left = live - {NO_STREAM}
        assert self.open == left, "a stream was forgotten"
        return reply

    def pour(self, reply: Live) -> bytes:
        """All that a client gets of it, and what is done afterwards."""
        out, passage = reply.body, reply.passage
        while not passage.over:
            data = self.do(Read(reply.stream))
            if isinstance(data, Failure):
                out += passage.fail(data)
                break
            out += passage.feed(data) if data else passage.close()
            if not data:
                break
        if passage.error is None:
            for make in reply.later:
                self.carry(make())
        return out

    @property
    def sent(self) -> list[Send]:
        return [command for command in self.log if isinstance(command, Send)]

    @property
    def waits(self) -> list[float]:
        return [command.seconds for command in self.log if isinstance(command, Wait)]


def world(*outcomes: Outcome, reads: Mapping[int, list[bytes | Failure]] | None = None, **more: Any) -> World:
    return World(iter(outcomes), {key: list(value) for key, value in (reads or {}).items()}, **more)


def ok(body: bytes = b"{}") -> Answer:
    return Answer(200, {"content-type": "application/json"}, body)


def status(number: int, body: bytes = b'{"error":{"message":"no"}}', **headers: str) -> Answer:
    return Answer(number, {name.replace("_", "-"): value for name, value in headers.items()}, body)


RETRY = Retry(2, frozenset({429, 500, 502, 503, 504}))
