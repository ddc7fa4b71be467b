"""SSE: ST-09 (the standard), ST-10 (where we leave it), ST-11 (UTF-8), DOS-07 (bounds)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.framing.base import Frame, FramingError
from gatewaymw.core.framing.sse import SSE
from pieces import POINTS, cut, drip, outcome

CORPUS: dict[str, tuple[bytes, list[Frame]]] = {
    "one": (b"data: a\n\n", [Frame(b"a")]),
    "two": (b"data: a\n\ndata: b\n\n", [Frame(b"a"), Frame(b"b")]),
    "named": (b"event: ping\ndata: a\n\n", [Frame(b"a", "ping")]),
    "named after": (b"data: a\nevent: ping\n\n", [Frame(b"a", "ping")]),
    "named twice": (b"event: a\nevent: b\ndata: x\n\n", [Frame(b"x", "b")]),
    "name without data": (b"event: lost\n\ndata: a\n\n", [Frame(b"a")]),
    "name not kept": (b"event: a\ndata: x\n\ndata: y\n\n", [Frame(b"x", "a"), Frame(b"y")]),
    "no space": (b"data:a\n\nevent:b\ndata:c\n\n", [Frame(b"a"), Frame(b"c", "b")]),
    "one space of three": (b"data:   a\n\nevent:  b\ndata: c\n\n", [Frame(b"  a"), Frame(b"c", " b")]),
    "a tab is no space": (b"data:\ta\n\n", [Frame(b"\ta")]),
    "several lines": (b"data: a\ndata: b\ndata:\ndata: c\n\n", [Frame(b"a\nb\n\nc")]),
    "empty data": (b"data:\n\ndata: \n\ndata\n\n", [Frame(b""), Frame(b""), Frame(b"")]),
    "two empty lines of data": (b"data\ndata\n\n", [Frame(b"\n")]),
    "colons": (b"data: {'a': 1}\n\ndata::\n\n", [Frame(b"{'a': 1}"), Frame(b":")]),
    "comments": (b": hi\n\n:\ndata: a\n: b\ndata: c\n\n", [Frame(b"a\nc")]),
    "unknown fields": (b"Data: a\n data: b\ndata : c\nfoo: d\nbar\ndata: e\n\n", [Frame(b"e")]),
    "id and retry": (b"id: 1\x00\nretry: 5s\ndata: a\n\n", [Frame(b"a")]),
    "blank lines": (b"\n\n\ndata: a\n\n\n\ndata: b\n\n\n", [Frame(b"a"), Frame(b"b")]),
    "no other line ends": (
        "data: a\u2028b\u2029c\u0085d\x0b\x0c\x1c\x1d\x1ee\n\n".encode(),
        [Frame("a\u2028b\u2029c\u0085d\x0b\x0c\x1c\x1d\x1ee".encode())],
    ),
    "mixed line ends": (b"data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\r", [Frame(b"a\nb\nc"), Frame(b"d")]),
    "CR before LF LF": (b"data: a\rdata: b\n\n", [Frame(b"a\nb")]),
    "LF and CR are two": (b"data: a\n\rdata: b\n\n", [Frame(b"a"), Frame(b"b")]),
    "byte order mark": (b"\xef\xbb\xbfdata: a\n\n", [Frame(b"a")]),
    "one byte order mark": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
    "a late byte order mark": (b"\n\xef\xbb\xbfdata: a\n\n", []),
    "half a byte order mark": (b"\xef\xbbdata: a\n\ndata: b\n\n", [Frame(b"b")]),
    "less than a byte order mark": (b"\xef\xbb", []),
    "nothing": (b"", []),
    "blank": (b"\n", []),
    "no blank line at the end": (b"data: a\n\ndata: [DONE]\n", [Frame(b"a"), Frame(b"[DONE]")]),
    "no line end at the end": (b"event: x\ndata: a\ndata: b", [Frame(b"a\nb", "x")]),
    "no data at the end": (b"data: a\n\nevent: x\n", [Frame(b"a")]),
}


def by_the_book(stream: bytes) -> list[Frame]:
    """The standard's own words as code, over the whole stream at once, and the flush of ST-10."""
    frames: list[Frame] = []
    data, event = b"", ""
    lines = re.split(rb"\r\n|\n|\r", stream.removeprefix(b"\xef\xbb\xbf"))
    for line in [*lines, b""]:
        field, _, value = line.partition(b":")
        value = value[1:] if value[:1] == b" " else value
        if line == b"":
            if data:
                frames.append(Frame(data[:-1], event))
            data, event = b"", ""
        elif field == b"data":
            data += value + b"\n"
        elif field == b"event":
            event = value.decode("utf-8", "replace")
    return frames


