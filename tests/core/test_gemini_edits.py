"""OpenAI's edits of images, made by Gemini's models that answer with images."""

from __future__ import annotations

from typing import Any

import pytest
from forms_called import formed, parts_of
from gemini import CONTEXT, PIXEL, answer, legal
from openai.types import ImagesResponse
from refusals import refusing

from gatewaymw.core.dialects.gemini import EDIT, VERTEX_EDIT
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.model import Codec, Encoded
from gatewaymw.core.values import Part

PNG = Part("image", b"\x89PNG", "a.bin", "application/octet-stream")
JPEG = Part("image[]", b"\xff\xd8\xff", "b")


def ask(*files: Part, codec: Codec = EDIT, **form: str) -> Encoded:
    fields = {"model": "gemini-2.5-flash-image", "prompt": "Add a hat", **form}
    made = formed(codec, parts_of(fields.items(), *files), CONTEXT)
    assert isinstance(made, Encoded)
    legal(made.body)
    return made


def refused(*files: Part, **form: str) -> GatewayError:
    return refusing(ask, *files, **form)


def test_the_images_stand_after_what_is_to_be_made_of_them() -> None:
    made = ask(PNG, JPEG, Part("image[]", b"?", "c.webp"), Part("image[]", b"?", "d", "image/heic; x=1"))
    kinds = ("image/png", "image/jpeg", "image/webp", "image/heic")
    data = ("iVBORw==", "/9j/", "Pw==", "Pw==")
    assert made.body == {
        "contents": [
            {
                "role": "user",
                "parts": [
                    {"text": "Add a hat"},
                    *(
                        {"inlineData": {"mimeType": kind, "data": told}}
                        for kind, told in zip(kinds, data, strict=True)
                    ),
                ],
            }
        ],
        "generationConfig": {"responseModalities": ["TEXT", "IMAGE"]},
    }
    assert made.dropped == ()


def test_what_goes_for_new_images_goes_for_edited_ones() -> None:
    made = ask(PNG, size="1536x1024", n="1", stream="false", quality="auto", response_format="b64_json")
    assert made.body["generationConfig"]["imageConfig"] == {"aspectRatio": "3:2"}
    assert made.dropped == ()


def test_what_gemini_cannot_be_told_is_named() -> None:
    made = ask(PNG, n="2", input_fidelity="high", user="u-1", output_format="jpeg", output_compression="80")
    assert made.dropped == ("n", "input_fidelity", "user", "output_format", "output_compression")


def test_vertex_is_told_how_to_write_them() -> None:
    made = ask(PNG, codec=VERTEX_EDIT, output_format="jpeg", output_compression="80")
    assert made.body["generationConfig"]["imageConfig"] == {
        "imageOutputOptions": {"mimeType": "image/jpeg", "compressionQuality": 80}
    }
    assert made.dropped == ()


@pytest.mark.parametrize(
    ("files", "form", "param"),
    [
        ((), {}, "image"),
        ((PNG,) * 17, {}, "image"),
        ((Part("image", b"", "a.png"),), {}, "image"),
        ((Part("image", b"hello", "a.txt", "text/plain"),), {}, "image"),
        ((PNG, Part("mask", b"\x89PNG", "m.png")), {}, "mask"),
        ((PNG, Part("markup", b"\x89PNG", "m.png")), {}, "markup"),
        ((PNG,), {"n": "two"}, "n"),
        ((PNG,), {"stream": "true"}, "stream"),
        ((PNG,), {"prompt": ""}, "prompt"),
        ((PNG,), {"model": ""}, "model"),
        ((PNG,), {"model": "imagen-4.0-generate-001"}, "model"),
        ((PNG,), {"size": "big"}, "size"),
    ],
)
def test_faults_are_named(files: tuple[Part, ...], form: dict[str, str], param: str) -> None:
    assert refused(*files, **form).param == param


def test_the_answer_is_that_of_images() -> None:
    body: Any = answer(PIXEL)
    assert EDIT.response
    made = EDIT.response(body, CONTEXT)
    ImagesResponse.model_validate(made)
    assert made["data"] == [{"b64_json": PIXEL["inlineData"]["data"]}]
