"""From a config to a plan: what a leaf becomes, what it inherits, what is refused and where."""

from __future__ import annotations

from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import pytest
from books import CALLER, OPERATOR, PROVIDERS, child, group, leaf, plan, refused
from pydantic import BaseModel, SecretStr

from gatewaymw.config import plan_of_text
from gatewaymw.config.models import Branch, Leaf, Retry, Strategy
from gatewaymw.core.errors import ConfigError
from gatewaymw.core.plan import RETRIED, Caching, Group, Target, targets
from gatewaymw.core.plan import Retry as Planned
from gatewaymw.core.values import Secret


def test_a_leaf_with_all_its_keys() -> None:
    config = {
        "name": "one",
        "provider": "openai",
        "api_key": "sk-1",
        "custom_host": "https://proxy.example:8443/v1/",
        "override_params": {"model": "gpt-4o", "metadata": {"camelCase": 1}},
        "retry": {
            "attempts": 3,
            "on_status_codes": [429],
            "use_retry_after_header": True,
            "base": 50,
            "cap": 90,
        },
        "request_timeout": 2500,
        "forward_headers": ["X-Request-Id", "traceparent", "x-request-id"],
        "strict_open_ai_compliance": False,
        "strict_params": True,
        "commit": "headers",
        "openai_organization": "org-1",
        "anthropic_version": None,
    }  # fmt: skip
    assert leaf(config) == Target(
        path="config",
        name="one",
        provider=PROVIDERS["openai"],
        credential=leaf({"provider": "openai", "api_key": "sk-1"}).credential,
        base_url="https://proxy.example:8443/v1",
        overrides={"model": "gpt-4o", "metadata": {"camelCase": 1}},
        retry=Planned(3, frozenset({429}), True, 0.05, 0.09),
        timeout=2.5,
        forward=("x-request-id", "traceparent"),
        strict=False,
        refuse_dropped=True,
        commit_early=True,
        options={"openai_organization": "org-1"},
    )


def test_a_leaf_of_a_provider_alone_has_the_defaults_of_the_plan() -> None:
    assert leaf({"provider": "openai"}) == Target(path="config", provider=PROVIDERS["openai"])
    assert leaf({"provider": "openai", "retry": {"attempts": 1}}).retry == Planned(
        1, RETRIED, False, 1.0, 60.0
    )


CAMEL = {
    "strategy": {"mode": "fallback", "onStatusCodes": [500]},
    "requestTimeout": 1000,
    "targets": [
        {
            "provider": "openai",
            "apiKey": "k",
            "customHost": "http://h",
            "overrideParams": {"maxTokens": 1, "max_tokens": 2},
            "retry": {"attempts": 1, "onStatusCodes": [429], "useRetryAfterHeader": True},
            "forwardHeaders": ["x-a"],
            "strictOpenAiCompliance": False,
            "strictParams": True,
            "openaiOrganization": "o",
        },
        {"provider": "azure-openai", "resourceName": "r", "azureAdToken": "t", "apiVersion": "2024-10-21"},
        {"virtualKey": "prod"},
    ],
}
SNAKE = {
    "strategy": {"mode": "fallback", "on_status_codes": [500]},
    "request_timeout": 1000,
    "targets": [
        {
            "provider": "openai",
            "api_key": "k",
            "custom_host": "http://h",
            "override_params": {"maxTokens": 1, "max_tokens": 2},
            "retry": {"attempts": 1, "on_status_codes": [429], "use_retry_after_header": True},
            "forward_headers": ["x-a"],
            "strict_open_ai_compliance": False,
            "strict_params": True,
            "openai_organization": "o",
        },
        {
            "provider": "azure-openai",
            "resource_name": "r",
            "azure_ad_token": "t",
            "api_version": "2024-10-21",
        },
        {"virtual_key": "prod"},
    ],
}


def test_camel_case_and_snake_case_are_one_config() -> None:
    assert plan(CAMEL) == plan(SNAKE)
    assert child(group(CAMEL), 0).overrides == {"maxTokens": 1, "max_tokens": 2}


