"""Where the original's routing goes wrong (R1…R16), and what is done here instead, at both edges."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from asking import KEY, Ask, at, edges, fallback, sent_to

from callers import HELLO
from gatewaymw.core.endpoints import ENDPOINTS
from gatewaymw.gateway import ENV
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
@pytest.mark.parametrize("weight", ["-1", "-0.5", "1e999", '"3"', "true"])
def test_r2_a_weight_that_is_none_is_refused(asked: Ask, weight: str) -> None:
    target = f'{{"provider": "openai", "weight": {weight}}}'
    config = f'{{"strategy": {{"mode": "loadbalance"}}, "targets": [{target}]}}'
    answer = asked(None, headers={"x-gateway-config": config, "authorization": "Bearer sk-x"})
    assert (answer.status, answer.error["param"]) == (400, "config.targets[0].weight")


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
    answer = asked(fallback(target, target, target), total_timeout=1.0)
    assert answer.status in (408, 504) and time.monotonic() - began < 20
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
def test_r8_one_rule_of_inheritance_for_every_key(asked: Ask, upstream: Upstream) -> None:
    """A node's own word replaces that of the node above, `override_params` are merged."""
    upstream.script("/openai/chat/completions", NO)
    own = {"retry": {"attempts": 0}, "override_params": {"n": 2}, "forward_headers": ["x-b"]}
    above = {
        "retry": {"attempts": 2, "base": 1, "cap": 1},
        "override_params": {"n": 1, "seed": 7},
        "forward_headers": ["x-a"],
    }
    answer = asked({**fallback(at(upstream, **own)), **above}, headers={"x-a": "1", "x-b": "2"})
    [seen] = upstream.seen
    body = json.loads(seen.body)
    assert answer.status == 500 and (body["n"], body["seed"]) == (2, 7)
    names = {name for name, _ in seen.headers}
    assert "x-b" in names and "x-a" not in names


def choosing(upstream: Upstream, query: Any) -> dict[str, Any]:
    return {
        "strategy": {"mode": "conditional", "conditions": [{"query": query, "then": "a"}], "default": "b"},
        "targets": [at(upstream, name="a"), at(upstream, "groq", name="b")],
    }


@edges
@pytest.mark.parametrize(
    ("query", "provider"),
    [
        ({"$or": [{"params.model": "m"}], "params.user": "u2"}, "groq"),
        ({"$or": [{"params.model": "m"}], "params.user": "u1"}, "openai"),
        ({"params.model": {"$regex": "^m", "$ne": "m"}}, "groq"),
        ({"params.model": {"$regex": "^m", "$ne": "n"}}, "openai"),
    ],
)
def test_r9_all_clauses_of_a_condition_hold(
    asked: Ask, query: Any, provider: str, upstream: Upstream
) -> None:
    for name in ("openai", "groq"):
        upstream.script(f"/{name}/chat/completions", OK)
    answer = asked(choosing(upstream, query), {**HELLO, "user": "u1"})
    assert answer.headers["x-gateway-provider"] == provider


@edges
@pytest.mark.parametrize("path", ["params.response_format.type", "params.tools.1.function.name"])
def test_r10_a_path_of_a_condition_is_as_deep_as_it_is(asked: Ask, path: str, upstream: Upstream) -> None:
    for name in ("openai", "groq"):
        upstream.script(f"/{name}/chat/completions", OK)
    tools = [{"type": "function", "function": {"name": name}} for name in ("f", "json_object")]
    for kind, provider in (("json_object", "openai"), ("text", "groq")):
        tools[1]["function"] = {"name": kind}
        body = {**HELLO, "response_format": {"type": kind}, "tools": tools}
        answer = asked(choosing(upstream, {path: "json_object"}), body)
        assert answer.headers["x-gateway-provider"] == provider


@edges
def test_r15_dice_that_are_given_are_the_ones_that_are_thrown(asked: Ask, upstream: Upstream) -> None:
    upstream.script("/openai/chat/completions", OK)
    config = {"strategy": {"mode": "loadbalance"}, "targets": [at(upstream) for _ in range(4)]}
    for thrown in (0.1, 0.3, 0.6, 0.9):
        env = replace(ENV, random=lambda thrown=thrown: thrown)
        answer = asked(config, env=env)
        assert answer.headers["x-gateway-last-used-option-index"] == f"config.targets[{int(thrown * 4)}]"


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
