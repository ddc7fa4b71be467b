"""Where the original's streams go wrong (S1…S15), and what is done here instead, at both edges."""

from __future__ import annotations

import json
import time
from math import inf
from typing import Any

import pytest
from asking import Ask, at, edges, fallback

from callers import STREAMED, Answer, environ, nothing_wsgi, open_wsgi
from gatewaymw import WSGIGateway
from players import claude_stream, cohere_stream, converse_stream, gemini_stream, openai_stream, sse
from recorded import amazon
from upstream import Upstream, chunked

TEXT = "Hi there"
DONE = b"data: [DONE]\n\n"
AWS = "application/vnd.amazon.eventstream"
BODY = {**STREAMED, "model": "m", "max_tokens": 5}
CLAUDE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "c",
    "content": [{"type": "text", "text": TEXT}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 5, "output_tokens": 1},
}
PARTS = [{"text": "Hi "}, {"text": "there"}]
CANDIDATE = {"content": {"role": "model", "parts": PARTS}, "finishReason": "STOP", "index": 0}
GEMINI = {
    "candidates": [CANDIDATE],
    "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 12},
    "modelVersion": "gemini",
    "responseId": "resp_1",
}
CONVERSE = {
    "output": {"message": {"role": "assistant", "content": [{"text": TEXT}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12},
}
COHERE = {
    "id": "co_1",
    "message": {"role": "assistant", "content": [{"type": "text", "text": TEXT}]},
    "finish_reason": "COMPLETE",
    "usage": {"tokens": {"input_tokens": 5, "output_tokens": 7}},
}
CHOICE = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
STREAMS: dict[str, tuple[str, list[bytes]]] = {
    "openai": ("/chat/completions", openai_stream({"id": "chat_1", "choices": [CHOICE]})),
    "mistral-ai": ("/chat/completions", openai_stream({"id": "chat_2", "choices": [CHOICE]})),
    "anthropic": ("/messages", claude_stream(CLAUDE)),
    "google": ("/models/m:streamGenerateContent", gemini_stream(GEMINI)),
    "bedrock": ("/model/m/converse-stream", converse_stream(CONVERSE)),
    "cohere": ("/v2/chat", cohere_stream(COHERE)),
}
IDS = {"openai": "chat_1", "mistral-ai": "chat_2", "anthropic": "msg_1", "google": "resp_1", "cohere": "co_1"}


def target(
    upstream: Upstream, provider: str, pieces: Any, ending: Any = "end", **more: Any
) -> dict[str, Any]:
    """A provider that says these pieces."""
    kind = AWS if provider == "bedrock" else "text/event-stream"
    upstream.script(f"/{provider}{STREAMS[provider][0]}", chunked(pieces, ending, kind))
    return at(upstream, provider, aws_region="eu-west-1", **more)


def events(answer: Answer) -> list[Any]:
    """What a client of OpenAI's reads, which has to end as it should."""
    assert answer.status == 200 and answer.body.endswith(DONE), answer.body
    lines = [line for line in answer.body.decode().split("\n\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    return [json.loads(line[6:]) for line in lines[:-1]]


def said(answer: Answer) -> str:
    choices = [choice for event in events(answer) for choice in event.get("choices", ())]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


@edges
@pytest.mark.parametrize("ending", ["end", "close", "reset"])
@pytest.mark.parametrize("provider", STREAMS)
def test_s1_a_stream_that_is_cut_ends_with_an_error(
    asked: Ask, provider: str, ending: str, upstream: Upstream
) -> None:
    """Wherever it is cut: the last piece or two hold the end, and are not sent."""
    pieces = STREAMS[provider][1]
    most = len(pieces) - (4 if provider == "bedrock" else 3 if provider == "anthropic" else 2)
    for count in range(1, max(2, most + 1)):
        answer = asked(target(upstream, provider, [b"".join(pieces[:count]), 0.01], ending), BODY)
        if answer.status == 200:
            assert "error" in events(answer)[-1], (count, answer.body)
            assert not any(
                choice.get("finish_reason") for event in events(answer) for choice in event.get("choices", ())
            )
        else:
            assert answer.status == 502 and answer.error["code"].startswith("upstream_"), answer.body


ODD = [
    (b"data: ", b"data:"),
    (b"\n\n", b"\r\n\r\n"),
    (b"\n\n", b"\r\r"),
    (b"data: ", b": a comment\nid: 7\nretry: 5\nunheard-of: x\ndata: "),
    (b'data: {"', b'data: {\ndata: "'),
    (b"data: ", b"\xef\xbb\xbfdata: "),
]


@edges
@pytest.mark.parametrize("index", range(len(ODD)))
@pytest.mark.parametrize("provider", ["anthropic", "google", "cohere"])
def test_s2_server_sent_events_are_read_to_their_standard(
    asked: Ask, provider: str, index: int, upstream: Upstream
) -> None:
    old, new = ODD[index]
    count = 1 if new.startswith(b"\xef") else -1
    whole = b"".join(STREAMS[provider][1])
    if old == b"\n\n":
        whole = whole.replace(b"\n", new[: len(new) // 2])
    whole = whole.replace(old, new, count)
    if count == 1:
        whole = b"\xef\xbb\xbf" + whole.replace(b"\xef\xbb\xbf", b"")
    pieces = [whole[start : start + 7] for start in range(0, len(whole), 7)]
    assert said(asked(target(upstream, provider, pieces), BODY)) == TEXT


@edges
@pytest.mark.parametrize("size", [1, 2, 3, 5, 11])
def test_s3_amazons_frames_may_be_cut_anywhere(asked: Ask, size: int, upstream: Upstream) -> None:
    whole = b"".join(STREAMS["bedrock"][1])
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    assert said(asked(target(upstream, "bedrock", pieces), BODY)) == TEXT


@edges
@pytest.mark.parametrize("first", [True, False])
def test_s4_an_exception_of_bedrocks_is_an_error_with_its_words(
    asked: Ask, first: bool, upstream: Upstream
) -> None:
    fault = amazon("throttlingException", b'{"message": "Slow down, please."}', kind="exception")
    pieces: list[bytes | float] = [fault] if first else [b"".join(STREAMS["bedrock"][1][:3]), 0.02, fault]
    bedrock = target(upstream, "bedrock", pieces)
    answer = asked(bedrock, BODY)
    if first:
        assert answer.status == 429 and "Slow down, please." in answer.error["message"]
        other = target(upstream, "openai", STREAMS["openai"][1])
        assert said(asked(fallback(bedrock, other), BODY)) == TEXT
    else:
        error = events(answer)[-1]["error"]
        assert "Slow down, please." in error["message"] and error["code"] == "throttlingException"
        assert b'"finish_reason":"stop"' not in answer.body


@edges
@pytest.mark.parametrize("first", [True, False])
def test_s5_an_error_of_anthropics_within_a_stream_keeps_its_words(
    asked: Ask, first: bool, upstream: Upstream
) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Too busy."}}
    whole = STREAMS["anthropic"][1]
    begun = whole[:1] if first else whole[:3]
    answer = asked(target(upstream, "anthropic", [*begun, 0.02, *sse([error], named=True)]), BODY)
    if first:
        assert answer.status == 529 and "Too busy." in answer.error["message"]
    else:
        told = events(answer)[-1]["error"]
        assert "Too busy." in told["message"] and told["type"] == "overloaded_error"


@edges
@pytest.mark.parametrize("provider", STREAMS)
def test_s6_every_stream_ends_with_the_word_that_clients_wait_for(
    asked: Ask, provider: str, upstream: Upstream
) -> None:
    answer = asked(target(upstream, provider, STREAMS[provider][1]), BODY)
    assert said(answer) == TEXT and answer.body.count(b"[DONE]") == 1
    reasons = [choice["finish_reason"] for event in events(answer) for choice in event.get("choices", ())]
    assert [reason for reason in reasons if reason] == ["stop"]


@edges
def test_s9_what_a_cousin_of_openais_streams_goes_on_whole(asked: Ask, upstream: Upstream) -> None:
    calls = [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    pieces = sse(
        [
            {"id": "x", "choices": [{"index": 0, "delta": {"tool_calls": calls}, "finish_reason": None}]},
            {"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
            {"id": "x", "choices": [], "usage": usage},
        ]
    )
    body = {**BODY, "stream_options": {"include_usage": True}}
    for provider, path in (("together-ai", "/chat/completions"), ("deepseek", "/chat/completions")):
        upstream.script(f"/{provider}{path}", chunked([*pieces, DONE]))
        read = events(asked(at(upstream, provider), body))
        assert read[0]["choices"][0]["delta"]["tool_calls"] == calls
        assert read[-1]["usage"] == usage
    read = events(asked(target(upstream, "mistral-ai", [*pieces, DONE]), body))
    assert (read[-1]["choices"], read[-1]["usage"]["total_tokens"]) == ([], 12)


def test_s11_the_first_word_is_not_held_back(upstream: Upstream) -> None:
    """The original holds each back for 25 ms; the quickest of many shows whether somebody does so here."""
    app = WSGIGateway(nothing_wsgi, target(upstream, "anthropic", STREAMS["anthropic"][1]), auth="public")
    times = [inf]
    while min(times) >= 0.02 and len(times) < 200:
        began = time.perf_counter()
        _, pieces = open_wsgi(app, environ(body=BODY))
        assert b"data: " in next(iter(pieces))
        times.append(time.perf_counter() - began)
        pieces.close()
    app.gateway.close()
    assert min(times) < 0.02


@edges
@pytest.mark.parametrize("provider", [name for name in STREAMS if name not in ("openai", "mistral-ai")])
def test_s13_usage_comes_last_and_by_itself_to_those_who_ask(
    asked: Ask, provider: str, upstream: Upstream
) -> None:
    config = target(upstream, provider, STREAMS[provider][1])
    assert not any(event.get("usage") for event in events(asked(config, BODY)))
    read = events(asked(config, {**BODY, "stream_options": {"include_usage": True}}))
    assert (read[-1]["choices"], read[-1]["usage"]["total_tokens"]) == ([], 12)
    assert not any(event.get("usage") for event in read[:-1])


@edges
@pytest.mark.parametrize("provider", IDS)
def test_s15_the_id_is_the_providers(asked: Ask, provider: str, upstream: Upstream) -> None:
    read = events(asked(target(upstream, provider, STREAMS[provider][1]), BODY))
    assert {event["id"] for event in read} == {IDS[provider]}
