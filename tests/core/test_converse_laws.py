"""What holds of the Converse dialect whatever a client or Amazon sends."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from conversed import CLAUDE, CONTEXT, COUNTED, LOOSE, NOVA, encoded
from hypothesis import given
from hypothesis import strategies as st
from odd import CALLS, IDS, conversations, named, refused_or_sent, values, worded

from gatewaymw.core import json
from gatewaymw.core.dialects.converse import CHAT
from gatewaymw.core.dialects.converse.request import KNOWN
from gatewaymw.core.dialects.fields import IDLE
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.framing.base import Frame
from gatewaymw.core.routing.pipeline import ODD

MODELS = st.sampled_from(
    [
        *(
            CLAUDE,
            NOVA,
            "us.amazon.nova-2-lite-v1:0",
            "mistral.mistral-large-2402-v1:0",
            "anthropic.claude-3-haiku",
        ),
        *("us.anthropic.claude-opus-5-5", "openai.gpt-oss-20b-1:0", "us.openai.gpt-5.6-luna", "meta.llama4"),
        *("cohere.command-r-v1:0", "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x"),
    ]
)

# ── requests ─────────────────────────────────────────────────────────────

NAMES = named("""cache_control ttl budget_tokens effort toolUse toolSpec reasoningContent guardContent
    document cachePoint citationsContent systemTool json input_audio format data mime_type
    is_error thinking maxTokens toolChoice""")
WORDS = worded(
    """thinking enabled adaptive 1h s3://b/a.png application/pdf a.docx default redacted_thinking""",
    CLAUDE,
    NOVA,
)
JSON = values(NAMES, WORDS)
PARAMETERS = st.sampled_from([*sorted(KNOWN), *IDLE, "seed", "surprise"])
ODD_MESSAGES = conversations(NAMES, JSON)


@given(
    MODELS,
    st.dictionaries(PARAMETERS, JSON, max_size=5),
    ODD_MESSAGES,
)
def test_only_refusals_that_name_the_fault_escape(model: str, body: dict[str, Any], messages: Any) -> None:
    refused_or_sent(CHAT, {"model": model, "messages": messages} | body, CONTEXT)


