"""OpenAI's speech, spoken by Gemini: what older and newer models are asked, and the sound that comes back."""

from __future__ import annotations

import copy
import io
import wave
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from gemini import CONTEXT, TEXT, answer, candidate, legal
from google.genai import types
from refusals import refusing

from gatewaymw.core.dialects.gemini import SPEECH, VERTEX_SPEECH
from gatewaymw.core.dialects.gemini.speech import VOICES
from gatewaymw.core.errors import GatewayError, UpstreamError
from gatewaymw.core.model import Codec, Encoded

OLDER, NEWER = "gemini-2.5-flash-preview-tts", "gemini-3.8-flash-tts"
SAMPLES = b"\x01\x00\xff\x7f" * 6


def ask(model: str = OLDER, codec: Codec = SPEECH, **params: Any) -> Encoded:
    body = {"model": model, "input": "Have a wonderful day!", "voice": "Kore", **params}
    before = copy.deepcopy(body)
    assert codec.request
    made = codec.request(body, CONTEXT)
    assert body == before
    assert codec.request(body, CONTEXT) == made
    config = dict(made.body["generationConfig"])
    shape = config.pop("responseFormat", {})
    types.ResponseFormat.model_validate(shape[0] if isinstance(shape, list) else shape)
    legal({**made.body, "generationConfig": config})
    return made


def refused(model: str = OLDER, **params: Any) -> GatewayError:
    return refusing(ask, model, **params)


def said(made: Encoded) -> Any:
    return made.body["contents"][0]["parts"][0]


def sound(data: bytes = SAMPLES, kind: str = "audio/L16;codec=pcm;rate=24000") -> dict[str, Any]:
    return {"inlineData": {"mimeType": kind, "data": b64encode(data).decode()}}


def heard(body: Any, **asked: Any) -> tuple[bytes, str]:
    context = replace(CONTEXT, request={"model": OLDER, **asked})
    before = copy.deepcopy(body)
    assert SPEECH.media
    made = SPEECH.media(body, context)
    assert body == before
    return made


def unheard(body: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        heard(body)
    return caught.value


# ── requests ─────────────────────────────────────────────────────────────


def test_an_older_model_is_told_how_to_speak_in_the_text() -> None:
    made = ask(instructions="Say cheerfully:")
    assert made.body == {
        "contents": [{"role": "user", "parts": [{"text": "Say cheerfully:\nHave a wonderful day!"}]}],
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
        },
    }
    assert made.dropped == ()
    assert said(ask(instructions="Like a pirate ")) == {"text": "Like a pirate:\nHave a wonderful day!"}


def test_a_newer_model_reads_the_text_and_is_told_how_beside_it() -> None:
    made = ask(NEWER, instructions="cheerful")
    assert said(made) == {"text": "Have a wonderful day!", "speechMetadata": {"style": "cheerful"}}
    assert made.dropped == ()


@pytest.mark.parametrize("model", [OLDER, NEWER])
def test_without_instructions_the_text_stands_alone(model: str) -> None:
    assert said(ask(model)) == {"text": "Have a wonderful day!"} == said(ask(model, instructions=""))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (None, "AUDIO_MP3"),
        ("mp3", "AUDIO_MP3"),
        ("opus", "AUDIO_OGG_OPUS"),
        ("wav", "AUDIO_WAV"),
        ("pcm", "AUDIO_L16"),
    ],
)
def test_a_newer_model_is_asked_for_the_format_and_for_openais_where_none_is(asked: Any, told: str) -> None:
    shape = ask(NEWER, response_format=asked).body["generationConfig"]["responseFormat"]
    assert shape == {"audio": {"mimeType": told}}
    listed = ask(NEWER, VERTEX_SPEECH, response_format=asked).body["generationConfig"]["responseFormat"]
    assert listed == [shape]


@pytest.mark.parametrize("model", ["gemini-3.1-flash-tts-preview", "google.gemini-2.5-pro-tts", OLDER])
def test_an_older_model_makes_bare_samples_only(model: str) -> None:
    for shape in (None, "wav", "pcm"):
        assert "responseFormat" not in ask(model, response_format=shape).body["generationConfig"]
    for shape in ("mp3", "opus", "aac", "flac"):
        error = refused(model, response_format=shape)
        assert error.param == "response_format" and "wav or pcm" in error.message


def test_a_newer_model_makes_what_google_encodes() -> None:
    for shape in ("aac", "flac", 3):
        error = refused(NEWER, response_format=shape)
        assert error.param == "response_format" and "mp3 or opus or wav or pcm" in error.message


def test_a_voice_of_openais_is_refused_with_the_names_of_geminis() -> None:
    error = refused(voice="alloy")
    assert error.param == "voice" and "Kore" in error.message and "Zephyr" in error.message
    assert len(VOICES) == 30


