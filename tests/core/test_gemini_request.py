"""OpenAI's chat parameters, as Gemini takes them."""

from __future__ import annotations

from typing import Any

import pytest
from gemini import NEW, NEXT, OLD, ask, config, refused, vertex
from openai.types.chat import completion_create_params

from gatewaymw.core.dialects import fields
from gatewaymw.core.dialects.gemini.models import NEWEST, ROWS, traits_of
from gatewaymw.core.dialects.gemini.request import KNOWN, STUDIO, VERTEX


def test_the_least_a_request_can_be() -> None:
    sent = ask()
    assert sent.body == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
    assert sent.dropped == ()


def test_a_model_goes_by_the_longest_row_of_its_name_whatever_stands_before_it() -> None:
    assert traits_of("models/gemini-2.5-pro-preview-05-06") is ROWS["gemini-2.5-pro"]
    assert traits_of("google.gemini-3.5-flash-lite") is ROWS["gemini-3.5-flash-lite"]
    assert traits_of("gemini-2.5-flash-lite") is ROWS["gemini-2.5"]
    assert traits_of("gemma-3-27b-it") is ROWS["gemma"]
    assert traits_of("gemini-flash-latest") is traits_of("gemini-5") is traits_of("") is NEWEST


# ── sampling and amounts ─────────────────────────────────────────────────


def test_sampling_is_passed_as_it_is_given() -> None:
    given: dict[str, Any] = {"temperature": 0, "top_p": 0.5, "top_k": 5, "seed": 7}
    penalties = {"presence_penalty": -1, "frequency_penalty": 0.5}
    assert config(**given, **penalties) == {
        **{"temperature": 0, "topP": 0.5, "topK": 5, "seed": 7},
        **{"presencePenalty": -1, "frequencyPenalty": 0.5},
    }


def test_a_model_that_passes_sampling_over_is_sent_none_and_losses_are_named() -> None:
    sent = ask(NEXT, temperature=0.2, top_p=0.9, top_k=1, presence_penalty=1, frequency_penalty=-1)
    assert "generationConfig" not in sent.body
    assert set(sent.dropped) == {"temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty"}
    assert ask(NEXT, temperature=1, top_p=1.0, presence_penalty=0, frequency_penalty=0).dropped == ()
    late = ask("gemini-3.5-flash", temperature=0.2, presence_penalty=1)
    assert (late.body["generationConfig"], late.dropped) == ({"temperature": 0.2}, ("presence_penalty",))


def test_max_completion_tokens_beats_max_tokens() -> None:
    assert config(max_tokens=5) == {"maxOutputTokens": 5}
    assert config(max_completion_tokens=7, max_tokens=5) == {"maxOutputTokens": 7}


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "seed", "n"])
@pytest.mark.parametrize("value", ["10", 1.5, True, [1]])
def test_a_number_that_is_no_whole_one_is_refused(name: str, value: Any) -> None:
    assert refused(**{name: value}).param == name


def test_several_answers_are_candidates() -> None:
    assert config(n=3) == {"candidateCount": 3}
    assert config(n=1) == {}


def test_how_likely_tokens_were() -> None:
    assert config(logprobs=True, top_logprobs=3) == {"responseLogprobs": True, "logprobs": 3}
    assert config(logprobs=True, top_logprobs=0) == {"responseLogprobs": True}
    assert ask(top_logprobs=3).dropped == ("top_logprobs",)
    assert ask(logprobs=False).dropped == ()
    assert refused(logprobs=3).param == "logprobs"
    assert refused(logprobs=True, top_logprobs="3").param == "top_logprobs"


def test_stop_is_a_list_there() -> None:
    assert config(stop="END") == {"stopSequences": ["END"]}
    assert config(stop_sequences=["a"], stop=["b"]) == {"stopSequences": ["a", "b"]}
    assert config(stop=[]) == {}


