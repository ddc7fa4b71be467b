"""Files inside a Converse message: images, documents, videos and sound, as bytes or by their place in S3.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html. Each names its format
by a word of its own. Converse fetches nothing from the web.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest, Unsupported
from ...values import JSON
from ..fields import text
from ..media import Media, data_uri, is_data, media_type

IMAGES = frozenset({"png", "jpeg", "gif", "webp"})
VIDEOS = frozenset({"mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"})
SOUNDS = frozenset(
    {
        *("mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga"),
        *("pcm", "webm"),
    }
)
DOCUMENTS: Mapping[str, str] = {
    "application/msword": "doc",
    "application/pdf": "pdf",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/csv": "csv",
    "text/html": "html",
    "text/markdown": "md",
}
"""The formats of documents by their media types; any other text is `txt`."""
TEXTS = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml"})
FORMATS: Mapping[str, str] = {
    "image/jpg": "jpeg",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/x-flv": "flv",
    "video/x-ms-wmv": "wmv",
    "video/3gpp": "three_gp",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mpeg": "mp3",
    "audio/x-m4a": "m4a",
    "audio/x-matroska": "mka",
}
"""Formats that are not called what their media types end in."""
TYPES: Mapping[str, str] = {
    **{name: f"image/{name}" for name in IMAGES},
    **{name: f"video/{name}" for name in VIDEOS},
    **{name: f"audio/{name}" for name in ("mp3", "opus", "wav", "aac", "flac", "ogg", "mka", "m4a", "pcm")},
    **{name: kind for kind, name in DOCUMENTS.items()},
    **{"jpg": "image/jpeg", "htm": "text/html", "txt": "text/plain", "json": "application/json"},
    **{"xml": "application/xml", "yaml": "application/yaml", "yml": "application/yaml", "3gp": "video/3gpp"},
}
"""Media types by the endings of names."""


def type_of(name: str) -> str:
    """The media type that a name's ending speaks of; empty where it says nothing."""
    return TYPES.get(name.rpartition(".")[2].lower(), "") if "." in name else ""


def attached(media: Media, name: str, path: str) -> JSON:
    """The block of a file that is there: its bytes in base64. Raises Unsupported."""
    return shown(media.type, {"bytes": media.data}, name, path)


def located(uri: str, kind: str, name: str, path: str) -> JSON:
    """The block of a file in S3. Raises BadRequest where neither its name nor its type tell its format."""
    kind = kind or type_of(uri)
    if not kind:
        raise BadRequest(
            f"{path} must end in what kind of file it is, as .png or .pdf, or come with mime_type", param=path
        )
    return shown(kind, {"s3Location": {"uri": uri}}, name or uri.rpartition("/")[2], path)


def linked(url: str, kind: str, name: str, path: str) -> JSON:
    """The block of what a URL leads to. Raises Unsupported for the web, BadRequest for what is no URL."""
    if is_data(url):
        media = data_uri(url, path)
        vague = media.type == "application/octet-stream" and kind
        return attached(Media(kind, media.data) if vague else media, name, path)
    if url.startswith("s3://"):
        return located(url, kind, name, path)
    if url.lower().startswith(("https://", "http://")):
        raise Unsupported(
            f"{path}: Bedrock fetches nothing from the web; send the file itself as a data URI"
            " (data:image/png;base64,…), or where it lies in S3 (s3://bucket/key.png)",
            param=path,
        )
    raise BadRequest(f"{path} must be a data URI or an s3:// address", param=path)


def shown(kind: str, source: JSON, name: str, path: str) -> JSON:
    family, _, rest = kind.partition("/")
    form = FORMATS.get(kind, rest)
    for block, forms in (("image", IMAGES), ("video", VIDEOS), ("audio", SOUNDS)):
        if block == family and form in forms:
            return {block: {"format": form, "source": source}}
    form = DOCUMENTS.get(kind) or ("txt" if family == "text" or kind in TEXTS else "")
    if not form:
        raise Unsupported(
            f"{path}: Bedrock reads images, documents, videos and sound in common formats, not {kind}",
            param=path,
        )
    return {"document": {"format": form, "name": name, "source": source}}


def filed(spec: Mapping[str, Any], path: str) -> JSON:
    """The block of a `file` part: by its data, or beyond OpenAI's fields by its URL and `mime_type`.

    Raises BadRequest, and Unsupported for the id of a file, since Bedrock keeps none.
    """
    given = spec.get("filename")
    name = given if isinstance(given, str) else ""
    declared = spec.get("mime_type")
    kind = media_type(declared) if isinstance(declared, str) else type_of(name)
    if spec.get("file_id") is not None:
        raise Unsupported(f"{path}.file_id: Bedrock keeps no files; send file_data", param=f"{path}.file_id")
    if spec.get("file_url") is not None:
        return linked(text(spec["file_url"], f"{path}.file_url"), kind, name, f"{path}.file_url")
    if spec.get("file_data") is None:
        raise BadRequest(f"{path} must have file_data or file_url", param=path)
    data = text(spec["file_data"], f"{path}.file_data")
    if is_data(data):
        return linked(data, kind, name, f"{path}.file_data")
    return attached(Media(kind or "application/pdf", data), name, f"{path}.file_data")


# ── names ────────────────────────────────────────────────────────────────

UNNAMEABLE = re.compile(r"[^0-9A-Za-z\s\-()\[\]]+")
LONGEST = 200
UNNAMED = "Document"


def nameable(name: str, taken: set[str]) -> str:
    """A document's name as Bedrock takes it, unlike any in `taken`, to which it is added.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html: letters, digits,
    single spaces, hyphens and brackets; two of the same name are refused. It ends without the ending of the
    file's name, which the format tells.
    """
    stem = name.rpartition(".")[0] if type_of(name) else name
    clean = " ".join(UNNAMEABLE.sub(" ", stem).split())[: LONGEST - 10].rstrip() or UNNAMED
    made, count = clean, 1
    while made.casefold() in taken:
        count += 1
        made = f"{clean} ({count})"
    taken.add(made.casefold())
    return made
