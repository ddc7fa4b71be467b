"""Images by those who paint in one answer: what each is asked, and what is read of it."""

from __future__ import annotations

import copy
from base64 import b64encode
from typing import Any

import pytest

from gatewaymw.core.endpoints import IMAGE
from gatewaymw.core.errors import BadRequest, GatewayError, Unsupported, UpstreamError
from gatewaymw.core.model import Codec, Context, Encoded, Filled
from gatewaymw.core.providers import PROVIDERS

PNG = b64encode(b"\x89PNG").decode()


def codec(provider: str, model: str) -> Codec:
    made = PROVIDERS[provider]
    chosen = made.by_model.get(IMAGE)
    return (chosen(model) if chosen else made.routes[IMAGE]).codec


def sent(provider: str, model: str, **body: Any) -> Encoded | Filled:
    asked = {"model": model, "prompt": "A cat", **body}
    kept, made = copy.deepcopy(asked), codec(provider, model)
    ask = made.fill or made.request
    assert ask is not None
    found: Encoded | Filled = ask(asked, Context(provider=provider, model=model))
    assert asked == kept
    return found


def fields(provider: str, model: str, **body: Any) -> tuple[dict[str, str], tuple[str, ...]]:
    made = sent(provider, model, **body)
    assert isinstance(made, Filled)
    return {part.name: part.data.decode("latin-1") for part in made.parts}, made.dropped


def read(provider: str, model: str, body: dict[str, Any]) -> dict[str, Any]:
    response = codec(provider, model).response
    assert response is not None
    return response(body, Context(provider=provider, model=model, created=7))


# ── Stability ────────────────────────────────────────────────────────────


def test_stable_image_takes_a_form() -> None:
    assert fields("stability-ai", "core", seed=3, response_format="url") == (
        {"prompt": "A cat", "seed": "3"},
        ("response_format",),
    )
    own = fields("stability-ai", "ultra", aspect_ratio="1:1", size="1536x1024")
    assert own == ({"prompt": "A cat", "aspect_ratio": "1:1"}, ())
    assert fields("stability-ai", "sd3")[0] == {"prompt": "A cat"}


@pytest.mark.parametrize("image", [PNG, f"data:image/png;base64,{PNG}"])
def test_stable_image_may_begin_with_an_image(image: str) -> None:
    made, _ = fields("stability-ai", "sd3.5-large", image=image, mode="image-to-image", strength=0.5)
    assert made["image"] == "\x89PNG"
    assert (made["mode"], made["strength"], made["model"]) == ("image-to-image", "0.5", "sd3.5-large")


@pytest.mark.parametrize(
    ("change", "param"),
    [({"image": "not base64!"}, "image"), ({"image": 3}, "image"), ({"style_preset": ["a"]}, "style_preset")],
)
def test_what_no_form_can_carry_is_refused(change: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        sent("stability-ai", "core", **change)
    assert caught.value.param == param


def test_an_image_that_was_filtered_is_an_error_of_the_clients() -> None:
    with pytest.raises(UpstreamError) as caught:
        read("stability-ai", "core", {"image": PNG, "finish_reason": "CONTENT_FILTERED"})
    assert (caught.value.status, caught.value.code) == (400, "content_policy_violation")


XL = "stable-diffusion-xl-1024-v1-0"


def test_the_older_engines_take_json_and_make_several() -> None:
    made = sent("stability-ai", XL, n=2, size="1024x576", style="anime", negative_prompt="dogs", steps=30)
    assert made == Encoded(
        {
            "text_prompts": [{"text": "A cat", "weight": 1}, {"text": "dogs", "weight": -1}],
            **{"steps": 30, "width": 1024, "height": 576, "samples": 2, "style_preset": "anime"},
        }
    )
    assert sent("stability-ai", XL, response_format="url").dropped == ("response_format",)
    path = PROVIDERS["stability-ai"].by_model[IMAGE](XL).path
    assert path == "/v1/generation/{model}/text-to-image"


def test_the_older_engines_artifacts_are_images_but_for_those_that_were_filtered() -> None:
    held = {"base64": "x", "finishReason": "CONTENT_FILTERED"}
    answer = {"artifacts": [{"base64": PNG, "finishReason": "SUCCESS"}, held]}
    assert read("stability-ai", XL, answer) == {"created": 7, "data": [{"b64_json": PNG}]}
    with pytest.raises(UpstreamError) as caught:
        read("stability-ai", XL, {"artifacts": [held]})
    assert caught.value.status == 400
    with pytest.raises(UpstreamError, match="without an image"):
        read("stability-ai", XL, {"artifacts": [{"seed": 1}]})


# ── fal, Ideogram, Segmind ───────────────────────────────────────────────


def test_fal_keeps_what_is_its_own() -> None:
    made = sent("fal", "fal-ai/flux/dev", image_size="square_hd", size="512x512", output_format="png", n=1)
    assert made == Encoded({"prompt": "A cat", "image_size": "square_hd", "output_format": "png"})
    plain = sent("fal", "fal-ai/flux/dev", response_format="url")
    assert plain == Encoded({"prompt": "A cat"})


def test_some_of_fals_models_make_one_image() -> None:
    answer = {"image": {"url": "https://fal.media/1.png"}}
    assert read("fal", "m", answer)["data"] == [{"url": "https://fal.media/1.png"}]
    with pytest.raises(UpstreamError, match="without an image"):
        read("fal", "m", {})


def test_an_image_that_ideogram_does_not_hold_to_be_safe_is_none() -> None:
    with pytest.raises(UpstreamError) as caught:
        read("ideogram", "m", {"data": [{"url": "", "is_image_safe": False}]})
    assert (caught.value.status, caught.value.code) == (400, "content_policy_violation")
    with pytest.raises(UpstreamError, match="without an image"):
        read("ideogram", "m", {"data": []})
    assert sent("ideogram", "ideogram-4-5", resolution="1x1", size="2x2") == Encoded(
        {"prompt": "A cat", "resolution": "1x1"}
    )
    assert sent("ideogram", "ideogram-4-5") == Encoded({"prompt": "A cat"})


def test_segmind_answers_in_base64() -> None:
    made = sent("segmind", "sdxl", response_format="url")
    assert made == Encoded({"prompt": "A cat", "base64": True}, ("response_format",))
    assert read("segmind", "sdxl", {"image": PNG})["data"] == [{"b64_json": PNG}]
    with pytest.raises(UpstreamError, match="without an image"):
        read("segmind", "sdxl", {"status": "Failed"})


@pytest.mark.parametrize(
    ("provider", "model"),
    [("stability-ai", "core"), ("fal", "a/b"), ("ideogram", "i"), ("segmind", "s"), ("stability-ai", XL)],
)
def test_all_of_them_answer_as_a_whole(provider: str, model: str) -> None:
    with pytest.raises(Unsupported) as caught:
        sent(provider, model, stream=True)
    assert caught.value.param == "stream"
    with pytest.raises(GatewayError) as wrong:
        sent(provider, model, size="large")
    assert wrong.value.param == "size"
