"""The rows of those who speak OpenAI's dialect: what is sent to them, and what is read from them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from reading import Reading, read

import recorded
from gatewaymw.core.auth.keys import none
from gatewaymw.core.dialects.cousins import Delta, adapted
from gatewaymw.core.endpoints import CHAT, COMPLETE, EMBED, MODELS, TRANSCRIBE
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.framing.sse import SSE
from gatewaymw.core.model import IDENTITY, Codec, Context, Encoded, decode_json
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.providers.compatible import compatible

RECORDED = {
    "openai": "openai",
    "groq": "groq",
    "deepseek": "deepseek",
    "together": "together-ai",
    "mistral": "mistral-ai",
    "xai": "x-ai",
    "openrouter": "openrouter",
    "ollama": "ollama",
    "perplexity": "perplexity-ai",
    "moonshot": "moonshot",
    "zai": "z-ai",
    "alibaba": "dashscope",
    "avian": "avian",
    "crusoe": "crusoe",
    "gpustack": "gpustack",
    "huggingface": "huggingface",
    "vercel_gateway": "vercel",
}
ADDRESSES = {
    "groq": "https://api.groq.com/openai/v1/chat/completions",
    "deepseek": "https://api.deepseek.com/chat/completions",
    "together-ai": "https://api.together.ai/v1/chat/completions",
    "mistral-ai": "https://api.mistral.ai/v1/chat/completions",
    "x-ai": "https://api.x.ai/v1/chat/completions",
    "openrouter": "https://openrouter.ai/api/v1/chat/completions",
    "ollama": "http://localhost:11434/v1/chat/completions",
}
MESSAGES = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hi", "name": "ann"}]
BODY = {
    "model": "m",
    "messages": MESSAGES,
    "max_completion_tokens": 9,
    "seed": 3,
    "logit_bias": {"1": 2},
    "n": 1,
}


def context(provider: str, **fields: Any) -> Context:
    return Context(provider=provider, **fields)


def chat(provider: str) -> Codec:
    return PROVIDERS[provider].routes[CHAT].codec


def sent(provider: str, body: dict[str, Any] = BODY) -> Encoded:
    """What the provider is sent; the body itself where nothing differs. Checks purity on the way."""
    request = chat(provider).request
    if request is None:
        return Encoded(body)
    kept = copy.deepcopy(body)
    first = request(body, context(provider))
    assert first == request(body, context(provider))
    assert body == kept
    return first


# ── addresses ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ADDRESSES)
def test_chat_lives_where_the_provider_documents_it(name: str) -> None:
    provider = PROVIDERS[name]
    assert f"{provider.base_url}{provider.routes[CHAT].path}" == ADDRESSES[name]


def test_only_the_local_one_needs_no_key() -> None:
    assert [name for name in ADDRESSES if not PROVIDERS[name].needs_key] == ["ollama"]


def test_deepseeks_text_completions_are_below_beta() -> None:
    assert PROVIDERS["deepseek"].routes[COMPLETE].path == "/beta/completions"


@pytest.mark.parametrize("name", ADDRESSES)
def test_each_row_says_where_its_key_and_its_documentation_are(name: str) -> None:
    assert PROVIDERS[name].env_key.endswith("_API_KEY")
    assert PROVIDERS[name].doc.startswith("https://")


# ── requests ─────────────────────────────────────────────────────────────


def test_groq_is_not_sent_what_it_refuses() -> None:
    body = {**BODY, "logprobs": False, "store": None, "metadata": {"a": "b"}}
    encoded = sent("groq", body)
    assert encoded.dropped == ("logit_bias", "logprobs", "metadata", "messages[].name")
    assert encoded.body == {
        "model": "m",
        "messages": [MESSAGES[0], {"role": "user", "content": "Hi"}],
        "max_completion_tokens": 9,
        "seed": 3,
        "n": 1,
    }


def test_mistral_is_sent_its_own_names() -> None:
    encoded = sent(
        "mistral-ai", {**BODY, "stream": True, "stream_options": {"include_usage": True}, "user": "u"}
    )
    assert encoded.dropped == ("logit_bias", "user", "messages[].name")
    assert encoded.body == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "n": 1,
        "stream": True,
        "max_tokens": 9,
        "random_seed": 3,
    }


def test_mistral_is_not_sent_what_is_newer_than_its_copy_of_the_dialect() -> None:
    encoded = sent("mistral-ai", {"model": "m", "moderation": {"model": "o"}, "prompt_cache_options": {}})
    assert encoded == Encoded({"model": "m"}, ("moderation", "prompt_cache_options"))


def test_mistrals_embeddings_have_their_own_name_for_dimensions() -> None:
    request = PROVIDERS["mistral-ai"].routes[EMBED].codec.request
    assert request is not None
    encoded = request({"model": "m", "input": "a", "dimensions": 8, "user": "u"}, context("mistral-ai"))
    assert encoded == Encoded({"model": "m", "input": "a", "output_dimension": 8}, ("user",))


def test_what_a_codec_does_not_say_the_row_does() -> None:
    codec = chat("ollama")
    assert codec.links and codec.request and codec.response and codec.stream
    body = {"choices": [{"index": 0, "message": {"content": "b", "reasoning": "a"}}]}
    said = codec.response(body, context("ollama"))
    assert said["choices"][0]["message"] == {"content": "b", "reasoning": "a", "reasoning_content": "a"}


@pytest.mark.parametrize("name", ["deepseek", "together-ai", "ollama"])
def test_the_older_name_of_the_limit_and_of_the_developer(name: str) -> None:
    encoded = sent(name)
    assert encoded.dropped == ()
    assert encoded.body["max_tokens"] == 9
    assert "max_completion_tokens" not in encoded.body
    assert encoded.body["messages"] == [{"role": "system", "content": "Be brief."}, MESSAGES[1]]


def test_xai_is_not_sent_a_logit_bias() -> None:
    assert sent("x-ai") == Encoded(
        {name: BODY[name] for name in BODY if name != "logit_bias"}, ("logit_bias",)
    )


@pytest.mark.parametrize(("name", "endpoint"), [("xiaomi", CHAT), ("groq", TRANSCRIBE)])
def test_where_nothing_differs_the_request_is_not_touched(name: str, endpoint: Any) -> None:
    assert PROVIDERS[name].routes[endpoint].codec.request is None


def test_a_request_in_which_nothing_differs_is_sent_as_it_came() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    assert sent("openrouter", body).body is body


def test_of_two_names_for_one_parameter_the_newer_wins_and_the_older_is_reported() -> None:
    request = adapted(Delta(rename={"max_completion_tokens": "max_tokens"}))
    both = request({"max_tokens": 1, "max_completion_tokens": 2}, context("p"))
    assert both == Encoded({"max_tokens": 2}, ("max_tokens",))
    unsaid = request({"max_tokens": 1, "max_completion_tokens": None}, context("p"))
    assert unsaid == Encoded({"max_tokens": 1}, ())


def test_defaults_fill_what_the_client_leaves_out() -> None:
    request = adapted(Delta(defaults={"max_tokens": 7, "top_p": 1}))
    assert request({"top_p": 0.5, "max_tokens": None}, context("p")).body == {"top_p": 0.5, "max_tokens": 7}


def test_odd_messages_are_left_for_the_provider_to_refuse() -> None:
    assert sent("mistral-ai", {"messages": "hi"}).body == {"messages": "hi"}
    odd = [None, {"role": 3}, {"content": "no role"}]
    assert sent("mistral-ai", {"messages": odd}).body == {"messages": odd}


def test_a_row_without_differences_touches_nothing_and_one_with_headers_sends_them() -> None:
    plain = compatible("plain-row", "https://plain.example/v1", CHAT, EMBED)
    rich = compatible(
        *("rich-row", "https://rich.example", CHAT),
        auth=none,
        headers={"x-version": "1"},
        accepts=["x-trace"],
        error=lambda body, status, context: {"error": {"message": "mine"}},
    )
    try:
        assert plain.routes[CHAT].codec == plain.routes[EMBED].codec == IDENTITY
        assert (rich.auth, rich.headers, rich.accepts) == (none, {"x-version": "1"}, {"x-trace"})
        render = rich.routes[CHAT].codec.error
        assert render is not None and render({}, 400, context("rich-row")) == {"error": {"message": "mine"}}
        with pytest.raises(ValueError, match="two providers named 'plain-row'"):
            compatible("plain-row", "https://other.example", CHAT)
    finally:
        del PROVIDERS["plain-row"], PROVIDERS["rich-row"]


# ── answers ──────────────────────────────────────────────────────────────


def streamed(codec: Codec, events: Iterator[Any], said: Context) -> list[dict[str, Any]]:
    """The chunks of a stream that must end well."""
    if codec.stream is None:
        return list(events)
    state, out = codec.stream.start, []
    for event in events:
        assert not codec.stream.ended(state) or not says(event)
        kept = copy.deepcopy(event)
        again, twice = codec.stream.step(state, event, said)
        state, chunks = codec.stream.step(state, event, said)
        assert (again, twice, event) == (state, chunks, kept)
        out += chunks
    assert codec.stream.ended(state)
    return out


def says(event: dict[str, Any]) -> bool:
    """Some say twice that a choice has ended, the second time with the count of tokens."""
    deltas = [choice["delta"] for choice in event.get("choices") or ()]
    return any(value for delta in deltas for name, value in delta.items() if name != "role")


def events(case: recorded.Case) -> Iterator[Any]:
    framer = SSE()
    pieces = [frame for data in recorded.pieces(case) for frame in framer.feed(data)] + framer.close()
    return (event for frame in pieces if (event := decode_json(frame)) is not None)


def replayed(row: recorded.Row) -> Reading:
    provider, case = RECORDED[row["provider"]], recorded.case(row)
    codec, said = chat(provider), context(provider, include_usage=True)
    if row["stream"]:
        return read(streamed(codec, events(case), said), "delta")
    body = recorded.body(case)
    return read([codec.response(body, said) if codec.response else body], "message")


ROWS = [row for name in RECORDED for row in recorded.expected(name, "chat_completions")]


@pytest.mark.parametrize("row", recorded.each(ROWS))
def test_recorded_chats_read_as_the_providers_own_sdk_reads_them(row: recorded.Row) -> None:
    want, got = recorded.expectation(row["name"]), replayed(row)
    assert want is not None
    assert recorded.same_text(want["text"], got.text)
    assert got.calls == want["tool_calls"]
    assert got.finish in ("stop", "length", "tool_calls")
    assert got.tokens == (want["usage"]["input"], want["usage"]["output"]) or row["name"] in UNASKED


UNASKED = {"groq__chat_completions__stream__testtokencounts-test-groq-0"}
"""Recorded without `stream_options`, in Groq's early days: its counts are in `x_groq` alone."""


