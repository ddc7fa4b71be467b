"""What platforms, gateways and local servers need beyond a row's words: addresses, keys, parts of content."""

from __future__ import annotations

from typing import Any

import pytest
from machine import target

from gatewaymw.core.dialects import databricks
from gatewaymw.core.endpoints import CHAT, COMPLETE, MODELS
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.model import Context, Keys
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.values import Request

Json = dict[str, Any]
CONTEXT = Context(provider="databricks")


# ── addresses ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("openai.gpt-oss-120b", "/v1/chat/completions"),
        ("openai.gpt-5.6-luna", "/openai/v1/chat/completions"),
        ("google.gemma-4-31b", "/openai/v1/chat/completions"),
        ("google.gemma-3-12b-it", "/v1/chat/completions"),
        ("", "/v1/chat/completions"),
    ],
)
def test_bedrocks_models_are_at_one_of_two_paths(model: str, path: str) -> None:
    where = PROVIDERS["bedrock-mantle"].routes[CHAT].path
    assert callable(where) and where(Context(provider="bedrock-mantle", model=model)) == path
    assert PROVIDERS["bedrock-mantle"].routes[MODELS].path == "/v1/models"


@pytest.mark.parametrize(
    ("options", "base"),
    [
        ({}, "https://router.huggingface.co/v1"),
        (
            {"huggingface_base_url": "https://x.endpoints.huggingface.cloud"},
            "https://x.endpoints.huggingface.cloud/v1",
        ),
        (
            {"huggingface_base_url": "https://router.huggingface.co/together/v1"},
            "https://router.huggingface.co/together/v1",
        ),
    ],
)
def test_a_dedicated_endpoint_stands_in_place_of_the_router(options: dict[str, str], base: str) -> None:
    made = target(provider=PROVIDERS["huggingface"], options=options)
    assert (made.base, made.missing) == (base, ())
    assert (
        target(provider=PROVIDERS["huggingface"], options=options, base_url="https://own").base
        == "https://own"
    )


def test_local_servers_need_no_key_and_listen_here() -> None:
    local = {name for name, each in PROVIDERS.items() if each.base_url.startswith("http://")}
    assert {"ollama", "vllm", "lm-studio", "llama-cpp", "text-generation-inference", "litellm"} <= local
    assert not any(PROVIDERS[name].needs_key for name in local)
    assert all(PROVIDERS[name].doc.startswith("https://") for name in local)


# ── keys ─────────────────────────────────────────────────────────────────


def test_a_gateways_token_is_not_the_key_of_whom_it_asks() -> None:
    request = Request("POST", "https://gateway.ai.cloudflare.com", {}, b"")
    keys = Keys("sk-openai", {"cloudflare_aig_token": "cf-1", "cloudflare_account_id": "a"})
    assert PROVIDERS["cloudflare"].auth(request, keys).headers == {
        "authorization": "Bearer sk-openai",
        "cf-aig-authorization": "Bearer cf-1",
    }


def test_options_of_gateways_travel_as_their_headers() -> None:
    made = target(
        provider=PROVIDERS["portkey"], options={"portkey_provider": "@ours", "portkey_config": "pc-1"}
    )
    assert made.headers == {"x-portkey-provider": "@ours", "x-portkey-config": "pc-1"}
    made = target(provider=PROVIDERS["friendli"], options={"friendli_team": "t"})
    assert made.headers == {"x-friendli-team": "t"}


# ── databricks' parts ────────────────────────────────────────────────────

THOUGHT = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}, {"text": "b"}, {}]}
TEXTS = [{"type": "text", "text": "c"}, {"type": "text"}, {"type": "image"}, {"type": "text", "text": "d"}]


def answer(*contents: Any, where: str = "message") -> Json:
    turns: list[Json] = [{} if content is ... else {where: {"content": content}} for content in contents]
    return {
        "choices": [{"index": index, "finish_reason": "stop", **turn} for index, turn in enumerate(turns)]
    }


def told(body: Json) -> Json:
    assert databricks.CHAT.response
    return databricks.CHAT.response(body, CONTEXT)


def test_parts_become_a_text_and_thoughts() -> None:
    body = answer([THOUGHT, *TEXTS], "plain", ..., [{"type": "reasoning"}])
    choices = told(body)["choices"]
    assert choices[0]["message"] == {"content": "cd", "reasoning_content": "ab"}
    assert choices[1:3] == body["choices"][1:3]
    assert choices[3]["message"] == {"content": ""}


@pytest.mark.parametrize("body", [answer("plain"), answer(None), answer(...), {"choices": []}, {"id": "x"}])
def test_what_has_no_parts_is_not_touched(body: Json) -> None:
    assert told(body) is body


def test_a_stream_of_parts_ends_with_its_reason() -> None:
    stream = databricks.CHAT.stream
    assert stream
    first = {"choices": [{"index": 0, "delta": {"content": [THOUGHT]}, "finish_reason": None}]}
    state, chunks = stream.step(stream.start, first, CONTEXT)
    assert chunks[0]["choices"][0]["delta"] == {"content": "", "reasoning_content": "ab"}
    assert not stream.ended(state)
    state, _ = stream.step(state, answer("c", where="delta"), CONTEXT)
    assert stream.ended(state)
    with pytest.raises(UpstreamError, match="no capacity"):
        stream.step(state, {"error": {"message": "no capacity"}}, CONTEXT)


@pytest.mark.parametrize("wanted", [True, False])
def test_of_counts_that_grow_only_the_last_are_told(wanted: bool) -> None:
    stream, context = databricks.CHAT.stream, Context(provider="databricks", include_usage=wanted)
    assert stream
    counts = [{"prompt_tokens": 14, "completion_tokens": n, "total_tokens": 14 + n} for n in (3, 9)]
    events = [
        {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}], "usage": counts[0]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": counts[1]},
    ]
    state, told = stream.start, []
    for event in events:
        state, chunks = stream.step(state, event, context)
        told += chunks
    assert [chunk["usage"] for chunk in told if chunk.get("usage")] == [counts[1]]
    assert (told[-1]["choices"] == []) is wanted


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error_code": "BAD_REQUEST", "message": "too long"}, "BAD_REQUEST", "too long"),
        ({"message": "too long"}, None, "too long"),
        ("too long", None, "too long"),
    ],
)
def test_databricks_errors_have_a_code(body: Any, code: str | None, message: str) -> None:
    route = PROVIDERS["databricks"].routes[COMPLETE]
    assert route.codec.error is databricks.error
    error = databricks.error(body, 400, CONTEXT)["error"]
    assert (error["code"], error["message"]) == (code, message)
