"""What clients send back of earlier answers, and whose it was: a talk may go on with another provider.

Answers hold more than OpenAI's fields: `reasoning_content` always, and where strictness is off
`content_blocks`, signatures of calls and what else a dialect tells. OpenAI's SDKs send all of it back
(https://platform.openai.com/docs/guides/function-calling appends the message as it came), to whoever the
request goes to next. Here is what the dialects share in reading it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from ..model import Context, Encoded
from ..values import JSON
from .fields import array, mapping

# ── blocks ───────────────────────────────────────────────────────────────


def told(value: Any, path: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The `content_blocks` of a message, each with its path. Raises BadRequest.

    Blocks of a stream may come as its deltas (`[{"index": 0, "delta": {…}}]`), which is what OpenAI's SDKs
    have of them when they have put a message together: those of one index are one block.
    """
    given = [
        (f"{path}[{index}]", mapping(each, f"{path}[{index}]"))
        for index, each in enumerate(array(value, path))
    ]
    if not any(isinstance(block.get("delta"), Mapping) for _, block in given):
        return given
    pieces: dict[Any, tuple[str, list[Mapping[str, Any]]]] = {}
    for where, block in given:
        index = block.get("index")
        place = index if isinstance(index, int) else where
        pieces.setdefault(place, (where, []))[1].append(mapping(block.get("delta", block), f"{where}.delta"))
    return [(where, unnumbered(joined(deltas))) for where, deltas in pieces.values()]


def joined(deltas: list[Mapping[str, Any]]) -> JSON:
    """All that deltas say, in one: strings are appended, lists extended, objects joined likewise."""
    found: dict[str, list[Any]] = {}
    for delta in deltas:
        for name, value in delta.items():
            found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else whole(name, values) for name, values in found.items()}


def cited(block: Mapping[str, Any]) -> list[str]:
    """The name of what is lost where the citations of a block cannot be sent."""
    return ["messages[].content_blocks[].citations"] if block.get("citations") else []


LISTED = ("citations", "thinking", "toolResult", "content")
"""Where a stream numbers what it puts into a list of a block, as OpenAI's SDKs need it."""


def unnumbered(block: JSON) -> JSON:
    """A block without those numbers."""
    return {name: bared(value) if name in LISTED else value for name, value in block.items()}


def bared(value: Any) -> Any:
    if isinstance(value, Mapping):
        return unnumbered({**value})
    if not isinstance(value, list):
        return value
    return [
        {name: each[name] for name in each if name != "index"} if isinstance(each, Mapping) else each
        for each in value
    ]


def whole(name: str, values: list[Any]) -> Any:
    if name != "type" and all(isinstance(value, str) for value in values):
        return "".join(values)
    if all(isinstance(value, Mapping) for value in values):
        return joined(values)
    if all(isinstance(value, list) for value in values):
        return [each for value in values for each in value]
    return values[-1]


# ── ids of calls ─────────────────────────────────────────────────────────


def fitting(id: str, shape: re.Pattern[str], length: int) -> str:
    """The id of a call as it is where it has that shape, or else one made of it: the same for the same id,
    so that calls and their results still find each other."""
    if shape.fullmatch(id):
        return id
    return sha256(id.encode(errors="surrogatepass")).hexdigest()[:length]


# ── turns as OpenAI takes them ───────────────────────────────────────────

OURS = frozenset({"content_blocks", "tool_plan", "citations", "images"})
"""What this gateway's answers say of a turn beyond OpenAI's fields, thoughts left aside."""
ASIDE = frozenset({"thought_signature", "extra_content", "caller", "toolset_name"})
"""What they say beside a call."""
THOUGHT = "reasoning_content"


class Manners(NamedTuple):
    """What one who speaks OpenAI's dialect takes of an earlier turn."""

    gone: frozenset[str] = OURS
    """The fields of a message that are refused."""
    own: Callable[[JSON], Any] | None = None
    """Of a message with `content_blocks`, the content where they are its own; None for another's."""
    ids: re.Pattern[str] = re.compile(r".{0,40}", re.DOTALL)
    """The ids of calls. OpenAI's models refuse longer ones ("Expected a string with maximum length 40":
    https://github.com/agno-agi/agno/issues/5382)."""
    length: int = 40


