"""What InvokeModel is sent for a client of OpenAI's: what boto3 itself would send.

boto3 takes the body as it is, in each maker's own shape: it is written out here from the makers' pages
(https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html).
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from amazoned import OPTIONS, Asking, taken, theirs
from ours import Case, ours

from gatewaymw.core.endpoints import EMBED, IMAGE

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
URI = f"data:image/png;base64,{PNG}"


def invoke(model: str, **body: Any) -> Asking:
    return lambda client: client.invoke_model(
        modelId=model, body=json.dumps(body), contentType="application/json"
    )


def embed(model: str, input: Any, **params: Any) -> dict[str, Any]:
    return {"model": model, "input": input, **params}


TITAN_1, TITAN_2 = "amazon.titan-embed-text-v1", "amazon.titan-embed-text-v2:0"
SEEING = "amazon.titan-embed-image-v1"
COHERE_3, COHERE_4 = "cohere.embed-multilingual-v3", "eu.cohere.embed-v4:0"
NOVA = "amazon.nova-2-multimodal-embeddings-v1:0"
ARN = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.cohere.embed-v4:0"

EMBEDDINGS = [
    Case("Titan's first", embed(TITAN_1, "Hi"), invoke(TITAN_1, inputText="Hi")),
    Case("Titan's second", embed(TITAN_2, ["Hi"]), invoke(TITAN_2, inputText="Hi")),
    Case(
        "Titan's second, with settings",
        embed(TITAN_2, "Hi", dimensions=256, normalize=False),
        invoke(TITAN_2, inputText="Hi", dimensions=256, normalize=False),
    ),
    Case(
        "Titan's that sees",
        embed(SEEING, [{"text": "Hi", "image": URI}], dimensions=384),
        invoke(SEEING, inputText="Hi", inputImage=PNG, embeddingConfig={"outputEmbeddingLength": 384}),
    ),
    Case(
        "Cohere's third",
        embed(COHERE_3, ["a", "b"], input_type="search_query", truncate="END"),
        invoke(COHERE_3, texts=["a", "b"], input_type="search_query", truncate="END"),
    ),
    Case(
        "an image for Cohere's third",
        embed(COHERE_3, [{"image": URI}]),
        invoke(COHERE_3, images=[URI], input_type="image"),
    ),
    Case(
        "Cohere's fourth",
        embed(COHERE_4, "Hi", dimensions=512, embedding_types=["float"]),
        invoke(
            COHERE_4,
            texts=["Hi"],
            input_type="search_document",
            output_dimension=512,
            embedding_types=["float"],
        ),
    ),
    Case(
        "texts with images, by an ARN",
        embed(ARN, [{"text": "Hi", "image": URI}]),
        invoke(
            ARN,
            inputs=[
                {
                    "content": [
                        {"type": "text", "text": "Hi"},
                        {"type": "image_url", "image_url": URI},
                    ]
                }
            ],
            input_type="search_document",
        ),
    ),
    Case(
        "Nova",
        embed(NOVA, "Hi", dimensions=1024, input_type="search_query"),
        invoke(
            NOVA,
            taskType="SINGLE_EMBEDDING",
            singleEmbeddingParams={
                "embeddingPurpose": "GENERIC_RETRIEVAL",
                "embeddingDimension": 1024,
                "text": {"truncationMode": "NONE", "value": "Hi"},
            },
        ),
    ),
    Case(
        "an image for Nova",
        embed(NOVA, [{"image": URI}]),
        invoke(
            NOVA,
            taskType="SINGLE_EMBEDDING",
            singleEmbeddingParams={
                "embeddingPurpose": "GENERIC_INDEX",
                "image": {"format": "png", "source": {"bytes": PNG}},
            },
        ),
    ),
]


def paint(model: str, **params: Any) -> dict[str, Any]:
    return {"model": model, "prompt": "A cat", **params}


CANVAS, TITAN = "amazon.nova-canvas-v1:0", "amazon.titan-image-generator-v2:0"
CORE, SD3, SDXL = (
    "stability.stable-image-core-v1:1",
    "stability.sd3-5-large-v1:0",
    "stability.stable-diffusion-xl-v1",
)

IMAGES = [
    Case(
        "Nova Canvas",
        paint(
            CANVAS, n=2, size="1280x720", quality="hd", seed=7, negative_prompt="a dog", style="PHOTOREALISM"
        ),
        invoke(
            CANVAS,
            taskType="TEXT_IMAGE",
            textToImageParams={"text": "A cat", "negativeText": "a dog", "style": "PHOTOREALISM"},
            imageGenerationConfig={
                "numberOfImages": 2,
                "width": 1280,
                "height": 720,
                "quality": "premium",
                "seed": 7,
            },
        ),
    ),
    Case(
        "Titan",
        paint(TITAN, size="512x512", quality="standard", cfg_scale=8.5),
        invoke(
            TITAN,
            taskType="TEXT_IMAGE",
            textToImageParams={"text": "A cat"},
            imageGenerationConfig={"width": 512, "height": 512, "quality": "standard", "cfgScale": 8.5},
        ),
    ),
    Case(
        "Stable Image",
        paint(CORE, size="1024x1024", output_format="jpeg", seed=7, negative_prompt="a dog"),
        invoke(
            CORE,
            prompt="A cat",
            aspect_ratio="1:1",
            output_format="jpeg",
            seed=7,
            negative_prompt="a dog",
        ),
    ),
    Case(
        "an image to begin with",
        paint(SD3, image=URI, strength=0.7, mode="image-to-image"),
        invoke(SD3, prompt="A cat", image=PNG, strength=0.7, mode="image-to-image"),
    ),
    Case(
        "Stable Diffusion XL",
        paint(SDXL, size="512x512", negative_prompt="a dog", cfg_scale=7, steps=30, style_preset="anime"),
        invoke(
            SDXL,
            text_prompts=[{"text": "A cat", "weight": 1}, {"text": "a dog", "weight": -1}],
            width=512,
            height=512,
            cfg_scale=7,
            steps=30,
            style_preset="anime",
        ),
    ),
]


@pytest.mark.parametrize("case", EMBEDDINGS, ids=lambda case: case.id)
def test_an_embedding(case: Case) -> None:
    assert taken(ours("bedrock", case.body, EMBED, key="", **OPTIONS)) == theirs(case.asking)


@pytest.mark.parametrize("case", IMAGES, ids=lambda case: case.id)
def test_an_image(case: Case) -> None:
    assert taken(ours("bedrock", case.body, IMAGE, key="", **OPTIONS)) == theirs(case.asking)


def test_what_only_headers_say() -> None:
    """Guardrails, the tier and labels, which Converse is told in its body."""
    headers = {
        "x-amzn-bedrock-guardrailidentifier": "g1",
        "x-amzn-bedrock-guardrailversion": "DRAFT",
        "x-amzn-bedrock-trace": "ENABLED_FULL",
        "x-amzn-bedrock-performanceconfig-latency": "optimized",
        "x-amzn-bedrock-service-tier": "flex",
        "x-amzn-bedrock-request-metadata": '{"team":"a"}',
    }
    made = ours("bedrock", embed(TITAN_2, "Hi"), EMBED, key="", headers=headers, **OPTIONS)
    assert taken(made) == theirs(
        lambda client: client.invoke_model(
            modelId=TITAN_2,
            body=json.dumps({"inputText": "Hi"}),
            contentType="application/json",
            guardrailIdentifier="g1",
            guardrailVersion="DRAFT",
            trace="ENABLED_FULL",
            performanceConfigLatency="optimized",
            serviceTier="flex",
            requestMetadata='{"team":"a"}',
        )
    )
