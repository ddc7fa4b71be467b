"""Ranking documents: each provider's words for it, and what OpenAI-like clients read."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gatewaymw.core.dialects.embedding import NOMIC, VOYAGE
from gatewaymw.core.endpoints import RERANK
from gatewaymw.core.errors import BadRequest, GatewayError, Unsupported
from gatewaymw.core.model import Codec, Context, Encoded
from gatewaymw.core.providers import PROVIDERS

BODY = {"model": "m", "query": "Who?", "documents": ["a", {"text": "b", "title": "B"}], "top_n": 1}


def codec(provider: str, model: str = "m") -> Codec:
    made = PROVIDERS[provider]
    chosen = made.by_model.get(RERANK)
    return (chosen(model) if chosen else made.routes[RERANK]).codec


def sent(provider: str, body: dict[str, Any], model: str = "m") -> Encoded:
    request = codec(provider, model).request
    assert request is not None
    kept = copy.deepcopy(body)
    made = request(body, Context(provider=provider))
    assert body == kept
    return made


def read(provider: str, body: dict[str, Any], strict: bool = True, **asked: Any) -> dict[str, Any]:
    response = codec(provider).response
    assert response is not None
    return response(body, Context(provider=provider, model="m", strict=strict, request={**BODY, **asked}))


def test_p18_rerank_has_a_type_and_cohere_takes_texts_and_gives_none_back() -> None:
    made = sent("cohere", {**BODY, "return_documents": True, "max_tokens_per_doc": 9, "user": "u"})
    assert made == Encoded(
        {"model": "m", "query": "Who?", "documents": ["a", "b"], "top_n": 1, "max_tokens_per_doc": 9},
        ("user", "documents[].title"),
    )
    answer = {
        "id": "x",
        "results": [{"index": 1, "relevance_score": 0.9}],
        "meta": {"billed_units": {"search_units": 1}},
    }
    plain = {"index": 1, "relevance_score": 0.9}
    assert read("cohere", answer) == {
        **{"object": "list", "model": "m", "results": [plain], "usage": {"search_units": 1}}
    }
    shown = read("cohere", answer, return_documents=True)
    assert shown["results"] == [{**plain, "document": {"text": "b", "title": "B"}}]
    assert read("cohere", answer, strict=False)["id"] == "x"


def test_a_document_that_is_a_text_is_told_as_an_object() -> None:
    made = read("cohere", {"results": [{"index": 0, "relevance_score": 1.0}]}, return_documents=True)
    assert made["results"][0]["document"] == {"text": "a"}
    assert made["usage"] == {}


def test_counts_of_tokens_are_told_where_there_are_any() -> None:
    answer = {"results": [], "meta": {"tokens": {"input_tokens": 7}}}
    assert read("cohere", answer)["usage"] == {"prompt_tokens": 7, "total_tokens": 7}


def test_objects_pass_where_they_are_taken() -> None:
    assert sent("jina", BODY).body["documents"] == BODY["documents"]
    assert sent("together-ai", {**BODY, "rank_fields": ["title"]}).body["rank_fields"] == ["title"]


@pytest.mark.parametrize(
    ("model", "version"), [("amazon.rerank-v1:0", {}), ("cohere.rerank-v3-5:0", {"api_version": 2})]
)
def test_bedrocks_models_want_what_their_makers_want(model: str, version: dict[str, Any]) -> None:
    made = sent("bedrock", {**BODY, "model": model, "return_documents": False}, model)
    told = {"query": "Who?", "documents": ["a", "b"], "top_n": 1, **version}
    assert made == Encoded(told, ("documents[].title",))
    plain = sent("bedrock", {**BODY, "documents": ["a", {"text": "b"}], "model": model}, model)
    assert plain == Encoded(told)
    path = PROVIDERS["bedrock"].by_model[RERANK](model).path
    assert path == "/model/{model}/invoke"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"documents": "a"}, "documents"),
        ({"documents": []}, "documents"),
        ({"documents": [3]}, "documents[0]"),
        ({"documents": [{"title": "x"}]}, "documents[0].text"),
        ({"query": 3}, "query"),
        ({"query": ""}, "query"),
    ],
)
def test_what_cannot_be_ranked_is_refused_with_its_place(change: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        sent("cohere", {**BODY, **change})
    assert caught.value.param == param


# ── and the embeddings of those who make nothing else ────────────────────


def embedded(codec: Codec, **body: Any) -> Encoded:
    assert codec.request is not None
    return codec.request({"model": "m", **body}, Context(provider="p"))


def test_voyage_knows_base64_alone() -> None:
    assert embedded(VOYAGE, input="a", encoding_format="base64").body == {
        **{"model": "m", "input": ["a"], "encoding_format": "base64"}
    }


def test_nomic_has_its_own_names() -> None:
    made = embedded(NOMIC, input="a", dimensions=2, user="u")
    assert made == Encoded({"model": "m", "texts": ["a"], "dimensionality": 2}, ("user",))


def test_voyage_counts_the_whole() -> None:
    assert VOYAGE.response is not None
    made = VOYAGE.response({"data": [], "usage": {"total_tokens": 3}}, Context(provider="voyage"))
    assert made == {"object": "list", "data": [], "usage": {"prompt_tokens": 3, "total_tokens": 3}}


def test_tokens_that_are_told_are_passed_on() -> None:
    answer = {"data": [], "model": "rerank-2.5", "usage": {"total_tokens": 3}}
    assert read("voyage", answer)["usage"] == {"prompt_tokens": 3, "total_tokens": 3}


def test_nomics_vectors_are_packed_where_the_client_wants_it() -> None:
    assert NOMIC.response is not None
    asked = Context(provider="nomic", model="m", request={"encoding_format": "base64"})
    made = NOMIC.response({"embeddings": [[1.0]], "usage": {"total_tokens": 2}}, asked)
    assert made["data"][0]["embedding"] == "AACAPw=="


@pytest.mark.parametrize("given", [[], [1, 2], [[1]], 3, None])
def test_what_is_no_text_is_not_embedded(given: Any) -> None:
    with pytest.raises(GatewayError) as caught:
        embedded(VOYAGE, input=given)
    assert caught.value.param == "input"
    assert isinstance(caught.value, Unsupported | BadRequest)
