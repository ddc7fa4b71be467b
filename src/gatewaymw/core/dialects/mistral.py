"""Mistral's deviations from OpenAI's chat answers (https://docs.mistral.ai/api/endpoint/chat).

Its reasoning models answer with a list of chunks, thinking and text, where OpenAI has a string; its
tool calls may lack `type` and `index`; its streams tell usage with the last choice.

Where strictness is off, the chunks come along as `content_blocks`, and go back as content
(https://docs.mistral.ai/capabilities/reasoning). A stream tells them as `[{"index": 0, "delta": {…}}]`: in
the deltas of one index strings are appended, and the parts of `thinking` are put together by their `index`.
Text that comes as a string is no block.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..model import Codec, Context
from ..values import JSON, NOTHING
from .cousins import Progress, choicewise, complete, finished, progress
from .history import OURS, THOUGHT, Manners
from .history import told as blocks_of

FINISH = finished({"model_length": "length"})


class State(NamedTuple):
    """How far a stream is, and of each choice the latest block told: its index, and its kind where what comes
    next may add to it."""

    progress: Progress = Progress()
    latest: Mapping[int, tuple[int, str]] = NOTHING


def response(body: JSON, context: Context) -> JSON:
    """A whole answer. Raises UpstreamError where the model gave up on it."""
    return spoken(body, context, "message")


def step(state: State, event: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """One chunk, and after it the usage in a chunk of its own where the client asked for that."""
    chunk = spoken(event, context, "delta")
    if not context.strict:
        state, chunk = numbered_blocks(state, chunk)
    state = state._replace(progress=progress(state.progress, chunk))
    if not (context.include_usage and chunk.get("usage") and chunk.get("choices")):
        return state, (chunk,)
    usage = {**chunk, "choices": []}
    return state, ({name: value for name, value in chunk.items() if name != "usage"}, usage)


def spoken(body: JSON, context: Context, where: str) -> JSON:
    """A body with all its choices in OpenAI's shape; most chunks are so already."""
    body = FINISH(body, context)
    choices = [choice_of(choice, context, where) for choice in body.get("choices") or ()]
    return {**body, "choices": choices} if choices else body


def choice_of(choice: JSON, context: Context, where: str) -> JSON:
    turn: JSON = choice.get(where) or {}
    calls, content = turn.get("tool_calls"), turn.get("content")
    if not calls and not isinstance(content, list):
        return choice
    turn = dict(turn)
    if calls:
        number = numbered if where == "delta" else plain
        turn["tool_calls"] = [number(call, index) for index, call in enumerate(calls)]
    if isinstance(content, list):
        turn |= told(content, context)
    return {**choice, where: turn}


def numbered(call: JSON, index: int) -> JSON:
    """A stream's tool call: a client puts its pieces together by `index`."""
    own = call.get("index")
    kept = {**call, "index": index if own is None else own}
    return {**kept, "type": "function"} if call.get("id") else kept


def plain(call: JSON, index: int) -> JSON:
    return {**call, "type": call.get("type") or "function"}


def told(content: list[JSON], context: Context) -> JSON:
    """Text as OpenAI's string, thinking as `reasoning_content`; where strictness is off, all there was."""
    text = "".join(chunk.get("text") or "" for chunk in content if chunk.get("type") == "text")
    thought = "".join(thinking(chunk) for chunk in content if chunk.get("type") == "thinking")
    out: JSON = {"content": text}
    if thought:
        out["reasoning_content"] = thought
    return out if context.strict else {**out, "content_blocks": content}


def thinking(chunk: JSON) -> str:
    return "".join(part.get("text") or "" for part in parts_of(chunk))


def parts_of(chunk: JSON) -> list[JSON]:
    """What a thinking chunk is made of."""
    parts = chunk.get("thinking") or []
    return [{"type": "text", "text": parts}] if isinstance(parts, str) else parts


def ended(state: State) -> bool:
    return complete(state.progress)


CHAT = Codec(response=response, stream=choicewise(State(), step, ended))

# ── blocks of a stream ───────────────────────────────────────────────────


def numbered_blocks(state: State, chunk: JSON) -> tuple[State, JSON]:
    """A chunk with its blocks as pieces, by which a client puts the whole ones together."""
    choices: list[JSON] = []
    for choice in chunk.get("choices") or ():
        delta: JSON = choice.get("delta") or {}
        if given := delta.get("content_blocks"):
            place = choice.get("index") or 0
            latest, pieces = state.latest.get(place, (-1, "")), []
            for each in given:
                latest, piece = pieced(latest, each)
                pieces.append(piece)
            state = state._replace(latest={**state.latest, place: latest})
            choice = {**choice, "delta": {**delta, "content_blocks": pieces}}
        choices.append(choice)
    return state, {**chunk, "choices": choices} if choices else chunk


def pieced(latest: tuple[int, str], block: JSON) -> tuple[tuple[int, str], JSON]:
    """A chunk of the content, as what it adds to the block before, or as the next. Only text is added to."""
    index, open = latest
    kind, parts = str(block.get("type")), parts_of(block)
    plain = kind == "text" or (kind == "thinking" and all(part.get("type") == "text" for part in parts))
    index = index if plain and kind == open else index + 1
    if kind == "thinking":
        parts = [{"type": "text", "text": thinking(block)}] if plain else parts
        block = {"type": kind, "thinking": [{"index": n, **part} for n, part in enumerate(parts)]}
    return (index, kind if plain else ""), {"index": index, "delta": block}


# ── and back ─────────────────────────────────────────────────────────────


def own(message: JSON) -> Any:
    """The content of an earlier turn of Mistral's own: its chunks, and what else was said. None where the
    blocks are not Mistral's, whose thoughts are lists. Raises BadRequest."""
    blocks = [block for _, block in blocks_of(message["content_blocks"], "messages[].content_blocks")]
    if not any(is_own(block) for block in blocks):
        return None
    content = message.get("content")
    said = "".join(str(block.get("text") or "") for block in blocks if block.get("type") == "text")
    if isinstance(content, str) and content != said:
        blocks = [block for block in blocks if block.get("type") != "text"]
        blocks += [{"type": "text", "text": content}] if content else []
    return blocks


def is_own(block: Mapping[str, Any]) -> bool:
    kind = block.get("type")
    return kind == "reference" or (kind == "thinking" and isinstance(block.get("thinking"), list))


MANNERS = Manners(gone=OURS | {THOUGHT}, ids=re.compile(r"[a-zA-Z0-9]{9}"), length=9, own=own)
"""Ids of calls that are not its own are a 400 ("must be a-z, A-Z, 0-9, with a length of 9"):
https://mistralai.github.io/mistral-common/usage/tools/."""
