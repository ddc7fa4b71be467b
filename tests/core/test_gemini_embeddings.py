"""OpenAI's embeddings, as Google's ways of asking for them."""

from __future__ import annotations

import base64
import copy
import struct
from dataclasses import replace
from typing import Any

import pytest
from gemini import CONTEXT, LOOSE, PIXEL
from openai.types import CreateEmbeddingResponse

import recorded
from gatewaymw.core.dialects.gemini import EMBED, PICTURE_EMBED, TEXT_EMBED, VERTEX_EMBED
from gatewaymw.core.errors import BadRequest, GatewayError, Unsupported, UpstreamError
from gatewaymw.core.model import Codec, Context, Encoded

MODEL = "gemini-embedding-001"
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


def ask(input: Any, codec: Codec = EMBED, **params: Any) -> Encoded:
    body = {"model": MODEL, "input": input, **params}
    before = copy.deepcopy(body)
    assert codec.request
    made = codec.request(body, CONTEXT)
    assert body == before
    return made


def refused(input: Any, codec: Codec = EMBED, **params: Any) -> GatewayError:
    with pytest.raises((BadRequest, Unsupported)) as caught:
        ask(input, codec, **params)
    return caught.value


def told(body: Any, context: Context = CONTEXT) -> dict[str, Any]:
    before = copy.deepcopy(body)
    assert EMBED.response
    made = EMBED.response(body, context)
    assert body == before
    assert EMBED.response(body, context) == made
    if context.request.get("encoding_format") != "base64":
        CreateEmbeddingResponse.model_validate(made)
    return made


# ── the Gemini API ───────────────────────────────────────────────────────


def test_one_text_is_one_content_and_a_list_a_batch() -> None:
    hi = {"content": {"parts": [{"text": "Hi"}]}}
    assert ask("Hi") == Encoded(hi)
    assert ask(["Hi"]).body == {"requests": [{"model": f"models/{MODEL}", **hi}]}
    assert ask(["Hi"], model="tunedModels/x").body["requests"][0]["model"] == "tunedModels/x"


def test_p10_each_input_is_embedded_by_itself_with_the_same_settings() -> None:
    sent = ask(["a", "b"], dimensions=256, task_type="RETRIEVAL_QUERY", title="T", user="u")
    settings = {"taskType": "RETRIEVAL_QUERY", "title": "T", "outputDimensionality": 256}
    assert sent.body["requests"] == [
        {"model": f"models/{MODEL}", "content": {"parts": [{"text": text}]}, **settings} for text in "ab"
    ]
    assert sent.dropped == ("user",)


def test_an_input_may_be_parts() -> None:
    both = [{"type": "text", "text": "a"}, IMAGE, {"type": "text", "text": ""}]
    assert ask([both, IMAGE]).body["requests"] == [
        {"model": f"models/{MODEL}", "content": {"parts": [{"text": "a"}, PIXEL]}},
        {"model": f"models/{MODEL}", "content": {"parts": [PIXEL]}},
    ]
    detailed = {"type": "image_url", "image_url": {"url": "gs://b/a.png", "detail": "low"}}
    assert ask(detailed).dropped == ("messages[].content[].image_url.detail",)


@pytest.mark.parametrize(
    ("input", "param"),
    [
        *((None, "input"), (5, "input"), ([], "input"), ("", "input[0]"), ([""], "input[0]")),
        *(([5, 6], "input[0]"), ([[5, 6]], "input[0]"), ([None], "input[0]"), ([["x"]], "input[0][0]")),
    ],
)
def test_inputs_that_are_none(input: Any, param: str) -> None:
    assert refused(input).param == param


@pytest.mark.parametrize(
    "params",
    [{"encoding_format": "int8"}, {"dimensions": "9"}, {"model": ""}, {"encoding_format": ["float"]}],
)
def test_settings_that_are_none(params: dict[str, Any]) -> None:
    assert refused("x", **params).param == next(iter(params))


# ── Vertex AI ────────────────────────────────────────────────────────────


def test_on_vertex_newer_models_have_their_settings_apart() -> None:
    content = {"content": {"role": "user", "parts": [{"text": "a"}]}}
    config = {"embedContentConfig": {"outputDimensionality": 9, "autoTruncate": False}}
    assert ask("a", VERTEX_EMBED, dimensions=9, auto_truncate=False).body == {**content, **config}
    assert ask(["a"], VERTEX_EMBED).body == {"requests": [content]}


def test_on_vertex_documents_and_videos_are_read_as_asked() -> None:
    made = ask("a", VERTEX_EMBED, document_ocr=True, audio_track_extraction=False)
    assert made.body["embedContentConfig"] == {"documentOcr": True, "audioTrackExtraction": False}
    assert made.dropped == ()
    typed = ask("a", TEXT_EMBED, mime_type="text/plain")
    assert typed.body == {"instances": [{"content": "a", "mimeType": "text/plain"}]}
    assert ask("a", mime_type="text/plain").dropped == ("mime_type",)