@pytest.mark.parametrize(
    ("model", "voice", "told"),
    [
        (OLDER, "Puck", {"prebuiltVoiceConfig": {"voiceName": "Puck"}}),
        (OLDER, {"id": "voice_1"}, {"prebuiltVoiceConfig": {"voiceName": "voice_1"}}),
        (NEWER, "Puck", {"prebuiltVoiceConfig": {"voiceName": "Puck"}}),
        (NEWER, "voice_1", {"voice": "voice_1"}),
        (NEWER, {"id": "voicekey_1"}, {"voice": "voicekey_1"}),
    ],
)
def test_voices(model: str, voice: Any, told: Any) -> None:
    assert ask(model, voice=voice).body["generationConfig"]["speechConfig"] == {"voiceConfig": told}


def test_the_language_goes_with_the_voice() -> None:
    config = ask(language_code="de-DE").body["generationConfig"]["speechConfig"]
    assert config["languageCode"] == "de-DE" and "voiceConfig" in config


def test_geminis_own_configuration_replaces_the_voice() -> None:
    own = {
        "multiSpeakerVoiceConfig": {
            "speakerVoiceConfigs": [
                {"speaker": name, "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}
                for name, voice in (("Joe", "Kore"), ("Jane", "Puck"))
            ]
        }
    }
    made = ask(speech_config=own, language_code="en")
    assert made.body["generationConfig"]["speechConfig"] == own
    assert made.dropped == ("voice", "language_code")


def test_geminis_other_parameters_pass() -> None:
    safety = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    assert ask(safety_settings=safety).body["safetySettings"] == safety


def test_what_gemini_cannot_be_told_is_named() -> None:
    assert ask(speed=1.5, user="u-1", stream_format="audio").dropped == ("speed", "user")
    assert ask(speed=1).dropped == () == ask(speed=None).dropped


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"stream_format": "sse"}, "stream_format"),
        ({"model": ""}, "model"),
        ({"input": ["x"]}, "input"),
        ({"input": ""}, "input"),
        ({"instructions": 3}, "instructions"),
        ({"voice": 3}, "voice"),
        ({"voice": {"id": ""}}, "voice.id"),
        ({"voice": {"id": "nova"}}, "voice.id"),
        ({"voice": {}}, "voice.id"),
        ({"speech_config": "Kore"}, "speech_config"),
    ],
)
def test_faults_are_named(params: dict[str, Any], param: str) -> None:
    assert refused(**params).param == param


# ── answers ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("asked", [{}, {"response_format": "wav"}, {"response_format": "mp3"}])
def test_bare_samples_become_a_file_that_anyone_can_read(asked: dict[str, Any]) -> None:
    data, kind = heard(answer(sound()), **asked)
    assert kind == "audio/wav"
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        assert file.readframes(99) == SAMPLES


def test_the_rate_is_the_one_that_is_told() -> None:
    with wave.open(io.BytesIO(heard(answer(sound(kind="audio/L16;rate=16000")))[0])) as file:
        assert file.getframerate() == 16_000
    with wave.open(io.BytesIO(heard(answer(sound(kind="audio/pcm")))[0])) as file:
        assert file.getframerate() == 24_000


def test_bare_samples_stay_so_where_they_are_wanted() -> None:
    assert heard(answer(sound()), response_format="pcm") == (SAMPLES, "audio/pcm;rate=24000")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("audio/wav", "audio/wav"),
        ("audio/mp3", "audio/mpeg"),
        ("audio/ogg_opus", "audio/ogg"),
        ("audio/ogg; codecs=opus", "audio/ogg"),
    ],
)
def test_a_file_passes_as_what_it_is(kind: str, told: str) -> None:
    assert heard(answer(sound(b"RIFF", kind)), response_format="mp3") == (b"RIFF", told)


def test_sound_in_several_parts_is_one_sound() -> None:
    body = answer(TEXT, sound(b"ab"), sound(b"cd"))
    assert heard(body, response_format="pcm")[0] == b"abcd"


def test_an_answer_without_sound_is_a_failure_that_can_be_tried_again() -> None:
    error = unheard(answer(TEXT, finishReason="OTHER", finishMessage="It wrote."))
    assert error.status == 502 and error.message == "google gave no sound: It wrote."
    assert unheard(answer(finishReason=None)).message == "google gave no sound"


@pytest.mark.parametrize(
    "body",
    [
        {"candidates": [candidate(finishReason="PROHIBITED_CONTENT")]},
        {"promptFeedback": {"blockReason": "SAFETY"}},
    ],
)
def test_a_filter_that_holds_it_back_is_the_clients_to_know(body: Any) -> None:
    error = unheard(body)
    assert (error.status, error.code) == (400, "content_policy_violation")


def test_an_error_within_an_answer_keeps_its_words() -> None:
    error = unheard({"error": {"code": 429, "message": "Slow down", "status": "RESOURCE_EXHAUSTED"}})
    assert error.status == 429 and error.message == "Slow down"
