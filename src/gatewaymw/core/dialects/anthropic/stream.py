"""Anthropic's stream of events, as OpenAI's chunks.

https://platform.claude.com/docs/en/build-with-claude/streaming and
https://platform.openai.com/docs/api-reference/chat-streaming. `message_start` opens a message; each content
block starts, grows by deltas and stops; `message_delta` tells why it ended and, cumulative, what it cost;
`message_stop` is the end. Pings and events not known yet are passed over.

Where strictness is off, a delta also has `content_blocks`, of which a client can make Anthropic's blocks
again, to send them back: `[{"index": 0, "delta": {…}}]`. The first delta of an index is the block as it
starts, with its `type`. In the following, strings (`text`, `thinking`, `signature`, and `partial_json`, whose
whole is the JSON of `input`) are to be appended, and `citations` put into the block's by their own `index`.
Calls of the client's tools are no such blocks: they are `tool_calls`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ... import json
from ...errors import UpstreamError
from ...model import Context, Stream
from ...values import JSON, NOTHING
from ..calls import functional
from .errors import fault
from .response import annotation, aside, finish, left, refusal, tier, usage


class State(NamedTuple):
    """What must be remembered between two events of one stream."""

    id: str = ""
    model: str = ""
    counts: Mapping[str, Any] = NOTHING
    tool: int = -1
    """The index of the client's latest tool call."""
    calling: bool = False
    """The open block is a call of the client's tool."""
    given: Any = None
    """The input it started with, until arguments come by themselves."""
    last: JSON | None = None
    """The chunk with the finish reason, which goes out at the very end."""
    ended: bool = False
    searching: bool = False
    """The model may cite the web: then what it says is measured, for the places of the citations."""
    said: int = 0
    begin: int = 0
    cited: tuple[Any, ...] = ()
    noted: int = 0
    """How many citations of the open block were told."""
    pages: tuple[JSON, ...] = ()
    """The annotations so far. OpenAI's clients take a list without indexes only once: it comes at the end."""


