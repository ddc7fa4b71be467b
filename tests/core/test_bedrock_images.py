"""Images by InvokeModel, each maker's in its own shape; and whatever comes to either."""

from __future__ import annotations

from typing import Any

import pytest
from conversed import LOOSE
from hypothesis import given
from hypothesis import strategies as st
from invoked import PNG, asked, failed, refused, told
from openai.types import ImagesResponse

from gatewaymw.core.dialects.bedrock_invoke import EMBED, IMAGE
from gatewaymw.core.errors import BadRequest, GatewayError, Unsupported, UpstreamError
from gatewaymw.core.model import Codec, Encoded

TITAN_1, TITAN_2 = "amazon.titan-embed-text-v1", "amazon.titan-embed-text-v2:0"
TITAN_SEEING, NOVA = "amazon.titan-embed-image-v1", "us.amazon.nova-2-multimodal-embeddings-v1:0"
COHERE_3, COHERE_4 = "cohere.embed-english-v3", "us.cohere.embed-v4:0"
CANVAS, TITAN = "amazon.nova-canvas-v1:0", "amazon.titan-image-generator-v2:0"
CORE, SD3 = "us.stability.stable-image-core-v1:1", "stability.sd3-5-large-v1:0"
SDXL = "stability.stable-diffusion-xl-v1"


def draw(model: str, **params: Any) -> Encoded:
    return asked(IMAGE, {"model": model, "prompt": "A kiwi.", **params})


def test_amazons_images() -> None:
    made = draw(CANVAS, n=2, size="1024x512", quality="hd", seed=4, cfg_scale=7.5, negative_prompt="leaves")
    assert made.body == {
        "taskType": "TEXT_IMAGE",
        "textToImageParams": {"text": "A kiwi.", "negativeText": "leaves"},
        "imageGenerationConfig": {
            **{"numberOfImages": 2, "width": 1024, "height": 512},
            **{"quality": "premium", "seed": 4, "cfgScale": 7.5},
        },
    }
    assert made.dropped == ()
    plain = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "A kiwi."}}
    assert draw(TITAN, n=1, size="auto", quality="auto", response_format="b64_json").body == plain
    assert draw(TITAN, quality="low").body["imageGenerationConfig"] == {"quality": "standard"}


def test_styles() -> None:
    made = draw(CANVAS, style="PHOTOREALISM")
    assert made.body["textToImageParams"] == {"text": "A kiwi.", "style": "PHOTOREALISM"}
    assert draw(CANVAS, style="vivid").dropped == ("style",)
    assert draw(TITAN, style="PHOTOREALISM").dropped == ("style",)
    assert refused(IMAGE, model=CANVAS, prompt="x", style=5).param == "style"


@pytest.mark.parametrize("model", [CORE, SD3])
def test_stabilitys_images(model: str) -> None:
    made = draw(model, negative_prompt="leaves", seed=4, output_format="jpeg")
    assert made.body == {
        **{"prompt": "A kiwi.", "negative_prompt": "leaves"},
        **{"seed": 4, "output_format": "jpeg"},
    }
    assert made.dropped == ()
    changed = draw(model, mode="image-to-image", image=PNG, strength=0.5).body
    assert (changed["image"], changed["strength"]) == ("iVBORw0KGgo=", 0.5)


@pytest.mark.parametrize(
    ("size", "ratio"), [("1024x1024", "1:1"), ("1536x1024", "3:2"), ("720x1280", "9:16")]
)
def test_a_size_is_a_ratio(size: str, ratio: str) -> None:
    assert draw(CORE, size=size).body["aspect_ratio"] == ratio


def test_a_size_without_a_ratio_is_named() -> None:
    assert draw(CORE, size="1792x1024").dropped == ("size",)
    made = draw(CORE, size="1024x1024", aspect_ratio="16:9")
    assert (made.body["aspect_ratio"], made.dropped) == ("16:9", ("size",))


def test_the_older_diffusion() -> None:
    made = draw(SDXL, size="512x768", negative_prompt="leaves", steps=30, style_preset="anime")
    assert made.body == {
        "text_prompts": [{"text": "A kiwi.", "weight": 1}, {"text": "leaves", "weight": -1}],
        **{"width": 512, "height": 768, "steps": 30, "style_preset": "anime"},
    }
    assert draw(SDXL).body == {"text_prompts": [{"text": "A kiwi.", "weight": 1}]}


