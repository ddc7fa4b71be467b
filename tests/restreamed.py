"""Whole answers of providers, told as the events of a stream, in small pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def cut(text: str, size: int = 7) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


# ── Anthropic ────────────────────────────────────────────────────────────


def anthropic(body: Json) -> Iterator[Json]:
    counts = {**(body.get("usage") or {}), "output_tokens": 1}
    yield {"type": "message_start", "message": {**body, "content": [], "stop_reason": None, "usage": counts}}
    yield {"type": "ping"}
    for index, block in enumerate(body["content"]):
        start, deltas = block_of(block)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    told = ("stop_reason", "stop_sequence", "stop_details", "container")
    delta = {name: body[name] for name in told if name in body}
    yield {"type": "message_delta", "delta": delta, "usage": body.get("usage")}
    yield {"type": "message_stop"}


def block_of(block: Json) -> tuple[Json, list[Json]]:
    kind = block["type"]
    if kind == "text":
        deltas: list[Json] = [{"type": "text_delta", "text": each} for each in cut(block["text"])]
        deltas += [{"type": "citations_delta", "citation": each} for each in block.get("citations") or ()]
        return {**block, "text": "", **({"citations": []} if block.get("citations") else {})}, deltas
    if kind == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": each} for each in cut(block["thinking"])]
        deltas.append({"type": "signature_delta", "signature": block.get("signature", "")})
        return {**block, "thinking": "", "signature": ""}, deltas
    if "input" in block:
        given = cut(json.dumps(block["input"])) if block["input"] else [""]
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": each} for each in given]
    return block, []


# ── Bedrock ──────────────────────────────────────────────────────────────


def converse(body: Json) -> Iterator[Json]:
    yield {"messageStart": {"role": "assistant"}}
    for index, block in enumerate(body["output"]["message"]["content"]):
        start, deltas = converse_block(block)
        if start:
            yield {"contentBlockStart": {"contentBlockIndex": index, "start": start}}
        for delta in deltas:
            yield {"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}}
        yield {"contentBlockStop": {"contentBlockIndex": index}}
    yield {"messageStop": {"stopReason": body["stopReason"]}}
    yield {"metadata": {name: body[name] for name in ("usage", "metrics", "serviceTier") if name in body}}


def converse_block(block: Json) -> tuple[Json, list[Json]]:
    if "text" in block:
        return {}, [{"text": each} for each in cut(block["text"])]
    if "toolUse" in block:
        use = block["toolUse"]
        given = cut(json.dumps(use["input"])) if use["input"] else []
        rest = {name: value for name, value in use.items() if name != "input"}
        return {"toolUse": rest}, [{"toolUse": {"input": each}} for each in given]
    if "toolResult" in block:
        result = block["toolResult"]
        rest = {name: value for name, value in result.items() if name != "content"}
        return {"toolResult": rest}, [{"toolResult": [each]} for each in result["content"]]
    if "citationsContent" in block:
        inner = block["citationsContent"]
        said: list[Json] = [
            {"text": each} for part in inner.get("content") or () for each in cut(part["text"])
        ]
        return {}, said + [{"citation": each} for each in inner["citations"]]
    thought = block["reasoningContent"]
    if "redactedContent" in thought:
        return {}, [{"reasoningContent": thought}]
    told = thought["reasoningText"]
    pieces: list[Json] = [{"reasoningContent": {"text": each}} for each in cut(told.get("text") or "")]
    signed = [{"reasoningContent": {"signature": told["signature"]}}] if told.get("signature") else []
    return {}, pieces + signed


# ── Gemini ───────────────────────────────────────────────────────────────


def gemini(body: Json) -> Iterator[Json]:
    frame: Json = {name: body[name] for name in ("modelVersion", "responseId") if name in body}
    for index, candidate in enumerate(body["candidates"]):
        place = {"index": candidate.get("index", index)}
        for part in candidate.get("content", {}).get("parts", ()):
            for piece in part_pieces(part):
                said = {**place, "content": {"role": "model", "parts": [piece]}}
                yield {**frame, "candidates": [said], "usageMetadata": {"promptTokenCount": 1}}
    last = [
        {**each, "index": each.get("index", index), "content": {"role": "model", "parts": [{"text": ""}]}}
        for index, each in enumerate(body["candidates"])
    ]
    yield {**body, "candidates": last}


def part_pieces(part: Json) -> list[Json]:
    if not isinstance(part.get("text"), str) or "thoughtSignature" in part:
        return [part]
    return [{**part, "text": each} for each in cut(part["text"])]


# ── Cohere ───────────────────────────────────────────────────────────────


def cohere(body: Json) -> Iterator[Json]:
    said = body["message"]

    def event(kind: str, index: int = 0, **message: Any) -> Json:
        return {"type": kind, "index": index, "delta": {"message": message}}

    yield {"type": "message-start", "id": body.get("id"), "delta": {"message": {"role": "assistant"}}}
    for index, part in enumerate(said.get("content") or ()):
        kind = part["type"]
        yield event("content-start", index, content={"type": kind, kind: ""})
        for piece in cut(part[kind]):
            yield event("content-delta", index, content={kind: piece})
        yield event("content-end", index)
    for piece in cut(said.get("tool_plan") or ""):
        yield event("tool-plan-delta", tool_plan=piece)
    for index, call in enumerate(said.get("tool_calls") or ()):
        function = call["function"]
        yield event("tool-call-start", index, tool_calls={**call, "function": {**function, "arguments": ""}})
        for piece in cut(function["arguments"]):
            yield event("tool-call-delta", index, tool_calls={"function": {"arguments": piece}})
        yield event("tool-call-end", index)
    for index, citation in enumerate(said.get("citations") or ()):
        yield event("citation-start", index, citations=citation)
        yield event("citation-end", index)
    told = {name: body[name] for name in ("finish_reason", "usage") if name in body}
    yield {"type": "message-end", "delta": told}


# ── Mistral ──────────────────────────────────────────────────────────────


def mistral(body: Json) -> Iterator[Json]:
    frame = {"id": body["id"], "object": "chat.completion.chunk", "created": body["created"]}
    frame["model"] = body["model"]
    for choice in body["choices"]:
        said, place = choice["message"], choice["index"]
        deltas: list[Json] = [{"role": "assistant", "content": ""}]
        deltas += [{"content": each} for each in mistral_pieces(said.get("content") or "")]
        calls = enumerate(said.get("tool_calls") or ())
        deltas += [{"tool_calls": [{**call, "index": index}]} for index, call in calls]
        for delta in deltas:
            yield {**frame, "choices": [{"index": place, "delta": delta, "finish_reason": None}]}
        last = {"index": place, "delta": {"content": ""}, "finish_reason": choice["finish_reason"]}
        yield {**frame, "choices": [last], "usage": body["usage"]}


def mistral_pieces(content: Any) -> list[Any]:
    if isinstance(content, str):
        return cut(content)
    pieces: list[Any] = []
    for block in content:
        if block["type"] == "text":
            pieces += [[{"type": "text", "text": each}] for each in cut(block["text"])]
        elif block["type"] == "thinking":
            parts = [part for part in block["thinking"] if part["type"] == "text"]
            pieces += [
                [{"type": "thinking", "thinking": [{"type": "text", "text": each}]}]
                for part in parts
                for each in cut(part["text"])
            ]
        else:
            pieces.append([block])
    return pieces
