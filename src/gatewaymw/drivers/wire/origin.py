"""Whom to call and what to say first: a URL taken apart, a request written out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from ...core.values import Failure, Fields, Request
from ..limits import CONNECTING
from ..transport import TIMEOUT, UNREACHABLE, Unreachable

PORTS = {"http": 80, "https": 443}
BODILESS = ("GET", "HEAD", "DELETE")
"""Methods of which no length is told where there is no body."""


class Origin(NamedTuple):
    """One place that connections lead to."""

    host: str
    port: int
    secure: bool


class Place(NamedTuple):
    """An address taken apart."""

    origin: Origin
    host: str
    """With its port, where that is none of the scheme's own."""
    path: str
    start: bytes
    """What follows a request's method: the rest of its first line, and the Host header."""


@lru_cache(1024)
def place(url: str) -> Place:
    """Where an http(s) URL leads. Raises Unreachable where it can be nowhere."""
    try:
        at = urlsplit(url)
        host, port = at.hostname or "", at.port or PORTS[at.scheme]
        name = host if host.isascii() else host.encode("idna").decode()
        path = (at.path or "/") + (f"?{at.query}" if at.query else "")
        told = f"[{name}]" if ":" in name else name
        if port != PORTS[at.scheme]:
            told += f":{port}"
        start = b" %b HTTP/1.1\r\nhost: %b\r\n" % (path.encode("ascii"), told.encode("ascii"))
    except (ValueError, KeyError):
        raise Unreachable(UNREACHABLE) from None
    if not host or host[0] == "." or any(map(unsafe, f"{path}{told}".encode())):
        raise Unreachable(UNREACHABLE)
    return Place(Origin(name, port, at.scheme == "https"), told, path, start)


def unsafe(octet: int) -> bool:
    """Whether it would end the line it is in."""
    return octet <= 32 or octet == 127


def written(request: Request, at: Place) -> bytes:
    """A request's head. Raises Unreachable for a header that would be two."""
    headers = request.headers
    if type(headers) is Fields:
        fields = headers.written = headers.written or lines(headers)
    else:
        fields = lines(headers)
    length = b""
    if request.body or request.method not in BODILESS:
        length = b"content-length: %d\r\n" % len(request.body)
    return b"%b%b%b%b\r\n" % (latin(request.method), at.start, fields, length)


def lines(headers: Mapping[str, str]) -> bytes:
    """Headers as they go over the wire. Raises Unreachable."""
    told = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if told.count("\n") != len(headers) or told.count("\r") != len(headers) or "\0" in told:
        raise Unreachable(UNREACHABLE)
    return latin(told)


def latin(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise Unreachable(UNREACHABLE) from None


def within(
    until: float | None, now: float, late: Failure, most: float | None = None
) -> tuple[float, Failure]:
    """How many seconds to wait for a connection, `most` at most, and what it is called where none comes:
    `late`, or that the whole request has no time left."""
    most = CONNECTING if most is None else most
    left = most if until is None else until - now
    return (most, late) if left >= most else (max(left, 0), TIMEOUT)
