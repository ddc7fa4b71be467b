"""Provider options: strings by their names, in a strict grammar where they enter an address (SSRF-06, 07)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from books import CALLER, OPERATOR, PROVIDERS, leaf, refused
from hypothesis import given
from hypothesis import strategies as st

from every import every
from gatewaymw.config import Book, faults, json_schema, trusted_hosts
from gatewaymw.config.options import FREE, GRAMMARS, NAMES, Options
from gatewaymw.config.secrets import LONGEST
from gatewaymw.config.secrets import look_up as look_up_really
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
    "predibase_tenant_id": "0a1b2c",
    "snowflake_account": "org-acc.eu-central-1",
    "watsonx_region": "us-south",
    "watsonx_api_version": "2025-02-06",
    "yandex_folder_id": "b1gfolder",
    "cloudflare_account_id": "0123abc",
    "cloudflare_gateway_id": "my-gateway_1",
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
def test_ssrf_06_an_option_that_enters_an_address_is_a_plain_word(name: str) -> None:
    for book in (OPERATOR, CALLER):
        target = leaf({"provider": "openai", name: IN_ADDRESSES[name]}, book)
        assert target.options == {name: IN_ADDRESSES[name]}
        for attack in ATTACKS:
            fault = refused({"provider": "openai", name: attack}, book)
            assert fault.path == f"config.{name}"


@pytest.mark.parametrize(
    "name", ["resource_name", "aws_region", "vertex_region", "oracle_region", "watsonx_region"]
)
def test_a_label_of_a_host_has_no_dot(name: str) -> None:
    for attack in ("evil.com", "-a", "a-", "a_b", "x" * 64):
        assert refused({"provider": "openai", name: attack}).path == f"config.{name}"


@pytest.mark.parametrize(
    ("name", "fine", "attacks"),
    [
        ("oracle_tenancy", "ocid1.tenancy.oc1..aa", ['a"', "a b", "a/b", ".a"]),
        ("oracle_user", "ocid1.user.oc1..aa", ['a",keyId="b']),
        ("oracle_compartment_id", "ocid1.compartment.oc1..aa", ["a/b"]),
        ("oracle_fingerprint", "20:3b:97", ["20", "20:3", 'a"', "zz:zz"]),
        ("oracle_serving_mode", "DEDICATED", ["on_demand", "OTHER"]),
        ("snowflake_token_type", "KEYPAIR_JWT", ["pat", "KEYPAIR_JWT\n"]),
        ("gigachat_scope", "GIGACHAT_API_CORP", ["GIGACHAT_API_X", "a b"]),
        ("watsonx_project_id", "12ac4cf1-252f", ["a/b", "a b"]),
    ],
)
def test_options_that_are_quoted_or_chosen_are_what_they_may_be(
    name: str, fine: str, attacks: list[str]
) -> None:
    assert leaf({"provider": "openai", name: fine}).options == {name: fine}
    for attack in attacks:
        assert refused({"provider": "openai", name: attack}).path == f"config.{name}"


def test_a_variable_that_holds_an_address_tells_the_region() -> None:
    book = Book({}, held=True, providers=PROVIDERS, look_up=lambda name: "https://eu-de.ml.cloud.ibm.com/")
    assert leaf({"provider": "openai", "watsonx_region": "env:WATSONX_URL"}, book).options == {
        "watsonx_region": "eu-de"
    }


@given(st.text(max_size=30), st.text(max_size=10))
def test_ssrf_07_whatever_the_resource_is_called_its_host_is_the_provider_s(
    resource: str, version: str
) -> None:
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
        ("databricks_host", "https://dbc-1.cloud.databricks.com"),
        ("databricks_host", "https://adb-1234.5.azuredatabricks.net"),
    ],
)
def test_x2_an_option_that_is_an_address_is_guarded_as_a_custom_host_is(name: str, own: str) -> None:
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


# ── references ───────────────────────────────────────────────────────────

HELD = {
    "env:REGION": "eu-west-1",
    "env:EVIL": "evil.com#",
    "env:LONG": "x" * 2000,
    "file:/run/odd/name": "a/b",
}


def following(found: dict[str, str]) -> Book:
    def look_up(reference: str) -> str:
        return found.get(reference) or look_up_really(reference, {})

    return replace(OPERATOR, look_up=look_up)


CHOSEN = {
    "gigachat_scope": ("GIGACHAT_API_B2B", "GIGACHAT_API_CORP"),
    "oracle_fingerprint": ("20:3b", "aa:bb:cc"),
    "oracle_serving_mode": ("ON_DEMAND", "DEDICATED"),
    "snowflake_token_type": ("KEYPAIR_JWT", "OAUTH"),
}
"""What those options may hold that take more than a plain word."""


@every(sorted(GRAMMARS))
def test_every_option_of_the_operator_s_may_be_a_reference(name: str) -> None:
    one, other = CHOSEN.get(name, ("plain1", "plain2"))
    book = following({"env:SOME_NAME": one, "file:/run/a b/name": other})
    assert leaf({"provider": "openai", name: "env:SOME_NAME"}, book).options == {name: one}
    assert leaf({"provider": "openai", name: "file:/run/a b/name"}, book).options == {name: other}
    for reference in ("env:SOME_NAME", "file:/etc/passwd"):
        fault = refused({"provider": "openai", name: reference}, CALLER)
        assert (fault.path, fault.code) == (f"config.{name}", "not_permitted")


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        *(("env:EVIL", "env:EVIL holds must match"), ("env:LONG", "at most 63 characters")),
        *(("file:/run/odd/name", "file:name holds"), ("env:UNSET", "variable UNSET is not set")),
        *(("env:A-B", "name of an environment variable"), ("file:", "path of a file")),
    ],
)
def test_what_a_reference_leads_to_is_held_against_the_same_grammar(reference: str, words: str) -> None:
    fault = refused({"provider": "openai", "aws_region": reference}, following(HELD))
    assert fault.path == "config.aws_region" and words in fault.message
    assert not any(value in fault.message for value in HELD.values()) and "/run/odd" not in fault.message


def test_a_reference_that_is_too_long_for_any_is_refused() -> None:
    fault = refused({"provider": "openai", "aws_region": "file:" + "x" * LONGEST})
    assert fault.path == "config.aws_region" and "characters" in fault.message


def test_an_address_that_is_a_reference_is_checked_as_one() -> None:
    book = following({"env:A": "https://x.services.ai.azure.com/models/", "env:B": "ftp://x"})
    made = leaf({"provider": "openai", "azure_foundry_url": "env:A"}, book)
    assert made.options == {"azure_foundry_url": "https://x.services.ai.azure.com/models"}
    assert refused({"provider": "openai", "azure_foundry_url": "env:B"}, book).code == "invalid_host"
    fault = refused({"provider": "openai", "azure_foundry_url": "env:A"}, CALLER)
    assert fault.code == "not_permitted"


def test_the_endpoint_that_the_official_variable_holds_names_its_resource() -> None:
    def named(value: str) -> str:
        config = {"provider": "azure-openai", "resource_name": "env:AZURE_OPENAI_ENDPOINT"}
        return leaf(config, following({"env:AZURE_OPENAI_ENDPOINT": value})).base

    for value in ("https://ours.openai.azure.com/", "https://ours.openai.azure.com", "ours"):
        assert named(value) == "https://ours.openai.azure.com/openai"
    for value in (
        "https://evil.com/",
        "https://ours.openai.azure.com.evil.com/",
        "https://a.b.openai.azure.com/",
    ):
        with pytest.raises(ConfigError):
            named(value)


def test_a_check_does_not_follow_references() -> None:
    targets = {
        "aws_region": "env:UNSET",
        "azure_foundry_url": "env:UNSET",
        "aws_secret_access_key": "file:/no",
    }
    assert faults({"provider": "openai", **targets}, providers=PROVIDERS) == []


def test_the_schema_tells_what_an_option_may_be() -> None:
    pattern = json_schema()["$defs"]["Leaf"]["properties"]["aws_region"]["anyOf"][0]["pattern"]
    for value in ("eu-west-1", "env:AWS_REGION", "file:/run/region"):
        assert re.fullmatch(pattern, value)
    assert not re.fullmatch(pattern, "evil.com#")
