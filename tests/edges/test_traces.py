"""How an answer was come by: told by header where a client asks, logged where an operator does."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from callers import HELLO, PATH, STREAMED, Answer, ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, WSGIGateway

KEY = "sk-of-the-operator"
DEBUG = {"x-gateway-debug": "true"}


def failing(status: int, **more: Any) -> dict[str, Any]:
    return {"provider": "mock", "override_params": {"model": f"mock-status-{status}"}, **more}


CONFIG = {
    "strategy": {"mode": "fallback"},
    "targets": [
        failing(503, retry={"attempts": 1, "base": 1, "cap": 1}, api_key=KEY),
        failing(400),
        {"provider": "mock"},
    ],
}


async def by_asgi(config: Any, body: Any = HELLO, headers: Any = None) -> Answer:
    return await ask(ASGIGateway(nothing, config, auth="public"), PATH, body, headers)


async def by_wsgi(config: Any, body: Any = HELLO, headers: Any = None) -> Answer:
    return ask_wsgi(WSGIGateway(nothing_wsgi, config, auth="public"), PATH, body, headers)


edges = pytest.mark.parametrize("asked", [by_asgi, by_wsgi], ids=["asgi", "wsgi"])
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@edges
@pytest.mark.parametrize("body", [HELLO, STREAMED], ids=["whole", "stream"])
async def test_r16_attempts_that_failed_are_counted_and_told_where_asked(asked: Any, body: Any) -> None:
    answer = await asked(CONFIG, body, DEBUG)
    assert (answer.status, answer.headers["x-gateway-attempts"]) == (200, "4")
    told = json.loads(answer.headers["x-gateway-trace"])
    assert [(each["target"], each["said"]) for each in told["attempts"]] == [
        ("config.targets[0]", "503"),
        ("config.targets[0]", "503"),
        ("config.targets[1]", "400"),
        ("config.targets[2]", "200"),
    ]
    assert all(each["provider"] == "mock" for each in told["attempts"])
    assert told["reasons"][0] == {"at": "config", "why": "config.targets[0] came to 503, which falls back"}
    assert KEY not in answer.headers["x-gateway-trace"] and "Hello" not in answer.headers["x-gateway-trace"]


@edges
@pytest.mark.parametrize(("value", "told"), [("true", True), ("1", True), ("false", False), ("", False)])
async def test_a_trace_is_told_to_whoever_asks_and_to_nobody_else(asked: Any, value: str, told: bool) -> None:
    answer = await asked(CONFIG, HELLO, {"x-portkey-debug": value})
    assert ("x-portkey-trace" in answer.headers) is told
    assert answer.headers["x-portkey-attempts"] == "4"
    assert "x-gateway-trace" not in (await asked(CONFIG)).headers


@edges
async def test_a_refusal_without_a_plan_has_no_trace(asked: Any) -> None:
    answer = await asked(None, HELLO, DEBUG)
    assert (answer.status, answer.headers["x-gateway-attempts"]) == (400, "0")
    assert "x-gateway-trace" not in answer.headers


@edges
async def test_a_trace_is_bounded(asked: Any) -> None:
    targets = [failing(503) for _ in range(200)]
    answer = await asked({"strategy": {"mode": "fallback"}, "targets": targets}, HELLO, DEBUG)
    trace = answer.headers["x-gateway-trace"]
    told = json.loads(trace)
    assert len(trace) <= 4096 and answer.headers["x-gateway-attempts"] == "200"
    assert told["attempts"][0]["target"] == "config.targets[0]"
    assert told["attempts"][-1]["target"] == "config.targets[199]"
    assert told["omitted"] == 399 - len(told["attempts"]) - len(told["reasons"])


@edges
@pytest.mark.parametrize("body", [HELLO, STREAMED], ids=["whole", "stream"])
async def test_a_request_is_a_line_of_the_log(
    asked: Any, body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "gatewaymw.trace"):
        answer = await asked(CONFIG, body, {"x-gateway-trace-id": "t\u00e9-1"})
    [line] = [record.getMessage() for record in caplog.records if record.name == "gatewaymw.trace"]
    head, _, account = line.partition("} ")
    assert json.loads(head + "}") == {"trace_id": "t\u00e9-1", "endpoint": "chat", "status": 200}
    assert len(json.loads(account)["attempts"]) == 4
    assert line.isascii() and line.isprintable() and KEY not in line and "Hello" not in line
    assert answer.headers["x-gateway-trace-id"] == "t\u00e9-1" and "x-gateway-trace" not in answer.headers


@edges
async def test_nothing_is_logged_where_nobody_asks(asked: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "gatewaymw.trace"):
        await asked(CONFIG, HELLO, DEBUG)
    assert not [record for record in caplog.records if record.name == "gatewaymw.trace"]
