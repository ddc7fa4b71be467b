"""Recorded answers of the headline providers, read by OpenAI's SDK at its strictest, over real sockets.

What is asked is the same for all; what must be read is what the provider's own SDK reads in the recording.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from struct import unpack
from typing import Any

import pytest
from sites import SERVERS, Site, opened

import openai_client
import recorded
from cells import CHAT, EMBED, IMAGE, STREAM, place
from upstream import chunked, whole

HELLO: Any = [{"role": "user", "content": "Hello"}]
CHATS = {  # provider → the recordings' own names for it and its endpoints, and a model
    "openai": ("openai", ("chat_completions",), "gpt-4o"),
    "anthropic": ("anthropic", ("messages",), "claude-sonnet-4-5"),
    "azure-openai": ("azure", ("chat_completions",), "gpt-4o"),
    "azure-ai": ("azure", ("chat_completions",), "grok-4"),
    "bedrock": ("bedrock", ("converse", "converse_stream"), "anthropic.claude-3-5-sonnet-20240620-v1:0"),
    "google": ("gemini", ("generateContent", "streamGenerateContent"), "gemini-2.5-flash"),
    "vertex-ai": ("vertex", ("generateContent", "streamGenerateContent"), "gemini-2.5-flash"),
    "cohere": ("cohere", ("v2_chat",), "command-a-03-2025"),
}
OWN = "a tool of the provider's own was called, which is none of the client's"
JOINED = "several answers, one after the other, stored as one stream"
LEFT_OUT = {
    "anthropic__messages__stream__anthropic-tool-search-bm25-1-chunks-txt-0": JOINED,
    "anthropic__messages__stream__anthropic-tool-search-deferred-regex-chunks-txt-0": JOINED,
    "bedrock__converse__json__chat-web-search-with-bedrock-amazon-nova-2-lite-v1-0-grounds-0": OWN,
    "bedrock__converse__json__test-bedrock-model-with-code-execution-tool-1": OWN,
    "bedrock__converse_stream__stream__test-bedrock-model-code-execution-tool-stream-0": OWN,
    "cohere__v2_chat__stream__test-sql-agent-1": "ends with an error, on which the SDK raises",
}
"""Recordings of which the SDK is to read something else, and why."""


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    with opened(SERVERS["asgi"]) as site:
        yield site


@pytest.fixture
def site(server: Site) -> Site:
    return server.cleared()


def rows() -> list[Any]:
    found = [
        pytest.param(provider, row, id=f"{provider}-{row['name']}")
        for provider, (theirs, endpoints, _) in CHATS.items()
        for endpoint in endpoints
        for row in recorded.expected(theirs, endpoint)
        if row["status"] == 200 and row["name"] not in LEFT_OUT
    ]
    skip = pytest.mark.skip(reason=recorded.ABSENT)
    return found or [pytest.param("", {}, marks=skip, id="absent")]


@pytest.mark.parametrize(("provider", "row"), rows())
def test_a_recorded_chat(provider: str, row: dict[str, Any], site: Site) -> None:
    case, model, streamed = recorded.case(row), CHATS[provider][2], row["stream"]
    where = place(provider, STREAM if streamed else CHAT, model).partition("?")[0]
    kind = case["response"]["headers"].get("content-type", "text/event-stream")
    script = chunked(recorded.pieces(case), kind=kind) if streamed else whole(recorded.frames(case))
    site.upstream.script(where, script)
    asked: Any = {"model": model, "messages": HELLO, "max_tokens": 9}
    chats = site.sdk(provider).chat.completions
    if streamed:
        stream = chats.create(**asked, stream=True, stream_options={"include_usage": True})
        got = openai_client.read([first(each) for each in stream], "delta")
    else:
        got = openai_client.read([first(chats.create(**asked))], "message")
    want = recorded.expectation(row["name"])
    assert want is not None
    assert recorded.same_text(want["text"], got.text)
    assert got.calls == want["tool_calls"]
    assert got.finish
    if used := got.usage:
        assert used["total_tokens"] == used["prompt_tokens"] + used["completion_tokens"]


def first(answer: Any) -> dict[str, Any]:
    """An answer, or a chunk of one, without the choices beside the first."""
    body: dict[str, Any] = answer.model_dump()
    return {**body, "choices": [each for each in body["choices"] if each["index"] == 0]}


# ── vectors and images ───────────────────────────────────────────────────

VECTORS = {
    "openai": ("openai", ("embeddings",), "text-embedding-3-small"),
    "azure-openai": ("azure", ("embeddings",), "text-embedding-ada-002"),
    "azure-ai": ("azure", ("embeddings",), "Cohere-embed-v3-english"),
    "google": ("gemini", ("batchEmbedContents",), "gemini-embedding-001"),
    "vertex-ai": ("vertex", ("predict",), "text-embedding-004"),
    "cohere": ("cohere", ("v2_embed",), "embed-v4.0"),
}
IMAGES = {"openai": ("openai", ("images_generations",), "gpt-image-1")}


def answers(table: Any) -> list[Any]:
    found = [
        pytest.param(provider, model, row, id=f"{provider}-{row['name']}")
        for provider, (theirs, endpoints, model) in table.items()
        for endpoint in endpoints
        for row in recorded.cases(theirs, endpoint)
        if row["status"] == 200
    ]
    skip = pytest.mark.skip(reason=recorded.ABSENT)
    return found or [pytest.param("", "", {}, marks=skip, id="absent")]


def vectors(body: Any) -> list[list[float]]:
    """The vectors in a recording, wherever they are: numbers, or 32-bit floats in base64."""
    if isinstance(body, list) and body and all(isinstance(each, float) for each in body):
        return [body]
    if isinstance(body, dict) and isinstance(packed := body.get("embedding"), str):
        raw = b64decode(packed)
        return [list(unpack(f"<{len(raw) // 4}f", raw))]
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return [found for each in inner for found in vectors(each)]


@pytest.mark.parametrize(("provider", "model", "row"), answers(VECTORS))
def test_recorded_vectors(provider: str, model: str, row: dict[str, Any], site: Site) -> None:
    """The SDK asks for base64 by itself, and makes floats of it; its types know the floats only."""
    body = recorded.body(recorded.case(row))
    site.upstream.script(place(provider, EMBED, model).partition("?")[0], whole(body))
    lenient = site.sdk(provider).with_options(_extra_kwargs={"_strict_response_validation": False})
    answer = lenient.embeddings.create(model=model, input=["Hello"])
    want = vectors(body)
    assert want and len(answer.data) == len(want)
    for row_of_answer, vector in zip(answer.data, want, strict=True):
        assert row_of_answer.embedding == pytest.approx(vector, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("provider", "model", "row"), answers(IMAGES))
def test_recorded_images(provider: str, model: str, row: dict[str, Any], site: Site) -> None:
    body = recorded.body(recorded.case(row))
    site.upstream.script(place(provider, IMAGE, model).partition("?")[0], whole(body))
    answer = site.sdk(provider).images.generate(model=model, prompt="A cat")
    assert answer.data
    assert [each.model_dump(exclude_unset=True) for each in answer.data] == body["data"]
