"""Identities that have to be fetched: which of a target's words ask for one, and what becomes of it.

Fetching needs a cloud's own library, files and a clock: the `identity` service does it, keeps what it
got and renews it before it ends. It is asked with a kind and the settings that matter to it, and
answers with provider options; `api_key` among them is the key itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from .. import json
from ..commands import Flow, ask
from ..errors import BadRequest, Unauthorized
from ..model import Access, Ambient, Keys
from .sigv4 import credentials

Settings = Mapping[str, str]
PROJECT = re.compile(r"[A-Za-z0-9_-]{1,128}")


def fetched(kind: str, needed: Callable[[Keys], Settings | None]) -> Access:
    """An access that asks for an identity where `needed` has settings for it, and keeps what is there where
    it has none. Raises what the service raises: GatewayErrors."""

    def access(keys: Keys) -> Flow[Keys]:
        settings = needed(keys)
        if settings is None:
            return keys
        found: Settings = yield from ask("identity", kind, settings)
        return replace(keys, api_key=found.get("api_key", keys.api_key), options={**keys.options, **found})

    return access


def chosen(options: Settings, *names: str) -> Settings:
    """Those of the options that have a value."""
    return {name: options[name] for name in names if options.get(name)}


# ── AWS ──────────────────────────────────────────────────────────────────

ACCESS_KEY = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
ROLE = ("aws_role_arn", "aws_external_id")


def aws_ambient(options: Settings) -> Ambient:
    if options.get("aws_role_arn") or options.get("aws_auth_type") == "assumedRole":
        return "named"
    return "" if chosen(options, *ACCESS_KEY) else "implied"


def aws_needs(keys: Keys) -> Settings | None:
    """A role is assumed by the access key that is given, or else by whoever the machine is. Without a role
    and any key, the machine's own credentials are used. As among keys that are given, those of a role go
    before an API key unless `aws_auth_type` is `apiKey`. Raises Unauthorized for half an access key, and
    where no role is named that is to be assumed."""
    options, own = keys.options, chosen(keys.options, *ACCESS_KEY)
    kind = options.get("aws_auth_type")
    if not keys.held:
        return None
    if kind == "apiKey":
        return None if keys.api_key or own else chosen(options, "aws_region", "aws_auth_type")
    if options.get("aws_role_arn"):
        if own:
            credentials(options)
        return {**chosen(options, *ROLE, "aws_region"), **own}
    if kind == "assumedRole":
        raise Unauthorized(
            "aws_auth_type is assumedRole, and no role is named; set aws_role_arn in the config",
            code="missing_credentials",
            param="aws_role_arn",
        )
    return None if keys.api_key or own else chosen(options, "aws_region")


def service_needs(keys: Keys) -> Settings | None:
    """The same of a service that has no API keys: Bedrock's, which the machine may have, is none for it."""
    needs = aws_needs(keys)
    return None if needs is None else {**needs, "aws_auth_type": "accessKey"}


amazon: Access = fetched("aws", aws_needs)
amazon_service: Access = fetched("aws", service_needs)


# ── Google ───────────────────────────────────────────────────────────────


def google_ambient(options: Settings) -> Ambient:
    return "" if options.get("vertex_service_account_json") else "implied"


def google_needs(keys: Keys) -> Settings | None:
    """A service account goes before a key, which OpenAI's SDKs send whatever they are for. Without either,
    the operator's targets use Application Default Credentials. Raises Unauthorized where nothing is left."""
    if account := chosen(keys.options, "vertex_service_account_json"):
        return account
    if keys.api_key:
        return None
    if keys.held:
        return {}
    raise Unauthorized(
        "no credential for vertex-ai; give the target an access token as api_key, or"
        " vertex_service_account_json (header x-gateway-vertex-service-account-json); where `auth` says who"
        " may call, the operator's Application Default Credentials (GOOGLE_APPLICATION_CREDENTIALS) do too",
        code="missing_credentials",
        param="vertex_service_account_json",
    )


google: Access = fetched("google", google_needs)


