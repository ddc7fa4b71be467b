"""What an HTTP client must offer to carry requests: four methods, and no type of any library.

Headers come back with lower-case names; a name that came twice keeps its first value. Whatever
goes wrong on the network is raised as `Unreachable`, which holds the failure as a value.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol, runtime_checkable

from ..core.values import Failure, Request


class Unreachable(Exception):
    """The network said no. `failure` is what the core is told."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class AsyncBody(Protocol):
    async def read(self, seconds: float | None) -> bytes:
        """The next raw bytes, b"" at the end. Raises Unreachable, also after `seconds` of silence."""
        ...

    async def aclose(self) -> None: ...


class AsyncWhole:
    """A body that has come to its end before anybody asked for it; nothing is held for it any more."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    async def read(self, seconds: float | None) -> bytes:
        data, self.data = self.data, b""
        return data

    async def aclose(self) -> None:
        self.data = b""


class AsyncOpened(NamedTuple):
    """The head of an answer, and its body, still unread."""

    status: int
    headers: Mapping[str, str]
    body: AsyncBody


class AsyncTransport(Protocol):
    async def send(self, request: Request) -> AsyncOpened:
        """Make a request. Raises Unreachable."""
        ...

    async def aclose(self) -> None: ...


class Body(Protocol):
    @property
    def resumes(self) -> bool:
        """Whether a read that met only silence may be made again."""
        ...

    def read(self, seconds: float | None) -> bytes: ...

    def close(self) -> None: ...


class Opened(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: Body


class Whole:
    """As `AsyncWhole`, for threads."""

    __slots__ = ("data",)

    resumes = True

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, seconds: float | None) -> bytes:
        data, self.data = self.data, b""
        return data

    def close(self) -> None:
        self.data = b""


class Transport(Protocol):
    def send(self, request: Request) -> Opened: ...

    def close(self) -> None: ...


@runtime_checkable
class Counted(Protocol):
    """A transport that keeps connections, and knows how many are at work and at rest."""

    @property
    def counts(self) -> tuple[int, int]: ...


def plain(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Raw headers as the core has them; what is no clean text is left out."""
    made: dict[str, str] = {}
    for name, value in headers:
        text = value.decode("latin-1")
        if text.replace("\t", " ").isprintable():
            made.setdefault(name.decode("latin-1").lower(), text)
    return made


def as_asked(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers of an answer whose body comes as it was asked for. Raises Unreachable for one that is
    compressed."""
    if headers.get("content-encoding", "identity") != "identity":
        raise Unreachable(ENCODED)
    return headers


async def opened(status: int, raw: Iterable[tuple[bytes, bytes]], body: AsyncBody) -> AsyncOpened:
    """An answer; its body is closed where it does not come as it was asked for. Raises Unreachable then."""
    try:
        return AsyncOpened(status, as_asked(plain(raw)), body)
    except Unreachable:
        await body.aclose()
        raise


def is_tls(error: BaseException | None) -> bool:
    """Whether a connection could be made, but no safe one: an error of TLS is what came before this one."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__context__
    return error is not None


def is_cut(error: Exception) -> bool:
    """Whether what is called a breach of the protocol is a connection that ended in mid-sentence."""
    return "disconnected" in str(error) or "peer closed" in str(error)


TIMEOUT = Failure("timeout", "took longer than the request may take", 408, "timeout")
SILENT = Failure("timeout", "fell silent", 504, "upstream_timeout")
CONNECT = Failure("timeout", "could not be reached in time", 504, "upstream_timeout")
BUSY = Failure("connect", "has no connection free", 503, "gateway_busy")
UNREACHABLE = Failure("connect", "could not be reached", 502, "upstream_unreachable")
TLS = Failure("connect", "has no certificate that can be trusted", 502, "upstream_tls")
PROTOCOL = Failure("broken", "does not speak HTTP as it should", 502, "upstream_protocol")
BROKEN = Failure("broken", "broke off the connection", 502, "upstream_broken")
ENCODED = Failure("broken", "compressed what was asked for uncompressed", 502, "upstream_encoding")
REFUSED = Failure("refused", "is not an address that a caller may choose", 400, "invalid_host")
TOO_LARGE = Failure("broken", "answered with more than may be read", 502, "upstream_too_large")
