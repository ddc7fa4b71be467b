"""Answers that are checked on their way: held back to their end, or window by window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..commands import Flow, close, read
from ..endpoints import Client
from ..errors import GatewayError, UpstreamError
from ..routing.encode import IDLE
from ..routing.pipeline import Passage, Within
from ..routing.reply import NO_STREAM, Live
from ..values import Env, Failure
from .folding import Folded

MOST = 8 * 2**20
"""Bytes of a stream that are held back, and of one that is looked at once it is over."""
WHOLE = 64 * 2**20
"""Bytes of an answer that is no stream: as many as of one that is read whole anyway."""
READ = 2**20
"""Characters of a stream that are looked at window by window, again and again from its beginning."""
Look = Callable[[Mapping[str, Any]], GatewayError | None]
"""(the answer so far) → why it may not go on."""


def buffered(live: Live, deadline: float, env: Env, most: int = MOST) -> Flow[bytes | GatewayError]:
    """All that a stream would have told the client; or why there is no such thing. It is closed then."""
    said = bytearray(live.body)
    error: GatewayError | None = None
    passage = live.passage
    while not passage.over and error is None:
        data = yield from read(live.stream, max(min(IDLE, deadline - env.now()), 0.001))
        if isinstance(data, Failure):
            error = UpstreamError(data.message or "the answer broke off", status=data.status, code=data.code)
        elif not data:
            said += passage.close()
            break
        else:
            said += passage.feed(data)
        if len(said) > most:
            error = too_long(f"{most} bytes that are held back for its guardrails", "guardrail_buffer_full")
    yield from let_go(live)
    return error or passage.error or bytes(said)


def let_go(live: Live) -> Flow[None]:
    """Close the body of an answer, where it has one."""
    if live.stream != NO_STREAM:
        yield from close(live.stream)


def too_long(than: str, code: str) -> GatewayError:
    return GatewayError(f"the answer is longer than the {than}", status=502, type="upstream_error", code=code)


class Around(Within):
    """A passage around another, all of whose words go through one place."""

    def feed(self, data: bytes) -> bytes:
        return self.take(self._passage.feed(data))

    def close(self) -> bytes:
        return self.take(self._passage.close(), last=True)

    def fail(self, failure: Failure) -> bytes:
        return self.take(self._passage.fail(failure), last=True)

    def stop(self, error: GatewayError) -> bytes:
        return self.take(self._passage.stop(error), last=True)

    def take(self, said: bytes, last: bool = False) -> bytes:
        """What goes to the client of what the passage says."""
        return said


class Windowed(Around):
    """Nothing goes on that was not looked at: the answer so far, each time it has grown by a window."""

    def __init__(self, passage: Passage, client: Client, window: int, look: Look) -> None:
        super().__init__(passage)
        self._client, self._window, self._look = client, window, look
        self._folded = Folded()
        self._held = bytearray()
        self._seen = 0
        self._denied: GatewayError | None = None

    @property
    def error(self) -> GatewayError | None:
        return self._denied or self._passage.error

    @property
    def over(self) -> bool:
        return self._denied is not None or self._passage.over

    def take(self, said: bytes, last: bool = False) -> bytes:
        if self._denied:
            return b""
        self._folded.take(said)
        self._held += said
        characters = self._folded.characters
        if not (last or self._passage.over) and characters - self._seen < self._window:
            return b"" if len(self._held) <= MOST else self._deny(LONG)
        if error := self._look(self._folded.body) if characters <= READ else LONG:
            return self._deny(error)
        self._seen = characters
        out = bytes(self._held)
        self._held.clear()
        return out

    def _deny(self, error: GatewayError) -> bytes:
        self._denied = error
        self._held.clear()
        return self._client.event(error)


LONG = too_long(f"{READ} characters that are looked at window by window", "guardrail_window_full")


class Kept(Around):
    """A passage whose words are kept, up to a bound, for who looks at them once it is over."""

    def __init__(self, passage: Passage) -> None:
        super().__init__(passage)
        self._folded = Folded()
        self._left = MOST

    @property
    def body(self) -> Mapping[str, Any]:
        """The answer so far."""
        return self._folded.body

    def take(self, said: bytes, last: bool = False) -> bytes:
        self._left -= len(said)
        if self._left >= 0:
            self._folded.take(said)
        return said
