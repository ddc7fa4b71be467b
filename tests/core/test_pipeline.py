"""Streams on their way: nothing before the first meaningful event, and no broken one that looks whole."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import CHUNK, DONE, ROLE, STOP

from gatewaymw.core import json
from gatewaymw.core.endpoints import OPENAI
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.framing.eventstream import EventStream
from gatewaymw.core.model import Context, Stream
from gatewaymw.core.routing.passthrough import Passthrough
from gatewaymw.core.routing.pipeline import HELD, Broken, Passage, Raw, Translation
from gatewaymw.core.values import JSON, Failure

CONTEXT = Context(provider="test")
RESET = Failure("broken", "broke off the connection", 502, "upstream_broken")


class State(NamedTuple):
    ended: bool = False


def step(state: State, event: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
    if event["say"] == "end":
        return State(True), ({"choices": [{"delta": {}, "finish_reason": "stop"}]},)
    if event["say"] == "error":
        raise UpstreamError("the provider is busy", status=529, code="overloaded_error")
    return state, ({"choices": [{"delta": {"content": event["say"]}, "finish_reason": None}]},)


STREAM: Stream[State] = Stream(start=State(), step=step, ended=lambda state: state.ended)


def translation(stream: Stream[Any] = STREAM) -> Translation:
    return Translation(stream, CONTEXT, OPENAI)


def passthrough() -> Passthrough:
    return Passthrough(CONTEXT, OPENAI)


def says(*words: str) -> bytes:
    return b"".join(b'data: {"say":"%b"}\n\n' % word.encode() for word in words)


def last(out: bytes) -> dict[str, Any]:
    """The error event that ends a stream."""
    event, done = out.split(b"\n\n")[-3:-1]
    assert done == b"data: [DONE]"
    error: dict[str, Any] = json.loads(event.removeprefix(b"data: "))["error"]
    return error


def test_a_stream_is_translated_event_by_event_and_ends_once() -> None:
    way = translation()
    assert json.loads(way.feed(says("hi"))[6:])["choices"][0]["delta"] == {"content": "hi"}
    assert way.started and not way.over
    assert b'"stop"' in way.feed(says("end"))
    assert way.close() == DONE and way.over and way.error is None
    assert way.close() == b"" and way.fail(RESET) == b""


def test_done_and_empty_events_of_an_upstream_say_nothing() -> None:
    way = translation()
    assert way.feed(DONE + b"data:\n\n") == b"" and way.error is None


def test_an_event_without_its_last_blank_line_still_counts() -> None:
    way = translation()
    assert way.feed(says("hi", "end")[:-2]).count(b"data:") == 1
    out = way.close()
    assert b'"stop"' in out and out.endswith(DONE) and way.error is None


@pytest.mark.parametrize("way", [translation(), passthrough()])
def test_ST_02_an_end_without_the_terminal_marker_is_an_error(way: Passage) -> None:
    way.feed(says("hi") if isinstance(way, Translation) else CHUNK)
    assert last(way.close())["code"] == "upstream_stream_incomplete"
    assert way.error and way.over


@pytest.mark.parametrize("way", [translation(), passthrough()])
def test_ST_03_a_broken_connection_is_an_error(way: Passage) -> None:
    way.feed(says("hi") if isinstance(way, Translation) else CHUNK)
    assert last(way.fail(RESET)) == {
        "message": "test broke off the stream: broke off the connection",
        "type": "upstream_error",
        "param": None,
        "code": "upstream_broken",
    }


def test_a_connection_that_breaks_after_the_end_has_ended_well() -> None:
    way = translation()
    way.feed(says("hi", "end"))
    assert way.fail(RESET) == DONE and way.error is None
    same = passthrough()
    same.feed(CHUNK + STOP + DONE)
    assert same.fail(RESET) == b"" and same.error is None


def test_what_is_over_has_no_more_to_say() -> None:
    way = translation()
    way.feed(says("hi"))
    assert last(way.stop(UpstreamError("enough")))["message"] == "enough"
    assert way.stop(UpstreamError("more")) == b"" == way.close() == way.fail(RESET)


def test_an_error_event_keeps_the_providers_words() -> None:
    way = translation()
    out = way.feed(says("hi", "error", "more"))
    assert last(out)["message"] == "the provider is busy" and b"more" not in out
    assert way.error and way.error.status == 529 and way.over


@pytest.mark.parametrize(
    "junk", [b"data: {broken\n\n", b'data: {"other":1}\n\n', b"data: 7\n\n", b"data: \xff\n\n"]
)
def test_ST_14_an_event_that_cannot_be_read_is_an_error_not_a_gap(junk: bytes) -> None:
    way = translation()
    assert last(way.feed(says("hi") + b"data: " + junk + b"\n\n"))["code"] == "upstream_stream_invalid"


def test_frames_that_cannot_be_cut_are_an_error_whenever_it_shows() -> None:
    binary = Stream(start=State(), step=step, ended=lambda state: state.ended, framer=EventStream)
    assert last(translation(binary).feed(b"\0" * 16))["code"] == "upstream_stream_invalid"
    cut = translation(binary)
    assert cut.feed(b"\0" * 4) == b""
    assert last(cut.close())["code"] == "upstream_stream_invalid"


def test_an_error_in_the_very_last_event_is_not_followed_by_a_good_end() -> None:
    way = translation()
    way.feed(says("hi") + says("error")[:-2])
    out = way.close()
    assert last(out)["message"] == "the provider is busy" and out.count(b"[DONE]") == 1


def test_a_stream_that_says_nothing_for_long_counts_as_begun() -> None:
    way, same = translation(), passthrough()
    comments = b": waiting\n\n" * (HELD // 11 + 1)
    assert way.feed(comments) == b"" and way.started
    assert same.feed(comments) == comments and same.started


def test_ST_04_nothing_is_shown_before_the_first_meaningful_event() -> None:
    way = passthrough()
    assert way.feed(ROLE) == b"" and not way.started
    assert way.feed(b": ping\n\n") == b"" and not way.started
    assert way.feed(CHUNK) == ROLE + b": ping\n\n" + CHUNK and way.started


def test_bytes_in_the_clients_own_dialect_are_not_touched() -> None:
    way = passthrough()
    whole = ROLE + CHUNK * 3 + b": ping\n\n" + STOP + DONE
    out = b"".join(way.feed(whole[at : at + 7]) for at in range(0, len(whole), 7)) + way.close()
    assert out == whole and way.error is None
    assert way.close() == b""


@pytest.mark.parametrize("end", [STOP, STOP.rstrip(), b'data: {"type": "transcript.text.done"}\n\n'])
def test_a_cousin_that_never_says_done_is_helped_out(end: bytes) -> None:
    way = passthrough()
    out = way.feed(CHUNK) + way.feed(end) + way.close()
    assert out.endswith(b"\n\n" + DONE) and out.count(b"\n\n\n") == 0 and way.error is None


def test_an_error_before_anything_meaningful_is_kept_from_the_client() -> None:
    way = passthrough()
    way.feed(b'data: {"error":{"message":"overloaded","code":503}}\n\n')
    assert way.error and way.error.status == 503


@pytest.mark.parametrize("junk", [b"data: {broken\n\n", b"data: " + b"x" * 9_000_000])
def test_junk_before_anything_meaningful_is_an_error(junk: bytes) -> None:
    way = passthrough()
    assert last(way.feed(junk))["code"] == "upstream_stream_invalid"


def test_words_that_look_like_an_end_are_none() -> None:
    way = passthrough()
    way.feed(b'data: {"choices":[{"delta":{"content":"data: [DONE]"},"finish_reason":null}]}\n\n')
    assert last(way.close())["code"] == "upstream_stream_incomplete"


def test_other_bodies_pass_and_break_by_breaking() -> None:
    way = Raw()
    assert way.started and way.feed(b"sound") == b"sound" and way.close() == b""
    with pytest.raises(Broken):
        way.fail(RESET)


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters='"\\', exclude_categories=["C"]), min_size=1)
    ),
    st.data(),
)
def test_a_translation_does_not_depend_on_how_the_bytes_arrive(words: list[str], data: st.DataObject) -> None:
    whole = says(*[word for word in words if word not in ("end", "error")], "end")
    way, parts = translation(), translation()
    expected = way.feed(whole) + way.close()
    out, rest = b"", whole
    while rest:
        size = data.draw(st.integers(1, 40))
        out, rest = out + parts.feed(rest[:size]), rest[size:]
    assert out + parts.close() == expected
