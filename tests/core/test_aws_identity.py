"""Which of a target's words ask for an identity of AWS's, and what is signed with what comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from machine import call, ok, status, target, world

from gatewaymw.core import json
from gatewaymw.core.auth.identity import amazon, amazon_service, aws_ambient
from gatewaymw.core.commands import Ask, Flow
from gatewaymw.core.endpoints import PROXY
from gatewaymw.core.errors import Unauthorized
from gatewaymw.core.model import Keys
from gatewaymw.core.plan import Credential
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.values import Call, Secret

REGION = {"aws_region": "eu-central-1"}
ROLE = {"aws_role_arn": "arn:aws:iam::1:role/a", "aws_external_id": "ext"}
OWN = {"aws_access_key_id": "AKIAOWN", "aws_secret_access_key": "own-secret"}
LENT = {
    "aws_access_key_id": "ASIALENT",
    "aws_secret_access_key": "lent-secret",
    "aws_session_token": "lent-token",
}


def asked(flow: Flow[Keys], answer: dict[str, str]) -> tuple[Ask | None, Keys]:
    """What a flow asks for, if anything, and what it makes of the answer."""
    try:
        command = next(flow)
    except StopIteration as stop:
        return None, stop.value
    assert isinstance(command, Ask)
    with pytest.raises(StopIteration) as stopped:
        flow.send(answer)
    return command, stopped.value.value


def keys(api_key: str = "", held: bool = True, **options: str) -> Keys:
    return Keys(api_key, {**REGION, **options}, 1.0, held)


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        (keys(), REGION),
        (keys(aws_auth_type="apiKey"), {**REGION, "aws_auth_type": "apiKey"}),
        (keys(aws_auth_type="apiKey", **ROLE), {**REGION, "aws_auth_type": "apiKey"}),
        (keys(**ROLE), {**REGION, **ROLE}),
        (keys(**ROLE, aws_auth_type="assumedRole"), {**REGION, **ROLE}),
        (keys(**ROLE, **OWN), {**REGION, **ROLE, **OWN}),
        (keys("sk-own", **ROLE), {**REGION, **ROLE}),
        (keys(aws_role_arn="arn", aws_external_id="", aws_s3_bucket="b"), {**REGION, "aws_role_arn": "arn"}),
    ],
)
def test_an_identity_is_asked_for_by_the_settings_that_matter_to_it(given: Keys, settings: Any) -> None:
    command, made = asked(amazon(given), LENT)
    assert command == Ask("identity", ("aws", settings))
    assert made == Keys(given.api_key, {**given.options, **LENT}, 1.0, True)


@pytest.mark.parametrize(
    "given",
    [
        keys("sk-own"),
        keys(**OWN),
        keys(aws_access_key_id="half"),
        keys("sk-own", **OWN),
        keys("sk-own", **ROLE, aws_auth_type="apiKey"),
        keys(**OWN, aws_auth_type="apiKey"),
        keys(held=False),
        keys("sk-theirs", held=False),
        keys(held=False, **ROLE),
        keys(held=False, aws_auth_type="assumedRole"),
    ],
)
def test_none_is_asked_for_where_a_key_is_given_or_a_caller_is_served(given: Keys) -> None:
    assert asked(amazon(given), LENT) == (None, given)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        (keys(aws_auth_type="assumedRole"), "aws_role_arn"),
        (keys(aws_auth_type="assumedRole", **OWN), "aws_role_arn"),
        (keys(**ROLE, aws_access_key_id="AKIA"), "aws_secret_access_key"),
        (keys(**ROLE, aws_secret_access_key="s"), "aws_access_key_id"),
    ],
)
def test_what_a_role_lacks_is_named(given: Keys, param: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        asked(amazon(given), LENT)
    assert (caught.value.code, caught.value.param) == ("missing_credentials", param)


def test_what_is_fetched_replaces_what_was_there() -> None:
    """Else a token of the access key would go with the key of the role."""
    without = {**LENT, "aws_session_token": ""}
    _, made = asked(amazon(keys(**ROLE, **OWN, aws_session_token="old")), without)
    assert made.options["aws_session_token"] == ""
    _, made = asked(amazon(keys()), {"api_key": "ABSK"})
    assert made.api_key == "ABSK" and made.options["aws_region"] == "eu-central-1"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "implied"),
        ({"aws_role_arn": ""}, "implied"),
        (ROLE, "named"),
        ({**OWN, **ROLE}, "named"),
        ({"aws_auth_type": "assumedRole"}, "named"),
        ({"aws_auth_type": "apiKey"}, "implied"),
        (OWN, ""),
        ({"aws_session_token": "t"}, ""),
    ],
)
def test_what_stands_for_the_machine(options: dict[str, str], told: str) -> None:
    assert aws_ambient(options) == told


# ── in the middle of a call ──────────────────────────────────────────────

HELD = Credential(held=True)


def bedrock(credential: Credential | None = HELD, **options: str) -> Any:
    return target(provider=PROVIDERS["bedrock"], credential=credential, options={**REGION, **options})


def test_a_request_is_signed_with_what_was_fetched() -> None:
    here = world(ok(), secrets={None: "", "aws": LENT})
    here.run(attempt(bedrock(), call(), here.env()))
    [sent] = here.sent
    assert sent.request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=ASIALENT/")
    assert sent.request.headers["x-amz-security-token"] == "lent-token"


def test_an_api_key_that_was_fetched_is_sent_as_it_is() -> None:
    here = world(ok(), secrets={None: "", "aws": {"api_key": "ABSK"}})
    here.run(attempt(bedrock(), call(), here.env()))
    assert here.sent[0].request.headers["authorization"] == "Bearer ABSK"


def test_a_callers_own_key_asks_for_nothing() -> None:
    here = world(ok())
    here.run(attempt(bedrock(None), call(), here.env()))
    assert here.sent[0].request.headers["authorization"] == "Bearer sk-caller-key"
    assert not [command for command in here.log if isinstance(command, Ask)]


@pytest.mark.parametrize("found", [LENT, {"api_key": "ABSK-lent-token"}])
def test_what_was_fetched_is_taken_out_of_errors(found: dict[str, str]) -> None:
    error = json.dumps({"message": f"no: {found.get('api_key', 'lent-token')}"})
    here = world(status(403, error), secrets={None: "", "aws": found})
    reply = here.run(attempt(bedrock(), call(), here.env()))
    assert json.loads(reply.body)["error"]["message"] == "no: [redacted]"


def test_what_goes_wrong_in_fetching_is_the_targets_failure() -> None:
    here = world()
    flow = attempt(bedrock(Credential(Secret(""), held=True)), call(), here.env())
    assert next(flow) == Ask("identity", ("aws", REGION))
    with pytest.raises(StopIteration) as stopped:
        flow.throw(Unauthorized("nobody", code="missing_credentials"))
    reply = stopped.value.value
    assert (reply.status, json.loads(reply.body)["error"]["message"]) == (401, "nobody")


# ── SageMaker ────────────────────────────────────────────────────────────


def test_a_service_without_api_keys_is_not_given_bedrocks() -> None:
    command, _ = asked(amazon_service(keys()), LENT)
    assert command and command.args == ("aws", {**REGION, "aws_auth_type": "accessKey"})
    assert asked(amazon_service(keys(**OWN)), LENT)[0] is None


def test_an_endpoint_is_signed_for_with_what_is_said_of_it() -> None:
    options = {**REGION, **OWN, "amzn_sagemaker_target_variant": "blue", "amzn_sagemaker_model_name": "m"}
    leaf = target(provider=PROVIDERS["sagemaker"], options=options)
    here = world(status(500))
    here.run(attempt(leaf, call(), here.env()))
    request = here.sent[0].request
    signed = request.headers["authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIAOWN/")
    assert "/eu-central-1/sagemaker/aws4_request" in signed
    assert ";x-amzn-sagemaker-model-name;x-amzn-sagemaker-target-variant" in signed
    assert request.headers["x-amzn-sagemaker-target-variant"] == "blue"
    assert request.url == "https://runtime.sagemaker.eu-central-1.amazonaws.com/endpoints/m/invocations"


def test_whatever_a_container_speaks_goes_through_signed() -> None:
    leaf = target(provider=PROVIDERS["sagemaker"], options={**REGION, **OWN})
    path = "/endpoints/m/invocations"
    proxied = Call(endpoint=PROXY, method="POST", path=path, raw=b"1,2", headers={"content-type": "text/csv"})
    here = world(status(500))
    here.run(attempt(leaf, proxied, here.env()))
    request = here.sent[0].request
    assert (request.url.endswith(path), request.body, request.headers["content-type"]) == (
        True,
        b"1,2",
        "text/csv",
    )
    assert "/sagemaker/aws4_request" in request.headers["authorization"]
