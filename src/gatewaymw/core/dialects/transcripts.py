"""OpenAI's transcripts: what of a request is lost, and how an answer is told in the format asked for.

https://platform.openai.com/docs/api-reference/audio/createTranscription, …/verbose-json-object,
…/diarized-json-object.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

from .. import json
from ..model import Context
from ..values import JSON, NOTHING
from .forms import listed

FORMATS = ("json", "text", "verbose_json", "diarized_json")
FINER = frozenset({"chunking_strategy", "include", "known_speaker_names", "known_speaker_references"})
"""OpenAI's fields that nobody else has anything for."""
ASKED = frozenset({"model", "language", "response_format", "stream", "timestamp_granularities"})
"""Those that all who make transcripts are asked by, in words of their own."""
IDLE: Mapping[str, str] = {"chunking_strategy": "auto", "temperature": "0"}
"""Their values that ask for nothing."""


def lacking(form: Mapping[str, Any], known: Container[str]) -> list[str]:
    """The fields of a form that ask for something and are not among the known. Times are those of words: who
    asks for those of segments is told that there are none."""
    lost = [name for name, value in form.items() if name not in known and IDLE.get(name) != value]
    name = "timestamp_granularities"
    return [*lost, name] if name not in lost and "segment" in listed(form, name) else lost


# ── answers ──────────────────────────────────────────────────────────────


class Word(NamedTuple):
    """A word, when it was said in seconds, and by whom."""

    word: str
    start: float
    end: float
    speaker: str = ""


class Turn(NamedTuple):
    """What one speaker said until another did, and when, in seconds."""

    text: str
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
    turns: Sequence[Turn] | None = None
    """Who said what; None where it is told by the words alone."""
    segments: Sequence[JSON] = ()
    """Pieces of the text, as `verbose_json` has them."""
    usage: JSON | None = None
    """What it took, where that is not counted by how long the sound is."""
    task: str = "transcribe"

    @property
    def length(self) -> float:
        return max((word.end for word in self.words), default=0.0) if self.seconds is None else self.seconds


def told(heard: Heard, context: Context, own: Mapping[str, Any] = NOTHING) -> tuple[bytes, str]:
    """The client's body and its content type. `own` is the provider's answer, which goes with it where
    strictness is off."""
    shape = context.request.get("response_format")
    if shape == "text":
        return f"{heard.text}\n".encode(errors="replace"), "text/plain; charset=utf-8"
    made = {"text": heard.text, **beside(heard, shape), **usage(heard, shape)}
    return json.dumps(made if context.strict else {**own, **made}), "application/json"


def beside(heard: Heard, shape: object) -> JSON:
    """What goes with the text."""
    if shape == "diarized_json":
        turns = spoken(heard.words) if heard.turns is None else heard.turns
        made = [segment(number, turn) for number, turn in enumerate(turns)]
        return {"task": heard.task, "duration": heard.length, "segments": made}
    if shape != "verbose_json":
        return {}
    words = [{"word": each.word, "start": each.start, "end": each.end} for each in heard.words]
    pieces = {"segments": [*heard.segments]} if heard.segments else {}
    return {
        **{"task": heard.task, "language": heard.language, "duration": heard.length},
        **{"words": words, **pieces},
    }


def usage(heard: Heard, shape: object) -> JSON:
    """What it took: by how long the sound is, which is all that `verbose_json` can say, or in tokens."""
    if heard.usage is not None:
        return {} if shape == "verbose_json" else {"usage": heard.usage}
    return {} if heard.seconds is None else {"usage": {"type": "duration", "seconds": heard.seconds}}


def spoken(words: Sequence[Word]) -> list[Turn]:
    """The words of one speaker after those of another."""
    made: list[list[Word]] = []
    for word in words:
        if not made or made[-1][-1].speaker != word.speaker:
            made.append([])
        made[-1].append(word)
    return [
        Turn(" ".join(each.word for each in said), said[0].start, said[-1].end, said[0].speaker)
        for said in made
    ]


def segment(number: int, turn: Turn) -> JSON:
    return {"type": "transcript.text.segment", "id": f"seg_{number}", **turn._asdict()}
