"""Conversations in OpenAI's messages, as Gemini's instruction and contents."""

from __future__ import annotations

from typing import Any

import pytest
from gemini import NEW, OLD, PIXEL, ask, refused, turns, user, vertex

from gatewaymw.core.dialects.gemini.messages import UNSIGNED

FUNCTION = {"name": "f", "arguments": '{"a": 1}'}
CALL = {"id": "c1", "type": "function", "function": FUNCTION}
MADE = {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}}
URL = "data:image/png;base64,iVBORw0KGgo="
IMAGE = {"type": "image_url", "image_url": {"url": URL}}


def assistant(content: Any = None, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def result(content: Any, answers: str = "c1", **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": answers, "content": content, **more}


def resulted(*content: Any, model: str = NEW, **more: Any) -> list[dict[str, Any]]:
    """The user's turn that a result makes."""
    given = content[0] if len(content) == 1 else list(content)
    said = turns(user("x"), assistant(tool_calls=[CALL]), result(given, **more), model=model)
    made: list[dict[str, Any]] = said[2]["parts"]
    return made


def model_turn(*parts: Any) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def user_turn(*texts: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": text} for text in texts]}


# ── who says what ────────────────────────────────────────────────────────


def test_p10_all_instructions_stand_apart_in_their_order() -> None:
    messages = [
        {"role": "system", "content": "One."},
        user("Hi"),
        {"role": "developer", "content": [{"type": "text", "text": "Two."}]},
    ]
    sent = ask(messages=messages).body
    assert sent["systemInstruction"] == {"parts": [{"text": "One."}, {"text": "Two."}]}
    assert sent["contents"] == [user_turn("Hi")]


def test_instructions_are_the_users_where_there_is_nothing_else_or_the_model_takes_none() -> None:
    system = {"role": "system", "content": "S"}
    sent = ask(messages=[system]).body
    assert (sent["contents"], "systemInstruction" in sent) == ([user_turn("S")], False)
    assert turns(system, user("Hi"), model="gemma-3-27b-it") == [user_turn("S", "Hi")]
    said = turns(system, assistant("A"), model="gemma-3-27b-it")
    assert said == [user_turn("S"), model_turn({"text": "A"})]


def test_turns_of_one_role_are_one_turn() -> None:
    said = turns(user("a"), user("b"), assistant("c"), assistant("d"), user("e"))
    assert said == [user_turn("a", "b"), model_turn({"text": "c"}, {"text": "d"}), user_turn("e")]


def test_a_message_that_says_nothing_is_no_turn() -> None:
    assert turns(user("a"), assistant(""), user("b")) == [user_turn("a", "b")]


def test_what_a_message_says_beside_its_content_is_named() -> None:
    messages = [{**user("a"), "name": "Ann"}, assistant("b", audio={"id": "x"})]
    assert ask(messages=messages).dropped == ("messages[].name", "messages[].audio")


# ── the model ────────────────────────────────────────────────────────────


def test_p10_calls_are_parts_after_the_text() -> None:
    assert turns(user("a"), assistant("b", tool_calls=[CALL]))[1] == model_turn({"text": "b"}, MADE)


def test_vertex_knows_no_ids() -> None:
    sent = vertex(messages=[user("a"), assistant(tool_calls=[CALL]), result("r")]).body["contents"]
    assert sent[1] == model_turn({"functionCall": {"name": "f", "args": {"a": 1}}})
    assert sent[2]["parts"] == [{"functionResponse": {"name": "f", "response": {"output": "r"}}}]


@pytest.mark.parametrize("given", ["", "  ", None, {}])
def test_a_call_without_arguments_has_none(given: Any) -> None:
    call = {**CALL, "function": {"name": "f", "arguments": given}}
    assert turns(user("a"), assistant(tool_calls=[call]))[1]["parts"][0]["functionCall"]["args"] == {}


def test_a_call_of_a_tool_for_text_has_the_text_as_input() -> None:
    call = {"id": "c1", "type": "custom", "custom": {"name": "f", "input": "abc"}}
    made = turns(user("a"), assistant(tool_calls=[call]))[1]["parts"][0]["functionCall"]
    assert made == {"id": "c1", "name": "f", "args": {"input": "abc"}}


def test_refusals_and_pictures_are_the_models_too() -> None:
    assert turns(user("a"), assistant(refusal="No."))[1] == model_turn({"text": "No."})
    parts = [{"type": "refusal", "refusal": "No."}, IMAGE]
    assert turns(user("a"), assistant(parts))[1] == model_turn({"text": "No."}, PIXEL)
    assert turns(user("a"), assistant("b", refusal=""))[1] == model_turn({"text": "b"})


# ── signatures ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "call",
    [
        {**CALL, "function": {**FUNCTION, "thought_signature": "sig"}},
        {**CALL, "thought_signature": "sig"},
        {**CALL, "extra_content": {"google": {"thought_signature": "sig"}}},
    ],
)
def test_a_calls_signature_goes_back_with_it(call: dict[str, Any]) -> None:
    for model in (NEW, OLD):
        sent = ask(model, messages=[user("a"), assistant(tool_calls=[CALL | call])]).body["contents"][1]
        assert sent["parts"] == [{**MADE, "thoughtSignature": "sig"}]


def test_newer_models_are_given_a_signature_for_the_first_call_that_has_none() -> None:
    second = {**CALL, "id": "c2", "extra_content": {"google": 5}}
    sent = turns(user("a"), assistant(tool_calls=[CALL, second]), model=NEW)[1]["parts"]
    assert [part.get("thoughtSignature") for part in sent] == [UNSIGNED, None]
    sent = turns(user("a"), assistant(tool_calls=[CALL, second]), model=OLD)[1]["parts"]
    assert [part.get("thoughtSignature") for part in sent] == [None, None]


BLOCKS: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "Hm."},
    {"type": "thinking", "thinking": "Hm!", "thought_signature": "AAAA"},
    {"type": "text", "text": "b", "thought_signature": "AAAB"},
    {"type": "text", "text": ""},
    {"type": "text", "text": "", "thought_signature": "AAAC"},
    {"type": "executable_code", "executable_code": {"language": "PYTHON", "code": "1"}},
    {"type": "image_url", "image_url": {"url": URL}, "thought_signature": "AAAD"},
    {"type": "image_url", "image_url": {"url": URL}, "thought": True},
    {"type": "tool_use", "id": "x"},
]
PARTS = [
    {"text": "Hm!", "thought": True, "thoughtSignature": "AAAA"},
    {"text": "b", "thoughtSignature": "AAAB"},
    {"text": "", "thoughtSignature": "AAAC"},
    {"executableCode": {"language": "PYTHON", "code": "1"}},
    {**PIXEL, "thoughtSignature": "AAAD"},
    {**PIXEL, "thought": True},
]


