"""Sber's GigaChat: OpenAI's chats as they were when there were functions, one call at a time.

https://developers.sber.ru/docs/ru/gigachat/api/reference/rest/post-chat, …/post-embeddings and
…/gigachat/api/function-calling; Sber's own SDK (https://pypi.org/project/gigachat/) has the same types. A
call has an object of arguments and no id: what tells it apart is the `functions_state_id` of its message,
which is the id of the call here, and goes back to where it came from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import json
from ..errors import BadRequest, Unsupported
from ..model import Codec, Context, Encoded
from ..values import JSON
from .calls import functional, named
from .cohere.tools import chosen, left, offer
from .cousins import Progress, choicewise, complete, finished, progress
from .embedding import MODEL, asked
from .fields import Field, array, mapping, pick, table, text, unheard, whole, wrong
from .told import identified
from .vectors import listing

# ── requests ─────────────────────────────────────────────────────────────

FIELDS = table(
    *("model", "temperature", "top_p", "n", "stream", "repetition_penalty", "update_interval"),
    *("profanity_check", "function_ranker", "flags", "storage", "reasoning_effort"),
    max_tokens=Field("max_tokens", lambda value: whole(value, "max_tokens")),
    max_completion_tokens=Field("max_tokens", lambda value: whole(value, "max_completion_tokens")),
)
KNOWN = frozenset(
    {*FIELDS, "messages", "stream_options", "tools", "tool_choice", "functions", "function_call"}
    | {"response_format", "parallel_tool_calls"}
)
"""One call at a time is all there is: who asks for no more loses nothing."""
ROLES: Mapping[str, str] = {"developer": "system", "tool": "function"}
OWN = ("functions_state_id", "attachments")
"""What a message may have of Sber's own."""
STATE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What Sber's ids look like."""


class Called(NamedTuple):
    """A call of an earlier turn."""

    id: str
    name: str
    made: JSON


