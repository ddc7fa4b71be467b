"""Anthropic's events, as OpenAI's chunks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from claude import CONTEXT, LOOSE, block, closing, deltas, opening, piece, play, spell
from hypothesis import given
from hypothesis import strategies as st

import openai_client
from gatewaymw.core.dialects.anthropic.stream import STREAM, State
from gatewaymw.core.errors import UpstreamError

TEXT = {"type": "text", "text": ""}
USE = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
COUNTING = replace(CONTEXT, include_usage=True)


def call(index: int, **more: Any) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, **more}]}


def begun(index: int, id: str) -> dict[str, Any]:
    return call(index, id=id, type="function", function={"name": "f", "arguments": ""})


def given_to(index: int, arguments: str) -> dict[str, Any]:
    return call(index, function={"arguments": arguments})


# ── a message from beginning to end ──────────────────────────────────────


def test_a_message_of_text() -> None:
    state, out = play([opening(), {"type": "ping"}, *block(0, TEXT, spell("Hel"), spell("lo")), *closing()])
    assert STREAM.ended(state)
    assert [chunk["choices"][0] for chunk in out] == [
        {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None},
        {"index": 0, "delta": {"content": "Hel"}, "finish_reason": None},
        {"index": 0, "delta": {"content": "lo"}, "finish_reason": None},
        {"index": 0, "delta": {}, "finish_reason": "stop"},
    ]
    frames = {(chunk["id"], chunk["model"], chunk["created"], chunk["object"]) for chunk in out}
    assert frames == {("msg_1", "claude-sonnet-4-5-20250929", 1_700_000_000, "chat.completion.chunk")}


def test_a_delta_of_text_leaves_the_state_itself() -> None:
    state, _ = play([opening()])
    event = {"type": "content_block_delta", "index": 0, "delta": spell("x")}
    assert STREAM.step(state, event, CONTEXT)[0] is state


def test_no_end_comes_before_the_providers_own() -> None:
    """Cut after any event, the stream has not ended, and says no finish reason."""
    events = [opening(), *block(0, TEXT, spell("Hi")), *block(1, USE, piece("{}")), *closing("tool_use")]
    for cut in range(len(events)):
        state, out = play(events[:cut])
        assert not STREAM.ended(state)
        assert all(chunk["choices"][0]["finish_reason"] is None for chunk in out)


def test_after_the_end_nothing_counts() -> None:
    state, out = play([opening(), *closing(), opening(), *block(0, TEXT, spell("again")), *closing()])
    assert (STREAM.ended(state), len(out)) == (True, 2)


def test_a_message_that_begins_anew_is_an_error() -> None:
    with pytest.raises(UpstreamError, match="anew") as caught:
        play([opening(), *block(0, TEXT, spell("a")), opening()])
    assert caught.value.code == "upstream_stream_invalid"


@pytest.mark.parametrize(("reason", "finish"), [("max_tokens", "length"), ("odd", "stop"), (None, "stop")])
def test_finish_reasons(reason: str | None, finish: str) -> None:
    _, out = play([opening(), *closing(reason)])
    assert out[-1]["choices"][0]["finish_reason"] == finish


def test_a_refusal_says_why() -> None:
    details = {"type": "refusal", "category": "bio", "explanation": "Blocked."}
    _, out = play([opening(), *closing("refusal", stop_details=details)])
    assert out[-1]["choices"][0] == {
        "index": 0,
        "delta": {"refusal": "Blocked."},
        "finish_reason": "content_filter",
    }


def test_what_openai_has_no_place_for_comes_with_the_last_chunk_where_strictness_is_off() -> None:
    events = [opening(service_tier="priority"), *closing(container={"id": "c"})]
    _, strict = play(events)
    _, loose = play(events, LOOSE)
    assert strict[-1]["service_tier"] == "priority"
    assert loose[-1] == {**strict[-1], "container": {"id": "c"}}


def test_what_nobody_knows_yet_is_passed_over() -> None:
    events: list[dict[str, Any]] = [
        {"type": "something_new"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "new_delta", "new": 1}},
        *block(0, {"type": "new_block"}),
        {},
    ]
    assert play(events) == (State(), [])


# ── usage ────────────────────────────────────────────────────────────────


def usage_of(*events: dict[str, Any]) -> dict[str, Any]:
    _, out = play([opening(cache_read_input_tokens=7), *events, {"type": "message_stop"}], COUNTING)
    assert out[-1]["choices"] == []
    assert all("usage" not in chunk for chunk in out[:-1])
    made: dict[str, Any] = out[-1]["usage"]
    return made


def test_usage_is_a_last_chunk_without_choices_for_who_asks() -> None:
    usage = usage_of(*closing()[:1])
    assert usage["prompt_tokens"] == 17
    assert usage["prompt_tokens_details"]["cached_tokens"] == 7
    assert (usage["completion_tokens"], usage["total_tokens"]) == (5, 22)
    assert all(chunk["choices"] for chunk in play([opening(), *closing()])[1])


def test_later_counts_stand_and_null_ones_do_not() -> None:
    def delta(**usage: Any) -> dict[str, Any]:
        return {"type": "message_delta", "delta": {}, "usage": usage}

    usage = usage_of(
        delta(output_tokens=3), delta(output_tokens=9, input_tokens=None, cache_read_input_tokens=None)
    )
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (17, 9)
    assert usage_of(delta(input_tokens=20, output_tokens=2))["prompt_tokens"] == 27
    assert usage_of({"type": "message_delta"})["completion_tokens"] == 1


# ── calls ────────────────────────────────────────────────────────────────


def test_calls_are_numbered_as_the_clients_own() -> None:
    searched = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    found = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}
    assert deltas(
        block(0, searched, piece('{"query":"x"}')),
        block(1, found),
        block(2, USE, piece(""), piece('{"a":'), piece("1}")),
        block(3, {**USE, "id": "toolu_2"}, piece("[]")),
    ) == [
        begun(0, "toolu_1"),
        given_to(0, '{"a":'),
        given_to(0, "1}"),
        begun(1, "toolu_2"),
        given_to(1, "[]"),
    ]


@pytest.mark.parametrize("pieces", [[], [piece("")]])
@pytest.mark.parametrize(("start", "arguments"), [({}, "{}"), (None, "{}"), ({"a": 1}, '{"a":1}')])
def test_a_call_that_no_arguments_come_for_has_those_it_started_with(
    pieces: list[Any], start: Any, arguments: str
) -> None:
    said = deltas(block(0, {**USE, "input": start}, *pieces), block(1, TEXT, spell("x")))
    assert said == [begun(0, "toolu_1"), given_to(0, arguments), {"content": "x"}]


def test_a_client_that_asks_for_functions_is_answered_in_functions() -> None:
    asked = replace(CONTEXT, request={"functions": [{"name": "f"}]})
    _, out = play([opening(), *block(0, USE, piece("{}")), *closing("tool_use")], asked)
    assert [chunk["choices"][0]["delta"] for chunk in out[1:]] == [
        {"function_call": {"name": "f", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
        {},
    ]
    assert out[-1]["choices"][0]["finish_reason"] == "function_call"


def test_calls_from_code_that_runs_there_say_so_where_strictness_is_off() -> None:
    caller = {"type": "code_execution_20260120", "tool_id": "s"}
    (first, _) = deltas(block(0, {**USE, "caller": caller}), context=LOOSE)
    assert first["tool_calls"][0]["caller"] == caller


# ── thinking and the blocks themselves ───────────────────────────────────

THINKING = {"type": "thinking", "thinking": "", "signature": ""}
REDACTED = {"type": "redacted_thinking", "data": "x"}
SEARCH = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
NOTE = {"type": "page_location", "cited_text": "y", "document_index": 0}
WHOLE = [
    block(
        0, THINKING, {"type": "thinking_delta", "thinking": "H"}, {"type": "thinking_delta", "thinking": "m."}
    ),
    block(1, {**THINKING, "thinking": "Well."}, {"type": "signature_delta", "signature": "sig"}),
    block(2, REDACTED),
    block(3, SEARCH, piece('{"que'), piece('ry":"x"}')),
    block(
        *(4, {**TEXT, "text": "a", "citations": []}, spell("b")),
        *[{"type": "citations_delta", "citation": NOTE}] * 2,
    ),
    block(5, USE, piece("{}")),
]


def test_thinking_is_always_told_and_its_signature_is_not() -> None:
    said = deltas(*WHOLE)
    assert "".join(delta.get("reasoning_content", "") for delta in said) == "Hm.Well."
    assert "".join(delta.get("content", "") for delta in said) == "ab"
    assert all(delta.keys() <= {"reasoning_content", "content", "tool_calls"} for delta in said)


def rebuilt(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Anthropic's blocks made again of the deltas, as the stream module says it is done."""
    blocks: dict[int, dict[str, Any]] = {}
    for entry in (entry for delta in said for entry in delta.get("content_blocks", ())):
        made = blocks.setdefault(entry["index"], {})
        for name, value in entry["delta"].items():
            if name == "citations":
                made["citations"] = [*made.get("citations", ()), *value]
            else:
                made[name] = made[name] + value if name in made and isinstance(value, str) else value
    for made in blocks.values():
        if "partial_json" in made:
            made["input"] = json.loads(made.pop("partial_json"))
    return [blocks[index] for index in sorted(blocks)]


