"""Generated content, as OpenAI's chat completion.

https://ai.google.dev/api/generate-content#generatecontentresponse and
https://platform.openai.com/docs/api-reference/chat/object. What OpenAI has no place for comes along where
strictness is off: `content_blocks` (see `blocks`), the signature of each call (`function.thought_signature`),
and the fields beside a candidate's content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import json
from ...errors import UpstreamError
from ...model import Context
from ...values import JSON, NOTHING
from ..calls import functional
from ..imagery import moderated
from ..media import joined
from .blocks import block, pictured
from .citations import cited
from .errors import fault
from .usage import tier, usage

FINISH: Mapping[str, str] = {
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    **dict.fromkeys(
        (
            *("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"),
            *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
            *("ESCALATION", "PUP_LIMITED_DISABLED"),
        ),
        "content_filter",
    ),
}
"""OpenAI's words for the reasons that are not `stop`
(https://ai.google.dev/api/generate-content#FinishReason)."""
WHOLE = frozenset({"STOP", "MAX_TOKENS", "CONTINUATION", "FINISH_REASON_UNSPECIFIED"})
"""Reasons after which there is nothing to explain."""
TOLD = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId"})
TOLD_OF_EACH = frozenset({"content", "index", "logprobsResult"})
"""The fields that are told in OpenAI's words."""


def response(body: JSON, context: Context) -> JSON:
    """The chat completion of an answer. A prompt that was blocked is answered by a choice that says so.

    Raises UpstreamError where the body is no answer.
    """
    found = candidates(body)
    if not found:
        raise fault(body, context)
    given = body.get("usageMetadata")
    counts: Mapping[str, Any] = given if isinstance(given, dict) else NOTHING
    made: JSON = {
        "id": body.get("responseId") or context.id,
        "object": "chat.completion",
        "created": context.created,
        "model": body.get("modelVersion") or context.model,
        "choices": [choice(each, index, context) for index, each in enumerate(found)],
        "usage": usage(counts, context),
    } | tier(counts)
    return made if context.strict else {**left(body, TOLD), **made}


def candidates(body: Any) -> list[JSON]:
    """The candidates of an answer or event; one that is only refused, where the prompt was blocked."""
    if not isinstance(body, dict):
        return []
    given = body.get("candidates")
    found = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    feedback = body.get("promptFeedback")
    if found or not isinstance(feedback, dict) or not feedback.get("blockReason"):
        return found
    why = feedback.get("blockReasonMessage") or f"The prompt was blocked: {feedback['blockReason']}"
    return [{"finishReason": "SAFETY", "finishMessage": why}]


def choice(candidate: JSON, index: int, context: Context) -> JSON:
    parts = parts_of(candidate)
    place = place_of(candidate, index)
    calls = [
        tool_call(part, place, number, context)
        for number, part in enumerate(each for each in parts if is_call(each))
    ]
    told: JSON = {
        "index": place,
        "message": message(candidate, parts, calls, context),
        "logprobs": likelihoods(candidate.get("logprobsResult")),
        "finish_reason": finish(candidate.get("finishReason"), bool(calls), context),
    }
    return told if context.strict else {**left(candidate, TOLD_OF_EACH), **told}


def place_of(candidate: JSON, index: int) -> int:
    given = candidate.get("index")
    return given if isinstance(given, int) else index


def parts_of(candidate: JSON) -> list[JSON]:
    content = candidate.get("content")
    given = content.get("parts") if isinstance(content, dict) else None
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def is_call(part: JSON) -> bool:
    return isinstance(part.get("functionCall"), dict)


def message(candidate: JSON, parts: list[JSON], calls: list[JSON], context: Context) -> JSON:
    said = [str(part["text"]) for part in parts if part.get("text") and not part.get("thought")]
    thought = "".join(str(part["text"]) for part in parts if part.get("text") and part.get("thought"))
    told: JSON = {
        "role": "assistant",
        "content": "".join(said) if said or not calls else None,
        "refusal": None if calls else refusal(candidate),
    }
    if thought:
        told["reasoning_content"] = thought
    told |= seen(parts) | heard(parts, context)
    if pages := cited(candidate, said):
        told["annotations"] = pages
    if calls and functional(context):
        told["function_call"] = calls[0]["function"]
    elif calls:
        told["tool_calls"] = calls
    if not context.strict:
        told["content_blocks"] = [block(part) for part in parts if not is_call(part)]
    return told


def seen(parts: list[JSON]) -> JSON:
    """The images of an answer, as others who answer with images tell them: OpenAI's chat has none."""
    urls = [url for part in parts if not part.get("thought") and (url := pictured(part))]
    images = [{"type": "image_url", "index": n, "image_url": {"url": url}} for n, url in enumerate(urls)]
    return {"images": images} if images else {}


def heard(parts: list[JSON], context: Context) -> JSON:
    """A spoken answer, as OpenAI's; nobody keeps it for a later turn, so it expires at once."""
    found = [str(part["inlineData"].get("data") or "") for part in parts if sounding(part)]
    if not found:
        return {}
    data = found[0] if len(found) == 1 else joined(found)
    return {"audio": {"id": context.id, "data": data, "expires_at": context.created, "transcript": ""}}


def sounding(part: JSON) -> bool:
    data = part.get("inlineData")
    return isinstance(data, dict) and str(data.get("mimeType")).startswith("audio/")


def tool_call(part: JSON, place: int, number: int, context: Context) -> JSON:
    """A call of one of the client's functions. One without an id is given one by its place."""
    call = part["functionCall"]
    function = {"name": str(call.get("name") or ""), "arguments": written(call.get("args"))}
    if not context.strict and part.get("thoughtSignature"):
        function["thought_signature"] = part["thoughtSignature"]
    return {
        "id": str(call.get("id") or own_id(context, place, number)),
        "type": "function",
        "function": function,
    }


def written(args: Any) -> str:
    return json.dumps(args or {}).decode()


def own_id(context: Context, place: int, number: int) -> str:
    """The id of a call that has none: the same for the same place in the same answer."""
    return f"call_{context.id}_{place}_{number}" if place else f"call_{context.id}_{number}"


def refusal(candidate: JSON) -> str | None:
    """Why the answer is not whole, in Google's words."""
    why, reason = candidate.get("finishMessage"), candidate.get("finishReason")
    return why if isinstance(why, str) and isinstance(reason, str) and reason not in WHOLE else None


def wanting(candidate: JSON, what: str, context: Context) -> UpstreamError:
    """Why an answer lacks what was asked for: that a filter held it back or, now and then, that the model did
    something else."""
    reason = str(candidate.get("finishReason") or "")
    why = refusal(candidate) or reason
    message = f"{context.provider} gave no {what}{f': {why}' if why else ''}"
    if FINISH.get(reason) != "content_filter":
        return UpstreamError(message)
    return moderated(message)


def finish(reason: Any, called: bool, context: Context) -> str:
    """OpenAI's finish reason; `stop` for one that is not known, and for a call that went wrong."""
    told = FINISH.get(reason, "stop") if isinstance(reason, str) else "stop"
    if told == "stop" and called:
        return "function_call" if functional(context) else "tool_calls"
    return told


def likelihoods(result: Any) -> JSON | None:
    """OpenAI's `logprobs`. What Google cannot number (`-Infinity`) is -9999, as OpenAI says it."""
    chosen = result.get("chosenCandidates") if isinstance(result, dict) else None
    if not isinstance(chosen, list):
        return None
    tops = result.get("topCandidates")
    tops = tops if isinstance(tops, list) else []
    content = [
        {**likely(each), "top_logprobs": [likely(other) for other in others(tops, index)]}
        for index, each in enumerate(chosen)
        if isinstance(each, dict)
    ]
    return {"content": content, "refusal": None}


def others(tops: list[Any], index: int) -> list[JSON]:
    row = tops[index] if index < len(tops) else None
    found = row.get("candidates") if isinstance(row, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def likely(each: JSON) -> JSON:
    token, value = str(each.get("token") or ""), each.get("logProbability")
    known = value if isinstance(value, int | float) else -9999.0
    return {"token": token, "logprob": known, "bytes": list(token.encode(errors="surrogatepass"))}


def left(body: Mapping[str, Any], told: frozenset[str]) -> JSON:
    """What is said beyond OpenAI's fields: what a search found, how safe it was, when it was made."""
    return {name: value for name, value in body.items() if name not in told and value is not None}