def test_on_vertex_older_models_predict() -> None:
    sent = ask(["a", "b"], TEXT_EMBED, dimensions=9, task_type="CLUSTERING", auto_truncate=True)
    assert sent.body == {
        "instances": [{"content": text, "task_type": "CLUSTERING"} for text in "ab"],
        "parameters": {"outputDimensionality": 9, "autoTruncate": True},
    }
    assert ask("a", TEXT_EMBED).body == {"instances": [{"content": "a"}]}
    assert refused([IMAGE], TEXT_EMBED).param == "input"


def test_on_vertex_pictures_are_predicted() -> None:
    linked = {"type": "image_url", "image_url": {"url": "gs://b/a"}}
    film = {"type": "video_url", "video_url": {"url": "gs://b/a.mp4"}}
    sent = ask([[{"type": "text", "text": "a"}, IMAGE], linked, film], PICTURE_EMBED, dimensions=128)
    assert sent.body == {
        "instances": [
            {"text": "a", "image": {"bytesBase64Encoded": "iVBORw0KGgo=", "mimeType": "image/png"}},
            {"image": {"gcsUri": "gs://b/a"}},
            {"video": {"gcsUri": "gs://b/a.mp4"}},
        ],
        "parameters": {"dimension": 128},
    }
    assert ask("a", PICTURE_EMBED).body == {"instances": [{"text": "a"}]}


# ── answers ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "vectors", "tokens"),
    [
        ({"embedding": {"values": [0.5]}}, [[0.5]], 0),
        ({"embeddings": [{"values": [1.0]}, {"values": [2.0]}]}, [[1.0], [2.0]], 0),
        ({"embedding": {"values": [0.5]}, "usageMetadata": {"promptTokenCount": 3}}, [[0.5]], 3),
        (
            {
                "predictions": [
                    {"embeddings": {"values": [1.0], "statistics": {"token_count": 2}}},
                    {"embeddings": {"values": [2.0], "statistics": {"token_count": 3}}},
                ]
            },
            [[1.0], [2.0]],
            5,
        ),
        (
            {
                "predictions": [
                    {"imageEmbedding": [1.0], "textEmbedding": [9.0]},
                    {"textEmbedding": [2.0]},
                    {"videoEmbeddings": [{"startOffsetSec": 0, "embedding": [3.0]}]},
                ]
            },
            [[1.0], [2.0], [3.0]],
            0,
        ),
    ],
)
def test_vectors_however_they_come(body: Any, vectors: list[list[float]], tokens: int) -> None:
    made = told(body)
    assert [row["embedding"] for row in made["data"]] == vectors
    assert [row["index"] for row in made["data"]] == list(range(len(vectors)))
    assert (made["model"], made["usage"]) == ("gemini", {"prompt_tokens": tokens, "total_tokens": tokens})


def test_base64_is_made_here() -> None:
    asked = replace(CONTEXT, request={"encoding_format": "base64"})
    made = told({"embedding": {"values": [0.5, -1]}}, asked)
    assert struct.unpack("<2f", base64.b64decode(made["data"][0]["embedding"])) == (0.5, -1.0)


def test_what_openai_has_no_place_for_comes_along_where_strictness_is_off() -> None:
    body = {"embedding": {"values": [0.5]}, "metadata": {"billableCharacterCount": 3}}
    assert told(body, LOOSE)["metadata"] == {"billableCharacterCount": 3}
    assert "metadata" not in told(body)


@pytest.mark.parametrize("body", [{}, {"embedding": 5}, {"predictions": 5}, {"embeddings": ["x"]}])
def test_an_answer_without_embeddings_is_an_error(body: Any) -> None:
    assert EMBED.response
    with pytest.raises(UpstreamError, match="without embeddings"):
        EMBED.response(body, CONTEXT)


@pytest.mark.parametrize("row", [{}, {"values": "x"}, {"embeddings": 5}, {"videoEmbeddings": []}])
@pytest.mark.parametrize("form", ["float", "base64"])
def test_a_vector_that_is_none_is_an_error(row: Any, form: str) -> None:
    assert EMBED.response
    with pytest.raises(UpstreamError, match="not of numbers"):
        EMBED.response({"predictions": [row]}, replace(CONTEXT, request={"encoding_format": form}))


RECORDED = [
    row
    for provider, endpoint in (("gemini", "batchEmbedContents"), ("vertex", "predict"))
    for row in recorded.cases(provider, endpoint)
]


@pytest.mark.parametrize("row", recorded.each(RECORDED))
def test_recorded_embeddings_are_all_told(row: dict[str, Any]) -> None:
    body = recorded.body(recorded.case(row))
    rows = body.get("embeddings") or [each["embeddings"] for each in body["predictions"]]
    assert [each["embedding"] for each in told(body)["data"]] == [each["values"] for each in rows]
