"""What is sent and answered in every measurement: one conversation of a usual size, in two dialects."""

from __future__ import annotations

import json
from typing import Any

DELTAS = 100
"""Events of a stream that carry text."""
PARAGRAPH = "The keeper of the lighthouse wrote down the weather twice a day, as those before him had done. "
WORDS = tuple(f" word{number}" for number in range(DELTAS))


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def chat(model: str, stream: bool) -> bytes:
    """A client's request, about 1 KB."""
    asked: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": "You answer briefly and to the point."},
            {"role": "user", "content": PARAGRAPH * 4},
            {"role": "assistant", "content": PARAGRAPH},
            {"role": "user", "content": PARAGRAPH * 3 + "What did he write down?"},
        ],
        "temperature": 0.2,
        "max_tokens": 512,
    }
    return compact({**asked, "stream": True} if stream else asked)


HEADERS = {
    "host": "127.0.0.1",
    "user-agent": "OpenAI/Python 3.54.0",
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "connection": "keep-alive",
    "content-type": "application/json",
    "authorization": "Bearer sk-bench-0123456789abcdef",
    "x-stainless-lang": "python",
    "x-stainless-package-version": "3.54.0",
    "x-stainless-os": "Linux",
    "x-stainless-retry-count": "0",
    "x-stainless-read-timeout": "600",
}
"""What an SDK sends along, names lower-case."""

# ── whole answers ────────────────────────────────────────────────────────

OPENAI_WHOLE = compact(
    {
        "id": "chatcmpl-0123456789",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "bench-whole",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": PARAGRAPH * 7, "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 200, "completion_tokens": 150, "total_tokens": 350},
    }
)
ANTHROPIC_WHOLE = compact(
    {
        "id": "msg_0123456789",
        "type": "message",
        "role": "assistant",
        "model": "bench-whole",
        "content": [{"type": "text", "text": PARAGRAPH * 7}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 200, "output_tokens": 150},
    }
)

# ── streams ──────────────────────────────────────────────────────────────


def openai_event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    chunk = {
        "id": "chatcmpl-0123456789",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "bench-stream",
        "system_fingerprint": "fp_0123456789",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }
    return b"data: " + compact(chunk) + b"\n\n"


OPENAI_EVENTS = (
    openai_event({"role": "assistant", "content": "", "refusal": None}),
    *(openai_event({"content": word}) for word in WORDS),
    openai_event({}, "stop"),
    b"data: [DONE]\n\n",
)


def anthropic_event(kind: str, **more: Any) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + compact({"type": kind, **more}) + b"\n\n"


def anthropic_delta(word: str) -> bytes:
    return anthropic_event("content_block_delta", index=0, delta={"type": "text_delta", "text": word})


MESSAGE: dict[str, Any] = {
    "id": "msg_0123456789",
    "type": "message",
    "role": "assistant",
    "model": "bench-stream",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 200, "output_tokens": 1},
}
STOPPED = {"stop_reason": "end_turn", "stop_sequence": None}
ANTHROPIC_EVENTS = (
    anthropic_event("message_start", message=MESSAGE),
    anthropic_event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    anthropic_event("ping"),
    *(anthropic_delta(word) for word in WORDS),
    anthropic_event("content_block_stop", index=0),
    anthropic_event("message_delta", delta=STOPPED, usage={"output_tokens": 150}),
    anthropic_event("message_stop"),
)
