"""The parts of messages, as Converse's blocks."""

from __future__ import annotations

from typing import Any

import pytest
from conversed import NOVA, ask, calls, refused, said, turns, user

from gatewaymw.core.errors import Unsupported

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}
CSV = {"type": "file", "file": {"filename": "t.csv", "file_data": "data:text/csv;base64,YSxi"}}
LLAMA = "us.meta.llama3-3-70b-instruct-v1:0"


def picture(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def words(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


# ── images, videos, sound ────────────────────────────────────────────────


def test_an_image_is_its_bytes_and_format() -> None:
    image = {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}
    assert said(picture(PNG)) == [image]
    assert said({"type": "image_url", "image_url": PNG}) == [image]
    assert said(picture("data:image/jpg;base64,/9j/"))[0]["image"]["format"] == "jpeg"
    detailed = {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}
    assert ask(messages=[user([detailed])]).dropped == ("messages[].content[].image_url.detail",)


@pytest.mark.parametrize("url", ["https://example.com/a.png", "HTTP://example.com/a.png"])
def test_the_web_is_not_fetched(url: str) -> None:
    refusal = refused(messages=[user("x"), user([words("a"), picture(url)])])
    assert isinstance(refusal, Unsupported)
    assert refusal.param == "messages[1].content[1].image_url.url"
    assert "data URI" in refusal.message and "s3://" in refusal.message
    assert refused(messages=[user([{"type": "image_url", "image_url": url}])]).param == (
        "messages[0].content[0].image_url"
    )


def test_a_file_in_s3_is_named_by_its_place() -> None:
    source = {"s3Location": {"uri": "s3://bucket/a/kiwi.JPG"}}
    assert said(picture("s3://bucket/a/kiwi.JPG")) == [{"image": {"format": "jpeg", "source": source}}]
    file = {"type": "file", "file": {"file_url": "s3://bucket/report", "mime_type": "application/pdf"}}
    document = said(file, words("Sum it up."))[0]["document"]
    assert (document["format"], document["name"]) == ("pdf", "report")
    assert (
        refused(messages=[user([picture("s3://bucket/kiwi")])]).param
        == "messages[0].content[0].image_url.url"
    )


def test_what_is_no_address_is_refused() -> None:
    assert "s3://" in refused(messages=[user([picture("kiwi.png")])]).message
    assert refused(messages=[user([picture("data:image/png;base64,")])]).param


def test_a_data_uri_says_what_kind_of_file_it_is() -> None:
    assert said(picture("data:video/quicktime;base64,AAAA")) == [
        {"video": {"format": "mov", "source": {"bytes": "AAAA"}}}
    ]
    assert said(picture("data:audio/mpeg;base64,AAAA"))[0]["audio"]["format"] == "mp3"
    refusal = refused(messages=[user([picture("data:image/tiff;base64,AAAA")])])
    assert isinstance(refusal, Unsupported)
    assert "image/tiff" in refusal.message


@pytest.mark.parametrize(
    ("spec", "form"),
    [
        ({"data": "AAAA", "format": "MP3"}, "mp3"),
        ({"data": "AAAA", "format": "pcm16"}, "pcm"),
        ({"data": "data:audio/x-wav;base64,AAAA"}, "wav"),
    ],
)
def test_sound_of_any_spelling(spec: dict[str, str], form: str) -> None:
    part = {"type": "input_audio", "input_audio": spec}
    assert said(part, model=NOVA) == [{"audio": {"format": form, "source": {"bytes": "AAAA"}}}]
    with pytest.raises(Unsupported):
        said({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mod"}})


def test_sound_is_a_block_too() -> None:
    part = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    assert said(part, model=NOVA) == [{"audio": {"format": "wav", "source": {"bytes": "AAAA"}}}]
    for spec, param in (({"data": "AAAA"}, "format"), ({"format": "wav"}, "data"), (5, "")):
        refusal = refused(messages=[user([{"type": "input_audio", "input_audio": spec}])])
        assert refusal.param == f"messages[0].content[0].input_audio{f'.{param}' if param else ''}"


# ── documents ────────────────────────────────────────────────────────────


def filed(**file: Any) -> dict[str, Any]:
    """The document that a file becomes."""
    made: dict[str, Any] = said({"type": "file", "file": file}, words("Read it."))[0]["document"]
    return made


@pytest.mark.parametrize(
    ("name", "form"),
    [
        *(("a.pdf", "pdf"), ("a.csv", "csv"), ("a.doc", "doc"), ("a.docx", "docx"), ("a.xls", "xls")),
        *(("a.xlsx", "xlsx"), ("a.html", "html"), ("a.htm", "html"), ("a.txt", "txt"), ("a.MD", "md")),
        *(("a.json", "txt"), ("a.xml", "txt"), ("a.yml", "txt"), ("a", "pdf"), ("a.b.c", "pdf")),
    ],
)
def test_a_documents_format_follows_from_its_name(name: str, form: str) -> None:
    document = filed(filename=name, file_data="QQ==")
    assert document["format"] == form
    assert document["source"] == {"bytes": "QQ=="}


def test_a_data_uri_or_a_type_tells_more_than_a_name() -> None:
    assert filed(filename="a.txt", file_data="data:application/pdf;base64,QQ==")["format"] == "pdf"
    assert filed(filename="a.txt", mime_type="text/CSV; header=present", file_data="QQ==")["format"] == "csv"
    vague = "data:application/octet-stream;base64,QQ=="
    assert filed(filename="a.docx", file_data=vague)["format"] == "docx"
    assert filed(file_data="data:text/x-log,hello")["source"] == {"bytes": "aGVsbG8="}


@pytest.mark.parametrize(
    ("file", "param"),
    [
        ({"file_id": "file-1"}, "file.file_id"),
        ({"file_url": "https://example.com/a.pdf"}, "file.file_url"),
        ({"file_data": "QQ==", "filename": "a.png.gz", "mime_type": "application/gzip"}, "file.file_data"),
        ({"file_data": "data:application/zip;base64,QQ=="}, "file.file_data"),
        ({"file_data": ""}, "file.file_data"),
        ({"file_data": "data:application/pdf,"}, "file.file_data"),
        ({}, "file"),
        (None, "file"),
    ],
)
def test_files_that_cannot_be_read_are_placed(file: Any, param: str) -> None:
    refusal = refused(messages=[user([{"type": "file", "file": file}])])
    assert refusal.param == f"messages[0].content[0].{param}"


@pytest.mark.parametrize(
    ("name", "nameable"),
    [
        ("John's report.pdf", "John s report"),
        ("Report -  Final (2).pdf", "Report - Final (2)"),
        ("résumé.pdf", "r sum"),
        ("분기보고서.pdf", "Document"),
        ("a\tb_c.pdf", "a b c"),
        ("x" * 300, "x" * 190),
        ("", "Document"),
    ],
)
def test_a_documents_name_is_one_that_bedrock_takes(name: str, nameable: str) -> None:
    assert filed(filename=name, file_data="QQ==")["name"] == nameable


def test_no_two_documents_have_one_name() -> None:
    named = {"document": {"format": "txt", "name": "A", "source": {"text": "x"}}}
    (first, _, second) = turns(user([PDF, PDF, words("x")]), calls("f"), user([named, {**PDF}, words("y")]))
    names = [
        block["document"]["name"] for block in (*first["content"], *second["content"]) if "document" in block
    ]
    assert names == ["a", "a (2)", "A (3)", "a (4)"]


def test_documents_may_be_cited() -> None:
    made = said({**PDF, "citations": {"enabled": True}, "context": "Policy"}, words("x"))[0]["document"]
    assert (made["citations"], made["context"]) == ({"enabled": True}, "Policy")


def test_documents_never_stand_alone() -> None:
    """As Bedrock says itself: "A text block must be included when using documents."."""
    assert said(PDF)[1:] == [{"text": "See the attached document."}]
    assert said(PDF, words(" "))[1:] == [{"text": "See the attached document."}]
    assert len(said(PDF, words("Sum it up."))) == 2


def test_converses_own_blocks_pass() -> None:
    blocks = [
        {"text": "Who?"},
        {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/x"}}}},
        {"searchResult": {"source": "s", "title": "t", "content": [{"text": "x"}]}},
        {"guardContent": {"text": {"text": "x", "qualifiers": ["query"]}}},
        {"cachePoint": {"type": "default"}},
    ]
    assert said(*blocks) == blocks
    assert said({"text": "a", "other": 1}, {"text": " "}) == [{"text": "a"}]


# ── cache points ─────────────────────────────────────────────────────────

MARK = {"cache_control": {"type": "ephemeral"}}
POINT = {"cachePoint": {"type": "default"}}
HOUR = {"cachePoint": {"type": "default", "ttl": "1h"}}


def test_a_cache_point_stands_behind_what_it_marks() -> None:
    assert said(words("a", **MARK), words("b")) == [{"text": "a"}, POINT, {"text": "b"}]
    made = ask(messages=[{"role": "system", "content": [words("s", **MARK)]}, {**user("a"), **MARK}])
    assert made.body["system"] == [{"text": "s"}, POINT]
    assert made.body["messages"][0]["content"] == [{"text": "a"}, POINT]
    assert made.dropped == ()


def test_a_cache_point_lasts_as_long_as_is_asked() -> None:
    assert said(words("a", cache_control={"type": "ephemeral", "ttl": "1h"})) == [{"text": "a"}, HOUR]
    assert said(words("a", prompt_cache_breakpoint={"mode": "explicit"})) == [{"text": "a"}, HOUR]
    assert said(words("a", cache_control=True)) == [{"text": "a"}, POINT]
    brief = ask(NOVA, messages=[user([words("a", cache_control={"ttl": "1h"})])])
    assert brief.body["messages"][0]["content"] == [{"text": "a"}, POINT]
    assert brief.dropped == ("messages[].content[].cache_control.ttl",)
    assert ask(NOVA, messages=[user([words("a", cache_control={"ttl": "5m"})])]).dropped == ()


@pytest.mark.parametrize("model", [LLAMA, "anthropic.claude-3-haiku-20240307-v1:0"])
def test_models_that_cache_nothing_are_asked_without(model: str) -> None:
    made = ask(model, messages=[user([words("a", **MARK)])])
    assert made.body["messages"][0]["content"] == [{"text": "a"}]
    assert made.dropped == ("messages[].content[].cache_control",)


def test_no_cache_point_stands_where_bedrock_refuses_it() -> None:
    """Behind nothing, behind a thought, behind another."""
    made = ask(messages=[user([words(" ", **MARK), words("a")])])
    assert made.body["messages"][0]["content"] == [{"text": "a"}]
    assert made.dropped == ("messages[].content[].cache_control",)
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}}
    made = ask(messages=[user("Hi"), {"role": "assistant", "content_blocks": [thought], **MARK}])
    assert made.body["messages"][1]["content"] == [thought]
    assert made.dropped == ("messages[].cache_control",)
    made = ask(messages=[{**user([words("a", **MARK)]), **MARK}])
    assert made.body["messages"][0]["content"] == [{"text": "a"}, POINT]
    assert made.dropped == ("messages[].cache_control",)


def test_text_stands_between_a_cache_point_and_what_is_no_pdf() -> None:
    assert said({**PDF, **MARK}, words("x"))[1] == POINT
    assert said({**CSV, **MARK}, words("x"))[1:3] == [{"text": "\n"}, POINT]
