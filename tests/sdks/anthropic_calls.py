"""Calls of Claude, each as a client of OpenAI's API makes it and as one of Anthropic's own SDK does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from anthropic import Anthropic
from pydantic import BaseModel, Field

from gatewaymw.core.values import NOTHING

Json = dict[str, Any]
Called = Callable[[Anthropic], object]

OLD, NEW = "claude-sonnet-4-5-x", "claude-opus-5-x"
"""A model that thinks by a budget and one that thinks as it sees fit. The SDK warns of the end of models that
it knows by their whole names, which these are not."""


class Row(NamedTuple):
    """One call: the body for the gateway, the call of the SDK, and the client's headers for Anthropic."""

    name: str
    body: Json
    call: Called
    headers: Mapping[str, str] = NOTHING


# ── what both are asked ──────────────────────────────────────────────────


def asks(**params: Any) -> Json:
    """A body of OpenAI's, of one greeting where nothing else is said."""
    return {"model": OLD, "max_completion_tokens": 2048, "messages": [user("Hi")], **params}


def creates(**params: Any) -> Called:
    """The SDK's call for a message, of the same greeting."""
    asked: Json = {"model": OLD, "max_tokens": 2048, "messages": [user("Hi")], **params}
    if asked.get("stream"):
        return lambda claude: list(claude.messages.create(**asked))
    return lambda claude: claude.messages.create(**asked)


def previews(**params: Any) -> Called:
    """The SDK's call with features in beta."""
    asked: Json = {"model": OLD, "max_tokens": 2048, "messages": [user("Hi")], **params}
    return lambda claude: claude.beta.messages.create(**asked)


def parses(**params: Any) -> Called:
    """The SDK's call for an answer that is a `Person`."""
    return lambda claude: claude.messages.parse(
        model=NEW,
        max_tokens=2048,
        messages=[{"role": "user", "content": "Hi"}],
        output_format=Person,
        **params,
    )


def streamed(claude: Anthropic) -> object:
    """The SDK's own way to stream."""
    with claude.messages.stream(
        model=OLD, max_tokens=2048, messages=[{"role": "user", "content": "Hi"}]
    ) as told:
        return told.get_final_message()


def user(content: Any) -> Json:
    return {"role": "user", "content": content}


def assistant(content: Any, **beside: Any) -> Json:
    return {"role": "assistant", "content": content, **beside}


def system(content: Any, role: str = "system") -> Json:
    return {"role": role, "content": content}


def text(said: str, **beside: Any) -> Json:
    return {"type": "text", "text": said, **beside}


# ── pieces of OpenAI's ───────────────────────────────────────────────────


def picture(url: str) -> Json:
    return {"type": "image_url", "image_url": {"url": url}}


def file(**spec: str) -> Json:
    return {"type": "file", "file": spec}


def call(id: str, city: str) -> Json:
    function = {"name": "weather", "arguments": json.dumps({"city": city})}
    return {"id": id, "type": "function", "function": function}


def told(id: str, content: Any, **beside: Any) -> Json:
    return {"role": "tool", "tool_call_id": id, "content": content, **beside}


def schema(**spec: Any) -> Json:
    return {"type": "json_schema", "json_schema": {"name": "person", "strict": True, **spec}}


# ── pieces of Anthropic's ────────────────────────────────────────────────


def image(source: Json) -> Json:
    return {"type": "image", "source": source}


def document(source: Json, **beside: Any) -> Json:
    return {"type": "document", "source": source, **beside}


def linked(url: str) -> Json:
    return {"type": "url", "url": url}


def data(kind: str, given: str) -> Json:
    return {"type": "base64", "media_type": kind, "data": given}


def use(id: str, city: str) -> Json:
    return {"type": "tool_use", "id": id, "name": "weather", "input": {"city": city}}


