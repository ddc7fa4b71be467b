"""The cells of the matrix whose requests are forms, or whose answers are bytes: sound, and images made of
images. The exchanges are those of the providers' documentation, a page each.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any, NamedTuple

from cells import EDIT, PNG, SPEECH, TRANSCRIBE, TRANSLATE, VARY
from upstream import Script, whole

SAMPLES = b"\x00\x01\x02\x03" * 8
SOUND = b"RIFF\x44\x00\x00\x00WAVEfmt " + SAMPLES
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(16)
SUNRISE = "The sun rises in the east."


class File(NamedTuple):
    """One way of a feature."""

    provider: str
    path: str
    """The client's."""
    model: str
    script: Script
    said: tuple[bytes, ...]
    """What must stand in the request upstream, in the provider's own words."""
    more: dict[str, Any] = {}  # noqa: RUF012 - never edited
    """What the client says besides."""

    @property
    def id(self) -> str:
        return f"{self.provider}{self.path.replace('/', '-')}"


def encoded(data: bytes) -> bytes:
    return b64encode(data)


def answered(part: dict[str, Any]) -> Script:
    """Gemini's answer of one part (https://ai.google.dev/api/generate-content#GenerateContentResponse)."""
    counts = {"promptTokenCount": 9, "candidatesTokenCount": 12, "totalTokenCount": 21}
    content = {"parts": [part], "role": "model"}
    rows = [{"content": content, "finishReason": "STOP", "index": 0}]
    return whole({"candidates": rows, "usageMetadata": counts, "responseId": "r-1"})


# https://platform.openai.com/docs/api-reference/audio and …/images; the same paths below a deployment:
# https://learn.microsoft.com/azure/foundry/openai/reference.
TEXT = whole({"text": SUNRISE, "usage": {"type": "duration", "seconds": 7}})
MADE = whole({"created": 1713833628, "data": [{"b64_json": PNG}]})
SPOKEN = (b'"voice":"alloy"', b'"response_format":"wav"', b'"input":"Hello"')
HEARD = (b'name="model"', b'filename="call.wav"', SOUND)
SEEN = (b'filename="a.png"', PICTURE)


def openai(provider: str) -> list[File]:
    return [
        File(provider, SPEECH, "gpt-4o-mini-tts", whole(SOUND, kind="audio/wav"), SPOKEN, {"voice": "alloy"}),
        File(provider, TRANSCRIBE, "gpt-4o-transcribe", TEXT, HEARD),
        File(provider, TRANSLATE, "whisper-1", TEXT, HEARD),
        File(provider, EDIT, "gpt-image-1", MADE, (b'name="prompt"', *SEEN)),
    ]


# https://ai.google.dev/gemini-api/docs/generate-content/speech-generation, …/transcribe, …/image-generation
def gemini(provider: str, speaker: str) -> list[File]:
    held = {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": encoded(SAMPLES).decode()}
    spoken = (b'"voiceName":"Kore"', b'"responseModalities":["AUDIO"]', b'"text":"Hello"')
    image = {"inlineData": {"mimeType": "image/png", "data": PNG}}
    return [
        File(provider, SPEECH, speaker, answered({"inlineData": held}), spoken, {"voice": "Kore"}),
        File(
            provider,
            TRANSCRIBE,
            "gemini-3.5-transcribe",
            answered({"text": SUNRISE}),
            (b'"mimeType":"audio/wav"', encoded(SOUND)),
        ),
        File(
            provider,
            EDIT,
            "gemini-2.5-flash-image",
            answered(image),
            (b'"mimeType":"image/png"', encoded(PICTURE), b'"responseModalities":["TEXT","IMAGE"]'),
        ),
    ]


FILES = [
    *openai("openai"),
    # https://platform.openai.com/docs/api-reference/images/createVariation
    File("openai", VARY, "dall-e-2", MADE, SEEN),
    *openai("azure-openai"),
    *openai("azure-ai"),
    *gemini("google", "gemini-2.5-flash-preview-tts"),
    *gemini("vertex-ai", "gemini-2.5-flash-tts"),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/stable-image-services.html
    File(
        "bedrock",
        EDIT,
        "stability.stable-image-inpaint-v1:0",
        whole({"seeds": [2130420379], "finish_reasons": [None], "images": [PNG]}),
        (b'"prompt":"Now at night"', b'"image":"' + encoded(PICTURE)),
    ),
    # https://docs.cohere.com/reference/create-audio-transcription
    File(
        "cohere",
        TRANSCRIBE,
        "cohere-transcribe-03-2026",
        whole({"text": SUNRISE}),
        (*HEARD, b'name="language"\r\n\r\nen'),
        {"language": "en"},
    ),
]
