"""Whose key goes where, byte by byte, and what is told of it: the LEAK tests, at both edges."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from counted import EDGES, FINE, Counted, Edge, bytes_of

from callers import HELLO, STREAMED, Answer
from gatewaymw import Facts, Gateway

edges = pytest.mark.parametrize("edge", EDGES.values(), ids=list(EDGES))
CANARY = "sk-canary-7Hq2Zt9xW4k1Lm8vB3nC6yD5"
FIRST, SECOND = "sk-first-of-the-operator", "sk-second-of-the-operator"
CALLER = {
    "authorization": f"Bearer {CANARY}",
    "x-api-key": f"{CANARY}x",
    "api-key": f"{CANARY}y",
    "cookie": "sessionid=s3ss10n; csrftoken=c00k1e",
    "x-csrftoken": "t0k3n",
    "referer": "https://host.test/private",
    "x-forwarded-for": "10.9.8.7",
}
PRIVATE = (CANARY, "sk-canary", "s3ss10n", "c00k1e", "t0k3n", "private", "10.9.8.7", "x-gateway", "x-portkey")
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [], "usage": {}}


def by_service(request: httpx.Request) -> httpx.Response:
    """OpenAI is down, Anthropic is not."""
    if request.url.host == "api.openai.com":
        return httpx.Response(500, json={"error": {"message": "down"}})
    return httpx.Response(200, json=MESSAGE)


def fallback(*targets: dict[str, Any]) -> dict[str, Any]:
    return {"strategy": {"mode": "fallback"}, "targets": list(targets)}


OPENAI: dict[str, Any] = {"provider": "openai"}
CLAUDE: dict[str, Any] = {"provider": "anthropic", "override_params": {"max_tokens": 5}}


@edges
def test_leak_01_no_byte_of_the_caller_or_of_the_first_target_reaches_the_second(edge: Edge) -> None:
    upstream = Counted(by_service)
    config = fallback({**OPENAI, "api_key": FIRST}, {**CLAUDE, "api_key": SECOND})
    headers = {**CALLER, "x-gateway-metadata": '{"user": "u1"}', "openai-organization": "org-first"}
    answer = edge.ask(edge.app(upstream, config, auth="public"), headers=headers)
    assert answer.status == 200
    one, two = upstream.seen
    assert (one.url.host, two.url.host) == ("api.openai.com", "api.anthropic.com")
    assert (one.headers["authorization"], two.headers["x-api-key"]) == (f"Bearer {FIRST}", SECOND)
    for word in PRIVATE:
        assert word.encode() not in bytes_of(one) + bytes_of(two)
    assert FIRST.encode() not in bytes_of(two)
    assert b"org-first" not in bytes_of(two)
    assert SECOND.encode() not in bytes_of(one)


@edges
@pytest.mark.parametrize("mode", ["fallback", "loadbalance"])
def test_leak_01_the_callers_key_goes_nowhere_where_it_could_be_anybodys(edge: Edge, mode: str) -> None:
    upstream = Counted(by_service)
    config = {"strategy": {"mode": mode}, "targets": [OPENAI, CLAUDE]}
    answer = edge.ask(edge.app(upstream), headers={**CALLER, "x-gateway-config": json.dumps(config)})
    assert (answer.status, answer.error["code"], upstream.seen) == (401, "missing_credentials", [])


@edges
def test_leak_02_a_target_without_a_key_fails_here(edge: Edge) -> None:
    upstream = Counted(by_service)
    config = fallback({**OPENAI, "api_key": FIRST}, CLAUDE)
    answer = edge.ask(edge.app(upstream, config, auth="public"), headers=CALLER)
    assert (answer.status, answer.error["code"]) == (401, "missing_credentials")
    assert "config.targets[1]" in answer.error["message"]
    assert [sent.url.host for sent in upstream.seen] == ["api.openai.com"]
    assert CANARY.encode() not in bytes_of(upstream.seen[0])


@edges
@pytest.mark.parametrize("path", ["/v1/responses", "/v1/files/f1"])
def test_leak_03_on_a_proxied_path_the_targets_key_wins(edge: Edge, path: str) -> None:
    upstream = Counted()
    app = edge.app(upstream, configs={"house": {**OPENAI, "api_key": FIRST}}, auth="public")
    answer = edge.ask(app, path, HELLO, {**CALLER, "x-portkey-config": "house"})
    assert (answer.status, answer.json) == (200, FINE)
    [sent] = upstream.seen
    assert sent.headers.get_list("authorization") == [f"Bearer {FIRST}"]
    assert [word for word in PRIVATE if word.encode() in bytes_of(sent)] == []


@edges
def test_a_key_of_the_callers_reaches_its_own_service_only_as_its_key(edge: Edge) -> None:
    upstream = Counted()
    headers = {"authorization": f"Bearer {CANARY}", "x-gateway-provider": "openai", "cookie": "a=s3ss10n"}
    assert edge.ask(edge.app(upstream), headers=headers).status == 200
    assert bytes_of(upstream.seen[0]).count(CANARY.encode()) == 1


# ── words ────────────────────────────────────────────────────────────────


class Bug(Exception):
    """A host's own mistake, with a secret at hand when it is made."""


