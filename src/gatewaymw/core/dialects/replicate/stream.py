"""A prediction's stream as OpenAI's chunks: events of plain text, and how it ended
(https://replicate.com/docs/reference/streaming)."""

from __future__ import annotations

from typing import Any, NamedTuple

from ... import json
from ...framing.base import Frame
from ...model import Context, Stream
from ...values import JSON
from .. import openai
from ..imagery import unmade


class State(NamedTuple):
    """How far a stream has come."""

    begun: bool = False
    ended: bool = False


def decode(frame: Frame) -> tuple[str, str]:
    """An event's name, and its text."""
    return frame.event, frame.data.decode(errors="replace")


def step(state: State, event: tuple[str, str], context: Context) -> tuple[State, tuple[JSON, ...]]:
    """Fold an event into the state; give the chunks it stands for. After the end nothing counts.

    Raises UpstreamError where the prediction failed, or was canceled."""
    kind, said = event
    if state.ended:
        return state, ()
    if kind == "error":
        raise unmade(openai.said(parsed(said), openai.DEPTH), context)
    if kind == "done":
        reason = parsed(said)
        if isinstance(reason, dict) and reason.get("reason"):
            raise unmade(reason["reason"], context)
        return State(True, True), (chunk({}, "stop", context),)
    if kind != "output" or not said:
        return state, ()
    role = {} if state.begun else {"role": "assistant"}
    return State(True), (chunk({**role, "content": said}, None, context),)


def parsed(said: str) -> Any:
    """JSON, or words."""
    try:
        return json.loads(said)
    except ValueError:
        return said


def chunk(delta: JSON, reason: str | None, context: Context) -> JSON:
    return {
        "id": context.id,
        "object": "chat.completion.chunk",
        "created": context.created,
        "model": context.model,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}],
    }


STREAM: Stream[State] = Stream(start=State(), step=step, ended=lambda state: state.ended, decode=decode)
