"""One law for all who carry requests: what an answer is, when a connection serves again, which fault it was.

Each case runs over every transport, against servers that keep to the rules and servers that do not.
"""

from __future__ import annotations

import threading
import time
from itertools import repeat
from typing import Any

import pytest

from carriers import AIOHTTP, ALL, EACH, POOLS, WIRES, Carrying
from gatewaymw.core.values import Request
from gatewaymw.drivers.transport import (
    BROKEN,
    ENCODED,
    PROTOCOL,
    SILENT,
    TIMEOUT,
    UNREACHABLE,
)
from hostile import OK, POISON, Peer, hostile
from upstream import Script, Upstream, chunked, closed_port, raw, whole

OURS = pytest.mark.parametrize("way", [*WIRES, *POOLS])


def used(upstream: Upstream) -> list[int]:
    """Which connections the requests came over, the first being 0."""
    numbers = [seen.connection for seen in upstream.seen]
    return [sorted(set(numbers)).index(number) for number in numbers]


# ── answers ──────────────────────────────────────────────────────────────

HEAD = b"HTTP/1.1 200 OK\r\n"
ODD_CHUNKS = (
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;a=b;c\r\nhe\r\n003\r\nllo\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n"
)
ANSWERS: dict[str, tuple[Script, int, bytes, bool]] = {
    "a length": (raw(HEAD + b"content-length: 5\r\n\r\nhello", ending="keep"), 200, b"hello", True),
    "in slices": (
        raw(*(HEAD[i : i + 1] for i in range(len(HEAD))), b"content-length: 2\r\n\r", b"\nhi", ending="keep"),
        200,
        b"hi",
        True,
    ),
    "chunks": (chunked([b"he", b"llo"]), 200, b"hello", True),
    "chunks with extensions and trailers": (raw(ODD_CHUNKS, ending="keep"), 200, b"hello", True),
    "until the end": (raw(HEAD + b"\r\nhello"), 200, b"hello", False),
    "an old one": (raw(b"HTTP/1.0 200 OK\r\n\r\nhello"), 200, b"hello", False),
    "interim first": (
        raw(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n",
            HEAD + b"content-length: 2\r\n\r\nhi",
            ending="keep",
        ),
        200,
        b"hi",
        True,
    ),
    "204": (raw(b"HTTP/1.1 204 No Content\r\n\r\n", ending="keep"), 204, b"", True),
    "304": (raw(b"HTTP/1.1 304 Not Modified\r\n\r\n", ending="keep"), 304, b"", True),
    "nothing": (whole(b""), 200, b"", True),
    "an error": (whole(b"no", 500), 500, b"no", True),
    "the last": (whole(b"bye", connection="close", ending="close"), 200, b"bye", False),
    "a redirect": (whole(b"", 302, location="http://127.0.0.1:1/"), 302, b"", True),
}


@EACH
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_and_whether_its_connection_serves_again(
    name: str, way: str, shared: Upstream, carrying: Carrying
) -> None:
    script, status, body, again = ANSWERS[name]
    url = shared.script("/x", script)
    with carrying(way) as carrier:
        assert [carrier.ask(url), carrier.ask(url)] == [(status, body)] * 2
    assert used(shared) == ([0, 0] if again else [0, 1])


@EACH
def test_the_answer_to_head_has_no_body(way: str, shared: Upstream, carrying: Carrying) -> None:
    url = shared.script("/x", raw(HEAD + b"content-length: 7\r\n\r\n", ending="keep"))
    with carrying(way) as carrier:
        assert carrier.ask(url, method="HEAD", body=b"") == (200, b"")
        assert carrier.ask(shared.script("/y", whole({}))) == (200, b"{}")


@EACH
def test_headers_are_lower_case_the_first_counts_and_no_text_is_left_out(
    way: str, shared: Upstream, carrying: Carrying
) -> None:
    script = raw(HEAD + b"X-A: 1\r\nx-a: 2\r\nX-B: \xe9\r\ncontent-length: 0\r\n\r\n", ending="keep")
    with carrying(way) as carrier:
        answer = carrier.send(shared.script("/x", script))
        assert (answer.headers["x-a"], answer.headers["x-b"]) == ("1", "é")
        assert answer.rest() == b""


