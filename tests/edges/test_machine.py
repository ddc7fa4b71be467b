"""Bedrock as whoever the machine is: the operator's to use, at both edges, and never a caller's (KEY-02)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from amazons import CONTAINER, REGION, ROLE, TOKEN, assumed, lent, nobody
from callers import Answer, ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, Gateway, WSGIGateway
from gatewaymw.core.errors import ConfigError
from upstream import Upstream, whole


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, upstream: Upstream) -> pytest.MonkeyPatch:
    nobody(monkeypatch, tmp_path, upstream)
    return monkeypatch


MODEL = "us.amazon.nova-lite-v1:0"
BODY = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
ANSWER = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
}
CHAT = f"/bedrock/model/{MODEL.replace(':', '%3A')}/converse"
Twice = Callable[..., list[Answer]]


def twice_asgi(config: Any, **options: Any) -> list[Answer]:
    async def both() -> list[Answer]:
        app = ASGIGateway(nothing, config, **options)
        answers = [await ask(app, body=BODY) for _ in range(2)]
        await app.gateway.aclose()
        return answers

    return anyio.run(both)


def twice_wsgi(config: Any, **options: Any) -> list[Answer]:
    with closing(Gateway(config, **options)) as gateway:
        app = WSGIGateway(nothing_wsgi, gateway=gateway)
        return [ask_wsgi(app, body=BODY) for _ in range(2)]


both = pytest.mark.parametrize("twice", [twice_asgi, twice_wsgi])


def bedrock(upstream: Upstream, **more: Any) -> dict[str, Any]:
    return {"provider": "bedrock", **REGION, "custom_host": f"{upstream.url}/bedrock", **more}


@pytest.fixture
def container(machine: pytest.MonkeyPatch, upstream: Upstream) -> None:
    machine.setenv(CONTAINER, upstream.script("/container", whole(lent())))
    upstream.script(CHAT, whole(ANSWER))


def called(upstream: Upstream, path: str) -> list[Any]:
    return [seen for seen in upstream.seen if seen.target.partition("?")[0] == path]


@both
def test_an_operator_s_target_without_keys_is_called_as_the_machine(
    twice: Twice, container: None, upstream: Upstream
) -> None:
    assert [answer.status for answer in twice(bedrock(upstream), auth="public")] == [200, 200]
    assert len(called(upstream, "/container")) == 1
    for seen in called(upstream, CHAT):
        authorization = seen.header("authorization") or ""
        assert authorization.startswith("AWS4-HMAC-SHA256 Credential=ASIALENT/")
        assert "/eu-central-1/bedrock/aws4_request" in authorization
        assert seen.header("x-amz-security-token") == TOKEN


@both
def test_a_virtual_key_without_keys_too(twice: Twice, container: None, upstream: Upstream) -> None:
    keys = {"house": bedrock(upstream)}
    answers = twice({"virtual_key": "house"}, virtual_keys=keys, auth="public")
    assert [answer.status for answer in answers] == [200, 200]
    assert "ASIALENT" in called(upstream, CHAT)[0].header("authorization")


@both
def test_a_role_as_the_original_writes_it(twice: Twice, container: None, upstream: Upstream) -> None:
    upstream.script("/sts", whole(assumed("ASIAROLE"), kind="text/xml"))
    config = bedrock(upstream, aws_auth_type="assumedRole", aws_role_arn=ROLE["aws_role_arn"])
    assert [answer.status for answer in twice(config, auth="public")] == [200, 200]
    assert len(called(upstream, "/sts")) == 1
    assert ["ASIAROLE" in seen.header("authorization") for seen in called(upstream, CHAT)] == [True, True]


@both
def test_an_api_key_of_the_environment_is_sent_as_it_is(
    twice: Twice, container: None, upstream: Upstream, machine: pytest.MonkeyPatch
) -> None:
    machine.setenv("AWS_BEARER_TOKEN_BEDROCK", "ABSK-of-the-machine")
    twice(bedrock(upstream), auth="public")
    assert {seen.header("authorization") for seen in upstream.seen} == {"Bearer ABSK-of-the-machine"}


@both
def test_what_was_lent_is_taken_out_of_errors(
    twice: Twice, container: None, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    upstream.script(CHAT, whole({"message": f"The security token {TOKEN} is expired"}, 403))
    for answer in twice(bedrock(upstream), auth="public"):
        assert answer.status == 403
        assert answer.error["message"] == "The security token [redacted] is expired"
    assert TOKEN not in caplog.text and "lent-secret" not in caplog.text


@both
def test_without_auth_nobody_is_called_as_the_machine(
    twice: Twice, container: None, upstream: Upstream
) -> None:
    for answer in twice(bedrock(upstream)):
        assert (answer.status, answer.error["code"]) == (401, "missing_credentials")
    assert not upstream.seen


@both
def test_a_machine_that_is_nobody_says_so(twice: Twice, upstream: Upstream) -> None:
    for answer in twice(bedrock(upstream), auth="public"):
        assert (answer.status, answer.error["code"]) == (401, "missing_credentials")
        assert "no AWS credentials were found" in answer.error["message"]
    assert not upstream.seen


def test_a_fallback_goes_on_to_who_can_be_called(upstream: Upstream) -> None:
    upstream.script("/openai/chat/completions", whole({"id": "x"}))
    spare = {"provider": "openai", "api_key": "sk", "custom_host": f"{upstream.url}/openai"}
    config = {"strategy": {"mode": "fallback"}, "targets": [bedrock(upstream), spare]}
    assert [answer.status for answer in twice_wsgi(config, auth="public")] == [200, 200]


# ── callers ──────────────────────────────────────────────────────────────


def by_caller(headers: dict[str, str], config: Any = None, **options: Any) -> Answer:
    with closing(Gateway(config, **{"auth": "public", **options})) as gateway:
        return ask_wsgi(WSGIGateway(nothing_wsgi, gateway=gateway), body=BODY, headers=headers)


def config(**options: Any) -> dict[str, str]:
    return {"x-gateway-config": json.dumps({"provider": "bedrock", **REGION, **options})}


ARN = ROLE["aws_role_arn"]
BEDROCK = {"x-gateway-provider": "bedrock", "x-gateway-aws-region": "eu-central-1"}
THEIRS: dict[str, tuple[dict[str, str], int, str]] = {
    "a provider and no key": (BEDROCK, 401, "missing_credentials"),
    "another region": ({**BEDROCK, "x-gateway-aws-region": "us-east-1"}, 401, "missing_credentials"),
    "a host": ({**BEDROCK, "x-gateway-custom-host": "https://evil.test"}, 400, "invalid_host"),
    "a config": (config(), 401, "missing_credentials"),
    "a config with a host": (config(custom_host="https://evil.test"), 400, "invalid_host"),
    "a role": (config(aws_role_arn=ARN), 400, "not_permitted"),
    "a role by header": ({**BEDROCK, "x-gateway-aws-role-arn": ARN}, 400, "not_permitted"),
    "a role with a key of theirs": (config(aws_role_arn=ARN, api_key="sk-theirs"), 400, "not_permitted"),
    "the original's word for a role": (config(aws_auth_type="assumedRole"), 400, "not_permitted"),
    "a role within a fallback": (
        {
            "x-gateway-config": json.dumps(
                {"provider": "bedrock", **REGION, "targets": [{"aws_role_arn": ARN}, {}]}
            )
        },
        400,
        "not_permitted",
    ),
    "half an access key": (config(aws_access_key_id="AKIATHEIRS"), 401, "missing_credentials"),
    "another region of a key": (
        {"x-gateway-virtual-key": "house", "x-gateway-aws-region": "us-east-1"},
        400,
        "not_permitted",
    ),
    "another host of a key": (
        {"x-gateway-virtual-key": "house", "x-gateway-custom-host": "https://evil.test"},
        403,
        "not_permitted",
    ),
}


@pytest.mark.parametrize("name", THEIRS)
def test_key_02_a_caller_never_acts_as_the_machine(name: str, container: None, upstream: Upstream) -> None:
    """Whatever the operator's own targets do: neither a provider nor who lends identities is called."""
    headers, status, code = THEIRS[name]
    answer = by_caller(
        headers,
        bedrock(upstream),
        virtual_keys={"house": bedrock(upstream)},
        trusted_custom_hosts=["ok.test"],
    )
    assert (answer.status, answer.error["code"]) == (status, code)
    assert not upstream.seen


