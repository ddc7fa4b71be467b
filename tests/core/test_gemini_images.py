"""OpenAI's image generations, as Imagen's predictions or as content of models that answer with images."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from gemini import CONTEXT, LOOSE, PIXEL, TEXT, answer, candidate, legal
from openai.types import ImagesResponse

from gatewaymw.core.dialects.gemini import IMAGE, IMAGEN, VERTEX_IMAGE
from gatewaymw.core.errors import BadRequest, GatewayError, Unsupported, UpstreamError
from gatewaymw.core.model import Codec, Encoded


def ask(codec: Codec = IMAGE, **params: Any) -> Encoded:
    body = {"model": "m", "prompt": "A cat", **params}
    before = copy.deepcopy(body)
    assert codec.request
    made = codec.request(body, CONTEXT)
    assert body == before
    if codec is IMAGE:
        legal(made.body)
    return made


def refused(codec: Codec = IMAGE, **params: Any) -> GatewayError:
    with pytest.raises((BadRequest, Unsupported)) as caught:
        ask(codec, **params)
    return caught.value


def shaped(**params: Any) -> Any:
    return ask(**params).body["generationConfig"].get("imageConfig")


def parameters(**params: Any) -> Any:
    return ask(IMAGEN, **params).body["parameters"]


def told(body: Any, codec: Codec = IMAGE) -> dict[str, Any]:
    before = copy.deepcopy(body)
    assert codec.response
    made = codec.response(body, CONTEXT)
    assert body == before
    assert codec.response(body, LOOSE) == made
    ImagesResponse.model_validate(made)
    return made


def unpainted(body: Any, codec: Codec = IMAGE) -> UpstreamError:
    assert codec.response
    with pytest.raises(UpstreamError) as caught:
        codec.response(body, CONTEXT)
    return caught.value


# ── requests ─────────────────────────────────────────────────────────────


def test_a_model_that_answers_with_images_is_asked_for_content() -> None:
    sent = ask()
    assert sent.body == {
        "contents": [{"role": "user", "parts": [{"text": "A cat"}]}],
        "generationConfig": {"responseModalities": ["TEXT", "IMAGE"]},
    }
    assert sent.dropped == ()


def test_imagen_is_asked_to_predict() -> None:
    sent = ask(
        IMAGEN, n=2, negative_prompt="dog", aspectRatio="9:16", output_format="jpeg", output_compression=50
    )
    assert sent.body == {
        "instances": [{"prompt": "A cat"}],
        "parameters": {
            "negativePrompt": "dog",
            "aspectRatio": "9:16",
            "sampleCount": 2,
            "outputOptions": {"mimeType": "image/jpeg", "compressionQuality": 50},
        },
    }
    assert sent.dropped == ()
    assert parameters() == {"sampleCount": 1}


def test_on_vertex_images_are_written_as_asked() -> None:
    sent = ask(VERTEX_IMAGE, output_format="jpeg", output_compression=80, prominent_people="BLOCKED")
    assert sent.body["generationConfig"]["imageConfig"] == {
        "prominentPeople": "BLOCKED",
        "imageOutputOptions": {"mimeType": "image/jpeg", "compressionQuality": 80},
    }
    assert sent.dropped == ()
    assert "imageConfig" not in ask(VERTEX_IMAGE).body["generationConfig"]
    assert ask(output_format="jpeg").dropped == ("output_format",)


def test_imagen_has_its_reasons_and_labels() -> None:
    sent = ask(IMAGEN, include_rai_reason=True, include_safety_attributes=True, labels={"team": "a"})
    assert sent.body["parameters"] == {
        "includeRaiReason": True,
        "includeSafetyAttributes": True,
        "sampleCount": 1,
    }
    assert (sent.body["labels"], sent.dropped) == ({"team": "a"}, ())


@pytest.mark.parametrize(
    ("size", "shape", "exact"),
    [
        ("1024x1024", {"aspectRatio": "1:1"}, True),
        ("1536x1024", {"aspectRatio": "3:2"}, True),
        ("1024x1536", {"aspectRatio": "2:3"}, True),
        ("1792x1024", {"aspectRatio": "16:9", "imageSize": "2K"}, False),
        ("1024x1792", {"aspectRatio": "9:16", "imageSize": "2K"}, False),
        ("4096x4096", {"aspectRatio": "1:1", "imageSize": "4K"}, True),
        ("auto", None, True),
        (None, None, True),
    ],
)
def test_a_size_is_the_next_shape(size: Any, shape: Any, exact: bool) -> None:
    assert shaped(size=size) == shape
    assert ask(size=size).dropped == (() if exact else ("size",))


def test_imagen_knows_fewer_shapes() -> None:
    assert parameters(size="1536x1024")["aspectRatio"] == "4:3"
    assert ask(IMAGEN, size="1536x1024").dropped == ("size",)
    assert parameters(size="2048x2048")["sampleImageSize"] == "2K"


def test_a_shape_of_googles_own_stands() -> None:
    assert shaped(size="1024x1024", aspect_ratio="21:9", image_size="2K") == {
        "aspectRatio": "21:9",
        "imageSize": "2K",
    }


def test_what_cannot_be_had_is_named() -> None:
    idle = {"quality": "auto", "background": "auto", "moderation": "auto", "output_compression": 100}
    assert ask(response_format="b64_json", n=1, **idle).dropped == ()
    params = {"n": 3, "response_format": "url", "quality": "hd", "style": "vivid", "user": "u"}
    assert set(ask(**params).dropped) == params.keys()
    assert set(ask(IMAGEN, **params).dropped) == params.keys() - {"n"}
    assert ask(output_format="png").dropped == ("output_format",)


@pytest.mark.parametrize("codec", [IMAGE, IMAGEN])
@pytest.mark.parametrize(
    ("params", "param"),
    [
        *(({"model": None}, "model"), ({"prompt": ""}, "prompt"), ({"stream": True}, "stream")),
        *(({"size": "big"}, "size"), ({"size": 5}, "size"), ({"size": "00x10"}, "size")),
        *(({"size": "10x00"}, "size"), ({"n": "2"}, "n")),
    ],
)
def test_requests_that_are_none(codec: Codec, params: dict[str, Any], param: str) -> None:
    assert refused(codec, **params).param == param


# ── answers ──────────────────────────────────────────────────────────────


def test_images_among_what_is_answered() -> None:
    made = told(answer(TEXT, {**PIXEL, "thought": True}, PIXEL, {"inlineData": 5}, {"inlineData": {}}))
    assert made == {
        "created": 1_700_000_000,
        "data": [{"b64_json": "iVBORw0KGgo="}],
        "usage": {
            "input_tokens": 10,
            "output_tokens": 5,
            "total_tokens": 15,
            "input_tokens_details": {"text_tokens": 10, "image_tokens": 0},
        },
    }
    seen = {"promptTokenCount": 9, "promptTokensDetails": [{"modality": "IMAGE", "tokenCount": 4}, "odd"]}
    counted = told({**answer(PIXEL), "usageMetadata": seen})["usage"]["input_tokens_details"]
    assert counted == {"text_tokens": 5, "image_tokens": 4}
    assert "usage" not in told({"candidates": [candidate(PIXEL)]})


def test_predictions_are_images() -> None:
    rows = [
        {"bytesBase64Encoded": "AAAA", "mimeType": "image/png", "prompt": "A fine cat"},
        {"raiFilteredReason": "filtered"},
        {"bytesBase64Encoded": "BBBB"},
        "odd",
    ]
    assert told({"predictions": rows}, IMAGEN) == {
        "created": 1_700_000_000,
        "data": [{"b64_json": "AAAA", "revised_prompt": "A fine cat"}, {"b64_json": "BBBB"}],
    }


@pytest.mark.parametrize(
    ("body", "codec", "why"),
    [
        ({"predictions": [{"raiFilteredReason": "Filtered."}]}, IMAGEN, "google made no image: Filtered."),
        ({}, IMAGEN, "google made no image"),
        ({"predictions": 5}, IMAGEN, "google made no image"),
        (answer({"text": "I cannot."}), IMAGE, "google made no image: I cannot."),
        (answer(finishReason="IMAGE_SAFETY"), IMAGE, "google made no image: IMAGE_SAFETY"),
        (answer(finishReason="SAFETY", finishMessage="No."), IMAGE, "google made no image: No."),
        (
            {"promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "No."}},
            IMAGE,
            "google made no image: No.",
        ),
    ],
)
def test_no_image_is_an_error_that_says_why(body: Any, codec: Codec, why: str) -> None:
    error = unpainted(body, codec)
    assert (error.message, error.status, error.code) == (why, 400, "moderation_blocked")


def test_no_answer_is_an_error() -> None:
    assert unpainted({}).status == 502
