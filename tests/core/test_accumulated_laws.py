"""Any answer, told as a stream and put together by OpenAI's SDK, says what it says as a whole."""

from __future__ import annotations

import json
from typing import Any

from accumulated import KINDS, compare
from hypothesis import given
from hypothesis import strategies as st

Json = dict[str, Any]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
INPUT = st.dictionaries(TEXT, st.one_of(TEXT, st.none(), st.lists(st.integers(), max_size=2)), max_size=2)
STRICT = st.booleans()


def numbered(blocks: list[Any]) -> list[Any]:
    """Blocks whose calls have ids of their own."""
    return [block(number) if callable(block) else block for number, block in enumerate(blocks)]


PAGE = {"type": "web_search_result_location", "url": "https://x.example", "title": "X", "cited_text": "y"}
PAGE |= {"encrypted_index": "e"}
PAPER = {"type": "page_location", "cited_text": "y", "document_index": 0, "document_title": None}
PAPER |= {"start_page_number": 1, "end_page_number": 2}
FOUND = {
    "type": "web_search_tool_result",
    "tool_use_id": "s",
    "content": [{"type": "web_search_result", "url": "u"}],
}
CLAUDES = st.one_of(
    TEXT.map(lambda text: {"type": "text", "text": text}),
    st.builds(
        lambda text, notes: {"type": "text", "text": text, "citations": notes},
        TEXT,
        st.lists(st.sampled_from([PAGE, PAPER]), min_size=1, max_size=3),
    ),
    TEXT.map(lambda text: {"type": "thinking", "thinking": text, "signature": f"s{text}"}),
    st.sampled_from([{"type": "redacted_thinking", "data": "x"}, FOUND]),
    INPUT.map(lambda given: {"type": "server_tool_use", "id": "s", "name": "web_search", "input": given}),
    INPUT.map(lambda given: lambda n: {"type": "tool_use", "id": f"t{n}", "name": "f", "input": given}),
)
REASONS = st.sampled_from(["end_turn", "tool_use", "max_tokens", "stop_sequence", "refusal", "new"])


@given(st.lists(CLAUDES, max_size=6), REASONS, STRICT)
def test_of_anthropic(blocks: list[Any], reason: str, strict: bool) -> None:
    usage = {"input_tokens": 5, "output_tokens": 7, "cache_read_input_tokens": 2, "service_tier": "standard"}
    body = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "usage": usage}
    compare(KINDS["anthropic"], {**body, "content": numbered(blocks), "stop_reason": reason}, strict)


WEB = {"title": "X", "location": {"web": {"url": "https://x.example", "domain": "x"}}}
CHARS = {"title": "P", "sourceContent": [{"text": "y"}], "location": {"documentChar": {"start": 0, "end": 1}}}
AMAZONS = st.one_of(
    TEXT.map(lambda text: {"text": text}),
    st.builds(
        lambda text, notes: {"citationsContent": {"content": [{"text": text}], "citations": notes}},
        TEXT,
        st.lists(st.sampled_from([WEB, CHARS]), min_size=1, max_size=3),
    ),
    TEXT.map(lambda text: {"reasoningContent": {"reasoningText": {"text": text, "signature": f"s{text}"}}}),
    st.just({"reasoningContent": {"redactedContent": "eA=="}}),
    st.lists(st.sampled_from([{"text": "a"}, {"json": {"b": [1]}}]), min_size=1, max_size=3).map(
        lambda told: {"toolResult": {"toolUseId": "s", "status": "success", "content": told}}
    ),
    INPUT.map(lambda given: lambda n: {"toolUse": {"toolUseId": f"t{n}", "name": "f", "input": given}}),
)


@given(st.lists(AMAZONS, max_size=6), st.sampled_from(["end_turn", "tool_use", "max_tokens"]), STRICT)
def test_of_bedrock(blocks: list[Any], reason: str, strict: bool) -> None:
    body = {"output": {"message": {"role": "assistant", "content": numbered(blocks)}}, "stopReason": reason}
    usage = {"inputTokens": 5, "outputTokens": 7, "totalTokens": 14, "cacheReadInputTokens": 2}
    compare(KINDS["bedrock"], {**body, "usage": usage, "metrics": {"latencyMs": 1}}, strict)


