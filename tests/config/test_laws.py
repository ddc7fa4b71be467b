"""What holds for any config at all: a plan or a fault, soon; the same each time; no secret in sight."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from books import CALLER, MODES, OPERATOR, PROVIDERS
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from gatewaymw.config import Book, compile_config, faults, plan_of_text
from gatewaymw.config.models import Branch, Leaf, Strategy
from gatewaymw.core.errors import ConfigError, GatewayError
from gatewaymw.core.plan import Group, Node, Target

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=12)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=15,
)
KEYS = st.sampled_from(sorted({*Leaf.model_fields, *Branch.model_fields, *map(to_camel, Leaf.model_fields)}))
VALUES = st.sampled_from(
    [
        "openai",
        "@prod",
        "prod",
        "https://api.example",
        "headers",
        1,
        0.5,
        [429],
        ["x-a"],
        {"attempts": 1},
        "simple",
    ]
)
MODES_ODD = st.fixed_dictionaries({}, optional={
    "mode": st.sampled_from([*MODES, "x"]),
    "on_status_codes": st.just([500]) | JSON,
    "conditions": st.lists(st.fixed_dictionaries({"query": JSON, "then": st.just("a")}), max_size=2) | JSON,
    "default": st.sampled_from(["a", "b"]),
    "sticky": st.just({"by": "metadata.u"}) | JSON,
    "algorithm": st.sampled_from(["weighted", "least_busy", "x"]),
    "on": st.just(["quota"]) | JSON,
    "cb_config": st.just({"failure_threshold": 1}) | JSON,
})  # fmt: skip


def node(targets: Any = None) -> Any:
    keys = st.dictionaries(KEYS, VALUES | JSON, max_size=3)
    base = st.fixed_dictionaries({}, optional={"provider": st.just("openai"), "name": st.sampled_from("ab")})
    parts = [base, keys]
    if targets is not None:
        tree = st.fixed_dictionaries(
            {"targets": st.lists(targets, max_size=3)}, optional={"strategy": MODES_ODD | JSON}
        )
        parts.append(tree)
    return st.tuples(*parts).map(
        lambda dicts: {key: value for given in dicts for key, value in given.items()}
    )


CONFIGS = JSON | node() | node(node()) | node(node(node()) | JSON)


@given(CONFIGS, st.sampled_from([OPERATOR, CALLER]))
@example({"targets": [{"provider": "openai", "weight": 10**400}]}, OPERATOR)
@example({"\ud800": 1, "provider": "openai"}, CALLER)
@example({"provider": "openai", "retry": {"attempts": 1, "on_status_codes": [10**30]}}, CALLER)
def test_any_value_is_a_plan_or_a_fault_and_never_another_exception(value: Any, book: Book) -> None:
    started = time.process_time()
    try:
        plan = compile_config(value, book)
    except ConfigError as fault:
        assert fault.status == 400 and json.dumps(str(fault)).isascii()
        str(fault).encode()
    else:
        assert repr(plan)
    assert time.process_time() - started < 1


@given(CONFIGS)
def test_the_check_finds_a_fault_where_compiling_does(value: Any) -> None:
    assume(isinstance(value, dict) and not {"config", "virtual_keys", "configs"} & value.keys())
    found = faults(value, providers=PROVIDERS, modes=MODES)
    try:
        compile_config(value, Book(held=True, providers=PROVIDERS, modes=MODES))
    except GatewayError:
        assert found or not value
    else:
        assert found == []


@given(CONFIGS.map(lambda value: json.dumps(value)) | st.text())
def test_any_text_is_a_plan_or_a_fault(text: str) -> None:
    try:
        plan_of_text(text, CALLER)
    except ConfigError as fault:
        assert fault.path.startswith("config")


# ── configs that are good ────────────────────────────────────────────────

SETTINGS = {
    "request_timeout": st.integers(1, 10**6),
    "retry": st.fixed_dictionaries(
        {"attempts": st.integers(0, 5)}, optional={"use_retry_after_header": st.booleans()}
    ),
    "override_params": st.dictionaries(
        st.sampled_from(["model", "max_tokens", "topP"]), st.integers(), max_size=2
    ),
    "custom_host": st.sampled_from(["https://a.example", "http://b.example:80/v1"]),
    "forward_headers": st.lists(st.sampled_from(["x-a", "X-B"]), max_size=2),
    "strict_open_ai_compliance": st.booleans(),
    "openai_organization": st.sampled_from(["o", "p"]),
    "commit": st.sampled_from(["headers", "first_event"]),
    "cb_config": st.fixed_dictionaries({"failure_threshold": st.integers(1, 3)}),
    "timeouts": st.fixed_dictionaries({}, optional={"idle": st.integers(1, 9), "total": st.integers(1, 9)}),
}
LEAVES = st.fixed_dictionaries(
    {"provider": st.sampled_from(["openai", "anthropic"])},
    optional={**SETTINGS, "api_key": st.just("sk-canary"), "weight": st.integers(1, 3)},
)
STRATEGIES = st.fixed_dictionaries(
    {"mode": st.sampled_from(["single", "fallback", "loadbalance"])},
    optional={"on_status_codes": st.just([500])},
)
ABOVE = {name: kind for name, kind in SETTINGS.items() if name != "openai_organization"}
TREES = st.recursive(
    LEAVES,
    lambda inner: st.fixed_dictionaries(
        {"strategy": STRATEGIES, "targets": st.lists(inner, min_size=1, max_size=3)}, optional=ABOVE
    ),
    max_leaves=8,
)
KEPT = ("override_params", "metadata")


def camel(value: Any) -> Any:
    """A config as the original's own users write it."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {to_camel(key): item if key in KEPT else camel(item) for key, item in value.items()}


