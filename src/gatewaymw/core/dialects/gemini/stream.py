"""A stream of generated content, as OpenAI's chunks.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent: each event is an answer of
its own that holds what is new. A candidate has ended when it gives its reason, at the latest with the last
event; there is no other mark of the end. Counts of tokens are cumulative. Calls of functions come whole.

Where strictness is off, a delta also has `content_blocks`: `[{"index": 0, "delta": {…}}]`. The first delta of
an index is a block (see `blocks`), with its `type`; the strings `text` and `thinking` of the following are
to be appended. Calls of the client's functions are no such blocks: they are `tool_calls`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ...framing.array import JSONArray
from ...model import Context
from ...values import JSON, NOTHING
from ..calls import functional
from ..cousins import choicewise
from .blocks import block, pictured
from .citations import cited
from .errors import fault, said
from .response import (
    TOLD,
    TOLD_OF_EACH,
    candidates,
    finish,
    is_call,
    left,
    likelihoods,
    parts_of,
    place_of,
    refusal,
    sounding,
    tool_call,
)
from .tools import NAMES
from .usage import tier, usage


class Choice(NamedTuple):
    """What must be remembered of one candidate."""

    calls: int = 0
    images: int = 0
    heard: bool = False
    """Sound was told."""
    block: int = -1
    """The index of the latest block told."""
    open: str = ""
    """Its kind, where what comes next may add to it."""
    said: str = ""
    """The whole text, where it may cite pages: for the places of the citations."""
    beside: Mapping[str, Any] = NOTHING
    """What was said beside the content."""
    ended: bool = False


class State(NamedTuple):
    """What must be remembered between two events of one stream."""

    id: str = ""
    model: str = ""
    counts: Mapping[str, Any] = NOTHING
    choices: Mapping[int, Choice] = NOTHING
    searching: bool | None = None
    """The model may cite; None before the first event."""
    counted: bool = False
    """The usage has been told."""
    opened: int = 0
    """How many choices were begun, in order."""


FRESH = Choice()
MOST = 8
"""The most candidates that may be asked for (https://ai.google.dev/api/generate-content#GenerationConfig)."""


def step(state: State, event: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """Fold one event into the state; give the chunks it stands for. Raises UpstreamError for an error."""
    if isinstance(event, list):
        return each_of(state, event, context)
    if not isinstance(event, dict) or said(event):
        raise fault(event, context)
    state = noted(state, event, context)
    chunks: list[JSON] = []
    for index, candidate in enumerate(candidates(event)):
        place = place_of(candidate, index)
        state, openings = opened(state, place, context)
        chunks += openings
        mine, told = folded(state.choices.get(place), candidate, place, state, context)
        if mine.ended and told and told[-1]["choices"][0]["finish_reason"]:
            told[-1] |= tier(state.counts) | ({} if context.strict else left(event, TOLD))
        state = state._replace(choices={**state.choices, place: mine})
        chunks += told
    if context.include_usage and ended(state) and not (state.counted and "usageMetadata" not in event):
        state = state._replace(counted=True)
        chunks.append({**framed(state, context), "choices": [], "usage": usage(state.counts, context)})
    return state, tuple(chunks)


def each_of(state: State, events: list[Any], context: Context) -> tuple[State, tuple[JSON, ...]]:
    """Several events at once: as a rule an error, which Google wraps in a list."""
    chunks: tuple[JSON, ...] = ()
    for event in events:
        state, more = step(state, event, context)
        chunks += more
    return state, chunks


def ended(state: State) -> bool:
    return bool(state.choices) and all(choice.ended for choice in state.choices.values())


STREAM = choicewise(State(), step, ended, array=JSONArray)


# ── the frame ────────────────────────────────────────────────────────────


def noted(state: State, event: JSON, context: Context) -> State:
    """The state with what an event says of the whole. A count that is not told again stands."""
    if state.searching is None:
        state = state._replace(
            id=event.get("responseId") or context.id,
            model=event.get("modelVersion") or context.model,
            searching=searching(context.request),
        )
    counts = event.get("usageMetadata")
    return state._replace(counts={**state.counts, **counts}) if isinstance(counts, dict) else state


def searching(request: Mapping[str, Any]) -> bool:
    """Whether the request gives the model a tool of Google's own, whose findings it may cite."""
    tools = request.get("tools") or ()
    return request.get("web_search_options") is not None or any(
        isinstance(tool, dict) and (tool.get("type") != "function" or name_of(tool) in NAMES)
        for tool in tools
    )


def name_of(tool: JSON) -> str:
    function = tool.get("function")
    return str(function.get("name")) if isinstance(function, dict) else ""


def framed(state: State, context: Context) -> JSON:
    return {
        "id": state.id,
        "object": "chat.completion.chunk",
        "created": context.created,
        "model": state.model,
    }


# ── one candidate ────────────────────────────────────────────────────────


def opened(state: State, place: int, context: Context) -> tuple[State, list[JSON]]:
    """The chunks that begin a choice, and those before it: OpenAI's SDK needs them to begin in order, and
    Google's candidates come as they come."""
    if place < state.opened or place in state.choices:
        return state, []
    begun = range(state.opened, place + 1) if place < MOST else (place,)
    role = {"delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    chunks = [{**framed(state, context), "choices": [{"index": each, **role}]} for each in begun]
    return (state._replace(opened=place + 1) if place < MOST else state), chunks


def folded(
    mine: Choice | None, candidate: JSON, place: int, state: State, context: Context
) -> tuple[Choice, list[JSON]]:
    """One candidate's news: what is known of it then, and its chunks."""
    deltas: list[JSON] = []
    mine = mine or FRESH
    for part in parts_of(candidate):
        mine, delta = grown(mine, part, place, bool(state.searching), context)
        if delta:
            deltas.append(delta)
    if extra := left(candidate, TOLD_OF_EACH):
        mine = mine._replace(beside=merged(mine.beside, extra))
    choices: list[JSON] = [{"index": place, "delta": delta, "finish_reason": None} for delta in deltas]
    if candidate.get("finishReason") and not mine.ended:
        choices.append(last(mine, candidate, place, context))
        mine = mine._replace(ended=True)
    if likely := likelihoods(candidate.get("logprobsResult")):
        choices = choices or [{"index": place, "delta": {}, "finish_reason": None}]
        choices[-1]["logprobs"] = likely
    return mine, [{**framed(state, context), "choices": [choice]} for choice in choices]


def merged(old: Mapping[str, Any], new: JSON) -> JSON:
    """What is said beside the content, all events together: an empty word does not undo a full one."""
    out = dict(old)
    for name, value in new.items():
        before = out.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            out[name] = {**before, **value}
        else:
            out[name] = value or before
    return out


def last(mine: Choice, candidate: JSON, place: int, context: Context) -> JSON:
    """The choice that ends a candidate, with what is known of the whole only now."""
    whole = dict(mine.beside)
    delta: JSON = {"refusal": why} if not mine.calls and (why := refusal(whole)) else {}
    if mine.said and (pages := cited(whole, [mine.said])):
        delta["annotations"] = pages
    reason = finish(whole["finishReason"], bool(mine.calls), context)
    told = {"index": place, "delta": delta, "finish_reason": reason}
    return told if context.strict else {**whole, **told}


def grown(mine: Choice, part: JSON, place: int, searching: bool, context: Context) -> tuple[Choice, JSON]:
    """What one part adds: the delta, empty for a part that says nothing."""
    if is_call(part):
        return called(mine, part, place, context)
    text = part.get("text")
    delta: JSON = {}
    if isinstance(text, str) and text:
        if part.get("thought"):
            delta["reasoning_content"] = text
        else:
            delta["content"] = text
            mine = mine._replace(said=mine.said + text) if searching else mine
    elif url := "" if part.get("thought") else pictured(part):
        image = {"type": "image_url", "index": mine.images, "image_url": {"url": url}}
        delta["images"] = [image]
        mine = mine._replace(images=mine.images + 1)
    elif sounding(part):
        first = {} if mine.heard else {"id": context.id}  # clients append the strings of all pieces
        delta["audio"] = {**first, "data": str(part["inlineData"].get("data") or "")}
        mine = mine._replace(heard=True)
    return (mine, delta) if context.strict else blocked(mine, part, delta)


def called(mine: Choice, part: JSON, place: int, context: Context) -> tuple[Choice, JSON]:
    call = tool_call(part, place, mine.calls, context)
    number, mine = mine.calls, mine._replace(calls=mine.calls + 1, open="")
    if functional(context):
        return mine, {"function_call": call["function"]}
    return mine, {"tool_calls": [{"index": number, **call}]}


def blocked(mine: Choice, part: JSON, delta: JSON) -> tuple[Choice, JSON]:
    """The delta with the part as a block, or as what it adds to the one before.

    Parts with a signature stand by themselves: none of theirs may be joined with another's.
    """
    made = block(part)
    kind = made["type"]
    plain = kind in ("text", "thinking") and made.keys() == {"type", kind}
    if plain and not made[kind]:
        return mine, delta
    if plain and kind == mine.open:
        return mine, {**delta, "content_blocks": [{"index": mine.block, "delta": {kind: made[kind]}}]}
    mine = mine._replace(block=mine.block + 1, open=kind if plain else "")
    return mine, {**delta, "content_blocks": [{"index": mine.block, "delta": made}]}