def test_a_key_in_both_spellings_is_refused() -> None:
    fault = refused({"provider": "openai", "api_key": "sk-a", "apiKey": "sk-b"})
    assert fault.path == "config.api_key" and "twice" in fault.message and "sk-" not in fault.message


# ── in whatever form it comes ────────────────────────────────────────────


class Mine(BaseModel):
    provider: str = "openai"
    strategy: None = None
    targets: None = None
    api_key: SecretStr = SecretStr("sk-1")
    retry: Retry | None = None


@pytest.mark.parametrize(
    "config",
    [
        {"provider": "openai", "api_key": "sk-1"},
        MappingProxyType({"provider": "openai", "api_key": SecretStr("sk-1")}),
        {"provider": "openai", "api_key": Secret("sk-1"), "retry": None, "weight": None},
        Leaf(provider="openai", api_key=Secret("sk-1")),
        Mine(),
    ],
    ids=range(5),
)
def test_a_config_may_be_a_mapping_or_a_model(config: Any) -> None:
    assert leaf(config) == leaf({"provider": "openai", "api_key": "sk-1"})


def test_models_and_other_python_values_may_stand_within_a_config() -> None:
    config = Branch(
        strategy=Strategy(mode="fallback", on_status_codes=frozenset({HTTPStatus.BAD_GATEWAY})),
        targets=(Leaf(provider="openai"), Leaf(provider="anthropic")),
    )
    plain = {
        "strategy": {"mode": "fallback", "on_status_codes": {502}},
        "targets": (Leaf(provider="openai"), {"provider": "anthropic"}),
    }
    text = """{"strategy": {"mode": "fallback", "on_status_codes": [502]},
               "targets": [{"provider": "openai"}, {"provider": "anthropic"}]}"""
    assert plan(config) == plan(plain) == plan_of_text(text, OPERATOR)


def test_a_plan_does_not_change_with_the_value_it_was_made_from() -> None:
    overrides: dict[str, Any] = {"stop": ["a"]}
    config = {"provider": "openai", "override_params": overrides}
    made = leaf(config)
    overrides["stop"].append("b")
    overrides["n"] = 2
    assert made.overrides == {"stop": ["a"]}
    with pytest.raises(TypeError):
        made.overrides["n"] = 2  # type: ignore[index]


def test_a_text_of_json_is_a_config() -> None:
    text = '{"provider": "openai", "api_key": "sk-1"}'
    assert plan_of_text(text, OPERATOR) == plan({"provider": "openai", "api_key": "sk-1"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "object"),
        ('"openai"', "object"),
        ('{"weight": NaN}', "not JSON"),
        ("[" * 60_000, "not JSON"),
        ('{"provider": "' + "ä" * 40_000 + '"}', "longer than 65536 bytes"),
        ('{"provider": "openai", "metadata": ' + "[" * 120 + "]" * 120 + "}", "too deeply"),
        ('{"provider": "openai", "metadata": [' + "1," * 9000 + "1]}", "too large"),
    ],
    ids=lambda text: text[:20],
)
def test_a_text_that_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        plan_of_text(text, CALLER)


# ── what is refused ──────────────────────────────────────────────────────


def fallback(*targets: dict[str, Any]) -> dict[str, Any]:
    return {"strategy": {"mode": "fallback"}, "targets": list(targets)}


