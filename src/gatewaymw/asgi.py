"""The gateway inside any ASGI app: catches its routes, and leaves all else as it found it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, TypeAlias, Unpack

from .attending import attended, within
from .core.errors import BadRequest, GatewayError
from .core.routing.pipeline import Broken
from .core.routing.reply import Live
from .gateway import Gateway, Options, Served, edge_gateway
from .headers import OWN
from .inbound import Facts, Inbound, Match, quoted
from .streams import Gone

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("gatewaymw")


USUAL = (
    "accept accept-encoding accept-language authorization connection content-length content-type host origin"
    " user-agent x-api-key x-forwarded-for x-forwarded-proto x-real-ip x-request-id x-stainless-arch"
    " x-stainless-async x-stainless-lang x-stainless-os x-stainless-package-version x-stainless-read-timeout"
    " x-stainless-retry-count x-stainless-runtime x-stainless-runtime-version"
)
NAMES = {name.encode(): name for name in USUAL.split()}
"""Headers that most requests have, decoded."""


class Encoded(dict[str, bytes]):
    """Names of headers as they go over the wire. What upstreams call theirs is not kept: it has no end."""

    def __missing__(self, name: str) -> bytes:
        return name.encode("latin-1")


ENCODED = Encoded({name: name.encode() for name in OWN})


class Client:
    """The other side of one request: how far its answer is, and whether it is still there."""

    __slots__ = ("_send", "begun", "ended", "gone", "receive")

    def __init__(self, receive: Receive, send: Send) -> None:
        self.receive, self._send = receive, send
        self.begun = self.ended = self.gone = False

    async def answer(self, served: Served) -> None:
        """A whole answer, or the head of one that is still to come."""
        reply = served.reply
        raw = [(ENCODED[name], value.encode("latin-1")) for name, value in served.headers]
        self.begun = True
        try:
            await self._send({"type": "http.response.start", "status": reply.status, "headers": raw})
            if not isinstance(reply, Live):
                self.ended = True
                await self._send({"type": "http.response.body", "body": reply.body, "more_body": False})
        except OSError:
            raise self._left() from None

    async def say(self, data: bytes) -> None:
        try:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})
        except OSError:
            raise self._left() from None

    async def finish(self, data: bytes = b"") -> None:
        self.ended = True
        try:
            await self._send({"type": "http.response.body", "body": data, "more_body": False})
        except OSError:
            raise self._left() from None

    def _left(self) -> Gone:
        self.gone = True  # since ASGI 2.4 a server may tell it here too
        return Gone()

    async def left(self) -> bool:
        """Wait until the server says that the client is gone: most tell it here only. Whether it left early.

        They say the same once an answer is complete, some of them in the midst of the last `send`,
        which is then closing the connection and not to be disturbed.
        """
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self.gone = self.gone or not self.ended
        return not self.ended


class ASGIGateway:
    """Middleware for any ASGI app. Takes Gateway's keywords, or `gateway=` one that exists.

    FastAPI, Starlette: `app.add_middleware(ASGIGateway, config=…)`. Django and others:
    `application = ASGIGateway(get_asgi_application(), config=…)`. Lifespan passes through; where
    the inner app has none, it is answered here, and connections are closed at its end.
    """

    def __init__(
        self, app: App, config: Any = None, *, gateway: Gateway | None = None, **options: Unpack[Options]
    ) -> None:
        self.app = app
        self.gateway = edge_gateway(gateway, config, options)
        self._prefix = self.gateway.prefix + "/"
        self._usual = self.gateway.usual
        self._health = self.gateway.health or "\0"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            path: str = scope["path"]
            if (self._prefix in path or path.endswith(self._health)) and (match := self._match(scope, path)):
                return await self._serve(match, scope, receive, send)
        elif kind == "lifespan":
            return await Lifespan(self.app, self.gateway, receive, send).run(scope)
        await self.app(scope, receive, send)

    def _match(self, scope: Scope, path: str) -> Match | None:
        if not scope.get("root_path") and (usual := self._usual.get((scope["method"], path))):
            return usual
        if root := scope.get("root_path", "").rstrip("/"):
            path = path.removeprefix(root)
        if not path.startswith(self._prefix) and path != self._health:
            return None
        names = (name.decode("latin-1").lower() for name, _ in scope["headers"])  # seldom looked at
        return self.gateway.match(scope["method"], path, names)

    async def _serve(self, match: Match, scope: Scope, receive: Receive, send: Send) -> None:
        client = Client(receive, send)
        try:
            inbound = await self._inbound(match, scope, receive)
            await attended(self._answer, inbound, client)
        except Exception as grouped:
            await self._failed(sole(grouped), match, scope, client)

    async def _answer(self, inbound: Inbound, client: Client) -> None:
        driver = self.gateway.driver()
        try:
            served = await driver.run(self.gateway.serve(inbound))
            reply = served.reply
            await client.answer(served)
            if isinstance(reply, Live):
                await self.gateway.streams.pour(reply, client, driver)
            if reply.later:
                await driver.afterwards(reply)
        finally:
            if driver.holds:
                await driver.__aexit__()

    async def _failed(self, error: Exception, match: Match, scope: Scope, client: Client) -> None:
        if isinstance(error, Gone):
            return
        if isinstance(error, Broken):
            # The server cuts the connection: the client must not take what it has for all there is.
            raise error from None
        if not isinstance(error, GatewayError):
            # A bug of ours or of the host's callables. The client learns that, and no more.
            log.error("gatewaymw failed on %s %s", scope["method"], match.endpoint.name, exc_info=error)
            if client.begun:
                raise error
            error = GatewayError("the gateway failed; its log says why", code="internal_error")
        with suppress(Gone):
            await client.answer(self.gateway.refuse(error, match))

    async def _inbound(self, match: Match, scope: Scope, receive: Receive) -> Inbound:
        """Raises GatewayError, Gone."""
        # Of a name that comes twice the first counts, which is why they are read from the last.
        headers = {
            NAMES.get(name) or name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in reversed([*scope["headers"]])
        }
        facts = Facts(scope["method"], scope["path"], headers, scope)
        body = b"" if match.endpoint.body == "none" else await self._body(headers, receive)
        return Inbound(match, facts, quoted(query) if (query := scope.get("query_string")) else "", body)

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes:
        gateway, told = self.gateway, headers.get("content-length", "0")
        if told.isdecimal() and int(told[:18]) > gateway.max_body:
            raise gateway.too_large()
        try:
            return await within(gateway.body_timeout, whole(receive, gateway))
        except TimeoutError:
            raise BadRequest(
                f"the body did not arrive within {gateway.body_timeout:g} s", status=408, code="body_timeout"
            ) from None


def sole(error: Exception) -> Exception:
    """The error itself, out of the groups that task groups put it in."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


