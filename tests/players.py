"""Providers that play a conversation: two calls at once, thought over and signed, then words.

Each answers in its own shape, as its documentation has it, whole or streamed, with ids as it writes them,
and keeps what it signed in a ledger, by which its rule judges what comes back.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import rules
from recorded import amazon
from rules import Json, Ledger, Rule

CITIES = ("Paris", "Oslo")
TOOL: Json = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "How the weather is",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
SAID = "Mild in Paris, cold in Oslo."
THOUGHT = "Two cities, so two calls."
LATER = "Both are known now."


@dataclass(frozen=True)
class Player:
    """One provider: how it is configured, what it refuses, what it answers."""

    target: Json
    rule: Rule
    answer: Callable[[bool, int, Ledger], Json]
    """(whether to call tools, the number of the answer, what is signed) → a whole answer."""
    stream: Callable[[Json], list[bytes]]
    kind: str = "text/event-stream"
    checked: str = ""
    """By whose types its requests are legal."""


def sse(events: Iterable[Json], named: bool = False) -> list[bytes]:
    return [
        (f"event: {event['type']}\n" if named else "").encode()
        + b"data: "
        + json.dumps(event).encode()
        + b"\n\n"
        for event in events
    ]


def halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


# ── Anthropic, on all its platforms ──────────────────────────────────────


def thought_of(calls: bool, number: int, ledger: Ledger) -> tuple[str, str, str]:
    """A thought, its signature, and a thought that is veiled, which are signed hereby."""
    thought, signature = THOUGHT if calls else LATER, f"EqQB+signed/{number}=="
    veiled = base64.b64encode(b"veiled %d" % number).decode()
    ledger.thoughts.add((thought, signature))
    ledger.veiled.add(veiled)
    return thought, signature, veiled


def claude(calls: bool, number: int, ledger: Ledger) -> Json:
    """https://platform.claude.com/docs/en/build-with-claude/extended-thinking."""
    thought, signature, veiled = thought_of(calls, number, ledger)
    content: list[Json] = [
        {"type": "thinking", "thinking": thought, "signature": signature},
        {"type": "redacted_thinking", "data": veiled},
    ]
    if calls:
        content.append({"type": "text", "text": "Let me look."})
        content += [
            {"type": "tool_use", "id": f"toolu_01A{number}{city}", "name": "weather", "input": {"city": city}}
            for city in CITIES
        ]
    else:
        content.append({"type": "text", "text": SAID})
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": content,
        "stop_reason": "tool_use" if calls else "end_turn",
        "usage": {"input_tokens": 5, "output_tokens": 7},
    }


def claude_stream(whole: Json) -> list[bytes]:
    """https://platform.claude.com/docs/en/build-with-claude/streaming."""
    head = {**whole, "content": [], "stop_reason": None}
    events: list[Json] = [{"type": "message_start", "message": head}]
    for index, block in enumerate(whole["content"]):
        start, deltas = opened(block)
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    end = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    events.append({"type": "message_delta", "delta": end, "usage": {"output_tokens": 7}})
    return sse([*events, {"type": "message_stop"}], named=True)


def opened(block: Json) -> tuple[Json, list[Json]]:
    """A block as it starts, and what it grows by."""
    if block["type"] == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": half} for half in halves(block["thinking"])]
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {**block, "thinking": "", "signature": ""}, [*deltas, signed]
    if block["type"] == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": half} for half in halves(block["text"])]
    if block["type"] == "tool_use":
        given = halves(json.dumps(block["input"]))
        return {**block, "input": {}}, [
            {"type": "input_json_delta", "partial_json": half} for half in ("", *given)
        ]
    return block, []


# ── Bedrock ──────────────────────────────────────────────────────────────


def conversed(content: list[Json], calls: bool, number: int) -> Json:
    made = [
        {"toolUse": {"toolUseId": f"tooluse_x-{number}_{city}", "name": "weather", "input": {"city": city}}}
        for city in CITIES
    ]
    said = [*content, *made] if calls else [*content, {"text": SAID}]
    return {
        "output": {"message": {"role": "assistant", "content": said}},
        "stopReason": "tool_use" if calls else "end_turn",
        "usage": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12},
    }


def claude_there(calls: bool, number: int, ledger: Ledger) -> Json:
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ReasoningContentBlock.html."""
    thought, signature, veiled = thought_of(calls, number, ledger)
    signed = {"reasoningContent": {"reasoningText": {"text": thought, "signature": signature}}}
    return conversed([signed, {"reasoningContent": {"redactedContent": veiled}}], calls, number)


def nova(calls: bool, number: int, ledger: Ledger) -> Json:
    """https://docs.aws.amazon.com/nova/latest/nova2-userguide/reasoning-capabilities.html."""
    return conversed([{"reasoningContent": {"reasoningText": {"text": "[REDACTED]"}}}], calls, number)


