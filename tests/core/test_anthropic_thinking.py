"""How much a Claude model is to think, asked in OpenAI's words."""

from __future__ import annotations

from typing import Any

import pytest
from claude import ask, refused, user

SUMMED = {"type": "adaptive", "display": "summarized"}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f"}}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "s"}


def thinking(model: str, effort: str, **params: Any) -> tuple[Any, Any, tuple[str, ...]]:
    sent = ask(model, reasoning_effort=effort, **params)
    return sent.body.get("thinking"), sent.body.get("output_config"), sent.dropped


def test_newer_models_think_as_they_see_fit_with_an_effort() -> None:
    assert thinking("claude-opus-4-7", "xhigh") == (SUMMED, {"effort": "xhigh"}, ())
    assert thinking("claude-opus-5-5", "minimal") == (SUMMED, {"effort": "low"}, ())


def test_a_level_that_a_model_does_not_have_is_named() -> None:
    assert thinking("claude-opus-4-6", "xhigh") == (SUMMED, None, ("reasoning_effort",))
    assert thinking("claude-opus-4-6", "max") == (SUMMED, {"effort": "max"}, ())


@pytest.mark.parametrize(
    ("effort", "budget"),
    [("minimal", 1024), ("low", 2000), ("medium", 5000), ("high", 8000), ("xhigh", 9000)],
)
def test_older_models_think_within_a_part_of_the_limit(effort: str, budget: int) -> None:
    wanted = {"type": "enabled", "budget_tokens": budget}
    assert thinking("claude-sonnet-4-5", effort, max_tokens=10_000) == (wanted, None, ())


def test_opus_4_5_has_both_a_budget_and_an_effort() -> None:
    wanted = {"type": "enabled", "budget_tokens": 5000}
    assert thinking("claude-opus-4-5", "medium", max_tokens=10_000) == (wanted, {"effort": "medium"}, ())
    assert thinking("claude-opus-4-5", "medium", max_tokens=900) == (None, {"effort": "medium"}, ())
    assert thinking("claude-opus-4-5", "max", max_tokens=2000)[1:] == (None, ())


@pytest.mark.parametrize(
    "params",
    [
        {"max_tokens": 1024},
        {"temperature": 0.3},
        {"top_p": 0.5},
        {"top_k": 4},
        {"tools": [TOOL], "tool_choice": "required"},
        {"messages": [user("Hi"), {"role": "assistant", "content": "Well,"}]},
        {
            "messages": [
                user("Hi"),
                {"role": "assistant", "content": "I look.", "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "c", "content": "5"},
            ]
        },
    ],
)
def test_on_older_models_an_effort_gives_way_to_what_the_request_fixes(params: dict[str, Any]) -> None:
    assert thinking("claude-sonnet-4-5", "high", **params) == (None, None, ("reasoning_effort",))


def test_on_newer_models_a_forced_tool_goes_with_thinking_and_a_temperature_with_effort_alone() -> None:
    forced: dict[str, Any] = {"tools": [TOOL], "tool_choice": "required"}
    assert thinking("claude-sonnet-5", "high", **forced) == (SUMMED, {"effort": "high"}, ())
    assert thinking("claude-sonnet-4-6", "high", temperature=0) == (None, {"effort": "high"}, ())


@pytest.mark.parametrize(
    ("model", "setting", "dropped"),
    [
        ("claude-3-5-haiku-latest", None, ()),
        ("claude-haiku-4-5", None, ()),
        ("claude-opus-4-8", {"type": "disabled"}, ()),
        ("claude-sonnet-5-5", {"type": "between_tools"}, ()),
        ("claude-opus-5-5", None, ("reasoning_effort",)),
        ("kimi-k2", None, ("reasoning_effort",)),
    ],
)
def test_not_to_think(model: str, setting: Any, dropped: tuple[str, ...]) -> None:
    assert thinking(model, "none") == (setting, None, dropped)


def test_a_model_that_cannot_think_is_not_asked_to() -> None:
    assert thinking("claude-3-haiku-20240307", "high") == (None, None, ("reasoning_effort",))


def test_a_model_not_known_is_told_the_effort_alone() -> None:
    assert thinking("claude-opus-17", "high") == (None, {"effort": "high"}, ())


def test_what_the_client_says_in_anthropics_words_stands() -> None:
    own = {"type": "adaptive"}
    assert thinking("claude-opus-5", "low", thinking=own) == (own, {"effort": "low"}, ())
    assert thinking("claude-opus-5", "none", thinking=own) == (own, None, ("reasoning_effort",))
    config = {"effort": "max"}
    assert thinking("claude-opus-5", "low", output_config=config) == (SUMMED, config, ("reasoning_effort",))


@pytest.mark.parametrize("effort", ["extreme", 5, ["low"]])
def test_an_effort_is_one_of_openais(effort: Any) -> None:
    error = refused(reasoning_effort=effort)
    assert error.param == "reasoning_effort"
    assert "minimal" in error.message


def loop(**said: Any) -> list[dict[str, Any]]:
    """A turn of the assistant that calls a tool, and the result."""
    answered = {"role": "assistant", "tool_calls": [CALL], **said}
    return [user("Hi"), answered, {"role": "tool", "tool_call_id": "c", "content": "5"}]


def test_a_budget_is_given_up_where_the_thought_behind_a_call_is_lost() -> None:
    """As it is for clients under strict OpenAI compliance, who are never given a signature."""
    own = {"type": "enabled", "budget_tokens": 2000}
    sent = ask(thinking=own, messages=loop())
    assert ("thinking" in sent.body, sent.dropped) == (False, ("thinking",))
    sent = ask(thinking=own, messages=loop(content_blocks=[THOUGHT]))
    assert (sent.body["thinking"], sent.dropped) == (own, ())
    sent = ask(thinking=own, messages=loop(content_blocks=[{"type": "redacted_thinking", "data": "x"}]))
    assert (sent.body["thinking"], sent.dropped) == (own, ())


def test_adaptive_thinking_stands_without_earlier_thoughts() -> None:
    sent = ask("claude-opus-5", thinking={"type": "adaptive"}, messages=loop())
    assert (sent.body["thinking"], sent.dropped) == ({"type": "adaptive"}, ())


def test_a_result_without_its_call_is_anthropics_to_judge() -> None:
    own = {"type": "enabled", "budget_tokens": 2000}
    messages = [{"role": "tool", "tool_call_id": "c", "content": "5"}]
    assert ask(thinking=own, messages=messages).body["thinking"] == own
