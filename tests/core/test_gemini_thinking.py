"""How much a model is to think."""

from __future__ import annotations

from typing import Any

import pytest
from gemini import NEW, NEXT, OLD, ask, config, refused

PRO = "gemini-2.5-pro"


def thinking(model: str, **params: Any) -> Any:
    return config(model, **params).get("thinkingConfig")


@pytest.mark.parametrize(
    ("model", "effort", "wanted"),
    [
        (NEW, "minimal", "minimal"),
        (NEW, "low", "low"),
        (NEW, "medium", "medium"),
        (NEW, "high", "high"),
        (NEXT, "minimal", "low"),
        ("gemini-3.1-pro-preview", "minimal", "low"),
        ("gemini-3-pro-preview", "medium", "high"),
        ("gemini-3.1-flash-image", "low", "high"),
        (OLD, "minimal", 1024),
        (OLD, "low", 1024),
        (OLD, "medium", 8192),
        (OLD, "high", 24_576),
        (OLD, "max", 24_576),
        (PRO, "high", 24_576),
        (PRO, "xhigh", 32_768),
    ],
)
def test_p11_an_effort_is_a_level_or_a_budget_as_google_has_it(model: str, effort: str, wanted: Any) -> None:
    name = "thinkingLevel" if isinstance(wanted, str) else "thinkingBudget"
    sent = ask(model, reasoning_effort=effort)
    assert sent.body["generationConfig"]["thinkingConfig"] == {"includeThoughts": True, name: wanted}
    assert sent.dropped == ()


@pytest.mark.parametrize("effort", ["xhigh", "max"])
def test_an_effort_beyond_the_levels_is_the_highest_and_named(effort: str) -> None:
    sent = ask(NEXT, reasoning_effort=effort)
    assert sent.body["generationConfig"]["thinkingConfig"]["thinkingLevel"] == "high"
    assert sent.dropped == ("reasoning_effort",)


@pytest.mark.parametrize(
    ("model", "sent", "dropped"),
    [
        (OLD, {"thinkingBudget": 0}, ()),
        (PRO, {"thinkingBudget": 128}, ("reasoning_effort",)),
        (NEW, {"thinkingLevel": "minimal"}, ("reasoning_effort",)),
        (NEXT, {"thinkingLevel": "low"}, ("reasoning_effort",)),
        ("gemini-2.0-flash", None, ()),
    ],
)
def test_p11_not_to_think_is_to_think_the_least(model: str, sent: Any, dropped: tuple[str, ...]) -> None:
    assert thinking(model, reasoning_effort="none") == sent
    assert ask(model, reasoning_effort="none").dropped == dropped


def test_a_model_that_does_not_think_is_not_asked_to_and_that_is_named() -> None:
    for params in ({"reasoning_effort": "high"}, {"thinking": {"type": "enabled", "budget_tokens": 5}}):
        sent = ask("gemini-2.0-flash", **params)
        assert ("generationConfig" in sent.body, sent.dropped) == (False, tuple(params))


@pytest.mark.parametrize("effort", ["huge", 5, ["low"]])
def test_efforts_that_are_none(effort: Any) -> None:
    assert refused(reasoning_effort=effort).param == "reasoning_effort"


def test_thinking_as_anthropics_clients_write_it() -> None:
    spec = {"type": "enabled", "budget_tokens": 2000}
    assert thinking(OLD, thinking=spec) == {"includeThoughts": True, "thinkingBudget": 2000}
    sent = ask(NEW, thinking=spec)
    assert sent.body["generationConfig"]["thinkingConfig"] == {"includeThoughts": True}
    assert sent.dropped == ("thinking.budget_tokens",)
    assert thinking(OLD, thinking={"type": "adaptive"}) == {"includeThoughts": True}
    assert thinking(OLD, thinking={"type": "disabled"}) == {"thinkingBudget": 0}
    assert ask(NEW, thinking={"type": "disabled"}).dropped == ("thinking",)


@pytest.mark.parametrize(
    ("value", "param"),
    [
        ("high", "thinking"),
        ({}, "thinking.type"),
        ({"type": "enabled", "budget_tokens": "5"}, "thinking.budget_tokens"),
    ],
)
def test_thinking_that_is_none(value: Any, param: str) -> None:
    assert refused(thinking=value).param == param


def test_geminis_own_setting_stands_and_what_loses_is_named() -> None:
    own = {"thinkingLevel": "low", "includeThoughts": False}
    sent = ask(NEW, thinking_config=own, thinking={"type": "adaptive"}, reasoning_effort="high")
    assert sent.body["generationConfig"]["thinkingConfig"] == own
    assert sent.dropped == ("thinking", "reasoning_effort")
    assert refused(thinking_config="low").param == "thinking_config"
    assert thinking(NEW) is None
