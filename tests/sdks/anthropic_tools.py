"""Calls of Claude, made twice: tools, thoughts, schemas, and what is Anthropic's own."""

from __future__ import annotations

from anthropic_calls import (
    CLOSED,
    FUNCTION,
    NEW,
    OLD,
    OWN,
    PAGE,
    TOOLS,
    Json,
    Person,
    Row,
    asks,
    assistant,
    call,
    creates,
    image,
    linked,
    parses,
    picture,
    previews,
    result,
    schema,
    system,
    text,
    told,
    use,
    user,
)

THOUGHT: Json = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
HIDDEN: Json = {"type": "redacted_thinking", "data": "aGlk"}
SEARCH: Json = {"type": "web_search_20260318", "name": "web_search", "max_uses": 3}
CODE: Json = {"type": "code_execution_20260521", "name": "code_execution"}
COMPUTER: Json = {"type": "computer_toolset_20260801", "display_width_px": 800, "display_height_px": 600}
FOUND: list[Json] = [
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
]
CHANGE: Json = {"type": "tool_removal", "tool": {"type": "tool_reference", "name": "weather"}}
MCP: Json = {"type": "url", "name": "m", "url": "https://x.example/mcp"}
MEMBERS: Json = {"type": "mcp_toolset", "mcp_server_name": "m"}
EDITS: Json = {"edits": [{"type": "clear_tool_uses_20250919"}]}
BETAS = ["mcp-client-2025-11-20", "context-management-2025-06-27"]
BUDGET: Json = {"type": "tokens", "total": 64_000}


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