def test_together_says_eos_where_openai_says_stop() -> None:
    response = chat("together-ai").response
    assert response is not None
    first, second = (
        {"finish_reason": reason, "index": index, "message": {"content": "a"}}
        for index, reason in enumerate(("eos", "length"))
    )
    assert response({"choices": [first, second], "id": "x"}, context("together-ai")) == {
        "choices": [{**first, "finish_reason": "stop"}, second],
        "id": "x",
    }


def test_deepseek_running_out_of_machines_is_a_failure_that_can_be_retried() -> None:
    stream = chat("deepseek").stream
    assert stream is not None
    event = {"choices": [{"index": 0, "delta": {}, "finish_reason": "insufficient_system_resource"}]}
    with pytest.raises(UpstreamError, match="deepseek gave up") as caught:
        stream.step(stream.start, event, context("deepseek"))
    assert (caught.value.status, caught.value.code) == (503, "insufficient_system_resource")


def test_openrouters_errors_within_a_200_are_errors() -> None:
    response = chat("openrouter").response
    assert response is not None
    with pytest.raises(UpstreamError, match="is down") as caught:
        response({"error": {"code": 502, "message": "is down"}}, context("openrouter"))
    assert caught.value.status == 502
    late = {"choices": [{"finish_reason": "error", "error": {"code": 429, "message": "slow down"}}]}
    with pytest.raises(UpstreamError, match="slow down") as caught:
        response(late, context("openrouter"))
    assert caught.value.status == 429
    fine = {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}]}
    assert response(fine, context("openrouter")) == fine


def test_a_list_of_models_has_openais_shape() -> None:
    together, openrouter = (
        PROVIDERS[name].routes[MODELS].codec.response for name in ("together-ai", "openrouter")
    )
    assert together is not None and openrouter is not None
    bare: Any = [{"id": "a", "created": 5}]
    assert together(bare, context("together-ai")) == {
        "object": "list",
        "data": [{"id": "a", "object": "model", "created": 5, "owned_by": "together-ai"}],
    }
    listed = openrouter({"data": [{"id": "b", "owned_by": "x"}], "more": 1}, context("openrouter"))
    row = {"id": "b", "object": "model", "created": 0, "owned_by": "x"}
    assert listed == {"object": "list", "data": [row], "more": 1}
    writer = PROVIDERS["writer"].routes[MODELS].codec.response
    assert writer is not None
    named = {"id": "c", "object": "model", "created": 0, "owned_by": "writer", "name": "C"}
    own = writer({"models": [{"id": "c", "name": "C"}], "more": 1}, context("writer"))
    assert own == {"object": "list", "data": [named], "more": 1}
