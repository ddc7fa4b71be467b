"""Carries out the commands of one flow in a thread: the twin of `aio`, line by line."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar, assert_never

from ..core.commands import All, Ask, Close, Command, Flow, Read, Send, Wait
from ..core.errors import GatewayError
from ..core.routing.reply import Live
from ..core.values import Answer, Failure, Outcome
from .services import Service
from .transport import TOO_LARGE, Body, Unreachable

if TYPE_CHECKING:
    from .outbound import Outbound

T = TypeVar("T")


class Driver:
    """Owns every body it opens, until it is closed."""

    __slots__ = ("_bodies", "_outbound", "_services")

    def __init__(self, outbound: Outbound, services: Mapping[str, Service]) -> None:
        self._outbound, self._services = outbound, services
        self._bodies: dict[int, tuple[Body, float | None]] = {}

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *exc: object) -> None:
        for stream in tuple(self._bodies):
            self._close(stream)

    def run(self, flow: Flow[T]) -> T:
        event: Any = None
        resume = flow.send
        try:
            while True:
                command = resume(event)
                try:
                    event, resume = self._do(command), flow.send
                except GatewayError as error:
                    event, resume = error, flow.throw
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            flow.close()

    def _do(self, command: Command) -> Any:
        match command:
            case Send():
                return self._send(command)
            case Read(stream, seconds):
                return self._read(stream, seconds)
            case Close(stream):
                return self._close(stream)
            case Wait(seconds):
                return time.sleep(seconds)
            case Ask(service, args):
                return self._services[service](*args)
            case All(flows):
                return self._all(flows)
            case _:
                assert_never(command)

    def _send(self, command: Send) -> Outcome:
        request = command.request
        try:
            status, headers, body = self._outbound.transport(request).send(request)
        except Unreachable as error:
            return error.failure
        self._bodies[id(body)] = body, request.idle
        if command.stream and (200 <= status < 300 or command.errors):
            return Answer(status, headers, stream=id(body))
        whole = self._whole(id(body), request.limit)
        self._close(id(body))
        return whole if isinstance(whole, Failure) else Answer(status, headers, whole)

    def _whole(self, stream: int, limit: int) -> bytes | Failure:
        pieces, size = [], 0
        while data := self._read(stream):
            if isinstance(data, Failure):
                return data
            size += len(data)
            if size > limit:
                return TOO_LARGE
            pieces.append(data)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read(self, stream: int, seconds: float | None = None) -> bytes | Failure:
        body, idle = self._bodies[stream]
        try:
            return body.read(idle if seconds is None else seconds)
        except Unreachable as error:
            return error.failure

    def _close(self, stream: int) -> None:
        body, _ = self._bodies.pop(stream)
        body.close()

    def _all(self, flows: tuple[Flow[Any], ...]) -> tuple[Any, ...]:
        with ThreadPoolExecutor(max(len(flows), 1)) as pool:
            return tuple(pool.map(self.run, flows))

    def pour(self, live: Live) -> Iterator[bytes]:
        """The client's bytes, as they come. Raises Broken where a body cannot be finished."""
        if live.body:
            yield live.body
        passage = live.passage
        while not passage.over:
            data = self._read(live.stream)
            if isinstance(data, Failure):
                yield passage.fail(data)
                return
            if out := passage.feed(data) if data else passage.close():
                yield out
            if not data:
                return
