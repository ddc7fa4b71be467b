"""What `gatewaymw serve` runs: the gateway over an app that knows no page, by uvicorn."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from ipaddress import ip_address
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from ..asgi import ASGIGateway
from ..core.errors import ConfigError

SETTINGS = "GATEWAYMW_SERVE"
"""The environment variable by which the first process tells its workers what to serve."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
ELSEWHERE = "this gateway serves this machine only; call it as http://127.0.0.1 or http://localhost"
EACH = 2.0
"""Seconds from one time that free memory is given back to the next."""
YOUNG = 10_000
"""How many objects more make the garbage collector look for some that nobody needs."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line said."""

    config: str | None = None
    host: str = "127.0.0.1"
    trusted: tuple[str, ...] = ()
    access_log: bool = True


def serve(settings: Settings, port: int, workers: int = 1) -> int:
    """Serve until stopped; 2 where it cannot be begun, with the reason on standard error."""
    try:
        import uvicorn
    except ImportError:
        return refused("uvicorn is not installed: pip install 'gatewaymw[serve]'")
    try:
        app = application(settings)
    except ConfigError as error:
        return refused(exposed(settings.host) if error.path == "auth" else str(error))
    options: dict[str, Any] = {"host": settings.host, "port": port, "server_header": False}
    options["interface"] = "asgi3"  # which is not seen of a function that is no coroutine
    # Who a proxy says the client is, only the log tells; a socket of the web's nobody asks for.
    options |= {"access_log": settings.access_log, "proxy_headers": settings.access_log, "ws": "none"}
    if workers == 1:
        settle()
        uvicorn.run(app, **options)
    else:
        os.environ[SETTINGS] = json.dumps(asdict(settings))
        uvicorn.run(f"{__name__}:worker", factory=True, workers=workers, **options)
    return 0


def worker() -> Any:
    """What each of several processes serves. It inherits the settings by the environment."""
    settings = json.loads(os.environ[SETTINGS])
    app = application(Settings(settings["config"], settings["host"], tuple(settings["trusted"])))
    settle()
    return app


def settle() -> None:
    """Spare the garbage collector what is of no use in a process that does nothing else: to look at what
    stays as long as the process, and, whenever 700 objects more are there, at those of requests under way.
    And have memory given back."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
    with suppress(AttributeError, OSError, TypeError):  # another C library than GNU's has nothing like it
        trim = ctypes.CDLL(None).malloc_trim
        Thread(target=giving_back, args=(trim,), name="gatewaymw-memory", daemon=True).start()


def giving_back(trim: Callable[[int], int]) -> None:
    """Give the system what is free, now and then (malloc_trim(3)): the large bodies of hundreds of clients
    would else be counted with the process for as long as it lasts. It takes a millisecond or less."""
    while True:
        time.sleep(EACH)
        trim(0)


def application(settings: Settings) -> Any:
    """The gateway over nothing. Raises ConfigError.

    On loopback whoever can reach it is taken for the one who started it: held keys are served
    without `auth`, and callers may name hosts on loopback.
    """
    local = is_local(settings.host)
    gateway = ASGIGateway(
        nothing,
        config=settings.config,
        auth="public" if local else None,
        trusted_custom_hosts=(*settings.trusted, *(LOOPBACK if local else ())),
    )
    return from_here(gateway) if local else gateway


def is_local(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


# ── apps ─────────────────────────────────────────────────────────────────


def from_here(app: Any) -> Any:
    """The app for those on this machine, which the web pages they have open are not.

    A browser sends a page's requests to loopback too. Their `Origin` gives them away, or, where the
    page's own name was made to lead here, their `Host`.
    """

    def guard(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
        """No coroutine itself: each event of each stream would have to go through it."""
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if (name == b"host" or name == b"origin") and not is_here(value):
                    return answer(send, 403, "permission_error", "not_local", ELSEWHERE)
        made: Awaitable[None] = app(scope, receive, send)
        return made

    return guard


@lru_cache(256)
def is_here(value: bytes) -> bool:
    """Whether a `Host` or an `Origin` names this machine."""
    return is_local(host_of(value.decode("latin-1")))


def host_of(text: str) -> str | None:
    """The name in a `Host` or an `Origin`; None where there is none (`null`)."""
    try:
        return urlsplit(text if "//" in text else f"//{text}").hostname
    except ValueError:
        return None


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """An app without pages: 404 in OpenAI's error shape, so that a mistyped path is understood."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
    else:
        message = f"{scope['method']} {scope['path']} is not served here; the gateway's paths begin with /v1/"
        await answer(send, 404, "not_found_error", "unknown_path", message)


async def lifespan(receive: Any, send: Any) -> None:
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def answer(send: Any, status: int, kind: str, code: str, message: str) -> None:
    error = {"message": message, "type": kind, "param": None, "code": code}
    body = json.dumps({"error": error}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


# ── refusals ─────────────────────────────────────────────────────────────


def exposed(host: str) -> str:
    return (
        f"this config holds keys, and whoever reaches {host} could spend them. Serve on 127.0.0.1; or mount "
        "the gateway in an app that gives it `auth`; or take the keys out of the config, so that callers "
        "bring their own"
    )


def refused(why: str) -> int:
    print(f"gatewaymw: {why}", file=sys.stderr)
    return 2
