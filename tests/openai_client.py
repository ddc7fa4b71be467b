"""What a client that speaks OpenAI's chat dialect accepts, and what it reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from openai.types.chat import ChatCompletion, ChatCompletionChunk


class Read(NamedTuple):
    """What a whole answer, or all chunks of one, say."""

    text: str
    reasoning: str
    calls: list[dict[str, Any]]
    """`{name, arguments}`, the arguments parsed."""
    finish: str | None
    usage: dict[str, Any]
    id: str | None
    model: str | None


def completion(body: Mapping[str, Any]) -> ChatCompletion:
    """A whole answer, by the official SDK's types without any leniency. Raises ValidationError."""
    return ChatCompletion.model_validate_json(json.dumps(body), strict=True)


def chunk(body: Mapping[str, Any]) -> ChatCompletionChunk:
    """One chunk of a stream, as strictly. Raises ValidationError."""
    return ChatCompletionChunk.model_validate_json(json.dumps(body), strict=True)


def read(bodies: Iterable[Mapping[str, Any]], part: str) -> Read:
    """The first choice of a whole answer (`part="message"`) or of chunks (`part="delta"`)."""
    text, reasoning, finish = "", "", None
    usage: dict[str, Any] = {}
    calls: dict[int, list[str]] = {}
    ids: list[Any] = [None, None]
    for body in bodies:
        ids = [ids[0] or body["id"], ids[1] or body["model"]]
        usage = body.get("usage") or usage
        for choice in body["choices"]:
            said = choice[part]
            text += said.get("content") or ""
            reasoning += said.get("reasoning_content") or ""
            finish = choice.get("finish_reason") or finish
            for place, call in enumerate(said.get("tool_calls") or ()):
                name_and_arguments = calls.setdefault(call.get("index", place), ["", ""])
                name_and_arguments[0] += call["function"].get("name") or ""
                name_and_arguments[1] += call["function"].get("arguments") or ""
    parsed = [{"name": name, "arguments": json.loads(given)} for _, (name, given) in sorted(calls.items())]
    return Read(text, reasoning, parsed, finish, usage, *ids)


def said(read: Read) -> dict[str, Any]:
    """Only what there is of it, as the exchanges of `catalogue/` say it."""
    usage = [read.usage.get("prompt_tokens"), read.usage.get("completion_tokens")]
    calls = [{each["name"]: each["arguments"]} for each in read.calls]
    found = {"text": read.text, "reasoning": read.reasoning, "calls": calls, "finish": read.finish}
    return {name: value for name, value in found.items() if value} | ({"usage": usage} if any(usage) else {})
