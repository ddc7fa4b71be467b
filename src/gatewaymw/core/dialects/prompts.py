"""A conversation for models that take one prompt: the system's words by themselves, the turns as text.

One user's turn is the prompt as it is. Several are told one after the other, each after the name of its role,
and the assistant's comes next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BadRequest, Unsupported
from ..values import JSON
from .fields import array, mapping, text

SYSTEM = ("system", "developer")
NAMES: Mapping[str, str] = {"user": "User", "assistant": "Assistant"}


def prompted(value: Any, who: str, lost: list[str]) -> JSON:
    """`{"prompt", "system_prompt"?}` of the messages; names of what they cannot carry go to `lost`.

    Raises BadRequest with the path of the fault, Unsupported for what is no text, and for tools."""
    system: list[str] = []
    turns: list[tuple[str, str]] = []
    for index, each in enumerate(array(value, "messages")):
        path = f"messages[{index}]"
        message = mapping(each, path)
        role, said = told(message, path, who)
        if message.get("name") is not None:
            lost.append("messages[].name")
        if role in SYSTEM:
            system.append(said)
        else:
            turns.append((role, said))
    if not turns:
        raise BadRequest("messages must hold what the user says", param="messages")
    made: JSON = {"prompt": written(turns)}
    return {**made, "system_prompt": "\n\n".join(system)} if system else made


def written(turns: list[tuple[str, str]]) -> str:
    if len(turns) == 1 and turns[0][0] == "user":
        return turns[0][1]
    last = [] if turns[-1][0] == "assistant" else ["Assistant:"]
    return "\n\n".join([*(f"{NAMES[role]}: {said}" for role, said in turns), *last])


def told(message: Mapping[str, Any], path: str, who: str) -> tuple[str, str]:
    """Who says what."""
    role = message.get("role")
    if role not in (*SYSTEM, *NAMES):
        if role in ("tool", "function"):
            raise Unsupported(f"{path}: {who}'s models are not told of tools", param=f"{path}.role")
        raise BadRequest(f"{path}.role must be one of {', '.join((*SYSTEM, *NAMES))}", param=f"{path}.role")
    if message.get("tool_calls") or message.get("function_call"):
        raise Unsupported(
            f"{path}.tool_calls: {who}'s models are not told of tools", param=f"{path}.tool_calls"
        )
    return str(role), words(message.get("content"), f"{path}.content", who)


def words(content: Any, path: str, who: str) -> str:
    """A text, or the parts that are one."""
    if isinstance(content, str):
        return content
    return "".join(
        part(mapping(each, f"{path}[{n}]"), f"{path}[{n}]", who)
        for n, each in enumerate(array(content, path))
    )


def part(given: Mapping[str, Any], path: str, who: str) -> str:
    kind = given.get("type")
    if kind in ("text", "refusal"):
        return text(given.get(kind), f"{path}.{kind}")
    raise Unsupported(f"{path}.{kind}: {who}'s chats are text alone", param=f"{path}.{kind}")
