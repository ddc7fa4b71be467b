"""A stream of bytes through its dialect, and what an OpenAI client gets of it, however it was cut."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gatewaymw.core.endpoints import OPENAI
from gatewaymw.core.model import Context, Stream
from gatewaymw.core.routing.pipeline import Translation
from gatewaymw.core.values import Failure
from pieces import cut

RESET = Failure("broken", "broke off the connection", 502, "upstream_broken")


def poured(
    stream: Stream[Any], data: bytes, context: Context, points: Iterable[int] = (), broken: bool = False
) -> bytes:
    """The client's bytes of a body that comes in pieces, and ends, or breaks off."""
    passage = Translation(stream, context, OPENAI)
    out = b"".join(passage.feed(piece) for piece in cut(data, points) if piece)
    return out + (passage.fail(RESET) if broken else passage.close())


def chunks(out: bytes) -> list[dict[str, Any]]:
    """The chunks of a stream that ended well."""
    lines = [line.removeprefix("data: ") for line in out.decode().split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    made = [json.loads(line) for line in lines]
    assert not any("error" in each for each in made), made[-1]
    return made


def fault(out: bytes) -> dict[str, Any]:
    """The error that a stream ended with."""
    error: dict[str, Any] = json.loads(out.decode().split("\n\n")[-3].removeprefix("data: "))["error"]
    return error