PLAIN = Manners()
THOUGHTLESS = Manners(gone=OURS | {THOUGHT})


def plain(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request of those who have thoughts in `reasoning_content` themselves, and refuse what else other
    providers' answers said of a turn: that stays behind, and is named. A body without any is itself."""
    return mannered(body, PLAIN)


def thoughtless(body: Mapping[str, Any], context: Context) -> Encoded:
    """The same for those who have no such field, and refuse it. At another's address it stays, since who
    answers there may have given it, and may want it back."""
    return mannered(body, THOUGHTLESS if context.home else PLAIN)


def mannered(body: Mapping[str, Any], manners: Manners) -> Encoded:
    messages = body.get("messages")
    if not isinstance(messages, list) or not any_worn(messages, manners):
        return Encoded(body)
    lost: list[str] = []
    made = [bare(each, manners, lost) for each in messages]
    if all(new is old for new, old in zip(made, messages, strict=True)):
        return Encoded(body)
    return Encoded({**body, "messages": made}, tuple(dict.fromkeys(lost)))


def any_worn(messages: list[Any], manners: Manners) -> bool:
    """Whether a message may need a change: a look at each, and none at what it says."""
    for message in messages:
        role = message.get("role") if isinstance(message, dict) else None
        if role == "tool" or (
            role == "assistant" and ("tool_calls" in message or not manners.gone.isdisjoint(message))
        ):
            return True
    return False


def bare(message: Any, manners: Manners, lost: list[str]) -> Any:
    """A message as it is taken: the same object where there is nothing to do. What is no message is for the
    provider to refuse."""
    role = message.get("role") if isinstance(message, dict) else None
    if role == "assistant":
        return uttered(message, manners, lost)
    id = message.get("tool_call_id") if role == "tool" else None
    if not isinstance(id, str) or (fit := fitting(id, manners.ids, manners.length)) is id:
        return message
    return {**message, "tool_call_id": fit}


def uttered(message: JSON, manners: Manners, lost: list[str]) -> JSON:
    gone = message.keys() & manners.gone
    given = message.get("tool_calls")
    calls = [called(each, manners, lost) for each in given] if isinstance(given, list) else []
    same = all(new is old for new, old in zip(calls, given or (), strict=False))
    if not gone and same:
        return message
    if "content_blocks" in gone and THOUGHT in message:
        gone |= {THOUGHT}  # whose the blocks are, theirs is the thought
    content = manners.own(message) if manners.own and message.get("content_blocks") else None
    kept = set() if content is None else {"content_blocks", THOUGHT}
    lost += [f"messages[].{name}" for name in sorted(gone - kept) if message[name]]
    made = {name: value for name, value in message.items() if name not in gone}
    if content is not None:
        made["content"] = content
    return made if same else {**made, "tool_calls": calls}


def called(call: Any, manners: Manners, lost: list[str]) -> Any:
    if not isinstance(call, dict):
        return call
    id, function = call.get("id"), call.get("function")
    out = beside(call, "messages[].tool_calls[]", lost)
    if isinstance(id, str) and (fit := fitting(id, manners.ids, manners.length)) is not id:
        out = {**out, "id": fit}
    if isinstance(function, dict):
        kept = beside(function, "messages[].tool_calls[].function", lost)
        out = out if kept is function else {**out, "function": kept}
    return out


def beside(spec: JSON, path: str, lost: list[str]) -> JSON:
    """A call, or the function in it, without what this gateway's answers say beside it."""
    if ASIDE.isdisjoint(spec):
        return spec
    lost += [f"{path}.{name}" for name in sorted(ASIDE & spec.keys())]
    return {name: value for name, value in spec.items() if name not in ASIDE}
