"""Where the original's checks go wrong (G…, X8), and what is done here instead, over real sockets."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import anyio
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gatewaymw.config.check_tools import tools
from gatewaymw.config.hosts import NOBODY
from gatewaymw.core import json
from gatewaymw.core.checks.catalogue import validate
from gatewaymw.core.checks.model import Address, Finding, Prepared, Subject, Tools
from gatewaymw.core.checks.texts import inspected
from gatewaymw.core.errors import ConfigError
from gatewaymw.core.values import Env
from gatewaymw.drivers import aio, lookups, sync
from gatewaymw.drivers.outbound import AsyncOutbound, Outbound
from upstream import Upstream, whole

CALLER, OPERATOR = tools(NOBODY, str), tools(None, str)
ENV = Env(random=lambda: 0.5, now=time.monotonic, clock=time.time, new_id=lambda: "id")
INSIDE = Tools(CALLER.regex, CALLER.schema, lambda url, path: Address(url))
"""A host of a caller's that turns out to be inside, once its name is resolved."""
CHAT = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "the password is swordfish"},
        {"role": "user", "content": "drop the table"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": '{"q": "rm -rf"}'}}]},
        {"role": "user", "content": "thanks"},
    ],
}
Judge = Callable[..., Finding]


def subject(body: Any, kind: Any = "input", **more: Any) -> Subject:
    return Subject(kind=kind, text=inspected(kind, body, "last"), body=body, request=body, **more)


def answer(text: str) -> Subject:
    return subject({"choices": [{"message": {"role": "assistant", "content": text}}]}, "output")


def stored(kept: dict[str, bytes]) -> Callable[..., bytes | None]:
    def store(word: str, key: str, *args: Any) -> bytes | None:
        if word == "set":
            kept[key] = args[0]
        return kept.get(key)

    return store


def judged_sync(check: Prepared, about: Subject, kept: dict[str, bytes] | None = None) -> Finding:
    outbound = Outbound(name="wire")
    held = stored({} if kept is None else kept)
    services = {"resolve": lookups.resolve_sync, "jwt": lookups.verify, "store": held}
    try:
        with sync.Driver(outbound, services) as driver:
            return driver.run(check(about, ENV))
    finally:
        outbound.close()


def judged_async(check: Prepared, about: Subject, kept: dict[str, bytes] | None = None) -> Finding:
    held = stored({} if kept is None else kept)

    async def store(*args: Any) -> bytes | None:
        return held(*args)

    services = {"resolve": lookups.resolve, "jwt": lookups.verify_async, "store": store}

    async def run() -> Finding:
        outbound = AsyncOutbound(name="wire")
        try:
            async with aio.Driver(outbound, services) as driver:
                return await driver.run(check(about, ENV))
        finally:
            await outbound.aclose()

    return anyio.run(run)


both = pytest.mark.parametrize("judged", [judged_async, judged_sync], ids=["async", "sync"])


@both
@pytest.mark.parametrize(
    ("scope", "word", "there"),
    [
        ("last", "thanks", True),
        ("last", "swordfish", False),
        ("all", "drop the table", True),
        ("system", "swordfish", True),
        ("tools", "rm -rf", True),
        ("tools", "swordfish", False),
    ],
)
def test_g3_more_than_the_last_message_can_be_looked_at(
    judged: Judge, scope: str, word: str, there: bool
) -> None:
    given = {"words": [word], "operator": "any", "scope": scope}
    check = validate("default.contains", given, "config", CALLER)
    assert judged(check, subject(CHAT)).verdict is there


