"""Cohere's answer, as OpenAI's chat completion.

https://docs.cohere.com/reference/chat and https://platform.openai.com/docs/api-reference/chat/object. What
OpenAI has no place for comes along where strictness is off: the message's `content_blocks` (thinking and
text), `tool_plan` and `citations`, to be sent back in an assistant message; and the fields beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import json
from ...errors import UpstreamError
from ...model import Context
from ...values import JSON
from .. import openai
from ..calls import ended, functional

FINISH: Mapping[str, str] = {"MAX_TOKENS": "length", "TOOL_CALL": "tool_calls"}
"""OpenAI's words for the reasons that are not `stop`, as COMPLETE and STOP_SEQUENCE are."""
FAILED: Mapping[str, int] = {"ERROR": 502, "TIMEOUT": 504}
"""Reasons that are failures, and the status each counts as."""
TOLD = frozenset({"id", "message", "finish_reason", "usage"})
"""The fields of an answer that are told in OpenAI's words."""


def response(body: JSON, context: Context) -> JSON:
    """The chat completion of an answer. Raises UpstreamError where the body is none, or the model failed."""
    said = body.get("message") if isinstance(body, dict) else None
    if not isinstance(said, dict):
        raise unanswered(body, context)
    told = message(said, context)
    reason = finish(body, "tool_calls" in told or "function_call" in told, context)
    choice = {"index": 0, "message": told, "logprobs": likelihoods(body.get("logprobs"))}
    made: JSON = {
        "id": body.get("id") or context.id,
        "object": "chat.completion",
        "created": context.created,
        "model": context.model,
        "choices": [{**choice, "finish_reason": reason}],
    }
    if counts := usage(body.get("usage"), context):
        made["usage"] = counts
    return made if context.strict else {**left(body), **made}


def unanswered(body: Any, context: Context) -> UpstreamError:
    """An answer without a message: Cohere's errors have words in its place."""
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return openai.fault_of({name: value for name, value in body.items() if name != "id"})
    return UpstreamError(f"{context.provider} answered with something that is no message")


def message(said: JSON, context: Context) -> JSON:
    blocks = blocks_of(said.get("content"))
    spoken = "".join(str(block.get("text") or "") for block in blocks if block.get("type") == "text")
    thought = "".join(str(block.get("thinking") or "") for block in blocks if block.get("type") == "thinking")
    plan = str(said.get("tool_plan") or "")
    calls = [tool_call(call) for call in said.get("tool_calls") or ()]
    told: JSON = {"role": "assistant", "content": spoken if spoken or not calls else None, "refusal": None}
    if thought or plan:
        told["reasoning_content"] = f"{thought}\n\n{plan}" if thought and plan else thought or plan
    if pages := pages_of(said.get("citations"), blocks):
        told["annotations"] = pages
    if calls and functional(context):
        told["function_call"] = calls[0]["function"]
    elif calls:
        told["tool_calls"] = calls
    return told if context.strict else {**beside(said), **told, "content_blocks": blocks}


def blocks_of(content: Any) -> list[JSON]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def tool_call(call: JSON) -> JSON:
    function = call.get("function") or {}
    given = function.get("arguments") or "{}"
    written = given if isinstance(given, str) else json.dumps(given).decode()
    named = {"name": str(function.get("name") or ""), "arguments": written}
    return {"id": str(call.get("id") or ""), "type": "function", "function": named}


def beside(said: JSON) -> JSON:
    """What a message says beyond OpenAI's fields: its plan and its citations."""
    told = ("role", "content", "tool_calls")
    return {name: value for name, value in said.items() if name not in told and value is not None}


def left(body: Mapping[str, Any]) -> JSON:
    """What an answer says beyond OpenAI's fields."""
    return {name: value for name, value in body.items() if name not in TOLD and value is not None}


# ── why it ended ─────────────────────────────────────────────────────────


