"""The twins do the same: each scenario runs on asyncio, on trio and in a thread, over real sockets.

What the client gets and what the upstream is sent must be equal, byte by byte.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import anyio
import pytest

from callers import HELLO, PATH, STREAMED, body_of, kind_of
from gatewaymw import Facts, Gateway
from gatewaymw.core.routing.pipeline import Broken
from gatewaymw.core.routing.reply import Live
from gatewaymw.core.values import Env
from gatewaymw.inbound import Inbound
from upstream import Script, Upstream, chunked, closed_port, listening, raw, whole

WAYS = ("asyncio", "trio", "thread")
OK = whole({"id": "x", "object": "chat.completion", "choices": []})
BROKEN = b"<the body was cut off>"


def said(text: str, **more: Any) -> bytes:
    return (
        b'data: {"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}\n\n' % text.encode()
    )


ROLE = b'data: {"choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]}\n\n'
STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
ERROR = b'data: {"error":{"message":"busy","type":"overloaded_error","code":"overloaded"}}\n\n'
GOOD = (ROLE, said("Hel"), said("lo"), STOP, DONE)


@dataclass
class Scene:
    """A config, what the upstream answers at each path, and what is expected of the answer."""

    scripts: Mapping[str, Sequence[Script]]
    config: Callable[[str], Any] = field(default=lambda url: at(url))
    body: Any = field(default_factory=lambda: HELLO)
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = PATH
    method: str = "POST"
    status: int = 200
    calls: int = 1
    holds: bytes = b""
    """A part of the body the client gets."""
    options: Mapping[str, Any] = field(default_factory=dict)


def at(url: str, **more: Any) -> dict[str, Any]:
    return {"provider": "openai", "api_key": "sk-of-the-house", "custom_host": f"{url}/a", **more}


RETRY = {"retry": {"attempts": 2, "base": 1, "cap": 2}}
CHAT = "/a/chat/completions"
OTHER = "/b/chat/completions"


def chat(*answers: Script) -> dict[str, Sequence[Script]]:
    return {CHAT: answers}


def fallback(url: str) -> dict[str, Any]:
    return {"strategy": {"mode": "fallback"}, "targets": [at(url, **RETRY), at(url, custom_host=f"{url}/b")]}


def nested(url: str) -> dict[str, Any]:
    """A condition chooses a load balance, whose second half is a fallback, whose first target is retried."""
    balance = {
        "name": "pro",
        "strategy": {"mode": "loadbalance"},
        "targets": [at(url, custom_host=f"{url}/never", weight=1), {**fallback(url), "weight": 1}],
    }
    return {
        "strategy": {
            "mode": "conditional",
            "conditions": [{"query": {"metadata.plan": {"$eq": "pro"}}, "then": "pro"}],
            "default": "plain",
        },
        "targets": [at(url, name="plain", custom_host=f"{url}/plain"), balance],
    }


FORM = (
    b'--B\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
    b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\nRIFF\r\n--B--\r\n"
)
ANTHROPIC = b"".join(
    b"event: %b\ndata: %b\n\n" % (data.split(b'"')[3], data)
    for data in (
        b'{"type":"message_start","message":{"id":"msg_1","model":"claude","usage":{"input_tokens":1,"output_tokens":1}}}',
        b'{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
        b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}',
        b'{"type":"content_block_stop","index":0}',
        b'{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}',
        b'{"type":"message_stop"}',
    )
)
HALF = b'data: {"choices":[{"index":0,"delta":{"content":"half'


def claude(url: str) -> dict[str, Any]:
    return at(url, provider="anthropic")


STREAMS: dict[str, Scene] = {
    "stream": Scene(chat(chunked(GOOD)), holds=DONE),
    "stream in slices": Scene(chat(chunked([b"".join(GOOD)[i : i + 1] for i in range(len(b"".join(GOOD)))]))),
    "stream cut at once": Scene(chat(chunked([], "close")), status=502),
    "stream cut after a role": Scene(chat(chunked([ROLE], "close"), chunked(GOOD)), calls=1, status=502),
    "stream cut after content": Scene(chat(chunked(GOOD[:2], "close")), holds=b'"upstream_broken"'),
    "stream cut within an event": Scene(chat(chunked([*GOOD[:2], HALF], "close")), holds=b"upstream_broken"),
    "stream reset after content": Scene(chat(chunked(GOOD[:2], "reset")), holds=b"upstream_broken"),
    "stream ends clean, too soon": Scene(chat(chunked(GOOD[:3])), holds=b"upstream_stream_incomplete"),
    "stream ends clean, at once": Scene(chat(chunked([])), status=502),
    "stream without its last words": Scene(chat(chunked(GOOD[:4])), holds=DONE),
    "stream malformed first": Scene(chat(chunked([HALF + b"\n\n"])), status=502),
    "stream malformed later": Scene(chat(chunked([*GOOD[:2], 0.5, HALF + b"\n\n"])), holds=b"be read"),
    "error event first": Scene(chat(chunked([ERROR])), status=503, holds=b"busy"),
    "error event first, then well": Scene(
        chat(chunked([ROLE, ERROR]), chunked(GOOD)), lambda url: at(url, **RETRY), calls=2, holds=DONE
    ),
    "error event after content": Scene(chat(chunked([*GOOD[:2], 0.5, ERROR])), holds=b"busy"),
    "stream of HTML": Scene(
        chat(whole(b"<html><title>Oh</title>", kind="text/html")), status=502, holds=b"Oh"
    ),
    "stream of JSON": Scene(chat(whole({"error": {"message": "no"}})), status=502, holds=b"no"),
    "stream refused": Scene(chat(whole({"error": {"message": "slow down"}}, 429)), status=429),
    "stream silent before it says anything": Scene(
        chat(chunked([ROLE], "stall")), lambda url: at(url, request_timeout=1000), status=504
    ),
    "stream silent for longer than its head may take": Scene(
        chat(chunked([*GOOD[:2], 1.2, *GOOD[2:]])), lambda url: at(url, request_timeout=1000), holds=DONE
    ),
    "stream silent for ever": Scene(
        chat(chunked(GOOD[:2], "stall")), options={"total_timeout": 1.0}, holds=b"upstream_timeout"
    ),
    "stream with early commit": Scene(
        chat(chunked([ROLE, ERROR])), lambda url: at(url, commit="headers", **RETRY), holds=b"busy"
    ),
    "translated": Scene({"/a/messages": [chunked([ANTHROPIC])]}, claude, holds=DONE),
    "translated, byte by byte": Scene(
        {"/a/messages": [chunked([ANTHROPIC[i : i + 1] for i in range(len(ANTHROPIC))])]}, claude, holds=DONE
    ),
    "translated and cut": Scene(
        {"/a/messages": [chunked([ANTHROPIC[:-60]], "close")]}, claude, holds=b"upstream_broken"
    ),
    "nested, streamed": Scene(
        {CHAT: [whole({}, 500), chunked([ERROR]), chunked([])], OTHER: [chunked(GOOD)]},
        nested,
        headers={"x-gateway-metadata": '{"plan": "pro"}'},
        calls=4,
        holds=DONE,
    ),
}
for scene in STREAMS.values():
    scene.body = STREAMED

WHOLE: dict[str, Scene] = {
    "ok": Scene(chat(OK), holds=b'"id": "x"'),
    "ok in chunks": Scene(chat(chunked([b'{"a": ', b"1}"], kind="application/json")), holds=b'{"a": 1}'),
    "ok until the end of the connection": Scene(
        chat(raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{}")), holds=b"{}"
    ),
    "ok after early hints": Scene(chat(raw(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", *OK.steps))),
    "429 and then well": Scene(
        chat(whole({}, 429, retry_after="0.02"), OK),
        lambda url: at(url, retry={"attempts": 1, "use_retry_after_header": True}),
        calls=2,
    ),
    "429 in milliseconds": Scene(
        chat(whole({}, 429, retry_after_ms="15"), OK),
        lambda url: at(url, retry={"attempts": 1, "use_retry_after_header": True}),
        calls=2,
    ),
    "429 for too long": Scene(
        chat(whole({"error": {"message": "wait"}}, 429, retry_after="61")),
        lambda url: at(url, retry={"attempts": 1, "use_retry_after_header": True}),
        status=429,
        holds=b"wait",
    ),
    "500 for ever": Scene(chat(whole({}, 500)), lambda url: at(url, **RETRY), status=500, calls=3),
    "400 is not tried again": Scene(chat(whole({}, 400)), lambda url: at(url, **RETRY), status=400),
    "no answer": Scene(chat(raw(ending="stall")), lambda url: at(url, request_timeout=1000), status=408),
    "half a head": Scene(
        chat(raw(b"HTTP/1.1 200 OK\r\ncontent-", ending="stall")),
        lambda url: at(url, request_timeout=1000),
        status=408,
    ),
    "a head that drips": Scene(
        chat(raw(b"HTTP/1.1 200 OK\r\nx: ", *(0.05, b"y") * 20, ending="stall")),
        lambda url: at(url, request_timeout=1000),
        status=408,
    ),
    "half a body": Scene(
        chat(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")), status=502, holds=b"upstream_broken"
    ),
    "half a body, then silence": Scene(
        chat(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", ending="stall")),
        options={"total_timeout": 1.0},
        status=408,
    ),
    "refused": Scene({}, lambda url: at(closed_port()), status=502, calls=0, holds=b"upstream_unreachable"),
    "refused and fallen back": Scene(
        {OTHER: [OK]},
        lambda url: {
            "strategy": {"mode": "fallback"},
            "targets": [at(closed_port()), at(url, custom_host=f"{url}/b")],
        },
    ),
    "no such name": Scene({}, lambda url: at("http://nowhere.invalid"), status=502, calls=0),
    "accepted and closed": Scene(chat(raw()), status=502, holds=b"upstream_broken"),
    "reset": Scene(chat(raw(ending="reset")), status=502, holds=b"upstream_broken"),
    "reset and tried again": Scene(chat(raw(ending="reset"), OK), lambda url: at(url, **RETRY), calls=2),
    "no HTTP": Scene(chat(raw(b"SSH-2.0-OpenSSH\r\n\r\n")), status=502, holds=b"upstream_protocol"),
    "a head too long": Scene(
        chat(raw(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000)), status=502, holds=b"upstream_protocol"
    ),
    "a bad chunk": Scene(
        chat(raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")),
        status=502,
        holds=b"upstream_protocol",
    ),
    "TLS that is never answered": Scene(
        {"TLS": [raw(ending="stall")]},
        lambda url: at(url.replace("http:", "https:"), request_timeout=1000),
        status=408,
        calls=0,
    ),
    "no TLS": Scene(
        {},
        lambda url: at(url.replace("http:", "https:")),
        status=502,
        calls=0,
        holds=b"upstream_tls",
    ),
    "redirect": Scene(
        chat(whole(b"", 302, location="http://127.0.0.1:1/")), status=502, holds=b"upstream_redirect"
    ),
    "HTML": Scene(chat(whole(b"<html>", kind="text/html")), status=502, holds=b"upstream_invalid_response"),
    "nothing": Scene(chat(whole(b"")), status=502),
    "204": Scene(chat(raw(b"HTTP/1.1 204 No Content\r\n\r\n")), status=502),
    "compressed": Scene(
        chat(whole(b"\x1f\x8b", content_encoding="gzip")), status=502, holds=b"upstream_encoding"
    ),
    "error in HTML": Scene(
        chat(whole(b"<html><title>Gone</title>", 503, "text/html")), status=503, holds=b"Gone"
    ),
    "answered before all was sent": Scene(
        chat(raw(head413 := b"HTTP/1.1 413 Large\r\ncontent-length: 2\r\n\r\n{}", ending="close")),
        body={**HELLO, "user": "x" * 3_000_000},
        status=413,
    ),
    "headers that are no text": Scene(
        chat(raw(b"HTTP/1.1 200 OK\r\nx-request-id: a\x01b\r\nopenai-v: \xe9\r\ncontent-length: 2\r\n\r\n{}"))
    ),
    "form": Scene(
        {"/a/audio/transcriptions": [whole({"text": "hi"})]},
        path="/v1/audio/transcriptions",
        body=FORM,
        headers={"content-type": "multipart/form-data; boundary=B"},
        holds=b"hi",
    ),
    "form with overrides": Scene(
        {"/a/audio/transcriptions": [whole({"text": "hi"})]},
        lambda url: at(url, override_params={"language": "de", "model": "other"}),
        path="/v1/audio/transcriptions",
        body=FORM,
        headers={"content-type": "multipart/form-data; boundary=B"},
    ),
    "speech": Scene(
        {"/a/audio/speech": [chunked([b"RI", b"FF"], kind="audio/wav")]},
        path="/v1/audio/speech",
        body={"model": "tts", "input": "x", "voice": "y"},
        holds=b"RIFF",
    ),
    "speech cut off": Scene(
        {"/a/audio/speech": [chunked([b"RI"], "close", kind="audio/wav")]},
        path="/v1/audio/speech",
        body={"model": "tts", "input": "x", "voice": "y"},
        holds=BROKEN,
    ),
    "models": Scene({"/a/models": [whole({"data": []})]}, path="/v1/models", method="GET", body=b""),
    "proxied": Scene(
        {"/a/files/f1": [raw(b"HTTP/1.1 204 No Content\r\n\r\n")]},
        path="/v1/files/f1",
        method="DELETE",
        body=b"",
        headers={"x-gateway-config": "house"},
        status=204,
    ),
    "fallback": Scene({CHAT: [whole({}, 500)], OTHER: [OK]}, fallback, calls=4),
    "nested": Scene(
        {CHAT: [whole({}, 500), raw(), whole({}, 503)], OTHER: [OK]},
        nested,
        headers={"x-gateway-metadata": '{"plan": "pro"}'},
        calls=4,
    ),
    "nested, by default": Scene({"/plain/chat/completions": [OK]}, nested),
    "refused before any call": Scene({}, body={"model": "m"}, status=400, calls=0, holds=b"messages"),
}


@dataclass
class Result:
    """All that is compared."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    sent: list[tuple[str, str, list[tuple[str, str]], bytes]]


