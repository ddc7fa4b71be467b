"""One request's bytes in another's: answers nobody asked for, lengths that contradict each other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from asking import KEY, at, in_turn, trusting

from callers import HELLO, STREAMED, Answer, Caller, ask_wsgi, nothing_wsgi
from gatewaymw import ASGIGateway, WSGIGateway
from upstream import Upstream, chunked, raw, whole

CHAT = "/openai/chat/completions"
JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
FIRST = b'{"id": "first"}'
STOLEN = JSON + b'content-length: 16\r\n\r\n{"id": "stolen"}'
OTHER = whole({"id": "second"})
InTurn = Callable[..., list[Answer]]

POISONED: dict[str, bytes] = {
    "a second answer": JSON + b"content-length: 15\r\n\r\n" + FIRST + STOLEN,
    "a second answer after chunks": JSON
    + b"transfer-encoding: chunked\r\n\r\nf\r\n"
    + FIRST
    + b"\r\n0\r\n\r\n"
    + STOLEN,
    "a body where there is none": b"HTTP/1.1 204 No Content\r\ncontent-length: 16\r\n\r\n" + STOLEN,
    "a length too short": JSON + b"content-length: 2\r\n\r\n{}" + STOLEN,
    "words between": JSON + b"content-length: 15\r\n\r\n" + FIRST + b"\r\n\r\n" + STOLEN,
    "an interim answer too many": JSON
    + b"content-length: 15\r\n\r\n"
    + FIRST
    + b"HTTP/1.1 100 Continue\r\n\r\n"
    + STOLEN,
}


@in_turn
@pytest.mark.parametrize("what", POISONED)
def test_hdr_02_an_answer_nobody_asked_for_is_nobodys(asked: InTurn, what: str, upstream: Upstream) -> None:
    """On a connection that is kept, the next caller would be told it."""
    upstream.script(CHAT, raw(POISONED[what], ending="keep"), OTHER)
    answers = asked(at(upstream), [{}, {}, {}])
    assert [answer.json["id"] for answer in answers[1:]] == ["second", "second"]
    assert not any(b"stolen" in answer.body for answer in answers)


@in_turn
@pytest.mark.parametrize(
    "head",
    [
        b"content-length: 15\r\ntransfer-encoding: chunked\r\n",
        b"content-length: 15\r\ncontent-length: 99\r\n",
        b"content-length: 15, 99\r\n",
        b"content-length: +15\r\n",
        b"content-length: 0x0f\r\n",
        b"content-length: -1\r\n",
        b"transfer-encoding: gzip, chunked\r\n",
        b"transfer-encoding: identity\r\ncontent-length: 15\r\n",
        b"transfer-encoding : chunked\r\n",
    ],
)
def test_hdr_01_lengths_of_an_answer_that_contradict_end_the_connection(
    asked: InTurn, head: bytes, upstream: Upstream
) -> None:
    upstream.script(CHAT, raw(JSON + head + b"\r\n" + FIRST + STOLEN), OTHER)
    answers = asked(at(upstream), [{}, {}])
    assert answers[0].status in (200, 502) and answers[1].json == {"id": "second"}
    assert not any(b"stolen" in answer.body for answer in answers)


@in_turn
@pytest.mark.parametrize(
    "chunk",
    [
        b"-1\r\n",
        b"0x5\r\nhello\r\n",
        b"fffffffffffffffff\r\n",
        b"5 5\r\nhello\r\n",
        b"g\r\n",
        b"\r\n\r\n",
        b"5\nhello",
    ],
)
def test_hdr_01_chunks_that_are_none_end_the_answer(asked: InTurn, chunk: bytes, upstream: Upstream) -> None:
    upstream.script(CHAT, raw(JSON + b"transfer-encoding: chunked\r\n\r\n" + chunk + STOLEN), OTHER)
    answers = asked(at(upstream), [{}, {}])
    assert answers[0].status == 502 and answers[1].json == {"id": "second"}
    assert not any(b"stolen" in answer.body for answer in answers)


@in_turn
def test_leak_04_what_one_leaves_unread_is_not_the_nexts(asked: InTurn, upstream: Upstream) -> None:
    """A stream that is given up midway leaves the rest of its answer on the way."""
    fault = b'data: {"error": {"message": "no"}}\n\n'
    rest = b'data: {"choices":[{"delta":{"content":"of the first caller"}}]}\n\n'
    upstream.script(CHAT, chunked([fault, *[rest] * 50]), OTHER)
    answers = asked(at(upstream), [{"body": STREAMED}, {}])
    assert answers[0].status >= 400 and answers[1].json == {"id": "second"}


def told(number: int, upstream: Upstream) -> dict[str, str]:
    return {
        "x-gateway-provider": "openai",
        "x-gateway-custom-host": f"{upstream.url}/openai",
        "authorization": f"Bearer sk-of-caller-{number}",
        "x-gateway-trace-id": f"trace-{number}",
    }


def body(number: int) -> dict[str, Any]:
    return {**HELLO, "user": f"caller-{number}"}


def paired(upstream: Upstream) -> Iterator[tuple[str | None, str]]:
    return ((seen.header("authorization"), seen.json["user"]) for seen in upstream.seen)


MANY = range(40)


def test_leak_04_callers_at_once_share_connections_and_no_keys(upstream: Upstream) -> None:
    upstream.script(CHAT, whole({"id": "x"}))
    app = WSGIGateway(nothing_wsgi, trusted_custom_hosts=trusting(upstream))
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda number: ask_wsgi(app, body=body(number), headers=told(number, upstream)), MANY)
        )
    app.gateway.close()
    asynchronous = ASGIGateway(nothing_wsgi, trusted_custom_hosts=trusting(upstream))
    callers = [Caller(body=body(number), headers=told(number, upstream)) for number in MANY]

    async def together() -> None:
        async with anyio.create_task_group() as tasks:
            for caller in callers:
                tasks.start_soon(asynchronous, caller.scope, caller.receive, caller.send)
        await asynchronous.gateway.aclose()

    anyio.run(together)
    expected = [(f"Bearer sk-of-caller-{number}", f"caller-{number}") for number in MANY]
    assert sorted(paired(upstream), key=str) == sorted(expected * 2, key=str)
    for place, (one, other) in enumerate(zip(answers, callers, strict=True)):
        assert (
            one.headers["x-gateway-trace-id"]
            == other.answer.headers["x-gateway-trace-id"]
            == f"trace-{place}"
        )


@in_turn
def test_leak_04_a_config_that_is_kept_is_nobody_elses(asked: InTurn, upstream: Upstream) -> None:
    """Compiled configs are kept: two that differ in the key alone are two."""
    upstream.script(CHAT, whole({"id": "x"}))
    keys = ["sk-aaaaaaaaaaaaaaaaaaaaaaaa-1", "sk-aaaaaaaaaaaaaaaaaaaaaaaa-2"]
    configs = [
        {"provider": "openai", "custom_host": f"{upstream.url}/openai", "api_key": key} for key in keys * 2
    ]
    requests = [{"headers": {"x-gateway-config": json.dumps(config)}} for config in configs]
    moved = [
        {"headers": {"x-gateway-provider": "openai", "x-gateway-custom-host": f"{upstream.url}/openai"}},
    ]
    answers = asked(None, requests + moved, trusted_custom_hosts=trusting(upstream))
    assert [answer.status for answer in answers] == [200] * 4 + [401]
    assert [seen.header("authorization") for seen in upstream.seen] == [f"Bearer {key}" for key in keys * 2]


async def host(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.close", "code": 4000})


@pytest.mark.anyio
@pytest.mark.parametrize("origin", [b"https://evil.test", b"null"])
async def test_ws_01_and_02_and_03_a_websocket_is_the_hosts(origin: bytes) -> None:
    """Nothing of it is looked at here, not even with a key in its subprotocol."""
    said: list[Any] = []
    headers = [(b"origin", origin), (b"x-gateway-provider", b"openai")]
    scope = {
        "type": "websocket",
        "path": "/v1/realtime",
        "headers": headers,
        "subprotocols": ["openai-insecure-api-key.sk-x"],
    }

    async def receive() -> dict[str, Any]:
        raise AssertionError("nobody reads")

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    app = ASGIGateway(host, {"provider": "openai", "api_key": KEY}, auth="public")
    await app(scope, receive, send)
    assert said == [{"type": "websocket.close", "code": 4000}]
