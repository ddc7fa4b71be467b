"""Streams in the client's own dialect: whole events untouched, and nothing shown of one that was cut."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import CHUNK, DONE, ROLE, STOP, opened, streaming, target, world

from every import every
from gatewaymw.core import json
from gatewaymw.core.endpoints import OPENAI
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.model import Context
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.passthrough import Passthrough
from gatewaymw.core.routing.pipeline import Bounded, Broken, Raw
from gatewaymw.core.routing.reply import Live
from gatewaymw.core.values import Failure

CONTEXT = Context(provider="test")
RESET = Failure("broken", "broke off the connection", 502, "upstream_broken")
KEY = "sk-that-nobody-may-see"


def way() -> Passthrough:
    return Passthrough(CONTEXT, OPENAI, lambda words: words.replace(KEY.encode(), b"[redacted]"))


def error_of(out: bytes) -> dict[str, Any]:
    """The error event that ends a stream."""
    event, done = out.split(b"\n\n")[-3:-1]
    assert done == b"data: [DONE]"
    error: dict[str, Any] = json.loads(event.removeprefix(b"data: "))["error"]
    return error


def events(out: bytes) -> list[Any]:
    """What a client reads: it raises where an event is none."""
    assert out.endswith(b"\n\n")
    blocks = [block.removeprefix(b"data: ") for block in out.split(b"\n\n")[:-1]]
    return [json.loads(block) for block in blocks if block != b"[DONE]"]


@every(range(1, len(CHUNK)))
def test_an_event_that_was_cut_is_not_shown(cut: int) -> None:
    here = way()
    out = here.feed(CHUNK + CHUNK[:cut]) + here.fail(RESET)
    assert events(out)[0] == events(CHUNK)[0]
    assert error_of(out)["code"] == "upstream_broken"


NONSENSE = (b"data: {nonsense}\n\n", b'data: {"choices":7}\n\n', b'data: {"choices":[{"index":[1]}]}\n\n')


@pytest.mark.parametrize("junk", NONSENSE)
@pytest.mark.parametrize("together", [True, False])
def test_an_event_that_cannot_be_read_is_an_error_and_what_goes_before_it_is_shown(
    junk: bytes, together: bool
) -> None:
    here = way()
    out = here.feed(CHUNK)
    for data in [CHUNK + junk + CHUNK] if together else [CHUNK, junk]:
        out += here.feed(data)
    assert here.over and out.startswith(CHUNK * 2)
    assert len(events(out)) == 3 and error_of(out)["code"] == "upstream_stream_invalid"
    assert here.stop(GatewayError("more")) == b"" == here.close()


def test_an_error_that_the_provider_reports_ends_the_stream_without_its_key() -> None:
    here = way()
    out = here.feed(CHUNK)
    out += here.feed(b'data: {"error":{"message":"bad key %b","code":"invalid"}}\n\n' % KEY.encode())
    assert here.over and error_of(out) == {
        "message": "bad key [redacted]",
        "type": "invalid_request_error",
        "code": "invalid",
        "param": None,
    } | {"type": error_of(out)["type"]}
    assert KEY.encode() not in out


@pytest.mark.parametrize(
    "fault",
    [
        b'event: error\ndata: {"message":"busy"}\n\n',
        b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}\n\n',
    ],
)
def test_errors_that_clients_do_not_see_are_told_as_they_do(fault: bytes) -> None:
    here = way()
    assert "message" in error_of(here.feed(CHUNK) + here.feed(fault))


def test_an_error_whose_blank_line_is_missing_keeps_its_words() -> None:
    here = way()
    out = here.feed(CHUNK) + here.feed(b'data: {"error":{"message":"busy"}}') + here.close()
    assert error_of(out)["message"] == "busy"


OTHER = CHUNK.replace(b'"index":0', b'"index":1')


def test_one_of_two_answers_that_ended_is_no_good_end() -> None:
    here = way()
    out = here.feed(CHUNK + OTHER + STOP) + here.close()
    assert error_of(out)["code"] == "upstream_stream_incomplete"
    both = way()
    out = both.feed(CHUNK + OTHER + STOP + STOP.replace(b'"index":0', b'"index":1')) + both.close()
    assert both.error is None and out.endswith(DONE)


def test_a_giant_event_is_an_error_and_what_goes_before_it_is_shown() -> None:
    here = way()
    out = here.feed(CHUNK) + here.feed(CHUNK + b"data: " + b"x" * 9_000_000) + here.feed(b"x")
    assert out.startswith(CHUNK * 2) and error_of(out)["code"] == "upstream_stream_invalid"
    late = way()
    out = late.feed(CHUNK) + late.feed(CHUNK + b"data: " + b"x" * 9_000_000) + late.close()
    assert out.startswith(CHUNK * 2) and error_of(out)["code"] == "upstream_stream_invalid"


ENDS = [one + two for one in ("\n", "\r\n", "\r") for two in ("\n", "\r\n", "\r") if one + two != "\r\n"]


@given(st.lists(st.sampled_from(ENDS), max_size=6), st.data())
def test_bytes_are_the_same_however_they_come_and_whatever_ends_their_lines(
    ends: list[str], data: st.DataObject
) -> None:
    chunk = CHUNK.rstrip()
    whole = b"".join(chunk + end.encode() for end in ends) + STOP + DONE
    here, out, rest = way(), b"", whole
    while rest:
        size = data.draw(st.integers(1, 60))
        out, rest = out + here.feed(rest[:size]), rest[size:]
    assert out + here.close() == whole and here.error is None


@given(st.binary(max_size=200), st.integers(0, 200))
def test_whatever_comes_the_client_reads_an_end(junk: bytes, cut: int) -> None:
    here = way()
    out = here.feed(CHUNK + junk[:cut]) + here.feed(junk[cut:]) + here.close()
    assert out.startswith(CHUNK)
    assert here.error is None or out.endswith(DONE)


# ── times ────────────────────────────────────────────────────────────────


def test_dos_09_a_stream_that_drips_for_ever_is_over_at_the_deadline() -> None:
    here = world(opened(), reads={1: [CHUNK]})
    live = here.run(run(target(), streaming(deadline=1010.0), here.env()))
    assert isinstance(live, Live) and live.passage.speaks and live.passage.started
    assert live.passage.feed(CHUNK) == CHUNK
    here.time = 1010.5
    out = live.passage.feed(CHUNK)
    assert live.passage.over and live.passage.error and error_of(out)["code"] == "total_timeout"
    assert live.passage.fail(RESET) == b"" == live.passage.close() == live.passage.stop(GatewayError("x"))


def test_a_body_that_cannot_say_so_is_cut_at_the_deadline() -> None:
    late = Bounded(Raw(), 1.0, lambda: 2.0)
    assert not late.speaks
    for last in (lambda: late.feed(b"x"), lambda: late.stop(GatewayError("shut down"))):
        with pytest.raises(Broken):
            last()


def test_a_role_alone_is_held_until_it_means_something() -> None:
    here = way()
    assert here.feed(ROLE) == b"" and here.feed(CHUNK) == ROLE + CHUNK
