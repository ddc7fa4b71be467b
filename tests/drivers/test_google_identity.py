"""Google's identities, by Google's own library, at a token endpoint and a metadata server of our own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import google.auth.jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from callers import ask_wsgi, nothing_wsgi
from gatewaymw import Gateway, WSGIGateway
from gatewaymw.core.errors import Unauthorized
from gatewaymw.drivers.identity.google import TOKEN_URI, source
from upstream import Upstream, whole

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PUBLIC = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
ACCOUNT = {
    "type": "service_account",
    "project_id": "proj-1",
    "private_key_id": "kid-1",
    "private_key": PEM,
    "client_email": "gw@proj-1.iam.gserviceaccount.com",
    "client_id": "1",
    "token_uri": "https://collector.example/token",
}
TOKEN = {"access_token": "ya29.token", "expires_in": 3600, "token_type": "Bearer"}
ANSWER = {"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}
BODY = {"model": "gemini-2.5-flash", "messages": [{"role": "user", "content": "Hi"}]}
CHAT = "/projects/proj-1/locations/us-east5/publishers/google/models/gemini-2.5-flash:generateContent"


@pytest.fixture(autouse=True)
def scripted(upstream: Upstream) -> None:
    upstream.script("/token", whole(TOKEN))
    upstream.script(CHAT, whole(ANSWER))


@pytest.fixture
def adc(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key file of the operator's, where the library looks for it."""
    file = tmp_path / "account.json"
    file.write_text(json.dumps({**ACCOUNT, "token_uri": upstream.url + "/token"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))


def given(account: Any) -> dict[str, str]:
    return {"vertex_service_account_json": account if isinstance(account, str) else json.dumps(account)}


# ── service accounts ─────────────────────────────────────────────────────


def test_a_service_account_signs_for_a_token(upstream: Upstream) -> None:
    found = source(given(ACCOUNT), upstream.url + "/token")()
    assert found.options == {"api_key": "ya29.token"}
    assert 3000 < found.until - time.time() < 3700
    form = parse_qs(upstream.seen[0].body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    claims = google.auth.jwt.decode(form["assertion"][0], certs=PUBLIC, audience=TOKEN_URI)
    assert claims["iss"] == ACCOUNT["client_email"]
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"


def test_the_token_endpoint_is_googles_whatever_the_account_says() -> None:
    from gatewaymw.drivers.identity import google

    made = google.service(json.dumps(ACCOUNT), google.TOKEN_URI)
    assert made._token_uri == "https://oauth2.googleapis.com/token"


def test_an_account_that_google_refuses_is_told_by_googles_code(upstream: Upstream) -> None:
    said = {"error": "invalid_grant", "error_description": "Invalid JWT Signature for gw@proj-1"}
    upstream.script("/token", whole(said, 400))
    with pytest.raises(Unauthorized, match=r"no access token \(invalid_grant\)") as caught:
        source(given(ACCOUNT), upstream.url + "/token")()
    assert "gw@proj-1" not in caught.value.message


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ("nonsense", "is no JSON object"),
        ([], "is no JSON object"),
        ({**ACCOUNT, "type": "authorized_user"}, "type must be service_account"),
        ({"type": "external_account", "credential_source": {"file": "/etc/passwd"}}, "type must be"),
        ({**ACCOUNT, "private_key": "-----BEGIN PRIVATE KEY-----\nsecret"}, "private key cannot be read"),
        ({**ACCOUNT, "private_key": 7}, "private key cannot be read"),
        ({"type": "service_account"}, "lacks client_email or private_key"),
    ],
)
def test_an_account_that_is_none_is_refused_without_showing_it(account: Any, told: str) -> None:
    with pytest.raises(Unauthorized, match=told) as caught:
        source(given(account))
    assert "secret" not in caught.value.message
    assert caught.value.param == "vertex_service_account_json"


# ── what the machine has ─────────────────────────────────────────────────


@pytest.mark.usefixtures("adc")
def test_application_default_credentials_are_a_key_file(upstream: Upstream) -> None:
    assert source({})().options == {"api_key": "ya29.token"}


ASK = "from gatewaymw.drivers.identity.google import source; print(source({})().options['api_key'])"


def test_the_metadata_server_gives_tokens(upstream: Upstream, tmp_path: Path) -> None:
    flavor = {"Metadata_Flavor": "Google"}
    below = "/computeMetadata/v1/"
    about = {"email": "gw@proj-1", "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}
    upstream.script("/", whole({}, **flavor))
    upstream.script(below + "project/project-id", whole(b"proj-1", kind="application/text", **flavor))
    upstream.script(below + "universe/universe-domain", whole(b"googleapis.com", **flavor))
    upstream.script(below + "instance/service-accounts/default/", whole(about, **flavor))
    for account in ("default", "gw@proj-1"):
        upstream.script(f"{below}instance/service-accounts/{account}/token", whole(TOKEN, **flavor))
    host = upstream.url.removeprefix("http://")
    # A process of its own: the library reads where the server is when it is imported.
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    env = {**kept, "GCE_METADATA_HOST": host, "GCE_METADATA_IP": host, "CLOUDSDK_CONFIG": str(tmp_path)}
    asked = subprocess.run(
        [sys.executable, "-c", ASK], env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert (asked.stdout.strip(), asked.returncode) == ("ya29.token", 0), asked.stderr


# ── through the gateway ──────────────────────────────────────────────────


def test_the_operators_target_without_a_key_uses_what_the_machine_has(upstream: Upstream, adc: None) -> None:
    config = {
        "provider": "vertex-ai",
        "vertex_project_id": "proj-1",
        "vertex_region": "us-east5",
        "custom_host": upstream.url,
    }
    with closing(Gateway(config, auth=lambda facts: "someone")) as gateway:
        for _ in range(2):
            answer = ask_wsgi(WSGIGateway(nothing_wsgi, gateway=gateway), body=BODY)
            assert answer.status == 200, answer.body
    paths = [seen.target for seen in upstream.seen]
    assert paths == ["/token", CHAT, CHAT], "a token is kept while it lasts"
    assert upstream.seen[1].header("authorization") == "Bearer ya29.token"


def test_a_token_that_the_provider_quotes_is_taken_out(upstream: Upstream, adc: None) -> None:
    quoting = {"error": {"code": 403, "message": "ya29.token may not", "status": "PERMISSION_DENIED"}}
    upstream.script(CHAT, whole(quoting, 403))
    config = {"provider": "vertex-ai", "vertex_project_id": "proj-1", "vertex_region": "us-east5"}
    with closing(Gateway({**config, "custom_host": upstream.url}, auth="public")) as gateway:
        answer = ask_wsgi(WSGIGateway(nothing_wsgi, gateway=gateway), body=BODY)
    assert (answer.status, answer.error["message"]) == (403, "[redacted] may not")