@pytest.mark.parametrize("params", [{"stop": 5}, {"stop": [5]}, {"stop_sequences": "END"}])
def test_stop_must_be_text(params: dict[str, Any]) -> None:
    assert refused(**params).param in ("stop", "stop_sequences")


# ── what an answer is ────────────────────────────────────────────────────


def test_the_kinds_of_an_answer() -> None:
    assert config(modalities=["text", "image"]) == {"responseModalities": ["TEXT", "IMAGE"]}
    assert config(modalities=["text"]) == {}
    assert refused(modalities="text").param == "modalities"
    assert refused(modalities=[5]).param == "modalities"


def test_the_voice_of_a_spoken_answer() -> None:
    voiced = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}}
    sent = ask(modalities=["audio"], audio={"voice": "Kore", "format": "pcm16"})
    assert sent.body["generationConfig"] == {"responseModalities": ["AUDIO"], "speechConfig": voiced}
    assert sent.dropped == ()
    assert ask(audio={"voice": "Kore", "format": "mp3"}).dropped == ("audio.format",)
    assert ask(audio={"voice": {"id": "v"}}).dropped == ("audio.voice",)
    assert ask(audio={}).dropped == ()
    own = {"language_code": "de-DE"}
    sent = ask(audio={"voice": "Kore"}, speech_config=own)
    assert (sent.body["generationConfig"]["speechConfig"], sent.dropped) == (own, ("audio.voice",))
    assert refused(audio="Kore").param == "audio"


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
JSON = "application/json"


def format_of(schema: Any, **more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, **more}}


def test_json_is_a_media_type_and_perhaps_a_schema() -> None:
    assert config(response_format={"type": "json_object"}) == {"responseMimeType": JSON}
    made = config(response_format=format_of(SCHEMA, strict=True, description="An a."))
    assert made == {
        "responseMimeType": JSON,
        "responseJsonSchema": {"description": "An a.", **SCHEMA},
    }
    bare = {"type": "json_schema", "json_schema": {"name": "n"}}
    assert config(response_format=bare) == {"responseMimeType": JSON}
    assert ask(response_format={"type": "text"}).dropped == ()
    assert config(response_format=None) == {}


def test_older_models_answer_by_a_schema_or_call_functions() -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    sent = ask(OLD, tools=tools, response_format=format_of(SCHEMA))
    assert ("generationConfig" in sent.body, sent.dropped) == (False, ("response_format",))
    sent = ask(NEW, tools=tools, response_format=format_of(SCHEMA))
    assert (sent.body["generationConfig"].keys(), sent.dropped) == (
        {"responseMimeType", "responseJsonSchema"},
        (),
    )


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ("json", "response_format"),
        ({"type": "xml"}, "response_format.type"),
        ({"type": "json_schema"}, "response_format.json_schema"),
        (format_of("x"), "response_format.json_schema.schema"),
    ],
)
def test_formats_that_are_none(given: Any, param: str) -> None:
    assert refused(response_format=given).param == param


# ── Gemini's own ─────────────────────────────────────────────────────────

SAFE = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]


def test_geminis_own_parameters_pass() -> None:
    sent = ask(
        safety_settings=SAFE,
        cached_content="cachedContents/1",
        labels={"team": "x"},
        continuation_token="dG9rZW4=",
        image_config={"aspect_ratio": "16:9"},
        media_resolution="MEDIA_RESOLUTION_LOW",
    )
    assert sent.dropped == ()
    assert {name: sent.body[name] for name in ("safetySettings", "cachedContent", "labels")} == {
        "safetySettings": SAFE,
        "cachedContent": "cachedContents/1",
        "labels": {"team": "x"},
    }
    assert sent.body["generationConfig"] == {
        "imageConfig": {"aspect_ratio": "16:9"},
        "mediaResolution": "MEDIA_RESOLUTION_LOW",
    }


