"""How an answer was come by, as a value: each command and what came of it, each note, each look at the world.

`recorded` wraps a flow and changes nothing about it. What it wrote down can be played again (`replayed`),
without any world: the same flow then makes the same decisions, or the two differ and it says where.
Lanes are flows that run side by side: `()` is the first, `(0,)` and `(1,)` are two that it started.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar

from ..commands import All, Command, Flow, Note, carried
from ..errors import GatewayError
from ..frozen import dataclass
from ..values import Env

T = TypeVar("T")
Lane: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """A lane took its first step. `at` is the clock of `Env.now`, here and below."""

    lane: Lane
    at: float


@dataclass(frozen=True, slots=True)
class Said:
    """A flow said something of itself."""

    lane: Lane
    at: float
    note: Note


@dataclass(frozen=True, slots=True)
class Done:
    """A command was carried out; `event` is what came of it, an error that was thrown among them."""

    lane: Lane
    at: float
    """When it was begun."""
    seconds: float
    command: Command
    event: Any

    def __repr__(self) -> str:
        # What is asked of the host, and what it answers, are credentials at times.
        return f"Done({self.lane}, {type(self.command).__name__})"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A number or an id was taken from the world."""

    name: str
    value: Any


Entry: TypeAlias = Begun | Said | Done | Drawn
Trace: TypeAlias = tuple[Entry, ...]


class Log:
    """Where a flow is recorded, until it is over: what reads the clock after that is not written down."""

    __slots__ = ("_entries", "over")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self.over = False

    def add(self, entry: Entry) -> None:
        if not self.over:
            self._entries.append(entry)

    @property
    def trace(self) -> Trace:
        return tuple(self._entries)


def observed(env: Env, log: Log) -> Env:
    """The world, with each look at it written down."""

    def watched(name: str, draw: Callable[[], T]) -> Callable[[], T]:
        def drawn() -> T:
            value = draw()
            log.add(Drawn(name, value))
            return value

        return drawn

    return Env(
        random=watched("random", env.random),
        now=watched("now", env.now),
        clock=watched("clock", env.clock),
        new_id=watched("new_id", env.new_id),
    )


def recorded(flow: Flow[T], log: Log, now: Callable[[], float], lane: Lane = ()) -> Flow[T]:
    """The same flow, written down as it goes. Its notes end here."""
    log.add(Begun(lane, now()))
    resume, event, lanes = flow.send, None, 0
    try:
        while True:
            command = resume(event)
            resume, event = flow.send, None
            if isinstance(command, Note):
                log.add(Said(lane, now(), command))
                continue
            if isinstance(command, All):
                flows = enumerate(command.flows, lanes)
                command = All(tuple(recorded(each, log, now, (*lane, number)) for number, each in flows))
                lanes += len(command.flows)
            began = now()
            try:
                event = yield from carried(command)
            except GatewayError as error:
                resume, event = flow.throw, error
            log.add(Done(lane, began, now() - began, command, event))
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        flow.close()
        log.over = log.over or not lane


# ── played again ─────────────────────────────────────────────────────────


class Diverged(Exception):
    """A flow did something else than what was written down."""


def replayed(make: Callable[[Env], Flow[T]], trace: Trace) -> T:
    """What a flow comes to in the world of a trace. `make` is handed that world.

    Raises Diverged where the flow wants, says or asks for something else than it did then. Lanes are
    resumed in the order in which they were.
    """
    player = Player(trace)
    result: T = player.run(make(player.env()))
    return result


class Player:
    """A trace, and the flows that are under way in it."""

    def __init__(self, trace: Trace) -> None:
        self._entries: Iterator[Entry] = iter(trace)
        self._flows: dict[Lane, Flow[Any]] = {}
        self._wanted: dict[Lane, Command] = {}
        self._lanes: dict[Lane, tuple[Lane, ...]] = {}
        self._results: dict[Lane, Any] = {}

    def env(self) -> Env:
        def drawing(name: str) -> Callable[[], Any]:
            def drawn() -> Any:
                entry = next(self._entries, None)
                if not isinstance(entry, Drawn) or entry.name != name:
                    raise Diverged(f"{name} was asked for, where the trace has {entry}")
                return entry.value

            return drawn

        return Env(*map(drawing, ("random", "now", "clock", "new_id")))

    def run(self, flow: Flow[Any]) -> Any:
        self._flows[()] = flow
        try:
            while () not in self._results:
                self._play(next(self._entries, None))
        finally:
            for each in self._flows.values():
                each.close()
        return self._results[()]

    def _play(self, entry: Entry | None) -> None:
        if isinstance(entry, Begun) and entry.lane in self._flows:
            self._resume(entry.lane, None)
        elif isinstance(entry, Done) and same(self._wanted.get(entry.lane), entry.command):
            lanes, event = self._lanes.pop(entry.lane, None), entry.event
            if lanes is not None and not isinstance(event, GatewayError):
                event = tuple(self._results[each] for each in lanes)
            self._resume(entry.lane, event)
        else:
            wanted = {lane: type(command).__name__ for lane, command in self._wanted.items()}
            raise Diverged(f"the flow wants {wanted}, where the trace has {entry}")

    def _resume(self, lane: Lane, event: Any) -> None:
        flow = self._flows[lane]
        try:
            command = flow.throw(event) if isinstance(event, GatewayError) else flow.send(event)
            while isinstance(command, Note):
                self._hear(lane, command)
                command = flow.send(None)
        except StopIteration as stop:
            self._results[lane] = stop.value
            return
        except GatewayError:
            if not lane:
                raise
            return  # what began it is told so, as it was then
        self._wanted[lane] = command
        if isinstance(command, All):
            first = sum(len(each) == len(lane) + 1 and each[:-1] == lane for each in self._flows)
            self._lanes[lane] = tuple((*lane, first + number) for number in range(len(command.flows)))
            self._flows.update(zip(self._lanes[lane], command.flows, strict=True))

    def _hear(self, lane: Lane, note: Note) -> None:
        entry = next(self._entries, None)
        if not isinstance(entry, Said) or (entry.lane, entry.note) != (lane, note):
            raise Diverged(f"{note} was said, where the trace has {entry}")


def same(wanted: Command | None, done: Command) -> bool:
    """Whether two commands are one. Flows side by side are compared by what each of them does."""
    if isinstance(wanted, All) and isinstance(done, All):
        return len(wanted.flows) == len(done.flows)
    return wanted == done