def finish(told: Mapping[str, Any], called: bool, context: Context) -> str:
    """OpenAI's finish reason; for one that is not known what follows from whether the client's tools were
    called, since the answer is whole.

    Raises UpstreamError for one that is a failure, in Cohere's words and with its `error_type` as code.
    """
    reason = told.get("finish_reason")
    if isinstance(reason, str) and reason in FAILED:
        raise failed(reason, told, context)
    return ended(FINISH.get(reason, "stop") if isinstance(reason, str) else "stop", called, context)


def failed(reason: str, told: Mapping[str, Any], context: Context) -> UpstreamError:
    words, code, status = told.get("error"), told.get("error_type"), FAILED[reason]
    return UpstreamError(
        words if isinstance(words, str) and words else f"{context.provider} gave up on the answer: {reason}",
        status=status,
        type=UpstreamError.TYPES.get(status),
        code=code if isinstance(code, str) else reason,
    )


# ── citations ────────────────────────────────────────────────────────────


def pages_of(citations: Any, blocks: list[JSON]) -> list[JSON]:
    """The pages that the text cites: sources that a document or a tool gave a URL to."""
    begins: list[int] = []
    begin = 0
    for block in blocks:
        begins.append(begin)
        begin += len(str(block.get("text") or ""))
    made: list[JSON] = []
    for citation in citations if isinstance(citations, list) else ():
        index = citation.get("content_index") if isinstance(citation, dict) else None
        begin = begins[index] if isinstance(index, int) and 0 <= index < len(begins) else 0
        made += cited(citation, begin)
    return made


def cited(citation: Any, begin: int) -> list[JSON]:
    """The annotations of one citation of a text that begins at `begin`; none of a thought or plan."""
    if not isinstance(citation, dict) or citation.get("type") not in (None, "TEXT_CONTENT"):
        return []
    start, end = citation.get("start"), citation.get("end")
    if not isinstance(start, int) or not isinstance(end, int):
        return []
    place = {"start_index": begin + start, "end_index": begin + end}
    return [
        {"type": "url_citation", "url_citation": {**place, **page}}
        for source in citation.get("sources") or ()
        if (page := page_of(source))
    ]


def page_of(source: Any) -> JSON | None:
    """The page of a source; None where it tells no URL."""
    given = source.get("document") or source.get("tool_output") if isinstance(source, dict) else None
    if not isinstance(given, dict) or not isinstance(given.get("url"), str):
        return None
    return {"url": given["url"], "title": str(given.get("title") or "")}


# ── numbers ──────────────────────────────────────────────────────────────


def usage(told: Any, context: Context) -> JSON | None:
    """Usage in OpenAI's sense: all tokens, Cohere's own template among them, not those billed. None where
    Cohere tells nothing."""
    counts = told if isinstance(told, dict) else {}
    tokens = counts.get("tokens") or counts.get("billed_units")
    if not isinstance(tokens, dict):
        return None
    prompt, completion = count(tokens, "input_tokens") or 0, count(tokens, "output_tokens") or 0
    made: JSON = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if (cached := count(counts, "cached_tokens")) is not None:
        made["prompt_tokens_details"] = {"cached_tokens": cached}
    if (thought := count(tokens, "reasoning_tokens")) is not None:
        made["completion_tokens_details"] = {"reasoning_tokens": thought}
    return made if context.strict else {**counts, **made}


def count(counts: Mapping[str, Any], name: str) -> int | None:
    """A number of tokens: Cohere's are floats at times."""
    value = counts.get(name)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None


def likelihoods(items: Any) -> JSON | None:
    """Log probabilities, a piece of text each: Cohere's pieces may be several tokens, whose sum counts."""
    if not isinstance(items, list):
        return None
    return {"content": [likelihood(item) for item in items if item.get("logprobs")], "refusal": None}


def likelihood(item: JSON) -> JSON:
    piece = str(item.get("text") or "")
    told = {"token": piece, "logprob": float(sum(item["logprobs"])), "bytes": list(piece.encode())}
    return {**told, "top_logprobs": []}
