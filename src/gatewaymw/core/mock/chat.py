"""Chat and text completions of the mock."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .. import json
from ..errors import BadRequest
from ..values import JSON
from .asked import Asked
from .schema import fitting
from .script import CREATED, Script, json_answer, stream, whole_number
from .tools import called

WORDS = re.compile(r"\s*\S+(?:\s+\Z)?|\A\s+\Z")
"""Text in pieces that make it up again: a word each is a token here."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: what it says, in pieces, what it calls, why it ended."""

    pieces: tuple[str, ...]
    calls: tuple[JSON, ...]
    finish: str

    @property
    def tokens(self) -> int:
        return len(self.pieces) + sum(len(WORDS.findall(json.dumps(call).decode())) for call in self.calls)


# ── chat ─────────────────────────────────────────────────────────────────


def chat(asked: Asked) -> Script:
    """https://platform.openai.com/docs/api-reference/chat/create"""
    messages = asked.body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("messages must be a list with at least one message", param="messages")
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            raise BadRequest("a message must be an object", param=f"messages[{index}]")
    choices = [chosen(asked, messages, number) for number in range(whole_number(asked.body, "n", 1, 128))]
    usage = counted(sum(len(words(message)) for message in messages), choices)
    if asked.stream:
        return stream(chunks(asked, choices, usage))
    rows = [{**row(number, choice), "message": message_of(choice)} for number, choice in enumerate(choices)]
    return json_answer({**head(asked, "chat.completion", "chatcmpl-mock"), "choices": rows, "usage": usage})


def chosen(asked: Asked, messages: list[JSON], number: int) -> Choice:
    calls = called(asked, messages, number)
    if calls:
        return Choice((), calls, "tool_calls")
    return limited(asked.body, spoken(asked.body, messages), number)


def limited(body: Mapping[str, Any], text: str, number: int) -> Choice:
    """The text up to the first stop sequence and within the limit of tokens."""
    text = text if number == 0 else f"{text} (choice {number + 1})"
    stops = body.get("stop") or []
    for stop in [stops] if isinstance(stops, str) else stops:
        text = text.partition(str(stop))[0] if stop else text
    pieces = tuple(WORDS.findall(text))
    name = "max_completion_tokens" if body.get("max_completion_tokens") is not None else "max_tokens"
    most = whole_number(body, name, len(pieces) or 1, 10**9)
    return Choice(pieces[:most], (), "length" if len(pieces) > most else "stop")


def spoken(body: Mapping[str, Any], messages: list[JSON]) -> str:
    """The mock's words."""
    wanted = body.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type") == "json_schema":
        return json.dumps(fitting((wanted.get("json_schema") or {}).get("schema"))).decode()
    said = echo(messages)
    if isinstance(wanted, dict) and wanted.get("type") == "json_object":
        return json.dumps({"answer": said}).decode()
    return said


def echo(messages: list[JSON]) -> str:
    if messages[-1].get("role") == "tool":
        return "; ".join(result(messages, message) for message in trailing(messages))
    users = [message for message in messages if message.get("role") == "user"]
    message = (users or messages)[-1]
    held = Counter(part_kind(part) for part in parts(message) if part_kind(part) != "text")
    notes = "".join(f" [{count} {kind}{'s' if count > 1 else ''}]" for kind, count in held.items())
    return f"You said: {text_of(message)}{notes}"


def trailing(messages: list[JSON]) -> list[JSON]:
    """The tool results the conversation ends with."""
    start = len(messages)
    while start and messages[start - 1].get("role") == "tool":
        start -= 1
    return messages[start:]


def result(messages: list[JSON], message: JSON) -> str:
    number = message.get("tool_call_id")
    calls = [call for each in messages for call in each.get("tool_calls") or () if call.get("id") == number]
    name = (
        (calls[-1].get("function") or calls[-1].get("custom") or {}).get("name") if calls else None
    ) or number
    return f"{name} returned: {text_of(message)}"


def parts(message: JSON) -> list[JSON]:
    content = message.get("content")
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def part_kind(part: JSON) -> str:
    """`image_url` is an image, `input_audio` audio."""
    return str(part.get("type") or "part").removeprefix("input_").removesuffix("_url")


def text_of(message: JSON) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return " ".join(str(part.get("text") or "") for part in parts(message) if part_kind(part) == "text")


