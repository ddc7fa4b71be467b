"""What is not built yet is not pretended: a check is never skipped."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asking import Ask, at, edges

from upstream import Upstream, chunked

CHAT = "/openai/chat/completions"
DONE = chunked([b'data: {"choices":[{"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n'])


CHECK = {
    "type": "guardrail",
    "id": "h",
    "checks": [{"id": "default.contains", "parameters": {}}],
    "deny": True,
}
ASKED: list[dict[str, Any]] = [
    {"before_request_hooks": [CHECK]},
    {"afterRequestHooks": [CHECK]},
    {"input_guardrails": ["pg-my-guardrail"]},
    {"output_guardrails": "pg-my-guardrail"},
    {"input_guardrails": [{"default.no-such-check": {}, "deny": True}]},
    {"output_mutators": [{"default.addPrefix": {"prefix": "x"}}]},
]


@edges
@pytest.mark.parametrize("index", range(len(ASKED)))
def test_g2_and_g5_a_check_that_is_asked_for_is_made_or_refused(
    asked: Ask, index: int, upstream: Upstream
) -> None:
    told = {"authorization": "Bearer sk-x"}
    config = {"provider": "openai", **ASKED[index]}
    answer = asked(None, headers={**told, "x-gateway-config": json.dumps(config)})
    assert answer.status == 400 and "guardrails" in answer.error["message"], answer.body
    for name in ("x-gateway-default-input-guardrails", "x-portkey-default-output-guardrails"):
        answer = asked(at(upstream), headers={name: '["pg-1"]'})
        assert (answer.status, answer.error["param"], upstream.seen) == (400, name, [])
