"""OpenAI's chat parameters, as Anthropic takes them."""

from __future__ import annotations

from typing import Any

import pytest
from claude import CONTEXT, ask, encoded, refused, user
from openai.types.chat import completion_create_params

from gatewaymw.core.dialects import fields
from gatewaymw.core.dialects.anthropic.models import ROWS, UNKNOWN, traits_of
from gatewaymw.core.dialects.anthropic.request import KNOWN, NATIVE, untiered
from gatewaymw.core.dialects.fields import Field, pick, table

NEW, OLD = "claude-opus-5", "claude-sonnet-4-5"

# ── what is longest, and what is asked for without being said ────────────


def test_the_least_a_request_can_be() -> None:
    sent = ask("claude-opus-4-1")
    assert sent.body == {
        "model": "claude-opus-4-1",
        "max_tokens": 32_000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    }
    assert sent.dropped == ()


def test_max_completion_tokens_beats_max_tokens() -> None:
    assert ask(max_tokens=5).body["max_tokens"] == 5
    assert ask(max_completion_tokens=7).body["max_tokens"] == 7
    assert ask(max_completion_tokens=7, max_tokens=5).body["max_tokens"] == 7


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("value", ["10", 1.5, True, [1]])
def test_a_limit_that_is_no_whole_number_is_refused(name: str, value: Any) -> None:
    assert refused(**{name: value}).param == name


@pytest.mark.parametrize(
    ("model", "longest"),
    [
        ("claude-3-haiku-20240307", 4096),
        ("claude-3-5-sonnet-latest", 8192),
        ("claude-3-7-sonnet-20250219", 64_000),
        ("claude-opus-4-20250514", 32_000),
        ("claude-opus-4-5-20251101", 64_000),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 64_000),
        ("claude-fable-5-2", 128_000),
        ("claude-opus-17", 4096),
        ("kimi-k2", 4096),
    ],
)
def test_without_a_limit_the_models_longest_answer_is_asked_for(model: str, longest: int) -> None:
    assert ask(model).body["max_tokens"] == longest


def test_a_limit_of_ours_leaves_room_beside_the_clients_thinking() -> None:
    thinking = {"type": "enabled", "budget_tokens": 10_000}
    assert ask("kimi-k2", thinking=thinking).body["max_tokens"] == 14_096
    assert ask(OLD, thinking=thinking).body["max_tokens"] == 64_000
    assert ask(OLD, thinking=thinking, max_tokens=9).body["max_tokens"] == 9


def test_a_model_goes_by_the_longest_row_of_its_name() -> None:
    assert traits_of("claude-opus-5-5") is ROWS["claude-opus-5-5"]
    assert traits_of("claude-opus-5") is ROWS["claude-opus-5"]
    assert traits_of("") is UNKNOWN


# ── sampling ─────────────────────────────────────────────────────────────


def test_sampling_is_passed_as_it_is_given() -> None:
    assert ask(OLD, temperature=1.7).body["temperature"] == 1.7
    sent = ask(OLD, temperature=0, top_k=5)
    assert (sent.body["temperature"], sent.body["top_k"], sent.dropped) == (0, 5, ())
    assert ask(OLD, top_p=0.5).body["top_p"] == 0.5
    assert ask(OLD, top_p=1).body["top_p"] == 1


def test_top_p_at_its_default_does_not_stand_in_the_way_of_a_temperature() -> None:
    sent = ask(OLD, temperature=0.5, top_p=1)
    assert sent.body.keys().isdisjoint({"top_p"})
    assert sent.dropped == ()
    assert ask(OLD, temperature=0.5, top_p=0.9).body["top_p"] == 0.9


def test_a_model_without_sampling_is_sent_none_and_losses_are_named() -> None:
    sent = ask(NEW, temperature=0.2, top_p=0.9, top_k=3)
    assert sent.body.keys().isdisjoint({"temperature", "top_p", "top_k"})
    assert set(sent.dropped) == {"temperature", "top_p", "top_k"}
    assert ask(NEW, temperature=1, top_p=1.0).dropped == ()


