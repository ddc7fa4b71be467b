"""Where the original's routing goes wrong (R1…R16), and what is done here instead, at both edges."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from asking import KEY, Ask, at, edges, fallback, sent_to

from callers import HELLO
from gatewaymw.core.endpoints import ENDPOINTS
from upstream import Upstream, raw, whole

OK = whole({"id": "x", "choices": []})
NO = whole({"error": {"message": "no"}}, 500)
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "$schema": "http://json-schema.org/draft-07/schema#",
    "properties": {"a": {"type": "string", "minLength": 1, "default": "x"}},
}


@edges
@pytest.mark.parametrize("mode", ["fallback", "loadbalance", "single", "conditional"])
def test_r1_no_config_leaves_a_client_waiting(asked: Ask, mode: str) -> None:
    idle = [{"provider": "openai", "weight": 0}] * 2
    for targets in ([], idle) if mode == "loadbalance" else ([],):
        config = {"strategy": {"mode": mode}, "targets": targets}
        answer = asked(None, headers={"x-gateway-config": json.dumps(config), "authorization": "Bearer sk-x"})
        assert (answer.status, answer.error["param"]) == (400, "config.targets")


@edges
@pytest.mark.parametrize(
    ("provider", "more", "path", "body"),
    [
        ("anthropic", {}, "/v1/embeddings", {"model": "m", "input": "x"}),
        (
            "anthropic",
            {},
            "/v1/chat/completions",
            {"model": "m", "messages": [{"role": "alien", "content": 7}]},
        ),
        ("bedrock", {}, "/v1/chat/completions", HELLO),
        ("anthropic", {"api_key": None}, "/v1/chat/completions", HELLO),
        ("google", {"strict_params": True}, "/v1/chat/completions", {**HELLO, "logit_bias": {"1": 2}}),
    ],
    ids=["no such endpoint", "no such role", "no region", "no key", "a parameter"],
)
def test_r3_a_target_that_fails_inside_is_one_that_failed(
    asked: Ask, provider: str, more: Any, path: str, body: Any, upstream: Upstream
) -> None:
    upstream.script(f"/openai{path[3:]}", OK)
    answer = asked(fallback(at(upstream, provider, **more), at(upstream)), body, path=path)
    assert answer.status == 200, answer.body
    assert answer.headers["x-gateway-last-used-option-index"] == "config.targets[1]"
    assert sent_to(upstream) == [f"/openai{path[3:]}"]


@edges
def test_r4_each_target_starts_from_what_the_client_sent(asked: Ask, upstream: Upstream) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}}
    body = {**HELLO, "max_tokens": 5, "tools": [tool], "stop": "x", "unheard_of": {"a": [1]}}
    data = json.dumps(body, indent=1).encode()
    for path in ("/google/models/m:generateContent", "/anthropic/messages", "/cohere/v2/chat"):
        upstream.script(path, NO)
    upstream.script("/openai/chat/completions", OK)
    others = [at(upstream, name) for name in ("google", "anthropic", "cohere")]
    answer = asked(fallback(*others, at(upstream)), data, {"content-type": "application/json"})
    assert answer.status == 200
    assert len(upstream.seen) == 4 and upstream.seen[3].body == data


@edges
@pytest.mark.parametrize(
    ("status", "on", "falls"), [(400, None, True), (400, [429], False), (429, [429], True)]
)
def test_r5_which_errors_are_fallen_back_from_is_for_the_config_to_say(
    asked: Ask, status: int, on: Any, falls: bool, upstream: Upstream
) -> None:
    """By default all but 2xx, as in the original's configs; a list narrows it."""
    upstream.script("/openai/chat/completions", whole({"error": {"message": "no"}}, status))
    upstream.script("/groq/chat/completions", OK)
    strategy = {} if on is None else {"on_status_codes": on}
    answer = asked(fallback(at(upstream), at(upstream, "groq"), **strategy))
    assert answer.status == (200 if falls else status)
    assert len(upstream.seen) == 1 + falls


@edges
def test_r6_a_chain_has_a_deadline(asked: Ask, upstream: Upstream) -> None:
    upstream.script("/openai/chat/completions", raw(ending="stall"))
    began = time.monotonic()
    target = at(upstream, retry={"attempts": 5, "on_status_codes": [408, 504]})
    answer = asked(fallback(target, target, target), total_timeout=0.3)
    assert answer.status in (408, 504) and time.monotonic() - began < 3
    assert len(upstream.seen) == 1


