"""Cohere's stream of events, as OpenAI's chunks.

https://docs.cohere.com/docs/streaming, …/tool-use-streaming and
https://platform.openai.com/docs/api-reference/chat-streaming. `message-start` opens a message; its content,
plan, calls and citations come in pieces; `message-end` tells why it ended and what it cost. What is not
known yet is passed over.

Where strictness is off, a delta also has `content_blocks`, of which a client can make Cohere's content again,
to send it back: `[{"index": 0, "delta": {…}}]`. The first delta of an index is the part as it starts, with
its `type`; in the following, strings are to be appended. So are those of `tool_plan`. All `citations` come at
once, with the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ...errors import UpstreamError
from ...model import Context, Stream
from ...values import JSON
from .. import openai
from ..calls import functional
from .response import cited, finish, left, likelihoods, unanswered, usage


class State(NamedTuple):
    """What must be remembered between two events of one stream."""

    id: str = ""
    tool: int = -1
    """The index of the latest call."""
    silent: bool = False
    """The latest call has no arguments yet."""
    thinking: bool = False
    """Something was thought: a plan that follows begins a new paragraph."""
    ended: bool = False
    citing: bool = False
    """The model may cite: then what it says is measured, for the places of the citations."""
    said: int = 0
    begin: int = 0
    notes: tuple[JSON, ...] = ()
    pages: tuple[JSON, ...] = ()
    """The citations so far, and the annotations that they are. OpenAI's clients take a list without indexes
    only once: it comes at the end."""


def step(state: State, event: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """Fold one event into the state; give the chunks it stands for. After the end nothing counts.

    Raises UpstreamError for a message that ended with a failure, for an error in place of an event, and for
    a message that begins anew before it ended: what was sent of it cannot be taken back.
    """
    kind = event.get("type")
    if state.ended:
        return state, ()
    if kind == "content-delta":
        return grown(state, event, event["delta"]["message"]["content"], context)
    if kind == "tool-call-delta":
        return called(state, event["delta"]["message"]["tool_calls"]["function"].get("arguments"), context)
    if kind == "tool-plan-delta":
        return planned(state, event["delta"]["message"].get("tool_plan"), context)
    if kind == "content-start":
        return opened(state, event, event["delta"]["message"]["content"], context)
    if kind == "tool-call-start":
        return calling(state, event["delta"]["message"]["tool_calls"], context)
    if kind == "tool-call-end":
        return called(state, "{}", context) if state.silent else (state, ())
    if kind == "citation-start":
        return noted(state, event["delta"]["message"]["citations"], context), ()
    if kind == "message-start":
        return begun(state, event, context)
    if kind == "message-end":
        return ended(state, event.get("delta") or {}, context)
    if kind is None or kind == "error":
        raise openai.stream_fault(event) or unanswered(event, context)
    return state, ()


def ended_well(state: State) -> bool:
    return state.ended


STREAM = Stream(start=State(), step=step, ended=ended_well)


def chunk(state: State, context: Context, delta: JSON, reason: str | None = None) -> JSON:
    return {
        "id": state.id or context.id,
        "object": "chat.completion.chunk",
        "created": context.created,
        "model": context.model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
    }


# ── content ──────────────────────────────────────────────────────────────


def grown(state: State, event: JSON, content: JSON, context: Context) -> tuple[State, tuple[JSON, ...]]:
    delta: JSON = {}
    if said := content.get("text"):
        delta["content"] = said
        if state.citing:
            state = state._replace(said=state.said + len(said))
    if thought := content.get("thinking"):
        delta["reasoning_content"] = thought
        if not state.thinking:
            state = state._replace(thinking=True)
    if delta and not context.strict:
        grew = {name: value for name, value in content.items() if name != "type"}
        delta["content_blocks"] = [{"index": event.get("index"), "delta": grew}]
    if not delta:
        return state, ()
    made = chunk(state, context, delta)
    if likely := likelihoods([event["logprobs"]] if event.get("logprobs") else None):
        made["choices"][0]["logprobs"] = likely
    return state, (made,)


def opened(state: State, event: JSON, content: JSON, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """A part begins. What it says at once is told at once, though as a rule it starts empty."""
    state, chunks = grown(state._replace(begin=state.said), event, content, context)
    if context.strict:
        return state, chunks
    delta = {**(chunks[0]["choices"][0]["delta"] if chunks else {})}
    delta["content_blocks"] = [{"index": event.get("index"), "delta": content}]
    return state, (chunk(state, context, delta),)


def planned(state: State, plan: str | None, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """A piece of the plan, which is thought out loud too."""
    if not plan:
        return state, ()
    delta: JSON = {"reasoning_content": f"\n\n{plan}" if state.thinking else plan}
    if not context.strict:
        delta["tool_plan"] = plan
    return state._replace(thinking=False) if state.thinking else state, (chunk(state, context, delta),)


def noted(state: State, citation: JSON, context: Context) -> State:
    notes = state.notes if context.strict else (*state.notes, citation)
    return state._replace(notes=notes, pages=(*state.pages, *cited(citation, state.begin)))


# ── calls ────────────────────────────────────────────────────────────────


def calling(state: State, call: JSON, context: Context) -> tuple[State, tuple[JSON, ...]]:
    state = state._replace(tool=state.tool + 1, silent=True)
    given = call["function"]
    function = {"name": given["name"], "arguments": ""}
    if functional(context):
        first = chunk(state, context, {"function_call": function})
    else:
        named = {"index": state.tool, "id": call["id"], "type": "function", "function": function}
        first = chunk(state, context, {"tool_calls": [named]})
    state, rest = called(state, given.get("arguments"), context)
    return state, (first, *rest)


def called(state: State, arguments: str | None, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """A piece of a call's arguments. Empty ones say nothing: the first always is."""
    if not arguments:
        return state, ()
    if state.silent:
        state = state._replace(silent=False)
    if functional(context):
        return state, (chunk(state, context, {"function_call": {"arguments": arguments}}),)
    call = {"index": state.tool, "function": {"arguments": arguments}}
    return state, (chunk(state, context, {"tool_calls": [call]}),)


# ── the message around them ──────────────────────────────────────────────


def begun(state: State, event: JSON, context: Context) -> tuple[State, tuple[JSON, ...]]:
    if state.id:
        raise UpstreamError(f"{context.provider} began the message anew", code="upstream_stream_invalid")
    state = State(id=event.get("id") or context.id, citing=citing(context.request))
    return state, (chunk(state, context, {"role": "assistant", "content": ""}),)


def citing(request: Mapping[str, Any]) -> bool:
    """Whether the request gives the model anything to cite."""
    return request.get("documents") is not None or any(
        isinstance(message, dict) and message.get("role") == "tool"
        for message in request.get("messages") or ()
    )


def ended(state: State, told: JSON, context: Context) -> tuple[State, tuple[JSON, ...]]:
    reason = finish(told, state.tool >= 0, context)
    found = {"annotations": state.pages, "citations": state.notes}
    last = chunk(state, context, {name: [*each] for name, each in found.items() if each}, reason)
    state = state._replace(ended=True)
    if not context.strict:
        last = {**left(told), **last}
    counts = usage(told.get("usage"), context) if context.include_usage else None
    if counts is None:
        return state, (last,)
    return state, (last, {**chunk(state, context, {}), "choices": [], "usage": counts})
