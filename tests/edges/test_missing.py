"""What is said where a target lacks something: the option, its header, its variable. Nothing is sent."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from callers import HELLO, Answer, ask_wsgi, nothing_wsgi
from gatewaymw import ConfigError, WSGIGateway
from gatewaymw.core.providers import PROVIDERS

AWS = {"aws-access-key-id": "AKIAIOSFODNN7EXAMPLE", "aws-secret-access-key": "secret"}
AZURE = {"azure-resource-name": "ours", "azure-api-version": "2024-10-21"}
FOUNDRY = {"azure-foundry-url": "https://x.services.ai.azure.com"}
VERTEX = {"vertex-project-id": "p", "vertex-region": "europe-west4"}
ENTRA = {"azure-auth-mode": "entra"}
TENANT = {**ENTRA, "azure-entra-tenant-id": "t"}
CLIENT = {**TENANT, "azure-entra-client-id": "c"}
KEY = {"authorization": "Bearer key-of-the-caller"}


def asked(
    provider: str, given: dict[str, str], key: bool, model: str = "m"
) -> tuple[Answer, list[httpx.Request]]:
    """A request of a caller who brings all there is, and what went out for it."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        app = WSGIGateway(nothing_wsgi, http_client=client)
        told = {f"x-gateway-{name}": value for name, value in {"provider": provider, **given}.items()}
        body = {**HELLO, "model": model}
        return ask_wsgi(app, body=body, headers={**told, **(KEY if key else {})}), sent


@pytest.mark.parametrize(
    ("provider", "given", "option", "variable"),
    [
        ("bedrock", {}, "aws_region", "AWS_REGION"),
        ("bedrock", AWS, "aws_region", "AWS_REGION"),
        ("vertex-ai", {}, "vertex_region", "GOOGLE_CLOUD_LOCATION"),
        ("vertex-ai", {"vertex-region": "eu"}, "vertex_project_id", "GOOGLE_CLOUD_PROJECT"),
        ("azure-openai", {}, "resource_name", "AZURE_OPENAI_ENDPOINT"),
        ("azure-openai", {"azure-resource-name": "ours"}, "api_version", "OPENAI_API_VERSION"),
        ("azure-ai", {}, "azure_foundry_url", "AZURE_INFERENCE_ENDPOINT"),
        ("azure-openai", {**AZURE, **ENTRA}, "azure_entra_tenant_id", "AZURE_TENANT_ID"),
        ("azure-openai", {**AZURE, **TENANT}, "azure_entra_client_id", "AZURE_CLIENT_ID"),
        ("azure-ai", {**FOUNDRY, **CLIENT}, "azure_entra_client_secret", "AZURE_CLIENT_SECRET"),
    ],
)
def test_an_option_that_is_missing_is_named(
    provider: str, given: dict[str, str], option: str, variable: str
) -> None:
    answer, sent = asked(provider, given, key=True)
    assert (answer.status, answer.error["code"], sent) == (400, "missing_option", [])
    for words in (option, f"x-gateway-{option.replace('_', '-')}", f"env:{variable}"):
        assert words in answer.error["message"]


@pytest.mark.parametrize(
    ("provider", "given", "words"),
    [
        ("bedrock", {"aws-region": "r"}, ("aws_access_key_id", "x-gateway-aws-access-key-id", "api_key")),
        ("bedrock", {"aws-region": "r"}, ("env:AWS_ACCESS_KEY_ID",)),
        (
            "bedrock",
            {"aws-region": "r", "aws-access-key-id": "AKIA"},
            ("no aws_secret_access_key", "env:AWS_SECRET_ACCESS_KEY", "x-gateway-aws-secret-access-key"),
        ),
        ("vertex-ai", VERTEX, ("api_key", "x-gateway-vertex-service-account-json")),
        ("vertex-ai", VERTEX, ("GOOGLE_APPLICATION_CREDENTIALS",)),
        ("azure-openai", AZURE, ("api_key", "env:AZURE_OPENAI_API_KEY", "x-gateway-azure-ad-token")),
        ("azure-ai", FOUNDRY, ("api_key", "env:AZURE_INFERENCE_CREDENTIAL", "x-gateway-azure-ad-token")),
        ("openai", {}, ("api_key", "env:OPENAI_API_KEY", "Authorization: Bearer")),
        ("anthropic", {}, ("api_key", "env:ANTHROPIC_API_KEY", "Authorization: Bearer")),
        ("google", {}, ("api_key", "env:GEMINI_API_KEY", "Authorization: Bearer")),
        ("cohere", {}, ("api_key", "env:COHERE_API_KEY", "Authorization: Bearer")),
    ],
)
def test_a_credential_that_is_missing_is_named(
    provider: str, given: dict[str, str], words: tuple[str, ...]
) -> None:
    answer, sent = asked(provider, given, key=False)
    assert (answer.status, answer.error["code"], sent) == (401, "missing_credentials", [])
    for word in words:
        assert word in answer.error["message"]


def test_a_deployment_on_azure_is_named_by_an_option_or_by_the_model() -> None:
    _, sent = asked("azure-openai", {**AZURE, "azure-deployment-id": "d"}, key=True, model="")
    assert "/deployments/d/chat/completions" in str(sent[0].url)
    _, sent = asked("azure-openai", AZURE, key=True)
    assert "/deployments/m/chat/completions" in str(sent[0].url)
    answer, sent = asked("azure-openai", AZURE, key=True, model="")
    assert (answer.status, answer.error["param"], sent) == (400, "model", [])
    assert "deployment_id" in answer.error["message"] and "x-gateway-azure-" in answer.error["message"]


def test_all_that_goes_into_an_address_is_required() -> None:
    """So that no target is called with a hole in its address: each is told by `requires` and its variable, or
    has a value of its own."""
    for provider in PROVIDERS.values():
        paths = [route.path for route in provider.routes.values() if isinstance(route.path, str)]
        holes = {hole for text in (provider.base_url, *paths) for hole in re.findall(r"\{(\w+)\}", text)}
        filled = {"model", *provider.requires, *provider.assumes}
        assert holes <= filled, provider.name
        assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", each) for each in provider.requires.values())


@pytest.mark.parametrize("provider", [name for name, each in PROVIDERS.items() if "{" in each.base_url])
def test_the_operator_is_told_at_once(provider: str) -> None:
    with pytest.raises(ConfigError) as caught:
        WSGIGateway(nothing_wsgi, {"targets": [{"provider": provider}]})
    assert (caught.value.path, caught.value.code) == ("config.targets[0]", "missing_option")
    assert "x-gateway-" in caught.value.message and "env:" in caught.value.message


def test_a_variable_that_is_not_set_is_named_when_the_gateway_is_made() -> None:
    config: Any = {"provider": "bedrock", "aws_region": "env:GATEWAYMW_TEST_UNSET"}
    with pytest.raises(ConfigError) as caught:
        WSGIGateway(nothing_wsgi, config)
    assert caught.value.path == "config.aws_region" and "GATEWAYMW_TEST_UNSET" in caught.value.message
