"""Asking the Gemini dialect, and checking on the way what must hold of all it says.

Each request it makes is legal by the official SDK's types, which refuse fields they do not know; each answer
and chunk by OpenAI's; no argument is changed; the same again gives the same.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from google.genai import types
from played import played
from pydantic import TypeAdapter
from refusals import refusing

import openai_client
from gatewaymw.core.dialects.gemini import CHAT, VERTEX
from gatewaymw.core.dialects.gemini.stream import STREAM, State
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.model import Codec, Context, Encoded

Json = dict[str, Any]

CONTEXT = Context(provider="google", model="gemini", created=1_700_000_000, id="own")
LOOSE = replace(CONTEXT, strict=False)
COUNTING = replace(CONTEXT, include_usage=True)

NEW, OLD, NEXT = "gemini-3-flash-preview", "gemini-2.5-flash", "gemini-4-argon"
"""A model that thinks by levels, one that thinks by a budget, and one that heeds no sampling."""

TYPES: dict[str, TypeAdapter[Any]] = {
    "contents": TypeAdapter(list[types.Content]),
    "systemInstruction": TypeAdapter(types.Content),
    "tools": TypeAdapter(list[types.Tool]),
    "toolConfig": TypeAdapter(types.ToolConfig),
    "safetySettings": TypeAdapter(list[types.SafetySetting]),
    "generationConfig": TypeAdapter(types.GenerateContentConfig),
    "modelArmorConfig": TypeAdapter(types.ModelArmorConfig),
    "labels": TypeAdapter(dict[str, str]),
    "cachedContent": TypeAdapter(str),
    "continuationToken": TypeAdapter(str),
    "serviceTier": TypeAdapter(types.ServiceTier),
    "store": TypeAdapter(bool),
}


def legal(body: Json) -> None:
    """By the SDK's types: a field that Google does not know would not stand in them."""
    assert body.keys() <= TYPES.keys()
    for name, value in body.items():
        TYPES[name].validate_json(json.dumps(value))


def user(content: Any) -> Json:
    return {"role": "user", "content": content}


def ask(model: str = OLD, codec: Codec = CHAT, **params: Any) -> Encoded:
    """What is sent for a request, of one greeting where no messages are given."""
    return encoded({"model": model, "messages": [user("Hi")], **params}, codec)


def encoded(body: Json, codec: Codec = CHAT) -> Encoded:
    before = copy.deepcopy(body)
    assert codec.request
    made = codec.request(body, CONTEXT)
    assert body == before
    assert codec.request(body, CONTEXT) == made
    legal(made.body)
    return made


def config(model: str = OLD, **params: Any) -> Json:
    """The `generationConfig` of a request."""
    made: Json = ask(model, **params).body.get("generationConfig", {})
    return made


def refused(model: str = OLD, codec: Codec = CHAT, **params: Any) -> GatewayError:
    """The refusal of a request."""
    return refusing(ask, model, codec, **params)


def turns(*messages: Json, model: str = OLD) -> list[Json]:
    """The contents that messages become."""
    made: list[Json] = ask(model, messages=list(messages)).body["contents"]
    return made


def vertex(model: str = OLD, **params: Any) -> Encoded:
    """What is sent to Vertex AI."""
    return ask(model, VERTEX, **params)


# ── answers ──────────────────────────────────────────────────────────────


def candidate(*parts: Json, **fields: Any) -> Json:
    made = {"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP", "index": 0}
    return {name: value for name, value in {**made, **fields}.items() if value is not None}


def answer(*parts: Json, **fields: Any) -> Json:
    """An answer of one candidate."""
    return {
        "candidates": [candidate(*parts, **fields)],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
        "modelVersion": "gemini-2.5-flash",
        "responseId": "r1",
    }


def told(body: Any, context: Context = CONTEXT) -> Json:
    """The completion of an answer."""
    before = copy.deepcopy(body)
    assert CHAT.response
    made = CHAT.response(body, context)
    assert body == before
    assert CHAT.response(body, context) == made
    openai_client.completion(made)
    return made


def choice(*parts: Json, context: Context = CONTEXT, **fields: Any) -> Json:
    made: Json = told(answer(*parts, **fields), context)["choices"][0]
    return made


def message(*parts: Json, context: Context = CONTEXT, **fields: Any) -> Json:
    """What an answer of these parts says."""
    made: Json = choice(*parts, context=context, **fields)["message"]
    return made


def event(*parts: Json, reason: str | None = None, **fields: Any) -> Json:
    """An event of a stream: what is new of one candidate."""
    return {**answer(*parts, finishReason=reason, **fields)}


def play(events: Iterable[Any], context: Context = CONTEXT) -> tuple[State, list[Json]]:
    """The last state and all chunks of a stream."""
    return played(STREAM, events, context)


def deltas(*events: Json, context: Context = CONTEXT) -> list[Json]:
    """What a whole stream of these events says, the role at its start left out."""
    state, out = play([*events, event(reason="STOP")], context)
    assert STREAM.ended(state)
    return [chunk["choices"][0]["delta"] for chunk in out[1:-1]]


TEXT = {"text": "Hello."}
THOUGHT = {"text": "Hm.", "thought": True}
CALL = {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}}
PIXEL = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
SOUND = {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAAA"}}
