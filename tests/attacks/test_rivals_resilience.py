"""Where the original has no memory and one time limit (R6, R14…R16, T2, T5…T8), and what is done here."""

from __future__ import annotations

import json
import random
import time
from itertools import count
from typing import Any

import pytest
from asking import Ask, at, edges, fallback, in_turn, sent_to

from callers import HELLO, PATH, STREAMED
from gatewaymw.core.values import Env
from upstream import Upstream, chunked, closed_port, raw, whole

OPENAI, GROQ = "/openai/chat/completions", "/groq/chat/completions"
OK = whole({"id": "x", "choices": []})
NO = whole({"error": {"message": "no"}}, 500)
AGAIN = {"attempts": 3, "base": 1, "cap": 1}
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
ROLE = b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'


def requests(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"path": PATH, "body": HELLO, **more}] * count


def env(seed: int) -> Env:
    ids, dice = count(1), random.Random(seed)
    return Env(random=dice.random, now=time.monotonic, clock=time.time, new_id=lambda: f"id{next(ids):022}")


# ── memory ───────────────────────────────────────────────────────────────


@in_turn
def test_r14_a_target_that_fails_is_left_alone(asked: Any, upstream: Upstream) -> None:
    upstream.script(OPENAI, NO)
    upstream.script(GROQ, OK)
    config = fallback(at(upstream), at(upstream, "groq"), cb_config={"failure_threshold": 3})
    answers = asked(config, requests(10))
    assert [answer.status for answer in answers] == [200] * 10
    assert sent_to(upstream).count(OPENAI) == 3 and sent_to(upstream).count(GROQ) == 10


@in_turn
def test_r14_after_its_time_it_is_tried_by_one_request(asked: Any, upstream: Upstream) -> None:
    upstream.script(OPENAI, NO, OK)
    upstream.script(
        GROQ, raw(0.2, *OK.steps, ending="keep")
    )  # so that the time is over with the next request
    broken = {"failure_threshold": 1, "cooldown_interval": 100}
    answers = asked(fallback(at(upstream), at(upstream, "groq"), cb_config=broken), requests(3))
    assert [answer.headers["x-gateway-provider"] for answer in answers] == ["groq", "openai", "openai"]


@in_turn
def test_r14_where_all_are_open_a_request_is_sent_all_the_same(asked: Any, upstream: Upstream) -> None:
    upstream.script(OPENAI, NO)
    upstream.script(GROQ, NO)
    config = fallback(at(upstream), at(upstream, "groq"), cb_config={"failure_threshold": 1})
    assert [answer.status for answer in asked(config, requests(3))] == [500] * 3
    assert len(upstream.seen) == 6


@in_turn
def test_r14_a_callers_time_limit_opens_nobody_elses_breaker(asked: Any, upstream: Upstream) -> None:
    upstream.script(OPENAI, raw(ending="stall"), OK)
    upstream.script(GROQ, OK)
    config = fallback(at(upstream), at(upstream, "groq"), cb_config={"failure_threshold": 1})
    hasty = requests(1, headers={"x-gateway-request-timeout": "1000"})
    answers = asked(config, [*hasty, *requests(1)], total_timeout=30)
    assert [answer.headers["x-gateway-provider"] for answer in answers] == ["groq", "openai"]
    assert sent_to(upstream)[2:] == [OPENAI]


@in_turn
def test_r14_a_caller_stays_where_it_is(asked: Any, upstream: Upstream) -> None:
    upstream.script(OPENAI, OK)
    upstream.script(GROQ, OK)
    sticky = {"mode": "loadbalance", "sticky": {"by": "metadata.user"}}
    config = {"strategy": sticky, "targets": [at(upstream), at(upstream, "groq")]}
    found = set()
    # The upstream's port is part of where a caller falls: so many that one target hardly gets all.
    for user in range(40):
        told = {"x-gateway-metadata": json.dumps({"user": str(user)})}
        answers = asked(config, requests(2, headers=told))
        providers = {answer.headers["x-gateway-provider"] for answer in answers}
        assert len(providers) == 1
        found |= providers
    assert found == {"openai", "groq"}


@in_turn
@pytest.mark.parametrize("algorithm", ["least_busy", "lowest_latency"])
def test_r14_a_balance_by_load_works_at_both_edges(asked: Any, algorithm: str, upstream: Upstream) -> None:
    upstream.script(OPENAI, NO)
    upstream.script(GROQ, OK)
    strategy = {"mode": "loadbalance", "algorithm": algorithm}
    config = {"strategy": strategy, "targets": [at(upstream), at(upstream, "groq")]}
    answers = asked(config, requests(12), env=env(1))
    well = sum(answer.status == 200 for answer in answers)
    assert well >= 11 if algorithm == "lowest_latency" else 1 <= well <= 11


