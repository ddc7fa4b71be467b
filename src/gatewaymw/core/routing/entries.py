"""What is kept of an answer: a line of JSON that describes it, and its body as it went to the client.

An entry that cannot be read, or whose body is not the one that was kept, is no entry: a store may be full of
anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zlib import crc32

from .. import json
from ..framing.base import FramingError
from ..framing.sse import SSE
from ..plan import Caching, Target
from ..values import Failure
from .reply import NO_STREAM, Live, Reply

VERSION = 1
HEADERS = ("content-disposition", "openai-model", "openai-version")
"""All that is kept of an upstream's: limits and ids were another request's."""
EVENTS = "text/event-stream"
CUT = frozenset({"length", "max_tokens", "content_filter"})
"""Reasons for which an answer is not all that it might have been."""
CALLS = ("tool_calls", "function_call")


def entry_of(reply: Reply, caching: Caching) -> bytes | None:
    """What to keep of a whole answer, or of a stream whose `body` is all of it; None for one that is not."""
    if reply.status != 200 or not 0 < len(reply.body) <= caching.max_bytes or not sound(reply, caching):
        return None
    told = {
        "v": VERSION,
        "sum": crc32(reply.body),
        "type": reply.content_type,
        "headers": {name: reply.headers[name] for name in HEADERS if name in reply.headers},
        "dropped": reply.dropped,
    }
    return json.dumps(told) + b"\n" + reply.body


def reply_of(entry: bytes, target: Target) -> Reply | None:
    """The answer again; None where the entry is none."""
    line, _, body = entry.partition(b"\n")
    try:
        told = json.loads(line)
        if told["v"] != VERSION or told["sum"] != crc32(body):
            return None
        kind, headers, dropped = str(told["type"]), dict(told["headers"]), tuple(map(str, told["dropped"]))
    except (ValueError, TypeError, KeyError):
        return None
    again: dict[str, Any] = {
        "status": 200,
        "body": body,
        "content_type": kind,
        "headers": headers,
        "target": target,
        "dropped": dropped,
        "cache_status": "HIT",
    }
    return Live(stream=NO_STREAM, passage=Said(), **again) if kind.startswith(EVENTS) else Reply(**again)


class Said:
    """The passage of a stream that is all here."""

    started = over = speaks = True
    error = None

    def feed(self, data: bytes) -> bytes:
        return b""

    def close(self) -> bytes:
        return b""

    def fail(self, failure: Failure) -> bytes:
        return b""

    def stop(self, error: Exception) -> bytes:
        return b""


# ── which answers are sound ──────────────────────────────────────────────


def sound(reply: Reply, caching: Caching) -> bool:
    """Whether nothing in an answer says that it is an error, was cut, or calls for something to be done."""
    try:
        return all(fine(said, caching) for said in spoken(reply))
    except (ValueError, FramingError):
        return False


def spoken(reply: Reply) -> Iterator[Any]:
    """The JSON of an answer: its body's, or each event's. Raises ValueError, FramingError."""
    if reply.content_type.startswith(EVENTS):
        framer = SSE()
        frames = [*framer.feed(reply.body), *framer.close()]
        yield from (json.loads(frame.data) for frame in frames if frame.data and frame.data != b"[DONE]")
    elif reply.content_type.startswith("application/json"):
        yield json.loads(reply.body)


def fine(said: Any, caching: Caching) -> bool:
    if not isinstance(said, dict):
        return True
    if said.get("error") is not None or said.get("type") == "error":
        return False
    choices = said.get("choices")
    return all(finished(choice, caching) for choice in choices) if isinstance(choices, list) else True


def finished(choice: Any, caching: Caching) -> bool:
    if not isinstance(choice, dict) or choice.get("finish_reason") in CUT:
        return False
    message = choice.get("message") or choice.get("delta")
    calls = isinstance(message, dict) and any(message.get(name) for name in CALLS)
    return caching.tool_calls or not calls
