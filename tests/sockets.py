"""A client of a real server that is a bare socket: it reads as far as it wants, and leaves when it wants."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from callers import PATH, body_of
from servers import PATIENCE


def sent(
    url: str,
    body: Any = b"",
    path: str = PATH,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> socket.socket:
    """A request that was just sent."""
    place, data = urlsplit(url), body_of(body)
    told = {"host": "x", "content-type": "application/json", "content-length": len(data), **(headers or {})}
    client = socket.create_connection((place.hostname, place.port or 0), timeout=PATIENCE)
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    client.sendall(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + data)
    return client


def read_to(client: socket.socket, word: bytes) -> bytes:
    """What comes up to the word, or to the end, which may be that the connection is cut."""
    got = b""
    try:
        while word not in got and (data := client.recv(65536)):
            got += data
    except ConnectionResetError:
        """Cut."""
    return got
