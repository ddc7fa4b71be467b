"""A thing said by two names: what is not heeded of it is told, at each provider and each endpoint.

A parameter that changes what is sent where it stands alone must be missed beside any other: either what is
sent differs without it, or its name is among the dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, TypeAlias

import pytest

from gatewaymw.core.dialects.cousins import Delta, adapted
from gatewaymw.core.dialects.fields import pick as picked
from gatewaymw.core.dialects.fields import table
from gatewaymw.core.endpoints import CHAT, COMPLETE, EMBED, IMAGE, RERANK, SPEECH, Endpoint
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.model import Context, Provider, Route
from gatewaymw.core.providers import PROVIDERS

Body: TypeAlias = Mapping[str, Any]
Sent: TypeAlias = tuple[Any, frozenset[str], str]

WEATHER = {"name": "weather", "parameters": {"type": "object"}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}

LIMITS = {
    **{"max_tokens": 11, "max_completion_tokens": 12, "num_predict": 13, "max_new_tokens": 14},
    **{"max_output_tokens": 15, "options": {"num_predict": 16}, "inferenceConfig": {"maxTokens": 17}},
    "extra_body": {"google": {"max_tokens": 18}},
}
STOPS = {
    **{"stop": ["a"], "stop_sequences": ["b"], "stop_words": ["c"], "options": {"stop": ["d"]}},
    "inferenceConfig": {"stopSequences": ["e"]},
}
SAMPLING = {
    **{"temperature": 0.5, "top_p": 0.6, "p": 0.7, "top_k": 3, "k": 4, "seed": 5, "random_seed": 6},
    **{
        "options": {"temperature": 0.1, "seed": 4, "top_k": 9},
        "extra_body": {"google": {"temperature": 0.9}},
    },
    **{"inferenceConfig": {"temperature": 0.2, "topP": 0.22}, "n": 2, "num_generations": 3},
    **{"additional_model_request_fields": {"top_k": 77}, "additionalModelRequestFields": {"top_k": 78}},
    **{"frequency_penalty": 0.3, "repetition_penalty": 1.1, "repeat_penalty": 1.2, "best_of": 3},
}
THINKING = {
    **{"reasoning_effort": "high", "reasoning": {"effort": "low"}, "think": False},
    **{"thinking": {"type": "enabled", "budget_tokens": 2048}, "thinking_config": {"thinkingBudget": 99}},
    "extra_body": {"google": {"thinking_config": {"thinkingBudget": 12}}},
    "additional_model_request_fields": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
}
FORMATS = {
    **{"response_format": SCHEMA, "format": "json", "outputConfig": {"textFormat": {"type": "json_schema"}}},
    "output_config": {"format": {"type": "json_schema", "schema": {}}},
}
TOOLS = {
    **{
        "tools": [{"type": "function", "function": WEATHER}],
        "functions": [{**WEATHER, "description": "Now."}],
    },
    **{"tool_choice": "required", "function_call": {"name": "weather"}, "parallel_tool_calls": False},
    "tool_config": {"functionCallingConfig": {"mode": "AUTO"}},
}
AROUND = {
    **{"service_tier": "flex", "serviceTier": {"type": "priority"}, "metadata": {"a": "b"}},
    **{"requestMetadata": {"a": "c"}, "request_metadata": {"a": "d"}, "user": "e", "safety_identifier": "f"},
    **{"guardrail_config": {"guardrailIdentifier": "g"}, "guardrailConfig": {"guardrailIdentifier": "h"}},
    **{"performance_config": {"latency": "optimized"}, "performanceConfig": {"latency": "standard"}},
    **{"prompt_variables": {"a": {"text": "b"}}, "promptVariables": {"a": {"text": "c"}}},
    **{"project_identifier": "i", "projectIdentifier": "j", "system_prompt": "k", "prompt": "l"},
    **{"speech_config": {"voiceConfig": {}}, "audio": {"voice": "alloy", "format": "pcm16"}},
}
TEXTS = {**LIMITS, **STOPS, "seed": 5, "random_seed": 6, "echo": True, "exclude_input_in_output": True}
VECTORS = {
    **{"dimensions": 256, "output_dimension": 128, "dimensionality": 64, "outputDimensionality": 32},
    **{"input_type": "search_query", "task_type": "A", "taskType": "B", "embedding_types": ["int8"]},
    **{"encoding_format": "base64", "output_dtype": "int8", "auto_truncate": False, "autoTruncate": True},
}
SHAPES = {
    **{"size": "1792x1024", "width": 100, "height": 200, "aspect_ratio": "1:1", "aspectRatio": "9:16"},
    **{"image_size": "4K", "imageSize": "8K", "sampleImageSize": "1K", "resolution": "1k"},
    **{"n": 2, "num_images": 3, "samples": 4, "num_outputs": 5, "quality": "high"},
}
LOOKS = {
    **{"output_format": "jpeg", "mime_type": "image/webp", "mimeType": "image/gif", "style": "vivid"},
    **{"output_compression": 50, "compressionQuality": 40, "output_compression_quality": 30},
    **{"style_preset": "anime", "style_type": "b", "negative_prompt": "c", "negativePrompt": "d"},
    **{"safety_filter_level": "e", "safetySetting": "f", "safety_setting": "g", "seed": 3},
    **{"storage_uri": "h", "output_gcs_uri": "i", "text_prompts": [{"text": "j"}], "cfg_scale": 4},
}
RANKS = {"top_n": 1, "top_k": 2, "return_documents": True, "return_input": False, "input": ["a"]}
SOUNDS = {
    **{"speed": 1.2, "voice_settings": {"speed": 0.9}, "response_format": "opus", "output_format": "pcm"},
    **{"encoding": "flac", "container": "wav", "sample_rate": 8000, "speaker": "luna", "text": "Ho"},
}

FAMILIES: Mapping[Endpoint, tuple[Body, tuple[Body, ...]]] = {
    CHAT: (
        {"messages": [{"role": "user", "content": "Hello"}]},
        (LIMITS, STOPS, SAMPLING, THINKING, FORMATS, TOOLS, AROUND),
    ),
    COMPLETE: ({"prompt": "Hello"}, (TEXTS,)),
    EMBED: ({"input": "Hello"}, (VECTORS,)),
    IMAGE: ({"prompt": "A cat"}, (SHAPES, LOOKS)),
    RERANK: ({"query": "Hello", "documents": ["a", "b"]}, (RANKS,)),
    SPEECH: ({"input": "Hello", "voice": "ann"}, (SOUNDS,)),
}
"""Of each endpoint what a body must have, and names that say like things, by all providers' words."""
ROUTES = [
    pytest.param(endpoint, name, model, id=f"{endpoint.name}-{name}-{model}")
    for endpoint in FAMILIES
    for name, provider in PROVIDERS.items()
    if endpoint in provider.routes
    for model in provider.models.get(endpoint) or ("some-model",)
]


