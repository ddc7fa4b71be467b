"""Guardrails before OpenAI's official SDK: on real servers, and in process."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
import openai
import pytest
from anyio import to_thread
from openai import OpenAI

from gatewaymw import CheckFacts, ConfigError, Gateway
from servers import serving

SERVERS = {
    "asgi": ("uvicorn", "host_hooked:asgi", "--port", "0"),
    "wsgi": ("gunicorn", "host_hooked:wsgi", "-b", "127.0.0.1:0", "--no-control-socket", "-k", "gthread"),
}
CONFIG = {
    "provider": "mock",
    "input_guardrails": [{"short": {"most": 100}, "deny": True}, {"id": "manners", "polite": {}}],
    "output_guardrails": [{"contains": {"words": ["forbidden"], "operator": "none"}, "deny": True}],
}


@pytest.fixture(scope="module", params=SERVERS)
def client(request: pytest.FixtureRequest) -> Iterator[OpenAI]:
    env = {"HOST_CONFIG": json.dumps(CONFIG)}
    with (
        serving(SERVERS[request.param], env, Path(__file__).parent) as url,
        OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0) as made,
    ):
        yield made


def asked(client: OpenAI, text: str, stream: bool = False) -> Any:
    messages: Any = [{"role": "user", "content": text}]
    return client.chat.completions.create(model="mock-echo", messages=messages, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("text", ["please " * 20, "please, the forbidden word"])
def test_the_sdk_sees_a_denial_as_a_status(client: OpenAI, text: str, stream: bool) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        asked(client, text, stream)
    assert caught.value.status_code == 446 and caught.value.type == "hooks_failed"
    told: Any = caught.value.response.json()
    assert told["hook_results"]["before_request_hooks"]


def test_the_sdk_takes_246_for_the_answer_it_is(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="mock-echo", messages=[{"role": "user", "content": "now"}]
    )
    assert raw.status_code == 246
    assert raw.parse().choices[0].message.content == "You said: now"
    [_, manners] = raw.http_response.json()["hook_results"]["before_request_hooks"]
    assert (manners["id"], manners["verdict"]) == ("manners", False)


def test_the_sdk_streams_what_was_held_back(client: OpenAI) -> None:
    chunks = list(asked(client, "Please", stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "You said: Please"


# ── in process ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("stream", [False, True])
def test_in_process_nobody_waits_for_what_runs_afterwards(stream: bool) -> None:
    done, go = Event(), Event()

    def late(facts: CheckFacts) -> bool:
        go.wait(40)
        done.set()
        return True

    config = {"provider": "mock", "output_guardrails": [{"late": {}, "async": True}]}
    gateway = Gateway(config, checks={"late": late})
    http = httpx2.Client(transport=gateway.sdk_transport())
    began = time.monotonic()
    with OpenAI(api_key="any", http_client=http, max_retries=0) as client:
        answer = asked(client, "Hello", stream)
        assert list(answer) if stream else answer.choices
    assert not done.is_set() and time.monotonic() - began < 20
    go.set()
    assert done.wait(40)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("stream", [False, True])
async def test_the_same_for_the_async_sdk(stream: bool) -> None:
    done = Event()

    async def late(facts: CheckFacts) -> bool:
        done.set()
        return True

    config = {
        "provider": "mock",
        "input_guardrails": [{"late": {}, "async": True}, {"strict": {}, "deny": True}],
    }
    gateway = Gateway(config, checks={"late": late, "strict": lambda facts: "no" not in facts.text})
    http = httpx2.AsyncClient(transport=gateway.async_sdk_transport())
    async with openai.AsyncOpenAI(api_key="any", http_client=http, max_retries=0) as client:
        asks: Any = {
            "model": "mock-echo",
            "messages": [{"role": "user", "content": "Hello"}],
            "stream": stream,
        }
        answer = await client.chat.completions.create(**asks)
        if stream:
            assert [chunk async for chunk in answer]
        await to_thread.run_sync(done.wait, 10)
        assert done.is_set()
        with pytest.raises(openai.APIStatusError):
            await client.chat.completions.create(**{**asks, "messages": [{"role": "user", "content": "no"}]})


# ── how a host names its checks ──────────────────────────────────────────


@pytest.mark.parametrize(
    ("checks", "path", "words"),
    [
        ({"a.b": len}, "checks['a.b']", "letters"),
        ({"notNull": len}, "checks.notNull", "a check of ours"),
        ({"mine": "yes"}, "checks.mine", "callable"),
    ],
)
def test_a_check_has_a_name_of_its_own_and_can_be_called(checks: Any, path: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Gateway({"provider": "mock"}, checks=checks)
    assert caught.value.path == path and words in caught.value.message