def converse_stream(whole: Json) -> list[bytes]:
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html."""
    events: list[tuple[str, Json]] = [("messageStart", {"role": "assistant"})]
    for index, block in enumerate(whole["output"]["message"]["content"]):
        for name, inner in grown(block):
            events.append((name, {"contentBlockIndex": index, **inner}))
        events.append(("contentBlockStop", {"contentBlockIndex": index}))
    events.append(("messageStop", {"stopReason": whole["stopReason"]}))
    events.append(("metadata", {"usage": whole["usage"]}))
    return [amazon(name, json.dumps(payload).encode()) for name, payload in events]


def grown(block: Json) -> list[tuple[str, Json]]:
    if "toolUse" in block:
        use = block["toolUse"]
        start = {"toolUse": {name: use[name] for name in ("toolUseId", "name")}}
        deltas: list[Json] = [{"toolUse": {"input": half}} for half in halves(json.dumps(use["input"]))]
        return [("contentBlockStart", {"start": start}), *added(deltas)]
    if "text" in block:
        return added([{"text": half} for half in halves(block["text"])])
    thought = block["reasoningContent"]
    if "redactedContent" in thought:
        return added([{"reasoningContent": thought}])
    said = thought["reasoningText"]
    deltas = [{"reasoningContent": {"text": half}} for half in halves(said["text"])]
    if "signature" in said:
        deltas.append({"reasoningContent": {"signature": said["signature"]}})
    return added(deltas)


def added(deltas: list[Json]) -> list[tuple[str, Json]]:
    return [("contentBlockDelta", {"delta": delta}) for delta in deltas]


# ── Gemini ───────────────────────────────────────────────────────────────


def gemini(calls: bool, number: int, ledger: Ledger) -> Json:
    """https://ai.google.dev/gemini-api/docs/generate-content/thought-signatures: of calls at once the first
    is signed; where there is none, the last part."""
    signature = base64.b64encode(b"signed %d" % number).decode()
    ledger.calls.add(signature)
    parts: list[Json] = [{"text": THOUGHT if calls else LATER, "thought": True}]
    if calls:
        parts += [{"functionCall": {"name": "weather", "args": {"city": city}}} for city in CITIES]
        parts[1]["thoughtSignature"] = signature
    else:
        parts.append({"text": SAID, "thoughtSignature": signature})
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 12},
        "modelVersion": "gemini",
        "responseId": f"r{number}",
    }


def gemini_stream(whole: Json) -> list[bytes]:
    """An event for each part. The signature of a text comes after it, in a part with no text."""
    parts: list[Json] = []
    for part in whole["candidates"][0]["content"]["parts"]:
        if "text" in part and "thoughtSignature" in part:
            parts += [{"text": half} for half in halves(part["text"])]
            parts.append({"text": "", "thoughtSignature": part["thoughtSignature"]})
        else:
            parts.append(part)
    rest = {name: whole[name] for name in ("usageMetadata", "modelVersion", "responseId")}
    said = [{"content": {"role": "model", "parts": [part]}, "index": 0} for part in parts]
    said[-1] = {**said[-1], "finishReason": "STOP"}
    return sse({**rest, "candidates": [candidate]} for candidate in said)


# ── OpenAI and Mistral ───────────────────────────────────────────────────


def completion(message: Json, calls: bool, number: int, id: str) -> Json:
    if calls:
        message["tool_calls"] = [
            {
                "id": id.format(number=number, city=city[:2]),
                "type": "function",
                "function": {"name": "weather", "arguments": json.dumps({"city": city})},
            }
            for city in CITIES
        ]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    head = {"id": f"c{number}", "object": "chat.completion", "created": 1, "model": "gpt"}
    return {**head, "choices": [{**choice, "logprobs": None}], "usage": usage}


def openai(calls: bool, number: int, ledger: Ledger) -> Json:
    """https://platform.openai.com/docs/api-reference/chat/object."""
    said: Json = {"role": "assistant", "content": None if calls else SAID, "refusal": None, "annotations": []}
    return completion(said, calls, number, "call_{number}abcdefghijklmnopqrstu{city}")


def mistral(calls: bool, number: int, ledger: Ledger) -> Json:
    """https://docs.mistral.ai/capabilities/reasoning: the content is in pieces, thinking and text."""
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}
    said = [thought] if calls else [thought, {"type": "text", "text": SAID}]
    return completion({"role": "assistant", "content": said}, calls, number, "abcdef{number}{city}")


def openai_stream(whole: Json) -> list[bytes]:
    """https://platform.openai.com/docs/api-reference/chat-streaming."""
    message, reason = whole["choices"][0]["message"], whole["choices"][0]["finish_reason"]
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": message["content"]}] if message["content"] else []
    for index, call in enumerate(message.get("tool_calls", ())):
        deltas.append({"tool_calls": [{"index": index, **call}]})
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": reason})
    head = {"id": whole["id"], "object": "chat.completion.chunk", "created": 1, "model": "gpt"}
    return [*sse({**head, "choices": [choice]} for choice in choices), b"data: [DONE]\n\n"]


# ── Cohere ───────────────────────────────────────────────────────────────


