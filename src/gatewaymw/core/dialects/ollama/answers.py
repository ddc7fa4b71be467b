"""Ollama's answers and streams, as OpenAI's (https://docs.ollama.com/api/chat, …/generate, …/streaming).

A line of a stream is an answer in small: what its message adds, and in the last, which is `done`, why it
ended and how many tokens it took. What OpenAI has no place for comes along where strictness is off.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ... import json
from ...errors import UpstreamError
from ...framing.ndjson import NDJSON
from ...model import Context, Stream
from ...values import JSON
from .. import openai
from ..calls import ended, functional
from ..history import THOUGHT

TOLD = frozenset({"model", "message", "response", "thinking", "done", "done_reason", "logprobs"})
"""The fields of an answer that are told in OpenAI's words."""


def answered(body: JSON, context: Context) -> JSON:
    """The chat completion of an answer. Raises UpstreamError where the body is none."""
    said = message_of(body, context)
    calls = calls_of(said, 0, context)
    made: JSON = {
        "role": "assistant",
        "content": said.get("content") or (None if calls else ""),
        "refusal": None,
    }
    made |= thoughts(said) | called(calls, context)
    choice = {"index": 0, "message": made, "logprobs": likelihoods(body)}
    choice["finish_reason"] = ended(reason_of(body), bool(calls), context)
    return whole(body, "chat.completion", choice, context)


def completed(body: JSON, context: Context) -> JSON:
    """The text completion of an answer. Raises UpstreamError where the body is none."""
    choice = {"index": 0, "text": text_of(body, context), "logprobs": None, "finish_reason": reason_of(body)}
    beside = {} if context.strict else thoughts(body)
    return whole(body, "text_completion", {**beside, **choice}, context)


def whole(body: JSON, object: str, choice: JSON, context: Context) -> JSON:
    told = {**identity(object, context), "choices": [choice], "usage": usage(body)}
    return told if context.strict else {**left(body), **told}


def identity(object: str, context: Context) -> JSON:
    return {"id": context.id, "object": object, "created": context.created, "model": context.model}


def left(body: JSON) -> JSON:
    return {name: value for name, value in body.items() if name not in TOLD and value is not None}


def message_of(body: Any, context: Context) -> JSON:
    said = body.get("message") if isinstance(body, dict) else None
    if not isinstance(said, dict):
        raise unanswered(body, context)
    return said


def text_of(body: Any, context: Context) -> str:
    said = body.get("response") if isinstance(body, dict) else None
    if not isinstance(said, str):
        raise unanswered(body, context)
    return said


def unanswered(body: Any, context: Context) -> UpstreamError:
    if isinstance(body, dict) and body.get("error"):
        return openai.fault_of(body["error"])
    return UpstreamError(f"{context.provider} answered with something that is no answer of a model")


def thoughts(said: JSON) -> JSON:
    return {THOUGHT: said["thinking"]} if said.get("thinking") else {}


def calls_of(said: JSON, begin: int, context: Context) -> list[JSON]:
    """The calls of a message, whose arguments are objects and whose ids older servers leave out."""
    return [call_of(call, begin + place, context) for place, call in enumerate(said.get("tool_calls") or ())]


def call_of(call: JSON, place: int, context: Context) -> JSON:
    function = call.get("function") or {}
    given = json.dumps(function.get("arguments") or {}).decode()
    named = {"name": str(function.get("name") or ""), "arguments": given}
    id = call.get("id")
    return {"id": str(id or f"call_{context.id}_{place}"), "type": "function", "function": named}


def called(calls: list[JSON], context: Context) -> JSON:
    if not calls:
        return {}
    return {"function_call": calls[0]["function"]} if functional(context) else {"tool_calls": calls}


def reason_of(body: JSON) -> str:
    return "length" if body.get("done_reason") == "length" else "stop"


def usage(body: JSON) -> JSON:
    """How many tokens it took. A prompt that was kept whole is not counted by some servers."""
    prompt, completion = count(body, "prompt_eval_count"), count(body, "eval_count")
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def count(body: JSON, name: str) -> int:
    value = body.get(name)
    return value if isinstance(value, int) else 0


def likelihoods(body: JSON) -> JSON | None:
    """Log probabilities, whose tokens have OpenAI's own shape."""
    items = body.get("logprobs")
    if not isinstance(items, list):
        return None
    return {"content": [{"bytes": None, "top_logprobs": [], **item} for item in items], "refusal": None}


# ── streams ──────────────────────────────────────────────────────────────


class State(NamedTuple):
    begun: bool = False
    calls: int = 0
    ended: bool = False


def chatted(state: State, line: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """Fold one line into the state; give the chunks it stands for. Raises UpstreamError for an error."""
    said = message_of(line, context)
    calls = calls_of(said, state.calls, context)
    delta = {} if state.begun else {"role": "assistant", "content": ""}
    delta |= {"content": said["content"]} if said.get("content") else {}
    delta |= thoughts(said) | numbered(calls, state.calls, context)
    state = State(True, state.calls + len(calls), bool(line.get("done")))
    reason = ended(reason_of(line), state.calls > 0, context) if state.ended else None
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    if likely := likelihoods(line):
        choice["logprobs"] = likely
    if not delta and not state.ended:
        return state, ()
    return state, chunks("chat.completion.chunk", line, choice, context)


def numbered(calls: list[JSON], begin: int, context: Context) -> JSON:
    if functional(context):
        return called(calls, context)
    told = [{"index": begin + place, **call} for place, call in enumerate(calls)]
    return {"tool_calls": told} if told else {}


def written(state: State, line: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """The same of a text. Raises UpstreamError for an error."""
    text = text_of(line, context)
    state = State(True, 0, bool(line.get("done")))
    beside = {} if context.strict else thoughts(line)
    reason = reason_of(line) if state.ended else None
    if not (text or beside or reason):
        return state, ()
    choice = {**beside, "index": 0, "text": text, "logprobs": None, "finish_reason": reason}
    return state, chunks("text_completion", line, choice, context)


def chunks(object: str, line: JSON, choice: JSON, context: Context) -> tuple[JSON, ...]:
    """A line's chunk; after the last line what it cost, where the client asked for it."""
    chunk = {**identity(object, context), "choices": [choice]}
    if choice["finish_reason"] is None:
        return (chunk,)
    chunk = chunk if context.strict else {**left(line), **chunk}
    if not context.include_usage:
        return (chunk,)
    return chunk, {**identity(object, context), "choices": [], "usage": usage(line)}


def is_over(state: State) -> bool:
    return state.ended


MESSAGES = Stream(start=State(), step=chatted, ended=is_over, framer=NDJSON)
COMPLETIONS = Stream(start=State(), step=written, ended=is_over, framer=NDJSON)
