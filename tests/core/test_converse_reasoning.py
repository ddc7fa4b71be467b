"""How much a model is to reason, in the words of each maker."""

from __future__ import annotations

from typing import Any

import pytest
from conversed import CLAUDE, NOVA, ask, calls, refused, tool, user

LEVELS = ("minimal", "low", "medium", "high", "xhigh", "max")
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
GPT_OSS = "openai.gpt-oss-20b-1:0"
GPT = "openai.gpt-5.6-sol"
ADAPTIVE = "us.anthropic.claude-opus-4-8"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"


def own(model: str, **params: Any) -> dict[str, Any]:
    """The model's own fields."""
    made: dict[str, Any] = ask(model, **params).body.get("additionalModelRequestFields", {})
    return made


# ── Claude ───────────────────────────────────────────────────────────────


def test_older_claude_is_given_a_budget_of_the_limit() -> None:
    made = ask(reasoning_effort="medium", max_tokens=10_000)
    assert made.body["additionalModelRequestFields"] == {
        "thinking": {"type": "enabled", "budget_tokens": 5_000}
    }
    assert made.body["inferenceConfig"] == {"maxTokens": 10_000}
    assert made.dropped == ()


def test_a_budget_without_a_limit_is_part_of_the_longest_answer() -> None:
    made = ask(reasoning_effort="low")
    assert made.body["inferenceConfig"] == {"maxTokens": 64_000}
    assert made.body["additionalModelRequestFields"]["thinking"]["budget_tokens"] == 12_800


def test_newer_claude_thinks_as_it_sees_fit() -> None:
    made = ask(ADAPTIVE, reasoning_effort="high")
    assert made.body["additionalModelRequestFields"] == {
        "thinking": {"type": "adaptive", "display": "summarized"}
    }
    assert made.body["outputConfig"] == {"effort": "high"}
    assert "inferenceConfig" not in made.body
    assert ask(ADAPTIVE, reasoning_effort="minimal").body["outputConfig"] == {"effort": "low"}


def test_claude_is_told_not_to_think_where_it_would() -> None:
    assert ask(reasoning_effort="none").body == ask().body
    assert own(ADAPTIVE, reasoning_effort="none") == {"thinking": {"type": "disabled"}}
    assert ask("us.anthropic.claude-opus-5-5", reasoning_effort="none").dropped == ("reasoning_effort",)


def test_the_clients_own_settings_stand() -> None:
    thinking = {"type": "enabled", "budget_tokens": 2_000}
    made = ask(thinking=thinking, reasoning_effort="high", max_tokens=4_000)
    assert made.body["additionalModelRequestFields"] == {"thinking": thinking}
    assert made.dropped == ("reasoning_effort",)
    made = ask(ADAPTIVE, output_config={"effort": "low"}, reasoning_effort="high")
    assert made.body["additionalModelRequestFields"]["output_config"] == {"effort": "low"}
    assert "outputConfig" not in made.body
    made = ask(ADAPTIVE, outputConfig={"effort": "low"}, reasoning_effort="high")
    assert made.body["outputConfig"] == {"effort": "low"}


def test_an_effort_gives_way_to_what_else_is_asked() -> None:
    for fixed in ({"temperature": 0.5}, {"tool_choice": "required", "tools": [tool()]}, {"max_tokens": 900}):
        made = ask(reasoning_effort="high", **fixed)
        assert "thinking" not in made.body.get("additionalModelRequestFields", {})
        assert made.dropped == ("reasoning_effort",)
    alone = {"tools": [tool()], "tool_choice": "required", "parallel_tool_calls": False}
    assert ask(reasoning_effort="high", **alone).dropped == ("reasoning_effort",)


RESULT = {"role": "tool", "tool_call_id": "c0", "content": "1"}


def test_calls_without_a_thought_before_them_are_answered_without_one() -> None:
    thoughtless = [user("Hi"), calls("f"), RESULT]
    made = ask(messages=thoughtless, tools=[tool()], thinking={"type": "enabled", "budget_tokens": 2_000})
    assert "additionalModelRequestFields" not in made.body
    assert made.dropped == ("thinking",)
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}}
    thoughtful = [user("Hi"), {**calls("f"), "content_blocks": [thought]}, RESULT]
    made = ask(messages=thoughtful, tools=[tool()], reasoning_effort="low")
    assert made.body["additionalModelRequestFields"]["thinking"]["type"] == "enabled"


