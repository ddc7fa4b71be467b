"""Snowflake Cortex: OpenAI's chats with empty words where OpenAI has none, and embeddings of its own.

https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api and
…/developer-guide/snowflake-rest-api/cortex-embed/cortex-embed-introduction. Its answers fill each field of
OpenAI's with an empty value (`"finish_reason": ""`, a `function_call` without a name), which clients take for
something said; its streams of some models never say why a choice ended. Both are as recorded
(https://github.com/pydantic/pydantic-ai, tests/models/cassettes/test_snowflake).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..framing.base import Frame
from ..model import Codec, Context, Encoded, decode_json
from ..values import JSON
from .cousins import Progress, checked, choicewise, complete, progress
from .embedding import MODEL, asked
from .history import PLAIN, THOUGHT, mannered
from .told import identified
from .vectors import listing

DETAILS = "reasoning_details"


def base(options: Mapping[str, str]) -> str:
    """Where an account is. Its name may hold underscores, which no host name does: Snowflake answers to
    hyphens in their place (https://docs.snowflake.com/en/user-guide/admin-account-identifier)."""
    account = options["snowflake_account"].replace("_", "-")
    return f"https://{account}.snowflakecomputing.com/api/v2/cortex"


# ── requests ─────────────────────────────────────────────────────────────


def request(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request with its thoughts once: what was told of `reasoning_details` in words does not go back
    beside them."""
    mild = mannered(body, PLAIN)
    given = mild.body.get("messages")
    if not isinstance(given, list) or not any(doubled(each) for each in given):
        return mild
    return Encoded({**mild.body, "messages": [once(each) for each in given]}, mild.dropped)


def doubled(message: Any) -> bool:
    return isinstance(message, dict) and bool(message.get(DETAILS)) and THOUGHT in message


def once(message: Any) -> Any:
    if not doubled(message):
        return message
    return {name: value for name, value in message.items() if name != THOUGHT}


# ── answers ──────────────────────────────────────────────────────────────

HOLLOW = ("function_call", "audio", "custom", "id", "service_tier", "system_fingerprint")
"""Fields that OpenAI leaves out where there is nothing in them."""


def hollow(value: Any) -> bool:
    """Whether a value says nothing, however many empty fields it has."""
    if isinstance(value, dict):
        return all(hollow(each) for each in value.values())
    return value in ("", None, 0, [])


def solid(told: JSON) -> JSON:
    """An object without its hollow fields."""
    return {name: value for name, value in told.items() if name not in HOLLOW or not hollow(value)}


def spoken(turn: JSON | None) -> JSON:
    """A message or a delta. Its thoughts are told as others tell theirs, too."""
    told = solid(turn or {})
    if told.get("refusal") == "":
        told["refusal"] = None
    if told.get("tool_calls"):
        told["tool_calls"] = [solid(call) for call in told["tool_calls"]]
    thought = "".join(str(each.get("text") or "") for each in told.get(DETAILS) or ())
    return {**told, THOUGHT: thought} if thought and THOUGHT not in told else told


def response(body: JSON, context: Context) -> JSON:
    """A whole answer. Raises UpstreamError where it is none."""
    told = checked(body, context)
    choices = []
    for choice in told["choices"]:
        message = spoken(choice.get("message"))
        reason = choice.get("finish_reason") or ending(message.get("tool_calls"), told.get("usage"), context)
        choices.append({**choice, "message": message, "finish_reason": reason})
    return {**identified(solid(told), "chat.completion", context), "choices": choices}


def ending(called: Any, usage: Any, context: Context) -> str:
    """Why a choice ended that does not say so: by its calls, or by how many tokens it took."""
    if called:
        return "tool_calls"
    asked = context.request
    most = asked.get("max_completion_tokens") or asked.get("max_tokens")
    taken = usage.get("completion_tokens") if isinstance(usage, dict) else None
    full = isinstance(most, int) and isinstance(taken, int) and taken >= most
    return "length" if full else "stop"


# ── streams ──────────────────────────────────────────────────────────────


class State(NamedTuple):
    """How far a stream is, and which choices called a tool."""

    progress: Progress = Progress()
    called: frozenset[int] = frozenset()


END: JSON = {"done": True}


def decode(frame: Frame) -> Any:
    """The end is an event here: it may be all there is to tell that a choice has ended."""
    return END if frame.data == b"[DONE]" else decode_json(frame)


def step(state: State, event: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """One chunk; before the counts, or else at the end, why those ended that did not say so."""
    if event is END:
        return closed(state, None, context)
    chunk = identified({**solid(checked(event, context)), "created": 0}, "chat.completion.chunk", context)
    chunk["created"] = event.get("created") or context.created
    choices = [heard(choice) for choice in event.get("choices") or ()]
    called = {choice["index"] for choice in choices if choice["delta"].get("tool_calls")}
    state = State(progress(state.progress, {"choices": choices}), state.called | called)
    if choices:
        return state, ({**chunk, "choices": choices},)
    state, ends = closed(state, event.get("usage"), context)
    return state, (*ends, {**chunk, "choices": []}) if context.include_usage else ends


def heard(choice: JSON) -> JSON:
    index, reason = choice.get("index") or 0, choice.get("finish_reason") or None
    return {**choice, "index": index, "delta": spoken(choice.get("delta")), "finish_reason": reason}


def closed(state: State, usage: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """The ends of all choices that are open still."""
    open = sorted(state.progress.begun - state.progress.ended)
    ends = tuple(
        {
            **identified({}, "chat.completion.chunk", context),
            "choices": [
                {"index": index, "delta": {}, "finish_reason": ending(index in state.called, usage, context)}
            ],
        }
        for index in open
    )
    return state._replace(progress=state.progress._replace(ended=state.progress.begun)), ends


def ended(state: State) -> bool:
    return complete(state.progress)


STREAM = choicewise(State(), step, ended, decode=decode)
CHAT = Codec(request=request, response=response, stream=STREAM)

# ── embeddings ───────────────────────────────────────────────────────────


def embedding(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to embed, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    return asked(body, MODEL, "text")


def embedded(body: JSON, context: Context) -> JSON:
    """OpenAI's list of embeddings: Cortex puts each vector into a list of its own.

    Raises UpstreamError where the body holds none."""
    counts = body.get("usage") or {}
    rows = [each["embedding"] for each in body["data"]]
    vectors = [row[0] if row and isinstance(row[0], list) else row for row in rows]
    return listing(vectors, counts.get("total_tokens") or 0, context)


EMBED = Codec(request=embedding, response=embedded)
