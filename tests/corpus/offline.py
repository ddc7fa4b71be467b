"""One request to one config by three ways: the ASGI edge, the WSGI edge and `Gateway.explain`.

All three read one script of what upstreams do. Clocks are virtual, so that pauses of minutes take no time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import anyio

from callers import HELLO, PATH, ask, ask_wsgi, body_of, kind_of, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, Gateway, WSGIGateway
from gatewaymw.core.commands import Send
from gatewaymw.core.routing.trace import Done
from gatewaymw.core.values import Env, Failure, Request
from gatewaymw.drivers import aio, sync
from gatewaymw.drivers.transport import BROKEN, SILENT, TIMEOUT, AsyncOpened, Opened, Unreachable
from gatewaymw.explaining.script import Script
from gatewaymw.explaining.world import ENDED, ERROR, EVENT, FAILED, NOON, PACE, STREAMS, WELL

CLAUDE = json.dumps(
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
).encode()
PACED = (EVENT, ENDED, ERROR, BROKEN)
HOSTS = [f"{letter}.test" for letter in "abcdefgh"]


@dataclass(frozen=True)
class Row:
    """A config, a request, what its upstreams do, and what is to come of it. Hosts go by one letter each."""

    name: str
    config: Any = None
    calls: str = "a"
    """Whom it asks, in order."""
    status: int = 200
    by: str = ""
    """The target whose answer it is; where it is not said, that is not looked at."""
    waits: tuple[float, ...] = ()
    """Seconds between tries."""
    script: Mapping[str, Any] = field(default_factory=dict)
    """Outcomes by host, as `explain` reads them; a host without any does well."""
    error: tuple[str, str | None] | None = None
    """Code and param of an error of the gateway's own."""
    sent: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Fields of the last body that a host got; None for those that it must not have got."""
    told: Mapping[str, str] = field(default_factory=dict)
    """Headers of the answer, or parts of them; empty for those that must not be there."""
    carried: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    """Headers that a host got."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = field(default_factory=lambda: dict(HELLO))
    path: str = PATH
    method: str = "POST"
    dice: float = 0.5
    options: Mapping[str, Any] = field(default_factory=dict)
    ends: str = ""
    """Words in which the body ends."""


