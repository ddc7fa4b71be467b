"""OpenAI's edits of images, by Stability's models on Bedrock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conversed import CONTEXT
from forms_called import formed, parts_of
from machine import call, ok, world
from openai.types import ImagesResponse
from refusals import refusing

from gatewaymw.core import json
from gatewaymw.core.dialects.bedrock_invoke import EDIT
from gatewaymw.core.endpoints import IMAGE_EDIT
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.model import Encoded
from gatewaymw.core.plan import Target
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.values import Part

HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x08\x08"
GREY, CLEAR = HEAD + b"\0", HEAD + b"\x06"
IMAGE = Part("image", CLEAR, "a.png", "image/png")
DATA = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAY="
INPAINT = "us.stability.stable-image-inpaint-v1:0"


def ask(*files: Part, **form: str) -> Encoded:
    fields = {"model": INPAINT, "prompt": "A red hat", **form}
    made = formed(EDIT, parts_of(fields.items(), *(files or (IMAGE,))), CONTEXT)
    assert isinstance(made, Encoded)
    return made


def refused(*files: Part, **form: str) -> GatewayError:
    return refusing(ask, *files, **form)


def mask(data: bytes) -> Part:
    return Part("mask", data, "m.png", "image/png")


def test_an_image_and_what_is_to_be_made_of_it() -> None:
    made = ask(
        seed="7", negative_prompt="blue", grow_mask="4.5", n="1", response_format="b64_json", size="auto"
    )
    assert made.body == {
        **{"prompt": "A red hat", "seed": 7, "negative_prompt": "blue", "grow_mask": 4.5, "image": DATA}
    }
    assert made.dropped == ()


def test_a_mask_goes_along_where_it_is_one_of_stabilitys() -> None:
    for data in (GREY, b"\xff\xd8\xff\xe0"):
        assert "mask" in ask(IMAGE, mask(data)).body
    for data in (CLEAR, b"BM"):
        error = refused(IMAGE, mask(data))
        assert error.param == "mask" and "white" in error.message
    assert refused(IMAGE, mask(GREY), model="stability.stable-outpaint-v1:0").param == "mask"


@pytest.mark.parametrize(
    ("model", "form", "told"),
    [
        ("stability.stable-image-search-replace-v1:0", {"search_prompt": "cap"}, {"search_prompt": "cap"}),
        ("stability.stable-image-search-recolor-v1:0", {"select_prompt": "cap"}, {"select_prompt": "cap"}),
        ("stability.stable-outpaint-v1:0", {"left": "512"}, {"left": 512}),
        (
            "stability.stable-image-control-sketch-v1:0",
            {"control_strength": "0.7"},
            {"control_strength": 0.7},
        ),
        ("stability.stable-image-style-guide-v1:0", {"aspect_ratio": "9:16"}, {"aspect_ratio": "9:16"}),
        ("stability.stable-creative-upscale-v1:0", {"output_format": "jpeg"}, {"output_format": "jpeg"}),
        ("stability.sd3-5-large-v1:0", {"strength": "0.5"}, {"strength": 0.5, "mode": "image-to-image"}),
    ],
)
def test_what_a_model_needs_goes_by_stabilitys_names(model: str, form: Any, told: Any) -> None:
    assert ask(model=model, **form).body == {"prompt": "A red hat", "image": DATA, **told}


def test_a_model_that_takes_two_images_gets_both() -> None:
    first, second = replace(IMAGE, name="image[]"), Part("image[]", GREY, "b.png")
    made = ask(first, second, model="stability.stable-style-transfer-v1:0")
    assert made.body["init_image"] == DATA and made.body["style_image"].startswith("iVBOR")


@pytest.mark.parametrize(
    "kind", ["stable-image-erase-object", "stable-image-remove-background", "stable-fast-upscale"]
)
def test_a_model_that_needs_no_words_gets_none_and_that_is_said(kind: str) -> None:
    made = ask(model=f"stability.{kind}-v1:0", size="512x512", response_format="url", user="u")
    assert made.body == {"image": DATA}
    assert made.dropped == ("prompt", "size", "response_format", "user")


def test_files_it_does_not_know_are_named() -> None:
    assert ask(IMAGE, Part("markup", GREY, "m.png")).dropped == ("markup",)


@pytest.mark.parametrize(
    ("files", "form", "param"),
    [
        ((), {"model": "amazon.nova-canvas-v1:0"}, "model"),
        ((), {"model": ""}, "model"),
        ((), {"stream": "true"}, "stream"),
        ((), {"seed": "x"}, "seed"),
        ((), {"seed": "true"}, "seed"),
        ((), {"seed": "1e999"}, "seed"),
        ((), {"model": "stability.sd3-5-large-v1:0"}, "strength"),
        ((), {"model": "stability.stable-image-search-replace-v1:0"}, "search_prompt"),
        ((IMAGE, IMAGE), {}, "image"),
        ((Part("image", b"hello", "a.png"),), {}, "image"),
        ((IMAGE,), {"model": "stability.stable-style-transfer-v1:0"}, "image"),
    ],
)
def test_faults_are_named(files: tuple[Part, ...], form: dict[str, str], param: str) -> None:
    assert refused(*files, **form).param == param


def test_it_is_invoked_and_answers_as_images_do() -> None:
    options = {"aws_region": "us-west-2", "aws_access_key_id": "AKID", "aws_secret_access_key": "s"}
    leaf = Target(path="config", provider=PROVIDERS["bedrock"], options=options)
    fields = {"model": INPAINT, "prompt": "A red hat"}
    parts = parts_of(fields.items(), IMAGE)
    here = world(ok(b'{"seeds":[1],"finish_reasons":[null],"images":["aGk="]}'))
    reply = here.run(attempt(leaf, call(fields, endpoint=IMAGE_EDIT, parts=parts, key=None), here.env()))
    assert here.sent[0].request.url.endswith("/model/us.stability.stable-image-inpaint-v1%3A0/invoke")
    made = json.loads(reply.body)
    ImagesResponse.model_validate(made)
    assert made["data"] == [{"b64_json": "aGk="}]