LINE_ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])
LINES = st.one_of(
    st.sampled_from(
        [b"data: a", b"data:b", b"data: ", b"data", b"event: e", b"event:", b": c", b"", b"", b"id: 1", b"x"]
    ),
    st.binary(max_size=6).map(lambda raw: b"data: " + re.sub(rb"[\r\n]", b"", raw)),
)
STREAMS = st.one_of(
    st.lists(st.tuples(LINES, LINE_ENDS).map(b"".join), max_size=12).map(b"".join),
    st.lists(LINES.map(lambda line: line + b"\n"), max_size=12).map(b"".join),
    st.lists(
        st.sampled_from(
            [b"data: a\n\n", b"event: e\ndata: b\n\n", b"data: c\n", b"data: ", b"\n", b"\r", b":"]
        )
    ).map(b"".join),
    st.text("\ufeffdatevn: \r\n", max_size=30).map(str.encode),
)


@pytest.mark.parametrize("case", CORPUS)
def test_st_09_st_10_the_corpus_whole_and_by_the_byte(case: str) -> None:
    stream, frames = CORPUS[case]
    assert outcome(SSE(), [stream]) == (frames, "")
    assert outcome(SSE(), drip(stream)) == (frames, "")
    assert by_the_book(stream) == frames


@pytest.mark.parametrize("case", CORPUS)
def test_st_09_the_corpus_cut_in_two_anywhere(case: str) -> None:
    stream, frames = CORPUS[case]
    for at in range(len(stream) + 1):
        assert outcome(SSE(), [stream[:at], stream[at:]]) == (frames, "")


@pytest.mark.parametrize("case", CORPUS)
def test_st_09_the_corpus_after_a_first_event(case: str) -> None:
    # Between two events is where the short cuts begin.
    stream, _ = CORPUS[case]
    expected = by_the_book(b"data: first\n\n" + stream)
    assert outcome(SSE(), [b"data: first\n\n", stream]) == (expected, "")
    assert outcome(SSE(), [b"data: first\n\n", *drip(stream)]) == (expected, "")


@given(STREAMS, POINTS)
def test_st_09_any_stream_reads_as_the_standard_says_wherever_it_is_cut(
    stream: bytes, points: list[int]
) -> None:
    expected = by_the_book(stream), ""
    assert outcome(SSE(), [stream]) == expected
    assert outcome(SSE(), drip(stream)) == expected
    assert outcome(SSE(), cut(stream, points)) == expected


@given(STREAMS, POINTS)
def test_the_short_cut_between_events_gives_what_the_long_way_gives(stream: bytes, points: list[int]) -> None:
    expected = by_the_book(b"data: first\n\n" + stream), ""
    assert outcome(SSE(), [b"data: first\n\n", stream]) == expected
    assert outcome(SSE(), [b"data: first\n\n", *cut(stream, points)]) == expected


