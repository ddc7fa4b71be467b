"""One rule of inheritance for every key: a node's own word, or else that of the node above."""

from __future__ import annotations

from typing import Any

import pytest
from books import child, group, leaf, refused

from gatewaymw.core.plan import Group
from gatewaymw.core.values import Secret


def tree(above: dict[str, Any], *targets: dict[str, Any]) -> dict[str, Any]:
    return {**above, "strategy": {"mode": "fallback"}, "targets": list(targets)}


@pytest.mark.parametrize(
    ("key", "above", "own", "field"),
    [
        ("retry", {"attempts": 1}, {"attempts": 2}, "retry"),
        ("request_timeout", 1000, 2000, "timeout"),
        ("custom_host", "http://above", "http://own", "base_url"),
        ("forward_headers", ["x-a"], [], "forward"),
        ("strict_open_ai_compliance", False, True, "strict"),
        ("strict_params", True, False, "refuse_dropped"),
        ("commit", "headers", "first_event", "commit_early"),
    ],
)
def test_r7_and_r8_a_node_s_own_word_replaces_that_of_the_node_above(
    key: str, above: Any, own: Any, field: str
) -> None:
    made = group(tree({key: above}, {"provider": "openai"}, {"provider": "openai", key: own}))
    inherits, says = child(made, 0), child(made, 1)
    assert getattr(inherits, field) == getattr(leaf({"provider": "openai", key: above}), field)
    assert getattr(says, field) == getattr(leaf({"provider": "openai", key: own}), field)
    assert getattr(inherits, field) != getattr(says, field)


def test_override_params_are_merged_key_by_key() -> None:
    inner = tree(
        {"override_params": {"b": 2, "c": {"x": 1}}}, {"provider": "openai", "override_params": {"c": 3}}
    )
    made = group(tree({"override_params": {"a": 1, "b": 1}}, inner)).children[0]
    assert isinstance(made, Group) and child(made, 0).overrides == {"a": 1, "b": 2, "c": 3}


def test_a_provider_is_inherited_with_its_key_and_options() -> None:
    above = {"provider": "openai", "api_key": "sk-1", "openai_project": "p", "openai_beta": "b"}
    made = group(tree(above, {"override_params": {"model": "x"}}, {"provider": "openai", "openai_beta": "c"}))
    for index, beta in enumerate("bc"):
        target = child(made, index)
        assert target.provider.name == "openai" and target.credential == leaf(above).credential
        assert target.options == {"openai_project": "p", "openai_beta": beta}


def test_another_provider_inherits_neither_the_key_nor_the_options() -> None:
    above = {"provider": "openai", "api_key": "sk-1", "openai_project": "p"}
    target = child(group(tree(above, {"provider": "anthropic"})), 0)
    assert target.credential is None and target.options == {}


def test_a_key_of_one_s_own_replaces_the_one_above() -> None:
    made = group(tree({"provider": "openai", "api_key": "sk-1"}, {"api_key": "sk-2"}))
    credential = child(made, 0).credential
    assert credential is not None and credential.secret == Secret("sk-2")


@pytest.mark.parametrize("stray", [{"api_key": "sk-canary"}, {"aws_region": "eu-west-1"}])
def test_a_key_above_that_belongs_to_no_provider_is_refused(stray: dict[str, Any]) -> None:
    fault = refused(tree(stray, {"provider": "openai"}))
    assert fault.path == "config" and "beside the provider" in fault.message and "canary" not in fault.message


def test_names_and_weights_are_a_node_s_own() -> None:
    inner = group(tree({}, {**tree({}, {"provider": "openai"}), "name": "inner", "weight": 2})).children[0]
    assert isinstance(inner, Group) and (inner.name, child(inner, 0).name) == ("inner", "")
