"""Where the original's hooks go wrong (G1…G11, S14, T5, R8, C8), and what is done here, at both edges."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from asking import Ask, at, by_asgi, by_wsgi, edges, fallback, in_turn, sent_to

from callers import HELLO, STREAMED
from gatewaymw import CheckFacts
from gatewaymw.core.values import Env
from upstream import Script, Upstream, chunked, whole

CHAT = "/openai/chat/completions"
BAD_WORDS = {"contains": {"words": ["bad"], "operator": "none"}}
NEVER = {**BAD_WORDS, "deny": True}
EVENTS = b'data: {"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}\n\n'
STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


def saying(text: str, **more: Any) -> Script:
    message = {"role": "assistant", "content": text}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return whole({"id": "x", "object": "chat.completion", "choices": choices, **more}, x_request_id="r1")


def streaming(*texts: str) -> Script:
    return chunked([*(EVENTS % text.encode() for text in texts), STOP, DONE])


def asking(text: str, **more: Any) -> dict[str, Any]:
    return {**HELLO, "messages": [{"role": "user", "content": text}], **more}


def results(answer: Any, side: str = "after") -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = answer.json["hook_results"][f"{side}_request_hooks"]
    return told


# ── G1: what is covered ──────────────────────────────────────────────────

TEXTS: dict[str, Any] = {
    "/chat/completions": asking("bad"),
    "/completions": {"model": "m", "prompt": "bad"},
    "/embeddings": {"model": "m", "input": ["fine", "bad"]},
    "/moderations": {"input": "bad"},
    "/images/generations": {"prompt": "bad"},
    "/audio/speech": {"model": "m", "input": "bad", "voice": "v"},
    "/responses": {"model": "m", "input": "bad"},
    "/messages": asking("bad"),
    "/models/m:generateContent": {"contents": [{"role": "user", "parts": [{"text": "bad"}]}]},
}


@edges
@pytest.mark.parametrize("path", TEXTS)
def test_g1_whatever_is_asked_is_checked(asked: Ask, path: str, upstream: Upstream) -> None:
    upstream.script(f"/openai{path}", whole({"id": "x", "choices": []}))
    headers = {"x-gateway-config": json.dumps(at(upstream, input_guardrails=[NEVER]))}
    trusted = [upstream.url.removeprefix("http://")]
    answer = asked(None, TEXTS[path], headers, f"/v1{path}", trusted_custom_hosts=trusted)
    assert (answer.status, upstream.seen) == (446, [])
    fine = json.loads(json.dumps(TEXTS[path]).replace("bad", "good"))
    assert asked(None, fine, headers, f"/v1{path}", trusted_custom_hosts=trusted).status == 200


ANSWERS: dict[str, Any] = {
    "/chat/completions": {"choices": [{"index": 0, "message": {"role": "assistant", "content": "bad"}}]},
    "/completions": {"choices": [{"index": 0, "text": "bad"}]},
    "/images/generations": {"data": [{"url": "x", "revised_prompt": "bad"}]},
    "/responses": {"output": [{"type": "message", "content": [{"type": "output_text", "text": "bad"}]}]},
    "/messages": {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "bad"}]},
    "/models/m:generateContent": {"candidates": [{"content": {"parts": [{"text": "bad"}]}}]},
}


@edges
@pytest.mark.parametrize("path", ANSWERS)
def test_g1_whatever_is_answered_is_checked(asked: Ask, path: str, upstream: Upstream) -> None:
    body = json.loads(json.dumps(TEXTS[path]).replace("bad", "good"))
    headers = {"x-gateway-config": json.dumps(at(upstream, output_guardrails=[NEVER]))}
    trusted = [upstream.url.removeprefix("http://")]
    for text, status in (("bad", 446), ("good", 200)):
        said = json.loads(json.dumps(ANSWERS[path]).replace("bad", text))
        upstream.script(f"/openai{path}", whole(said, x_request_id="r1"))
        answer = asked(None, body, headers, f"/v1{path}", trusted_custom_hosts=trusted)
        assert answer.status == status and answer.headers["x-request-id"] == "r1"
        assert results(answer)[0]["verdict"] is (status == 200)


@edges
@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_g1_what_was_said_in_a_recording_is_checked(asked: Ask, kind: str, upstream: Upstream) -> None:
    said = b"so bad" if kind == "text/plain" else b'{"text":"so bad"}'
    upstream.script("/openai/audio/transcriptions", whole(said, kind=kind))
    form = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--b--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    config = at(upstream, output_guardrails=[NEVER])
    assert asked(config, form, headers, "/v1/audio/transcriptions").status == 446
    config = at(upstream, output_mutators=[{"regexReplace": {"rule": "bad", "redactText": "***"}}])
    answer = asked(config, form, headers, "/v1/audio/transcriptions")
    assert (answer.status, b"so ***" in answer.body, b"so bad" in answer.body) == (200, True, False)


# ── G2, G5: what is asked for is made, or refused ────────────────────────


@edges
def test_g2_an_unknown_check_and_g5_an_id_are_refused_also_in_headers(asked: Ask, upstream: Upstream) -> None:
    told = {"authorization": "Bearer sk-x"}
    for hooks, place in (
        ({"input_guardrails": ["pg-1"]}, "config.input_guardrails[0]"),
        (
            {"afterRequestHooks": [{"checks": [{"id": "default.nope"}], "deny": True}]},
            "config.after_request_hooks[0]",
        ),
    ):
        config = {"provider": "openai", **hooks}
        answer = asked(None, headers={**told, "x-gateway-config": json.dumps(config)})
        assert answer.status == 400 and answer.error["param"].startswith(place)
    for name in ("x-gateway-default-input-guardrails", "x-portkey-default-output-guardrails"):
        for text in (
            '["pg-1"]',
            '[{"default.nope":{},"deny":true}]',
            "{}",
            "[{",
            "7",
            "[" + "[]," * 30_000 + "[]]",
        ):
            answer = asked(at(upstream), headers={name: text})
            assert (answer.status, answer.error["param"][: len(name)], upstream.seen) == (400, name, [])


@edges
@pytest.mark.parametrize("closed", [False, True])
def test_g2_a_check_that_fails_passes_unless_the_hook_is_closed(
    asked: Ask, closed: bool, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(facts: CheckFacts) -> bool:
        raise RuntimeError("sk-canary")

    upstream.script(CHAT, saying("fine"))
    hook = {"broken": {}, "deny": True, "fail_closed": closed}
    answer = asked(at(upstream, input_guardrails=[hook]), checks={"broken": broken})
    assert (answer.status, len(upstream.seen)) == ((446, 0) if closed else (200, 1))
    [check] = results(answer, "before")[0]["checks"]
    assert "broken failed (RuntimeError)" in check["error"]["message"] and b"sk-canary" not in answer.body
    assert "the check broken failed" in caplog.text, "the operator learns why"


@edges
def test_g2_a_check_that_does_not_come_back_is_given_up(asked: Ask, upstream: Upstream) -> None:
    stop = threading.Event()

    def stuck(facts: CheckFacts) -> bool:
        return stop.wait(40)

    upstream.script(CHAT, saying("fine"))
    began = time.monotonic()
    config = at(upstream, input_guardrails=[{"stuck": {}, "deny": True, "fail_closed": True}])
    answer = asked(config, checks={"stuck": stuck}, check_timeout=0.1)
    stop.set()
    assert answer.status == 446 and time.monotonic() - began < 20
    assert "longer than 0.1 s" in results(answer, "before")[0]["checks"][0]["error"]["message"]


# ── headers ──────────────────────────────────────────────────────────────


@edges
@pytest.mark.parametrize("prefix", ["x-gateway-", "x-portkey-"])
def test_headers_add_guardrails_after_those_of_each_target(
    asked: Ask, prefix: str, upstream: Upstream
) -> None:
    upstream.script(CHAT, saying("bad"))
    own = {"id": "own", "notNull": {}}
    config = fallback(at(upstream, input_guardrails=[own]), at(upstream))
    given = {f"{prefix}default-input-guardrails": json.dumps([{"id": "more", "notNull": {}}])}
    answer = asked(config, headers={**given, f"{prefix}default-output-guardrails": json.dumps([NEVER])})
    assert (answer.status, sent_to(upstream)) == (446, [CHAT, CHAT])
    assert [hook["id"] for hook in results(answer, "before")] == ["more"]
    answer = asked(config, headers=given)
    assert [hook["id"] for hook in results(answer, "before")] == ["own", "more"]


@edges
def test_leak_05_a_header_does_not_bring_a_listener_to_the_operator_s_config(
    asked: Ask, upstream: Upstream
) -> None:
    """Which may add a prompt of its own to what a caller sends."""
    listener = json.dumps([{"webhook": {"webhookURL": "https://evil.example.com/"}}])
    given = {"x-gateway-default-output-guardrails": listener}
    own = at(upstream, override_params={"messages": [{"role": "system", "content": "secret"}]})
    for config, more, options in (
        (own, {}, {}),
        (None, {"x-gateway-config": "named"}, {"configs": {"named": own}}),
        (None, {"x-gateway-virtual-key": "house"}, {"virtual_keys": {"house": own}}),
    ):
        answer = asked(config, headers={**given, **more}, **options)
        assert (answer.status, answer.error["param"], upstream.seen) == (403, next(iter(given)), [])
    upstream.script(CHAT, saying("fine"))
    told = {"x-gateway-default-input-guardrails": json.dumps([{"mine": {}}])}
    answer = asked(own, headers=told, checks={"mine": lambda facts: True})
    assert answer.status == 200, "the host's own code may see it"


# ── G4: once the answer is sent ──────────────────────────────────────────


@edges
@pytest.mark.parametrize("body", [HELLO, STREAMED], ids=["whole", "stream"])
def test_g4_async_hooks_run_once_the_answer_is_sent_and_do_not_delay_it(
    asked: Ask, body: Any, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[CheckFacts] = []

    def late(facts: CheckFacts) -> bool:
        seen.append(facts)
        return facts.kind == "input"

    caplog.set_level("INFO", "gatewaymw")
    upstream.script(CHAT, streaming("fi", "ne") if body is STREAMED else saying("fine"))
    hook = {"late": {}, "async": True, "deny": True}
    config = at(
        upstream, input_guardrails=[{**hook, "id": "in"}], output_guardrails=[{**hook, "id": "o\nut"}]
    )
    answer = asked(config, body, checks={"late": late})
    assert answer.status == 200 and b"hook_results" not in answer.body
    assert [facts.kind for facts in seen] == ["input", "output"] and seen[1].text == "fine"
    lines = [record.getMessage() for record in caplog.records if "the hook" in record.getMessage()]
    assert lines == [
        "the hook 'in', after the answer: passed",
        "the hook 'o\\nut', after the answer: failed (host.late)",
    ]


def test_g4_the_client_of_an_asgi_server_has_its_answer_before_a_hook_begins(upstream: Upstream) -> None:
    import anyio

    from callers import Caller, nothing
    from gatewaymw import ASGIGateway

    upstream.script(CHAT, saying("fine"))
    caller = Caller()
    had: list[bool] = []

    async def late(facts: CheckFacts) -> bool:
        had.append(caller.answer.status == 200)
        return True

    async def run() -> None:
        config = at(upstream, input_guardrails=[{"late": {}, "async": True}])
        app = ASGIGateway(nothing, config, auth="public", checks={"late": late})
        await app(caller.scope, caller.receive, caller.send)
        await app.gateway.aclose()

    anyio.run(run)
    assert had == [True]


@edges
def test_g4_a_hook_that_fails_then_is_nobody_s_trouble(asked: Ask, upstream: Upstream) -> None:
    def broken(facts: CheckFacts) -> bool:
        raise KeyError("oh")

    upstream.script(CHAT, saying("fine"))
    config = at(upstream, input_guardrails=[{"broken": {}, "async": True, "fail_closed": True}])
    assert asked(config, checks={"broken": broken}).status == 200


# ── G6, G11, S14, T5, R8, C8 ─────────────────────────────────────────────


@edges
def test_g6_changes_are_made_in_their_order(asked: Ask, upstream: Upstream) -> None:
    upstream.script(CHAT, saying("fine"))
    mutators = [{"addPrefix": {"prefix": "2 "}}, {"addPrefix": {"prefix": "1 "}}]
    assert asked(at(upstream, input_mutators=mutators), asking("x")).status == 200
    assert upstream.seen[0].json["messages"][-1]["content"] == "1 2 x"


@edges
def test_g11_a_denied_answer_keeps_its_usage_and_is_not_quoted(asked: Ask, upstream: Upstream) -> None:
    upstream.script(CHAT, saying("a bad secret", usage={"total_tokens": 7}))
    answer = asked(at(upstream, output_guardrails=[NEVER]))
    assert (answer.status, answer.json["usage"]) == (446, {"total_tokens": 7})
    assert answer.headers["x-request-id"] == "r1" and answer.headers["x-gateway-provider"] == "openai"
    assert b"secret" not in answer.body and answer.error["type"] == "hooks_failed"


@edges
@pytest.mark.parametrize("mode", [None, "buffer", "window"])
def test_s14_a_stream_is_denied_before_its_bad_word_is_shown(
    asked: Ask, mode: Any, upstream: Upstream
) -> None:
    config = at(upstream, output_guardrails=[{**NEVER, "stream": mode}])
    upstream.script(CHAT, streaming("so ", "ba", "d"))
    answer = asked(config, STREAMED)
    assert b"so" not in answer.body
    if mode == "window":
        assert answer.status == 200 and b"guardrail_denied" in answer.body
    else:
        assert answer.status == 446 and results(answer)[0]["verdict"] is False
    upstream.script(CHAT, streaming("so ", "good"))
    answer = asked(config, STREAMED)
    assert (answer.status, answer.body) == (200, EVENTS % b"so " + EVENTS % b"good" + STOP + DONE)


@edges
def test_s14_a_stream_that_is_let_go_says_so(asked: Ask, upstream: Upstream) -> None:
    upstream.script(CHAT, streaming("bad"))
    answer = asked(at(upstream, output_guardrails=[{**NEVER, "id": "words", "stream": "off"}]), STREAMED)
    assert (answer.status, b"bad" in answer.body) == (200, True)
    assert answer.headers["x-gateway-warning"] == "words: streams are not checked"


@edges
def test_t5_denials_and_failures_share_one_budget(asked: Ask, upstream: Upstream) -> None:
    busy = whole({"error": {"message": "busy"}}, 500)
    retry = {"attempts": 3, "on_status_codes": [446, 500], "base": 1, "cap": 1}
    upstream.script(CHAT, saying("bad"), busy, saying("bad"), busy, busy, busy)
    answer = asked(at(upstream, output_guardrails=[NEVER], retry=retry))
    assert (answer.status, len(upstream.seen)) == (500, 4)
    assert answer.headers["x-gateway-retry-attempt-count"] == "-1"


@edges
def test_r8_a_target_s_own_hooks_replace_those_above_key_by_key(asked: Ask, upstream: Upstream) -> None:
    upstream.script(CHAT, saying("fine"))
    above = {"input_guardrails": [{"id": "above", "notNull": {}}]}
    mutators = [{"addPrefix": {"prefix": "x "}}]
    config = {**fallback(at(upstream, input_mutators=mutators)), **above}
    answer = asked(config)
    assert [hook["id"] for hook in results(answer, "before")] == ["above", "input_mutator_1"]


@in_turn
def test_c8_checks_of_answers_are_made_each_time(asked: Any, upstream: Upstream) -> None:
    """Whether an answer is new or kept: hooks stand around the cache."""
    upstream.script(CHAT, saying("bad"))
    config = at(upstream, output_guardrails=[NEVER], cache={"mode": "simple"})
    answers = asked(config, [{"path": "/v1/chat/completions", "body": HELLO}] * 2)
    assert [answer.status for answer in answers] == [446, 446]


# ── both edges alike ─────────────────────────────────────────────────────


async def polite(facts: CheckFacts) -> dict[str, Any]:
    return {"verdict": "please" in facts.text, "data": {"who": facts.metadata.get("user")}}


def short(facts: CheckFacts) -> bool:
    return len(facts.text) <= facts.parameters["most"]


@pytest.mark.parametrize("text", ["please", "now", "please, " * 9])
@pytest.mark.parametrize("stream", [False, True])
def test_both_edges_say_the_same(text: str, stream: bool, upstream: Upstream) -> None:
    upstream.script(CHAT, streaming("so ", "good") if stream else saying("so good"))
    env = Env(random=lambda: 0.5, now=lambda: 1.0, clock=lambda: 1e9, new_id=lambda: "id" * 12)
    hooks = {
        "input_guardrails": [
            {"id": "a", "polite": {}, "short": {"most": 20}},
            {"short": {"most": 8}, "deny": True},
        ],
        "output_guardrails": [
            {"host.short": {"most": 100}, "deny": True, "contains": {"words": ["x"], "operator": "any"}}
        ],
        "output_mutators": [{"regexReplace": {"rule": "good"}}],
        "strict_open_ai_compliance": False,
    }
    headers = {"x-gateway-metadata": '{"user": "u1"}', "x-gateway-trace-id": "t"}
    made: Any = {"checks": {"polite": polite, "short": short}, "env": env, "headers": headers}
    answers = [ask(at(upstream, **hooks), asking(text, stream=stream), **made) for ask in (by_asgi, by_wsgi)]
    assert answers[0] == answers[1]
    assert answers[0].status == 446, "the answer lacks a word"
