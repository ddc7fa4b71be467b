"""Headers: what goes up, what comes down, and none that ends its line or contradicts another."""

from __future__ import annotations

import json

import pytest
from asking import KEY, Ask, at, edges, everything, fallback

from callers import HELLO, STREAMED
from upstream import Script, Upstream, chunked, raw, whole

CHAT = "/openai/chat/completions"
OK = whole({"id": "x"})
DONE = chunked([b'data: {"choices":[{"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n'])
JSON = {"content-type": "application/json"}
HOP = {
    "connection": "close, X-Secret",
    "keep-alive": "timeout=5",
    "te": "trailers",
    "trailer": "x-late",
    "transfer-encoding": "chunked",
    "upgrade": "h2c",
    "proxy-authorization": "Basic eA==",
    "proxy-connection": "keep-alive",
    "expect": "100-continue",
    "host": "evil.test",
    "x-forwarded-for": "10.0.0.1",
    "forwarded": "for=10.0.0.1",
    "cookie": "sessionid=s3ss10n",
    "x-csrftoken": "t0k3n",
    "authorization": "Bearer sk-of-the-caller",
    "x-secret": "1",
    "x-kept": "2",
}


@edges
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_hdr_01_and_x4_only_what_is_allowed_goes_up(asked: Ask, path: str, upstream: Upstream) -> None:
    """On proxied paths too, where the original copies all of them."""
    upstream.script(f"/openai{path[3:]}", OK)
    house = at(upstream, forward_headers=["x-secret", "x-kept"])
    headers = {**HOP, "x-gateway-config": "house"}
    assert asked(None, HELLO, headers, path, configs={"house": house}).status == 200
    names = [name for name, _ in upstream.seen[0].headers]
    assert sorted(names) == sorted(
        ["host", "user-agent", "accept-encoding", "content-type", "content-length", "authorization", "x-kept"]
    )
    seen = upstream.seen[0]
    assert seen.header("host") == upstream.url.removeprefix("http://")
    assert seen.header("content-length") == str(len(seen.body)) == str(len(json.dumps(HELLO)))
    assert seen.header("authorization") == f"Bearer {KEY}"
    assert not any(
        word in everything(upstream) for word in ("s3ss10n", "t0k3n", "sk-of-the-caller", "10.0.0.1")
    )


@edges
@pytest.mark.parametrize("length", ["1", "5", "999", "0"])
def test_hdr_01_a_length_that_lies_is_not_passed_on(asked: Ask, length: str, upstream: Upstream) -> None:
    """A second request hidden in the body of the first: what is sent is measured, whatever was said of it."""
    upstream.script(CHAT, OK)
    hidden = json.dumps(HELLO).encode() + b"POST /openai/evil HTTP/1.1\r\nhost: x\r\n\r\n"
    answer = asked(at(upstream), hidden, {**JSON, "content-length": length})
    assert answer.status == 400, answer.body
    body = json.dumps({**HELLO, "user": "POST /openai/evil HTTP/1.1\r\n\r\n"}).encode()
    told = {
        "content-type": "application/json",
        "transfer-encoding": "chunked",
        "content-length": str(len(body)),
    }
    assert asked(at(upstream), body, told).status == 200
    [seen] = upstream.seen
    assert (seen.body, seen.header("transfer-encoding")) == (body, None)


@edges
@pytest.mark.parametrize(
    "name", ["Authorization", "cookie", "x-api-key", "api-key", "host", "connection", "transfer-encoding"]
)
def test_x5_a_credential_or_a_hop_is_never_forwarded(asked: Ask, name: str, upstream: Upstream) -> None:
    headers = {"authorization": "Bearer sk-of-the-caller", "x-gateway-forward-headers": f"x-ok, {name}"}
    answer = asked(at(upstream), headers=headers)
    assert (answer.status, answer.error["param"]) == (400, "x-gateway-forward-headers[1]")
    config = {"provider": "openai", "forward_headers": ["x-ok", name]}
    answer = asked(None, headers={**headers, "x-gateway-config": json.dumps(config)})
    assert (answer.status, upstream.connections) == (400, 0)


