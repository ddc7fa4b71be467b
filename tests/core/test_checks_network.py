"""Checks that ask others: addresses in texts, webhooks, listeners, and whoever signs tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from checked import Around, asked, found, prepared, subject, told

from gatewaymw.core import json
from gatewaymw.core.checks.asking import harmless
from gatewaymw.core.checks.lookups import addresses, place
from gatewaymw.core.values import Answer, Failure

A, B = "https://a.example/", "https://b.example/x"
OK = Answer(200)


def test_addresses_are_found_as_they_are_written() -> None:
    said = f'See {A}, ({B}?q=1), <{A}> and "http://c.example/é"! Not ftp://d or https://.'
    assert addresses(said) == [A, f"{B}?q=1", "http://c.example/é", "https://"]


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://A.example", "https://a.example/"),
        ("https://a.example?q=1", "https://a.example/?q=1"),
        ("https://a.example/é#top", "https://a.example/%C3%A9"),
        ("https://a.example:8443/%20", "https://a.example:8443/%20"),
        ("https://user@a.example/", None),
        ("https://[::1]/", None),
        ("https://é.example/", None),
        ("https://", None),
        ("https://a.example/\ud800", "https://a.example/?"),
        ("https://a.example/" + "x" * 2048, None),
    ],
)
def test_an_address_is_sent_as_two_readers_read_it_alike(url: str, sent: str | None) -> None:
    where = place(url)
    assert (where and where.url) == sent


URLS: list[tuple[dict[str, Any], str, Mapping[str, Any], bool]] = [
    ({}, f"{A} {B}", {A: OK, B: OK}, True),
    ({}, f"{A} {B}", {A: OK, B: Answer(404)}, False),
    ({"not": True}, f"{A} {B}", {A: OK, B: Answer(404)}, True),
    ({"not": True}, A, {A: OK}, False),
    ({}, A, {}, False),
    ({}, A, {A: Failure("refused")}, False),
    ({}, "no address", {}, False),
    ({"not": True}, "no address", {}, False),
    ({}, "https://user@a.example/", {}, False),
    ({}, A, {A: Answer(301, {"location": "/x"}), A + "x": OK}, True),
    ({}, A, {A: Answer(302, {"location": B}), B: OK}, True),
    ({}, A, {A: Answer(302, {"location": "file:///etc/passwd"})}, False),
    ({}, A, {A: Answer(302, {"location": "https://[x"})}, False),
    ({}, A, {A: Answer(302)}, False),
    ({}, A, {A: Answer(302, {"location": A})}, False),
]


@pytest.mark.parametrize("number", range(len(URLS)))
def test_addresses_lead_somewhere(number: int) -> None:
    parameters, text, answers, verdict = URLS[number]
    around = Around(answers)
    assert found("validUrls", parameters, text, around=around).verdict is verdict
    for request in around.sent:
        assert request.guarded and request.method == "HEAD" and request.timeout == 3
        assert not request.body and request.headers.keys() == {"user-agent", "accept"}


@pytest.mark.parametrize(
    ("there", "verdict"),
    [(("93.184.215.14",), True), (("10.0.0.1",), False), ((), False), (("10.0.0.1", "2600::"), True)],
)
def test_names_have_public_addresses(there: tuple[str, ...], verdict: bool) -> None:
    around = Around(names={"a.example": there})
    assert found("validUrls", {"onlyDNS": True}, f"{A} https://A.example/y", around=around).verdict is verdict
    assert not around.sent


def test_only_so_many_addresses_are_asked() -> None:
    around = Around()
    finding = found("validUrls", {}, " ".join(f"{A}{n}" for n in range(33)), around=around)
    assert (finding.verdict, around.sent) == (None, []) and "32" in str(finding.error)


# ── webhooks and listeners ───────────────────────────────────────────────

HOOK = "https://hook.example/judge?team=1"
CLIENT = {
    "authorization": "Bearer sk-secret",
    "cookie": "sid=secret",
    "x-api-key": "secret",
    "x-gateway-config": '{"api_key": "secret"}',
    "x-gateway-metadata": "{}",
    "x-goog-api-key": "secret",
    "user-agent": "ours",
    "accept-language": "de",
}
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
ABOUT: dict[str, Any] = {"headers": CLIENT, "request": BODY, "metadata": {"u": "1"}, "provider": "openai"}


def test_a_webhook_is_told_what_is_inspected_and_no_header() -> None:
    around = Around([told({"verdict": True, "data": {"score": 1}})])
    given = {"webhookURL": HOOK, "headers": {"X-Mine": "1"}, "timeout": 500}
    finding = found("webhook", given, kind="input", body=BODY, around=around, **ABOUT)
    assert finding.verdict is True and finding.data["responseData"] == {"score": 1}
    [request] = around.sent
    assert (request.method, request.url, request.timeout, request.guarded) == ("POST", HOOK, 0.5, True)
    assert request.headers == {"user-agent": "gatewaymw", "x-mine": "1", "content-type": "application/json"}
    assert json.loads(request.body) == {
        "request": {"json": BODY, "text": "hi", "isStreamingRequest": False, "isTransformed": False},
        "response": {"json": {}, "text": "", "statusCode": None, "isTransformed": False},
        "provider": "openai",
        "requestType": "chatComplete",
        "metadata": {"u": "1"},
        "eventType": "beforeRequestHook",
    }


def test_a_webhook_is_told_of_an_answer() -> None:
    around = Around([told({"verdict": False})])
    finding = found("webhook", {"webhookURL": HOOK}, "answer", status=200, around=around, **ABOUT)
    said = json.loads(around.sent[0].body)
    assert finding.verdict is False and said["eventType"] == "afterRequestHook"
    assert said["response"]["text"] == "answer" and said["response"]["statusCode"] == 200
    assert said["request"]["text"] == "hi" and around.sent[0].timeout == 3


NEW = {"request": {"json": {"a": 1}}, "response": {"json": {"b": 2}}}


@pytest.mark.parametrize(
    ("kind", "more", "body"),
    [
        ("input", NEW, {"a": 1}),
        ("output", NEW, {"b": 2}),
        ("output", {"request": {"json": {"a": 1}}}, None),
        ("output", {"response": {"json": None}}, None),
        ("input", {"request": "x"}, None),
        ("input", {"request": {"json": {}}}, None),
    ],
)
def test_a_webhook_may_change_the_body_that_is_inspected(kind: Any, more: Any, body: Any) -> None:
    around = Around([told({"verdict": True, "transformedData": more})])
    assert found("webhook", {"webhookURL": HOOK}, "x", kind=kind, around=around).body == body


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Failure("timeout"), "took too long"),
        (Failure("refused"), "no public address"),
        (told({"verdict": True}, 500), "answered 500"),
        (Answer(302, {"location": A}), "answered 302"),
        (told({"verdict": "yes"}), "no JSON with a verdict"),
        (told([True]), "no JSON with a verdict"),
        (Answer(200, body=b"<html>"), "no JSON with a verdict"),
    ],
)
def test_a_webhook_that_says_nothing_is_an_error(outcome: Any, words: str) -> None:
    finding = found("webhook", {"webhookURL": HOOK}, "x", around=Around([outcome]))
    assert words in str(finding.error) and "hook.example" not in str(finding)


def test_g8_a_listener_is_told_no_credential() -> None:
    around = Around([Answer(204)])
    given = {"logURL": HOOK, "headers": '{"authorization": "Bearer mine"}'}
    assert found("log", given, "answer", around=around, **ABOUT).verdict is True
    [request] = around.sent
    assert b"secret" not in request.body and request.headers["authorization"] == "Bearer mine"
    assert json.loads(request.body)["request"]["headers"] == {"user-agent": "ours", "accept-language": "de"}
    assert found("log", given, "x", around=Around([Answer(500)])).error == "the listener answered 500"


@pytest.mark.parametrize(
    "name",
    "Authorization Proxy-Authorization Cookie Set-Cookie X-Api-Key api-key x-functions-key"
    " Ocp-Apim-Subscription-Key x-auth-request-access-token x-csrf-token X-Amz-Security-Token"
    " cf-access-jwt-assertion x-session-id"
    " x-portkey-api-key x-forwarded-client-cert x-client-secret x-hub-signature-256 x-password".split(),
)
def test_headers_that_could_pass_for_the_client_are_left_out(name: str) -> None:
    assert harmless({name: "x", "traceparent": "y"}) == {"traceparent": "y"}


# ── tokens ───────────────────────────────────────────────────────────────

KEYS = "https://issuer.example/keys"
NOW = 1_000_000.0
SOUND = {"iat": NOW - 60, "exp": NOW + 60, "nbf": NOW - 60, "iss": "me", "aud": ["you", "them"]}


def bearing(
    claims: Any, given: Mapping[str, Any] | None = None, header: str = "Bearer t.o.k", **more: Any
) -> Any:
    around = Around([Answer(200, body=b"keys")], verify=lambda *asked: {"claims": claims}, time=NOW)
    check = prepared("jwt", {"jwksUri": KEYS, **(given or {})})
    return asked(check, subject("x", "input", headers={"authorization": "Bearer t.o.k"}), around)


@pytest.mark.parametrize(
    ("claims", "given", "verdict"),
    [
        ({}, {}, True),
        ({"exp": NOW - 4}, {}, True),
        ({"exp": NOW - 5}, {}, False),
        ({"exp": NOW - 5}, {"clockTolerance": 10}, True),
        ({"exp": None}, {}, False),
        ({"exp": True}, {}, False),
        ({"exp": 10**400}, {}, False),
        ({"nbf": NOW + 6}, {}, False),
        ({"iat": NOW + 6}, {}, False),
        ({"iat": NOW - 90_000, "exp": NOW + 9}, {}, False),
        ({"iat": NOW - 90_000, "exp": NOW + 9}, {"maxTokenAge": "2 days"}, True),
        ({"iat": NOW - 90_000}, {"maxTokenAge": 100_000}, True),
        ({"iat": NOW - 100}, {"maxTokenAge": "1.5m"}, False),
        ({}, {"issuer": ["me", "other"]}, True),
        ({}, {"issuer": "other"}, False),
        ({"iss": ["me"]}, {"issuer": "me"}, False),
        ({}, {"audience": "you"}, True),
        ({}, {"audience": "me, us"}, False),
        ({"aud": "you"}, {"audience": "you"}, True),
        ({"aud": {}}, {"audience": "you"}, False),
        ({"aud": None}, {"audience": "you"}, False),
    ],
)
def test_g7_a_token_is_in_its_time_and_of_and_for_whom_it_says(
    claims: Any, given: Any, verdict: bool
) -> None:
    assert bearing({**SOUND, **claims}, given).verdict is verdict


def test_a_token_without_times_has_no_end_but_must_say_when_it_began() -> None:
    assert bearing({"iat": NOW}).verdict is True
    assert "iat" in bearing({"exp": NOW + 9}).data["explanation"]


@pytest.mark.parametrize("header", ["", "Bearer", "bearer  ", "Bearer " + "x" * 20_000])
def test_what_is_no_token_is_denied_without_asking(header: str) -> None:
    around = Around()
    for headers in ({"authorization": header}, {}):
        finding = asked(prepared("jwt", {"jwksUri": KEYS}), subject("x", headers=headers), around)
        assert finding.verdict is False
    assert not around.sent


def test_g7_the_header_is_found_whatever_its_capitals() -> None:
    check = prepared("jwt", {"jwksUri": KEYS, "headerKey": "X-Token"})
    seen = []
    around = Around([Answer(200, body=b"k")], verify=lambda *a: seen.append(a) or {"claims": SOUND}, time=NOW)
    assert asked(check, subject("x", headers={"x-token": "t"}), around).verdict is True
    assert seen[0][:2] == ("t", b"k") and "HS256" not in seen[0][2]


def test_g7_a_key_set_is_fetched_once_and_again_for_a_new_key_but_not_for_everybody() -> None:
    known = {b"old": {}, b"new": {"claims": SOUND}}
    around = Around(
        [Answer(200, body=b"old"), Answer(200, body=b"new")], verify=lambda t, keys, a: known[keys], time=NOW
    )
    check = prepared("jwt", {"jwksUri": KEYS, "cacheMaxAge": 600})
    about = subject("x", headers={"authorization": "Bearer t"})
    assert asked(check, about, around).verdict is False
    assert asked(check, about, around).verdict is False
    assert len(around.sent) == 1 and around.sent[0].guarded and not around.sent[0].body
    assert sorted(around.kept.values()) == [60, 600]
    [fresh] = [key for key, seconds in around.kept.items() if seconds == 60]
    del around.store[fresh]
    assert asked(check, about, around).verdict is True
    assert asked(check, about, around).verdict is True
    assert len(around.sent) == 2


def test_a_key_set_that_cannot_be_had_is_an_error_and_not_kept() -> None:
    check, about = prepared("jwt", {"jwksUri": KEYS}), subject("x", headers={"authorization": "t"})
    down = Around([Failure("connect")])
    assert "could not be reached" in str(asked(check, about, down).error) and not down.store
    odd = Around([Answer(200, body=b"<html>")], verify=lambda *a: {"unable": "the key set cannot be read"})
    assert "cannot be read" in str(asked(check, about, odd).error) and not odd.store
    forged = Around([Answer(200, body=b"k")], verify=lambda *a: {"error": "the token is none"})
    assert asked(check, about, forged).data["explanation"] == "the token is none" and forged.store