def test_odd_settings_of_the_clients_own_are_for_aws_to_judge() -> None:
    made = ask(inferenceConfig={"maxTokens": 2_000, "temperature": 1}, reasoning_effort="low")
    assert made.body["additionalModelRequestFields"]["thinking"]["budget_tokens"] == 1_024


# ── the others ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("effort", ["low", "medium", "high"])
def test_three_levels_that_many_have(effort: str) -> None:
    enabled = {"type": "enabled", "maxReasoningEffort": effort}
    assert own(NOVA_2, reasoning_effort=effort) == {"reasoningConfig": enabled}
    assert own(GPT_OSS, reasoning_effort=effort) == {"reasoning_effort": effort}
    assert own("deepseek.v3-v1:0", reasoning_effort=effort) == {"reasoning_effort": effort}
    assert own("moonshot.kimi-k2-thinking", reasoning_effort=effort) == {"reasoning_effort": effort}
    assert own(GPT, reasoning_effort=effort) == {"reasoning": {"effort": effort}}
    assert ask(PROFILE, reasoning_effort=effort).body["outputConfig"] == {"effort": effort}


def test_the_least_stands_for_less() -> None:
    assert own(GPT_OSS, reasoning_effort="minimal") == {"reasoning_effort": "low"}
    assert own(GPT, reasoning_effort="minimal") == {"reasoning": {"effort": "low"}}
    assert ask(GPT_OSS, reasoning_effort="minimal").dropped == ()
    assert ask(PROFILE, reasoning_effort="minimal").body["outputConfig"] == {"effort": "low"}


@pytest.mark.parametrize("effort", ["xhigh", "max"])
def test_the_most_stands_for_more_and_is_named(effort: str) -> None:
    made = ask(GPT_OSS, reasoning_effort=effort)
    assert made.body["additionalModelRequestFields"] == {"reasoning_effort": "high"}
    assert made.dropped == ("reasoning_effort",)
    assert own(GPT, reasoning_effort=effort) == {"reasoning": {"effort": effort}}


def test_no_reasoning() -> None:
    assert ask(NOVA_2, reasoning_effort="none") == ask(NOVA_2)
    assert ask("deepseek.v3-v1:0", reasoning_effort="none").dropped == ()
    assert own(GPT, reasoning_effort="none") == {"reasoning": {"effort": "none"}}
    assert ask(GPT_OSS, reasoning_effort="none").dropped == ("reasoning_effort",)
    assert ask(PROFILE, reasoning_effort="none").dropped == ("reasoning_effort",)


@pytest.mark.parametrize("fixed", [{"max_tokens": 5}, {"temperature": 0}, {"top_p": 0.5}])
def test_novas_highest_gives_way_to_what_else_is_asked(fixed: dict[str, Any]) -> None:
    """As Bedrock says itself: "`maxTokens` must be unset when … maxReasoningEffort is 'high'"."""
    made = ask(NOVA_2, reasoning_effort="high", **fixed)
    enabled = made.body["additionalModelRequestFields"]["reasoningConfig"]
    assert enabled == {"type": "enabled", "maxReasoningEffort": "medium"}
    assert made.dropped == ("reasoning_effort",)
    assert ask(NOVA_2, reasoning_effort="low", **fixed).dropped == ()


@pytest.mark.parametrize("model", [NOVA, "us.deepseek.r1-v1:0", "us.meta.llama3-3-70b-instruct-v1:0"])
def test_models_that_cannot_be_told(model: str) -> None:
    assert ask(model, reasoning_effort="low").dropped == ("reasoning_effort",)


def test_a_models_own_field_stands() -> None:
    given = {"reasoningConfig": {"type": "disabled"}}
    made = ask(NOVA_2, additional_model_request_fields=given, reasoning_effort="low")
    assert (made.body["additionalModelRequestFields"], made.dropped) == (given, ("reasoning_effort",))


@pytest.mark.parametrize("effort", ["extreme", 5, [], {}])
@pytest.mark.parametrize("model", [CLAUDE, NOVA, NOVA_2])
def test_other_levels_are_refused(effort: Any, model: str) -> None:
    refusal = refused(model, reasoning_effort=effort)
    assert refusal.param == "reasoning_effort"
    assert all(level in refusal.message for level in ("none", *LEVELS))
