"""The twins do the same with what is kept of targets, with limits, and with several asked at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from test_parity import CHAT, DONE, GOOD, OK, OTHER, RETRY, ROLE, WAYS, Result, Scene, at, chat, play

from callers import STREAMED
from upstream import Upstream, chunked, whole

TIMES = re.compile(rb'("(?:first_token|latency)_ms"): ?[0-9.]+')


def compare(url: str) -> dict[str, Any]:
    return {"strategy": {"mode": "compare"}, "targets": [at(url), at(url, custom_host=f"{url}/b")]}


WHOLE: dict[str, Scene] = {
    "a budget of one": Scene(
        chat(whole({}, 500)),
        lambda url: at(url, retry={**RETRY["retry"], "budget": {"floor": 1}}, cb_config={}),
        status=500,
        calls=2,
    ),
    "sticky": Scene(
        {CHAT: [OK], OTHER: [OK]},
        lambda url: {**compare(url), "strategy": {"mode": "loadbalance", "sticky": {"by": "params.model"}}},
    ),
    "by load": Scene(
        {CHAT: [OK], OTHER: [OK]},
        lambda url: {**compare(url), "strategy": {"mode": "loadbalance", "algorithm": "least_busy"}},
    ),
}
STREAMS: dict[str, Scene] = {
    "a first token that is late": Scene(
        chat(chunked([ROLE], "stall")), lambda url: at(url, timeouts={"first_token": 1000}), status=504
    ),
    "an idle stream": Scene(
        chat(chunked(GOOD[:2], "stall")),
        lambda url: at(url, timeouts={"idle": 1000}, cb_config={}),
        holds=b"upstream_timeout",
    ),
    "a stream within its total": Scene(
        chat(chunked(GOOD[:2], "stall")),
        lambda url: at(url, timeouts={"total": 1000}),
        holds=b"upstream_timeout",
    ),
}
for scene in STREAMS.values():
    scene.body = STREAMED

SIDE_BY_SIDE: dict[str, Scene] = {
    "side by side": Scene(
        {CHAT: [whole({"choices": [{"message": {"content": "hi"}}]})], OTHER: [whole({}, 500)]},
        lambda url: compare(url),
        calls=2,
        holds=b'"hi"',
    ),
    "nobody side by side": Scene(
        {CHAT: [whole({}, 503)], OTHER: [whole({}, 500)]}, lambda url: compare(url), status=503, calls=2
    ),
    "streams side by side": Scene(
        {CHAT: [chunked(GOOD)], OTHER: [chunked(GOOD[:2], "close")]},
        lambda url: compare(url),
        body=STREAMED,
        calls=2,
        holds=b"upstream_broken",
    ),
    "the only stream of two": Scene(
        {CHAT: [whole({}, 500)], OTHER: [chunked(GOOD)]},
        lambda url: compare(url),
        STREAMED,
        calls=2,
        holds=DONE,
    ),
}
"""What is asked at once arrives in any order."""


@pytest.mark.parametrize("name", [*WHOLE, *STREAMS])
def test_the_twins_agree_on_limits_and_balances(name: str, upstream: Upstream) -> None:
    scene = {**WHOLE, **STREAMS}[name]
    first, *others = [play(scene, upstream, way) for way in WAYS]
    assert all(other == first for other in others)
    assert (first.status, len(first.sent)) == (scene.status, scene.calls), first
    assert scene.holds in first.body


def loosely(result: Result) -> tuple[Any, ...]:
    """What does not depend on times and on who was first."""
    told = [(name, value) for name, value in result.headers if name != "content-length"]
    events = sorted(TIMES.sub(rb"\1: 0", result.body).split(b"\n\n"))
    return result.status, told, events, sorted(result.sent)


@pytest.mark.parametrize("name", SIDE_BY_SIDE)
def test_the_twins_agree_on_what_is_asked_at_once(name: str, upstream: Upstream) -> None:
    scene = SIDE_BY_SIDE[name]
    first, *others = [play(scene, upstream, way) for way in WAYS]
    assert all(loosely(other) == loosely(first) for other in others)
    assert (first.status, len(first.sent)) == (scene.status, scene.calls), first
    assert scene.holds in first.body
