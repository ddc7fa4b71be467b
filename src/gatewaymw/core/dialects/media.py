"""Files inside a request: what a data URI holds, and what kind of file a name or a URL speaks of."""

from __future__ import annotations

from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from ..errors import BadRequest


class Media(NamedTuple):
    """A file of a request: its media type without parameters, lower-case, and its base64."""

    type: str
    data: str


ALIASES: Mapping[str, str] = {"image/jpg": "image/jpeg", "application/x-pdf": "application/pdf"}

# The registered types: https://www.iana.org/assignments/media-types/media-types.xhtml
KINDS: Mapping[str, str] = {
    **{
        "csv": "text/csv",
        "htm": "text/html",
        "html": "text/html",
        "md": "text/markdown",
        "txt": "text/plain",
    },
    **{"xml": "text/xml", "json": "application/json", "pdf": "application/pdf"},
    **{
        "gif": "image/gif",
        "jpeg": "image/jpeg",
        "jpg": "image/jpeg",
        "png": "image/png",
        "webp": "image/webp",
    },
    **{"heic": "image/heic", "heif": "image/heif", "avif": "image/avif", "bmp": "image/bmp"},
    **{
        "aac": "audio/aac",
        "aiff": "audio/aiff",
        "flac": "audio/flac",
        "m4a": "audio/mp4",
        "mp3": "audio/mpeg",
    },
    **{"ogg": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav"},
    **{"3gp": "video/3gpp", "avi": "video/x-msvideo", "flv": "video/x-flv", "mov": "video/quicktime"},
    **{"mp4": "video/mp4", "mpeg": "video/mpeg", "mpg": "video/mpeg", "webm": "video/webm"},
}


def kind_of(name: str) -> str:
    """The media type that the ending of a file's name or URL speaks of; empty where it says nothing."""
    path = name.partition("#")[0].partition("?")[0]
    return KINDS.get(path.rpartition(".")[2].lower(), "")


def pictured(data: bytes) -> str:
    """The media type of an image by what it begins with; empty where it is none that is known."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for sign, kind in SIGNS.items() if data.startswith(sign)), "")


SIGNS: Mapping[bytes, str] = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}


def base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()


def media_type(value: str) -> str:
    """A media type as it is compared: no parameters, lower-case, under its registered name."""
    kind = value.partition(";")[0].strip().lower()
    return ALIASES.get(kind, kind)


def is_data(url: str) -> bool:
    return url[:5].lower() == "data:"


def data_uri(url: str, path: str) -> Media:
    """The file in a data URI (RFC 2397), parameters or not, base64 or percent-encoded.

    Raises BadRequest naming `path` where it is cut off before its data.
    """
    head, comma, data = url[5:].partition(",")
    if not comma or not data:
        raise BadRequest(
            f"{path} is a data URI without data; it must be data:<type>;base64,<data>", param=path
        )
    kind = media_type(head) or "text/plain"
    if head.rpartition(";")[2].strip().lower() == "base64":
        return Media(kind, data)
    plain = unquote_to_bytes(data.encode(errors="surrogatepass"))
    return Media(kind, base64(plain))


def read_text(data: str, path: str) -> str:
    """The text in base64. Raises BadRequest naming `path` where it is none."""
    try:
        return a2b_base64(data.encode()).decode()
    except (NotBase64, UnicodeError):
        raise BadRequest(f"{path} must be UTF-8 text in base64", param=path) from None


def joined(pieces: Iterable[str]) -> str:
    """The base64 of what several hold together. Raises ValueError."""
    return base64(b"".join(a2b_base64(each) for each in pieces))