async def whole(receive: Receive, gateway: Gateway) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        if piece := message.get("body", b""):
            size += len(piece)
            if size > gateway.max_body:
                raise gateway.too_large()
            pieces.append(piece)
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class Lifespan:
    """The host's lifespan on its way through, and whatever of it the host leaves unsaid.

    Some apps raise on a lifespan scope (Django), some return from it, or answer it as if it were a
    request: the servers would then tell us nothing, and connections would never be closed.
    """

    def __init__(self, app: App, gateway: Gateway, receive: Receive, send: Send) -> None:
        self._app, self._gateway, self._receive, self._send = app, gateway, receive, send
        self._heard = 0
        self._said: list[str] = []

    async def run(self, scope: Scope) -> None:
        try:
            await self._app(scope, self._listen, self._say)
        except Exception:
            if self._said:
                raise
            log.debug("the inner app has no lifespan; gatewaymw answers for it")
        await self._rest()

    async def _listen(self) -> Message:
        message = await self._receive()
        self._heard += 1
        return message

    async def _say(self, message: Message) -> None:
        _, phase, outcome = f"{message['type']}..".split(".")[:3]
        if not message["type"].startswith("lifespan."):
            raise RuntimeError("the inner app answered its lifespan with something else")
        self._said += [phase] if outcome == "complete" else ["startup", "shutdown"]
        if phase == "shutdown":
            await self._gateway.adrain()
            await self._gateway.aclose()
        await self._send(message)

    async def _rest(self) -> None:
        for number, phase in enumerate(("startup", "shutdown"), 1):
            if phase in self._said:
                continue
            if self._heard < number:
                await self._listen()
            await self._say({"type": f"lifespan.{phase}.complete"})
