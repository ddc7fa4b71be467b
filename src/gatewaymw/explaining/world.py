"""A world without a network: a clock that moves where something waits, dice from a seed, scripted answers.

It is a third driver of flows. Lanes run side by side on the one clock, the earliest first.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from ..core import json
from ..core.commands import All, Ask, Close, Command, Flow, Note, Read, Send, Wait
from ..core.errors import GatewayError
from ..core.plan import Target
from ..core.routing.reply import Live
from ..core.routing.trace import Begun, Done, Lane, Log, Said
from ..core.stored import Lead
from ..core.values import Answer, Env, Failure
from ..drivers.health import Health
from ..drivers.transport import BROKEN, SILENT, TIMEOUT, UNREACHABLE
from .script import Outcome, Script
from .store import Store

QUIET = {"check": True, "hooks": None}
"""What functions of the host would do: none is called, and all are content."""
NOON = 1_767_182_400.0
"""When it is always: 31 December 2025, 12:00 UTC."""
PACE = 0.05
"""Seconds between the events of a stream."""
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}\n\n'
ENDED = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
ERROR = b'data: {"error":{"message":"scripted","type":"server_error","code":"scripted"}}\n\n'
JSON_TYPE = {"content-type": "application/json"}
PNG = b"\x89PNG\r\n\x1a\n"
FOLLOWED = "explained.job"
"""What a second call is for, where an answer takes more than one: the end of its address, what it gives."""
SAID: Mapping[str, Any] = {
    "id": "explained",
    "object": "explained",
    "created": int(NOON),
    "model": "explained",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "data": [{"object": "embedding", "index": 0, "embedding": [0.0]}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
"""An answer that is one to whatever was asked, in OpenAI's dialect."""
WELL, DONE = json.dumps(SAID), json.dumps({**SAID, "object": FOLLOWED})
STREAMS: Mapping[str, tuple[bytes | Failure, ...]] = {
    "ok": (EVENT, EVENT, ENDED, b""),
    "silent": (SILENT,),
    "cut": (BROKEN,),
    "error": (ERROR, b""),
    "cut-late": (EVENT, BROKEN),
    "error-late": (EVENT, ERROR, b""),
}
FAILED: Mapping[str, Failure] = {"timeout": TIMEOUT, "unreachable": UNREACHABLE, "broken": BROKEN}


@dataclass(slots=True)
class Task:
    """A flow that is under way."""

    flow: Flow[Any]
    lane: Lane
    done: Callable[[Any], None]
    inside: list[str] = field(default_factory=list)
    """Paths of the nodes that it is in."""
    lanes: int = 0


