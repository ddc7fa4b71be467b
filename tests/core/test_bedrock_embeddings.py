"""Embeddings by InvokeModel, each maker's in its own shape."""

from __future__ import annotations

import base64
import struct
from dataclasses import replace
from typing import Any

import pytest
from conversed import CONTEXT
from invoked import PNG, PROFILE, asked, failed, refused, told
from invoked import told as telling
from openai.types import CreateEmbeddingResponse

from gatewaymw.core.dialects.bedrock_invoke import EMBED, IMAGE
from gatewaymw.core.errors import BadRequest, Unsupported
from gatewaymw.core.model import Codec

TITAN_1, TITAN_2 = "amazon.titan-embed-text-v1", "amazon.titan-embed-text-v2:0"
TITAN_SEEING, NOVA = "amazon.titan-embed-image-v1", "us.amazon.nova-2-multimodal-embeddings-v1:0"
COHERE_3, COHERE_4 = "cohere.embed-english-v3", "us.cohere.embed-v4:0"


def embed(model: str, input: Any, **params: Any) -> dict[str, Any]:
    made = asked(EMBED, {"model": model, "input": input, **params})
    assert made.dropped == ()
    return made.body


def test_titan_embeds_a_text() -> None:
    assert embed(TITAN_1, "a") == {"inputText": "a"}
    assert embed("amazon.titan-embed-g1-text-02", ["a"]) == {"inputText": "a"}
    assert embed(TITAN_2, "a", dimensions=256, normalize=False) == {
        **{"inputText": "a", "dimensions": 256},
        "normalize": False,
    }


def test_titan_embeds_what_it_sees() -> None:
    assert embed(TITAN_SEEING, "a", dimensions=384) == {
        "inputText": "a",
        "embeddingConfig": {"outputEmbeddingLength": 384},
    }
    assert embed(TITAN_SEEING, [{"text": "a", "image": {"base64": "/9j/4AA="}}]) == {
        **{"inputText": "a", "inputImage": "/9j/4AA="},
    }
    assert embed(TITAN_SEEING, {"image": PNG}) == {"inputImage": "iVBORw0KGgo="}


@pytest.mark.parametrize("model", [TITAN_1, TITAN_2, TITAN_SEEING, NOVA])
def test_of_several_inputs_none_is_left_out_in_silence(model: str) -> None:
    refusal = refused(EMBED, model=model, input=["a", "b"])
    assert (refusal.param, type(refusal)) == ("input", BadRequest)
    assert "one at a time" in refusal.message


@pytest.mark.parametrize(
    ("purpose", "named"),
    [
        *(
            (None, "GENERIC_INDEX"),
            ("search_document", "GENERIC_INDEX"),
            ("search_query", "GENERIC_RETRIEVAL"),
        ),
        *(("classification", "CLASSIFICATION"), ("TEXT_RETRIEVAL", "TEXT_RETRIEVAL")),
    ],
)
def test_nova_embeds_for_a_purpose(purpose: str | None, named: str) -> None:
    assert embed(NOVA, "a", input_type=purpose, dimensions=256) == {
        "taskType": "SINGLE_EMBEDDING",
        "singleEmbeddingParams": {
            **{"embeddingPurpose": named, "embeddingDimension": 256},
            "text": {"truncationMode": "NONE", "value": "a"},
        },
    }


def test_nova_embeds_an_image() -> None:
    made = embed(NOVA, {"image_url": {"url": PNG}})["singleEmbeddingParams"]
    assert made["image"] == {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}
    assert "text" not in made
    assert refused(EMBED, model=NOVA, input={"text": "a", "image": PNG}).param == "input"


def test_cohere_embeds_many() -> None:
    assert embed(COHERE_3, ["a", "b"], truncate="END") == {
        **{"input_type": "search_document", "texts": ["a", "b"]},
        "truncate": "END",
    }
    made = embed(
        COHERE_4, "a", input_type="search_query", dimensions=256, embedding_types=["int8"], max_tokens=9
    )
    assert made == {
        **{"input_type": "search_query", "texts": ["a"], "embedding_types": ["int8"]},
        **{"max_tokens": 9, "output_dimension": 256},
    }


def test_cohere_embeds_images() -> None:
    assert embed(COHERE_3, {"image": PNG}) == {"input_type": "image", "images": [PNG]}
    assert embed(COHERE_3, {"image": PNG}, input_type="clustering")["input_type"] == "clustering"
    assert embed(COHERE_4, [{"image": PNG}]) == {"input_type": "search_document", "images": [PNG]}
    assert embed(COHERE_4, ["a", {"text": "b", "image": PNG}])["inputs"] == [
        {"content": [{"type": "text", "text": "a"}]},
        {"content": [{"type": "text", "text": "b"}, {"type": "image_url", "image_url": PNG}]},
    ]
    assert refused(EMBED, model=COHERE_3, input=["a", {"image": PNG}]).param == "input"


