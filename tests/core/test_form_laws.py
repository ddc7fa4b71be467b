"""What holds of speech and of forms whatever a client or a provider sends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core import json
from gatewaymw.core.dialects import bedrock_invoke, cohere, gemini
from gatewaymw.core.errors import BadRequest, GatewayError, Unsupported, UpstreamError
from gatewaymw.core.model import Codec, Context, Encoded
from gatewaymw.core.routing.pipeline import ODD
from gatewaymw.core.values import Part

CONTEXT = Context(provider="google", model="m", created=1_700_000_000, id="own")
MODELS = (
    *(
        "gemini-2.5-flash-preview-tts",
        "gemini-3.8-flash-tts",
        "gemini-3.5-transcribe",
        "gemini-2.5-flash-image",
    ),
    *("stability.stable-image-inpaint-v1:0", "stability.sd3-5-large-v1:0", "cohere-transcribe-03-2026", ""),
)
WORDS = st.sampled_from(
    [*MODELS, *("json text wav mp3 pcm sse audio alloy Kore verbose_json diarized_json word segment".split())]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6) | WORDS
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["id", "voiceConfig", "x"]), inner, max_size=2)
    ),
    max_leaves=6,
)
SPEECH = (
    *(
        "model",
        "input",
        "voice",
        "instructions",
        "response_format",
        "speed",
        "stream_format",
        "language_code",
    ),
    *("speech_config", "safety_settings", "surprise"),
)
FORMS = (gemini.EDIT, gemini.VERTEX_EDIT, gemini.TRANSCRIPT, cohere.TRANSCRIPT, bedrock_invoke.EDIT)
FIELDS = (
    *("model", "prompt", "n", "size", "quality", "language", "language[]", "response_format", "temperature"),
    *("timestamp_granularities[]", "keywords", "mode", "seed", "strength", "stream", "include[]", "surprise"),
)
FILES = st.builds(
    Part,
    st.sampled_from(["file", "image", "image[]", "mask", "markup"]),
    st.binary(max_size=4) | st.sampled_from([b"\x89PNG", b"\xff\xd8\xff"]),
    st.sampled_from(["", "a.wav", "a.png", "a"]),
    st.sampled_from([None, "", "audio/ogg", "image/heic", "x"]),
)
TEXTS = st.builds(
    Part, st.sampled_from(FIELDS), (st.text(max_size=6) | WORDS).map(str.encode) | st.binary(max_size=3)
)


@given(st.dictionaries(st.sampled_from(SPEECH), JSON), st.sampled_from([gemini.SPEECH, gemini.VERTEX_SPEECH]))
def test_speech_is_asked_for_or_refused_by_the_name_of_the_fault(body: dict[str, Any], codec: Codec) -> None:
    assert codec.request
    try:
        made = codec.request({"model": MODELS[1], "input": "Hi", "voice": "Kore", **body}, CONTEXT)
    except GatewayError as error:
        assert isinstance(error, BadRequest | Unsupported)
        assert error.param
    else:
        json.dumps(made.body)


@given(
    st.lists(TEXTS, max_size=5), st.lists(FILES, max_size=3), st.sampled_from(MODELS), st.sampled_from(FORMS)
)
def test_a_form_is_told_or_refused_by_the_name_of_the_fault(
    texts: list[Part], files: list[Part], model: str, codec: Codec
) -> None:
    assert codec.form
    try:
        made = codec.form((Part("model", model.encode()), *texts, *files), CONTEXT)
    except GatewayError as error:
        assert isinstance(error, BadRequest | Unsupported)
        assert error.param
    else:
        assert json.dumps(made.body) if isinstance(made, Encoded) else made.parts


ODD_ANSWERS = st.recursive(
    SCALARS | st.just("audio/L16;rate=24000") | st.just("AAAA"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "candidates content parts inlineData mimeType data audioTranscription text words word "
                    "startOffset endOffset usageMetadata promptTokensDetails finishReason error"
                ).split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=14,
)


@pytest.mark.parametrize(
    "codec", [gemini.SPEECH, gemini.TRANSCRIPT, cohere.TRANSCRIPT], ids=["speech", "g", "c"]
)
@given(ODD_ANSWERS, st.sampled_from(["json", "text", "pcm", "verbose_json", "diarized_json"]))
def test_an_odd_answer_is_a_failure_that_the_machine_knows(codec: Codec, body: Any, shape: str) -> None:
    assert codec.media
    try:
        data, kind = codec.media(body, replace(CONTEXT, request={"response_format": shape}))
    except (UpstreamError, *ODD):
        return
    assert isinstance(data, bytes)
    assert kind
