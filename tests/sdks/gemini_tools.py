"""Calls of the Gemini API, made twice: tools, thoughts, schemas, other senses."""

from __future__ import annotations

from typing import Any

from gemini_calls import ASKED, B64, NEW, PIXEL, SIGNATURE, SIGNED, chat, generate
from google.genai import types
from ours import Case

SCHEMA = {
    "type": "object",
    "properties": {
        "place": {"$ref": "#/$defs/place"},
        "when": {"anyOf": [{"type": "string", "format": "date"}, {"type": "integer"}]},
        "unit": {"type": ["string", "null"], "enum": ["C", "F", None], "description": "Or none."},
        "days": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 7},
    },
    "required": ["place"],
    "additionalProperties": False,
    "$defs": {"place": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "Tells.", "parameters": SCHEMA},
}
DECLARED = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(name="weather", description="Tells.", parameters_json_schema=SCHEMA)
    ]
)


def calling(mode: str, *names: str) -> types.ToolConfig:
    config = types.FunctionCallingConfig(
        mode=types.FunctionCallingConfigMode(mode), allowed_function_names=list(names) or None
    )
    return types.ToolConfig(function_calling_config=config)


def called(number: int, city: str, **more: Any) -> dict[str, Any]:
    function = {"name": "weather", "arguments": f'{{"city": "{city}"}}', **more}
    return {"id": f"c{number}", "type": "function", "function": function}


def result(number: int, content: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": f"c{number}", "content": content}


def call(number: int, city: str, signature: bytes | None = None) -> types.Part:
    made = types.FunctionCall(id=f"c{number}", name="weather", args={"city": city})
    return types.Part(function_call=made, thought_signature=signature)


def returned(number: int, response: dict[str, Any]) -> types.Part:
    return types.Part(
        function_response=types.FunctionResponse(id=f"c{number}", name="weather", response=response)
    )


TOOLS = [
    Case("a function", chat(tools=[TOOL]), generate(tools=[DECLARED])),
    *(
        Case(
            f"a choice: {mode}",
            chat(tools=[TOOL], tool_choice=value),
            generate(tools=[DECLARED], tool_config=calling(*config)),
        )
        for mode, value, config in (
            ("auto", "auto", ("AUTO",)),
            ("none", "none", ("NONE",)),
            ("required", "required", ("ANY",)),
            ("named", {"type": "function", "function": {"name": "weather"}}, ("ANY", "weather")),
        )
    ),
    Case(
        "a function that answers in the background",
        chat(
            tools=[
                {
                    "type": "function",
                    "function": {
                        "name": "later",
                        "behavior": "NON_BLOCKING",
                        "response_json_schema": {"type": "string"},
                    },
                }
            ]
        ),
        generate(
            tools=[
                types.Tool(
                    function_declarations=[
                        types.FunctionDeclaration(
                            name="later",
                            behavior=types.Behavior.NON_BLOCKING,
                            response_json_schema={"type": "string"},
                        )
                    ]
                )
            ]
        ),
    ),
    Case(
        "Google's own",
        chat(
            tools=[
                {"type": "google_search"},
                {"code_execution": {}},
                {"type": "file_search", "file_search_store_names": ["fileSearchStores/s"], "top_k": 3},
            ],
            tool_config={"retrieval_config": {"lat_lng": {"latitude": 1.5, "longitude": 2.5}}},
        ),
        generate(
            tools=[
                types.Tool(google_search=types.GoogleSearch()),
                types.Tool(code_execution=types.ToolCodeExecution()),
                types.Tool(
                    file_search=types.FileSearch(file_search_store_names=["fileSearchStores/s"], top_k=3)
                ),
            ],
            tool_config=types.ToolConfig(
                retrieval_config=types.RetrievalConfig(lat_lng=types.LatLng(latitude=1.5, longitude=2.5))
            ),
        ),
    ),
    Case(
        "a call and its result",
        chat(
            ASKED,
            {"role": "assistant", "content": None, "tool_calls": [called(1, "Rome")]},
            result(1, '{"degrees": 21}'),
        ),
        generate(
            [
                types.UserContent("Hi"),
                types.ModelContent(call(1, "Rome")),
                types.UserContent(returned(1, {"degrees": 21})),
            ]
        ),
    ),
    Case(
        "calls side by side, signed",
        chat(
            ASKED,
            {
                "role": "assistant",
                "content": "Let me see.",
                "tool_calls": [called(1, "Rome", thought_signature=SIGNATURE), called(2, "Oslo")],
            },
            result(1, "warm"),
            result(2, "cold"),
            model=NEW,
            tools=[TOOL],
        ),
        generate(
            [
                types.UserContent("Hi"),
                types.ModelContent(["Let me see.", call(1, "Rome", SIGNED), call(2, "Oslo")]),
                types.UserContent([returned(1, {"output": "warm"}), returned(2, {"output": "cold"})]),
            ],
            model=NEW,
            tools=[DECLARED],
        ),
    ),
    Case(
        "a result with a picture",
        chat(
            ASKED,
            {"role": "assistant", "tool_calls": [called(1, "Rome", thought_signature=SIGNATURE)]},
            {
                "role": "tool",
                "tool_call_id": "c1",
                "content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{B64}"}}],
            },
            model=NEW,
        ),
        generate(
            [
                types.UserContent("Hi"),
                types.ModelContent(call(1, "Rome", SIGNED)),
                types.UserContent(
                    types.Part(
                        function_response=types.FunctionResponse(
                            id="c1",
                            name="weather",
                            response={},
                            parts=[
                                types.FunctionResponsePart(
                                    inline_data=types.FunctionResponseBlob(data=PIXEL, mime_type="image/png")
                                )
                            ],
                        )
                    )
                ),
            ],
            model=NEW,
        ),
    ),
]