def env() -> Env:
    """Dice and ids that fall the same each time: the second half of a load balance, short waits."""
    ids = count(1)
    return Env(random=lambda: 0.6, now=time.monotonic, clock=lambda: 1e9, new_id=lambda: f"id{next(ids):022}")


def play(scene: Scene, upstream: Upstream, way: str) -> Result:
    for path, answers in scene.scripts.items():
        upstream.script(path, *answers)
    upstream.seen.clear()
    config = scene.config(upstream.url)
    gateway = Gateway(config, configs={"house": config}, auth="public", env=env(), **scene.options)
    match = gateway.match(scene.method, scene.path, scene.headers)
    assert match
    headers = {**kind_of(scene.body), **scene.headers}
    facts = Facts(scene.method, scene.path, headers, {})
    inbound = Inbound(match, facts, body=body_of(scene.body))
    if way == "thread":
        status, told, body = blocking(gateway, inbound)
    else:
        status, told, body = anyio.run(evented, gateway, inbound, backend=way)
    sent = [(seen.method, seen.target, without_ports(seen.headers), seen.body) for seen in upstream.seen]
    return Result(status, told, body, sent)


def without_ports(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name != "host"]


def blocking(gateway: Gateway, inbound: Inbound) -> tuple[int, Any, bytes]:
    with gateway.sync_driver() as driver:
        served = driver.run(gateway.serve(inbound))
        body = served.reply.body
        if isinstance(served.reply, Live):
            body = b""
            try:
                for piece in driver.pour(served.reply):
                    body += piece
            except Broken:
                body += BROKEN
    gateway.close()
    return served.reply.status, served.headers, body


async def evented(gateway: Gateway, inbound: Inbound) -> tuple[int, Any, bytes]:
    async with gateway.driver() as driver:
        served = await driver.run(gateway.serve(inbound))
        body = served.reply.body
        if isinstance(served.reply, Live):
            body = b""
            try:
                async for piece in driver.pour(served.reply):
                    body += piece
            except Broken:
                body += BROKEN
    await gateway.aclose()
    return served.reply.status, served.headers, body


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """What is imported by the first request of a kind takes longer than some requests here may."""
    with listening() as upstream:
        for way in WAYS:
            play(Scene(chat(OK)), upstream, way)


@pytest.mark.parametrize("name", [*WHOLE, *STREAMS])
def test_the_twins_agree(name: str, upstream: Upstream) -> None:
    scene = {**WHOLE, **STREAMS}[name]
    first, *others = [play(scene, upstream, way) for way in WAYS]
    for way, other in zip(WAYS[1:], others, strict=True):
        assert other == first, way
    assert (first.status, len(first.sent)) == (scene.status, scene.calls), first
    assert scene.holds in first.body
