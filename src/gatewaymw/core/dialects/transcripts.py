"""Transcripts as OpenAI tells them, in the format that the client asked for
(https://platform.openai.com/docs/api-reference/audio/verbose-json-object, …/diarized-json-object)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .. import json
from ..model import Context
from ..values import JSON

FORMATS = ("json", "text", "verbose_json", "diarized_json")


class Word(NamedTuple):
    """A word, when it was said in seconds, and by whom."""

    word: str
    start: float
    end: float
    speaker: str = ""


class Heard(NamedTuple):
    """What a provider heard."""

    text: str
    words: Sequence[Word] = ()
    language: str = ""
    seconds: float | None = None
    """How long the sound is; None where nobody tells, and it is taken to end with its last word."""

    @property
    def length(self) -> float:
        return max((word.end for word in self.words), default=0.0) if self.seconds is None else self.seconds


def told(heard: Heard, context: Context, own: JSON) -> tuple[bytes, str]:
    """The client's body and its content type. `own` is the provider's answer, which goes with it where
    strictness is off."""
    shape = context.request.get("response_format")
    if shape == "text":
        return f"{heard.text}\n".encode(errors="replace"), "text/plain; charset=utf-8"
    made = {"text": heard.text, **beside(heard, shape)}
    if heard.seconds is not None and shape != "verbose_json":
        made["usage"] = {"type": "duration", "seconds": heard.seconds}
    return json.dumps(made if context.strict else {**own, **made}), "application/json"


def beside(heard: Heard, shape: object) -> JSON:
    """What goes with the text."""
    if shape == "diarized_json":
        made = [segment(number, turn) for number, turn in enumerate(turns(heard.words))]
        return {"task": "transcribe", "duration": heard.length, "segments": made}
    if shape != "verbose_json":
        return {}
    words = [{"word": each.word, "start": each.start, "end": each.end} for each in heard.words]
    return {"task": "transcribe", "language": heard.language, "duration": heard.length, "words": words}


def turns(words: Sequence[Word]) -> list[list[Word]]:
    """The words of one speaker after those of another."""
    made: list[list[Word]] = []
    for word in words:
        if not made or made[-1][-1].speaker != word.speaker:
            made.append([])
        made[-1].append(word)
    return made


def segment(number: int, turn: list[Word]) -> JSON:
    return {
        "type": "transcript.text.segment",
        "id": f"seg_{number}",
        "start": turn[0].start,
        "end": turn[-1].end,
        "text": " ".join(word.word for word in turn),
        "speaker": turn[0].speaker,
    }
