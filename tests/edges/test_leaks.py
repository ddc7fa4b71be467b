"""What must not get out: keys to the wrong host, headers across the gateway, secrets into logs and errors.

The names are those of the threat model's tests.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from callers import HELLO, PATH, STREAMED, Answer, ask_wsgi, nothing_wsgi
from gatewaymw import ConfigError, Gateway, WSGIGateway
from servers import serving
from upstream import Script, Upstream, chunked, raw, whole

CHAT = "/a/chat/completions"
OTHER = "/b/messages"
OK = whole({"id": "x"})
CLAUDE = whole({"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [], "usage": {}})
SESSION = {"cookie": "sessionid=s3ss10n", "x-csrftoken": "t0k3n", "referer": "https://host/private"}
CALLER = {"authorization": "Bearer sk-of-the-caller", **SESSION}


def first(upstream: Upstream, **more: Any) -> dict[str, Any]:
    return {"provider": "openai", "custom_host": f"{upstream.url}/a", **more}


def second(upstream: Upstream, **more: Any) -> dict[str, Any]:
    return {"provider": "anthropic", "custom_host": f"{upstream.url}/b", **more}


def fallback(*targets: dict[str, Any]) -> dict[str, Any]:
    return {"strategy": {"mode": "fallback"}, "targets": list(targets)}


def asked(config: Any, body: Any = HELLO, headers: Any = None, path: str = PATH, **options: Any) -> Answer:
    """One request to a gateway that is made for it."""
    more = {name: options.pop(name) for name in ("REQUEST_METHOD",) if name in options}
    app = WSGIGateway(nothing_wsgi, config, **{"auth": "public", **options})
    try:
        return ask_wsgi(app, path, body, headers, **more)
    finally:
        app.gateway.close()


def everything(upstream: Upstream) -> str:
    """All that was ever sent there."""
    return repr([(seen.target, seen.headers, seen.body) for seen in upstream.seen])


# ── whose key goes where ─────────────────────────────────────────────────


def test_leak_01_a_fallback_gets_its_own_key_and_nothing_of_the_first(upstream: Upstream) -> None:
    upstream.script(CHAT, whole({}, 500))
    upstream.script(OTHER, CLAUDE)
    config = fallback(first(upstream, api_key="sk-first"), second(upstream, api_key="sk-second"))
    official = {"openai-organization": "org-1", "anthropic-beta": "beta-1", "openai-project": "proj-1"}
    body = {**HELLO, "max_tokens": 5}
    assert asked(config, body, {**CALLER, **official}).status == 200
    one, two = upstream.seen
    assert (one.header("authorization"), one.header("x-api-key")) == ("Bearer sk-first", None)
    assert (two.header("authorization"), two.header("x-api-key")) == (None, "sk-second")
    assert (one.header("openai-organization"), one.header("anthropic-beta")) == ("org-1", None)
    assert (two.header("openai-organization"), two.header("anthropic-beta")) == (None, "beta-1")
    assert "sk-first" not in repr((two.headers, two.body))
    for word in ("sk-of-the-caller", "s3ss10n", "t0k3n", "private"):
        assert word not in everything(upstream)


def test_leak_02_a_target_without_a_key_is_not_given_the_callers(upstream: Upstream) -> None:
    upstream.script(CHAT, whole({}, 500))
    config = fallback(first(upstream, api_key="sk-first"), second(upstream))
    answer = asked(config, headers=CALLER)
    assert (answer.status, answer.error["code"]) == (401, "missing_credentials")
    assert "config.targets[1]" in answer.error["message"]
    assert [seen.target for seen in upstream.seen] == [CHAT]
    assert "sk-of-the-caller" not in everything(upstream)


def test_leak_03_on_a_proxied_path_the_targets_key_wins(upstream: Upstream) -> None:
    upstream.script("/a/files", whole({"data": []}))
    config = first(upstream, api_key="sk-house", forward_headers=["x-mine"])
    headers = {**CALLER, "x-gateway-config": "own", "x-mine": "1"}
    answer = asked(None, b"", headers, "/v1/files", configs={"own": config}, REQUEST_METHOD="GET")
    assert answer.status == 200
    [seen] = upstream.seen
    assert (seen.header("authorization"), seen.header("x-mine")) == ("Bearer sk-house", "1")
    assert not any(word in everything(upstream) for word in ("sk-of-the-caller", "s3ss10n", "x-gateway"))


def test_leak_04_a_callers_key_goes_to_one_service_only(upstream: Upstream) -> None:
    upstream.script(CHAT, OK)
    alone = {"strategy": {"mode": "loadbalance"}, "targets": [first(upstream), first(upstream)]}
    several = fallback(first(upstream), second(upstream))
    trust: Any = {"trusted_custom_hosts": [upstream.url.removeprefix("http://")]}
    assert asked(None, headers={**CALLER, "x-gateway-config": json.dumps(alone)}, **trust).status == 200
    assert upstream.seen.pop().header("authorization") == "Bearer sk-of-the-caller"
    answer = asked(None, headers={**CALLER, "x-gateway-config": json.dumps(several)}, **trust)
    assert (answer.status, answer.error["code"], upstream.seen) == (401, "missing_credentials", [])


def test_key_01_a_key_in_the_environment_goes_nowhere_by_itself(upstream: Upstream) -> None:
    trusting = {"provider": "openai", "custom_host": f"{upstream.url}/a"}
    env = {"OPENAI_API_KEY": "sk-of-the-environment", "HOST_CONFIG": json.dumps(trusting)}
    command = ("uvicorn", "host:asgi", "--port", "0")
    with serving(command, env, Path(__file__).parent) as url:
        plain = httpx.post(url + PATH, json=HELLO, trust_env=False, timeout=40)
        chosen = {"x-gateway-provider": "openai", "x-gateway-custom-host": "https://collector.test"}
        steered = httpx.post(url + PATH, json=HELLO, headers=chosen, trust_env=False, timeout=40)
    assert (plain.status_code, plain.json()["error"]["code"]) == (401, "missing_credentials")
    assert (steered.status_code, steered.json()["error"]["code"]) == (400, "invalid_host")
    assert upstream.seen == []


# ── secrets in words ─────────────────────────────────────────────────────

CANARY = "canary/Pq7+Zt2=x9W4-k1Lm8vB3nC6yD5sF0aG"


def shapes(secret: str) -> Iterator[str]:
    """All that would give it away."""
    yield secret
    yield quote(secret, safe="")
    yield base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]
    yield secret[:12]
    yield secret[-8:]


def echo(status: int = 401) -> Script:
    told = f"Incorrect API key provided: {CANARY}. Sent: Bearer {CANARY}"
    return whole({"error": {"message": told, "type": "x", "code": CANARY, "sent": {"key": CANARY}}}, status)


FAULTS: dict[str, Script] = {
    "well": OK,
    "401 that quotes the key": echo(),
    "500 that quotes the key": echo(500),
    "words that quote the key": whole(f"bad key {CANARY}".encode(), 403, "text/plain"),
    "a page that quotes the key": whole(f"<html><title>{CANARY}</title>".encode(), 503, "text/html"),
    "200 that is no JSON": whole(CANARY.encode()),
    "an event that quotes the key": chunked([f'data: {{"error":{{"message":"{CANARY}"}}}}\n\n'.encode()]),
    "JSON for a stream that quotes the key": echo(200),
    "reset": raw(ending="reset"),
    "closed": raw(),
    "no HTTP": raw(f"{CANARY}\r\n\r\n".encode()),
    "redirect": whole(b"", 302, location=f"http://evil.test/?key={CANARY}"),
    "silence": raw(ending="stall"),
    "compressed": whole(b"x", content_encoding="gzip"),
    "a stream that breaks": chunked([b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'], "close"),
}

SECRETS = {
    "literal": CANARY,
    "function": lambda: CANARY,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", SECRETS)
def test_leak_05_and_06_no_secret_in_logs_answers_and_headers(
    fault: str, kind: str, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream.script(CHAT, FAULTS[fault])
    target = first(
        upstream,
        api_key=SECRETS[kind],
        aws_secret_access_key=CANARY,
        azure_ad_token=CANARY,
        vertex_service_account_json={"private_key": CANARY},
        request_timeout=1500,
        retry={"attempts": 1, "base": 1, "cap": 1},
    )
    body = STREAMED if "stream" in fault or "event" in fault else HELLO
    answer = asked(target, body)
    assert upstream.seen[0].header("authorization") == f"Bearer {CANARY}"
    silent(answer.body.decode("latin-1"), json.dumps(answer.headers), *lines(caplog, fault))


# At DEBUG httpcore writes down the heads of answers as they came: whoever put a key there had it already.
IN_THE_HEAD = ("redirect", "no HTTP")


def lines(caplog: pytest.LogCaptureFixture, fault: str = "") -> Iterator[str]:
    """What was logged, traces included."""
    form = logging.Formatter()
    for record in caplog.records:
        if fault not in IN_THE_HEAD or not record.name.startswith("httpcore"):
            yield form.format(record)


def silent(*texts: str) -> None:
    for text in texts:
        for shape in shapes(CANARY):
            assert shape not in text, shape


BROUGHT: dict[str, dict[str, Any]] = {
    "as the caller's key": {"authorization": f"Bearer {CANARY}", "x-gateway-provider": "openai"},
    "as another SDK sends it": {"x-api-key": CANARY, "x-gateway-provider": "anthropic"},
    "with a control character": {"authorization": f"Bearer {CANARY}\x01", "x-gateway-provider": "openai"},
    "in a config": {"x-gateway-config": json.dumps({"provider": "openai", "api_key": CANARY})},
    "in a config that is wrong": {
        "x-gateway-config": json.dumps({"provider": "openai", "api_key": CANARY, "retry": 7})
    },
    "in a config that cannot be read": {"x-gateway-config": f'{{"provider": "openai", "api_key": "{CANARY}'},
    "in the wrong place": {"x-gateway-config": json.dumps({"provider": CANARY})},
    "as a type that is none": {"x-gateway-config": json.dumps({"provider": "openai", "api_key": [CANARY]})},
    "with a line end": {"x-gateway-config": json.dumps({"provider": "openai", "api_key": f"{CANARY}\n"})},
    "in a host": {
        "x-gateway-provider": "openai",
        "x-gateway-custom-host": f"https://user:{CANARY}@api.openai.com/v1",
    },
    "as an option": {"x-gateway-provider": "openai", "x-gateway-aws-secret-access-key": CANARY},
}


@pytest.mark.parametrize("how", BROUGHT)
def test_leak_05_no_secret_of_a_caller_in_a_refusal(how: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer = asked(None, {"model": "m"}, BROUGHT[how])
    assert answer.status == 400
    if how == "in the wrong place":  # what is no secret's place is told, so that it can be corrected
        return
    silent(answer.body.decode("latin-1"), json.dumps(answer.headers), *lines(caplog))


WRONG: dict[str, dict[str, Any]] = {
    "in a target": {"config": {"provider": "openai", "api_key": CANARY, "retry": 7}},
    "as a number": {"config": {"provider": "openai", "api_key": [CANARY]}},
    "with a line end": {"config": {"provider": "openai", "api_key": f"{CANARY}\n"}},
    "without auth": {"config": {"provider": "openai", "api_key": CANARY}, "auth": None},
    "in a virtual key": {"virtual_keys": {"house": {"provider": "opnai", "api_key": CANARY}}},
    "in an option": {"config": {"provider": "bedrock", "aws_secret_access_key": CANARY, "typo": 1}},
    "in text": {"config": f'{{"provider": "openai", "api_key": "{CANARY}"'},
}


@pytest.mark.parametrize("how", WRONG)
def test_leak_05_no_secret_in_what_a_wrong_config_raises(how: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Gateway(**{"auth": "public", **WRONG[how]})
    chain: BaseException | None = caught.value
    while chain:
        silent(repr(chain), str(chain))
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)


def test_leak_05_no_secret_in_what_a_gateway_shows_of_itself(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(CANARY)
    gateway = Gateway(
        {"virtual_key": "house"},
        virtual_keys={"house": {"provider": "openai", "api_key": CANARY, "aws_session_token": CANARY}},
        configs={"other": {"provider": "openai", "api_key": f"file:{key}"}},
        auth="public",
    )
    plan = gateway.chooser.own
    assert plan
    silent(repr(gateway), repr(vars(gateway)), repr(plan), repr(plan.root), repr(vars(gateway.chooser)))


@pytest.mark.parametrize("missing", ["env:GATEWAYMW_NO_SUCH_KEY", "file:/nowhere/secret-folder/key"])
def test_leak_05_a_key_that_is_not_there_tells_no_folder(missing: str, upstream: Upstream) -> None:
    answer = asked(first(upstream, api_key=missing))
    assert (answer.status, answer.error["code"], upstream.seen) == (401, "missing_credentials", [])
    assert "secret-folder" not in answer.body.decode()


@pytest.mark.parametrize("gives", [None, "", 7, b"sk"])
def test_a_function_that_gives_no_key_is_no_key(gives: Any, upstream: Upstream) -> None:
    answer = asked(first(upstream, api_key=lambda: gives))
    assert (answer.status, answer.error["code"], upstream.seen) == (401, "missing_credentials", [])


def test_a_function_may_give_a_secret_of_pydantics(upstream: Upstream) -> None:
    from pydantic import SecretStr

    upstream.script(CHAT, OK)
    asked(first(upstream, api_key=lambda: SecretStr("sk-wrapped")))
    assert upstream.seen[0].header("authorization") == "Bearer sk-wrapped"
