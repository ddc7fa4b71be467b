"""ConverseStream's events, as OpenAI's chunks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from conversed import (
    CONTEXT,
    COUNTED,
    LOOSE,
    OPENING,
    costs,
    delta,
    deltas,
    ending,
    play,
    start,
    stop,
    text,
)

import recorded
from gatewaymw.core.dialects.converse.pictures import LARGEST
from gatewaymw.core.dialects.converse.stream import STREAM, decode
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.framing.base import Frame

USE = {"toolUse": {"toolUseId": "t1", "name": "f"}}
SERVED = {"toolUse": {"toolUseId": "s", "name": "nova_code_interpreter", "type": "server_tool_use"}}


def piece(arguments: str, index: int = 0) -> dict[str, Any]:
    return delta(index, {"toolUse": {"input": arguments}})


def blocks(*blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pieces of blocks that loose deltas tell."""
    return [each["content_blocks"][0] for each in deltas(*blocks, context=LOOSE)]


# ── text and thoughts ────────────────────────────────────────────────────


def test_text_comes_as_it_comes() -> None:
    state, out = play([OPENING, *text("Hel", "", "lo"), ending(), costs()])
    assert [chunk["choices"][0]["delta"] for chunk in out] == [
        {"role": "assistant", "content": ""},
        {"content": "Hel"},
        {"content": "lo"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in out] == [None, None, None, "stop"]
    assert {(chunk["id"], chunk["model"], chunk["created"]) for chunk in out} == {
        ("own", CONTEXT.model, 1_700_000_000)
    }
    assert STREAM.ended(state)


def test_thoughts_are_told_and_kept_signed() -> None:
    thinking = [
        delta(0, {"reasoningContent": {"text": "H"}}),
        delta(0, {"reasoningContent": {"text": "m."}}),
        delta(0, {"reasoningContent": {"text": ""}}),
        delta(0, {"reasoningContent": {"signature": "sig"}}),
        stop(0),
        delta(1, {"reasoningContent": {"redactedContent": "cmVk"}}),
        stop(1),
    ]
    assert deltas(thinking, text("a", index=2)) == [
        {"reasoning_content": "H"},
        {"reasoning_content": "m."},
        {"content": "a"},
    ]
    assert blocks(thinking, text("a", index=2)) == [
        {"index": 0, "delta": {"reasoningContent": {"reasoningText": {"text": "H"}}}},
        {"index": 0, "delta": {"reasoningContent": {"reasoningText": {"text": "m."}}}},
        {"index": 0, "delta": {"reasoningContent": {"reasoningText": {"text": ""}}}},
        {"index": 0, "delta": {"reasoningContent": {"reasoningText": {"signature": "sig"}}}},
        {"index": 1, "delta": {"reasoningContent": {"redactedContent": "cmVk"}}},
        {"index": 2, "delta": {"text": "a"}},
    ]


# ── calls ────────────────────────────────────────────────────────────────


def test_calls_are_counted_apart_from_blocks() -> None:
    made = deltas(
        text("Let me see."),
        [start(1, USE), piece('{"a":', 1), piece("", 1), piece("1}", 1), stop(1)],
        [
            start(2, {"toolUse": {"toolUseId": "t2", "name": "g", "type": "tool_use"}}),
            piece("{}", 2),
            stop(2),
        ],
    )
    assert [each["tool_calls"][0] for each in made[1:]] == [
        {"index": 0, "id": "t1", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"a":'}},
        {"index": 0, "function": {"arguments": "1}"}},
        {"index": 1, "id": "t2", "type": "function", "function": {"name": "g", "arguments": ""}},
        {"index": 1, "function": {"arguments": "{}"}},
    ]


@pytest.mark.parametrize("pieces", [[], [piece("")], [delta(0, {"toolUse": {}})]])
def test_a_call_without_arguments_has_none(pieces: list[Any]) -> None:
    made = deltas([start(0, USE), *pieces, stop(0)], context=LOOSE)
    assert [each["tool_calls"][0]["function"]["arguments"] for each in made] == ["", "{}"]


def test_functions_as_they_were_before_tools() -> None:
    context = replace(CONTEXT, request={"functions": [{"name": "f"}]})
    events = [OPENING, start(0, USE), piece("{}"), stop(0), ending("tool_use")]
    _, out = play(events, context)
    assert [chunk["choices"][0]["delta"] for chunk in out[1:]] == [
        {"function_call": {"name": "f", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
        {},
    ]
    assert out[-1]["choices"][0]["finish_reason"] == "function_call"


def test_tools_of_the_models_maker_are_no_calls() -> None:
    ran = [
        *(start(0, SERVED), piece('{"snippet":"1"}'), stop(0)),
        start(1, {"toolResult": {"toolUseId": "s", "status": "success"}}),
        *(delta(1, {"toolResult": [{"json": {"stdOut": "1"}}]}), delta(1, {"toolResult": [{"text": "2"}]})),
        stop(1),
    ]
    assert deltas(ran) == []
    assert blocks(ran) == [
        {"index": 0, "delta": {"toolUse": {**SERVED["toolUse"], "input": ""}}},
        {"index": 0, "delta": {"toolUse": {"input": '{"snippet":"1"}'}}},
        {"index": 1, "delta": {"toolResult": {"toolUseId": "s", "status": "success"}}},
        {"index": 1, "delta": {"toolResult": {"content": [{"index": 0, "json": {"stdOut": "1"}}]}}},
        {"index": 1, "delta": {"toolResult": {"content": [{"index": 1, "text": "2"}]}}},
    ]


# ── citations ────────────────────────────────────────────────────────────


def note(url: str) -> dict[str, Any]:
    return {"citation": {"title": "T", "location": {"web": {"url": url}}}}


@pytest.mark.parametrize(
    "request_", [{"web_search_options": {}}, {"tools": [{"systemTool": {"name": "nova_grounding"}}]}]
)
def test_web_pages_are_annotations_of_their_block(request_: dict[str, Any]) -> None:
    context = replace(CONTEXT, request=request_)
    made = deltas(
        text("Ruby is "),
        [delta(1, note("u")), delta(1, {"text": "old"}), delta(1, {"citation": {"location": {}}}), stop(1)],
        text(".", index=2),
        context=context,
    )
    cited = made[-1]["annotations"]
    page = {"start_index": 8, "end_index": 11, "url": "u", "title": "T"}
    assert cited == [{"type": "url_citation", "url_citation": page}]


def test_a_block_without_text_cites_for_the_text_before() -> None:
    context = replace(CONTEXT, request={"web_search_options": {}})
    made = deltas(text("Ruby "), text("is old", index=1), [delta(2, note("u")), stop(2)], context=context)
    (cited,) = made[-1]["annotations"]
    assert (cited["url_citation"]["start_index"], cited["url_citation"]["end_index"]) == (5, 11)


def test_documents_are_cited_loosely() -> None:
    cited = {"citation": {"title": "policy", "location": {"documentChar": {"start": 0}}}}
    assert deltas([delta(0, cited), delta(0, {"text": "a"}), stop(0)]) == [{"content": "a"}]
    twice = blocks([delta(0, cited), delta(0, cited), stop(0)], [delta(1, cited), stop(1)])
    notes = [(each["index"], note) for each in twice for note in each["delta"]["citations"]]
    places = [(0, 0), (0, 1), (1, 0)]
    assert notes == [(block, {"index": index, **cited["citation"]}) for block, index in places]


# ── the end and its cost ─────────────────────────────────────────────────

USAGE = {
    **{"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
}


@pytest.mark.parametrize("order", [(ending(), costs()), (costs(), ending())])
def test_the_cost_comes_last_whichever_comes_first(order: tuple[Any, Any]) -> None:
    state, out = play([OPENING, *text("a"), *order], COUNTED)
    assert STREAM.ended(state)
    assert out[-2]["choices"][0]["finish_reason"] == "stop"
    assert (out[-1]["choices"], out[-1]["usage"]) == ([], USAGE)
    _, unasked = play([OPENING, *text("a"), *order])
    assert unasked == out[:-1]


def test_an_end_without_a_cost_is_an_end() -> None:
    state, out = play([OPENING, *text("a"), ending("max_tokens")], COUNTED)
    assert STREAM.ended(state)
    assert out[-1]["choices"][0]["finish_reason"] == "length"


def test_a_stream_without_its_end_is_none() -> None:
    state, _ = play([OPENING, *text("a"), costs()], COUNTED)
    assert not STREAM.ended(state)


def test_the_tier_and_what_openai_has_no_place_for() -> None:
    events = [OPENING, ending(additionalModelResponseFields={"x": 1}), costs(serviceTier={"type": "flex"})]
    _, out = play(events, COUNTED)
    assert out[-1]["service_tier"] == "flex"
    assert out[-1].keys() == {"id", "object", "created", "model", "choices", "usage", "service_tier"}
    _, out = play(events, LOOSE)
    assert out[-2]["additionalModelResponseFields"] == {"x": 1}
    assert out[-1]["metrics"] == {"latencyMs": 7}
    assert out[-1]["choices"] == [{"index": 0, "delta": {}, "finish_reason": None}]
    assert "usage" not in out[-1]
    _, out = play(events)
    assert out[-1]["choices"][0]["finish_reason"] == "stop"


def test_after_the_end_nothing_counts() -> None:
    whole = [OPENING, *text("a"), ending(), costs()]
    _, out = play([*whole, *text("b"), OPENING, ending(), costs(), {"exception": {}, "name": "x"}], COUNTED)
    assert out == play(whole, COUNTED)[1]
    _, out = play([OPENING, ending(), OPENING, start(0, USE), {"exception": {}, "name": "x"}, ending()])
    assert len(out) == 2


def test_events_of_the_future_are_passed_over() -> None:
    assert deltas([{"contentBlockRewind": {}}, {"": {}}], text("a")) == [{"content": "a"}]
    assert deltas([delta(0, {"hologram": {}}), start(1, {"hologram": {}}), stop(1)]) == []
    assert deltas([start(0, {"image": {"format": "png"}}), stop(0)]) == []


def drawn(data: str, index: int = 0) -> dict[str, Any]:
    return delta(index, {"image": {"source": {"bytes": data}}})


def test_images_are_told_as_others_tell_them_when_they_are_whole() -> None:
    first = [start(0, {"image": {"format": "webp"}}), drawn("AA=="), drawn("AQI="), stop(0)]
    second = [drawn("AQ==", 1), delta(1, {"image": {"error": {"message": "no"}}}), stop(1)]
    urls = ["data:image/webp;base64,AAEC", "data:image/png;base64,AQ=="]
    images = [
        {"images": [{"type": "image_url", "index": index, "image_url": {"url": url}}]}
        for index, url in enumerate(urls)
    ]
    assert deltas(first, second) == images
    told = [{"image": {"format": "webp"}}, {"image": {"source": {"bytes": "AAEC"}}}]
    blocks = [{"content_blocks": [{"index": 0, "delta": each}]} for each in told]
    assert deltas(first, context=LOOSE) == [blocks[0], {**images[0], **blocks[1]}]


def test_an_image_has_a_largest_size() -> None:
    most = "A" * (LARGEST // 2)
    state, _ = play([OPENING, drawn(most), drawn(most)])
    assert state.picture.size == LARGEST
    with pytest.raises(UpstreamError, match="sent an image of more than") as caught:
        play([OPENING, drawn(most), drawn(most), drawn("AAAA")])
    assert caught.value.code == "upstream_image_too_large"


# ── failures ─────────────────────────────────────────────────────────────


def test_a_message_that_begins_anew_is_a_failure() -> None:
    with pytest.raises(UpstreamError, match="began the message anew"):
        play([OPENING, *text("a"), OPENING])


def test_what_could_not_be_read_is_a_failure() -> None:
    with pytest.raises(UpstreamError, match="malformed_tool_use"):
        play([OPENING, start(0, USE), stop(0), ending("malformed_tool_use")])


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("throttlingException", 429, "rate_limit_error"),
        ("serviceUnavailableException", 503, "upstream_error"),
        ("internalServerException", 500, "upstream_error"),
        ("validationException", 400, "invalid_request_error"),
        ("modelStreamErrorException", 502, "upstream_error"),
        ("modelTimeoutException", 504, "upstream_error"),
        ("AccessDeniedException", 403, "permission_error"),
        ("InternalFailure", 502, "upstream_error"),
        ("", 502, "upstream_error"),
    ],
)
@pytest.mark.parametrize("ahead", [[], [OPENING, *text("a")], [costs()]])
def test_an_exception_ends_the_stream(name: str, status: int, kind: str, ahead: list[Any]) -> None:
    event = decode(Frame(b'{"message":"Too many requests."}', name, "exception"))
    with pytest.raises(UpstreamError) as caught:
        play([*ahead, event])
    error = caught.value
    assert (error.message, error.status, error.type) == ("Too many requests.", status, kind)
    assert error.code == (name or "upstream_invalid_response")


def test_the_models_own_words_are_told_too() -> None:
    body = {"message": "Model Stream Error", "originalStatusCode": 500, "originalMessage": "It failed."}
    event = decode(Frame(json.dumps(body).encode(), "modelStreamErrorException", "exception"))
    with pytest.raises(UpstreamError, match=r"^Model Stream Error: It failed\.$"):
        play([event])


@pytest.mark.parametrize("data", [b"", b"[]", b'"Gone."', b"{}", b'{"message":null,"originalMessage":5}'])
def test_a_wordless_exception_has_words(data: bytes) -> None:
    with pytest.raises(UpstreamError) as caught:
        play([decode(Frame(data, "throttlingException", "error"))])
    assert caught.value.message
    assert caught.value.status == 429


# ── frames ───────────────────────────────────────────────────────────────


def test_a_frame_is_an_event_by_its_name_without_padding() -> None:
    assert decode(Frame(b'{"role":"assistant","p":"abc"}', "messageStart", "event")) == OPENING
    assert decode(Frame(b"", "contentBlockStop", "event")) == {"contentBlockStop": {}}
    assert decode(Frame(b"[1]", "odd", "event")) == {"odd": [1]}


def test_a_whole_stream_is_read_out_of_its_binary_frames() -> None:
    events = [OPENING, *text("Hel", "lo"), ending(), costs()]
    data = b"".join(
        recorded.amazon(name, json.dumps(payload).encode())
        for event in events
        for name, payload in event.items()
    )
    framer = STREAM.framer()
    read = [STREAM.decode(frame) for frame in [*framer.feed(data), *framer.close()]]
    assert play(read, COUNTED) == play(events, COUNTED)