def test_the_blocks_can_be_made_again_where_strictness_is_off() -> None:
    assert rebuilt(deltas(*WHOLE, context=LOOSE)) == [
        {"type": "thinking", "thinking": "Hm.", "signature": ""},
        {"type": "thinking", "thinking": "Well.", "signature": "sig"},
        REDACTED,
        {**SEARCH, "input": {"query": "x"}},
        {"type": "text", "text": "ab", "citations": [{"index": 0, **NOTE}, {"index": 1, **NOTE}]},
    ]


# ── citations of the web ─────────────────────────────────────────────────

PAGE = {"type": "web_search_result_location", "url": "https://x.example", "title": "X", "cited_text": "y"}
NOTED = {"type": "citations_delta", "citation": PAGE}
CITED = [
    block(0, TEXT, spell("See: ")),
    block(1, {**TEXT, "text": "it"}, {"type": "citations_delta", "citation": PAGE}, spell(" is")),
    block(2, TEXT, {"type": "citations_delta", "citation": NOTE}, spell(".")),
]


@pytest.mark.parametrize(
    "request_",
    [{"web_search_options": {}}, {"tools": ["odd", {"type": "web_search_20250305", "name": "web_search"}]}],
)
def test_pages_that_the_text_cites_are_annotations(request_: dict[str, Any]) -> None:
    *_, last = deltas(*CITED, context=replace(CONTEXT, request=request_))
    (note,) = last["annotations"]
    place = {"start_index": 5, "end_index": 10}
    assert note == {
        "type": "url_citation",
        "url_citation": {"url": "https://x.example", "title": "X", **place},
    }


