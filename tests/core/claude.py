"""Asking the Anthropic dialect, and checking on the way what must hold of all it says.

Each request it makes is legal by the official SDK's types, each answer and chunk by OpenAI's; no argument
is changed; the same again gives the same.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from anthropic.types.beta import message_create_params as beta
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from played import played
from pydantic import TypeAdapter
from pydantic_core import SchemaValidator
from refusals import refusing

import openai_client
from gatewaymw.core.dialects.anthropic import CHAT
from gatewaymw.core.dialects.anthropic.stream import STREAM, State
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.model import Context, Encoded
from legal import thorough

Json = dict[str, Any]

CONTEXT = Context(provider="anthropic", model="claude", created=1_700_000_000, id="own")
LOOSE = replace(CONTEXT, strict=False)


LEGAL = SchemaValidator(thorough(TypeAdapter(beta.MessageCreateParamsNonStreaming).core_schema))
SAMPLING = {"temperature", "top_p", "top_k"}
"""Gone from the SDK's types, since its newest models refuse them; the older ones take them still."""
TAKEN = {*MessageCreateParamsNonStreaming.__annotations__, *SAMPLING}
TAKEN |= {*beta.MessageCreateParamsBase.__annotations__} - {"betas", "user_profile_id", "workspace_id"}


def legal(body: Json) -> None:
    """A body is legal by the SDK's types, those of beta features among them."""
    told = {name: value for name, value in body.items() if name not in {"stream", *SAMPLING}}
    LEGAL.validate_python(told, strict=True)


def user(content: Any) -> Json:
    return {"role": "user", "content": content}


def ask(model: str = "claude-sonnet-4-5", **params: Any) -> Encoded:
    """What is sent for a request, of one greeting where no messages are given."""
    return encoded({"model": model, "messages": [user("Hi")], **params})


def encoded(body: Json) -> Encoded:
    before = copy.deepcopy(body)
    assert CHAT.request
    made = CHAT.request(body, CONTEXT)
    assert body == before
    assert CHAT.request(body, CONTEXT) == made
    assert made.body.keys() <= TAKEN
    legal(made.body)
    return made


def refused(model: str = "claude-sonnet-4-5", **params: Any) -> GatewayError:
    """The refusal of a request."""
    return refusing(ask, model, **params)


def turns(*messages: Json) -> list[Json]:
    """The turns that messages become."""
    made: list[Json] = ask(messages=list(messages)).body["messages"]
    return made


def answer(*blocks: Json, **fields: Any) -> Json:
    """An Anthropic message."""
    return {
        **{"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929"},
        **{"content": list(blocks), "stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"input_tokens": 10, "output_tokens": 5},
        **fields,
    }


def told(body: Json, context: Context = CONTEXT) -> Json:
    """The completion of a message."""
    before = copy.deepcopy(body)
    assert CHAT.response
    made = CHAT.response(body, context)
    assert body == before
    assert CHAT.response(body, context) == made
    openai_client.completion(made)
    return made


def message(*blocks: Json, context: Context = CONTEXT, **fields: Any) -> Json:
    """What an answer of these blocks says."""
    said: Json = told(answer(*blocks, **fields), context)["choices"][0]["message"]
    return said


def opening(**usage: Any) -> Json:
    start = answer(stop_reason=None, usage={"input_tokens": 10, "output_tokens": 1, **usage})
    return {"type": "message_start", "message": start}


def block(index: int, start: Json, *deltas: Json) -> list[Json]:
    """All events of one content block."""
    grown = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    begin = {"type": "content_block_start", "index": index, "content_block": start}
    return [begin, *grown, {"type": "content_block_stop", "index": index}]


def closing(reason: str | None = "end_turn", **delta: Any) -> list[Json]:
    last = {"stop_reason": reason, "stop_sequence": None, **delta}
    return [{"type": "message_delta", "delta": last, "usage": {"output_tokens": 5}}, {"type": "message_stop"}]


def spell(text: str) -> Json:
    return {"type": "text_delta", "text": text}


def piece(json: str) -> Json:
    return {"type": "input_json_delta", "partial_json": json}


def play(events: Iterable[Json], context: Context = CONTEXT) -> tuple[State, list[Json]]:
    """The last state and all chunks of a stream."""
    return played(STREAM, events, context)


def deltas(*blocks: list[Json], context: Context = CONTEXT) -> list[Json]:
    """What a whole stream of these blocks says, without the role at its start, and its end where that says no
    more than the reason."""
    events = [opening(), *(event for each in blocks for event in each), *closing()]
    state, out = play(events, context)
    assert STREAM.ended(state)
    said = [chunk["choices"][0]["delta"] for chunk in out[1:]]
    return said if said[-1] else said[:-1]
