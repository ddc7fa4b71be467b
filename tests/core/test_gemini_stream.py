"""A stream of generated content, as OpenAI's chunks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from gemini import (
    CALL,
    CONTEXT,
    COUNTING,
    LOOSE,
    PIXEL,
    SOUND,
    THOUGHT,
    answer,
    candidate,
    deltas,
    event,
    play,
)
from hypothesis import given
from hypothesis import strategies as st

import openai_client
from gatewaymw.core.dialects.gemini import CHAT
from gatewaymw.core.dialects.gemini.stream import STREAM, State
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.framing.array import JSONArray
from gatewaymw.core.model import decode_json

HEL, LO = {"text": "Hel"}, {"text": "lo"}


def call(name: str, id: str | None = None) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": {}} | ({"id": id} if id else {})}


def called(index: int, id: str, name: str, arguments: str = "{}") -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]}


# ── a stream from beginning to end ───────────────────────────────────────


def test_a_stream_of_text() -> None:
    state, out = play([event(HEL), event(LO, reason="STOP")])
    assert STREAM.ended(state)
    assert [chunk["choices"][0] for chunk in out] == [
        {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None},
        {"index": 0, "delta": {"content": "Hel"}, "finish_reason": None},
        {"index": 0, "delta": {"content": "lo"}, "finish_reason": None},
        {"index": 0, "delta": {}, "finish_reason": "stop"},
    ]
    frames = {(chunk["id"], chunk["model"], chunk["created"], chunk["object"]) for chunk in out}
    assert frames == {("r1", "gemini-2.5-flash", 1_700_000_000, "chat.completion.chunk")}


def test_s15_ids_are_googles_or_else_our_own() -> None:
    _, out = play([{"candidates": [candidate(HEL)]}])
    assert {(chunk["id"], chunk["model"]) for chunk in out} == {("own", "gemini")}


def test_no_end_comes_before_the_reason() -> None:
    """Cut after any event, the stream has not ended, and says no finish reason."""
    events = [event(THOUGHT), event(HEL), event(CALL), event(reason="STOP")]
    for cut in range(len(events)):
        state, out = play(events[:cut])
        assert not STREAM.ended(state)
        assert all(chunk["choices"][0]["finish_reason"] is None for chunk in out)


@pytest.mark.parametrize("content", [{"role": "model"}, {}, {"role": "model", "parts": []}, None, 5])
def test_s7_the_last_candidate_may_have_no_parts(content: Any) -> None:
    last = {**answer(), "candidates": [{"content": content, "finishReason": "MAX_TOKENS"}]}
    state, out = play([event(HEL), last], COUNTING)
    assert STREAM.ended(state)
    assert out[-2]["choices"][0] == {"index": 0, "delta": {}, "finish_reason": "length"}
    assert out[-1]["usage"]["total_tokens"] == 15


def test_a_json_array_streams_its_items() -> None:
    framer = JSONArray()
    first = b'{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}'
    body = b"[" + first + b'\n,\r\n{"candidates":[{"finishReason":"STOP"}]}]'
    state, out = play([decode_json(frame) for frame in framer.feed(body) + framer.close()])
    assert (STREAM.ended(state), len(out)) == (True, 3)


def test_several_candidates_are_choices_and_all_must_end() -> None:
    both = {**event(), "candidates": [candidate(HEL, finishReason=None), candidate(LO, index=1)]}
    state, out = play([both])
    assert not STREAM.ended(state)
    assert [chunk["choices"][0]["index"] for chunk in out] == [0, 0, 1, 1, 1]
    state, more = play([both, event(reason="STOP")], COUNTING)
    assert STREAM.ended(state)
    assert [chunk for chunk in more if not chunk["choices"]] == more[-1:]


def test_a_prompt_that_was_blocked_ends_at_once() -> None:
    feedback = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}
    state, out = play([feedback], COUNTING)
    assert STREAM.ended(state)
    assert out[1]["choices"][0] == {
        "index": 0,
        "delta": {"refusal": "The prompt was blocked: SAFETY"},
        "finish_reason": "content_filter",
    }
    assert out[2]["usage"]["prompt_tokens"] == 3


def test_an_event_without_candidates_says_nothing() -> None:
    state, out = play([{"usageMetadata": {"promptTokenCount": 1}}, {}], COUNTING)
    assert (STREAM.ended(state), out) == (False, [])


# ── usage ────────────────────────────────────────────────────────────────


def test_usage_is_a_last_chunk_without_choices_for_who_asks() -> None:
    first = {**event(HEL), "usageMetadata": {"promptTokenCount": 10, "thoughtsTokenCount": 7}}
    _, out = play([first, event(LO, reason="STOP")], COUNTING)
    assert out[-1]["choices"] == []
    assert out[-1]["usage"]["completion_tokens"] == 12
    assert all("usage" not in chunk for chunk in out[:-1])
    assert all(chunk["choices"] for chunk in play([event(reason="STOP")])[1])


def test_a_stream_without_counts_has_counted_nothing() -> None:
    _, out = play([{"candidates": [candidate(HEL)]}], COUNTING)
    assert out[-1]["usage"]["total_tokens"] == 0


def test_what_comes_after_the_reason_is_told_still_and_counted_anew() -> None:
    late = {**event(LO, reason="STOP"), "usageMetadata": {"candidatesTokenCount": 6}}
    state, out = play([event(HEL, reason="STOP"), late, {}], COUNTING)
    assert STREAM.ended(state)
    told = [chunk["choices"][0]["finish_reason"] for chunk in out if chunk["choices"]]
    assert told == [None, None, "stop", None]
    assert [chunk["usage"]["total_tokens"] for chunk in out if not chunk["choices"]] == [15, 16]


def test_the_tier_comes_with_the_last_chunk() -> None:
    counts = {"promptTokenCount": 1, "serviceTier": "flex"}
    _, out = play([{**event(HEL), "usageMetadata": counts}, event(reason="STOP")])
    assert [chunk.get("service_tier") for chunk in out] == [None, None, "flex"]


# ── calls ────────────────────────────────────────────────────────────────


def test_s8_calls_are_numbered_through_all_events() -> None:
    said = deltas(
        event(HEL, CALL, call("g")),
        event(call("h"), LO),
    )
    assert said == [
        {"content": "Hel"},
        called(0, "c1", "f", '{"a":1}'),
        called(1, "call_own_1", "g"),
        called(2, "call_own_2", "h"),
        {"content": "lo"},
    ]


def test_calls_make_the_reason_even_if_it_comes_later() -> None:
    _, out = play([event(CALL), event({"text": ""}, reason="STOP")])
    assert out[-1]["choices"][0] == {"index": 0, "delta": {}, "finish_reason": "tool_calls"}


def test_a_call_that_was_not_offered_is_a_call() -> None:
    _, out = play([event(CALL, reason="UNEXPECTED_TOOL_CALL", finishMessage="Undeclared function: f")])
    assert out[-1]["choices"][0] == {"index": 0, "delta": {}, "finish_reason": "tool_calls"}


def test_a_client_that_asks_for_functions_is_answered_in_functions() -> None:
    asked = replace(CONTEXT, request={"functions": [{"name": "f"}]})
    _, out = play([event(CALL, reason="STOP")], asked)
    assert out[1]["choices"][0]["delta"] == {"function_call": {"name": "f", "arguments": '{"a":1}'}}
    assert out[-1]["choices"][0]["finish_reason"] == "function_call"


# ── what else is said ────────────────────────────────────────────────────


def test_thoughts_images_and_sound_are_told() -> None:
    ran = {"executableCode": {"language": "PYTHON", "code": "1"}}
    said = deltas(event(THOUGHT, ran), event(PIXEL, {**PIXEL, "thought": True}), event(PIXEL, SOUND, SOUND))
    url = {"url": "data:image/png;base64,iVBORw0KGgo="}
    assert said == [
        {"reasoning_content": "Hm."},
        {"images": [{"type": "image_url", "index": 0, "image_url": url}]},
        {"images": [{"type": "image_url", "index": 1, "image_url": url}]},
        {"audio": {"id": "own", "data": "AAAA"}},
        {"audio": {"data": "AAAA"}},
    ]


def test_choices_begin_in_order_whichever_comes_first() -> None:
    """OpenAI's SDK raises where the first chunk is of the second choice."""

    def of(place: int, reason: str | None = None) -> dict[str, Any]:
        said = {"content": {"parts": [HEL]}, "index": place}
        return {"candidates": [{**said, "finishReason": reason} if reason else said]}

    state, out = play([of(2), of(0), of(9), of(9), of(2, "STOP"), of(0, "STOP"), of(9, "STOP")])
    choices = [chunk["choices"][0] for chunk in out]
    assert [each["index"] for each in choices if "role" in each["delta"]] == [0, 1, 2, 9]
    assert STREAM.ended(state)
    assert [each["index"] for each in choices if each["finish_reason"]] == [2, 0, 9]


