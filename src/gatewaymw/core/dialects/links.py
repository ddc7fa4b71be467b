"""Where in a client's body the addresses of files stand that a provider takes as bytes only.

A walker gives what it finds and judges nothing: what is odd about a body its codec says. The parts are
those of OpenAI's chats (https://platform.openai.com/docs/api-reference/chat/create) and, beyond them,
`file_url`; the inputs those of embeddings that see (`{"image": …}`, or parts as in chats).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..model import Link, Step

PICTURES = ("image_url", "image")


def chatted(body: Mapping[str, Any]) -> Iterator[Link]:
    """The links in the parts of a chat's messages."""
    for index, message in enumerate(listed(body.get("messages"))):
        if isinstance(message, Mapping):
            for place, part in enumerate(listed(message.get("content"))):
                yield from attached(part, ("messages", index, "content", place))


def embedded(body: Mapping[str, Any]) -> Iterator[Link]:
    """The links in what is to be embedded: one input or several, each an object or parts."""
    given = body.get("input")
    yield from within(given, ("input",)) if isinstance(given, Mapping) else ()
    for index, each in enumerate(listed(given)):
        yield from within(each, ("input", index))
    for index, each in enumerate(listed(body.get("images"))):
        yield from linked(each, ("images", index))
    for index, each in enumerate(listed(body.get("inputs"))):
        if isinstance(each, Mapping):
            yield from within(each.get("content"), ("inputs", index, "content"))


def painted(body: Mapping[str, Any]) -> Iterator[Link]:
    """The link to the image that another is made of."""
    yield from linked(body.get("image"), ("image",))


def within(value: Any, at: tuple[Step, ...]) -> Iterator[Link]:
    """The links in one part, or in an array of them."""
    yield from attached(value, at)
    for index, part in enumerate(listed(value)):
        yield from attached(part, (*at, index))


def attached(part: Any, at: tuple[Step, ...]) -> Iterator[Link]:
    if not isinstance(part, Mapping):
        return
    for name in PICTURES:
        given = part.get(name)
        if isinstance(given, Mapping):
            yield from linked(given.get("url"), (*at, name, "url"))
        yield from linked(given, (*at, name))
    if isinstance(file := part.get("file"), Mapping):
        yield from linked(file.get("file_url"), (*at, "file", "file_url"), document=True)


def linked(value: Any, at: tuple[Step, ...], document: bool = False) -> Iterator[Link]:
    if isinstance(value, str) and value[:8].lower().startswith(("http://", "https://")):
        yield Link(at, value, document)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
