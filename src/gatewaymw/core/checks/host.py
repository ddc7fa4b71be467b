"""Checks that the host wrote in Python, asked by their names."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

from ..commands import Flow, ask
from ..values import Env
from .model import Check, Finding, Given, Prepared, Subject

WORDS = "the host's own callable says so"


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """What a check of the host's is told. Copies: whatever it does to them is lost."""

    kind: Literal["input", "output"]
    """Before a request, or after its answer."""
    text: str = field(repr=False)
    """Of the request's last message, or of the answer's first choice."""
    request: dict[str, Any] = field(repr=False)
    """The client's body, with the target's overrides."""
    response: dict[str, Any] | None = field(repr=False)
    """The answer's body; None before a request. A stream's is what it came to."""
    parameters: dict[str, Any]
    """What the config says beside the check's name."""
    metadata: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    """The client's, names lower-case."""
    endpoint: str
    """`chat`, `embeddings`, `proxy`, …"""
    provider: str
    stream: bool


def host_check(name: str, parameters: Mapping[str, Any], fail_on_error: bool = False) -> Prepared:
    """The check of that name."""

    def inquire(subject: Subject, given: Given, env: Env) -> Flow[Finding]:
        answer = yield from ask("check", name, facts_of(subject, given))
        return finding_of(answer, subject)

    check = Check(name=f"host.{name}", parameters=(), words=WORDS, inquire=inquire)
    return Prepared(check, dict(parameters), fail_on_error)


def facts_of(subject: Subject, given: Given) -> CheckFacts:
    output = subject.kind == "output"
    return CheckFacts(
        kind=subject.kind,
        text=subject.text,
        request=deepcopy(dict(subject.request)),
        response=deepcopy(dict(subject.body)) if output else None,
        parameters=deepcopy(dict(given)),
        metadata=subject.metadata,
        headers=subject.headers,
        endpoint=subject.endpoint,
        provider=subject.provider,
        stream=subject.stream,
    )


def finding_of(answer: Any, subject: Subject) -> Finding:
    """What a callable's answer means: a verdict, or `{"verdict", "data", "transformedData"}` as the
    original's webhooks answer. Anything else is an error, for a forgotten `return` is no consent."""
    if isinstance(answer, bool):
        return Finding(answer)
    if not isinstance(answer, Mapping) or not isinstance(answer.get("verdict"), bool):
        return Finding(None, f'answered with {type(answer).__name__}; a bool or {{"verdict": bool}} was due')
    changes = answer.get("transformedData", answer.get("transformed_data")) or {}
    place = "request" if subject.kind == "input" else "response"
    body = (changes.get(place) or {}).get("json") if isinstance(changes, Mapping) else None
    return Finding(answer["verdict"], None, answer.get("data"), body if isinstance(body, dict) else None)
