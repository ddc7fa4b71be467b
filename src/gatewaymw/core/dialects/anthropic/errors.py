"""Anthropic's errors (https://platform.claude.com/docs/en/api/errors), whole and within a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import UpstreamError
from ...model import Context
from ...values import JSON
from .. import openai

STATUSES: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status that an error of each type has where it comes by itself."""


def error(body: Any, status: int, context: Context) -> JSON:
    """An error body in OpenAI's shape: Anthropic's words and type, its `request_id`, and as `code` the finer
    `details.error_code` where it gives one. Never raises."""
    told = openai.error(body, status, context)
    details = told["error"].get("details")
    if told["error"]["code"] is None and isinstance(details, dict):
        told = {**told, "error": {**told["error"], "code": openai.scalar(details.get("error_code"))}}
    return told


def fault(event: Any, context: Context) -> UpstreamError:
    """The error that an event reports, or a whole answer that is none."""
    found = event.get("error") if isinstance(event, dict) else None
    kind = found.get("type") if isinstance(found, dict) else None
    if found is None or found == {}:
        return UpstreamError(f"{context.provider} answered with something that is no message")
    status = STATUSES.get(kind, 502) if isinstance(kind, str) else 502
    told = error(event, status, context)["error"]
    return UpstreamError(told["message"], status=status, type=told["type"], code=told["code"] or told["type"])
