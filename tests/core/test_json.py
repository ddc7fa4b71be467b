"""JSON as we read and write it, beside the standard library: DOS-03."""

from __future__ import annotations

import json as standard
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.json import dumps, end, loads

DEEP = 100_000

# Lone halves of surrogate pairs too, but only high ones: a pair of them is read as one character.
TEXTS = st.text() | st.text(st.characters(min_codepoint=0xD7FE, max_codepoint=0xDBFF), max_size=4)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
)


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types, down to the sign of a zero and the order of keys."""
    return repr(one) == repr(other)


@given(VALUES)
def test_what_is_written_is_what_the_standard_library_reads(value: Any) -> None:
    assert same(standard.loads(dumps(value).decode()), value)
    assert same(loads(dumps(value)), value)


@given(VALUES, st.booleans(), st.sampled_from([None, 0, 2]))
def test_what_the_standard_library_writes_is_read_the_same(
    value: Any, ascii: bool, indent: int | None
) -> None:
    text = standard.dumps(value, ensure_ascii=ascii, indent=indent)
    assert same(loads(text), value)
    if ascii:  # otherwise lone surrogates have no bytes
        assert same(loads(text.encode()), value)


@given(st.text('[]{}",:\\ud8019aeE+-.ntrlfs/ \n\t\x00', max_size=12) | st.text(max_size=8))
def test_any_text_is_read_as_the_standard_library_does_or_refused_by_both(text: str) -> None:
    try:
        expected = standard.loads(text)
        standard.dumps(expected, allow_nan=False)
    except ValueError:
        with pytest.raises(ValueError):
            loads(text, finite=True)
    else:
        assert same(loads(text), expected)
        assert same(loads(text, finite=True), expected)


@given(st.binary(max_size=12))
def test_any_bytes_are_read_as_utf_8_or_refused(text: bytes) -> None:
    try:
        expected = standard.loads(text.decode("utf-8-sig"))
        standard.dumps(expected, allow_nan=False)
    except ValueError:
        with pytest.raises(ValueError):
            loads(text, finite=True)
    else:
        assert same(loads(text), expected)


@given(st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)))
def test_writing_is_compact(value: Any) -> None:
    ours = (standard.dumps(value, separators=(",", ":"), ensure_ascii=ascii) for ascii in (False, True))
    assert dumps(value) in [text.encode(errors="surrogatepass") for text in ours]


def test_characters_beyond_ascii_are_written_as_they_are() -> None:
    assert dumps({"é": "😀\u2028"}) == '{"é":"😀\u2028"}'.encode()


def test_lone_surrogates_survive() -> None:
    assert loads(rb'{"a":"\ud800x"}') == {"a": "\ud800x"}
    assert loads('"\ud800"') == "\ud800"
    assert dumps({"a": "\ud800é"}) == rb'{"a":"\ud800\u00e9"}'
    assert loads(rb'"\ud83d\ude00"') == "😀"


def test_of_two_fields_of_one_name_the_last_counts() -> None:
    assert list(loads(b'{"a":1,"b":2,"a":3}').items()) == [("a", 3), ("b", 2)]
    assert list(loads(rb'{"a":1,"b":"\ud800","a":3}').items()) == [("a", 3), ("b", "\ud800")]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"a":[1,NaN]}', r'["\ud800",Infinity]'])
def test_dos_03_constants_that_are_no_json_are_refused(text: str) -> None:
    for given_text in (text, text.encode()):
        with pytest.raises(ValueError, match="is not JSON"):
            loads(given_text)


@pytest.mark.parametrize("text", ["1e999", "-1e999", '{"a":[1E+400]}', r'["\ud800",1e999]', "9" * 400 + ".0"])
def test_dos_03_numbers_out_of_range_are_refused_where_that_is_asked_for(text: str) -> None:
    assert "inf" in repr(loads(text))
    with pytest.raises(ValueError, match="Out of range"):
        loads(text, finite=True)


def test_words_that_look_like_infinity_are_no_numbers() -> None:
    for text in (b'{"Infinity":"-Infinity"}', rb'["Infinity","\ud800"]', b"[1e308,1e-999]"):
        assert loads(text, finite=True) == standard.loads(text)


@pytest.mark.parametrize("digits", [4_300, 5_000, 100_000])
def test_dos_03_long_integers_are_read_exactly_or_refused(digits: int) -> None:
    for text in ("7" * digits, "-" + "7" * digits, "[" + "7" * digits + "]"):
        try:
            value = loads(text)
        except ValueError:
            assert digits > 4_300
        else:
            assert standard.dumps(value) == text


@pytest.mark.parametrize("text", ["[" * DEEP, "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP])
def test_dos_03_reading_what_is_nested_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        loads(text)
    with pytest.raises(ValueError, match="nested too deeply"):
        loads(text.encode())


def test_dos_03_writing_what_is_nested_too_deeply_or_in_a_circle_is_refused() -> None:
    rows: list[Any] = []
    table: dict[str, Any] = {}
    for _ in range(DEEP):
        rows, table = [rows], {"a": table}
    circle: list[Any] = []
    circle.append(circle)
    for value in (rows, table):
        with pytest.raises(ValueError, match="nested too deeply"):
            dumps(value)
    with pytest.raises(ValueError, match="Circular"):
        dumps(circle)


@pytest.mark.parametrize("depth", [100, 300])
def test_usual_depths_are_read_and_written(depth: int) -> None:
    text = b'{"a":[' * (depth // 2) + b"]}" * (depth // 2)
    assert dumps(loads(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"\xff\xfe1\x00",
        b"1\x002\x00",
        b"\x00\x00\x001",
        b'{"a":"\xc3"}',
        b"\xc0\x80",
    ],
)
def test_bytes_that_are_not_utf_8_are_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        loads(text)


def test_a_byte_order_mark_before_bytes_is_passed_over() -> None:
    assert loads(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


@pytest.mark.parametrize(
    "text", ["", " ", "{", "[1,]", '{"a":1,}', "{'a':1}", "01", "1.", ".5", "+1", '"\x01"', "1 2"]
)
def test_the_fault_in_what_is_no_json_is_named_with_its_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"line 1 column \d+"):
        loads(text)


def test_views_of_mappings_are_written_as_the_mappings_they_show() -> None:
    view = MappingProxyType({"a": MappingProxyType({"b": 1})})
    assert dumps(view) == b'{"a":{"b":1}}'
    assert dumps({"x": "\ud800", "v": view}) == rb'{"x":"\ud800","v":{"a":{"b":1}}}'


def test_what_is_no_data_is_not_written() -> None:
    for value in (object(), [object()], {"a": object(), "b": "\ud800"}):
        with pytest.raises(TypeError):
            dumps(value)


@pytest.mark.parametrize(("text", "length"), [('{"a": [1]} x', 10), ("{}", 2), ("[1] [2]", 3)])
def test_the_end_of_json_in_a_text_is_found(text: str, length: int) -> None:
    assert end(text, 0) == length and end(" " + text, 1) == length + 1


@pytest.mark.parametrize(
    "text", ["{", '{"a": NaN}', "", '{"a": ' * DEEP], ids=["open", "NaN", "empty", "deep"]
)
def test_what_is_no_json_has_no_end(text: str) -> None:
    with pytest.raises(ValueError):
        end(text, 0)
