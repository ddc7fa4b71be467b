"""Messages as Converse's turns: who speaks, what the assistant said and called, what the tools gave."""

from __future__ import annotations

from typing import Any

import pytest
from conversed import CLAUDE, NOVA, ask, calls, refused, said, turns, user

from gatewaymw.core.errors import Unsupported

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}
LLAMA = "us.meta.llama3-3-70b-instruct-v1:0"
MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cachePoint": {"type": "default", "ttl": "1h"}}


def picture(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def words(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


# ── turns ────────────────────────────────────────────────────────────────


def test_turns_of_one_speaker_are_one() -> None:
    made = turns(user("a"), user([words("b")]), {"role": "assistant", "content": "c"}, user("d"))
    assert made == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {"role": "assistant", "content": [{"text": "c"}]},
        {"role": "user", "content": [{"text": "d"}]},
    ]


def test_what_says_nothing_is_left_out() -> None:
    made = turns(user([words(" "), words("a")]), {"role": "assistant", "content": ""}, user("b"))
    assert made == [{"role": "user", "content": [{"text": "a"}, {"text": "b"}]}]


@pytest.mark.parametrize("messages", [[], [user(" ")], [{"role": "assistant", "content": None}]])
def test_something_must_be_said(messages: Any) -> None:
    assert refused(messages=messages).param == "messages"


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("Hi", "messages[0]"),
        ({"role": "narrator", "content": "x"}, "messages[0].role"),
        ({"role": ["user"], "content": "x"}, "messages[0].role"),
        (user(None), "messages[0].content"),
        (user(["x"]), "messages[0].content[0]"),
        (user([{"type": "sound"}]), "messages[0].content[0].type"),
        (user([{"type": ["text"]}]), "messages[0].content[0].type"),
        (user([{"toolUse": {}}]), "messages[0].content[0].type"),
        (user([{"type": "text", "text": 5}]), "messages[0].content[0].text"),
        (user([{"guardContent": 5}]), "messages[0].content[0].guardContent"),
    ],
)
def test_faults_are_placed(message: Any, param: str) -> None:
    assert refused(messages=[message]).param == param


def test_messages_are_an_array() -> None:
    assert refused(messages={"role": "user"}).param == "messages"


def test_names_of_speakers_are_lost() -> None:
    assert ask(messages=[{**user("Hi"), "name": "Ann"}]).dropped == ("messages[].name",)


# ── the assistant ────────────────────────────────────────────────────────

THOUGHT = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}}
VEILED = {"reasoningContent": {"redactedContent": "cmVk"}}


def answered(*, model: str = CLAUDE, **message: Any) -> list[dict[str, Any]]:
    """The blocks of an assistant's message between two of the user's."""
    turn = {"role": "assistant", **message}
    made = turns(user("Hi"), turn, user("Go on"), model=model)
    content: list[dict[str, Any]] = made[1]["content"]
    return content


def test_calls_are_tool_uses() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":[1]}'}}
    custom = {"id": "call_2", "type": "custom", "custom": {"name": "g", "input": "text"}}
    made = answered(content="Let me see.", tool_calls=[call, custom])
    assert made == [
        {"text": "Let me see."},
        {"toolUse": {"toolUseId": "call_1", "name": "f", "input": {"a": [1]}}},
        {"toolUse": {"toolUseId": "call_2", "name": "g", "input": {"input": "text"}}},
    ]


@pytest.mark.parametrize("given", ["", " ", None])
def test_no_arguments_are_an_empty_object(given: Any) -> None:
    call = {"id": "c", "function": {"name": "f", "arguments": given}}
    assert answered(tool_calls=[call])[0]["toolUse"]["input"] == {}


def test_refusals_are_words_and_sound_is_lost() -> None:
    assert answered(refusal="No.") == [{"text": "No."}]
    assert answered(content=[{"type": "refusal", "refusal": "No."}]) == [{"text": "No."}]
    made = ask(messages=[user("Hi"), {"role": "assistant", "content": "a", "audio": {"id": "x"}}])
    assert made.dropped == ("messages[].audio",)


def test_the_assistant_shows_nothing() -> None:
    refusal = refused(messages=[user("Hi"), {"role": "assistant", "content": [picture(PNG)]}])
    assert isinstance(refusal, Unsupported)
    assert refusal.param == "messages[1].content[0]"


