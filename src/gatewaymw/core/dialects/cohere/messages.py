"""A conversation in OpenAI's messages, as Cohere's.

https://docs.cohere.com/reference/chat: the same roles in the same order, but for the developer, who is the
system. `reasoning_content` is not sent back, since it may be another provider's; what this gateway gives
where strictness is off (`content_blocks`, `tool_plan`, `citations`) is Cohere's, and goes back as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import json
from ...errors import BadRequest
from ...values import JSON
from ..fields import array, mapping, text
from .content import ASSISTANT, SYSTEM, TOOL, USER, Maker, Part, content, own, parts, words

ROLES: Mapping[str, str] = {
    **{"system": "system", "developer": "system", "user": "user", "assistant": "assistant"},
    **{"tool": "tool", "function": "tool"},
}
SAYS: Mapping[str, Mapping[str, Maker]] = {"system": SYSTEM, "user": USER}


def conversation(value: Any, lost: list[str]) -> list[JSON]:
    """The messages of a request; names of what they cannot carry go to `lost`.

    Raises BadRequest with the path of the fault, Unsupported for content that Cohere does not take.
    """
    called: dict[str, str] = {}
    made = [
        said(mapping(each, f"messages[{index}]"), f"messages[{index}]", called, lost)
        for index, each in enumerate(array(value, "messages"))
    ]
    if not made:
        raise BadRequest("messages must not be empty", param="messages")
    return made


def said(message: Part, path: str, called: dict[str, str], lost: list[str]) -> JSON:
    given = message.get("role")
    role = ROLES.get(given) if isinstance(given, str) else None
    if role is None:
        raise BadRequest(f"{path}.role must be one of {', '.join(ROLES)}", param=f"{path}.role")
    lost += marks(message)
    if role == "tool":
        return result(message, path, called)
    if message.get("name") is not None:
        lost.append("messages[].name")
    if role == "assistant":
        return answered(message, path, called, lost)
    return {"role": role, "content": content(message.get("content"), f"{path}.content", SAYS[role])}


MARKS = ("cache_control", "prompt_cache_breakpoint")


def marks(message: Part) -> list[str]:
    """Where others are told to cache. Cohere has no such places."""
    given = message.get("content")
    held = [each for each in given if isinstance(each, Mapping)] if isinstance(given, list) else []
    named = [name for name in MARKS if any(each.get(name) is not None for each in held)]
    return [f"messages[].content[].{name}" for name in named]


# ── the assistant ────────────────────────────────────────────────────────


def answered(message: Part, path: str, called: dict[str, str], lost: list[str]) -> JSON:
    if message.get("audio") is not None:
        lost.append("messages[].audio")
    made: JSON = {"role": "assistant"}
    calls = calls_of(message, path, called)
    spoken = spoken_of(message, path, lost)
    if spoken is not None and not (calls and spoken == ""):  # as clients have it of a stream: it says nothing
        made["content"] = spoken
    if message.get("tool_plan") is not None:
        made["tool_plan"] = words(message["tool_plan"], f"{path}.tool_plan")
    if message.get("citations") is not None:
        made["citations"] = array(message["citations"], f"{path}.citations")
    if calls:
        made["tool_calls"] = calls
    return made


def spoken_of(message: Part, path: str, lost: list[str]) -> str | list[JSON] | None:
    """What was said: Cohere's own parts where there are any, which hold the text too as a rule."""
    blocks = message.get("content_blocks")
    kept = own(blocks, f"{path}.content_blocks", lost) if blocks else []
    refusal, given = message.get("refusal"), message.get("content")
    if any(part["type"] == "text" for part in kept):
        return kept
    if not kept and refusal is None:
        return None if given is None else content(given, f"{path}.content", ASSISTANT)
    if given not in (None, ""):
        kept += parts(given, f"{path}.content", ASSISTANT)
    if refusal is not None:
        kept.append({"type": "text", "text": words(refusal, f"{path}.refusal")})
    return kept


def calls_of(message: Part, path: str, called: dict[str, str]) -> list[JSON]:
    calls: list[JSON] = []
    if message.get("tool_calls") is not None:
        given = array(message["tool_calls"], f"{path}.tool_calls")
        calls += [call(each, f"{path}.tool_calls[{index}]") for index, each in enumerate(given)]
    if message.get("function_call") is not None:
        calls.append(legacy_call(message["function_call"], path, called))
    return calls


def call(value: Any, path: str) -> JSON:
    """A call of a tool. One to a custom tool, which takes text, is told as an argument of that text."""
    spec = mapping(value, path)
    id = text(spec.get("id"), f"{path}.id")
    if spec.get("type") == "custom":
        custom = mapping(spec.get("custom"), f"{path}.custom")
        name = text(custom.get("name"), f"{path}.custom.name")
        return calling(id, name, json.dumps({"input": custom.get("input")}).decode())
    function = mapping(spec.get("function"), f"{path}.function")
    name = text(function.get("name"), f"{path}.function.name")
    return calling(id, name, arguments(function.get("arguments"), f"{path}.function.arguments"))


def calling(id: str, name: str, given: str) -> JSON:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": given}}


def arguments(value: Any, path: str) -> str:
    """The arguments of a call as the model wrote them. None at all are an empty object. Raises BadRequest."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return "{}"
    return value if isinstance(value, str) else json.dumps(mapping(value, path)).decode()


# ── results ──────────────────────────────────────────────────────────────


def result(message: Part, path: str, called: Mapping[str, str]) -> JSON:
    if message["role"] == "tool":
        answers = text(message.get("tool_call_id"), f"{path}.tool_call_id")
    else:
        name = text(message.get("name"), f"{path}.name")
        if name not in called:
            raise BadRequest(f"{path}.name must be that of a function called before", param=f"{path}.name")
        answers = called[name]
    given = message.get("content")
    told = "" if given is None else content(given, f"{path}.content", TOOL)
    return {"role": "tool", "tool_call_id": answers, "content": told}


def legacy_call(value: Any, path: str, called: dict[str, str]) -> JSON:
    """A call from before there were tools: it is given an id by its place; its result finds it by name."""
    path = f"{path}.function_call"
    spec = mapping(value, path)
    name = text(spec.get("name"), f"{path}.name")
    called[name] = path
    return calling(path, name, arguments(spec.get("arguments"), f"{path}.arguments"))