@in_turn
def test_r15_the_same_dice_choose_the_same(asked: Any, upstream: Upstream) -> None:
    upstream.script(OPENAI, OK)
    upstream.script(GROQ, OK)
    targets = [at(upstream, cb_config={}), at(upstream, "groq", weight=2)]
    config = {"strategy": {"mode": "loadbalance"}, "targets": targets}
    runs = []
    for seed in (1, 1, 2):
        answers = asked(config, requests(12), env=env(seed))
        runs.append([answer.headers["x-gateway-provider"] for answer in answers])
    assert runs[0] == runs[1] != runs[2]


@in_turn
def test_r16_a_target_that_was_passed_over_is_no_try(asked: Any, upstream: Upstream) -> None:
    upstream.script(OPENAI, NO)
    upstream.script(GROQ, OK, NO)
    config = fallback(at(upstream), at(upstream, "groq"), cb_config={"failure_threshold": 1})
    first, second = asked(config, requests(2))
    assert (first.status, second.status) == (200, 500)
    assert second.headers["x-gateway-last-used-option-index"] == "config.targets[1]"
    assert "x-should-retry" not in second.headers, "one call was made for it"


# ── what is tried again ──────────────────────────────────────────────────


@edges
@pytest.mark.parametrize(("on", "calls"), [(["connect"], 1), (["broken"], 4), ([], 1)])
def test_t2_a_request_that_was_sent_is_sent_again_only_where_that_is_asked_for(
    asked: Ask, on: list[str], calls: int, upstream: Upstream
) -> None:
    upstream.script(OPENAI, raw(ending="reset"))
    assert asked(at(upstream, retry={**AGAIN, "on": on})).status == 502
    assert len(upstream.seen) == calls


@edges
def test_t2_one_that_never_was_is_fallen_back_from(asked: Ask, upstream: Upstream) -> None:
    upstream.script(GROQ, OK)
    gone = at(upstream, custom_host=f"http://127.0.0.1:{closed_port().rpartition(':')[2]}")
    assert asked(fallback(gone, at(upstream, "groq"), on=["connect"])).status == 200


@edges
@pytest.mark.parametrize(
    ("status", "error", "falls"),
    [
        (400, {"message": "too long", "code": "context_length_exceeded"}, True),
        (400, {"message": "no such model", "code": "model_not_found"}, False),
        (429, {"message": "You exceeded your current quota", "code": "insufficient_quota"}, False),
    ],
)
def test_r5_a_kind_of_error_may_be_named(
    asked: Ask, status: int, error: Any, falls: bool, upstream: Upstream
) -> None:
    upstream.script(OPENAI, whole({"error": error}, status))
    upstream.script(GROQ, OK)
    answer = asked(fallback(at(upstream), at(upstream, "groq"), on=["context_length"]))
    assert (answer.status == 200) is falls


@in_turn
def test_t5_tries_have_one_budget_for_all_requests(asked: Any, upstream: Upstream) -> None:
    upstream.script(OPENAI, NO)
    retry = {**AGAIN, "budget": {"percentage": 20, "floor": 3, "window": 60_000}}
    answers = asked(at(upstream, retry=retry), requests(30))
    assert {answer.status for answer in answers} == {500}
    assert len(upstream.seen) == 30 + 6


# ── time limits ──────────────────────────────────────────────────────────


@edges
@pytest.mark.parametrize(
    ("limits", "steps", "status", "words"),
    [
        ({"first_token": 1000}, [ROLE], 504, b"upstream_timeout"),
        ({"idle": 1000}, [EVENT], 200, b"upstream_timeout"),
        ({"total": 1000}, [ROLE], 504, b"upstream_timeout"),
    ],
)
def test_t6_each_phase_has_its_own_limit(
    asked: Ask, limits: Any, steps: list[Any], status: int, words: bytes, upstream: Upstream
) -> None:
    upstream.script(OPENAI, chunked(steps, "stall"))
    began = time.monotonic()
    answer = asked(at(upstream, timeouts=limits), STREAMED)
    assert (answer.status, words in answer.body) == (status, True), answer.body
    assert time.monotonic() - began < 20


@edges
def test_t6_the_total_ends_a_stream_however_busy(asked: Ask, upstream: Upstream) -> None:
    upstream.script(OPENAI, chunked([EVENT, *(0.02, EVENT) * 500]))
    answer = asked(at(upstream, timeouts={"total": 1000}), STREAMED)
    assert answer.status == 200 and b"total_timeout" in answer.body


