"""Calls of Converse, made twice: tools, thoughts, schemas, caches."""

from __future__ import annotations

import json
from typing import Any

from converse_calls import (
    ASKED,
    B64,
    CLAUDE_5,
    HI,
    NOVA_2,
    PIXEL,
    PROFILE,
    chat,
    converse,
    says,
    url,
)
from ours import Case

SCHEMA = {
    "type": "object",
    "properties": {
        "place": {"$ref": "#/$defs/place"},
        "when": {"anyOf": [{"type": "string", "format": "date"}, {"type": "integer"}]},
        "unit": {"type": ["string", "null"], "enum": ["C", "F", None], "description": "Or none."},
    },
    "required": ["place"],
    "additionalProperties": False,
    "$defs": {
        "place": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "additionalProperties": False,
        }
    },
}
TOOL = {"type": "function", "function": {"name": "weather", "description": "Tells.", "parameters": SCHEMA}}
SPEC: dict[str, Any] = {
    "toolSpec": {"name": "weather", "description": "Tells.", "inputSchema": {"json": SCHEMA}}
}


def called(number: int, city: str) -> dict[str, Any]:
    function = {"name": "weather", "arguments": json.dumps({"city": city})}
    return {"id": f"c{number}", "type": "function", "function": function}


def call(number: int, city: str) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": f"c{number}", "name": "weather", "input": {"city": city}}}


def returned(number: int, **result: Any) -> dict[str, Any]:
    return {"toolResult": {"toolUseId": f"c{number}", **result}}


TOOLS = [
    Case("a tool", chat(tools=[TOOL]), converse(toolConfig={"tools": [SPEC]})),
    Case("a choice: auto", chat(tools=[TOOL], tool_choice="auto"), converse(toolConfig={"tools": [SPEC]})),
    Case("a choice: none", chat(tools=[TOOL], tool_choice="none"), converse()),
    Case(
        "a choice: required",
        chat(tools=[TOOL], tool_choice="required"),
        converse(toolConfig={"tools": [SPEC], "toolChoice": {"any": {}}}),
    ),
    Case(
        "a choice: named",
        chat(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "weather"}}),
        converse(toolConfig={"tools": [SPEC], "toolChoice": {"tool": {"name": "weather"}}}),
    ),
    Case(
        "a strict tool",
        chat(tools=[{"type": "function", "function": {**TOOL["function"], "strict": True}}]),  # type: ignore[dict-item]
        converse(toolConfig={"tools": [{"toolSpec": {**SPEC["toolSpec"], "strict": True}}]}),
    ),
    Case(
        "Amazon's own tool",
        chat(model=NOVA_2, tools=[{"systemTool": {"name": "nova_code_interpreter"}}]),
        converse(model=NOVA_2, toolConfig={"tools": [{"systemTool": {"name": "nova_code_interpreter"}}]}),
    ),
    Case(
        "a call and its result",
        chat(
            ASKED,
            {"role": "assistant", "content": "Let me see.", "tool_calls": [called(1, "Rome")]},
            {"role": "tool", "tool_call_id": "c1", "content": "warm"},
            tools=[TOOL],
        ),
        converse(
            HI,
            {"role": "assistant", "content": [{"text": "Let me see."}, call(1, "Rome")]},
            {"role": "user", "content": [returned(1, content=[{"text": "warm"}])]},
            toolConfig={"tools": [SPEC]},
        ),
    ),
    Case(
        "calls side by side: one fails, one shows an image and JSON",
        chat(
            ASKED,
            {"role": "assistant", "tool_calls": [called(1, "Rome"), called(2, "Oslo")]},
            {"role": "tool", "tool_call_id": "c1", "content": "lost", "is_error": True},
            {
                "role": "tool",
                "tool_call_id": "c2",
                "content": [
                    {"type": "image_url", "image_url": {"url": url("image/jpeg")}},
                    {"json": {"degrees": 1}},
                ],
            },
            {"role": "user", "content": "And?"},
            tools=[TOOL],
        ),
        converse(
            HI,
            {"role": "assistant", "content": [call(1, "Rome"), call(2, "Oslo")]},
            {
                "role": "user",
                "content": [
                    returned(1, content=[{"text": "lost"}], status="error"),
                    returned(
                        2,
                        content=[
                            {"image": {"format": "jpeg", "source": {"bytes": PIXEL}}},
                            {"json": {"degrees": 1}},
                        ],
                    ),
                    {"text": "And?"},
                ],
            },
            toolConfig={"tools": [SPEC]},
        ),
    ),
]

