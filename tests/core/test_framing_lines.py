"""NDJSON and the top-level JSON array: ST-11, ST-13, DOS-07; and that every framer is linear."""

from __future__ import annotations

import json
from collections.abc import Callable
from struct import pack
from time import process_time
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.framing.array import JSONArray
from gatewaymw.core.framing.base import Frame, Framer, FramingError
from gatewaymw.core.framing.eventstream import EventStream
from gatewaymw.core.framing.ndjson import NDJSON
from gatewaymw.core.framing.sse import SSE
from pieces import POINTS, cut, drip, outcome

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.text('[]{},:"\\ \n', max_size=8),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
ITEMS = st.lists(VALUES, max_size=5)
ASCII = st.booleans()


def read(frames: list[Frame]) -> list[Any]:
    return [json.loads(frame.data) for frame in frames]


def readable(frames: list[Frame]) -> bool:
    try:
        read(frames)
    except ValueError:
        return False
    return True


# ---- one text a line


@given(ITEMS, ASCII, st.sampled_from([b"\n", b"\r\n", b"\n\n", b" \r\n\t\n"]), POINTS)
def test_ndjson_gives_each_line_wherever_it_is_cut(
    items: list[Any], ascii: bool, end: bytes, points: list[int]
) -> None:
    texts = [json.dumps(item, ensure_ascii=ascii).encode() for item in items]
    stream = b"".join(text + end for text in texts)
    expected = [Frame(text) for text in texts], ""
    assert outcome(NDJSON(), [stream]) == expected
    assert outcome(NDJSON(), drip(stream)) == expected
    assert outcome(NDJSON(), cut(stream, points)) == expected
    assert outcome(NDJSON(), [stream.rstrip()]) == expected


@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (b"", []),
        (b"\n\r\n \n\t\r\n", []),
        (b'{"a":1}\n{"b":2}', [b'{"a":1}', b'{"b":2}']),
        (b'  {"a":1} \t\r\n', [b'{"a":1}']),
        (b'{"a":\r1}\n', [b'{"a":\r1}']),
        ('"\u2028\u0085\x0b\x0c"\n'.encode(), ['"\u2028\u0085\x0b\x0c"'.encode()]),
        (b'"\xff"\n', [b'"\xff"']),
    ],
)
def test_st_11_only_lf_ends_a_line_and_only_blanks_are_taken_off(stream: bytes, lines: list[bytes]) -> None:
    assert outcome(NDJSON(), [stream]) == ([Frame(line) for line in lines], "")
    assert outcome(NDJSON(), drip(stream)) == ([Frame(line) for line in lines], "")


def test_dos_07_a_line_without_end_is_refused_as_soon_as_it_is_too_long() -> None:
    framer = NDJSON(limit=100)
    assert framer.feed(b"1\n" + b"x" * 100) == [Frame(b"1")]
    with pytest.raises(FramingError, match="longer than 100 bytes"):
        framer.feed(b"x")


@given(st.lists(st.sampled_from([b"ab", b"abcdef", b"\n", b"\r\n"])).map(b"".join), POINTS)
def test_dos_07_the_limit_falls_at_the_same_line_wherever_it_is_cut(stream: bytes, points: list[int]) -> None:
    expected = outcome(NDJSON(7), [stream])
    assert outcome(NDJSON(7), drip(stream)) == expected
    assert outcome(NDJSON(7), cut(stream, points)) == expected


# ---- the items of one array


@given(ITEMS, ASCII, st.sampled_from([None, 0, 1]), st.sampled_from([b"", b" ", b"\r\n", b"\t\n"]), POINTS)
def test_st_13_an_array_gives_its_items_wherever_it_is_cut(
    items: list[Any], ascii: bool, indent: int | None, blank: bytes, points: list[int]
) -> None:
    texts = [json.dumps(item, ensure_ascii=ascii, indent=indent).encode() for item in items]
    within = (blank + b"," + blank).join(texts)
    stream = blank + b"[" + blank + within + blank + b"]" + blank
    expected = [Frame(text) for text in texts], ""
    assert outcome(JSONArray(), [stream]) == expected
    assert outcome(JSONArray(), drip(stream)) == expected
    assert outcome(JSONArray(), cut(stream, points)) == expected


@given(st.text('[]{}",:\\ 1a\n', max_size=14), POINTS)
def test_st_13_what_is_an_array_is_read_as_one_and_what_is_none_is_noticed(
    within: str, points: list[int]
) -> None:
    text = f"[{within}]"
    frames, fault = outcome(JSONArray(), [text.encode()])
    assert outcome(JSONArray(), drip(text.encode())) == (frames, fault)
    assert outcome(JSONArray(), cut(text.encode(), points)) == (frames, fault)
    try:
        expected = json.loads(text)
    except ValueError:
        assert fault or not readable(frames)
    else:
        assert (read(frames), fault) == (expected, "")


def test_an_item_comes_with_the_byte_that_closes_it() -> None:
    framer = JSONArray()
    assert framer.feed(b'[{"a":"}]') == []
    assert framer.feed(b'\\"') == []
    assert framer.feed(b'"}') == [Frame(b'{"a":"}]\\""}')]
    assert framer.feed(b",\r\n[[],") == []
    assert framer.feed(b"{}]") == [Frame(b"[[],{}]")]
    assert framer.feed(b", -1.5e3 ") == []
    assert framer.feed(b"]") == [Frame(b"-1.5e3")]
    assert framer.close() == []


def test_items_deeper_than_one_look_reaches_come_whole() -> None:
    for depth in (1, 11, 12, 13, 14, 100, 10_000):
        item = b'{"a":[' * depth + b'"]}"' + b"]}" * depth
        assert outcome(JSONArray(), [b"[" + item + b",1]"]) == ([Frame(item), Frame(b"1")], "")


