"""Where the original's retries and timeouts go wrong (T1…T9), and what is done here, at both edges."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from asking import KEY, Ask, at, by_wsgi, edges, sent_to

from callers import HELLO, PATH, STREAMED
from upstream import Script, Upstream, chunked, raw, whole

CHAT = "/openai/chat/completions"
OK = whole({"id": "x", "choices": []})
AGAIN = {"attempts": 3, "base": 1, "cap": 1}


@edges
def test_t1_tries_and_pauses_have_a_limit(asked: Ask, upstream: Upstream) -> None:
    for retry, param in (({"attempts": 6}, "attempts"), ({"attempts": 1, "cap": 60_001}, "cap")):
        config = {"provider": "openai", "retry": retry}
        told = {"x-gateway-config": json.dumps(config), "authorization": "Bearer sk-x"}
        assert asked(None, headers=told).error["param"] == f"config.retry.{param}"
    upstream.script(CHAT, whole({"error": {"message": "no"}}, 500))
    began = time.monotonic()
    assert asked(at(upstream, retry={"attempts": 5, "base": 10, "cap": 20})).status == 500
    assert len(upstream.seen) == 6 and time.monotonic() - began < 20


@edges
@pytest.mark.parametrize(("codes", "calls"), [([], 1), ([429], 1), ([502], 4), (None, 4)])
def test_t2_a_broken_connection_is_a_status_like_any_other(
    asked: Ask, codes: Any, calls: int, upstream: Upstream
) -> None:
    upstream.script(CHAT, raw(ending="reset"))
    retry = AGAIN if codes is None else {**AGAIN, "on_status_codes": codes}
    assert asked(at(upstream, retry=retry)).status == 502
    assert len(upstream.seen) == calls


@edges
@pytest.mark.parametrize("status", [429, 503])
def test_t3_and_t4_a_wait_of_nothing_is_none(asked: Ask, status: int, upstream: Upstream) -> None:
    """Against a pause of half a minute, which is what a wait that is not believed would come to."""
    busy = whole({"error": {"message": "busy"}}, status, retry_after="0")
    upstream.script(CHAT, busy, OK)
    retry = {"attempts": 1, "base": 60_000, "cap": 60_000, "use_retry_after_header": True}
    began = time.monotonic()
    assert asked(at(upstream, retry=retry)).status == 200
    assert time.monotonic() - began < 20 and len(upstream.seen) == 2


EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
PHASES: dict[str, tuple[Script, Any, dict[str, Any], Any]] = {
    "to the head, of the target": (raw(ending="stall"), HELLO, {"request_timeout": 100}, {}),
    "to the first event, of the target": (
        chunked([b": wait\n\n"], "stall"),
        STREAMED,
        {"request_timeout": 100},
        {},
    ),
    "of all, to the head": (raw(ending="stall"), HELLO, {}, {"total_timeout": 0.1}),
    "of all, within a body": (
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", ending="stall"),
        *(HELLO, {}, {"total_timeout": 0.1}),
    ),
}


@edges
@pytest.mark.parametrize("phase", PHASES)
def test_t6_each_phase_has_its_time(asked: Ask, phase: str, upstream: Upstream) -> None:
    script, body, target, options = PHASES[phase]
    upstream.script(CHAT, script)
    began = time.monotonic()
    answer = asked(at(upstream, **target), body, **options)
    assert answer.status in (408, 504) and time.monotonic() - began < 20
    assert answer.error["code"] in ("timeout", "upstream_timeout")


@edges
def test_t6_a_time_to_the_head_does_not_end_a_stream_that_goes_on(asked: Ask, upstream: Upstream) -> None:
    done = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    upstream.script(CHAT, chunked([EVENT, 0.7, EVENT, 0.7, done]))
    answer = asked(at(upstream, request_timeout=1200), STREAMED)
    assert answer.body == EVENT * 2 + done


BYTES = bytes(range(256)) * 40


@edges
@pytest.mark.parametrize("status", [200, 201, 202, 203, 206, 226])
def test_t7_bytes_are_not_touched(asked: Ask, status: int, upstream: Upstream) -> None:
    upstream.script("/openai/files/f1/content", whole(BYTES, status, "application/pdf"))
    told = {"x-gateway-config": "house"}
    answer = asked(None, b"", told, "/v1/files/f1/content", method="GET", configs={"house": at(upstream)})
    assert (answer.status, answer.body) == (status, BYTES)
    assert answer.headers["content-type"] == "application/pdf"


@edges
def test_t7_an_answer_without_a_body_has_none(asked: Ask, upstream: Upstream) -> None:
    upstream.script("/openai/files/f1", raw(b"HTTP/1.1 204 No Content\r\n\r\n"))
    told = {"x-gateway-config": "house"}
    answer = asked(None, b"", told, "/v1/files/f1", method="DELETE", configs={"house": at(upstream)})
    assert (answer.status, answer.body) == (204, b"")


def test_t8_where_nothing_is_said_there_is_a_time_all_the_same() -> None:
    times: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        times.append(request.extensions["timeout"]["read"])
        return httpx.Response(200, json={"id": "x", "choices": []})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        for more in ({}, {"request_timeout": 1000}):
            by_wsgi({"provider": "openai", "api_key": KEY, **more}, http_client=client)
    assert 0 < times[0] <= 600 and 0 < times[1] <= 1


SOUND = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--b--\r\n'
FORM = {"content-type": "multipart/form-data; boundary=b"}
CALLS: dict[str, tuple[str, str, Any, Any]] = {
    "chat": (PATH, "POST", HELLO, {}),
    "embeddings": ("/v1/embeddings", "POST", {"model": "m", "input": "x"}, {}),
    "speech": ("/v1/audio/speech", "POST", {"model": "m", "input": "x", "voice": "v"}, {}),
    "transcriptions": ("/v1/audio/transcriptions", "POST", SOUND, FORM),
    "models": ("/v1/models", "GET", b"", {}),
    "a file": ("/v1/files", "POST", SOUND, FORM),
    "a batch": ("/v1/batches/b1/output", "GET", b"", {}),
}


@edges
@pytest.mark.parametrize("what", CALLS)
def test_t9_every_path_is_tried_again_and_has_its_time(asked: Ask, what: str, upstream: Upstream) -> None:
    path, method, body, told = CALLS[what]
    there = f"/openai{path[3:]}"
    upstream.script(there, raw(), raw(ending="stall"), whole({"id": "x"}))
    retry = {"attempts": 2, "base": 1, "cap": 1, "on_status_codes": [502, 408, 504]}
    house = at(upstream, retry=retry, request_timeout=1000)
    headers = {**told, "x-gateway-config": "house"}
    answer = asked(None, body, headers, path, method=method, configs={"house": house})
    assert (answer.status, answer.headers["x-gateway-retry-attempt-count"]) == (200, "2")
    assert sent_to(upstream) == [there] * 3
