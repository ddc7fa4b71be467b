"""OpenAI's official SDK before the gateway, over real sockets: all endpoints, all errors, broken streams."""

from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pydantic
import pytest
from openai import OpenAI

from servers import serving
from upstream import Script, Upstream, chunked, listening, whole

HELLO: Any = [{"role": "user", "content": "Hello there"}]
SERVERS = {
    "asgi": ("uvicorn", "host:asgi", "--port", "0"),
    "wsgi": (
        "gunicorn",
        "host:wsgi",
        "-b",
        "127.0.0.1:0",
        "--no-control-socket",
        "-k",
        "gthread",
        "--threads",
        "4",
    ),
}
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture(scope="module", params=SERVERS)
def site(request: pytest.FixtureRequest) -> Iterator[tuple[str, Upstream]]:
    """A server, and the upstream that callers of it may name."""
    with listening() as upstream:
        env = {"HOST_CONFIG": json.dumps(config(upstream.url))}
        with serving(SERVERS[request.param], env, Path(__file__).parent) as url:
            yield url, upstream


def config(url: str) -> dict[str, Any]:
    """The mock, unless the metadata name a plan of their own."""

    def at(place: str, provider: str = "openai", **more: Any) -> dict[str, Any]:
        return {"provider": provider, "api_key": f"sk-{place}", "custom_host": f"{url}/{place}", **more}

    retry: Any = {"retry": {"attempts": 2, "base": 1, "cap": 1}}
    targets = [
        {"provider": "mock", "name": "mock"},
        at("openai", name="openai"),
        at("claude", "anthropic", name="claude"),
        {
            "name": "twice",
            "strategy": {"mode": "fallback"},
            "targets": [at("claude", "anthropic", **retry), at("openai", **retry)],
        },
    ]
    names = ("openai", "claude", "twice")
    conditions = [{"query": {"metadata.plan": name}, "then": name} for name in names]
    return {
        "strategy": {"mode": "conditional", "conditions": conditions, "default": "mock"},
        "targets": targets,
    }


@pytest.fixture(scope="module")
def client(site: tuple[str, Upstream]) -> Iterator[OpenAI]:
    """The SDK as strict as it can be."""
    with OpenAI(
        base_url=f"{site[0]}/v1", api_key="unused", max_retries=0, _strict_response_validation=True
    ) as made:
        yield made


@pytest.fixture
def sdk(client: OpenAI, site: tuple[str, Upstream]) -> OpenAI:
    """The SDK, and an upstream that has seen nothing yet."""
    _, upstream = site
    upstream.seen.clear()
    upstream.scripts.clear()
    return client


def lenient(sdk: OpenAI) -> OpenAI:
    """Where the SDK's own types are stricter than the API: packed vectors, chunks without a reason."""
    return sdk.with_options(_extra_kwargs={"_strict_response_validation": False})


def plan(sdk: OpenAI, name: str, **more: Any) -> OpenAI:
    return sdk.with_options(default_headers={"x-gateway-metadata": json.dumps({"plan": name})}, **more)


# ── every endpoint of the mock ───────────────────────────────────────────


def test_chat(sdk: OpenAI) -> None:
    answer = sdk.chat.completions.create(model="mock-echo", messages=HELLO)
    assert answer.choices[0].message.content == "You said: Hello there"