@edges
def test_x11_a_host_of_its_own_and_forwarded_headers_go_together(asked: Ask, upstream: Upstream) -> None:
    """In the original the first such request ended the process; here one after the other is answered."""
    upstream.script(CHAT, OK)
    upstream.script("/groq/chat/completions", DONE)
    body = {**STREAMED, "stream_options": {"include_usage": True}}
    for target, sent in ((at(upstream), HELLO), (at(upstream, "groq"), body), (at(upstream), HELLO)):
        answer = asked({**target, "forward_headers": ["x-ok"]}, sent, {"x-ok": "1"})
        assert answer.status == 200, answer.body
    assert [seen.header("x-ok") for seen in upstream.seen] == ["1"] * 3


# ── down ─────────────────────────────────────────────────────────────────

NOISE = [
    "Set-Cookie: a=b",
    "Server: nginx",
    "Alt-Svc: h3",
    "Strict-Transport-Security: max-age=1",
    "Access-Control-Allow-Origin: *",
    "Connection: keep-alive, x-hop",
    "Keep-Alive: timeout=5",
    "X-Hop: 1",
    "Trailer: x",
    "Upgrade: h2c",
    "Proxy-Authenticate: Basic",
    "WWW-Authenticate: Bearer",
    "Content-Security-Policy: none",
    "X-Gateway-Provider: evil",
    "X-Portkey-Trace-Id: evil",
    "Location: http://evil.test",
    "X-Request-Id: req-1",
    "X-Should-Retry: true",
]


@edges
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_hdr_02_and_x6_only_what_is_allowed_comes_down(asked: Ask, path: str, upstream: Upstream) -> None:
    head = "\r\n".join(["HTTP/1.1 200 OK", "content-type: application/json", "content-length: 2", *NOISE])
    upstream.script(f"/openai{path[3:]}", raw(head.encode() + b"\r\n\r\n{}"))
    headers = {"x-portkey-trace-id": "mine", "x-portkey-config": "house"}
    answer = asked(None, HELLO, headers, path, configs={"house": at(upstream)})
    assert answer.status == 200
    kept = {name for name in answer.headers if not name.startswith("x-portkey-")}
    assert kept - {"content-length", "x-accel-buffering"} == {
        *("content-type", "cache-control", "x-request-id", "x-should-retry"),
    }
    assert answer.headers["x-portkey-trace-id"] == "mine"
    assert answer.headers["x-portkey-provider"] == "openai"


@edges
@pytest.mark.parametrize("bad", ["a\x01b", "a\x7fb", "a\tb\x02", "a\x85b", "a\u00ad"])
def test_hdr_03_control_characters_of_an_upstream_are_dropped(
    asked: Ask, bad: str, upstream: Upstream
) -> None:
    head = f"HTTP/1.1 200 OK\r\nx-request-id: {bad}\r\ncontent-length: 2\r\n\r\n{{}}"
    upstream.script(CHAT, raw(head.encode("latin-1")))
    answer = asked(at(upstream))
    assert answer.headers.get("x-request-id") is None
    assert answer.status in (200, 502)


@edges
@pytest.mark.parametrize("bad", [b"a\rset-cookie: evil=1", b"a\x00", b"a\nset-cookie: evil=1"])
def test_hdr_03_no_header_of_an_upstream_becomes_two(asked: Ask, bad: bytes, upstream: Upstream) -> None:
    upstream.script(
        CHAT, raw(b"HTTP/1.1 200 OK\r\nx-request-id: " + bad + b"\r\ncontent-length: 2\r\n\r\n{}")
    )
    answer = asked(at(upstream))
    assert "set-cookie" not in answer.headers
    assert "\n" not in str(answer.headers.values()) and b"evil" not in answer.body


