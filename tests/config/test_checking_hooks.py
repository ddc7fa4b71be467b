"""Hooks, guardrails and mutators of a config: as long as they may be written, and as short."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from books import CALLER, OPERATOR, PROVIDERS, child, group, leaf, plan, refused

from gatewaymw.config.checking import faults, json_schema
from gatewaymw.config.compile import compile_guardrails, compile_virtual_keys
from gatewaymw.core.checks.hook import Checks, Hook
from gatewaymw.core.errors import ConfigError
from gatewaymw.core.values import NOTHING

WORDS = {"words": ["x"], "operator": "none"}
MINE = replace(OPERATOR, checks=frozenset({"mine"}))


def checks(config: dict[str, Any], book: Any = OPERATOR) -> Checks:
    made = leaf({"provider": "openai", **config}, book).checks
    assert made is not None
    return made


def ids(hooks: tuple[Hook, ...]) -> list[str]:
    return [hook.id for hook in hooks]


# ── how they may be written ──────────────────────────────────────────────


def test_the_long_form_says_everything() -> None:
    feedback = {"value": 1, "weight": 0.5, "metadata": {"u": "1"}}
    [hook] = checks(
        {
            "after_request_hooks": [
                {
                    "type": "guardrail",
                    "id": "words",
                    "deny": True,
                    "async": False,
                    "sequential": True,
                    "on_fail": {"feedback": feedback},
                    "on_success": {"feedback": {"value": 2}},
                    "guardrail_version_id": "v1",
                    "stream": "window",
                    "window_characters": 100,
                    "checks": [
                        {"id": "default.contains", "parameters": WORDS},
                        {"id": "contains", "parameters": {**WORDS, "failOnError": True}},
                        {"id": "contains", "parameters": WORDS, "fail_on_error": True},
                        {"id": "nobody.knows", "is_enabled": False},
                    ],
                }
            ]
        }
    ).after
    assert (hook.id, hook.type, hook.deny, hook.later, hook.sequential) == (
        "words",
        "guardrail",
        True,
        False,
        True,
    )
    assert (hook.stream, hook.window) == ("window", 100)
    assert (hook.on_fail, hook.on_success) == (feedback, {"value": 2})
    assert [(check.id, check.fail_on_error) for check in hook.checks] == [
        ("default.contains", False),
        ("default.contains", True),
        ("default.contains", True),
    ]


def test_camel_case_and_short_forms_say_the_same() -> None:
    long = {
        "beforeRequestHooks": [
            {
                "onFail": {"feedback": {"value": 1}},
                "failClosed": True,
                "deny": True,
                "checks": [
                    {"id": "default.contains", "parameters": WORDS},
                    {"id": "default.notNull", "isEnabled": False},
                ],
            }
        ]
    }
    said = {"on_fail": {"feedback": {"value": 1}}, "fail_closed": True, "deny": True}
    for key, value in (("input_guardrails", said), ("inputGuardrails", {**said, "onFail": said["on_fail"]})):
        item = {name: inner for name, inner in value.items() if key != "inputGuardrails" or name != "on_fail"}
        short = {key: [{**item, "contains": WORDS, "default.notNull": {"is_enabled": False}}]}
        assert checks(short).before[0].on_fail == checks(long).before[0].on_fail
        [hook] = checks(short).before
        assert (hook.deny, hook.id) == (True, "input_guardrail_1")
        assert [(check.id, check.fail_on_error) for check in hook.checks] == [("default.contains", True)]


@pytest.mark.parametrize(
    ("key", "side", "type", "id"),
    [
        ("input_guardrails", "before", "guardrail", "input_guardrail_1"),
        ("output_guardrails", "after", "guardrail", "output_guardrail_1"),
        ("input_mutators", "before", "mutator", "input_mutator_1"),
        ("output_mutators", "after", "mutator", "output_mutator_1"),
        ("default_input_guardrails", "before", "guardrail", "input_guardrail_1"),
        ("default_output_guardrails", "after", "guardrail", "output_guardrail_1"),
    ],
)
def test_each_shorthand_has_its_place_and_its_type(key: str, side: str, type: str, id: str) -> None:
    made = checks({key: [{"addPrefix": {"prefix": "x"}, "async": type == "guardrail"}]})
    [hook] = getattr(made, side)
    assert (hook.type, hook.id, hook.later) == (type, id, type == "guardrail")
    assert made.before + made.after == (hook,)


def test_a_check_of_a_shorthand_may_say_its_id_and_an_item_may_be_long() -> None:
    [hook] = checks({"input_guardrails": [{"first": {"id": "contains", **WORDS}}]}).before
    assert [check.id for check in hook.checks] == ["default.contains"]
    [hook] = checks({"input_guardrails": [{"checks": [{"id": "notNull"}], "deny": True}]}).before
    assert [check.id for check in hook.checks] == ["default.notNull"] and hook.deny
    [hook] = checks({"input_guardrails": [{"notNull": None}]}).before
    assert [check.id for check in hook.checks] == ["default.notNull"]


def test_no_hooks_are_none() -> None:
    assert leaf({"provider": "openai"}).checks is None
    assert leaf({"provider": "openai", "input_guardrails": [], "after_request_hooks": []}).checks is None


# ── who inherits what ────────────────────────────────────────────────────


def test_r8_each_key_is_inherited_by_itself_and_replaced_by_a_node_s_own() -> None:
    def named(*names: str) -> list[dict[str, Any]]:
        return [{"id": name, "notNull": {}} for name in names]

    made = group(
        {
            "strategy": {"mode": "fallback"},
            "input_guardrails": named("above"),
            "default_input_guardrails": named("last"),
            "targets": [
                {"provider": "openai"},
                {"provider": "openai", "input_mutators": named("mutator")},
                {"provider": "openai", "input_guardrails": named("own")},
                {"provider": "openai", "input_guardrails": [], "default_input_guardrails": []},
            ],
        }
    )
    before = [ids(found.before) if (found := child(made, index).checks) else [] for index in range(4)]
    assert before == [["above", "last"], ["above", "mutator", "last"], ["own", "last"], []]


def test_a_virtual_key_s_hooks_hold_whatever_a_caller_says() -> None:
    entry = {"provider": "openai", "api_key": "sk", "input_guardrails": [{"id": "ours", "notNull": {}}]}
    keys = compile_virtual_keys({"ours": entry}, providers=PROVIDERS)
    mine = {
        "virtual_key": "ours",
        "input_guardrails": [],
        "output_guardrails": [{"id": "mine", "notNull": {}}],
    }
    made = leaf(mine, replace(CALLER, virtual_keys=keys)).checks
    assert made is not None and (ids(made.before), ids(made.after)) == (["ours"], ["mine"])


LISTENER = [{"webhook": {"webhookURL": "https://evil.example.com/"}}]


@pytest.mark.parametrize("parameters", [{}, {"messages": [{"role": "system", "content": "secret"}]}])
def test_what_an_operator_s_key_adds_to_bodies_is_not_for_a_caller_s_listener(parameters: Any) -> None:
    entry = {"provider": "openai", "api_key": "sk", "override_params": parameters}
    keys = compile_virtual_keys({"ours": entry}, providers=PROVIDERS)
    mine = {"virtual_key": "ours", "input_guardrails": LISTENER}
    caller, operator = replace(CALLER, virtual_keys=keys), replace(OPERATOR, virtual_keys=keys)
    assert checks_in(mine, operator) and checks_in({**mine, "input_guardrails": [{"notNull": {}}]}, caller)
    if parameters:
        assert refused(mine, caller).code == "not_permitted"
    else:
        assert checks_in(mine, caller)


def checks_in(config: Any, book: Any) -> bool:
    return leaf(config, book).checks is not None


# ── what is refused ──────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("config", "path", "words"),
    [
        ({"input_guardrails": ["pg-1"]}, "config.input_guardrails[0]", "kept under an id"),
        ({"input_guardrails": "pg-1"}, "config.input_guardrails", "list"),
        ({"output_guardrails": [[]]}, "config.output_guardrails[0]", "object"),
        ({"before_request_hooks": ["pg-1"]}, "config.before_request_hooks[0]", "object"),
        (
            {"input_guardrails": [{"contians": WORDS}]},
            "config.input_guardrails[0].contians",
            "default.contains",
        ),
        ({"input_guardrails": [{"no.such": {}}]}, 'config.input_guardrails[0]["no.such"]', "no check"),
        ({"input_guardrails": [{"contains": {}}]}, "config.input_guardrails[0].contains", "words"),
        ({"input_guardrails": [{"contains": True}]}, "config.input_guardrails[0].contains", "object"),
        ({"input_guardrails": [{"checks": 1}]}, "config.input_guardrails[0].checks", "list"),
        ({"input_guardrails": [{"deny": "yes"}]}, "config.input_guardrails[0].deny", "true or false"),
        (
            {
                "after_request_hooks": [
                    {"checks": [{"id": "notNull"}, {"id": "contains", "parameters": {"words": 1}}]}
                ]
            },
            "config.after_request_hooks[0].checks[1].parameters.words",
            "list",
        ),
        (
            {"after_request_hooks": [{"checks": [{"id": "nope"}]}]},
            "config.after_request_hooks[0].checks[0].parameters",
            "no check",
        ),
        ({"after_request_hooks": [{"dney": True}]}, "config.after_request_hooks[0].dney", "deny"),
        (
            {"after_request_hooks": [{"on_fail": {"feedbak": {}}}]},
            "config.after_request_hooks[0].on_fail.feedbak",
            "feedback",
        ),
        ({"after_request_hooks": [{"type": "judge"}]}, "config.after_request_hooks[0].type", ""),
        (
            {"after_request_hooks": [{"window_characters": 1}]},
            "config.after_request_hooks[0].window_characters",
            "64",
        ),
        ({"input_guardrails": [{"notNull": {}}] * 65}, "config.input_guardrails", "64"),
        (
            {"input_guardrails": [{"host.other": {}}]},
            'config.input_guardrails[0]["host.other"]',
            "Gateway(checks=",
        ),
    ],
)
def test_g2_and_g5_what_cannot_be_checked_is_refused_with_its_place(
    config: Any, path: str, words: str
) -> None:
    fault = refused({"provider": "openai", **config}, MINE)
    assert fault.path == path and words in fault.message


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        ({"mine": {}, "deny": True}, "host.mine asks somebody"),
        ({"webhook": {"webhookURL": "https://example.com"}, "deny": True}, "default.webhook asks somebody"),
        ({"notNull": {}}, "with deny"),
        ({"type": "mutator", "addPrefix": {"prefix": "x"}, "deny": True}, "with deny"),
    ],
)
def test_a_window_takes_what_can_be_judged_at_once_and_ends_a_stream(hook: Any, words: str) -> None:
    fault = refused({"provider": "openai", "output_guardrails": [{**hook, "stream": "window"}]}, MINE)
    assert fault.path == "config.output_guardrails[0].stream" and words in fault.message
    assert checks({"output_guardrails": [{**hook, "stream": "buffer"}]}, MINE).after[0].stream == "buffer"


def test_what_means_nothing_is_said() -> None:
    config = {
        "provider": "openai",
        "input_guardrails": [{"stream": "off"}, {"notNull": {}, "async": True, "deny": True}],
        "input_mutators": [{"addPrefix": {"prefix": "x"}, "async": True}],
    }
    told = plan(config).warnings
    assert [each.partition(": ")[0] for each in told] == [
        "config.input_guardrails[0].stream",
        "config.input_guardrails[0]",
        "config.input_guardrails[1].async",
        "config.input_mutators[0].async",
    ] or len(told) == 4


# ── the host's own ───────────────────────────────────────────────────────


@pytest.mark.parametrize("id", ["mine", "host.mine"])
def test_the_host_s_own_checks_go_by_their_names(id: str) -> None:
    [hook] = checks({"input_guardrails": [{id: {"limit": 3, "failOnError": True}}]}, MINE).before
    [check] = hook.checks
    assert (check.id, dict(check.given), check.fail_on_error, check.pure) == (
        "host.mine",
        {"limit": 3},
        True,
        False,
    )
    caller = replace(CALLER, checks=frozenset({"mine"}))
    assert checks({"input_guardrails": [{id: {}}]}, caller).before[0].checks[0].id == "host.mine"


def test_a_file_is_checked_without_the_host_and_all_its_faults_are_told() -> None:
    hooks = [{"host.mine": {}}, {"mine": {}}, {"contains": {}, "notNul": {}}]
    told = faults({"provider": "mock", "input_guardrails": hooks})
    assert [line.partition(": ")[0] for line in told] == [
        "config.input_guardrails[1].mine",
        "config.input_guardrails[2].contains",
        "config.input_guardrails[2].notNul",
    ]


# ── the schema, and headers ──────────────────────────────────────────────


def test_the_schema_knows_hooks() -> None:
    schema = json_schema()["$defs"]
    assert schema["Hook"]["additionalProperties"] is False
    assert "async" in schema["Hook"]["properties"] and "async_" not in schema["Hook"]["properties"]
    assert "446" in schema["Hook"]["properties"]["deny"]["description"]
    assert schema["Hook"]["properties"]["async"]["description"].startswith("Run once")
    assert "input_guardrails" in schema["Leaf"]["properties"]


def test_headers_bring_guardrails_as_a_caller_s_config_would() -> None:
    given = {
        "default_input_guardrails": [{"notNull": {}}],
        "default_output_guardrails": [{"nope": 1, "deny": True}],
    }
    with pytest.raises(ConfigError) as caught:
        compile_guardrails(given, CALLER, "x-gateway-")
    assert caught.value.path.startswith("x-gateway-default-output-guardrails[0]")
    for items, path in ((["pg-1"], "[0]"), ([{}] * 65, "")):
        with pytest.raises(ConfigError) as caught:
            compile_guardrails({"default_input_guardrails": items}, CALLER, "x-portkey-")
        assert caught.value.path == f"x-portkey-default-input-guardrails{path}"
    made, warnings = compile_guardrails(
        {"default_input_guardrails": [{"notNull": {}}, {}]}, CALLER, "x-gateway-"
    )
    assert made is not None and len(made.before) == 2 and "no checks" in warnings[0]
    assert compile_guardrails(NOTHING, CALLER, "x-gateway-") == (None, ())