def test_annotations_come_once_at_the_end_even_of_one_without_a_reason() -> None:
    """OpenAI's SDK raises on a second list whose entries have no index."""
    context = replace(CONTEXT, request={"web_search_options": {}})
    cited = [event for index in (0, 1) for event in block(index, TEXT, spell("a"), NOTED)]
    _, out = play([opening(), *cited, {"type": "message_stop"}], context)
    *rest, last = (chunk["choices"][0] for chunk in out)
    assert all("annotations" not in choice["delta"] for choice in rest)
    places = [note["url_citation"]["start_index"] for note in last["delta"]["annotations"]]
    assert (places, last["finish_reason"]) == ([0, 1], "stop")


def test_who_does_not_search_is_spared_the_measuring() -> None:
    assert all("annotations" not in delta for delta in deltas(*CITED))


# ── errors ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("invalid_request_error", 400),
        ("authentication_error", 401),
        ("billing_error", 402),
        ("permission_error", 403),
        ("not_found_error", 404),
        ("request_too_large", 413),
        ("rate_limit_error", 429),
        ("api_error", 500),
        ("timeout_error", 504),
        ("overloaded_error", 529),
        ("something_new", 502),
    ],
)
def test_an_error_event_is_an_error_of_its_status_in_its_words(kind: str, status: int) -> None:
    event = {"type": "error", "error": {"type": kind, "message": "So it is."}, "request_id": "req_1"}
    with pytest.raises(UpstreamError, match=r"So it is\.") as caught:
        play([opening(), event])
    error = caught.value
    assert (error.status, error.type, error.code) == (status, kind, kind)


@pytest.mark.parametrize("error", [None, {}, "Down.", {"type": ["odd"]}])
def test_an_error_event_of_an_odd_shape_is_one_still(error: Any) -> None:
    with pytest.raises(UpstreamError) as caught:
        play([opening(), {"type": "error", "error": error}])
    assert caught.value.status == 502


# ── a law ────────────────────────────────────────────────────────────────

WORDS = st.text(min_size=1)
BLOCKS = st.one_of(
    st.lists(WORDS).map(lambda words: (TEXT, [spell(word) for word in words])),
    st.lists(WORDS).map(
        lambda words: (THINKING, [{"type": "thinking_delta", "thinking": word} for word in words])
    ),
    st.dictionaries(WORDS, st.integers()).map(
        lambda input: (USE, [piece(part) for part in json.dumps(input)])
    ),
)


@given(st.lists(BLOCKS, max_size=6), st.booleans())
def test_nothing_is_lost_and_nothing_is_added(blocks: list[Any], strict: bool) -> None:
    events = [event for index, (start, grown) in enumerate(blocks) for event in block(index, start, *grown)]
    _, out = play([opening(), *events, *closing()], replace(CONTEXT, strict=strict))
    read = openai_client.read(out, "delta")
    grown = [delta for _, each in blocks for delta in each]
    assert read.text == "".join(delta["text"] for delta in grown if delta["type"] == "text_delta")
    assert read.reasoning == "".join(
        delta["thinking"] for delta in grown if delta["type"] == "thinking_delta"
    )
    inputs = ["".join(piece["partial_json"] for piece in each) for start, each in blocks if start is USE]
    assert [made["arguments"] for made in read.calls] == [json.loads(given) for given in inputs]
