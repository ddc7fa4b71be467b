"""Azure's deviations from OpenAI's answers: what its content filter says.

https://learn.microsoft.com/azure/foundry/openai/concepts/content-filter-annotations and …/content-streaming.
Whole answers pass as they come, the filter's results in them. In streams the filter also speaks in chunks of
its own, without id, model or kind (`"object": ""`), at times with choices that lack their delta: a client
that goes by OpenAI's types fails on them. What they say is put into chunks that are OpenAI's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..model import Codec, Context, Stream
from ..values import JSON, NOTHING
from .cousins import Progress, checked, choicewise, complete, progress
from .history import thoughtless

FRAME = ("id", "object", "created", "model")
"""What all chunks of one answer have in common."""


class State(NamedTuple):
    """How far a stream is, what its chunks are headed by, and what the filter said before the first."""

    progress: Progress = Progress()
    frame: Mapping[str, Any] = NOTHING
    said: Mapping[str, Any] = NOTHING


def filtered(kind: str, silent: Mapping[str, Any]) -> Stream[State]:
    """A stream of chunks of that kind, whose choices say nothing by what is in `silent`.

    It ends well once each choice that began has its finish reason.
    """

    def step(state: State, event: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
        chunk = checked(event, context)
        if chunk.get("object"):
            state, chunk = headed(state, chunk)
        elif not chunk.get("choices") and not state.frame:
            rest = {name: value for name, value in chunk.items() if name not in (*FRAME, "choices")}
            return state._replace(said={**state.said, **rest}), ()
        else:
            frame = state.frame or heading(kind, context)
            choices = [{**silent, **choice} for choice in chunk.get("choices") or ()]
            chunk = {**chunk, **frame, "choices": choices}
        reached = progress(state.progress, chunk)
        return (state if reached is state.progress else state._replace(progress=reached)), (chunk,)

    return choicewise(State(), step, ended_well)


def headed(state: State, chunk: JSON) -> tuple[State, JSON]:
    """A chunk of OpenAI's: the first brings along what the filter said of the prompt."""
    if state.frame:
        return state, chunk
    frame = {name: chunk[name] for name in FRAME if name in chunk}
    return state._replace(frame=frame, said=NOTHING), {**state.said, **chunk}


def heading(kind: str, context: Context) -> JSON:
    return {"id": context.id, "object": kind, "created": context.created, "model": context.model}


def ended_well(state: State) -> bool:
    return complete(state.progress)


CHAT = Codec(
    request=thoughtless, stream=filtered("chat.completion.chunk", {"delta": {}, "finish_reason": None})
)
COMPLETE = Codec(stream=filtered("text_completion", {"text": "", "finish_reason": None, "logprobs": None}))
