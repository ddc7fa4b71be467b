"""Calls of the Gemini API, made twice: by a client of the gateway's, and with google-genai."""

from __future__ import annotations

import base64
from typing import Any

from google.genai import types
from googled import Asking
from ours import Case

OLD, NEW = "gemini-2.5-flash", "gemini-3-flash-preview"
PIXEL = bytes(range(250, 256)) + b"\x00"
"""Bytes whose base64 differs from one alphabet to the other."""
SIGNED = b"\xfb\xff\xfesigned"
B64 = base64.b64encode(PIXEL).decode()
SIGNATURE = base64.b64encode(SIGNED).decode()
ASKED = {"role": "user", "content": "Hi"}


def chat(*messages: Any, model: str = OLD, **params: Any) -> dict[str, Any]:
    return {"model": model, "messages": list(messages) or [ASKED], **params}


def says(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


def generate(contents: Any = "Hi", model: str = OLD, **config: Any) -> Asking:
    given = types.GenerateContentConfig(**config)
    return lambda client: client.models.generate_content(model=model, contents=contents, config=given)


def stream(contents: Any = "Hi", model: str = OLD, **config: Any) -> Asking:
    given = types.GenerateContentConfig(**config)
    return lambda client: client.models.generate_content_stream(model=model, contents=contents, config=given)


def embed(contents: Any, model: str = "gemini-embedding-001", **config: Any) -> Asking:
    given = types.EmbedContentConfig(**config)
    return lambda client: client.models.embed_content(model=model, contents=contents, config=given)


PLAIN = [
    Case("text", chat(), generate()),
    Case("a model by its full name", chat(model=f"models/{OLD}"), generate(model=f"models/{OLD}")),
    Case("a tuned model", chat(model="tunedModels/mine-1"), generate(model="tunedModels/mine-1")),
    Case("a stream", chat(stream=True), stream()),
    Case("a stream that counts", chat(stream=True, stream_options={"include_usage": True}), stream()),
    Case(
        "instructions",
        chat({"role": "system", "content": "Be brief."}, ASKED),
        generate(system_instruction="Be brief."),
    ),
    Case(
        "instructions of two kinds",
        chat({"role": "system", "content": "Be brief."}, {"role": "developer", "content": "Be kind."}, ASKED),
        generate(system_instruction=["Be brief.", "Be kind."]),
    ),
    Case(
        "sampling",
        chat(temperature=0.2, top_p=0.9, top_k=40, seed=7, presence_penalty=0.5, frequency_penalty=-0.5),
        generate(temperature=0.2, top_p=0.9, top_k=40, seed=7, presence_penalty=0.5, frequency_penalty=-0.5),
    ),
    Case(
        "limits",
        chat(max_completion_tokens=64, stop=["END", "\n\n"], n=2),
        generate(max_output_tokens=64, stop_sequences=["END", "\n\n"], candidate_count=2),
    ),
    Case(
        "logprobs",
        chat(logprobs=True, top_logprobs=3),
        generate(response_logprobs=True, logprobs=3),
    ),
    Case(
        "a conversation",
        chat(ASKED, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Who?"}),
        generate(
            [
                types.UserContent("Hi"),
                types.ModelContent("Hello"),
                types.UserContent("Who?"),
            ]
        ),
    ),
    Case(
        "safety",
        chat(safety_settings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}]),
        generate(
            safety_settings=[
                types.SafetySetting(
                    category=types.HarmCategory.HARM_CATEGORY_HARASSMENT,
                    threshold=types.HarmBlockThreshold.BLOCK_ONLY_HIGH,
                )
            ]
        ),
    ),
    Case("a cache", chat(cached_content="cachedContents/c1"), generate(cached_content="cachedContents/c1")),
    Case("a tier", chat(service_tier="flex"), generate(service_tier=types.ServiceTier.FLEX)),
    Case("no logs", chat(store=False), generate(store=False)),
]

