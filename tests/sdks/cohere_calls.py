"""Calls of Cohere, each as a client of OpenAI's API makes it and as one of Cohere's own SDK does.

The SDK's are those of https://docs.cohere.com/reference/about.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from cohere import (
    AssistantChatMessageV2,
    ClientV2,
    SystemChatMessageV2,
    TextAssistantMessageV2ContentOneItem,
    ThinkingAssistantMessageV2ContentOneItem,
    ToolCallV2,
    ToolCallV2Function,
    ToolChatMessageV2,
    UserChatMessageV2,
)

from gatewaymw.core.endpoints import CHAT, EMBED, MODELS, Endpoint

Json = dict[str, Any]
Called = Callable[[ClientV2], object]


class Row(NamedTuple):
    """One call: the body for the gateway, and the call of the SDK."""

    name: str
    body: Json
    call: Called
    endpoint: Endpoint = CHAT


def asks(**params: Any) -> Json:
    """A body of OpenAI's, of one greeting where nothing else is said."""
    return {"model": "command-a-plus", "messages": [user("Hi")], **params}


def chats(**params: Any) -> Called:
    """The SDK's call for a chat, of the same greeting."""
    asked: Json = {"model": "command-a-plus", "messages": [UserChatMessageV2(content="Hi")], **params}
    return lambda cohere: cohere.chat(**asked)


def streams(**params: Any) -> Called:
    asked: Json = {"model": "command-a-plus", "messages": [UserChatMessageV2(content="Hi")], **params}
    return lambda cohere: list(cohere.chat_stream(**asked))


def embeds(**params: Any) -> Called:
    asked: Json = {"model": "embed-v4.0", "input_type": "search_document", **params}
    return lambda cohere: cohere.v2.embed(**asked)


def user(content: Any) -> Json:
    return {"role": "user", "content": content}


def call(id: str, city: str) -> Json:
    return {"id": id, "type": "function", "function": {"name": "weather", "arguments": written(city)}}


def written(city: str) -> str:
    return json.dumps({"city": city})


def use(id: str, city: str) -> ToolCallV2:
    """The same call in the SDK's types."""
    return ToolCallV2(id=id, function=ToolCallV2Function(name="weather", arguments=written(city)))


def told(id: str, content: Any) -> Json:
    return {"role": "tool", "tool_call_id": id, "content": content}


def schema(**spec: Any) -> Json:
    return {"type": "json_schema", "json_schema": {"name": "person", **spec}}


PAGE, PIXEL = "https://x.example/a.png", "data:image/png;base64,iVBORw0KGgo="
CITY: Json = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PERSON: Json = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
WEATHER: Json = {
    "type": "function",
    "function": {"name": "weather", "description": "Tells it.", "parameters": CITY},
}
STRICT: Json = {"type": "function", "function": {**WEATHER["function"], "strict": True}}
CLOCK: Json = {"type": "function", "function": {"name": "clock", "parameters": CITY}}
FACT: Json = {"id": "d1", "data": {"title": "T", "snippet": "Rain."}}
FOUND: Json = {"type": "document", "document": FACT}
TEXT: Json = {"type": "text", "text": "What?"}
SAID: Json = {"type": "text", "text": "Sure."}
THOUGHT: Json = {"type": "thinking", "thinking": "Hm."}


def picture(url: str, **beside: Any) -> Json:
    return {"type": "image_url", "image_url": {"url": url, **beside}}


# ── the calls ────────────────────────────────────────────────────────────

