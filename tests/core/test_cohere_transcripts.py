"""OpenAI's transcriptions, by Cohere."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cohered import CONTEXT, LOOSE
from forms_called import formed, parts_of
from openai.types.audio import Transcription
from refusals import refusing

from gatewaymw.core.dialects.cohere import TRANSCRIPT
from gatewaymw.core.errors import GatewayError, UpstreamError
from gatewaymw.core.model import Filled
from gatewaymw.core.values import Part

FILE = Part("file", b"RIFF", "speech.wav", "audio/wav")


def ask(*files: Part, **form: str) -> Filled:
    fields = {"model": "cohere-transcribe-03-2026", "language": "en", **form}
    made = formed(TRANSCRIPT, parts_of(fields.items(), *(files or (FILE,))), CONTEXT)
    assert isinstance(made, Filled)
    return made


def refused(*files: Part, **form: str) -> GatewayError:
    return refusing(ask, *files, **form)


def test_only_what_cohere_knows_is_sent() -> None:
    made = ask(temperature="0.2", response_format="json", stream="false", chunking_strategy="auto")
    assert made.parts == (
        Part("model", b"cohere-transcribe-03-2026"),
        Part("language", b"en"),
        Part("temperature", b"0.2"),
        FILE,
    )
    assert made.dropped == ()


def test_what_cohere_cannot_be_told_is_named() -> None:
    made = ask(FILE, Part("sample", b"x", "s.wav"), prompt="Dr. Who", **{"include[]": "logprobs"})
    assert made.dropped == ("prompt", "include", "sample")


def test_the_language_has_to_be_told() -> None:
    error = refused(language="")
    assert error.param == "language" and "ISO-639-1" in error.message


@pytest.mark.parametrize(
    ("files", "form", "param"),
    [
        ((), {"model": ""}, "model"),
        ((), {"response_format": "verbose_json"}, "response_format"),
        ((), {"stream": "true"}, "stream"),
        ((Part("file", b"", "a.wav"),), {}, "file"),
        ((FILE, FILE), {}, "file"),
    ],
)
def test_faults_are_named(files: tuple[Part, ...], form: dict[str, str], param: str) -> None:
    assert refused(*files, **form).param == param


def told(body: Any, loose: bool = False, **asked: str) -> tuple[bytes, str]:
    assert TRANSCRIPT.media
    return TRANSCRIPT.media(body, replace(LOOSE if loose else CONTEXT, request=asked))


def test_json_is_openais_and_more_only_where_more_is_wanted() -> None:
    data, kind = told({"text": "Hello", "id": "t-1"})
    assert (json.loads(data), kind) == ({"text": "Hello"}, "application/json")
    Transcription.model_validate(json.loads(data))
    assert json.loads(told({"text": "Hello", "id": "t-1"}, loose=True)[0]) == {"text": "Hello", "id": "t-1"}


def test_text_is_the_text_alone() -> None:
    assert told({"text": "Hello"}, response_format="text") == (b"Hello\n", "text/plain; charset=utf-8")


def test_an_answer_without_a_text_is_none() -> None:
    with pytest.raises(UpstreamError, match="no transcript"):
        told({"text": None})
    with pytest.raises(KeyError):
        told({"message": "no"})
