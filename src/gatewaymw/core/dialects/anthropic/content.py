"""The parts of a message, as Anthropic's content blocks.

Blocks: https://platform.claude.com/docs/en/api/messages; images and files:
https://platform.claude.com/docs/en/build-with-claude/vision and …/pdf-support. Blocks that are Anthropic's
own already (a search result, a document with citations) pass as they are, where their place takes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ...errors import BadRequest, Unsupported
from ...values import JSON
from ..fields import array, mapping, text, wrong
from ..media import Media, data_uri, is_data, kind_of, media_type, read_text

Part: TypeAlias = Mapping[str, Any]
Maker: TypeAlias = Callable[[Part, str, list[str]], Part | None]
"""(part, its path, names of what is lost) → block; None where the part says nothing."""


def blocks(content: Any, path: str, makers: Mapping[str, Maker], lost: list[str]) -> list[Part]:
    """The blocks of a message's content, a string or parts. Raises BadRequest, Unsupported.

    Text without a visible character is left out: Anthropic refuses it, and nothing is lost.
    """
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content.strip() else []
    if not isinstance(content, list):
        raise wrong(content, path, "a string or an array of parts")
    made = (block(part, f"{path}[{index}]", makers, lost) for index, part in enumerate(content))
    return [each for each in made if each is not None]


def block(value: Any, path: str, makers: Mapping[str, Maker], lost: list[str]) -> Part | None:
    part = mapping(value, path)
    kind = part.get("type")
    maker = makers.get(kind) if isinstance(kind, str) else None
    if maker is None:
        raise BadRequest(f"{path}.type must be one of {', '.join(makers)}", param=f"{path}.type")
    made = maker(part, path, lost)
    return made if made is None or made is part else marked(made, part, lost)


def marked(made: Part, part: Part, lost: list[str]) -> Part:
    """A block with its part's cache breakpoint, be it Anthropic's or OpenAI's.

    OpenAI's asks for 30 minutes at the least; Anthropic has 5 and 60. Its 12 hours cannot be had.
    """
    if (mark := part.get("cache_control")) is not None:
        return {**made, "cache_control": mark}
    asked = part.get("prompt_cache_breakpoint")
    if not isinstance(asked, Mapping):
        return made
    if asked.get("ttl") == "12h":
        lost.append("messages[].content[].prompt_cache_breakpoint.ttl")
    return {**made, "cache_control": {"type": "ephemeral", "ttl": "1h"}}


# ── what makes a block of a part ─────────────────────────────────────────


def spoken(part: Part, path: str, lost: list[str]) -> Part | None:
    return words(part.get("text"), f"{path}.text")


def refused(part: Part, path: str, lost: list[str]) -> Part | None:
    return words(part.get("refusal"), f"{path}.refusal")


def words(value: Any, path: str) -> Part | None:
    if not isinstance(value, str):
        raise wrong(value, path, "a string")
    return {"type": "text", "text": value} if value.strip() else None


def image(part: Part, path: str, lost: list[str]) -> Part:
    given = part.get("image_url")
    if isinstance(given, str):
        return pictured(given, f"{path}.image_url")
    spec = mapping(given, f"{path}.image_url")
    if spec.get("detail") not in (None, "auto"):
        lost.append("messages[].content[].image_url.detail")
    return pictured(text(spec.get("url"), f"{path}.image_url.url"), f"{path}.image_url.url")


def pictured(url: str, path: str) -> Part:
    if is_data(url):
        return attached(data_uri(url, path), path)
    return {"type": "image", "source": linked(url, path)}


def linked(url: str, path: str) -> JSON:
    if not url.lower().startswith(("https://", "http://")):
        raise BadRequest(f"{path} must be an http(s) URL or a data URI", param=path)
    return {"type": "url", "url": url}


def file(part: Part, path: str, lost: list[str]) -> Part:
    """A file by its data, its id at Anthropic (https://platform.claude.com/docs/en/build-with-claude/files)
    or, beyond OpenAI's own parts, its URL (`file_url`) and type (`mime_type`)."""
    path = f"{path}.file"
    spec = mapping(part.get("file"), path)
    name = spec.get("filename")
    made = filed(spec, declared(spec), path)
    if made["type"] != "document":
        return made
    title = {"title": name} if isinstance(name, str) and name else {}
    own = {key: part[key] for key in ("title", "context", "citations") if part.get(key) is not None}
    return {**made, **title, **own}


def declared(spec: Part) -> str:
    """The type a file is said to be of; empty where nothing is said."""
    kind, name = spec.get("mime_type"), spec.get("filename")
    if isinstance(kind, str) and kind:
        return media_type(kind)
    return kind_of(name) if isinstance(name, str) else ""


def filed(spec: Part, kind: str, path: str) -> JSON:
    if spec.get("file_id") is not None:
        return shown(kind, {"type": "file", "file_id": text(spec["file_id"], f"{path}.file_id")})
    if spec.get("file_data") is not None:
        return attached(
            media_of(text(spec["file_data"], f"{path}.file_data"), kind, path), f"{path}.file_data"
        )
    if spec.get("file_url") is None:
        raise BadRequest(f"{path} must have file_data, file_id or file_url", param=path)
    url = text(spec["file_url"], f"{path}.file_url")
    if is_data(url):
        return attached(media_of(url, kind, path), f"{path}.file_url")
    return shown(kind or kind_of(url), linked(url, f"{path}.file_url"))


def media_of(data: str, kind: str, path: str) -> Media:
    """A file given as a data URI, or as bare base64: then it is what it is said to be, or else a PDF."""
    if not is_data(data):
        return Media(kind or "application/pdf", data)
    media = data_uri(data, f"{path}.file_data")
    return Media(kind, media.data) if kind and media.type == "application/octet-stream" else media


def shown(kind: str, source: JSON) -> JSON:
    return {"type": "image" if kind.startswith("image/") else "document", "source": source}


def attached(media: Media, path: str) -> JSON:
    """The block that holds a file. Raises Unsupported for a kind that Anthropic does not read."""
    kind, data = media
    if kind.startswith("image/") or kind == "application/pdf":
        return shown(kind, {"type": "base64", "media_type": kind, "data": data})
    if kind.startswith("text/") or kind in ("application/json", "application/xml"):
        source = {"type": "text", "media_type": "text/plain", "data": read_text(data, path)}
        return {"type": "document", "source": source}
    raise Unsupported(f"{path}: Anthropic reads images, PDF and text, not {kind}", param=path)


def audio(part: Part, path: str, lost: list[str]) -> Part:
    raise Unsupported(f"{path}: Anthropic takes no audio; send its transcript as text", param=path)


def itself(part: Part, path: str, lost: list[str]) -> Part:
    return part


# ── what each role may say ───────────────────────────────────────────────

SYSTEM: Mapping[str, Maker] = {"text": spoken}
USER: Mapping[str, Maker] = {
    **{"text": spoken, "image_url": image, "file": file, "input_audio": audio},
    **dict.fromkeys(("image", "document", "search_result", "container_upload"), itself),
}
TOOL: Mapping[str, Maker] = {**USER, **dict.fromkeys(("tool_reference", "browser_state"), itself)}
ASSISTANT: Mapping[str, Maker] = {
    **{"text": spoken, "refusal": refused},
    **dict.fromkeys(("thinking", "redacted_thinking"), itself),
}


def own(value: Any, path: str) -> list[Part]:
    """Anthropic's blocks of an earlier answer (`content_blocks`), as they came, signatures and all.

    Text without a visible character is left out, as it was before it came here.
    """
    made = [mapping(each, f"{path}[{index}]") for index, each in enumerate(array(value, path))]
    for index, each in enumerate(made):
        text(each.get("type"), f"{path}[{index}].type")
    return [each for each in made if not (each["type"] == "text" and blank(each.get("text")))]


def blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()