REFUSED = {
    "an object": b'{"a":1}',
    "a scalar": b"1",
    "words": b"<html>",
    "a byte order mark": b"\xef\xbb\xbf[]",
    "a comma first": b"[,1]",
    "a comma last": b"[1,]",
    "two commas": b"[1,,2]",
    "no comma": b'[{"a":1}{"b":2}]',
    "no comma before text": b'[{"a":1}"x"]',
    "a bracket in a number": b"[1[2]]",
    "the wrong bracket": b"[1}",
    "a bracket too many": b"[1]]",
    "a second array": b"[1][2]",
    "words after": b"[1] x",
}


@pytest.mark.parametrize("case", REFUSED)
def test_st_13_what_is_no_array_of_items_is_refused(case: str) -> None:
    for pieces in ([REFUSED[case]], drip(REFUSED[case])):
        assert "where a JSON array has no place for it" in outcome(JSONArray(), pieces)[1]


def test_st_13_an_array_cut_short_anywhere_is_noticed() -> None:
    stream = b' [{"a":["\\"]"]},\n"b",1 ]'
    frames, fault = outcome(JSONArray(), [stream])
    assert (len(frames), fault) == (3, "")
    for at in range(len(stream)):
        some, fault = outcome(JSONArray(), [stream[:at]])
        assert some == frames[: len(some)]
        assert fault == "the JSON array ended before its closing bracket"


@pytest.mark.parametrize("start", [b'["', b"[[", b"[1", b'[{"a":"\\', b"[" * 50])
def test_dos_07_an_item_without_end_is_refused_as_soon_as_it_is_too_long(start: bytes) -> None:
    framer = JSONArray(limit=100)
    assert framer.feed(start + b"1" * (101 - len(start))) == []
    with pytest.raises(FramingError, match="longer than 100 bytes"):
        framer.feed(b"1")


def test_dos_07_the_limit_is_an_items_and_not_the_arrays() -> None:
    framer = JSONArray(limit=20)
    item = b'{"a":"' + b"x" * 12 + b'"}'
    assert framer.feed(b"[" + item + b",") == [Frame(item)]
    for _ in range(100):
        assert framer.feed(b" " * 50 + item + b" " * 50 + b",") == [Frame(item)]
    with pytest.raises(FramingError, match="longer than 20 bytes"):
        framer.feed(b"[" + item + b"]")


@given(st.lists(st.sampled_from([b'{"a":1}', b"123456", b'"\\""', b",", b" ", b"["])).map(b"".join), POINTS)
def test_dos_07_the_limit_falls_at_the_same_item_wherever_it_is_cut(within: bytes, points: list[int]) -> None:
    stream = b"[" + within + b"]"
    frames, fault = outcome(JSONArray(6), [stream])
    for pieces in (drip(stream), cut(stream, points)):
        some, other = outcome(JSONArray(6), pieces)
        assert (some, bool(other)) == (frames, bool(fault))


# ---- every framer


def message(size: int) -> bytes:
    start = pack(">II", size + 16, 0)
    start += pack(">I", crc32(start))
    return start + b"x" * size + pack(">I", crc32(start + b"x" * size))


LONG: dict[str, tuple[Callable[[], Framer], Callable[[int], bytes]]] = {
    "event": (SSE, lambda size: b"data: " + b"x" * size + b"\n\n"),
    "line": (NDJSON, lambda size: b"x" * size + b"\n"),
    "message": (EventStream, message),
    "item": (JSONArray, lambda size: b'["' + b"x" * size + b'"]'),
}
MANY: dict[str, tuple[Callable[[], Framer], Callable[[int], bytes]]] = {
    "lines of data": (SSE, lambda size: b"data\n" * (size // 5) + b"\n"),
    "brackets": (JSONArray, lambda size: b"[" * (size // 2) + b"]" * (size // 2)),
    "strings": (JSONArray, lambda size: b"[[" + b'"",' * (size // 3) + b"1]]"),
    "escapes": (JSONArray, lambda size: b'["' + b"\\n" * (size // 2) + b'"]'),
}


def cost(framer: Callable[[], Framer], data: bytes, step: int) -> float:
    """The least time of the processor, in seconds, that reading pieces of `step` bytes took."""
    pieces = [data[at : at + step] for at in range(0, len(data), step)]

    def once() -> float:
        start = process_time()
        frames, fault = outcome(framer(), pieces)
        assert len(frames) == 1
        assert fault == ""
        return process_time() - start

    return min(once() for _ in range(2))


def grows_as_it_may(framer: Callable[[], Framer], data: bytes, longer: bytes, step: int) -> bool:
    """Whether it takes less than twice the time that four times as much may. Measured again where it does
    not: others may have had the processor's caches."""
    return any(cost(framer, longer, step) < 8 * cost(framer, data, step) + 0.02 for _ in range(5))


@pytest.mark.untraced  # tracing takes time too
@pytest.mark.parametrize("what", LONG)
@pytest.mark.parametrize(("step", "size"), [(1, 10_000), (500, 300_000)])
def test_a_frame_four_times_as_long_takes_about_four_times_the_time(what: str, step: int, size: int) -> None:
    framer, stream = LONG[what]
    assert grows_as_it_may(framer, stream(size), stream(4 * size), step)


@pytest.mark.untraced  # tracing takes time too
@pytest.mark.parametrize("what", MANY)
@pytest.mark.parametrize(("step", "size"), [(1, 10_000), (10**6, 20_000)])
def test_a_frame_of_four_times_as_many_parts_takes_about_four_times_the_time(
    what: str, step: int, size: int
) -> None:
    framer, stream = MANY[what]
    assert grows_as_it_may(framer, stream(size), stream(4 * size), step)
