"""Whose identity a config may use: the machine's is the operator's, where somebody says who may call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gatewaymw import ConfigError, Gateway
from gatewaymw.config.compile import Book, compile_config
from gatewaymw.core.plan import Credential, targets

BEDROCK = {"provider": "bedrock", "aws_region": "us-east-1"}
VERTEX = {"provider": "vertex-ai", "vertex_project_id": "p", "vertex_region": "global"}
AZURE = {"provider": "azure-openai", "resource_name": "r", "api_version": "v1"}
OPERATOR = Book(held=True)
OPEN = replace(OPERATOR, open=True)


def credential(config: dict[str, Any], book: Any) -> Credential | None:
    (leaf,) = targets(compile_config(config, book).root)
    return leaf.credential


@pytest.mark.parametrize("config", [BEDROCK, VERTEX])
def test_saying_nothing_means_the_machine_where_somebody_decides_who_calls(config: dict[str, Any]) -> None:
    assert credential(config, OPEN) == Credential(held=True)
    assert credential(config, OPERATOR) is None, "callers bring their own key"


def test_azure_and_others_never_mean_it_by_saying_nothing() -> None:
    assert credential(AZURE, OPEN) is None
    assert credential({"provider": "openai"}, OPEN) is None


@pytest.mark.parametrize(
    "config",
    [
        {**AZURE, "azure_auth_mode": "managed"},
        {**AZURE, "azure_auth_mode": "workload"},
        {**BEDROCK, "aws_role_arn": "arn:aws:iam::1:role/r"},
    ],
)
def test_a_word_means_it_everywhere_and_asks_for_an_auth(config: dict[str, Any]) -> None:
    assert credential(config, OPERATOR) == Credential(held=True)
    with pytest.raises(ConfigError, match="auth"):
        Gateway(config)


def test_a_key_goes_before_the_machine() -> None:
    made = credential({**BEDROCK, "api_key": "a-bedrock-key"}, OPEN)
    assert made is not None
    assert made.secret is not None


# ── token providers ──────────────────────────────────────────────────────


def token() -> str:
    return "t"


def test_a_token_provider_is_a_credential_of_the_operators() -> None:
    assert credential({**AZURE, "token_provider": token}, OPEN) == Credential(
        source=token, held=True, option="azure_ad_token"
    )
    assert credential({**VERTEX, "token_provider": "env:TOKEN"}, OPEN) == Credential(
        source="env:TOKEN", held=True
    )


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"token_provider": token, "api_key": "k"}, "leave one of the two out"),
        ({"token_provider": "ya29.token"}, "must be a function, env: or file:"),
        ({"token_provider": "env:"}, "followed by the name"),
    ],
)
def test_a_token_provider_that_is_none_is_refused(more: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        compile_config({**AZURE, **more}, OPEN)
    assert caught.value.path.startswith("config.token_provider")
    assert "ya29" not in str(caught.value)


def test_callers_have_no_token_providers() -> None:
    with pytest.raises(ConfigError, match="operator's own config"):
        compile_config({**AZURE, "token_provider": "env:TOKEN"}, replace(OPERATOR, held=False))
