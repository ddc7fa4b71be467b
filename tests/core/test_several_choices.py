"""Streams of several choices: one that is cut before the next has begun does not look whole."""

from __future__ import annotations

from typing import Any

import pytest
from machine import CHUNK, DONE, EVENTS, STOP, call, target, world

from gatewaymw.core import json
from gatewaymw.core.dialects.completing import completing
from gatewaymw.core.dialects.told import Told, streamed
from gatewaymw.core.endpoints import CHAT, OPENAI
from gatewaymw.core.model import Codec, Context
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.pipeline import Translation
from gatewaymw.core.routing.reply import Live
from gatewaymw.core.values import Answer, Failure

RESET = Failure("broken", "broke off the connection", 502, "upstream_broken")
CHUNKED = {"transfer-encoding": "chunked"}
FIRST, SECOND = CHUNK + STOP, (CHUNK + STOP).replace(b'"index":0', b'"index":1')
CANDIDATE = {"content": {"parts": [{"text": "hi"}], "role": "model"}, "finishReason": "STOP"}


def candidate(index: int) -> bytes:
    return b"data: " + json.dumps({"candidates": [{**CANDIDATE, "index": index}]}) + b"\n\n"


SPOKEN = {
    **dict.fromkeys(("openai", "mistral-ai", "databricks", "deepseek", "together-ai"), (FIRST, SECOND)),
    "google": (candidate(0), candidate(1)),
}
"""Two choices of providers whose streams need not say that they are over."""
EACH = pytest.mark.parametrize("name", SPOKEN)


def told(name: str, *reads: bytes | Failure, headers: dict[str, str] = CHUNKED, **more: Any) -> bytes:
    """What a client is told by a provider that is asked for two choices."""
    pieces = [*reads]
    here = world(Answer(200, {**EVENTS, **headers}, stream=1), reads={1: pieces})
    asked = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True, "n": 2, **more}
    provider = PROVIDERS[name]
    options = {**dict.fromkeys(provider.requires, "x"), **provider.assumes}
    to = target(provider=provider, base_url="https://x.example", options=options)
    reply = here.run(run(to, call(asked), here.env()))
    assert isinstance(reply, Live), reply
    out = reply.body
    for piece in pieces:
        out += reply.passage.fail(piece) if isinstance(piece, Failure) else reply.passage.feed(piece)
    return out + reply.passage.close()


@EACH
def test_one_that_breaks_off_before_its_second_choice_begins_is_an_error(name: str) -> None:
    assert b"upstream_broken" in told(name, SPOKEN[name][0], RESET)


@EACH
def test_one_that_breaks_off_after_all_its_choices_is_whole(name: str) -> None:
    out = told(name, *SPOKEN[name], RESET)
    assert b"error" not in out and out.endswith(DONE)


@EACH
def test_fewer_choices_are_whole_where_http_says_that_the_body_is(name: str) -> None:
    out = told(name, SPOKEN[name][0])
    assert b"error" not in out and out.endswith(DONE)


@EACH
def test_fewer_choices_are_cut_where_nothing_says_that_they_are_all(name: str) -> None:
    assert b"upstream_stream_incomplete" in told(name, SPOKEN[name][0], headers={})
    assert b"error" not in told(name, *SPOKEN[name], headers={})


@EACH
def test_fewer_choices_are_whole_after_the_terminal_marker(name: str) -> None:
    for headers in ({}, CHUNKED):
        assert b"error" not in told(name, SPOKEN[name][0], DONE, RESET, headers=headers)


@EACH
def test_the_one_choice_of_most_requests_needs_no_marker(name: str) -> None:
    for n in (1, None):
        assert b"error" not in told(name, SPOKEN[name][0], RESET, headers={}, n=n)


def test_a_number_that_is_none_is_for_the_provider_to_refuse() -> None:
    assert b"error" not in told("openai", SPOKEN["openai"][0], RESET, n="two")


@pytest.mark.parametrize("cut", [True, False])
def test_completions_over_a_chat_are_held_to_the_same(cut: bool) -> None:
    codec = completing(Codec(stream=streamed(Told(), CHAT)))
    assert codec.stream
    context = Context(provider="test", request={"model": "m", "prompt": "x", "n": 2})
    here = Translation(codec.stream, context, OPENAI)
    out = here.feed(FIRST)
    out += here.fail(RESET) if cut else here.close()
    assert (b"upstream_broken" in out) is cut
