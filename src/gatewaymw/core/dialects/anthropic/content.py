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
from ..calls import arguments
from ..fields import mapping, text, wrong
from ..history import cited, told
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
    given, path = part.get("image_url"), f"{path}.image_url"
    if not isinstance(given, str):
        spec = mapping(given, path)
        if spec.get("detail") not in (None, "auto"):
            lost.append("messages[].content[].image_url.detail")
        given, path = text(spec.get("url"), f"{path}.url"), f"{path}.url"
    own = part.get("transformations")  # what becomes of an image that is too large
    return pictured(given, path) | ({} if own is None else {"transformations": own})


def pictured(url: str, path: str) -> JSON:
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
    path = f"{path}.input_audio"
    raise Unsupported(f"{path}: Anthropic takes no audio; send its transcript as text", param=path)


def itself(part: Part, path: str, lost: list[str]) -> Part:
    return part


# ── what each role may say ───────────────────────────────────────────────

SYSTEM: Mapping[str, Maker] = {"text": spoken, **dict.fromkeys(("tool_addition", "tool_removal"), itself)}
"""Tools are added and removed midway (beta); Anthropic refuses that in what it is told first."""
USER: Mapping[str, Maker] = {
    **{"text": spoken, "image_url": image, "file": file, "input_audio": audio},
    **dict.fromkeys(("image", "document", "search_result", "container_upload"), itself),
}
TOOL: Mapping[str, Maker] = {**USER, **dict.fromkeys(("tool_reference", "browser_state"), itself)}
ASSISTANT: Mapping[str, Maker] = {
    **{"text": spoken, "refusal": refused},
    **dict.fromkeys(("thinking", "redacted_thinking"), itself),
}


FOREIGN = frozenset(
    {
        *("image_url", "executable_code", "code_execution_result", "inline_data", "file_data", "tool_call"),
        *("tool_response", "reference"),
    }
)
"""Blocks of other makers' answers, which are refused here."""


def own(value: Any, path: str, lost: list[str]) -> list[Part]:
    """Anthropic's blocks of an earlier answer (`content_blocks`), as they came, signatures and all.

    Text without a visible character is left out, as it was before it came here. Other makers' blocks are
    named as lost, a thought among them: it is refused without a signature of Anthropic's. Claude's through
    Bedrock are Anthropic's in other words; their signatures hold on any platform
    (https://platform.claude.com/docs/en/build-with-claude/extended-thinking).
    """
    kept: list[Part] = []
    for where, given in told(value, path):
        block = given if "type" in given else reworded(given, lost)
        if not block or foreign(block, f"{where}.type"):
            lost.append("messages[].content_blocks")
        elif block["type"] != "text":
            kept.append(argued(block, where))
        elif not blank(block.get("text")):
            kept.append(unmarked(block, lost))
    return kept


def foreign(block: Part, path: str) -> bool:
    kind = text(block.get("type"), path)
    return kind in FOREIGN or (kind == "thinking" and not block.get("signature"))


def blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def unmarked(block: Part, lost: list[str]) -> Part:
    """A text without Gemini's signature."""
    if "thought_signature" not in block:
        return block
    lost.append("messages[].content_blocks[].thought_signature")
    return {name: block[name] for name in block if name != "thought_signature"}


def argued(block: Part, path: str) -> Part:
    """A block whose input came in pieces of JSON, with the input. Raises BadRequest."""
    if "partial_json" not in block:
        return block
    given = arguments(block["partial_json"], f"{path}.partial_json")
    return {**{name: block[name] for name in block if name != "partial_json"}, "input": given}


def reworded(block: Part, lost: list[str]) -> Part:
    """A block of Converse's that is Claude's, in Anthropic's words; nothing for any other."""
    thought = block.get("reasoningContent")
    if isinstance(block.get("text"), str):
        lost += cited(block)  # whose places are told otherwise
        return {"type": "text", "text": block["text"]}
    if not isinstance(thought, Mapping):
        return {}
    if isinstance(data := thought.get("redactedContent"), str):
        return {"type": "redacted_thinking", "data": data}
    said = thought.get("reasoningText")
    if not isinstance(said, Mapping) or not said.get("signature"):
        return {}
    return {"type": "thinking", "thinking": said.get("text") or "", "signature": said["signature"]}