@given(st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r\n"])), max_size=10))
def test_st_09_line_ends_make_no_difference(lines: list[tuple[bytes, bytes]]) -> None:
    expected = outcome(SSE(), [b"".join(line + b"\n" for line, _ in lines)])
    assert outcome(SSE(), [b"".join(line + end for line, end in lines)]) == expected
    for end in (b"\r", b"\r\n"):
        assert outcome(SSE(), [b"".join(line + end for line, _ in lines)]) == expected


def test_an_event_comes_with_the_piece_that_completes_it() -> None:
    for end in (b"\n", b"\r", b"\r\n"):
        framer = SSE()
        assert framer.feed(b"data: a" + end) == []
        assert framer.feed(end[:1]) == [Frame(b"a")]
        assert framer.feed(end[1:] + b"data: b" + end + end) == [Frame(b"b")]


@given(st.text().filter(lambda text: "\r" not in text and "\n" not in text))
def test_st_11_characters_survive_being_cut_by_the_byte(text: str) -> None:
    stream = f"event: {text}\ndata: {text}😀\n\n".encode()
    assert outcome(SSE(), drip(stream)) == ([Frame(f"{text}😀".encode(), text)], "")


def test_st_11_bytes_that_are_not_utf_8_pass_in_data_and_are_replaced_in_names() -> None:
    framer = SSE()
    assert framer.feed(b"event: \xff\ndata: \xc3\x28\n\n") == [Frame(b"\xc3\x28", "\ufffd")]
    assert framer.feed(b"event: \xff\ndata: \xc3\x28\n\n") == [Frame(b"\xc3\x28", "\ufffd")]


def test_dos_07_a_line_without_end_is_refused_as_soon_as_it_is_too_long() -> None:
    framer = SSE(limit=100)
    assert framer.feed(b"data: " + b"x" * 94) == []
    with pytest.raises(FramingError, match="longer than 100 bytes"):
        framer.feed(b"x")


@pytest.mark.parametrize("line", [b"data: x\n", b"data\n", b"data: x\r", b": c\ndata: x\n"])
def test_dos_07_an_event_without_end_is_refused_however_short_its_lines(line: bytes) -> None:
    framer = SSE(limit=100)
    with pytest.raises(FramingError, match="longer than 100 bytes"):
        for _ in range(25):
            framer.feed(line)


def test_dos_07_what_is_not_kept_may_go_on_for_ever() -> None:
    framer = SSE(limit=100)
    for _ in range(100):
        assert framer.feed(b": keep-alive\nid: 1\nevent: x\n\n") == []
    assert framer.feed(b"data: a\n\n") == [Frame(b"a")]


def test_dos_07_events_within_the_limit_may_come_in_a_piece_far_beyond_it() -> None:
    framer = SSE(limit=100)
    for _ in range(2):
        assert framer.feed(b"data: a\n\n" * 1000) == [Frame(b"a")] * 1000


def test_dos_07_the_default_limit_is_8_mib() -> None:
    framer = SSE()
    event = b"data: " + b"x" * (8 * 2**20 - 6)
    assert len(framer.feed(event + b"\n\n")[0].data) == 8 * 2**20 - 6
    with pytest.raises(FramingError):
        framer.feed(event + b"x\n\n")


@given(STREAMS, st.integers(3, 20), POINTS)
def test_dos_07_the_limit_falls_at_the_same_event_wherever_the_stream_is_cut(
    stream: bytes, limit: int, points: list[int]
) -> None:
    expected = outcome(SSE(limit), [stream])
    assert outcome(SSE(limit), drip(stream)) == expected
    assert outcome(SSE(limit), cut(stream, points)) == expected


def test_events_before_a_fault_are_handed_over_and_none_after_it() -> None:
    framer = SSE(limit=20)
    assert framer.feed(b"data: a\n\ndata: " + b"x" * 20 + b"\n\ndata: b\n\n") == [Frame(b"a")]
    for _ in range(2):
        with pytest.raises(FramingError):
            framer.feed(b"data: c\n\n")
        with pytest.raises(FramingError):
            framer.close()
