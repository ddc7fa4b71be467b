"""Breakers, budgets, time limits and sticky load balances, as people write them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from books import CALLER, OPERATOR, child, group, leaf, plan, refused

from gatewaymw.config import models
from gatewaymw.core.plan import NO_TIMEOUTS, Breaker, Budget, Sticky, Timeouts
from gatewaymw.core.routing.kinds import KINDS
from snippets import snippets

PAGE = Path(__file__).parents[2] / "docs" / "resilience.md"
ONE: dict[str, Any] = {"provider": "openai"}
OTHER: dict[str, Any] = {"provider": "anthropic"}


def config(strategy: Any, *targets: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"strategy": strategy, "targets": list(targets or (ONE, OTHER)), **more}


def test_a_breaker_as_the_original_writes_it() -> None:
    told = {
        "failure_threshold": 3,
        "failure_threshold_percentage": 20,
        "minimum_requests": 10,
        "cooldown_interval": 60000,
        "failure_status_codes": [401, 429, 500],
    }
    made = Breaker(3, 0.2, 10, 60.0, 60.0, frozenset({401, 429, 500}))
    assert leaf({**ONE, "cb_config": told}).breaker == made
    assert leaf({**ONE, "cbConfig": {"failureThreshold": 3}}).breaker == Breaker(failures=3)
    assert leaf({**ONE, "cb_config": {}}).breaker == Breaker()
    assert leaf({**ONE, "cb_config": {"failure_threshold_percentage": 50}}).breaker == Breaker(None, 0.5)
    more = {"window": 5000, "half_open_requests": 3}
    assert leaf({**ONE, "cb_config": more}).breaker == Breaker(window=5.0, probes=3)
    assert leaf(ONE).breaker is None and leaf(ONE).tracked == ""


def test_a_breaker_is_inherited_and_may_stand_with_the_strategy() -> None:
    told, own = {"failure_threshold": 3}, {"failure_threshold": 9}
    made = group(config({"mode": "fallback", "cb_config": told}, ONE, {**ONE, "cb_config": own}))
    assert [child(made, at).breaker for at in (0, 1)] == [Breaker(failures=3), Breaker(failures=9)]
    assert made.watched
    inner = config({"mode": "loadbalance"}, ONE)
    nested = group(config({"mode": "fallback"}, inner, cb_config=told))
    assert nested.children[0].watched and not group(config({"mode": "fallback"})).watched


def test_a_budget_of_retries() -> None:
    assert leaf({**ONE, "retry": {"attempts": 2, "budget": True}}).retry.budget == Budget()
    assert leaf({**ONE, "retry": {"attempts": 2, "budget": False}}).retry.budget is None
    told = {"percentage": 10, "floor": 0, "window": 60000}
    made = leaf({**ONE, "retry": {"attempts": 2, "budget": told}})
    assert made.retry.budget == Budget(0.1, 0, 60.0) and made.tracked


def test_kinds_beside_statuses() -> None:
    assert {*get_args(models.Kind)} == {*KINDS}
    made = leaf({**ONE, "retry": {"attempts": 1, "on": ["connect", "quota"]}}).retry
    assert (made.on, made.kinds) == (frozenset(), frozenset({"connect", "quota"}))
    made = leaf({**ONE, "retry": {"attempts": 1, "on": ["quota"], "on_status_codes": [500]}}).retry
    assert (made.on, made.kinds) == (frozenset({500}), frozenset({"quota"}))
    node = group(config({"mode": "fallback", "on": ["context_length"]}))
    assert (node.on, node.kinds) == (None, frozenset({"context_length"}))
    assert "retry.on" in refused({**ONE, "retry": {"attempts": 1, "on": ["sometimes"]}}).path


def test_time_limits() -> None:
    told = {"connect": 500, "first_token": 3000, "idle": 10000, "total": 60000}
    assert leaf({**ONE, "timeouts": told}).timeouts == Timeouts(0.5, 3.0, 10.0, 60.0)
    assert leaf({**ONE, "timeouts": {"firstToken": 1}}).timeouts == Timeouts(first_token=0.001)
    assert leaf(ONE).timeouts == NO_TIMEOUTS
    made = group(config({"mode": "fallback"}, ONE, {**ONE, "timeouts": {"idle": 1000}}, timeouts=told))
    assert child(made, 0).timeouts == Timeouts(0.5, 3.0, 10.0, 60.0)
    assert child(made, 1).timeouts == Timeouts(idle=1.0)


@pytest.mark.parametrize("by", [{"by": "metadata.user"}, {"hash_fields": ["metadata.user"], "enabled": True}])
def test_what_keeps_a_caller_at_its_target(by: Any) -> None:
    made = group(config({"mode": "loadbalance", "sticky": {**by, "ttl": 300}}))
    assert made.sticky == Sticky(("metadata.user",), 300.0) and len(made.marks) == 2


def test_headers_are_named_either_way() -> None:
    names = ["header.X-User", "headers.x-team", "params.user"]
    made = group(config({"mode": "loadbalance", "sticky": {"by": names}}))
    assert made.sticky == Sticky(("header.x-user", "header.x-team", "params.user"))
    off = {"by": "metadata.user", "enabled": False}
    assert group(config({"mode": "loadbalance", "sticky": off})).sticky is None


@pytest.mark.parametrize("algorithm", ["least_busy", "lowest_latency"])
def test_all_below_a_balance_by_load_are_measured(algorithm: str) -> None:
    inner = config({"mode": "fallback"}, OTHER)
    made = group(config({"mode": "loadbalance", "algorithm": algorithm}, ONE, inner))
    assert made.algorithm == algorithm and child(made, 0).tracked
    below = made.children[1]
    assert below.children[0].measured  # type: ignore[union-attr]
    assert not child(group(config({"mode": "loadbalance"})), 0).measured


def test_a_comparison_has_sixteen_targets_at_most() -> None:
    book = replace(OPERATOR, modes=None)
    assert len(group(config({"mode": "compare"}, *[ONE] * 16), book).children) == 16
    fault = refused(config({"mode": "compare"}, *[ONE] * 17), book)
    assert fault.path == "config.targets" and "16" in fault.message


def test_health_is_kept_by_what_a_target_is_and_who_says_so() -> None:
    told = {**ONE, "cb_config": {"failure_threshold": 3}}
    name = leaf(told).tracked
    assert name == leaf(dict(told)).tracked
    others = [
        leaf({**told, "cb_config": {"failure_threshold": 4}}),
        leaf({**told, "custom_host": "https://other.example"}),
        leaf({**told, "request_timeout": 1}),
        leaf({**told, "timeouts": {"total": 1}}),
        leaf({**told, "name": "other"}),
        leaf({**told, "override_params": {"model": "other"}}),
        leaf({**told, "virtual_key": "prod", "provider": None}),
        child(group(config({"mode": "fallback"}, told)), 0),
    ]
    assert len({name, *(each.tracked for each in others)}) == 9


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({**ONE, "cb_config": {"failure_threshold": 0}}, "config.cb_config.failure_threshold"),
        ({**ONE, "cb_config": {"failure_threshold_percentage": 101}}, "config.cb_config"),
        ({**ONE, "cb_config": {"cooldown_interval": 0}}, "config.cb_config.cooldown_interval"),
        ({**ONE, "cb_config": {"cool_down": 1}}, "config.cb_config.cool_down"),
        ({**ONE, "cb_config": True}, "config.cb_config"),
        ({**ONE, "retry": {"attempts": 1, "budget": {"floor": -1}}}, "config.retry.budget.floor"),
        ({**ONE, "retry": {"attempts": 1, "budget": {"flor": 1}}}, "config.retry.budget.flor"),
        ({**ONE, "timeouts": {"connect": 0}}, "config.timeouts.connect"),
        ({**ONE, "timeouts": {"conect": 1}}, "config.timeouts.conect"),
        (config({"mode": "loadbalance", "algorithm": "random"}), "config.strategy.algorithm"),
        (config({"mode": "loadbalance", "sticky": {}}), "config.strategy.sticky.by"),
        (config({"mode": "loadbalance", "sticky": {"by": "user"}}), "config.strategy.sticky.by"),
        (config({"mode": "loadbalance", "sticky": {"by": "header."}}), "config.strategy.sticky.by"),
        (config({"mode": "loadbalance", "sticky": {"by": ["metadata.u"] * 9}}), "config.strategy.sticky.by"),
        (config({"mode": "loadbalance", "sticky": {"by": "metadata.u", "tll": 1}}), "config.strategy"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(value: Any, path: str) -> None:
    assert refused(value).path.startswith(path)


@pytest.mark.parametrize("text", [each.text for each in snippets(PAGE) if each.language == "json"])
def test_the_configs_of_the_page_are_configs(text: str) -> None:
    assert plan(json.loads(text), replace(OPERATOR, providers=None, modes=None)).warnings == ()


def test_what_a_caller_misspells_is_warned_of() -> None:
    told = {**ONE, "cb_config": {"cool_down": 1}, "timeouts": {"conect": 1}}
    assert [warning.split(" ")[0] for warning in plan(told, CALLER).warnings] == [
        "config.cb_config:",
        "config.timeouts:",
    ]
