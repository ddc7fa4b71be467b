"""Where Google's models are, and in whose dialect each is spoken to: the Gemini API and Vertex AI."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from machine import call, ok, opened, world

from gatewaymw.core import json
from gatewaymw.core.endpoints import (
    CHAT,
    EMBED,
    IMAGE,
    IMAGE_EDIT,
    MODEL,
    MODELS,
    SPEECH,
    TRANSCRIBE,
    Endpoint,
)
from gatewaymw.core.plan import Target
from gatewaymw.core.providers.google import GOOGLE
from gatewaymw.core.providers.vertex import VERTEX, Model, model_of
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.routing.reply import Live
from gatewaymw.core.values import Answer, Call, Part, Request

OPTIONS = {"vertex_project_id": "proj", "vertex_region": "us-east5"}
STUDIO = Target(path="config", provider=GOOGLE)
CLOUD = Target(path="config", provider=VERTEX, options=OPTIONS)
BASE = "https://us-east5-aiplatform.googleapis.com/v1/projects/proj/locations/us-east5"


def asked(model: str, endpoint: Endpoint = CHAT, **params: Any) -> Call:
    given = {
        CHAT: {"messages": [{"role": "user", "content": "Hi"}]},
        EMBED: {"input": "Hi"},
        IMAGE: {"prompt": "Hi"},
        SPEECH: {"input": "Hi", "voice": "Kore"},
        MODEL: {},
        MODELS: {},
    }
    return call({"model": model, **given[endpoint], **params}, endpoint=endpoint)


def sent(
    target: Target, model: str, endpoint: Endpoint = CHAT, **params: Any
) -> tuple[Request, dict[str, Any]]:
    """The request that is sent, and its body."""
    here = world(ok())
    reply = here.run(attempt(target, asked(model, endpoint, **params), here.env()))
    assert here.sent, reply.body
    request = here.sent[0].request
    return request, json.loads(request.body)


def url(target: Target, model: str, endpoint: Endpoint = CHAT, **params: Any) -> str:
    return sent(target, model, endpoint, **params)[0].url


def answered(target: Target, model: str, body: Any, status: int = 200) -> dict[str, Any]:
    here = world(ok(json.dumps(body)) if status == 200 else failure(status, body))
    reply = here.run(attempt(target, asked(model), here.env()))
    made: dict[str, Any] = json.loads(reply.body)
    return made


def failure(status: int, body: Any) -> Any:
    return Answer(status, {"content-type": "application/json"}, json.dumps(body))


# ── the Gemini API ───────────────────────────────────────────────────────

V1BETA = "https://generativelanguage.googleapis.com/v1beta"


def test_the_key_is_in_a_header_and_never_in_the_address() -> None:
    request, body = sent(STUDIO, "gemini-2.5-flash")
    assert request.url == f"{V1BETA}/models/gemini-2.5-flash:generateContent"
    assert request.headers["x-goog-api-key"] == "sk-caller-key"
    assert "authorization" not in request.headers
    assert body == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


@pytest.mark.parametrize(
    ("model", "endpoint", "params", "path"),
    [
        ("g", CHAT, {"stream": True}, "/models/g:streamGenerateContent?alt=sse"),
        ("models/g", CHAT, {}, "/models/g:generateContent"),
        ("tunedModels/g", CHAT, {}, "/tunedModels/g:generateContent"),
        ("other/g", CHAT, {}, "/models/other%2Fg:generateContent"),
        ("models/../../x?y", CHAT, {}, "/models/..%2F..%2Fx%3Fy:generateContent"),
        ("e", EMBED, {}, "/models/e:embedContent"),
        ("e", EMBED, {"input": ["Hi"]}, "/models/e:batchEmbedContents"),
        ("gemini-2.5-flash-image", IMAGE, {}, "/models/gemini-2.5-flash-image:generateContent"),
        ("models/imagen-4.0-generate-001", IMAGE, {}, "/models/imagen-4.0-generate-001:predict"),
        ("g-tts", SPEECH, {}, "/models/g-tts:generateContent"),
        ("g", MODEL, {}, "/models/g"),
        ("tunedModels/g", MODEL, {}, "/tunedModels/g"),
        ("", MODELS, {}, "/models?pageSize=1000"),
    ],
)
def test_addresses(model: str, endpoint: Endpoint, params: dict[str, Any], path: str) -> None:
    assert url(STUDIO, model, endpoint, **params) == V1BETA + path


FORMS = [
    (IMAGE_EDIT, "gemini-2.5-flash-image", Part("image", b"\x89PNG", "a.png")),
    (TRANSCRIBE, "gemini-3.5-transcribe", Part("file", b"RIFF", "a.wav")),
]


@pytest.mark.parametrize(("endpoint", "model", "file"), FORMS, ids=lambda value: getattr(value, "name", ""))
def test_forms_become_contents(endpoint: Endpoint, model: str, file: Part) -> None:
    fields = {"model": model, "prompt": "Hi"}
    parts = (*(Part(name, value.encode()) for name, value in fields.items()), file)
    for leaf, base in ((STUDIO, V1BETA), (CLOUD, f"{BASE}/publishers/google")):
        here = world(ok())
        here.run(attempt(leaf, call(fields, endpoint=endpoint, parts=parts), here.env()))
        request = here.sent[0].request
        assert request.url == f"{base}/models/{model}:generateContent"
        assert request.headers["content-type"] == "application/json"
        assert b"inlineData" in request.body


def test_vertex_speaks_too() -> None:
    request, body = sent(CLOUD, "gemini-3.8-flash-tts", SPEECH)
    assert request.url == f"{BASE}/publishers/google/models/gemini-3.8-flash-tts:generateContent"
    assert body["generationConfig"]["responseFormat"] == [{"audio": {"mimeType": "AUDIO_MP3"}}]


def test_a_host_that_does_not_heed_what_is_asked_and_streams_an_array_is_understood() -> None:
    event = {"candidates": [{"content": {"parts": [{"text": "Hello"}]}, "finishReason": "STOP", "index": 0}]}
    body = b"[" + json.dumps(event) + b"\n]"
    here = world(opened(kind="application/json; charset=UTF-8"), reads={1: [body[:30], body[30:]]})
    reply = here.run(attempt(STUDIO, asked("gemini-2.5-flash", stream=True), here.env()))
    assert isinstance(reply, Live) and b'"content":"Hello"' in reply.body


# ── Vertex AI ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
    ],
)
def test_each_region_has_its_host(region: str, host: str) -> None:
    target = Target(path="config", provider=VERTEX, options={**OPTIONS, "vertex_region": region})
    place = f"projects/proj/locations/{region}/publishers/google/models/g:generateContent"
    assert url(target, "g") == f"https://{host}/v1/{place}"


def test_another_host_is_asked_in_the_same_way() -> None:
    target = Target(path="config", provider=VERTEX, options=OPTIONS, base_url="https://x.example/v1/")
    assert url(target, "g").startswith("https://x.example/v1/projects/proj/locations/us-east5/publishers/")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("gemini-2.5-flash", Model("google", "gemini-2.5-flash")),
        ("google.gemini-2.5-flash", Model("google", "gemini-2.5-flash")),
        ("google/gemini-2.5-flash", Model("google", "gemini-2.5-flash")),
        ("publishers/google/models/gemini-3", Model("google", "gemini-3")),
        ("anthropic.claude-3-5-sonnet@20240620", Model("anthropic", "claude-3-5-sonnet@20240620")),
        ("claude-opus-4-5@20251101", Model("anthropic", "claude-opus-4-5@20251101")),
        ("mistralai.mistral-large-2411@001", Model("mistralai", "mistral-large-2411@001")),
        ("codestral-2501", Model("mistralai", "codestral-2501")),
        ("meta.llama-3.3-70b-instruct-maas", Model("meta", "llama-3.3-70b-instruct-maas")),
        ("llama-4-scout", Model("meta", "llama-4-scout")),
        ("deepseek-ai/deepseek-v3.1-maas", Model("deepseek-ai", "deepseek-v3.1-maas")),
        ("endpoints.12345", Model("endpoints", "12345")),
        ("endpoints/..", Model("google", "endpoints/..")),
        ("../x", Model("google", "../x")),
    ],
)
def test_whose_a_model_is(name: str, model: Model) -> None:
    assert model_of(name) == model


def test_no_name_leads_out_of_its_place() -> None:
    assert url(CLOUD, "../../x?y") == f"{BASE}/publishers/google/models/..%2F..%2Fx%3Fy:generateContent"
    assert url(CLOUD, "endpoints/..").startswith(f"{BASE}/publishers/google/")


def test_gemini_is_spoken_to_as_elsewhere_but_with_a_token() -> None:
    request, body = sent(CLOUD, "google.gemini-2.5-flash", stream=True)
    assert request.url == f"{BASE}/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert request.headers["authorization"] == "Bearer sk-caller-key"
    assert body["contents"] == [{"role": "user", "parts": [{"text": "Hi"}]}]


def test_how_a_request_is_paid_for_is_said_by_the_callers_header() -> None:
    header = "x-vertex-ai-llm-shared-request-type"
    for target, sent_on in ((CLOUD, "priority"), (STUDIO, None)):
        here = world(ok())
        asking = replace(asked("gemini-2.5-flash"), headers={header: "priority"})
        here.run(attempt(target, asking, here.env()))
        assert here.sent[0].request.headers.get(header) == sent_on


def test_claude_is_spoken_to_as_anthropic_without_its_model() -> None:
    request, body = sent(CLOUD, "anthropic.claude-sonnet-4-5@20250929", stream=True, max_tokens=5, seed=1)
    assert request.url == f"{BASE}/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict"
    assert body == {
        "anthropic_version": "vertex-2023-10-16",
        "max_tokens": 5,
        "stream": True,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    }
    target = Target(path="config", provider=VERTEX, options={**OPTIONS, "anthropic_version": "vertex-2030"})
    request, body = sent(target, "claude-opus-4-1", max_tokens=5)
    assert (request.url.rpartition(":")[2], body["anthropic_version"]) == ("rawPredict", "vertex-2030")


def test_mistral_is_spoken_to_as_mistral() -> None:
    request, body = sent(CLOUD, "mistralai.mistral-small-2503", seed=1, max_completion_tokens=5)
    assert request.url == f"{BASE}/publishers/mistralai/models/mistral-small-2503:rawPredict"
    assert {"model": "mistral-small-2503", "random_seed": 1, "max_tokens": 5}.items() <= body.items()


def test_open_models_are_spoken_to_as_openai() -> None:
    request, body = sent(CLOUD, "meta.llama-3.3-70b-instruct-maas", tools=[], stream=True)
    assert request.url == f"{BASE}/endpoints/openapi/chat/completions"
    assert (body["model"], body["stream"]) == ("meta/llama-3.3-70b-instruct-maas", True)
    request, body = sent(CLOUD, "endpoints.123")
    assert (request.url, body["model"]) == (f"{BASE}/endpoints/123/chat/completions", "123")


@pytest.mark.parametrize(
    ("model", "endpoint", "params", "path"),
    [
        ("text-embedding-005", EMBED, {}, "text-embedding-005:predict"),
        ("gemini-embedding-001", EMBED, {}, "gemini-embedding-001:embedContent"),
        ("multimodalembedding@001", EMBED, {}, "multimodalembedding@001:predict"),
        ("gemini-embedding-2", EMBED, {}, "gemini-embedding-2:embedContent"),
        ("gemini-embedding-2", EMBED, {"input": ["Hi"]}, "gemini-embedding-2:batchEmbedContents"),
        ("imagen-4.0-generate-001", IMAGE, {}, "imagen-4.0-generate-001:predict"),
        ("gemini-3-pro-image", IMAGE, {}, "gemini-3-pro-image:generateContent"),
    ],
)
def test_vectors_and_images_have_their_places(
    model: str, endpoint: Endpoint, params: dict[str, Any], path: str
) -> None:
    assert url(CLOUD, model, endpoint, **params) == f"{BASE}/publishers/google/models/{path}"


def test_the_model_of_the_overrides_decides() -> None:
    target = Target(path="config", provider=VERTEX, options=OPTIONS, overrides={"model": "claude-opus-4-1"})
    assert "/publishers/anthropic/" in url(target, "gemini-2.5-flash", max_tokens=5)


@pytest.mark.parametrize("target", [STUDIO, CLOUD], ids=["google", "vertex-ai"])
def test_without_a_key_it_is_said_what_to_give(target: Target) -> None:
    here = world()
    reply = here.run(attempt(target, replace(asked("g"), key=None), here.env()))
    assert (reply.status, here.sent) == (401, [])
    assert target.provider.name in json.loads(reply.body)["error"]["message"]


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_what_vertex_cannot_be_called_without_is_named(name: str) -> None:
    given = {option: value for option, value in OPTIONS.items() if option != name}
    here = world()
    target = Target(path="config", provider=VERTEX, options=given)
    reply = here.run(attempt(target, asked("g"), here.env()))
    assert (reply.status, json.loads(reply.body)["error"]["param"]) == (400, name)


def test_errors_are_read_in_either_dialect() -> None:
    theirs = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow."}}
    googles = [{"error": {"code": 404, "message": "Gone.", "status": "NOT_FOUND"}}]
    for model in ("claude-opus-4-1", "meta/llama", "mistral-x"):
        assert answered(CLOUD, model, theirs, 429)["error"]["message"] == "Slow."
        assert answered(CLOUD, model, googles, 404)["error"]["code"] == "NOT_FOUND"


def test_answers_of_open_models_and_of_mistral_are_openais() -> None:
    body = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    }
    assert answered(CLOUD, "meta/llama", body) == body
    assert answered(CLOUD, "mistral-x", body) == body