THINKING = [
    Case(
        "an effort, as a level",
        chat(model=NEW, reasoning_effort="low"),
        generate(
            model=NEW, thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_level="LOW")
        ),
    ),
    Case(
        "an effort, as a budget",
        chat(reasoning_effort="medium"),
        generate(thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=8192)),
    ),
    Case(
        "no effort",
        chat(reasoning_effort="none"),
        generate(thinking_config=types.ThinkingConfig(thinking_budget=0)),
    ),
    Case(
        "a budget",
        chat(thinking={"type": "enabled", "budget_tokens": 2000}),
        generate(thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=2000)),
    ),
    Case(
        "Google's own words for it",
        chat(thinking_config={"thinking_budget": -1, "include_thoughts": False}),
        generate(thinking_config=types.ThinkingConfig(include_thoughts=False, thinking_budget=-1)),
    ),
    Case(
        "thoughts sent back",
        chat(
            ASKED,
            {
                "role": "assistant",
                "content": "Hello",
                "content_blocks": [
                    {"type": "thinking", "thinking": "Hm.", "thought_signature": SIGNATURE},
                    {"type": "text", "text": "Hello", "thought_signature": SIGNATURE},
                    {"type": "executable_code", "executable_code": {"language": "PYTHON", "code": "1"}},
                    {
                        "type": "code_execution_result",
                        "code_execution_result": {"outcome": "OUTCOME_OK", "output": "1"},
                    },
                ],
            },
            ASKED,
        ),
        generate(
            [
                types.UserContent("Hi"),
                types.ModelContent(
                    [
                        types.Part(text="Hm.", thought=True, thought_signature=SIGNED),
                        types.Part(text="Hello", thought_signature=SIGNED),
                        types.Part.from_executable_code(code="1", language=types.Language.PYTHON),
                        types.Part.from_code_execution_result(outcome=types.Outcome.OUTCOME_OK, output="1"),
                    ]
                ),
                types.UserContent("Hi"),
            ]
        ),
    ),
    Case(
        "an answer by a schema",
        chat(
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "trip", "strict": True, "schema": SCHEMA},
            }
        ),
        generate(response_mime_type="application/json", response_json_schema=SCHEMA),
    ),
    Case(
        "an answer in JSON",
        chat(response_format={"type": "json_object"}),
        generate(response_mime_type="application/json"),
    ),
    Case(
        "an answer in words and pictures",
        chat(modalities=["text", "image"], image_config={"aspect_ratio": "16:9", "image_size": "2K"}),
        generate(
            response_modalities=["TEXT", "IMAGE"],
            image_config=types.ImageConfig(aspect_ratio="16:9", image_size="2K"),
        ),
    ),
    Case(
        "a spoken answer",
        chat(modalities=["audio"], audio={"voice": "Kore", "format": "pcm16"}),
        generate(
            response_modalities=["AUDIO"],
            speech_config=types.SpeechConfig(
                voice_config=types.VoiceConfig(
                    prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name="Kore")
                )
            ),
        ),
    ),
    Case(
        "what was heard, word by word",
        chat(audio_transcription_config={"diarization": True, "word_timestamp": True}),
        generate(
            audio_transcription_config=types.AudioTranscriptionConfig(diarization=True, word_timestamp=True)
        ),
    ),
]