@pytest.mark.parametrize(
    ("config", "path", "words"),
    [
        ({}, "config", "names no provider"),
        (fallback({"provider": "openai"}, {}), "config.targets[1]", "names no provider"),
        ({"provider": "opnai"}, "config.provider", 'did you mean "openai"'),
        ({"provider": "zzz"}, "config.provider", "gatewaymw providers"),
        ({"provider": ""}, "config.provider", "at least 1 character"),
        ({"provider": 7}, "config.provider", "must be a string"),
        ({"provider": "openai", "retry": {}}, "config.retry.attempts", "is required"),
        ({"provider": "openai", "retry": {"attempts": 6}}, "config.retry.attempts", "or equal to 5"),
        ({"provider": "openai", "retry": {"attempts": 10**6}}, "config.retry.attempts", "equal to 5"),
        ({"provider": "openai", "retry": {"attempts": True}}, "config.retry.attempts", "whole number"),
        ({"provider": "openai", "retry": {"attempts": "3"}}, "config.retry.attempts", "whole number"),
        ({"provider": "openai", "retry": 3}, "config.retry", "must be an object"),
        ({"provider": "openai", "retry": {"attempts": 1, "base": 9, "cap": 5}}, "config.retry.base", "cap"),
        (
            {"provider": "openai", "retry": {"attempts": 1, "on_status_codes": [429, 99]}},
            "config.retry.on_status_codes[1]",
            "greater than or equal to 100",
        ),
        (
            fallback({"provider": "openai", "retry": {"attempts": 1, "onStatusCodes": [600]}}),
            "config.targets[0].retry.onStatusCodes[0]",
            "less than or equal to 599",
        ),
        ({"provider": "openai", "request_timeout": 0}, "config.request_timeout", "greater than 0"),
        ({"provider": "openai", "request_timeout": float("inf")}, "config.request_timeout", "finite"),
        ({"provider": "openai", "requestTimeout": "5"}, "config.requestTimeout", "must be a number"),
        ({"provider": "openai", "strict_params": "yes"}, "config.strict_params", "true or false"),
        ({"provider": "openai", "commit": "late"}, "config.commit", "'headers' or 'first_event'"),
        ({"provider": "openai", "override_params": []}, "config.override_params", "must be an object"),
        ({"provider": "openai", "override_params": {"a": print}}, "config.override_params", "JSON"),
        ({"provider": "openai", "override_params": {1: 2}}, "config.override_params", "keys"),
        ({"provider": "openai", "override_params": {"a": b"x"}}, "config.override_params.a", "a bytes"),
        ({"provider": "openai", "targets": "x"}, "config.targets", "must be a list"),
        ({"provider": "openai", "targets": []}, "config.targets", "must not be empty"),
        ({"targets": ["openai"]}, "config.targets[0]", "must be an object"),
        ({"strategy": {"mode": "single"}}, "config.targets", "is required"),
        ({"provider": "ollama"}, "config", "custom_host"),
        ({"provider": "azure-openai"}, "config", "resource_name"),
        ({"mode": "fallback", "options": []}, "config.options", "this version of config is not supported"),
        ({"mode": "single", "provider": "openai"}, "config.mode", "this version of config is not supported"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(config: Any, path: str, words: str) -> None:
    fault = refused(config)
    assert (fault.path, words in fault.message) == (path, True), fault.message


def test_unknown_keys_of_the_operator_are_refused_with_the_nearest_name() -> None:
    fault = refused({"provider": "openai", "overide_params": {}})
    assert (fault.path, fault.message) == (
        "config.overide_params",
        'config.overide_params: unknown key; did you mean "override_params"?',
    )
    assert (
        refused({"provider": "openai", "retry": {"attempts": 1, "on_status": [1]}}).path
        == "config.retry.on_status"
    )
    assert refused({"provider": "openai", "k\n" * 99: 1}).path.isprintable()


def test_unknown_keys_of_a_caller_are_warned_of() -> None:
    config = {"provider": "openai", "retry": {"attempts": 1, "atempts": 2}, "xyz\r\n": 1, "weigth": 1}
    warnings = plan(config, CALLER).warnings
    assert 'config: unknown key "xyz\\r\\n" is ignored' in warnings
    assert 'config: unknown key "weigth" is ignored; did you mean "weight"?' in warnings
    assert 'config.retry: unknown key "atempts" is ignored; did you mean "attempts"?' in warnings


def test_warnings_are_few_and_fit_for_a_header() -> None:
    config = {"provider": "openai", **{f"ünknown{index}": index for index in range(500)}}
    warnings = plan(config, CALLER).warnings
    assert len(warnings) == 21 and warnings[-1] == "and 480 more"
    assert all(warning.isascii() and warning.isprintable() for warning in warnings)


@pytest.mark.parametrize("key", ["id", "metadata", "on_status_codes", "url_to_fetch"])
def test_what_changes_nothing_here_is_warned_of(key: str) -> None:
    assert plan({"provider": "openai", key: {"x": 1}}).warnings == (
        f"config.{key}: is not applied by this version",
    )


@pytest.mark.parametrize(
    ("cache", "means"),
    [
        ("simple", Caching()),
        ({"mode": "simple"}, Caching(86_400.0, 2**20, False)),
        ({"mode": "simple", "max_age": 60}, Caching(max_age=60)),
        ({"mode": "simple", "maxAge": 0.5, "maxBytes": 7, "toolCalls": True}, Caching(0.5, 7, True)),
        (None, None),
    ],
)
def test_a_simple_cache_is_inherited_by_the_targets(cache: Any, means: Any) -> None:
    made = plan({"targets": [{"provider": "openai"}], "cache": cache})
    assert [leaf.caching for leaf in targets(made.root)] == [means]
    assert made.warnings == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("max_age", value) for value in (0, -1, "60", float("inf"), 90 * 86_400 + 1, True)),
        *(("max_bytes", value) for value in (0, 2.5, 2**24 + 1)),
        ("tool_calls", "yes"),
    ],
)
def test_what_a_cache_cannot_do_is_refused(key: str, value: Any) -> None:
    fault = refused({"provider": "openai", "cache": {"mode": "simple", key: value}})
    assert fault.path == f"config.cache.{key}"


