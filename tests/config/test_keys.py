"""Credentials: whose they are, where they go, and that nothing shows them (P1, P8, KEY-01, KEY-02)."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import pytest
from books import CALLER, KEYS, OPERATOR, PROVIDERS, child, group, leaf, plan, refused
from pydantic import SecretStr, ValidationError

from gatewaymw.config import compile_virtual_keys, plan_of_text, trusted_hosts
from gatewaymw.config.models import KeyEntry, Leaf
from gatewaymw.core.errors import ConfigError
from gatewaymw.core.plan import Credential
from gatewaymw.core.values import Secret


def provide() -> str:
    return "sk-from-a-function"


async def fetch() -> str:
    return "sk-from-a-coroutine"


# ── the operator's own ───────────────────────────────────────────────────


@pytest.mark.parametrize("source", ["env:OPENAI_API_KEY", "file:/run/secrets/openai", provide, fetch])
def test_the_operator_says_where_a_key_is_and_it_is_fetched_later(source: Any) -> None:
    assert leaf({"provider": "openai", "api_key": source}).credential == Credential(source=source, held=True)


@pytest.mark.parametrize("literal", ["sk-1", Secret("sk-1"), SecretStr("sk-1")])
def test_the_operator_writes_a_key(literal: Any) -> None:
    assert leaf({"provider": "openai", "api_key": literal}).credential == Credential(
        Secret("sk-1"), held=True
    )


@pytest.mark.parametrize(
    "key",
    [
        "",
        " sk",
        "sk\n",
        "s\nk",
        "sk\0",
        "€",
        "x" * 70_000,
        7,
        True,
        ["sk"],
        "env:",
        "env:A-B",
        "env:1",
        "file:",
    ],
)
def test_what_cannot_be_a_key_is_refused_without_being_shown(key: Any) -> None:
    fault = refused({"provider": "openai", "api_key": key})
    assert fault.path == "config.api_key"
    assert not isinstance(key, str) or len(key) < 6 or key not in fault.message


def test_keys_among_the_options_are_held_too() -> None:
    target = leaf({"provider": "azure-openai", "resource_name": "r", "azure_ad_token": "token"})
    assert target.credential == Credential(held=True)
    assert target.options == {"resource_name": "r", "azure_ad_token": "token"}
    assert leaf({"provider": "azure-openai", "resource_name": "r"}).credential is None


def test_references_among_the_options_are_followed_at_once() -> None:
    table = {"aws": {"provider": "openai", "aws_secret_access_key": "env:SECRET", "aws_region": "eu-west-1"}}
    made = compile_virtual_keys(table, providers=PROVIDERS, look_up=lambda reference: f"<{reference}>")
    assert made["aws"].options == {"aws_secret_access_key": "<env:SECRET>", "aws_region": "eu-west-1"}
    with pytest.raises(ConfigError, match="NOT_SET_ANYWHERE") as caught:
        table["aws"]["aws_secret_access_key"] = "env:NOT_SET_ANYWHERE"
        compile_virtual_keys(table, providers=PROVIDERS)
    assert caught.value.path == "virtual_keys.aws.aws_secret_access_key"


# ── the caller's own ─────────────────────────────────────────────────────


def test_a_caller_s_key_is_not_held() -> None:
    assert leaf({"provider": "openai", "api_key": "sk-1"}, CALLER).credential == Credential(Secret("sk-1"))
    assert plan({"provider": "openai"}, CALLER).held is False


@pytest.mark.parametrize("source", ["env:HOME", "file:/etc/passwd", provide])
@pytest.mark.parametrize("name", ["api_key", "azure_ad_token", "vertex_service_account_json"])
def test_a_caller_reads_nothing_of_the_operator_s_machine(source: Any, name: str) -> None:
    if callable(source) and name != "api_key":
        assert refused({"provider": "openai", name: source}, CALLER).path == f"config.{name}"
        return
    fault = refused({"provider": "openai", name: source}, CALLER)
    assert (fault.path, fault.code) == (f"config.{name}", "not_permitted")
    assert "operator" in fault.message


@pytest.mark.parametrize(
    "option",
    [
        {"azure_auth_mode": "managed"},
        {"azure_auth_mode": "workload"},
        {"aws_auth_type": "assumedRole"},
        {"aws_role_arn": "arn:aws:iam::1:role/x"},
    ],
)
def test_a_caller_does_not_act_as_the_machine(option: dict[str, str]) -> None:
    fault = refused({"provider": "openai", "api_key": "sk", **option}, CALLER)
    assert (fault.path, fault.code) == (f"config.{next(iter(option))}", "not_permitted")
    assert leaf({"provider": "openai", "api_key": "sk", **option}).options == option


# ── virtual keys ─────────────────────────────────────────────────────────


@pytest.mark.parametrize("config", [{"virtual_key": "prod"}, {"virtualKey": "prod"}, {"provider": "@prod"}])
@pytest.mark.parametrize("book", [OPERATOR, CALLER], ids=["operator", "caller"])
def test_a_virtual_key_stands_for_its_provider_and_all_it_says(config: Any, book: Any) -> None:
    target = leaf(config, book)
    assert target.provider.name == "openai" and target.overrides == {"user": "gateway"}
    assert target.credential == Credential(source="env:OPENAI_API_KEY", held=True)
    assert plan(config, book).held


def test_a_virtual_key_without_a_key_is_held_all_the_same() -> None:
    made = compile_virtual_keys({"ambient": {"provider": "openai"}}, providers=PROVIDERS)
    assert made["ambient"].credential == Credential(held=True)


def test_a_virtual_key_brings_its_host_options_and_settings() -> None:
    inside, azure = leaf({"virtual_key": "inside"}, CALLER), leaf({"virtual_key": "azure"}, CALLER)
    assert (inside.base, inside.guarded) == ("http://llm.inside:8000/v1", False)
    assert azure.base == "https://ours.openai.azure.com/openai" and azure.retry.attempts == 1


def test_the_operator_may_say_otherwise_than_its_virtual_key() -> None:
    """Own word, then the key's, then that of the nodes above."""
    own = {"virtual_key": "inside", "custom_host": "http://other", "override_params": {"user": "me"}}
    assert leaf(own).base == "http://other" and leaf(own).overrides == {"user": "me"}
    above = {
        "custom_host": "http://above",
        "override_params": {"user": "me", "n": 1},
        "retry": {"attempts": 3},
    }
    made = group({**above, "targets": [{"virtual_key": "inside"}]})
    assert child(made, 0).base == "http://llm.inside:8000/v1" and child(made, 0).retry.attempts == 3
    prod = child(group({**above, "targets": [{"virtual_key": "prod"}]}), 0)
    assert prod.overrides == {"user": "gateway", "n": 1}
    under = {
        "virtual_key": "prod",
        "targets": [{"override_params": {"user": "below"}, "openai_project": "p"}],
    }
    assert child(group(under), 0).overrides == {"user": "below"}
    assert child(group(under), 0).options == {"openai_project": "p"}


