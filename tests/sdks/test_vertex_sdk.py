"""What Vertex AI is sent for a client of OpenAI's: what Google's SDK (for Claude, Anthropic's) would send."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx2
import pytest
from anthropic import AnthropicVertex
from google.genai import Client, types
from googled import CLOUD, PROJECT, REGION, Asking, cloud, sent, taken, theirs
from ours import KEY, Case, ours

from gatewaymw.core.endpoints import CHAT, EMBED, IMAGE, Endpoint

GEMINI, CLAUDE = "gemini-2.5-flash", "claude-sonnet-4-5@20250929"
PIXEL = bytes(range(250, 256)) + b"\x00"
B64 = base64.b64encode(PIXEL).decode()
ASKED = {"role": "user", "content": "Hi"}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "f", "description": "D", "parameters": SCHEMA}}


def chat(*messages: Any, model: str = GEMINI, **params: Any) -> dict[str, Any]:
    return {"model": model, "messages": list(messages) or [ASKED], **params}


def generate(contents: Any = "Hi", model: str = GEMINI, **config: Any) -> Asking:
    given = types.GenerateContentConfig(**config)
    return lambda client: client.models.generate_content(model=model, contents=contents, config=given)


def embed(contents: Any, model: str, **config: Any) -> Asking:
    given = types.EmbedContentConfig(**config)
    return lambda client: client.models.embed_content(model=model, contents=contents, config=given)


def imagine(prompt: str, model: str, **config: Any) -> Asking:
    given = types.GenerateImagesConfig(**config)

    def asking(client: Client) -> Any:
        with pytest.warns(Warning, match="generate_images method is deprecated"):
            return client.models.generate_images(model=model, prompt=prompt, config=given)

    return asking


DECLARED = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(name="f", description="D", parameters_json_schema=SCHEMA)
    ]
)
CHATS = [
    Case("text", chat(), generate()),
    Case("a model by its whole name", chat(model=f"publishers/google/models/{GEMINI}"), generate()),
    Case("a model with its publisher", chat(model=f"google/{GEMINI}"), generate(model=f"google/{GEMINI}")),
    Case(
        "a stream",
        chat(stream=True),
        lambda client: client.models.generate_content_stream(model=GEMINI, contents="Hi"),
    ),
    Case(
        "settings",
        chat(
            {"role": "system", "content": "Be brief."},
            ASKED,
            temperature=0,
            max_tokens=9,
            seed=1,
            labels={"team": "a"},
            audio_timestamp=True,
            safety_settings=[
                {
                    "category": "HARM_CATEGORY_HATE_SPEECH",
                    "threshold": "OFF",
                    "method": "SEVERITY",
                }
            ],
            model_armor_config={"prompt_template_name": "t"},
            cached_content="projects/proj/locations/us-east5/cachedContents/c1",
        ),
        generate(
            system_instruction="Be brief.",
            temperature=0,
            max_output_tokens=9,
            seed=1,
            labels={"team": "a"},
            audio_timestamp=True,
            safety_settings=[
                types.SafetySetting(
                    category=types.HarmCategory.HARM_CATEGORY_HATE_SPEECH,
                    threshold=types.HarmBlockThreshold.OFF,
                    method=types.HarmBlockMethod.SEVERITY,
                )
            ],
            model_armor_config=types.ModelArmorConfig(prompt_template_name="t"),
            cached_content="projects/proj/locations/us-east5/cachedContents/c1",
        ),
    ),
    Case(
        "a call and its result",
        chat(
            ASKED,
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"city": "Rome"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "warm"},
            tools=[TOOL],
            tool_choice="required",
        ),
        generate(
            [
                types.UserContent("Hi"),
                types.ModelContent(types.Part.from_function_call(name="f", args={"city": "Rome"})),
                types.UserContent(types.Part.from_function_response(name="f", response={"output": "warm"})),
            ],
            tools=[DECLARED],
            tool_config=types.ToolConfig(
                function_calling_config=types.FunctionCallingConfig(mode=types.FunctionCallingConfigMode.ANY)
            ),
        ),
    ),
    Case(
        "an image from a bucket, and thinking",
        chat(
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": "gs://b/a.png"}}],
            },
            reasoning_effort="high",
        ),
        generate(
            [types.Part.from_uri(file_uri="gs://b/a.png", mime_type="image/png")],
            thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=24_576),
        ),
    ),
]

EMBEDDINGS = [
    Case(
        "texts by prediction",
        {
            "model": "text-embedding-005",
            "input": ["a", "b"],
            "dimensions": 256,
            "task_type": "RETRIEVAL_DOCUMENT",
            "title": "T",
            "auto_truncate": False,
        },
        embed(
            ["a", "b"],
            "text-embedding-005",
            output_dimensionality=256,
            task_type="RETRIEVAL_DOCUMENT",
            title="T",
            auto_truncate=False,
        ),
    ),
    Case(
        "a text",
        {"model": "gemini-embedding-001", "input": "Hi", "dimensions": 256, "task_type": "CLUSTERING"},
        embed("Hi", "gemini-embedding-001", output_dimensionality=256, task_type="CLUSTERING"),
    ),
    Case(
        "texts",
        {"model": "gemini-embedding-001", "input": ["a", "b"], "auto_truncate": True},
        embed(["a", "b"], "gemini-embedding-001", auto_truncate=True),
    ),
    Case(
        "contents of parts",
        {
            "model": "gemini-embedding-2",
            "input": [
                "a",
                [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{B64}"}}],
            ],
            "dimensions": 256,
        },
        embed(
            [
                types.UserContent("a"),
                types.UserContent(types.Part.from_bytes(data=PIXEL, mime_type="image/png")),
            ],
            "gemini-embedding-2",
            output_dimensionality=256,
        ),
    ),
]

IMAGES = [
    Case(
        "Imagen",
        {
            "model": "imagen-4.0-generate-001",
            "prompt": "A cat",
            "n": 2,
            "size": "1024x1024",
            "output_format": "jpeg",
            "output_compression": 80,
            "negative_prompt": "a dog",
            "seed": 3,
            "add_watermark": False,
            "enhance_prompt": False,
            "person_generation": "DONT_ALLOW",
            "safety_setting": "BLOCK_ONLY_HIGH",
            "include_rai_reason": True,
            "guidance_scale": 7.5,
            "language": "en",
            "storage_uri": "gs://b/out",
            "labels": {"team": "a"},
        },
        imagine(
            "A cat",
            "imagen-4.0-generate-001",
            number_of_images=2,
            aspect_ratio="1:1",
            output_mime_type="image/jpeg",
            output_compression_quality=80,
            negative_prompt="a dog",
            seed=3,
            add_watermark=False,
            enhance_prompt=False,
            person_generation=types.PersonGeneration.DONT_ALLOW,
            safety_filter_level=types.SafetyFilterLevel.BLOCK_ONLY_HIGH,
            include_rai_reason=True,
            guidance_scale=7.5,
            language=types.ImagePromptLanguage.en,
            output_gcs_uri="gs://b/out",
            labels={"team": "a"},
        ),
    ),
    Case(
        "a picture of Gemini's",
        {
            "model": "gemini-2.5-flash-image",
            "prompt": "A cat",
            "aspect_ratio": "16:9",
            "output_format": "jpeg",
            "output_compression": 80,
        },
        generate(
            "A cat",
            model="gemini-2.5-flash-image",
            response_modalities=["TEXT", "IMAGE"],
            image_config=types.ImageConfig(
                aspect_ratio="16:9", output_mime_type="image/jpeg", output_compression_quality=80
            ),
        ),
    ),
]


@pytest.mark.parametrize(
    ("endpoint", "case"),
    [
        *((CHAT, case) for case in CHATS),
        *((EMBED, case) for case in EMBEDDINGS),
        *((IMAGE, case) for case in IMAGES),
    ],
    ids=lambda value: value.id if isinstance(value, Case) else "",
)
def test_a_model_of_googles(endpoint: Endpoint, case: Case) -> None:
    assert taken(ours("vertex-ai", case.body, endpoint, **CLOUD)) == theirs(case.asking, cloud())


@pytest.mark.parametrize("region", ["global", "us", "eu", "europe-west4"])
def test_a_place(region: str) -> None:
    made = ours("vertex-ai", chat(), **{**CLOUD, "vertex_region": region})
    assert taken(made) == theirs(generate(), cloud(region))


# ── Claude ───────────────────────────────────────────────────────────────


class Claude(NamedTuple):
    """One call, made twice: by a client of the gateway's, and with Anthropic's SDK for Vertex AI."""

    id: str
    body: dict[str, Any]
    asking: Callable[[AnthropicVertex], Any]


TURN = {"role": "user", "content": [{"type": "text", "text": "Hi"}]}


def create(**params: Any) -> Callable[[AnthropicVertex], Any]:
    given = {"model": CLAUDE, "max_tokens": 99, "messages": [TURN], **params}
    return lambda client: client.messages.create(**given)


CLAUDES = [
    Claude("text", chat(model=CLAUDE, max_tokens=99), create()),
    Claude("a model with its publisher", chat(model=f"anthropic/{CLAUDE}", max_tokens=99), create()),
    Claude("a stream", chat(model=CLAUDE, max_tokens=99, stream=True), create(stream=True)),
    Claude(
        "instructions and where to stop",
        chat({"role": "system", "content": "Be brief."}, ASKED, model=CLAUDE, max_tokens=99, stop="END"),
        create(system=[{"type": "text", "text": "Be brief."}], stop_sequences=["END"]),
    ),
    Claude(
        "a tool that must be called",
        chat(model=CLAUDE, max_tokens=99, tools=[TOOL], tool_choice="required"),
        create(
            tools=[{"name": "f", "description": "D", "input_schema": SCHEMA}], tool_choice={"type": "any"}
        ),
    ),
    Claude(
        "a budget to think",
        chat(model=CLAUDE, max_tokens=4000, thinking={"type": "enabled", "budget_tokens": 2000}),
        create(max_tokens=4000, thinking={"type": "enabled", "budget_tokens": 2000}),
    ),
]


def anthropics(asking: Callable[[AnthropicVertex], Any], region: str = REGION) -> httpx2.Request:
    """What Anthropic's SDK sends. It is answered with nothing."""
    requests: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return httpx2.Response(200, json={"content": []})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as http:
        asking(AnthropicVertex(region=region, project_id=PROJECT, access_token=KEY, http_client=http))
    (request,) = requests
    return request


def agree(case: Claude, region: str = REGION) -> None:
    """The gateway is told to speak the version of Anthropic's API that its SDK speaks, newer than the one
    that Google's pages name: these calls are made alike in both."""
    wanted = anthropics(case.asking, region)
    version = json.loads(wanted.content)["anthropic_version"]
    options = {**CLOUD, "vertex_region": region, "anthropic_version": version}
    made = ours("vertex-ai", case.body, **options)
    assert taken(made) == sent(wanted.method, str(wanted.url), wanted.headers, wanted.content)


@pytest.mark.parametrize("case", CLAUDES, ids=lambda case: case.id)
def test_a_model_of_anthropics(case: Claude) -> None:
    agree(case)


@pytest.mark.parametrize("region", ["global", "us", "eu"])
def test_a_place_of_anthropics(region: str) -> None:
    agree(CLAUDES[0], region)
