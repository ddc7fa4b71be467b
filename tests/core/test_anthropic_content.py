"""Messages and their parts, as Anthropic's turns and blocks."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from claude import ask, refused, turns, user

PNG = "iVBORw0KGgo="
MARK = {"type": "ephemeral", "ttl": "1h"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
USE = {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "sig"}


def text(said: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": said, **more}


def assistant(content: Any = None, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def result(content: Any, answers: str = "c1", **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": answers, "content": content, **more}


def parts(*given: Any) -> list[dict[str, Any]]:
    """The blocks of one user's message."""
    (turn,) = turns(user(list(given)))
    made: list[dict[str, Any]] = turn["content"]
    return made


def image(url: Any, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}, **more}


def file(**fields: Any) -> dict[str, Any]:
    return {"type": "file", "file": fields}


def encoded(said: str) -> str:
    return base64.b64encode(said.encode()).decode()


# ── who says what ────────────────────────────────────────────────────────


def test_instructions_stand_apart_in_their_order() -> None:
    messages = [
        {"role": "system", "content": "One."},
        user("Hi"),
        {"role": "developer", "content": [text("Two.", cache_control=MARK), text("Three.")]},
    ]
    sent = ask(messages=messages)
    assert sent.body["system"] == [text("One."), text("Two.", cache_control=MARK), text("Three.")]
    assert sent.body["messages"] == [user([text("Hi")])]


def test_anthropics_own_system_comes_first() -> None:
    messages = [{"role": "system", "content": "B."}, user("Hi")]
    assert ask(messages=messages, system="A.").body["system"] == [text("A."), text("B.")]
    assert ask(messages=messages, system=[text("A.")]).body["system"] == [text("A."), text("B.")]


def test_instructions_alone_are_the_users() -> None:
    sent = ask(messages=[{"role": "system", "content": "Say hi."}])
    assert (sent.body["messages"], "system" in sent.body) == ([user([text("Say hi.")])], False)


def test_turns_alternate() -> None:
    said = turns(user("a"), user([text("b")]), assistant("c"), assistant("d"), user("e"))
    assert said == [
        user([text("a"), text("b")]),
        assistant([text("c"), text("d")]),
        user([text("e")]),
    ]


def test_results_of_tools_are_one_turn_and_come_first() -> None:
    second = {**CALL, "id": "c2"}
    said = turns(
        user("x"), assistant(None, tool_calls=[CALL, second]), user("well?"), result("1"), result("2", "c2")
    )
    first, other = (
        {"type": "tool_result", "tool_use_id": id, "content": c} for id, c in (("c1", "1"), ("c2", "2"))
    )
    assert said[1:] == [assistant([USE, {**USE, "id": "c2"}]), user([first, other, text("well?")])]


def test_text_without_a_visible_character_is_left_out() -> None:
    assert turns(user("a"), assistant(" \n"), user([text(""), text("b")])) == [user([text("a"), text("b")])]


def test_white_space_at_the_end_of_a_prefilled_answer_is_left_out() -> None:
    assert turns(user("a"), assistant("It is \n"))[-1] == assistant([text("It is")])
    assert turns(user("a"), assistant("It is "), user("b"))[1] == assistant([text("It is ")])
    assert turns(user("a"), assistant("It is ", tool_calls=[CALL]))[1] == assistant([text("It is "), USE])


def test_what_a_message_says_beside_its_content_is_named() -> None:
    messages = [{**user("a"), "name": "Ann"}, assistant("b", audio={"id": "x"}), {**user("c"), "name": "Bob"}]
    assert ask(messages=messages).dropped == ("messages[].name", "messages[].audio")


# ── the assistant ────────────────────────────────────────────────────────


def test_calls_are_blocks_after_the_text() -> None:
    assert turns(user("a"), assistant("b", tool_calls=[CALL]))[1] == assistant([text("b"), USE])


@pytest.mark.parametrize("given", ["null", " null ", "", "  ", None, {}])
def test_a_call_without_arguments_has_an_empty_input(given: Any) -> None:
    call = {**CALL, "function": {"name": "f", "arguments": given}}
    assert turns(user("a"), assistant(tool_calls=[call]))[1]["content"] == [{**USE, "input": {}}]


def test_a_call_of_a_tool_for_text_has_the_text_as_input() -> None:
    call = {"id": "c1", "type": "custom", "custom": {"name": "f", "input": "abc"}}
    assert turns(user("a"), assistant(tool_calls=[call]))[1]["content"] == [
        {**USE, "input": {"input": "abc"}}
    ]


