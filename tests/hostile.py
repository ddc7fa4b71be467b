"""Servers that keep to no rules: each connection is handed, as a blocking socket, to a function of a test."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PATIENCE = 30.0
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"
POISON = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison"


@dataclass
class Peer:
    """One connection, seen from the server."""

    socket: socket.socket
    number: int
    server: Hostile
    held: bytes = b""

    def head(self) -> bytes:
        """Read a request's head, leaving its body unread as far as may be."""
        while b"\r\n\r\n" not in self.held:
            if not (data := self.socket.recv(4096)):
                raise ConnectionError
            self.held += data
        head, _, self.held = self.held.partition(b"\r\n\r\n")
        self.server.heads.append(head)
        return head

    def request(self) -> bytes:
        """Read a whole request; gives its body."""
        head = self.head().lower()
        size = 0
        if b"content-length:" in head:
            size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(self.held) < size:
            if not (data := self.socket.recv(65536)):
                raise ConnectionError
            self.held += data
        body, self.held = self.held[:size], self.held[size:]
        return body

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def stay(self) -> None:
        """Until the other side leaves, or the server is closed."""
        self.socket.settimeout(0.02)
        while not self.server.over.is_set():
            with suppress(TimeoutError):
                if not self.socket.recv(65536):
                    return

    def hold(self) -> None:
        """The same without reading."""
        self.server.over.wait(PATIENCE)


@dataclass
class Hostile:
    url: str = ""
    port: int = 0
    peers: int = 0
    heads: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    """What was asked for by SNI."""
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def hostile(play: Callable[[Peer], None], context: ssl.SSLContext | None = None) -> Iterator[Hostile]:
    """A server, until the end of the block."""
    server, threads = Hostile(), []
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    server.port = listener.getsockname()[1]
    server.url = f"{'https' if context else 'http'}://127.0.0.1:{server.port}"
    if context:
        context.sni_callback = lambda made, name, its: server.names.append(name)

    def one(made: socket.socket, number: int) -> None:
        try:
            if context:
                made = context.wrap_socket(made, server_side=True)
            play(Peer(made, number, server))
        except OSError:
            pass  # who left
        finally:
            made.close()

    def accept() -> None:
        while True:
            try:
                made, _ = listener.accept()
            except OSError:
                return
            if server.over.is_set():
                made.close()
                return
            made.settimeout(PATIENCE)
            server.peers += 1
            threads.append(threading.Thread(target=one, args=(made, server.peers)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        server.over.set()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", server.port), 1).close()
        accepting.join()
        listener.close()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


@contextmanager
def black_hole(address: str, port: int) -> Iterator[None]:
    """An address that answers nobody who comes: its queue is full."""
    with socket.socket() as full:
        full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        full.bind((address, port))
        full.listen(0)
        filling = [socket.socket() for _ in range(4)]
        for made in filling:
            made.setblocking(False)
            made.connect_ex((address, port))
        try:
            yield
        finally:
            for made in filling:
                made.close()
