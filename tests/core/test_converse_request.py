"""OpenAI's parameters, and Converse's own, as a Converse request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conversed import CLAUDE, CONTEXT, NOVA, STREAMING, ask, refused, tool, turns, user

from gatewaymw.core import json
from gatewaymw.core.dialects.converse.models import UNKNOWN, family_of

GPT_OSS = "openai.gpt-oss-120b-1:0"
GPT = "us.openai.gpt-5.6-terra"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"


def test_the_smallest_request() -> None:
    assert ask().body == {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
    assert ask().dropped == ()


def test_model_and_streaming_stand_in_the_path() -> None:
    made = ask(stream=True, stream_options={"include_usage": True}, context=STREAMING)
    assert made.body == ask().body
    assert made.dropped == ()


# ── how to answer ────────────────────────────────────────────────────────


def test_settings_are_inference_config() -> None:
    made = ask(NOVA, max_tokens=9, temperature=0, top_p=0.5, stop=["a", "b"])
    assert made.body["inferenceConfig"] == {
        **{"maxTokens": 9, "temperature": 0, "topP": 0.5},
        "stopSequences": ["a", "b"],
    }
    assert made.dropped == ()


def test_the_newer_name_of_the_limit_wins() -> None:
    assert ask(max_tokens=9, max_completion_tokens=5).body["inferenceConfig"] == {"maxTokens": 5}
    assert "inferenceConfig" not in ask(max_tokens=None).body


@pytest.mark.parametrize("value", [1.5, "9", True, []])
def test_a_limit_is_a_whole_number(value: Any) -> None:
    assert refused(max_tokens=value).param == "max_tokens"


def test_converses_own_settings_stand() -> None:
    made = ask(NOVA, temperature=0.2, inferenceConfig={"temperature": 0.7, "maxTokens": 3})
    assert made.body["inferenceConfig"] == {"temperature": 0.7, "maxTokens": 3}
    assert refused(inferenceConfig=[]).param == "inferenceConfig"


def test_claude_is_not_given_what_it_refuses() -> None:
    assert ask(temperature=0.5, top_p=1).body["inferenceConfig"] == {"temperature": 0.5}
    newer = ask("global.anthropic.claude-opus-5-5", temperature=0.5, top_p=1, top_k=4)
    assert newer.body.keys() == {"messages"}
    assert newer.dropped == ("temperature", "top_k")


def test_openais_models_take_no_settings_here() -> None:
    """As Bedrock says itself: "This model doesn't support the stopSequences field."."""
    made = ask(GPT, temperature=0.5, top_p=1, stop="x", max_tokens=4)
    assert made.body["inferenceConfig"] == {"maxTokens": 4}
    assert made.dropped == ("temperature", "stop")
    made = ask(GPT_OSS, temperature=0.5, stop="x")
    assert made.body["inferenceConfig"] == {"temperature": 0.5}
    assert made.dropped == ("stop",)


@pytest.mark.parametrize("stop", ["END", ["END"]])
def test_a_stop_sequence_is_a_list_of_them(stop: Any) -> None:
    assert ask(stop=stop).body["inferenceConfig"] == {"stopSequences": ["END"]}
    assert ask(stop_sequences=["END"]).body["inferenceConfig"] == {"stopSequences": ["END"]}


def test_stop_sequences_that_cannot_be_had_are_named() -> None:
    assert ask(NOVA, stop=["", "\n"]).body["inferenceConfig"] == {"stopSequences": ["\n"]}
    assert ask(NOVA, stop=["", "\n"]).dropped == ("stop",)
    made = ask(stop=["\n", "END"])
    assert (made.body["inferenceConfig"], made.dropped) == ({"stopSequences": ["END"]}, ("stop",))
    assert refused(stop=[1]).param == "stop"
    assert refused(stop={}).param == "stop"
    assert refused(stop_sequences="END").param == "stop_sequences"


# ── beside Converse's own fields ─────────────────────────────────────────


@pytest.mark.parametrize(
    ("model", "field"),
    [
        (CLAUDE, {"top_k": 5}),
        (PROFILE, {"top_k": 5}),
        (NOVA, {"inferenceConfig": {"topK": 5}}),
        ("cohere.command-r-plus-v1:0", {"k": 5}),
        ("mistral.mistral-7b-instruct-v0:2", {"top_k": 5}),
    ],
)
def test_top_k_is_the_models_own_affair(model: str, field: dict[str, Any]) -> None:
    made = ask(model, top_k=5)
    assert made.body["additionalModelRequestFields"] == field
    assert made.dropped == ()


def test_where_there_is_no_top_k_it_is_named() -> None:
    assert ask("us.meta.llama3-3-70b-instruct-v1:0", top_k=5).dropped == ("top_k",)


def test_parameters_of_openais_pass_where_the_model_knows_them() -> None:
    params = {"frequency_penalty": 0.5, "presence_penalty": 0.25, "seed": 4}
    made = ask(GPT_OSS, **params)
    assert (made.body["additionalModelRequestFields"], made.dropped) == (params, ())
    made = ask("ai21.jamba-1-5-large-v1:0", **params)
    assert made.body["additionalModelRequestFields"].keys() == {"frequency_penalty", "presence_penalty"}
    assert made.dropped == ("seed",)
    assert ask(NOVA, **params).dropped == tuple(params)


def test_what_bedrock_does_not_know_is_named() -> None:
    lost = {"n": 2, "logprobs": True, "logit_bias": {"5": 1}, "user": "u", "prediction": {}, "surprise": 1}
    assert ask(**lost).dropped == tuple(lost)
    assert ask(**lost).body == ask().body
    assert ask(n=1, logprobs=False, store=False, logit_bias={}, verbosity="medium").dropped == ()


def test_anthropics_own_parameters_pass_to_its_models() -> None:
    own = {"thinking": {"type": "adaptive"}, "context_management": {"edits": []}}
    made = ask(**own, anthropic_beta="a, b")
    assert made.body["additionalModelRequestFields"] == {**own, "anthropic_beta": ["a", "b"]}
    assert made.dropped == ()
    assert ask(PROFILE, **own).body["additionalModelRequestFields"] == own
    made = ask(NOVA, **own, anthropic_beta="a")
    assert made.body == ask().body
    assert made.dropped == ("context_management", "thinking", "anthropic_beta")


def test_betas_come_from_the_target_too() -> None:
    context = replace(CONTEXT, options={"anthropic_beta": "a,b"})
    made = ask(context=context, anthropic_beta=["b", "c"])
    assert made.body["additionalModelRequestFields"] == {"anthropic_beta": ["a", "b", "c"]}
    assert ask(NOVA, context=context).body == ask().body
    assert refused(anthropic_beta=[1]).param == "anthropic_beta"
    assert refused(anthropic_beta={}).param == "anthropic_beta"


def test_the_clients_own_fields_stand() -> None:
    made = ask(NOVA, top_k=5, additional_model_request_fields={"inferenceConfig": {"topK": 9}, "x": None})
    assert made.body["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 9}, "x": None}
    made = ask(additionalModelRequestFields={"top_k": 9})
    assert made.body["additionalModelRequestFields"] == {"top_k": 9}
    assert refused(additionalModelRequestFields=1).param == "additionalModelRequestFields"


@pytest.mark.parametrize("name", ["thinking", "output_config", "tool_choice"])
def test_settings_of_anthropics_are_objects(name: str) -> None:
    assert refused(additional_model_request_fields={name: 1}).param == name


# ── Converse's own parameters ────────────────────────────────────────────


def test_converses_own_parameters_pass_by_either_name() -> None:
    guard = {"guardrailIdentifier": "gr1", "guardrailVersion": "1", "trace": "enabled"}
    made = ask(
        guardrail_config=guard,
        performance_config={"latency": "optimized"},
        additional_model_response_field_paths=["/stop_sequence"],
        prompt_variables={"city": {"text": "Paris"}},
    )
    assert made.body.keys() - {"messages"} == {
        *("guardrailConfig", "performanceConfig", "additionalModelResponseFieldPaths", "promptVariables")
    }
    assert made.body["guardrailConfig"] == guard
    assert made.dropped == ()
    assert ask(guardrailConfig=guard, performanceConfig=None).body["guardrailConfig"] == guard


def test_a_guardrails_way_with_streams_is_for_streams() -> None:
    guard = {"guardrailIdentifier": "gr1", "guardrailVersion": "1", "streamProcessingMode": "async"}
    assert ask(context=STREAMING, guardrail_config=guard).body["guardrailConfig"] == guard
    made = ask(guardrail_config=guard)
    assert "streamProcessingMode" not in made.body["guardrailConfig"]
    assert made.dropped == ("guardrail_config.streamProcessingMode",)
    assert refused(guardrail_config="gr1").param == "guardrail_config"


def test_metadata_labels_the_logs_as_far_as_it_fits() -> None:
    made = ask(metadata={"team": "a b", "empty": "", "odd": "ü", "ö": "x", "long": "x" * 257})
    assert made.body["requestMetadata"] == {"team": "a b", "empty": ""}
    assert made.dropped == ("metadata.odd", "metadata.ö", "metadata.long")
    many = ask(metadata={f"k{at}": "v" for at in range(18)})
    assert len(many.body["requestMetadata"]) == 16
    assert many.dropped == ("metadata.k16", "metadata.k17")
    own = ask(metadata={"a": "1", "b": "2"}, request_metadata={"a": "own"}, requestMetadata={"c": "3"})
    assert own.body["requestMetadata"] == {"a": "own", "c": "3", "b": "2"}
    assert refused(metadata={"a": 1}).param == "metadata.a"
    assert refused(metadata=[1]).param == "metadata"
    assert refused(requestMetadata=[1]).param == "requestMetadata"


@pytest.mark.parametrize("tier", ["default", "flex", "priority", "reserved"])
def test_tiers_of_service(tier: str) -> None:
    assert ask(service_tier=tier).body["serviceTier"] == {"type": tier}


def test_the_fast_tier_is_that_of_priority() -> None:
    assert ask(service_tier="fast").body["serviceTier"] == {"type": "priority"}


def test_tiers_that_bedrock_does_not_have_are_named() -> None:
    assert ask(service_tier="auto").dropped == ()
    assert ask(service_tier="scale").dropped == ("service_tier",)
    assert ask(service_tier={}).dropped == ("service_tier",)
    assert ask(serviceTier={"type": "flex"}, service_tier="auto").body["serviceTier"] == {"type": "flex"}
    assert refused(serviceTier="flex").param == "serviceTier"


# ── schemas ──────────────────────────────────────────────────────────────

PERSON = {"type": "object", "properties": {"age": {"type": "integer", "minimum": 0}}}


def schema_of(made: Any) -> Any:
    return json.loads(made.body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"])


def shaped(**spec: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, **spec}}


def test_a_schema_is_text_and_closed() -> None:
    made = ask(response_format=shaped(description="Somebody.", strict=True))
    form = made.body["outputConfig"]["textFormat"]
    assert form["type"] == "json_schema"
    assert form["structure"]["jsonSchema"].keys() == {"name", "description", "schema"}
    assert schema_of(made)["additionalProperties"] is False
    assert made.dropped == ()
    assert PERSON == {"type": "object", "properties": {"age": {"type": "integer", "minimum": 0}}}


@pytest.mark.parametrize(
    "model", [CLAUDE, PROFILE, GPT_OSS, "us.anthropic.claude-opus-4-6-v1", "us.anthropic.claude-next-1"]
)
def test_models_that_take_schemas(model: str) -> None:
    assert schema_of(ask(model, response_format=shaped()))["type"] == "object"


@pytest.mark.parametrize(
    "model",
    [
        *("us.anthropic.claude-sonnet-5", "global.anthropic.claude-opus-4-7", NOVA),
        *("anthropic.claude-3-haiku-20240307-v1:0", "us.meta.llama3-3-70b-instruct-v1:0"),
    ],
)
def test_models_that_take_none(model: str) -> None:
    made = ask(model, response_format=shaped())
    assert "outputConfig" not in made.body
    assert made.dropped == ("response_format",)


def test_formats_that_are_no_schema() -> None:
    assert ask(response_format={"type": "text"}).body == ask().body
    assert ask(response_format={"type": "json_object"}).dropped == ("response_format",)
    assert ask(response_format={"type": "json_schema", "json_schema": {}}).dropped == ("response_format",)
    assert refused(response_format={"type": "xml"}).param == "response_format.type"
    assert refused(response_format={"type": "json_schema"}).param == "response_format.json_schema"
    assert refused(response_format=shaped(name=5)).param == "response_format.json_schema.name"
    assert refused(response_format=7).param == "response_format"


def test_converses_own_output_config_stands() -> None:
    form = {"type": "json_schema", "structure": {"jsonSchema": {"schema": "{}"}}}
    made = ask(outputConfig={"textFormat": form, "effort": "low"}, response_format=shaped())
    assert made.body["outputConfig"] == {"textFormat": form, "effort": "low"}
    assert made.dropped == ("response_format",)
    made = ask(outputConfig={"effort": "low"}, response_format=shaped())
    assert made.body["outputConfig"].keys() == {"textFormat", "effort"}
    assert refused(outputConfig=1).param == "outputConfig"


# ── the system prompt, and models ────────────────────────────────────────


def test_instructions_stand_apart_wherever_they_come() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        user("Hi"),
        {"role": "developer", "content": [{"type": "text", "text": "And kind."}]},
    ]
    made = ask(messages=messages, system="First.")
    assert made.body["system"] == [{"text": "First."}, {"text": "Be brief."}, {"text": "And kind."}]
    assert made.body["messages"] == [{"role": "user", "content": [{"text": "Hi"}]}]


def test_instructions_alone_are_the_users() -> None:
    (turn,) = turns({"role": "system", "content": "Say hi."})
    assert turn == {"role": "user", "content": [{"text": "Say hi."}]}


def test_parts_of_instructions_may_be_guarded() -> None:
    guarded = {"guardContent": {"text": {"text": "Be brief.", "qualifiers": ["guard_content"]}}}
    system = {"role": "system", "content": [guarded, {"text": "Plain."}]}
    assert ask(messages=[system, user("Hi")]).body["system"] == [guarded, {"text": "Plain."}]


@pytest.mark.parametrize(
    ("model", "like"),
    [
        ("us.amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", NOVA),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0", NOVA),
        (
            "arn:aws:bedrock:us-east-1:123456789012:default-prompt-router/anthropic.claude:1",
            "anthropic.claude",
        ),
        ("apac.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5"),
    ],
)
def test_a_model_is_known_by_any_of_its_names(model: str, like: str) -> None:
    assert family_of(model) == family_of(like) != UNKNOWN


def test_a_name_within_a_name_is_no_name() -> None:
    assert family_of("custom.amazon.nova-lite") == family_of(NOVA)
    assert family_of("myamazon.nova-lite") is UNKNOWN
    assert family_of(PROFILE) is UNKNOWN


def test_an_option_tells_the_model_behind_an_arn() -> None:
    assert family_of(PROFILE, NOVA) == family_of(NOVA)
    context = replace(CONTEXT, options={"aws_bedrock_model": NOVA})
    assert ask(PROFILE, context=context, top_k=5).body["additionalModelRequestFields"] == {
        "inferenceConfig": {"topK": 5}
    }


@pytest.mark.parametrize("model", [None, "", 5])
def test_a_model_is_needed(model: Any) -> None:
    assert refused(model=model).param == "model"


def test_a_web_search_is_novas() -> None:
    made = ask("us.amazon.nova-2-lite-v1:0", web_search_options={"search_context_size": "low"})
    assert made.body["toolConfig"] == {"tools": [{"systemTool": {"name": "nova_grounding"}}]}
    assert made.dropped == ("web_search_options.search_context_size",)
    assert ask(web_search_options={}).dropped == ("web_search_options",)
    assert refused("amazon.nova-premier-v1:0", web_search_options=1).param == "web_search_options"
    assert ask(tools=[tool()], web_search_options={}).body["toolConfig"]["tools"][0]["toolSpec"]