def cohere(calls: bool, number: int, ledger: Ledger) -> Json:
    """https://docs.cohere.com/docs/tool-use-overview and …/reasoning."""
    message: Json = {"role": "assistant"}
    if calls:
        message["tool_plan"] = "I will look up both."
        message["tool_calls"] = [
            {
                "id": f"weather_of_a_city_somewhere_in_the_world_{number}{city}",
                "type": "function",
                "function": {"name": "weather", "arguments": json.dumps({"city": city})},
            }
            for city in CITIES
        ]
    else:
        thought = {"type": "thinking", "thinking": LATER}
        message["content"] = [thought, {"type": "text", "text": SAID}]
        source = {"type": "tool", "id": "weather:0", "tool_output": {"content": "mild"}}
        place = {"start": 0, "end": 4, "text": SAID[:4], "content_index": 1, "type": "TEXT_CONTENT"}
        message["citations"] = [{**place, "sources": [source]}]
    usage = {"tokens": {"input_tokens": 5, "output_tokens": 7}}
    reason = "TOOL_CALL" if calls else "COMPLETE"
    return {"id": f"c{number}", "message": message, "finish_reason": reason, "usage": usage}


def cohere_stream(whole: Json) -> list[bytes]:
    """https://docs.cohere.com/docs/streaming."""
    message = whole["message"]
    events: list[Json] = [
        {"type": "message-start", "id": whole["id"], "delta": {"message": {"role": "assistant"}}}
    ]

    def add(kind: str, index: int | None = None, **said: Any) -> None:
        place = {} if index is None else {"index": index}
        events.append({"type": kind, **place, "delta": {"message": said}})

    if "tool_plan" in message:
        add("tool-plan-delta", tool_plan=message["tool_plan"])
    for index, call in enumerate(message.get("tool_calls", ())):
        function = {"name": "weather", "arguments": ""}
        add("tool-call-start", index, tool_calls={**call, "function": function})
        for half in halves(call["function"]["arguments"]):
            add("tool-call-delta", index, tool_calls={"function": {"arguments": half}})
        events.append({"type": "tool-call-end", "index": index})
    for index, part in enumerate(message.get("content", ())):
        kind = part["type"]
        add("content-start", index, content={"type": kind, kind: ""})
        for half in halves(part[kind]):
            add("content-delta", index, content={kind: half})
        events.append({"type": "content-end", "index": index})
    for index, citation in enumerate(message.get("citations", ())):
        add("citation-start", index, citations=citation)
        events.append({"type": "citation-end", "index": index})
    end = {"finish_reason": whole["finish_reason"], "usage": whole["usage"]}
    return sse([*events, {"type": "message-end", "delta": end}])


# ── who plays ────────────────────────────────────────────────────────────


def at(provider: str, model: str, **options: Any) -> Json:
    return {"provider": provider, "api_key": "sk-key", "override_params": {"model": model}, **options}


AWS = "application/vnd.amazon.eventstream"
BEDROCK = {"aws_region": "us-east-1"}
VERTEX = {"vertex_project_id": "p", "vertex_region": "us-east5"}
FOUNDRY = {"azure_foundry_url": "https://ours.services.ai.azure.com"}
SONNET = "claude-sonnet-4-5"
PLAYERS: dict[str, Player] = {
    "openai": Player(at("openai", "gpt-5"), rules.openai, openai, openai_stream, checked="openai"),
    "anthropic": Player(at("anthropic", SONNET), rules.anthropic, claude, claude_stream, checked="anthropic"),
    "bedrock-claude": Player(
        at("bedrock", f"us.anthropic.{SONNET}-20250929-v1:0", **BEDROCK),
        *(rules.claude_there, claude_there, converse_stream, AWS, "bedrock"),
    ),
    "bedrock-nova": Player(
        at("bedrock", "us.amazon.nova-2-lite-v1:0", **BEDROCK),
        *(rules.nova, nova, converse_stream, AWS, "bedrock"),
    ),
    "google": Player(
        at("google", "gemini-3-pro-preview"), rules.gemini, gemini, gemini_stream, checked="gemini"
    ),
    "vertex-gemini": Player(
        at("vertex-ai", "gemini-3-flash-preview", **VERTEX),
        *(rules.gemini, gemini, gemini_stream),
        checked="gemini",
    ),
    "vertex-claude": Player(
        at("vertex-ai", f"anthropic.{SONNET}@20250929", **VERTEX),
        *(rules.anthropic, claude, claude_stream),
        checked="vertex-claude",
    ),
    "azure-claude": Player(
        at("azure-ai", SONNET, **FOUNDRY), rules.anthropic, claude, claude_stream, checked="anthropic"
    ),
    "cohere": Player(
        at("cohere", "command-a-reasoning-08-2025"), rules.cohere, cohere, cohere_stream, checked="cohere"
    ),
    "mistral": Player(
        at("mistral-ai", "magistral-medium-latest"), rules.mistral, mistral, openai_stream, checked="mistral"
    ),
}
