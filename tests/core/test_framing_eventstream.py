"""Amazon's event stream: ST-13 (exact, checked), DOS-08 (lengths and checksums that lie)."""

from __future__ import annotations

from collections.abc import Callable
from struct import pack
from typing import Any, TypeAlias
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.framing.base import Frame, FramingError
from gatewaymw.core.framing.eventstream import EventStream, Value, headers
from pieces import POINTS, cut, drip, outcome

Header: TypeAlias = tuple[bytes, bytes]
"""A name, and a value with its type byte before it."""


def text(value: str) -> bytes:
    return pack(">BH", 7, len(value.encode())) + value.encode()


def prelude(total: int, heads: int) -> bytes:
    lengths = pack(">II", total, heads)
    return lengths + pack(">I", crc32(lengths))


def message(heads: bytes, payload: bytes = b"", *, claimed: int | None = None) -> bytes:
    start = prelude(len(heads) + len(payload) + 16, len(heads) if claimed is None else claimed)
    return start + heads + payload + pack(">I", crc32(start + heads + payload))


def block(*given: Header) -> bytes:
    return b"".join(bytes([len(name)]) + name + value for name, value in given)


def event(name: str, payload: bytes) -> bytes:
    return message(
        block(
            (b":event-type", text(name)),
            (b":content-type", text("application/json")),
            (b":message-type", text("event")),
        ),
        payload,
    )


# An `:error-message` becomes data, which the oracle does not do.
NAMES = st.text(max_size=20).filter(lambda name: name != ":error-message")
VALUES: st.SearchStrategy[tuple[Value, bytes]] = st.one_of(
    st.text(max_size=20).map(lambda value: (value, text(value))),
    st.binary(max_size=20).map(lambda value: (value, pack(">BH", 6, len(value)) + value)),
    st.booleans().map(lambda value: (value, b"\x00" if value else b"\x01")),
    st.integers(-(2**7), 2**7 - 1).map(lambda value: (value, pack(">Bb", 2, value))),
    st.integers(-(2**15), 2**15 - 1).map(lambda value: (value, pack(">Bh", 3, value))),
    st.integers(-(2**31), 2**31 - 1).map(lambda value: (value, pack(">Bi", 4, value))),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: (value, pack(">Bq", 5, value))),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: (value, pack(">Bq", 8, value))),
    st.uuids().map(lambda value: (value.bytes, b"\x09" + value.bytes)),
)
HEADERS = st.dictionaries(NAMES, VALUES, max_size=6)
MESSAGES = st.tuples(HEADERS, st.binary(max_size=40))


def encoded(found: dict[str, tuple[Value, bytes]]) -> bytes:
    return block(*((name.encode(), raw) for name, (_, raw) in found.items()))


@given(HEADERS)
def test_headers_of_every_type_come_back(found: dict[str, tuple[Value, bytes]]) -> None:
    read = headers(encoded(found))
    assert read == {name: value for name, (value, _) in found.items()}
    assert [type(value) for value in read.values()] == [type(value) for value, _ in found.values()]


@given(st.lists(MESSAGES, max_size=4), POINTS)
def test_st_13_frames_are_those_botocore_reads_wherever_the_stream_is_cut(
    contents: list[tuple[dict[str, tuple[Value, bytes]], bytes]], points: list[int]
) -> None:
    stream = b"".join(message(encoded(found), payload) for found, payload in contents)
    oracle = EventStreamBuffer()
    oracle.add_data(stream)
    theirs: list[Any] = list(oracle)
    frames, fault = outcome(EventStream(), [stream])
    assert [frame.data for frame in frames] == [item.payload for item in theirs]
    assert [headers(encoded(found)) for found, _ in contents] == [item.headers for item in theirs]
    assert fault == ""
    assert outcome(EventStream(), drip(stream)) == (frames, "")
    assert outcome(EventStream(), cut(stream, points)) == (frames, "")


def test_st_13_an_event_has_its_name_and_kind() -> None:
    framer = EventStream()
    assert framer.feed(event("messageStart", b'{"role":"assistant"}') + event("messageStop", b"{}")) == [
        Frame(b'{"role":"assistant"}', "messageStart", "event"),
        Frame(b"{}", "messageStop", "event"),
    ]
    assert framer.close() == []


def test_st_13_an_exception_is_told_from_an_event() -> None:
    heads = block(
        (b":exception-type", text("throttlingException")),
        (b":content-type", text("application/json")),
        (b":message-type", text("exception")),
    )
    payload = b'{"message":"Too many requests"}'
    assert EventStream().feed(message(heads, payload)) == [Frame(payload, "throttlingException", "exception")]


def test_st_13_an_error_without_payload_says_its_message_as_exceptions_do() -> None:
    heads = block(
        (b":message-type", text("error")),
        (b":error-code", text("InternalError")),
        (b":error-message", text('An "internal" error')),
    )
    said = Frame(b'{"message":"An \\"internal\\" error"}', "InternalError", "error")
    assert EventStream().feed(message(heads)) == [said]
    assert EventStream().feed(message(heads, b"{}")) == [Frame(b"{}", "InternalError", "error")]


def test_a_message_without_headers_or_payload_is_a_frame() -> None:
    assert EventStream().feed(message(b"")) == [Frame(b"")]


STREAM = event("a", b"{}") + event("bc", b'{"x":1}') + message(b"", b"y")
FRAMES = EventStream().feed(STREAM)
ENDS = [len(event("a", b"{}")), len(event("a", b"{}") + event("bc", b'{"x":1}')), len(STREAM)]


