"""OpenAI's dialect, which is the gateway's own: its errors and its events.

Formats: https://platform.openai.com/docs/api-reference/chat (bodies and chunks) and
https://platform.openai.com/docs/guides/error-codes (errors).
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from .. import json
from ..errors import UpstreamError
from ..model import Context
from ..values import JSON, NOTHING

# ── errors ───────────────────────────────────────────────────────────────

TEXT = 2_000
"""Characters kept of an error body that is plain text."""
DEPTH = 6
"""How deep in an error body its words are looked for."""
WORDS = (
    *(
        "message",
        "error_description",
        "error_message",
        "error",
        "detail",
        "errors",
        "msg",
        "details",
        "description",
        "title",
    ),
)
"""Where providers put what they say, the most telling first."""
ENVELOPE, MARKS = ("type", "object"), ("error", "Error")
"""Fields around an error object, and their values, that only say that it is one."""
PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,500})", re.IGNORECASE)


def error(body: Any, status: int, context: Context) -> JSON:
    """Any error body in OpenAI's shape, in the provider's own wording; fields it does not know are kept.

    Takes parsed JSON or text. Text is cut at 2,000 characters, and of an HTML page only its title is
    told. `type` follows from the status where the provider gives none. Never raises.
    """
    fields = {name: value for name, value in parts(body).items() if shallow(value, 100)}
    message = worded(body, status, context.provider)
    kind = scalar(fields.get("type")) or UpstreamError.TYPES.get(status, "upstream_error")
    told = {"message": message, "type": kind, "param": param(fields), "code": scalar(fields.get("code"))}
    return {"error": {**fields, **told}, "provider": context.provider}


def parts(body: Any) -> JSON:
    """The fields of the error object, and those around it that are more than its envelope."""
    if isinstance(body, list) and body:
        return parts(body[0])  # Google wraps errors of streams in a list
    if not isinstance(body, dict):
        return {}
    fields = {name: value for name, value in body.items() if name not in ENVELOPE or value not in MARKS}
    inner = fields.pop("error", None)
    if isinstance(inner, dict):
        fields = {**fields, **inner}
    elif isinstance(inner, str) and ("message" in body or "error_description" in body):
        fields.setdefault("code", inner)  # as OAuth has it: a code, and its description
    if isinstance(message := fields.get("message"), dict):
        fields = {**message, **fields}
    return fields


def worded(body: Any, status: int, provider: str) -> str:
    """What the provider says; where it says nothing, that it does not."""
    answered = f"{provider} answered {status}"
    if isinstance(body, bytes):
        body = body.decode(errors="replace")
    if isinstance(body, str) and PAGE.match(body):
        title = TITLE.search(body[:20_000])
        named = f": {' '.join(unescape(title[1]).split())}" if title else ""
        return f"{answered} with an HTML page{named}"
    if isinstance(body, str) and body.strip():
        return body.strip()[:TEXT]
    if body in (None, "", {}, []) or isinstance(body, str):
        return f"{answered} with an empty body"
    return said(body, DEPTH) or f"{answered}: {shown(body)}"


def said(body: Any, depth: int) -> str:
    """The words in an error body; empty where there are none."""
    if isinstance(body, str):
        return body.strip()
    if depth and isinstance(body, dict):
        words = next((found for name in WORDS if (found := said(body.get(name), depth - 1))), "")
        return f"{place}: {words}" if words and (place := place_of(body)) else words
    if depth and isinstance(body, list):
        return "; ".join(found for item in body if (found := said(item, depth - 1)))
    return ""


def place_of(body: JSON) -> str:
    """Where a validator found the fault: `["body", "messages", 0]` is `messages[0]`."""
    steps = body.get("loc")
    if not isinstance(steps, list):
        return ""
    kept = steps[1:] if steps[:1] in (["body"], ["query"]) else steps
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in kept).lstrip(".")


def param(fields: JSON) -> str | None:
    """The field at fault, as the provider names it or as its validator places it."""
    details = fields.get("detail")
    if "param" not in fields and isinstance(details, list) and details and isinstance(details[0], dict):
        return place_of(details[0]) or None
    return scalar(fields.get("param"))


def scalar(value: Any) -> str | None:
    """OpenAI's clients expect words here; some providers send numbers, or worse."""
    if value is None or isinstance(value, str):
        return value
    return shown(value)