def test_thoughts_go_back_signed() -> None:
    made = answered(content="Hello", content_blocks=[THOUGHT, VEILED], reasoning_content="Hm.")
    assert made == [THOUGHT, VEILED, {"text": "Hello"}]
    assert answered(content="Hello", content_blocks=[THOUGHT, {"text": "Hello"}]) == [
        THOUGHT,
        {"text": "Hello"},
    ]
    assert answered(content="Hello", content_blocks=[]) == [{"text": "Hello"}]
    assert answered(content="Hello", content_blocks=[{"text": " "}, THOUGHT])[0] == THOUGHT


def test_cited_text_goes_back_cited() -> None:
    cited = {"citationsContent": {"content": [{"text": "20 days"}], "citations": [{"title": "policy"}]}}
    assert answered(content="20 days", content_blocks=[cited]) == [cited]


def test_tools_of_the_models_maker_go_back_with_what_they_gave() -> None:
    ran = [
        {
            "toolUse": {
                "toolUseId": "s",
                "name": "nova_code_interpreter",
                "input": {},
                "type": "server_tool_use",
            }
        },
        {"toolResult": {"toolUseId": "s", "content": [{"json": {"stdOut": "4"}}], "type": "x"}},
    ]
    call = {"toolUse": {"toolUseId": "c", "name": "f", "input": {"old": 1}, "type": "tool_use"}}
    made = answered(content="4", content_blocks=[*ran, call], tool_calls=calls("f")["tool_calls"], model=NOVA)
    assert made[:2] == ran
    assert made[2:] == [{"text": "4"}, {"toolUse": {"toolUseId": "c0", "name": "f", "input": {}}}]
    made = ask(messages=[user("Hi"), {"role": "assistant", "content_blocks": [call], "content": "4"}])
    assert made.body["messages"][1]["content"] == [{"text": "4"}]
    assert made.dropped == ("messages[].content_blocks",)


def test_tools_are_added_and_removed_where_it_is_said() -> None:
    removed = {"toolRemoval": {"tool": {"name": "f"}}}
    gone = {"role": "system", "content": [{"type": "text", "text": "Without."}, removed]}
    more = {"role": "developer", "content": [{"toolAddition": {"tool": {"name": "g"}}}]}
    made = ask(messages=[{"role": "system", "content": "Be brief."}, user("Hi"), gone, more, user("Go")]).body
    assert made["system"] == [{"text": "Be brief."}]
    assert made["messages"][1] == {
        "role": "system",
        "content": [{"text": "Without."}, removed, {"toolAddition": {"tool": {"name": "g"}}}],
    }
    assert [turn["role"] for turn in made["messages"]] == ["user", "system", "user"]
    assert refused(system=[removed]).param == "system[0].type"


