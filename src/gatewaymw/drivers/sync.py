"""Carries out the commands of one flow in a thread: the twin of `aio`, line by line."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar

from ..core.commands import All, Ask, Close, Command, Flow, Read, Send, Wait
from ..core.errors import GatewayError
from ..core.routing.pipeline import taken
from ..core.routing.reply import Live, Reply
from ..core.stored import Lead
from ..core.values import Failure, Outcome, answer_of
from .flights import waits_for_itself
from .services import Service
from .transport import TIMEOUT, TOO_LARGE, Body, Unreachable, Whole

if TYPE_CHECKING:
    from .outbound import Outbound

T = TypeVar("T")
log = logging.getLogger("gatewaymw")
TURN = 0.02
"""Seconds that one of several streams is waited for, while there are others."""
LEAST = 0.001


class Driver:
    """Owns every body it opens and every flight it leads, until it is closed."""

    __slots__ = ("_bodies", "_leads", "_outbound", "_services", "_sleep")

    def __init__(
        self,
        outbound: Outbound,
        services: Mapping[str, Service],
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._outbound, self._services, self._sleep = outbound, services, sleep
        self._bodies: dict[int, tuple[Body, float | None]] = {}
        self._leads: tuple[Lead, ...] = ()

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *exc: object) -> None:
        for lead in self._leads:
            lead.land(None)
        for stream in tuple(self._bodies):
            self._let_go(stream)

    def run(self, flow: Flow[T]) -> T:
        event: Any = None
        resume = flow.send
        try:
            while True:
                command = resume(event)
                try:
                    event, resume = CARRIED[type(command)](self, command), flow.send
                except GatewayError as error:
                    event, resume = error, flow.throw
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            flow.close()

    @property
    def leads(self) -> bool:
        """Whether others wait for what comes after the answer."""
        return bool(self._leads)

    def afterwards(self, reply: Reply) -> None:
        """Do what comes after the last byte of an answer. Whatever fails in it is its own matter."""
        cut = isinstance(reply, Live) and reply.passage.error
        for make in () if cut else reply.later:
            try:
                self.run(make())
            except Exception as error:
                log.error("gatewaymw failed after an answer", exc_info=error)

    def _send(self, command: Send) -> Outcome:
        request = command.request
        until = time.monotonic() + (request.timeout or float("inf"))
        try:
            status, headers, body = self._outbound.transport(request).send(request)
        except Unreachable as error:
            return error.failure
        live = command.stream and (200 <= status < 300 or command.errors)
        if type(body) is Whole and not live and len(body.data) <= request.limit:
            return answer_of(status, headers, body.data)
        self._bodies[id(body)] = body, request.idle
        if live:
            return answer_of(status, headers, stream=id(body))
        whole = read_whole(body, request.limit, until)
        self._let_go(id(body))
        return whole if isinstance(whole, Failure) else answer_of(status, headers, whole)

    def _read(self, command: Read) -> bytes | Failure:
        return self.read(command.stream, command.seconds)

    def opened(self, stream: int) -> tuple[Body, float | None]:
        """A body that was left open, and how long it may be silent."""
        return self._bodies[stream]

    def read(self, stream: int, seconds: float | None = None) -> bytes | Failure:
        """The next bytes of a body that was left open, b"" at its end; `seconds` of silence are a failure."""
        body, idle = self._bodies[stream]
        try:
            return body.read(idle if seconds is None else seconds)
        except Unreachable as error:
            return error.failure

    def _close(self, command: Close) -> None:
        self._let_go(command.stream)

    def _let_go(self, stream: int) -> None:
        if found := self._bodies.pop(stream, None):
            found[0].close()

    def _wait(self, command: Wait) -> None:
        self._sleep(command.seconds)

    def _ask(self, command: Ask) -> Any:
        if self._leads and waits_for_itself(command, self._leads):
            return None
        answer = self._services[command.service](*command.args)
        if isinstance(answer, Lead):
            self._leads += (answer,)
        return answer

    def _all(self, command: All) -> tuple[Any, ...]:
        flows = command.flows
        with ThreadPoolExecutor(max(len(flows), 1)) as pool:
            return tuple(pool.map(self.run, flows))

    def pour(self, live: Live) -> Iterator[bytes]:
        """The client's bytes, as they come. Raises Broken where a body cannot be finished."""
        if live.body:
            yield live.body
        passage = live.passage
        if live.beside:
            yield from self._take_turns(live)
            return
        while not passage.over:
            data = self.read(live.stream)
            if isinstance(data, Failure):
                yield passage.fail(data)
                return
            if out := passage.feed(data) if data else passage.close():
                yield out
            if not data:
                return

    def _take_turns(self, live: Live) -> Iterator[bytes]:
        """Several streams, a piece of each in turn. One that says nothing is left, where its body
        can be asked again; what a fast one says meanwhile waits in its socket."""
        left = [voice for voice in live.beside if not voice[1].over]
        heard = dict.fromkeys((stream for stream, _ in left), time.monotonic())
        while left:
            for voice in tuple(left):
                stream, passage = voice
                data = self._heard(stream, heard[stream] if len(left) > 1 else None)
                if data is None:
                    continue
                heard[stream] = time.monotonic()
                if out := taken(passage, data):
                    yield out
                if passage.over or not data:
                    left.remove(voice)
        yield live.passage.close()

    def _heard(self, stream: int, since: float | None) -> bytes | Failure | None:
        """What a stream says within its turn; None where that is nothing, and it may say it later."""
        body, idle = self._bodies[stream]
        if since is None or not body.resumes:
            return self.read(stream)
        left = since + (idle or inf) - time.monotonic()
        data = self.read(stream, max(min(TURN, left), LEAST))
        late = isinstance(data, Failure) and data.kind == "timeout" and left > TURN
        return None if late else data


def read_whole(body: Body, limit: int, until: float) -> bytes | Failure:
    """A body to its end, which must come by that time; or why it did not."""
    pieces: list[bytes] = []
    size = 0
    while (left := until - time.monotonic()) > 0:
        try:
            data = body.read(left)
        except Unreachable as error:
            return TIMEOUT if error.failure.kind == "timeout" else error.failure
        if not data:
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.append(data)
        if (size := size + len(data)) > limit:
            return TOO_LARGE
    return TIMEOUT


CARRIED: Mapping[type[Command], Callable[[Driver, Any], Any]] = {
    Send: Driver._send,
    Read: Driver._read,
    Close: Driver._close,
    Wait: Driver._wait,
    Ask: Driver._ask,
    All: Driver._all,
}
"""How each command is carried out."""