TURNING = {
    "x-gateway-custom-host": "https://evil.test",
    "x-portkey-custom-host": "https://ok.test",
    "x-gateway-aws-region": "us-east-1",
    "x-gateway-aws-role-arn": ARN,
    "x-portkey-aws-access-key-id": "AKIATHEIRS",
    "x-gateway-aws-service": "sagemaker",
}


@pytest.mark.parametrize("name", TURNING)
@pytest.mark.parametrize("whom", ["default", "named"])
def test_key_02_nor_does_a_header_turn_the_operators_target(
    name: str, whom: str, container: None, upstream: Upstream
) -> None:
    headers = {name: TURNING[name], **({} if whom == "default" else {"x-gateway-config": "house"})}
    answer = by_caller(
        headers,
        bedrock(upstream),
        configs={"house": bedrock(upstream)},
        trusted_custom_hosts=["ok.test"],
    )
    assert (answer.status, answer.error["code"]) == (403, "not_permitted")
    assert answer.error["param"] in (name, name.replace("portkey", "gateway"))
    assert not upstream.seen


def test_the_key_a_caller_sends_does_not_take_the_place_of_the_machines(
    container: None, upstream: Upstream
) -> None:
    """OpenAI's SDKs always send one."""
    assert by_caller({"authorization": "Bearer sk-theirs"}, bedrock(upstream)).status == 200
    assert "ASIALENT" in called(upstream, CHAT)[0].header("authorization")
    assert "sk-theirs" not in str(upstream.seen)


def test_without_auth_a_caller_brings_a_key_of_its_own(container: None, upstream: Upstream) -> None:
    headers = {"authorization": "Bearer ABSK-theirs"}
    assert by_caller(headers, bedrock(upstream), auth=None).status == 200
    assert [seen.header("authorization") for seen in upstream.seen] == ["Bearer ABSK-theirs"]


@pytest.mark.parametrize(
    "named", [{"aws_role_arn": ARN}, {"aws_auth_type": "assumedRole"}, {"aws_secret_access_key": "s"}]
)
@pytest.mark.parametrize("place", ["config", "configs", "virtual_keys"])
def test_a_role_is_not_served_to_just_anyone(named: dict[str, str], place: str, upstream: Upstream) -> None:
    whole_config = bedrock(upstream, **named)
    given: Any = {"config": whole_config} if place == "config" else {place: {"house": whole_config}}
    with pytest.raises(ConfigError, match="auth"):
        Gateway(**given)
    Gateway(**given, auth="public").close()


def test_a_role_that_is_not_named_cannot_be_assumed(container: None, upstream: Upstream) -> None:
    answer = by_caller({}, bedrock(upstream, aws_auth_type="assumedRole"))
    assert (answer.status, answer.error["code"]) == (401, "missing_credentials")
    assert answer.error["param"] == "aws_role_arn" and not upstream.seen