def test_ids_of_other_providers_are_written_as_anthropic_takes_them() -> None:
    call = {**CALL, "id": "call:1/ä", "caller": {"type": "direct"}}
    said = turns(user("a"), assistant(tool_calls=[call]), result("r", "call:1/ä"))
    assert said[1]["content"] == [{**USE, "id": "call_1__", "caller": {"type": "direct"}}]
    assert said[2]["content"][0]["tool_use_id"] == "call_1__"


def test_refusals_are_text() -> None:
    assert turns(user("a"), assistant(None, refusal="No."))[1] == assistant([text("No.")])
    assert turns(user("a"), assistant([{"type": "refusal", "refusal": "No."}]))[1] == assistant([text("No.")])
    assert turns(user("a"), assistant("b", refusal=""))[1] == assistant([text("b")])


def test_anthropics_own_blocks_go_back_as_they_came() -> None:
    searched = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    own = [THOUGHT, {"type": "redacted_thinking", "data": "x"}, searched, text("b", citations=None)]
    said = turns(user("a"), assistant("b", content_blocks=[*own, text(" ")], reasoning_content="Hm."))
    assert said[1] == assistant(own)


def test_anthropics_own_blocks_are_filled_up_with_what_they_do_not_say() -> None:
    said = turns(user("a"), assistant("b", content_blocks=[THOUGHT, {**USE, "id": "x"}], tool_calls=[CALL]))
    assert said[1] == assistant([THOUGHT, text("b"), USE])
    assert turns(user("a"), assistant(content_blocks=[THOUGHT, USE]))[1] == assistant([THOUGHT, USE])
    assert turns(user("a"), assistant([THOUGHT, text("b")]))[1] == assistant([THOUGHT, text("b")])


def test_thinking_without_its_signature_is_not_sent() -> None:
    assert turns(user("a"), assistant("b", reasoning_content="Hm."))[1] == assistant([text("b")])


# ── results ──────────────────────────────────────────────────────────────


def test_results_may_hold_parts() -> None:
    given = [text("see"), image(f"data:image/png;base64,{PNG}"), {"type": "tool_reference", "tool_name": "f"}]
    (block,) = turns(user("a"), assistant(tool_calls=[CALL]), result(given, is_error=True))[2]["content"]
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    assert block["content"] == [text("see"), {"type": "image", "source": source}, given[2]]
    assert block["is_error"] is True


@pytest.mark.parametrize("content", ["", " ", None, [], [text("")]])
def test_a_result_may_say_nothing(content: Any) -> None:
    (block,) = turns(user("a"), assistant(tool_calls=[CALL]), result(content))[2]["content"]
    assert block == {"type": "tool_result", "tool_use_id": "c1"}


def test_functions_as_they_were_before_tools() -> None:
    call = {"name": "f", "arguments": '{"a": 1}'}
    said = turns(user("a"), assistant(function_call=call), {"role": "function", "name": "f", "content": "5"})
    assert said[1]["content"] == [{**USE, "id": "messages_1_"}]
    assert said[2]["content"] == [{"type": "tool_result", "tool_use_id": "messages_1_", "content": "5"}]


# ── cache breakpoints ────────────────────────────────────────────────────


def test_breakpoints_keep_their_time() -> None:
    assert parts(text("a", cache_control=MARK)) == [text("a", cache_control=MARK)]
    assert parts(image("https://x.example/a.png", cache_control=MARK))[0]["cache_control"] == MARK
    said = turns(
        {**user("a"), "cache_control": MARK},
        assistant("b", tool_calls=[{**CALL, "cache_control": MARK}]),
        result("r", cache_control=MARK),
    )
    assert [turn["content"][-1]["cache_control"] for turn in said] == [MARK] * 3


def test_a_messages_breakpoint_is_never_on_thinking() -> None:
    said = turns(user("a"), assistant(content_blocks=[THOUGHT], cache_control=MARK), user("b"))
    assert said[1]["content"] == [THOUGHT]
    assert turns(user("a"), {**user(""), "cache_control": MARK}) == [user([text("a")])]


def test_openais_breakpoints_last_an_hour() -> None:
    assert parts(text("a", prompt_cache_breakpoint={"mode": "explicit"})) == [text("a", cache_control=MARK)]
    longer = {"mode": "explicit", "ttl": "12h"}
    sent = ask(messages=[user([text("a", prompt_cache_breakpoint=longer)])])
    assert sent.dropped == ("messages[].content[].prompt_cache_breakpoint.ttl",)


