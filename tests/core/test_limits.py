"""Time limits of a target, and kinds of errors that are tried again or fallen back from."""

from __future__ import annotations

from typing import Any

import pytest
from machine import CHUNK, ROLE, call, group, ok, opened, status, streaming, target, world

from gatewaymw.core.commands import Read
from gatewaymw.core.plan import Retry, Timeouts
from gatewaymw.core.routing.encode import IDLE, PATIENCE
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Live
from gatewaymw.core.values import Failure, Outcome

NO_KINDS: frozenset[int] = frozenset()
LONG = status(400, b'{"error":{"message":"too long","code":"context_length_exceeded"}}')
AWAY = Failure("connect", "away", 502, "upstream_unreachable")
CUT = Failure("broken", "cut", 502, "upstream_broken")


def test_t8_there_are_limits_where_nothing_is_said() -> None:
    here = world(ok(), opened(), reads={1: [CHUNK]})
    here.run(run(target(), call(), here.env()))
    here.run(run(target(), streaming(), here.env()))
    whole, stream = (command.request for command in here.sent)
    assert (whole.timeout, whole.idle, whole.connect) == (PATIENCE, PATIENCE, None)
    assert (stream.timeout, stream.idle) == (PATIENCE, IDLE)


@pytest.mark.parametrize(
    ("timeout", "first", "head", "until"),
    [(5.0, None, 5.0, 5.0), (None, 3.0, 3.0, 3.0), (5.0, 3.0, 3.0, 3.0), (5.0, 20.0, 5.0, 20.0)],
)
def test_t6_the_first_token_has_its_time(timeout: Any, first: Any, head: float, until: float) -> None:
    here = world(opened(), reads={1: [ROLE, CHUNK]}, pace=1.0)
    timeouts = Timeouts(connect=0.5, first_token=first, idle=7.0)
    here.run(run(target(timeout=timeout, timeouts=timeouts), streaming(), here.env()))
    request = here.sent[0].request
    assert (request.timeout, request.idle, request.connect) == (head, 7.0, 0.5)
    assert request.bearing({}).connect == request.within(1.0).connect == 0.5
    reads = [command.seconds for command in here.log if isinstance(command, Read)]
    assert reads == [until, until - 1.0]


def test_t6_a_whole_answer_has_no_first_token() -> None:
    here = world(ok())
    here.run(run(target(timeouts=Timeouts(first_token=1.0, idle=1.0)), call(), here.env()))
    assert (here.sent[0].request.timeout, here.sent[0].request.idle) == (PATIENCE, PATIENCE)


def test_r6_and_t6_the_total_bounds_all_tries_of_a_target_and_not_those_of_the_next() -> None:
    retry = Retry(5, frozenset({500}), base=0.0)
    first = target("a", retry=retry, timeouts=Timeouts(total=2.5))
    here = world(*[status(500)] * 3, ok(), lasts=1.0)
    reply = here.run(run(group("fallback", first, target("b")), call(deadline=1010.0), here.env()))
    assert reply.status == 200 and reply.target and reply.target.path == "b"
    assert [command.request.timeout for command in here.sent] == [2.5, 1.5, 0.5, 7.0]


def test_t6_the_total_bounds_a_stream() -> None:
    here = world(opened(), reads={1: [CHUNK]})
    reply = here.run(run(target(timeouts=Timeouts(total=2.0)), streaming(), here.env()))
    assert isinstance(reply, Live)
    assert reply.passage.feed(CHUNK) == CHUNK
    here.time += 2.1
    assert b"total_timeout" in reply.passage.feed(CHUNK)


@pytest.mark.parametrize(
    ("kinds", "on", "outcome", "sends"),
    [
        ({"connect"}, (), AWAY, 2),
        ({"connect"}, (), CUT, 1),
        ({"broken"}, (), CUT, 2),
        ({"connect"}, (502,), CUT, 2),
        ((), (), AWAY, 1),
        ({"context_length"}, (), LONG, 2),
        ({"rate_limit"}, (), status(429), 2),
        ({"rate_limit"}, (), status(400), 1),
    ],
)
def test_t2_network_errors_are_tried_again_where_that_is_asked_for(
    kinds: Any, on: Any, outcome: Outcome, sends: int
) -> None:
    here = world(outcome, ok())
    retry = Retry(1, frozenset(on), base=0.0, kinds=frozenset(kinds))
    here.run(run(target(retry=retry), call(), here.env()))
    assert len(here.sent) == sends


def test_a_kind_that_is_used_up_is_told_as_such() -> None:
    here = world(AWAY, AWAY)
    retry = Retry(1, NO_KINDS, base=0.0, kinds=frozenset({"connect"}))
    assert here.run(run(target(retry=retry), call(), here.env())).tries == -1


@pytest.mark.parametrize(
    ("on", "outcome", "falls"),
    [
        (None, LONG, True),
        (None, status(500), False),
        ({500}, status(500), True),
        ({500}, LONG, True),
        ({500}, status(429), False),
    ],
)
def test_a_fallback_goes_on_from_kinds_and_statuses(on: Any, outcome: Outcome, falls: bool) -> None:
    here = world(outcome, ok())
    node = group("fallback", target("a"), target("b"), on=on, kinds=frozenset({"context_length"}))
    assert (here.run(run(node, call(), here.env())).status == 200) is falls
