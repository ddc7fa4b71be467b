"""Oracle's answer, in any of the formats, as OpenAI's chat completion.

https://docs.oracle.com/iaas/api/#/EN/generative-ai-inference/20231130/ChatResult/Chat. An event of a stream
holds what a choice of a whole answer does, so that both are read alike. What OpenAI has no place for comes
along where strictness is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ... import json
from ...errors import UpstreamError
from ...model import Context
from ...values import JSON
from ..calls import ended, functional

REASONS: Mapping[str, str] = {
    **{"stop": "stop", "complete": "stop", "stop_sequence": "stop"},
    **{"length": "length", "max_tokens": "length", "error_limit": "length"},
    **{"tool_calls": "tool_calls", "tool_call": "tool_calls"},
    **{"content_filter": "content_filter", "error_toxic": "content_filter"},
}
"""OpenAI's finish reasons; GENERIC has them as they are, Cohere's formats their own in capitals."""
FAILED = frozenset({"error", "user_cancel"})
TOLD = frozenset(
    {"apiFormat", "timeCreated", "choices", "usage", "index", "message", "finishReason", "logprobs", "pad"}
    | {"text", "toolCalls", "chatHistory", "prompt", "id", "errorMessage"}
)
"""What is told in OpenAI's words, or is what the client said itself; `pad` says nothing."""


class Said(NamedTuple):
    """What a choice or an event says, whatever the format."""

    text: str = ""
    thought: str = ""
    calls: tuple[JSON, ...] = ()
    refusal: str = ""
    pages: tuple[JSON, ...] = ()


def read(told: Mapping[str, Any]) -> Said:
    """A choice, or an event. In COHERE text and calls stand where the others have a message."""
    message = told.get("message")
    if not isinstance(message, dict):
        return Said(str(told.get("text") or ""), calls=tuple(told.get("toolCalls") or ()))
    parts: list[JSON] = message.get("content") or []
    return Said(
        "".join(str(part.get("text") or "") for part in parts if part.get("type") == "TEXT"),
        str(message.get("reasoningContent") or "")
        + "".join(str(part.get("thinking") or "") for part in parts if part.get("type") == "THINKING"),
        tuple(message.get("toolCalls") or ()),
        str(message.get("refusal") or ""),
        tuple(page for note in message.get("annotations") or () if (page := page_of(note))),
    )


# ── whole answers ────────────────────────────────────────────────────────


def response(body: JSON, context: Context) -> JSON:
    """The chat completion of an answer. Raises UpstreamError where there is none, or the model failed."""
    told: JSON = body["chatResponse"]
    given: list[JSON] = told.get("choices", [told])
    choices = [choice(each, index, context) for index, each in enumerate(given)]
    made: JSON = {
        "id": told.get("id") or context.answer.get("opc-request-id") or context.id,
        "object": "chat.completion",
        "created": context.created,
        "model": body.get("modelId") or context.model,
        "choices": choices,
    }
    counted = told.get("usage") or next((each["usage"] for each in given if each.get("usage")), None)
    if counts := usage(counted):
        made["usage"] = counts
    return made if context.strict else {**left(body, {"chatResponse", "modelId"}), **left(told), **made}


def choice(told: JSON, index: int, context: Context) -> JSON:
    said = read(told)
    place = told.get("index")
    place = place if isinstance(place, int) else index
    made = {
        "index": place,
        "message": message(said, place, context),
        "logprobs": likelihoods(told.get("logprobs")),
        "finish_reason": finish(told, bool(said.calls), context),
    }
    return made if context.strict or "choices" in told else {**left(told), **made}


def message(said: Said, place: int, context: Context) -> JSON:
    calls = [tool_call(call, place, number, context) for number, call in enumerate(said.calls)]
    told: JSON = {
        "role": "assistant",
        "content": None if calls and not said.text else said.text,
        "refusal": said.refusal or None,
    }
    if said.thought:
        told["reasoning_content"] = said.thought
    if said.pages:
        told["annotations"] = [*said.pages]
    if calls and functional(context):
        told["function_call"] = calls[0]["function"]
    elif calls:
        told["tool_calls"] = calls
    return told


