"""Chats with Replicate's language models, whose inputs are a `prompt`, a `system_prompt` and settings
(https://replicate.com/meta/meta-llama-3-70b-instruct/api/schema)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest, UpstreamError
from ...model import Context, Encoded
from ...values import JSON, NOTHING
from ..fields import Field, laid_over, pick, table, text, unheard
from ..prompts import prompted
from .predictions import WAIT, predicting


def stops(value: Any) -> str:
    """A list with commas between. Raises BadRequest."""
    given = value if isinstance(value, list) else [value]
    words = [text(each, "stop") for each in given]
    if any("," in word for word in words):
        raise BadRequest(
            "stop must hold no comma: Replicate's models tell sequences apart by it", param="stop"
        )
    return ",".join(words)


SETTINGS = table(max_completion_tokens="max_tokens", stop=Field("stop_sequences", stops))
ASIDE = frozenset({"model", "messages", "stream", *SETTINGS})
OPENAIS = frozenset(
    {
        *("audio", "function_call", "functions", "logit_bias", "logprobs", "metadata", "modalities"),
        *("moderation", "n", "parallel_tool_calls", "prediction", "prompt_cache_key"),
        *("prompt_cache_options", "prompt_cache_retention"),
        *("response_format", "safety_identifier", "service_tier", "store", "stream_options", "tool_choice"),
        *("tools", "top_logprobs", "user", "web_search_options"),
    }
)
"""OpenAI's parameters that are no model's inputs."""


def chatting(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request for a text, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    model = text(body.get("model"), "model")
    lost = unheard(body, {*body} - OPENAIS)
    if "stream_options" in lost and not context.include_usage:
        lost.remove("stream_options")  # it asked for nothing else that could be given
    known = OPENAIS | ASIDE
    own = {name: value for name, value in body.items() if value is not None and name not in known}
    told = {**pick(body, SETTINGS), **prompted(body.get("messages"), "Replicate", lost)}
    made, lost = predicting(laid_over(own, told, NOTHING, lost), model), [*dict.fromkeys(lost)]
    if context.stream:
        return Encoded({**made, "stream": True}, tuple(lost))
    return Encoded(made, tuple(lost), WAIT)


# ── answers ──────────────────────────────────────────────────────────────


def chatted(answer: JSON, context: Context) -> JSON:
    """The chat completion of a prediction. Raises UpstreamError where it has no text."""
    output = answer["output"]
    pieces = output if isinstance(output, list) else [output]
    if not all(isinstance(piece, str) for piece in pieces):
        raise UpstreamError(f"{context.provider} answered with something that is no text")
    message = {"role": "assistant", "content": "".join(pieces), "refusal": None}
    made: JSON = {
        "id": str(answer["id"]),
        "object": "chat.completion",
        "created": context.created,
        "model": context.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
    }
    return {**made, **usage(answer.get("metrics"))}


def usage(metrics: Any) -> JSON:
    """What was counted, where it was."""
    counts = metrics if isinstance(metrics, dict) else {}
    read, written = counts.get("input_token_count"), counts.get("output_token_count")
    if not (isinstance(read, int) and isinstance(written, int)):
        return {}
    told = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return {"usage": told}
