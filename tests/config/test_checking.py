"""`faults` finds all that is wrong at once; `json_schema` describes what is right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from books import MODES, PROVIDERS

from gatewaymw.config import faults, json_schema


def found(value: Any) -> list[str]:
    return faults(value, providers=PROVIDERS, modes=MODES)


GOOD: dict[str, Any] = {
    "virtual_keys": {
        "prod": {"provider": "openai", "api_key": "env:NOT_SET", "aws_session_token": "env:NOT_SET"}
    },
    "configs": {"fast": {"virtual_key": "prod"}, "good": {"targets": [{"provider": "@prod"}]}},
    "trusted_custom_hosts": ["localhost:11434"],
    "caller_config": "named",
    "auth": "public",
    "max_body": 1000,
    "fetch_media": {"max_bytes": 1000, "hosts": ["*.example.com"]},
    "strategy": {"mode": "loadbalance"},
    "targets": [{"virtual_key": "prod"}, {"provider": "anthropic", "weight": 2}],
}


@pytest.mark.parametrize("value", [{}, GOOD, {"provider": "openai"}, {"config": {"provider": "openai"}}])
def test_nothing_is_wrong_with_a_good_file(value: Any) -> None:
    assert found(value) == []


def test_every_fault_has_a_line_with_its_path() -> None:
    value = {
        "virtual_keys": {"a": {"provider": "opnai"}, "b": {"provider": "openai", "retry": {"attempts": 9}}},
        "configs": {"fast": {"virtual_key": "c"}, "odd one": {}},
        "trusted_custom_hosts": ["http://h"],
        "caller_config": "some",
        "max_body": 0,
        "strategy": {"mode": "fastest"},
        "targets": [
            {"provider": "openai", "api_key": "", "weight": "1"},
            {"provider": "openai", "retry": {"attempts": 1, "on_status_codes": [1, 2]}},
        ],
    }  # fmt: skip
    paths = [line.partition(": ")[0] for line in found(value)]
    assert paths == [
        "caller_config",
        "max_body",
        "trusted_custom_hosts[0]",
        "virtual_keys.a.provider",
        "virtual_keys.b.retry.attempts",
        "config.targets[0].api_key",
        "config.targets[0].weight",
        "config.targets[1].retry.on_status_codes[0]",
        "config.targets[1].retry.on_status_codes[1]",
        "configs.fast.virtual_key",
        'configs["odd one"]',
    ]


def test_faults_of_several_targets_are_all_found() -> None:
    targets = [
        {"provider": "opnai"},
        {"provider": "openai", "retri": {}, "weigth": 1},
        {"provider": "openai", "input_guardrails": [{"nope": {}}]},
        {"provider": "openai"},
    ]
    lines = found({"strategy": {"mode": "quickest"}, "targets": targets})
    assert [line.partition(": ")[0] for line in lines] == [
        "config.targets[0].provider",
        "config.targets[1].retri",
        "config.targets[1].weigth",
        "config.targets[2].input_guardrails[0].nope",
        "config.strategy.mode",
    ]


@pytest.mark.parametrize("value", [None, [], "x", {"config": {}, "retry": {}}, {1: 2}, {"virtual_keys": 7}])
def test_what_is_no_file_has_one_fault(value: Any) -> None:
    assert len(found(value)) == 1


def test_without_a_list_the_registered_providers_and_modes_count() -> None:
    assert faults({"provider": "openai"}) == []
    assert len(faults({"provider": "opnai"})) == 1


# ── the schema ───────────────────────────────────────────────────────────


def test_the_schema_is_json_and_describes_each_key_in_snake_case() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    shapes = schema["$defs"]
    leaf = shapes["Leaf"]
    assert {"provider", "api_key", "retry", "aws_region", "override_params"} <= leaf["properties"].keys()
    assert not any(name != name.lower() for shape in shapes.values() for name in shape["properties"])
    assert leaf["additionalProperties"] is shapes["Branch"]["additionalProperties"] is False
    assert {"virtual_keys", "configs", "config", "max_body"} <= shapes["File"]["properties"].keys()


def test_the_schema_says_what_a_key_is_for() -> None:
    shapes = json_schema()["$defs"]
    assert "milliseconds" in shapes["Retry"]["properties"]["base"]["description"]
    assert "Milliseconds" in shapes["Leaf"]["properties"]["request_timeout"]["description"]
    assert "env:NAME" in json.dumps(shapes["Leaf"]["properties"]["api_key"])


def test_the_schema_is_the_same_each_time() -> None:
    assert json_schema() == json_schema()