FILES = [
    Case(
        "an image inline",
        chat(
            says(
                {"type": "text", "text": "What?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{B64}"}},
            )
        ),
        generate(["What?", types.Part.from_bytes(data=PIXEL, mime_type="image/png")]),
    ),
    Case(
        "an image by its address",
        chat(says({"type": "image_url", "image_url": {"url": "https://h.example/a.jpg"}})),
        generate([types.Part.from_uri(file_uri="https://h.example/a.jpg", mime_type="image/jpeg")]),
    ),
    Case(
        "an image by its place in a bucket, closely looked at",
        chat(
            says(
                {
                    "type": "image_url",
                    "image_url": {"url": "gs://b/a.png"},
                    "media_resolution": {"level": "MEDIA_RESOLUTION_HIGH"},
                }
            )
        ),
        generate(
            [
                types.Part(
                    file_data=types.FileData(file_uri="gs://b/a.png", mime_type="image/png"),
                    media_resolution=types.PartMediaResolution(
                        level=types.PartMediaResolutionLevel.MEDIA_RESOLUTION_HIGH
                    ),
                )
            ]
        ),
    ),
    Case(
        "sound",
        chat(says({"type": "input_audio", "input_audio": {"data": B64, "format": "wav"}})),
        generate([types.Part.from_bytes(data=PIXEL, mime_type="audio/wav")]),
    ),
    Case(
        "a part of some sound",
        chat(
            says(
                {
                    "type": "input_audio",
                    "input_audio": {"data": B64, "format": "mp3"},
                    "audio_metadata": {"start_offset": "1s", "end_offset": "9s"},
                }
            )
        ),
        generate(
            [
                types.Part(
                    inline_data=types.Blob(data=PIXEL, mime_type="audio/mpeg"),
                    audio_metadata=types.AudioMetadata(start_offset="1s", end_offset="9s"),
                )
            ]
        ),
    ),
    Case(
        "a PDF",
        chat(
            says(
                {
                    "type": "file",
                    "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{B64}"},
                }
            )
        ),
        generate([types.Part.from_bytes(data=PIXEL, mime_type="application/pdf")]),
    ),
    Case(
        "some pages of a PDF that Google holds",
        chat(
            says(
                {
                    "type": "file",
                    "file": {"file_id": "files/abc", "mime_type": "application/pdf"},
                    "document_metadata": {"start_page": 2, "end_page": 5},
                }
            )
        ),
        generate(
            [
                types.Part(
                    file_data=types.FileData(
                        file_uri="https://generativelanguage.googleapis.com/v1beta/files/abc",
                        mime_type="application/pdf",
                    ),
                    document_metadata=types.DocumentMetadata(start_page=2, end_page=5),
                )
            ]
        ),
    ),
    Case(
        "a part of a video",
        chat(
            says(
                {
                    "type": "video_url",
                    "video_url": {"url": "gs://b/a.mp4"},
                    "video_metadata": {"start_offset": "10s", "fps": 0.5},
                    "media_processing": "AGENTIC",
                }
            )
        ),
        generate(
            [
                types.Part(
                    file_data=types.FileData(file_uri="gs://b/a.mp4", mime_type="video/mp4"),
                    video_metadata=types.VideoMetadata(start_offset="10s", fps=0.5),
                    media_processing=types.MediaProcessing.AGENTIC,
                )
            ]
        ),
    ),
]

EMBEDDINGS = [
    Case("one text", {"model": "gemini-embedding-001", "input": ["Hi"]}, embed("Hi")),
    Case("several texts", {"model": "gemini-embedding-001", "input": ["a", "b"]}, embed(["a", "b"])),
    Case(
        "settings",
        {
            "model": "gemini-embedding-001",
            "input": ["a", "b"],
            "dimensions": 256,
            "task_type": "RETRIEVAL_DOCUMENT",
            "title": "T",
        },
        embed(["a", "b"], output_dimensionality=256, task_type="RETRIEVAL_DOCUMENT", title="T"),
    ),
    Case(
        "a text with an image",
        {
            "model": "gemini-embedding-2",
            "input": [
                [
                    {"type": "text", "text": "a"},
                    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{B64}"}},
                ]
            ],
        },
        embed(["a", types.Part.from_bytes(data=PIXEL, mime_type="image/png")], model="gemini-embedding-2"),
    ),
]

IMAGES = [
    Case(
        "a picture",
        {"model": "gemini-2.5-flash-image", "prompt": "A cat", "size": "1024x1024"},
        generate(
            "A cat",
            model="gemini-2.5-flash-image",
            response_modalities=["TEXT", "IMAGE"],
            image_config=types.ImageConfig(aspect_ratio="1:1"),
        ),
    ),
]