# ── images and files ─────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (f"data:image/png;base64,{PNG}", "image/png"),
        (f"DATA:IMAGE/JPG;charset=utf-8;name=x;BASE64,{PNG}", "image/jpeg"),
    ],
)
def test_an_image_may_be_a_data_uri(url: str, kind: str) -> None:
    source = {"type": "base64", "media_type": kind, "data": PNG}
    assert parts(image(url)) == [{"type": "image", "source": source}]


def test_an_image_may_be_a_url() -> None:
    wanted = [{"type": "image", "source": {"type": "url", "url": "https://x.example/a"}}]
    assert parts(image("https://x.example/a")) == wanted
    assert parts({"type": "image_url", "image_url": "https://x.example/a"}) == wanted


def test_what_becomes_of_an_image_that_is_too_large_is_for_the_client_to_say() -> None:
    given = {**image("https://x.example/a"), "transformations": {"oversized_image": "error"}}
    block = turns(user([given]))[0]["content"][0]
    assert block == {
        **{"type": "image", "source": {"type": "url", "url": "https://x.example/a"}},
        "transformations": {"oversized_image": "error"},
    }


def test_the_detail_of_an_image_is_named() -> None:
    given = {"type": "image_url", "image_url": {"url": "https://x.example/a", "detail": "high"}}
    assert ask(messages=[user([given])]).dropped == ("messages[].content[].image_url.detail",)
    given["image_url"] = {"url": "https://x.example/a", "detail": "auto"}
    assert ask(messages=[user([given])]).dropped == ()


PDF = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}}
PLAIN = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a,é"}}
LINKED = {"type": "document", "source": {"type": "url", "url": "https://x.example/a.pdf?b=c.png"}}


@pytest.mark.parametrize(
    ("given", "block"),
    [
        ({"file_data": "data:application/pdf;base64,JVBERi0="}, PDF),
        ({"file_data": "data:application/octet-stream;base64,JVBERi0=", "mime_type": "application/pdf"}, PDF),
        ({"file_data": "JVBERi0="}, PDF),
        ({"file_data": "JVBERi0=", "mime_type": "application/x-pdf; v=1"}, PDF),
        ({"file_data": "JVBERi0=", "filename": "a.b.PDF"}, {**PDF, "title": "a.b.PDF"}),
        ({"file_data": encoded("a,é"), "filename": "a.csv"}, {**PLAIN, "title": "a.csv"}),
        ({"file_data": "data:text/plain,a%2C%C3%A9"}, PLAIN),
        ({"file_data": "data:,a%2C%C3%A9"}, PLAIN),
        ({"file_data": encoded("a,é"), "mime_type": "application/json"}, PLAIN),
        ({"file_url": "data:application/pdf;base64,JVBERi0="}, PDF),
        ({"file_url": "https://x.example/a.pdf?b=c.png"}, LINKED),
        (
            {"file_url": "https://x.example/a.PNG?b#c.pdf", "filename": "a"},
            {"type": "image", "source": {"type": "url", "url": "https://x.example/a.PNG?b#c.pdf"}},
        ),
        ({"file_id": "file_1"}, {"type": "document", "source": {"type": "file", "file_id": "file_1"}}),
        (
            {"file_id": "file_1", "filename": "a.webp"},
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        ),
    ],
)
def test_files(given: dict[str, Any], block: dict[str, Any]) -> None:
    assert parts({"type": "file", "file": given}) == [block]


def test_a_file_may_be_cited() -> None:
    extras = {"citations": {"enabled": True}, "context": "Old.", "title": "Own"}
    assert parts({**file(file_data="JVBERi0=", filename="a.pdf"), **extras}) == [{**PDF, **extras}]


def test_anthropics_own_parts_pass() -> None:
    own = [
        {"type": "image", "source": {"type": "file", "file_id": "f"}},
        {**PDF, "citations": {"enabled": True}},
        {"type": "search_result", "source": "s", "title": "t", "content": [text("c")]},
    ]
    assert parts(*own) == own


# ── refusals ─────────────────────────────────────────────────────────────

