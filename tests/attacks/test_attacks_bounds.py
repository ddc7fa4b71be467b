"""Exhaustion: bodies, depths, bombs, drips and patterns that are made to cost more than they say."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from asking import Ask, at, edges, fallback

from callers import HELLO, STREAMED
from players import sse
from recorded import amazon
from upstream import Again, Script, Upstream, chunked, head, raw, whole

CHAT = "/openai/chat/completions"
JSON = {"content-type": "application/json"}
OWN = {"authorization": "Bearer sk-of-the-caller"}
MiB = 2**20
SOON = 20.0
"""Seconds within which what is refused is refused, on a machine that is busy."""


def soon(call: Callable[[], Any]) -> Any:
    began = time.monotonic()
    answer = call()
    assert time.monotonic() - began < SOON
    return answer


# ── what callers send ────────────────────────────────────────────────────


@edges
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/audio/transcriptions"])
def test_dos_01_a_body_has_a_limit_on_every_path(asked: Ask, path: str, upstream: Upstream) -> None:
    told = {"x-gateway-config": "house", "content-type": "multipart/form-data; boundary=b"}
    answer = asked(None, b"x" * 5000, told, path, configs={"house": at(upstream)}, max_body=4999)
    assert (answer.status, answer.error["code"], upstream.seen) == (413, "body_too_large", [])


BODIES: dict[str, bytes] = {
    "depth of 1000": b'{"model": "m", "messages": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    "depth of 100000": b'{"model": "m", "messages": ' + b"[" * 100_000,
    "objects within objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "1e999": b'{"model": "m", "messages": [], "temperature": 1e999}',
    "NaN": b'{"model": "m", "messages": [], "temperature": NaN}',
    "-Infinity": b'{"model": "m", "messages": [], "temperature": -Infinity}',
    "a number of 5000 digits": b'{"model": "m", "messages": [], "seed": ' + b"9" * 5000 + b"}",
    "no UTF-8": b'{"model": "\xff", "messages": []}',
    "a tail": b'{"model": "m", "messages": []} {"model": "n"}',
    "open": b'{"model": "m", "messages": [',
}


@edges
@pytest.mark.parametrize("what", BODIES)
def test_dos_03_a_body_that_is_made_to_hurt_is_refused(asked: Ask, what: str, upstream: Upstream) -> None:
    answer = soon(lambda: asked(at(upstream), BODIES[what], JSON))
    assert (answer.status, answer.error["code"], upstream.seen) == (400, "invalid_json", []), answer.body


WIDE: dict[str, Any] = {
    "20000 keys": {**HELLO, "metadata": {str(number): "x" for number in range(20_000)}},
    "20000 messages": {"model": "m", "messages": [{"role": "user", "content": "x"}] * 20_000},
    "half a pair in a name": {**HELLO, "model": "gpt\ud83d"},
    "a long name": {**HELLO, "model": "m" * 70_000},
    "half a pair in words": {"model": "m", "messages": [{"role": "user", "content": "\ud800"}]},
    "depth of 800": {**HELLO, "tools": "DEEP"},
}
SCHEMA = '{"properties":{"a":' * 400 + "{}" + "}}" * 400
DEEP = f'[{{"type": "function", "function": {{"name": "f", "strict": true, "parameters": {SCHEMA}}}}}]'


@edges
@pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "bedrock", "cohere"])
@pytest.mark.parametrize("what", WIDE)
def test_dos_03_what_is_wide_is_no_error_of_ours(
    asked: Ask, what: str, provider: str, upstream: Upstream
) -> None:
    """It is the provider's to judge, or refused: in neither case does it fail inside, or take long."""
    body = json.dumps({**WIDE[what], "max_tokens": 5}).replace('"DEEP"', DEEP).encode()
    answer = soon(lambda: asked(at(upstream, provider, aws_region="eu-west-1"), body, JSON))
    assert answer.status in (400, 404), answer.body[:300]
    assert answer.status == 400 or len(upstream.seen) == 1


def several(*targets: Any, mode: str = "fallback") -> dict[str, Any]:
    return {"strategy": {"mode": mode}, "targets": list(targets)}


def nested(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"provider": "openai"}
    for _ in range(levels):
        node = {"targets": [node]}
    return node


