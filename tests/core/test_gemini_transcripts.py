"""OpenAI's transcriptions, by Gemini's model for them."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from forms_called import formed, parts_of
from gemini import CONTEXT, answer, candidate, legal
from openai.types.audio import Transcription, TranscriptionDiarized, TranscriptionVerbose
from refusals import refusing

from gatewaymw.core.dialects.gemini import TRANSCRIPT
from gatewaymw.core.errors import GatewayError, UpstreamError
from gatewaymw.core.model import Encoded
from gatewaymw.core.values import Part

WAV = Part("file", b"RIFF", "speech.WAV")
COUNTS = {
    **{"promptTokenCount": 70, "candidatesTokenCount": 12},
    "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 64}, {"modality": "TEXT", "tokenCount": 6}],
}


def ask(*files: Part, listed: tuple[tuple[str, str], ...] = (), **form: str) -> Encoded:
    fields = [*{"model": "gemini-3.5-transcribe", **form}.items(), *listed]
    made = formed(TRANSCRIPT, parts_of(fields, *(files or (WAV,))), CONTEXT)
    assert isinstance(made, Encoded)
    legal(made.body)
    return made


def settings(**form: Any) -> Any:
    return ask(**form).body["generationConfig"]["audioTranscriptionConfig"]


def refused(*files: Part, **form: str) -> GatewayError:
    return refusing(ask, *files, **form)


def spoken(text: str | None = None, *words: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """A part of a transcript."""
    rows = [{"word": word, "startOffset": start, "endOffset": end} for word, start, end in words]
    told = {"text": text, "words": rows, **more}
    return {"audioTranscription": {name: value for name, value in told.items() if value}}


def told(*parts: Any, shape: str = "json", **fields: Any) -> tuple[bytes, str]:
    body = {**answer(*parts), "usageMetadata": COUNTS, **fields}
    context = replace(CONTEXT, request={"model": "m", "response_format": shape})
    before = copy.deepcopy(body)
    assert TRANSCRIPT.media
    made = TRANSCRIPT.media(body, context)
    assert body == before
    return made


def read(*parts: Any, shape: str = "json") -> dict[str, Any]:
    data, kind = told(*parts, shape=shape)
    assert kind == "application/json"
    made: dict[str, Any] = json.loads(data)
    return made


# ── requests ─────────────────────────────────────────────────────────────


def test_a_file_is_sent_by_itself_without_a_word_of_instruction() -> None:
    made = ask()
    sound = {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}}
    assert made.body == {"contents": [{"role": "user", "parts": [sound]}]}
    assert made.dropped == ()


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (Part("file", b"x", "a.mp3", "application/octet-stream"), "audio/mpeg"),
        (Part("file", b"x", "a.m4a", "video/mp4"), "audio/m4a"),
        (Part("file", b"x", "a.opus"), "audio/opus"),
        (Part("file", b"x", "a.webm", "video/webm"), "audio/webm"),
        (Part("file", b"x", "blob", "audio/ogg; codecs=opus"), "audio/ogg"),
    ],
)
def test_a_file_is_of_the_kind_that_its_name_or_the_client_says(part: Part, kind: str) -> None:
    assert ask(part).body["contents"][0]["parts"][0]["inlineData"]["mimeType"] == kind


def test_languages_and_words_to_look_out_for() -> None:
    assert settings(language="en-US") == {"languageCodes": ["en-US"]}
    listed = (("languages[]", "de"), ("languages[]", "fr"), ("keywords[]", "Kubernetes"))
    assert settings(listed=listed, custom_vocabulary="BigQuery", mode="smart") == {
        "languageCodes": ["de", "fr"],
        "customVocabulary": ["Kubernetes", "BigQuery"],
        "mode": "SMART",
    }


def test_formats_that_tell_times_ask_for_them() -> None:
    assert settings(response_format="verbose_json", listed=(("timestamp_granularities[]", "word"),)) == {
        "wordTimestamp": True
    }
    assert settings(response_format="diarized_json") == {"wordTimestamp": True, "diarization": True}
    for shape in ("json", "text"):
        assert "generationConfig" not in ask(response_format=shape).body


def test_what_gemini_cannot_be_told_is_named() -> None:
    listed = (("include[]", "logprobs"), ("timestamp_granularities[]", "segment"))
    made = ask(WAV, Part("extra", b"x", "x.txt"), listed=listed, prompt="Dr. Who", temperature="0.2")
    assert made.dropped == ("prompt", "temperature", "include", "timestamp_granularities", "extra")
    assert ask(temperature="0", chunking_strategy="auto", stream="false").dropped == ()


@pytest.mark.parametrize(
    ("files", "form", "param"),
    [
        ((), {"model": "gemini-2.5-flash"}, "model"),
        ((), {"model": ""}, "model"),
        ((), {"response_format": "srt"}, "response_format"),
        ((), {"stream": "true"}, "stream"),
        ((Part("file", b"", "a.wav"),), {}, "file"),
        ((Part("file", b"x", "a.txt", "text/plain"),), {}, "file"),
        ((WAV, WAV), {}, "file"),
    ],
)
def test_faults_are_named(files: tuple[Part, ...], form: dict[str, str], param: str) -> None:
    assert refused(*files, **form).param == param


def test_a_model_that_is_not_made_for_it_is_refused_with_what_to_do() -> None:
    message = refused(model="gemini-2.5-flash").message
    assert "gemini-3.5-transcribe" in message and "input_audio" in message


# ── answers ──────────────────────────────────────────────────────────────

HELLO = spoken("Hello ", ("Hello", "0.100s", "0.450s"), speakerLabel="spk_1", languageCode="en-US")
WORLD = spoken("world.", ("world.", "0.5s", "1.25s"), speakerLabel="spk_2")


def test_json_is_the_text_and_its_counts() -> None:
    made = read({"text": "Hello ", **HELLO}, WORLD)
    assert made == {
        "text": "Hello world.",
        "usage": {
            "type": "tokens",
            "input_tokens": 70,
            "input_token_details": {"audio_tokens": 64, "text_tokens": 6},
            "output_tokens": 12,
            "total_tokens": 82,
        },
    }
    Transcription.model_validate(made)


def test_text_is_the_text_alone() -> None:
    assert told(HELLO, WORLD, shape="text") == (b"Hello world.\n", "text/plain; charset=utf-8")


def test_words_alone_are_a_text_too() -> None:
    assert read(spoken(None, ("Hello", "", ""), ("world", "", "")), spoken(None, ("!", "", "")))["text"] == (
        "Hello world !"
    )


def test_verbose_json_tells_when_each_word_was_said() -> None:
    made = read(HELLO, WORLD, shape="verbose_json")
    assert made["words"] == [
        {"word": "Hello", "start": 0.1, "end": 0.45},
        {"word": "world.", "start": 0.5, "end": 1.25},
    ]
    assert (made["task"], made["language"], made["duration"]) == ("transcribe", "en-US", 1.25)
    TranscriptionVerbose.model_validate(made)


def test_the_language_is_the_one_asked_for_where_none_is_told() -> None:
    context = replace(CONTEXT, request={"response_format": "verbose_json", "language": "fr"})
    assert TRANSCRIPT.media
    assert json.loads(TRANSCRIPT.media(answer({"text": "Oui"}), context)[0])["language"] == "fr"
    assert read({"text": ""}, shape="verbose_json") == {
        **{"task": "transcribe", "language": "", "duration": 0.0, "words": [], "text": ""}
    }


def test_diarized_json_tells_who_said_what() -> None:
    late = spoken("Yes.", startOffset="2s", endOffset="2.5s")
    made = read(HELLO, WORLD, late, shape="diarized_json")
    rows = [
        (each["id"], each["speaker"], each["text"], each["start"], each["end"]) for each in made["segments"]
    ]
    assert rows == [
        ("seg_0", "spk_1", "Hello", 0.1, 0.45),
        ("seg_1", "spk_2", "world.", 0.5, 1.25),
        ("seg_2", "", "Yes.", 2.0, 2.5),
    ]
    TranscriptionDiarized.model_validate(made)


def test_silence_is_no_failure_and_what_a_filter_holds_back_is() -> None:
    assert read()["text"] == ""
    assert "usage" not in json.loads(told({"text": "Hi"}, usageMetadata=None)[0])
    with pytest.raises(UpstreamError) as caught:
        told(candidates=[candidate(finishReason="PROHIBITED_CONTENT")])
    assert (caught.value.status, caught.value.code) == (400, "content_policy_violation")


def test_an_error_within_an_answer_keeps_its_words() -> None:
    with pytest.raises(UpstreamError, match="Too long"):
        told(candidates=[], error={"code": 400, "message": "Too long", "status": "INVALID_ARGUMENT"})