def test_anthropics_thoughts_are_its_models_here_too() -> None:
    blocks = [
        {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
        {"type": "redacted_thinking", "data": "cmVk"},
        {"type": "text", "text": "Hello"},
    ]
    assert answered(content_blocks=blocks) == [THOUGHT, VEILED, {"text": "Hello"}]
    unsigned = answered(content="a", content_blocks=[{"type": "thinking", "thinking": "Hm."}])
    assert unsigned == [{"text": "a"}]
    made = ask(NOVA, messages=[user("Hi"), {"role": "assistant", "content_blocks": blocks}])
    assert made.body["messages"][1]["content"] == [{"text": "Hello"}]
    assert made.dropped == ("messages[].content_blocks",)


def test_blocks_of_another_provider_are_named() -> None:
    turn = {"role": "assistant", "content": "a", "content_blocks": [{"type": "tool_plan"}, {}]}
    made = ask(messages=[user("Hi"), turn])
    assert made.body["messages"][1]["content"] == [{"text": "a"}]
    assert made.dropped == ("messages[].content_blocks",)
    assert (
        refused(messages=[user("Hi"), {**turn, "content_blocks": [5]}]).param
        == "messages[1].content_blocks[0]"
    )


# ── results of tools ─────────────────────────────────────────────────────


def results(*messages: dict[str, Any], model: str = CLAUDE) -> list[dict[str, Any]]:
    """The user's turn that answers calls."""
    content: list[dict[str, Any]] = turns(user("Hi"), calls("f", "g"), *messages, model=model)[2]["content"]
    return content


def result(id: str = "c0", content: Any = "1", **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content, **more}


def test_results_stand_together_before_what_else_is_said() -> None:
    made = results(result(), user("And?"), result("c1", [words("2"), picture(PNG)]))
    assert made == [
        {"toolResult": {"toolUseId": "c0", "content": [{"text": "1"}]}},
        {"toolResult": {"toolUseId": "c1", "content": [{"text": "2"}, *said(picture(PNG))]}},
        {"text": "And?"},
    ]


def test_results_may_be_files_objects_or_nothing() -> None:
    assert results(result(content=[{"json": {"a": 1}}, PDF]))[0]["toolResult"]["content"] == [
        {"json": {"a": 1}},
        {"document": {"format": "pdf", "name": "a", "source": {"bytes": "JVBERi0="}}},
    ]
    for nothing in ("", None, []):
        assert results(result(content=nothing))[0]["toolResult"]["content"] == []


def test_failures_are_told_where_the_model_takes_it() -> None:
    assert results(result(is_error=True))[0]["toolResult"]["status"] == "error"
    assert "status" not in results(result(is_error=False))[0]["toolResult"]
    made = ask(LLAMA, messages=[user("Hi"), calls("f"), result(is_error=True)])
    assert "status" not in made.body["messages"][2]["content"][0]["toolResult"]
    assert made.dropped == ("messages[].is_error",)


def test_a_cache_point_stands_behind_the_result_not_in_it() -> None:
    hour = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    made = results(result(content=[words("1", **hour), words("2")]), user("And?"), result("c1", **MARK))
    assert [*map(next, map(iter, made))] == ["toolResult", "cachePoint", "toolResult", "cachePoint", "text"]
    assert made[1] == HOUR
    assert made[0]["toolResult"]["content"] == [{"text": "1"}, {"text": "2"}]
    assert results(result(content=[words("1", prompt_cache_breakpoint={})]))[1] == HOUR
    nova = ask(NOVA, messages=[user("Hi"), calls("f"), result(**MARK)])
    assert len(nova.body["messages"][2]["content"]) == 1
    assert nova.dropped == ("messages[].cache_control",)


def test_ids_are_such_as_bedrock_takes() -> None:
    odd, long = "a/b:c.d", "x" * 70
    call = [{"id": id, "function": {"name": "f", "arguments": "{}"}} for id in (odd, long)]
    messages = [user("Hi"), {"role": "assistant", "tool_calls": call}, result(odd), result(long)]
    _, used, answered = turns(*messages)
    ids = [block["toolUse"]["toolUseId"] for block in used["content"]]
    assert ids == [block["toolResult"]["toolUseId"] for block in answered["content"]]
    assert ids[0] == "a_b_c_d" and len(ids[1]) == 64
    _, used, answered = turns(*messages, model="mistral.mistral-large-2402-v1:0")
    ids = [block["toolUse"]["toolUseId"] for block in used["content"]]
    assert ids == [block["toolResult"]["toolUseId"] for block in answered["content"]]
    assert len({*ids}) == 2 and all(len(id) == 9 and id.isalnum() for id in ids)
    short = turns(user("Hi"), result("abcDEF123"), model="mistral.mistral-large-2402-v1:0")
    assert short[0]["content"][0]["toolResult"]["toolUseId"] == "abcDEF123"


def test_functions_as_they_were_before_tools() -> None:
    call = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    _, used, answered = turns(user("Hi"), call, {"role": "function", "name": "f", "content": "1"})
    assert used["content"][0]["toolUse"]["toolUseId"] == answered["content"][0]["toolResult"]["toolUseId"]
    assert refused(messages=[user("Hi"), {"role": "function", "name": "g", "content": "1"}]).param == (
        "messages[1].name"
    )


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (result(5), "tool_call_id"),
        (result(content=5), "content"),
        ({"role": "assistant", "tool_calls": {}}, "tool_calls"),
        ({"role": "assistant", "tool_calls": [{"id": "", "function": {"name": "f"}}]}, "tool_calls[0].id"),
        ({"role": "assistant", "tool_calls": [{"id": "c"}]}, "tool_calls[0].function"),
        ({"role": "assistant", "function_call": {}}, "function_call.name"),
        ({"role": "assistant", "content_blocks": 5}, "content_blocks"),
        ({"role": "assistant", "refusal": 5}, "refusal"),
    ],
)
def test_faults_of_calls_and_results_are_placed(message: Any, param: str) -> None:
    assert refused(messages=[user("Hi"), message]).param == f"messages[1].{param}"


def test_arguments_that_are_no_json_are_placed() -> None:
    call = {"id": "c", "function": {"name": "f", "arguments": "{"}}
    refusal = refused(messages=[user("Hi"), {"role": "assistant", "tool_calls": [call]}])
    assert refusal.param == "messages[1].tool_calls[0].function.arguments"
