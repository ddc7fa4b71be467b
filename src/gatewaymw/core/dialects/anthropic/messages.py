"""A conversation in OpenAI's messages, as Anthropic's system prompt and turns.

https://platform.claude.com/docs/en/build-with-claude/working-with-messages and
https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls: turns alternate, results of
tools stand in the user's turn, before what else it says. `reasoning_content` is not sent back: thinking
without its signature is refused. `content_blocks`, which this gateway gives where strictness is off, holds
it signed, and goes back as it came.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...errors import BadRequest
from ...values import JSON
from ..calls import arguments, named
from ..fields import array, mapping, text
from .content import ASSISTANT, SYSTEM, TOOL, USER, Part, blocks, own, words

UNSENDABLE = re.compile(r"[^a-zA-Z0-9_-]")
"""What Anthropic does not take in the id of a call."""

SPEAKERS: Mapping[str, str] = {
    **{"system": "system", "developer": "system", "user": "user", "assistant": "assistant"},
    **{"tool": "user", "function": "user"},
}


TALKERS = ("user", "assistant", "system", "developer")
"""Of whom a string by itself is all that need be said. A tuple: what is no string can be looked for in it."""


class Conversation(NamedTuple):
    """What is said before, and turn by turn."""

    system: list[Part]
    turns: list[JSON]


def conversation(value: Any, lost: list[str], midway: bool = False) -> Conversation:
    """The messages of a request; names of what they cannot carry go to `lost`.

    Instructions alone are the user's: Anthropic answers none without a turn. Those given `midway` keep
    their place where it is allowed; else they come first with the others.

    Raises BadRequest with the path of the fault, Unsupported for content that Anthropic does not take.
    """
    system: list[Part] = []
    held: list[Part] = []
    turns: list[JSON] = []
    called: dict[str, str] = {}
    for index, each in enumerate(array(value, "messages")):
        role, content = heard(each, index, called, lost)
        if role == "system":
            (held if midway and turns else system).extend(content)
            continue
        if held and role == "assistant" and content:
            interject(held, turns, system)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += content
        elif content:
            turns.append({"role": role, "content": [*content]})
    if not turns and system:
        return Conversation([], [{"role": "user", "content": system}])
    if held:
        interject(held, turns, system)
    return Conversation(system, settled(turns))


def interject(held: list[Part], turns: list[JSON], system: list[Part]) -> None:
    """Give instructions held back their turn, which must follow one of the user's; after the assistant's they
    are refused, and come first
    (https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages)."""
    if turns[-1]["role"] == "user":
        turns.append({"role": "system", "content": [*held]})
    else:
        system += held
    held.clear()


def heard(value: Any, index: int, called: dict[str, str], lost: list[str]) -> tuple[str, list[Part]]:
    """Whose turn a message belongs to, and what it says."""
    if type(value) is dict and len(value) == 2:
        role, words = value.get("role"), value.get("content")
        if role in TALKERS and type(words) is str:  # as nearly all messages are
            return SPEAKERS[role], [{"type": "text", "text": words}] if words.strip() else []
    path = f"messages[{index}]"
    message = mapping(value, path)
    return speaker(message, path), said(message, path, called, lost)


def speaker(message: Part, path: str) -> str:
    """Whose turn a message belongs to."""
    role = message.get("role")
    if not isinstance(role, str) or role not in SPEAKERS:
        raise BadRequest(f"{path}.role must be one of {', '.join(SPEAKERS)}", param=f"{path}.role")
    return SPEAKERS[role]


def said(message: Part, path: str, called: dict[str, str], lost: list[str]) -> list[Part]:
    role = message["role"]
    if role == "tool":
        return [result(message, path, lost)]
    if role == "function":
        return [legacy_result(message, path, called, lost)]
    if message.get("name") is not None:
        lost.append("messages[].name")
    if role == "assistant":
        return marked(answered(message, path, called, lost), message)
    makers = USER if role == "user" else SYSTEM
    return marked(blocks(message.get("content"), f"{path}.content", makers, lost), message)


def settled(turns: list[JSON]) -> list[JSON]:
    """Turns as Anthropic takes them: results first, and no white space at the end of a prefilled answer."""
    if not turns:
        raise BadRequest("messages must hold something that a user or the assistant says", param="messages")
    for turn in turns:
        if turn["role"] == "user" and len(turn["content"]) > 1:
            turn["content"].sort(key=lambda block: block["type"] != "tool_result")
    if turns[-1]["role"] == "assistant":
        content, last = turns[-1]["content"], turns[-1]["content"][-1]
        if last["type"] == "text" and isinstance(last.get("text"), str):
            content[-1] = {**last, "text": last["text"].rstrip()}
    return turns


def marked(content: list[Part], message: Part) -> list[Part]:
    """A message's own cache breakpoint stands on its last block that may have one."""
    mark = message.get("cache_control")
    if mark is None or not content or content[-1]["type"] in ("thinking", "redacted_thinking"):
        return content
    return [*content[:-1], {**content[-1], "cache_control": mark}]


