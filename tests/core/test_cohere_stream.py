"""Cohere's events, as OpenAI's chunks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cohered import CONTEXT, LOOSE, OPENING, call, closing, deltas, event, part, plan, play
from hypothesis import given
from hypothesis import strategies as st

import openai_client
from gatewaymw.core.dialects.cohere.stream import STREAM, State
from gatewaymw.core.errors import UpstreamError

COUNTING = replace(CONTEXT, include_usage=True)


def begun(index: int) -> dict[str, Any]:
    function = {"name": "f", "arguments": ""}
    return {"tool_calls": [{"index": index, "id": f"f_{index}", "type": "function", "function": function}]}


def given_to(index: int, arguments: str) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}


# ── a message from beginning to end ──────────────────────────────────────


def test_a_message_of_text() -> None:
    state, out = play([OPENING, *part(0, "text", "Hel", "lo", ""), closing()])
    assert STREAM.ended(state)
    assert [chunk["choices"][0] for chunk in out] == [
        {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None},
        {"index": 0, "delta": {"content": "Hel"}, "finish_reason": None},
        {"index": 0, "delta": {"content": "lo"}, "finish_reason": None},
        {"index": 0, "delta": {}, "finish_reason": "stop"},
    ]
    frames = {(chunk["id"], chunk["model"], chunk["created"], chunk["object"]) for chunk in out}
    assert frames == {("5a50", "command-a-03-2025", 1_700_000_000, "chat.completion.chunk")}


def test_a_piece_of_text_leaves_the_state_itself() -> None:
    state, _ = play([OPENING])
    assert STREAM.step(state, event("content-delta", 0, content={"text": "x"}), CONTEXT)[0] is state


def test_no_end_comes_before_the_providers_own() -> None:
    """Cut after any event, the stream has not ended, and says no finish reason."""
    events = [OPENING, *part(0, "text", "Hi"), *call(0, "{}"), closing("TOOL_CALL")]
    for cut in range(len(events)):
        state, out = play(events[:cut])
        assert not STREAM.ended(state)
        assert all(chunk["choices"][0]["finish_reason"] is None for chunk in out)


def test_after_the_end_nothing_counts() -> None:
    state, out = play([OPENING, closing(), OPENING, *part(0, "text", "again"), closing()])
    assert (STREAM.ended(state), len(out)) == (True, 2)


def test_a_message_that_begins_anew_is_an_error() -> None:
    with pytest.raises(UpstreamError, match="anew") as caught:
        play([OPENING, *part(0, "text", "a"), OPENING])
    assert caught.value.code == "upstream_stream_invalid"


@pytest.mark.parametrize(
    ("reason", "finish"), [("MAX_TOKENS", "length"), ("STOP_SEQUENCE", "stop"), ("ODD", "stop")]
)
def test_finish_reasons(reason: str, finish: str) -> None:
    _, out = play([OPENING, closing(reason)])
    assert out[-1]["choices"][0]["finish_reason"] == finish


def test_an_end_without_words_is_one_still() -> None:
    state, out = play([OPENING, {"type": "message-end"}])
    assert STREAM.ended(state)
    assert out[-1]["choices"][0]["finish_reason"] == "stop"


def test_what_openai_has_no_place_for_comes_with_the_last_chunk_where_strictness_is_off() -> None:
    events = [OPENING, closing(warning="Slow down.")]
    _, strict = play(events)
    _, loose = play(events, LOOSE)
    assert loose[-1] == {**strict[-1], "warning": "Slow down."}


def test_what_nobody_knows_yet_is_passed_over() -> None:
    events: list[dict[str, Any]] = [
        {"type": "something-new"},
        {"type": "debug", "prompt": "…"},
        event("content-delta", 0, content={"new": 1}),
        event("content-end", 0),
        event("citation-end", 0),
        event("tool-plan-delta", tool_plan=""),
    ]
    assert play(events) == (State(), [])


# ── usage ────────────────────────────────────────────────────────────────


def test_usage_is_a_last_chunk_without_choices_for_who_asks() -> None:
    _, out = play([OPENING, closing()], COUNTING)
    assert out[-1]["choices"] == []
    assert out[-1]["usage"] == {
        "prompt_tokens": 70,
        "completion_tokens": 9,
        "total_tokens": 79,
        "prompt_tokens_details": {"cached_tokens": 64},
    }
    assert all("usage" not in chunk for chunk in out[:-1])
    assert all(chunk["choices"] for chunk in play([OPENING, closing()])[1])


def test_no_usage_is_made_up() -> None:
    _, out = play([OPENING, closing(usage=None)], COUNTING)
    assert out[-1]["choices"][0]["finish_reason"] == "stop"


# ── calls ────────────────────────────────────────────────────────────────


def test_s10_calls_are_numbered() -> None:
    assert deltas(call(0, '{"a":', "", "1}"), call(1, "{}", start="")) == [
        begun(0),
        given_to(0, '{"a":'),
        given_to(0, "1}"),
        begun(1),
        given_to(1, "{}"),
    ]


@pytest.mark.parametrize("pieces", [(), ("",)])
def test_a_call_that_no_arguments_come_for_has_none(pieces: tuple[str, ...]) -> None:
    said = deltas(call(0, *pieces), part(0, "text", "x"))
    assert said == [begun(0), given_to(0, "{}"), {"content": "x"}]


def test_arguments_that_come_at_once_are_told_at_once() -> None:
    assert deltas(call(0, start='{"a":1}')) == [begun(0), given_to(0, '{"a":1}')]


def test_a_client_that_asks_for_functions_is_answered_in_functions() -> None:
    asked = replace(CONTEXT, request={"functions": [{"name": "f"}]})
    _, out = play([OPENING, *call(0, "{}"), closing("TOOL_CALL")], asked)
    assert [chunk["choices"][0]["delta"] for chunk in out[1:]] == [
        {"function_call": {"name": "f", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
        {},
    ]
    assert out[-1]["choices"][0]["finish_reason"] == "function_call"


# ── thoughts, plans, parts ───────────────────────────────────────────────

NOTE = {
    "start": 0,
    "end": 2,
    "text": "ab",
    "type": "TEXT_CONTENT",
    "sources": [{"type": "document", "id": "d", "document": {"url": "https://x.example", "title": "X"}}],
}
CITED = event("citation-start", 0, citations=NOTE)
WHOLE = [
    part(0, "thinking", "H", "m.", start=""),
    plan("First", " f."),
    part(1, "text", "b", start="a"),
    [CITED, event("citation-end", 0)],
    call(0, "{}"),
]


def test_thoughts_and_plans_are_reasoning() -> None:
    said = deltas(*WHOLE)
    assert "".join(delta.get("reasoning_content", "") for delta in said) == "Hm.\n\nFirst f."
    assert "".join(delta.get("content", "") for delta in said) == "ab"
    assert all(
        delta.keys() <= {"reasoning_content", "content", "tool_calls", "annotations"} for delta in said
    )
    assert deltas(plan("First", " f."))[0] == {"reasoning_content": "First"}


def rebuilt(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Cohere's parts made again of the deltas, as the stream module says it is done."""
    parts: dict[int, dict[str, Any]] = {}
    for entry in (entry for delta in said for entry in delta.get("content_blocks", ())):
        made = parts.setdefault(entry["index"], {})
        for name, value in entry["delta"].items():
            made[name] = made[name] + value if name in made else value
    return [parts[index] for index in sorted(parts)]


