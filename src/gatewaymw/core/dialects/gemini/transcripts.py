"""OpenAI's transcriptions, by the model of Gemini's that does nothing else.

https://ai.google.dev/gemini-api/docs/generate-content/transcribe. Other models of Gemini's may be asked for a
transcript in a chat (`input_audio`), but follow what the sound says as they see fit: they are not asked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest, Unsupported
from ...model import Context, Encoded
from ...values import JSON, Part
from ..fields import text
from ..forms import fields, listed, others, spelled, upload
from ..media import base64, media_type
from ..transcripts import FORMATS, Heard, Turn, Word, lacking
from ..transcripts import told as telling
from .content import SOUNDS
from .errors import fault
from .response import FINISH, candidates, parts_of, wanting
from .usage import count
from .usage import heard as sound_of

TIMED = ("verbose_json", "diarized_json")
"""Formats that tell when each word was said."""
TYPES: Mapping[str, str] = {**SOUNDS, "m4a": "audio/m4a", "mp4": "audio/m4a", "opus": "audio/opus"}
"""Media types by the endings of files' names, as this model knows them."""
KNOWN = frozenset(
    {
        *("model", "response_format", "stream", "language", "languages", "keywords", "custom_vocabulary"),
        *("mode", "timestamp_granularities"),
    }
)


def asking(parts: tuple[Part, ...], context: Context) -> Encoded:
    """The request to transcribe, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    form = fields(parts)
    model = text(form.get("model"), "model")
    if "transcribe" not in model:
        raise Unsupported(
            f"model: {model} makes no transcripts; use gemini-3.5-transcribe, or send the sound to"
            " /chat/completions as input_audio and ask for one",
            param="model",
        )
    shape = spelled(form, FORMATS, "Gemini")
    given = upload(parts, "file")
    sound = {"inlineData": {"mimeType": kind_of(given), "data": base64(given.data)}}
    out: JSON = {"contents": [{"role": "user", "parts": [sound]}]}
    if config := settings(form, shape):
        out["generationConfig"] = {"audioTranscriptionConfig": config}
    return Encoded(out, (*lacking(form, KNOWN), *others(parts, ("file",))))


def kind_of(part: Part) -> str:
    """What kind of sound a file is, by its name or by what the client says. Raises BadRequest."""
    declared = media_type(part.content_type or "")
    known = TYPES.get((part.filename or "").rpartition(".")[2].lower())
    if not known and not declared.startswith("audio/"):
        raise BadRequest(
            f"file must be named by its format ({', '.join(TYPES)}) or come with a content type of audio",
            param="file",
        )
    return known or declared


def settings(form: Mapping[str, Any], shape: str) -> JSON:
    """How it is to be heard. Google refuses words to look out for where times or speakers are wanted."""
    made: JSON = {}
    if languages := listed(form, "language") + listed(form, "languages"):
        made["languageCodes"] = languages
    if words := listed(form, "keywords") + listed(form, "custom_vocabulary"):
        made["customVocabulary"] = words
    if shape in TIMED:
        made["wordTimestamp"] = True
    if shape == "diarized_json":
        made["diarization"] = True
    if form.get("mode"):
        made["mode"] = str(form["mode"]).upper()
    return made


# ── answers ──────────────────────────────────────────────────────────────


def told(body: JSON, context: Context) -> tuple[bytes, str]:
    """What the client wanted: JSON of some kind, or the text alone. Raises UpstreamError."""
    found = candidates(body)
    if not found:
        raise fault(body, context)
    parts = parts_of(found[0])
    said = "".join(map(text_of, parts)).strip()
    if not said and FINISH.get(str(found[0].get("finishReason"))):
        raise wanting(found[0], "transcript", context)
    counts = body.get("usageMetadata")
    heard = Heard(
        said,
        [word for part in parts for word in words(part)],
        language(parts, context),
        turns=[turn(part) for part in parts],
        usage=usage(counts) if isinstance(counts, dict) else None,
    )
    return telling(heard, context)


def transcription(part: JSON) -> JSON:
    found = part.get("audioTranscription")
    return found if isinstance(found, dict) else {}


def text_of(part: JSON) -> str:
    """The text of a part, which may be told as its words alone."""
    for each in (part, transcription(part)):
        if isinstance(each.get("text"), str):
            return str(each["text"])
    return "".join(f" {each.word}" for each in words(part))


def words(part: JSON) -> list[Word]:
    return [Word(each["word"], *times(each)) for each in transcription(part).get("words") or ()]


def times(said: JSON) -> tuple[float, float]:
    return seconds(said.get("startOffset")), seconds(said.get("endOffset"))


def seconds(offset: Any) -> float:
    """`0.450s`, as Google writes durations. Nothing is the start."""
    return float(offset.removesuffix("s")) if offset else 0.0


def turn(part: JSON) -> Turn:
    """What one speaker said: from the first word to the last, where there are words."""
    heard, found = transcription(part), words(part)
    start, end = (found[0].start, found[-1].end) if found else times(heard)
    return Turn(text_of(part).strip(), start, end, str(heard.get("speakerLabel") or ""))


def language(parts: list[JSON], context: Context) -> str:
    codes = (transcription(part).get("languageCode") for part in parts)
    return str(next(filter(None, codes), None) or context.request.get("language") or "")


def usage(counts: JSON) -> JSON:
    """OpenAI's counts for transcripts."""
    prompt, sound = count(counts, "promptTokenCount"), sound_of(counts, "promptTokensDetails")
    answer = count(counts, "candidatesTokenCount") + count(counts, "thoughtsTokenCount")
    details = {"audio_tokens": sound, "text_tokens": prompt - sound}
    made: JSON = {"type": "tokens", "input_tokens": prompt, "input_token_details": details}
    return {**made, "output_tokens": answer, "total_tokens": prompt + answer}
