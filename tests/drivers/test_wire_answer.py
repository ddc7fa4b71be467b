"""Answers read from bytes, however they are cut: what they say, where they end, what is refused."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.values import Request
from gatewaymw.drivers.transport import Unreachable
from gatewaymw.drivers.wire.answer import Reader
from gatewaymw.drivers.wire.origin import Origin, place, written

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2;name=value\r\nhe\r\n3\r\nllo\r\n0\r\nX-Trailer: 1\r\n\r\n"
)
UNENDED = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"
OLD = b"HTTP/1.0 200 OK\r\n\r\nhello"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
ENDING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"


def read(data: bytes, cuts: list[int] = [], method: str = "POST", ends: bool = False) -> Reader:  # noqa: B006
    """A reader that was fed the data in pieces, and perhaps the end of the connection."""
    reader = Reader()
    reader.begin(method)
    marks = [0, *sorted({min(cut, len(data)) for cut in cuts}), len(data)]
    for start, end in pairwise(marks):
        if start < end:
            reader.feed(data[start:end])
    if ends:
        reader.end()
    return reader


def told(reader: Reader) -> tuple[Any, ...]:
    return reader.status, dict(reader.headers or {}), reader.take(), reader.done, reader.reusable


CUTS = st.lists(st.integers(0, 200), max_size=8)


@pytest.mark.parametrize("data", [LENGTH, CHUNKED, UNENDED, OLD, ENDING, INTERIM + LENGTH])
@given(cuts=CUTS)
def test_an_answer_is_the_same_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    ends = data in (UNENDED, OLD)
    assert told(read(data, cuts, ends=ends)) == told(read(data, ends=ends))


@pytest.mark.parametrize(
    ("data", "ends", "reusable"),
    [
        (LENGTH, False, True),
        (CHUNKED, False, True),
        (INTERIM + LENGTH, False, True),
        (ENDING, False, False),
        (UNENDED, True, False),
        (OLD, True, False),
    ],
)
def test_where_an_answer_ends_and_whether_another_may_follow(data: bytes, ends: bool, reusable: bool) -> None:
    status, _, body, done, again = told(read(data, ends=ends))
    assert (status, body, done, again) == (200, b"hello", True, reusable)


@pytest.mark.parametrize("data", [LENGTH, CHUNKED, INTERIM + LENGTH])
@given(cut=st.integers(1, 200))
def test_a_connection_that_ends_before_the_answer_does_is_no_end(data: bytes, cut: int) -> None:
    with pytest.raises(Unreachable, match="broke off"):
        read(data[: min(cut, len(data) - 1)], ends=True)


def test_a_connection_that_ends_without_a_word_is_no_answer() -> None:
    with pytest.raises(Unreachable):
        read(b"", ends=True)


@pytest.mark.parametrize(
    ("head", "method"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", "POST"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n", "GET"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", "HEAD"),
    ],
)
def test_some_answers_have_no_body_whatever_they_say(head: bytes, method: str) -> None:
    _, _, body, done, reusable = told(read(head, method=method))
    assert (body, done, reusable) == (b"", True, method != "HEAD")


def test_one_connection_gives_one_answer_after_another() -> None:
    reader = read(CHUNKED)
    assert reader.take() == b"hello"
    reader.begin()
    assert not reader.done
    reader.feed(LENGTH)
    assert told(reader)[2:] == (b"hello", True, True)


def test_what_nobody_asked_for_ends_the_use_of_a_connection() -> None:
    reader = read(LENGTH)
    assert reader.reusable
    reader.feed(LENGTH)
    assert not reader.reusable


def test_names_are_lower_case_and_the_first_of_two_counts() -> None:
    reader = read(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nX-B: a\x01b\r\nContent-Length: 0\r\n\r\n")
    assert reader.headers == {"x-a": "1", "content-length": "0"}


def test_spaces_around_a_value_are_none_of_it() -> None:
    reader = read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding:  Chunked\r\nX-A: 1 \t\r\n\r\n1\r\na\r\n0\r\n\r\n")
    assert reader.headers == {"transfer-encoding": "Chunked", "x-a": "1"}
    assert (reader.take(), reader.done, reader.reusable) == (b"a", True, True)


@given(CUTS)
def test_a_second_answer_is_no_part_of_the_first(cuts: list[int]) -> None:
    """Nor does it change a word of what was read: whose it is, nobody knows."""
    for first, method, body in (
        (LENGTH, "POST", b"hello"),
        (CHUNKED, "POST", b"hello"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "POST", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", b""),
    ):
        reader = read(first + b"HTTP/1.1 500 No\r\nContent-Length: 6\r\n\r\npoison", cuts, method)
        assert (reader.status, reader.take()) == (int(first[9:12]), body)
        assert (reader.done, reader.reusable) == (True, False)


@pytest.mark.parametrize(("status", "settled"), [(200, False), (413, True)])
def test_a_refusal_settles_a_request_that_is_still_written(status: int, settled: bool) -> None:
    head = b"HTTP/1.1 %d Said\r\nContent-Length: 2\r\n\r\n" % status
    assert not read(head[:-2]).settled()
    assert read(head).settled() is settled
    assert read(head + b"ok").settled()


def test_an_end_that_nobody_meant_is_no_end() -> None:
    reader = read(UNENDED)
    with pytest.raises(Unreachable, match="broke off"):
        reader.end(clean=False)


# ── refused ──────────────────────────────────────────────────────────────

WRONG = {
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "a status that is none": b"HTTP/1.1 abc OK\r\n\r\n",
    "a bad length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a length and chunks": CHUNKED.replace(b"OK\r\n", b"OK\r\nContent-Length: 5\r\n"),
    "two codings": CHUNKED.replace(b"chunked", b"gzip, chunked"),
    "a coding that nobody knows": CHUNKED.replace(b"chunked", b"zipped"),
    "a coding with a space": CHUNKED.replace(b"chunked", b"chunked\t"),
    "a coding twice": CHUNKED.replace(b"OK\r\n", b"OK\r\nTransfer-Encoding: chunked\r\n"),
    "a name with a space": LENGTH.replace(b"Length:", b"Length :"),
    "a length of two": LENGTH.replace(b": 5", b": 5, 5"),
    "a bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    "another protocol": b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "interim for ever": b"HTTP/1.1 100 Continue\r\n\r\n" * 40,
    "a head that does not end": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
    "too many fields": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n",
    "a trailer that does not end": CHUNKED[: CHUNKED.index(b"X-Tr")] + b"X: " + b"y" * 70_000,
    "a chunk's size that does not end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"
    + b"a" * 70_000,
}


@pytest.mark.parametrize("name", WRONG)
@given(cuts=CUTS)
def test_what_is_not_http_as_it_should_be_is_refused(name: str, cuts: list[int]) -> None:
    with pytest.raises(Unreachable, match="does not speak HTTP"):
        read(WRONG[name], [*cuts, 200])  # what ends a body in one read is told by the next


@given(st.binary(max_size=400), CUTS)
def test_any_bytes_are_an_answer_or_refused(data: bytes, cuts: list[int]) -> None:
    for before in (b"", LENGTH[:40], CHUNKED[:50]):
        try:
            read(before + data, cuts, ends=True)
        except Unreachable as error:
            assert error.failure.status == 502


def test_a_body_may_be_long_where_a_head_may_not() -> None:
    size = 1_000_000
    reader = Reader()
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % size)
    got = 0
    for _ in range(size // 10_000):
        reader.feed(b"z" * 10_000)
        got += len(reader.take())
    reader.feed(b"\r\n0\r\n\r\n")
    assert (got, reader.done) == (size, True)


# ── requests ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "origin", "path", "host"),
    [
        ("http://a.example/x", Origin("a.example", 80, False), "/x", "a.example"),
        ("https://a.example", Origin("a.example", 443, True), "/", "a.example"),
        ("https://a.example:8443/x?y=1", Origin("a.example", 8443, True), "/x?y=1", "a.example:8443"),
        ("http://[::1]:80/", Origin("::1", 80, False), "/", "[::1]"),
        (
            "https://bücher.example/",
            Origin("xn--bcher-kva.example", 443, True),
            "/",
            "xn--bcher-kva.example",
        ),
    ],
)
def test_a_url_taken_apart(url: str, origin: Origin, path: str, host: str) -> None:
    assert place(url) == (origin, host, path, f" {path} HTTP/1.1\r\nhost: {host}\r\n".encode())


@pytest.mark.parametrize(
    "url", ["ftp://a/", "http:///x", "http://a:b/", "http://a:99999/", "x", "http://a/b\x7fc", "http://a/ü"]
)
def test_a_url_that_leads_nowhere(url: str) -> None:
    with pytest.raises(Unreachable):
        place(url)


def test_a_request_written_out() -> None:
    request = Request("POST", "http://a.example/x", {"x-b": "ü"}, b"{}")
    assert written(request, place(request.url)) == (
        b"POST /x HTTP/1.1\r\nhost: a.example\r\nx-b: \xfc\r\ncontent-length: 2\r\n\r\n"
    )
    bare = Request("GET", "http://a.example/x")
    assert written(bare, place(bare.url)) == b"GET /x HTTP/1.1\r\nhost: a.example\r\n\r\n"


@pytest.mark.parametrize("value", ["a\r\nx: y", "a\ny", "a\rb", "a\0b"])
@pytest.mark.parametrize("where", ["name", "value"])
def test_a_header_that_would_be_two_is_refused(value: str, where: str) -> None:
    headers = {value: "x"} if where == "name" else {"x": value}
    request = Request("POST", "http://a.example/x", headers)
    with pytest.raises(Unreachable):
        written(request, place(request.url))
