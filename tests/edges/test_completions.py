"""Text completions by the official SDK, from upstreams on real sockets that end their bodies in all ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import anyio
import httpx2
import openai
import pytest
from openai.types import Completion

from gatewaymw import Gateway
from upstream import Script, Upstream, chunked, whole

WAYS = pytest.mark.parametrize("way", ["sync", "async"])
CARRIERS = pytest.mark.parametrize("carrier", ["wire", "httpx"])
ASK: Any = {"model": "llama2", "prompt": "Once", "max_tokens": 9}
WORDS = ["upon ", "a ", "time"]


def pieces(way: str, gateway: Gateway, **more: Any) -> list[Completion]:
    """All chunks of a stream, by either SDK."""
    if way == "sync":
        http = httpx2.Client(transport=gateway.sdk_transport())
        sdk = openai.OpenAI(api_key="any", http_client=http, max_retries=0)
        return list(sdk.completions.create(**ASK, **more, stream=True))

    async def run() -> list[Completion]:
        http = httpx2.AsyncClient(transport=gateway.async_sdk_transport())
        sdk = openai.AsyncOpenAI(api_key="any", http_client=http, max_retries=0)
        made = [chunk async for chunk in await sdk.completions.create(**ASK, **more, stream=True)]
        await gateway.aclose()
        return made

    return anyio.run(run)


@contextmanager
def gateway(upstream: Upstream, provider: str, path: str, answer: Script, **more: Any) -> Iterator[Gateway]:
    upstream.script(path, answer)
    transport = more.pop("transport", "wire")
    config = {"provider": provider, "custom_host": upstream.url, **more}
    made = Gateway(config, auth=lambda facts: None, transport=transport)
    yield made
    made.close()


def event(text: str) -> bytes:
    return b"data: " + json.dumps({"model_name": "llama2", "text_output": text}).encode() + b"\n\n"


def line(text: str, **more: Any) -> bytes:
    return json.dumps({"model": "llama2", "response": text, "done": False, **more}).encode() + b"\n"


def said(chunks: list[Completion]) -> tuple[str, str]:
    return "".join(each.choices[0].text for each in chunks), chunks[-1].choices[0].finish_reason


@WAYS
@CARRIERS
def test_a_body_without_a_marker_has_ended_where_http_says_so(
    way: str, carrier: str, upstream: Upstream
) -> None:
    answer = chunked([event(word) for word in WORDS])
    with gateway(upstream, "triton", "/generate_stream", answer, transport=carrier) as made:
        assert said(pieces(way, made)) == ("upon a time", "stop")
    assert upstream.seen[0].json == {"text_input": "Once", "max_tokens": 9, "stream": True}


@WAYS
@CARRIERS
@pytest.mark.parametrize("ending", ["close", "reset"])
def test_and_has_not_where_http_does_not(
    way: str, carrier: str, ending: Literal["close", "reset"], upstream: Upstream
) -> None:
    answer = chunked([event(word) for word in WORDS], ending)
    with (
        gateway(upstream, "triton", "/generate_stream", answer, transport=carrier) as made,
        pytest.raises(openai.APIError, match="broke off"),
    ):
        pieces(way, made)


@WAYS
def test_lines_are_a_stream_as_well(way: str, upstream: Upstream) -> None:
    last = line("", done=True, done_reason="length", prompt_eval_count=2, eval_count=9)
    answer = chunked([*map(line, WORDS), last], kind="application/x-ndjson")
    with gateway(upstream, "ollama-native", "/api/generate", answer) as made:
        *chunks, counts = pieces(way, made, stream_options={"include_usage": True})
    assert said(chunks) == ("upon a time", "length")
    assert counts.usage and counts.usage.total_tokens == 11


def test_several_prompts_are_several_requests(upstream: Upstream) -> None:
    answer = {"content": [{"type": "text", "text": "Yes"}], "stop_reason": "end_turn"}
    body = {**answer, "usage": {"input_tokens": 3, "output_tokens": 1}}
    with gateway(upstream, "anthropic", "/messages", whole(body), api_key="k") as made:
        http = httpx2.Client(transport=made.sdk_transport())
        sdk = openai.OpenAI(api_key="any", http_client=http, _strict_response_validation=True)
        told = sdk.completions.create(**{**ASK, "model": "claude-sonnet-4-5", "prompt": ["a", "b"]})
    assert [(each.index, each.text) for each in told.choices] == [(0, "Yes"), (1, "Yes")]
    assert told.usage and told.usage.total_tokens == 8
    assert len(upstream.seen) == 2
