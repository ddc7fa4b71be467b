"""OpenAI's transcriptions, by AssemblyAI: an upload, a transcript, looks at it, subtitles."""

from __future__ import annotations

from typing import Any

import pytest
from forms_called import formed, parts_of
from openai.types.audio import Transcription, TranscriptionDiarized, TranscriptionVerbose
from refusals import refusing

from gatewaymw.core import json
from gatewaymw.core.dialects.assemblyai import TRANSCRIPT
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.model import Context, File, Next
from gatewaymw.core.values import Part

SOUND = Part("file", b"RIFF", "speech.wav", "audio/wav")
CONTEXT = Context(provider="assemblyai")


def ask(*files: Part, **form: str | list[str]) -> File:
    given = {"model": "universal-3-pro", **form}
    pairs = [
        (name, each)
        for name, value in given.items()
        for each in ([value] if isinstance(value, str) else value)
    ]
    made = formed(TRANSCRIPT, parts_of(pairs, *(files or (SOUND,))), CONTEXT)
    assert isinstance(made, File)
    return made


def test_the_bytes_are_uploaded_and_what_is_asked_for_is_kept_for_later() -> None:
    made = ask()
    assert (made.data, made.content_type, made.dropped) == (b"RIFF", "application/octet-stream", ())
    assert made.later == {"speech_models": ["universal-3-pro"], "language_detection": True}


def test_settings_of_its_own_are_what_they_say() -> None:
    made = ask(
        language="de",
        punctuate="false",
        speakers_expected="2",
        temperature="0.5",
        prompt="42",
        domain="medical-v1",
        custom_spelling='[{"from": ["a"], "to": "b"}]',
        **{"keyterms_prompt[]": ["Ada", "Grace"]},
    )
    assert made.later == {
        "speech_models": ["universal-3-pro"],
        "language_code": "de",
        "punctuate": False,
        "speakers_expected": 2,
        "temperature": 0.5,
        "prompt": "42",
        "domain": "medical-v1",
        "custom_spelling": [{"from": ["a"], "to": "b"}],
        "keyterms_prompt": ["Ada", "Grace"],
    }
    assert ask(note="null").later["note"] == "null" and ask(note='"a"').later["note"] == '"a"'


def test_models_of_old_and_languages_by_its_own_name() -> None:
    assert ask(model="best", language_code="fr").later == {"speech_model": "best", "language_code": "fr"}


def test_speakers_are_told_apart_where_that_is_wanted() -> None:
    assert ask(response_format="diarized_json", chunking_strategy="auto").later["speaker_labels"] is True


def test_what_it_cannot_do_is_named() -> None:
    made = ask(
        SOUND,
        Part("sample", b"x", "s.wav"),
        webhook_url="https://a.example",
        chunking_strategy="server_vad",
        **{"include[]": ["logprobs"], "timestamp_granularities[]": ["word", "segment"]},
    )
    assert made.dropped == (
        "chunking_strategy",
        "include",
        "webhook_url",
        "timestamp_granularities",
        "sample",
    )
    assert "webhook_url" not in made.later


@pytest.mark.parametrize(
    ("files", "form", "param"),
    [
        ((), {"model": ""}, "model"),
        ((), {"response_format": "xml"}, "response_format"),
        ((), {"stream": "true"}, "stream"),
        ((Part("file", b"", "a.wav"),), {}, "file"),
    ],
)
def test_faults_are_named_before_anything_is_uploaded(
    files: tuple[Part, ...], form: dict[str, str], param: str
) -> None:
    assert refusing(ask, *files, **form).param == param


# ── one after the other ──────────────────────────────────────────────────


def follow(answer: Any, later: Any = None, **asked: str) -> Next | None:
    assert TRANSCRIPT.follow
    return TRANSCRIPT.follow(answer, Context(provider="assemblyai", later=later or {}, request=asked))


def test_upload_transcript_look_and_subtitles() -> None:
    step = follow({"upload_url": "https://cdn.assemblyai.com/upload/x"}, {"speech_models": ["u"]})
    body = {"speech_models": ["u"], "audio_url": "https://cdn.assemblyai.com/upload/x"}
    assert step == Next(to="/v2/transcript", method="POST", body=body)
    for status in ("queued", "processing"):
        assert follow({"id": "t-1", "status": status}) == Next(to="/v2/transcript/t-1", after=1.0)
    assert follow({"id": "t-1", "status": "completed"}) is None
    assert follow({"id": "t-1", "status": "completed"}, response_format="srt") == Next(
        to="/v2/transcript/t-1/srt", live=True
    )


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Transcoding failed. File does not appear to contain audio. File type is text/html", 400),
        ("language_detection cannot be performed on files with no spoken audio.", 400),
        ("Server error, developers have been alerted.", 502),
        (None, 502),
    ],
)
def test_a_transcript_that_failed_is_an_error_in_its_words(said: str | None, status: int) -> None:
    with pytest.raises(UpstreamError) as caught:
        follow({"id": "t-1", "status": "error", "error": said})
    assert (caught.value.status, caught.value.code) == (status, "job_failed")
    assert (said or "does not say why") in caught.value.message


@pytest.mark.parametrize("answer", [{}, {"upload_url": 5}, {"id": "../x", "status": "queued"}, []])
def test_what_is_odd_is_odd(answer: Any) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        follow(answer)


# ── answers ──────────────────────────────────────────────────────────────

WORDS = [{"text": "Hi", "start": 250, "end": 500, "confidence": 0.9, "speaker": "A"}]
TURNS = [{"speaker": "A", "start": 250, "end": 500, "text": "Hi", "words": WORDS}]
ANSWER = {
    **{"id": "t-1", "status": "completed", "text": "Hi", "words": WORDS, "utterances": TURNS},
    **{"audio_duration": 3, "language_code": "en_us"},
}


def told(answer: Any = ANSWER, strict: bool = True, **asked: str) -> tuple[bytes, str]:
    assert TRANSCRIPT.media
    return TRANSCRIPT.media(answer, Context(provider="assemblyai", strict=strict, request=asked))


def test_json_and_text() -> None:
    data, kind = told()
    assert kind == "application/json" and Transcription.model_validate_json(data).text == "Hi"
    assert json.loads(data) == {"text": "Hi", "usage": {"type": "duration", "seconds": 3}}
    assert told(response_format="text") == (b"Hi\n", "text/plain; charset=utf-8")
    assert json.loads(told({"text": None})[0]) == {"text": ""}
    assert json.loads(told(strict=False)[0])["id"] == "t-1"


def test_words_are_told_in_seconds() -> None:
    made = TranscriptionVerbose.model_validate_json(told(response_format="verbose_json")[0])
    assert made.words and (made.words[0].word, made.words[0].start, made.words[0].end) == ("Hi", 0.25, 0.5)
    assert (made.duration, made.language) == (3.0, "en_us")
    bare = json.loads(told({"text": "Hi"}, response_format="verbose_json")[0])
    assert bare == {"text": "Hi", "task": "transcribe", "language": "", "duration": 0.0, "words": []}


def test_turns_are_told_with_their_speakers() -> None:
    made = TranscriptionDiarized.model_validate_json(told(response_format="diarized_json")[0])
    assert [(each.speaker, each.text, each.start) for each in made.segments] == [("A", "Hi", 0.25)]
    assert json.loads(told({"text": ""}, response_format="diarized_json")[0])["segments"] == []