def request(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to a chat, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    lost: list[str] = []
    out = pick(body, FIELDS)
    text(out.get("model"), "model")
    out["messages"] = conversation(body.get("messages"), lost)
    out |= functions(body, lost) | answer_format(body)
    return Encoded(out, tuple(dict.fromkeys(lost + unheard(body, KNOWN))))


def conversation(value: Any, lost: list[str]) -> list[JSON]:
    """The messages. Of a turn with several calls each is a turn of its own, followed by its result.

    Raises BadRequest, Unsupported."""
    told: list[list[JSON]] = []
    by_id: dict[str, tuple[str, list[JSON]]] = {}
    for index, each in enumerate(array(value, "messages")):
        path, message = f"messages[{index}]", mapping(each, f"messages[{index}]")
        role = text(message.get("role"), f"{path}.role")
        if role in ("tool", "function"):
            name, turns = call_of(message, role, path, by_id)
            turns.append({"role": "function", "name": name, "content": result(message, path)})
            continue
        first = said(message, role, path, lost)
        calls = calls_of(message, path)
        told += [[first | call.made] for call in calls[:1]] or [[first]]
        told += [[{"role": first["role"], "content": "", **call.made}] for call in calls[1:]]
        new = told[-len(calls) :] if calls else []
        by_id |= {call.id: (call.name, turns) for call, turns in zip(calls, new, strict=True)}
    return [turn for turns in told for turn in turns]


def call_of(
    message: Mapping[str, Any], role: str, path: str, by_id: Mapping[str, tuple[str, list[JSON]]]
) -> tuple[str, list[JSON]]:
    """The call that a result is of: its name, and its turn. Raises BadRequest."""
    where = f"{path}.tool_call_id" if role == "tool" else f"{path}.name"
    wanted = text(message.get("tool_call_id" if role == "tool" else "name"), where)
    found = [each for id, each in by_id.items() if wanted == (id if role == "tool" else each[0])]
    if not found:
        raise BadRequest(f"{where} must be that of a call of one of the messages before", param=where)
    return found[-1]


def said(message: Mapping[str, Any], role: str, path: str, lost: list[str]) -> JSON:
    lost += [f"messages[].{name}" for name in ("name", "audio") if message.get(name) is not None]
    made: JSON = {"role": ROLES.get(role, role), "content": words(message, path)}
    return made | {name: message[name] for name in OWN if message.get(name) is not None}


def words(message: Mapping[str, Any], path: str) -> str:
    """The text of a message: files are stored before they are spoken of. Raises BadRequest, Unsupported."""
    given, refusal = message.get("content"), message.get("refusal")
    if given is None:
        return "" if refusal is None else text(refusal, f"{path}.refusal")
    if isinstance(given, str):
        return given
    if not isinstance(given, list):
        raise wrong(given, f"{path}.content", "a string or an array of parts")
    told: list[str] = []
    for index, each in enumerate(given):
        where = f"{path}.content[{index}]"
        part = mapping(each, where)
        kind = part.get("type")
        if kind not in ("text", "refusal"):
            raise Unsupported(
                f"{where}: GigaChat reads text; files are stored with it first, and named in the message's"
                " attachments",
                param=f"{where}.{kind}",
            )
        told.append(text(part.get(kind), f"{where}.{kind}"))
    return "".join(told)


def result(message: Mapping[str, Any], path: str) -> str:
    """What a function said, which must be JSON."""
    given = words(message, path)
    try:
        json.loads(given)
    except ValueError:
        return json.dumps(given).decode()
    return given


def calls_of(message: Mapping[str, Any], path: str) -> list[Called]:
    """The calls of a turn. Raises BadRequest."""
    calls: list[Called] = []
    for index, each in enumerate(array(message.get("tool_calls") or [], f"{path}.tool_calls")):
        where = f"{path}.tool_calls[{index}]"
        spec = mapping(each, where)
        name, given = named(spec, where)
        calls.append(calling(text(spec.get("id"), f"{where}.id"), name, given, message))
    if message.get("function_call") is not None:
        where = f"{path}.function_call"
        name, given = named({"function": message["function_call"]}, where)
        calls.append(calling(where, name, given, message))
    return calls


def calling(id: str, name: str, given: Mapping[str, Any], message: Mapping[str, Any]) -> Called:
    made: JSON = {"function_call": {"name": name, "arguments": dict(given)}}
    if STATE.fullmatch(id) and message.get("functions_state_id") is None:
        made["functions_state_id"] = id
    return Called(id, name, made)


# ── functions ────────────────────────────────────────────────────────────


def functions(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """`functions` and `function_call`. It can be told which to call, or none, but not that it must call one
    of several. Raises BadRequest."""
    must, names = chosen(body)
    offered = offer(body, lost)
    lost += [f"{tool.path}.strict" for tool in offered if tool.strict]
    offered = left(offered, names)
    if must == "REQUIRED" and len(offered) != 1:
        lost.append("tool_choice")
    if not offered:
        return {}
    made: JSON = {"functions": [tool.made["function"] for tool in offered]}
    if must == "NONE":
        return {**made, "function_call": "none"}
    if must == "REQUIRED" and len(offered) == 1:
        return {**made, "function_call": {"name": offered[0].name}}
    return {**made, "function_call": "auto"}


def answer_format(body: Mapping[str, Any]) -> JSON:
    """A schema stands beside its type at Sber's. Raises BadRequest."""
    value = body.get("response_format")
    if value is None:
        return {}
    spec = mapping(value, "response_format")
    if spec.get("type") != "json_schema" or "json_schema" not in spec:
        return {} if spec.get("type") == "text" else {"response_format": dict(spec)}
    inner = mapping(spec["json_schema"], "response_format.json_schema")
    kept = {name: inner[name] for name in ("schema", "strict") if inner.get(name) is not None}
    return {"response_format": {"type": "json_schema", **kept}}


# ── answers ──────────────────────────────────────────────────────────────

ended = finished({"blacklist": "content_filter"})
"""The question or the answer is about what GigaChat does not talk of."""


def response(body: JSON, context: Context) -> JSON:
    """A whole answer. Raises UpstreamError where the model gave up on it."""
    told = ended(body, context)
    choices = [
        {**choice, "message": spoken(choice["message"], choice.get("index") or 0, context)}
        for choice in told["choices"]
    ]
    return {**framed(told, "chat.completion", context), "choices": [reasoned(each) for each in choices]}


def spoken(turn: JSON, place: int, context: Context, piece: bool = False) -> JSON:
    """A message, or a piece of one, with its call in OpenAI's words."""
    made = {name: value for name, value in turn.items() if name != "function_call"}
    call = turn.get("function_call")
    if not isinstance(call, dict):
        return made
    function = {"name": call["name"], "arguments": json.dumps(call.get("arguments") or {}).decode()}
    if functional(context):
        return {**made, "function_call": function}
    id = turn.get("functions_state_id") or (f"call_{context.id}_{place}" if place else f"call_{context.id}")
    told = {"id": id, "type": "function", "function": function}
    return {**made, "tool_calls": [{"index": 0, **told} if piece else told]}


def reasoned(choice: JSON) -> JSON:
    said = choice.get("message") or choice.get("delta") or {}
    if choice.get("finish_reason") == "function_call" and "tool_calls" in said:
        return {**choice, "finish_reason": "tool_calls"}
    return choice


def framed(told: JSON, object: str, context: Context) -> JSON:
    made = identified(told, object, context)
    return {**made, "usage": counted(told["usage"])} if isinstance(told.get("usage"), dict) else made


def counted(usage: JSON) -> JSON:
    """Usage in OpenAI's sense: what was kept from before is read too, though Sber does not count it."""
    kept = usage.get("precached_prompt_tokens") or 0
    if not kept:
        return usage
    prompt = (usage.get("prompt_tokens") or 0) + kept
    total = prompt + (usage.get("completion_tokens") or 0)
    told = {"prompt_tokens": prompt, "total_tokens": total, "prompt_tokens_details": {"cached_tokens": kept}}
    return {**usage, **told}


class State(NamedTuple):
    """How far a stream is, and which choices called a function."""

    progress: Progress = Progress()
    called: frozenset[int] = frozenset()


def step(state: State, event: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """One chunk, and after it the counts in one of their own. Raises UpstreamError."""
    told = ended(event, context)
    choices, called = [], state.called
    for choice in told.get("choices") or ():
        place = choice.get("index") or 0
        delta = spoken(choice.get("delta") or {}, place, context, piece=True)
        called |= {place} if "tool_calls" in delta else frozenset()
        if choice.get("finish_reason") == "function_call" and place in called:
            choice = {**choice, "finish_reason": "tool_calls"}
        choices.append({"finish_reason": None, **choice, "index": place, "delta": delta})
    chunk = {**framed(told, "chat.completion.chunk", context), "choices": choices}
    state = State(progress(state.progress, chunk), called)
    counts = chunk.pop("usage", None)
    if counts and context.include_usage:
        last = {**chunk, "choices": [], "usage": counts}
        return state, (chunk, last) if choices else (last,)
    return state, (chunk,) if choices else ()


STREAM = choicewise(State(), step, lambda state: complete(state.progress))
CHAT = Codec(request=request, response=response, stream=STREAM)

# ── embeddings ───────────────────────────────────────────────────────────


def embedding(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to embed, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    return asked(body, MODEL, "input")


def embedded(body: JSON, context: Context) -> JSON:
    """OpenAI's list of embeddings; Sber counts the tokens of each.

    Raises UpstreamError where the body holds none."""
    rows = sorted(body["data"], key=lambda row: row["index"])
    tokens = sum((row.get("usage") or {}).get("prompt_tokens") or 0 for row in rows)
    return listing([row["embedding"] for row in rows], tokens, context)


EMBED = Codec(request=embedding, response=embedded)
