"""A stream's transform, event by event, held to what all of them owe."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, TypeVar

import openai_client
from gatewaymw.core.model import Context, Stream
from gatewaymw.core.values import JSON

S = TypeVar("S")


def played(stream: Stream[S], events: Iterable[Any], context: Context) -> tuple[S, list[JSON]]:
    """The last state and all chunks of a stream. No event is changed, the same step gives the same twice, and
    each chunk is one to OpenAI's SDK."""
    state, out = stream.start, list[JSON]()
    for event in events:
        before = copy.deepcopy(event)
        again = stream.step(state, event, context)
        state, chunks = stream.step(state, event, context)
        assert event == before
        assert (state, chunks) == again
        for chunk in chunks:
            openai_client.chunk(chunk)
        out += chunks
    return state, out
