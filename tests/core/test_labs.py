"""What the makers of models say in words of their own: Perplexity's sources and vectors, MiniMax's failures,
GLM's ends, OpenRouter's thoughts, GitHub's address."""

from __future__ import annotations

import struct
from base64 import b64decode
from typing import Any

import pytest
from machine import target

from gatewaymw.core.endpoints import CHAT, EMBED
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.model import Codec, Context, Encoded
from gatewaymw.core.providers import PROVIDERS

STRICT = Context(provider="p", model="m", created=7, id="id-1")
SOURCES = {"citations": ["https://a.example"], "search_results": [{"url": "https://a.example", "title": "A"}]}


def codec(provider: str, endpoint: Any = CHAT) -> Codec:
    return PROVIDERS[provider].routes[endpoint].codec


def answered(provider: str, body: dict[str, Any], context: Context = STRICT, endpoint: Any = CHAT) -> Any:
    response = codec(provider, endpoint).response
    assert response is not None
    return response(body, context)


def poured(provider: str, *events: dict[str, Any], context: Context = STRICT) -> list[Any]:
    stream = codec(provider).stream
    assert stream is not None
    state, out = stream.start, []
    for event in events:
        state, chunks = stream.step(state, event, context)
        out += chunks
    assert stream.ended(state)
    return out


# ── Perplexity ───────────────────────────────────────────────────────────


def test_perplexitys_sources_and_its_finish_reason_survive_strictness() -> None:
    message = {"role": "assistant", "content": "It is [1]."}
    choice = {"index": 0, "finish_reason": "length", "message": message}
    told = answered("perplexity-ai", {"choices": [choice], **SOURCES})
    assert told["choices"] == [choice]
    assert {name: told[name] for name in SOURCES} == SOURCES


def test_perplexitys_sources_survive_in_streams_which_end_as_openais() -> None:
    delta = {"index": 0, "delta": {"content": "It is [1]."}}
    last = {"object": "chat.completion.done", "choices": [{**delta, "finish_reason": "stop"}], **SOURCES}
    first, second = poured("perplexity-ai", {"choices": [delta], **SOURCES}, last)
    assert (first["citations"], second["search_results"]) == (SOURCES["citations"], SOURCES["search_results"])
    assert {first["object"], second["object"]} == {"chat.completion.chunk"}


ROW = {"index": 0, "object": "embedding", "embedding": "f4A="}
VECTORS: dict[str, Any] = {"object": "list", "data": [ROW]}


@pytest.mark.parametrize("wanted", [{}, {"encoding_format": "float"}, {"encoding_format": None}])
def test_perplexitys_signed_bytes_are_told_as_numbers(wanted: dict[str, Any]) -> None:
    told = answered("perplexity-ai", VECTORS, Context(provider="p", request=wanted), EMBED)
    assert told["data"] == [{**ROW, "embedding": [127, -128]}]


def test_perplexitys_signed_bytes_are_told_as_openais_base64() -> None:
    said = Context(provider="p", request={"encoding_format": "base64"})
    packed = answered("perplexity-ai", VECTORS, said, EMBED)["data"][0]["embedding"]
    assert struct.unpack("<2f", b64decode(packed)) == (127.0, -128.0)


def test_who_asks_for_perplexitys_own_format_gets_it() -> None:
    body = {"model": "m", "input": "a", "encoding_format": "base64_int8"}
    request = codec("perplexity-ai", EMBED).request
    assert request is not None
    assert request(body, STRICT) == Encoded(body)
    assert answered("perplexity-ai", VECTORS, Context(provider="p", request=body), EMBED) is VECTORS
    plain = {"model": "m", "input": "a"}
    assert request({**plain, "encoding_format": "base64"}, STRICT) == Encoded(plain)
    assert request(plain, STRICT).body is plain


@pytest.mark.parametrize("vector", ["not base64", [0.5], None])
def test_a_vector_that_is_none_is_the_upstreams_fault(vector: Any) -> None:
    with pytest.raises(UpstreamError, match="not of signed bytes"):
        answered("perplexity-ai", {"data": [{"embedding": vector}]}, STRICT, EMBED)


# ── MiniMax, GLM ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "status"), [(1002, 429), (1004, 401), (1008, 402), (1026, 400), (1000, 502)]
)
def test_minimaxs_failures_within_a_200_are_failures(code: int, status: int) -> None:
    body = {"choices": None, "base_resp": {"status_code": code, "status_msg": "no"}}
    with pytest.raises(UpstreamError, match="no") as caught:
        answered("minimax", body)
    assert (caught.value.status, caught.value.code) == (status, str(code))


def test_a_failure_of_minimax_without_words() -> None:
    with pytest.raises(UpstreamError, match="p gave no reason"):
        answered("minimax", {"base_resp": {"status_code": 2013, "status_msg": ""}})


def test_minimaxs_answers_are_not_touched() -> None:
    body = {"choices": [], "base_resp": {"status_code": 0, "status_msg": ""}}
    assert answered("minimax", body) is body


@pytest.mark.parametrize("provider", ["zhipu", "z-ai"])
def test_glm_that_breaks_off_is_a_failure_that_can_be_retried(provider: str) -> None:
    event = {"choices": [{"index": 0, "delta": {}, "finish_reason": "network_error"}]}
    with pytest.raises(UpstreamError, match="network_error") as caught:
        poured(provider, event)
    assert caught.value.status == 503


# ── OpenRouter ───────────────────────────────────────────────────────────


def test_openrouters_details_of_thoughts_survive_in_streams() -> None:
    details = [{"type": "reasoning.encrypted", "data": "EjQK", "index": 0}]
    delta = {"content": "", "reasoning": "Hm.", "reasoning_details": details}
    made = poured("openrouter", {"choices": [{"index": 0, "delta": delta, "finish_reason": "stop"}]})
    assert [chunk["choices"][0]["delta"] for chunk in made] == [{**delta, "reasoning_content": "Hm."}]


def test_github_is_asked_without_a_version_where_none_is_given() -> None:
    leaf = target(provider=PROVIDERS["github"])
    where = leaf.provider.routes[CHAT].path
    assert callable(where) and where(STRICT) == "/inference/chat/completions"
