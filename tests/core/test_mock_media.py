"""The mock's pictures, sounds and transcripts."""

from __future__ import annotations

import base64
import struct
import wave
import zlib
from io import BytesIO
from typing import Any

import pytest
from mocked import chunks, document, fault, field, post, strictly, upload
from openai.types import (
    ImageEditCompletedEvent,
    ImageGenCompletedEvent,
    ImageGenPartialImageEvent,
    ImagesResponse,
)
from openai.types.audio import (
    Transcription,
    TranscriptionTextDeltaEvent,
    TranscriptionTextDoneEvent,
    TranscriptionVerbose,
    Translation,
    TranslationVerbose,
)

from gatewaymw.core.values import Part


def checked_png(data: bytes) -> None:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    rest, names = data[8:], []
    while rest:
        (size,) = struct.unpack(">I", rest[:4])
        names.append(rest[4:8])
        assert zlib.crc32(rest[4 : 8 + size]) == struct.unpack(">I", rest[8 + size : 12 + size])[0]
        if names[-1] == b"IDAT":
            assert len(zlib.decompress(rest[8 : 8 + size])) == 8 * (1 + 8 * 3)
        rest = rest[12 + size :]
    assert names == [b"IHDR", b"IDAT", b"IEND"]


def test_images_are_pngs() -> None:
    got = strictly(ImagesResponse, document(post("/images/generations", prompt="a cat", n=2)))
    pictures = [base64.b64decode(image.b64_json) for image in got.data]
    for picture in pictures:
        checked_png(picture)
    assert len(set(pictures)) == 2
    assert (got.usage.input_tokens, got.usage.output_tokens) == (2, 2)
    linked = document(post("/images/generations", prompt="a", response_format="url"))
    url = strictly(ImagesResponse, linked).data[0].url
    checked_png(base64.b64decode(url.removeprefix("data:image/png;base64,")))


def test_streamed_images_come_in_parts_and_whole() -> None:
    script = post("/images/generations", prompt="a", stream=True, partial_images=2)
    *partial, last = chunks(script, done=False)
    assert [strictly(ImageGenPartialImageEvent, event).partial_image_index for event in partial] == [0, 1]
    checked_png(base64.b64decode(strictly(ImageGenCompletedEvent, last).b64_json))
    assert script.steps[0][1].startswith(b"event: image_generation.partial_image\n")


PICTURE = Part("image", b"\x89PNG", "cat.png", "image/png")
SOUND = Part("file", b"RIFF\r\n--xy", "talk.wav", "audio/wav")


def test_edits_and_variations_take_forms() -> None:
    edited = document(upload("/images/edits", PICTURE, field("prompt", "hat"), field("n", "2")))
    assert len(strictly(ImagesResponse, edited).data) == 2
    (event,) = chunks(
        upload("/images/edits", PICTURE, field("prompt", "hat"), field("stream", "true")), done=False
    )
    strictly(ImageEditCompletedEvent, event)
    strictly(ImagesResponse, document(upload("/images/variations", PICTURE)))


def test_speech_is_a_sound_that_plays() -> None:
    script = post("/audio/speech", model="mock-echo", input="three short words", voice="alloy")
    assert script.headers["content-type"] == "audio/wav"
    with wave.open(BytesIO(script.body)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (1, 8000, 240)
        samples = sound.readframes(240)
    raw = post("/audio/speech", model="m", input="three short words", voice="alloy", response_format="pcm")
    assert (raw.headers["content-type"], raw.body) == ("audio/pcm", samples)


TOLD = "Transcript of talk.wav (10 bytes)"


VERBOSE = field("response_format", "verbose_json")


def transcript(*fields: Part, path: str = "/audio/transcriptions") -> Any:
    return upload(path, SOUND, field("model", "mock-echo"), *fields)


def test_transcripts_in_json() -> None:
    assert strictly(Transcription, document(transcript())).text == TOLD
    verbose = document(
        transcript(field("response_format", "verbose_json"), field("timestamp_granularities[]", "x"))
    )
    assert strictly(TranscriptionVerbose, verbose).segments[0].text == TOLD
    translated = document(transcript(path="/audio/translations"))
    assert strictly(Translation, translated).text == "Translation of talk.wav (10 bytes)"
    verbose = document(transcript(VERBOSE, path="/audio/translations"))
    assert strictly(TranslationVerbose, verbose).language == "english"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("text", f"{TOLD}\n"),
        ("srt", f"1\n00:00:00,000 --> 00:00:01,000\n{TOLD}\n\n"),
        ("vtt", f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{TOLD}\n\n"),
    ],
)
def test_transcripts_in_text(form: str, text: str) -> None:
    script = transcript(field("response_format", form))
    assert (script.headers["content-type"], script.body.decode()) == ("text/plain; charset=utf-8", text)


def test_a_streamed_transcript_is_the_same_text() -> None:
    *deltas, last = chunks(transcript(field("stream", "true")), done=False)
    assert "".join(strictly(TranscriptionTextDeltaEvent, event).delta for event in deltas) == TOLD
    assert strictly(TranscriptionTextDoneEvent, last).text == TOLD


def test_an_unknown_form_of_transcript_is_refused() -> None:
    assert fault(transcript(field("response_format", "poem")))["param"] == "response_format"
