"""The parts of a message, as Cohere's content.

Text and images are OpenAI's own shapes (https://docs.cohere.com/docs/image-inputs); thinking, and documents
in the results of tools (https://docs.cohere.com/docs/tool-use-citations), are Cohere's. No part may hold a
field that its kind does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ...errors import BadRequest, Unsupported
from ...values import JSON
from ..fields import mapping, text, wrong
from ..history import cited, told
from ..media import Media, data_uri, is_data, kind_of, media_type, read_text

Part: TypeAlias = Mapping[str, Any]
Maker: TypeAlias = Callable[[Part, str], JSON]
"""(part, its path) → Cohere's part. Raises BadRequest, Unsupported."""


def content(value: Any, path: str, makers: Mapping[str, Maker]) -> str | list[JSON]:
    """A message's content: a string stays one, parts become Cohere's. Raises BadRequest, Unsupported."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise wrong(value, path, "a string or an array of parts")
    return [made(part, f"{path}[{index}]", makers) for index, part in enumerate(value)]


def parts(value: Any, path: str, makers: Mapping[str, Maker]) -> list[JSON]:
    """The same, always as parts."""
    said = content(value, path, makers)
    return [{"type": "text", "text": said}] if isinstance(said, str) else said


def made(value: Any, path: str, makers: Mapping[str, Maker]) -> JSON:
    part = mapping(value, path)
    kind = part.get("type")
    maker = makers.get(kind) if isinstance(kind, str) else None
    if maker is None:
        raise BadRequest(f"{path}.type must be one of {', '.join(makers)}", param=f"{path}.type")
    return maker(part, path)


# ── what makes a part ────────────────────────────────────────────────────


def spoken(part: Part, path: str) -> JSON:
    return {"type": "text", "text": words(part.get("text"), f"{path}.text")}


def refused(part: Part, path: str) -> JSON:
    return {"type": "text", "text": words(part.get("refusal"), f"{path}.refusal")}


def thought(part: Part, path: str) -> JSON:
    return {"type": "thinking", "thinking": words(part.get("thinking"), f"{path}.thinking")}


def words(value: Any, path: str) -> str:
    """A string, be it empty. Raises BadRequest."""
    if not isinstance(value, str):
        raise wrong(value, path, "a string")
    return value


def image(part: Part, path: str) -> JSON:
    path = f"{path}.image_url"
    given = part.get("image_url")
    if isinstance(given, str):
        return pictured(given, path, None)
    spec = mapping(given, path)
    return pictured(text(spec.get("url"), f"{path}.url"), f"{path}.url", spec.get("detail"))


def pictured(url: str, path: str, detail: Any) -> JSON:
    """An image by its URL, or in one: then in base64, without parameters."""
    if is_data(url):
        url = "data:{};base64,{}".format(*data_uri(url, path))
    elif not url.lower().startswith(("https://", "http://")):
        raise BadRequest(f"{path} must be an http(s) URL or a data URI", param=path)
    spec = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": spec}


def file(part: Part, path: str) -> JSON:
    """A file, where it is an image or a text: Cohere's chat reads no other. A text is told after its name."""
    path = f"{path}.file"
    spec = mapping(part.get("file"), path)
    if spec.get("file_id") is not None:
        raise Unsupported(f"{path}.file_id: Cohere keeps no files for chats; send file_data", param=path)
    for name in ("file_data", "file_url"):
        if spec.get(name) is not None:
            return filed(spec, text(spec[name], f"{path}.{name}"), f"{path}.{name}")
    raise BadRequest(f"{path} must have file_data or file_url", param=path)


def filed(spec: Part, given: str, path: str) -> JSON:
    kind, name = declared(spec), spec.get("filename")
    if not is_data(given) and path.endswith("url"):
        if (kind or kind_of(given)).startswith("image/"):
            return pictured(given, path, None)
        raise Unsupported(f"{path}: Cohere fetches images only; send the text itself", param=path)
    unsaid, data = data_uri(given, path) if is_data(given) else Media("application/octet-stream", given)
    kind = kind if kind and unsaid == "application/octet-stream" else unsaid
    if kind.startswith("image/"):
        return pictured(f"data:{kind};base64,{data}", path, None)
    if not kind.startswith("text/") and kind not in ("application/json", "application/xml"):
        raise Unsupported(f"{path}: Cohere reads images and text, not {kind}", param=path)
    told = read_text(data, path)
    return {"type": "text", "text": f"{name}\n\n{told}" if isinstance(name, str) and name else told}


def declared(spec: Part) -> str:
    """The type a file is said to be of; empty where nothing is said."""
    kind, name = spec.get("mime_type"), spec.get("filename")
    if isinstance(kind, str) and kind:
        return media_type(kind)
    return kind_of(name) if isinstance(name, str) else ""


def audio(part: Part, path: str) -> JSON:
    path = f"{path}.input_audio"
    raise Unsupported(f"{path}: Cohere takes no audio; send its transcript as text", param=path)


def document(part: Part, path: str) -> JSON:
    """A document, whose data is an object or a string."""
    spec = mapping(part.get("document"), f"{path}.document")
    return {"type": "document", "document": dict(spec)}


def unpictured(part: Part, path: str) -> JSON:
    raise Unsupported(
        f"{path}: Cohere takes text and documents from tools; send the image in a user message", param=path
    )


def text_file(part: Part, path: str) -> JSON:
    made = file(part, path)
    return made if made["type"] == "text" else unpictured(part, path)


# ── what each role may say ───────────────────────────────────────────────

SYSTEM: Mapping[str, Maker] = {"text": spoken}
USER: Mapping[str, Maker] = {"text": spoken, "image_url": image, "file": file, "input_audio": audio}
ASSISTANT: Mapping[str, Maker] = {"text": spoken, "refusal": refused, "thinking": thought}
TOOL: Mapping[str, Maker] = {"text": spoken, "document": document, "image_url": unpictured, "file": text_file}


def own(value: Any, path: str, lost: list[str]) -> list[JSON]:
    """Cohere's parts of an earlier answer (`content_blocks`). Those of others are named in `lost`: a thought
    is another's where it is signed, or in pieces."""
    kept: list[JSON] = []
    for where, part in told(value, path):
        lost += cited(part)
        kind = part.get("type", "text" if "text" in part else None)
        if any(part.get(name) for name in SIGNED) or isinstance(part.get("thinking"), list):
            lost.append("messages[].content_blocks")
            kind = "text" if kind == "text" else None
        elif kind not in ("text", "thinking"):
            lost.append("messages[].content_blocks")
        if kind in ("text", "thinking"):
            kept.append(made({**part, "type": kind}, where, ASSISTANT))
    return kept


SIGNED = ("signature", "thought_signature")