ONE = {"provider": "openai"}
CONFIGS: dict[str, tuple[Any, str]] = {
    "long": ('{"provider": "' + "x" * 65_536 + '"}', "x-gateway-config"),
    "nested": (nested(17), "config" + ".targets[0]" * 16),
    "nested past reading": ('{"targets":[' * 5000, "x-gateway-config"),
    "65 targets": (several(*[ONE] * 65), "config"),
    "65 targets in two": (several(several(*[ONE] * 33), several(*[ONE] * 32)), "config"),
    "attempts": ({**ONE, "retry": {"attempts": 1_000_000}}, "config.retry.attempts"),
    "a pause": ({**ONE, "retry": {"attempts": 1, "base": 1e12}}, "config.retry.base"),
    "a negative weight": (
        several(ONE, {**ONE, "weight": -1}, mode="loadbalance"),
        "config.targets[1].weight",
    ),
    "no weight at all": (several({**ONE, "weight": 0}, mode="loadbalance"), "config.targets"),
    "NaN": ('{"strategy":{"mode":"loadbalance"},"targets":[{"provider":"openai","weight":NaN}]}', ""),
    "1e999": ('{"strategy":{"mode":"loadbalance"},"targets":[{"provider":"openai","weight":1e999}]}', ""),
    "no targets": (several(), "config.targets"),
    "a timeout": ({**ONE, "request_timeout": -1}, "config.request_timeout"),
}


@edges
@pytest.mark.parametrize("what", CONFIGS)
def test_dos_04_a_config_that_is_made_to_hurt_is_refused_by_its_field(
    asked: Ask, what: str, upstream: Upstream
) -> None:
    config, param = CONFIGS[what]
    text = config if isinstance(config, str) else json.dumps(config)
    answer = soon(lambda: asked(None, headers={**OWN, "x-gateway-config": text}))
    assert answer.status == 400, answer.body
    assert answer.error["param"] and answer.error["param"].startswith(param), answer.body


@edges
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_dos_06_a_compressed_request_is_not_unpacked(
    asked: Ask, coding: str, path: str, upstream: Upstream
) -> None:
    bomb = gzip.compress(b" " * MiB)
    told = {**JSON, "content-encoding": coding, "x-gateway-config": "house"}
    answer = asked(None, bomb, told, path, configs={"house": at(upstream)})
    assert (answer.status, answer.error["code"], upstream.seen) == (415, "unsupported_encoding", [])


PART = b'--b\r\nContent-Disposition: form-data; name="%d"\r\n\r\nx\r\n'
FORMS: dict[str, tuple[str, bytes]] = {
    "a boundary of a mebibyte": ("b" * MiB, b""),
    "no boundary": ("", b"--\r\n"),
    "ten thousand parts": ("b", b"".join(PART % number for number in range(10_000)) + b"--b--\r\n"),
    "a head of a mebibyte": ("b", b"--b\r\nX: " + b"y" * MiB + b"\r\n\r\nx\r\n--b--\r\n"),
    "a head without end": ("b", b"--b\r\n" + b"X: y\r\n" * 10_000),
    "no end": ("b", PART % 1 + b"y" * 1000),
    "nearly boundaries": ("b", PART % 1 + b"\r\n--" * 50_000),
    "line ends": ("b", b"\r" * MiB),
}


@edges
@pytest.mark.parametrize("what", FORMS)
def test_dos_12_a_form_that_is_made_to_hurt_is_refused(asked: Ask, what: str, upstream: Upstream) -> None:
    boundary, body = FORMS[what]
    told = {"content-type": f"multipart/form-data; boundary={boundary}"}
    answer = soon(lambda: asked(at(upstream), body, told, "/v1/audio/transcriptions"))
    assert (answer.status, answer.error["code"], upstream.seen) == (400, "invalid_form", []), answer.body


# ── what providers send ──────────────────────────────────────────────────

ZEROS = b"\x00" * MiB
BOMBS: dict[str, tuple[str, bytes]] = {
    "gzip": ("gzip", gzip.compress(ZEROS * 16)),
    "gzip within gzip": ("gzip, gzip", gzip.compress(gzip.compress(ZEROS * 16))),
    "deflate": ("deflate", zlib.compress(ZEROS * 16)),
    "br": ("br", b"\xcf\xff\xff\xff\xff" * 10),
    "zstd": ("zstd", b"\x28\xb5\x2f\xfd" + b"\x00" * 10),
}


@edges
@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("body", [HELLO, STREAMED], ids=["whole", "stream"])
def test_dos_05_a_compressed_answer_is_not_unpacked(
    asked: Ask, bomb: str, body: Any, upstream: Upstream
) -> None:
    coding, data = BOMBS[bomb]
    upstream.script(CHAT, whole(data, content_encoding=coding))
    answer = soon(lambda: asked(at(upstream), body))
    assert (answer.status, answer.error["code"]) == (502, "upstream_encoding")
    assert upstream.seen[0].header("accept-encoding") == "identity"


