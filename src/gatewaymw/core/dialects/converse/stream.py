"""Amazon's ConverseStream, as OpenAI's chunks.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html and
https://platform.openai.com/docs/api-reference/chat-streaming. `messageStart` opens a message; each content
block grows by deltas and stops, and one that is no text also starts; `messageStop` tells why it ended, and
`metadata`, as a rule after that, what it cost. Exceptions are messages of another kind.

Where strictness is off, a delta also has `content_blocks`, of which a client can make the blocks again, to
send them back: `[{"index": 0, "delta": {…}}]`. What a delta holds is to be put into the block of its index:
strings are appended (`text`, the texts and signatures of `reasoningContent`, and `toolUse.input`, whose whole
is the JSON of the input), lists put together by the `index` of what they hold (`toolResult.content`), and
`citations`, lists too, make the block a `citationsContent`. Calls of the client's tools are no such blocks:
they are `tool_calls`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ... import json
from ...errors import UpstreamError
from ...framing.base import Frame
from ...framing.eventstream import EventStream
from ...model import Context, Stream
from ...values import JSON, NOTHING
from ..calls import functional
from ..media import joined
from .errors import fault
from .pictures import Picture, drawn, grown_by, seen
from .response import annotation, finish, left, tier, usage

CUT = "exception"
"""What an exception or error is told as, whatever its name."""


class State(NamedTuple):
    """What must be remembered between two events of one stream."""

    begun: bool = False
    tool: int = -1
    """The index of the client's latest tool call."""
    calling: bool = False
    """The open block is a call of the client's tool."""
    argued: bool = False
    """Arguments came for it."""
    picture: Picture = Picture()
    images: int = 0
    counts: Mapping[str, Any] = NOTHING
    """What `metadata` said before the message had stopped."""
    ended: bool = False
    over: bool = False
    """All was said that is expected."""
    searching: bool = False
    """The model may cite the web: then what it says is measured, for the places of the citations."""
    said: int = 0
    begin: int = 0
    """Where the latest block of text begins, and where the latest that is closed ended."""
    edge: int = 0
    cited: tuple[Any, ...] = ()
    noted: int = 0
    """How much of the open block's lists was told."""
    pages: tuple[JSON, ...] = ()
    """The annotations so far. OpenAI's clients take a list without indexes only once: it comes at the end."""


Step = tuple[State, tuple[JSON, ...]]


def decode(frame: Frame) -> JSON:
    """An event by its name, or the exception that a message is."""
    payload = json.loads(frame.data) if frame.data else {}
    if isinstance(payload, dict):
        payload.pop("p", None)  # padding, so that lengths tell nothing to who listens
    if frame.kind in ("exception", "error"):
        return {CUT: payload, "name": frame.event}
    return {frame.event: payload}


def step(state: State, event: Any, context: Context) -> Step:
    """Fold one event into the state; give the chunks it stands for. After the end nothing counts but costs.

    Raises UpstreamError for an exception, and for a message that begins anew before it ended: what was
    sent of it cannot be taken back.
    """
    if "contentBlockDelta" in event and not state.ended:
        return grown(state, event["contentBlockDelta"], context)
    if state.over:
        return state, ()
    if "metadata" in event:
        return accounted(state, event["metadata"], context)
    if state.ended:
        return state, ()
    if CUT in event:
        raise fault(event["name"], event[CUT], context)
    if "contentBlockStop" in event:
        return closed(state, event["contentBlockStop"], context)
    if "contentBlockStart" in event:
        return opened(state, event["contentBlockStart"], context)
    if "messageStart" in event:
        return begun(state, context)
    if "messageStop" in event:
        return stopped(state, event["messageStop"], context)
    return state, ()


def ended_well(state: State) -> bool:
    return state.ended


STREAM = Stream(start=State(), step=step, ended=ended_well, framer=EventStream, decode=decode)


def chunk(context: Context, delta: JSON, reason: str | None = None) -> JSON:
    return {
        "id": context.id,
        "object": "chat.completion.chunk",
        "created": context.created,
        "model": context.model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
    }


def aside(event: JSON, delta: JSON, context: Context) -> JSON:
    """What a delta says beyond OpenAI's fields, where strictness is off."""
    return (
        {}
        if context.strict
        else {"content_blocks": [{"index": event.get("contentBlockIndex"), "delta": delta}]}
    )


# ── blocks ───────────────────────────────────────────────────────────────


def grown(state: State, event: JSON, context: Context) -> Step:
    delta = event["delta"]
    text = delta.get("text")
    if text is not None:
        if not text:
            return state, ()
        if state.searching:
            state = state._replace(said=state.said + len(text))
        return state, (chunk(context, {"content": text} | aside(event, {"text": text}, context)),)
    if "toolUse" in delta and state.calling:
        return called(state, delta["toolUse"].get("input") or "", context)
    made: JSON = {}
    if "reasoningContent" in delta:
        delta = thought(delta["reasoningContent"])
        spoken = delta["reasoningContent"].get("reasoningText", {}).get("text")
        made = {"reasoning_content": spoken} if spoken else {}
    elif piece := drawn(delta.get("image")):
        return state._replace(picture=grown_by(piece, state.picture, context)), ()
    elif "citation" in delta and state.searching:
        state = state._replace(cited=(*state.cited, delta["citation"]))
    if not context.strict:
        state, delta = listed(state, delta)
    made |= aside(event, delta, context)
    return state, (chunk(context, made),) if made else ()