AT = "messages[0]"


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        (None, "messages"),
        ("Hi", "messages"),
        ([], "messages"),
        ([user(" ")], "messages"),
        (["Hi"], AT),
        ([{}], f"{AT}.role"),
        ([{"role": "wizard", "content": "Hi"}], f"{AT}.role"),
        ([{"role": ["user"]}], f"{AT}.role"),
        ([user(None)], f"{AT}.content"),
        ([user(5)], f"{AT}.content"),
        ([user(["Hi"])], f"{AT}.content[0]"),
        ([user([{"text": "Hi"}])], f"{AT}.content[0].type"),
        ([user([{"type": "video"}])], f"{AT}.content[0].type"),
        ([user([{"type": ["text"]}])], f"{AT}.content[0].type"),
        ([user([text(5)])], f"{AT}.content[0].text"),  # type: ignore[arg-type]
        ([user([text("a"), {"type": "image_url"}])], f"{AT}.content[1].image_url"),
        ([user([image(5)])], f"{AT}.content[0].image_url.url"),
        ([user([image("")])], f"{AT}.content[0].image_url.url"),
        ([user([image("ftp://x")])], f"{AT}.content[0].image_url.url"),
        ([user([image("data:image/png;base64")])], f"{AT}.content[0].image_url.url"),
        ([user([image("data:image/png;base64,")])], f"{AT}.content[0].image_url.url"),
        ([user([image("data:audio/mp3;base64,AAAA")])], f"{AT}.content[0].image_url.url"),
        ([user([{"type": "input_audio", "input_audio": {}}])], f"{AT}.content[0].input_audio"),
        ([user([{"type": "file"}])], f"{AT}.content[0].file"),
        ([user([file()])], f"{AT}.content[0].file"),
        ([user([file(file_id=5)])], f"{AT}.content[0].file.file_id"),
        ([user([file(file_data="data:text/plain;base64,/w==")])], f"{AT}.content[0].file.file_data"),
        ([user([file(file_data="A", mime_type="text/plain")])], f"{AT}.content[0].file.file_data"),
        ([user([file(file_data="data:text/plain;base64,\ud800")])], f"{AT}.content[0].file.file_data"),
        ([user([file(file_data="data:,\ud800")])], f"{AT}.content[0].file.file_data"),
        ([user([file(file_url="a.pdf")])], f"{AT}.content[0].file.file_url"),
        ([user([file(file_url="data:video/mp4;base64,AA")])], f"{AT}.content[0].file.file_url"),
        ([{"role": "system", "content": [image("https://x")]}], f"{AT}.content[0].type"),
        ([assistant([image("https://x")])], f"{AT}.content[0].type"),
        ([assistant([{"type": "refusal"}])], f"{AT}.content[0].refusal"),
        ([assistant(refusal=5)], f"{AT}.refusal"),
        ([assistant(content_blocks="x")], f"{AT}.content_blocks"),
        ([assistant(content_blocks=["x"])], f"{AT}.content_blocks[0]"),
        ([assistant(content_blocks=[{"type": 5}])], f"{AT}.content_blocks[0].type"),
        ([assistant(tool_calls={})], f"{AT}.tool_calls"),
        ([assistant(tool_calls=[5])], f"{AT}.tool_calls[0]"),
        ([assistant(tool_calls=[{**CALL, "id": None}])], f"{AT}.tool_calls[0].id"),
        ([assistant(tool_calls=[{"id": "c"}])], f"{AT}.tool_calls[0].function"),
        ([assistant(tool_calls=[{"id": "c", "function": {}}])], f"{AT}.tool_calls[0].function.name"),
        ([assistant(tool_calls=[{"type": "custom", "custom": {}}])], f"{AT}.tool_calls[0].custom.name"),
        ([assistant(function_call="f")], f"{AT}.function_call"),
        ([{"role": "tool", "content": "x"}], f"{AT}.tool_call_id"),
        ([result("x", answers=5)], f"{AT}.tool_call_id"),  # type: ignore[arg-type]
        ([result(5)], f"{AT}.content"),
        ([{"role": "function", "content": "x"}], f"{AT}.name"),
        ([{"role": "function", "content": "x", "name": "f"}], f"{AT}.name"),
    ],
)
def test_a_refusal_names_the_place(messages: Any, param: str) -> None:
    error = refused(messages=messages)
    assert error.param == param
    assert param in error.message


@pytest.mark.parametrize("given", ['{"a":', "[1]", "5", "NaN", "[" * 100_000])
def test_arguments_must_be_a_json_object(given: str) -> None:
    call = {**CALL, "function": {"name": "f", "arguments": given}}
    error = refused(messages=[user("a"), assistant(tool_calls=[call])])
    assert error.param == "messages[1].tool_calls[0].function.arguments"
