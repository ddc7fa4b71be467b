"""AWS's identities, by botocore itself, at an STS, a container and an instance of our own."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from amazons import CONTAINER, LENT, OWN, REGION, ROLE, TOKEN, assumed, lent, nobody, refused_by_sts
from gatewaymw.core.errors import GatewayError, Unauthorized
from gatewaymw.drivers.identity import Identities
from gatewaymw.drivers.identity.amazon import ADVISED, LOOKED_AT, session, source
from upstream import Upstream, closed_port, raw, whole


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, upstream: Upstream) -> pytest.MonkeyPatch:
    nobody(monkeypatch, tmp_path, upstream)
    return monkeypatch


# ── what the machine is ──────────────────────────────────────────────────


def test_keys_in_the_environment(machine: pytest.MonkeyPatch) -> None:
    machine.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    machine.setenv("AWS_SECRET_ACCESS_KEY", "env-secret")
    found = source(REGION, lambda: 1000.0)()
    assert found.options == {
        "aws_access_key_id": "AKIAENV",
        "aws_secret_access_key": "env-secret",
        "aws_session_token": "",
    }
    assert (found.until, found.early) == (1000 + LOOKED_AT, ADVISED), "what names no end is looked at again"
    machine.setenv("AWS_SESSION_TOKEN", TOKEN)
    assert source(REGION)().options["aws_session_token"] == TOKEN


def test_a_shared_file_which_is_read_anew(machine: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    fetch = source(REGION)
    for key in ("AKIAONE", "AKIATWO"):
        file.write_text(f"[house]\naws_access_key_id = {key}\naws_secret_access_key = file-secret\n")
        machine.setenv("AWS_PROFILE", "house")
        assert fetch().options["aws_access_key_id"] == key


def test_a_container_and_when_its_credentials_end(machine: pytest.MonkeyPatch, upstream: Upstream) -> None:
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html"""
    machine.setenv(CONTAINER, upstream.script("/container", whole(lent()), whole(lent("ASIANEXT"))))
    machine.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of-the-container")
    fetch = source(REGION)
    found = fetch()
    assert found.options == LENT and found.early == ADVISED
    assert abs(found.until - time.time() - 7200) < 30
    assert fetch().options["aws_access_key_id"] == "ASIANEXT", "botocore's own memory is not asked"
    assert [seen.header("authorization") for seen in upstream.seen] == ["of-the-container"] * 2


def test_credentials_are_renewed_before_they_end(machine: pytest.MonkeyPatch, upstream: Upstream) -> None:
    machine.setenv(CONTAINER, upstream.script("/container", whole(lent()), whole(lent("ASIANEXT", 14400))))
    start, passed = time.time(), [0.0]
    identities = Identities(clock=lambda: start + passed[0])
    keys = []
    for seconds in (0.0, 7200 - ADVISED - 60, 7200 - ADVISED + 1, 7200.0):
        passed[0] = seconds
        keys.append(identities.ask_sync("aws", REGION)["aws_access_key_id"])
    assert keys == ["ASIALENT", "ASIALENT", "ASIANEXT", "ASIANEXT"]
    assert len(upstream.seen) == 2