def test_how_likely_tokens_were_comes_with_the_last_of_an_events_deltas() -> None:
    likely = {"chosenCandidates": [{"token": "a", "logProbability": -1}]}
    _, out = play([event(HEL, LO, logprobsResult=likely), event(logprobsResult=likely)])
    told = [(chunk["choices"][0].get("logprobs") or {}).get("content") for chunk in out]
    one = [{"token": "a", "logprob": -1, "bytes": [97], "top_logprobs": []}]
    assert told == [None, None, one, one]


GROUNDED = {
    "groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}],
    "groundingSupports": [{"segment": {"endIndex": 5}, "groundingChunkIndices": [0]}],
}
SEARCHES: list[dict[str, Any]] = [
    {"web_search_options": {}},
    {"tools": [{"google_search": {}}]},
    {"tools": ["odd", {"type": "function", "function": {"name": "google_search"}}]},
]


@pytest.mark.parametrize("asked", SEARCHES)
def test_pages_that_the_text_rests_on_come_with_the_end(asked: dict[str, Any]) -> None:
    searching = replace(CONTEXT, request=asked)
    events = [event(HEL, groundingMetadata=GROUNDED), event(LO, reason="STOP", groundingMetadata={})]
    _, out = play(events, searching)
    page = {"start_index": 0, "end_index": 5, "url": "https://a.example", "title": "A"}
    assert out[-1]["choices"][0]["delta"] == {"annotations": [{"type": "url_citation", "url_citation": page}]}


