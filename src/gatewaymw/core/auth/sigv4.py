"""AWS Signature Version 4: a request signed as a pure function of itself, a credential and the time.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. All headers are
signed but those that proxies change on the way. Bedrock also takes API keys, sent as they are:
https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import SplitResult, quote, urlsplit

from ..model import Auth, Keys
from ..values import Request
from .keys import bearer, needed, sendable

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = frozenset(
    {
        *("baggage", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("te", "traceparent", "tracestate", "trailer", "transfer-encoding", "upgrade", "user-agent"),
        "x-amzn-trace-id",
    }
)
"""Headers that AWS's own SDKs leave unsigned, since they may change between hops."""
MADE_HERE = frozenset({"authorization", "date", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"})
"""Headers that a signature brings; what else was there by these names would contradict it."""
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key. `token` comes with those that are only lent for a time."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)


def aws(service: str) -> Auth:
    """An auth that signs for an AWS service, or sends a key as a bearer token where it has but that.

    It reads the options `aws_access_key_id`, `aws_secret_access_key`, `aws_session_token`, `aws_region`,
    and `aws_service`, which replaces `service`. An access key goes before an API key, which OpenAI's SDKs
    send whatever they are for, unless `aws_auth_type` is `apiKey`.

    It raises Unauthorized where neither is there, naming what is missing.
    """

    def sign(request: Request, keys: Keys) -> Request:
        options = keys.options
        has = options.get("aws_access_key_id") or options.get("aws_secret_access_key")
        if keys.api_key and (not has or options.get("aws_auth_type") == "apiKey"):
            return bearer(request, keys)
        region = own(options, "aws_region")
        named = options.get("aws_service") or service
        return signed(request, credentials(options), region=region, service=named, clock=keys.clock)

    return sign


def credentials(options: Mapping[str, str]) -> Credentials:
    """The access key that options hold. Raises Unauthorized where it is not whole or cannot be sent."""
    return Credentials(
        sendable(own(options, "aws_access_key_id"), "authorization"),
        own(options, "aws_secret_access_key"),
        sendable(options.get("aws_session_token", ""), "x-amz-security-token"),
    )


def own(options: Mapping[str, str], name: str) -> str:
    """An option of the access key. Raises Unauthorized where it is missing."""
    return needed(options, name, CALLED, name.upper(), AMBIENT)


CALLED = (
    "AWS is called with aws_access_key_id, aws_secret_access_key and aws_region (and aws_session_token, where"
    " the key is lent)"
)
AMBIENT = (
    "; what this machine has of its own is used in the operator's config, where `auth` says who may call"
)


def signed(request: Request, by: Credentials, *, region: str, service: str, clock: float) -> Request:
    """The request with its signature. `clock` is seconds since 1970: AWS takes it for five minutes."""
    time = datetime.fromtimestamp(clock, UTC).strftime("%Y%m%dT%H%M%SZ")
    url = urlsplit(request.url)
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers = {name: value for name, value in headers.items() if name not in MADE_HERE}
    headers["x-amz-date"] = time
    if by.token:
        headers["x-amz-security-token"] = by.token
    named = {"host": host(url), **{name: headers[name] for name in headers if name not in UNSIGNED}}
    covered = ";".join(sorted(named))
    scope = f"{time[:8]}/{region}/{service}/aws4_request"
    proof = signature(by.secret_key, scope, time, canonical(request, url, named, covered))
    headers["authorization"] = (
        f"{ALGORITHM} Credential={by.access_key}/{scope}, SignedHeaders={covered}, Signature={proof}"
    )
    return replace(request, headers=headers)


def canonical(request: Request, url: SplitResult, headers: Mapping[str, str], covered: str) -> str:
    """What of a request is signed, in the one form that both sides write it in."""
    lines = [f"{name}:{' '.join(headers[name].split())}" for name in sorted(headers)]
    return "\n".join(
        [request.method.upper(), path(url.path), query(url.query), *lines, "", covered, digest(request.body)]
    )


def signature(secret: str, scope: str, time: str, said: str) -> str:
    """The signature of what is said, with a key that is good for one day, region and service only."""
    key = f"AWS4{secret}".encode(errors="surrogatepass")
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), sha256)
    return hmac.digest(key, f"{ALGORITHM}\n{time}\n{scope}\n{digest(said.encode())}".encode(), sha256).hex()


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def host(url: SplitResult) -> str:
    """The Host header that goes with a URL: no user, no port that its scheme implies."""
    name = f"[{url.hostname}]" if ":" in (url.hostname or "") else str(url.hostname)
    return name if url.port in (None, PORTS.get(url.scheme)) else f"{name}:{url.port}"


def path(given: str) -> str:
    """A path without empty and dotted steps, and quoted once more than it is sent, as all but S3 ask."""
    steps: list[str] = []
    for step in given.split("/"):
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(step)
    end = "/" if given.endswith("/") and steps else ""
    return quote(f"/{'/'.join(steps)}{end}", safe="/~")


def query(given: str) -> str:
    """The pairs of a query, by name and then by value."""
    pairs = sorted(pair.partition("=")[::2] for pair in given.split("&")) if given else []
    return "&".join(f"{name}={value}" for name, value in pairs)
