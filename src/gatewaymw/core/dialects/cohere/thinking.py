"""How much a model is to think: `reasoning_effort`, as Cohere's `thinking`.

https://docs.cohere.com/docs/reasoning: models that can think do so unless told otherwise, as long as they
like, which is what Cohere recommends and its own OpenAI endpoint takes a high effort for
(https://docs.cohere.com/docs/compatibility-api). Less is a budget of tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest
from ...values import JSON

SHARES: Mapping[str, int | None] = {
    **{"minimal": 10, "low": 20, "medium": 50},
    **{"high": None, "xhigh": None, "max": None},
}
"""The percentage of the longest answer that may be thought; None for all that it takes."""
LONGEST = 32_000
"""Tokens of the longest answer, where the request sets no limit: that of Command A Reasoning."""
THOUGHTLESS = re.compile(
    r"command(-light|-nightly|-light-nightly|-r(-.*|7b-.*)?|-a-(\d|vision|translate).*)?|c4ai-aya.*|tiny-aya.*"
)
"""The models that cannot think (https://docs.cohere.com/docs/models). Any other is asked, and Cohere has the
last word."""


def reasoning(body: Mapping[str, Any], out: Mapping[str, Any], lost: list[str]) -> JSON:
    """What `reasoning_effort` adds to a request that is made but for that. A client's own `thinking` stands.

    Raises BadRequest.
    """
    effort = body.get("reasoning_effort")
    if effort is None:
        return {}
    if effort != "none" and not (isinstance(effort, str) and effort in SHARES):
        raise BadRequest(
            f"reasoning_effort must be one of {', '.join(('none', *SHARES))}", param="reasoning_effort"
        )
    if "thinking" in out:
        lost.append("reasoning_effort")
        return {}
    if THOUGHTLESS.fullmatch(out["model"]):
        lost += ["reasoning_effort"] if effort != "none" else []
        return {}
    return {"thinking": thinking(effort, out.get("max_tokens", LONGEST))}


def thinking(effort: str, longest: int) -> JSON:
    if effort == "none":
        return {"type": "disabled"}
    share = SHARES[effort]
    if share is None:
        return {"type": "enabled"}
    return {"type": "enabled", "token_budget": max(1, longest * share // 100)}
