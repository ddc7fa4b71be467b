"""Which words of a target ask for a token of Google's, Entra ID, IBM's or Sber's, and what becomes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from machine import call, ok, status, world

from gatewaymw.core.auth.identity import azure_ambient, azure_needs, google_ambient, google_needs
from gatewaymw.core.commands import Ask
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.model import Keys, Provider
from gatewaymw.core.plan import Credential, Target
from gatewaymw.core.providers.azure import AZURE_OPENAI
from gatewaymw.core.providers.gigachat import GIGACHAT
from gatewaymw.core.providers.vertex import VERTEX
from gatewaymw.core.providers.watsonx import WATSONX
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.values import Secret

ACCOUNT = json.dumps({"type": "service_account", "project_id": "proj-1", "private_key": "…"})
ENTRA = {
    "azure_entra_tenant_id": "t",
    "azure_entra_client_id": "c",
    "azure_entra_client_secret": "s",
}
SCOPE = "https://cognitiveservices.azure.com/.default"
PLACE = {"resource_name": "res", "api_version": "v1"}


# ── Google ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("keys", "needed"),
    [
        (Keys("ya29", {}), None),
        (Keys("ya29", {}, held=True), None),
        (Keys("", {}, held=True), {}),
        (
            Keys("sdk-dummy", {"vertex_service_account_json": ACCOUNT}),
            {"vertex_service_account_json": ACCOUNT},
        ),
    ],
)
def test_an_account_goes_before_a_key_and_a_key_before_the_machine(keys: Keys, needed: Any) -> None:
    assert google_needs(keys) == needed


def test_a_caller_without_a_key_is_told_what_to_bring() -> None:
    with pytest.raises(GatewayError, match="x-gateway-vertex-service-account-json") as caught:
        google_needs(Keys("", {}))
    assert (caught.value.status, caught.value.code) == (401, "missing_credentials")


def test_saying_nothing_means_the_machine_on_google() -> None:
    assert google_ambient({}) == "implied"
    assert google_ambient({"vertex_service_account_json": ACCOUNT}) == ""


@pytest.mark.parametrize(
    ("account", "given", "project"),
    [
        (ACCOUNT, {}, "proj-1"),
        (ACCOUNT, {"vertex_project_id": "mine"}, "mine"),
        ("nonsense", {}, None),
        ("[]", {}, None),
        ('{"project_id": 7}', {}, None),
        ('{"project_id": "../../evil"}', {}, None),
    ],
)
def test_a_service_account_names_its_project(account: str, given: Any, project: str | None) -> None:
    options = {"vertex_region": "us-east5", "vertex_service_account_json": account, **given}
    target = Target(path="config", provider=VERTEX, options=options)
    assert target.options.get("vertex_project_id") == project
    assert target.missing == (() if project else ("vertex_project_id",))


def test_a_token_that_was_fetched_signs_and_is_taken_out_of_errors() -> None:
    options = {"vertex_region": "global", "vertex_service_account_json": ACCOUNT}
    target = Target(path="config", provider=VERTEX, options=options)
    refused = status(403, b'{"error": {"code": 403, "message": "ya29.fetched may not", "status": "X"}}')
    here = world(refused, secrets={"google": {"api_key": "ya29.fetched"}})
    asked = call({"model": "gemini-2.5-flash", "messages": [{"role": "user", "content": "Hi"}]})
    reply = here.run(attempt(target, asked, here.env()))
    assert here.sent[0].request.headers["authorization"] == "Bearer ya29.fetched"
    assert b"[redacted] may not" in reply.body


# ── Entra ID ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("keys", "needed"),
    [
        (Keys("key", {}), None),
        (Keys("key", {"azure_auth_mode": "apiKey", **ENTRA}), None),
        (Keys("", {"azure_ad_token": "given", "azure_auth_mode": "managed"}, held=True), None),
        (Keys("", {"azure_auth_mode": "managed"}), None),
        (Keys("", {"azure_auth_mode": "workload"}), None),
        (Keys("", {"azure_auth_mode": "managed"}, held=True), {"mode": "managed", "scope": SCOPE}),
        (
            Keys("", {"azure_auth_mode": "managed", "azure_managed_client_id": "m"}, held=True),
            {"mode": "managed", "scope": SCOPE, "azure_managed_client_id": "m"},
        ),
        (
            Keys("", {"azure_auth_mode": "workload", "azure_workload_client_id": "w"}, held=True),
            {"mode": "workload", "scope": SCOPE, "azure_workload_client_id": "w"},
        ),
        (Keys("sdk-dummy", ENTRA), {"mode": "entra", "scope": SCOPE, **ENTRA}),
        (
            Keys(
                "",
                {"azure_auth_mode": "entra", "azure_entra_scope": "https://ai.azure.com/.default", **ENTRA},
            ),
            {"mode": "entra", "scope": "https://ai.azure.com/.default", **ENTRA},
        ),
    ],
)
def test_a_given_token_goes_first_then_one_to_fetch_then_a_key(keys: Keys, needed: Any) -> None:
    assert azure_needs(keys) == needed


@pytest.mark.parametrize("name", ENTRA)
def test_what_entra_lacks_is_named_with_header_and_variable(name: str) -> None:
    options = {"azure_auth_mode": "entra", **ENTRA, name: ""}
    with pytest.raises(GatewayError, match=f"x-gateway-{name.replace('_', '-')}") as caught:
        azure_needs(Keys("", options))
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, name, "missing_option")
    assert "env:AZURE_" in caught.value.message


def test_a_mode_that_is_none_is_refused() -> None:
    with pytest.raises(GatewayError, match="one of entra, managed, workload and api_key"):
        azure_needs(Keys("", {"azure_auth_mode": "magic"}))


def test_only_a_word_means_the_machine_on_azure() -> None:
    assert azure_ambient({}) == azure_ambient({"azure_auth_mode": "entra"}) == ""
    assert azure_ambient({"azure_auth_mode": "managed"}) == "named"


def test_a_token_provider_fills_the_option_of_its_provider() -> None:
    credential = Credential(source="the provider", held=True, option="azure_ad_token")
    target = Target(path="config", provider=AZURE_OPENAI, credential=credential, options=PLACE)
    here = world(ok(), secrets={"the provider": "entra-token"})
    here.run(attempt(target, call(), here.env()))
    assert here.sent[0].request.headers["authorization"] == "Bearer entra-token"
    assert "api-key" not in here.sent[0].request.headers


def test_a_key_of_the_targets_own_is_not_replaced() -> None:
    target = Target(path="config", provider=AZURE_OPENAI, credential=Credential(Secret("k-1")), options=PLACE)
    here = world(ok())
    here.run(attempt(target, call(), here.env()))
    assert here.sent[0].request.headers["api-key"] == "k-1"


# ── IBM, Sber ────────────────────────────────────────────────────────────

EXCHANGED = pytest.mark.parametrize(
    ("provider", "kind", "options", "settings"),
    [
        (WATSONX, "ibm", {"watsonx_region": "us-south", "watsonx_project_id": "p"}, {}),
        (GIGACHAT, "sber", {}, {"gigachat_scope": "GIGACHAT_API_PERS"}),
    ],
    ids=["watsonx", "gigachat"],
)


@EXCHANGED
def test_a_key_is_exchanged_and_its_token_sent(
    provider: Provider, kind: str, options: Any, settings: Any
) -> None:
    for credential in (None, Credential(Secret("own"), held=True)):
        target = Target(path="config", provider=provider, options=options, credential=credential)
        refused = status(403, b'{"message": "fetched-token may not"}')
        here = world(refused, secrets={kind: {"api_key": "fetched-token"}})
        reply = here.run(attempt(target, call(), here.env()))
        assert here.sent[0].request.headers["authorization"] == "Bearer fetched-token"
        assert b"[redacted] may not" in reply.body
        (asked,) = [each for each in here.log if isinstance(each, Ask)]
        assert asked.args == (kind, {"api_key": "own" if credential else "sk-caller-key", **settings})


@EXCHANGED
def test_a_token_that_is_given_is_sent_as_it_is(
    provider: Provider, kind: str, options: Any, settings: Any
) -> None:
    given = {**options, provider.token: "given-token"}
    target = Target(path="config", provider=provider, options=given)
    here = world(status(403, b'{"message": "given-token may not"}'))
    reply = here.run(attempt(target, call(), here.env()))
    assert here.sent[0].request.headers["authorization"] == "Bearer given-token"
    assert b"[redacted] may not" in reply.body
    assert not [each for each in here.log if isinstance(each, Ask)]


@EXCHANGED
def test_without_either_it_is_said_what_to_bring(
    provider: Provider, kind: str, options: Any, settings: Any
) -> None:
    target = Target(path="config", provider=provider, options=options)
    here = world()
    reply = here.run(attempt(target, call(key=None), here.env()))
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["code"]) == (401, "missing_credentials")
    assert f"env:{provider.env_key}" in error["message"]
    assert f"x-gateway-{provider.token.replace('_', '-')}" in error["message"]
