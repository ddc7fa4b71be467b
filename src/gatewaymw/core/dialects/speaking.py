"""OpenAI's speech, read for those who have voices of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..errors import Unsupported
from ..values import JSON
from .fields import text

OPENAIS = frozenset(
    {
        *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage"),
        *("shimmer", "verse"),
    }
)
"""OpenAI's voices (https://platform.openai.com/docs/guides/text-to-speech), which no other has."""
KNOWN = frozenset({"model", "input", "voice", "response_format", "stream_format"})


def voice_of(body: Mapping[str, Any], who: str, like: str) -> str:
    """The voice, by the provider's own name or id. Raises BadRequest, and Unsupported for one of OpenAI's."""
    given = body.get("voice")
    path = "voice.id" if isinstance(given, Mapping) else "voice"
    name = text(given.get("id") if isinstance(given, Mapping) else given, path)
    if name in OPENAIS:
        raise Unsupported(f"{path}: {name} is a voice of OpenAI's; name one of {who}'s, {like}", param=path)
    return name


def format_of(body: Mapping[str, Any], able: Collection[str], who: str) -> str:
    """The format asked for. OpenAI's own default is mp3: who cannot make that makes the first of their own.

    Raises Unsupported for one that cannot be made, and for a stream of events."""
    as_audio(body, who)
    value = body.get("response_format") or ("mp3" if "mp3" in able else next(iter(able)))
    if not isinstance(value, str) or value not in able:
        raise Unsupported(
            f"response_format: {who}'s speech comes as {' or '.join(able)}; ask for one of these",
            param="response_format",
        )
    return value


def as_audio(body: Mapping[str, Any], who: str) -> None:
    """Raises Unsupported for speech that is asked for as a stream of events."""
    if body.get("stream_format") not in (None, "audio"):
        raise Unsupported(
            f"stream_format: {who}'s speech comes as audio alone; leave it out", param="stream_format"
        )


def asking_more(body: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Those of the parameters that ask for something, which the usual speed does not."""
    return [name for name in sorted(names) if body.get(name) not in (None, "", 1)]


SHAPE = ("encoding", "container")


def beaten(sound: JSON, body: Mapping[str, Any]) -> list[str]:
    """The name of the format, where the provider's own parameters say another thing of its `sound`."""
    others = (name for name in SHAPE if body.get(name) not in (None, sound.get(name)))
    return ["response_format"] if body.get("response_format") and any(others) else []
