"""Asking the Converse dialect, and checking on the way what must hold of all it says.

Each request it makes is legal by botocore's model of the service, each answer and chunk by OpenAI's SDK; no
argument is changed; the same again gives the same.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from played import played
from refusals import refusing

import openai_client
from gatewaymw.core.dialects.converse import CHAT
from gatewaymw.core.dialects.converse.stream import STREAM, State
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.model import Context, Encoded
from legal import bedrock as legal

Json = dict[str, Any]

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "us.amazon.nova-lite-v1:0"
CONTEXT = Context(provider="bedrock", model=CLAUDE, created=1_700_000_000, id="own")
LOOSE = replace(CONTEXT, strict=False)
STREAMING = replace(CONTEXT, stream=True)
COUNTED = replace(CONTEXT, include_usage=True)


# ── requests ─────────────────────────────────────────────────────────────


def user(content: Any) -> Json:
    return {"role": "user", "content": content}


def ask(model: str = CLAUDE, context: Context = CONTEXT, **params: Any) -> Encoded:
    """What is sent for a request, of one greeting where no messages are given."""
    return encoded({"model": model, "messages": [user("Hi")], **params}, context)


def encoded(body: Json, context: Context = CONTEXT) -> Encoded:
    before = copy.deepcopy(body)
    assert CHAT.request
    made = CHAT.request(body, context)
    assert body == before
    assert CHAT.request(body, context) == made
    legal(made.body, "ConverseStream" if context.stream else "Converse")
    assert "error" not in made.body
    return made


def refused(model: str = CLAUDE, **params: Any) -> GatewayError:
    """The refusal of a request."""
    return refusing(ask, model, **params)


def turns(*messages: Json, model: str = CLAUDE, **params: Any) -> list[Json]:
    """The turns that messages become."""
    made: list[Json] = ask(model, messages=list(messages), **params).body["messages"]
    return made


def said(*parts: Any, model: str = CLAUDE) -> list[Json]:
    """The blocks that a user's parts become."""
    (turn,) = turns(user(list(parts)), model=model)
    content: list[Json] = turn["content"]
    return content


def tool(name: str = "f", **function: Any) -> Json:
    return {"type": "function", "function": {"name": name, **function}}


def calls(*names: str) -> Json:
    """An assistant's turn that calls tools, `c0` and on."""
    made = [
        {"id": f"c{at}", "type": "function", "function": {"name": name, "arguments": "{}"}}
        for at, name in enumerate(names)
    ]
    return {"role": "assistant", "content": None, "tool_calls": made}


# ── answers ──────────────────────────────────────────────────────────────


def answer(*blocks: Json, **fields: Any) -> Json:
    """A Converse answer."""
    return {
        "output": {"message": {"role": "assistant", "content": list(blocks)}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15},
        "metrics": {"latencyMs": 7},
        **fields,
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


def message(*blocks: Json, context: Context = CONTEXT, **fields: Any) -> Json:
    """What an answer of these blocks says."""
    made: Json = told(answer(*blocks, **fields), context)["choices"][0]["message"]
    return made


# ── streams ──────────────────────────────────────────────────────────────

OPENING = {"messageStart": {"role": "assistant"}}


def text(*pieces: str, index: int = 0) -> list[Json]:
    """All events of a block of text, which has no start."""
    return [delta(index, {"text": piece}) for piece in pieces] + [stop(index)]


def delta(index: int, inner: Json) -> Json:
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": inner}}


def start(index: int, inner: Json) -> Json:
    return {"contentBlockStart": {"contentBlockIndex": index, "start": inner}}


def stop(index: int) -> Json:
    return {"contentBlockStop": {"contentBlockIndex": index}}


def ending(reason: str = "end_turn", **fields: Any) -> Json:
    return {"messageStop": {"stopReason": reason, **fields}}


def costs(**fields: Any) -> Json:
    counts = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}
    return {"metadata": {"usage": counts, "metrics": {"latencyMs": 7}, **fields}}


def play(events: Iterable[Json], context: Context = CONTEXT) -> tuple[State, list[Json]]:
    """The last state and all chunks of a stream."""
    return played(STREAM, events, context)


def deltas(*blocks: list[Json], context: Context = CONTEXT) -> list[Json]:
    """What a whole stream of these blocks says, without the role at its start, and its end where that says no
    more than the reason."""
    events = [OPENING, *(event for each in blocks for event in each), ending()]
    state, out = play(events, context)
    assert STREAM.ended(state)
    said = [chunk["choices"][0]["delta"] for chunk in out[1:]]
    return said if said[-1] else said[:-1]