def test_what_a_model_does_not_take_is_named() -> None:
    made = asked(EMBED, {"model": TITAN_1, "input": "a", "dimensions": 9, "user": "u", "x": None})
    assert made.dropped == ("dimensions", "user")
    assert asked(EMBED, {"model": COHERE_3, "input": "a", "dimensions": 9}).dropped == ("dimensions",)


@pytest.mark.parametrize(
    ("input", "param"),
    [
        *((None, "input"), ([], "input"), ("", "input"), ([1, 2], "input[0]"), ([[1]], "input[0]")),
        *(([{}], "input[0]"), ([{"text": 5}], "input[0].text"), ([{"image": 5}], "input[0].image")),
        ([{"image": {}}], "input[0].image.url"),
        ([{"image": {"base64": "QUJD"}}], "input[0].image.base64"),
        ([{"image": "https://example.com/a.png"}], "input[0].image"),
    ],
)
def test_odd_inputs_are_placed(input: Any, param: str) -> None:
    assert refused(EMBED, model=TITAN_SEEING, input=input).param == param


def test_texts_only_are_texts_only() -> None:
    assert refused(EMBED, model=TITAN_2, input={"image": PNG}).param == "input"
    assert refused(EMBED, model=TITAN_2, input="a", encoding_format="int8").param == "encoding_format"
    assert refused(EMBED, model=COHERE_3, input="a", input_type=5).param == "input_type"


@pytest.mark.parametrize(
    ("codec", "model"), [(EMBED, "anthropic.claude-v2"), (IMAGE, TITAN_2), (EMBED, PROFILE)]
)
def test_a_model_that_is_not_known_to_do_it_is_refused(codec: Codec, model: str) -> None:
    refusal = refused(codec, model=model, input="a", prompt="A kiwi.")
    assert isinstance(refusal, Unsupported)
    assert (refusal.param, model in refusal.message) == ("model", True)
    assert "aws_bedrock_model" in refusal.message


def test_an_option_tells_the_model_behind_an_arn() -> None:
    context = replace(CONTEXT, options={"aws_bedrock_model": COHERE_4})
    made = asked(EMBED, {"model": PROFILE, "input": "a"}, context)
    assert made.body == {"input_type": "search_document", "texts": ["a"]}


@pytest.mark.parametrize(
    ("body", "vectors", "tokens"),
    [
        ({"embedding": [0.5, 1], "inputTextTokenCount": 3}, [[0.5, 1]], 3),
        ({"embeddingsByType": {"binary": [1, 0]}, "inputTextTokenCount": 3}, [[1, 0]], 3),
        ({"embeddings": [[0.5], [1.0]], "response_type": "embeddings_floats"}, [[0.5], [1.0]], 0),
        ({"embeddings": {"int8": [[1]], "float": [[0.5]]}}, [[0.5]], 0),
        ({"embeddings": {"int8": [[1], [2]]}}, [[1], [2]], 0),
        ({"embeddings": [{"embeddingType": "TEXT", "embedding": [0.5]}]}, [[0.5]], 0),
        ({"embeddings": []}, [], 0),
    ],
)
def test_vectors_are_listed(body: Any, vectors: list[Any], tokens: int) -> None:
    made = told(EMBED, body)
    assert [each["embedding"] for each in made["data"]] == vectors
    assert [each["index"] for each in made["data"]] == [*range(len(vectors))]
    assert made["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}
    CreateEmbeddingResponse.model_validate(made)


COUNTED = "x-amzn-bedrock-input-token-count"


@pytest.mark.parametrize(
    ("body", "told", "tokens"),
    [
        ({"embeddings": [[0.5]]}, "7", 7),
        ({"embedding": [0.5], "inputTextTokenCount": 3}, "7", 3),
        *(({"embeddings": [[0.5]]}, odd, 0) for odd in ("", "-1", "1.5", "٣", "9" * 10)),
    ],
)
def test_tokens_that_a_body_does_not_tell_stand_in_a_header(body: Any, told: str, tokens: int) -> None:
    made = telling(EMBED, body, replace(CONTEXT, answer={COUNTED: told}))
    assert made["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}


def test_vectors_are_packed_where_that_is_asked() -> None:
    context = replace(CONTEXT, request={"encoding_format": "base64"})
    made = told(EMBED, {"embedding": [0.5, -1]}, context)["data"][0]["embedding"]
    assert struct.unpack("<2f", base64.b64decode(made)) == (0.5, -1.0)


@pytest.mark.parametrize("body", [None, [], {}, {"embeddings": 5}, {"embeddings": {}}, {"embedding": None}])
def test_an_answer_without_vectors_is_an_error(body: Any) -> None:
    assert failed(EMBED, body).status == 502


def test_an_error_within_a_200_says_so() -> None:
    assert failed(EMBED, {"message": "Too long."}).message == "Too long."
