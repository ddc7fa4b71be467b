"""Entra ID's identities, by azure-identity: an application's, or the machine's own.

https://learn.microsoft.com/python/api/overview/azure/identity-readme: client credentials; the managed
identity of a virtual machine, App Service, container, …; the workload identity of a Kubernetes pod.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    ClientSecretCredential,
    CredentialUnavailableError,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from ...core.errors import Unauthorized
from . import Found, Settings

BOUNDS: Mapping[str, Any] = {"connection_timeout": 3, "read_timeout": 5, "retry_total": 1}
"""How patient the library may be: seconds, and how often it may try again."""


def client(settings: Settings, **more: Any) -> Any:
    return ClientSecretCredential(
        settings["azure_entra_tenant_id"],
        settings["azure_entra_client_id"],
        settings["azure_entra_client_secret"],
        **more,
    )


def managed(settings: Settings, **more: Any) -> Any:
    return ManagedIdentityCredential(client_id=settings.get("azure_managed_client_id"), **more)


def workload(settings: Settings, **more: Any) -> Any:
    """A part that is not set comes from AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE."""
    named = {
        "client_id": settings.get("azure_workload_client_id"),
        "tenant_id": settings.get("azure_entra_tenant_id"),
    }
    return WorkloadIdentityCredential(**{name: value for name, value in named.items() if value}, **more)


WAYS: Mapping[str, Callable[..., Any]] = {"entra": client, "managed": managed, "workload": workload}


def source(settings: Settings, **more: Any) -> Callable[[], Found]:
    """Where a token comes from. `more` is for the library's credential. Raises Unauthorized."""
    try:
        credential = WAYS[settings["mode"]](settings, **BOUNDS, **more)
    except ValueError:
        raise lacking(settings["mode"]) from None

    def token() -> Found:
        try:
            got = credential.get_token(settings["scope"])
        except CredentialUnavailableError:
            raise lacking(settings["mode"]) from None
        except ClientAuthenticationError:
            raise Unauthorized(
                f"Entra ID gave no token for the {settings['mode']} identity; check the tenant, the client"
                " and its secret or federation, and the scope",
                code="invalid_credentials",
            ) from None
        return Found({"azure_ad_token": got.token}, float(got.expires_on))

    return token


LACKING = {
    "managed": "no managed identity answers on this machine; assign one, or use another azure_auth_mode",
    "workload": "no workload identity is set up here: AZURE_TENANT_ID, AZURE_CLIENT_ID and"
    " AZURE_FEDERATED_TOKEN_FILE must be set, as the webhook in Kubernetes does",
    "entra": "Entra ID knows no such tenant or client; check azure_entra_tenant_id and azure_entra_client_id",
}


def lacking(mode: str) -> Unauthorized:
    return Unauthorized(LACKING[mode], code="missing_credentials")
