"""Embeddings and models of Cohere's, as OpenAI's."""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import replace
from typing import Any

import pytest
from cohered import CONTEXT, LOOSE, embed
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse, Model

from gatewaymw.core.dialects.cohere import EMBED, MODEL, MODELS
from gatewaymw.core.endpoints import MODELS as LIST
from gatewaymw.core.errors import GatewayError, UpstreamError
from gatewaymw.core.providers import COHERE
from gatewaymw.core.values import JSON

PNG = "data:image/png;base64,AAAA"
DEFAULTS = {"model": "embed-v4.0", "input_type": "search_document", "embedding_types": ["float"]}


def picture(url: str) -> JSON:
    return {"type": "image_url", "image_url": {"url": url}}


@pytest.mark.parametrize(
    ("params", "made"),
    [
        ({"input": "a"}, {"texts": ["a"]}),
        ({"input": ["a", ""]}, {"texts": ["a", ""]}),
        ({"texts": ["a"], "input": None}, {"texts": ["a"]}),
        ({"input": "a", "input_type": "search_query"}, {"texts": ["a"], "input_type": "search_query"}),
        ({"input": "a", "dimensions": 256}, {"texts": ["a"], "output_dimension": 256}),
        (
            {"input": "a", "truncate": "NONE", "priority": 1},
            {"texts": ["a"], "truncate": "NONE", "priority": 1},
        ),
        ({"input": "a", "encoding_format": "base64"}, {"texts": ["a"]}),
        ({"input": "a", "embedding_types": ["int8"]}, {"texts": ["a"], "embedding_types": ["int8"]}),
        ({"input": [picture(PNG)]}, {"images": [PNG], "input_type": "image"}),
        ({"input": {"image": {"url": PNG}}}, {"images": [PNG], "input_type": "image"}),
        ({"input": [{"image": {"base64": "AAAA"}}]}, {"images": [PNG], "input_type": "image"}),
        ({"input": [{"image": {"base64": PNG}}]}, {"images": [PNG], "input_type": "image"}),
        (
            {
                "input": [
                    "a",
                    [{"type": "text", "text": "b"}, picture(PNG)],
                    {"text": "c", "image": {"url": PNG}},
                ]
            },
            {
                "inputs": [
                    {"content": [{"type": "text", "text": "a"}]},
                    {"content": [{"type": "text", "text": "b"}, picture(PNG)]},
                    {"content": [{"type": "text", "text": "c"}, picture(PNG)]},
                ]
            },
        ),
    ],
)
def test_what_is_asked(params: JSON, made: JSON) -> None:
    sent = embed(**params)
    assert sent.body == {**DEFAULTS, **made}
    assert sent.dropped == ()


def test_what_cohere_has_no_word_for_is_named() -> None:
    assert embed(input="a", user="u").dropped == ("user",)


def test_a_strict_answer_has_room_for_one_type() -> None:
    strict = embed(input="a", embedding_types=["int8", "float"])
    assert (strict.body["embedding_types"], strict.dropped) == (["float"], ("embedding_types",))
    assert embed(input="a", embedding_types=["int8", "binary"]).body["embedding_types"] == ["int8"]
    loose = embed(LOOSE, input="a", embedding_types=["int8", "float"])
    assert (loose.body["embedding_types"], loose.dropped) == (["int8", "float"], ())


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"model": 1, "input": "a"}, "model"),
        ({"input": []}, "input"),
        ({"input": 1}, "input"),
        ({"input": [1, 2]}, "input[0]"),
        ({"input": [[1, 2], [3]]}, "input[0]"),
        ({"input": [{}]}, "input[0]"),
        ({"input": [None]}, "input[0]"),
        ({"input": [[None]]}, "input[0][0]"),
        ({"input": [{"type": "file"}]}, "input[0].type"),
        ({"input": [{"image": {}}]}, "input[0].image.base64"),
        ({"input": [{"image": {"url": "x"}}]}, "input[0].image.url"),
        ({"input": [{"text": 1}]}, "input[0].text"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format"),
        ({"input": "a", "embedding_types": "float"}, "embedding_types"),
    ],
)
def test_what_is_wrong_is_named(params: JSON, param: str) -> None:
    with pytest.raises(GatewayError) as caught:
        embed(**params)
    assert (caught.value.status, caught.value.param) == (400, param)


