"""The gateway inside any WSGI app, without an event loop: a thread carries each request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import Any, TypeAlias, Unpack

from .core.errors import BadRequest, GatewayError
from .core.routing.reply import Live
from .drivers.sync import Driver
from .gateway import Gateway, Options, Served, edge_gateway
from .inbound import Facts, Inbound, Match, quoted
from .streams.sync import Pouring

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[..., Any]
App: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]

log = logging.getLogger("gatewaymw")
PIECE = 64 * 1024
BESIDE = (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length"))
"""Headers whose keys say not that they are some (PEP 3333), and which may be empty where there are none."""


class WSGIGateway:
    """Middleware for any WSGI app. Takes Gateway's keywords, or `gateway=` one that exists.

    Flask: `app.wsgi_app = WSGIGateway(app.wsgi_app, config=…)`. Others:
    `application = WSGIGateway(application, config=…)`.
    """

    def __init__(
        self, app: App, config: Any = None, *, gateway: Gateway | None = None, **options: Unpack[Options]
    ) -> None:
        self.app = app
        self.gateway = edge_gateway(gateway, config, options)
        self._prefix = self.gateway.prefix + "/"

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if path.startswith(self._prefix) and (match := self._match(environ, path)):
            return self._serve(match, environ, start_response)
        return self.app(environ, start_response)

    def _match(self, environ: Environ, path: str) -> Match | None:
        names = filter(None, map(header_of, environ))
        return self.gateway.match(environ["REQUEST_METHOD"], unquoted(path), names)

    def _serve(self, match: Match, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        driver = self.gateway.sync_driver()
        try:
            served = self._served(match, environ, driver)
        except Exception:
            # A bug of ours or of the host's callables. The client learns that, and no more.
            log.exception("gatewaymw failed on %s %s", environ["REQUEST_METHOD"], match.endpoint.name)
            driver.__exit__()
            error = GatewayError("the gateway failed; its log says why", code="internal_error")
            served = self.gateway.refuse(error, match)
        except BaseException:
            driver.__exit__()
            raise
        reply = served.reply
        pieces = (
            Pouring(reply, driver, self.gateway.sync_streams)
            if isinstance(reply, Live)
            else Whole(driver, reply.body)
        )
        try:
            start_response(status_line(reply.status), served.headers)
        except BaseException:
            pieces.close()  # the server, which never saw them, will not
            raise
        return pieces

    def _served(self, match: Match, environ: Environ, driver: Driver) -> Served:
        try:
            inbound = self._inbound(match, environ)
        except GatewayError as error:
            return self.gateway.refuse(error, match)
        return driver.run(self.gateway.serve(inbound))

    def _inbound(self, match: Match, environ: Environ) -> Inbound:
        headers = {name: value for key, value in environ.items() if (name := header_of(key))}
        for key, name in BESIDE:
            if told := environ.get(key):
                headers[name] = told
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        facts = Facts(environ["REQUEST_METHOD"], unquoted(path), headers, environ)
        body = b"" if match.endpoint.body == "none" else self._body(environ, headers)
        query = environ.get("QUERY_STRING", "")
        return Inbound(match, facts, query and quoted(query.encode("latin-1", "replace")), body)

    def _body(self, environ: Environ, headers: dict[str, str]) -> bytes:
        told = headers.get("content-length", "")
        if told and not told.isdecimal():
            raise BadRequest("content-length must be a number")
        limit = self.gateway.max_body
        if told and int(told[:18]) > limit:
            raise self.gateway.too_large()
        if not told and not environ.get("wsgi.input_terminated"):
            if "transfer-encoding" not in headers:
                return b""
            raise BadRequest("this server takes no chunked bodies; send content-length", status=411)
        body = read(environ["wsgi.input"], int(told) if told else limit + 1)
        if len(body) > limit:
            raise self.gateway.too_large()
        if told and len(body) < int(told):
            raise BadRequest("the body is shorter than its content-length", code="body_incomplete")
        return body


@lru_cache(1024)
def header_of(key: str) -> str:
    """The header that a key of the environ holds, in lower case; "" for any other key."""
    return key[5:].replace("_", "-").lower() if key.startswith("HTTP_") else ""


def read(stream: Any, size: int) -> bytes:
    """At most `size` bytes; a stream may give fewer than it was asked for before its end.

    Raises BadRequest where the stream breaks off.
    """
    pieces: list[bytes] = []
    try:
        while size > 0 and (piece := stream.read(min(size, PIECE))):
            pieces.append(piece)
            size -= len(piece)
    except Exception as error:  # each server has its own for clients that leave or send nonsense
        log.debug("a body could not be read: %s", type(error).__name__)
        raise BadRequest("the body could not be read to its end", code="body_incomplete") from None
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def unquoted(path: str) -> str:
    """WSGI hands over the bytes of a path as latin-1 (PEP 3333); paths are UTF-8."""
    return path if path.isascii() else path.encode("latin-1", "replace").decode("utf-8", "replace")


@lru_cache(1024)
def status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unknown"


class Whole:
    """The body of an answer that is all here. The server closes it."""

    def __init__(self, driver: Driver, body: bytes) -> None:
        self._driver, self._pieces = driver, iter((body,))

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._driver.__exit__()