def route_of(provider: Provider, endpoint: Endpoint, model: str) -> Route:
    chosen = provider.by_model.get(endpoint)
    return chosen(model) if chosen else provider.routes[endpoint]


def sent(provider: Provider, endpoint: Endpoint, body: Body) -> Sent | None:
    """What is sent, what is told as dropped, and the path; None for a body that is refused."""
    route = route_of(provider, endpoint, body["model"])
    options = {**dict.fromkeys(provider.requires, "x"), **provider.assumes}
    context = Context(provider=provider.name, model=body["model"], options=options, request=body)
    try:
        path = route.path(context) if callable(route.path) else ""
        if route.codec.fill:
            filled = route.codec.fill(body, context)
            return [(part.name, part.data) for part in filled.parts], frozenset(filled.dropped), path
        if route.codec.request is None:
            return body, frozenset(), path
        made = route.codec.request(body, context)
        return made.body, frozenset(made.dropped), path
    except GatewayError:
        return None


def pairs(endpoint: Endpoint, provider: Provider, model: str) -> Iterator[tuple[str, str]]:
    """A name that is lost in silence, and the name that it stood beside."""
    base, families = FAMILIES[endpoint]
    empty = sent(provider, endpoint, {**base, "model": model})
    assert empty
    for family in families:
        alone = {
            name: sent(provider, endpoint, {**base, "model": model, name: family[name]}) for name in family
        }
        for one, other in combinations([name for name in family if alone[name]], 2):
            body = {**base, "model": model, one: family[one], other: family[other]}
            both = sent(provider, endpoint, body)
            for name, beside in ((one, other), (other, one)):
                if both and both == alone[beside] and alone[name] != empty:
                    yield name, beside


@pytest.mark.parametrize(("endpoint", "name", "model"), ROUTES)
def test_of_two_names_none_is_lost_in_silence(endpoint: Endpoint, name: str, model: str) -> None:
    assert list(pairs(endpoint, PROVIDERS[name], model)) == []


@pytest.mark.parametrize("name", [name for name in PROVIDERS if CHAT in PROVIDERS[name].routes])
def test_what_is_said_twice_alike_is_not_lost(name: str) -> None:
    provider = PROVIDERS[name]
    for model in provider.models.get(CHAT) or ("some-model",):
        base = {**FAMILIES[CHAT][0], "model": model}
        once = sent(provider, CHAT, {**base, "max_completion_tokens": 12})
        twice = sent(provider, CHAT, {**base, "max_tokens": 12, "max_completion_tokens": 12})
        assert once and twice
        assert twice[1] == once[1]


def test_of_three_that_say_one_thing_the_last_stands_and_the_others_are_told() -> None:
    fields, lost = table("size", width="size", height="size"), list[str]()
    assert picked({"size": 1, "width": 2, "height": 3}, fields, lost) == {"size": 3}
    assert lost == ["size", "width"]


def test_an_older_name_that_says_the_same_is_no_loss() -> None:
    request = adapted(Delta(rename={"new": "old"}))
    context = Context(provider="some")
    assert request({"new": 1, "old": 1}, context).dropped == ()
    assert request({"new": 1, "old": 2}, context).dropped == ("old",)
    assert request({"new": None, "old": 2}, context).body == {"old": 2}


def test_a_function_call_that_is_the_tool_choice_is_no_loss() -> None:
    base = {**FAMILIES[CHAT][0], "model": "command-a-03-2025", "tools": TOOLS["tools"]}
    choice = {"type": "function", "function": {"name": "weather"}}
    told = sent(
        PROVIDERS["cohere"], CHAT, {**base, "tool_choice": choice, "function_call": {"name": "weather"}}
    )
    assert told and told[1] == frozenset()
