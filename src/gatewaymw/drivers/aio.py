"""Carries out the commands of one flow on an event loop (asyncio or trio)."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from ..core.commands import All, Ask, Close, Command, Flow, Read, Send, Wait
from ..core.errors import GatewayError
from ..core.routing.pipeline import taken
from ..core.routing.reply import Live
from ..core.values import Answer, Failure, Outcome
from .services import Service
from .transport import TIMEOUT, TOO_LARGE, AsyncBody, Unreachable

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
                    await self.let_go(stream)

    @property
    def holds(self) -> bool:
        """Whether a body is open."""
        return bool(self._bodies)

    async def run(self, flow: Flow[T]) -> T:
        event: Any = None
        resume = flow.send
        try:
            while True:
                command = resume(event)
                try:
                    event, resume = await CARRIED[type(command)](self, command), flow.send
                except GatewayError as error:
                    event, resume = error, flow.throw
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            flow.close()

    async def _send(self, command: Send) -> Outcome:
        request = command.request
        until = time.monotonic() + (request.timeout or float("inf"))
        try:
            status, headers, body = await self._outbound.transport(request).send(request)
        except Unreachable as error:
            return error.failure
        self._bodies[id(body)] = body, request.idle
        if command.stream and (200 <= status < 300 or command.errors):
            return Answer(status, headers, stream=id(body))
        whole = await read_whole(body, request.limit, until)
        await self.let_go(id(body))
        return whole if isinstance(whole, Failure) else Answer(status, headers, whole)

    async def _read(self, command: Read) -> bytes | Failure:
        return await self.read(command.stream, command.seconds)

    async def read(self, stream: int, seconds: float | None = None) -> bytes | Failure:
        """The next bytes of a body that was left open, b"" at its end; `seconds` of silence are a failure."""
        body, idle = self._bodies[stream]
        try:
            return await body.read(idle if seconds is None else seconds)
        except Unreachable as error:
            return error.failure

    async def _close(self, command: Close) -> None:
        await self.let_go(command.stream)

    async def let_go(self, stream: int) -> None:
        """Close a body that was left open."""
        body, _ = self._bodies.pop(stream)
        await body.aclose()

    async def _wait(self, command: Wait) -> None:
        await anyio.sleep(command.seconds)

    async def _ask(self, command: Ask) -> Any:
        return await self._services[command.service](*command.args)

    async def _all(self, command: All) -> tuple[Any, ...]:
        flows = command.flows
        results: list[Any] = [None] * len(flows)

        async def one(index: int, flow: Flow[Any]) -> None:
            results[index] = await self.run(flow)

        async with anyio.create_task_group() as tasks:
            for index, flow in enumerate(flows):
                tasks.start_soon(one, index, flow)
        return tuple(results)

    def opened(self, stream: int) -> tuple[AsyncBody, float | None]:
        """A body that was left open, and how many seconds it may be silent."""
        return self._bodies[stream]

    async def pour(self, live: Live) -> AsyncGenerator[bytes, None]:
        """The client's bytes, as they come. Raises Broken where a body cannot be finished."""
        if live.body:
            yield live.body
        passage = live.passage
        if live.beside:
            async for piece in self._take_turns(live):
                yield piece
            return
        while not passage.over:
            data = await self.read(live.stream)
            if isinstance(data, Failure):
                yield passage.fail(data)
                return
            if out := passage.feed(data) if data else passage.close():
                yield out
            if not data:
                return

    async def _take_turns(self, live: Live) -> AsyncGenerator[bytes, None]:
        """Several streams, a piece of each in turn: what a fast one says meanwhile waits in its socket."""
        left = [voice for voice in live.beside if not voice[1].over]
        while left:
            for voice in tuple(left):
                stream, passage = voice
                data = await self.read(stream)
                if out := taken(passage, data):
                    yield out
                if passage.over or not data:
                    left.remove(voice)
        yield live.passage.close()


async def read_whole(body: AsyncBody, limit: int, until: float) -> bytes | Failure:
    """A body to its end, which must come by that time; or why it did not."""
    pieces: list[bytes] = []
    size = 0
    while (left := until - time.monotonic()) > 0:
        try:
            data = await body.read(left)
        except Unreachable as error:
            return TIMEOUT if error.failure.kind == "timeout" else error.failure
        if not data:
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.append(data)
        if (size := size + len(data)) > limit:
            return TOO_LARGE
    return TIMEOUT


CARRIED: Mapping[type[Command], Callable[[Driver, Any], Awaitable[Any]]] = {
    Send: Driver._send,
    Read: Driver._read,
    Close: Driver._close,
    Wait: Driver._wait,
    Ask: Driver._ask,
    All: Driver._all,
}
"""How each command is carried out."""
