"""Checks of what is asked for, and the one that puts a prefix before it."""

from __future__ import annotations

from typing import Any

import pytest
from checked import found, subject

RULES = {
    "defaults": ["small"],
    "metadata": {"plan": {"pro": ["large"], "7": ["seven"]}, "team": {"a": ["team"]}},
}
MODELS: list[tuple[str, dict[str, Any], Any, dict[str, str], bool | None]] = [
    ("modelWhitelist", {"models": ["a", "b"]}, "a", {}, True),
    ("modelWhitelist", {"models": ["a", "b"]}, "c", {}, False),
    ("modelWhitelist", {"models": ["a", "b"], "not": True}, "c", {}, True),
    ("modelwhitelist", {"models": ["a", "b"], "not": True}, "a", {}, False),
    ("modelWhitelist", {"models": ["a"]}, None, {}, None),
    ("modelWhitelist", {"models": ["a"]}, "", {}, None),
    ("modelRules", {"rules": RULES}, "small", {}, True),
    ("modelRules", {"rules": RULES}, "large", {}, False),
    ("modelRules", {"rules": RULES}, "large", {"plan": "pro"}, True),
    ("modelRules", {"rules": RULES}, "small", {"plan": "pro"}, False),
    ("modelRules", {"rules": RULES, "not": True}, "small", {"plan": "pro"}, True),
    ("modelRules", {"rules": RULES}, "team", {"plan": "pro", "team": "a"}, True),
    ("modelRules", {"rules": RULES}, "small", {"plan": "free"}, True),
    ("modelRules", {"rules": {"metadata": {"plan": {"pro": ["x"]}}}}, "x", {}, None),
    ("modelRules", {"rules": RULES}, None, {}, None),
]


@pytest.mark.parametrize("number", range(len(MODELS)))
def test_a_model_is_allowed(number: int) -> None:
    id, parameters, model, metadata, verdict = MODELS[number]
    request = {} if model is None else {"model": model}
    assert found(id, parameters, request=request, metadata=metadata).verdict is verdict


TYPES: list[tuple[dict[str, Any], str, dict[str, str], bool | None]] = [
    ({}, "chat", {}, True),
    ({"allowedTypes": ["chatComplete"]}, "chat", {}, True),
    ({"allowedTypes": "complete, chatComplete"}, "chat", {}, True),
    ({"allowedTypes": ["chat"]}, "chat", {}, True),
    ({"allowedTypes": ["embed"]}, "chat", {}, False),
    ({"blockedTypes": ["embed"]}, "chat", {}, True),
    ({"blockedTypes": "embed"}, "embeddings", {}, False),
    ({"allowedTypes": ["embed"], "blockedTypes": ["complete"]}, "embeddings", {}, True),
    ({"allowedTypes": ["embed"], "blockedTypes": ["complete"]}, "completions", {}, False),
    ({}, "chat", {"supported_endpoints": "embed,complete"}, False),
    ({}, "chat", {"blocked_endpoints": "chatComplete"}, False),
    ({"allowedTypes": ["chatComplete"]}, "chat", {"supported_endpoints": "embed"}, True),
    ({"blockedTypes": ["embed"]}, "chat", {"blocked_endpoints": "chatComplete"}, True),
    ({"allowedTypes": ["chatComplete"]}, "chat", {"blocked_endpoints": "chatComplete"}, None),
    ({"allowedTypes": ["proxy"]}, "proxy", {}, True),
]


@pytest.mark.parametrize("number", range(len(TYPES)))
def test_a_kind_of_request_is_allowed(number: int) -> None:
    parameters, endpoint, metadata, verdict = TYPES[number]
    finding = found("allowedRequestTypes", parameters, endpoint=endpoint, metadata=metadata)
    assert finding.verdict is verdict


@pytest.mark.parametrize(
    ("operator", "metadata", "verdict"),
    [
        ("all", {"a": "1", "b": ""}, True),
        ("all", {"a": "1"}, False),
        ("any", {"a": "1"}, True),
        ("any", {"c": "1"}, False),
        ("none", {"c": "1"}, True),
        ("none", {"a": "1"}, False),
    ],
)
def test_metadata_has_its_keys(operator: str, metadata: dict[str, str], verdict: bool) -> None:
    given = {"metadataKeys": ["a", "b"], "operator": operator}
    finding = found("requiredMetadataKeys", given, kind="input", metadata=metadata)
    assert finding.verdict is verdict
    assert finding.data["found_metadata_keys"] == [key for key in ("a", "b") if key in metadata]
    assert found("requiredMetadataKeys", given, kind="output", metadata=metadata).verdict is None


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


ANSWER, SYSTEM = {"role": "assistant", "content": "x"}, {"role": "system", "content": "be"}
TEXT, PART = {"type": "text", "text": "P:"}, {"type": "text", "text": "a"}
FIRST = {"role": "system", "content": "P:"}
PREFIXED: list[tuple[dict[str, Any], Any, Any]] = [
    ({}, {"messages": [user("a"), user("b")]}, {"messages": [user("P:a"), user("b")]}),
    ({}, {"messages": [user([PART])]}, {"messages": [user([TEXT, PART])]}),
    ({}, {"messages": [user(None)]}, {"messages": [user("P:")]}),
    ({"addToExisting": False}, {"messages": [user("a")]}, {"messages": [user("P:"), user("a")]}),
    ({"onlyIfEmpty": True}, {"messages": [user("a")]}, None),
    ({"onlyIfEmpty": True}, {"messages": [ANSWER]}, {"messages": [ANSWER, user("P:")]}),
    ({"applyToRole": "system"}, {"messages": [user("a")]}, {"messages": [FIRST, user("a")]}),
    ({"applyToRole": "system"}, {"messages": [SYSTEM]}, {"messages": [{**SYSTEM, "content": "P:be"}]}),
    ({"applyToRole": "system"}, {"system": "be", "messages": []}, {"system": "P:be", "messages": []}),
    ({"applyToRole": "system", "onlyIfEmpty": True}, {"system": "be", "messages": []}, None),
    ({}, {"messages": ["odd"]}, {"messages": ["odd", user("P:")]}),
    ({}, {"prompt": "a", "model": "m"}, {"prompt": "P:a", "model": "m"}),
    ({}, {"prompt": ["a", "b"]}, {"prompt": ["P:a", "P:b"]}),
    ({}, {"prompt": [1, 2]}, None),
    ({}, {"prompt": ""}, None),
    ({}, {"input": "a"}, None),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(PREFIXED)))
def test_a_prefix_is_added(number: int) -> None:
    parameters, before, after = PREFIXED[number]
    finding = found("addPrefix", {"prefix": "P:", **parameters}, kind="input", body=before)
    assert (finding.verdict, finding.body) == (True, after)
    assert found("addPrefix", {"prefix": "P:"}, kind="output", body=before).body is None


def test_a_subject_may_hold_what_a_check_before_has_changed() -> None:
    about = subject("a", kind="input", metadata={"k": "v"}, request={"old": 1}, status=1)
    other = about.holding({"messages": [user("b")]})
    assert (other.text, other.request, other.metadata) == ("b", other.body, {"k": "v"})
    answer = subject("a", request={"old": 1}).holding({"choices": [{"text": "b"}]})
    assert (answer.text, answer.request) == ("b", {"old": 1})
