"""Amazon's Converse answer, as OpenAI's chat completion.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and
https://platform.openai.com/docs/api-reference/chat/object. What OpenAI has no place for comes along where
strictness is off: `content_blocks`, all blocks but the calls, as the model gave them, to be sent back in an
assistant message; and the fields beside them (`metrics`, `trace`, `additionalModelResponseFields`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import json
from ...errors import UpstreamError
from ...model import Context
from ...values import JSON, NOTHING
from ..calls import ended, functional
from .errors import wordless
from .pictures import drawn, seen

FINISH: Mapping[str, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
TOLD = frozenset({"output", "stopReason", "usage", "serviceTier"})
"""The fields of an answer that are told in OpenAI's words."""
COUNTED = frozenset({"inputTokens", "outputTokens", "totalTokens"})
TIERS: Mapping[str, str] = {"default": "default", "flex": "flex", "priority": "priority"}


def response(body: JSON, context: Context) -> JSON:
    """The chat completion of a Converse answer. Raises UpstreamError where the body is none."""
    output = body.get("output") if isinstance(body, dict) else None
    message = output.get("message") if isinstance(output, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        raise wordless(body, context)
    told = said([block for block in content if isinstance(block, dict)], context)
    called = "tool_calls" in told or "function_call" in told
    reason = finish(body.get("stopReason"), called, context)
    made: JSON = {
        "id": context.id,
        "object": "chat.completion",
        "created": context.created,
        "model": context.model,
        "choices": [{"index": 0, "message": told, "logprobs": None, "finish_reason": reason}],
        "usage": usage(body.get("usage"), context),
    } | tier(body)
    return made if context.strict else {**left(body), **made}


def said(blocks: list[JSON], context: Context) -> JSON:
    text = "".join(words(block) for block in blocks)
    thought = "".join(thoughts(block) for block in blocks)
    calls = [tool_call(block["toolUse"]) for block in blocks if is_call(block)]
    told: JSON = {"role": "assistant", "content": text if text or not calls else None, "refusal": None}
    if thought:
        told["reasoning_content"] = thought
    if images := [block["image"] for block in blocks if drawn(block.get("image"))]:
        told["images"] = [seen(each["format"], drawn(each), number) for number, each in enumerate(images)]
    if cited := citations(blocks):
        told["annotations"] = cited
    if calls and functional(context):
        told["function_call"] = calls[0]["function"]
    elif calls:
        told["tool_calls"] = calls
    if not context.strict:
        told["content_blocks"] = [block for block in blocks if not is_call(block)]
    return told


def words(block: JSON) -> str:
    """The text of a block, be it one that cites."""
    if isinstance(block.get("text"), str):
        return str(block["text"])
    inner = block.get("citationsContent")
    parts = inner.get("content") if isinstance(inner, dict) else None
    if not isinstance(parts, list):
        return ""
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))


def thoughts(block: JSON) -> str:
    inner = block.get("reasoningContent")
    text = inner.get("reasoningText") if isinstance(inner, dict) else None
    return str(text.get("text") or "") if isinstance(text, dict) else ""


def is_call(block: JSON) -> bool:
    """Whether a block calls one of the client's tools. Those of the model's maker (`server_tool_use`), whose
    results are there already, are none of it."""
    call = block.get("toolUse")
    return isinstance(call, dict) and call.get("type") != "server_tool_use"


def tool_call(use: JSON) -> JSON:
    given = json.dumps(use.get("input") or {}).decode()
    function = {"name": str(use.get("name") or ""), "arguments": given}
    return {"id": str(use.get("toolUseId") or ""), "type": "function", "function": function}


# ── citations ────────────────────────────────────────────────────────────


def citations(blocks: list[JSON]) -> list[JSON]:
    """The web pages that the text cites: a block cites for its own text; one without, for that before it."""
    cited: list[JSON] = []
    begin = end = 0
    for block in blocks:
        if text := words(block):
            begin, end = end, end + len(text)
        inner = block.get("citationsContent")
        notes = inner.get("citations") if isinstance(inner, dict) else None
        for note in notes if isinstance(notes, list) else ():
            cited += annotation(note, begin, end)
    return cited


def annotation(citation: Any, begin: int, end: int) -> list[JSON]:
    """A citation of a web page; nothing for one of a document, which has no URL."""
    location = citation.get("location") if isinstance(citation, dict) else None
    web = location.get("web") if isinstance(location, dict) else None
    if not isinstance(web, dict) or not isinstance(web.get("url"), str):
        return []
    page = {"url": web["url"], "title": str(citation.get("title") or web.get("domain") or "")}
    cited = {"start_index": begin, "end_index": end, **page}
    return [{"type": "url_citation", "url_citation": cited}]


# ── the end ──────────────────────────────────────────────────────────────


def finish(reason: Any, called: bool, context: Context) -> str:
    """OpenAI's finish reason; for one that is not known what follows from whether the client's tools were
    called, since the message is whole. Not all models behind Converse say that they called.

    Raises UpstreamError where the model's answer could not be read (`malformed_tool_use`,
    `malformed_model_output`): asked again, it may well be right.
    """
    if isinstance(reason, str) and reason.startswith("malformed"):
        message = f"{context.provider} could not read what the model wrote: {reason}"
        raise UpstreamError(message, status=502, code=reason)
    return ended(FINISH.get(reason, "stop") if isinstance(reason, str) else "stop", called, context)


def usage(given: Any, context: Context) -> JSON:
    """Usage in OpenAI's sense: the prompt counts what was read from the cache and written to it, which
    Amazon counts apart (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html).
    """
    counts: Mapping[str, Any] = given if isinstance(given, dict) else NOTHING
    read, written = count(counts, "cacheReadInputTokens"), count(counts, "cacheWriteInputTokens")
    prompt, completion = count(counts, "inputTokens") + read + written, count(counts, "outputTokens")
    made: JSON = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
    }
    if context.strict:
        return made
    return {**{name: value for name, value in counts.items() if name not in COUNTED}, **made}


def count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) else 0


def tier(body: Mapping[str, Any]) -> JSON:
    given = body.get("serviceTier")
    value = given.get("type") if isinstance(given, dict) else None
    return {"service_tier": TIERS[value]} if isinstance(value, str) and value in TIERS else {}


def left(body: Mapping[str, Any]) -> JSON:
    """What an answer says beyond OpenAI's fields."""
    return {name: value for name, value in body.items() if name not in TOLD and value is not None}
