"""Speech and transcripts by those who do nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatewaymw.core.dialects import deepgram, elevenlabs
from gatewaymw.core.dialects.transcripts import Heard, Word, told
from gatewaymw.core.errors import BadRequest, GatewayError, Unsupported
from gatewaymw.core.model import Codec, Context, Encoded, File, Filled
from gatewaymw.core.values import Part

SPOKEN: dict[str, Any] = {"model": "aura-2", "input": "Hi", "voice": "thalia"}
SOUND = Part("file", b"RIFF", "a.wav", "audio/wav")


def context(**request: Any) -> Context:
    return Context(provider="acme", request=request)


def form(codec: Codec, **fields: str) -> Filled | File | Encoded:
    parts = tuple(Part(name, value.encode()) for name, value in fields.items())
    assert codec.form is not None
    return codec.form((*parts, SOUND), context(**fields))


# ── transcripts in each format ───────────────────────────────────────────

TALK = Heard("Hi. Hello.", [Word("Hi.", 0.1, 0.4, "0"), Word("Hello.", 0.6, 1.1, "1")], "en")


def transcript(heard: Heard, shape: str | None = None, strict: bool = True) -> Any:
    said = Context(provider="p", strict=strict, request={"response_format": shape} if shape else {})
    body, kind = told(heard, said, {"own": 1})
    return body.decode() if kind.startswith("text/plain") else json.loads(body)


def test_a_transcript_is_told_in_the_format_that_was_asked_for() -> None:
    assert transcript(TALK) == {"text": "Hi. Hello."}
    assert transcript(TALK, "text") == "Hi. Hello.\n"
    assert transcript(TALK, strict=False) == {"own": 1, "text": "Hi. Hello."}
    words = [{"word": "Hi.", "start": 0.1, "end": 0.4}, {"word": "Hello.", "start": 0.6, "end": 1.1}]
    assert transcript(TALK, "verbose_json") == {
        **{"task": "transcribe", "language": "en", "duration": 1.1, "text": "Hi. Hello.", "words": words}
    }


def test_a_diarized_transcript_has_the_turns_of_each_speaker() -> None:
    words = [Word("Hi", 0.0, 0.2, "0"), Word("you.", 0.2, 0.4, "0"), Word("Hello.", 0.6, 1.1, "1")]
    made = transcript(Heard("Hi you. Hello.", words, seconds=2.0), "diarized_json")
    assert [(each["text"], each["speaker"], each["start"], each["end"]) for each in made["segments"]] == [
        ("Hi you.", "0", 0.0, 0.4),
        ("Hello.", "1", 0.6, 1.1),
    ]
    assert (made["duration"], made["usage"]) == (2.0, {"type": "duration", "seconds": 2.0})
    assert transcript(Heard(""), "verbose_json")["duration"] == 0.0


# ── ElevenLabs ───────────────────────────────────────────────────────────


def test_elevenlabs_voice_and_format_are_in_the_address() -> None:
    assert elevenlabs.speech_path(context(voice={"id": "v/1"}, response_format="pcm")) == (
        "/v1/text-to-speech/v%2F1/stream?output_format=pcm_24000"
    )
    own = context(voice="v", output_format="wav_44100")
    assert elevenlabs.speech_path(own).endswith("output_format=wav_44100")
    plain = elevenlabs.speech({"model": "m", "input": "Hi", "voice": "v", "speed": 1}, context())
    assert plain == Encoded({"text": "Hi", "model_id": "m"})


def test_elevenlabs_hears_who_speaks_where_that_is_asked() -> None:
    made = form(elevenlabs.TRANSCRIPT, model="scribe_v1", response_format="diarized_json", temperature="0.5")
    assert isinstance(made, Filled)
    assert {part.name: part.data for part in made.parts} == {
        **{"model_id": b"scribe_v1", "diarize": b"true", "temperature": b"0.5", "file": b"RIFF"}
    }
    lossy = form(elevenlabs.TRANSCRIPT, model="s", **{"timestamp_granularities[]": "segment"})
    assert lossy.dropped == ("timestamp_granularities",)
    assert form(elevenlabs.TRANSCRIPT, model="s", chunking_strategy="auto").dropped == ()


# ── Deepgram ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("model", "voice", "named"),
    [
        ("aura-2", "thalia", "aura-2-thalia-en"),
        ("aura-2-thalia-en", "thalia", "aura-2-thalia-en"),
        ("aura-2", "aura-asteria-en", "aura-asteria-en"),
    ],
)
def test_deepgrams_voice_is_a_part_of_the_models_name(model: str, voice: str, named: str) -> None:
    path = deepgram.speech_path(context(**{**SPOKEN, "model": model, "voice": voice}))
    assert path == f"/speak?model={named}&encoding=mp3"


def test_deepgrams_own_parameters_go_into_the_address() -> None:
    path = deepgram.speech_path(context(**SPOKEN, bit_rate=48000, mip_opt_out=True))
    assert path.endswith("&bit_rate=48000&mip_opt_out=true")
    heard = deepgram.heard_path(
        context(model="nova-3", keyterm=["a b", "c"], response_format="diarized_json")
    )
    assert heard == (
        "/listen?model=nova-3&smart_format=true&detect_language=true&diarize=true&keyterm=a+b&keyterm=c"
    )
    with pytest.raises(BadRequest) as caught:
        deepgram.speech_path(context(**SPOKEN, tags={"a": 1}))
    assert caught.value.param == "tags"


def test_deepgram_is_sent_the_sound_itself() -> None:
    made = form(deepgram.TRANSCRIPT, model="nova-3", **{"timestamp_granularities[]": "segment"})
    assert made == File(b"RIFF", "audio/wav", ("timestamp_granularities",))
    assert deepgram.TRANSCRIPT.form is not None
    bare = deepgram.TRANSCRIPT.form((Part("model", b"m"), Part("file", b"x", "a")), context(model="m"))
    assert isinstance(bare, File) and bare.content_type == "audio/*"


def test_deepgram_tells_who_speaks_and_in_what_language() -> None:
    word = {"word": "hi", "start": 0.0, "end": 0.5, "speaker": 0}
    channel = {"detected_language": "de", "alternatives": [{"transcript": "Hi.", "words": [word]}]}
    body = {"results": {"channels": [channel]}}
    said, _ = deepgram.heard(body, context(response_format="diarized_json"))
    assert json.loads(said)["segments"][0]["speaker"] == "0"
    verbose, _ = deepgram.heard(body, context(response_format="verbose_json"))
    assert json.loads(verbose)["language"] == "de"


def test_deepgrams_errors_have_names_of_their_own() -> None:
    told = deepgram.error({"err_msg": "No.", "err_code": "BAD"}, 400, context())["error"]
    assert (told["message"], told["code"]) == ("No.", "BAD")
    assert deepgram.error({"message": "x"}, 400, context())["error"]["message"] == "x"


# ── both ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", [elevenlabs.speech_path, deepgram.speech_path])
@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"voice": "alloy"}, "voice"),
        ({"voice": {"id": "nova"}}, "voice.id"),
        ({"voice": 3}, "voice"),
        ({"response_format": "midi"}, "response_format"),
        ({"stream_format": "sse"}, "stream_format"),
    ],
)
def test_what_cannot_be_spoken_is_refused(path: Any, change: dict[str, Any], param: str) -> None:
    with pytest.raises(GatewayError) as caught:
        path(context(**{**SPOKEN, **change}))
    assert caught.value.param == param
    assert isinstance(caught.value, BadRequest | Unsupported)