@edges
def test_r7_strictness_of_a_parent_is_its_childrens(asked: Ask, upstream: Upstream) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "c", "stop_reason": "end_turn"}
    content = [thought, {"type": "text", "text": "Hi"}]
    upstream.script("/anthropic/messages", whole({**message, "content": content, "usage": {}}))
    for strict in (True, False):
        config = {**fallback(at(upstream, "anthropic")), "strict_open_ai_compliance": strict}
        answer = asked(config, {**HELLO, "max_tokens": 5})
        assert ("content_blocks" in answer.json["choices"][0]["message"]) is not strict


@edges
def test_r11_an_error_of_the_gateways_has_one_shape_on_every_path(asked: Ask) -> None:
    config = {"provider": "openai", "retry": {"attempts": 9}}
    for row in ENDPOINTS.values():
        told = {"x-gateway-config": json.dumps(config)}
        body: Any = {"model": "m", "messages": [], "prompt": "p", "input": "i", "voice": "v"}
        if row.body == "form":
            told["content-type"] = "multipart/form-data; boundary=b"
            field = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n'
            body = field + field.replace(b"model", b"prompt") + b"--b--\r\n"
        path = "/v1" + row.path.replace("{model}", "m")
        answer = asked(None, body, told, path, method=row.method)
        assert answer.status == 400
        assert answer.error.keys() == {"message", "type", "param", "code"}
        assert (answer.error["param"], answer.error["code"]) == ("config.retry.attempts", "invalid_config")


FORM = {"content-type": "multipart/form-data; boundary=b"}
SOUND = (
    b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nlarge\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n\x00\xff\r\n--b--\r\n'
)
TRANSCRIBE = "/v1/audio/transcriptions"


@edges
def test_r12_fields_of_a_form_are_seen_by_conditions_and_overridden(asked: Ask, upstream: Upstream) -> None:
    upstream.script("/openai/audio/transcriptions", whole({"text": "x"}))
    conditions = [{"query": {"params.model": {"$eq": "large"}}, "then": "b"}]
    config = {
        "strategy": {"mode": "conditional", "conditions": conditions, "default": "a"},
        "targets": [
            at(upstream, "groq", name="a"),
            at(upstream, name="b", override_params={"model": "other"}),
        ],
    }
    assert asked(config, SOUND, FORM, TRANSCRIBE).status == 200
    [seen] = upstream.seen
    assert seen.target == "/openai/audio/transcriptions"
    assert b'name="model"\r\n\r\nother\r\n' in seen.body and b"\x00\xff" in seen.body


@edges
def test_r13_a_file_is_there_for_each_try_and_each_target(asked: Ask, upstream: Upstream) -> None:
    upstream.script("/openai/audio/transcriptions", NO)
    upstream.script("/groq/audio/transcriptions", whole({"text": "x"}))
    first = at(upstream, retry={"attempts": 1, "base": 1, "cap": 1})
    answer = asked(fallback(first, at(upstream, "groq")), SOUND, FORM, TRANSCRIBE)
    assert answer.status == 200
    assert [seen.body.count(b"\x00\xff") for seen in upstream.seen] == [1, 1, 1]


@edges
def test_r16_a_client_is_told_of_the_tries_before(asked: Ask, upstream: Upstream) -> None:
    upstream.script("/openai/chat/completions", NO)
    upstream.script("/groq/chat/completions", NO, OK)
    tried = {"retry": {"attempts": 1, "base": 1, "cap": 1}}
    answer = asked(fallback(at(upstream), at(upstream, "groq", **tried)))
    told = {name[10:]: value for name, value in answer.headers.items() if name.startswith("x-gateway-")}
    assert (told["last-used-option-index"], told["retry-attempt-count"]) == ("config.targets[1]", "1")
    assert told["provider"] == "groq" and len(upstream.seen) == 3
    upstream.script("/groq/chat/completions", NO)
    answer = asked(fallback(at(upstream), at(upstream, "groq", **tried)))
    assert answer.headers["x-gateway-retry-attempt-count"] == "-1"
    assert answer.headers["x-should-retry"] == "false"
    assert KEY not in answer.body.decode()