@pytest.mark.parametrize(
    "asked",
    [{}, {"tools": [{"type": "function", "function": {"name": "f"}}]}, {"tools": [{"type": "function"}]}],
)
def test_nothing_is_kept_for_citations_where_none_can_be(asked: dict[str, Any]) -> None:
    state, out = play(
        [event(HEL, reason="STOP", groundingMetadata=GROUNDED)], replace(CONTEXT, request=asked)
    )
    assert (state.choices[0].said, out[-1]["choices"][0]["delta"]) == ("", {})


# ── where strictness is off ──────────────────────────────────────────────


def blocks(*events: dict[str, Any]) -> list[dict[str, Any]]:
    """The blocks that a client makes of the deltas."""
    made: dict[int, dict[str, Any]] = {}
    for delta in deltas(*events, context=LOOSE):
        for piece in delta.get("content_blocks", ()):
            new = piece["delta"]
            if "type" in new:
                assert piece["index"] == len(made)
                made[piece["index"]] = dict(new)
            else:
                for name, value in new.items():
                    made[piece["index"]][name] += value
    return list(made.values())


def test_blocks_can_be_made_of_the_deltas() -> None:
    ran = {"executableCode": {"language": "PYTHON", "code": "1"}}
    assert blocks(
        event(THOUGHT),
        event(THOUGHT),
        event(HEL),
        event(LO, CALL, {"text": "!"}),
        event({"text": "a", "thoughtSignature": "s"}),
        event({"text": "b"}, ran, {"text": "c"}),
        event({"text": ""}, {"text": "", "thoughtSignature": "t"}),
    ) == [
        {"type": "thinking", "thinking": "Hm.Hm."},
        {"type": "text", "text": "Hello"},
        {"type": "text", "text": "!"},
        {"type": "text", "text": "a", "thought_signature": "s"},
        {"type": "text", "text": "b"},
        {"type": "executable_code", "executable_code": {"language": "PYTHON", "code": "1"}},
        {"type": "text", "text": "c"},
        {"type": "text", "text": "", "thought_signature": "t"},
    ]


