"""Amazon's signature: the same as its own SDK makes, and who may sign with what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Lent
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.auth.sigv4 import Credentials, aws, signed
from gatewaymw.core.errors import Unauthorized
from gatewaymw.core.model import Keys
from gatewaymw.core.values import Request

KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
URL = "https://bedrock-runtime.us-east-1.amazonaws.com"
OPTIONS = {
    "aws_access_key_id": KEY.access_key,
    "aws_secret_access_key": KEY.secret_key,
    "aws_region": "us-east-1",
}
REQUEST = Request("POST", f"{URL}/model/m/converse", {"content-type": "application/json"}, b"{}")


def botocores(request: Request, by: Credentials, region: str, service: str, clock: float) -> dict[str, str]:
    """The headers that botocore sends: what its `add_auth` does, at a time that is given."""
    auth = SigV4Auth(Lent(by.access_key, by.secret_key, by.token or None), service, region)
    made = AWSRequest(request.method, request.url, dict(request.headers), request.body)
    made.context["timestamp"] = datetime.fromtimestamp(clock, UTC).strftime("%Y%m%dT%H%M%SZ")
    auth._modify_request_before_signing(made)
    proof = auth.signature(auth.string_to_sign(made, auth.canonical_request(made)), made)
    auth._inject_signature_to_request(made, proof)
    return {name.lower(): value for name, value in made.headers.items()}


STEPS = st.one_of(
    st.sampled_from(["model", "converse", "..", ".", "", "us.amazon.nova-lite-v1:0", "c;cut=3"]),
    st.text(max_size=12).map(lambda step: quote(step, safe="")),
    st.sampled_from(
        ["arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2", "anthropic.claude-v2:1"]
    ).map(lambda model: quote(model, safe="")),
)
PATHS = st.lists(STEPS, max_size=5).map(lambda steps: "".join(f"/{step}" for step in steps))
WORDS = st.text("abcXYZ019-_.~%", max_size=5)
QUERIES = st.lists(st.tuples(WORDS, st.none() | WORDS), max_size=4).map(
    lambda pairs: "&".join(name if value is None else f"{name}={value}" for name, value in pairs)
)
HOSTS = st.sampled_from(
    [
        *(URL, "http://127.0.0.1:8080", "https://Example.COM:443", "http://example.com:80"),
        *("https://[::1]:9443", "http://user:secret@example.com"),
    ]
)
NAMES = st.sampled_from(
    [
        *("content-type", "Content-Type", "accept", "x-amz-meta", "X-Amzn-Bedrock-Trace", "user-agent"),
        *("Expect", "connection", "traceparent", "x-forwarded", "accept-encoding", "Host"),
    ]
)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
TOKENS = st.just("") | st.text("abcdef0123456789/+=", min_size=1, max_size=40)


@given(
    st.sampled_from(["GET", "POST", "delete"]),
    st.builds(lambda host, path, query: host + path + (f"?{query}" if query else ""), HOSTS, PATHS, QUERIES),
    st.dictionaries(NAMES, VALUES, max_size=5),
    st.binary(max_size=64),
    st.builds(Credentials, WORDS, st.text(min_size=1, max_size=20), TOKENS),
    st.sampled_from(["us-east-1", "ap-southeast-2", "us-gov-west-1"]),
    st.sampled_from(["bedrock", "sagemaker", "execute-api"]),
    st.floats(0, 4_000_000_000),
)
def test_a_signature_is_the_one_that_botocore_makes(
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes,
    by: Credentials,
    region: str,
    service: str,
    clock: float,
) -> None:
    named = {name.lower() for name in headers}
    if len(named) < len(headers):
        return  # of two spellings of one header only one is sent
    request = Request(method, url, headers, body)
    ours = signed(request, by, region=region, service=service, clock=clock)
    assert ours.headers == botocores(request, by, region, service, clock)
    assert (ours.method, ours.url, ours.body) == (method, url, body)
    assert ours == signed(request, by, region=region, service=service, clock=clock)
    assert request.headers == headers


@pytest.mark.parametrize(
    "path", ["", "/", "/a/../b", "/..", "/a/./b//c/", "/model/a%3A1/converse", "/ä?b=2&b=1&a"]
)
def test_paths_are_written_as_botocore_writes_them(path: str) -> None:
    request = Request("GET", URL + path)
    ours = signed(request, KEY, region="us-east-1", service="bedrock", clock=0)
    assert ours.headers == botocores(request, KEY, "us-east-1", "bedrock", 0)


def test_a_signature_is_the_one_of_amazons_own_example() -> None:
    """https://docs.aws.amazon.com/amazonglacier/latest/dev/amazon-glacier-signing-requests.html"""
    time = datetime(2012, 5, 25, 0, 24, 53, tzinfo=UTC).timestamp()
    request = Request(
        "PUT",
        "https://glacier.us-east-1.amazonaws.com/-/vaults/examplevault",
        {"x-amz-glacier-version": "2012-06-01"},
    )
    by = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    made = signed(request, by, region="us-east-1", service="glacier", clock=time)
    assert made.headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20120525/us-east-1/glacier/aws4_request, "
        "SignedHeaders=host;x-amz-date;x-amz-glacier-version, "
        "Signature=3ce5b2f2fffac9262b4da9256f8d086b4aaf42eba5f111c21681a65a127b7c2a"
    )