@OURS
def test_the_one_used_last_serves_first(way: str, shared: Upstream, carrying: Carrying) -> None:
    url, long = shared.script("/x", whole({})), shared.script("/long", whole(b"x" * 2_000_000))
    with carrying(way) as carrier:
        first, second = carrier.send(long), carrier.send(long)
        first.rest()
        second.rest()
        third = carrier.ask(url)
        assert third == (200, b"{}")
    assert used(shared) == [0, 1, 1]


@EACH
def test_events_come_one_by_one(way: str, carrying: Carrying) -> None:
    """The second is sent only when the first was seen."""
    shown = threading.Event()

    def play(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        if shown.wait(5):
            peer.send(b"3\r\ntwo\r\n0\r\n\r\n")

    with hostile(play) as server, carrying(way) as carrier:
        answer = carrier.send(server.url)
        assert answer.read() == b"one"
        shown.set()
        assert answer.rest() == b"two"


@EACH
def test_who_reads_no_further_than_it_wants_harms_no_one(
    way: str, shared: Upstream, carrying: Carrying
) -> None:
    """Not even where the rest had come already."""
    some = shared.script("/some", chunked([b"one", b"two"]))
    url = shared.script("/x", whole({}))
    with carrying(way) as carrier:
        for _ in range(2):
            answer = carrier.send(some)
            assert answer.read().startswith(b"one")
            answer.close()
            assert carrier.ask(url) == (200, b"{}")


# ── connections that are no use ──────────────────────────────────────────


@EACH
def test_one_that_was_closed_at_rest_is_found_out_before(
    way: str, shared: Upstream, carrying: Carrying
) -> None:
    url = shared.script("/x", whole({}, ending="close"))
    with carrying(way) as carrier:
        assert carrier.ask(url) == (200, b"{}")
        shared.wait(lambda: shared.seen[0].gone)
        time.sleep(0.02)
        assert carrier.ask(url) == (200, b"{}")
    assert used(shared) == [0, 1]


@EACH
def test_what_was_written_is_never_written_again(way: str, carrying: Carrying) -> None:
    def play(peer: Peer) -> None:
        peer.request()
        peer.send(OK)
        peer.request()  # and hang up

    with hostile(play) as server, carrying(way) as carrier:
        assert carrier.ask(server.url) == (200, b"good")
        assert carrier.ask(server.url) is BROKEN
        assert (len(server.heads), server.peers) == (2, 1)


@pytest.mark.parametrize(
    ("way", "when"),
    [(way, "at rest") for way in ALL] + [(way, "with the answer") for way in {**WIRES, **POOLS, **AIOHTTP}],
)
def test_an_answer_that_nobody_asked_for_is_nobodys(way: str, when: str, carrying: Carrying) -> None:
    def play(peer: Peer) -> None:
        peer.request()
        peer.send(OK + POISON if when == "with the answer" else OK)
        if when == "at rest":
            time.sleep(0.03)
            peer.send(POISON)
        while True:
            peer.request()
            peer.send(OK)

    with hostile(play) as server, carrying(way) as carrier:
        assert carrier.ask(server.url) == (200, b"good")
        time.sleep(0.06)
        assert carrier.ask(server.url) == (200, b"good")
        assert server.peers == 2


@OURS
def test_not_even_where_it_came_just_now(way: str, carrying: Carrying) -> None:
    """The event loop has had no time to tell: the socket itself is asked."""
    sent: list[Any] = []

    def play(peer: Peer) -> None:
        peer.request()
        peer.send(OK)
        while not sent:
            time.sleep(0.001)
        if peer.number == 1:
            peer.send(POISON)
            sent.append("poison")
        while True:
            peer.request()
            peer.send(OK)

    with hostile(play) as server, carrying(way) as carrier:
        assert carrier.ask(server.url) == (200, b"good")

        def wait() -> None:
            sent.append("go")
            while len(sent) < 2:
                time.sleep(0.001)

        async def both() -> Any:
            wait()  # the loop stands still meanwhile
            return await carrier.transport.send(request)

        request = Request("POST", server.url, body=b"{}", timeout=5.0, idle=5.0)
        if carrier.portal:
            status, _, body = carrier.call(both)
            assert (status, carrier.call(body.read, 5.0)) == (200, b"good")
            carrier.call(body.aclose)
        else:
            wait()
            assert carrier.ask(server.url) == (200, b"good")
        assert server.peers == 2


# ── faults ───────────────────────────────────────────────────────────────

LONG = {"timeout": 0.25}
FAULTS: dict[str, tuple[Script, Any, dict[str, Any]]] = {
    "a slow head": (raw(ending="stall"), TIMEOUT, LONG),
    "a head that drips": (raw(HEAD + b"x: ", *(0.05, b"y") * 20, b"\r\n?\r\n\r\n"), TIMEOUT, LONG),
    "a body that drips to its end": (chunked([*(0.05, b"y") * 8]), (200, b"y" * 8), {"timeout": 0.25}),
    "a silent body": (chunked([b"a"], "stall"), SILENT, {}),
    "a body cut off": (raw(HEAD + b"content-length: 9\r\n\r\nhi"), BROKEN, {}),
    "chunks cut off": (chunked([b"a"], "close"), BROKEN, {}),
    "a body reset": (raw(HEAD + b"content-length: 9\r\n\r\nhi", 0.02, ending="reset"), BROKEN, {}),
    "no answer, closed": (raw(), BROKEN, {}),
    "no answer, reset": (raw(ending="reset"), BROKEN, {}),
    "half a head, closed": (raw(HEAD + b"content-"), BROKEN, {}),
    "no HTTP": (raw(b"SSH-2.0-OpenSSH\r\n\r\n"), PROTOCOL, {}),
    "compressed": (whole(b"\x1f\x8b", content_encoding="gzip"), ENCODED, {}),
    "a bad chunk": (
        raw(HEAD + b"transfer-encoding: chunked\r\n\r\n", 0.01, b"zz\r\nx\r\n"),
        PROTOCOL,
        {"idle": 0.5},
    ),
    "a head without end": (raw(HEAD + b"x: ", *repeat(b"y" * 10_000, 50), ending="stall"), PROTOCOL, {}),
}


@EACH
@pytest.mark.parametrize("name", FAULTS)
def test_faults_have_names(name: str, way: str, shared: Upstream, carrying: Carrying) -> None:
    script, expected, more = FAULTS[name]
    if (name, way) in LOOSER:
        expected = LOOSER[name, way]
    url, began = shared.script("/x", script), time.monotonic()
    with carrying(way) as carrier:
        if name == "a silent body":
            answer = carrier.send(url, idle=0.2)
            assert (answer.read(), answer.read(0.2)) == (b"a", SILENT)
            answer.close()
            return
        outcome = carrier.ask(url, **more)
    assert outcome == expected
    assert time.monotonic() - began < 3


LOOSER = {
    # It tells of what is wrong with a body only when its connection ends.
    ("a bad chunk", "aiohttp"): SILENT,
    # A blocking client has a time for each read, not for all of them.
    ("a head that drips", "httpx-thread"): PROTOCOL,
    ("a head that drips", "httpx2-thread"): PROTOCOL,
}


@EACH
@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * 200,
        HEAD + b"x: y\r\n" * 300 + b"content-length: 0\r\n\r\n",
        HEAD + b"x: " + b"y" * 65_536 + b"\r\ncontent-length: 0\r\n\r\n",
    ],
    ids=["interim for ever", "300 fields", "64 KiB"],
)
def test_heads_are_bounded(head: bytes, way: str, shared: Upstream, carrying: Carrying) -> None:
    with carrying(way) as carrier:
        outcome = carrier.ask(shared.script("/x", raw(head, ending="stall")), timeout=0.4)
    if way in WIRES:
        assert outcome is PROTOCOL
    else:  # libraries have bounds of their own
        assert outcome in (PROTOCOL, TIMEOUT, (200, b""))


@EACH
def test_nobody_there(way: str, carrying: Carrying) -> None:
    with carrying(way) as carrier:
        assert carrier.ask(closed_port()) is UNREACHABLE
        assert carrier.ask("http://nowhere.invalid/") is UNREACHABLE
