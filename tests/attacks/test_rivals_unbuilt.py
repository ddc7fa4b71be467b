"""What is not built yet is not pretended: a cache that is off says so."""

from __future__ import annotations

from typing import Any

import pytest
from asking import Ask, at, edges

from callers import HELLO, STREAMED
from upstream import Upstream, chunked, whole

CHAT = "/openai/chat/completions"
DONE = chunked([b'data: {"choices":[{"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n'])


@edges
@pytest.mark.parametrize("cache", [None, {"mode": "simple"}, {"mode": "simple", "max_age": 60}])
@pytest.mark.parametrize("body", [HELLO, STREAMED], ids=["whole", "stream"])
def test_c2_c3_and_c9_nothing_is_answered_from_a_cache_and_the_status_says_so(
    asked: Ask, cache: Any, body: Any, upstream: Upstream
) -> None:
    upstream.script(CHAT, DONE if body is STREAMED else whole({"id": "x", "choices": []}))
    config = at(upstream) if cache is None else at(upstream, cache=cache)
    for number in (1, 2):
        headers = {"x-gateway-cache-namespace": "n", "x-gateway-cache-force-refresh": "false"}
        answer = asked(config, body, headers)
        assert (answer.status, answer.headers["x-gateway-cache-status"]) == (200, "DISABLED")
        assert len(upstream.seen) == number
        assert ("cache" in answer.headers.get("x-gateway-warning", "")) is (cache is not None)


@edges
@pytest.mark.parametrize("status", [200, 400, 404, 500])
def test_cache_04_no_answer_is_for_anybody_elses_cache(asked: Ask, status: int, upstream: Upstream) -> None:
    upstream.script(CHAT, whole({"id": "x"}, status, cache_control="public, max-age=600"))
    assert asked(at(upstream)).headers["cache-control"] == "private, no-store"
    assert asked(None).headers["cache-control"] == "private, no-store"
    upstream.script(CHAT, DONE)
    assert asked(at(upstream), STREAMED).headers["cache-control"] == "no-cache, no-transform"
