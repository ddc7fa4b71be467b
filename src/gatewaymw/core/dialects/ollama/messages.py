"""A conversation in OpenAI's messages, as Ollama's (https://docs.ollama.com/api/chat).

A message has one text, and beside it the images in base64. The arguments of calls are objects; results name
the tool, and the call where there is an id (https://docs.ollama.com/capabilities/tool-calling). A model's
thoughts go back to it, as Ollama's clients send them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest, Unsupported
from ...values import JSON
from ..calls import arguments, named
from ..fields import array, mapping, text, wrong
from ..history import OURS, THOUGHT
from ..media import Media, data_uri, is_data, kind_of, media_type, read_text

Part = Mapping[str, Any]
ROLES: Mapping[str, str] = {
    **{"system": "system", "developer": "system", "user": "user", "assistant": "assistant"},
    **{"tool": "tool", "function": "tool"},
}


def conversation(value: Any, lost: list[str]) -> list[JSON]:
    """The messages of a request; names of what they cannot carry go to `lost`.

    Raises BadRequest with the path of the fault, Unsupported for content that Ollama does not take.
    """
    given = array(value, "messages")
    if not given:
        raise BadRequest("messages must not be empty", param="messages")
    called: dict[str, str] = {}
    return [
        said(mapping(each, f"messages[{index}]"), f"messages[{index}]", called, lost)
        for index, each in enumerate(given)
    ]


def said(message: Part, path: str, called: dict[str, str], lost: list[str]) -> JSON:
    given = message.get("role")
    role = ROLES.get(given) if isinstance(given, str) else None
    if role is None:
        raise BadRequest(f"{path}.role must be one of {', '.join(ROLES)}", param=f"{path}.role")
    made = {"role": role, **content(message, path, lost)}
    if role == "tool":
        return {**made, **result(message, path, called)}
    lost += [f"messages[].{name}" for name in ("name", "audio", *sorted(OURS)) if message.get(name)]
    if role != "assistant":
        return made
    if isinstance(thought := message.get(THOUGHT), str) and thought:
        made["thinking"] = thought
    if calls := calls_of(message, path, called):
        made["tool_calls"] = calls
    return made


# ── calls and results ────────────────────────────────────────────────────


def calls_of(message: Part, path: str, called: dict[str, str]) -> list[JSON]:
    calls = []
    for index, each in enumerate(array(message.get("tool_calls") or [], f"{path}.tool_calls")):
        where = f"{path}.tool_calls[{index}]"
        spec = mapping(each, where)
        name, given = named(spec, where)
        called[text(spec.get("id"), f"{where}.id")] = name
        calls.append({"id": spec["id"], "function": {"name": name, "arguments": given}})
    if message.get("function_call") is not None:
        where = f"{path}.function_call"
        spec = mapping(message["function_call"], where)
        made = arguments(spec.get("arguments"), f"{where}.arguments")
        calls.append({"function": {"name": text(spec.get("name"), f"{where}.name"), "arguments": made}})
    return calls


def result(message: Part, path: str, called: Mapping[str, str]) -> JSON:
    if message["role"] == "function":
        return {"tool_name": text(message.get("name"), f"{path}.name")}
    id = text(message.get("tool_call_id"), f"{path}.tool_call_id")
    name = called.get(id) or message.get("name")
    return {"tool_call_id": id, **({"tool_name": name} if name else {})}


# ── content ──────────────────────────────────────────────────────────────


def content(message: Part, path: str, lost: list[str]) -> JSON:
    """The text of a message, and its images where it has any: parts of text are put together."""
    value = message.get("content")
    if value is None:
        return {"content": words(message.get("refusal") or "", f"{path}.refusal")}
    if isinstance(value, str):
        return {"content": value}
    if not isinstance(value, list):
        raise wrong(value, f"{path}.content", "a string or an array of parts")
    texts: list[str] = []
    images: list[str] = []
    for index, each in enumerate(value):
        where = f"{path}.content[{index}]"
        told = piece(mapping(each, where), where, lost)
        texts += [told] if isinstance(told, str) else []
        images += [told.data] if isinstance(told, Media) else []
    return {"content": "\n".join(texts), **({"images": images} if images else {})}


def piece(part: Part, path: str, lost: list[str]) -> str | Media:
    """A part, as a text or an image. Raises BadRequest, Unsupported."""
    kind = part.get("type")
    if kind in ("text", "refusal"):
        return words(part.get(kind), f"{path}.{kind}")
    if kind == "image_url":
        return pictured(part, f"{path}.image_url", lost)
    if kind == "file":
        return filed(mapping(part.get("file"), f"{path}.file"), f"{path}.file")
    if kind == "input_audio":
        where = f"{path}.input_audio"
        raise Unsupported(f"{where}: Ollama takes no audio; send its transcript as text", param=where)
    raise BadRequest(f"{path}.type must be text, image_url, file or refusal", param=f"{path}.type")


def words(value: Any, path: str) -> str:
    """A string, be it empty. Raises BadRequest."""
    if not isinstance(value, str):
        raise wrong(value, path, "a string")
    return value


def pictured(part: Part, path: str, lost: list[str]) -> Media:
    """An image in a data URI. Raises BadRequest."""
    given = part.get("image_url")
    spec: Part = {"url": given} if isinstance(given, str) else mapping(given, path)
    if spec.get("detail") not in (None, "auto"):
        lost.append("messages[].content[].image_url.detail")
    url = text(spec.get("url"), f"{path}.url")
    if not is_data(url):
        raise BadRequest(f"{path}.url must be a data URI: Ollama fetches no images", param=f"{path}.url")
    return data_uri(url, f"{path}.url")


def filed(spec: Part, path: str) -> str | Media:
    """A file, where it is an image or a text: Ollama reads no other. Raises BadRequest, Unsupported."""
    if not isinstance(spec.get("file_data"), str):
        raise Unsupported(f"{path}: Ollama keeps and fetches no files; send file_data", param=path)
    path, given, name = f"{path}.file_data", str(spec["file_data"]), spec.get("filename")
    unsaid = Media("application/octet-stream", given)
    media = data_uri(given, path) if is_data(given) else unsaid
    if media.type == unsaid.type and isinstance(name, str):
        media = Media(media_type(kind_of(name)), media.data)
    if media.type.startswith("image/"):
        return media
    if not media.type.startswith("text/") and media.type not in ("application/json", "application/xml"):
        raise Unsupported(f"{path}: Ollama reads images and text, not {media.type or 'this'}", param=path)
    told = read_text(media.data, path)
    return f"{name}\n\n{told}" if isinstance(name, str) and name else told