@pytest.mark.parametrize("pieces", [lambda data: [data], drip], ids=["whole", "by the byte"])
def test_dos_08_any_byte_changed_is_noticed_after_the_good_frames_before_it(
    pieces: Callable[[bytes], list[bytes]],
) -> None:
    for at in range(len(STREAM)):
        damaged = STREAM[:at] + bytes([STREAM[at] ^ 0x40]) + STREAM[at + 1 :]
        frames, fault = outcome(EventStream(), pieces(damaged))
        assert fault
        assert frames == FRAMES[: sum(end <= at for end in ENDS)]


def test_dos_08_a_stream_cut_short_is_noticed_at_its_end() -> None:
    for at in range(len(STREAM)):
        whole = sum(end <= at for end in ENDS)
        left = at - ([0, *ENDS][whole])
        fault = f"the event stream ended {left} bytes into a message" if left else ""
        assert outcome(EventStream(), [STREAM[:at]]) == (FRAMES[:whole], fault)
        assert outcome(EventStream(), drip(STREAM[:at])) == (FRAMES[:whole], fault)


@pytest.mark.parametrize("total", [0, 1, 15, 24 * 2**20 + 1, 2**31, 2**32 - 1])
def test_dos_08_lengths_that_cannot_be_are_refused_with_the_prelude(total: int) -> None:
    with pytest.raises(FramingError, match=f"message of {total} bytes"):
        EventStream().feed(prelude(total, 0))


def test_dos_08_the_prelude_is_checked_before_its_length_is_believed() -> None:
    damaged = pack(">III", 100_000, 0, 1)
    with pytest.raises(FramingError, match="prelude of an event stream message does not match"):
        EventStream().feed(damaged)


def test_dos_08_a_message_that_does_not_match_its_checksum_is_refused() -> None:
    good = event("a", b"{}")
    with pytest.raises(FramingError, match=r"^an event stream message does not match its checksum"):
        EventStream().feed(good[:-1] + bytes([good[-1] ^ 1]))


def test_the_limit_is_the_whole_message() -> None:
    fits = message(b"", b"x" * 84)
    assert EventStream(limit=100).feed(fits) == [Frame(b"x" * 84)]
    with pytest.raises(FramingError, match="not within 16 to 100"):
        EventStream(limit=100).feed(message(b"", b"x" * 85))


def test_headers_longer_than_the_message_or_the_formats_bound_are_refused() -> None:
    for total, heads in ((16, 1), (100, 85), (2**20, 2**17 + 1), (100, 2**32 - 1)):
        with pytest.raises(FramingError, match=f"{heads} bytes of headers"):
            EventStream().feed(prelude(total, heads))
    assert EventStream().feed(prelude(2**20, 2**17)) == []


FAULTY = {
    "an unknown type": (block((b"a", b"\x0a")), "the unknown type 10"),
    "twice the same": (block((b"a", b"\x00"), (b"a", b"\x00")), "'a' comes twice"),
    "a name that is not UTF-8": (block((b"\xff", b"\x00")), "not UTF-8"),
    "a text that is not UTF-8": (block((b"a", b"\x07\x00\x01\xff")), "not UTF-8"),
    "a name without a type": (b"\x01a", "cut short"),
    "a name cut short": (b"\x05a", "cut short"),
    "a number cut short": (block((b"a", b"\x05\x00\x00")), "cut short"),
    "a text without a length": (block((b"a", b"\x07")), "cut short"),
    "a text with half a length": (block((b"a", b"\x07\x00")), "cut short"),
    "a text cut short": (block((b"a", b"\x07\x00\x05abc")), "cut short"),
    "bytes cut short": (block((b"a", b"\x06\x01\x00abc")), "cut short"),
    "a UUID cut short": (block((b"a", b"\x09" + b"x" * 15)), "cut short"),
}


@pytest.mark.parametrize("case", FAULTY)
def test_dos_08_headers_that_cannot_be_read_are_refused(case: str) -> None:
    heads, words = FAULTY[case]
    with pytest.raises(FramingError, match=words):
        EventStream().feed(message(heads, b"payload"))


@given(st.binary(max_size=60))
def test_dos_08_any_bytes_as_headers_are_read_or_refused(heads: bytes) -> None:
    try:
        read = headers(heads)
    except FramingError:
        return
    assert all(isinstance(value, bool | int | bytes | str) for value in read.values())


@given(st.binary(max_size=80), POINTS)
def test_dos_08_any_bytes_end_the_same_wherever_they_are_cut(noise: bytes, points: list[int]) -> None:
    stream = event("a", b"{}") + noise
    expected = outcome(EventStream(), [stream])
    assert expected[0] == [Frame(b"{}", "a", "event")]
    assert outcome(EventStream(), drip(stream)) == expected
    assert outcome(EventStream(), cut(stream, points)) == expected


def test_frames_before_a_fault_are_handed_over_and_none_after_it() -> None:
    framer = EventStream()
    assert framer.feed(event("a", b"{}") + prelude(0, 0) + event("b", b"{}")) == [Frame(b"{}", "a", "event")]
    for _ in range(2):
        with pytest.raises(FramingError, match="message of 0 bytes"):
            framer.feed(event("c", b"{}"))
        with pytest.raises(FramingError, match="message of 0 bytes"):
            framer.close()
