"""A conversation in OpenAI's messages, as Gemini's instruction and contents.

https://ai.google.dev/api/caching#Content and, for calls and their results,
https://ai.google.dev/gemini-api/docs/generate-content/function-calling: results stand in the user's turn,
before what else it says, and are told by the name of the function. `reasoning_content` is not sent back;
`content_blocks`, which this gateway gives where strictness is off, holds the signatures, and goes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ... import json
from ...errors import BadRequest
from ...values import JSON
from ..calls import arguments, named
from ..fields import array, mapping, text
from .blocks import parts as told
from .content import ASSISTANT, SYSTEM, USER, Part, parts, words
from .models import Traits

UNSIGNED = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
"""`skip_thought_signature_validator`, in base64: what Google takes for the signature of a call that has none,
since another model made it or the client did not keep it
(https://ai.google.dev/gemini-api/docs/generate-content/thought-signatures#faqs)."""

SPEAKERS: Mapping[str, str] = {
    **{"system": "system", "developer": "system", "user": "user", "assistant": "model"},
    **{"tool": "user", "function": "user"},
}


class Reading(NamedTuple):
    """What is known while a conversation is read."""

    traits: Traits
    ids: bool
    """Calls and results may be told by their ids."""
    called: dict[str, str]
    """The name of each function called so far, by the id of the call."""
    lost: list[str]


class Conversation(NamedTuple):
    """What is said before, and turn by turn."""

    system: list[JSON]
    contents: list[JSON]


def conversation(value: Any, traits: Traits, ids: bool, lost: list[str]) -> Conversation:
    """The messages of a request; names of what they cannot carry go to `lost`.

    Instructions alone are the user's, and so are they where the model takes none apart.

    Raises BadRequest with the path of the fault.
    """
    reading = Reading(traits, ids, {}, lost)
    system: list[JSON] = []
    turns: list[JSON] = []
    for index, each in enumerate(array(value, "messages")):
        path = f"messages[{index}]"
        message = mapping(each, path)
        role = speaker(message, path)
        content = said(message, path, reading)
        if role == "system":
            system += content
        elif turns and turns[-1]["role"] == role:
            turns[-1]["parts"] += content
        elif content:
            turns.append({"role": role, "parts": content})
    if system and not (turns and traits.system):
        turns, system = together(system, turns), []
    return Conversation(system, settled(turns))


def together(system: list[JSON], turns: list[JSON]) -> list[JSON]:
    """Turns with the instructions as what the user says first."""
    if turns and turns[0]["role"] == "user":
        return [{"role": "user", "parts": [*system, *turns[0]["parts"]]}, *turns[1:]]
    return [{"role": "user", "parts": system}, *turns]


def settled(turns: list[JSON]) -> list[JSON]:
    """Turns as Gemini takes them: the results of functions first."""
    if not turns:
        raise BadRequest("messages must hold something that a user or the assistant says", param="messages")
    for turn in turns:
        if turn["role"] == "user":
            turn["parts"].sort(key=lambda part: "functionResponse" not in part)
    return turns


def speaker(message: Part, path: str) -> str:
    """Whose turn a message belongs to."""
    role = message.get("role")
    if not isinstance(role, str) or role not in SPEAKERS:
        raise BadRequest(f"{path}.role must be one of {', '.join(SPEAKERS)}", param=f"{path}.role")
    return SPEAKERS[role]


def said(message: Part, path: str, reading: Reading) -> list[JSON]:
    role = message["role"]
    if message.get("cache_control") is not None:
        reading.lost.append("messages[].cache_control")
    if role == "tool" or role == "function":
        return result(message, path, reading)
    if message.get("name") is not None:
        reading.lost.append("messages[].name")
    if role == "assistant":
        return answered(message, path, reading)
    makers = USER if role == "user" else SYSTEM
    return parts(message.get("content"), f"{path}.content", makers, reading.lost)


# ── the model ────────────────────────────────────────────────────────────


def answered(message: Part, path: str, reading: Reading) -> list[JSON]:
    if message.get("audio") is not None:
        reading.lost.append("messages[].audio")
    calls = message.get("tool_calls")
    made = [
        call(each, f"{path}.tool_calls[{index}]", reading)
        for index, each in enumerate(array(calls, f"{path}.tool_calls") if calls is not None else ())
    ]
    if message.get("function_call") is not None:
        spec = mapping(message["function_call"], f"{path}.function_call")
        name = text(spec.get("name"), f"{path}.function_call.name")
        args = arguments(spec.get("arguments"), f"{path}.function_call.arguments")
        made.append({"functionCall": {"name": name, "args": args}})
    return [*spoken(message, path, reading.lost), *signed(made, reading.traits)]


def spoken(message: Part, path: str, lost: list[str]) -> list[JSON]:
    """What was said: Gemini's own parts where there are any, which hold the text too as a rule."""
    blocks, content, refusal = (message.get(name) for name in ("content_blocks", "content", "refusal"))
    kept = told(blocks, f"{path}.content_blocks", lost) if blocks is not None else []
    said = parts(content, f"{path}.content", ASSISTANT, lost) if content is not None else []
    if refusal is not None and (declined := words(refusal, f"{path}.refusal")):
        said.append(declined)
    if any(part.get("text") and not part.get("thought") for part in kept):
        return kept
    return [*kept, *said]


def call(value: Any, path: str, reading: Reading) -> JSON:
    spec = mapping(value, path)
    name, args = named(spec, path)
    made: JSON = {"name": name, "args": args}
    id = text(spec.get("id"), f"{path}.id")
    reading.called[id] = name
    if reading.ids:
        made = {"id": id, **made}
    signature = signature_of(spec)
    return {"functionCall": made, "thoughtSignature": signature} if signature else {"functionCall": made}


def signature_of(spec: Part) -> str:
    """The signature of a call, where this gateway tells it or where Google's own OpenAI endpoint does
    (`extra_content.google`); empty where there is none."""
    found: Any = None
    for place in (spec.get("function"), spec, google(spec)):
        if not found and isinstance(place, Mapping):
            found = place.get("thought_signature")
    return found if isinstance(found, str) else ""


def google(spec: Part) -> Any:
    extra = spec.get("extra_content")
    return extra.get("google") if isinstance(extra, Mapping) else None


def signed(calls: list[JSON], traits: Traits) -> list[JSON]:
    """Calls of one turn, the first of them signed, as newer models insist: only that one ever is."""
    if not calls or not traits.signed or any("thoughtSignature" in part for part in calls):
        return calls
    return [{**calls[0], "thoughtSignature": UNSIGNED}, *calls[1:]]


# ── results ──────────────────────────────────────────────────────────────


def result(message: Part, path: str, reading: Reading) -> list[JSON]:
    """The result of a function, and after it the files in it that Gemini does not take within."""
    made: JSON = {"name": name_of(message, path, reading)}
    if reading.ids and message["role"] == "tool":
        made = {"id": message["tool_call_id"], **made}
    content = message.get("content")
    given = parts(content, f"{path}.content", USER, reading.lost) if content is not None else []
    made["response"] = response(
        [part["text"] for part in given if "text" in part], bool(message.get("is_error"))
    )
    files = [part for part in given if "text" not in part]
    within = [part for part in files if reading.traits.pictured and viewable(part)]
    if within:
        made["parts"] = within
    return [{"functionResponse": made}, *(part for part in files if part not in within)]


def name_of(message: Part, path: str, reading: Reading) -> str:
    """The name of the function whose result this is, by the id of its call or as it is said."""
    if message["role"] == "function":
        return text(message.get("name"), f"{path}.name")
    id = text(message.get("tool_call_id"), f"{path}.tool_call_id")
    name = reading.called.get(id) or message.get("name")
    if not isinstance(name, str) or not name:
        raise BadRequest(
            f"{path}.tool_call_id must be the id of one of the tool_calls before, or {path}.name be given",
            param=f"{path}.tool_call_id",
        )
    return name


def response(texts: list[str], failed: bool) -> JSON:
    """A result as the object it must be: as it is where it is one, else as the `output` or the `error`."""
    if not texts:
        return {}
    said = "\n".join(texts)
    if not failed and said.lstrip()[:1] == "{":
        try:
            value = json.loads(said)
        except ValueError:
            value = None
        if isinstance(value, dict):
            return value
    return {"error" if failed else "output": said}


def viewable(part: JSON) -> bool:
    """Whether a file may stand within the result of a function: images, PDF and plain text may."""
    kind = str((part.get("inlineData") or part["fileData"]).get("mimeType"))
    return kind.startswith("image/") or kind in ("application/pdf", "text/plain")