# ── answers ──────────────────────────────────────────────────────────────


def answer(**embeddings: Any) -> JSON:
    meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 3.0, "image_tokens": 2}}
    return {"id": "41", "texts": ["a"], "embeddings": embeddings, "meta": meta}


def told(body: JSON, strict: bool = True, **request: Any) -> JSON:
    assert EMBED.response
    made = EMBED.response(body, replace(CONTEXT, strict=strict, request=request))
    assert EMBED.response(body, replace(CONTEXT, strict=strict, request=request)) == made
    return made


def test_floats() -> None:
    made = told(answer(float=[[0.5, -1.0], [0.25, 2]]))
    assert made == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]},
            {"object": "embedding", "index": 1, "embedding": [0.25, 2]},
        ],
        "model": "command-a-03-2025",
        "usage": {"prompt_tokens": 5, "total_tokens": 5},
    }
    CreateEmbeddingResponse.model_validate_json(json.dumps(told(answer(float=[[0.5]]))), strict=True)


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=8))
def test_base64_is_of_the_same_floats(vector: list[float]) -> None:
    (row,) = told(answer(float=[vector]), encoding_format="base64")["data"]
    packed = base64.b64decode(row["embedding"], validate=True)
    assert list(struct.unpack(f"<{len(vector)}f", packed)) == vector


@pytest.mark.parametrize("vector", [["a"], [1e300], [None]])
def test_what_is_not_of_numbers_is_an_error(vector: list[Any]) -> None:
    with pytest.raises(UpstreamError, match="not of numbers"):
        told(answer(float=[vector]), encoding_format="base64")


def test_of_several_types_floats_are_the_embedding_and_the_rest_comes_along_where_strictness_is_off() -> None:
    body = answer(int8=[[5]], float=[[0.5]], binary=None)
    assert told(body)["data"][0]["embedding"] == [0.5]
    loose = told(body, strict=False)
    assert loose["embeddings"] == {"int8": [[5]], "binary": None}
    assert (loose["id"], loose["meta"]) == ("41", body["meta"])
    assert "embeddings" not in told(answer(float=[[0.5]]), strict=False)
    assert told(answer(int8=[[5]]), encoding_format="base64")["data"][0]["embedding"] == [5]
    assert told(answer(base64=["AAAA"]))["data"][0]["embedding"] == "AAAA"


def test_an_answer_without_embeddings_is_an_error() -> None:
    with pytest.raises(UpstreamError, match="no embeddings"):
        told(answer())


def test_usage_that_is_not_told_is_none() -> None:
    made = told({"embeddings": {"float": [[0.5]]}})
    assert made["usage"] == {"prompt_tokens": 0, "total_tokens": 0}


# ── models ───────────────────────────────────────────────────────────────

ROW = {"name": "command-a-03-2025", "endpoints": ["chat"], "context_length": 288000}


def test_models_are_openais_list() -> None:
    assert MODELS.response
    made = MODELS.response({"models": [ROW], "next_page_token": "t"}, CONTEXT)
    (row,) = made["data"]
    assert (made["object"], made["next_page_token"]) == ("list", "t")
    assert row == {**ROW, "id": ROW["name"], "object": "model", "created": 0, "owned_by": "cohere"}
    Model.model_validate_json(json.dumps(row), strict=True)


def test_a_model() -> None:
    assert MODEL.response
    assert MODEL.response(ROW, CONTEXT)["id"] == "command-a-03-2025"


def test_all_models_are_asked_for_at_once() -> None:
    assert str(COHERE.routes[LIST].path) == "/v1/models?page_size=1000"
