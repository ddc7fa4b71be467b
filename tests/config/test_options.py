"""Provider options: strings by their names, in a strict grammar where they enter an address (SSRF-06, 07)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from books import CALLER, OPERATOR, leaf, refused
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.config import trusted_hosts
from gatewaymw.config.options import FREE, NAMES, Options
from gatewaymw.core.errors import ConfigError

IN_ADDRESSES = {
    "resource_name": "my-resource",
    "deployment_id": "gpt-4.1_mini",
    "api_version": "2024-10-21-preview",
    "azure_api_version": "v1",
    "azure_endpoint_name": "end-point",
    "azure_deployment_name": "gpt-4o",
    "azure_entra_tenant_id": "contoso.example",
    "aws_region": "us-gov-west-1",
    "aws_service": "bedrock",
    "aws_s3_bucket": "my.bucket",
    "vertex_project_id": "my-project_1",
    "vertex_region": "europe-west4",
    "vertex_storage_bucket_name": "bucket",
    "workers_ai_account_id": "0123abc",
    "fireworks_account_id": "acc",
    "snowflake_account": "org-acc.eu-central-1",
    "oracle_region": "eu-frankfurt-1",
    "oracle_api_version": "20231130",
}
ATTACKS = [
    "evil.com#",
    "a/b",
    "a?b",
    "a@b",
    "a\\b",
    "a%2fb",
    "a:80",
    "..",
    "a..b",
    ".a",
    "a.",
    "",
    "é",
    "a b",
    "a\n",
]


@pytest.mark.parametrize("name", IN_ADDRESSES)
def test_an_option_that_enters_an_address_is_a_plain_word(name: str) -> None:
    for book in (OPERATOR, CALLER):
        target = leaf({"provider": "openai", name: IN_ADDRESSES[name]}, book)
        assert target.options == {name: IN_ADDRESSES[name]}
        for attack in ATTACKS:
            fault = refused({"provider": "openai", name: attack}, book)
            assert fault.path == f"config.{name}"


@pytest.mark.parametrize("name", ["resource_name", "aws_region", "vertex_region", "oracle_region"])
def test_a_label_of_a_host_has_no_dot(name: str) -> None:
    for attack in ("evil.com", "-a", "a-", "a_b", "x" * 64):
        assert refused({"provider": "openai", name: attack}).path == f"config.{name}"


@given(st.text(max_size=30), st.text(max_size=10))
def test_whatever_the_resource_is_called_its_host_is_the_provider_s(resource: str, version: str) -> None:
    config = {"provider": "azure-openai", "resource_name": resource, "api_version": version}
    try:
        base = leaf(config, CALLER).base
    except ConfigError:
        return
    assert (urlsplit(base).hostname or "").endswith(".openai.azure.com")
    assert urlsplit(base).path == "/openai" and "@" not in base


@pytest.mark.parametrize("value", ["a\r\nx: y", "é", " a", "a ", "\x00", "\x7f"])
def test_an_option_that_enters_a_header_is_printable(value: str) -> None:
    assert refused({"provider": "openai", "openai_project": value}).path == "config.openai_project"
    assert leaf({"provider": "openai", "openai_project": "a b;c"}).options == {"openai_project": "a b;c"}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("oracle_api_version", 20231130, "20231130"),
        ("mistral_fim_completion", True, "true"),
        ("amzn_sagemaker_enable_explanations", False, "false"),
        ("fireworks_file_length", 12, "12"),
    ],
)
def test_numbers_and_booleans_become_strings(name: str, value: Any, text: str) -> None:
    assert leaf({"provider": "openai", name: value}).options == {name: text}


@pytest.mark.parametrize("value", [1.5, [], {}, 10**70])
def test_nothing_else_does(value: Any) -> None:
    assert refused({"provider": "openai", "api_version": value}).path == "config.api_version"


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("azure_foundry_url", "https://x.services.ai.azure.com/models"),
        ("huggingface_base_url", "https://x.eu-west-1.aws.endpoints.huggingface.cloud"),
    ],
)
def test_an_option_that_is_an_address_is_guarded_as_a_custom_host_is(name: str, own: str) -> None:
    chosen = leaf({"provider": "openai", name: own + "/"}, CALLER)
    assert (chosen.options, chosen.guarded) == ({name: own}, True)
    fault = refused({"provider": "openai", name: "https://collector.test"}, CALLER)
    assert (fault.path, fault.code) == (f"config.{name}", "invalid_host")
    assert refused({"provider": "openai", name: own.replace("https", "http")}, CALLER).code == "invalid_host"
    listed = replace(CALLER, trusted_hosts=trusted_hosts(["collector.test"]))
    assert leaf({"provider": "openai", name: "http://collector.test"}, listed).guarded is False
    assert leaf({"provider": "openai", name: "http://10.0.0.1"}).options == {name: "http://10.0.0.1"}


def test_every_option_of_the_original_is_known() -> None:
    assert len(NAMES) == len(Options.model_fields) > 60
    assert FREE < NAMES
