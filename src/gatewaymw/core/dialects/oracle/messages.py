"""A conversation in OpenAI's messages, as those of the formats that have messages, GENERIC and COHEREV2.

https://docs.oracle.com/iaas/api/#/EN/generative-ai-inference/20231130/datatypes/Message. Content is always a
list of parts; files are data URIs, or other addresses where the model takes those. `reasoning_content` is not
sent back, since it may be another provider's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from ...errors import BadRequest, Unsupported
from ...values import JSON
from ..cohere.messages import calls_of, marks, result
from ..fields import array, mapping, text, wrong
from ..media import is_data

Part: TypeAlias = Mapping[str, Any]
Maker: TypeAlias = Callable[[Part, str], JSON]


class Words(NamedTuple):
    """In what the messages of the two formats differ."""

    parts: Mapping[str, Maker]
    developer: str
    """What a developer is there."""
    flat: bool
    """A call has its name and arguments beside its id, and not in a function."""
    names: bool
    """Who speaks may have a name."""


# ── parts ────────────────────────────────────────────────────────────────


def spoken(part: Part, path: str) -> JSON:
    given = part.get("text")
    if not isinstance(given, str):
        raise wrong(given, f"{path}.text", "a string")
    return {"type": "TEXT", "text": given}


def refused(part: Part, path: str) -> JSON:
    return {"type": "TEXT", "text": text(part.get("refusal"), f"{path}.refusal")}


def seeing(kind: str) -> Maker:
    """A maker of images, which the formats call by different types."""

    def image(part: Part, path: str) -> JSON:
        given = part.get("image_url")
        spec = {"url": given} if isinstance(given, str) else mapping(given, f"{path}.image_url")
        made: JSON = {"url": text(spec.get("url"), f"{path}.image_url.url")}
        if isinstance(spec.get("detail"), str):
            made["detail"] = spec["detail"].upper()
        return {"type": kind, "imageUrl": made}

    return image


def heard(part: Part, path: str) -> JSON:
    spec = mapping(part.get("input_audio"), f"{path}.input_audio")
    data = text(spec.get("data"), f"{path}.input_audio.data")
    kind = text(spec.get("format"), f"{path}.input_audio.format")
    return {
        "type": "AUDIO",
        "audioUrl": {"url": data if is_data(data) else f"data:audio/{kind};base64,{data}"},
    }


def filed(part: Part, path: str) -> JSON:
    spec = mapping(part.get("file"), f"{path}.file")
    data = spec.get("file_data")
    if not isinstance(data, str) or not data:
        raise Unsupported(
            f"{path}.file: Oracle reads files that come along as file_data", param=f"{path}.file"
        )
    whole = data if is_data(data) else f"data:application/pdf;base64,{data}"
    return {"type": "DOCUMENT", "documentUrl": {"url": whole}}


def watched(part: Part, path: str) -> JSON:
    given = part.get("video_url")
    spec = {"url": given} if isinstance(given, str) else mapping(given, f"{path}.video_url")
    return {"type": "VIDEO", "videoUrl": {"url": text(spec.get("url"), f"{path}.video_url.url")}}


TOLD: Mapping[str, Maker] = {"text": spoken, "refusal": refused}
GENERIC = Words(
    {**TOLD, "image_url": seeing("IMAGE"), "input_audio": heard, "file": filed, "video_url": watched},
    developer="SYSTEM",
    flat=True,
    names=True,
)
OPENAI = GENERIC._replace(developer="DEVELOPER")
"""Of OpenAI's own models, who are the ones that tell the two apart."""
SECOND = Words({**TOLD, "image_url": seeing("IMAGE_URL")}, developer="SYSTEM", flat=False, names=False)


def content(value: Any, path: str, words: Words) -> list[JSON]:
    """Raises BadRequest, Unsupported."""
    if isinstance(value, str):
        return [{"type": "TEXT", "text": value}]
    if not isinstance(value, list):
        raise wrong(value, path, "a string or an array of parts")
    return [made(part, f"{path}[{index}]", words) for index, part in enumerate(value)]


def made(value: Any, path: str, words: Words) -> JSON:
    part = mapping(value, path)
    kind = part.get("type")
    maker = words.parts.get(kind) if isinstance(kind, str) else None
    if maker is None:
        raise Unsupported(f"{path}.type must be one of {', '.join(words.parts)}", param=f"{path}.{kind}")
    return maker(part, path)


# ── messages ─────────────────────────────────────────────────────────────

ROLES: Mapping[str, str] = {
    **{"system": "SYSTEM", "developer": "DEVELOPER", "user": "USER", "assistant": "ASSISTANT"},
    **{"tool": "TOOL", "function": "TOOL"},
}


def conversation(value: Any, words: Words, lost: list[str]) -> list[JSON]:
    """The messages of a request; names of what they cannot carry go to `lost`.

    Raises BadRequest with the path of the fault, Unsupported for content that is not taken.
    """
    called: dict[str, str] = {}
    told = [
        said(mapping(each, f"messages[{index}]"), f"messages[{index}]", called, words, lost)
        for index, each in enumerate(array(value, "messages"))
    ]
    if not told:
        raise BadRequest("messages must not be empty", param="messages")
    return told


def said(message: Part, path: str, called: dict[str, str], words: Words, lost: list[str]) -> JSON:
    role = role_of(message, path)
    lost += marks(message)
    if role == "TOOL":
        return answered(message, path, called, words)
    made: JSON = {"role": words.developer if role == "DEVELOPER" else role}
    if message.get("name") is not None:
        if words.names:
            made["name"] = message["name"]
        else:
            lost.append("messages[].name")
    if role == "ASSISTANT":
        return {**made, **uttered(message, path, called, words, lost)}
    return {**made, "content": content(message.get("content"), f"{path}.content", words)}


def role_of(message: Part, path: str) -> str:
    """Raises BadRequest."""
    given = message.get("role")
    role = ROLES.get(given) if isinstance(given, str) else None
    if role is None:
        raise BadRequest(f"{path}.role must be one of {', '.join(ROLES)}", param=f"{path}.role")
    return role


def uttered(message: Part, path: str, called: dict[str, str], words: Words, lost: list[str]) -> JSON:
    """What the assistant said. Beside a call Oracle wants no content rather than an empty one."""
    if message.get("audio") is not None:
        lost.append("messages[].audio")
    calls = [call(each, words) for each in calls_of(message, path, called)]
    given = message.get("content")
    parts = [] if given in (None, "") else content(given, f"{path}.content", words)
    if message.get("refusal") is not None:
        parts.append(refused(message, path))
    told: JSON = {"content": parts or None} if calls else {"content": parts or content("", path, words)}
    return {**told, "toolCalls": calls} if calls else told


def call(told: JSON, words: Words) -> JSON:
    function = told["function"]
    return {"id": told["id"], "type": "FUNCTION", **(function if words.flat else {"function": function})}


def answered(message: Part, path: str, called: Mapping[str, str], words: Words) -> JSON:
    id = result({**message, "content": None}, path, called)["tool_call_id"]
    given = message.get("content")
    told = content("" if given is None else given, f"{path}.content", words)
    return {"role": "TOOL", "toolCallId": id, "content": told}
