"""Asking the Cohere dialect, and checking on the way what must hold of all it says.

Each request it makes is legal by the official SDK's types, which Cohere's API keeps to: it refuses fields
that it does not know. Each answer and chunk is legal by OpenAI's; no argument is changed; the same again
gives the same.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from cohere.types import ChatMessageV2, CitationOptions, EmbedInput, ResponseFormatV2, Thinking, ToolV2
from cohere.v2.client import V2Client
from played import played
from pydantic import BaseModel, TypeAdapter
from refusals import refusing

import openai_client
from gatewaymw.core.dialects.cohere import CHAT, EMBED
from gatewaymw.core.dialects.cohere.stream import STREAM, State
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.model import Context, Encoded

Json = dict[str, Any]

CONTEXT = Context(provider="cohere", model="command-a-03-2025", created=1_700_000_000, id="own")
LOOSE = replace(CONTEXT, strict=False)
TYPES: dict[str, TypeAdapter[Any]] = {
    "messages": TypeAdapter(list[ChatMessageV2]),
    "tools": TypeAdapter(list[ToolV2]),
    "response_format": TypeAdapter(ResponseFormatV2),
    "thinking": TypeAdapter(Thinking),
    "citation_options": TypeAdapter(CitationOptions),
    "inputs": TypeAdapter(list[EmbedInput]),
    "texts": TypeAdapter(list[str]),
    "images": TypeAdapter(list[str]),
    "stop_sequences": TypeAdapter(list[str]),
    "max_tokens": TypeAdapter(int),
    "strict_tools": TypeAdapter(bool),
}


def parameters(method: Callable[..., Any]) -> set[str]:
    return {*inspect.signature(method).parameters} - {"self", "request_options"}


TAKEN = parameters(V2Client.chat) | {"stream"}
EMBEDDED = parameters(V2Client.embed)


def legal(body: Json, taken: set[str]) -> None:
    assert body.keys() <= taken
    for name, value in body.items():
        if name in TYPES:
            known(TYPES[name].validate_python(value, strict=True))


def known(value: Any) -> None:
    """No model within has a field that the SDK does not know."""
    if isinstance(value, BaseModel):
        assert not value.model_extra, value
        value = [getattr(value, name) for name in type(value).model_fields]
    for each in value if isinstance(value, list) else ():
        known(each)


# ── requests ─────────────────────────────────────────────────────────────


def user(content: Any) -> Json:
    return {"role": "user", "content": content}


def ask(model: str = "command-a-03-2025", **params: Any) -> Encoded:
    """What is sent for a request, of one greeting where no messages are given."""
    return encoded({"model": model, "messages": [user("Hi")], **params})


def encoded(body: Json) -> Encoded:
    before = copy.deepcopy(body)
    assert CHAT.request
    made = CHAT.request(body, CONTEXT)
    assert body == before
    assert CHAT.request(body, CONTEXT) == made
    legal(made.body, TAKEN)
    return made


def refused(**params: Any) -> GatewayError:
    """The refusal of a request."""
    error = refusing(ask, **params)
    assert error.param
    return error


def sent(*messages: Json) -> list[Json]:
    """The messages that messages become."""
    made: list[Json] = ask(messages=list(messages)).body["messages"]
    return made


def embed(context: Context = CONTEXT, **params: Any) -> Encoded:
    """What is sent to embed."""
    body = {"model": "embed-v4.0", **params}
    before = copy.deepcopy(body)
    assert EMBED.request
    made = EMBED.request(body, context)
    assert body == before
    assert EMBED.request(body, context) == made
    legal(made.body, EMBEDDED)
    return made


# ── answers ──────────────────────────────────────────────────────────────


def answer(*content: Json, reason: str = "COMPLETE", **message: Any) -> Json:
    """An answer of Cohere's, its message with these parts and fields."""
    return {
        **{"id": "5a50", "finish_reason": reason, "message": {"role": "assistant", "content": [*content]}},
        "usage": {
            "billed_units": {"input_tokens": 5, "output_tokens": 3},
            "tokens": {"input_tokens": 70, "output_tokens": 9},
        },
    } | ({"message": {"role": "assistant", "content": [*content], **message}} if message else {})


def words(text: str) -> Json:
    return {"type": "text", "text": text}


def thought(text: str) -> Json:
    return {"type": "thinking", "thinking": text}


def told(body: Json, context: Context = CONTEXT) -> Json:
    """The completion of an answer."""
    before = copy.deepcopy(body)
    assert CHAT.response
    made = CHAT.response(body, context)
    assert body == before
    assert CHAT.response(body, context) == made
    openai_client.completion(made)
    return made


def message(*content: Json, context: Context = CONTEXT, **fields: Any) -> Json:
    """What an answer of these parts says."""
    said: Json = told(answer(*content, **fields), context)["choices"][0]["message"]
    return said


# ── streams ──────────────────────────────────────────────────────────────

OPENING = {
    "type": "message-start",
    "id": "5a50",
    "delta": {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}},
}


def event(kind: str, index: int | None = None, **message: Any) -> Json:
    made: Json = {"type": kind} if index is None else {"type": kind, "index": index}
    return {**made, "delta": {"message": message}} if message else made


def part(index: int, kind: str, *pieces: str, start: str = "") -> list[Json]:
    """All events of one part of the content."""
    grown = [event("content-delta", index, content={kind: piece}) for piece in pieces]
    begin = event("content-start", index, content={"type": kind, kind: start})
    return [begin, *grown, event("content-end", index)]


def call(index: int, *pieces: str, start: str = "") -> list[Json]:
    """All events of one call."""
    function = {"name": "f", "arguments": start}
    begin = event(
        "tool-call-start", index, tool_calls={"id": f"f_{index}", "type": "function", "function": function}
    )
    grown = [
        event("tool-call-delta", index, tool_calls={"function": {"arguments": piece}}) for piece in pieces
    ]
    return [begin, *grown, event("tool-call-end", index)]


def plan(*pieces: str) -> list[Json]:
    return [event("tool-plan-delta", tool_plan=piece) for piece in pieces]


def closing(reason: str = "COMPLETE", **delta: Any) -> Json:
    usage = {"tokens": {"input_tokens": 70, "output_tokens": 9}, "cached_tokens": 64}
    return {"type": "message-end", "delta": {"finish_reason": reason, "usage": usage, **delta}}


def play(events: Iterable[Json], context: Context = CONTEXT) -> tuple[State, list[Json]]:
    """The last state and all chunks of a stream."""
    return played(STREAM, events, context)


def deltas(*groups: list[Json], context: Context = CONTEXT) -> list[Json]:
    """What a whole stream of these events says, without the role at its start, and its end where that says no
    more than the reason."""
    state, out = play([OPENING, *(each for group in groups for each in group), closing()], context)
    assert STREAM.ended(state)
    said = [chunk["choices"][0]["delta"] for chunk in out[1:]]
    return said if said[-1] else said[:-1]