def test_what_no_model_does_is_named() -> None:
    made = draw(CORE, n=2, background="transparent", user="u", response_format="url", moderation="auto")
    assert made.dropped == ("n", "background", "user", "response_format")
    assert draw(TITAN, quality="ultra", output_format="webp").dropped == ("output_format", "quality")


@pytest.mark.parametrize(
    ("params", "param"),
    [
        *(({"size": "big"}, "size"), ({"size": "0x9"}, "size"), ({"size": 5}, "size"), ({"n": "2"}, "n")),
        *(({"prompt": ""}, "prompt"), ({"prompt": ["a"]}, "prompt"), ({"stream": True}, "stream")),
    ],
)
def test_odd_parameters_are_placed(params: dict[str, Any], param: str) -> None:
    assert refused(IMAGE, **{"model": CANVAS, "prompt": "x", **params}).param == param


@pytest.mark.parametrize(
    "body",
    [
        {"images": ["QQ==", "Qg=="], "error": None},
        {"images": ["QQ==", "Qg=="], "seeds": [1], "finish_reasons": [None]},
        {
            "artifacts": [{"base64": "QQ==", "finishReason": "SUCCESS"}, {"base64": "Qg=="}, 5],
            "result": "success",
        },
    ],
)
def test_images_are_listed(body: Any) -> None:
    made = told(IMAGE, body)
    assert made == {"created": 1_700_000_000, "data": [{"b64_json": "QQ=="}, {"b64_json": "Qg=="}]}
    ImagesResponse.model_validate(made)
    loose = told(IMAGE, body, LOOSE)
    assert loose == {**{name: body[name] for name in body if name not in ("images", "artifacts")}, **made}


@pytest.mark.parametrize(
    "body",
    [
        {"images": [], "error": "The prompt was blocked."},
        {"finish_reasons": ["Filter reason: prompt"]},
        {"images": [None], "finish_reasons": [None, "Filter reason: output image"]},
    ],
)
def test_an_image_that_was_held_back_says_why(body: Any) -> None:
    error = failed(IMAGE, body)
    assert (error.status, error.code) == (400, "content_policy_violation")
    assert "block" in error.message or "Filter" in error.message


def test_a_failure_to_infer_is_tried_again() -> None:
    assert failed(IMAGE, {"finish_reasons": ["Inference error"]}).status == 502


@pytest.mark.parametrize("body", [None, [], {}, {"images": 5}, {"error": 5}, {"finish_reasons": 5}])
def test_an_answer_without_images_is_an_error(body: Any) -> None:
    assert failed(IMAGE, body).status == 502


# ── whatever comes ───────────────────────────────────────────────────────

NAMES = st.sampled_from(
    [
        *(
            "text",
            "image",
            "image_url",
            "url",
            "base64",
            "embedding",
            "embeddings",
            "embeddingsByType",
            "float",
        ),
        *("images", "artifacts", "error", "finish_reasons", "message", "inputTextTokenCount"),
    ]
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([PNG, "s3://b/a.png"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
PARAMS = st.sampled_from(
    [
        "dimensions",
        "input_type",
        "encoding_format",
        "n",
        "size",
        "quality",
        "style",
        "seed",
        "image",
        "stream",
    ]
)


@given(
    st.sampled_from([TITAN_1, TITAN_2, TITAN_SEEING, NOVA, COHERE_3, COHERE_4, CANVAS, TITAN, CORE, SDXL]),
    st.sampled_from([EMBED, IMAGE]),
    *(st.text(max_size=3) | ODD, st.dictionaries(PARAMS, ODD, max_size=3)),
)
def test_only_refusals_that_name_the_fault_escape(
    model: str, codec: Codec, content: Any, params: dict[str, Any]
) -> None:
    try:
        asked(codec, {"model": model, "input": content, "prompt": content, **params})
    except GatewayError as error:
        assert isinstance(error, BadRequest | Unsupported)
        assert error.param


@given(st.sampled_from([EMBED, IMAGE]), st.dictionaries(NAMES, ODD, max_size=3) | ODD)
def test_an_answer_is_read_or_is_an_error(codec: Codec, body: Any) -> None:
    try:
        told(codec, body)
    except (UpstreamError, KeyError):
        return