@edges
@pytest.mark.parametrize("name", ["x-gateway-trace-id", "x-gateway-metadata", "x-gateway-config", "x-kept"])
def test_hdr_03_control_characters_of_a_caller_are_refused(asked: Ask, name: str, upstream: Upstream) -> None:
    config = at(upstream, forward_headers=["x-kept"])
    answer = asked(config, headers={name: '{"a": "b\r\nx-evil: 1"}'})
    assert (answer.status, answer.error["param"], upstream.seen) == (400, name, [])


@edges
@pytest.mark.parametrize("where", ["openai_organization", "openai_project", "api_key"])
def test_hdr_03_nor_may_a_config_hold_them(asked: Ask, where: str, upstream: Upstream) -> None:
    config = {"provider": "openai", where: "a\r\nx-evil: 1"}
    answer = asked(None, headers={"x-gateway-config": json.dumps(config)})
    assert (answer.status, answer.error["param"]) == (400, f"config.{where}")


@edges
@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "x-unknown"])
def test_hdr_04_a_compressed_answer_is_refused(asked: Ask, coding: str, upstream: Upstream) -> None:
    upstream.script(CHAT, whole(b"\x1f\x8b\x08", content_encoding=coding))
    answer = asked(at(upstream))
    assert (answer.status, answer.error["code"]) == (502, "upstream_encoding")
    assert "content-encoding" not in answer.headers
    assert upstream.seen[0].header("accept-encoding") == "identity"


@edges
def test_hdr_05_many_long_and_double_headers(asked: Ask, upstream: Upstream) -> None:
    double = (
        b"content-type: application/json\r\ncontent-type: text/html\r\nx-request-id: 1\r\nx-request-id: 2\r\n"
    )
    upstream.script(CHAT, raw(b"HTTP/1.1 200 OK\r\n" + double + b"content-length: 2\r\n\r\n{}"))
    headers = {f"x-{number}": "y" for number in range(200)} | {"x-long": "z" * 65_536}
    answer = asked(at(upstream), headers=headers)
    assert (answer.headers["content-type"], answer.headers["x-request-id"]) == ("application/json", "1")
    assert "zzz" not in everything(upstream)


LONG: dict[str, tuple[dict[str, str], str]] = {
    "a config": ({"x-gateway-config": '{"provider": "' + "x" * 65_536 + '"}'}, "x-gateway-config"),
    "a trace id": ({"x-gateway-trace-id": "x" * 257}, "x-gateway-trace-id"),
    "a list": ({"x-gateway-forward-headers": ",".join(["x-a"] * 33)}, "x-gateway-forward-headers"),
    "a timeout": ({"x-gateway-request-timeout": "9" * 65_536}, "x-gateway-request-timeout"),
    "depth": ({"x-gateway-metadata": "[" * 65_536}, "x-gateway-metadata"),
    "a number": ({"x-gateway-metadata": '{"a": ' + "9" * 65_000 + "}"}, "x-gateway-metadata"),
}


@edges
@pytest.mark.parametrize("what", LONG)
def test_hdr_05_each_of_ours_has_a_limit(asked: Ask, what: str, upstream: Upstream) -> None:
    headers, param = LONG[what]
    answer = asked(at(upstream), headers=headers)
    assert (answer.status, answer.error["param"], upstream.seen) == (400, param, [])


HUGE = "HTTP/1.1 200 OK\r\n{}content-length: 2\r\n\r\n{{}}"
HEADS: dict[str, Script] = {
    "a long one": raw(HUGE.format(f"x-long: {'z' * 200_000}\r\n").encode()),
    "many": raw(HUGE.format("".join(f"x-{number}: y\r\n" for number in range(20_000))).encode()),
    "without end": raw(b"HTTP/1.1 200 OK\r\nx-long: " + b"z" * 2**21, ending="stall"),
}


@edges
@pytest.mark.parametrize("what", HEADS)
def test_hdr_05_an_upstreams_head_has_a_limit_too(asked: Ask, what: str, upstream: Upstream) -> None:
    upstream.script(CHAT, HEADS[what])
    answer = asked(fallback(at(upstream), {"provider": "mock", "override_params": {"model": "mock-echo"}}))
    assert (answer.status, answer.headers["x-gateway-provider"]) == (200, "mock")
