"""The rules of streams, each by its number (ST-01 … ST-20), end to end at both edges.

Those that stand elsewhere: 01, 05, 18 in edges/test_leaving.py; 02, 03, 04, 14 in core/test_pipeline.py;
09, 10, 11, 13 in core/test_framing_*.py; 15 in core/test_attempt.py.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

import anyio
import pytest
from table import PATHS, finish, gpt, spoken, word

from callers import STREAMED, Answer, Caller, ask, ask_wsgi, environ, nothing, nothing_wsgi, open_wsgi
from gatewaymw import ASGIGateway, ConfigError, Gateway, WSGIGateway
from gatewaymw.core.routing.pipeline import Broken
from upstream import Script, Upstream, chunked, raw, whole

TESTS = Path(__file__).parents[1]
CHAT = "/a/chat/completions"
HI = gpt({"content": "hi"})
DONE = b"data: [DONE]\n\n"
COMMENT = b": keep-alive\n\n"
WELL = chunked([*spoken("openai"), *finish("openai")])
BIG = gpt({"content": "x" * 60_000})


def target(upstream: Upstream, *answers: Script) -> dict[str, Any]:
    upstream.script(CHAT, *answers)
    return {"provider": "openai", "api_key": "sk-house", "custom_host": f"{upstream.url}/a"}


@asynccontextmanager
async def asgi(upstream: Upstream, *answers: Script, **options: Any) -> AsyncIterator[ASGIGateway]:
    edge = ASGIGateway(nothing, target(upstream, *answers), auth="public", **options)
    yield edge
    await edge.gateway.aclose()


@contextmanager
def wsgi(upstream: Upstream, *answers: Script, **options: Any) -> Iterator[WSGIGateway]:
    edge = WSGIGateway(nothing_wsgi, target(upstream, *answers), auth="public", **options)
    yield edge
    edge.gateway.close()


def error_of(body: bytes) -> dict[str, Any]:
    event, done = body.split(b"\n\n")[-3:-1]
    assert done == b"data: [DONE]"
    error: dict[str, Any] = json.loads(event.removeprefix(b"data: "))["error"]
    return error


def test_every_rule_has_a_test_by_its_number() -> None:
    said = "\n".join(file.read_text() for file in TESTS.glob("*/test_*.py"))
    names = re.findall(r"def (test_(?:st|ST)_\d\d\w*)", said)
    found = {int(number) for name in names for number in re.findall(r"(?:st|ST)_(\d\d)", name)}
    assert found == set(range(1, 21))


# ── ST-06: a client that takes nothing ───────────────────────────────────


class Stuck(Caller):
    """Takes some messages, and then none."""

    def __init__(self, most: int = 2) -> None:
        super().__init__(body=STREAMED)
        self._most = most

    async def send(self, message: Any) -> None:
        if len(self.sent) >= self._most:
            await anyio.sleep_forever()
        await super().send(message)


@pytest.mark.anyio
@pytest.mark.parametrize("answer", [chunked(repeat(BIG)), chunked([HI, 0.05, HI], "stall")])
async def test_st_06_a_client_that_takes_nothing_lets_go_of_the_upstream(
    answer: Script, upstream: Upstream
) -> None:
    caller, begun = Stuck(), time.monotonic()
    async with asgi(upstream, answer, send_timeout=0.2) as edge:
        with pytest.raises(Broken, match=r"took nothing for 0\.2 s"):
            await edge(caller.scope, caller.receive, caller.send)
        await upstream.until(lambda: upstream.seen[0].gone)
    assert 0.2 <= time.monotonic() - begun < 20
    assert caller.sent[-1]["more_body"] is True  # its server cuts the connection


@pytest.mark.anyio
async def test_st_06_a_comment_that_is_not_taken_counts_as_well(upstream: Upstream) -> None:
    caller = Stuck()
    async with asgi(upstream, chunked([HI], "stall"), send_timeout=0.2, keep_alive=0.05) as edge:
        with pytest.raises(Broken, match="took nothing"):
            await edge(caller.scope, caller.receive, caller.send)


@pytest.mark.anyio
async def test_st_06_a_client_that_is_slow_but_takes_all_is_served(upstream: Upstream) -> None:
    async with asgi(upstream, WELL, send_timeout=1.5) as edge:
        answer = await ask(edge, body=STREAMED, slow=0.4)
    assert answer.body.endswith(DONE)


def test_st_06_below_wsgi_another_thread_lets_go_of_it(upstream: Upstream) -> None:
    with wsgi(upstream, chunked(repeat(HI)), send_timeout=0.1) as edge:
        _, pieces = open_wsgi(edge, environ(body=STREAMED))
        assert next(pieces).startswith(HI)
        # Here the server would be in the midst of a write.
        upstream.wait(lambda: upstream.seen[0].gone)
        with pytest.raises(Broken, match=r"took nothing for 0\.1 s"):
            next(pieces)
        pieces.close()


def test_st_06_the_thread_that_looks_ends_with_the_streams(upstream: Upstream) -> None:
    def looking() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "gatewaymw-streams"]

    with wsgi(upstream, chunked([HI, DONE]), send_timeout=0.2) as edge:
        for _ in range(3):
            assert ask_wsgi(edge, body=STREAMED).body == HI + DONE
        upstream.wait(lambda: not looking())


# ── ST-07: an upstream that is silent ────────────────────────────────────


@pytest.mark.anyio
async def test_st_07_silence_after_the_commit_is_filled_with_comments(upstream: Upstream) -> None:
    begun, caller = time.monotonic(), Caller(body=STREAMED)
    events = [0.3, HI, lambda: b": keep-alive" in caller.body, gpt({}, "stop"), DONE]
    async with asgi(upstream, chunked(events), keep_alive=0.08) as edge:
        await edge(caller.scope, caller.receive, caller.send)
    answer = caller.answer
    assert answer.body.startswith(HI)  # no comment before it: nothing is shown then
    parts = answer.body.split(b"\n\n")
    assert 1 <= parts.count(b": keep-alive") <= (time.monotonic() - begun) / 0.08
    assert b"\n\n".join(part for part in parts if part != b": keep-alive") == HI + gpt({}, "stop") + DONE


@pytest.mark.anyio
async def test_st_07_by_default_nothing_is_added(upstream: Upstream) -> None:
    async with asgi(upstream, chunked([HI, 1.2, DONE]), send_timeout=1.0) as edge:
        assert (await ask(edge, body=STREAMED)).body == HI + DONE


@pytest.mark.anyio
async def test_st_07_what_is_no_stream_of_events_gets_no_comment(upstream: Upstream) -> None:
    async with asgi(upstream, keep_alive=0.05) as edge:
        upstream.script("/a/audio/speech", chunked([b"RI", 0.2, b"FF"], kind="audio/wav"))
        answer = await ask(edge, "/v1/audio/speech", {"model": "m", "input": "x", "voice": "y"})
    assert answer.body == b"RIFF"


@pytest.mark.anyio
async def test_st_07_a_comment_is_never_within_an_event(upstream: Upstream) -> None:
    caller = Caller(body=STREAMED)
    halves = [HI, HI[:20], lambda: b": keep-alive" in caller.body, HI[20:], DONE]
    async with asgi(upstream, chunked(halves), keep_alive=0.05) as edge:
        await edge(caller.scope, caller.receive, caller.send)
    body = caller.answer.body
    assert b": keep-alive\n\n" in body
    assert body.replace(b": keep-alive\n\n", b"") == HI + HI + DONE


# ── the same in a thread ─────────────────────────────────────────────────


def without(body: bytes) -> bytes:
    return body.replace(b": keep-alive\n\n", b"")


def taken(edge: WSGIGateway, into: list[bytes]) -> bytes:
    """The body of a stream, of which another thread is shown each piece as it is taken."""
    _, pieces = open_wsgi(edge, environ(body=STREAMED))
    into.extend(pieces)
    pieces.close()
    return b"".join(into)


def test_st_07_below_wsgi_the_thread_that_waits_says_it(upstream: Upstream) -> None:
    begun, got = time.monotonic(), list[bytes]()
    events = [0.3, HI, lambda: COMMENT in got, gpt({}, "stop"), DONE]
    with wsgi(upstream, chunked(events), keep_alive=0.08) as edge:
        body = taken(edge, got)
    assert body.startswith(HI)
    assert 1 <= body.count(COMMENT) <= (time.monotonic() - begun) / 0.08
    assert without(body) == HI + gpt({}, "stop") + DONE


def test_st_07_below_wsgi_never_within_an_event(upstream: Upstream) -> None:
    got = list[bytes]()
    halves = [HI, HI[:20], lambda: COMMENT in got, HI[20:], DONE]
    with wsgi(upstream, chunked(halves), keep_alive=0.05) as edge:
        body = taken(edge, got)
    assert HI + b": keep-alive\n\n" in body
    assert without(body) == HI + HI + DONE


def test_st_07_below_wsgi_an_upstream_that_says_nothing_to_the_client_is_no_word(upstream: Upstream) -> None:
    """Its pings come more often than comments are due, and are not passed on."""
    target = {"provider": "anthropic", "custom_host": f"{upstream.url}/a"}
    ping = [0.03, b'event: ping\ndata: {"type":"ping"}\n\n']
    got = list[bytes]()

    def said() -> Iterator[Any]:
        yield from spoken("anthropic")
        while COMMENT not in got:
            yield from ping
        yield from finish("anthropic")

    upstream.script("/a" + PATHS["anthropic"], chunked(said()))
    edge = WSGIGateway(nothing_wsgi, {"api_key": "k", **target}, auth="public", keep_alive=0.1)
    body = taken(edge, got)
    edge.gateway.close()
    assert without(body).endswith(DONE)


def test_st_07_below_wsgi_silence_still_has_its_end(upstream: Upstream) -> None:
    with wsgi(upstream, chunked([HI], "stall"), keep_alive=0.1, total_timeout=2.0) as edge:
        body = ask_wsgi(edge, body=STREAMED).body
    assert 1 <= body.count(COMMENT) <= 20
    assert error_of(body)["code"] == "upstream_timeout"


def test_st_07_below_wsgi_a_break_is_told_as_ever(upstream: Upstream) -> None:
    with wsgi(upstream, chunked([HI, 0.1], "reset"), keep_alive=5) as edge:
        assert error_of(ask_wsgi(edge, body=STREAMED).body)["code"] == "upstream_broken"


def test_st_07_below_wsgi_a_clients_own_reads_are_left_alone(upstream: Upstream) -> None:
    """It gives a body up with the first read that is late, so it is given all the time there is."""
    with wsgi(upstream, chunked([HI, 0.2, DONE]), keep_alive=0.05, transport="httpx") as edge:
        assert ask_wsgi(edge, body=STREAMED).body == HI + DONE


def test_st_07_below_wsgi_what_is_no_stream_of_events_gets_no_comment(upstream: Upstream) -> None:
    with wsgi(upstream, keep_alive=0.05) as edge:
        upstream.script("/a/audio/speech", chunked([b"RI", 0.2, b"FF"], kind="audio/wav"))
        answer = ask_wsgi(edge, "/v1/audio/speech", {"model": "m", "input": "x", "voice": "y"})
    assert answer.body == b"RIFF"


def test_st_07_below_wsgi_the_mock_can_show_it() -> None:
    edge = WSGIGateway(nothing_wsgi, {"provider": "mock"}, keep_alive=0.05)
    told = {**STREAMED, "model": "mock-drip-120ms"}
    body = ask_wsgi(edge, body=told).body
    edge.gateway.close()
    assert b"\n\n: keep-alive\n\n: keep-alive\n\ndata: " in body
    assert without(body).endswith(DONE)
    assert b"error" not in body


def test_st_07_below_wsgi_who_left_is_noticed_with_the_comment(upstream: Upstream) -> None:
    with wsgi(upstream, chunked([HI], "stall"), keep_alive=0.05) as edge:
        _, pieces = open_wsgi(edge, environ(body=STREAMED))
        assert [next(pieces) for _ in range(3)] == [HI, b": keep-alive\n\n", b": keep-alive\n\n"]
        pieces.close()  # as a server does whose write fails
        upstream.wait(lambda: upstream.seen[0].gone)


@pytest.mark.parametrize("name", ["send_timeout", "keep_alive", "grace"])
def test_times_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}: must be a number of seconds"):
        Gateway(**{name: -1.0})


# ── ST-08, 12, 16, 17, 19 ────────────────────────────────────────────────

MANY = 10_000


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_st_08_ten_thousand_words_arrive_in_order(provider: Any, upstream: Upstream) -> None:
    numbered = [word(provider, f"{number} ") for number in range(MANY)]
    events = b"".join([*spoken(provider, 0), *numbered, *finish(provider)])
    pieces = [events[at : at + 7001] for at in range(0, len(events), 7001)]
    path = {"openai": "/a/chat/completions", "anthropic": "/a/messages"}[provider]
    with wsgi(upstream) as edge:
        upstream.script(path, chunked(pieces))
        whom = {"provider": provider, "api_key": "k", "custom_host": f"{upstream.url}/a"}
        edge = WSGIGateway(nothing_wsgi, whom, auth="public")
        body = ask_wsgi(edge, body={**STREAMED, "max_tokens": 5}).body
        edge.gateway.close()
    blocks = [block.removeprefix(b"data: ") for block in body.split(b"\n\n")[:-2]]
    deltas = [choice["delta"].get("content") for each in blocks for choice in json.loads(each)["choices"]]
    assert "".join(delta or "" for delta in deltas) == "".join(f"{number} " for number in range(MANY))


@pytest.mark.anyio
async def test_st_12_the_head_of_a_stream_keeps_others_from_holding_it_back(upstream: Upstream) -> None:
    async with asgi(upstream, WELL) as edge:
        headers = (await ask(edge, body=STREAMED)).headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-cache, no-transform", "no")
    assert "content-length" not in headers


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503, 529])
def test_st_16_before_anything_is_shown_a_provider_keeps_its_status(status: int, upstream: Upstream) -> None:
    with wsgi(upstream, whole({"error": {"message": "no"}}, status)) as edge:
        answer = ask_wsgi(edge, body=STREAMED)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")


def test_st_17_guardrails_on_streams_are_refused_rather_than_left_out(upstream: Upstream) -> None:
    with wsgi(upstream, WELL) as edge:
        answer = ask_wsgi(edge, body=STREAMED, headers={"x-gateway-default-output-guardrails": '["pii"]'})
    assert (answer.status, upstream.seen) == (400, [])


SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
GOAWAY = b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + bytes(8)


def test_st_19_an_upstream_that_speaks_http_2_unasked_is_an_error(upstream: Upstream) -> None:
    with wsgi(upstream, raw(SETTINGS + GOAWAY)) as edge:
        answer = ask_wsgi(edge, body=STREAMED)
    assert (answer.status, answer.error["code"]) == (502, "upstream_protocol")


# ── ST-20: the host is shut down ─────────────────────────────────────────


async def begun(edge: ASGIGateway, tasks: Any, **more: Any) -> Caller:
    """A stream that a client is in the midst of."""
    caller = Caller(body=STREAMED, **more)
    tasks.start_soon(edge, caller.scope, caller.receive, caller.send)
    with anyio.fail_after(30):
        while len(caller.sent) < 2:  # noqa: ASYNC110 - what is waited for has no event
            await anyio.sleep(0.002)
    return caller


@pytest.mark.anyio
async def test_st_20_streams_may_end_and_nobody_new_is_served(upstream: Upstream) -> None:
    refused: list[Answer] = []
    async with (
        asgi(upstream, chunked([HI, lambda: refused, DONE]), grace=60.0) as edge,
        anyio.create_task_group() as tasks,
    ):
        caller, left = await begun(edge, tasks), time.monotonic()
        tasks.start_soon(edge.gateway.adrain)
        await anyio.wait_all_tasks_blocked()
        refused.append(await ask(edge, body=STREAMED))
        assert (refused[0].status, refused[0].error["code"]) == (503, "gateway_shutdown")
        assert refused[0].headers["retry-after"] == "1"
    assert caller.answer.body == HI + DONE
    assert time.monotonic() - left < 30


@pytest.mark.anyio
async def test_st_20_what_has_not_ended_by_then_ends_with_an_error(upstream: Upstream) -> None:
    async with asgi(upstream, chunked([HI], "stall"), grace=0.1) as edge, anyio.create_task_group() as tasks:
        caller = await begun(edge, tasks)
        await edge.gateway.adrain()
        await upstream.until(lambda: upstream.seen[0].gone)
    assert caller.answer.body.startswith(HI)
    assert error_of(caller.answer.body)["code"] == "gateway_shutdown"


@pytest.mark.anyio
async def test_st_20_the_end_of_the_hosts_lifespan_ends_streams(upstream: Upstream) -> None:
    messages = iter(["lifespan.startup", "lifespan.shutdown"])
    told: list[str] = []
    async with asgi(upstream, chunked([HI], "stall"), grace=0.0) as edge, anyio.create_task_group() as tasks:
        caller = await begun(edge, tasks)

        async def receive() -> Any:
            return {"type": next(messages)}

        async def send(message: Any) -> None:
            told.append(message["type"])

        async def inner(*args: Any) -> None:
            """A host without a lifespan."""

        edge.app = inner
        await edge({"type": "lifespan"}, receive, send)
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert error_of(caller.answer.body)["code"] == "gateway_shutdown"


@pytest.mark.anyio
async def test_st_20_a_server_that_has_no_more_time_leaves_an_error_behind(upstream: Upstream) -> None:
    async with asgi(upstream, chunked([HI], "stall")) as edge, anyio.create_task_group() as tasks:
        caller = await begun(edge, tasks)
        tasks.cancel_scope.cancel()
    assert error_of(caller.answer.body)["code"] == "gateway_shutdown"


@pytest.mark.anyio
async def test_st_20_a_client_that_takes_nothing_does_not_hold_it_up(upstream: Upstream) -> None:
    caller = Stuck()
    async with asgi(upstream, chunked([HI], "stall"), grace=0.0) as edge:
        with pytest.raises(ExceptionGroup) as caught:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(edge, caller.scope, caller.receive, caller.send)
                await upstream.until(lambda: len(caller.sent) == 2)
                await edge.gateway.adrain()
        assert caught.group_contains(Broken)


@pytest.mark.anyio
async def test_st_20_sound_is_cut_since_it_cannot_say_anything(upstream: Upstream) -> None:
    caller = Caller("/v1/audio/speech", {"model": "m", "input": "x", "voice": "y"})
    async with asgi(upstream, grace=0.0) as edge:
        upstream.script("/a/audio/speech", chunked([b"RIFF"], "stall", kind="audio/wav"))
        with pytest.raises(ExceptionGroup) as caught:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(edge, caller.scope, caller.receive, caller.send)
                await upstream.until(lambda: len(caller.sent) == 2)
                await edge.gateway.adrain()
        assert caught.group_contains(Broken)
    assert caller.sent[-1]["more_body"] is True


def test_st_20_threads_end_their_streams_as_soon_as_they_come_back(upstream: Upstream) -> None:
    with wsgi(upstream, chunked([HI, lambda: edge.gateway.sync_streams.ending, HI], "stall")) as edge:
        _, pieces = open_wsgi(edge, environ(body=STREAMED))
        assert next(pieces) == HI
        draining = threading.Thread(target=edge.gateway.drain, args=(0.0,))
        draining.start()
        upstream.wait(lambda: edge.gateway.sync_streams.ending)
        assert ask_wsgi(edge, body=STREAMED).status == 503
        assert error_of(HI + next(pieces))["code"] == "gateway_shutdown"
        upstream.wait(lambda: upstream.seen[0].gone)
        assert list(pieces) == []
        pieces.close()
        draining.join()


def test_st_20_threads_may_end_their_streams(upstream: Upstream) -> None:
    with wsgi(upstream, chunked([HI, 0.05, DONE])) as edge:
        _, pieces = open_wsgi(edge, environ(body=STREAMED))
        draining = threading.Thread(target=edge.gateway.drain)
        draining.start()
        assert b"".join(pieces) == HI + DONE
        pieces.close()
        draining.join()
