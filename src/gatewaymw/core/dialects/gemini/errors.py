"""Google's errors (https://cloud.google.com/apis/design/errors), whole, within a list, within a stream.

`{"error": {"code": 429, "message": …, "status": "RESOURCE_EXHAUSTED", "details": […]}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import UpstreamError
from ...model import Context
from ...values import JSON
from .. import openai

STATUSES: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""The HTTP status of each of Google's (https://cloud.google.com/apis/design/errors#handling_errors)."""


def error(body: Any, status: int, context: Context) -> JSON:
    """An error body in OpenAI's shape: Google's words, `status` and `details`; as `code` the finest reason it
    gives, as `param` the field at fault. Never raises."""
    told = openai.error(body, status, context)
    inner = told["error"]
    name = inner.get("status")
    if not isinstance(name, str) or name not in STATUSES:
        return told
    given = inner.get("details")
    details = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    found = {"code": reason(details) or name, "param": field(details) or inner["param"]}
    return {**told, "error": {**inner, **found}}


def reason(details: list[JSON]) -> str:
    """What an `ErrorInfo` names as the reason."""
    return next((each["reason"] for each in details if isinstance(each.get("reason"), str)), "")


def field(details: list[JSON]) -> str:
    """The first field that a `BadRequest` finds at fault."""
    for each in details:
        faults = each.get("fieldViolations")
        for fault in faults if isinstance(faults, list) else ():
            if isinstance(fault, dict) and isinstance(fault.get("field"), str):
                return str(fault["field"])
    return ""


def fault(body: Any, context: Context) -> UpstreamError:
    """The error that an event reports, or a whole answer that is none."""
    if not said(body):
        return UpstreamError(f"{context.provider} answered with something that is no content")
    status = status_of(openai.parts(body))
    told = error(body, status, context)["error"]
    return UpstreamError(
        told["message"], status=status, type=told["type"], code=told["code"], param=told["param"]
    )


def said(body: Any) -> bool:
    """Whether a body holds an error."""
    if isinstance(body, list):
        return bool(body) and said(body[0])
    return isinstance(body, dict) and bool(body.get("error"))


def status_of(fields: JSON) -> int:
    code, name = fields.get("code"), fields.get("status")
    if isinstance(code, int) and 400 <= code <= 599:
        return code
    return STATUSES.get(name, 502) if isinstance(name, str) else 502