def test_what_only_one_carrier_takes_is_named_on_the_other() -> None:
    armour = {"prompt_template_name": "projects/p/locations/l/templates/t"}
    assert ask(model_armor_config=armour, audio_timestamp=True).dropped == (
        "model_armor_config",
        "audio_timestamp",
    )
    sent = vertex(model_armor_config=armour, audio_timestamp=True)
    assert (sent.body["modelArmorConfig"], sent.dropped) == (armour, ())
    assert sent.body["generationConfig"] == {"audioTimestamp": True}
    assert vertex(enable_enhanced_civic_answers=True).dropped == ("enable_enhanced_civic_answers",)
    assert config(enable_enhanced_civic_answers=True) == {"enableEnhancedCivicAnswers": True}


def test_what_may_be_kept_is_said_where_it_can_be() -> None:
    assert ask(store=False).body["store"] is False
    assert ask(store=True).dropped == ()
    assert vertex(store=True).dropped == ("store",)
    assert refused(store="yes").param == "store"


def test_geminis_own_settings_pass() -> None:
    words = {"diarization": True}
    assert config(audio_transcription_config=words) == {"audioTranscriptionConfig": words}
    route = {"auto_mode": {"model_routing_preference": "BALANCED"}}
    assert vertex(routing_config=route).body["generationConfig"] == {"routingConfig": route}
    assert ask(routing_config=route).dropped == ("routing_config",)


def test_what_googles_own_openai_endpoint_takes_aside_is_heard() -> None:
    thinking = {"thinking_budget": 5, "include_thoughts": True}
    sent = ask(extra_body={"google": {"thinking_config": thinking, "labels": {"a": "b"}}, "other": 1})
    assert sent.body["generationConfig"] == {"thinkingConfig": thinking}
    assert (sent.body["labels"], sent.dropped) == ({"a": "b"}, ("extra_body.other",))
    assert ask(extra_body={"google": {"labels": {}}}, labels={"a": "c"}).body["labels"] == {"a": "c"}
    assert ask(extra_body={}).dropped == ()
    assert refused(extra_body=5).param == "extra_body"
    assert refused(extra_body={"google": 5}).param == "extra_body.google"


@pytest.mark.parametrize(
    ("given", "sent"),
    [("default", "standard"), ("flex", "flex"), ("priority", "priority"), ("fast", "priority")],
)
def test_service_tiers_that_have_a_match(given: str, sent: str) -> None:
    assert ask(service_tier=given).body["serviceTier"] == sent
    assert vertex(service_tier=given).dropped == ("service_tier",)


def test_service_tiers_that_have_none() -> None:
    assert ask(service_tier="auto").dropped == ()
    assert ask(service_tier="scale").dropped == ask(service_tier=5).dropped == ("service_tier",)


# ── everything else ──────────────────────────────────────────────────────


def test_every_parameter_of_openai_is_known_or_named_when_it_asks_for_something() -> None:
    params = completion_create_params.CompletionCreateParamsBase.__annotations__.keys() | {"stream"}
    unknown = sorted(params - KNOWN - STUDIO.own.keys())
    assert ask(**dict.fromkeys(unknown, "something")).dropped == tuple(unknown)
    assert set(unknown) == {
        *("logit_bias", "metadata", "moderation", "prediction", "prompt_cache_key", "prompt_cache_options"),
        *("prompt_cache_retention", "safety_identifier", "user", "verbosity"),
    }


def test_parameters_at_values_that_ask_for_nothing_are_left_out_unnamed() -> None:
    assert ask(**dict(fields.IDLE)).dropped == ()
    known = KNOWN | STUDIO.own.keys() | STUDIO.settings.keys() | VERTEX.own.keys() | VERTEX.settings.keys()
    null: dict[str, Any] = dict.fromkeys(known - {"model", "messages"})
    assert ask(**null).dropped == vertex(**null).dropped == ()
    assert ask(stream=True, stream_options={"include_usage": True}).dropped == ()


@pytest.mark.parametrize("model", [None, 5, "", ["gemini"]])
def test_a_model_has_a_name(model: Any) -> None:
    assert refused(model).param == "model"