@dataclass
class Result:
    """What came of a row, by one of the ways."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    requests: list[Request]
    waits: list[float]

    @property
    def calls(self) -> str:
        return " ".join(urlsplit(each.url).netloc.partition(".")[0] for each in self.requests)

    @property
    def error(self) -> Any:
        return json.loads(self.body).get("error") if self.status >= 400 else None

    def got(self, host: str) -> Request:
        return [each for each in self.requests if urlsplit(each.url).netloc == f"{host}.test"][-1]

    @property
    def comparable(self) -> Any:
        """All that must be the same whichever way a request took, but for what a good answer holds."""
        kept = {
            name: value
            for name, value in self.headers.items()
            if name.startswith(("x-gateway-", "x-portkey-", "x-should")) and not name.endswith("trace-id")
        }
        asked = [(each.method, each.url, dict(each.headers), each.body) for each in self.requests]
        error = self.error if isinstance(self.error, dict) else {}
        ours = "scripted" not in str(error.get("message"))
        return self.status, kept, asked, self.waits, error if ours else None


# ── upstreams that are words ─────────────────────────────────────────────


class Hosts:
    """All upstreams, and the clock that they and the drivers share; to drivers, what knows the transports."""

    def __init__(self, row: Row) -> None:
        self._script = Script({f"{host}.test": told for host, told in row.script.items()})
        self.seen: list[Request] = []
        self.slept: list[float] = []
        self.time = 0.0
        self.env = Env(lambda: row.dice, lambda: self.time, lambda: NOON + self.time, lambda: "id")

    def transport(self, request: Request) -> Hosts:
        return self

    def opened(self, request: Request) -> tuple[int, Mapping[str, str], list[bytes | Failure]]:
        self.seen.append(request)
        outcome = self._script.next([urlsplit(request.url).netloc])
        patience = request.timeout or float("inf")
        late = outcome.what == "timeout" or outcome.after > patience
        self.time += patience if late else outcome.after
        if late or outcome.what in FAILED:
            raise Unreachable(TIMEOUT if late else FAILED[outcome.what])
        return outcome.status, *self._answer(outcome, request)

    def _answer(self, outcome: Any, request: Request) -> tuple[Mapping[str, str], list[bytes | Failure]]:
        headers = {"content-type": "application/json", **outcome.headers}
        if not 200 <= outcome.status < 300:
            return headers, [b'{"error":{"message":"scripted","code":"scripted"}}', b""]
        if b'"stream":true' in request.body.replace(b" ", b""):
            kind = {**headers, "content-type": "text/event-stream"}
            return kind, list(STREAMS.get(outcome.what, STREAMS["ok"]))
        return headers, [CLAUDE if request.url.endswith("/messages") else WELL, b""]

    def next(self, pieces: list[bytes | Failure], seconds: float | None) -> bytes:
        piece = pieces.pop(0)
        self.time += (seconds or 60.0) if piece is SILENT else PACE if piece in PACED else 0
        if isinstance(piece, Failure):
            raise Unreachable(piece)
        return piece

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def send(self, request: Request) -> Opened:
        status, headers, pieces = self.opened(request)
        return Opened(status, headers, Body(self, pieces))


class AsyncHosts(Hosts):
    async def send(self, request: Request) -> AsyncOpened:  # type: ignore[override]
        status, headers, pieces = self.opened(request)
        return AsyncOpened(status, headers, AsyncBody(self, pieces))

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


class Body:
    def __init__(self, hosts: Hosts, pieces: list[bytes | Failure]) -> None:
        self._hosts, self._pieces = hosts, pieces

    def read(self, seconds: float | None) -> bytes:
        return self._hosts.next(self._pieces, seconds)

    def close(self) -> None:
        """Holds nothing."""


class AsyncBody:
    def __init__(self, hosts: Hosts, pieces: list[bytes | Failure]) -> None:
        self._hosts, self._pieces = hosts, pieces

    async def read(self, seconds: float | None) -> bytes:
        return self._hosts.next(self._pieces, seconds)

    async def aclose(self) -> None:
        """Holds nothing."""


class Offline(Gateway):
    """A gateway whose drivers have these hosts, and their clock."""

    def __init__(self, row: Row, hosts: Hosts) -> None:
        options = {"auth": "public", "trusted_custom_hosts": HOSTS, **row.options}
        super().__init__(row.config, env=hosts.env, **options)
        self._hosts: Any = hosts

    def driver(self) -> aio.Driver:
        return aio.Driver(self._hosts, self._services, self._hosts.asleep)

    def sync_driver(self) -> sync.Driver:
        return sync.Driver(self._hosts, self._services_sync, self._hosts.sleep)


# ── the three ways ───────────────────────────────────────────────────────


def by_asgi(row: Row) -> Result:
    hosts = AsyncHosts(row)
    app = ASGIGateway(nothing, gateway=Offline(row, hosts))

    async def run() -> Any:
        return await ask(app, row.path, row.body, row.headers, method=row.method)

    answer = anyio.run(run)
    return Result(answer.status, answer.headers, answer.body, hosts.seen, hosts.slept)


def by_wsgi(row: Row) -> Result:
    hosts = Hosts(row)
    app = WSGIGateway(nothing_wsgi, gateway=Offline(row, hosts))
    answer = ask_wsgi(app, row.path, row.body, row.headers, REQUEST_METHOD=row.method)
    return Result(answer.status, answer.headers, answer.body, hosts.seen, hosts.slept)


def by_explain(row: Row) -> Result:
    headers = {**kind_of(row.body), **row.headers}
    request = {"path": row.path, "method": row.method, "headers": headers, "body": body_of(row.body)}
    script = {f"{host}.test": told for host, told in row.script.items()}
    made = Offline(row, Hosts(row)).explain(request, script, dice=lambda: row.dice)
    done = [entry.command for entry in made.trace if isinstance(entry, Done)]
    requests = [command.request for command in done if isinstance(command, Send)]
    return Result(made.status, made.headers, made.body, requests, made.waits)
