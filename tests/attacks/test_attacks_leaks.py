"""Secrets in words, and what callers write in logs. Whose key goes where is in `edges/test_leaks.py`."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from asking import Ask, at, edges, everything, fallback

from callers import HELLO, STREAMED, Answer
from players import claude_stream, sse
from recorded import amazon
from upstream import Upstream, chunked, raw, whole

CANARY = "canary/Pq7+Zt2=x9W4-k1Lm8vB3nC6yD5sF0aG"


def logged(caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    """What was logged, traces included."""
    form = logging.Formatter()
    return (form.format(record) for record in caplog.records)


def silent(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    for text in (answer.body.decode("latin-1"), json.dumps(answer.headers), *logged(caplog)):
        for shape in (CANARY, json.dumps(CANARY)[1:-1], quote(CANARY, safe=""), CANARY[:12], CANARY[-8:]):
            assert shape not in text


# ── after the first word ─────────────────────────────────────────────────

QUOTED = f"Incorrect API key provided: {CANARY}"
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "c", "usage": {"input_tokens": 1}}
CLAUDE = claude_stream(
    {**MESSAGE, "content": [{"type": "text", "text": "Hi you"}], "stop_reason": "end_turn"}
)
GEMINI = sse([{"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": "Hi"}]}}]}])
COHERE = sse(
    [
        {"type": "message-start", "id": "c", "delta": {"message": {"role": "assistant"}}},
        {
            "type": "content-start",
            "index": 0,
            "delta": {"message": {"content": {"type": "text", "text": "Hi"}}},
        },
    ]
)
CONVERSE = [
    amazon("messageStart", b'{"role": "assistant"}'),
    amazon("contentBlockDelta", b'{"contentBlockIndex": 0, "delta": {"text": "Hi"}}'),
]
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}\n\n'
MIDWAY: dict[str, tuple[str, list[bytes], dict[str, Any]]] = {
    "anthropic": (
        "/messages",
        [
            *CLAUDE[:3],
            *sse([{"type": "error", "error": {"type": "api_error", "message": QUOTED}}], named=True),
        ],
        {},
    ),
    "google": (
        "/models/m:streamGenerateContent",
        [*GEMINI, *sse([{"error": {"code": 500, "message": QUOTED, "status": "INTERNAL"}}])],
        {},
    ),
    "bedrock": (
        "/model/m/converse-stream",
        [
            *CONVERSE,
            amazon("internalServerException", json.dumps({"message": QUOTED}).encode(), kind="exception"),
        ],
        {"aws_region": "eu-west-1"},
    ),
    "cohere": ("/v2/chat", [*COHERE, *sse([{"id": "x", "message": QUOTED}])], {}),
    "openai": ("/chat/completions", [EVENT, *sse([{"error": {"message": QUOTED, "type": "x"}}])], {}),
}


@edges
@pytest.mark.parametrize("provider", MIDWAY)
def test_leak_06_a_key_that_is_quoted_within_a_stream_is_taken_out(
    asked: Ask, provider: str, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path, pieces, more = MIDWAY[provider]
    kind = "application/vnd.amazon.eventstream" if provider == "bedrock" else "text/event-stream"
    first, *rest = [b"".join(pieces[:-1]), 0.02, pieces[-1]]
    upstream.script(f"/{provider}{path}", chunked([first, *rest], kind=kind))
    answer = asked(
        at(upstream, provider, **{**more, "api_key": CANARY}), {**STREAMED, "model": "m", "max_tokens": 5}
    )
    assert answer.status == 200 and b"Hi" in answer.body, (answer.body, everything(upstream))
    assert b"Incorrect API key provided: [redacted]" in answer.body
    silent(answer, caplog)


@edges
def test_leak_05_no_secret_in_the_headers_of_an_answer(
    asked: Ask, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    """A proxy before the provider may echo what it was sent."""
    caplog.set_level(logging.DEBUG)
    upstream.script(
        "/openai/chat/completions", whole({"id": "x"}, x_request_id=f"r-{CANARY}", openai_echo=CANARY)
    )
    answer = asked(at(upstream, api_key=CANARY))
    assert answer.status == 200
    assert CANARY not in json.dumps(answer.headers)


@edges
@pytest.mark.parametrize("fault", ["refuses", "redirects", "is silent", "babbles"])
def test_x7_a_key_is_in_no_address_and_no_address_in_an_error(
    asked: Ask, fault: str, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    """Google takes keys as `?key=`, too, and errors and logs tell addresses."""
    caplog.set_level(logging.DEBUG)
    path = "/google/models/m:generateContent"
    script = {
        "refuses": whole({"error": {"message": f"bad: {upstream.url}{path}?key={CANARY}"}}, 400),
        "redirects": whole(b"", 302, location="http://elsewhere.test"),
        "is silent": raw(),
        "babbles": raw(b"hello\r\n\r\n"),
    }[fault]
    upstream.script(path, script)
    answer = asked(at(upstream, "google", api_key=CANARY))
    assert answer.status >= 400
    assert [(seen.target, seen.header("x-goog-api-key")) for seen in upstream.seen] == [(path, CANARY)]
    silent(answer, caplog)


# ── what callers write ───────────────────────────────────────────────────

NASTY = "m\r\nERROR forged entry\x1b[31m\u2028\x00"


@edges
@pytest.mark.parametrize("fault", ["well", "down", "a bug of the host's"])
def test_log_01_no_caller_writes_a_line_of_the_log(
    asked: Ask, fault: str, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream.script("/openai/chat/completions", whole({"id": "x"}) if fault == "well" else raw())

    def fails() -> str:
        raise RuntimeError("a bug")

    config = at(upstream, **({"api_key": fails} if fault.startswith("a bug") else {}))
    body = {**HELLO, "model": NASTY, "user": NASTY, "metadata": {"a": NASTY}}
    headers = {"x-gateway-metadata": json.dumps({"user": NASTY}), "user-agent": "x\x1b[31mforged"}
    answer = asked(fallback(config, config), body, headers)
    assert answer.status == {"well": 200, "down": 502}.get(fault, 500)
    for name, value in answer.headers.items():
        assert value.isprintable(), name
    for record in caplog.records:
        assert "forged" not in record.getMessage(), record
        assert record.getMessage().isprintable() or record.name != "gatewaymw"
    if fault.startswith("a bug"):
        assert any(record.name == "gatewaymw" for record in caplog.records)
