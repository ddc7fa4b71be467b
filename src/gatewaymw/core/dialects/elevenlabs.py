"""OpenAI's speech and transcriptions, as ElevenLabs'.

Speech: https://elevenlabs.io/docs/api-reference/text-to-speech/stream; transcripts:
https://elevenlabs.io/docs/api-reference/speech-to-text/convert; models:
https://elevenlabs.io/docs/api-reference/models/list. Voices are ids, and steps of the path. Parameters that
are ElevenLabs' own (`voice_settings`, `seed`, `language_code`, …) go on as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ..model import Codec, Context, Encoded, Filled
from ..values import JSON, Part
from .catalogue import listed as models
from .fields import laid_over, mapping, text
from .forms import fields, others, spelled, upload
from .speaking import KNOWN, as_audio, asking_more, format_of, voice_of
from .transcripts import ASKED, FINER, FORMATS, Heard, Word, lacking, told

SOUNDS: Mapping[str, str] = {"mp3": "mp3_44100_128", "opus": "opus_48000_128", "pcm": "pcm_24000"}
"""OpenAI's formats → ElevenLabs': https://elevenlabs.io/docs/capabilities/text-to-speech#supported-formats"""


def speech_path(context: Context) -> str:
    """Where the voice speaks. Raises BadRequest, Unsupported."""
    body = context.request
    voice = voice_of(body, "ElevenLabs", "by its id, as 21m00Tcm4TlvDq8ikWAM")
    as_audio(body, "ElevenLabs")
    own = body.get("output_format")
    shape = text(own, "output_format") if own else SOUNDS[format_of(body, SOUNDS, "ElevenLabs")]
    return f"/v1/text-to-speech/{quote(voice, safe='')}/stream?output_format={quote(shape, safe='')}"


def speech(body: Mapping[str, Any], context: Context) -> Encoded:
    """What is to be said, and the names of what cannot be told. Raises BadRequest."""
    made: JSON = {"text": text(body.get("input"), "input"), "model_id": text(body.get("model"), "model")}
    own = {name: value for name, value in body.items() if name not in {*KNOWN, *BENT} and value is not None}
    beaten = ("response_format",) if body.get("output_format") else ()
    lost = asking_more(body, ("instructions", *beaten))
    if body.get("speed") not in (None, 1):
        settings = mapping(own.get("voice_settings", {}), "voice_settings")
        spoken = {"speed": body["speed"]}
        own["voice_settings"] = laid_over(dict(settings), spoken, {"speed": "voice_settings.speed"}, lost)
    return Encoded({**made, **own}, tuple(lost))


BENT = ("speed", "instructions", "output_format")

# ── transcripts ──────────────────────────────────────────────────────────

UNHEARD = FINER | {"prompt", "webhook", "webhook_id", "webhook_metadata"}
"""Fields that ElevenLabs has nothing for, or that lead the answer elsewhere."""


def asking(parts: tuple[Part, ...], context: Context) -> Filled:
    """ElevenLabs' form, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    form = fields(parts)
    shape = spelled(form, FORMATS, "ElevenLabs")
    made: JSON = {"model_id": text(form.get("model"), "model")}
    if form.get("language"):
        made["language_code"] = form["language"]
    if shape == "diarized_json":
        made["diarize"] = "true"
    made |= {name: value for name, value in form.items() if name not in ASKED | UNHEARD}
    lost = lacking(form, {*form} - UNHEARD)
    sent = [Part(name, str(value).encode()) for name, value in made.items()]
    return Filled((*sent, upload(parts, "file")), (*lost, *others(parts, ("file",))))


def heard(body: JSON, context: Context) -> tuple[bytes, str]:
    """What the client wanted: JSON of some kind, or the text alone."""
    words = [
        Word(each["text"], each["start"], each["end"], str(each.get("speaker_id") or ""))
        for each in body.get("words") or ()
        if each.get("type") == "word"
    ]
    return told(Heard(body["text"], words, str(body.get("language_code") or "")), context, body)


def catalogue(body: Any, context: Context) -> JSON:
    """OpenAI's list of models, with ElevenLabs' own fields."""
    return models([{"id": row["model_id"], **row} for row in body], context)


SPEECH = Codec(request=speech)
TRANSCRIPT = Codec(form=asking, media=heard)
MODELS = Codec(response=catalogue)