@edges
def test_dos_05_nor_is_an_answer_read_that_is_too_long(asked: Ask, upstream: Upstream) -> None:
    said = head(200, [("content-type", "application/json"), ("content-length", str(10**12))])
    upstream.script(CHAT, Script(Again(lambda: iter([said, *[b" " * MiB] * 80])), "stall"))
    answer = asked(at(upstream))
    assert (answer.status, answer.error["code"]) == (502, "upstream_too_large")
    assert upstream.seen[0].sent < 75 * MiB


def message_start() -> bytes:
    message = {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [], "usage": {}}
    [start] = sse([{"type": "message_start", "message": message}], named=True)
    return start


TEXT = sse(
    [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
    ],
    named=True,
)


@edges
def test_dos_07_an_event_without_end_is_given_up(asked: Ask, upstream: Upstream) -> None:
    pieces = [message_start(), *TEXT, b"data: ", *[b"x" * MiB] * 64]
    upstream.script("/anthropic/messages", chunked(pieces, "stall"))
    answer = asked(at(upstream, "anthropic"), {**STREAMED, "max_tokens": 5})
    assert answer.status == 200 and answer.body.endswith(b"data: [DONE]\n\n")
    assert b'"code":"upstream_stream_invalid"' in answer.body and len(answer.body) < 4000
    assert upstream.seen[0].sent < 32 * MiB


@edges
@pytest.mark.parametrize("length", [0, 15, 2**32 - 1])
def test_dos_08_a_frame_whose_length_lies_is_an_error(asked: Ask, length: int, upstream: Upstream) -> None:
    said = amazon("messageStart", b'{"role": "assistant"}')
    text = amazon("contentBlockDelta", b'{"contentBlockIndex": 0, "delta": {"text": "Hi"}}')
    prelude = length.to_bytes(4, "big") + (0).to_bytes(4, "big")
    lie = prelude + zlib.crc32(prelude).to_bytes(4, "big") + b"\x00" * 64
    kind = "application/vnd.amazon.eventstream"
    upstream.script("/bedrock/model/m/converse-stream", chunked([said + text, 0.5, lie], "stall", kind=kind))
    target = at(upstream, "bedrock", aws_region="eu-west-1")
    answer = soon(lambda: asked(target, {**STREAMED, "model": "m"}))
    assert answer.status == 200 and b'"Hi"' in answer.body
    assert b'"code":"upstream_stream_invalid"' in answer.body


@edges
@pytest.mark.parametrize(
    "phase", ["head", "body", "body by drops", "first event", "after the first event", "events by drops"]
)
def test_dos_09_an_upstream_that_drips_or_stalls_meets_its_time(
    asked: Ask, phase: str, upstream: Upstream
) -> None:
    drip: list[bytes | float] = [step for _ in range(400) for step in (b"x", 0.05)]
    keep: list[bytes | float] = [step for _ in range(400) for step in (b": wait\n\n", 0.05)]
    event = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
    scripts = {
        "head": (raw(b"HTTP/1.1 200 OK\r\nx: ", *drip), HELLO),
        "body": (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{", ending="stall"), HELLO),
        "body by drops": (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{", *drip), HELLO),
        "first event": (chunked(keep), STREAMED),
        "events by drops": (chunked([event, *([0.05, event] * 400)]), STREAMED),
        "after the first event": (chunked([event], "stall"), STREAMED),
    }
    script, body = scripts[phase]
    upstream.script(CHAT, script)
    answer = soon(lambda: asked(at(upstream), body, total_timeout=1.2))
    if phase in ("after the first event", "events by drops"):
        assert (
            answer.status == 200 and b'"error"' in answer.body and answer.body.endswith(b"data: [DONE]\n\n")
        )
    else:
        assert answer.status in (408, 504), answer.body


# ── patterns ─────────────────────────────────────────────────────────────


@edges
def test_dos_10_a_callers_pattern_takes_no_time(asked: Ask, upstream: Upstream) -> None:
    conditions = [{"query": {"metadata.plan": {"$regex": "(a+)+$"}}, "then": "a"}]
    config = {
        "strategy": {"mode": "conditional", "conditions": conditions, "default": "b"},
        "targets": [
            {"provider": "mock", "name": name, "override_params": {"model": "mock-echo"}} for name in "ab"
        ],
    }
    headers = {
        "x-gateway-config": json.dumps(config),
        "x-gateway-metadata": json.dumps({"plan": "a" * 60_000 + "!"}),
    }
    answer = soon(lambda: asked(None, headers=headers))
    assert answer.headers["x-gateway-last-used-option-index"] == "config.targets[1]"


@edges
def test_dos_05_a_bomb_is_fallen_back_from(asked: Ask, upstream: Upstream) -> None:
    upstream.script(CHAT, whole(gzip.compress(ZEROS), content_encoding="gzip"))
    upstream.script("/groq/chat/completions", whole({"id": "x"}))
    assert asked(fallback(at(upstream), at(upstream, "groq"))).status == 200
