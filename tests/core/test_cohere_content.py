"""OpenAI's messages and their parts, as Cohere's."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from cohered import ask, refused, sent, thought, user, words

from gatewaymw.core.values import JSON

PNG = "data:image/png;base64,iVBORw0="


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def picture(url: str, **more: Any) -> JSON:
    return {"type": "image_url", "image_url": {"url": url, **more}}


# ── roles ────────────────────────────────────────────────────────────────


def test_roles_stay_where_they_are_and_the_developer_is_the_system() -> None:
    made = sent(
        {"role": "system", "content": "a"},
        {"role": "developer", "content": [words("b")]},
        user("c"),
        {"role": "assistant", "content": "d"},
        {"role": "system", "content": "e"},
        user(""),
    )
    assert made == [
        {"role": "system", "content": "a"},
        {"role": "system", "content": [words("b")]},
        {"role": "user", "content": "c"},
        {"role": "assistant", "content": "d"},
        {"role": "system", "content": "e"},
        {"role": "user", "content": ""},
    ]


def test_names_are_lost_and_named() -> None:
    got = ask(messages=[{**user("a"), "name": "Ann"}, {"role": "assistant", "content": "b", "name": "Bob"}])
    assert got.dropped == ("messages[].name",)


def test_places_to_cache_are_lost_and_named() -> None:
    parts = [{**words("a"), "prompt_cache_breakpoint": {"mode": "explicit"}}, words("b")]
    got = ask(messages=[{"role": "system", "content": parts}, {"role": "user", "content": [*parts, *parts]}])
    assert got.dropped == ("messages[].content[].prompt_cache_breakpoint",)
    assert got.body["messages"][0] == {"role": "system", "content": [words("a"), words("b")]}


# ── parts ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({**words("a"), "cache_control": {"type": "ephemeral"}}, words("a")),
        (words(""), words("")),
        ({"type": "image_url", "image_url": PNG}, picture(PNG)),
        (picture(PNG, detail="low"), picture(PNG, detail="low")),
        (picture("data:image/jpg;name=x;base64,AAAA"), picture("data:image/jpeg;base64,AAAA")),
        (picture("https://x.example/a.png"), picture("https://x.example/a.png")),
        ({"type": "file", "file": {"file_data": PNG}}, picture(PNG)),
        (
            {"type": "file", "file": {"file_data": "AAAA", "mime_type": "image/webp"}},
            picture("data:image/webp;base64,AAAA"),
        ),
        (
            {"type": "file", "file": {"file_url": "https://x.example/a.gif"}},
            picture("https://x.example/a.gif"),
        ),
        (
            {"type": "file", "file": {"file_url": "https://x.example/a", "mime_type": "image/png"}},
            picture("https://x.example/a"),
        ),
        ({"type": "file", "file": {"file_url": PNG}}, picture(PNG)),
        (
            {"type": "file", "file": {"filename": "a.md", "file_data": encoded("# Hi")}},
            words("a.md\n\n# Hi"),
        ),
        ({"type": "file", "file": {"file_data": "data:application/json,{}"}}, words("{}")),
        (
            {
                "type": "file",
                "file": {
                    "file_data": f"data:application/octet-stream;base64,{encoded('x')}",
                    "mime_type": "text/csv; charset=utf-8",
                },
            },
            words("x"),
        ),
    ],
)
def test_parts_of_a_user(given: JSON, made: JSON) -> None:
    assert sent(user([given]))[0]["content"] == [made]


@pytest.mark.parametrize(
    ("content", "param", "says"),
    [
        (None, "messages[0].content", "string or an array"),
        ([1], "messages[0].content[0]", "an object"),
        ([{}], "messages[0].content[0].type", "text, image_url"),
        ([{"type": "text"}], "messages[0].content[0].text", "a string"),
        ([{"type": "image_url"}], "messages[0].content[0].image_url", "an object"),
        ([picture("")], "messages[0].content[0].image_url.url", "empty"),
        ([picture("ftp://x")], "messages[0].content[0].image_url.url", "http"),
        ([picture("data:image/png")], "messages[0].content[0].image_url.url", "without data"),
        ([{"type": "input_audio", "input_audio": {}}], "messages[0].content[0].input_audio", "no audio"),
        ([{"type": "file", "file": {}}], "messages[0].content[0].file", "file_data or file_url"),
        ([{"type": "file", "file": {"file_id": "f"}}], "messages[0].content[0].file", "keeps no files"),
        (
            [{"type": "file", "file": {"file_url": "https://x.example/a.pdf"}}],
            "messages[0].content[0].file.file_url",
            "images only",
        ),
        (
            [{"type": "file", "file": {"file_data": "AAAA"}}],
            "messages[0].content[0].file.file_data",
            "not application/octet-stream",
        ),
        (
            [{"type": "file", "file": {"filename": "a.txt", "file_data": "/w=="}}],
            "messages[0].content[0].file.file_data",
            "UTF-8",
        ),
    ],
)
def test_content_that_cohere_does_not_take(content: Any, param: str, says: str) -> None:
    error = refused(messages=[user(content)])
    assert error.param == param
    assert says in error.message


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("hi", "messages[0]"),
        ({}, "messages[0].role"),
        ({"role": ["user"]}, "messages[0].role"),
        ({"role": "system", "content": [picture(PNG)]}, "messages[0].content[0].type"),
        ({"role": "assistant", "content": "a", "refusal": 1}, "messages[0].refusal"),
        ({"role": "assistant", "tool_plan": 1}, "messages[0].tool_plan"),
        ({"role": "assistant", "citations": 1}, "messages[0].citations"),
        ({"role": "assistant", "content_blocks": "a"}, "messages[0].content_blocks"),
        ({"role": "assistant", "content_blocks": ["a"]}, "messages[0].content_blocks[0]"),
        ({"role": "assistant", "tool_calls": {}}, "messages[0].tool_calls"),
        ({"role": "assistant", "tool_calls": [{}]}, "messages[0].tool_calls[0].id"),
        ({"role": "assistant", "tool_calls": [{"id": "c"}]}, "messages[0].tool_calls[0].function"),
        (
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": 1}}]},
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            {"role": "assistant", "tool_calls": [{"id": "c", "type": "custom", "custom": {}}]},
            "messages[0].tool_calls[0].custom.name",
        ),
        ({"role": "assistant", "function_call": {}}, "messages[0].function_call.name"),
        ({"role": "tool", "content": "a"}, "messages[0].tool_call_id"),
        ({"role": "tool", "tool_call_id": "c", "content": [picture(PNG)]}, "messages[0].content[0]"),
        (
            {"role": "tool", "tool_call_id": "c", "content": [{"type": "file", "file": {"file_data": PNG}}]},
            "messages[0].content[0]",
        ),
        (
            {"role": "tool", "tool_call_id": "c", "content": [{"type": "document"}]},
            "messages[0].content[0].document",
        ),
        ({"role": "function", "name": "f", "content": "a"}, "messages[0].name"),
        ({"role": "function", "content": "a"}, "messages[0].name"),
    ],
)
def test_a_message_of_the_wrong_shape_is_named(message: Any, param: str) -> None:
    assert refused(messages=[message]).param == param


# ── the assistant ────────────────────────────────────────────────────────


def answered(**message: Any) -> JSON:
    return sent({"role": "assistant", **message})[0]


def called(arguments: Any, **more: Any) -> JSON:
    return {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}, **more}


@pytest.mark.parametrize(
    ("given", "sent"),
    [('{"a": 1}', '{"a": 1}'), ("", "{}"), (None, "{}"), ({"a": 1}, '{"a":1}'), ("no JSON", "no JSON")],
)
def test_arguments_are_what_the_model_wrote(given: Any, sent: str) -> None:
    made = answered(content=None, tool_calls=[called(given, index=0)])
    assert made == {"role": "assistant", "tool_calls": [called(sent)]}


def test_a_call_of_a_custom_tool_is_told_as_an_argument() -> None:
    custom = {"id": "c", "type": "custom", "custom": {"name": "f", "input": "x"}}
    assert answered(tool_calls=[custom])["tool_calls"] == [called('{"input":"x"}')]


def test_a_refusal_is_what_was_said() -> None:
    assert answered(content="a", refusal="No.")["content"] == [words("a"), words("No.")]
    assert answered(content=[{"type": "refusal", "refusal": "No."}])["content"] == [words("No.")]
    assert answered(refusal="No.")["content"] == [words("No.")]


def test_sound_is_lost_and_named() -> None:
    assert ask(messages=[{"role": "assistant", "content": "a", "audio": {"id": "x"}}]).dropped == (
        "messages[].audio",
    )


def test_the_reasoning_of_anyone_is_not_sent_back() -> None:
    assert answered(content="a", reasoning_content="Hm.") == {"role": "assistant", "content": "a"}


def test_what_cohere_said_goes_back_as_it_came() -> None:
    note = {"start": 0, "end": 1, "text": "a", "sources": [{"type": "document", "id": "d", "document": {}}]}
    blocks = [thought("Hm."), words("a")]
    made = answered(content="a", content_blocks=blocks, tool_plan="First f.", citations=[note])
    assert made == {"role": "assistant", "content": blocks, "tool_plan": "First f.", "citations": [note]}


def test_thoughts_alone_are_joined_by_what_was_said() -> None:
    made = answered(content="a", content_blocks=[thought("Hm.")])
    assert made["content"] == [thought("Hm."), words("a")]
    assert answered(content=None, content_blocks=[thought("Hm.")])["content"] == [thought("Hm.")]


def test_the_blocks_of_another_provider_are_named() -> None:
    blocks = [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "server_tool_use", "id": "1"},
    ]
    got = ask(messages=[user("a"), {"role": "assistant", "content": "b", "content_blocks": blocks}])
    assert got.body["messages"][1]["content"] == "b"
    assert got.dropped == ("messages[].content_blocks",)


# ── results ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("42", "42"),
        (None, ""),
        ([words("42")], [words("42")]),
        (
            [{"type": "document", "document": {"id": "d", "data": {"n": 42}}}],
            [{"type": "document", "document": {"id": "d", "data": {"n": 42}}}],
        ),
        ([{"type": "file", "file": {"file_data": encoded("x"), "mime_type": "text/plain"}}], [words("x")]),
    ],
)
def test_results(given: Any, made: Any) -> None:
    got = ask(messages=[user("a"), {"role": "tool", "tool_call_id": "c", "name": "f", "content": given}])
    assert got.body["messages"][1] == {"role": "tool", "tool_call_id": "c", "content": made}
    assert got.dropped == ()


def test_functions_from_before_there_were_tools() -> None:
    made = sent(
        user("a"),
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "42"},
    )
    (call,) = made[1]["tool_calls"]
    assert call["function"] == {"name": "f", "arguments": "{}"}
    assert made[2] == {"role": "tool", "tool_call_id": call["id"], "content": "42"}