def step(state: State, event: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """Fold one event into the state; give the chunks it stands for. After the end nothing counts.

    Raises UpstreamError for an error event, and for a message that begins anew before it ended: what was
    sent of it cannot be taken back.
    """
    kind = event.get("type")
    if state.ended:
        return state, ()
    if kind == "content_block_delta":
        delta = event["delta"]
        if delta["type"] == "text_delta":
            return spoken(state, event, delta["text"], context)
        return grown(state, event, delta, context)
    if kind == "content_block_start":
        return opened(state, event, event["content_block"], context)
    if kind == "content_block_stop":
        return closed(state, context)
    if kind == "message_start":
        return begun(state, event["message"], context)
    if kind == "message_delta":
        return told(state, event, context), ()
    if kind == "message_stop":
        return ended(state, context)
    if kind == "error":
        raise fault(event, context)
    return state, ()


def ended_well(state: State) -> bool:
    return state.ended


STREAM = Stream(start=State(), step=step, ended=ended_well, words=b'"text":"')


def chunk(state: State, context: Context, delta: JSON, reason: str | None = None) -> JSON:
    return {
        "id": state.id,
        "object": "chat.completion.chunk",
        "created": context.created,
        "model": state.model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
    }


# ── blocks ───────────────────────────────────────────────────────────────


def spoken(state: State, event: JSON, text: str, context: Context) -> tuple[State, tuple[JSON, ...]]:
    if state.searching:
        state = state._replace(said=state.said + len(text))
    delta: JSON = {"content": text}
    if not context.strict:
        delta["content_blocks"] = [{"index": event.get("index"), "delta": {"text": text}}]
    return state, (chunk(state, context, delta),)


def grown(state: State, event: JSON, delta: JSON, context: Context) -> tuple[State, tuple[JSON, ...]]:
    kind = delta["type"]
    if kind == "input_json_delta" and state.calling:
        return called(state, delta["partial_json"], context)
    made: JSON = {}
    if kind == "thinking_delta":
        made["reasoning_content"] = delta["thinking"]
    elif kind == "citations_delta" and state.searching:
        state = state._replace(cited=(*state.cited, delta["citation"]))
    if not context.strict:
        state, grew = aside_of(state, delta)
        made["content_blocks"] = [{"index": event.get("index"), "delta": grew}]
    return state, (chunk(state, context, made),) if made else ()


def aside_of(state: State, delta: JSON) -> tuple[State, JSON]:
    """What a delta adds to its block. Citations are numbered, by which a client puts them together."""
    if delta["type"] == "citations_delta":
        note = {"index": state.noted, **delta["citation"]}
        return state._replace(noted=state.noted + 1), {"citations": [note]}
    return state, {name: value for name, value in delta.items() if name != "type"}


def opened(state: State, event: JSON, block: JSON, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """A block begins. What it says at once is told at once, though as a rule it starts empty."""
    kind = block.get("type")
    if kind == "tool_use":
        return calling(state, block, context)
    state = state._replace(calling=False, begin=state.said, noted=len(block.get("citations") or ()))
    delta: JSON = {}
    if kind == "text" and block.get("text"):
        delta["content"] = block["text"]
        state = state._replace(said=state.said + len(block["text"]))
    elif kind == "thinking" and block.get("thinking"):
        delta["reasoning_content"] = block["thinking"]
    if not context.strict:
        delta["content_blocks"] = [{"index": event.get("index"), "delta": block}]
    return state, (chunk(state, context, delta),) if delta else ()


def calling(state: State, block: JSON, context: Context) -> tuple[State, tuple[JSON, ...]]:
    state = state._replace(tool=state.tool + 1, calling=True, given=block.get("input") or {})
    function = {"name": block["name"], "arguments": ""}
    if functional(context):
        return state, (chunk(state, context, {"function_call": function}),)
    call = {"index": state.tool, "id": block["id"], "type": "function", "function": function}
    if not context.strict:
        call |= aside(block)
    return state, (chunk(state, context, {"tool_calls": [call]}),)


def called(state: State, arguments: str, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """A piece of a call's arguments. Empty ones say nothing: the first always is."""
    if not arguments:
        return state, ()
    if state.given is not None:
        state = state._replace(given=None)
    if functional(context):
        return state, (chunk(state, context, {"function_call": {"arguments": arguments}}),)
    call = {"index": state.tool, "function": {"arguments": arguments}}
    return state, (chunk(state, context, {"tool_calls": [call]}),)


def closed(state: State, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """A block ends: a call that no arguments came for has those it started with, be they none."""
    if state.calling and state.given is not None:
        state, chunks = called(state, json.dumps(state.given).decode(), context)
        return state._replace(calling=False), chunks
    if not state.cited:
        return (state._replace(calling=False) if state.calling else state), ()
    found = [made for each in state.cited if (made := annotation(each, state.begin, state.said))]
    return state._replace(cited=(), pages=(*state.pages, *found)), ()


# ── the message around them ──────────────────────────────────────────────


def begun(state: State, message: JSON, context: Context) -> tuple[State, tuple[JSON, ...]]:
    if state.id:
        raise UpstreamError(f"{context.provider} began the message anew", code="upstream_stream_invalid")
    state = State(
        id=message.get("id") or context.id,
        model=message.get("model") or context.model,
        counts=message.get("usage") or NOTHING,
        searching=searching(context.request),
    )
    return state, (chunk(state, context, {"role": "assistant", "content": ""}),)


def searching(request: Mapping[str, Any]) -> bool:
    """Whether the request lets the model search the web."""
    return request.get("web_search_options") is not None or any(
        isinstance(tool, dict) and str(tool.get("type")).startswith("web_")
        for tool in request.get("tools") or ()
    )


def told(state: State, event: JSON, context: Context) -> State:
    """The message's last words are kept until it has stopped. A count that is null tells nothing."""
    delta = event.get("delta") or {}
    news = {name: value for name, value in (event.get("usage") or NOTHING).items() if value is not None}
    state = state._replace(counts={**state.counts, **news})
    if delta.get("stop_reason") is None:
        return state
    reason = finish(delta["stop_reason"], state.tool >= 0, context)
    why = refusal(delta)
    said: JSON = {"refusal": why} if why else {}
    last = chunk(state, context, said | annotated(state), reason) | tier(state.counts)
    return state._replace(last=last if context.strict else {**left(delta), **last})


def annotated(state: State) -> JSON:
    return {"annotations": [*state.pages]} if state.pages else {}


def ended(state: State, context: Context) -> tuple[State, tuple[JSON, ...]]:
    last = state.last or chunk(state, context, annotated(state), finish(None, state.tool >= 0, context))
    state = state._replace(ended=True)
    if not context.include_usage:
        return state, (last,)
    return state, (last, {**chunk(state, context, {}), "choices": [], "usage": usage(state.counts, context)})
