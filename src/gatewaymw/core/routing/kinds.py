"""What kind of error an answer is: what a status alone does not tell.

One kind an answer, the first of: what the gateway itself found, the code that the provider gave, the words it
used, the status. Providers' codes and words are matched as their own pages and SDKs have them:
https://platform.openai.com/docs/guides/error-codes, https://platform.claude.com/docs/en/api/errors,
https://ai.google.dev/gemini-api/docs/troubleshooting, https://learn.microsoft.com/azure/ai-foundry/openai/
concepts/content-filter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .. import json

KINDS = (
    "timeout",
    "connect",
    "broken",
    "context_length",
    "content_filter",
    "quota",
    "rate_limit",
    "guardrail",
)
CODES: Mapping[str, str] = {
    "timeout": "timeout",
    "upstream_timeout": "timeout",
    "total_timeout": "timeout",
    "upstream_unreachable": "connect",
    "upstream_tls": "connect",
    "upstream_broken": "broken",
    "upstream_protocol": "broken",
    "upstream_stream_incomplete": "broken",
    "context_length_exceeded": "context_length",
    "model_context_window_exceeded": "context_length",
    "content_filter": "content_filter",
    "content_policy_violation": "content_filter",
    "responsibleaipolicyviolation": "content_filter",
    "insufficient_quota": "quota",
    "billing_hard_limit_reached": "quota",
    "billing_not_active": "quota",
    "billing_error": "quota",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_error": "rate_limit",
}
WORDS: Mapping[str, tuple[str, ...]] = {
    "context_length": (
        "context length",
        "context window",
        "prompt is too long",
        "input is too long",
        "too many input tokens",
        "input token count",
        "too many tokens",
    ),
    "content_filter": (
        "content management policy",
        "content filter",
        "content policy",
        "safety system",
        "safety policy",
    ),
    "quota": (
        "exceeded your current quota",
        "insufficient quota",
        "credit balance is too low",
        "insufficient credit",
        "insufficient balance",
    ),
}
STATUSES: Mapping[int, str] = {
    246: "guardrail",
    446: "guardrail",
    402: "quota",
    408: "timeout",
    429: "rate_limit",
    504: "timeout",
    524: "timeout",
}
SPOKEN = 4000
"""Characters of a message that are looked at."""


def kind_of(status: int, body: bytes) -> str:
    """The kind of an error in the client's shape; empty for one of none of these."""
    if status in (246, 446):
        return STATUSES[status]
    error = error_of(body)
    code = str(error.get("code") or "").lower()
    if code in CODES:
        return CODES[code]
    said = str(error.get("message") or "")[:SPOKEN].lower() if 400 <= status < 500 else ""
    for kind, words in WORDS.items():
        if any(word in said for word in words):
            return kind
    return CODES.get(str(error.get("type") or "").lower()) or STATUSES.get(status, "")


def error_of(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    error = parsed.get("error") if isinstance(parsed, dict) else None
    return error if isinstance(error, dict) else {}


def listed(statuses: Collection[int], kinds: Collection[str], status: int, body: bytes) -> bool:
    """Whether an answer is one of those that are named by status or kind."""
    return status in statuses or (bool(kinds) and kind_of(status, body) in kinds)
