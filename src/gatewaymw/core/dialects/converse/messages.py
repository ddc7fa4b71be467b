"""A conversation in OpenAI's messages, as Converse's system prompt and turns.

https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html and …/tool-use.html:
turns alternate, results of tools stand in the user's turn, before what else it says. `reasoning_content` is
not sent back, since it lacks its signature. `content_blocks`, which this gateway gives where strictness is
off, holds it signed, and goes back as it came.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...errors import BadRequest
from ...values import JSON
from ..calls import arguments, named
from ..fields import array, mapping, text
from ..history import fitting
from .content import AMONG, ASSISTANT, MOVING, TOOL, USER, Part, Reading, blocks, own, point, words

SPEAKERS: Mapping[str, str] = {
    **{"system": "system", "developer": "system", "user": "user", "assistant": "assistant"},
    **{"tool": "user", "function": "user"},
}
PLACES = {"system": AMONG, "developer": AMONG, "user": USER, "assistant": ASSISTANT}
WORDLESS = "See the attached document."
"""What stands beside documents that come without a word: Bedrock refuses them alone."""


class Conversation(NamedTuple):
    """What is said before, and turn by turn."""

    system: list[Part]
    turns: list[JSON]


def conversation(value: Any, reading: Reading) -> Conversation:
    """The messages of a request. Instructions alone are the user's: Bedrock answers none without a turn.
    Those that add or take away tools stay where they are.

    Raises BadRequest with the path of the fault, Unsupported for content that Bedrock does not take.
    """
    system: list[Part] = []
    turns: list[JSON] = []
    for index, each in enumerate(array(value, "messages")):
        path = f"messages[{index}]"
        message = mapping(each, path)
        role = speaker(message, path)
        content = said(message, path, reading)
        if role == "system" and not any(MOVING & block.keys() for block in content):
            system += content
        elif turns and turns[-1]["role"] == role:
            turns[-1]["content"] += content
        elif content:
            turns.append({"role": role, "content": [*content]})
    if not turns and system:
        return Conversation([], [{"role": "user", "content": system}])
    if not turns:
        raise BadRequest("messages must hold something that a user or the assistant says", param="messages")
    return Conversation(system, [settled(turn) for turn in turns])


def speaker(message: Part, path: str) -> str:
    """Whose turn a message belongs to."""
    role = message.get("role")
    if not isinstance(role, str) or role not in SPEAKERS:
        raise BadRequest(f"{path}.role must be one of {', '.join(SPEAKERS)}", param=f"{path}.role")
    return SPEAKERS[role]


def said(message: Part, path: str, reading: Reading) -> list[Part]:
    role = message["role"]
    if role == "tool":
        answers = call_id(message.get("tool_call_id"), f"{path}.tool_call_id", reading)
        return result(message, answers, path, reading)
    if role == "function":
        return legacy_result(message, path, reading)
    if message.get("name") is not None:
        reading.lost.append("messages[].name")
    if role == "assistant":
        content = answered(message, path, reading)
    else:
        content = blocks(message.get("content"), f"{path}.content", PLACES[role], reading)
    return content + point(message, content, PLACES[role], reading, "messages[]")


def settled(turn: JSON) -> JSON:
    """A turn as Bedrock takes it: results before what else is said, and a word beside documents."""
    results: list[Part] = []
    others: list[Part] = []
    into = others
    for block in turn["content"]:
        if "cachePoint" not in block:
            into = results if "toolResult" in block and turn["role"] == "user" else others
        into.append(block)
    if any("document" in block for block in others) and not any(told(block) for block in others):
        others.append({"text": WORDLESS})
    return {**turn, "content": results + others}


def told(block: Part) -> bool:
    return "text" in block and bool(block["text"].strip())


# ── the assistant ────────────────────────────────────────────────────────


def answered(message: Part, path: str, reading: Reading) -> list[Part]:
    if message.get("audio") is not None:
        reading.lost.append("messages[].audio")
    made = blocks_of(message, path, reading)
    calls = message.get("tool_calls")
    if calls is not None:
        given = array(calls, f"{path}.tool_calls")
        made += [call(each, f"{path}.tool_calls[{index}]", reading) for index, each in enumerate(given)]
    if message.get("function_call") is not None:
        made.append(legacy_call(message["function_call"], f"{path}.function_call", reading))
    return made


def blocks_of(message: Part, path: str, reading: Reading) -> list[Part]:
    """What was said: the model's own blocks where there are any, which hold the text too as a rule. Calls
    of the client's tools are told by `tool_calls` alone."""
    given = message.get("content_blocks")
    kept = own(given, f"{path}.content_blocks", reading) if given else []
    calls = [block for block in kept if is_call(block)]
    if calls and message.get("tool_calls") is None:
        reading.lost.append("messages[].content_blocks")
    kept = [block for block in kept if block not in calls]
    if any("text" in block or "citationsContent" in block for block in kept):
        return kept
    if message.get("content") is not None:
        kept += blocks(message["content"], f"{path}.content", ASSISTANT, reading)
    if message.get("refusal") is not None and (refusal := words(message["refusal"], f"{path}.refusal")):
        kept.append(refusal)
    return kept