@edges
def test_r6_the_total_of_a_target_is_not_that_of_the_next(asked: Ask, upstream: Upstream) -> None:
    upstream.script(OPENAI, raw(ending="stall"))
    upstream.script(GROQ, OK)
    slow = at(upstream, timeouts={"total": 1000}, retry={**AGAIN, "on": ["timeout"]})
    assert asked(fallback(slow, at(upstream, "groq"))).status == 200
    assert sent_to(upstream) == [OPENAI, GROQ]


@edges
def test_t8_there_are_limits_where_the_config_names_none(asked: Ask, upstream: Upstream) -> None:
    upstream.script(OPENAI, chunked([EVENT], "stall"))
    answer = asked(at(upstream), STREAMED, total_timeout=1.0)
    assert answer.status == 200 and b"upstream_timeout" in answer.body


# ── compare ──────────────────────────────────────────────────────────────


def told(text: str, model: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    return {"id": "x", "object": "chat.completion", "model": model, "choices": [choice], "usage": usage}


@edges
def test_a_comparison_asks_all_at_once(asked: Ask, upstream: Upstream) -> None:
    upstream.script(OPENAI, whole(told("one", "gpt-4o-2024-08-06")))
    upstream.script(GROQ, NO)
    upstream.script(
        "/openrouter/chat/completions", raw(0.1, *whole(told("three", "no-such-model")).steps, ending="keep")
    )
    targets = [at(upstream, name) for name in ("openai", "groq", "openrouter")]
    answer = asked({"strategy": {"mode": "compare"}, "targets": targets})
    assert answer.status == 200, answer.body
    body = answer.json
    assert [choice["message"]["content"] for choice in body["choices"]] == ["one", None, "three"]
    first, second, third = body["compare"]
    assert first["cost"] > 0 and (second["cost"], third["cost"]) == (None, None)
    assert (second["status"], second["error"]["message"]) == (500, "no")
    assert third["latency_ms"] >= 100 and body["usage"]["total_tokens"] == 2200


def words(text: str) -> bytes:
    return EVENT.replace(b"hi", text.encode())


STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


@edges
def test_streams_of_a_comparison_come_as_one(asked: Ask, upstream: Upstream) -> None:
    upstream.script(OPENAI, chunked([words("a"), 0.05, words("b"), STOP, DONE]))
    upstream.script(GROQ, chunked([words("c"), 0.05, words("d")], "close"))
    upstream.script("/openrouter/chat/completions", NO)
    targets = [at(upstream, name) for name in ("openai", "groq", "openrouter")]
    answer = asked({"strategy": {"mode": "compare"}, "targets": targets}, STREAMED)
    assert answer.status == 200 and answer.body.count(b"[DONE]") == 1 and answer.body.endswith(DONE)
    chunks = [json.loads(line[6:]) for line in answer.body.decode().split("\n\n")[:-2]]
    told = {0: "", 1: "", 2: ""}
    for chunk in chunks[:-1]:
        for choice in chunk["choices"]:
            told[choice["index"]] += choice["delta"].get("content") or choice.get("finish_reason") or ""
    assert told == {0: "abstop", 1: "cderror", 2: "error"}
    rows = chunks[-1]["compare"]
    assert [row["status"] for row in rows] == [200, 200, 500]
    assert rows[1]["error"]["code"] == "upstream_broken" and rows[0]["error"] is None


@edges
def test_a_slow_stream_of_a_comparison_keeps_no_other_waiting(asked: Ask, upstream: Upstream) -> None:
    upstream.script(OPENAI, chunked([words("slow"), 2.5, words("slow"), STOP, DONE]))
    upstream.script(GROQ, chunked([words("fast"), 1.0, words("fast"), 0.05, words("fast"), STOP, DONE]))
    config = {"strategy": {"mode": "compare"}, "targets": [at(upstream), at(upstream, "groq")]}
    answer = asked(config, STREAMED)
    texts = [line for line in answer.body.decode().split("\n\n") if '"slow"' in line or '"fast"' in line]
    assert ["slow" in line for line in texts].index(True) <= 1
    assert "slow" in texts[-1] and sum("fast" in line for line in texts[:-1]) == 3


@edges
def test_a_comparison_that_stalls_ends_with_its_limits(asked: Ask, upstream: Upstream) -> None:
    upstream.script(OPENAI, chunked([words("a"), STOP, DONE]))
    upstream.script(GROQ, chunked([words("b")], "stall"))
    targets = [at(upstream), at(upstream, "groq", timeouts={"idle": 1000})]
    answer = asked({"strategy": {"mode": "compare"}, "targets": targets}, STREAMED)
    assert answer.body.endswith(DONE) and b"upstream_timeout" in answer.body
