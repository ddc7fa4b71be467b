"""A machine as AWS sees it, in tests: who it is, and how its container, its instance and STS answer."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from upstream import Upstream

REGION = {"aws_region": "eu-central-1"}
ROLE = {**REGION, "aws_role_arn": "arn:aws:iam::123456789012:role/models"}
OWN = {"aws_access_key_id": "AKIAOWN", "aws_secret_access_key": "own-secret-of-the-operator"}
TOKEN = "a-token-that-is-lent/+="
LENT = {
    "aws_access_key_id": "ASIALENT",
    "aws_secret_access_key": "lent-secret",
    "aws_session_token": TOKEN,
}
CONTAINER = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


def nobody(monkeypatch: pytest.MonkeyPatch, folder: Path, upstream: Upstream) -> None:
    """Make this machine nobody to AWS, with an STS of ours. botocore reads the environment of its process."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"{upstream.url}/sts")


def later(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lent(key: str = "ASIALENT", seconds: float = 7200) -> dict[str, str]:
    """As containers and instances answer."""
    return {
        "AccessKeyId": key,
        "SecretAccessKey": "lent-secret",
        "Token": TOKEN,
        "Expiration": later(seconds),
    }


def assumed(key: str = "ASIALENT", seconds: float = 3600, operation: str = "AssumeRole") -> bytes:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Examples"""
    return f"""<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result>
        <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/models/gatewaymw</Arn>
        <AssumedRoleId>ARO123EXAMPLE123:gatewaymw</AssumedRoleId></AssumedRoleUser>
        <Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>lent-secret</SecretAccessKey>
        <SessionToken>{TOKEN}</SessionToken><Expiration>{later(seconds)}</Expiration></Credentials>
        </{operation}Result></{operation}Response>""".encode()


def refused_by_sts(code: str) -> bytes:
    message = "User: arn:aws:iam::1:user/me with own-secret-of-the-operator is not authorized"
    return f"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
        <Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>""".encode()