def google_project(options: Settings) -> Settings:
    """The project of a service account, where options name no other."""
    account = options.get("vertex_service_account_json")
    if not account or options.get("vertex_project_id"):
        return {}
    try:
        project = json.loads(account.encode())["project_id"]
    except (ValueError, KeyError, TypeError):
        return {}
    return {"vertex_project_id": project} if isinstance(project, str) and PROJECT.fullmatch(project) else {}


# ── Azure ────────────────────────────────────────────────────────────────

MODES: Mapping[str, tuple[str, ...]] = {
    "entra": ("azure_entra_tenant_id", "azure_entra_client_id", "azure_entra_client_secret"),
    "managed": (),
    "workload": (),
}
"""Ways to a token of Entra ID, and what each cannot do without."""
OWN: Mapping[str, tuple[str, ...]] = {
    "entra": MODES["entra"],
    "managed": ("azure_managed_client_id",),
    "workload": ("azure_workload_client_id", "azure_entra_tenant_id"),
}
"""What each reads."""
VARIABLES: Mapping[str, str] = {
    "azure_entra_tenant_id": "AZURE_TENANT_ID",
    "azure_entra_client_id": "AZURE_CLIENT_ID",
    "azure_entra_client_secret": "AZURE_CLIENT_SECRET",
}
SCOPE = "https://cognitiveservices.azure.com/.default"
"""What a token is for, unless otherwise said.

https://learn.microsoft.com/azure/ai-services/authentication"""


def azure_mode(options: Settings) -> str:
    """How a token is come by; empty where a key or a token is given. Raises BadRequest."""
    mode = options.get("azure_auth_mode", "")
    if mode in MODES:
        return mode
    if mode and mode not in ("api_key", "apiKey", "default"):
        raise BadRequest(
            f"azure_auth_mode is one of {', '.join(MODES)} and api_key, not {mode!r}", param="azure_auth_mode"
        )
    return "entra" if not mode and options.get("azure_entra_client_secret") else ""


def azure_ambient(options: Settings) -> Ambient:
    return "named" if options.get("azure_auth_mode") in ("managed", "workload") else ""


def azure_needs(keys: Keys) -> Settings | None:
    """A token that is given goes before one that is fetched, and that before a key. The identity of the
    machine is the operator's to use. Raises BadRequest for what a way to a token lacks."""
    options = keys.options
    mode = "" if options.get("azure_ad_token") else azure_mode(options)
    if not mode or (mode != "entra" and not keys.held):
        return None
    for name in MODES[mode]:
        if not options.get(name):
            raise BadRequest(
                f'Entra ID needs {name}; set it in the config (where "env:{VARIABLES[name]}" reads the'
                f" variable), or send the header x-gateway-{name.replace('_', '-')}",
                code="missing_option",
                param=name,
            )
    scope = options.get("azure_entra_scope") or SCOPE
    return {"mode": mode, "scope": scope, **chosen(options, *OWN[mode])}


azure: Access = fetched("azure", azure_needs)


# ── IBM, Sber ────────────────────────────────────────────────────────────


def exchanged(kind: str, token: str, variable: str, *settings: str) -> Access:
    """An access that has a key exchanged for a token, unless the option `token` brings one. Where that is
    done is fixed by the `kind`; of the options only the `settings` go along.

    It raises Unauthorized where there is neither, naming the official `variable` of the key.
    """

    def access(keys: Keys) -> Flow[Keys]:
        if given := keys.options.get(token):
            return replace(keys, api_key=given)
        if not keys.api_key:
            raise Unauthorized(
                f'no credential; give the target an api_key (where "env:{variable}" reads the variable), a'
                f" virtual_key or a {token} (header x-gateway-{token.replace('_', '-')}), or (where one"
                " provider only is called) send a key as Authorization: Bearer",
                code="missing_credentials",
            )
        asked = {"api_key": keys.api_key, **chosen(keys.options, *settings)}
        found: Settings = yield from ask("identity", kind, asked)
        return replace(keys, api_key=found["api_key"])

    return access


ibm: Access = exchanged("ibm", "watsonx_token", "WATSONX_APIKEY")
sber: Access = exchanged("sber", "gigachat_token", "GIGACHAT_CREDENTIALS", "gigachat_scope")
