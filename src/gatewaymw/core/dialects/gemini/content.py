"""The parts of a message, as Gemini's parts.

Parts: https://ai.google.dev/api/caching#Part. Files come along (`inlineData`) or are named by where Google
can read them (`fileData`): https://ai.google.dev/gemini-api/docs/generate-content/file-input-methods, a
public URL, `gs://…`, or what its Files API gave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import unquote

from ...errors import BadRequest
from ...values import JSON
from ..fields import mapping, text, wrong
from ..media import Media, data_uri, is_data, kind_of, media_type

Part: TypeAlias = Mapping[str, Any]
Maker: TypeAlias = Callable[[Part, str, list[str]], JSON | None]
"""(part, its path, names of what is lost) → Gemini's part; None where the part says nothing."""

FILES = "https://generativelanguage.googleapis.com/v1beta/"
"""What stands before the name of a file (`files/…`) in its address."""
EXTRAS: Mapping[str, str] = {
    **{"video_metadata": "videoMetadata", "media_resolution": "mediaResolution"},
    **{"media_processing": "mediaProcessing", "audio_metadata": "audioMetadata"},
    **{"document_metadata": "documentMetadata", "spreadsheet_metadata": "spreadsheetMetadata"},
    **{"speech_metadata": "speechMetadata", "part_metadata": "partMetadata"},
}
"""What Gemini's parts may say beyond OpenAI's: which of it has a meaning depends on what the part holds."""
MARKS = ("cache_control", "prompt_cache_breakpoint")
"""Where others are told to cache. Gemini finds out by itself what repeats, and has no such places."""
SOUNDS: Mapping[str, str] = {
    **{"wav": "audio/wav", "mp3": "audio/mpeg", "mpeg": "audio/mpeg", "mpga": "audio/mpeg"},
    **{"flac": "audio/flac", "aac": "audio/aac", "ogg": "audio/ogg", "opus": "audio/ogg", "m4a": "audio/mp4"},
    **{"mp4": "audio/mp4", "aiff": "audio/aiff", "webm": "audio/webm", "pcm16": "audio/l16;rate=24000"},
}
"""The media types of OpenAI's formats of sound, and of others that Gemini hears."""


def parts(content: Any, path: str, makers: Mapping[str, Maker], lost: list[str]) -> list[JSON]:
    """The parts of a message's content, a string or parts. Raises BadRequest.

    Empty text is left out: Google refuses it, and nothing is lost.
    """
    if isinstance(content, str):
        return [{"text": content}] if content else []
    if not isinstance(content, list):
        raise wrong(content, path, "a string or an array of parts")
    made = (part(each, f"{path}[{index}]", makers, lost) for index, each in enumerate(content))
    return [each for each in made if each is not None]


def part(value: Any, path: str, makers: Mapping[str, Maker], lost: list[str]) -> JSON | None:
    given = mapping(value, path)
    kind = given.get("type")
    maker = makers.get(kind) if isinstance(kind, str) else None
    if maker is None:
        raise BadRequest(f"{path}.type must be one of {', '.join(makers)}", param=f"{path}.type")
    lost += [f"messages[].content[].{name}" for name in MARKS if given.get(name) is not None]
    return maker(given, path, lost)


# ── what makes a part ────────────────────────────────────────────────────


def spoken(part: Part, path: str, lost: list[str]) -> JSON | None:
    said = words(part.get("text"), f"{path}.text")
    return said and said | extras(part)


def refused(part: Part, path: str, lost: list[str]) -> JSON | None:
    return words(part.get("refusal"), f"{path}.refusal")


def words(value: Any, path: str) -> JSON | None:
    if not isinstance(value, str):
        raise wrong(value, path, "a string")
    return {"text": value} if value else None


def image(part: Part, path: str, lost: list[str]) -> JSON:
    """An image by its data URI or address. Its type may be said: `mime_type`, beyond OpenAI's own fields."""
    return viewed("image_url", part, path, lost)


def video(part: Part, path: str, lost: list[str]) -> JSON:
    """A video likewise (`video_url`): OpenAI has no part for it."""
    return viewed("video_url", part, path, lost)