def test_geminis_own_blocks_go_back_as_parts_signatures_and_all() -> None:
    messages = [user("a"), assistant("b", content_blocks=BLOCKS, reasoning_content="Hm.")]
    sent = ask(messages=messages)
    assert sent.body["contents"][1]["parts"] == PARTS
    assert sent.dropped == ("messages[].content_blocks",)


def test_blocks_that_hold_no_text_are_filled_up_with_what_was_said() -> None:
    said = turns(user("a"), assistant("b", content_blocks=BLOCKS[5:6], tool_calls=[CALL]))
    assert said[1] == model_turn(PARTS[3], {"text": "b"}, MADE)


# ── results ──────────────────────────────────────────────────────────────


def test_p10_a_result_is_told_by_the_name_of_its_call() -> None:
    made = resulted("r")
    assert made == [{"functionResponse": {"id": "c1", "name": "f", "response": {"output": "r"}}}]
    assert resulted("r", name="g") == made


def test_a_result_whose_call_is_not_at_hand_may_say_its_name() -> None:
    said = turns(user("a"), result("r", "lost", name="g"))
    assert said == [
        {"role": "user", "parts": [said[0]["parts"][0], {"text": "a"}]},
    ]
    assert said[0]["parts"][0]["functionResponse"]["name"] == "g"


@pytest.mark.parametrize(
    ("content", "response"),
    [
        ('{"temperature": 3, "unit": null}', {"temperature": 3, "unit": None}),
        (' {"a": ', {"output": ' {"a": '}),
        ("[1, 2]", {"output": "[1, 2]"}),
        ("42", {"output": "42"}),
        ("", {}),
        (None, {}),
        ([], {}),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], {"output": "a\nb"}),
    ],
)
def test_a_result_is_an_object(content: Any, response: dict[str, Any]) -> None:
    assert resulted(content)[0]["functionResponse"]["response"] == response


def test_a_result_may_be_an_error() -> None:
    assert resulted('{"a": 1}', is_error=True)[0]["functionResponse"]["response"] == {"error": '{"a": 1}'}


