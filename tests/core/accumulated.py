"""Streams as OpenAI's SDK puts them together (`client.chat.completions.stream()`), against whole answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

import restreamed
from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.model import Codec, Context
from gatewaymw.core.providers import PROVIDERS

Json = dict[str, Any]


class Kind(NamedTuple):
    """A provider's codec, and the recordings of its answers, whole and streamed."""

    provider: str
    model: str
    recorded: str
    whole: str
    streamed: str
    events: Callable[[Json], Iterator[Json]]


CLAUDE = "anthropic.claude-3-5-sonnet-20240620-v1:0"
GEMINI = ("gemini-2.5-flash", "generateContent", "streamGenerateContent", restreamed.gemini)
KINDS = {
    "anthropic": Kind("anthropic", "m", "anthropic", "messages", "messages", restreamed.anthropic),
    "bedrock": Kind("bedrock", CLAUDE, "bedrock", "converse", "converse_stream", restreamed.converse),
    "google": Kind("google", GEMINI[0], "gemini", *GEMINI[1:]),
    "vertex-ai": Kind("vertex-ai", GEMINI[0], "vertex", *GEMINI[1:]),
    "cohere": Kind("cohere", "m", "cohere", "v2_chat", "v2_chat", restreamed.cohere),
    "mistral-ai": Kind(
        "mistral-ai", "m", "mistral", "chat_completions", "chat_completions", restreamed.mistral
    ),
}
CITING = {"web_search_options": {}, "documents": ["d"], "tools": [{"type": "web_search_20250305"}]}
"""A request that lets the model cite."""


def codec(kind: Kind) -> Codec:
    provider = PROVIDERS[kind.provider]
    chosen = provider.by_model.get(CHAT)
    return (chosen(kind.model) if chosen else provider.routes[CHAT]).codec


def context(kind: Kind, strict: bool) -> Context:
    return Context(
        provider=kind.provider,
        model=kind.model,
        created=1_700_000_000,
        id="own",
        strict=strict,
        include_usage=True,
        request=CITING,
    )


def step_through(spoken: Codec, events: Iterator[Any] | list[Any], told: Context) -> list[Json]:
    assert spoken.stream
    state, out = spoken.stream.start, list[Json]()
    for event in events:
        state, chunks = spoken.stream.step(state, event, told)
        out += chunks
    assert spoken.stream.ended(state)
    return out


def accumulated(chunks: list[Json]) -> Any:
    """What the SDK makes of chunks. Raises whatever it raises."""
    state = ChatCompletionStreamState()
    for chunk in chunks:
        list(state.handle_chunk(ChatCompletionChunk.model_validate(chunk)))
    return state.current_completion_snapshot


UNSAID = {"parsed", "content_blocks"}
"""What a whole message has not, or in another form."""


def compare(kind: Kind, body: Json, strict: bool) -> None:
    spoken, told = codec(kind), context(kind, strict)
    assert spoken.response
    whole = spoken.response(body, told)
    chunks = step_through(spoken, kind.events(body), told)
    joined = accumulated(chunks)
    assert joined.usage.model_dump(exclude_unset=True, exclude_none=True) == some(whole["usage"])
    for one, other in zip(joined.choices, whole["choices"], strict=True):
        assert one.finish_reason == other["finish_reason"]
        message = one.message.model_dump(exclude_none=True)
        assert comparable(message) == comparable(other["message"])
        assert sent_back(kind, message) == sent_back(kind, some(other["message"]))
    frames = {(each["id"], each["model"], each["created"], each["object"]) for each in chunks}
    assert len(frames) == 1
    assert [bool(each["choices"]) for each in chunks].count(False) == 1
    roles = [each["delta"].get("role") for chunk in chunks for each in chunk["choices"]]
    assert roles.count("assistant") == len(whole["choices"])


def some(value: Json) -> Json:
    return {name: each for name, each in value.items() if each is not None}


def comparable(message: Json) -> Json:
    """A message without its nulls, its calls with their arguments read. Beside calls no content is as good as
    an empty one, with which a stream begins."""
    made = {name: value for name, value in some(message).items() if name not in UNSAID}
    for number, call in enumerate(made.get("tool_calls") or ()):
        assert call.get("index", number) == number
    if calls := [called(call) for call in made.get("tool_calls") or ()]:
        made |= {"tool_calls": calls, "content": made.get("content") or ""}
    return made


def called(call: Json) -> Json:
    function = {name: value for name, value in call["function"].items() if name != "parsed_arguments"}
    function["arguments"] = json.loads(function["arguments"])
    return {**{name: value for name, value in call.items() if name != "index"}, "function": function}


def sent_back(kind: Kind, message: Json) -> Any:
    """The next request, in which the message is part of the history."""
    spoken = codec(kind)
    assert spoken.request
    calls = [
        {name: call[name] for name in ("id", "type", "function")} for call in message.get("tool_calls") or ()
    ]
    message = {**message, "tool_calls": calls} if calls else message
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "5"} for call in calls]
    messages = [{"role": "user", "content": "a"}, message, *results, {"role": "user", "content": "b"}]
    made = spoken.request({"model": kind.model, "messages": messages}, context(kind, False))
    return whole_texts(made.body), made.dropped


def whole_texts(body: Any) -> Any:
    """A request whose texts that follow one another in Gemini's turns are one."""
    for turn in body.get("contents", ()):
        parts: list[Json] = []
        for part in turn["parts"]:
            if parts and part.keys() == parts[-1].keys() == {"text"}:
                parts[-1] = {"text": parts[-1]["text"] + part["text"]}
            else:
                parts.append(part)
        turn["parts"] = parts
    return body
