"""OpenAI's parameters, each with a value or more to try it by: pairs of bodies, without it and with it.

https://platform.openai.com/docs/api-reference (chat completions, embeddings, images). Where what becomes of a
parameter depends on its value, each of those values is a sample of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..core.endpoints import CHAT, EMBED, IMAGE, Endpoint
from ..core.values import JSON


class Sample(NamedTuple):
    """One value of one parameter."""

    parameter: str
    value: Any
    label: str
    """The parameter, and which of its values this is where there are several."""
    place: str
    """Where the value stands in the body: `temperature`, `messages[0].content[1]`."""
    before: JSON
    after: JSON


HELLO: JSON = {"messages": [{"role": "user", "content": "Hello"}]}
WEATHER: JSON = {
    "name": "weather",
    "description": "The weather of a place.",
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
}
TIME: JSON = {"name": "time", "description": "The time of day.", "parameters": {"type": "object"}}
TOOLS = [{"type": "function", "function": each} for each in (WEATHER, TIME)]
CUSTOM = {"type": "custom", "custom": {"name": "shell", "description": "Runs a line of shell."}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
NAMED = {"type": "function", "function": {"name": "weather"}}
ALLOWED = {"mode": "required", "tools": [NAMED]}
NEAR = {"type": "approximate", "approximate": {"city": "Oslo", "country": "NO"}}


def value_of(base: JSON, name: str, value: Any, label: str = "", **beside: Any) -> Sample:
    """A parameter of a body, beside others without which it means nothing."""
    before = {**base, **beside}
    whole = f"{name}: {label}" if label else name
    return Sample(name, value, whole, name, before, {**before, name: value})


def chat(name: str, value: Any, label: str = "", **beside: Any) -> Sample:
    return value_of(HELLO, name, value, label, **beside)


def each(name: str, *values: Any, **beside: Any) -> tuple[Sample, ...]:
    """A sample for each of several plain values."""
    return tuple(chat(name, value, str(value).lower(), **beside) for value in values)


PARAMETERS: tuple[Sample, ...] = (
    chat("audio", {"format": "wav", "voice": "alloy"}, modalities=["text", "audio"]),
    chat("frequency_penalty", 0.5),
    chat("function_call", {"name": "weather"}, functions=[WEATHER]),
    chat("functions", [WEATHER]),
    chat("logit_bias", {"50256": -100}),
    chat("logprobs", True),
    chat("max_completion_tokens", 100),
    chat("max_tokens", 100),
    chat("metadata", {"team": "blue"}),
    chat("modalities", ["text", "audio"]),
    chat("moderation", {"model": "omni-moderation-latest"}),
    chat("n", 2),
    chat("parallel_tool_calls", False, "false", tools=TOOLS),
    chat("parallel_tool_calls", True, "true", tools=TOOLS),
    chat("prediction", {"type": "content", "content": "Hello, world"}),
    chat("presence_penalty", 0.5),
    chat("prompt_cache_key", "greetings"),
    chat("prompt_cache_options", {"mode": "explicit"}),
    chat("prompt_cache_retention", "24h"),
    *each("reasoning_effort", "none", "minimal", "low", "medium", "high", "xhigh", "max"),
    chat("response_format", {"type": "text"}, "text"),
    chat("response_format", {"type": "json_object"}, "json_object"),
    chat(
        "response_format",
        {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
        "json_schema",
    ),
    chat("safety_identifier", "user-1"),
    chat("seed", 7),
    *each("service_tier", "auto", "default", "flex", "priority", "scale", "fast"),
    chat("stop", "END", "a string"),
    chat("stop", ["END", "STOP"], "a list"),
    chat("store", True),
    chat("stream", True),
    chat("stream_options", {"include_usage": True}, stream=True),
    chat("temperature", 0.5),
    *each("tool_choice", "auto", "none", "required", tools=TOOLS),
    chat("tool_choice", NAMED, "named", tools=TOOLS),
    chat(
        "tool_choice",
        {"type": "allowed_tools", "allowed_tools": ALLOWED},
        "allowed_tools",
        tools=TOOLS,
    ),
    chat("tools", TOOLS[:1], "function"),
    chat("tools", [{**TOOLS[0], "function": {**WEATHER, "strict": True}}], "strict function"),
    chat("tools", [CUSTOM], "custom"),
    chat("top_logprobs", 3, logprobs=True),
    chat("top_p", 0.5),
    chat("user", "user-1"),
    *each("verbosity", "low", "high"),
    chat("web_search_options", {}),
    chat("web_search_options", {"user_location": NEAR}, "user_location"),
    chat("web_search_options", {"search_context_size": "high"}, "search_context_size"),
)

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
WAVE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA="
PAPER = "data:application/pdf;base64,JVBERi0xLjQK"
SAID = {"type": "text", "text": "Hello"}
USER: JSON = {"role": "user", "content": [SAID]}


def part(name: str, inner: Any, label: str = "", **beside: Any) -> Sample:
    """A part of a user's message, after a text."""
    value = {"type": name, name: inner, **beside}
    whole = f"{name}: {label}" if label else name
    after = {"messages": [{**USER, "content": [SAID, value]}]}
    return Sample(name, value, whole, "messages[0].content[1]", {"messages": [USER]}, after)


