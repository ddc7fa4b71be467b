"""OpenAI's transcriptions, as AssemblyAI's (https://www.assemblyai.com/docs/api-reference/transcripts/submit).

The file's bytes are uploaded (https://www.assemblyai.com/docs/pre-recorded-audio/api-reference/files/upload),
a transcript of what was uploaded is begun, and looked at until its status is `completed` or `error`
(https://www.assemblyai.com/docs/pre-recorded-audio/transcript-status). Subtitles are made of it by one more
call. Fields that are not OpenAI's go on as they are, true, false and numbers as such.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .. import json
from ..model import Codec, Context, File, Next
from ..values import JSON, Part
from . import openai
from .fields import text
from .forms import fields, listed, others, spelled, upload
from .jobs import failed, id_of, worded

FORMATS = ("json", "text", "verbose_json", "diarized_json", "srt", "vtt")
SUBTITLES = ("srt", "vtt")
LEGACY = ("best", "nano", "slam-1", "universal")
"""Models of the days of `speech_model`: https://www.assemblyai.com/docs/pre-recorded-audio/select-the-speech-model"""
OPENAIS = frozenset(
    {
        *("chunking_strategy", "include", "known_speaker_names", "known_speaker_references", "language"),
        *("model", "response_format", "stream", "timestamp_granularities"),
    }
)
SEEN = ("language", "model", "response_format", "stream", "timestamp_granularities")
IDLE = {"chunking_strategy": "auto"}
HOOKS = ("webhook_url", "webhook_auth_header_name", "webhook_auth_header_value")
"""With them the answer is told elsewhere as well."""
PACE = 1.0
"""Seconds to the first look."""


def asking(parts: tuple[Part, ...], context: Context) -> File:
    """The upload, the transcript to be asked for after it, and the names of what that cannot carry.

    Raises BadRequest, Unsupported."""
    form = fields(parts)
    shape = spelled(form, FORMATS, "AssemblyAI")
    model = text(form.get("model"), "model")
    lost = [name for name in form if name in OPENAIS and name not in SEEN and IDLE.get(name) != form[name]]
    lost += [name for name in HOOKS if name in form]
    if "segment" in listed(form, "timestamp_granularities"):
        lost.append("timestamp_granularities")
    own = {name: valued(name, value) for name, value in form.items() if name not in (*OPENAIS, *HOOKS)}
    job = {**spoken(model, form), **({"speaker_labels": True} if shape == "diarized_json" else {}), **own}
    given = upload(parts, "file")
    return File(given.data, dropped=(*lost, *others(parts, ("file",))), later=job)


def spoken(model: str, form: Mapping[str, Any]) -> JSON:
    """Who is to hear it, and in which language: by default in the one that is heard, as with OpenAI."""
    made: JSON = {"speech_model": model} if model in LEGACY else {"speech_models": [model]}
    if form.get("language"):
        return {**made, "language_code": form["language"]}
    return made if "language_code" in form else {**made, "language_detection": True}


def valued(name: str, value: str | list[str]) -> Any:
    """What a form's text says, where it is more than text: true, false, a number, an object."""
    if isinstance(value, list) or name == "prompt":
        return value
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return value if found is None or isinstance(found, str) else found


def follow(answer: JSON, context: Context) -> Next | None:
    """Begin the transcript of what was uploaded; look at it until it is done; have subtitles made of it.

    Raises UpstreamError where it failed."""
    if "upload_url" in answer:
        job = {**context.later, "audio_url": worded(answer["upload_url"])}
        return Next(to="/v2/transcript", method="POST", body=job)
    status, place = answer["status"], f"/v2/transcript/{id_of(answer)}"
    if status == "error":
        raise failed(answer.get("error"), context, THEIRS)
    if status != "completed":
        return Next(to=place, after=PACE)
    shape = context.request.get("response_format")
    return Next(to=f"{place}/{shape}", live=True) if shape in SUBTITLES else None


THEIRS = re.compile(
    r"transcoding failed|contain audio|no spoken audio|audio duration|file type|unsupported", re.IGNORECASE
)
"""Words for what is wrong with a file, which is the client's to mend:
https://github.com/AssemblyAI/cookbook/blob/master/core-transcription/common_errors_and_solutions.md"""


# ── answers ──────────────────────────────────────────────────────────────


def told(answer: JSON, context: Context) -> tuple[bytes, str]:
    """What the client wanted: JSON of some kind, or the text alone."""
    said, shape = answer["text"] or "", context.request.get("response_format")
    if shape == "text":
        return f"{said}\n".encode(errors="replace"), "text/plain; charset=utf-8"
    made = {"text": said, **written(shape, answer), **usage(answer)}
    if not context.strict:
        made = {**answer, **made}
    return json.dumps(made), "application/json"


def written(shape: Any, answer: JSON) -> JSON:
    """What goes with the text."""
    length = answer.get("audio_duration") or 0
    if shape == "diarized_json":
        turns = [turn(n, each) for n, each in enumerate(answer.get("utterances") or ())]
        return {"task": "transcribe", "duration": float(length), "segments": turns}
    if shape != "verbose_json":
        return {}
    words = [
        {"word": each["text"], "start": each["start"] / 1000, "end": each["end"] / 1000}
        for each in answer.get("words") or ()
    ]
    language = str(answer.get("language_code") or "")
    return {"task": "transcribe", "language": language, "duration": float(length), "words": words}


def turn(number: int, said: JSON) -> JSON:
    """What one speaker said, until another did. AssemblyAI counts milliseconds."""
    return {
        "type": "transcript.text.segment",
        "id": f"seg_{number}",
        "start": said["start"] / 1000,
        "end": said["end"] / 1000,
        "text": said["text"],
        "speaker": str(said.get("speaker") or ""),
    }


def usage(answer: JSON) -> JSON:
    length = answer.get("audio_duration")
    return {"usage": {"type": "duration", "seconds": length}} if isinstance(length, int | float) else {}


TRANSCRIPT = Codec(form=asking, follow=follow, media=told, error=openai.error)
