"""Carries out the commands of one flow on an event loop (asyncio or trio)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, assert_never

import anyio

from ..core.commands import All, Ask, Close, Command, Flow, Read, Send, Wait
from ..core.errors import GatewayError
from ..core.routing.reply import Live
from ..core.values import Answer, Failure, Outcome
from .services import Service
from .transport import TOO_LARGE, AsyncBody, Unreachable

if TYPE_CHECKING:
    from .outbound import AsyncOutbound

T = TypeVar("T")
GRACE = 1.0
"""Seconds that closing upstreams may take once the client is gone."""


class Driver:
    """Owns every body it opens, until it is closed."""

    __slots__ = ("_bodies", "_outbound", "_services")

    def __init__(self, outbound: AsyncOutbound, services: Mapping[str, Service]) -> None:
        self._outbound, self._services = outbound, services
        self._bodies: dict[int, tuple[AsyncBody, float | None]] = {}

    async def __aenter__(self) -> Driver:
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._bodies:
            with anyio.move_on_after(GRACE, shield=True):
                for stream in tuple(self._bodies):
                    await self._close(stream)

    async def run(self, flow: Flow[T]) -> T:
        event: Any = None
        resume = flow.send
        try:
            while True:
                command = resume(event)
                try:
                    event, resume = await self._do(command), flow.send
                except GatewayError as error:
                    event, resume = error, flow.throw
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            flow.close()

    async def _do(self, command: Command) -> Any:
        match command:
            case Send():
                return await self._send(command)
            case Read(stream, seconds):
                return await self._read(stream, seconds)
            case Close(stream):
                return await self._close(stream)
            case Wait(seconds):
                return await anyio.sleep(seconds)
            case Ask(service, args):
                return await self._services[service](*args)
            case All(flows):
                return await self._all(flows)
            case _:
                assert_never(command)

    async def _send(self, command: Send) -> Outcome:
        request = command.request
        try:
            status, headers, body = await self._outbound.transport(request).send(request)
        except Unreachable as error:
            return error.failure
        self._bodies[id(body)] = body, request.idle
        if command.stream and (200 <= status < 300 or command.errors):
            return Answer(status, headers, stream=id(body))
        whole = await self._whole(id(body), request.limit)
        await self._close(id(body))
        return whole if isinstance(whole, Failure) else Answer(status, headers, whole)

    async def _whole(self, stream: int, limit: int) -> bytes | Failure:
        pieces, size = [], 0
        while data := await self._read(stream):
            if isinstance(data, Failure):
                return data
            size += len(data)
            if size > limit:
                return TOO_LARGE
            pieces.append(data)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _read(self, stream: int, seconds: float | None = None) -> bytes | Failure:
        body, idle = self._bodies[stream]
        try:
            return await body.read(idle if seconds is None else seconds)
        except Unreachable as error:
            return error.failure

    async def _close(self, stream: int) -> None:
        body, _ = self._bodies.pop(stream)
        await body.aclose()

    async def _all(self, flows: tuple[Flow[Any], ...]) -> tuple[Any, ...]:
        results: list[Any] = [None] * len(flows)

        async def one(index: int, flow: Flow[Any]) -> None:
            results[index] = await self.run(flow)

        async with anyio.create_task_group() as tasks:
            for index, flow in enumerate(flows):
                tasks.start_soon(one, index, flow)
        return tuple(results)

    async def pour(self, live: Live) -> AsyncGenerator[bytes, None]:
        """The client's bytes, as they come. Raises Broken where a body cannot be finished."""
        if live.body:
            yield live.body
        passage = live.passage
        while not passage.over:
            data = await self._read(live.stream)
            if isinstance(data, Failure):
                yield passage.fail(data)
                return
            if out := passage.feed(data) if data else passage.close():
                yield out
            if not data:
                return