SAYS = [
    Row("text", asks(), chats()),
    Row(
        "system",
        asks(messages=[{"role": "system", "content": "Be brief."}, user("Hi")]),
        chats(messages=[SystemChatMessageV2(content="Be brief."), UserChatMessageV2(content="Hi")]),
    ),
    Row(
        "developer",
        asks(messages=[{"role": "developer", "content": [TEXT]}, user("Hi")]),
        chats(messages=[SystemChatMessageV2(content=[TEXT]), UserChatMessageV2(content="Hi")]),
    ),
    Row(
        "turns",
        asks(messages=[user("Hi"), {"role": "assistant", "content": "Hello."}, user("Bye")]),
        chats(
            messages=[
                UserChatMessageV2(content="Hi"),
                AssistantChatMessageV2(content="Hello."),
                UserChatMessageV2(content="Bye"),
            ]
        ),
    ),
    Row(
        "sampling",
        asks(
            **{"temperature": 0.2, "top_p": 0.9, "top_k": 5, "seed": 7, "max_completion_tokens": 99},
            **{"frequency_penalty": 0.1, "presence_penalty": 0.2, "stop": "END", "logprobs": True},
        ),
        chats(
            **{"temperature": 0.2, "p": 0.9, "k": 5, "seed": 7, "max_tokens": 99},
            **{
                "frequency_penalty": 0.1,
                "presence_penalty": 0.2,
                "stop_sequences": ["END"],
                "logprobs": True,
            },
        ),
    ),
    Row(
        "its-own",
        asks(k=5, p=0.9, safety_mode="STRICT", priority=3, stop_sequences=["A", "B"]),
        chats(k=5, p=0.9, safety_mode="STRICT", priority=3, stop_sequences=["A", "B"]),
    ),
    Row("stream", asks(stream=True, stream_options={"include_usage": True}), streams()),
    Row("stream-tools", asks(stream=True, tools=[WEATHER]), streams(tools=[WEATHER])),
    Row(
        "image-by-url",
        asks(messages=[user([TEXT, picture(PAGE)])]),
        chats(messages=[UserChatMessageV2(content=[TEXT, picture(PAGE)])]),
    ),
    Row(
        "image-data",
        asks(messages=[user([picture(PIXEL, detail="low")])]),
        chats(messages=[UserChatMessageV2(content=[picture(PIXEL, detail="low")])]),
    ),
    Row(
        "documents",
        asks(documents=["Rain.", FACT], citation_options={"mode": "FAST"}),
        chats(documents=["Rain.", FACT], citation_options={"mode": "FAST"}),
    ),
]
TOOLS = [
    Row("tools", asks(tools=[WEATHER], tool_choice="auto"), chats(tools=[WEATHER])),
    Row(
        "tools-required",
        asks(tools=[WEATHER], tool_choice="required"),
        chats(tools=[WEATHER], tool_choice="REQUIRED"),
    ),
    Row("tools-none", asks(tools=[WEATHER], tool_choice="none"), chats(tools=[WEATHER], tool_choice="NONE")),
    Row(
        "tools-named",
        asks(tools=[WEATHER, CLOCK], tool_choice={"type": "function", "function": {"name": "clock"}}),
        chats(tools=[CLOCK], tool_choice="REQUIRED"),
    ),
    Row("tools-strict", asks(tools=[STRICT]), chats(tools=[WEATHER], strict_tools=True)),
    Row(
        "tool-result",
        asks(
            messages=[
                user("Hi"),
                {"role": "assistant", "content": None, "tool_calls": [call("c1", "Oslo")]},
                told("c1", "Rain."),
            ],
            tools=[WEATHER],
        ),
        chats(
            messages=[
                UserChatMessageV2(content="Hi"),
                AssistantChatMessageV2(tool_calls=[use("c1", "Oslo")]),
                ToolChatMessageV2(tool_call_id="c1", content="Rain."),
            ],
            tools=[WEATHER],
        ),
    ),
    Row(
        "tool-results",
        asks(
            messages=[
                user("Hi"),
                {
                    **{"role": "assistant", "tool_plan": "Both."},
                    "tool_calls": [call("c1", "Oslo"), call("c2", "Rome")],
                },
                told("c1", [FOUND, TEXT]),
                told("c2", [FOUND]),
                user("And?"),
            ],
            tools=[WEATHER],
        ),
        chats(
            messages=[
                UserChatMessageV2(content="Hi"),
                AssistantChatMessageV2(tool_plan="Both.", tool_calls=[use("c1", "Oslo"), use("c2", "Rome")]),
                ToolChatMessageV2(tool_call_id="c1", content=[FOUND, TEXT]),
                ToolChatMessageV2(tool_call_id="c2", content=[FOUND]),
                UserChatMessageV2(content="And?"),
            ],
            tools=[WEATHER],
        ),
    ),
]
THINKS = [
    Row("thinking", asks(reasoning_effort="high"), chats(thinking={"type": "enabled"})),
    Row("no-thinking", asks(reasoning_effort="none"), chats(thinking={"type": "disabled"})),
    Row(
        "thinking-by-a-budget",
        asks(reasoning_effort="medium", max_tokens=1000),
        chats(thinking={"type": "enabled", "token_budget": 500}, max_tokens=1000),
    ),
    Row(
        "thinking-its-own",
        asks(thinking={"type": "enabled", "token_budget": 7}),
        chats(thinking={"type": "enabled", "token_budget": 7}),
    ),
    Row(
        "thoughts-sent-back",
        asks(
            messages=[
                user("Hi"),
                {"role": "assistant", "content": "Sure.", "content_blocks": [THOUGHT, SAID]},
                user("Go on."),
            ]
        ),
        chats(
            messages=[
                UserChatMessageV2(content="Hi"),
                AssistantChatMessageV2(
                    content=[
                        ThinkingAssistantMessageV2ContentOneItem(thinking="Hm."),
                        TextAssistantMessageV2ContentOneItem(text="Sure."),
                    ]
                ),
                UserChatMessageV2(content="Go on."),
            ]
        ),
    ),
    Row(
        "json",
        asks(response_format={"type": "json_object"}),
        chats(response_format={"type": "json_object"}),
    ),
    Row(
        "schema",
        asks(response_format=schema(schema=PERSON)),
        chats(response_format={"type": "json_object", "json_schema": PERSON}),
    ),
    Row(
        "schema-its-own",
        asks(response_format={"type": "json_object", "json_schema": PERSON}),
        chats(response_format={"type": "json_object", "json_schema": PERSON}),
    ),
]


