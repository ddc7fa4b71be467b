"""Parts of messages, as Gemini's parts."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from gemini import ask, refused, turns, user

PNG = "iVBORw0KGgo="


def text(said: Any) -> dict[str, Any]:
    return {"type": "text", "text": said}


def parts(*given: Any) -> list[dict[str, Any]]:
    """The parts of one user's message."""
    (turn,) = turns(user(list(given)))
    made: list[dict[str, Any]] = turn["parts"]
    return made


def image(url: Any, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def file(**fields: Any) -> dict[str, Any]:
    return {"type": "file", "file": fields}


def inline(kind: str, data: str = PNG) -> dict[str, Any]:
    return {"inlineData": {"mimeType": kind, "data": data}}


def linked(url: str, kind: str = "") -> dict[str, Any]:
    return {"fileData": {"mimeType": kind, "fileUri": url} if kind else {"fileUri": url}}


def test_texts_stay_parts_and_empty_ones_are_left_out() -> None:
    assert parts(text("a"), text(""), text(" ")) == [{"text": "a"}, {"text": " "}]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (image(f"data:image/png;base64,{PNG}"), inline("image/png")),
        (image(f"DATA:IMAGE/JPG;charset=utf-8;BASE64,{PNG}"), inline("image/jpeg")),
        ({"type": "image_url", "image_url": f"data:image/png;base64,{PNG}"}, inline("image/png")),
        (image("https://x.example/a.png?b=c.pdf"), linked("https://x.example/a.png?b=c.pdf", "image/png")),
        (image("gs://bucket/a.heic"), linked("gs://bucket/a.heic", "image/heic")),
        (image("https://x.example/a"), linked("https://x.example/a")),
        (image("https://x.example/a", mime_type="image/webp"), linked("https://x.example/a", "image/webp")),
        (image("https://x.example/a", format="image/webp"), linked("https://x.example/a", "image/webp")),
        (image("https://x.example/a", format="webp"), linked("https://x.example/a")),
        ({"type": "video_url", "video_url": {"url": "gs://b/a.MP4"}}, linked("gs://b/a.MP4", "video/mp4")),
        ({"type": "video_url", "video_url": "https://x.example/a"}, linked("https://x.example/a")),
    ],
)
def test_images_and_videos(given: dict[str, Any], made: dict[str, Any]) -> None:
    assert parts(given) == [made]


def test_what_only_geminis_media_can_say_passes() -> None:
    metadata, resolution = {"fps": 2.0}, {"level": "MEDIA_RESOLUTION_LOW"}
    given = {**image("gs://b/a.mov"), "video_metadata": metadata, "media_resolution": resolution}
    assert parts(given) == [
        {
            **linked("gs://b/a.mov", "video/quicktime"),
            "videoMetadata": metadata,
            "mediaResolution": resolution,
        }
    ]


def test_what_is_said_of_words_and_documents_passes() -> None:
    said = {"type": "text", "text": "a", "speech_metadata": {"speaker": "Ann"}}
    assert parts(said, {**said, "text": ""}) == [{"text": "a", "speechMetadata": {"speaker": "Ann"}}]
    sheet = {**image("gs://b/a.png"), "spreadsheet_metadata": {"sheet_index": 1}, "part_metadata": {"a": 1}}
    assert parts(sheet) == [
        {
            **linked("gs://b/a.png", "image/png"),
            "spreadsheetMetadata": {"sheet_index": 1},
            "partMetadata": {"a": 1},
        }
    ]