class World:
    """What a flow is run in."""

    def __init__(self, script: Script, dice: Callable[[], float], start: float = 0.0) -> None:
        self.script, self.log, self.time = script, Log(), start
        self.leaves: Mapping[str, Target] = {}
        """By their paths."""
        self.streaming = False
        """Events are asked for."""
        self._dice, self._ids, self._turns = dice, count(1), count()
        self._due: list[tuple[float, int, Task, Done]] = []
        self._bodies: dict[int, list[bytes | Failure]] = {}
        self._store, self._health = Store(lambda: self.time), Health()

    def env(self) -> Env:
        return Env(
            random=self._dice,
            now=lambda: self.time,
            clock=lambda: NOON + self.time,
            new_id=lambda: f"{next(self._ids):032x}",
        )

    def run(self, flow: Flow[Any]) -> Any:
        """What a flow comes to. Raises what it raises."""
        results: list[Any] = []
        self._start(Task(flow, (), results.append))
        while self._due:
            self.time, _, task, done = heapq.heappop(self._due)
            self.log.add(done)
            self._resume(task, done.event)
        return results[0]

    def pour(self, live: Live) -> bytes:
        """The rest of a stream, as a driver would hand it to the client. Raises Broken."""
        out = live.body
        while not live.passage.over:
            seconds, data = self._read(Read(live.stream))
            self.time += seconds
            if isinstance(data, Failure):
                return out + live.passage.fail(data)
            out += live.passage.feed(data) if data else live.passage.close()
            if not data:
                break
        return out

    def _start(self, task: Task) -> None:
        self.log.add(Begun(task.lane, self.time))
        self._resume(task, None)

    def _later(self, task: Task, done: Done) -> None:
        heapq.heappush(self._due, (done.at + done.seconds, next(self._turns), task, done))

    def _resume(self, task: Task, event: Any) -> None:
        try:
            command = task.flow.throw(event) if isinstance(event, GatewayError) else task.flow.send(event)
            while isinstance(command, Note):
                self._hear(task, command)
                command = task.flow.send(None)
        except StopIteration as stop:
            task.done(stop.value)
            return
        except GatewayError as error:
            if not task.lane:
                raise
            task.done(error)
            return
        if isinstance(command, All):
            self._all(task, command)
        else:
            seconds, event = self._carried(task, command)
            self._later(task, Done(task.lane, self.time, seconds, command, event))

    def _hear(self, task: Task, note: Note) -> None:
        self.log.add(Said(task.lane, self.time, note))
        if note.what == "enter":
            task.inside.append(note.path)
        elif note.what == "leave":
            task.inside.pop()

    def _all(self, task: Task, command: All) -> None:
        results: list[Any] = [None] * len(command.flows)
        waiting = set(range(len(command.flows)))
        began = self.time

        def done(number: int, value: Any) -> None:
            results[number] = value
            waiting.discard(number)
            if not waiting:
                over()

        def over() -> None:
            failed = next((result for result in results if isinstance(result, GatewayError)), None)
            event = failed or tuple(results)
            self._later(task, Done(task.lane, began, self.time - began, command, event))

        first, task.lanes = task.lanes, task.lanes + len(command.flows)
        for number, flow in enumerate(command.flows):
            lane = (*task.lane, first + number)
            self._start(Task(flow, lane, partial(done, number), task.inside[-1:]))
        if not command.flows:
            over()

    # ── commands ─────────────────────────────────────────────────────────

    def _carried(self, task: Task, command: Command) -> tuple[float, Any]:
        """How many seconds a command takes, and what comes of it."""
        match command:
            case Send():
                return self._file() if command.errors else self._sent(task, command)
            case Read():
                return self._read(command)
            case Wait():
                return command.seconds, None
            case Ask():
                return 0.0, self._asked(command)
            case Close():
                del self._bodies[command.stream]
        return 0.0, None

    def _sent(self, task: Task, command: Send) -> tuple[float, Answer | Failure]:
        outcome = self.script.next(self._names(task, command))
        patience = command.request.timeout or float("inf")
        if outcome.what == "timeout" or outcome.after > patience:
            return patience, TIMEOUT
        if failure := FAILED.get(outcome.what):
            return outcome.after, failure
        return outcome.after, self._answer(outcome, command)

    def _names(self, task: Task, command: Send) -> list[str]:
        """What a target goes by: its path, whole or below the config, its name, provider and host."""
        path = task.inside[-1] if task.inside else ""
        leaf = self.leaves.get(path)
        names = [path, path.partition(".")[2], *([leaf.name, leaf.provider.name] if leaf else [])]
        return [*filter(None, names), urlsplit(command.request.url).netloc, "*"]

    def _answer(self, outcome: Outcome, command: Send) -> Answer | Failure:
        status, headers = outcome.status, dict(outcome.headers)
        if not 200 <= status < 300:
            said = {"message": f"scripted {status}", "type": "scripted", "param": None, "code": "scripted"}
            return Answer(status, {**headers, **JSON_TYPE}, json.dumps({"error": said}))
        pieces = STREAMS.get(outcome.what, STREAMS["ok"])
        if not command.stream:
            # A whole answer has no middle to break in: all that goes wrong comes before its end.
            failure = next((piece for piece in pieces if isinstance(piece, Failure)), None)
            body = DONE if command.request.url.endswith(FOLLOWED) else WELL
            return failure or Answer(status, {**headers, **JSON_TYPE}, body)
        kind = "text/event-stream" if self.streaming else "application/octet-stream"
        return Answer(status, {**headers, "content-type": kind}, stream=self._opened(pieces))

    def _opened(self, pieces: tuple[bytes | Failure, ...]) -> int:
        number = next(self._turns)
        self._bodies[number] = list(pieces)
        return number

    def _read(self, command: Read) -> tuple[float, bytes | Failure]:
        piece = self._bodies[command.stream].pop(0)
        return (command.seconds or 60.0) if piece is SILENT else PACE, piece

    def _file(self) -> tuple[float, Answer]:
        """What a client's link leads to."""
        return PACE, Answer(200, {"content-type": "image/png"}, stream=self._opened((PNG, b"")))

    def _asked(self, command: Ask) -> Any:
        """What the host's services would say: keys are made up, so that none need be there."""
        if command.service == "secret":
            return "explained-key"
        if command.service == "identity":
            return {"api_key": "explained-key"}
        if command.service == "store":
            return self._store.do(*command.args)
        if command.service == "health":
            return self._health.ask(*command.args)
        if command.service == "prices":
            return unpriced
        if command.service in QUIET:
            return QUIET[command.service]
        if command.service == "flight":  # nobody else asks the same at this time
            return Lead() if command.args[0] == "join" else None
        return GatewayError(f"{command.service} is not asked where a config is explained", code="unexplained")


def unpriced(*_: object) -> None:
    """What a request costs: nobody pays for this one."""