def test_a_block_with_something_beside_it_is_joined_with_none() -> None:
    spoken = {**HEL, "speechMetadata": {"speaker": "Ann"}}
    assert blocks(event(HEL), event(spoken), event(LO)) == [
        {"type": "text", "text": "Hel"},
        {"type": "text", "text": "Hel", "speech_metadata": {"speaker": "Ann"}},
        {"type": "text", "text": "lo"},
    ]


def test_the_signature_of_a_call_stands_by_it() -> None:
    signed = {**CALL, "thoughtSignature": "s"}
    (strict,), (loose,) = deltas(event(signed)), deltas(event(signed), context=LOOSE)
    assert strict == called(0, "c1", "f", '{"a":1}')
    assert loose["tool_calls"][0]["function"]["thought_signature"] == "s"


def test_what_openai_has_no_place_for_comes_with_the_end() -> None:
    events = [
        event(HEL, avgLogprobs=-1, groundingMetadata={"a": 1}),
        event(reason="OTHER", groundingMetadata={"b": 2}),
    ]
    events[1]["createTime"] = "now"
    _, strict = play(events)
    _, loose = play(events, LOOSE)
    assert strict[-1]["choices"][0].keys() == {"index", "delta", "finish_reason"}
    beside = {"avgLogprobs": -1, "groundingMetadata": {"a": 1, "b": 2}, "finishReason": "OTHER"}
    assert beside.items() <= loose[-1]["choices"][0].items()
    assert loose[-1]["createTime"] == "now"


# ── errors ───────────────────────────────────────────────────────────────

FAULT = {"error": {"code": 429, "message": "Quota.", "status": "RESOURCE_EXHAUSTED"}}


@pytest.mark.parametrize("odd", [FAULT, [FAULT]])
def test_an_error_event_is_an_error(odd: Any) -> None:
    with pytest.raises(UpstreamError, match="Quota") as caught:
        play([event(HEL), odd])
    assert (caught.value.status, caught.value.type, caught.value.code) == (
        429,
        "rate_limit_error",
        "RESOURCE_EXHAUSTED",
    )


def test_a_list_of_events_is_each_of_them() -> None:
    assert play([[event(HEL), event(reason="STOP")]]) == play([event(HEL), event(reason="STOP")])


@pytest.mark.parametrize("odd", ["x", 5, None])
def test_what_is_no_event_is_an_error(odd: Any) -> None:
    with pytest.raises(UpstreamError, match="no content"):
        STREAM.step(State(), odd, CONTEXT)


# ── a law ────────────────────────────────────────────────────────────────

PARTS = st.sampled_from(
    [HEL, LO, THOUGHT, CALL, call("g"), PIXEL, {"text": ""}, {"text": "x", "thoughtSignature": "s"}]
)


@given(
    st.lists(st.lists(PARTS, max_size=3), max_size=5),
    st.sampled_from([COUNTING, replace(LOOSE, include_usage=True)]),
)
def test_a_stream_says_what_the_whole_answer_says(events: list[list[Any]], context: Any) -> None:
    assert CHAT.response
    whole = CHAT.response(answer(*(part for parts in events for part in parts)), context)
    _, out = play([*(event(*parts) for parts in events), event(reason="STOP")], context)
    assert openai_client.read(out, "delta") == openai_client.read([whole], "message")