LIMIT: dict[str, Any] = {"inferenceConfig": {"maxTokens": 9000}}
REASONING = [
    Case(
        "Claude's budget",
        chat(max_tokens=9000, thinking={"type": "enabled", "budget_tokens": 2000}),
        converse(
            **LIMIT,
            additionalModelRequestFields={"thinking": {"type": "enabled", "budget_tokens": 2000}},
        ),
    ),
    Case(
        "Claude's effort",
        chat(model=CLAUDE_5, max_tokens=9000, reasoning_effort="high"),
        converse(
            model=CLAUDE_5,
            **LIMIT,
            outputConfig={"effort": "high"},
            additionalModelRequestFields={"thinking": {"type": "adaptive", "display": "summarized"}},
        ),
    ),
    Case(
        "a beta of Claude's",
        chat(anthropic_beta=["interleaved-thinking-2025-05-14"]),
        converse(additionalModelRequestFields={"anthropic_beta": ["interleaved-thinking-2025-05-14"]}),
    ),
    Case(
        "Nova's effort",
        chat(model=NOVA_2, reasoning_effort="low"),
        converse(
            model=NOVA_2,
            additionalModelRequestFields={
                "reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}
            },
        ),
    ),
    Case(
        "the effort of open weights",
        chat(model="openai.gpt-oss-120b-1:0", reasoning_effort="high"),
        converse(model="openai.gpt-oss-120b-1:0", additionalModelRequestFields={"reasoning_effort": "high"}),
    ),
    Case(
        "Converse's own effort",
        chat(model=PROFILE, outputConfig={"effort": "xhigh"}),
        converse(model=PROFILE, outputConfig={"effort": "xhigh"}),
    ),
    Case(
        "thoughts sent back, signed and veiled",
        chat(
            ASKED,
            {
                "role": "assistant",
                "content": "Hello",
                "content_blocks": [
                    {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}},
                    {"reasoningContent": {"redactedContent": B64}},
                    {"text": "Hello"},
                ],
            },
            ASKED,
            max_tokens=9000,
            thinking={"type": "enabled", "budget_tokens": 2000},
        ),
        converse(
            HI,
            {
                "role": "assistant",
                "content": [
                    {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}},
                    {"reasoningContent": {"redactedContent": PIXEL}},
                    {"text": "Hello"},
                ],
            },
            HI,
            **LIMIT,
            additionalModelRequestFields={"thinking": {"type": "enabled", "budget_tokens": 2000}},
        ),
    ),
    Case(
        "an answer by a schema",
        chat(
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "trip", "description": "A trip.", "schema": SCHEMA},
            }
        ),
        converse(
            outputConfig={
                "textFormat": {
                    "type": "json_schema",
                    "structure": {
                        "jsonSchema": {
                            "schema": json.dumps(SCHEMA, separators=(",", ":")),
                            "name": "trip",
                            "description": "A trip.",
                        }
                    },
                }
            }
        ),
    ),
    Case(
        "what is to be cached, and how long",
        chat(
            {
                "role": "system",
                "content": [
                    {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
                ],
            },
            says({"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}),
            tools=[{**TOOL, "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        ),
        converse(
            {"role": "user", "content": [{"text": "Hi"}, {"cachePoint": {"type": "default"}}]},
            system=[{"text": "Be brief."}, {"cachePoint": {"type": "default", "ttl": "1h"}}],
            toolConfig={"tools": [SPEC, {"cachePoint": {"type": "default", "ttl": "1h"}}]},
        ),
    ),
    Case(
        "tools that come and go",
        chat(
            ASKED,
            {"role": "assistant", "content": "Hello"},
            {"role": "system", "content": [{"toolRemoval": {"tool": {"type": "tool", "name": "weather"}}}]},
            ASKED,
            model=CLAUDE_5,
            tools=[TOOL],
        ),
        converse(
            HI,
            {"role": "assistant", "content": [{"text": "Hello"}]},
            {"role": "system", "content": [{"toolRemoval": {"tool": {"type": "tool", "name": "weather"}}}]},
            HI,
            model=CLAUDE_5,
            toolConfig={"tools": [SPEC]},
        ),
    ),
]
