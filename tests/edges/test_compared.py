"""Comparisons that stream: who leaves, who is shut down, who reads slowly, and OpenAI's own SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import httpx2
import pytest
from openai import OpenAI

from callers import STREAMED, Caller, nothing
from gatewaymw import ASGIGateway, Gateway
from upstream import Script, Upstream, chunked

pytestmark = pytest.mark.anyio
EVENT = b'data: {"id":"c","created":1,"model":"m","object":"chat.completion.chunk","choices":[%b]}\n\n'
WORD = EVENT % b'{"index":0,"delta":{"content":"hi"},"finish_reason":null}'
STOP = EVENT % b'{"index":0,"delta":{},"finish_reason":"stop"}'
DONE = b"data: [DONE]\n\n"
USED = b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n\n'


def compared(upstream: Upstream, *scripts: Script) -> dict[str, Any]:
    for number, script in enumerate(scripts):
        upstream.script(f"/{number}/chat/completions", script)
    targets = [
        {"provider": "openai", "api_key": "sk-house", "custom_host": f"{upstream.url}/{number}"}
        for number in range(len(scripts))
    ]
    return {"strategy": {"mode": "compare"}, "targets": targets}


@asynccontextmanager
async def asked(upstream: Upstream, *scripts: Script, **options: Any) -> AsyncIterator[tuple[Any, Caller]]:
    """A request under way, its answer begun."""
    app = ASGIGateway(nothing, compared(upstream, *scripts), **{"auth": "public", **options})
    caller = Caller(body=STREAMED)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(app, caller.scope, caller.receive, caller.send)
            await upstream.until(lambda: len(caller.sent) > 1)
            yield app, caller
        for pool in app.gateway._outbounds.get()._pools.values():
            assert "Connections: 0 active" in repr(pool)
    finally:
        await app.gateway.aclose()


def body(caller: Caller) -> bytes:
    return b"".join(message.get("body", b"") for message in caller.sent)


async def test_who_leaves_lets_go_of_every_stream(upstream: Upstream) -> None:
    async with asked(upstream, chunked([WORD], "stall"), chunked([WORD, 0.01] * 500)) as (_, caller):
        caller.leave()
    await upstream.until(lambda: all(seen.gone for seen in upstream.seen))
    assert len(upstream.seen) == 2


async def test_a_shutdown_ends_it_with_one_error(upstream: Upstream) -> None:
    async with asked(upstream, chunked([WORD], "stall"), chunked([WORD], "stall")) as (app, caller):
        await app.gateway.adrain(0.05)
    assert body(caller).count(b"gateway_shutdown") == 1 and body(caller).endswith(DONE)
    await upstream.until(lambda: all(seen.gone for seen in upstream.seen))


async def test_silence_is_filled_once_for_all(upstream: Upstream) -> None:
    slow = chunked([WORD, 0.5, STOP, DONE])
    async with asked(upstream, slow, slow, keep_alive=0.1) as (_, caller):
        pass
    assert 2 <= body(caller).count(b": keep-alive\n\n") <= 6
    assert body(caller).count(DONE) == 1


HELLO: Any = [{"role": "user", "content": "Hello"}]


@contextmanager
def sdk(upstream: Upstream, *scripts: Script) -> Iterator[OpenAI]:
    gateway = Gateway(compared(upstream, *scripts), auth="public")
    client = httpx2.Client(transport=gateway.sdk_transport("httpx2"))
    with OpenAI(base_url="http://inside/v1", api_key="x", http_client=client) as made:
        yield made
    gateway.close()


def test_openais_sdk_reads_it(upstream: Upstream) -> None:
    stream = chunked([WORD, WORD, STOP, USED, DONE])
    texts = {0: "", 1: ""}
    with sdk(upstream, stream, stream) as client:
        said = client.chat.completions.create(
            model="m", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
        for chunk in said:
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
    assert texts == {0: "hihi", 1: "hihi"}
    assert chunk.usage and chunk.usage.total_tokens == 6
    assert [row["index"] for row in chunk.model_extra["compare"]] == [0, 1]  # type: ignore[index]


def test_and_joins_it(upstream: Upstream) -> None:
    """The SDK's own accumulator takes each target for a choice."""
    long, short = chunked([WORD, WORD, STOP, DONE]), chunked([WORD, STOP, DONE])
    with (
        sdk(upstream, long, short) as client,
        client.chat.completions.stream(model="m", messages=HELLO) as events,
    ):
        whole = events.get_final_completion()
    assert [choice.message.content for choice in whole.choices] == ["hihi", "hi"]
