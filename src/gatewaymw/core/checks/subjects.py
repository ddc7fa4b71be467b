"""What hooks inspect of a call and of its answer, and what their changes make of both: copies, always."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .. import form, json
from ..endpoints import EMBED, MODERATE, PROXY, SPEECH, Endpoint
from ..plan import Target
from ..routing.reply import Reply
from ..values import Call, Env
from .model import Subject
from .texts import inspected

WORDLESS = frozenset({EMBED, MODERATE, SPEECH})
"""Endpoints whose answers hold no words: vectors, figures and sound."""
TEXT, EVENTS = "text", "text/event-stream"


def asks(endpoint: Endpoint) -> bool:
    """Whether a request to it says anything that hooks could look at."""
    return endpoint.body != "none"


def tells(endpoint: Endpoint) -> bool:
    """Whether its answers do."""
    return endpoint.body != "none" and endpoint not in WORDLESS


def request_of(target: Target, call: Call) -> Subject:
    """A call as a provider would get it, with what the target sets over it."""
    body = {**(proxied(call) if call.endpoint is PROXY else call.body), **target.overrides}
    return Subject(
        kind="input",
        text=inspected("input", body, "last"),
        body=body,
        request=body,
        metadata=call.metadata,
        headers=call.headers,
        endpoint=call.endpoint.name,
        provider=target.provider.name,
        stream=body.get("stream") in (True, "true"),
    )


def proxied(call: Call) -> Mapping[str, Any]:
    """The JSON of a body that nobody else reads."""
    try:
        body = json.loads(call.raw) if call.raw else {}
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def changed(call: Call, asked: Subject, subject: Subject, env: Env) -> Call:
    """The call with the body that hooks made of it."""
    body = subject.body
    if call.endpoint.body != "form":
        return replace(call, body=body, raw=json.dumps(body))
    fields = {name: value for name, value in body.items() if value != asked.body.get(name)}
    parts = form.override(tuple(part for part in call.parts if kept(part.name, part.filename, body)), fields)
    boundary = env.new_id()
    headers = {**call.headers, "content-type": f"multipart/form-data; boundary={boundary}"}
    return replace(call, body=body, parts=parts, raw=form.encode(parts, boundary), headers=headers)


def kept(name: str, filename: str | None, body: Mapping[str, Any]) -> bool:
    return filename is not None or name in body


# ── answers ──────────────────────────────────────────────────────────────


def answer_of(asked: Subject, body: Mapping[str, Any], status: int) -> Subject:
    return Subject(
        kind="output",
        text=inspected("output", body, "last"),
        body=body,
        request=asked.body,
        metadata=asked.metadata,
        headers=asked.headers,
        endpoint=asked.endpoint,
        provider=asked.provider,
        status=status,
        stream=asked.stream,
    )


def kind_of(reply: Reply) -> str:
    return reply.content_type.partition(";")[0].strip().lower()


def readable(reply: Reply) -> bool:
    """Whether its bytes are words, and no stream of events."""
    kind = kind_of(reply)
    worded = kind.startswith("text/") or kind == "application/json" or kind.endswith("+json")
    return worded and kind != EVENTS


def body_of(reply: Reply) -> Mapping[str, Any] | None:
    """What a whole answer says, as an object; None where it cannot be read."""
    if not readable(reply):
        return None
    if kind_of(reply).startswith("text/"):
        return {TEXT: reply.body.decode(errors="replace")}
    try:
        body = json.loads(reply.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def saying(reply: Reply, body: Mapping[str, Any]) -> Reply:
    """A whole answer with another body."""
    if kind_of(reply).startswith("text/"):
        return replace(reply, body=str(body.get(TEXT, "")).encode())
    return replace(reply, body=json.dumps(body))
