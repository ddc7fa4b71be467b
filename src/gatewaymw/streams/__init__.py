"""Answers on their way to clients: what becomes of them where a client takes nothing, an upstream says
nothing, or the host is shut down (ST-06, ST-07, ST-20). `aio` and `sync` are twins."""

from __future__ import annotations

from typing import NamedTuple

from ..core.errors import ConfigError, GatewayError
from ..core.routing.pipeline import Broken

COMMENT = b": keep-alive\n\n"
"""An event that is none: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.7."""
FAREWELL = 1.0
"""Seconds that the last words of a stream may take."""
PARTS = 4
"""How often within a limit it is looked whether that has passed."""


class Gone(Exception):
    """The client left before its request was whole, or its answer."""


class Pace(NamedTuple):
    """How long things may take, in seconds."""

    send_timeout: float = 60.0
    """Until a client has taken what was sent to it."""
    keep_alive: float | None = None
    """Of silence until a comment says that the stream is alive; None: it says nothing."""
    grace: float = 30.0
    """That streams have to end by themselves once the host is shut down."""

    @property
    def tick(self) -> float:
        """How often to look."""
        return min(self.send_timeout, self.keep_alive or self.send_timeout) / PARTS


def paced(send_timeout: float, keep_alive: float | None, grace: float) -> Pace:
    """Raises ConfigError for times that are none."""
    for name, value, least in (
        ("send_timeout", send_timeout, 0.01),
        ("keep_alive", keep_alive, 0.01),
        ("grace", grace, 0.0),
    ):
        if value is not None and not value >= least:
            raise ConfigError(f"must be a number of seconds, {least:g} at least", path=name)
    return Pace(send_timeout, keep_alive, grace)


def shut_down() -> GatewayError:
    return GatewayError(
        "this gateway is being shut down; ask again",
        status=503,
        code="gateway_shutdown",
        headers={"retry-after": "1"},
    )


def not_taken(pace: Pace) -> Broken:
    return Broken(f"the client took nothing for {pace.send_timeout:g} s")
