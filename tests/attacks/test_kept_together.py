"""What is kept meets what is around it: comparisons, guardrails."""

from __future__ import annotations

import json
from typing import Any

from asking import at, in_turn

from callers import HELLO, STREAMED
from upstream import Upstream, chunked, whole

EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
NAMES = ("openai", "groq")
MADE = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}


def compared(upstream: Upstream) -> dict[str, Any]:
    targets = [at(upstream, name) for name in NAMES]
    return {"strategy": {"mode": "compare"}, "cache": "simple", "targets": targets}


@in_turn
def test_a_comparison_of_kept_answers(asked: Any, upstream: Upstream) -> None:
    for name in NAMES:
        upstream.script(f"/{name}/chat/completions", whole({"id": "x", "choices": [MADE]}))
    answers = asked(compared(upstream), [{"body": HELLO}] * 3)
    assert [answer.status for answer in answers] == [200] * 3 and len(upstream.seen) == 2
    for answer in answers:
        assert [choice["message"]["content"] for choice in json.loads(answer.body)["choices"]] == ["hi", "hi"]


@in_turn
def test_a_comparison_of_kept_streams(asked: Any, upstream: Upstream) -> None:
    for name in NAMES:
        upstream.script(f"/{name}/chat/completions", chunked([EVENT, STOP, b"data: [DONE]\n\n"]))
    answers = asked(compared(upstream), [{"body": STREAMED}] * 3)
    assert [answer.status for answer in answers] == [200] * 3 and len(upstream.seen) == 2
    for answer in answers:
        events = [json.loads(line[6:]) for line in answer.body.decode().split("\n\n")[:-2]]
        told = [choice["index"] for event in events for choice in event["choices"] if choice["delta"]]
        assert sorted(told) == [0, 1] and answer.body.endswith(b"data: [DONE]\n\n")


@in_turn
def test_c8_an_answer_from_the_cache_is_checked_each_time(asked: Any, upstream: Upstream) -> None:
    made = {**MADE, "message": {"role": "assistant", "content": "the secret"}}
    upstream.script("/openai/chat/completions", whole({"id": "x", "choices": [made]}))
    forbidden = {"contains": {"words": ["secret"], "operator": "none"}, "deny": True}
    config = at(upstream, cache="simple", output_guardrails=[forbidden])
    answers = asked(config, [{"body": HELLO}] * 2)
    assert [answer.status for answer in answers] == [446, 446] and len(upstream.seen) == 1
    assert all("the secret" not in answer.body.decode() for answer in answers)


@in_turn
def test_c8_hooks_that_want_another_answer_get_one(asked: Any, upstream: Upstream) -> None:
    good = {**MADE, "message": {"role": "assistant", "content": "fine"}}
    bad = {**MADE, "message": {"role": "assistant", "content": "the secret"}}
    upstream.script(
        "/openai/chat/completions", *(whole({"id": "x", "choices": [each]}) for each in (bad, good))
    )
    forbidden = {"contains": {"words": ["secret"], "operator": "none"}, "deny": True}
    retry = {"attempts": 1, "on_status_codes": [446], "base": 1, "cap": 1}
    config = at(upstream, cache="simple", output_guardrails=[forbidden], retry=retry)
    answers = asked(config, [{"body": HELLO}] * 2)
    assert [answer.status for answer in answers] == [200, 200] and len(upstream.seen) == 2
