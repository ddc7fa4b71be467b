"""Oracle's stream of events, as OpenAI's chunks.

An event holds what a choice of a whole answer does, a piece of it at a time; the last of a choice has its
`finishReason`. Oracle documents the types only; what streams do besides is told by its own client
(https://github.com/oracle/langchain-oracle, libs/oci/langchain_oci/chat_models/providers): COHERE says all of
the text once more at the end, and perhaps the calls; a call of GENERIC may come in pieces, of which only the
first has an id, or each whole and without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from zlib import crc32

from ...model import Context
from ...values import JSON, NOTHING
from .. import openai
from ..calls import functional
from ..cousins import Progress, choicewise, complete, progress
from .response import Said, finish, left, likelihoods, made_id, name_of, read, usage, written


class Calls(NamedTuple):
    """The calls of one choice so far: how many, and at each place of an event's list the latest one."""

    made: int = 0
    latest: Mapping[int, tuple[int, str, str]] = NOTHING
    """Its number, its id at Oracle's, and name and arguments of one that came without."""


class State(NamedTuple):
    """What must be remembered between two events of one stream."""

    progress: Progress = Progress()
    calls: Mapping[int, Calls] = NOTHING
    size: int = 0
    check: int = 0
    """Of the text of COHERE: how many bytes there were, and their CRC-32."""
    usage: JSON | None = None
    counted: bool = False


Step = tuple[State, tuple[JSON, ...]]


def step(state: State, event: Any, context: Context) -> Step:
    """One event. Raises UpstreamError for one that is an error, and where the model failed."""
    if isinstance(event.get("message"), str):
        raise openai.fault_of(event)
    state, chunks = spoken(state, event, context)
    if (counts := usage(event.get("usage"))) is not None:
        state = state._replace(usage=counts)
    if state.usage and complete(state.progress) and context.include_usage and not state.counted:
        last = {**frame(context), "choices": [], "usage": state.usage}
        return state._replace(counted=True), (*chunks, last)
    return state, chunks


def spoken(state: State, event: JSON, context: Context) -> Step:
    """What an event says of its choice; nothing for one that only counts, or says nothing."""
    place = event.get("index") or 0
    said = read(event)
    if "text" in event:
        state, said = anew(state, said, bool(event.get("finishReason")))
    delta = {} if place in state.progress.begun else {"role": "assistant"}
    delta |= {name: value for name, value in told(said).items() if value}
    state, calls = calling(state, said.calls, place, context)
    if calls:
        delta |= calls
    reason = None
    if event.get("finishReason"):
        reason = finish(event, bool(state.calls.get(place)), context)
    if not reason and not delta.keys() - {"role"}:
        return state, ()
    choice: JSON = {"index": place, "delta": delta, "logprobs": likelihoods(event.get("logprobs"))}
    chunk = {**frame(context), "choices": [{**choice, "finish_reason": reason}]}
    state = state._replace(progress=progress(state.progress, chunk))
    return state, (chunk if context.strict else {**left(event), **chunk},)


def told(said: Said) -> JSON:
    return {
        "content": said.text,
        "reasoning_content": said.thought,
        "refusal": said.refusal,
        "annotations": [*said.pages],
    }


def anew(state: State, said: Said, last: bool) -> tuple[State, Said]:
    """What the text of COHERE adds to the text before: at the end all of it is said once more."""
    text = said.text.encode(errors="surrogatepass")
    if last and crc32(text[: state.size]) == state.check and len(text) >= state.size:
        return state, said._replace(text=text[state.size :].decode(errors="surrogatepass"))
    return state._replace(size=state.size + len(text), check=crc32(text, state.check)), said


def frame(context: Context) -> JSON:
    return {
        "id": context.answer.get("opc-request-id") or context.id,
        "object": "chat.completion.chunk",
        "created": context.created,
        "model": context.model,
    }


# ── calls ────────────────────────────────────────────────────────────────


def calling(state: State, given: tuple[JSON, ...], place: int, context: Context) -> tuple[State, JSON]:
    """What an event says of calls."""
    known, pieces = state.calls.get(place, Calls()), []
    for number, call in enumerate(given):
        known, piece = pieced(known, number, call, place, context)
        pieces += [piece] if piece else []
    if not pieces:
        return state, {}
    state = state._replace(calls={**state.calls, place: known})
    if functional(context):
        first = [piece["function"] for piece in pieces if not piece["index"]]
        return state, {"function_call": first[0]} if first else {}
    return state, {"tool_calls": pieces}


def pieced(known: Calls, number: int, call: JSON, place: int, context: Context) -> tuple[Calls, JSON | None]:
    """A call that begins, or a piece of the one that was at its place in the list before; None for one that
    was told already."""
    id, name, text = str(call.get("id") or ""), name_of(call), written(call)
    whole = "" if id else f"{name} {text}"
    before = known.latest.get(number)
    if before and not id and name and before[2] == whole:
        return known, None
    if before and (id == before[1] if id else not name):
        return known, {"index": before[0], "function": {"arguments": text}}
    index = known.made
    latest = {**known.latest, number: (index, id, whole)}
    function = {"name": name, "arguments": text}
    told = {"index": index, "id": id or made_id(place, index, context), "type": "function"}
    return Calls(index + 1, latest), {**told, "function": function}


def ended(state: State) -> bool:
    return complete(state.progress)


STREAM = choicewise(State(), step, ended)
