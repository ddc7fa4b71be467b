"""Reading a client's form, and telling images by what they begin with."""

from __future__ import annotations

from typing import Any

import pytest

from gatewaymw.core.dialects import forms
from gatewaymw.core.dialects.media import pictured
from gatewaymw.core.errors import BadRequest, Unsupported
from gatewaymw.core.values import Part

FILE = Part("image", b"x", "a.png", "image/png")
LISTED = Part("image[]", b"y", "b.png")


def test_fields_are_text_lists_are_lists_and_the_last_word_counts() -> None:
    parts = (Part("a", b"1"), Part("l[]", b"x"), Part("a", b"2"), Part("l", b"z"), Part("l[]", b"\xff"), FILE)
    assert forms.fields(parts) == {"a": "2", "l": ["x", "\ufffd"]}


def test_files_go_by_one_name_with_brackets_or_without() -> None:
    parts = (FILE, LISTED, Part("mask", b"", "m.png"), Part("image", b"no file"))
    assert forms.files(parts, "image") == (FILE, LISTED)
    assert forms.others((*parts, *parts), ("image",)) == ["mask"]


@pytest.mark.parametrize(
    "parts", [(), (FILE, LISTED), (Part("image", b"", "a.png"),), (Part("image", b"x"),)]
)
def test_one_file_is_one_that_holds_something(parts: tuple[Part, ...]) -> None:
    assert forms.upload((FILE,), "image") is FILE
    with pytest.raises(BadRequest) as caught:
        forms.upload(parts, "image")
    assert caught.value.param == "image"


def test_numbers() -> None:
    assert forms.number({"n": "12"}, "n") == 12
    assert forms.number({"n": ""}, "n") is None is forms.number({}, "n")
    for value in ("1.5", "-1", "²", "x", ["1"]):
        with pytest.raises(BadRequest) as caught:
            forms.number({"n": value}, "n")
        assert caught.value.param == "n"


@pytest.mark.parametrize(("value", "made"), [(None, []), ("", []), ("a", ["a"]), (["a", "b"], ["a", "b"])])
def test_lists(value: Any, made: list[str]) -> None:
    assert forms.listed({"x": value}, "x") == made


def test_the_format_of_a_transcript() -> None:
    assert forms.spelled({}, ("json", "text"), "X") == "json"
    assert forms.spelled({"response_format": "text", "stream": "false"}, ("json", "text"), "X") == "text"
    for form, param in (({"stream": "true"}, "stream"), ({"response_format": "srt"}, "response_format")):
        with pytest.raises(Unsupported) as caught:
            forms.spelled(form, ("json", "text"), "X")
        assert caught.value.param == param and caught.value.message.startswith("X's")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", ""),
        (b"", ""),
    ],
)
def test_images_show_what_they_are(data: bytes, kind: str) -> None:
    assert pictured(data) == kind