def test_the_detail_of_an_image_and_marks_of_caches_are_named() -> None:
    asked = ask(messages=[user([image("https://x.example/a.png", detail="high")])])
    assert asked.dropped == ("messages[].content[].image_url.detail",)
    assert ask(messages=[user([image("https://x.example/a.png", detail="auto")])]).dropped == ()
    mark = {"type": "ephemeral"}
    marked = {**text("a"), "cache_control": mark, "prompt_cache_breakpoint": {"mode": "explicit"}}
    assert ask(messages=[{**user([marked]), "cache_control": mark}]).dropped == (
        "messages[].cache_control",
        "messages[].content[].cache_control",
        "messages[].content[].prompt_cache_breakpoint",
    )


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"data": "AAAA", "format": "wav"}, inline("audio/wav", "AAAA")),
        ({"data": "AAAA", "format": "MP3"}, inline("audio/mpeg", "AAAA")),
        ({"data": "AAAA", "format": "pcm16"}, inline("audio/l16;rate=24000", "AAAA")),
        ({"data": "data:audio/flac;base64,AAAA"}, inline("audio/flac", "AAAA")),
    ],
)
def test_sound(given: dict[str, Any], made: dict[str, Any]) -> None:
    assert parts({"type": "input_audio", "input_audio": given}) == [made]


FILES = "https://generativelanguage.googleapis.com/v1beta/files/1"


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"file_data": "data:application/pdf;base64,JVBERi0="}, inline("application/pdf", "JVBERi0=")),
        (
            {"file_data": "data:application/octet-stream;base64,AAAA", "filename": "a.mp3"},
            inline("audio/mpeg", "AAAA"),
        ),
        ({"file_data": "JVBERi0="}, inline("application/pdf", "JVBERi0=")),
        ({"file_data": "AAAA", "mime_type": "audio/wav; x=1"}, inline("audio/wav", "AAAA")),
        ({"file_data": "data:text/plain,a%2Cb", "filename": "a.csv"}, inline("text/csv", "YSxi")),
        ({"file_url": "https://x.example/a.pdf"}, linked("https://x.example/a.pdf", "application/pdf")),
        (
            {"file_url": "https://x.example/a", "filename": "a.PDF"},
            linked("https://x.example/a", "application/pdf"),
        ),
        ({"file_url": "data:,a"}, inline("text/plain", base64.b64encode(b"a").decode())),
        ({"file_id": "files/1", "mime_type": "video/mp4"}, linked(FILES, "video/mp4")),
        ({"file_id": FILES}, linked(FILES)),
        ({"file_id": "gs://b/a.pdf"}, linked("gs://b/a.pdf", "application/pdf")),
        ({"file_id": "gs%3A%2F%2Fb%2Fa.pdf"}, linked("gs://b/a.pdf", "application/pdf")),
    ],
)
def test_files(given: dict[str, Any], made: dict[str, Any]) -> None:
    assert parts(file(**given)) == [made]


AT = "messages[0].content[0]"


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ("Hi", AT),
        ({"text": "Hi"}, f"{AT}.type"),
        ({"type": "video"}, f"{AT}.type"),
        ({"type": ["text"]}, f"{AT}.type"),
        (text(5), f"{AT}.text"),
        ({"type": "image_url"}, f"{AT}.image_url"),
        (image(5), f"{AT}.image_url.url"),
        (image(""), f"{AT}.image_url.url"),
        (image("ftp://x"), f"{AT}.image_url.url"),
        (image("iVBORw0KGgo="), f"{AT}.image_url.url"),
        (image("data:image/png;base64,"), f"{AT}.image_url.url"),
        ({"type": "video_url", "video_url": {}}, f"{AT}.video_url.url"),
        ({"type": "input_audio"}, f"{AT}.input_audio"),
        ({"type": "input_audio", "input_audio": {"format": "wav"}}, f"{AT}.input_audio.data"),
        ({"type": "input_audio", "input_audio": {"data": "AAAA"}}, f"{AT}.input_audio.format"),
        ({"type": "input_audio", "input_audio": {"data": "A", "format": "mod"}}, f"{AT}.input_audio.format"),
        (file(), f"{AT}.file"),
        ({"type": "file"}, f"{AT}.file"),
        (file(file_id=5), f"{AT}.file.file_id"),
        (file(file_id="file-abc"), f"{AT}.file.file_id"),
        (file(file_data=5), f"{AT}.file.file_data"),
        (file(file_data="data:,"), f"{AT}.file.file_data"),
        (file(file_url="a.pdf"), f"{AT}.file.file_url"),
    ],
)
def test_parts_that_are_none_are_refused_by_their_path(given: Any, param: str) -> None:
    assert refused(messages=[user([given])]).param == param
