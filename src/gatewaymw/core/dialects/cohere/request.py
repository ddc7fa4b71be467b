"""OpenAI's chat request, as a request to Cohere's chat (https://docs.cohere.com/reference/chat).

Cohere refuses fields it does not know, so only OpenAI's are translated and Cohere's own passed; any other is
left out and named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model import Context, Encoded
from ...values import JSON
from ..fields import Field, answer_kind, array, mapping, pick, stops_of, table, text, unheard, whole
from .messages import conversation
from .schema import enforced
from .thinking import reasoning
from .tools import tooling

NATIVE = (
    *("documents", "citation_options", "safety_mode", "k", "p", "priority", "strict_tools", "thinking"),
)
"""Cohere's own parameters, for which OpenAI has no word."""
FIELDS = table(
    *("model", "temperature", "seed", "frequency_penalty", "presence_penalty", "logprobs"),
    top_k="k",
    top_p="p",
    max_tokens=Field("max_tokens", lambda value: whole(value, "max_tokens")),
    max_completion_tokens=Field("max_tokens", lambda value: whole(value, "max_completion_tokens")),
    **{name: name for name in NATIVE},
)
ELSEWHERE = (
    *("messages", "stream", "stream_options", "stop", "stop_sequences", "response_format"),
    *("tools", "tool_choice", "functions", "function_call", "reasoning_effort"),
)
"""What is translated by more than a name."""
KNOWN = frozenset({*FIELDS, *ELSEWHERE})


def request(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to Cohere's chat, and the names of what it cannot carry.

    Raises BadRequest with the path of the fault, Unsupported for content that Cohere does not take.
    """
    lost: list[str] = []
    out = pick(body, FIELDS, lost)
    text(out.get("model"), "model")
    mapping(out.get("thinking", {}), "thinking")
    array(out.get("documents", []), "documents")
    if body.get("stream") in (True, "true"):
        out["stream"] = True
    out["messages"] = conversation(body.get("messages"), lost)
    out |= stops(body) | tooling(body, lost)
    out |= answer_format(body, out, lost) | reasoning(body, out, lost)
    return Encoded(out, tuple(dict.fromkeys(lost + unheard(body, KNOWN))))


def stops(body: Mapping[str, Any]) -> JSON:
    """Stop sequences, by OpenAI's name or Cohere's, which takes five. Raises BadRequest."""
    given = stops_of(body)
    return {"stop_sequences": given} if given else {}


def answer_format(body: Mapping[str, Any], out: Mapping[str, Any], lost: list[str]) -> JSON:
    """The format of the answer (https://docs.cohere.com/docs/structured-outputs).

    Cohere has none beside tools or documents: it gives way then, and is named. Raises BadRequest.
    """
    kind, spec = answer_kind(body)
    if kind in ("", "text"):
        return {}
    schema = schema_of(spec, kind)
    if "tools" in out or "documents" in out:
        lost.append("response_format")
        return {}
    made: JSON = {"type": "json_object"}
    return {"response_format": made if schema is None else {**made, "json_schema": schema}}


def schema_of(spec: Mapping[str, Any], kind: str) -> Any:
    """The schema of a format: OpenAI's `json_schema`, with its description, or what Cohere's `json_object`
    itself has as `json_schema` or `schema`. None where there is none."""
    path = "response_format.json_schema"
    if kind == "json_object":
        own = spec.get("json_schema", spec.get("schema"))
        return None if own is None else mapping(own, path)
    inner = mapping(spec.get("json_schema"), path)
    if inner.get("schema") is None:
        return None
    schema = mapping(inner["schema"], f"{path}.schema")
    described = {"description": inner["description"]} if inner.get("description") is not None else {}
    return enforced({**described, **schema}, f"{path}.schema")
