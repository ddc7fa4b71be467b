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
THOUGHT: Json = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
HIDDEN: Json = {"type": "redacted_thinking", "data": "aGlk"}
SEARCH: Json = {"type": "web_search_20260318", "name": "web_search", "max_uses": 3}
CODE: Json = {"type": "code_execution_20260521", "name": "code_execution"}
COMPUTER: Json = {"type": "computer_toolset_20260801", "display_width_px": 800, "display_height_px": 600}
FOUND: list[Json] = [
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
]
HIT: Json = {"type": "search_result", "source": "s", "title": "t", "content": [text("Found.")]}
WHOLE: Json = {"oversized_image": "error"}
CHANGE: Json = {"type": "tool_removal", "tool": {"type": "tool_reference", "name": "weather"}}
MCP: Json = {"type": "url", "name": "m", "url": "https://x.example/mcp"}
MEMBERS: Json = {"type": "mcp_toolset", "mcp_server_name": "m"}
EDITS: Json = {"edits": [{"type": "clear_tool_uses_20250919"}]}
BETAS = ["mcp-client-2025-11-20", "context-management-2025-06-27"]
BUDGET: Json = {"type": "tokens", "total": 64_000}


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
CALLS = [
    Row("tools", asks(tools=TOOLS), creates(tools=OWN)),
    Row(
        "tools-auto", asks(tools=TOOLS, tool_choice="auto"), creates(tools=OWN, tool_choice={"type": "auto"})
    ),
    Row(
        "tools-none", asks(tools=TOOLS, tool_choice="none"), creates(tools=OWN, tool_choice={"type": "none"})
    ),
    Row(
        "tools-required",
        asks(tools=TOOLS, tool_choice="required"),
        creates(tools=OWN, tool_choice={"type": "any"}),
    ),
    Row(
        "tools-named",
        asks(tools=TOOLS, tool_choice={"type": "function", "function": {"name": "weather"}}),
        creates(tools=OWN, tool_choice={"type": "tool", "name": "weather"}),
    ),
    Row(
        "tools-one-at-a-time",
        asks(tools=TOOLS, parallel_tool_calls=False),
        creates(tools=OWN, tool_choice={"type": "auto", "disable_parallel_tool_use": True}),
    ),
    Row(
        "tools-strict",
        asks(tools=[{"type": "function", "function": {**FUNCTION, "parameters": CLOSED, "strict": True}}]),
        creates(tools=[{**OWN[0], "input_schema": CLOSED, "strict": True}]),
    ),
    Row(
        "tool-result",
        asks(
            messages=[user("Hi"), assistant(None, tool_calls=[call("c1", "Oslo")]), told("c1", "Rain.")],
            tools=TOOLS,
        ),
        creates(
            messages=[user("Hi"), assistant([use("c1", "Oslo")]), user([result("c1", "Rain.")])],
            tools=OWN,
        ),
    ),
    Row(
        "tool-results",
        asks(
            messages=[
                user("Hi"),
                assistant("Two.", tool_calls=[call("c1", "Oslo"), call("c2", "Rome")]),
                told("c1", [text("Rain."), picture(f"{PAGE}.png")]),
                told("c2", "Lost.", is_error=True),
                user("And?"),
            ],
            tools=TOOLS,
        ),
        creates(
            messages=[
                user("Hi"),
                assistant([text("Two."), use("c1", "Oslo"), use("c2", "Rome")]),
                user(
                    [
                        result("c1", [text("Rain."), image(linked(f"{PAGE}.png"))]),
                        result("c2", "Lost.", is_error=True),
                        text("And?"),
                    ]
                ),
            ],
            tools=OWN,
        ),
    ),
    Row("server-tools", asks(tools=[SEARCH, CODE, *TOOLS]), creates(tools=[SEARCH, CODE, *OWN])),
    Row("toolset", asks(tools=[COMPUTER]), creates(tools=[COMPUTER])),
    Row(
        "web-search",
        asks(web_search_options={}),
        creates(tools=[{"type": "web_search_20250305", "name": "web_search"}]),
    ),
    Row(
        "server-tools-answered",
        asks(messages=[user("Hi"), assistant("So.", content_blocks=[*FOUND, text("So.")]), user("Go on.")]),
        creates(messages=[user("Hi"), assistant([*FOUND, text("So.")]), user("Go on.")]),
    ),
]
THINKS = [
    Row(
        "effort-of-a-budget",
        asks(max_completion_tokens=10_000, reasoning_effort="medium"),
        creates(max_tokens=10_000, thinking={"type": "enabled", "budget_tokens": 5000}),
    ),
    Row(
        "effort",
        asks(model=NEW, reasoning_effort="high"),
        creates(
            model=NEW,
            thinking={"type": "adaptive", "display": "summarized"},
            output_config={"effort": "high"},
        ),
    ),
    Row(
        "no-effort",
        asks(model=NEW, reasoning_effort="none"),
        creates(model=NEW, thinking={"type": "disabled"}),
    ),
    Row(
        "budget",
        asks(thinking={"type": "enabled", "budget_tokens": 1024}),
        creates(thinking={"type": "enabled", "budget_tokens": 1024}),
    ),
    Row(
        "between-tools",
        asks(model="claude-sonnet-5-5-x", thinking={"type": "between_tools"}),
        creates(model="claude-sonnet-5-5-x", thinking={"type": "between_tools"}),
    ),
    Row(
        "thoughts-sent-back",
        asks(
            messages=[
                user("Hi"),
                assistant(None, tool_calls=[call("c1", "Oslo")], content_blocks=[HIDDEN, THOUGHT]),
                told("c1", "Rain."),
            ],
            tools=TOOLS,
            thinking={"type": "enabled", "budget_tokens": 1024},
        ),
        creates(
            messages=[
                user("Hi"),
                assistant([HIDDEN, THOUGHT, use("c1", "Oslo")]),
                user([result("c1", "Rain.")]),
            ],
            tools=OWN,
            thinking={"type": "enabled", "budget_tokens": 1024},
        ),
    ),
    Row(
        "schema",
        asks(model=NEW, response_format=schema(schema=CLOSED)),
        creates(model=NEW, output_config={"format": {"type": "json_schema", "schema": CLOSED}}),
    ),
    Row(
        "schema-of-a-class",
        asks(model=NEW, response_format=schema(schema=Person.model_json_schema())),
        parses(),
    ),
    Row(
        "schema-and-effort",
        asks(
            model=NEW,
            response_format=schema(schema=Person.model_json_schema()),
            reasoning_effort="low",
            thinking={"type": "adaptive"},
        ),
        parses(output_config={"effort": "low"}, thinking={"type": "adaptive"}),
    ),
]
ITS_OWN = [
    Row(
        "its-own",
        asks(
            system="A.",
            container="container_1",
            inference_geo="us",
            speed="fast",
            stop_sequences=["END"],
            service_tier="auto",
            diagnostics={"previous_message_id": "msg_0"},
            output_config={"effort": "low"},
        ),
        creates(
            system="A.",
            container="container_1",
            inference_geo="us",
            speed="fast",
            stop_sequences=["END"],
            service_tier="auto",
            diagnostics={"previous_message_id": "msg_0"},
            output_config={"effort": "low"},
        ),
    ),
    Row(
        "beta",
        asks(mcp_servers=[MCP], tools=[MEMBERS], context_management=EDITS),
        previews(mcp_servers=[MCP], tools=[MEMBERS], context_management=EDITS, betas=BETAS),
        {"anthropic-beta": ",".join(BETAS)},
    ),
    Row(
        "beta-tool-changes",
        asks(model=NEW, messages=[user("Hi"), system([CHANGE, text("No more.")])], tools=TOOLS),
        previews(
            model=NEW,
            messages=[user("Hi"), system([CHANGE, text("No more.")])],
            tools=OWN,
            betas=["mid-conversation-tool-changes-2026-07-01"],
        ),
        {"anthropic-beta": "mid-conversation-tool-changes-2026-07-01"},
    ),
    Row(
        "beta-task-budget",
        asks(model=NEW, output_config={"task_budget": BUDGET}, fallbacks=[{"model": OLD}]),
        previews(model=NEW, output_config={"task_budget": BUDGET}, fallbacks=[{"model": OLD}], betas=["b"]),
        {"anthropic-beta": "b"},
    ),
]
ROWS = [*SAYS, *HOLDS, *CALLS, *THINKS, *ITS_OWN]