def shown(value: Any) -> str:
    return json.dumps(value).decode()[:TEXT] if shallow(value, 100) else "something nested too deeply to show"


def shallow(value: Any, depth: int) -> bool:
    """Whether a value is nested no deeper: what was only just readable could not be written around."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth > 0 and all(shallow(each, depth - 1) for each in inner)


# ── events ───────────────────────────────────────────────────────────────

TELLING = (
    "content",
    "tool_calls",
    "reasoning_content",
    "reasoning",
    "refusal",
    "function_call",
    "audio",
    "images",
    "reasoning_details",
)
"""What a delta may hold that a client would show or act on."""


def meaningful(chunk: JSON) -> bool:
    """Whether a chunk tells the client anything: after it, a request cannot be tried again unseen.

    A role without content, empty `choices` (usage, content filters) tell nothing. An event that has
    no `choices` at all is of another kind of stream, and counts.
    """
    if "choices" not in chunk or chunk.get("error"):
        return True
    return any(map(tells, chunk["choices"] or ()))


def tells(choice: JSON) -> bool:
    delta = choice.get("delta") or NOTHING
    if any(map(delta.get, TELLING)):
        return True
    return bool(choice.get("finish_reason") or choice.get("text"))


STATUSES: tuple[tuple[str, int], ...] = (
    (r"rate.?limit|too.?many|throttl|quota|resource.?exhausted", 429),
    (r"^overloaded_error$", 529),  # Anthropic's own
    (r"overload|unavailable|capacity|insufficient.?system", 503),
    (r"time.?out|deadline", 504),
    (r"authenticat|api.?key|unauthori[sz]ed", 401),
    (r"permission|forbidden", 403),
    (r"not.?found", 404),
    (r"invalid.?(?:request|argument|prompt|value)|bad.?request", 400),
    (r"context.?length|content.?(?:filter|policy)", 400),
    (r"server.?error|internal|api_error", 500),
)
"""What the codes and types of providers' error events count as, first match."""


def stream_fault(event: JSON) -> UpstreamError | None:
    """The error an event reports, where it does: `{"error": …}`, or a finish reason that is one.

    Its status is the event's own code where that is one, or follows from its words; else it is 502.
    """
    fault = event.get("error")
    if not fault and event.get("type") == "error":
        fault = {name: value for name, value in event.items() if name != "type"}
    for choice in event.get("choices") or ():
        if not fault and isinstance(choice, dict) and choice.get("finish_reason") == "error":
            fault = choice.get("error") or "the model ended with an error"
    return fault_of(fault) if fault else None


def fault_of(fault: Any) -> UpstreamError:
    fields = fault if isinstance(fault, dict) else {"message": fault}
    status = fault_status(fields)
    return UpstreamError(
        said(fields, DEPTH) or f"an error event: {shown(fault)}",
        status=status,
        type=scalar(fields.get("type")) or UpstreamError.TYPES.get(status, "upstream_error"),
        code=scalar(fields.get("code")),
        param=scalar(fields.get("param")),
    )


def fault_status(fields: JSON) -> int:
    for name in ("code", "status", "status_code", "http_status"):
        if (number := scalar(fields.get(name)) or "").isdecimal() and 400 <= int(number[:9]) <= 599:
            return int(number)
    for name in ("code", "type", "status"):
        words = scalar(fields.get(name)) or ""
        for pattern, status in STATUSES:
            if re.search(pattern, words, re.IGNORECASE):
                return status
    return 502
