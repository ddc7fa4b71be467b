"""What holds of the Cohere dialect whatever a client or Cohere sends."""

from __future__ import annotations

from typing import Any

from cohered import CONTEXT, LOOSE, encoded
from hypothesis import given
from hypothesis import strategies as st
from odd import CALLS, CONTENT, conversations, named, refused_or_sent, values, worded

from gatewaymw.core import json
from gatewaymw.core.dialects.cohere import CHAT, EMBED, MODELS
from gatewaymw.core.dialects.cohere.embeddings import KNOWN as EMBEDDED
from gatewaymw.core.dialects.cohere.request import KNOWN
from gatewaymw.core.dialects.fields import IDLE
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.routing.pipeline import ODD

# ── requests ─────────────────────────────────────────────────────────────

NAMES = named("""mime_type thinking tool_plan citations document required image base64 detail""")
WORDS = worded("document thinking REQUIRED NONE float int8 base64 search_query")
JSON = values(NAMES, WORDS)
PARAMETERS = st.sampled_from([*sorted(KNOWN), *IDLE, "user", "surprise"])
ODD_MESSAGES = conversations(NAMES, JSON)


@given(
    st.dictionaries(PARAMETERS, JSON, max_size=5),
    ODD_MESSAGES,
)
def test_only_refusals_that_name_the_fault_escape(body: dict[str, Any], messages: Any) -> None:
    refused_or_sent(CHAT, {"model": "command-a-plus", "messages": messages} | body, CONTEXT)


@given(st.dictionaries(st.sampled_from([*sorted(EMBEDDED), "user"]), JSON, max_size=5), JSON)
def test_only_such_refusals_escape_from_embeddings(body: dict[str, Any], input: Any) -> None:
    refused_or_sent(EMBED, {"model": "embed-v4.0", "input": input} | body, CONTEXT)


MESSAGES = st.one_of(
    st.builds(lambda content: {"role": "user", "content": content}, CONTENT),
    st.builds(
        lambda content, calls, blocks: {
            **{"role": "assistant", "content": content, "tool_calls": calls},
            "content_blocks": [{"type": "thinking", "thinking": said} for said in blocks],
        },
        st.none() | st.text(max_size=9),
        st.lists(CALLS, max_size=2),
        st.lists(st.text(max_size=5), max_size=2),
    ),
    st.builds(lambda content: {"role": "tool", "tool_call_id": "c", "content": content}, st.text(max_size=9)),
    st.builds(lambda content: {"role": "developer", "content": content}, st.text(max_size=9)),
)
FUNCTION = {"name": "f", "strict": True, "parameters": {"type": "object", "properties": {"maxItems": {}}}}
SETTINGS = st.fixed_dictionaries(
    {"model": st.sampled_from(["command-a-03-2025", "command-a-reasoning-08-2025", "x"])},
    optional={
        "max_tokens": st.integers(1, 100_000),
        "reasoning_effort": st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
        "tools": st.just([{"type": "function", "function": FUNCTION}]),
        "tool_choice": st.sampled_from(
            ["auto", "none", "required", {"type": "function", "function": FUNCTION}]
        ),
        "response_format": st.sampled_from([{"type": "text"}, {"type": "json_object"}]),
        "stop": st.text() | st.lists(st.text(), max_size=3),
    },
)


@given(st.lists(MESSAGES, min_size=1, max_size=8), SETTINGS)
def test_whatever_is_sent_is_legal_and_no_word_is_lost(messages: list[Any], settings: dict[str, Any]) -> None:
    if isinstance(settings.get("tool_choice"), dict) and "tools" not in settings:
        settings = {name: value for name, value in settings.items() if name != "tool_choice"}
    sent = encoded({**settings, "messages": messages}).body
    assert [spoken(message) for message in sent["messages"]] == [spoken(message) for message in messages]
    assert [len(message.get("tool_calls", ())) for message in sent["messages"]] == [
        len(message.get("tool_calls", ())) for message in messages
    ]
    if "tool_choice" in sent:
        assert sent["tools"]
    assert not {"tools", "response_format"} <= sent.keys()


def spoken(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return "".join(part["text"] for part in parts if part["type"] == "text")


# ── answers ──────────────────────────────────────────────────────────────

FIELDS = st.sampled_from(
    """type message content text thinking tool_plan tool_calls function arguments citations sources document
    tool_output url start end content_index usage tokens billed_units input_tokens output_tokens cached_tokens
    finish_reason logprobs delta index id name error error_type embeddings float models""".split()
)
KINDS = st.sampled_from(
    """message-start message-end content-start content-delta content-end tool-plan-delta tool-call-start
    tool-call-delta tool-call-end citation-start citation-end debug error text thinking COMPLETE ERROR
    TOOL_CALL TEXT_CONTENT""".split()
)
SENT = values(FIELDS, KINDS)
CONTEXTS = st.sampled_from([CONTEXT, LOOSE])


@given(st.dictionaries(FIELDS, SENT, max_size=6) | SENT, CONTEXTS, st.sampled_from([CHAT, EMBED, MODELS]))
def test_an_answer_is_read_or_is_an_error(body: Any, context: Any, codec: Any) -> None:
    try:
        json.dumps(codec.response(body, context))
    except UpstreamError as error:
        assert error.status >= 400
    except ODD:
        return


EVENTS = st.dictionaries(FIELDS, SENT, max_size=4) | st.builds(
    lambda kind, message: {"type": kind, "index": 0, "delta": {"message": message}},
    KINDS,
    st.dictionaries(FIELDS, SENT, max_size=3),
)


@given(st.lists(EVENTS, max_size=6), CONTEXTS)
def test_events_are_read_or_are_an_error(events: list[Any], context: Any) -> None:
    stream = CHAT.stream
    assert stream
    state = stream.start
    for event in events:
        try:
            state, chunks = stream.step(state, event, context)
        except (UpstreamError, *ODD):
            return
        json.dumps(list(chunks))


@given(SENT, st.integers(400, 599))
def test_an_error_always_has_words(body: Any, status: int) -> None:
    assert CHAT.error
    assert CHAT.error(body, status, CONTEXT)["error"]["message"]