def test_files_of_a_result_stand_within_it_where_the_model_sees_them_there() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    linked = {"type": "file", "file": {"file_url": "https://x.example/a.pdf"}}
    text = {"type": "text", "text": "see"}
    heard = {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}
    paper = {"fileData": {"mimeType": "application/pdf", "fileUri": "https://x.example/a.pdf"}}
    first, *rest = resulted(text, IMAGE, sound, linked)
    assert first["functionResponse"]["parts"] == [PIXEL, paper]
    assert first["functionResponse"]["response"] == {"output": "see"}
    assert rest == [heard]
    first, *rest = resulted(text, IMAGE, sound, linked, model=OLD)
    assert "parts" not in first["functionResponse"]
    assert rest == [PIXEL, heard, paper]


def test_results_of_parallel_calls_are_one_turn_and_come_first() -> None:
    second = {**CALL, "id": "c2", "function": {"name": "g", "arguments": "{}"}}
    said = turns(
        user("x"), assistant(tool_calls=[CALL, second]), user("well?"), result("1"), result([IMAGE], "c2")
    )
    kinds = [next(iter(part)) for part in said[2]["parts"]]
    assert kinds == ["functionResponse", "functionResponse", "text", "inlineData"]
    assert [part["functionResponse"]["name"] for part in said[2]["parts"][:2]] == ["f", "g"]


def test_functions_as_they_were_before_tools() -> None:
    said = turns(
        user("a"), assistant(function_call=FUNCTION), {"role": "function", "name": "f", "content": "5"}
    )
    assert said[1] == model_turn({"functionCall": {"name": "f", "args": {"a": 1}}})
    assert said[2]["parts"] == [{"functionResponse": {"name": "f", "response": {"output": "5"}}}]


# ── refusals ─────────────────────────────────────────────────────────────

AT = "messages[0]"


def blocks(value: Any) -> list[Any]:
    return [assistant("x", content_blocks=value)]


def called(**call: Any) -> list[Any]:
    return [assistant(tool_calls=[{**CALL, **call}])]


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        (None, "messages"),
        ("Hi", "messages"),
        ([], "messages"),
        ([user("")], "messages"),
        (["Hi"], AT),
        ([{}], f"{AT}.role"),
        ([{"role": "wizard"}], f"{AT}.role"),
        ([{"role": ["user"]}], f"{AT}.role"),
        ([user(None)], f"{AT}.content"),
        ([user(5)], f"{AT}.content"),
        ([{"role": "system", "content": [IMAGE]}], f"{AT}.content[0].type"),
        ([assistant(refusal=5)], f"{AT}.refusal"),
        ([assistant(tool_calls="x")], f"{AT}.tool_calls"),
        ([assistant(tool_calls=["x"])], f"{AT}.tool_calls[0]"),
        (called(id=None), f"{AT}.tool_calls[0].id"),
        (called(function=None), f"{AT}.tool_calls[0].function"),
        (called(function={}), f"{AT}.tool_calls[0].function.name"),
        (called(function={"name": "f", "arguments": "{"}), f"{AT}.tool_calls[0].function.arguments"),
        (called(function={"name": "f", "arguments": "[]"}), f"{AT}.tool_calls[0].function.arguments"),
        ([assistant(function_call=5)], f"{AT}.function_call"),
        ([assistant(function_call={})], f"{AT}.function_call.name"),
        (blocks("x"), f"{AT}.content_blocks"),
        (blocks(["x"]), f"{AT}.content_blocks[0]"),
        (blocks([{"type": 5}]), f"{AT}.content_blocks[0].type"),
        (blocks([{"type": "text"}]), f"{AT}.content_blocks[0].text"),
        (blocks([{"type": "image_url"}]), f"{AT}.content_blocks[0].image_url"),
        (
            blocks([{"type": "image_url", "image_url": {"url": "https://x"}}]),
            f"{AT}.content_blocks[0].image_url.url",
        ),
        (blocks([{"type": "file_data", "file_data": 5}]), f"{AT}.content_blocks[0].file_data"),
        ([{"role": "tool", "content": "x"}], f"{AT}.tool_call_id"),
        ([result("x", "lost")], f"{AT}.tool_call_id"),
        ([{"role": "function", "content": "x"}], f"{AT}.name"),
    ],
)
def test_messages_that_are_none_are_refused_by_their_path(messages: Any, param: str) -> None:
    assert refused(messages=messages).param == param
