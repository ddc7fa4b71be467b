"""What the mock will do, as a value: a driver plays it instead of dialling anyone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, TypeAlias

from .. import json
from ..endpoints import OPENAI_DONE, openai_chunk, openai_error
from ..errors import BadRequest, GatewayError

CREATED = 1_700_000_000
"""The mock's one moment: `created` wherever OpenAI has it."""

Step: TypeAlias = tuple[float, bytes]


@dataclass(frozen=True, slots=True)
class Script:
    """An upstream's answer, with its timing and its end. Times are seconds."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names are lower-case."""
    steps: tuple[Step, ...] = ()
    """How long to wait, then what to send. Of a stream each is one event; joined they are the body."""
    ending: Literal["end", "cut", "stall"] = "end"
    """What follows the last step: a proper end, a broken connection, silence for ever."""
    wait: float = 0.0
    """How long the head of the answer takes."""

    @property
    def body(self) -> bytes:
        return b"".join(data for _, data in self.steps)


def whole(body: bytes, kind: str, status: int = 200) -> Script:
    return Script(status, {"content-type": kind}, ((0.0, body),) if body else ())


def json_answer(value: Any, status: int = 200) -> Script:
    return whole(json.dumps(value), "application/json", status)


def refusal(error: GatewayError) -> Script:
    return json_answer(openai_error(error), error.status)


def stream(chunks: Iterable[dict[str, Any]], done: bool = True) -> Script:
    """A stream of events, those with a `type` under its name, with `[DONE]` last."""
    steps = [(0.0, named(chunk) if "type" in chunk else openai_chunk(chunk)) for chunk in chunks]
    end = ((0.0, OPENAI_DONE),) if done else ()
    return Script(200, {"content-type": "text/event-stream"}, (*steps, *end))


def named(event: dict[str, Any]) -> bytes:
    return b"event: %b\n" % str(event["type"]).encode() + openai_chunk(event)


def digest(*parts: bytes) -> str:
    """An id that follows from what was asked."""
    return sha256(b"\0".join(parts)).hexdigest()


def whole_number(body: Mapping[str, Any], name: str, default: int, most: int) -> int:
    """A count from 1 to `most`. Raises BadRequest."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.isdecimal():
        value = int(value[:9])  # a form's fields are text
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise BadRequest(f"{name} must be a whole number from 1 to {most}", param=name)
    return value
