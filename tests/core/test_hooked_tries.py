"""What hooks cause counts like all else: tries, the budget for them, and what follows an answer."""

from __future__ import annotations

from typing import Any

import pytest
from hooked import hook, hooked, host, piece, saying, says
from machine import DONE, STOP, call, group, ok, opened, streaming

from gatewaymw.core.plan import Budget, Caching, Retry
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Live

DENIES = hook(says(False), deny=True)


@pytest.mark.parametrize(("budget", "sent"), [(None, 4), (Budget(0.0, 2, 1000.0), 3), (Budget(0.0, 0), 1)])
def test_tries_after_a_denial_are_within_the_budget(budget: Any, sent: int) -> None:
    retry = Retry(3, frozenset({446}), base=0.0, budget=budget)
    here = host(*[ok(saying("x"))] * 4)
    reply = here.run(run(hooked(after=(DENIES,), retry=retry), call(), here.env()))
    assert (reply.status, reply.attempts, len(here.sent)) == (446, sent, sent)


def test_a_stream_that_is_held_and_denied_says_what_it_took_and_is_kept_all_the_same() -> None:
    node = hooked(after=(DENIES,), caching=Caching())
    here = host(opened(1), reads={1: [piece("x"), STOP, DONE]})
    reply = here.run(run(node, streaming(), here.env()))
    assert (reply.status, reply.attempts, reply.cache_status) == (446, 1, "MISS")
    for make in reply.later:
        here.carry(make())
    assert len(here.kept) == 1 and here.landed == list(here.kept.values())
    again = here.run(run(node, streaming(), here.env()))
    assert (again.status, again.attempts, again.cache_status) == (446, 0, "HIT")


@pytest.mark.parametrize("streams", [False, True])
def test_what_follows_each_answer_follows_a_comparison(streams: bool) -> None:
    node = group("compare", hooked(after=(hook(says(True), later=True),)), hooked(caching=Caching()))
    here = host(*([opened(1), opened(2)] if streams else [ok(saying("x"))] * 2))
    here.reads = {number: [piece("x"), STOP, DONE] for number in (1, 2)}
    reply = here.run(run(node, streaming() if streams else call(), here.env()))
    assert reply.attempts == 2 and not here.told
    if isinstance(reply, Live):
        for stream, voice in reply.beside:
            while not voice.over:
                data = here.next_of(stream)
                _ = voice.feed(data) if data else voice.close()
        reply.passage.close()
    for make in reply.later:
        here.carry(make())
    assert len(here.told) == 1 and len(here.kept) == 1
