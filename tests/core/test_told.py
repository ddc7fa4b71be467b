"""What rows can say of answers: each difference, whole and streamed, whatever a stream is cut into."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.dialects.cousins import Delta, adapted
from gatewaymw.core.dialects.told import Told, telling
from gatewaymw.core.endpoints import CHAT, COMPLETE, EMBED, IMAGE, MODELS, SPEECH, Endpoint
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.model import Codec, Context

CONTEXT = Context(provider="acme", model="m", created=7, id="id-1")
ASKED = Context(provider="acme", model="m", created=7, id="id-1", include_usage=True)
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def whole(told: Told, body: dict[str, Any], endpoint: Endpoint = CHAT) -> dict[str, Any]:
    response = telling(told, endpoint).response
    assert response is not None
    kept = copy.deepcopy(body)
    made = response(body, CONTEXT)
    assert body == kept
    return made


def poured(told: Told, chunks: Iterable[dict[str, Any]], context: Context = CONTEXT) -> list[dict[str, Any]]:
    stream = telling(told, CHAT).stream
    assert stream is not None
    state, out = stream.start, []
    for chunk in chunks:
        kept = copy.deepcopy(chunk)
        again = stream.step(state, chunk, context)
        state, made = stream.step(state, chunk, context)
        assert (again, chunk) == ((state, made), kept)
        out += made
    assert stream.ended(state)
    return out


def choice(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish, **more}]}


# ── where nothing is said ────────────────────────────────────────────────


@pytest.mark.parametrize("endpoint", [CHAT, COMPLETE, EMBED, IMAGE, SPEECH])
def test_where_nothing_is_said_nothing_is_done(endpoint: Endpoint) -> None:
    assert telling(Told(), endpoint) == Codec()
    assert not Told()


@pytest.mark.parametrize("endpoint", [EMBED, SPEECH])
def test_what_concerns_chats_does_not_concern_others(endpoint: Endpoint) -> None:
    assert telling(Told(thoughts="reasoning", usage="choice"), endpoint) == Codec()


# ── what is lacking ──────────────────────────────────────────────────────


def test_what_clients_require_is_filled_in_and_what_is_there_stays() -> None:
    body = {"id": None, "choices": [{"message": {"content": "a"}}, {"index": 5}], "extra": 1, "model": "own"}
    assert whole(Told(lacks=True), body) == {
        **{"id": "id-1", "object": "chat.completion", "created": 7, "model": "own", "extra": 1},
        "choices": [{"message": {"content": "a"}, "index": 0}, {"index": 5}],
    }
    text = whole(Told(lacks=True), {"id": "x", "choices": [{"text": "a", "index": 0}]}, COMPLETE)
    assert (text["object"], text["id"]) == ("text_completion", "x")
    [chunk] = poured(Told(lacks=True), [{"choices": [{"delta": {}, "finish_reason": "stop"}]}])
    assert (chunk["object"], chunk["choices"][0]["index"]) == ("chat.completion.chunk", 0)


def test_a_bare_answer_keeps_its_shape() -> None:
    assert whole(Told(finish={"eos": "stop"}), {"id": "x"}) == {"id": "x"}


def test_lists_of_vectors_images_and_models_are_filled_in() -> None:
    vectors = whole(Told(lacks=True), {"data": [{"embedding": [1.0]}, {"embedding": [], "index": 1}]}, EMBED)
    assert vectors == {
        **{"model": "m", "object": "list", "usage": {"prompt_tokens": 0, "total_tokens": 0}},
        "data": [
            {"object": "embedding", "embedding": [1.0], "index": 0},
            {"object": "embedding", "embedding": [], "index": 1},
        ],
    }
    images = whole(Told(lacks=True), {"images": ["https://a.example/1.png", {"url": "u"}], "seed": 3}, IMAGE)
    assert images == {
        "created": 7,
        "seed": 3,
        "data": [{"url": "https://a.example/1.png"}, {"url": "u"}],
    }
    assert whole(Told(lacks=True), {"data": [{"id": "a"}]}, MODELS)["data"][0]["owned_by"] == "acme"


def test_an_error_within_a_200_is_one() -> None:
    with pytest.raises(UpstreamError, match="busy"):
        whole(Told(lacks=True), {"error": {"message": "busy"}})


# ── thoughts in a field of their own ─────────────────────────────────────


def test_thoughts_are_told_by_one_name_and_the_providers_own_stays() -> None:
    told = Told(thoughts="reasoning")
    message = {"content": "4", "reasoning": "2+2", "reasoning_details": [{"a": 1}]}
    made = whole(told, {"choices": [{"index": 0, "message": message}, {"index": 1, "message": None}]})
    assert made["choices"] == [
        {"index": 0, "message": {**message, "reasoning_content": "2+2"}},
        {"index": 1, "message": {}},
    ]
    chunks = poured(told, [choice({"reasoning": "hm"}), choice({"content": "4", "reasoning": None}, "stop")])
    assert [each["choices"][0]["delta"] for each in chunks] == [
        {"reasoning": "hm", "reasoning_content": "hm"},
        {"content": "4", "reasoning": None},
    ]


def test_thoughts_that_have_our_name_already_are_left() -> None:
    message = {"reasoning": "a", "reasoning_content": "b"}
    made = whole(Told(thoughts="reasoning"), {"choices": [{"index": 0, "message": message}]})
    assert made["choices"][0]["message"] == message


def test_thoughts_go_back_by_the_providers_name() -> None:
    request = adapted(Delta(thoughts="reasoning"))
    turns = [
        {"role": "assistant", "content": "4", "reasoning_content": "a"},
        {"role": "assistant", "reasoning": "b", "reasoning_content": "c"},
        {"role": "user", "content": "5?"},
    ]
    assert request({"messages": turns}, CONTEXT).body["messages"] == [
        {"role": "assistant", "content": "4", "reasoning": "a"},
        {"role": "assistant", "reasoning": "b"},
        {"role": "user", "content": "5?"},
    ]


# ── thoughts between tags ────────────────────────────────────────────────

TAGS = Told(thoughts="<think>")
WRITTEN = [
    ("<think>\nhm\n</think>\n\nFour.", "hm", "Four."),
    ("\n <think>hm</think>Four </think>", "hm", "Four </think>"),
    ("<think></think>\n\nFour", "", "Four"),
    ("<think>cut off </thi", "cut off </thi", ""),
    ("<th", "", "<th"),
    ("A < B and <think> too", "", "A < B and <think> too"),
    ("  plain", "", "  plain"),
    ("", "", ""),
]


@pytest.mark.parametrize(("content", "thought", "text"), WRITTEN)
def test_a_whole_answer_is_parted(content: str, thought: str, text: str) -> None:
    made = whole(TAGS, {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]})
    message = made["choices"][0]["message"]
    assert (message.get("reasoning_content") or "", message["content"]) == (thought, text)


def test_what_is_no_text_is_left() -> None:
    message = {"role": "assistant", "content": None, "tool_calls": []}
    assert whole(TAGS, {"choices": [{"index": 0, "message": message}]})["choices"][0]["message"] == message


@given(st.sampled_from(WRITTEN), st.lists(st.integers(0, 40), max_size=6), st.booleans())
def test_a_stream_is_parted_alike_however_it_is_cut(
    case: tuple[str, str, str], cuts: list[int], apart: bool
) -> None:
    content, thought, text = case
    ends = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    pieces = [content[a:b] for a, b in pairwise(ends)]
    chunks = [choice({"role": "assistant"}), *(choice({"content": piece}) for piece in pieces)]
    chunks = (
        [*chunks, choice({}, "stop")] if apart else [*chunks[:-1], choice({"content": pieces[-1]}, "stop")]
    )
    deltas = [each["choices"][0]["delta"] for each in poured(TAGS, chunks)]
    got = "".join(each.get("reasoning_content") or "" for each in deltas)
    assert got.strip("\n") == thought
    assert "".join(each.get("content") or "" for each in deltas) == text


def test_the_gap_between_thought_and_text_is_no_text() -> None:
    pieces = [{"content": "<think>a</think>"}, {"content": "\n\n"}, {"content": "\nb"}]
    deltas = [
        each["choices"][0]["delta"] for each in poured(TAGS, [*map(choice, pieces), choice({}, "stop")])
    ]
    assert deltas == [{"reasoning_content": "a"}, {"content": ""}, {"content": "b"}, {}]


def test_choices_have_their_thoughts_apart() -> None:
    first = {
        "choices": [{"index": 0, "delta": {"content": "<think>a"}}, {"index": 1, "delta": {"content": "b"}}]
    }
    last = {
        "choices": [
            {"index": 0, "delta": {"content": "</think>c"}, "finish_reason": "stop"},
            {"index": 1, "delta": {"content": "d"}, "finish_reason": "stop"},
        ]
    }
    one, two = poured(TAGS, [first, last])
    assert [each["delta"] for each in one["choices"]] == [{"reasoning_content": "a"}, {"content": "b"}]
    assert [each["delta"] for each in two["choices"]] == [{"content": "c"}, {"content": "d"}]


# ── counts ───────────────────────────────────────────────────────────────


def test_counts_within_a_choice_are_told_where_openai_tells_them() -> None:
    chunks = [choice({"content": "a"}), choice({}, "stop", usage=USAGE)]
    assert poured(Told(usage="choice"), chunks, ASKED)[1:] == [
        choice({}, "stop"),
        {"choices": [], "usage": USAGE},
    ]
    assert poured(Told(usage="choice"), chunks)[1] == {**choice({}, "stop"), "usage": USAGE}


def test_counts_that_grow_are_told_once() -> None:
    chunks = [
        {**choice({"content": "a"}), "usage": {"total_tokens": 1}},
        {**choice({}, "stop"), "usage": USAGE},
    ]
    assert poured(Told(usage="each"), chunks, ASKED) == [
        choice({"content": "a"}),
        choice({}, "stop"),
        {"choices": [], "usage": USAGE},
    ]
    assert poured(Told(usage="each"), chunks)[1] == chunks[1]
    late = {"choices": [], "usage": USAGE}
    assert poured(Told(usage="each"), [choice({}, "stop"), late], ASKED) == [choice({}, "stop"), late]


# ── what else those leave out ────────────────────────────────────────────


def test_an_empty_finish_reason_is_none_yet() -> None:
    told = Told(lacks=True)
    chunks = poured(told, [choice({"content": "a"}, ""), choice({"content": "b"}, "stop")])
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, "stop"]


def test_text_completions_have_no_thoughts() -> None:
    assert telling(Told(thoughts="reasoning"), COMPLETE) == Codec()
    body = {"choices": [{"text": "a", "finish_reason": "eos"}]}
    made = whole(Told(thoughts="reasoning", finish={"eos": "stop"}), body, COMPLETE)
    assert made == {"choices": [{"text": "a", "finish_reason": "stop"}]}


def test_images_that_count_tokens_count_all_that_openais_do() -> None:
    made = whole(Told(lacks=True), {"data": [], "usage": {"generated_images": 1, "output_tokens": 9}}, IMAGE)
    counts = {"input_tokens": 0, "output_tokens": 9, "total_tokens": 0, "generated_images": 1}
    assert made["usage"] == {**counts, "input_tokens_details": {"image_tokens": 0, "text_tokens": 0}}


def test_a_thought_that_is_cut_keeps_what_might_have_been_its_end() -> None:
    chunks = [choice({"content": "<think>ab</th"}), choice({}, "length")]
    told = [chunk["choices"][0]["delta"] for chunk in poured(Told(thoughts="<think>"), chunks)]
    assert told == [{"reasoning_content": "ab"}, {"reasoning_content": "</th"}]


def test_a_time_is_told_in_whole_seconds() -> None:
    body = {"id": "x", "model": "m", "created": 1737583288.607, "choices": []}
    assert whole(Told(lacks=True), body)["created"] == 1737583288
