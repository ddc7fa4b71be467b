"""What boto3 itself sends to Bedrock, caught on its way out."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.tokens import FrozenAuthToken
from ours import where
from urllib3 import HTTPResponse

from gatewaymw.core.values import Request

REGION = "eu-central-1"
CREDENTIALS = {
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "secret",
    "aws_session_token": "session",
}
OPTIONS = {**CREDENTIALS, "aws_region": REGION}
"""The gateway's options for what the SDK is told below."""

Asking = Callable[[Any], Any]
"""A call of the SDK's client."""


class Sent(NamedTuple):
    """A request, as far as the two must agree."""

    method: str
    path: str
    query: list[tuple[str, str]]
    host: str
    headers: dict[str, str]
    scope: str
    """With which key the request is signed, for which region and service, or the key that it bears. How it is
    signed is compared with botocore's own signatures elsewhere; the SDK takes the time from its own clock."""
    body: Any


HEADERS = re.compile(r"content-type|x-amz-security-token|x-amzn-bedrock-.*")
"""The headers that are compared: those of requests that Bedrock documents."""
SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^,]+),")


class Lent:
    """Where the SDK finds a key of Bedrock's."""

    def __init__(self, token: str) -> None:
        self.token = FrozenAuthToken(token)

    def load_token(self, **_: Any) -> Lent:
        return self

    def get_frozen_token(self) -> FrozenAuthToken:
        return self.token


@cache
def client_of(token: str) -> Any:
    """A client with the access key above, or with a key of Bedrock's. It takes long to make."""
    session = botocore.session.Session()
    config = Config(retries={"total_max_attempts": 1}, signature_version="bearer" if token else "v4")
    session.register_component("token_provider", Lent(token))
    lent = {} if token else CREDENTIALS
    return boto3.Session(botocore_session=session).client("bedrock-runtime", REGION, config=config, **lent)


def theirs(asking: Asking, token: str = "") -> Sent:
    """What the SDK sends for a call. It is answered with nothing."""
    requests: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        requests.append(request)
        raw = HTTPResponse(io.BytesIO(b"{}"), preload_content=False)
        return AWSResponse(request.url, 200, {"content-type": "application/json"}, raw)

    client = client_of(token)
    client.meta.events.register("before-send.bedrock-runtime", answer)
    try:
        asking(client)
    finally:
        client.meta.events.unregister("before-send.bedrock-runtime", answer)
    (request,) = requests
    headers = {name: written(value) for name, value in request.headers.items()}
    assert isinstance(request.body, bytes)
    return sent(request.method, request.url, headers, request.body)


def taken(request: Request) -> Sent:
    """What the gateway sends."""
    return sent(request.method, request.url, request.headers, request.body)


def written(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def sent(method: str, url: str, headers: Any, body: bytes) -> Sent:
    path, query = where(url)
    named = {name.lower(): value for name, value in headers.items()}
    found = SCOPE.match(named["authorization"])
    scope = f"{found[1]} {found[2]}" if found else named["authorization"]
    host = url.split("/")[2]
    compared = {name: value for name, value in named.items() if HEADERS.fullmatch(name)}
    return Sent(method, path, query, host, compared, scope, json.loads(body))
