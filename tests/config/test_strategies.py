"""From a strategy to a group: modes, weights, conditions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from books import CALLER, OPERATOR, child, group, leaf, plan, refused

from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.values import Call

ONE: dict[str, Any] = {"provider": "openai"}
OTHER: dict[str, Any] = {"provider": "anthropic"}


def config(strategy: Any, *targets: dict[str, Any]) -> dict[str, Any]:
    return {"strategy": strategy, "targets": list(targets or (ONE, OTHER))}


def call(body: Any = None, **metadata: str) -> Call:
    return Call(endpoint=CHAT, method="POST", path="/chat/completions", body=body or {}, metadata=metadata)


def test_a_fallback_with_its_statuses() -> None:
    made = group(config({"mode": "fallback", "on_status_codes": [429, 500]}))
    assert (made.mode, made.path, made.on) == ("fallback", "config", frozenset({429, 500}))
    assert [node.path for node in made.children] == ["config.targets[0]", "config.targets[1]"]
    assert group(config({"mode": "fallback"})).on is None
    assert group(config({"mode": "fallback", "on_status_codes": []})).on == frozenset()


def test_a_load_balance_with_its_weights() -> None:
    weighted: list[dict[str, Any]] = [{**ONE, "weight": 0.5}, {**ONE, "weight": 0}, OTHER]
    assert group(config({"mode": "loadbalance"}, *weighted)).bounds == (0.5, 0.5, 1.5)


@pytest.mark.parametrize("weight", [-1, -0.1, float("nan"), float("inf"), "1", True])
def test_r2_a_weight_is_a_number_not_below_zero(weight: Any) -> None:
    fault = refused(config({"mode": "loadbalance"}, ONE, {**ONE, "weight": weight}))
    assert fault.path == "config.targets[1].weight"


@pytest.mark.parametrize("weight", [0, 1.7e308])
def test_r1_weights_that_cannot_be_shared_out_are_refused(weight: float) -> None:
    fault = refused(config({"mode": "loadbalance"}, {**ONE, "weight": weight}, {**ONE, "weight": weight}))
    assert fault.path == "config.targets" and "weights" in fault.message


def test_one_target_needs_no_strategy_and_several_do() -> None:
    made = group({"targets": [ONE]})
    assert (made.mode, child(made, 0)) == ("single", replace(leaf(ONE), path="config.targets[0]"))
    fault = refused({"targets": [ONE, OTHER]})
    assert fault.path == "config.strategy" and "loadbalance" in fault.message


def test_what_a_strategy_does_not_use_is_warned_of() -> None:
    warnings = plan(config({"mode": "single", "on_status_codes": [500], "default": "x"})).warnings
    assert warnings == (
        "config.strategy.on_status_codes: means nothing to the mode single",
        "config.strategy.default: means nothing to the mode single",
        "config.strategy: the mode single uses the first of 2 targets only",
    )
    beside = {"mode": "single", "on": ["quota"], "algorithm": "least_busy", "sticky": {"by": "metadata.u"}}
    assert [warning.split(":")[0] for warning in plan(config(beside, ONE)).warnings] == [
        "config.strategy.on",
        "config.strategy.algorithm",
        "config.strategy.sticky",
    ]


@pytest.mark.parametrize("mode", ["failover", "Fallback", ""])
def test_a_mode_nobody_registered_is_refused_with_those_there_are(mode: str) -> None:
    fault = refused(config({"mode": mode}))
    assert fault.path == "config.strategy.mode"
    assert not mode or "conditional, fallback, loadbalance, single" in fault.message


def test_unknown_keys_of_a_strategy_are_refused_or_warned_of() -> None:
    assert refused(config({"mode": "fallback", "on_status": [1]})).path == "config.strategy.on_status"
    assert "on_status" in plan(config({"mode": "fallback", "on_status": [1]}), CALLER).warnings[0]


def test_a_registered_mode_gets_its_own_keys_and_all_that_others_get() -> None:
    book = replace(OPERATOR, modes=("single", "fastest"))
    strategy = {
        "mode": "fastest",
        "sampleSize": 3,
        "decay": {"perHour": 1},
        "conditions": [],
        "on_status_codes": [500],
    }
    made = group(config(strategy, ONE, {**OTHER, "weight": 3}), book)
    assert made.mode == "fastest" and made.settings == {"sample_size": 3, "decay": {"perHour": 1}}
    assert made.bounds == (1.0, 4.0) and made.on == frozenset({500}) and made.choose is None


def test_without_a_list_of_modes_those_registered_with_the_machine_count() -> None:
    assert group(config({"mode": "fallback"}), replace(OPERATOR, modes=None)).mode == "fallback"
    registered = replace(OPERATOR, modes=None, providers=None)
    assert group({"targets": [{"provider": "openai"}]}, registered).path == "config"


# ── conditions ───────────────────────────────────────────────────────────

NAMED = [{**ONE, "name": "pro"}, {**OTHER, "name": "free"}]


def conditional(*conditions: Any, default: str | None = None) -> dict[str, Any]:
    return config({"mode": "conditional", "conditions": list(conditions), "default": default}, *NAMED)


def test_the_first_condition_that_holds_decides() -> None:
    choose = group(
        conditional(
            {"query": {"metadata.plan": {"$in": ["pro", "both"]}}, "then": "pro"},
            {"query": {"metadata.plan": "both"}, "then": "free"},
            {"query": {"params.max_tokens": {"$lt": 10}}, "then": "free"},
        )
    ).choose
    assert choose is not None
    assert choose(call(plan="pro")) == choose(call(plan="both")) == 0
    assert choose(call({"max_tokens": 5})) == 1
    assert choose(call()) is None


def test_the_default_is_for_when_none_does() -> None:
    choose = group(conditional({"query": {"metadata.plan": "pro"}, "then": "pro"}, default="free")).choose
    assert choose is not None and (choose(call(plan="pro")), choose(call())) == (0, 1)
    only = group(conditional(default="free")).choose
    assert only is not None and only(call()) == 1


def test_keys_of_queries_are_nobody_s_to_respell() -> None:
    choose = group(
        conditional({"query": {"metadata.userPlan": "x", "params.max_tokens": 1}, "then": "pro"})
    ).choose
    assert choose is not None and choose(call({"max_tokens": 1}, userPlan="x")) == 0


def test_the_prefix_is_part_of_the_pathname() -> None:
    book = replace(OPERATOR, prefix="/ai")
    made = group(conditional({"query": {"url.pathname": "/ai/chat/completions"}, "then": "pro"}), book)
    assert made.choose is not None and made.choose(call()) == 0


@pytest.mark.parametrize(
    ("strategy", "path", "words"),
    [
        ({}, "config.strategy", "needs conditions"),
        ({"conditions": []}, "config.strategy", "needs conditions"),
        ({"default": "non"}, "config.strategy.default", "no target here"),
        ({"default": "fre"}, "config.strategy.default", 'did you mean "free"'),
        (
            {"conditions": [{"query": {}, "then": "x"}]},
            "config.strategy.conditions[0].then",
            "no target here",
        ),
        ({"conditions": [{"then": "pro"}]}, "config.strategy.conditions[0].query", "is required"),
        ({"conditions": [{"query": [], "then": "pro"}]}, "config.strategy.conditions[0].query", "object"),
        ({"conditions": {}}, "config.strategy.conditions", "must be a list"),
        (
            {"conditions": [{"query": {"metadata.x": {"$equals": 1}}, "then": "pro"}]},
            "config.strategy.conditions[0].query.metadata.x",
            "unknown operator",
        ),
        (
            {"conditions": [{"query": {}, "then": "pro", "els": 1}]},
            "config.strategy.conditions[0].els",
            "unknown key",
        ),
    ],
)
def test_conditions_that_lead_nowhere_are_refused(strategy: Any, path: str, words: str) -> None:
    fault = refused(config({"mode": "conditional", **strategy}, *NAMED))
    assert fault.path == path and words in fault.message


def test_names_that_conditions_use_are_given_once() -> None:
    fault = refused(config({"mode": "conditional", "default": "pro"}, *NAMED, NAMED[0]))
    assert 'named "pro"' in fault.message
    assert group(config({"mode": "fallback"}, *NAMED, NAMED[0])).on is None