def words(message: JSON) -> list[str]:
    """The tokens of a message; what is no text counts as one."""
    others = [part_kind(part) for part in parts(message) if part_kind(part) != "text"]
    return WORDS.findall(text_of(message)) + others


def counted(prompt: int, choices: list[Choice]) -> JSON:
    completion = sum(choice.tokens for choice in choices)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def head(asked: Asked, kind: str, prefix: str) -> JSON:
    return {"id": f"{prefix}-{asked.id[:24]}", "object": kind, "created": CREATED, "model": asked.model}


def row(number: int, choice: Choice) -> JSON:
    return {"index": number, "logprobs": None, "finish_reason": choice.finish}


def message_of(choice: Choice) -> JSON:
    content = None if choice.calls else "".join(choice.pieces)
    calls = {"tool_calls": list(choice.calls)} if choice.calls else {}
    return {"role": "assistant", "content": content, "refusal": None, **calls}


def chunks(asked: Asked, choices: list[Choice], usage: JSON) -> Iterator[JSON]:
    """A role, a chunk a word (or half of a tool call's arguments), the reason, the usage."""
    options = asked.body.get("stream_options")
    counts = isinstance(options, dict) and options.get("include_usage") is True
    base = head(asked, "chat.completion.chunk", "chatcmpl-mock") | ({"usage": None} if counts else {})
    for number, choice in enumerate(choices):
        for delta in deltas(choice):
            part = {"index": number, "delta": delta, "logprobs": None, "finish_reason": None}
            yield {**base, "choices": [part]}
        yield {**base, "choices": [{**row(number, choice), "delta": {}}]}
    if counts:
        yield {**base, "choices": [], "usage": usage}


def deltas(choice: Choice) -> Iterator[JSON]:
    yield {"role": "assistant", "content": None if choice.calls else ""}
    for piece in choice.pieces:
        yield {"content": piece}
    for index, call in enumerate(choice.calls):
        kind, field = ("custom", "input") if call["type"] == "custom" else ("function", "arguments")
        text = call[kind][field]
        yield {"tool_calls": [{**call, "index": index, kind: {**call[kind], field: ""}}]}
        for half in (text[: len(text) // 2], text[len(text) // 2 :]):
            yield {"tool_calls": [{"index": index, kind: {field: half}}]}


# ── text ─────────────────────────────────────────────────────────────────


def completion(asked: Asked) -> Script:
    """https://platform.openai.com/docs/api-reference/completions/create"""
    prompts = prompts_of(asked.body.get("prompt"))
    each = whole_number(asked.body, "n", 1, 128)
    choices = [
        limited(asked.body, f"You said: {prompt}", number) for prompt in prompts for number in range(each)
    ]
    usage = counted(sum(len(WORDS.findall(prompt)) for prompt in prompts), choices)
    base = head(asked, "text_completion", "cmpl-mock")
    if asked.stream:
        return stream(text_chunks(asked, base, choices, usage))
    rows = [{**row(number, choice), "text": "".join(choice.pieces)} for number, choice in enumerate(choices)]
    return json_answer({**base, "choices": rows, "usage": usage})


def prompts_of(prompt: Any) -> list[str]:
    """Each prompt as text: a string, several, or tokens that are only counted."""
    if isinstance(prompt, str):
        return [prompt]
    if not isinstance(prompt, list) or not prompt:
        raise BadRequest("prompt must be a string, a list of strings or a list of tokens", param="prompt")
    if isinstance(prompt[0], int):
        return [" ".join(map(str, prompt))]
    return [each if isinstance(each, str) else " ".join(map(str, each or ())) for each in prompt]


def text_chunks(asked: Asked, base: JSON, choices: list[Choice], usage: JSON) -> Iterator[JSON]:
    options = asked.body.get("stream_options")
    counts = isinstance(options, dict) and options.get("include_usage") is True
    base = base | ({"usage": None} if counts else {})
    for number, choice in enumerate(choices):
        for piece in choice.pieces:
            yield {**base, "choices": [{**row(number, choice), "text": piece, "finish_reason": None}]}
        yield {**base, "choices": [{**row(number, choice), "text": ""}]}
    if counts:
        yield {**base, "choices": [], "usage": usage}