def test_a_caller_may_not() -> None:
    """What the key settles stays; what it leaves open is the caller's to say."""
    config = {"virtual_key": "prod", "override_params": {"user": "me", "n": 1}, "request_timeout": 50}
    target = leaf(config, CALLER)
    assert target.overrides == {"user": "gateway", "n": 1} and target.timeout == 0.05
    assert leaf({"virtual_key": "azure", "retry": {"attempts": 5}}, CALLER).retry.attempts == 1


@pytest.mark.parametrize(
    "config",
    [
        {"virtual_key": "prod", "custom_host": "https://collector.test"},
        {"custom_host": "https://collector.test", "targets": [{"virtual_key": "prod"}]},
        {"virtual_key": "prod", "targets": [{"custom_host": "https://collector.test"}]},
        {"virtual_key": "inside", "customHost": "https://collector.test"},
    ],
)
def test_the_operator_s_key_never_goes_to_a_host_the_caller_names(config: Any) -> None:
    trusting = replace(CALLER, trusted_hosts=trusted_hosts(["*", "collector.test"]))
    fault = refused(config, trusting)
    assert fault.code == "not_permitted" and "own host" in fault.message


@pytest.mark.parametrize(
    "option", ["resource_name", "aws_region", "azure_foundry_url", "openai_organization"]
)
@pytest.mark.parametrize("key", ["prod", "azure"])
def test_nor_is_it_turned_by_an_option(option: str, key: str) -> None:
    value = "https://x.openai.azure.com" if option.endswith("url") else "theirs"
    for config in ({"virtual_key": key, option: value}, {"virtual_key": key, "targets": [{option: value}]}):
        fault = refused(config, CALLER)
        assert fault.code == "not_permitted" and fault.path.endswith(option)
    assert leaf({"virtual_key": key, "anthropic_beta": "b"}, CALLER).options["anthropic_beta"] == "b"


def test_what_a_virtual_key_brings_does_not_reach_another_provider() -> None:
    """Else a caller's own key, or none, would open the operator's private host."""
    config = {"virtual_key": "inside", "targets": [{"provider": "anthropic", "api_key": "sk-own"}]}
    target = child(group(config, CALLER), 0)
    assert target.base == "https://api.anthropic.com/v1"
    assert target.credential == Credential(Secret("sk-own"))


@pytest.mark.parametrize(
    ("config", "path", "words"),
    [
        ({"virtual_key": "prod", "api_key": "sk-1"}, "config.api_key", "own key"),
        ({"virtual_key": "prod", "targets": [{"api_key": "sk-1"}]}, "config.targets[0].api_key", "own key"),
        ({"virtual_key": "prod", "provider": "anthropic"}, "config.provider", "is for openai"),
        ({"virtual_key": "prod", "provider": "@inside"}, "config.provider", "two virtual keys"),
        ({"virtual_key": "porod"}, "config.virtual_key", 'did you mean "prod"'),
        ({"provider": "@zzz"}, "config.virtual_key", "no virtual key"),
        ({"provider": "@"}, "config.virtual_key", "no virtual key"),
    ],
)
def test_virtual_keys_that_make_no_sense_are_refused(config: Any, path: str, words: str) -> None:
    fault = refused(config)
    assert fault.path == path and words in fault.message
    assert refused(config, CALLER).path == path