def viewed(name: str, part: Part, path: str, lost: list[str]) -> JSON:
    given = part.get(name)
    spec: Part = {"url": given} if isinstance(given, str) else mapping(given, f"{path}.{name}")
    if spec.get("detail") not in (None, "auto"):
        lost.append(f"messages[].content[].{name}.detail")
    url = text(spec.get("url"), f"{path}.{name}.url")
    return attached(url, declared(spec), f"{path}.{name}.url") | extras(part)


def extras(part: Part) -> JSON:
    return {to: part[name] for name, to in EXTRAS.items() if part.get(name) is not None}


def declared(spec: Part) -> str:
    """The type that a file is said to be of; empty where nothing is said."""
    kind, name = spec.get("mime_type") or spec.get("format"), spec.get("filename")
    if isinstance(kind, str) and "/" in kind:
        return media_type(kind)
    return kind_of(name) if isinstance(name, str) else ""


def attached(url: str, kind: str, path: str) -> JSON:
    """The part of a file with that address, be it the file itself."""
    if is_data(url):
        return inline(data_uri(url, path), kind)
    if not url.lower().startswith(("https://", "http://", "gs://")):
        raise BadRequest(f"{path} must be an http(s) or gs URL, or a data URI", param=path)
    return linked(url, kind)


def linked(url: str, kind: str) -> JSON:
    """A file that Google reads for itself. It finds out the type where neither it nor its name is told."""
    known = kind or kind_of(url)
    return {"fileData": {"mimeType": known, "fileUri": url} if known else {"fileUri": url}}


def inline(media: Media, kind: str) -> JSON:
    if kind and media.type in ("application/octet-stream", "text/plain"):
        media = Media(kind, media.data)
    return {"inlineData": {"mimeType": media.type, "data": media.data}}


def sound(part: Part, path: str, lost: list[str]) -> JSON:
    path = f"{path}.input_audio"
    spec = mapping(part.get("input_audio"), path)
    data = text(spec.get("data"), f"{path}.data")
    if is_data(data):
        return inline(data_uri(data, f"{path}.data"), "") | extras(part)
    kind = spec.get("format")
    if not isinstance(kind, str) or kind.lower() not in SOUNDS:
        raise BadRequest(f"{path}.format must be one of {', '.join(SOUNDS)}", param=f"{path}.format")
    return inline(Media(SOUNDS[kind.lower()], data), "") | extras(part)


def file(part: Part, path: str, lost: list[str]) -> JSON:
    """A file by its data, by the id that Google gave it or, beyond OpenAI's own fields, its `file_url`."""
    path = f"{path}.file"
    spec = mapping(part.get("file"), path)
    return filed(spec, declared(spec), path) | extras(part)


def filed(spec: Part, kind: str, path: str) -> JSON:
    if spec.get("file_id") is not None:
        return linked(held(text(spec["file_id"], f"{path}.file_id"), f"{path}.file_id"), kind)
    if spec.get("file_data") is not None:
        data = text(spec["file_data"], f"{path}.file_data")
        if is_data(data):
            return inline(data_uri(data, f"{path}.file_data"), kind)
        return inline(Media(kind or "application/pdf", data), "")
    if spec.get("file_url") is None:
        raise BadRequest(f"{path} must have file_data, file_id or file_url", param=path)
    return attached(text(spec["file_url"], f"{path}.file_url"), kind, f"{path}.file_url")


def held(id: str, path: str) -> str:
    """The address of a file by its id: what Google's Files API calls it, or an address (also as
    `gs%3A%2F%2F…`, which goes into a path)."""
    if id.startswith("files/"):
        return FILES + id
    url = unquote(id) if id[:3].lower() == "gs%" else id
    if not url.startswith(("https://", "gs://")):
        raise BadRequest(f"{path} must be files/…, an https or a gs URL", param=path)
    return url


# ── what each role may say ───────────────────────────────────────────────

SYSTEM: Mapping[str, Maker] = {"text": spoken}
USER: Mapping[str, Maker] = {
    **{"text": spoken, "image_url": image, "input_audio": sound, "file": file, "video_url": video},
}
ASSISTANT: Mapping[str, Maker] = {**USER, "refusal": refused}
