"""An event that is the one before with other words in it is not read: nothing is overlooked by that."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.endpoints import OPENAI
from gatewaymw.core.model import Context
from gatewaymw.core.routing.likeness import alike, around, run
from gatewaymw.core.routing.passthrough import Passthrough

CONTEXT = Context(provider="openai", model="m", id="chatcmpl-1")
DELTA = b'{"id":"1","choices":[{"index":0,"delta":{"content":"one"},"finish_reason":null}]}'
NOISY = DELTA[:-1] + b',"obfuscation":"aB3"}'

WORDS = st.text('ab "\\\u00e9\n{}:,', max_size=4) | st.just('x","finish_reason":"stop')
DELTAS = st.builds(lambda name, text: {name: text}, st.sampled_from(["content", "reasoning_content"]), WORDS)
CHOICES = st.builds(
    lambda index, delta, reason: {"index": index, "delta": delta, "finish_reason": reason},
    st.integers(0, 1),
    DELTAS,
    st.sampled_from([None, None, None, "stop"]),
)
EVENTS = st.builds(
    lambda choice, more: {"choices": [choice], **more},
    CHOICES,
    st.sampled_from(
        [{}, {}, {"obfuscation": "q"}, {"obfuscation": "zz"}, {"error": "content"}, {"type": "a.done"}]
    ),
)


def outcome(events: list[bytes]) -> list[Any]:
    """What a stream is taken for, event by event and at its end."""
    passage, seen = Passthrough(CONTEXT, OPENAI), []
    for event in events:
        out = passage.feed(b"data: " + event + b"\n\n")
        told = passage.error and (passage.error.status, passage.error.message)
        seen.append((bool(out), passage.started, passage.over, told))
        if passage.over:
            return seen
    return [*seen, passage.close().replace(b" ", b"")]  # it may hold what came early, as it came


@given(st.lists(EVENTS, max_size=8), st.booleans())
def test_a_stream_is_taken_for_what_it_is_when_each_event_is_read(events: list[Any], compact: bool) -> None:
    """Spaces at the front, more in each, keep events from being alike."""
    separators = (",", ":") if compact else (", ", ": ")
    written = [json.dumps(event, separators=separators, ensure_ascii=False).encode() for event in events]
    apart = [b"{" + b" " * number + event[1:] for number, event in enumerate(written)]
    assert outcome(written) == outcome(apart)


@given(DELTAS, DELTAS)
def test_what_is_alike_is_json_that_differs_in_its_words_alone(one: Any, other: Any) -> None:
    first, second = (
        json.dumps({"a": 1, **each, "b": [2]}, ensure_ascii=False).encode() for each in (one, other)
    )
    found = around(first)
    if found and alike(second, found):
        assert json.loads(second) == {"a": 1, **other, "b": [2]} and one.keys() == other.keys()


@pytest.mark.parametrize("event", [DELTA, NOISY, DELTA.replace(b'":"one', b'": "one')])
def test_other_words_are_alike(event: bytes) -> None:
    found = around(event)
    assert found and alike(event.replace(b"one", b"another").replace(b"aB3", b""), found)
    assert alike(event.replace(b"one", 'said \\"é\\n\\\\'.encode()), found)


@pytest.mark.parametrize(
    "event",
    [
        DELTA.replace(b"one", b'one","more":"'),
        DELTA.replace(b"one", b"o\\u006ee"),
        DELTA.replace(b"one", "\u00e9".encode()[:1]),
        DELTA.replace(b"one", b"one\\"),
        DELTA.replace(b"one", b"\\x"),
        DELTA.replace(b"one", b"\xff"),
        DELTA.replace(b"one", b"o\x01e"),
        DELTA.replace(b"null", b'"stop"'),
        DELTA.replace(b'"index":0', b'"index":1'),
        DELTA[:-1] + b',"error":{}}',
        DELTA + b"}",
        DELTA[:-1],
        NOISY,
        b"[DONE]",
        b"",
    ],
)
def test_anything_else_is_not(event: bytes) -> None:
    found = around(DELTA)
    assert found and not alike(event, found)


@pytest.mark.parametrize("noise", [b'a","error":"b', b"\\n", b"\xff"])
def test_noise_is_letters_and_nothing_else(noise: bytes) -> None:
    found = around(NOISY)
    assert found and found.noise and not alike(NOISY.replace(b"aB3", noise), found)


@pytest.mark.parametrize("event", [b'{"usage":{}}', DELTA.replace(b"one", b"\\u000a"), b'{"contents":"one"}'])
def test_an_event_without_plain_words_is_like_no_other(event: bytes) -> None:
    assert around(event) is None


SAID = WORDS.map(lambda text: json.dumps(text, ensure_ascii=False)[1:-1].encode())
PIECES = st.lists(SAID | st.binary(max_size=3))
RESTS = st.sampled_from([b"", b"data: [DONE]\n\n", b"data: " + DELTA[:20], b"\n", b"x"])


@given(PIECES, RESTS, st.sampled_from([DELTA, NOISY]))
def test_of_many_in_one_piece_those_that_are_alike_are_found(
    words: list[bytes], rest: bytes, event: bytes
) -> None:
    found = around(event)
    assert found
    lines = [b"data: " + event.replace(b"one", each) + b"\n\n" for each in words]
    alone = list(takewhile(lambda line: run(line, found.line) == len(line), lines))
    end = run(b"".join(lines) + rest, found.line)
    assert end == len(b"".join(alone))
    for line in alone:
        assert alike(line.removeprefix(b"data: ").removesuffix(b"\n\n"), found)


def test_an_error_after_many_words_ends_the_stream() -> None:
    broken = b'{"error":{"message":"it broke","type":"server_error"}}'
    *others, last = outcome([DELTA, *[DELTA.replace(b"one", b"two")] * 5, broken])
    assert all(each == (True, True, False, None) for each in others)
    assert last[2] and "it broke" in last[3][1]


def test_lines_are_part_of_an_event() -> None:
    """What is JSON in two lines of data is none where the second line has another name, or none."""
    passage = Passthrough(CONTEXT, OPENAI)
    for _ in range(2):
        passage.feed(b'data: {"content":"x",\ndata: "choices":[]}\n\n')
    assert passage.error is None
    passage.feed(b'data: {"content":"x",\n"choices":[]}\n\n')
    assert passage.error and passage.over


def test_many_events_in_one_piece_are_each_looked_at() -> None:
    events = [b"data: " + each + b"\n\n" for each in (DELTA, DELTA, DELTA.replace(b"null", b'"stop"'))]
    passage = Passthrough(CONTEXT, OPENAI)
    assert passage.feed(b"".join(events)) == b"".join(events)
    assert passage.close() == OPENAI.done and passage.error is None


def test_half_an_event_is_held_until_the_other_half_is_there() -> None:
    event = b"data: " + DELTA + b"\n\n"
    passage = Passthrough(CONTEXT, OPENAI)
    assert passage.feed(event) == passage.feed(event) == event
    assert (passage.feed(event[:20]), passage.feed(event[20:]), passage.feed(event)) == (b"", event, event)


def test_a_named_event_is_read() -> None:
    """An event called `error` is one, whatever is in it."""
    passage = Passthrough(CONTEXT, OPENAI)
    for _ in range(2):
        passage.feed(b"data: " + DELTA + b"\n\n")
    passage.feed(b'event: error\ndata: {"message":"no","content":"x"}\n\n')
    assert passage.error and passage.over