PIXEL = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
GOOGLES = st.one_of(
    TEXT.map(lambda text: {"text": text}),
    TEXT.map(lambda text: {"text": text, "thought": True}),
    TEXT.map(lambda text: {"text": text, "thoughtSignature": "s"}),
    st.sampled_from([PIXEL, {"executableCode": {"language": "PYTHON", "code": "1"}}]),
    INPUT.map(lambda given: {"functionCall": {"name": "f", "args": given}}),
    INPUT.map(lambda given: {"functionCall": {"name": "f", "args": given}, "thoughtSignature": "s"}),
)
ENDS = st.sampled_from(["STOP", "MAX_TOKENS", "SAFETY", "MALFORMED_FUNCTION_CALL"])
FOUNDATION = {
    "groundingChunks": [{"web": {"uri": "https://x.example", "title": "X"}}],
    "groundingSupports": [{"segment": {"endIndex": 1}, "groundingChunkIndices": [0, 0]}],
}


@given(st.lists(st.tuples(st.lists(GOOGLES, max_size=6), ENDS), min_size=1, max_size=2), STRICT)
def test_of_gemini(answers: list[Any], strict: bool) -> None:
    found = [
        {
            "content": {"role": "model", "parts": parts},
            "finishReason": reason,
            "groundingMetadata": FOUNDATION,
        }
        for parts, reason in answers
    ]
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 7, "thoughtsTokenCount": 2, "totalTokenCount": 14}
    body = {"candidates": found, "usageMetadata": usage, "responseId": "r", "modelVersion": "g"}
    compare(KINDS["google"], body, strict)


DOCUMENT = {"type": "document", "id": "d", "document": {"url": "https://x.example", "title": "X"}}
NOTES = st.builds(
    lambda end, sources: {"start": 0, "end": end, "text": "a", "type": "TEXT_CONTENT", "sources": sources},
    st.integers(0, 3),
    st.lists(st.sampled_from([DOCUMENT, {"type": "tool", "id": "t", "tool_output": {}}]), max_size=2),
)


@given(
    st.sampled_from([["text"], ["thinking"], ["thinking", "text"], []]).flatmap(
        lambda kinds: st.tuples(*(st.tuples(st.just(kind), TEXT) for kind in kinds))
    ),
    st.lists(INPUT, max_size=3),
    st.one_of(st.none(), TEXT),
    st.lists(NOTES, max_size=3),
    STRICT,
)
def test_of_cohere(parts: Any, calls: Any, plan: str | None, notes: list[Json], strict: bool) -> None:
    said: Json = {"role": "assistant", "content": [{"type": kind, kind: text} for kind, text in parts]}
    said["tool_calls"] = [
        {"id": f"f{n}", "type": "function", "function": {"name": "f", "arguments": json.dumps(each)}}
        for n, each in enumerate(calls)
    ]
    said |= ({"tool_plan": plan} if plan else {}) | ({"citations": notes} if notes else {})
    usage = {"tokens": {"input_tokens": 5.0, "output_tokens": 7}, "cached_tokens": 2}
    reason = "TOOL_CALL" if calls else "COMPLETE"
    body = {"id": "c", "message": said, "finish_reason": reason, "usage": usage}
    compare(KINDS["cohere"], body, strict)


SAID = TEXT.map(lambda text: {"type": "text", "text": text})
THOUGHT = TEXT.map(lambda text: {"type": "thinking", "thinking": [{"type": "text", "text": text}]})
CHUNKS = st.one_of(
    st.tuples(THOUGHT, SAID), st.tuples(SAID, THOUGHT, SAID), st.tuples(THOUGHT), st.tuples(SAID)
)


@given(st.one_of(TEXT, CHUNKS.map(list)), st.integers(0, 2), STRICT)
def test_of_mistral(content: Any, calls: int, strict: bool) -> None:
    function = {"name": "f", "arguments": "{}"}
    said: Json = {"role": "assistant", "content": content}
    if calls:
        said["tool_calls"] = [{"id": f"abcdefgh{n}", "function": function} for n in range(calls)]
    choice = {"index": 0, "message": said, "finish_reason": "tool_calls" if calls else "stop"}
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    body = {"id": "m", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    compare(KINDS["mistral-ai"], {**body, "usage": usage}, strict)