def test_the_parts_can_be_made_again_where_strictness_is_off() -> None:
    said = deltas(*WHOLE, context=LOOSE)
    assert rebuilt(said) == [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "ab"}]
    assert "".join(delta.get("tool_plan", "") for delta in said) == "First f."
    assert [note for delta in said for note in delta.get("citations", ())] == [NOTE]
    assert "".join(delta.get("content", "") for delta in said) == "ab"


# ── citations, log probabilities ─────────────────────────────────────────


@pytest.mark.parametrize(
    "request_",
    [{"documents": ["a"]}, {"messages": ["odd", {"role": "tool", "tool_call_id": "c", "content": "a"}]}],
)
def test_pages_that_the_text_cites_are_annotations(request_: dict[str, Any]) -> None:
    asked = replace(CONTEXT, request=request_)
    said = deltas(part(0, "text", "See: "), part(1, "text", "ab", start="A"), [CITED], context=asked)
    (note,) = said[-1]["annotations"]
    place = {"start_index": 5, "end_index": 7}
    assert note == {
        "type": "url_citation",
        "url_citation": {"url": "https://x.example", "title": "X", **place},
    }


def test_a_citation_of_what_has_no_url_says_nothing() -> None:
    bare = event("citation-start", 0, citations={**NOTE, "sources": []})
    assert deltas(part(0, "text", "ab"), [bare]) == [{"content": "ab"}]