@given(TREES)
def test_both_spellings_and_both_times_give_one_plan(config: Any) -> None:
    made = compile_config(config, OPERATOR)
    assert made == compile_config(config, OPERATOR) == compile_config(camel(config), OPERATOR)
    assert made == plan_of_text(json.dumps(config), OPERATOR)
    assert "canary" not in f"{made!r}"


@given(TREES)
def test_a_plan_has_the_shape_of_its_config(config: Any) -> None:
    def compare(node: Node, said: Any, path: str) -> None:
        assert node.path == path
        if isinstance(node, Target):
            assert node.provider.name == said["provider"]
            return
        assert isinstance(node, Group) and len(node.children) == len(said["targets"])
        for index, (child, inner) in enumerate(zip(node.children, said["targets"], strict=True)):
            compare(child, inner, f"{path}.targets[{index}]")

    compare(compile_config(config, OPERATOR).root, config, "config")


@given(TREES)
def test_compiling_leaves_its_argument_as_it_was(config: Any) -> None:
    before = json.dumps(config)
    compile_config(config, OPERATOR)
    assert json.dumps(config) == before


def test_a_tree_of_three_compiles_in_the_blink_of_an_eye() -> None:
    """Measured at 0.2 ms; the bound is wide for machines under load."""
    config = {
        "strategy": {"mode": "fallback", "on_status_codes": [429, 500]},
        "retry": {"attempts": 2},
        "targets": [{"provider": "openai", "api_key": f"sk-{index}"} for index in range(3)],
    }
    text = json.dumps(config)
    plan_of_text(text, CALLER)

    def once() -> float:
        started = time.process_time()
        for _ in range(20):
            plan_of_text(text, CALLER)
        return (time.process_time() - started) / 20

    assert min(once() for _ in range(10)) < 0.003


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"targets": [{"provider": "x" * 900}] * 64, "strategy": {"mode": "fallback"}}),
        json.dumps({"provider": "openai", **{"override_param" + "s" * n: n for n in range(2, 300)}}),
        json.dumps({"provider": "openai", "retry": {"attempts": 1, "on_status_codes": [0] * 8000}}),
        json.dumps({"provider": "openai", "forward_headers": ["x"] * 8000}),
        json.dumps({"provider": "openai", "x" * 60_000: 1}),
        json.dumps({"provider": "openai", "custom_host": "http://" + "a." * 30_000}),
        json.dumps({"provider": "openai", "anthropic_beta": "a " * 30_000}),
        '{"a":' * 10_000 + "1" + "}" * 10_000,
    ],
    ids=range(8),
)
def test_the_worst_a_header_can_hold_is_done_with_soon(text: str) -> None:
    started = time.process_time()
    try:
        plan_of_text(text, CALLER)
    except ConfigError as fault:
        assert len(str(fault)) < 1000
    assert time.process_time() - started < 2.5, "ten times what it takes: it is no longer linear"


def test_the_modes_of_these_tests_are_those_the_models_know() -> None:
    assert Strategy.model_fields["mode"].examples == list(MODES)