def test_chat_in_a_stream(sdk: OpenAI) -> None:
    stream = sdk.chat.completions.create(
        model="mock-echo", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    words = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert (len(words) > 1, "".join(words)) == (True, "You said: Hello there")
    assert chunks[-1].usage and chunks[-1].usage.total_tokens


def test_chat_with_tools(sdk: OpenAI) -> None:
    with sdk.chat.completions.stream(model="mock-tool", messages=HELLO, tools=[WEATHER]) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.tool_calls
    assert json.loads(message.tool_calls[0].function.arguments).keys() == {"city"}


class City(pydantic.BaseModel):
    name: str
    people: int


def test_chat_by_a_schema(sdk: OpenAI) -> None:
    answer = sdk.chat.completions.parse(model="mock-echo", messages=HELLO, response_format=City)
    assert isinstance(answer.choices[0].message.parsed, City)


def test_completions(sdk: OpenAI) -> None:
    assert sdk.completions.create(model="mock-echo", prompt="Hi").choices[0].text == "You said: Hi"
    stream = lenient(sdk).completions.create(model="mock-echo", prompt="Hi", stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream) == "You said: Hi"


def test_embeddings(sdk: OpenAI) -> None:
    plainly = sdk.embeddings.create(model="mock-echo", input=["a", "b"], encoding_format="float")
    packed = lenient(sdk).embeddings.create(model="mock-echo", input=["a", "b"])
    assert [len(row.embedding) for row in plainly.data] == [len(row.embedding) for row in packed.data]
    assert plainly.data[0].embedding == pytest.approx(packed.data[0].embedding, abs=1e-6)


def test_images(sdk: OpenAI) -> None:
    answer = sdk.images.generate(model="mock-echo", prompt="a cat", response_format="b64_json")
    assert answer.data and answer.data[0].b64_json
    png = base64.b64decode(answer.data[0].b64_json)
    assert png.startswith(b"\x89PNG")
    edited = sdk.images.edit(model="mock-echo", image=("a.png", png, "image/png"), prompt="a dog")
    assert edited.data
    with pytest.deprecated_call():
        varied = sdk.images.create_variation(model="mock-echo", image=("a.png", png, "image/png"))
    assert varied.data


def test_speech(sdk: OpenAI) -> None:
    answer = sdk.audio.speech.create(model="mock-echo", input="Hi", voice="alloy", response_format="wav")
    assert answer.content.startswith(b"RIFF")
    assert struct.unpack("<I", answer.content[4:8])[0] == len(answer.content) - 8
    with sdk.audio.speech.with_streaming_response.create(
        model="mock-echo", input="Hi", voice="alloy"
    ) as live:
        assert b"".join(live.iter_bytes())


def test_transcription(sdk: OpenAI) -> None:
    def sound() -> io.BytesIO:
        file = io.BytesIO(b"RIFF" + bytes(100_000))
        file.name = "call.wav"
        return file

    assert "call.wav" in sdk.audio.transcriptions.create(model="mock-echo", file=sound()).text
    told = sdk.audio.transcriptions.create(model="mock-echo", file=sound(), response_format="verbose_json")
    assert "call.wav" in told.text
    with pytest.deprecated_call():
        translated = sdk.audio.translations.create(model="mock-echo", file=sound())
    assert "call.wav" in translated.text


def test_moderations(sdk: OpenAI) -> None:
    answer = sdk.moderations.create(model="mock-echo", input=["fine", "mock-flag"])
    assert [result.flagged for result in answer.results] == [False, True]


def test_models(sdk: OpenAI) -> None:
    models = list(sdk.models.list())
    assert models
    assert sdk.models.retrieve(models[0].id).id == models[0].id


# ── errors ───────────────────────────────────────────────────────────────

RAISED = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    408: openai.APIStatusError,
    409: openai.ConflictError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    529: openai.InternalServerError,
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", RAISED)
def test_an_error_is_the_sdks_own(sdk: OpenAI, status: int, stream: bool) -> None:
    model = f"mock-status-{status}"
    with pytest.raises(RAISED[status]) as caught:
        sdk.chat.completions.create(model=model, messages=HELLO, stream=stream)
    assert isinstance(caught.value, openai.APIStatusError)
    assert caught.value.status_code == status
    assert f"the mock answers {status}" in caught.value.message
    assert caught.value.code == f"mock_{status}"


def test_a_refusal_is_the_sdks_own(sdk: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.chat.completions.create(model="mock-echo", messages=openai.omit)  # type: ignore[call-overload]
    assert caught.value.param == "messages"


def test_sdk_and_gateway_do_not_multiply_their_tries(sdk: OpenAI, site: tuple[str, Upstream]) -> None:
    _, upstream = site
    for path in ("/claude/messages", "/openai/chat/completions"):
        upstream.script(path, whole({"error": {"message": "no"}}, 500))
    with pytest.raises(openai.InternalServerError) as caught:
        plan(sdk, "twice", max_retries=2).chat.completions.create(model="m", max_tokens=9, messages=HELLO)
    assert [seen.target.split("/")[1] for seen in upstream.seen] == ["claude"] * 3 + ["openai"] * 3
    assert caught.value.response.headers["x-should-retry"] == "false"


# ── streams that break ───────────────────────────────────────────────────


def openai_event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    row = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [row]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def anthropic_event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def say(text: str) -> bytes:
    return anthropic_event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


MESSAGE = {"id": "m1", "type": "message", "model": "claude", "usage": {"input_tokens": 1, "output_tokens": 1}}
CLAUDE = [
    anthropic_event("message_start", message=MESSAGE),
    anthropic_event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    say("one"),
    say(" two"),
    say(" three"),
]
GPT = [
    openai_event({"role": "assistant", "content": ""}),
    openai_event({"content": "one"}),
    openai_event({"content": " two"}),
    openai_event({"content": " three"}),
]
OVERLOADED = anthropic_event("error", error={"type": "overloaded_error", "message": "Overloaded"})


def streamed(sdk: OpenAI, name: str, heard: list[str]) -> None:
    """Read a stream, to its end or to where the SDK raises."""
    client = plan(sdk, name)
    for chunk in client.chat.completions.create(model="m", max_tokens=9, messages=HELLO, stream=True):
        heard += [choice.delta.content for choice in chunk.choices if choice.delta.content]


def test_an_error_before_the_first_word_is_never_seen(sdk: OpenAI, site: tuple[str, Upstream]) -> None:
    _, upstream = site
    upstream.script("/claude/messages", chunked([CLAUDE[0], OVERLOADED]))
    well = [*GPT, openai_event({}, "stop"), b"data: [DONE]\n\n"]
    upstream.script("/openai/chat/completions", chunked(well))
    heard: list[str] = []
    streamed(sdk, "twice", heard)
    assert heard == ["one", " two", " three"]
    assert upstream.seen[-1].target == "/openai/chat/completions"


@pytest.mark.parametrize(
    ("name", "path", "events"),
    [("claude", "/claude/messages", CLAUDE), ("openai", "/openai/chat/completions", GPT)],
)
@pytest.mark.parametrize("ending", ["close", "reset", "end", "error", "nonsense"])
def test_a_stream_that_breaks_after_its_third_word_raises(
    sdk: OpenAI, site: tuple[str, Upstream], name: str, path: str, events: list[bytes], ending: Any
) -> None:
    _, upstream = site
    upstream.script(path, broken(events, ending, name))
    heard: list[str] = []
    with pytest.raises(openai.APIError):
        streamed(sdk, name, heard)
    assert heard == ["one", " two", " three"]


def broken(events: list[bytes], ending: Any, name: str) -> Script:
    if ending == "nonsense":
        return chunked([*events, 0.5, b"data: {nonsense}\n\n"])
    if ending == "error":
        fault = {"claude": OVERLOADED, "openai": b'data: {"error":{"message":"Overloaded"}}\n\n'}
        return chunked([*events, 0.5, fault[name]])
    return chunked(events, ending)