# ── the assistant ────────────────────────────────────────────────────────


def answered(message: Part, path: str, called: dict[str, str], lost: list[str]) -> list[Part]:
    if message.get("audio") is not None:
        lost.append("messages[].audio")
    said = blocks_of(message, path, lost)
    calls = message.get("tool_calls")
    if calls is not None:
        said = [block for block in said if block["type"] != "tool_use"]
        said += [
            call(each, f"{path}.tool_calls[{i}]") for i, each in enumerate(array(calls, f"{path}.tool_calls"))
        ]
    if message.get("function_call") is not None:
        said.append(legacy_call(message["function_call"], path, called))
    return said


def blocks_of(message: Part, path: str, lost: list[str]) -> list[Part]:
    """What was said: Anthropic's own blocks where there are any, which hold the text too as a rule."""
    given = message.get("content_blocks")
    kept = own(given, f"{path}.content_blocks", lost) if given else []
    said: list[Part] = []
    if message.get("content") is not None:
        said = blocks(message["content"], f"{path}.content", ASSISTANT, lost)
    if message.get("refusal") is not None and (refusal := words(message["refusal"], f"{path}.refusal")):
        said.append(refusal)
    if any(block["type"] == "text" for block in kept):
        return kept
    return [*kept, *said]


def call(value: Any, path: str) -> Part:
    """A call of a tool. One to a custom tool, which takes text, is told as an input of that text."""
    spec = mapping(value, path)
    name, given = named(spec, path)
    block = {"type": "tool_use", "id": call_id(spec.get("id"), f"{path}.id"), "name": name, "input": given}
    kept = ("cache_control", "caller", "toolset_name")
    return block | {key: spec[key] for key in kept if spec.get(key) is not None}


def call_id(value: Any, path: str) -> str:
    """The id of a call, which another provider may have written with what Anthropic does not take."""
    return UNSENDABLE.sub("_", text(value, path))


# ── results ──────────────────────────────────────────────────────────────


def result(message: Part, path: str, lost: list[str]) -> Part:
    return resulting(message, call_id(message.get("tool_call_id"), f"{path}.tool_call_id"), path, lost)


def resulting(message: Part, answers: str, path: str, lost: list[str]) -> Part:
    block: JSON = {"type": "tool_result", "tool_use_id": answers}
    content = message.get("content")
    if content is not None:
        said = blocks(content, f"{path}.content", TOOL, lost)
        block |= {"content": content if isinstance(content, str) else said} if said else {}
    kept = ("cache_control", "is_error", "toolset_name")
    return block | {key: message[key] for key in kept if message.get(key) is not None}


# ── functions, as they were before tools ─────────────────────────────────


def legacy_call(value: Any, path: str, called: dict[str, str]) -> Part:
    """A call without an id is given one by its place; its result finds it by name."""
    spec = mapping(value, f"{path}.function_call")
    name = text(spec.get("name"), f"{path}.function_call.name")
    called[name] = UNSENDABLE.sub("_", path)
    given = arguments(spec.get("arguments"), f"{path}.function_call.arguments")
    return {"type": "tool_use", "id": called[name], "name": name, "input": given}


def legacy_result(message: Part, path: str, called: Mapping[str, str], lost: list[str]) -> Part:
    name = text(message.get("name"), f"{path}.name")
    if name not in called:
        raise BadRequest(f"{path}.name must be that of a function called before", param=f"{path}.name")
    return resulting(message, called[name], path, lost)