def spoken(name: str, inner: str) -> Sample:
    """A part of an assistant's turn, after a text."""
    value = {"type": name, name: inner}
    before, after = (
        {"messages": [USER, {"role": "assistant", "content": content}, USER]}
        for content in ([SAID], [SAID, value])
    )
    return Sample(name, value, f"{name} (assistant)", "messages[1].content[1]", before, after)


PARTS: tuple[Sample, ...] = (
    part("text", "there"),
    part("text", "there", "prompt_cache_breakpoint", prompt_cache_breakpoint={"mode": "explicit"}),
    part("image_url", {"url": "https://example.com/a.png"}, "an address"),
    part("image_url", {"url": f"data:image/png;base64,{PIXEL}"}, "data"),
    part("image_url", {"url": f"data:image/png;base64,{PIXEL}", "detail": "high"}, "data, detail"),
    part("input_audio", {"data": WAVE, "format": "wav"}),
    part("file", {"file_data": PAPER, "filename": "a.pdf"}, "data"),
    part("file", {"file_id": "file-1"}, "by id"),
    spoken("refusal", "I would rather not."),
    Sample(
        *("name", "ann", "name (of a user)", "messages[0].name", {"messages": [USER]}),
        {"messages": [{**USER, "name": "ann"}]},
    ),
)


def embed(name: str, value: Any, label: str = "", **beside: Any) -> Sample:
    return value_of({"input": "Goodbye"}, name, value, label, **beside)


EMBEDDINGS: tuple[Sample, ...] = (
    embed("input", "Hello", "a string"),
    embed("input", ["Hello"], "a list of one"),
    embed("input", ["Hello", "there"], "a list"),
    embed("input", [15339, 1070], "tokens"),
    embed("dimensions", 256),
    embed("encoding_format", "float", "float"),
    embed("encoding_format", "base64", "base64"),
    embed("user", "user-1"),
)


def image(name: str, value: Any, label: str = "") -> Sample:
    return value_of({"prompt": "A cat"}, name, value, label)


IMAGES: tuple[Sample, ...] = (
    image("background", "transparent"),
    image("complexity", "low"),
    image("frame_count", 4),
    image("frame_duration_ms", 100),
    image("moderation", "low"),
    image("n", 2),
    image("output_compression", 50),
    image("output_format", "jpeg"),
    image("partial_images", 1),
    image("quality", "high"),
    image("response_format", "b64_json", "b64_json"),
    image("response_format", "url", "url"),
    image("safety_identifier", "user-1"),
    image("size", "1024x1024", "1024x1024"),
    image("size", "1536x1024", "1536x1024"),
    image("stream", True),
    image("style", "vivid"),
    image("svg", {"model": "gpt-5"}),
    image("user", "user-1"),
)

TABLES: Mapping[str, tuple[Endpoint, tuple[Sample, ...]]] = {
    "chat": (CHAT, PARAMETERS),
    "content parts": (CHAT, PARTS),
    "embeddings": (EMBED, EMBEDDINGS),
    "images": (IMAGE, IMAGES),
}
"""The tables of parameters, by their titles."""
