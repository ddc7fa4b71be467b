"""OpenAI's speech and transcriptions, as Deepgram's.

Speech: https://developers.deepgram.com/reference/text-to-speech/speak-request; transcripts:
https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded. What is asked for stands in the
query, which takes Deepgram's own parameters (`smart_format`, `keyterm`, …) as they are; the body is the text,
or the sound itself. A voice is a part of a model's name: `aura-2` and `thalia` are `aura-2-thalia-en`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ..errors import BadRequest
from ..model import Codec, Context, Encoded, File
from ..values import JSON, Part
from . import openai
from .fields import text
from .forms import fields, others, spelled, upload
from .speaking import KNOWN, asking_more, beaten, format_of, voice_of
from .transcripts import ASKED, FINER, FORMATS, Heard, Word, lacking, told

SOUNDS: Mapping[str, JSON] = {
    **{name: {"encoding": name} for name in ("mp3", "opus", "aac", "flac")},
    "wav": {"encoding": "linear16", "container": "wav"},
    "pcm": {"encoding": "linear16", "container": "none", "sample_rate": 24_000},
}
"""OpenAI's formats: https://developers.deepgram.com/docs/tts-media-output-settings"""
HOOKS = frozenset({"callback", "callback_method"})
"""With them the answer is told elsewhere (https://developers.deepgram.com/docs/callback)."""


def speech_path(context: Context) -> str:
    """What is to be spoken how. Raises BadRequest, Unsupported."""
    body = context.request
    asked = {"model": voiced(body), **SOUNDS[format_of(body, SOUNDS, "Deepgram")]}
    own = {name: body[name] for name in body if name not in KNOWN | LACKS and body[name] is not None}
    return f"/speak?{query({**asked, **own})}"


LACKS = HOOKS | {"speed", "instructions"}


def voiced(body: Mapping[str, Any]) -> str:
    """The model with the voice in its name."""
    model = text(body.get("model"), "model")
    voice = voice_of(body, "Deepgram", "as thalia or aura-2-thalia-en")
    if voice.startswith("aura"):
        return voice
    return model if f"-{voice}-" in f"{model}-" else f"{model}-{voice}-en"


def query(asked: Mapping[str, Any]) -> str:
    """Parameters of an address. Raises BadRequest for what is no word, number or list of them."""
    for name, value in asked.items():
        if isinstance(value, dict):
            raise BadRequest(f"{name} must be a text, a number or a list of them", param=name)
    plain = {name: str(value).lower() if isinstance(value, bool) else value for name, value in asked.items()}
    return urlencode(plain, doseq=True)


def speech(body: Mapping[str, Any], context: Context) -> Encoded:
    sound = SOUNDS[format_of(body, SOUNDS, "Deepgram")]
    return Encoded(
        {"text": text(body.get("input"), "input")}, (*asking_more(body, LACKS), *beaten(sound, body))
    )


# ── transcripts ──────────────────────────────────────────────────────────

UNHEARD = FINER | HOOKS | {"prompt", "temperature"}
"""Fields that Deepgram has nothing for, or that lead the answer elsewhere."""


def heard_path(context: Context) -> str:
    """What is to be heard how: in the language that is heard, where none is named, as with OpenAI."""
    form = context.request
    asked: JSON = {"model": text(form.get("model"), "model"), "smart_format": "true"}
    asked |= {"language": form["language"]} if form.get("language") else {"detect_language": "true"}
    if form.get("response_format") == "diarized_json":
        asked["diarize"] = "true"
    own = {name: form[name] for name in form if name.removesuffix("[]") not in ASKED | UNHEARD}
    return f"/listen?{query({**asked, **own})}"


def asking(parts: tuple[Part, ...], context: Context) -> File:
    """The sound, and the names of what cannot be told. Raises BadRequest, Unsupported."""
    form = fields(parts)
    spelled(form, FORMATS, "Deepgram")
    given = upload(parts, "file")
    lost = lacking(form, {*form} - UNHEARD)
    return File(given.data, given.content_type or "audio/*", (*lost, *others(parts, ("file",))))


def heard(body: JSON, context: Context) -> tuple[bytes, str]:
    """What the client wanted: JSON of some kind, or the text alone. Of several channels the first counts."""
    channel = body["results"]["channels"][0]
    best = channel["alternatives"][0]
    words = [
        Word(each.get("punctuated_word") or each["word"], each["start"], each["end"], speaker(each))
        for each in best.get("words") or ()
    ]
    language = str(channel.get("detected_language") or context.request.get("language") or "")
    seconds = (body.get("metadata") or {}).get("duration")
    return told(Heard(best["transcript"], words, language, seconds), context, body)


def speaker(word: JSON) -> str:
    """Deepgram counts speakers from 0."""
    return str(word["speaker"]) if "speaker" in word else ""


def error(body: Any, status: int, context: Context) -> JSON:
    """Errors have a `err_msg` and a `err_code` (https://developers.deepgram.com/docs/errors)."""
    if isinstance(body, dict) and "err_msg" in body:
        body = {"message": body["err_msg"], "code": body.get("err_code"), **body}
    return openai.error(body, status, context)


SPEECH = Codec(request=speech, error=error)
TRANSCRIPT = Codec(form=asking, media=heard, error=error)
