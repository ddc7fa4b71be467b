"""An Anthropic message, as OpenAI's chat completion.

https://platform.claude.com/docs/en/api/messages and https://platform.openai.com/docs/api-reference/chat/object.
What OpenAI has no place for comes along where strictness is off: `content_blocks`, all blocks but the calls,
as Anthropic gave them, to be sent back in an assistant message; and the fields beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import json
from ...model import Context
from ...values import JSON, NOTHING
from ..calls import ended, functional
from .errors import fault

# https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
FINISH: Mapping[str, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "compaction": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
TOLD = frozenset({"id", "type", "role", "content", "model", "stop_reason", "usage"})
"""The fields of a message that are told in OpenAI's words."""
COUNTED = frozenset({"input_tokens", "output_tokens"})
SUMMED = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
TIERS: Mapping[str, str] = {"standard": "default", "priority": "priority"}


def response(body: JSON, context: Context) -> JSON:
    """The chat completion of a message. Raises UpstreamError where the body is none."""
    content = body.get("content") if isinstance(body, dict) else None
    if not isinstance(content, list):
        raise fault(body, context)
    given = body.get("usage")
    counts: Mapping[str, Any] = given if isinstance(given, dict) else NOTHING
    told = message(content, body, context)
    called = "tool_calls" in told or "function_call" in told
    reason = finish(body.get("stop_reason"), called, context)
    made: JSON = {
        "id": body.get("id") or context.id,
        "object": "chat.completion",
        "created": context.created,
        "model": body.get("model") or context.model,
        "choices": [{"index": 0, "message": told, "logprobs": None, "finish_reason": reason}],
        "usage": usage(counts, context),
    }
    if "service_tier" in counts:
        made |= tier(counts)
    return made if context.strict else {**left(body), **made}


def message(content: list[Any], body: JSON, context: Context) -> JSON:
    only = content[0] if len(content) == 1 else None
    if type(only) is not dict or only.get("type") != "text" or only.get("citations"):
        return mixed([block for block in content if isinstance(block, dict)], body, context)
    said = str(only.get("text") or "")  # and nothing else, as most answers
    told: JSON = {"role": "assistant", "content": said, "refusal": refusal(body)}
    return told if context.strict else {**told, "content_blocks": [only]}


def mixed(blocks: list[JSON], body: JSON, context: Context) -> JSON:
    """The message that any blocks make."""
    said = "".join(texts(blocks))
    thought = "".join(str(block.get("thinking") or "") for block in blocks if block.get("type") == "thinking")
    calls = [tool_call(block, context) for block in blocks if block.get("type") == "tool_use"]
    told: JSON = {
        "role": "assistant",
        "content": said if said or not calls else None,
        "refusal": refusal(body),
    }
    if thought:
        told["reasoning_content"] = thought
    if cited := citations(blocks):
        told["annotations"] = cited
    if calls and functional(context):
        told["function_call"] = calls[0]["function"]
    elif calls:
        told["tool_calls"] = calls
    if not context.strict:
        told["content_blocks"] = [block for block in blocks if block.get("type") != "tool_use"]
    return told


def texts(blocks: list[JSON]) -> list[str]:
    return [str(block.get("text") or "") for block in blocks if block.get("type") == "text"]


def tool_call(block: JSON, context: Context) -> JSON:
    """A call of one of the client's tools. Those of Anthropic's own (`server_tool_use`) are none of it."""
    given = json.dumps(block.get("input") or {}).decode()
    function = {"name": str(block.get("name") or ""), "arguments": given}
    call: JSON = {"id": str(block.get("id") or ""), "type": "function", "function": function}
    return call if context.strict else call | aside(block)


def aside(block: JSON) -> JSON:
    """What Anthropic wants back with a call that was not the model's own: from code it runs, of a toolset."""
    caller = block.get("caller")
    kept = {"caller": caller} if isinstance(caller, dict) and caller.get("type") != "direct" else {}
    return kept | ({"toolset_name": block["toolset_name"]} if block.get("toolset_name") else {})


def refusal(body: Mapping[str, Any]) -> str | None:
    """Why the model refused, where it says so
    (https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback)."""
    if body.get("stop_reason") != "refusal":
        return None
    details = body.get("stop_details")
    why = details.get("explanation") if isinstance(details, dict) else None
    return why if isinstance(why, str) else None


def citations(blocks: list[JSON]) -> list[JSON]:
    """The web pages that the text cites. Anthropic cites by block: so far does a citation reach."""
    cited: list[JSON] = []
    begin = 0
    for block in blocks:
        if block.get("type") == "text":
            end = begin + len(str(block.get("text") or ""))
            notes = block.get("citations")
            notes = notes if isinstance(notes, list) else []
            cited += [made for each in notes if (made := annotation(each, begin, end))]
            begin = end
    return cited


def annotation(citation: Any, begin: int, end: int) -> JSON | None:
    """A citation of a web page; None for one of a document, which has no URL."""
    if not isinstance(citation, dict) or not isinstance(citation.get("url"), str):
        return None
    page = {"url": citation["url"], "title": str(citation.get("title") or "")}
    return {"type": "url_citation", "url_citation": {"start_index": begin, "end_index": end, **page}}


def finish(reason: Any, called: bool, context: Context) -> str:
    """OpenAI's finish reason; for one that is not known what follows from whether the client's tools were
    called, since the message is whole."""
    told = FINISH.get(reason, "stop") if isinstance(reason, str) else "stop"
    return told if told == "stop" and not called else ended(told, called, context)


def usage(counts: Mapping[str, Any], context: Context) -> JSON:
    """Usage in OpenAI's sense: the prompt counts what was read from the cache and written to it, which
    Anthropic counts apart (https://platform.claude.com/docs/en/build-with-claude/prompt-caching)."""
    fresh, completion = counts.get("input_tokens", 0), counts.get("output_tokens", 0)
    read, written = counts.get("cache_read_input_tokens", 0), counts.get("cache_creation_input_tokens", 0)
    if not (type(fresh) is type(completion) is type(read) is type(written) is int):
        fresh, completion, read, written = (count(counts, name) for name in SUMMED)
    prompt = fresh + read + written
    made: JSON = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
    }
    details = counts.get("output_tokens_details")
    if isinstance(details, dict):
        made["completion_tokens_details"] = {"reasoning_tokens": count(details, "thinking_tokens")}
    if context.strict:
        return made
    return {
        **{name: value for name, value in counts.items() if name not in COUNTED and value is not None},
        **made,
    }


def count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) else 0


def tier(counts: Mapping[str, Any]) -> JSON:
    value = counts.get("service_tier")
    return {"service_tier": TIERS[value]} if isinstance(value, str) and value in TIERS else {}


def left(body: Mapping[str, Any]) -> JSON:
    """What a message says beyond OpenAI's fields: a container to use again, the stop sequence met."""
    return {name: value for name, value in body.items() if name not in TOLD and value is not None}