MARKS = st.sampled_from([{}, {"cache_control": {"type": "ephemeral"}}, {"cache_control": {"ttl": "1h"}}])
URLS = st.sampled_from(["s3://bucket/a.png", "data:image/gif;base64,AAAA", "data:text/csv;base64,QQ=="])
PARTS = st.one_of(
    st.builds(lambda said, mark: {"type": "text", "text": said, **mark}, st.text(max_size=9), MARKS),
    st.builds(lambda url, mark: {"type": "image_url", "image_url": {"url": url}, **mark}, URLS, MARKS),
    st.text(max_size=9).map(
        lambda name: {"type": "file", "file": {"filename": f"{name}.pdf", "file_data": "QQ=="}}
    ),
)
CONTENT = st.text(max_size=9) | st.lists(PARTS, max_size=3)
THOUGHTS = st.sampled_from(
    [{}, {"content_blocks": [{"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}}]}]
)
MESSAGES = st.one_of(
    st.builds(lambda content, mark: {"role": "user", "content": content, **mark}, CONTENT, MARKS),
    st.builds(
        lambda content, calls, thoughts, mark: {
            **{"role": "assistant", "content": content, "tool_calls": calls},
            **thoughts,
            **mark,
        },
        *(st.none() | st.text(max_size=9), st.lists(CALLS, max_size=2), THOUGHTS, MARKS),
    ),
    st.builds(
        lambda content, id, mark: {"role": "tool", "tool_call_id": id, "content": content, **mark},
        *(CONTENT, IDS, MARKS),
    ),
    st.builds(
        lambda content, mark: {"role": "system", "content": content, **mark}, st.text(max_size=9), MARKS
    ),
)
SPOKEN = {"role": "user", "content": "Hi"}
SETTINGS = st.fixed_dictionaries(
    {"model": MODELS},
    optional={
        "max_tokens": st.integers(1, 100_000),
        "temperature": st.floats(0, 2),
        "top_k": st.integers(1, 500),
        "reasoning_effort": st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
        "tools": st.just([{"type": "function", "function": {"name": "f", "strict": True}}]),
        "tool_choice": st.sampled_from(
            ["auto", "none", "required", {"type": "function", "function": {"name": "f"}}]
        ),
        "parallel_tool_calls": st.booleans(),
        "stop": st.text() | st.lists(st.text(), max_size=3),
        "metadata": st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
        "response_format": st.just(
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
        ),
    },
)


@given(st.lists(MESSAGES, max_size=8), SETTINGS)
def test_whatever_is_sent_is_legal(messages: list[Any], settings: dict[str, Any]) -> None:
    sent = encoded({**settings, "messages": [SPOKEN, *messages]}).body
    turns = sent["messages"]
    assert [turn["role"] for turn in turns] == [
        "user" if index % 2 == 0 else "assistant" for index in range(len(turns))
    ]
    names: list[str] = []
    for turn in turns:
        names += orderly(turn)
    assert len({name.casefold() for name in names}) == len(names)
    config = sent.get("toolConfig", {})
    called = any("toolUse" in block for turn in turns for block in turn["content"])
    assert bool(config.get("tools")) >= called
    fields = sent.get("additionalModelRequestFields", {})
    assert not ("tool_choice" in fields and "toolChoice" in config)
    if fields.get("thinking", {}).get("type") == "enabled":
        assert 1024 <= fields["thinking"]["budget_tokens"] < sent["inferenceConfig"]["maxTokens"]
        assert "toolChoice" not in config


def orderly(turn: dict[str, Any]) -> list[str]:
    """What must hold of a turn; the names of its documents."""
    kinds = [next(iter(block)) for block in turn["content"]]
    assert kinds and kinds[0] != "cachePoint"
    spoken = [kind for kind in kinds if kind != "cachePoint"]
    assert spoken == sorted(spoken, key=lambda kind: kind != "toolResult")
    for before, block in pairwise(turn["content"]):
        if "cachePoint" in block:
            assert not before.keys() & {"cachePoint", "reasoningContent"}
            assert before.get("document", {}).get("format", "pdf") == "pdf"
    texts = [block["text"] for block in turn["content"] if "text" in block]
    assert all(text.strip() or text == "\n" for text in texts)
    assert "document" not in kinds or any(text.strip() for text in texts)
    inner = [each for block in turn["content"] for each in block.get("toolResult", {}).get("content", ())]
    assert not any("cachePoint" in each for each in inner)
    return [each["document"]["name"] for each in [*turn["content"], *inner] if "document" in each]


@given(st.lists(MESSAGES, max_size=8), MODELS)
def test_no_word_is_lost(messages: list[Any], model: str) -> None:
    sent = encoded({"model": model, "messages": [SPOKEN, *messages]}).body
    blocks = [*sent.get("system", []), *(block for turn in sent["messages"] for block in turn["content"])]
    blocks += [each for block in blocks for each in block.get("toolResult", {}).get("content", ())]
    said = [block["text"].strip() for block in blocks if "text" in block]
    given = [text.strip() for message in messages for text in spoken(message)]
    ours = ["See the attached document.", ""]
    assert sorted(text for text in said if text not in ours) == sorted(
        [text for text in given if text] + ["Hi"]
    )


def spoken(message: dict[str, Any]) -> list[str]:
    content = message["content"] or []
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content if part["type"] == "text"]


# ── answers ──────────────────────────────────────────────────────────────

FIELDS = st.sampled_from(
    [
        *("output", "message", "content", "text", "toolUse", "toolUseId", "name", "input", "type", "usage"),
        *(
            "reasoningContent",
            "reasoningText",
            "signature",
            "redactedContent",
            "citationsContent",
            "citations",
        ),
        *(
            "location",
            "web",
            "url",
            "stopReason",
            "inputTokens",
            "cacheReadInputTokens",
            "serviceTier",
            "delta",
        ),
        *(
            "contentBlockDelta",
            "contentBlockStart",
            "contentBlockStop",
            "messageStart",
            "messageStop",
            "start",
        ),
        *(
            "metadata",
            "exception",
            "citation",
            "toolResult",
            "contentBlockIndex",
            "__type",
            "Message",
            "Output",
        ),
    ]
)
KINDS = st.sampled_from(
    [
        "end_turn",
        "tool_use",
        "malformed_tool_use",
        "server_tool_use",
        "flex",
        "throttlingException",
        "assistant",
    ]
)
SENT = values(FIELDS, KINDS)
BLOCKS = st.lists(st.dictionaries(FIELDS, SENT, max_size=3) | SENT, max_size=3)
ANSWERS = BLOCKS.map(lambda content: {"output": {"message": {"content": content}}})
CONTEXTS = st.sampled_from([CONTEXT, LOOSE, COUNTED])


@given(
    st.builds(lambda more, answer: {**more, **answer}, st.dictionaries(FIELDS, SENT), ANSWERS) | SENT,
    CONTEXTS,
)
def test_an_answer_is_read_or_is_an_error(body: Any, context: Any) -> None:
    assert CHAT.response
    try:
        json.dumps(CHAT.response(body, context))
    except UpstreamError as error:
        assert error.status >= 400


@given(st.lists(st.dictionaries(FIELDS, SENT, max_size=3), max_size=6), CONTEXTS)
def test_events_are_read_or_are_an_error(events: list[Any], context: Any) -> None:
    stream = CHAT.stream
    assert stream
    state = stream.start
    for event in events:
        try:
            state, _ = stream.step(state, event, context)
        except (UpstreamError, *ODD):
            return


@given(
    st.binary(max_size=20) | SENT.map(json.dumps),
    FIELDS,
    st.sampled_from(["event", "exception", "error", ""]),
)
def test_frames_are_read_or_are_an_error(data: bytes, event: str, kind: str) -> None:
    stream = CHAT.stream
    assert stream
    try:
        stream.step(stream.start, stream.decode(Frame(data, event, kind)), CONTEXT)
    except (UpstreamError, *ODD):
        return


@given(SENT, st.integers(400, 599))
def test_an_error_always_has_words(body: Any, status: int) -> None:
    assert CHAT.error
    assert CHAT.error(body, status, CONTEXT)["error"]["message"]
