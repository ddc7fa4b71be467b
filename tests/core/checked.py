"""Asking a check, with all that it may ask itself at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from gatewaymw.config.check_tools import tools
from gatewaymw.config.hosts import NOBODY
from gatewaymw.core import json
from gatewaymw.core.checks.catalogue import validate
from gatewaymw.core.checks.model import Finding, Kind, Prepared, Subject
from gatewaymw.core.checks.texts import inspected
from gatewaymw.core.commands import All, Ask, Flow, Send
from gatewaymw.core.values import Answer, Env, Failure, Outcome, Request

WARNED: list[str] = []
CALLER, OPERATOR = tools(NOBODY, WARNED.append), tools(None, WARNED.append)


@dataclass
class Around:
    """What a flow of a check may ask: others over HTTP, in order or by address, names, tokens, the store."""

    answers: Mapping[str, Outcome] | Iterable[Outcome] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    verify: Callable[..., Mapping[str, Any]] = lambda token, keys, algorithms: {}
    time: float = 1_000_000.0
    store: dict[str, bytes] = field(default_factory=dict)
    kept: dict[str, float] = field(default_factory=dict)
    sent: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not isinstance(self.answers, Mapping):
            self._next = iter(self.answers)

    def env(self) -> Env:
        return Env(random=lambda: 0.5, now=lambda: self.time, clock=lambda: self.time, new_id=lambda: "id")

    def do(self, command: Any) -> Any:
        match command:
            case Send(request):
                self.sent.append(request)
                if isinstance(self.answers, Mapping):
                    return self.answers.get(request.url, Failure("connect"))
                answer = next(self._next, None)
                assert answer is not None, "asked once too often"
                return answer
            case All(flows):
                return tuple(self.carry(flow) for flow in flows)
            case Ask("resolve", (name,)):
                return self.names.get(name, ())
            case Ask("jwt", args):
                return self.verify(*args)
            case Ask("store", ("get", key)):
                return self.store.get(key)
            case Ask("store", ("set", key, value, seconds)):
                self.store[key], self.kept[key] = value, seconds
                return None
        raise AssertionError(f"a check does not say {command}")

    def carry(self, flow: Flow[Any]) -> Any:
        event: Any = None
        try:
            while True:
                event = self.do(flow.send(event))
        except StopIteration as stop:
            return stop.value


def prepared(id: str, parameters: Any = None, path: str = "config.checks[0]", held: bool = False) -> Prepared:
    return validate(id, parameters, path, OPERATOR if held else CALLER)


def subject(said_text: str | None = None, /, kind: Kind = "output", **more: Any) -> Subject:
    """An answer to a chat, or a chat, with this text; another `body` where one is given."""
    if said_text is not None:
        said = {"role": "user", "content": said_text}
        more.setdefault("body", {"messages": [said]} if kind == "input" else {"choices": [{"message": said}]})
    body = more.get("body", {})
    more.setdefault("text", inspected(kind, body, "last"))
    return Subject(kind=kind, **more)


def asked(check: Prepared, about: Subject, around: Around | None = None) -> Finding:
    """What the check finds; that it changed nothing is seen to."""
    around = around or Around()
    before = deepcopy((about.body, about.request, about.metadata, about.headers))
    finding: Finding = around.carry(check(about, around.env()))
    assert (about.body, about.request, about.metadata, about.headers) == before
    json.dumps(finding.data)
    assert (finding.verdict is None) == (finding.error is not None)
    return finding


def found(id: str, parameters: Any, text: str | None = None, /, **more: Any) -> Finding:
    around = more.pop("around", None)
    return asked(prepared(id, parameters), subject(text, **more), around)


def told(value: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, headers, json.dumps(value))
