"""Calls of Converse, made twice: by a client of the gateway's, and with boto3. What is said, and how."""

from __future__ import annotations

import base64
from typing import Any

from amazoned import Asking
from ours import Case

CLAUDE = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
CLAUDE_5 = "anthropic.claude-opus-5-v1:0"
NOVA, NOVA_2 = "amazon.nova-lite-v1:0", "us.amazon.nova-2-lite-v1:0"
PROFILE = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2c3"
PIXEL = bytes(range(250, 256)) + b"\x00"
B64 = base64.b64encode(PIXEL).decode()
ASKED = {"role": "user", "content": "Hi"}
HI = {"role": "user", "content": [{"text": "Hi"}]}


def chat(*messages: Any, model: str = CLAUDE, **params: Any) -> dict[str, Any]:
    return {"model": model, "messages": list(messages) or [ASKED], **params}


def says(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


def converse(*messages: Any, model: str = CLAUDE, **params: Any) -> Asking:
    given = list(messages) or [HI]
    return lambda client: client.converse(modelId=model, messages=given, **params)


def stream(*messages: Any, model: str = CLAUDE, **params: Any) -> Asking:
    given = list(messages) or [HI]
    return lambda client: client.converse_stream(modelId=model, messages=given, **params)


def url(kind: str) -> str:
    return f"data:{kind};base64,{B64}"


PLAIN = [
    Case("text", chat(), converse()),
    Case("a model by its id", chat(model=NOVA), converse(model=NOVA)),
    Case("a model by its ARN", chat(model=PROFILE), converse(model=PROFILE)),
    Case("a stream", chat(stream=True, stream_options={"include_usage": True}), stream()),
    Case("a stream by an ARN", chat(model=PROFILE, stream=True), stream(model=PROFILE)),
    Case(
        "instructions",
        chat({"role": "system", "content": "Be brief."}, ASKED),
        converse(system=[{"text": "Be brief."}]),
    ),
    Case(
        "a conversation",
        chat(ASKED, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Who?"}),
        converse(
            HI,
            {"role": "assistant", "content": [{"text": "Hello"}]},
            {"role": "user", "content": [{"text": "Who?"}]},
        ),
    ),
    Case(
        "sampling and limits",
        chat(model=NOVA, temperature=0.2, top_p=0.9, max_completion_tokens=64, stop=["END", "STOP"]),
        converse(
            model=NOVA,
            inferenceConfig={
                "temperature": 0.2,
                "topP": 0.9,
                "maxTokens": 64,
                "stopSequences": ["END", "STOP"],
            },
        ),
    ),
    Case(
        "top_k of Claude",
        chat(top_k=40, temperature=0.5),
        converse(inferenceConfig={"temperature": 0.5}, additionalModelRequestFields={"top_k": 40}),
    ),
    Case(
        "top_k of Nova",
        chat(model=NOVA, top_k=40),
        converse(model=NOVA, additionalModelRequestFields={"inferenceConfig": {"topK": 40}}),
    ),
    Case(
        "a seed and penalties",
        chat(model="qwen.qwen3-32b-v1:0", seed=7, presence_penalty=0.5, frequency_penalty=-0.5),
        converse(
            model="qwen.qwen3-32b-v1:0",
            additionalModelRequestFields={"seed": 7, "presence_penalty": 0.5, "frequency_penalty": -0.5},
        ),
    ),
    Case(
        "a guardrail",
        chat(
            guardrail_config={
                "guardrailIdentifier": "g1",
                "guardrailVersion": "DRAFT",
                "trace": "enabled_full",
            }
        ),
        converse(
            guardrailConfig={
                "guardrailIdentifier": "g1",
                "guardrailVersion": "DRAFT",
                "trace": "enabled_full",
            }
        ),
    ),
    Case(
        "a guardrail over a stream, and what it is to guard",
        chat(
            says(
                {"type": "text", "text": "a"},
                {"guardContent": {"text": {"text": "b", "qualifiers": ["query"]}}},
            ),
            stream=True,
            guardrail_config={
                "guardrailIdentifier": "g1",
                "guardrailVersion": "1",
                "streamProcessingMode": "async",
            },
        ),
        stream(
            {
                "role": "user",
                "content": [
                    {"text": "a"},
                    {"guardContent": {"text": {"text": "b", "qualifiers": ["query"]}}},
                ],
            },
            guardrailConfig={
                "guardrailIdentifier": "g1",
                "guardrailVersion": "1",
                "streamProcessingMode": "async",
            },
        ),
    ),
    Case(
        "what stands around it",
        chat(
            service_tier="flex",
            metadata={"team": "a"},
            performance_config={"latency": "optimized"},
            prompt_variables={"who": {"text": "you"}},
            additional_model_response_field_paths=["/stop_sequence"],
        ),
        converse(
            serviceTier={"type": "flex"},
            requestMetadata={"team": "a"},
            performanceConfig={"latency": "optimized"},
            promptVariables={"who": {"text": "you"}},
            additionalModelResponseFieldPaths=["/stop_sequence"],
        ),
    ),
]

SHOWN: list[dict[str, Any]] = [
    {"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://b/v.mp4"}}}},
    {"document": {"format": "txt", "name": "notes", "source": {"text": "a"}}},
    {
        "searchResult": {
            "source": "https://h.example",
            "title": "t",
            "content": [{"text": "a"}],
            "citations": {"enabled": True},
        }
    },
]
"""Blocks of Converse's own, which go as they come."""
FILES = [
    Case(
        "an image inline",
        chat(
            says({"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": url("image/png")}})
        ),
        converse(
            {
                "role": "user",
                "content": [{"text": "?"}, {"image": {"format": "png", "source": {"bytes": PIXEL}}}],
            }
        ),
    ),
    Case(
        "an image by its place in S3",
        chat(says({"type": "image_url", "image_url": {"url": "s3://b/a.webp"}}), model=NOVA),
        converse(
            {
                "role": "user",
                "content": [
                    {"image": {"format": "webp", "source": {"s3Location": {"uri": "s3://b/a.webp"}}}}
                ],
            },
            model=NOVA,
        ),
    ),
    Case(
        "a PDF to be cited",
        chat(
            says(
                {"type": "text", "text": "?"},
                {
                    "type": "file",
                    "file": {"filename": "a report.pdf", "file_data": url("application/pdf")},
                    "citations": {"enabled": True},
                    "context": "of 2026",
                },
            )
        ),
        converse(
            {
                "role": "user",
                "content": [
                    {"text": "?"},
                    {
                        "document": {
                            "format": "pdf",
                            "name": "a report",
                            "source": {"bytes": PIXEL},
                            "citations": {"enabled": True},
                            "context": "of 2026",
                        }
                    },
                ],
            }
        ),
    ),
    Case(
        "sound",
        chat(says({"type": "input_audio", "input_audio": {"data": B64, "format": "wav"}}), model=NOVA_2),
        converse(
            {"role": "user", "content": [{"audio": {"format": "wav", "source": {"bytes": PIXEL}}}]},
            model=NOVA_2,
        ),
    ),
    Case(
        "a video, a document in words and a search's result",
        chat(
            says(
                {"type": "text", "text": "?"},
                *SHOWN,
            ),
            model=NOVA,
        ),
        converse(
            {
                "role": "user",
                "content": [
                    {"text": "?"},
                    *SHOWN,
                ],
            },
            model=NOVA,
        ),
    ),
]