@pytest.mark.parametrize("id", ["pg-my-guardrail", "p", "", 5, None, ["default.contains"]])
def test_g2_and_g5_an_id_is_read_whole_and_known_or_refused(id: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(id, {}, "config.input_guardrails[0]", CALLER)
    assert (caught.value.code, caught.value.path) == ("unknown_check", "config.input_guardrails[0]")


KEY = rsa.generate_private_key(65537, 2048)
SET = {"keys": [{**jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k"}]}


@both
def test_g7_a_token_is_of_its_issuer_for_its_audience_and_its_keys_are_fetched_once(
    judged: Judge, upstream: Upstream
) -> None:
    upstream.script("/keys", whole(SET))
    given = {"jwksUri": f"{upstream.url}/keys", "issuer": "us", "audience": "gateway"}
    check, kept = validate("default.jwt", given, "config", OPERATOR), dict[str, bytes]()
    now = int(time.time())
    sound = {"iss": "us", "aud": "gateway", "iat": now, "exp": now + 60}
    for odd, verdict in [
        ({}, True),
        ({"iss": "them"}, False),
        ({"aud": "x"}, False),
        ({"exp": now - 9}, False),
    ]:
        token = jwt.encode({**sound, **odd}, KEY, "RS256", {"kid": "k"})
        about = subject(CHAT, headers={"authorization": f"Bearer {token}"})
        assert judged(check, about, kept).verdict is verdict, odd
    assert len(upstream.seen) == 1 and upstream.seen[0].header("authorization") is None


@both
def test_g8_a_log_is_told_no_key(judged: Judge, upstream: Upstream) -> None:
    upstream.script("/log", whole({}))
    check = validate("default.log", {"logURL": f"{upstream.url}/log"}, "config", OPERATOR)
    told = {
        "authorization": "Bearer sk-SECRET",
        "x-gateway-api-key": "SECRET",
        "cookie": "SECRET",
        "user-agent": "ours",
    }
    assert judged(check, subject(CHAT, headers=told)).verdict is True
    [seen] = upstream.seen
    assert b"SECRET" not in seen.body and seen.header("authorization") is None
    assert json.loads(seen.body)["request"]["headers"] == {"user-agent": "ours"}


@both
def test_g9_json_is_read_to_its_last_brace(judged: Judge) -> None:
    text = 'Here: {"user": {"name": "a}", "tags": [{"x": 1}]}, "id": 7} (one {thing}).'
    keys = validate("default.jsonKeys", {"keys": ["user", "id"], "operator": "all"}, "config", CALLER)
    assert judged(keys, answer(text)).verdict is True
    inner = {"type": "object", "required": ["tags"]}
    schema = {"type": "object", "required": ["id"], "properties": {"user": inner}}
    assert judged(validate("default.jsonSchema", {"schema": schema}, "config", CALLER), answer(text)).verdict


@both
@pytest.mark.parametrize("rule", ["(a+)+$", "(a|a)*b", "(.*)*x", "([a-z]+)+[0-9]"])
def test_g12_a_callers_pattern_takes_no_time(judged: Judge, rule: str) -> None:
    began = time.thread_time()
    for id in ("default.regexMatch", "default.regexReplace"):
        judged(validate(id, {"rule": rule}, "config", CALLER), answer("a" * 200_000 + "!"))
    assert time.thread_time() - began < 5
    for odd in (r"(a)\1", "(?=a)"):
        with pytest.raises(ConfigError, match="RE2"):
            validate("default.regexMatch", {"rule": odd}, "config", CALLER)


@both
def test_ssrf_08_and_x8_what_a_caller_or_a_model_names_is_not_asked_inside(
    judged: Judge, upstream: Upstream
) -> None:
    for path in ("/hook", "/log", "/keys", "/page"):
        upstream.script(path, whole({"verdict": True, **SET}))
    where = f"{upstream.url}/hook"
    for id, name in (("webhook", "webhookURL"), ("log", "logURL"), ("jwt", "jwksUri")):
        with pytest.raises(ConfigError, match=r"may be called over https|no host that callers may name"):
            validate(id, {name: where}, "config", CALLER)
        check = validate(id, {name: where}, "config", INSIDE)
        finding = judged(check, subject(CHAT, headers={"authorization": "Bearer x"}))
        assert finding.verdict is None and "no public address" in str(finding.error)
    urls = validate("default.validUrls", {}, "config", OPERATOR)
    assert judged(urls, answer(f"see {upstream.url}/page")).verdict is False
    names = validate("default.validUrls", {"onlyDNS": True}, "config", CALLER)
    assert judged(names, answer("see https://localhost/page")).verdict is False
    assert upstream.connections == 0


@both
def test_what_the_operator_names_may_be_inside(judged: Judge, upstream: Upstream) -> None:
    upstream.script("/hook", whole({"verdict": False, "data": {"why": "no"}}))
    check = validate("default.webhook", {"webhookURL": f"{upstream.url}/hook"}, "config", OPERATOR)
    finding = judged(check, subject(CHAT))
    assert finding.verdict is False and finding.data["responseData"] == {"why": "no"}
    upstream.script("/hook", whole(b"", 307, location=f"{upstream.url}/else"))
    assert "307" in str(judged(check, subject(CHAT)).error)
    upstream.script("/hook", whole(b"x" * (2**20 + 1)))
    assert judged(check, subject(CHAT)).verdict is None
