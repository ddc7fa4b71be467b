"""Carries out the commands of one flow on an event loop (asyncio or trio)."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from ..core.commands import All, Ask, Close, Command, Flow, Read, Send, Wait
from ..core.errors import GatewayError
from ..core.routing.pipeline import taken
from ..core.routing.reply import Live, Reply
from ..core.stored import Lead
from ..core.values import Failure, Outcome, answer_of
from .flights import waits_for_itself
from .services import Service
from .transport import TIMEOUT, TOO_LARGE, AsyncBody, AsyncWhole, Unreachable

if TYPE_CHECKING:
    from .outbound import AsyncOutbound

T = TypeVar("T")
log = logging.getLogger("gatewaymw")
GRACE = 1.0
"""Seconds that closing upstreams may take once the client is gone."""


class Driver:
    """Owns every body it opens and every flight it leads, until it is closed."""

    __slots__ = ("_bodies", "_leads", "_outbound", "_services", "_sleep")

    def __init__(
        self,
        outbound: AsyncOutbound,
        services: Mapping[str, Service],
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
    ) -> None:
        self._outbound, self._services, self._sleep = outbound, services, sleep
        self._bodies: dict[int, tuple[AsyncBody, float | None]] = {}
        self._leads: tuple[Lead, ...] = ()

    async def __aenter__(self) -> Driver:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for lead in self._leads:
            lead.land(None)
        if self._bodies:
            with anyio.move_on_after(GRACE, shield=True):
                for stream in tuple(self._bodies):
                    await self.let_go(stream)

    @property
    def holds(self) -> bool:
        """Whether there is something to let go of."""
        return bool(self._bodies or self._leads)

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

    @property
    def leads(self) -> bool:
        """Whether others wait for what comes after the answer."""
        return bool(self._leads)

    async def afterwards(self, reply: Reply) -> None:
        """Do what comes after the last byte of an answer. Whatever fails in it is its own matter."""
        cut = isinstance(reply, Live) and reply.passage.error
        for make in () if cut else reply.later:
            try:
                await self.run(make())
            except Exception as error:
                log.error("gatewaymw failed after an answer", exc_info=error)

    async def _send(self, command: Send) -> Outcome:
        request = command.request
        until = time.monotonic() + (request.timeout or float("inf"))
        try:
            status, headers, body = await self._outbound.transport(request).send(request)
        except Unreachable as error:
            return error.failure
        live = command.stream and (200 <= status < 300 or command.errors)
        if type(body) is AsyncWhole and not live and len(body.data) <= request.limit:
            return answer_of(status, headers, body.data)
        self._bodies[id(body)] = body, request.idle
        if live:
            return answer_of(status, headers, stream=id(body))
        whole = await read_whole(body, request.limit, until)
        await self.let_go(id(body))
        return whole if isinstance(whole, Failure) else answer_of(status, headers, whole)

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
        if found := self._bodies.pop(stream, None):
            await found[0].aclose()

    async def _wait(self, command: Wait) -> None:
        await self._sleep(command.seconds)

    async def _ask(self, command: Ask) -> Any:
        if self._leads and waits_for_itself(command, self._leads):
            return None
        answer = await self._services[command.service](*command.args)
        if isinstance(answer, Lead):
            self._leads += (answer,)
        return answer

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
