"""Checks of texts: each with each of its parameters, turned round, and without a text."""

from __future__ import annotations

from typing import Any

import pytest
from checked import found

from every import every
from gatewaymw.core import json

Case = tuple[str, dict[str, Any], str, bool | None]
FENCED = "Look:\n```py\nprint(1)\n```\nand ```sql\nselect 1\n```"
SCHEMA = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 2}}}
NESTED = {"type": "object", "properties": {"a": {"type": "object", "required": ["b"]}}, "required": ["a"]}
INVERTED = {"not": True}

CASES: list[Case] = [
    ("regexMatch", {"rule": "b.n"}, "banana", True),
    ("regexMatch", {"rule": "b.n", "not": True}, "banana", False),
    ("regexMatch", {"rule": "^x"}, "banana", False),
    ("regexMatch", {"rule": "^x", "not": True}, "banana", True),
    ("regexMatch", {"rule": r"\d{3}-\d{4}"}, "call 555-1234", True),
    ("regexMatch", {"rule": "B"}, "b", False),
    ("regexMatch", {"rule": "x"}, "", None),
    ("sentenceCount", {"minSentences": 1, "maxSentences": 2}, "Hi. You?", True),
    ("sentenceCount", {"minSentences": 1, "maxSentences": 2}, "Hi! You? Yes.", False),
    ("sentenceCount", {"minSentences": 1, "maxSentences": 2, "not": True}, "Hi! You? Yes.", True),
    ("sentenceCount", {"minSentences": 0, "maxSentences": 2}, "", True),
    ("sentenceCount", {"minSentences": 0.5, "maxSentences": 2}, "", False),
    ("wordCount", {"minWords": 2, "maxWords": 3}, " two\u00a0words ", True),
    ("wordCount", {"minWords": 2.0, "maxWords": 3}, "one", False),
    ("wordCount", {"minWords": 2, "maxWords": 3, "not": True}, "one", True),
    ("wordCount", {"minWords": 1, "maxWords": 1}, "a\x1cb", True),
    ("wordCount", {"minWords": 0, "maxWords": 0}, " \ufeff", True),
    ("wordCount", {"minWords": 0, "maxWords": 9}, "", None),
    ("characterCount", {"minCharacters": 3, "maxCharacters": 3}, "a\U0001f600", True),
    ("characterCount", {"minCharacters": 0, "maxCharacters": 2}, "a\U0001f600", False),
    ("characterCount", {"minCharacters": 0, "maxCharacters": 2, "not": True}, "abc", True),
    ("characterCount", {"minCharacters": 1, "maxCharacters": 1}, "\ud800", True),
    ("characterCount", {"minCharacters": 0, "maxCharacters": 2}, "", None),
    ("contains", {"words": ["a", "x"], "operator": "any"}, "abc", True),
    ("contains", {"words": ["y", "x"], "operator": "any"}, "abc", False),
    ("contains", {"words": ["a", "c"], "operator": "all"}, "abc", True),
    ("contains", {"words": ["a", "x"], "operator": "all"}, "abc", False),
    ("contains", {"words": ["X", "y"], "operator": "none"}, "xbc", True),
    ("contains", {"words": ["x", "b"], "operator": "none"}, "abc", False),
    ("contains", {"words": ["a"], "operator": "any"}, "", False),
    ("contains", {"words": ["a"], "operator": "none"}, "", True),
    ("endsWith", {"suffix": "end"}, "the end", True),
    ("endsWith", {"suffix": "end"}, "the end.", True),
    ("endsWith", {"suffix": "end"}, "the end!", False),
    ("endsWith", {"suffix": "end", "not": True}, "the end!", True),
    ("endsWith", {"suffix": "end", "not": True}, "the end.", False),
    ("endsWith", {"suffix": "end"}, "", None),
    ("alluppercase", {}, "A 1 É é!", True),
    ("alluppercase", {}, "Ab", False),
    ("alluppercase", INVERTED, "Ab", True),
    ("alluppercase", {}, "123", True),
    ("alluppercase", {}, "", None),
    ("alllowercase", {}, "a 1 É é!", True),
    ("alllowercase", {}, "Ab", False),
    ("alllowercase", INVERTED, "Ab", True),
    ("alllowercase", INVERTED, "ab", False),
    ("alllowercase", {}, "", None),
    ("notNull", {}, "x", True),
    ("notNull", {}, "", False),
    ("notNull", INVERTED, "x", False),
    ("notNull", INVERTED, "", True),
    ("containsCode", {"format": "Python"}, FENCED, True),
    ("containsCode", {"format": "SQL"}, FENCED, True),
    ("containsCode", {"format": "python"}, FENCED, True),
    ("containsCode", {"format": "Go"}, FENCED, False),
    ("containsCode", {"format": "Go", "not": True}, FENCED, True),
    ("containsCode", {"format": "SQL", "not": True}, FENCED, False),
    ("containsCode", {"format": "C++"}, "```c++\r\nint i;\r\n```", True),
    ("containsCode", {"format": "Zig"}, "```zig\n1\n```", True),
    ("containsCode", {"format": "JSON"}, "{}", False),
    ("containsCode", {"format": "JSON", "not": True}, "{}", True),
    ("containsCode", {"format": "JSON"}, "```json\n{} and no end", False),
    ("containsCode", {"format": "JSON"}, "``` ```json\n{}\n```", True),
    ("containsCode", {"format": "JSON"}, "", None),
    ("jsonSchema", {"schema": SCHEMA}, 'see {"a": 2} there', True),
    ("jsonSchema", {"schema": SCHEMA}, 'see {"a": 1} there', False),
    ("jsonSchema", {"schema": SCHEMA, "not": True}, 'see {"a": 1} there', True),
    ("jsonSchema", {"schema": SCHEMA, "not": True}, 'see {"a": 2} there', False),
    ("jsonSchema", {"schema": SCHEMA}, '{"a": 1} {"a": 2}', True),
    ("jsonSchema", {"schema": SCHEMA}, "none", False),
    ("jsonSchema", {"schema": SCHEMA, "not": True}, "none", False),
    ("jsonSchema", {"schema": SCHEMA}, '```json\n{"a": 3}\n```', True),
    ("jsonSchema", {"schema": SCHEMA}, '{"a": 3} ```\n{"a": 1}\n```', False),
    ("jsonSchema", {"schema": SCHEMA}, '{"a": 3} ```\nno JSON\n```', True),
    ("jsonSchema", {"schema": NESTED}, 'so: {"a": {"b": {"c": "}"}}}.', True),
    ("jsonSchema", {"schema": {"type": "array"}}, "```\n[1]\n```", True),
    ("jsonSchema", {"schema": {"type": "array"}}, " [1] ", True),
    ("jsonSchema", {"schema": {"type": "object"}}, "{}", True),
    ("jsonSchema", {"schema": {"$ref": "#/nowhere"}}, "{}", None),
    ("jsonSchema", {"schema": SCHEMA}, "", None),
    ("jsonKeys", {"keys": ["a", "x"], "operator": "any"}, 'see {"a": {"x": 1}}', True),
    ("jsonKeys", {"keys": ["x", "y"], "operator": "any"}, 'see {"a": {"x": 1}}', False),
    ("jsonKeys", {"keys": ["a", "b"], "operator": "all"}, '{"a": 1} {"a": {}, "b": []}', True),
    ("jsonKeys", {"keys": ["a", "b"], "operator": "all"}, '{"a": 1} {"b": 2}', False),
    ("jsonKeys", {"keys": ["b"], "operator": "none"}, '{"a": 1}', True),
    ("jsonKeys", {"keys": ["b"], "operator": "none"}, '{"a": 1} {"b": 1}', False),
    ("jsonKeys", {"keys": ["b"], "operator": "none"}, "no JSON", False),
    ("jsonKeys", {"keys": ["b"], "operator": "none"}, "[1]", False),
    ("jsonKeys", {"keys": ["b"], "operator": "any"}, "{}" * 1001, None),
    ("jsonSchema", {"schema": {}}, "``` ``` " * 1001, None),
    ("jsonKeys", {"keys": ["b"], "operator": "any"}, "", None),
]


