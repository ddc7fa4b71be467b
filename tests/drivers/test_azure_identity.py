"""Entra ID's identities, by Azure's own library, at a login and a metadata endpoint of our own."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from callers import HELLO, ask_wsgi, nothing_wsgi
from gatewaymw import Gateway, WSGIGateway
from gatewaymw.core.errors import Unauthorized
from gatewaymw.drivers.identity.azure import source
from upstream import Upstream, listening, whole

CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"
SCOPE = "https://cognitiveservices.azure.com/.default"
CLIENT = {
    "azure_entra_tenant_id": "tenant-1",
    "azure_entra_client_id": "client-1",
    "azure_entra_client_secret": "the-secret",
}
LOGIN = "/tenant-1/oauth2/v2.0/token"
TOKEN = {"token_type": "Bearer", "expires_in": 3600, "access_token": "entra-token"}
COMPLETION = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": []}


@pytest.fixture
def login() -> Iterator[Upstream]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE)
    with listening(tls) as running:
        where = running.url.replace("127.0.0.1", "localhost")
        openid = {
            "authorization_endpoint": where + "/authorize",
            "token_endpoint": where + LOGIN,
            "issuer": where + "/tenant-1/v2.0",
        }
        running.script("/tenant-1/v2.0/.well-known/openid-configuration", whole(openid))
        running.script(LOGIN, whole(TOKEN))
        yield running


def there(login: Upstream) -> dict[str, Any]:
    where = login.url.replace("127.0.0.1", "localhost")
    return {"authority": where, "disable_instance_discovery": True, "connection_verify": str(CERTIFICATE)}


def asked(login: Upstream) -> dict[str, list[str]]:
    (body,) = [seen.body for seen in login.seen if seen.target == LOGIN]
    return parse_qs(body.decode())


def test_an_application_gets_a_token_for_its_secret(login: Upstream) -> None:
    found = source({"mode": "entra", "scope": SCOPE, **CLIENT}, **there(login))()
    assert found.options == {"azure_ad_token": "entra-token"}
    assert 3000 < found.until - time.time() < 3700
    form = asked(login)
    assert form["grant_type"] == ["client_credentials"]
    assert (form["client_id"], form["client_secret"]) == (["client-1"], ["the-secret"])
    assert SCOPE in form["scope"][0]


def test_a_pod_gets_a_token_for_its_projected_one(login: Upstream, tmp_path: Path) -> None:
    file = tmp_path / "projected"
    file.write_text("a.b.c")
    settings = {"mode": "workload", "scope": SCOPE, "azure_workload_client_id": "client-2"}
    found = source(
        {**settings, "azure_entra_tenant_id": "tenant-1"}, token_file_path=str(file), **there(login)
    )()
    assert found.options == {"azure_ad_token": "entra-token"}
    form = asked(login)
    assert (form["client_id"], form["client_assertion"]) == (["client-2"], ["a.b.c"])


def test_a_secret_that_is_refused_is_told_without_it(login: Upstream) -> None:
    said = {"error": "invalid_client", "error_description": "AADSTS7000215: the-secret is not valid"}
    login.script(LOGIN, whole(said, 401))
    with pytest.raises(Unauthorized, match="no token for the entra identity") as caught:
        source({"mode": "entra", "scope": SCOPE, **CLIENT}, **there(login))()
    assert "the-secret" not in caught.value.message


def test_a_tenant_that_is_none_is_refused_before_any_call() -> None:
    with pytest.raises(Unauthorized, match="azure_entra_tenant_id"):
        source({"mode": "entra", "scope": SCOPE, **CLIENT, "azure_entra_tenant_id": "a/b"})


def test_a_machine_without_a_workload_identity_says_what_is_missing() -> None:
    with pytest.raises(Unauthorized, match="AZURE_FEDERATED_TOKEN_FILE"):
        source({"mode": "workload", "scope": SCOPE})


# ── through the gateway ──────────────────────────────────────────────────


@pytest.mark.parametrize("provider", ["azure-openai", "azure-ai"])
def test_the_managed_identity_of_the_machine_pays(
    provider: str, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = str(int(time.time()) + 3600)
    token = {"access_token": "managed-token", "expires_on": ends, "resource": "r", "token_type": "Bearer"}
    monkeypatch.setenv("IDENTITY_ENDPOINT", upstream.script("/msi/token", whole(token)))
    monkeypatch.setenv("IDENTITY_HEADER", "the-header")
    for path in ("/v1/chat/completions", "/openai/v1/chat/completions"):
        upstream.script(path, whole(COMPLETION))
    config = {
        "provider": provider,
        "azure_auth_mode": "managed",
        "custom_host": upstream.url,
        **({"api_version": "v1"} if provider == "azure-openai" else {}),
    }
    with closing(Gateway(config, auth=lambda facts: "someone")) as gateway:
        for _ in range(2):
            answer = ask_wsgi(WSGIGateway(nothing_wsgi, gateway=gateway))
            assert answer.status == 200, answer.body
    first, *calls = upstream.seen
    assert first.header("x-identity-header") == "the-header"
    assert "cognitiveservices.azure.com" in first.target
    assert [seen.header("authorization") for seen in calls] == ["Bearer managed-token"] * 2
    assert all(seen.header("api-key") is None for seen in calls)


def test_a_token_provider_is_asked_each_time(upstream: Upstream) -> None:
    upstream.script("/v1/chat/completions", whole(COMPLETION))
    tokens = iter(["token-1", "token-2"])
    config = {
        "provider": "azure-openai",
        "api_version": "v1",
        "custom_host": upstream.url,
        "token_provider": lambda: next(tokens),
    }
    with closing(Gateway(config, auth="public")) as gateway:
        for _ in range(2):
            assert ask_wsgi(WSGIGateway(nothing_wsgi, gateway=gateway), body=HELLO).status == 200
    given = [seen.header("authorization") for seen in upstream.seen]
    assert given == ["Bearer token-1", "Bearer token-2"]
