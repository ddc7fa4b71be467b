"""What dialects of jobs have in common: the id by which one is looked at, the error of one that failed."""

from __future__ import annotations

import re
from typing import Any

from ..errors import UpstreamError
from ..model import Context
from ..values import JSON

ID = re.compile(r"[\w-]{1,200}", re.ASCII)


def id_of(answer: JSON) -> str:
    """The id of a job, as a step of a path. Raises ValueError where it is none."""
    found = ID.fullmatch(answer["id"])
    if not found:
        raise ValueError("no id of a job")
    return found[0]


def worded(value: Any) -> str:
    """A string that says something. Raises ValueError."""
    if not isinstance(value, str) or not value:
        raise ValueError("no string")
    return value


def failed(reason: Any, context: Context, theirs: re.Pattern[str], code: str = "job_failed") -> UpstreamError:
    """The error of a job that failed, in the provider's words; the client's own, with that code, where the
    words are some of `theirs`."""
    said = reason if isinstance(reason, str) and reason else "it does not say why"
    message = f"{context.provider} could not do it: {said}"
    if theirs.search(said):
        return UpstreamError(message, status=400, type="invalid_request_error", code=code)
    return UpstreamError(message, code="job_failed")