def is_call(block: Part) -> bool:
    """Whether a block calls one of the client's tools; those of the model's maker are told as they were."""
    call = block.get("toolUse")
    return isinstance(call, Mapping) and call.get("type") != "server_tool_use"


def call(value: Any, path: str, reading: Reading) -> Part:
    spec = mapping(value, path)
    return calling(call_id(spec.get("id"), f"{path}.id", reading), *named(spec, path), reading)


def calling(answers: str, name: str, given: Part, reading: Reading) -> Part:
    reading.called[answers] = name
    return {"toolUse": {"toolUseId": answers, "name": name, "input": given}}


UNSENDABLE = re.compile(r"[^a-zA-Z0-9_-]")
LONGEST = re.compile(r".{1,64}", re.DOTALL)
SHORT = re.compile(r"[a-zA-Z0-9]{9}")


def call_id(value: Any, path: str, reading: Reading) -> str:
    """The id of a call, which another provider may have written longer or in other letters than Bedrock."""
    given = text(value, path)
    if reading.family.short_ids:
        return fitting(given, SHORT, 9)
    return UNSENDABLE.sub("_", fitting(given, LONGEST, 64))


# ── results ──────────────────────────────────────────────────────────────


def result(message: Part, answers: str, path: str, reading: Reading) -> list[Part]:
    content = message.get("content")
    made: JSON = {"toolUseId": answers, "content": []}
    if content is not None:
        made["content"] = blocks(content, f"{path}.content", TOOL, reading)
    if message.get("is_error") is True and reading.family.graded:
        made["status"] = "error"
    elif message.get("is_error") is True:
        reading.lost.append("messages[].is_error")
    block: Part = {"toolResult": made}
    marks = [part for part in content if marked(part)] if isinstance(content, list) else []
    return [block, *point(next(iter([*marks[-1:], message])), [block], TOOL, reading, "messages[]")]


def marked(part: Part) -> bool:
    return part.get("cache_control") is not None or part.get("prompt_cache_breakpoint") is not None


# ── functions, as they were before tools ─────────────────────────────────


def legacy_call(value: Any, path: str, reading: Reading) -> Part:
    """A call without an id is given one by its place; its result finds it by name."""
    spec = mapping(value, path)
    name = text(spec.get("name"), f"{path}.name")
    given = arguments(spec.get("arguments"), f"{path}.arguments")
    return calling(call_id(path, path, reading), name, given, reading)


def legacy_result(message: Part, path: str, reading: Reading) -> list[Part]:
    name = text(message.get("name"), f"{path}.name")
    ids = [answers for answers, called in reading.called.items() if called == name]
    if not ids:
        raise BadRequest(f"{path}.name must be that of a function called before", param=f"{path}.name")
    return result(message, ids[-1], path, reading)
