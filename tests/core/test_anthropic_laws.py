"""What holds of the Anthropic dialect whatever a client or Anthropic sends."""

from __future__ import annotations

import copy
from typing import Any

from claude import CONTEXT, LOOSE, encoded
from hypothesis import given
from hypothesis import strategies as st
from odd import CALLS, CONTENT, IDS, SCALARS, conversations, named, refused_or_sent, values, worded

from gatewaymw.core import json
from gatewaymw.core.dialects.anthropic import CHAT
from gatewaymw.core.dialects.anthropic.request import KNOWN, USUAL, request
from gatewaymw.core.dialects.anthropic.response import SUMMED, response
from gatewaymw.core.dialects.fields import IDLE
from gatewaymw.core.errors import GatewayError, UpstreamError
from gatewaymw.core.routing.pipeline import ODD

# ── requests ─────────────────────────────────────────────────────────────

NAMES = named("cache_control budget_tokens user_id format effort")
WORDS = worded("""thinking enabled adaptive claude-opus-5 claude-sonnet-4-5 tool_result tool_use""")
JSON = values(NAMES, WORDS)
PARAMETERS = st.sampled_from([*sorted(KNOWN), *IDLE, "seed", "surprise"])


ODD_MESSAGES = conversations(NAMES, JSON)


@given(
    st.dictionaries(PARAMETERS, JSON, max_size=5),
    ODD_MESSAGES,
)
def test_only_refusals_that_name_the_fault_escape(body: dict[str, Any], messages: Any) -> None:
    refused_or_sent(CHAT, {"model": "claude-opus-4-1", "messages": messages} | body, CONTEXT)


MESSAGES = st.one_of(
    st.builds(lambda content: {"role": "user", "content": content}, CONTENT),
    st.builds(
        lambda content, calls: {"role": "assistant", "content": content, "tool_calls": calls},
        st.none() | st.text(max_size=9),
        st.lists(CALLS, max_size=2),
    ),
    st.builds(lambda content, id: {"role": "tool", "tool_call_id": id, "content": content}, CONTENT, IDS),
    st.builds(lambda content: {"role": "system", "content": content}, st.text(max_size=9)),
)
SPOKEN = {"role": "user", "content": "Hi"}
SETTINGS = st.fixed_dictionaries(
    {
        "model": st.sampled_from(
            ["claude-sonnet-4-5", "claude-opus-4-5", "claude-opus-5-5", "claude-3-haiku", "x"]
        )
    },
    optional={
        "max_tokens": st.integers(1, 100_000),
        "temperature": st.floats(0, 2),
        "reasoning_effort": st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
        "tools": st.just([{"type": "function", "function": {"name": "f", "strict": True}}]),
        "tool_choice": st.sampled_from(["auto", "none", "required"]),
        "parallel_tool_calls": st.booleans(),
        "stop": st.text() | st.lists(st.text(), max_size=3),
    },
)


@given(st.lists(MESSAGES, max_size=8), SETTINGS)
def test_whatever_is_sent_is_legal(messages: list[Any], settings: dict[str, Any]) -> None:
    sent = encoded({**settings, "messages": [SPOKEN, *messages]}).body
    turns = sent["messages"]
    roles = [turn["role"] for turn in turns if turn["role"] != "system"]
    assert roles == ["user" if index % 2 == 0 else "assistant" for index in range(len(roles))]
    for turn in turns:
        assert turn["content"]
        kinds = [block["type"] == "tool_result" for block in turn["content"]]
        assert kinds == sorted(kinds, reverse=True)
        assert all(block["text"].strip() for block in turn["content"] if block["type"] == "text")
    if sent.get("thinking", {}).get("type") == "enabled":
        assert 1024 <= sent["thinking"]["budget_tokens"] < sent["max_tokens"]
        assert sent.get("tool_choice", {}).get("type") not in ("any", "tool")


@given(st.lists(MESSAGES, max_size=8))
def test_no_word_is_lost(messages: list[Any]) -> None:
    sent = encoded({"model": "claude-sonnet-4-5", "messages": [SPOKEN, *messages]}).body
    said = [
        block["text"]
        for turn in [{"content": sent.get("system", [])}, *sent["messages"]]
        for block in spoken(turn)
    ]
    given = [part["text"] for message in messages for part in spoken(message)]
    assert sorted(text.strip() for text in said) == sorted(
        [text.strip() for text in given if text.strip()] + ["Hi"]
    )


