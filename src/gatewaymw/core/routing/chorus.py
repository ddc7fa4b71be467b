"""Several streams as one: each target's chunks under its own number, as they come.

A target that breaks ends its own choice, with the reason beside it, and no other. The last chunk tells of all
of them what a whole comparison tells; then comes `[DONE]`, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from .. import json
from ..endpoints import Client
from ..errors import GatewayError
from ..framing.base import Frame
from ..framing.sse import SSE
from ..values import JSON, Failure
from .pipeline import DONE, Passage

Price: TypeAlias = Callable[[str, str, Mapping[str, Any]], float | None]
"""Provider, model and usage → US dollars, None where no price is known."""
COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


class Voice:
    """One stream of several. `row` is what is known of it when it begins, and is kept up to date."""

    speaks = True
    started = True
    error = None

    def __init__(self, row: JSON, passage: Passage, started: float, now: Callable[[], float]) -> None:
        self.row, self._passage, self._began, self._now = row, passage, started, now
        self._framer = SSE()

    @property
    def over(self) -> bool:
        return self._passage.over

    def feed(self, data: bytes) -> bytes:
        return self.told(self._passage.feed(data))

    def close(self) -> bytes:
        return self.told(self._passage.close())

    def fail(self, failure: Failure) -> bytes:
        return self.told(self._passage.fail(failure))

    def stop(self, error: GatewayError) -> bytes:
        return self.told(self._passage.stop(error))

    def told(self, data: bytes) -> bytes:
        """Chunks of the one stream as chunks of the whole."""
        self.row["latency_ms"] = milliseconds(self._now() - self._began)
        return b"".join(map(self._chunk, self._framer.feed(data)))

    def _chunk(self, frame: Frame) -> bytes:
        chunk = json.loads(frame.data) if frame.data not in (b"", DONE) else None
        if not isinstance(chunk, dict):
            return b""
        if error := chunk.get("error"):
            return self._failed(error)
        self.row["model"] = chunk.get("model") or self.row["model"]
        self.row["usage"] = chunk.pop("usage", None) or self.row["usage"]
        choices = chunk.get("choices")
        if not choices:
            return b""
        chunk["choices"] = [{**choice, "index": self.row["index"]} for choice in choices]
        return event(chunk)

    def _failed(self, error: object) -> bytes:
        self.row["error"] = error
        return event(last_words(self.row))


def last_words(row: JSON) -> JSON:
    """The chunk that ends the choice of a target which failed."""
    choice = {"index": row["index"], "delta": {}, "logprobs": None, "finish_reason": "error"}
    return {
        "id": f"compare-{row['index']}",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": row["model"] or "",
        "choices": [choice],
        "compare": [row],
    }


def event(chunk: JSON) -> bytes:
    return b"data: " + json.dumps(chunk) + b"\n\n"


class Chorus:
    """What the streams have in common: their end, good or bad. `rows` are those of all targets."""

    speaks = True
    started = True

    def __init__(
        self, voices: Sequence[Voice], rows: Sequence[JSON], closing: JSON, price: Price, client: Client
    ) -> None:
        self._voices, self._rows, self._closing = voices, rows, closing
        self._price, self._client = price, client
        self.over = False
        self.error: GatewayError | None = None

    def feed(self, data: bytes) -> bytes:
        """Its voices are fed."""
        return data

    def close(self) -> bytes:
        """All are over: what they took, and the end."""
        if self.over:
            return b""
        self.over = True
        for row in self._rows:
            priced(row, self._price)
        usage = summed(row["usage"] for row in self._rows)
        return event({**self._closing, "usage": usage, "compare": self._rows}) + self._client.done

    def fail(self, failure: Failure) -> bytes:
        return self.stop(GatewayError(failure.message, status=failure.status, code=failure.code))

    def stop(self, error: GatewayError) -> bytes:
        if self.over:
            return b""
        self.error, self.over = error, True
        for voice in self._voices:
            voice.stop(error)
        return self._client.event(error)


def priced(row: JSON, price: Price) -> None:
    if row["usage"] and row["provider"]:
        row["cost"] = price(row["provider"], row["model"] or "", row["usage"])


def summed(usages: Iterable[Mapping[str, Any] | None]) -> dict[str, int] | None:
    """All of them together; None where nobody told any."""
    used = [usage for usage in usages if usage]
    if not used:
        return None
    return {name: sum(count(usage.get(name)) for usage in used) for name in COUNTS}


def count(value: object) -> int:
    return value if isinstance(value, int) else 0


def milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