# ── stop, stream, tier, person ───────────────────────────────────────────


def test_stop_is_a_list_there() -> None:
    assert ask(stop="END").body["stop_sequences"] == ["END"]
    assert ask(stop=["a", "b"]).body["stop_sequences"] == ["a", "b"]
    assert ask(stop_sequences=["a"], stop="b").body["stop_sequences"] == ["a", "b"]
    assert "stop_sequences" not in ask(stop=[]).body


def test_stop_at_white_space_cannot_be_had() -> None:
    sent = ask(stop=["\n", "END"])
    assert (sent.body["stop_sequences"], sent.dropped) == (["END"], ("stop",))
    assert ask(stop="\n\n").dropped == ("stop",)


@pytest.mark.parametrize("params", [{"stop": 5}, {"stop": [5]}, {"stop_sequences": "END"}])
def test_stop_must_be_text(params: dict[str, Any]) -> None:
    assert refused(**params).param in ("stop", "stop_sequences")


def test_a_stream_is_asked_for_and_its_options_are_the_gateways_own() -> None:
    sent = ask(stream=True, stream_options={"include_usage": True})
    assert (sent.body["stream"], sent.dropped) == (True, ())
    assert "stream" not in ask(stream=False).body


@pytest.mark.parametrize(
    ("given", "sent"), [("auto", "auto"), ("default", "standard_only"), ("standard_only", "standard_only")]
)
def test_service_tiers_that_have_a_match(given: str, sent: str) -> None:
    assert ask(service_tier=given).body["service_tier"] == sent


@pytest.mark.parametrize("given", ["auto", "default"])
def test_hosts_without_tiers_are_told_of_none(given: str) -> None:
    sent = untiered({"model": NEW, "messages": [user("Hi")], "service_tier": given}, CONTEXT)
    assert ("service_tier" in sent.body, sent.dropped) == (False, ())


@pytest.mark.parametrize("given", ["flex", "priority", "fast", 5])
def test_service_tiers_that_have_none(given: Any) -> None:
    sent = ask(service_tier=given)
    assert ("service_tier" in sent.body, sent.dropped) == (False, ("service_tier",))


@pytest.mark.parametrize(
    ("params", "person", "dropped"),
    [
        ({"user": "u"}, "u", ()),
        ({"safety_identifier": "s"}, "s", ()),
        ({"metadata": {"user_id": "m"}}, "m", ()),
        ({"user": "u", "safety_identifier": "s"}, "u", ("safety_identifier",)),
        ({"user": "u", "safety_identifier": "u"}, "u", ()),
        ({"user": "u", "metadata": {"user_id": "m", "trace": "t"}}, "u", ("metadata", "metadata.user_id")),
    ],
)
def test_who_is_asking(params: dict[str, Any], person: str, dropped: tuple[str, ...]) -> None:
    sent = ask(**params)
    assert (sent.body["metadata"], sent.dropped) == ({"user_id": person}, dropped)


def test_other_metadata_is_named() -> None:
    assert ask(metadata={"trace": "t"}).dropped == ("metadata",)
    assert ask(metadata={}).dropped == ()
    assert "metadata" not in ask(metadata={"trace": "t"}).body


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"user": 5}, "user"),
        ({"metadata": "x"}, "metadata"),
        ({"metadata": {"user_id": 5}}, "metadata.user_id"),
    ],
)
def test_a_person_is_a_string(params: dict[str, Any], param: str) -> None:
    assert refused(**params).param == param


# ── the shape of the answer ──────────────────────────────────────────────

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def format_of(schema: Any, **more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, **more}}


def test_a_schema_is_answered_by_natively() -> None:
    sent = ask(response_format=format_of(SCHEMA, strict=True, description="An a."))
    schema = {"description": "An a.", **SCHEMA, "additionalProperties": False}
    assert sent.body["output_config"] == {"format": {"type": "json_schema", "schema": schema}}
    assert sent.dropped == ()