def test_a_semantic_cache_is_refused() -> None:
    fault = refused({"provider": "openai", "cache": {"mode": "semantic"}})
    assert (fault.path, fault.code) == ("config.cache.mode", "unsupported")
    assert refused({"provider": "openai", "cache": "eternal"}).path == "config.cache.mode"


HOOKS = ["before_request_hooks", "after_request_hooks", "input_guardrails", "output_guardrails"]
HOOKS += ["input_mutators", "output_mutators", "default_input_guardrails", "default_output_guardrails"]


@pytest.mark.parametrize("key", HOOKS)
@pytest.mark.parametrize("book", [OPERATOR, CALLER], ids=["operator", "caller"])
def test_g2_a_check_is_never_skipped_in_silence(key: str, book: Any) -> None:
    unknown = [{"checks": [{"id": "default.nope"}]}]
    for checks in (unknown, ["id"], "id", {"deny": True}, True, 0):
        fault = refused({"targets": [{"provider": "openai", key: checks}]}, book)
        assert fault.path.startswith(f"config.targets[0].{key}")
    assert plan({"provider": "openai", key: []}, book).warnings == ()


# ── bounds ───────────────────────────────────────────────────────────────


def nested(levels: int) -> dict[str, Any]:
    config: dict[str, Any] = {"provider": "openai"}
    for _ in range(levels):
        config = {"targets": [config]}
    return config


@pytest.mark.parametrize("book", [OPERATOR, CALLER], ids=["operator", "caller"])
def test_targets_may_be_nested_sixteen_deep(book: Any) -> None:
    assert plan(nested(16), book).root.path == "config"
    assert "16 deep" in refused(nested(17), book).message
    assert "too deeply" in refused(nested(60), book).message


@pytest.mark.parametrize(("book", "most"), [(OPERATOR, 1024), (CALLER, 64)], ids=["operator", "caller"])
def test_a_config_has_so_many_targets_in_all(book: Any, most: int) -> None:
    def config(count: int) -> dict[str, Any]:
        inner = {"strategy": {"mode": "fallback"}, "targets": [{"provider": "openai"}] * (count - 1)}
        return {"targets": [inner]}

    inner = group(config(most), book).children[0]
    assert isinstance(inner, Group) and len(inner.children) == most - 1
    assert f"{most} targets" in refused(config(most + 1), book).message


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop += [loop, loop]
    assert "too" in refused({"provider": "openai", "metadata": loop}).message