def test_a_virtual_key_may_be_named_with_its_own_provider() -> None:
    assert leaf({"virtual_key": "prod", "provider": "openai"}) == leaf({"virtual_key": "prod"})
    assert leaf({"virtual_key": "prod", "provider": "@prod"}) == leaf({"virtual_key": "prod"})


def test_callers_are_not_told_what_the_operator_s_keys_are_called() -> None:
    assert "prod" not in refused({"virtual_key": "pro"}, CALLER).message


@pytest.mark.parametrize(
    ("table", "path"),
    [
        ([], "virtual_keys"),
        ({"a": "sk-canary"}, "virtual_keys.a"),
        ({"a": {"api_key": "sk-canary"}}, "virtual_keys.a"),
        ({"a": {"openai_beta": None}}, "virtual_keys.a.provider"),
        ({"a": {"provider": "@b"}}, "virtual_keys.a.provider"),
        ({"a": {"provider": "openai", "virtual_key": "b"}}, "virtual_keys.a.virtual_key"),
        ({"a-b": {"provider": "openai", "targets": []}}, 'virtual_keys["a-b"].targets'),
        ({"a": {"provider": "opnai"}}, "virtual_keys.a.provider"),
    ],
)
def test_virtual_keys_are_checked_when_they_are_given(table: Any, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compile_virtual_keys(table, providers=PROVIDERS)
    assert caught.value.path == path and "canary" not in str(caught.value)


# ── nothing shows them ───────────────────────────────────────────────────

SECRET_FIELDS = sorted(
    {"api_key"}
    | {name for name, field in KeyEntry.model_fields.items() if "Secret" in str(field.annotation)}
    - {"token_provider"}  # says where to ask: a token in its place is refused, without showing it
)
CANARY = "canary-7f3a9c"


def test_the_fields_that_hold_secrets_are_known() -> None:
    assert {"aws_secret_access_key", "azure_entra_client_secret", "oracle_private_key"} < set(SECRET_FIELDS)
    assert len(SECRET_FIELDS) == 13


@pytest.mark.parametrize("name", SECRET_FIELDS)
def test_no_repr_of_a_model_key_or_plan_shows_a_secret(name: str) -> None:
    config = {"provider": "openai", name: CANARY}
    made, key = plan(config), compile_virtual_keys({"k": config}, providers=PROVIDERS)
    model = Leaf(**config)
    for shown in (
        made,
        made.root,
        key,
        model,
        KeyEntry(**config),
        Leaf(**{**config, "typo_" + name: CANARY}),
    ):
        assert CANARY not in f"{shown!r} {shown}"
    assert CANARY not in model.model_dump_json()


@pytest.mark.parametrize("name", SECRET_FIELDS)
@pytest.mark.parametrize(
    "wrong", [{CANARY: CANARY}, [CANARY], f"{CANARY}\n{CANARY}" * 9000, f"env:{CANARY}-!"]
)
def test_no_fault_shows_a_secret(name: str, wrong: Any) -> None:
    if isinstance(wrong, dict) and name == "vertex_service_account_json":
        return
    fault = refused({"provider": "openai", name: wrong})
    seen: BaseException | None = fault
    while seen is not None:
        assert CANARY not in f"{seen!r} {seen}"
        seen = seen.__context__
    with pytest.raises(ValidationError) as caught:
        Leaf(**{"provider": "openai", name: wrong, "retry": CANARY})
    assert CANARY not in str(caught.value)


def test_the_fault_of_a_text_shows_none_of_it() -> None:
    for text in (f'{{"api_key": "{CANARY}', f'{{"api_key": "{CANARY}" "x"}}', f"{CANARY}"):
        with pytest.raises(ConfigError) as caught:
            plan_of_text(text, CALLER)
        assert CANARY not in f"{caught.value!r} {caught.value.__context__!r}"


def test_only_what_is_a_text_may_have_several_lines() -> None:
    assert leaf({"provider": "openai", "oracle_private_key": "-----BEGIN\nEND"}).options
    assert "control" in refused({"provider": "openai", "azure_ad_token": "a\r\nb"}).message


def test_a_service_account_may_be_an_object_or_its_text() -> None:
    given = leaf({"provider": "openai", "vertex_service_account_json": {"a": 1}}).options
    assert given == {"vertex_service_account_json": '{"a": 1}'}
    assert leaf({"provider": "openai", "vertex_service_account_json": '{"a": 1}'}).options == given


def test_the_keys_of_these_tests_are_what_they_seem() -> None:
    assert inspect.iscoroutinefunction(fetch) and provide() and set(KEYS) == {"prod", "inside", "azure"}
