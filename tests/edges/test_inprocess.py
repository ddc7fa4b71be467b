"""The gateway as a transport of the official SDKs, without a socket."""

from __future__ import annotations

from typing import Any

import httpx
import httpx2
import openai
import pytest

from gatewaymw import Gateway

ASK: Any = {"model": "mock-echo", "messages": [{"role": "user", "content": "hello there"}]}


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    return Gateway({"provider": "mock"}, auth=lambda facts: None)


def client(gateway: Gateway) -> openai.OpenAI:
    http = httpx2.Client(transport=gateway.sdk_transport())
    return openai.OpenAI(api_key="any", http_client=http, _strict_response_validation=True, max_retries=0)


def test_the_openai_sdk_runs_in_process_and_nobody_is_asked_who_it_is(gateway: Gateway) -> None:
    answer = client(gateway).chat.completions.create(**ASK)
    assert answer.choices[0].message.content == "You said: hello there"


def test_it_streams(gateway: Gateway) -> None:
    stream = client(gateway).chat.completions.create(**ASK, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "You said: hello there"


def test_a_stream_that_is_left_is_closed(gateway: Gateway) -> None:
    with client(gateway).chat.completions.create(**ASK, stream=True) as stream:
        next(iter(stream))


def test_errors_are_the_sdks_own(gateway: Gateway) -> None:
    with pytest.raises(openai.RateLimitError):
        client(gateway).chat.completions.create(**{**ASK, "model": "mock-status-429"})
    with pytest.raises(openai.APIError):
        list(client(gateway).chat.completions.create(**{**ASK, "model": "mock-cut-after-3"}, stream=True))


@pytest.mark.anyio
async def test_the_async_sdk_too(gateway: Gateway) -> None:
    http = httpx2.AsyncClient(transport=gateway.async_sdk_transport())
    sdk = openai.AsyncOpenAI(api_key="any", http_client=http, _strict_response_validation=True)
    assert (await sdk.chat.completions.create(**ASK)).choices[0].message.content == "You said: hello there"
    assert (await http.get("https://x/elsewhere")).status_code == 404


@pytest.mark.anyio
@pytest.mark.parametrize(
    "anyio_backend", ["asyncio"]
)  # the SDK leaves generators behind, which trio warns of
async def test_an_async_stream_is_whole_or_left(gateway: Gateway) -> None:
    http = httpx2.AsyncClient(transport=gateway.async_sdk_transport())
    sdk = openai.AsyncOpenAI(api_key="any", http_client=http)
    assert [chunk async for chunk in await sdk.chat.completions.create(**ASK, stream=True)]
    async with await sdk.chat.completions.create(**ASK, stream=True) as stream:
        await anext(aiter(stream))


def test_plain_httpx_and_paths_that_are_not_the_gateways(gateway: Gateway) -> None:
    with httpx.Client(transport=gateway.sdk_transport(family="httpx"), base_url="http://x") as http:
        assert http.post("/v1/chat/completions", json=ASK).json()["object"] == "chat.completion"
        missed = http.get("/chat/completions")
    assert missed.status_code == 404 and "/v1" in missed.json()["error"]["message"]


@pytest.mark.anyio
async def test_plain_async_httpx(gateway: Gateway) -> None:
    transport = gateway.async_sdk_transport(family="httpx")
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        assert (await http.post("/v1/chat/completions", json=ASK)).status_code == 200


def test_other_families_are_refused(gateway: Gateway) -> None:
    with pytest.raises(ValueError, match="family"):
        gateway.sdk_transport(family="requests")  # type: ignore[arg-type]


class Bug(Exception):
    pass


def boom() -> str:
    raise Bug


@pytest.fixture
def buggy() -> Gateway:
    return Gateway({"provider": "openai", "api_key": boom}, auth="public")


def test_a_bug_of_the_hosts_comes_out(buggy: Gateway) -> None:
    with pytest.raises(Bug), httpx.Client(transport=buggy.sdk_transport(family="httpx")) as http:
        http.post("http://x/v1/chat/completions", json=ASK)


@pytest.mark.anyio
async def test_a_bug_of_the_hosts_comes_out_of_the_async_one(buggy: Gateway) -> None:
    with pytest.raises(Bug):
        async with httpx.AsyncClient(transport=buggy.async_sdk_transport(family="httpx")) as later:
            await later.post("http://x/v1/chat/completions", json=ASK)
