"""OpenAI's speech, as content that Gemini speaks.

https://ai.google.dev/gemini-api/docs/generate-content/speech-generation, and for what changed with v3.8
https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/text-to-speech/migration-guide. Older
models are told how to speak in the text itself and answer with bare samples, which become a WAV file here;
newer ones read the text word for word, are told how beside it, and answer in the format asked for.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Mapping
from typing import Any

from ...errors import Unsupported
from ...model import Context, Encoded
from ...values import JSON
from ...wav import wav
from ..fields import mapping, pick, table, text, unheard
from ..media import media_type
from ..speaking import OPENAIS
from .errors import fault
from .models import Traits, traits_of
from .response import candidates, parts_of, sounding, wanting

OWN = table(safety_settings="safetySettings", labels="labels")
KNOWN = frozenset(
    {
        *("model", "input", "voice", "instructions", "response_format", "speed", "stream_format"),
        *("language_code", "speech_config"),
    }
)
FORMATS: Mapping[str, str] = {
    **{"mp3": "AUDIO_MP3", "opus": "AUDIO_OGG_OPUS", "wav": "AUDIO_WAV", "pcm": "AUDIO_L16"},
}
"""OpenAI's formats → those of newer models (AudioResponseFormat in the reference of `GenerationConfig`)."""
BARE = ("wav", "pcm")
"""What can be made of bare samples, which is all that older models give."""
TYPES: Mapping[str, str] = {
    "audio/mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/ogg_opus": "audio/ogg",
}
"""Registered names of the media types that Google calls otherwise."""
VOICES = frozenset(
    {
        *("Achernar", "Achird", "Algenib", "Algieba", "Alnilam", "Aoede", "Autonoe", "Callirrhoe", "Charon"),
        *("Despina", "Enceladus", "Erinome", "Fenrir", "Gacrux", "Iapetus", "Kore", "Laomedeia", "Leda"),
        *("Orus", "Puck", "Pulcherrima", "Rasalgethi", "Sadachbia", "Sadaltager", "Schedar", "Sulafat"),
        *("Umbriel", "Vindemiatrix", "Zephyr", "Zubenelgenubi"),
    }
)
"""Gemini's own voices. Newer models know others as well, by ids."""


def speaking(body: Mapping[str, Any], context: Context, several: bool = False) -> Encoded:
    """The request to speak, and the names of what it cannot carry. `several`: the carrier takes a list of
    formats, as Vertex AI does. Raises BadRequest, Unsupported."""
    lost: list[str] = []
    traits = traits_of(text(body.get("model"), "model"))
    if body.get("stream_format") not in (None, "audio"):
        raise Unsupported(
            "stream_format: Gemini's speech comes whole here; leave it out", param="stream_format"
        )
    if body.get("speed") not in (None, 1):
        lost.append("speed")
    config: JSON = {"responseModalities": ["AUDIO"], "speechConfig": voiced(body, traits, lost)}
    shape = shaped(body, traits)
    if traits.verbatim:
        told = {"audio": {"mimeType": FORMATS[shape]}}
        config["responseFormat"] = [told] if several else told
    contents = [{"role": "user", "parts": [script(body, traits)]}]
    out = {"contents": contents, "generationConfig": config, **pick(body, OWN)}
    return Encoded(out, tuple(lost + unheard(body, KNOWN | OWN.keys())))


def shaped(body: Mapping[str, Any], traits: Traits) -> str:
    """The format asked for. OpenAI's own default is mp3: where the model cannot make that, it is wav.

    Raises Unsupported for one that cannot be made.
    """
    able = (*FORMATS,) if traits.verbatim else BARE
    value = body.get("response_format") or able[0]
    if value not in able:
        raise Unsupported(
            f"response_format: this model's speech comes as {' or '.join(able)}; ask for one of these",
            param="response_format",
        )
    return str(value)


def script(body: Mapping[str, Any], traits: Traits) -> JSON:
    """What is to be said, and how."""
    said, how = text(body.get("input"), "input"), body.get("instructions")
    if not how:
        return {"text": said}
    how = text(how, "instructions")
    if traits.verbatim:
        return {"text": said, "speechMetadata": {"style": how}}
    return {"text": f"{how.rstrip().removesuffix(':')}:\n{said}"}


def voiced(body: Mapping[str, Any], traits: Traits, lost: list[str]) -> JSON:
    """The voice and the language, or Gemini's own configuration of both. Raises BadRequest, Unsupported."""
    if (own := body.get("speech_config")) is not None:
        lost += [name for name in ("voice", "language_code") if body.get(name) is not None]
        return dict(mapping(own, "speech_config"))
    given = body.get("voice")
    path = "voice.id" if isinstance(given, Mapping) else "voice"
    name = text(given.get("id") if isinstance(given, Mapping) else given, path)
    if name in OPENAIS:
        raise Unsupported(
            f"{path}: {name} is a voice of OpenAI's; Gemini's are {', '.join(sorted(VOICES))}", param=path
        )
    own_id = traits.verbatim and name not in VOICES
    voice: JSON = {"voice": name} if own_id else {"prebuiltVoiceConfig": {"voiceName": name}}
    return {"voiceConfig": voice, **pick(body, table(language_code="languageCode"))}


# ── answers ──────────────────────────────────────────────────────────────


def spoken(body: JSON, context: Context) -> tuple[bytes, str]:
    """The sound and its media type; bare samples as the client asked for them, `pcm` or a WAV file.

    Raises UpstreamError where nothing was said.
    """
    found = candidates(body)
    if not found:
        raise fault(body, context)
    held = [part["inlineData"] for each in found for part in parts_of(each) if sounding(part)]
    sound = b"".join(a2b_base64(each["data"]) for each in held)
    if not sound:
        raise wanting(found[0], "sound", context)
    told = str(held[0]["mimeType"])
    kind = media_type(told)
    if kind not in ("audio/l16", "audio/pcm"):
        return sound, TYPES.get(kind, kind)
    named = re.search(r"rate=(\d{4,6})\b", told)
    rate = int(named[1]) if named else 24_000
    if context.request.get("response_format") == "pcm":
        return sound, f"audio/pcm;rate={rate}"
    return wav(sound, rate), "audio/wav"