def quoting(request: httpx.Request) -> httpx.Response:
    told = {"message": f"Incorrect API key provided: {CANARY}", "code": "invalid_api_key", "key": [CANARY]}
    return httpx.Response(401, json={"error": told}, headers={"x-request-id": "req-1"})


def quoting_in_words(request: httpx.Request) -> httpx.Response:
    return httpx.Response(403, text=f"who is {CANARY}?")


def quoting_in_an_event(request: httpx.Request) -> httpx.Response:
    event = {"error": {"message": f"no: {CANARY}", "type": "authentication_error"}}
    body = f"data: {json.dumps(event)}\n\n"
    return httpx.Response(200, text=body, headers={"content-type": "text/event-stream"})


def times_out(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout(f"took too long with {CANARY}", request=request)


def is_not_there(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError(f"refused {CANARY}", request=request)


def babbles(request: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError(f"illegal line {CANARY}", request=request)


FAULTS = [quoting, quoting_in_words, quoting_in_an_event, times_out, is_not_there, babbles]


def of_a_function() -> str:
    return CANARY


async def of_a_coroutine() -> str:
    return CANARY


SOURCES = ["literal", "file", of_a_function, of_a_coroutine]


def source_of(kind: Any, folder: Path) -> Any:
    if kind != "file":
        return CANARY if kind == "literal" else kind
    file = folder / "key"
    file.write_text(CANARY + "\n")
    return f"file:{file}"


def logged(caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    form = logging.Formatter()
    return (form.format(record) for record in caplog.records)


def silent(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    for text in (answer.body.decode(), json.dumps(answer.headers), *logged(caplog)):
        assert CANARY not in text
        assert CANARY[:12] not in text
        assert CANARY[-8:] not in text


@edges
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("kind", SOURCES, ids=lambda kind: getattr(kind, "__name__", kind))
def test_leak_05_and_06_no_fault_tells_a_key(
    edge: Edge, fault: Any, kind: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream = Counted(fault)
    keys = {"house": {**OPENAI, "api_key": source_of(kind, tmp_path)}}
    app = edge.app(upstream, {"virtual_key": "house"}, virtual_keys=keys, auth="public")
    body = STREAMED if fault is quoting_in_an_event else HELLO
    answer = edge.ask(app, body=body)
    assert answer.status >= 400
    assert [sent.headers["authorization"] for sent in upstream.seen] == [f"Bearer {CANARY}"]
    silent(answer, caplog)


@edges
def test_leak_06_nor_that_which_the_caller_brought(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    headers = {"authorization": f"Bearer {CANARY}", "x-gateway-provider": "openai"}
    answer = edge.ask(edge.app(Counted(quoting)), headers=headers)
    assert (answer.status, answer.headers["x-request-id"]) == (401, "req-1")
    assert answer.error["message"] == "Incorrect API key provided: [redacted]"
    silent(answer, caplog)


@edges
def test_leak_05_a_transform_that_refuses_tells_no_key(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    upstream = Counted()
    body = {"model": "claude", "messages": [{"role": "user", "content": [{"type": "unheard-of"}]}]}
    answer = edge.ask(edge.app(upstream, {**CLAUDE, "api_key": CANARY}, auth="public"), body=body)
    assert (answer.status, upstream.seen) == (400, [])
    assert answer.error["param"].startswith("messages[0].content[0]")
    silent(answer, caplog)


def fails_with_it() -> str:
    secret = CANARY
    raise Bug(f"of {len(secret)} characters")


def unsendable() -> str:
    return CANARY + "\n\x00"


def outside_latin() -> str:
    return CANARY + "€"


@edges
@pytest.mark.parametrize(("fetch", "status"), [(fails_with_it, 500), (unsendable, 401), (outside_latin, 401)])
def test_leak_05_a_function_with_a_bug_tells_no_key(
    edge: Edge, fetch: Any, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream = Counted()
    answer = edge.ask(edge.app(upstream, {**OPENAI, "api_key": fetch}, auth="public"))
    assert (answer.status, upstream.seen) == (status, [])
    silent(answer, caplog)


@edges
def test_leak_05_an_authoriser_with_a_bug_tells_no_key(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def auth(facts: Facts) -> Any:
        raise Bug(repr(facts))  # which is what a host would log

    upstream = Counted()
    answer = edge.ask(edge.app(upstream, {**OPENAI, "api_key": CANARY}, auth=auth), headers=CALLER)
    assert (answer.status, answer.error["code"], upstream.seen) == (500, "internal_error", [])
    silent(answer, caplog)


def test_leak_05_a_bug_that_comes_out_of_an_sdk_tells_no_key() -> None:
    gateway = Gateway({**OPENAI, "api_key": fails_with_it, "aws_session_token": CANARY}, auth="public")
    with (
        httpx.Client(transport=gateway.sdk_transport(family="httpx")) as client,
        pytest.raises(Bug) as caught,
    ):
        client.post("http://x/v1/chat/completions", json=HELLO)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in repr(gateway) + repr(gateway.chooser) + repr(gateway.chooser.own)


# ── answers ──────────────────────────────────────────────────────────────

TOLD = {
    "x-request-id": "req-1",
    "x-ratelimit-remaining-requests": "9",
    "anthropic-ratelimit-tokens-limit": "7",
    "ratelimit-reset": "1",
    "openai-processing-ms": "12",
    "retry-after": "3",
}
HUSHED = {
    "set-cookie": "a=b",
    "server": "cloudflare",
    "strict-transport-security": "max-age=1",
    "access-control-allow-origin": "*",
    "access-control-allow-credentials": "true",
    "alt-svc": "h3",
    "connection": "x-hop",
    "x-hop": "1",
    "keep-alive": "timeout=5",
    "www-authenticate": "Bearer",
    "location": "http://evil.test",
    "x-gateway-trace-id": "evil",
    "x-gateway-ratelimit-limit": "evil",
    "x-odd": "a\x01b",
}


@edges
@pytest.mark.parametrize("status", [200, 429])
def test_hdr_02_and_03_of_an_answers_headers_only_these_are_relayed(edge: Edge, status: int) -> None:
    upstream = Counted(lambda request: httpx.Response(status, json=FINE, headers={**TOLD, **HUSHED}))
    app = edge.app(upstream, {**OPENAI, "api_key": FIRST}, auth="public")
    answer = edge.ask(app, headers={"x-gateway-trace-id": "mine"})
    assert answer.status == status
    assert {name: answer.headers[name] for name in TOLD} == TOLD
    ours = {"content-type", "content-length", "cache-control"}
    assert {name for name in answer.headers if not name.startswith("x-gateway-")} == ours | TOLD.keys()
    assert answer.headers["x-gateway-trace-id"] == "mine" and "evil" not in answer.headers.values()
