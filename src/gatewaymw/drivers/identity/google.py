"""Google's identities, by google-auth: a service account, or whatever Application Default Credentials find.

https://docs.cloud.google.com/docs/authentication/application-default-credentials. Those are looked for in
`GOOGLE_APPLICATION_CREDENTIALS`, in gcloud's folder, and at the metadata server of the machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

import google.auth
import google.auth.exceptions
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from requests import Session

from ...core.errors import Unauthorized
from . import Found, Settings

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
TOKEN_URI = "https://oauth2.googleapis.com/token"
"""Where service accounts get their tokens, whatever their JSON says: callers may bring one."""
PATIENCE = 5.0
"""Seconds that each request of the library may take."""
TAKEN = ("type", "project_id", "private_key_id", "private_key", "client_email", "client_id")


class Bounded(Request):
    """The library's own way to the network, with less patience."""

    def __call__(self, *args: Any, timeout: float | None = None, **more: Any) -> Any:
        there: Any = super().__call__
        return there(*args, timeout=min(timeout or PATIENCE, PATIENCE), **more)


def source(settings: Settings, token_uri: str = TOKEN_URI) -> Callable[[], Found]:
    """Where a token comes from. Raises Unauthorized where there is nothing to get one with."""
    account = settings.get("vertex_service_account_json")
    credentials: Any = service(account, token_uri) if account else ambient()

    def token() -> Found:
        try:
            with Session() as session:
                credentials.refresh(Bounded(session))
        except google.auth.exceptions.RefreshError as error:
            raise Unauthorized(
                f"Google gave no access token{told(error)}; is the key of the account still valid?",
                code="invalid_credentials",
            ) from None
        until = credentials.expiry.replace(tzinfo=UTC).timestamp() if credentials.expiry else 0.0
        return Found({"api_key": credentials.token}, until)

    return token


def service(text: str, token_uri: str) -> Any:
    """The account of a key file's JSON. Raises Unauthorized, without a word of what it holds."""
    fault = "is no JSON object"
    try:
        given = json.loads(text)
        if isinstance(given, Mapping):
            fault = "is not that of a service account: its type must be service_account"
            if given.get("type") == "service_account":
                fault = "lacks client_email or private_key, or its private key cannot be read"
                info = {name: given[name] for name in TAKEN if name in given}
                make: Any = service_account.Credentials.from_service_account_info
                return make({**info, "token_uri": token_uri}, scopes=SCOPES)
    except (ValueError, TypeError):
        pass
    raise Unauthorized(
        f"vertex_service_account_json {fault}; give the whole key file that Google Cloud made",
        code="invalid_credentials",
        param="vertex_service_account_json",
    )


def ambient() -> Any:
    try:
        found, _ = google.auth.default(scopes=SCOPES)
    except google.auth.exceptions.DefaultCredentialsError:
        raise Unauthorized(
            "no Application Default Credentials were found; set GOOGLE_APPLICATION_CREDENTIALS, run where a"
            " service account is attached, or give the target an api_key or vertex_service_account_json",
            code="missing_credentials",
        ) from None
    return found


def told(error: Exception) -> str:
    """The code that Google gave an error (`invalid_grant`), which is all of it that is safe to show."""
    said = error.args[1] if len(error.args) > 1 else None
    code = said.get("error") if isinstance(said, Mapping) else None
    return f" ({code})" if isinstance(code, str) and code.isidentifier() else ""
