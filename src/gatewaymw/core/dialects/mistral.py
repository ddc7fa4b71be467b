"""Mistral's deviations from OpenAI's chat answers (https://docs.mistral.ai/api/endpoint/chat).

Its reasoning models answer with a list of chunks, thinking and text, where OpenAI has a string; its
tool calls may lack `type` and `index`; its streams tell usage with the last choice.
"""

from __future__ import annotations

import re
from typing import Any

from ..model import Codec, Context, Stream
from ..values import JSON
from .history import Manners
from .openai import Progress, complete, finished, progress

FINISH = finished({"model_length": "length"})
MANNERS = Manners(ids=re.compile(r"[a-zA-Z0-9]{9}"), length=9)
"""Ids of calls that are not its own are a 400 ("must be a-z, A-Z, 0-9, with a length of 9"):
https://mistralai.github.io/mistral-common/usage/tools/."""


def response(body: JSON, context: Context) -> JSON:
    """A whole answer. Raises UpstreamError where the model gave up on it."""
    return spoken(body, context, "message")


def step(state: Progress, event: Any, context: Context) -> tuple[Progress, tuple[JSON, ...]]:
    """One chunk, and after it the usage in a chunk of its own where the client asked for that."""
    chunk = spoken(event, context, "delta")
    state = progress(state, chunk)
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
    parts = chunk.get("thinking") or ()
    return parts if isinstance(parts, str) else "".join(part.get("text") or "" for part in parts)


CHAT = Codec(response=response, stream=Stream(start=Progress(), step=step, ended=complete))
