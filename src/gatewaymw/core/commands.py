"""What the machine wants done, as values, and the typed words for saying it.

A flow is a generator that yields commands and is resumed with what came of each. This is the
only module of the core with a bare `yield`: everyone else says `x = yield from send(...)`, so
that the type checker sees what comes back. Flows own nothing; drivers close what they opened.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal, TypeAlias, TypeVar, cast

from .frozen import dataclass
from .values import Failure, Outcome, Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Make this request; resume with an `Outcome`. With `stream` a 2xx body is left open, any body with
    `errors` as well. One that is not is read to its end, which must have come by the time that its head must.
    """

    request: Request
    stream: bool = False
    errors: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """Read the next bytes of an open body; resume with them (`b""` at its end) or a `Failure`."""

    stream: int
    seconds: float | None = None
    """How long to wait for them; None: the request's own `idle`."""


@dataclass(frozen=True, slots=True)
class Close:
    """Let go of an open body; resume with None."""

    stream: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for so many seconds; resume with None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a service of the host by name (a secret, a cache, a hook); resume with its answer."""

    service: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class All:
    """Run these flows side by side; resume with their results, in order."""

    flows: tuple[Generator[Command, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class Note:
    """What a flow says of its own decisions. Said where a call is `traced` only: whoever records the flow
    keeps it, and no driver is ever handed one."""

    path: str
    """The node of the plan that it is about."""
    what: Literal["enter", "leave", "because", "commit"]
    text: str = ""
    """Enter: the strategy or the provider. Leave: the code of an error. Else a sentence."""
    status: int = 0
    """Leave: of the node's reply."""


Command: TypeAlias = Send | Read | Close | Wait | Ask | All | Note
Flow: TypeAlias = Generator[Command, Any, T]


def send(request: Request, stream: bool = False, errors: bool = False) -> Flow[Outcome]:
    """Make a request."""
    outcome: Outcome = yield Send(request, stream, errors)
    return outcome


def read(stream: int, seconds: float | None = None) -> Flow[bytes | Failure]:
    """Read on in an open body."""
    return cast("bytes | Failure", (yield Read(stream, seconds)))


def close(stream: int) -> Flow[None]:
    """Let go of an open body."""
    yield Close(stream)


def wait(seconds: float) -> Flow[None]:
    """Pause."""
    yield Wait(seconds)


def ask(service: str, *args: Any) -> Flow[Any]:
    """Ask the host."""
    return (yield Ask(service, args))


def because(path: str, text: str) -> Flow[None]:
    """Say why a node did what it did."""
    yield Note(path, "because", text)


def note(said: Note) -> Flow[None]:
    """Say anything else."""
    yield said


def carried(command: Command) -> Flow[Any]:
    """Have a command carried out, whichever it is."""
    return (yield command)


def all_of(*flows: Flow[T]) -> Flow[tuple[T, ...]]:
    """Run flows side by side."""
    return cast("tuple[T, ...]", (yield All(flows)))
