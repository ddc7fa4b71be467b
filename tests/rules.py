"""What providers refuse with a 400, as far as a conversation can break it: each knows what it has signed.

A rule gives the faults of a request's body, none for one that is taken. What the rules say stands on the
pages they name. They judge the turns of a conversation; whether each field has the right type is for the
providers' own types to say (`legal`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Json = dict[str, Any]


@dataclass
class Ledger:
    """What was signed so far, by whom."""

    thoughts: set[tuple[str, str]] = field(default_factory=set)
    """Claude's: the thought and its signature, which hold on every platform of Claude's
    (https://platform.claude.com/docs/en/build-with-claude/extended-thinking)."""
    veiled: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    """Gemini's signatures."""


Rule = Callable[[Json, Ledger], Iterator[str]]

# ── Anthropic ────────────────────────────────────────────────────────────

CLAUDES_IDS = re.compile(r"[a-zA-Z0-9_-]+")
PARTS = {
    "text": {"type", "text", "citations", "cache_control"},
    "thinking": {"type", "thinking", "signature"},
    "redacted_thinking": {"type", "data"},
    "tool_use": {"type", "id", "name", "input", "cache_control", "caller"},
    "tool_result": {"type", "tool_use_id", "content", "is_error", "cache_control"},
    "image": {"type", "source", "cache_control"},
    "document": {"type", "source", "title", "context", "citations", "cache_control"},
    "server_tool_use": {"type", "id", "name", "input", "cache_control", "caller"},
    "web_search_tool_result": {"type", "tool_use_id", "content", "cache_control", "caller"},
}


def anthropic(body: Json, ledger: Ledger) -> Iterator[str]:
    """https://platform.claude.com/docs/en/api/messages, …/build-with-claude/extended-thinking (thoughts come
    back unchanged, a turn of calls starts with one, what goes with a budget) and …/agents-and-tools/tool-use/
    handle-tool-calls (results stand first in the turn after the calls)."""
    turns = body["messages"]
    yield from alternating([turn["role"] for turn in turns], "user", "assistant")
    asked: set[str] = set()
    for number, turn in enumerate(turns):
        blocks = turn["content"]
        if not blocks:
            yield f"turn {number} is empty"
        for block in blocks:
            yield from block_of_claude(block, ledger)
        kinds = [block["type"] for block in blocks]
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if kinds[: len(results)] != ["tool_result"] * len(results):
            yield f"turn {number}: results come first"
        if sorted(results) != sorted(asked):
            yield f"turn {number}: results of {results} for calls {sorted(asked)}"
        asked = {block["id"] for block in blocks if block["type"] == "tool_use"}
        if len(asked) < kinds.count("tool_use"):
            yield f"turn {number}: ids must be unique"
        if "tool_use" in kinds and any(kind in THOUGHTS for kind in kinds[kinds.index("tool_use") :]):
            yield f"turn {number}: a thought after a call"
    if asked:
        yield "calls without results"
    yield from budgeted(body)


THOUGHTS = ("thinking", "redacted_thinking")


def block_of_claude(block: Json, ledger: Ledger) -> Iterator[str]:
    kind = block["type"]
    if unknown := block.keys() - PARTS.get(kind, set()):
        yield f"{kind}: extra inputs are not permitted: {sorted(unknown)}"
    if kind == "text" and not block["text"].strip():
        yield "text content blocks must contain non-whitespace text"
    if kind == "thinking" and (block["thinking"], block.get("signature")) not in ledger.thoughts:
        yield f"Invalid `signature` in `thinking` block: {block}"
    if kind == "redacted_thinking" and block["data"] not in ledger.veiled:
        yield f"Invalid `data` in `redacted_thinking` block: {block}"
    id = block.get("id") or block.get("tool_use_id")
    if id is not None and not CLAUDES_IDS.fullmatch(id):
        yield f"{id}: string should match pattern ^[a-zA-Z0-9_-]+$"


def budgeted(body: Json) -> Iterator[str]:
    thinking = body.get("thinking") or {}
    if thinking.get("type") != "enabled":
        return
    if not 1024 <= thinking["budget_tokens"] < body["max_tokens"]:
        yield "thinking.budget_tokens must be at least 1024 and less than max_tokens"
    if body.get("temperature", 1) != 1 or "top_k" in body:
        yield "temperature may only be 1, and top_k not be set, when thinking is enabled"
    if (body.get("tool_choice") or {}).get("type", "auto") not in ("auto", "none"):
        yield "thinking may not be enabled when tool_choice forces tool use"
    first = first_of_loop(body["messages"], lambda block: block["type"] == "tool_result")
    if first is not None and first["type"] not in THOUGHTS:
        yield f"Expected `thinking` or `redacted_thinking`, but found `{first['type']}`"


def first_of_loop(turns: list[Json], answers: Callable[[Json], bool]) -> Json | None:
    """The first block of the turn that a loop of calls began with, where the last message is in one."""
    at = len(turns) - 1
    while at > 0 and answers(turns[at]["content"][0]):
        at -= 2
    first: Json | None = turns[at + 1]["content"][0] if at < len(turns) - 1 else None
    return first


def alternating(roles: list[str], first: str, second: str) -> Iterator[str]:
    if roles != [(first, second)[number % 2] for number in range(len(roles))]:
        yield f"roles must alternate, the user first: {roles}"


# ── Bedrock ──────────────────────────────────────────────────────────────

BEDROCKS_IDS = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def converse(body: Json, ledger: Ledger, claude: bool) -> Iterator[str]:
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html (ids),
    …/userguide/tool-use-inference-call.html, …/API_runtime_ReasoningTextBlock.html (signatures)."""
    turns = body["messages"]
    yield from alternating([turn["role"] for turn in turns], "user", "assistant")
    asked: set[str] = set()
    names: list[str] = []
    for number, turn in enumerate(turns):
        blocks = turn["content"]
        if not blocks or any(len(block) != 1 for block in blocks):
            yield f"turn {number}: a block says one thing: {blocks}"
        if any("text" in block and not block["text"].strip() for block in blocks):
            yield f"turn {number}: the text field is blank"
        results = [block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block]
        if sorted(results) != sorted(asked):
            yield f"turn {number}: results of {results} for calls {sorted(asked)}"
        asked = {block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block}
        if any(not BEDROCKS_IDS.fullmatch(id) for id in asked):
            yield f"turn {number}: ids {asked} must satisfy [a-zA-Z0-9_-]+ and 64 characters"
        if (asked or results) and "toolConfig" not in body:
            yield "The toolConfig field must be defined when using toolUse and toolResult content blocks"
        names += [block["document"]["name"] for block in blocks if "document" in block]
        for block in blocks:
            if "reasoningContent" in block:
                yield from thought_of_bedrock(block["reasoningContent"], ledger, claude)
    if asked:
        yield "calls without results"
    if len(names) != len(set(names)):
        yield f"documents must have names of their own: {names}"
    if claude:
        yield from budgeted_there(body)


def thought_of_bedrock(thought: Json, ledger: Ledger, claude: bool) -> Iterator[str]:
    if not claude:
        yield "User messages cannot contain reasoning content"
    elif "redactedContent" in thought:
        if thought["redactedContent"] not in ledger.veiled:
            yield f"invalid redactedContent {thought}"
    elif (thought["reasoningText"]["text"], thought["reasoningText"].get("signature")) not in ledger.thoughts:
        yield f"Invalid `signature` in `thinking` block: {thought}"


def budgeted_there(body: Json) -> Iterator[str]:
    thinking = body.get("additionalModelRequestFields", {}).get("thinking", {})
    if thinking.get("type") != "enabled":
        return
    config = body.get("inferenceConfig", {})
    if not 1024 <= thinking["budget_tokens"] < config["maxTokens"]:
        yield "thinking.budget_tokens must be at least 1024 and less than maxTokens"
    if config.get("temperature", 1) != 1:
        yield "temperature may only be 1 when thinking is enabled"
    first = first_of_loop(body["messages"], lambda block: "toolResult" in block)
    if first is not None and "reasoningContent" not in first:
        yield f"Expected `thinking` or `redacted_thinking`, but found {first}"


def claude_there(body: Json, ledger: Ledger) -> Iterator[str]:
    return converse(body, ledger, claude=True)


def nova(body: Json, ledger: Ledger) -> Iterator[str]:
    return converse(body, ledger, claude=False)


# ── Gemini ───────────────────────────────────────────────────────────────

SKIPPED = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
DATA = {"text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode"}
BESIDE = {"thought", "thoughtSignature", "videoMetadata"}


def gemini(body: Json, ledger: Ledger) -> Iterator[str]:
    """https://ai.google.dev/gemini-api/docs/generate-content/function-calling (as many results as calls, in
    the turn after them) and …/thought-signatures (the first call of each step is signed, and as it was; the
    signature of a call that is not Gemini's says so)."""
    turns = body["contents"]
    yield from alternating([turn["role"] for turn in turns], "user", "model")
    asked: list[str] = []
    for number, turn in enumerate(turns):
        parts = turn["parts"]
        for part in parts:
            if part.keys() - DATA - BESIDE or len(part.keys() & DATA) != 1:
                yield f"turn {number}: a part has one kind of data: {part}"
            if part.get("text") == "" and "thoughtSignature" not in part:
                yield f"turn {number}: an empty part"
            if part.get("thoughtSignature", SKIPPED) not in ledger.calls | {SKIPPED}:
                yield f"turn {number}: Thought signature is not valid: {part}"
        results = [part["functionResponse"]["name"] for part in parts if "functionResponse" in part]
        if sorted(results) != sorted(asked):
            yield f"turn {number}: as many function responses as function calls: {results}, {asked}"
        calls = [part for part in parts if "functionCall" in part]
        if calls and "thoughtSignature" not in calls[0]:
            yield f"turn {number}: Function call is missing a thought_signature in functionCall parts"
        asked = [part["functionCall"]["name"] for part in calls]
    if asked:
        yield "calls without results"


# ── OpenAI's dialect ─────────────────────────────────────────────────────

CALL = {"id", "type", "function", "index"}


def openai(body: Json, ledger: Ledger) -> Iterator[str]:
    """https://platform.openai.com/docs/api-reference/chat/create: the fields of a message, and results right
    after the calls; ids of 40 characters at the most."""
    extra = {"refusal", "annotations", "audio", "function_call"}
    yield from spoken(body, extra, re.compile(r".{1,40}", re.DOTALL))


def relayed(body: Json, ledger: Ledger) -> Iterator[str]:
    """The same at an address that is not OpenAI's own, where a model may want its thoughts back
    (https://api-docs.deepseek.com/guides/thinking_mode#tool-calls)."""
    extra = {"refusal", "annotations", "audio", "function_call", "reasoning_content"}
    yield from spoken(body, extra, re.compile(r".{1,40}", re.DOTALL))


def mistral(body: Json, ledger: Ledger) -> Iterator[str]:
    """https://docs.mistral.ai/api/endpoint/chat ("Extra inputs are not permitted") and
    https://mistralai.github.io/mistral-common/usage/tools/ (ids)."""
    yield from spoken(body, {"prefix"}, re.compile(r"[a-zA-Z0-9]{9}"))
    roles = [message["role"] for message in body["messages"]]
    if roles[-1] not in ("user", "tool"):
        yield f"Expected last role User or Tool, but got {roles[-1]}"
    if ("tool", "user") in pairwise(roles):
        yield "Unexpected role 'user' after role 'tool'"


def spoken(body: Json, extra: set[str], ids: re.Pattern[str]) -> Iterator[str]:
    asked: set[str] = set()
    for number, message in enumerate(body["messages"]):
        role, at = message["role"], f"messages[{number}]"
        own = {"assistant": {"tool_calls"} | extra, "tool": {"tool_call_id"}}.get(role, set())
        if unknown := message.keys() - {"role", "content"} - own:
            yield f"Unknown parameter: {at}.{sorted(unknown)}"
        if role == "tool":
            if message["tool_call_id"] not in asked:
                yield f"{at}: no call {message['tool_call_id']} before it"
            asked.discard(message["tool_call_id"])
            continue
        if asked:
            yield f"{at}: tool_calls must be followed by tool messages: {asked}"
        calls = message.get("tool_calls", [])
        asked = {call["id"] for call in calls}
        for call in calls:
            if call.keys() - CALL or call["function"].keys() - {"name", "arguments"}:
                yield f"Unknown parameter in {at}.tool_calls: {call}"
            if not ids.fullmatch(call["id"]):
                yield f"{at}: the id {call['id']} is not {ids.pattern}"
        if not calls and not message.get("content"):
            yield f"{at}: content is required"
    if asked:
        yield "calls without results"


# ── Cohere ───────────────────────────────────────────────────────────────


def cohere(body: Json, ledger: Ledger) -> Iterator[str]:
    """https://docs.cohere.com/reference/chat: the fields of each role's message, the kinds of content;
    https://docs.cohere.com/docs/tool-use-overview: a result for each call."""
    asked: set[str] = set()
    fields = {"assistant": {"tool_calls", "tool_plan", "citations"}, "tool": {"tool_call_id"}}
    for number, message in enumerate(body["messages"]):
        role, content = message["role"], message.get("content")
        if unknown := message.keys() - {"role", "content"} - fields.get(role, set()):
            yield f"messages[{number}]: unknown field {sorted(unknown)}"
        for part in content if isinstance(content, list) else ():
            kind = part["type"]
            if kind in ("text", "thinking") and (
                part.keys() != {"type", kind} or not isinstance(part[kind], str)
            ):
                yield f"messages[{number}]: {part}"
        if role == "tool":
            if message["tool_call_id"] not in asked:
                yield f"messages[{number}]: no call {message['tool_call_id']} before it"
            asked.discard(message["tool_call_id"])
            continue
        if asked:
            yield f"messages[{number}]: calls without results: {asked}"
        asked = {call["id"] for call in message.get("tool_calls", ())}
        if role == "assistant" and not asked and not content:
            yield f"messages[{number}]: an assistant message must say something"
    if asked:
        yield "calls without results"