def test_an_instance(machine: pytest.MonkeyPatch, upstream: Upstream) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html"""
    machine.delenv("AWS_EC2_METADATA_DISABLED")
    machine.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", upstream.url)
    place = "/latest/meta-data/iam/security-credentials/"
    upstream.script("/latest/api/token", whole(b"session-of-the-instance", kind="text/plain"))
    upstream.script(place, whole(b"models", kind="text/plain"))
    upstream.script(place + "models", whole({"Code": "Success", **lent()}))
    assert source(REGION)().options == LENT
    assert [seen.method for seen in upstream.seen] == ["PUT", "GET", "GET"]
    assert upstream.seen[2].header("x-aws-ec2-metadata-token") == "session-of-the-instance"


def test_a_role_of_the_shared_files(machine: pytest.MonkeyPatch, tmp_path: Path, upstream: Upstream) -> None:
    """Whose end is known once it is assumed, which botocore puts off."""
    (tmp_path / "credentials").write_text(
        "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = base-secret\n"
    )
    (tmp_path / "config").write_text(
        f"[profile house]\nrole_arn = {ROLE['aws_role_arn']}\nsource_profile = base\n"
    )
    machine.setenv("AWS_PROFILE", "house")
    upstream.script("/sts", whole(assumed(), kind="text/xml"))
    found = source(REGION)()
    assert found.options == LENT and abs(found.until - time.time() - 3600) < 30
    [seen] = upstream.seen
    assert "/eu-central-1/sts/aws4_request" in (seen.header("authorization") or "")


def test_an_api_key_of_the_environment_goes_before_all_else(machine: pytest.MonkeyPatch) -> None:
    machine.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    machine.setenv("AWS_SECRET_ACCESS_KEY", "env-secret")
    found = source(REGION, environ={"AWS_BEARER_TOKEN_BEDROCK": " ABSK-key \n"})()
    assert found.options == {"api_key": "ABSK-key"} and found.until == float("inf")
    assert "api_key" not in source(REGION, environ={"AWS_BEARER_TOKEN_BEDROCK": " "})().options


def test_where_only_an_api_key_will_do_nothing_else_is_taken(machine: pytest.MonkeyPatch) -> None:
    machine.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    machine.setenv("AWS_SECRET_ACCESS_KEY", "env-secret")
    only = {**REGION, "aws_auth_type": "apiKey"}
    error = fault(only)
    assert (error.status, error.code, error.param) == (401, "missing_credentials", "api_key")
    assert "AWS_BEARER_TOKEN_BEDROCK" in error.message
    machine.setenv("AWS_BEARER_TOKEN_BEDROCK", "ABSK-key")
    assert source(only)().options == {"api_key": "ABSK-key"}


def test_where_only_an_access_key_will_do_an_api_key_is_passed_over(machine: pytest.MonkeyPatch) -> None:
    machine.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    machine.setenv("AWS_SECRET_ACCESS_KEY", "env-secret")
    only = {**REGION, "aws_auth_type": "accessKey"}
    found = source(only, environ={"AWS_BEARER_TOKEN_BEDROCK": "ABSK-key"})()
    assert found.options["aws_access_key_id"] == "AKIAENV"


# ── roles ────────────────────────────────────────────────────────────────


def test_a_role_is_assumed_by_the_key_that_is_given(upstream: Upstream) -> None:
    upstream.script("/sts", whole(assumed(), kind="text/xml"))
    found = source({**ROLE, **OWN, "aws_external_id": "ext-1"})()
    assert found.options == LENT
    assert abs(found.until - time.time() - 3600) < 30
    [seen] = upstream.seen
    asked = {name: value for name, [value] in parse_qs(seen.body.decode()).items()}
    assert asked == {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": ROLE["aws_role_arn"],
        "RoleSessionName": "gatewaymw",
        "ExternalId": "ext-1",
    }
    authorization = seen.header("authorization") or ""
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AKIAOWN/")
    assert "/eu-central-1/sts/aws4_request," in authorization
    assert seen.header("x-amz-security-token") is None


def test_or_by_whoever_the_machine_is(machine: pytest.MonkeyPatch, upstream: Upstream) -> None:
    machine.setenv(CONTAINER, upstream.script("/container", whole(lent("ASIABASE"))))
    upstream.script("/sts", whole(assumed(), kind="text/xml"))
    assert source(ROLE)().options == LENT
    at_sts = upstream.seen[-1]
    assert "Credential=ASIABASE/" in (at_sts.header("authorization") or "")
    assert at_sts.header("x-amz-security-token") == TOKEN
    assert "ExternalId" not in at_sts.body.decode()


def test_the_sts_of_the_region_is_asked(machine: pytest.MonkeyPatch) -> None:
    """And not the one for all regions."""
    machine.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    machine.delenv("AWS_ENDPOINT_URL_STS")
    for region, suffix in (("us-east-1", "com"), ("eu-west-1", "com"), ("cn-north-1", "com.cn")):
        with closing(session(region).create_client("sts", region_name=region)) as sts:
            assert sts.meta.endpoint_url == f"https://sts.{region}.amazonaws.{suffix}"


def test_what_the_machine_does_for_itself_it_does_in_its_own_region(machine: pytest.MonkeyPatch) -> None:
    assert session("eu-central-1").get_config_variable("region") == "eu-central-1"
    machine.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert session("eu-central-1").get_config_variable("region") == "us-west-2"


# ── what goes wrong ──────────────────────────────────────────────────────


def fault(settings: dict[str, str]) -> GatewayError:
    """Of what was asked for, whichever way it fails."""
    with pytest.raises(GatewayError) as caught:
        Identities().ask_sync("aws", settings)
    assert "-secret" not in caught.value.message
    return caught.value


def test_nothing_is_found() -> None:
    error = fault(REGION)
    assert (error.status, error.code) == (401, "missing_credentials")
    for word in ("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "shared files", "aws_secret_access_key"):
        assert word in error.message


def test_nor_is_anybody_who_could_assume_a_role() -> None:
    error = fault(ROLE)
    assert (error.status, error.code, error.param) == (401, "missing_credentials", "aws_role_arn")
    assert "NoCredentialsError" in error.message


def test_a_profile_that_is_not_there(machine: pytest.MonkeyPatch) -> None:
    machine.setenv("AWS_PROFILE", "nobody")
    error = fault(REGION)
    assert (error.status, error.code) == (401, "missing_credentials")
    assert "ProfileNotFound" in error.message


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidClientTokenId", "ExpiredTokenException"])
def test_sts_refuses(code: str, upstream: Upstream) -> None:
    upstream.script("/sts", whole(refused_by_sts(code), 403, "text/xml"))
    error = fault({**ROLE, **OWN})
    assert (error.status, error.code, error.param) == (401, "invalid_credentials", "aws_role_arn")
    assert f"AssumeRole was answered with {code};" in error.message and "user/me" not in error.message
    assert len(upstream.seen) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(400, "ThrottlingException"), (500, "InternalFailure"), (503, "odd code, 1")]
)
def test_sts_is_busy_or_broken(status: int, code: str, upstream: Upstream) -> None:
    upstream.script("/sts", whole(refused_by_sts(code), status, "text/xml"))
    error = fault({**ROLE, **OWN})
    assert (error.status, error.code) == (502, "identity_unavailable")
    assert error.message.endswith("an error" if " " in code else code)
    assert len(upstream.seen) == 2, "it was asked again, once"


def test_sts_is_not_there(machine: pytest.MonkeyPatch) -> None:
    machine.setenv("AWS_ENDPOINT_URL_STS", closed_port())
    error = fault({**ROLE, **OWN})
    assert (error.status, error.code) == (502, "identity_unavailable")
    assert "127.0.0.1" not in error.message


def test_what_is_no_answer(machine: pytest.MonkeyPatch, upstream: Upstream) -> None:
    machine.setenv(CONTAINER, upstream.script("/container", whole({"Message": "lent-secret"})))
    error = fault(REGION)
    assert (error.status, error.code) == (502, "identity_unavailable")


def test_stalling_servers_are_not_waited_for_long(machine: pytest.MonkeyPatch, upstream: Upstream) -> None:
    machine.delenv("AWS_EC2_METADATA_DISABLED")
    machine.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", upstream.url)
    upstream.script("/latest/api/token", raw(ending="stall"))
    upstream.script("/latest/meta-data/iam/security-credentials/", raw(ending="stall"))
    started = time.monotonic()
    with pytest.raises(Unauthorized):
        source(REGION)()
    assert time.monotonic() - started < 6
    assert [seen.method for seen in upstream.seen] == ["PUT", "GET"]