def test_what_was_signed_before_does_not_stay() -> None:
    stale = {
        "Authorization": "Bearer old",
        "X-Amz-Date": "19700101T000000Z",
        "x-amz-security-token": "old",
        "X-Amz-Content-Sha256": "00",
        "Date": "Thu, 01 Jan 1970 00:00:00 GMT",
    }
    fresh = signed(REQUEST, KEY, region="us-east-1", service="bedrock", clock=1e9)
    again = Request(REQUEST.method, REQUEST.url, {**REQUEST.headers, **stale}, REQUEST.body)
    assert signed(again, KEY, region="us-east-1", service="bedrock", clock=1e9) == fresh


def test_a_secret_that_is_no_text_is_signed_with_all_the_same() -> None:
    made = signed(REQUEST, Credentials("A", "\ud800"), region="us-east-1", service="bedrock", clock=0)
    assert "Signature=" in made.headers["authorization"]


def test_secrets_do_not_show() -> None:
    shown = repr(Credentials("AKID", "very-secret", "very-lent"))
    assert "AKID" in shown and "very" not in shown


# ── who signs with what ──────────────────────────────────────────────────


def sent(key: str = "", **options: str) -> dict[str, Any]:
    return dict(aws("bedrock")(REQUEST, Keys(key, options, 1_700_000_000.0)).headers)


def test_options_sign() -> None:
    headers = sent(**OPTIONS)
    assert headers["authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20231114/us-east-1/bedrock/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, Signature="
    )
    assert headers["x-amz-date"] == "20231114T221320Z"
    assert "x-amz-security-token" not in headers
    assert sent(**OPTIONS, aws_session_token="lent")["x-amz-security-token"] == "lent"
    assert (
        "/us-east-1/execute-api/aws4_request" in sent(**OPTIONS, aws_service="execute-api")["authorization"]
    )


def test_an_api_key_is_sent_as_it_is() -> None:
    assert sent("bedrock-api-key-x")["authorization"] == "Bearer bedrock-api-key-x"
    assert "x-amz-date" not in sent("bedrock-api-key-x")


def test_an_access_key_goes_before_an_api_key_unless_it_is_said_otherwise() -> None:
    assert sent("whatever-sdks-send", **OPTIONS)["authorization"].startswith("AWS4")
    chosen = sent("bedrock-api-key-x", **OPTIONS, aws_auth_type="apiKey")
    assert chosen["authorization"] == "Bearer bedrock-api-key-x"
    assert sent(**OPTIONS, aws_auth_type="apiKey")["authorization"].startswith("AWS4")


@pytest.mark.parametrize("missing", OPTIONS)
def test_what_is_missing_is_named(missing: str) -> None:
    options = {name: value for name, value in OPTIONS.items() if name != missing}
    with pytest.raises(Unauthorized) as caught:
        sent(**options)
    assert (caught.value.status, caught.value.code) == (401, "missing_credentials")
    assert caught.value.param == missing
    assert caught.value.message.startswith(f"no {missing}: ")
    assert all(name in caught.value.message for name in (*OPTIONS, "aws_session_token", "api_key"))
    assert KEY.secret_key not in caught.value.message


def test_half_an_access_key_is_no_reason_to_send_another_key() -> None:
    with pytest.raises(Unauthorized, match="no aws_secret_access_key"):
        sent("whatever-sdks-send", aws_access_key_id="AKID", aws_region="us-east-1")


@pytest.mark.parametrize("name", ["aws_access_key_id", "aws_session_token"])
def test_what_no_header_can_carry_is_refused_unquoted(name: str) -> None:
    with pytest.raises(Unauthorized, match="cannot be sent in the header") as caught:
        sent(**{**OPTIONS, name: "se\ncret"})
    assert "cret" not in caught.value.message