def test_a_schema_joins_the_clients_own_output_config() -> None:
    sent = ask(NEW, response_format=format_of(SCHEMA), output_config={"effort": "low"})
    assert sent.body["output_config"].keys() == {"effort", "format"}
    own = {"format": {"type": "json_schema", "schema": {}}}
    sent = ask(NEW, response_format=format_of(SCHEMA), output_config=own)
    assert (sent.body["output_config"], sent.dropped) == (own, ("response_format",))


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (OLD, {"type": "json_object"}),
        (OLD, {"type": "json_schema", "json_schema": {"name": "n"}}),
        ("claude-3-7-sonnet-latest", format_of(SCHEMA)),
    ],
)
def test_formats_that_cannot_be_had_are_named(model: str, given: dict[str, Any]) -> None:
    sent = ask(model, response_format=given)
    assert ("output_config" in sent.body, sent.dropped) == (False, ("response_format",))


def test_plain_text_is_no_format() -> None:
    assert ask(response_format={"type": "text"}).dropped == ()
    assert ask("claude-3-haiku-20240307", response_format={"type": "text"}).dropped == ()


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


# ── everything else ──────────────────────────────────────────────────────


def test_every_parameter_of_openai_is_known_or_named_when_it_asks_for_something() -> None:
    params = completion_create_params.CompletionCreateParamsBase.__annotations__.keys() | {"stream"}
    unknown = sorted(params - KNOWN)
    assert ask(**dict.fromkeys(unknown, "something")).dropped == tuple(unknown)
    assert set(unknown) == {
        *("audio", "frequency_penalty", "logit_bias", "logprobs", "modalities", "moderation", "n"),
        *("prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_options"),
        *("prompt_cache_retention", "seed", "store", "top_logprobs", "verbosity"),
    }


def test_parameters_at_values_that_ask_for_nothing_are_left_out_unnamed() -> None:
    idle: dict[str, Any] = dict(fields.IDLE)
    assert ask(**idle).dropped == ()
    null: dict[str, Any] = dict.fromkeys(KNOWN - {"model", "messages"})
    assert ask(**null).dropped == ()
    assert ask(n=2, modalities=["text", "audio"], store=True).dropped == ("n", "modalities", "store")


def test_anthropics_own_parameters_pass_and_those_of_nobody_are_named() -> None:
    own: dict[str, Any] = {
        **dict.fromkeys(set(NATIVE) - {"thinking", "output_config"}),
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
        "container": "container_1",
        "context_management": {"edits": []},
        "inference_geo": "us",
        "mcp_servers": [{"type": "url", "url": "https://example.com", "name": "m"}],
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "max", "task_budget": {"type": "tokens", "total": 20_000}},
    }
    sent = ask(NEW, **own, top_secret=1, anthropic_beta="b")
    given = {name: value for name, value in own.items() if value is not None}
    assert {name: sent.body[name] for name in given} == given
    assert sent.dropped == ("top_secret", "anthropic_beta")


@pytest.mark.parametrize("name", ["thinking", "output_config"])
def test_settings_that_are_joined_must_be_objects(name: str) -> None:
    assert refused(**{name: "high"}).param == name


@pytest.mark.parametrize("model", [None, 5, "", ["claude"]])
def test_a_model_has_a_name(model: Any) -> None:
    assert refused(model).param == "model"


# ── tables ───────────────────────────────────────────────────────────────


def test_a_table_keeps_renames_and_bends_and_its_later_row_wins() -> None:
    rows = table("a", b="c", d=Field("c", str))
    assert pick({"a": 0, "b": 1, "d": 2, "x": 3}, rows) == {"a": 0, "c": "2"}
    assert pick({"a": None, "b": 1, "d": None}, rows) == {"c": 1}


def test_a_refusal_says_what_is_wanted_and_what_came() -> None:
    assert str(fields.wrong(None, "a.b", "an object")) == "a.b must be an object, not null"
    assert str(fields.wrong(object(), "a", "an array")) == "a must be an array, not this"
    assert encoded({"model": "m", "messages": [user("x")]}).dropped == ()