def spoken(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The texts of a message or turn, those within results of tools too."""
    content = message["content"] or []
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    found = [part for part in parts if part["type"] == "text"]
    for part in parts:
        found += spoken(part) if part["type"] == "tool_result" and "content" in part else []
    return found


# ── the short way, which the usual goes ──────────────────────────────────


def mostly(right: st.SearchStrategy[Any], odd: st.SearchStrategy[Any] = SCALARS) -> st.SearchStrategy[Any]:
    """Else nearly each request would be refused for one of its many fields."""
    return st.integers(0, 9).flatmap(lambda number: right if number else odd)


PLAINLY = st.builds(
    lambda role, content: {"role": role, "content": content},
    mostly(st.sampled_from(["system", "developer", "user", "assistant"]), SCALARS | st.just(["user"])),
    mostly(st.sampled_from(["", " ", "Hi", " Hi\n"]) | CONTENT),
)
USUALLY = st.fixed_dictionaries(
    {
        "model": mostly(st.sampled_from(["claude-sonnet-4-5", "claude-opus-5", "eu.claude-3-haiku", "x"])),
        "messages": mostly(st.lists(PLAINLY | MESSAGES, max_size=6), st.lists(PLAINLY | JSON) | JSON),
    },
    optional={
        "stream": mostly(st.booleans()),
        "stream_options": SCALARS,
        "max_tokens": mostly(st.none() | st.integers()),
        "max_completion_tokens": mostly(st.none() | st.integers()),
        "temperature": st.just(1) | SCALARS,
        "top_p": st.just(1) | SCALARS,
        "top_k": SCALARS,
    },
)
IDLY = {"n": 1}
"""Asks for nothing, and is not usual: with it the long way is gone."""


def sent(body: dict[str, Any], midway: bool) -> Any:
    """What comes of a request, in its order, or why nothing does."""
    before = copy.deepcopy(body)
    try:
        made = request(body, CONTEXT, midway)
        return json.dumps(made.body), made.dropped
    except GatewayError as error:
        return type(error), error.message, error.param
    finally:
        assert body == before


@given(USUALLY, st.booleans())
def test_the_usual_request_is_sent_as_by_the_long_way(body: dict[str, Any], midway: bool) -> None:
    assert USUAL.issuperset(body)
    assert not USUAL.issuperset(IDLY)
    assert sent(body, midway) == sent({**body, **IDLY}, midway)


@given(st.lists(PLAINLY | MESSAGES, max_size=6), st.booleans())
def test_a_message_that_only_speaks_is_sent_as_any_other(messages: list[Any], midway: bool) -> None:
    body = {"model": "claude-opus-5"}
    longer = [{"name": None, **message} for message in messages]
    assert sent({**body, "messages": messages}, midway) == sent({**body, "messages": longer}, midway)


# ── answers ──────────────────────────────────────────────────────────────

FIELDS = st.sampled_from(
    [
        *(
            "type",
            "content",
            "text",
            "thinking",
            "usage",
            "stop_reason",
            "id",
            "model",
            "input",
            "name",
            "error",
        ),
        *(
            "message",
            "delta",
            "content_block",
            "index",
            "partial_json",
            "citation",
            "citations",
            "stop_details",
        ),
        *("input_tokens", "output_tokens", "output_tokens_details", "caller", "signature", "service_tier"),
    ]
)
KINDS = st.sampled_from(
    [
        *(
            "message_start",
            "message_delta",
            "message_stop",
            "content_block_start",
            "content_block_delta",
            "ping",
        ),
        *(
            "content_block_stop",
            "error",
            "text",
            "text_delta",
            "input_json_delta",
            "tool_use",
            "thinking_delta",
        ),
        *("citations_delta", "thinking", "refusal", "end_turn"),
    ]
)
SENT = values(FIELDS, KINDS)


@given(st.dictionaries(FIELDS, SENT, max_size=6) | SENT, st.sampled_from([CONTEXT, LOOSE]))
def test_an_answer_is_read_or_is_an_error(body: Any, context: Any) -> None:
    assert CHAT.response
    try:
        json.dumps(CHAT.response(body, context))
    except UpstreamError as error:
        assert error.status >= 400


BLOCKS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "thinking", "tool_use"])},
    optional={
        "text": st.text(max_size=5) | SENT,
        "citations": st.lists(SENT, max_size=2) | SENT,
        "name": SENT,
    },
)


@given(BLOCKS | SENT, st.dictionaries(FIELDS, SENT, max_size=4), st.sampled_from([CONTEXT, LOOSE]))
def test_an_answer_of_one_block_is_told_as_any_other(block: Any, body: dict[str, Any], context: Any) -> None:
    more = response({**body, "content": [block, None]}, context)  # what is no block is passed over
    assert json.dumps(response({**body, "content": [block]}, context)) == json.dumps(more)


@given(st.dictionaries(st.sampled_from(SUMMED), st.integers(0) | SCALARS), st.sampled_from([CONTEXT, LOOSE]))
def test_what_is_no_number_counts_nothing(counts: dict[str, Any], context: Any) -> None:
    fresh, said, read, written = (
        value if isinstance(value := counts.get(name), int) else 0 for name in SUMMED
    )
    told = response({"content": [], "usage": counts}, context)["usage"]
    assert told["prompt_tokens"] == fresh + read + written
    assert told["completion_tokens"] == said
    assert told["total_tokens"] == fresh + read + written + said
    assert told["prompt_tokens_details"] == {"cached_tokens": read, "cache_write_tokens": written}


@given(st.lists(st.dictionaries(FIELDS, SENT, max_size=4), max_size=6), st.sampled_from([CONTEXT, LOOSE]))
def test_events_are_read_or_are_an_error(events: list[Any], context: Any) -> None:
    stream = CHAT.stream
    assert stream
    state = stream.start
    for event in events:
        try:
            state, _ = stream.step(state, event, context)
        except (UpstreamError, *ODD):
            return


@given(SENT, st.integers(400, 599))
def test_an_error_always_has_words(body: Any, status: int) -> None:
    assert CHAT.error
    assert CHAT.error(body, status, CONTEXT)["error"]["message"]