def result(id: str, content: Any, **beside: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": id, "content": content, **beside}


class Pet(BaseModel):
    called: str
    kind: str | None


class Person(BaseModel):
    """Someone."""

    name: str = Field(min_length=1)
    age: int = Field(description="In years.", ge=0)
    tags: list[str] = Field(min_length=1, max_length=9)
    born: str = Field(json_schema_extra={"format": "date"})
    pet: Pet


PAGE, PIXEL, PDF = "https://x.example/a", "iVBORw0KGgo=", "JVBERi0xLjQ="
CITY: Json = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CLOSED: Json = {**CITY, "additionalProperties": False}
FUNCTION: Json = {"name": "weather", "description": "Tells the weather.", "parameters": CITY}
TOOLS: list[Json] = [{"type": "function", "function": FUNCTION}]
OWN: list[Json] = [{"name": "weather", "description": "Tells the weather.", "input_schema": CITY}]
MARK: Json = {"type": "ephemeral", "ttl": "1h"}
HIT: Json = {"type": "search_result", "source": "s", "title": "t", "content": [text("Found.")]}
WHOLE: Json = {"oversized_image": "error"}
# ── the calls ────────────────────────────────────────────────────────────

SAYS = [
    Row("text", asks(), creates()),
    Row("max-tokens", {"model": OLD, "max_tokens": 9, "messages": [user("Hi")]}, creates(max_tokens=9)),
    Row("system", asks(messages=[system("Be brief."), user("Hi")]), creates(system="Be brief.")),
    Row(
        "developer",
        asks(messages=[system([text("A."), text("B.")], "developer"), user("Hi")]),
        creates(system=[text("A."), text("B.")]),
    ),
    Row(
        "developer-midway",
        asks(
            model=NEW,
            messages=[user("Hi"), assistant("Hello."), system("Be brief.", "developer"), user("Go on.")],
        ),
        creates(model=NEW, messages=[user("Hi"), assistant("Hello."), user("Go on."), system("Be brief.")]),
    ),
    Row(
        "turns",
        asks(messages=[user("Hi"), assistant("Hello."), user("Bye")]),
        creates(messages=[user("Hi"), assistant("Hello."), user("Bye")]),
    ),
    Row(
        "prefill",
        asks(messages=[user("Hi"), assistant("{")]),
        creates(messages=[user("Hi"), assistant("{")]),
    ),
    Row(
        "sampling",
        asks(temperature=0.2, top_k=5, stop=["END", "STOP"]),
        creates(extra_body={"temperature": 0.2, "top_k": 5}, stop_sequences=["END", "STOP"]),
    ),
    Row("top-p", asks(top_p=0.9, stop="END"), creates(extra_body={"top_p": 0.9}, stop_sequences=["END"])),
    Row("stream", asks(stream=True, stream_options={"include_usage": True}), creates(stream=True)),
    Row("stream-by-the-helper", asks(stream=True), streamed),
    Row("stream-tools", asks(stream=True, tools=TOOLS), creates(stream=True, tools=OWN)),
    Row("user", asks(user="u1"), creates(metadata={"user_id": "u1"})),
    Row("metadata", asks(metadata={"user_id": "u1"}), creates(metadata={"user_id": "u1"})),
    Row("safety-identifier", asks(safety_identifier="u1"), creates(metadata={"user_id": "u1"})),
    Row("service-tier", asks(service_tier="default"), creates(service_tier="standard_only")),
]
HOLDS = [
    Row(
        "image-by-url",
        asks(messages=[user([text("What?"), picture(f"{PAGE}.png")])]),
        creates(messages=[user([text("What?"), image(linked(f"{PAGE}.png"))])]),
    ),
    Row(
        "image-data",
        asks(messages=[user([picture(f"data:image/png;base64,{PIXEL}")])]),
        creates(messages=[user([image(data("image/png", PIXEL))])]),
    ),
    Row(
        "image-as-large-as-it-is",
        asks(messages=[user([{**picture(f"{PAGE}.png"), "transformations": WHOLE}])]),
        creates(messages=[user([{**image(linked(f"{PAGE}.png")), "transformations": WHOLE}])]),
    ),
    Row(
        "pdf-data",
        asks(messages=[user([file(filename="a.pdf", file_data=f"data:application/pdf;base64,{PDF}")])]),
        creates(messages=[user([document(data("application/pdf", PDF), title="a.pdf")])]),
    ),
    Row(
        "pdf-by-url",
        asks(messages=[user([file(file_url=f"{PAGE}.pdf")])]),
        creates(messages=[user([document(linked(f"{PAGE}.pdf"))])]),
    ),
    Row(
        "file-by-id",
        asks(messages=[user([file(file_id="file_1")])]),
        creates(messages=[user([document({"type": "file", "file_id": "file_1"})])]),
    ),
    Row(
        "text-file",
        asks(messages=[user([file(filename="a.txt", file_data="data:text/plain;base64,SGk=")])]),
        creates(
            messages=[
                user([document({"type": "text", "media_type": "text/plain", "data": "Hi"}, title="a.txt")])
            ]
        ),
    ),
    Row(
        "document-cited",
        asks(
            messages=[user([document(linked(f"{PAGE}.pdf"), citations={"enabled": True}), text("Sum up.")])]
        ),
        creates(
            messages=[user([document(linked(f"{PAGE}.pdf"), citations={"enabled": True}), text("Sum up.")])]
        ),
    ),
    Row("search-result", asks(messages=[user([HIT])]), creates(messages=[user([HIT])])),
    Row(
        "cached-parts",
        asks(
            messages=[
                system([text("Long.", cache_control=MARK)]),
                user([text("Longer.", cache_control={"type": "ephemeral"})]),
            ],
            tools=[{**TOOLS[0], "cache_control": MARK}],
        ),
        creates(
            system=[text("Long.", cache_control=MARK)],
            messages=[user([text("Longer.", cache_control={"type": "ephemeral"})])],
            tools=[{**OWN[0], "cache_control": MARK}],
        ),
    ),
    Row("cached-by-itself", asks(cache_control=MARK), creates(cache_control=MARK)),
]
