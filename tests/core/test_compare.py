"""The strategy `compare`: all at once, side by side."""

from __future__ import annotations

from typing import Any

import pytest
from machine import CHUNK, World, call, group, ok, opened, provider, status, streaming, target, world

from gatewaymw.core import json
from gatewaymw.core.commands import All, Ask
from gatewaymw.core.endpoints import EMBED
from gatewaymw.core.plan import Breaker, Node
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Reply
from gatewaymw.core.values import Outcome


def said(text: str, model: str = "m-1", **usage: int) -> Outcome:
    message = {"role": "assistant", "content": text}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    body: dict[str, Any] = {"id": "x", "object": "chat.completion", "model": model, "choices": choices}
    return ok(json.dumps({**body, "usage": usage} if usage else body))


def compared(here: World, *children: Node, **more: Any) -> tuple[Reply, Any]:
    reply = here.run(run(group("compare", *children), call(**more), here.env()))
    return reply, json.loads(reply.body)


A, B, C = (target(f"config.targets[{at}]", name=n, provider=provider(n)) for at, n in enumerate("abc"))


def test_every_answer_comes_back_with_what_it_took() -> None:
    here = world(
        said("one", prompt_tokens=3, completion_tokens=4, total_tokens=7),
        said("two", "m-2", prompt_tokens=3, completion_tokens=6, total_tokens=9),
        lasts=0.25,
        price=0.002,
    )
    reply, body = compared(here, A, B)
    assert reply.status == 200 and body["object"] == "chat.completion" and body["model"] == "m"
    assert [(choice["index"], choice["message"]["content"]) for choice in body["choices"]] == [
        (0, "one"),
        (1, "two"),
    ]
    assert body["usage"] == {"prompt_tokens": 6, "completion_tokens": 10, "total_tokens": 16}
    assert body["compare"][1] == {
        "index": 1,
        "target": "config.targets[1]",
        "name": "b",
        "provider": "b",
        "model": "m-2",
        "status": 200,
        "latency_ms": 250.0,
        "usage": {"prompt_tokens": 3, "completion_tokens": 6, "total_tokens": 9},
        "cost": 0.002,
        "error": None,
    }
    assert sum(isinstance(command, All) for command in here.log) == 1
    prices = [command.args for command in here.log if isinstance(command, Ask)]
    assert prices[0] == ("a", "m-1", {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7})


def test_one_that_fails_is_told_of_and_the_others_stand() -> None:
    here = world(status(429), said("two"), ok(b'{"choices":[]}'))
    other = target("config.targets[2]", provider=provider("c"), overrides={"model": "c-9"})
    reply, body = compared(here, A, B, other)
    assert (reply.status, reply.target) == (200, B)
    assert [choice["finish_reason"] for choice in body["choices"]] == ["error", "stop", "error"]
    first, second, third = body["compare"]
    assert (first["status"], first["error"]["message"], first["usage"]) == (429, "no", None)
    assert (second["error"], second["usage"], second["cost"]) == (None, None, None)
    assert (third["model"], third["error"]) == ("c-9", {"message": "no answer"})


def test_where_all_fail_the_firsts_error_is_the_answer() -> None:
    here = world(status(429), status(500))
    reply, body = compared(here, A, B)
    assert (reply.status, body["error"]["message"], reply.again) == (429, "no", True)
    assert [row["status"] for row in body["compare"]] == [429, 500]
    reply, body = compared(world(ok(b"{}"), ok(b"[]")), A, B)
    assert (reply.status, body["error"]["code"]) == (502, "compare_failed")


def test_a_group_may_be_compared() -> None:
    here = world(status(500), said("second"), said("other"))
    _, body = compared(here, group("fallback", A, B, path="config.targets[0]", name="g"), C)
    assert body["compare"][0] == {**body["compare"][0], "target": B.path, "provider": "b", "name": "g"}


def test_a_fallback_goes_on_where_a_comparison_failed() -> None:
    here = world(status(500), status(500), said("third"))
    node = group("fallback", group("compare", A, B), C)
    assert here.run(run(node, call(), here.env())).target == C


def test_a_target_that_is_left_alone_is_told_as_an_error() -> None:
    here = world(status(500), said("two"))
    guarded = target("a", breaker=Breaker(failures=1), provider=provider("a"))
    here.run(run(group("single", guarded), call(), here.env()))
    _, body = compared(here, guarded, B)
    assert body["compare"][0]["error"]["code"] == "circuit_open"
    here = world(status(500), said("one"))
    here.run(run(guarded, call(), here.env()))
    reply, body = compared(here, guarded)
    assert reply.status == 200, "all were open"


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        (streaming(), "stream"),
        (call({"model": "m", "messages": [], "n": 2}), "n"),
        (call({"model": "m", "input": "x"}, endpoint=EMBED), None),
    ],
)
def test_what_cannot_be_compared_is_refused(asked: Any, param: str | None) -> None:
    here = world()
    reply = here.run(run(group("compare", A, B), asked, here.env()))
    assert reply.status == 400 and json.loads(reply.body)["error"]["param"] == param
    assert not here.sent


def test_a_target_that_streams_by_its_own_override_is_told_so() -> None:
    here = world(opened(), said("two"), reads={1: [CHUNK]})
    eager = target("a", provider=provider("a"), overrides={"stream": True})
    _, body = compared(here, eager, B)
    assert "override_params" in body["compare"][0]["error"]["message"]


def test_what_was_dropped_is_named_once() -> None:
    here = world(said("one", prompt_tokens=True), said("two"))
    reply, body = compared(here, A, B)
    assert reply.dropped == () and body["usage"]["prompt_tokens"] == 1