def listed(state: State, delta: JSON) -> tuple[State, JSON]:
    """A delta as it is told where strictness is off: what goes into a list of the block is numbered, by which
    a client puts it together."""
    if "citation" in delta:
        note = {"index": state.noted, **delta["citation"]}
        return state._replace(noted=state.noted + 1), {"citations": [note]}
    if "toolResult" not in delta:
        return state, delta
    given = [{"index": index, **each} for index, each in enumerate(delta["toolResult"], state.noted)]
    return state._replace(noted=state.noted + len(given)), {"toolResult": {"content": given}}


def thought(delta: JSON) -> JSON:
    """A piece of a thought, where it belongs in the block."""
    if "redactedContent" in delta:
        return {"reasoningContent": {"redactedContent": delta["redactedContent"]}}
    return {"reasoningContent": {"reasoningText": dict(delta)}}


def opened(state: State, event: JSON, context: Context) -> Step:
    """A block begins that is no text: a call, or what a tool of the model's maker gave."""
    start = event["start"]
    use = start.get("toolUse")
    if use is not None and use.get("type") != "server_tool_use":
        return calling(state, use, context)
    if use is not None:
        start = {"toolUse": {**use, "input": ""}}
    if "image" in start:
        state = state._replace(picture=Picture(start["image"]["format"]))
    state = state._replace(calling=False)
    made = aside(event, start, context)
    return state, (chunk(context, made),) if made else ()


def calling(state: State, use: JSON, context: Context) -> Step:
    state = state._replace(tool=state.tool + 1, calling=True, argued=False)
    function = {"name": use["name"], "arguments": ""}
    if functional(context):
        return state, (chunk(context, {"function_call": function}),)
    call = {"index": state.tool, "id": use["toolUseId"], "type": "function", "function": function}
    return state, (chunk(context, {"tool_calls": [call]}),)


def called(state: State, arguments: str, context: Context) -> Step:
    """A piece of a call's arguments. Empty ones say nothing."""
    if not arguments:
        return state, ()
    if not state.argued:
        state = state._replace(argued=True)
    if functional(context):
        return state, (chunk(context, {"function_call": {"arguments": arguments}}),)
    call = {"index": state.tool, "function": {"arguments": arguments}}
    return state, (chunk(context, {"tool_calls": [call]}),)


def whole(state: State, event: JSON, context: Context) -> Step:
    form, pieces, _ = state.picture
    data = pieces[0] if len(pieces) == 1 else joined(pieces)
    made = {"images": [seen(form, data, state.images)]}
    made |= aside(event, {"image": {"source": {"bytes": data}}}, context)
    return state._replace(picture=Picture(), images=state.images + 1), (chunk(context, made),)


def closed(state: State, event: JSON, context: Context) -> Step:
    """A block ends: a call that no arguments came for has none, an image is told, and the citations have
    their places."""
    if state.noted:
        state = state._replace(noted=0)
    if state.picture.pieces:
        return whole(state, event, context)
    chunks: tuple[JSON, ...] = ()
    if state.calling and not state.argued:
        state, chunks = called(state, "{}", context)
    if state.calling:
        return state._replace(calling=False), chunks
    if not state.searching:
        return state, ()
    # A block without text cites for that before it.
    begin = state.edge if state.said > state.edge else state.begin
    found = [made for each in state.cited for made in annotation(each, begin, state.said)]
    return state._replace(cited=(), begin=begin, edge=state.said, pages=(*state.pages, *found)), ()


# ── the message around them ──────────────────────────────────────────────


def begun(state: State, context: Context) -> Step:
    if state.begun:
        raise UpstreamError(f"{context.provider} began the message anew", code="upstream_stream_invalid")
    state = state._replace(begun=True, searching=searching(context.request))
    return state, (chunk(context, {"role": "assistant", "content": ""}),)


def searching(request: Mapping[str, Any]) -> bool:
    """Whether the request lets the model search the web."""
    return request.get("web_search_options") is not None or any(
        isinstance(tool, dict) and "systemTool" in tool for tool in request.get("tools") or ()
    )


def stopped(state: State, event: JSON, context: Context) -> Step:
    """The message is over. Its cost comes after it, or came before."""
    reason = finish(event.get("stopReason"), state.tool >= 0, context)
    last = chunk(context, {"annotations": [*state.pages]} if state.pages else {}, reason)
    if not context.strict:
        last = {**left(event), **last}
    state = state._replace(ended=True)
    if state.counts is NOTHING:
        return state, (last,)
    state, chunks = accounted(state, state.counts, context)
    return state, (last, *chunks)


def accounted(state: State, event: Mapping[str, Any], context: Context) -> Step:
    """What the message cost: kept until it has ended, then the last chunk, where there is one to be."""
    if not state.ended:
        return state._replace(counts=event), ()
    made: JSON = tier(event)
    if not context.strict:
        made = {**left(event), **made}
    state = state._replace(over=True)
    if context.include_usage:
        counts = usage(event.get("usage"), context)
        return state, ({**chunk(context, {}), "choices": [], **made, "usage": counts},)
    # Who did not ask for usage looks into the first of `choices` of each chunk.
    return state, ({**chunk(context, {}), **made},) if made and not context.strict else ()