def test_log_probabilities_come_with_their_text() -> None:
    likely = {"text": "Hi", "token_ids": [1], "logprobs": [-0.5]}
    _, out = play([OPENING, {**event("content-delta", 0, content={"text": "Hi"}), "logprobs": likely}])
    assert out[-1]["choices"][0]["logprobs"]["content"][0]["logprob"] == -0.5


# ── errors ───────────────────────────────────────────────────────────────


def test_an_end_that_is_a_failure_is_an_error_in_its_words() -> None:
    with pytest.raises(UpstreamError, match=r"^Bad tools\.$") as caught:
        play(
            [OPENING, *plan("I"), closing("ERROR", error="Bad tools.", error_type="INVALID_TOOL_GENERATION")]
        )
    assert (caught.value.status, caught.value.code) == (502, "INVALID_TOOL_GENERATION")
    with pytest.raises(UpstreamError, match="TIMEOUT") as caught:
        play([OPENING, closing("TIMEOUT")])
    assert caught.value.status == 504


@pytest.mark.parametrize(
    ("odd", "says", "status"),
    [
        ({"id": "1", "message": "internal server error"}, "internal server error", 502),
        ({"type": "error", "message": "too many requests", "code": "rate_limit"}, "too many requests", 429),
        ({"error": {"message": "down", "code": 503}}, "down", 503),
        ({}, "no message", 502),
    ],
)
def test_an_error_in_place_of_an_event(odd: dict[str, Any], says: str, status: int) -> None:
    with pytest.raises(UpstreamError, match=says) as caught:
        play([OPENING, odd])
    assert caught.value.status == status


# ── a law ────────────────────────────────────────────────────────────────

WORDS = st.text(min_size=1)
GROUPS = st.one_of(
    st.lists(WORDS).map(lambda words: ("text", words)),
    st.lists(WORDS).map(lambda words: ("thinking", words)),
    st.dictionaries(WORDS, st.integers(), min_size=1).map(lambda input: ("call", list(json.dumps(input)))),
)


@given(st.lists(GROUPS, max_size=6), st.booleans())
def test_nothing_is_lost_and_nothing_is_added(groups: list[Any], strict: bool) -> None:
    events = [
        each
        for index, (kind, pieces) in enumerate(groups)
        for each in (call(index, *pieces) if kind == "call" else part(index, kind, *pieces))
    ]
    _, out = play([OPENING, *events, closing()], replace(CONTEXT, strict=strict))
    read = openai_client.read(out, "delta")
    assert read.text == "".join("".join(pieces) for kind, pieces in groups if kind == "text")
    assert read.reasoning == "".join("".join(pieces) for kind, pieces in groups if kind == "thinking")
    inputs = ["".join(pieces) for kind, pieces in groups if kind == "call"]
    assert [made["arguments"] for made in read.calls] == [json.loads(each) for each in inputs]
