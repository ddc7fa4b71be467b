"""Calling an app as its server would, without one: ASGI message by message, WSGI under the validator."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import anyio

PATH = "/v1/chat/completions"
HELLO = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
STREAMED = {**HELLO, "stream": True}


@dataclass
class Answer:
    """What the client got."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.json["error"]
        return error


def body_of(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def kind_of(body: Any) -> dict[str, str]:
    return {} if isinstance(body, bytes) else {"content-type": "application/json"}


# ── ASGI ─────────────────────────────────────────────────────────────────


class Caller:
    """A client and its server in one: sends a request, takes messages, leaves when told to.

    `pieces` are the body's; a float among them is a wait. Without an end of its own (`ends=False`) the
    body stays unfinished. `slow` seconds pass before each message of the answer is taken.
    """

    def __init__(
        self,
        path: str = PATH,
        body: Any = HELLO,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "POST",
        pieces: Iterable[bytes | float] | None = None,
        ends: bool = True,
        slow: float = 0.0,
        **scope: Any,
    ) -> None:
        data = body_of(body)
        self._pieces = iter([data] if pieces is None else pieces)
        told = {**kind_of(body), **({"content-length": str(len(data))} if pieces is None else {})}
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [
                (name.encode(), value.encode("latin-1"))
                for name, value in {**told, **(headers or {})}.items()
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            **scope,
        }
        self._ends, self._slow = ends, slow
        self._left = anyio.Event()
        self.sent: list[dict[str, Any]] = []

    def leave(self) -> None:
        self._left.set()

    async def receive(self) -> dict[str, Any]:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                return {"type": "http.request", "body": piece, "more_body": True}
            await anyio.sleep(piece)
        if self._ends:
            self._ends = False
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await anyio.sleep(self._slow)
        if not self._left.is_set():  # servers take what comes later, and send it nowhere
            self.sent.append(dict(message))

    @property
    def begun(self) -> bool:
        return bool(self.sent)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def answer(self) -> Answer:
        """The whole answer, which must have been a proper one."""
        start, *rest = self.sent
        assert start["type"] == "http.response.start"
        assert {message["type"] for message in rest} == {"http.response.body"}
        assert [message.get("more_body", False) for message in rest] == [True] * (len(rest) - 1) + [False]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        assert len(headers) == len(start["headers"]), "a header came twice"
        return Answer(start["status"], headers, self.body)


async def ask(app: Any, path: str = PATH, body: Any = HELLO, headers: Any = None, **more: Any) -> Answer:
    """One request, to its end."""
    caller = Caller(path, body, headers, **more)
    await app(caller.scope, caller.receive, caller.send)
    return caller.answer


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """An app that is not asked for anything."""
    raise AssertionError(f"the host app was called: {scope}")


# ── WSGI ─────────────────────────────────────────────────────────────────


def environ(
    path: str = PATH, body: Any = HELLO, headers: Mapping[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """What a WSGI server hands over. A header that is None is left out."""
    data = body_of(body)
    told = {"content-length": str(len(data)), **kind_of(body), **(headers or {})}
    env: dict[str, Any] = {"REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": ""}
    env["wsgi.input"] = io.BytesIO(data)
    for name, value in told.items():
        key = name.upper().replace("-", "_")
        env[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    env.update(more)
    setup_testing_defaults(env)
    return env


def open_wsgi(app: Any, env: dict[str, Any]) -> tuple[Answer, Any]:
    """The head of an answer, and its body, to be iterated and closed."""
    begun: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        begun[:] = [status, headers]
        return lambda data: None

    pieces = validator(app)(env, start_response)
    status, headers = begun
    assert len(dict(headers)) == len(headers), "a header came twice"
    return Answer(int(status.split()[0]), dict(headers), b""), pieces


def ask_wsgi(app: Any, path: str = PATH, body: Any = HELLO, headers: Any = None, **more: Any) -> Answer:
    """One request, to its end."""
    answer, pieces = open_wsgi(app, environ(path, body, headers, **more))
    try:
        answer.body = b"".join(pieces)
    finally:
        pieces.close()
    return answer


def nothing_wsgi(env: Any, start_response: Any) -> Any:
    """An app that is not asked for anything."""
    raise AssertionError(f"the host app was called: {env['PATH_INFO']}")