@every(range(len(CASES)))
def test_a_text_is_judged(number: int) -> None:
    id, parameters, text, verdict = CASES[number]
    finding = found(id, parameters, text)
    assert finding.verdict is verdict, (CASES[number], finding)
    assert finding.body is None and isinstance(finding.data["explanation"], str)
    assert found(id, parameters, text, kind="input").verdict is verdict
    if verdict is not None:
        assert finding.data["verdict"] is verdict and finding.data["textExcerpt"] == text[:100] + (
            "..." if len(text) > 100 else ""
        )


SCOPED = {
    "messages": [
        {"role": "system", "content": "secret"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": '{"q": "tool"}'}}]},
        {"role": "user", "content": "first"},
        {"role": "user", "content": "last"},
    ]
}


@pytest.mark.parametrize(
    ("scope", "there"),
    [
        ("last", ["last"]),
        ("system", ["secret"]),
        ("tools", ["tool"]),
        ("all", ["secret", "tool", "first", "last"]),
    ],
)
def test_a_scope_says_which_texts_are_looked_at(scope: str, there: list[str]) -> None:
    words = ["secret", "tool", "first", "last"]
    given = {"words": words, "operator": "any", "scope": scope}
    assert found("contains", given, kind="input", body=SCOPED).data["foundWords"] == there


REPLACED: list[tuple[dict[str, Any], str, str | None]] = [
    ({"rule": "a"}, "banana", "b[REDACTED]nana"),
    ({"rule": "/a/g", "redactText": "-"}, "banana", "b-n-n-"),
    ({"rule": "/A/gi", "redactText": "-"}, "banana", "b-n-n-"),
    ({"rule": "/^b/gm", "redactText": "-"}, "b\nb", "-\n-"),
    ({"rule": "/a.b/gs", "redactText": "-"}, "a\nb", "-"),
    ({"rule": r"/(\w+)@(?<host>\w+)/g", "redactText": "$1 at $<host> $$ $& $2"}, "a@b", "a at b $ a@b b"),
    ({"rule": "x"}, "banana", None),
]


@pytest.mark.parametrize("number", range(len(REPLACED)))
@pytest.mark.parametrize("fail", [True, False])
def test_a_pattern_is_replaced(number: int, fail: bool) -> None:
    parameters, text, after = REPLACED[number]
    finding = found("regexReplace", {**parameters, "failOnDetection": fail}, text, kind="input")
    assert finding.verdict is (after is None or not fail)
    assert finding.body == (None if after is None else {"messages": [{"role": "user", "content": after}]})
    assert text not in json.dumps(finding.data).decode() or after is None


def test_what_is_replaced_is_so_at_each_place_and_not_where_it_cannot_be() -> None:
    parts = [{"type": "text", "text": "a1"}, {"type": "image_url", "image_url": {"url": "a"}}, {"text": "b"}]
    body = {"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": parts}]}
    finding = found("regexReplace", {"rule": "a"}, kind="input", body=body)
    assert finding.body == {
        "messages": [
            body["messages"][0],
            {"role": "user", "content": [{**parts[0], "text": "[REDACTED]1"}, *parts[1:]]},
        ]
    }
    assert found("regexReplace", {"rule": "a"}, "").verdict is None
    apart = found("regexReplace", {"rule": "a"}, text="a", body={})
    assert apart.error == "the text that is looked at cannot be changed here"
    long = found("regexReplace", {"rule": "/x*/g", "redactText": "y" * 10_000}, "z" * 1000)
    assert long.verdict is None and "longer than" in str(long.error)