def tool_call(call: JSON, place: int, number: int, context: Context) -> JSON:
    named = {"name": name_of(call), "arguments": written(call) or "{}"}
    id = str(call.get("id") or "") or made_id(place, number, context)
    return {"id": id, "type": "function", "function": named}


def made_id(place: int, number: int, context: Context) -> str:
    """An id for a call that comes without one."""
    return f"call_{context.id}_{place}_{number}" if place else f"call_{context.id}_{number}"


def name_of(call: JSON) -> str:
    return str((call.get("function") or call).get("name") or "")


def written(call: JSON) -> str:
    """The arguments of a call, or a piece of them: text, or in COHERE an object."""
    given = (call.get("function") or call).get("arguments", call.get("parameters"))
    return given if isinstance(given, str) else "" if given is None else json.dumps(given).decode()


def left(told: Mapping[str, Any], known: frozenset[str] | set[str] = TOLD) -> JSON:
    return {name: value for name, value in told.items() if name not in known and value is not None}


# ── why it ended ─────────────────────────────────────────────────────────


def finish(told: Mapping[str, Any], called: bool, context: Context) -> str:
    """OpenAI's finish reason. Raises UpstreamError for one that is a failure."""
    reason = str(told.get("finishReason")).lower()
    if reason in FAILED:
        words = told.get("errorMessage") or f"{context.provider} gave up on the answer: {reason}"
        raise UpstreamError(str(words), code=reason)
    return ended(REASONS.get(reason, "stop"), called, context)


def page_of(note: Any) -> JSON | None:
    """A citation of a page, in OpenAI's words."""
    page = note.get("urlCitation") if isinstance(note, dict) else None
    if not isinstance(page, dict):
        return None
    told = {
        "start_index": page.get("startIndex") or 0,
        "end_index": page.get("endIndex") or 0,
        "title": str(page.get("title") or ""),
        "url": str(page.get("url") or ""),
    }
    return {"type": "url_citation", "url_citation": told}


# ── numbers ──────────────────────────────────────────────────────────────

COUNTS: Mapping[str, str] = {
    **{"promptTokens": "prompt_tokens", "completionTokens": "completion_tokens"},
    "totalTokens": "total_tokens",
}
DETAILS: Mapping[str, Mapping[str, str]] = {
    "promptTokensDetails": {"cachedTokens": "cached_tokens"},
    "completionTokensDetails": {
        "reasoningTokens": "reasoning_tokens",
        "acceptedPredictionTokens": "accepted_prediction_tokens",
        "rejectedPredictionTokens": "rejected_prediction_tokens",
    },
}


def usage(told: Any) -> JSON | None:
    """Usage in OpenAI's words; None where Oracle tells nothing."""
    if not isinstance(told, dict):
        return None
    made: JSON = {name: told.get(own) or 0 for own, name in COUNTS.items()}
    made["total_tokens"] = made["total_tokens"] or made["prompt_tokens"] + made["completion_tokens"]
    for own, names in DETAILS.items():
        inner = told.get(own) or {}
        if found := {name: inner[each] for each, name in names.items() if inner.get(each) is not None}:
            made[own.replace("TokensDetails", "_tokens_details")] = found
    return made


def likelihoods(told: Any) -> JSON | None:
    """Log probabilities: lists side by side at Oracle's, one list of objects at OpenAI's."""
    if not isinstance(told, dict) or not told.get("tokens"):
        return None
    values, best = told.get("tokenLogprobs") or (), told.get("topLogprobs") or ()
    listed = []
    for index, token in enumerate(told["tokens"]):
        others = best[index] if index < len(best) else None
        made = likely(token, values[index] if index < len(values) else None)
        listed.append({**made, "top_logprobs": [likely(*each) for each in (others or {}).items()]})
    return {"content": listed, "refusal": None}


def likely(token: str, value: Any) -> JSON:
    return {"token": token, "logprob": float(value or 0.0), "bytes": [*token.encode()]}
