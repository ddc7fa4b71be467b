"""AWS's identities, by botocore: what its chain of providers finds on the machine, or a role.

The chain (https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html) looks into the
environment and the shared files (profiles, roles, SSO, processes), and asks the container or the instance. A
Bedrock API key in the environment goes before it, as in botocore
(https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html). A role is assumed at the STS of the
region (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).

A session is made for each fetch, since botocore's sessions keep what they found.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    MetadataRetrievalError,
)
from botocore.session import Session

from ...core.errors import GatewayError, Unauthorized, UpstreamError
from . import Found, Settings, Source

BOUNDS = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2})
"""Seconds and attempts of each call of an AWS service: 12 seconds and a short pause. An instance is asked
with botocore's own time-outs, of a second for each of three requests, which AWS_METADATA_SERVICE_TIMEOUT
changes; a container three times, with two seconds each and one between."""
ADVISED = 900.0
"""Seconds before their end at which botocore itself would renew credentials."""
LOOKED_AT = 900.0
"""Seconds for which credentials that name no end are used: the files they are in may be written anew."""
NAMED = "gatewaymw"
"""The session of a role, as CloudTrail shows it."""
API_KEY = "AWS_BEARER_TOKEN_BEDROCK"
CODE = re.compile(r"[A-Za-z0-9.]{1,64}")
BUSY = re.compile(r"Throttl|RequestLimitExceeded|TooManyRequests")


def source(
    settings: Settings, clock: Callable[[], float] = time.time, environ: Mapping[str, str] = os.environ
) -> Source:
    """Where credentials come from. `settings`: `aws_region`; `aws_auth_type`, where only one kind of key will
    do (`apiKey`, `accessKey`); for a role `aws_role_arn`, `aws_external_id` and the access key that is to
    assume it. `environ` is where an API key is looked for; botocore reads that of the process."""
    fetch = assumed if settings.get("aws_role_arn") else chain

    def credentials() -> Found:
        try:
            return fetch(settings, clock, environ)
        except (BotoCoreError, ClientError) as error:
            raise refusal(error, "aws_role_arn" if fetch is assumed else None) from None

    return credentials


def session(region: str) -> Session:
    """A session with our bounds, in this region where the machine names none of its own."""
    made = Session()
    made.set_default_client_config(BOUNDS)
    made.set_config_variable("sts_regional_endpoints", "regional")
    if not made.get_config_variable("region"):
        made.set_config_variable("region", region)
    return made


def chain(settings: Settings, clock: Callable[[], float], environ: Mapping[str, str]) -> Found:
    """What this machine is to AWS."""
    key = environ.get(API_KEY, "").strip()
    if key and settings.get("aws_auth_type") != "accessKey":
        return Found({"api_key": key})
    if settings.get("aws_auth_type") == "apiKey":
        raise Unauthorized(
            f"aws_auth_type is apiKey, and there is none; give the target an api_key, or set {API_KEY}",
            code="missing_credentials",
            param="api_key",
        )
    credentials = session(settings["aws_region"]).get_credentials()
    if credentials is None:
        raise Unauthorized(
            "no AWS credentials were found: AWS_BEARER_TOKEN_BEDROCK and AWS_ACCESS_KEY_ID are not set, the"
            " shared files hold none, and no container or instance has a role to give; set them there, or"
            " give the target an api_key, or aws_access_key_id and aws_secret_access_key",
            code="missing_credentials",
            param="aws_access_key_id",
        )
    frozen: Any = credentials.get_frozen_credentials()
    until = clock() + LOOKED_AT
    if isinstance(credentials, RefreshableCredentials):
        expiry: Any = vars(credentials)["_expiry_time"]  # it has no public name
        until = expiry.timestamp()
    return found(frozen.access_key, frozen.secret_key, frozen.token, until)


def assumed(settings: Settings, clock: Callable[[], float], environ: Mapping[str, str]) -> Found:
    """A role, assumed by the access key that is given, or else by what this machine is."""
    region = settings["aws_region"]
    sts: Any = session(region).create_client(
        "sts",
        region_name=region,
        aws_access_key_id=settings.get("aws_access_key_id"),
        aws_secret_access_key=settings.get("aws_secret_access_key"),
        aws_session_token=settings.get("aws_session_token"),
    )
    asked = {"RoleArn": settings["aws_role_arn"], "RoleSessionName": NAMED}
    if external := settings.get("aws_external_id"):
        asked["ExternalId"] = external
    try:
        lent = sts.assume_role(**asked)["Credentials"]
    finally:
        sts.close()
    until = lent["Expiration"].timestamp()
    return found(lent["AccessKeyId"], lent["SecretAccessKey"], lent["SessionToken"], until)


def found(access_key: str, secret_key: str, token: str | None, until: float) -> Found:
    """All three options: an empty one replaces what was there."""
    options = {
        "aws_access_key_id": access_key,
        "aws_secret_access_key": secret_key,
        "aws_session_token": token or "",
    }
    return Found(options, until, ADVISED)


# ── what went wrong ──────────────────────────────────────────────────────

UNREACHABLE = (ConnectionError, HTTPClientError, MetadataRetrievalError, CredentialRetrievalError)


def refusal(error: BotoCoreError | ClientError, param: str | None) -> GatewayError:
    """The error without its message, which may quote what it should not."""
    if isinstance(error, ClientError):
        return refused(error, param)
    name = type(error).__name__
    if isinstance(error, UNREACHABLE):
        return UpstreamError(f"AWS gave no credentials: {name}", code="identity_unavailable")
    return Unauthorized(
        f"the AWS credentials of this machine cannot be used: {name}; `aws sts get-caller-identity`, run"
        " there, says more",
        code="missing_credentials",
        param=param,
    )


def refused(error: ClientError, param: str | None) -> GatewayError:
    """An answer of AWS's: it is busy or broken, or it does not take whoever asks."""
    told: Any = error.response
    code = told["Error"].get("Code", "")
    code = code if CODE.fullmatch(code) else "an error"
    said = f"AWS gave no credentials: {error.operation_name} was answered with {code}"
    if told["ResponseMetadata"]["HTTPStatusCode"] >= 500 or BUSY.match(code):
        return UpstreamError(said, code="identity_unavailable")
    return Unauthorized(
        f"{said}; check the role, its trust policy (and aws_external_id), and whether who asks may have it",
        code="invalid_credentials",
        param=param,
    )