def vectors(**params: Any) -> Json:
    return {"model": "embed-v4.0", **params}


MIXED: list[Json] = [{"content": [{"type": "text", "text": "a"}, picture(PIXEL)]}]
FINDS = [
    Row("texts", vectors(input=["a", "b"]), embeds(texts=["a", "b"], embedding_types=["float"]), EMBED),
    Row("a-text", vectors(input="a"), embeds(texts=["a"], embedding_types=["float"]), EMBED),
    Row(
        "texts-in-base64",
        vectors(input="a", encoding_format="base64"),
        embeds(texts=["a"], embedding_types=["float"]),
        EMBED,
    ),
    Row(
        "a-query",
        vectors(input="a", input_type="search_query", dimensions=256, truncate="END"),
        embeds(
            **{"texts": ["a"], "input_type": "search_query", "output_dimension": 256, "truncate": "END"},
            embedding_types=["float"],
        ),
        EMBED,
    ),
    Row(
        "bytes",
        vectors(input="a", embedding_types=["int8"], max_tokens=9, priority=1),
        embeds(texts=["a"], embedding_types=["int8"], max_tokens=9, priority=1),
        EMBED,
    ),
    Row(
        "base64-of-its-own",
        vectors(input="a", embedding_types=["base64"], input_type="clustering"),
        embeds(texts=["a"], embedding_types=["base64"], input_type="clustering"),
        EMBED,
    ),
    Row(
        "images",
        vectors(input=[picture(PIXEL)]),
        embeds(images=[PIXEL], input_type="image", embedding_types=["float"]),
        EMBED,
    ),
    Row(
        "mixed",
        vectors(input=[[{"type": "text", "text": "a"}, picture(PIXEL)]]),
        embeds(inputs=MIXED, embedding_types=["float"]),
        EMBED,
    ),
    Row("models", {}, lambda cohere: cohere.models.list(page_size=1000), MODELS),
]
