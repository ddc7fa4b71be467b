"""Where the texts of bodies are, in every format that is known, and how others are put in their place."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.checks.texts import inspected, texts, with_text, with_texts

CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
Asked = tuple[dict[str, Any], str, str, str]
"""A body; its last, its system's and its tools' texts."""
REQUESTS: dict[str, Asked] = {
    "chat": (
        {
            "messages": [
                {"role": "system", "content": "S"},
                {"role": "developer", "content": [{"type": "text", "text": "D"}]},
                {"role": "user", "content": "one"},
                {"role": "assistant", "content": None, "tool_calls": [CALL, "odd"]},
                {"role": "tool", "content": "told"},
                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "x"}, {"text": "b"}]},
            ]
        },
        "a\nb",
        "S\nD",
        '{"a": 1}\ntold',
    ),
    "a tool's result last": ({"messages": [{"role": "tool", "content": "told"}]}, "told", "", "told"),
    "prompt": ({"prompt": "p"}, "p", "", ""),
    "prompts": ({"prompt": ["p", "q", 7]}, "p\nq", "", ""),
    "tokens": ({"prompt": [1, 2]}, "", "", ""),
    "embeddings": ({"input": ["a", "b"]}, "a\nb", "", ""),
    "speech": ({"input": "say", "instructions": "softly"}, "say", "softly", ""),
    "moderations": ({"input": [{"type": "text", "text": "a"}, {"type": "image_url"}]}, "a", "", ""),
    "responses": (
        {
            "instructions": "S",
            "input": [
                {"role": "user", "content": "one"},
                {"type": "function_call", "name": "f", "arguments": '{"a": 1}'},
                {"type": "function_call_output", "output": "told"},
                {"role": "user", "content": [{"type": "input_text", "text": "two"}]},
            ],
        },
        "two",
        "S",
        '{"a": 1}\ntold',
    ),
    "responses of texts": ({"input": [{"role": "user", "content": "a"}, 7, "b"]}, "b", "", ""),
    "messages": (
        {
            "system": [{"type": "text", "text": "S"}],
            "messages": [
                {"role": "assistant", "content": [{"type": "tool_use", "input": {"a": ["x", 1]}}]},
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "content": [{"type": "text", "text": "told"}]},
                        {"type": "text", "text": "go on"},
                    ],
                },
            ],
        },
        "go on",
        "S",
        "x\ntext\ntold",
    ),
    "gemini": (
        {
            "systemInstruction": {"parts": [{"text": "S"}]},
            "contents": [
                {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"a": "x"}}}]},
                {"parts": [{"functionResponse": {"response": {"b": "y"}}}, {"text": "go on"}]},
            ],
        },
        "go on",
        "S",
        "x\ny",
    ),
    "converse": (
        {
            "system": [{"text": "S"}],
            "messages": [
                {"role": "assistant", "content": [{"toolUse": {"toolUseId": "1", "input": {"a": "x"}}}]},
                {"content": [{"toolResult": {"content": [{"text": "y"}]}}, {"text": "go on"}]},
            ],
        },
        "go on",
        "S",
        "x\ny",
    ),
    "cohere": ({"preamble": "S", "chat_history": [{"message": "a"}], "message": "b"}, "b", "S", ""),
    "nothing": ({}, "", "", ""),
    "odd": ({"messages": ["x", 7], "prompt": {"id": "p"}, "input": None, "contents": {}}, "", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_g1_texts_of_requests_are_found(name: str) -> None:
    body, last, system, tools = REQUESTS[name]
    assert [inspected("input", body, scope) for scope in ("last", "system", "tools")] == [last, system, tools]
    every = inspected("input", body, "all")
    assert all(part in every for part in (*last.split("\n"), *system.split("\n"), *tools.split("\n")))


MESSAGE = {"role": "assistant", "content": "hi", "tool_calls": [CALL]}
ANSWERS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "chat": (
        {"choices": [{"message": MESSAGE}, {"message": {"content": "other"}}]},
        "hi",
        '{"a": 1}',
        'hi\n{"a": 1}\nother',
    ),
    "refused": ({"choices": [{"message": {"content": None, "refusal": "no"}}]}, "", "", "no"),
    "completions": ({"choices": [{"text": "hi"}, {"text": "other"}, "odd"]}, "hi", "", "hi\nother"),
    "messages": (
        {
            "content": [
                {"type": "thinking", "thinking": "hm"},
                {"type": "text", "text": "hi"},
                {"type": "tool_use", "input": {"q": "x"}},
            ]
        },
        "hi",
        "x",
        "hm\nhi\nx",
    ),
    "responses": (
        {
            "output": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
                {"type": "message", "content": [{"type": "output_text", "text": "hi"}]},
                {"type": "function_call", "arguments": "x"},
                "odd",
            ]
        },
        "hi",
        "x",
        "hm\nhi\nx",
    ),
    "gemini": (
        {"candidates": [{"content": {"parts": [{"text": "hi"}, {"functionCall": {"args": {"q": "x"}}}]}}]},
        "hi",
        "x",
        "hi\nx",
    ),
    "converse": (
        {"output": {"message": {"content": [{"text": "hi"}, {"toolUse": {"input": {"q": "x"}}}]}}},
        "hi",
        "x",
        "hi\nx",
    ),
    "cohere": ({"message": {"content": [{"type": "text", "text": "hi"}]}}, "hi", "", "hi"),
    "transcript": ({"text": "hi"}, "hi", "", "hi"),
    "images": ({"data": [{"revised_prompt": "hi"}, {"url": "x"}, 7]}, "hi", "", "hi"),
    "embeddings": ({"data": [{"embedding": [1.0]}]}, "", "", ""),
    "odd": ({"choices": {}, "output": {"message": 7}, "data": 7, "content": 7}, "", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_g1_texts_of_answers_are_found(name: str) -> None:
    body, last, tools, every = ANSWERS[name]
    assert [inspected("output", body, scope) for scope in ("last", "tools", "all")] == [last, tools, every]


ALL = [("input", body[0]) for body in REQUESTS.values()] + [("output", body[0]) for body in ANSWERS.values()]


@pytest.mark.parametrize("number", range(len(ALL)))
def test_each_text_can_be_put_back_and_nothing_else_is_touched(number: int) -> None:
    kind: Any = ALL[number][0]
    body = ALL[number][1]
    before = deepcopy(body)
    there = list(texts(kind, body))
    assert with_texts(body, {each.steps: each.text for each in there}) == body
    other = with_texts(body, {each.steps: each.text.upper() + "!" for each in there})
    assert body == before
    assert with_texts(other, {each.steps: each.text for each in there}) == body
    assert with_texts(body, {}) is body


def test_one_text_can_stand_for_all_that_were_looked_at() -> None:
    body = {"messages": [{"content": [{"text": "a"}, {"image": 1}, {"text": "b"}]}], "model": "m"}
    new = with_text("input", body, "new")
    assert new == {"messages": [{"content": [{"text": "new"}, {"image": 1}, {"text": ""}]}], "model": "m"}
    assert with_text("input", {}, "new") == {}


NAMES = """messages content role text type parts tool_calls function arguments input output choices message
system"""
WORDS = ["user", "tool", "message", "tool_use", "text", "x"]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JUNK, st.sampled_from(["input", "output"]))
def test_no_body_is_too_odd(body: Any, kind: Any) -> None:
    before = deepcopy(body)
    there = list(texts(kind, body))
    assert all(isinstance(each.text, str) for each in there)
    if isinstance(body, dict):
        assert with_texts(body, {each.steps: each.text for each in there}) == body
    assert body == before


def test_what_is_nested_deeply_is_found_and_changed() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = {"a": [deep]}
    body = {"content": [{"type": "tool_use", "input": deep}]}
    [there] = texts("output", body)
    assert next(texts("output", with_texts(body, {there.steps: "y"}))).text == "y"
