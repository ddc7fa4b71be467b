"""One target: what is sent, how often, and what comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from machine import (
    CHUNK,
    DONE,
    RETRY,
    ROLE,
    STOP,
    call,
    group,
    ok,
    opened,
    provider,
    status,
    streaming,
    target,
    world,
)

from gatewaymw.core import json
from gatewaymw.core.endpoints import SPEECH, TRANSCRIBE
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.framing.array import JSONArray
from gatewaymw.core.model import Codec, Context, Encoded, Route, Stream
from gatewaymw.core.plan import Credential, Target
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Live, Reply
from gatewaymw.core.values import Answer, Call, Failure, Secret

SLOW = Failure("timeout", "took longer", 408, "timeout")


def asked(leaf: Target, what: Call, *outcomes: Any, **more: Any) -> tuple[Reply, Any]:
    here = world(*outcomes, **more)
    return here.run(attempt(leaf, what, here.env())), here


def error_of(reply: Reply) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(reply.body)["error"]
    return error


def test_a_good_answer_goes_back_byte_for_byte() -> None:
    body = b' {"id": 1.0,  "unknown": [] }\n'
    reply, _ = asked(target(), call(), ok(body))
    assert (reply.status, reply.body, reply.tries, reply.again) == (200, body, 0, False)


@pytest.mark.parametrize("outcomes, tries", [((status(500), ok()), 1), ((status(429), status(503), ok()), 2)])
def test_a_retry_that_does_well_is_counted(outcomes: tuple[Answer, ...], tries: int) -> None:
    reply, here = asked(target(retry=RETRY), call(), *outcomes)
    assert (reply.status, reply.tries, reply.again) == (200, tries, True)
    assert len(here.waits) == tries


def test_retries_that_are_used_up_are_minus_one_and_end_with_the_last_word() -> None:
    reply, here = asked(target(retry=RETRY), call(), status(500), status(503), status(502))
    assert (reply.status, reply.tries, reply.again) == (502, -1, True)
    assert len(here.sent) == 3


def test_statuses_that_are_not_listed_are_final_at_once() -> None:
    reply, here = asked(target(retry=RETRY), call(), status(400))
    assert (reply.status, reply.tries, len(here.sent)) == (400, 0, 1)


def test_a_wait_that_is_too_long_is_not_made() -> None:
    reply, here = asked(target(retry=RETRY), call(deadline=1000.4), status(500))
    assert (reply.status, reply.tries, here.waits) == (500, -1, [])


def test_a_timeout_is_worded_as_the_original_does() -> None:
    reply, here = asked(target(timeout=0.3), call(), SLOW)
    assert reply.status == 408 and here.sent[0].request.timeout == 0.3
    assert error_of(reply) == {
        "message": "Request exceeded the timeout sent in the request: 300ms",
        "type": "timeout_error",
        "param": None,
        "code": "timeout",
    }


def test_the_deadline_shortens_a_timeout() -> None:
    _, here = asked(target(timeout=30), call(deadline=1005.0), ok())
    assert here.sent[0].request.timeout == 5.0


@pytest.mark.parametrize(("deadline", "idle"), [(1599.0, 60.0), (1005.0, 5.0)])
def test_the_deadline_does_not_lengthen_the_silence_a_stream_may_keep(deadline: float, idle: float) -> None:
    _, here = asked(target(), streaming(deadline=deadline), ok())
    assert (here.sent[0].request.timeout, here.sent[0].request.idle) == (deadline - 1000.0, idle)
    _, here = asked(target(timeout=0.5), streaming(deadline=deadline), ok())
    assert (here.sent[0].request.timeout, here.sent[0].request.idle) == (0.5, idle)


@pytest.mark.parametrize("kind", ["connect", "broken", "refused"])
def test_a_network_failure_names_the_provider_and_nothing_of_the_network(kind: Any) -> None:
    reply, _ = asked(target(), call(), Failure(kind, "could not be reached", 502, "upstream_unreachable"))
    assert error_of(reply)["message"] == "test: could not be reached"
    assert json.loads(reply.body)["provider"] == "test"


def test_a_providers_error_keeps_status_and_wording() -> None:
    body = b'{"error":{"message":"No such model","type":"not_found","code":"model_not_found","extra":1}}'
    reply, _ = asked(target(), call(), status(404, body))
    assert reply.status == 404 and error_of(reply) == {**json.loads(body)["error"], "param": None}


def test_leak_06_a_key_that_the_provider_echoes_is_taken_out() -> None:
    reply, _ = asked(
        target(), call(), status(401, b'{"error":{"message":"Incorrect API key: sk-caller-key"}}')
    )
    assert b"sk-caller-key" not in reply.body and b"[redacted]" in reply.body


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"", b"null", b'["\\ud800"]', b"\xff\xfe", b"[]"])
def test_F12_error_bodies_of_any_shape_are_told(body: bytes) -> None:
    reply, _ = asked(target(), call(), status(503, body))
    assert reply.status == 503 and error_of(reply)["message"]


def test_ssrf_05_a_redirect_is_not_followed() -> None:
    reply, here = asked(target(), call(), Answer(302, {"location": "http://127.0.0.1/"}))
    assert reply.status == 502 and error_of(reply)["code"] == "upstream_redirect" and len(here.sent) == 1


@pytest.mark.parametrize("body", [b"<html></html>", b'{"cut":', b"", b"hello"])
def test_F12_to_F15_a_200_that_is_no_answer_is_a_failure(body: bytes) -> None:
    reply, _ = asked(target(), call(), ok(body))
    assert reply.status == 502 and error_of(reply)["code"] == "upstream_invalid_response"


# ── translations ─────────────────────────────────────────────────────────


def raising(error: Exception) -> Any:
    def transform(*_: Any) -> Any:
        raise error

    return transform


def coded(**codec: Any) -> Target:
    return target(provider=provider(codec=Codec(**codec)))


def test_answers_are_translated() -> None:
    reply, _ = asked(coded(response=lambda body, context: {"made": body["x"]}), call(), ok(b'{"x":1}'))
    assert reply.body == b'{"made":1}' and reply.content_type == "application/json"


@pytest.mark.parametrize("fault", [KeyError("x"), TypeError("x"), UpstreamError("it says no", code="said")])
def test_an_answer_that_cannot_be_translated_is_a_failure(fault: Exception) -> None:
    reply, _ = asked(coded(response=raising(fault)), call(), ok())
    assert reply.status == 502


def test_errors_are_translated_and_where_that_fails_read_as_any_other() -> None:
    own = coded(error=lambda body, status, context: {"error": {"message": "own words", "status": status}})
    reply, _ = asked(own, call(), status(418))
    assert error_of(reply) == {"message": "own words", "status": 418}
    reply, _ = asked(
        coded(error=raising(KeyError("x"))), call(), status(500, b'{"error":{"message":"busy"}}')
    )
    assert error_of(reply)["message"] == "busy"


# ── streams ──────────────────────────────────────────────────────────────


def test_a_stream_is_live_from_its_first_meaningful_event_on() -> None:
    reply, here = asked(target(), streaming(), opened(), reads={1: [ROLE, CHUNK]})
    assert isinstance(reply, Live) and reply.body == ROLE + CHUNK
    assert reply.content_type == "text/event-stream; charset=utf-8"
    assert here.sent[0].stream


def test_an_error_event_before_it_is_a_failure_like_any_other() -> None:
    busy = b'data: {"error":{"message":"overloaded","type":"overloaded_error"}}\n\n'
    reply, here = asked(target(retry=RETRY), streaming(), opened(1), opened(2), reads={1: [busy], 2: [CHUNK]})
    assert not isinstance(reply, Live) and reply.status == 529, "529 is not among the statuses to retry"
    plan = group("fallback", target(), target())
    here = world(opened(1), opened(2), reads={1: [CHUNK + busy], 2: [STOP + DONE]})
    reply = here.run(run(plan, streaming(), here.env()))
    assert isinstance(reply, Live) and reply.body == STOP + DONE, "not even words that came before the error"


@pytest.mark.parametrize("pieces", [[], [ROLE], [ROLE, SLOW], [DONE], [ROLE, DONE]])
def test_an_empty_or_silent_stream_is_a_failure(pieces: list[Any]) -> None:
    reply, _ = asked(target(), streaming(), opened(), reads={1: pieces})
    assert not isinstance(reply, Live) and reply.status in (502, 408)


@pytest.mark.parametrize("kind", ["application/json", "text/html; charset=utf-8", "text/plain"])
def test_ST_15_something_else_than_a_stream_is_a_failure_with_its_words(kind: str) -> None:
    reply, _ = asked(
        target(), streaming(), opened(kind=kind), reads={1: [b'{"error":', b'{"message":"no streams"}}']}
    )
    assert reply.status == 502 and "no streams" in error_of(reply)["message"]


def test_ST_15_it_is_read_only_so_far() -> None:
    reply, here = asked(target(), streaming(), opened(kind="text/html"), reads={1: [b"x" * 40_000] * 9})
    assert reply.status == 502 and len(here.reads[1]) == 7
    reply, _ = asked(target(), streaming(), opened(kind="text/html"), reads={1: [b"cut", SLOW]})
    assert reply.status == 502


def test_commit_on_headers_shows_what_comes_as_it_comes() -> None:
    reply, here = asked(target(commit_early=True), streaming(), opened(), reads={1: [ROLE]})
    assert isinstance(reply, Live) and reply.body == b"" and here.reads[1] == [ROLE]


def test_a_translated_stream_runs_through_its_codec() -> None:
    def step(state: int, event: Any, context: Context) -> Any:
        return state + 1, ({"choices": [{"delta": {"content": event["say"]}}]},)

    stream = Stream(start=0, step=step, ended=lambda state: state > 1)
    reply, _ = asked(coded(stream=stream), streaming(), opened(), reads={1: [b'data: {"say":"hi"}\n\n']})
    assert isinstance(reply, Live) and json.loads(reply.body[6:])["choices"][0]["delta"] == {"content": "hi"}


def arrays() -> Target:
    def step(state: int, event: Any, context: Context) -> Any:
        if "error" in event:
            raise UpstreamError(event["error"])
        return state + 1, ({"choices": [{"delta": {"content": event["say"]}}]},)

    return coded(stream=Stream(start=0, step=step, ended=lambda state: state > 1, array=JSONArray))


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/event-stream"])
def test_a_stream_may_come_as_an_array_where_the_dialect_knows_that(kind: str) -> None:
    body = b'[{"say":"hi"},\n' if "json" in kind else b'data: {"say":"hi"}\n\n'
    reply, _ = asked(arrays(), streaming(), opened(kind=kind), reads={1: [body]})
    assert isinstance(reply, Live) and reply.content_type == "text/event-stream; charset=utf-8"
    assert json.loads(reply.body[6:])["choices"][0]["delta"] == {"content": "hi"}


@pytest.mark.parametrize(("body", "says"), [(b'[{"error":"busy"}]', "busy"), (b'{"x":1}', "cannot be read")])
def test_an_array_that_is_an_error_or_no_array_is_a_failure(body: bytes, says: str) -> None:
    reply, _ = asked(arrays(), streaming(), opened(kind="application/json"), reads={1: [body]})
    assert not isinstance(reply, Live) and reply.status == 502 and says in error_of(reply)["message"]


def test_sound_is_passed_on_as_it_arrives() -> None:
    speech = target(provider=provider(routes={SPEECH: Route("/audio/speech")}))
    what = call({"model": "m", "input": "x", "voice": "v"}, endpoint=SPEECH)
    reply, here = asked(speech, what, opened(kind="audio/mpeg"))
    assert isinstance(reply, Live) and reply.content_type == "audio/mpeg" and here.sent[0].stream
    reply, _ = asked(speech, what, Answer(200, {}, stream=4))
    assert reply.content_type == "application/octet-stream"
    reply, _ = asked(speech, what, Answer(200, {"content-type": "audio/wav"}, b"RIFF"))
    assert reply.body == b"RIFF" and reply.content_type == "audio/wav"


def speaking(media: Any) -> tuple[Target, Call]:
    codec = Codec(request=lambda body, context: Encoded({"say": body["input"]}), media=media)
    leaf = target(provider=provider(routes={SPEECH: Route("/say", codec)}))
    return leaf, call({"model": "m", "input": "x", "voice": "v"}, endpoint=SPEECH)


def test_sound_that_comes_as_json_is_read_whole_and_turned_into_sound() -> None:
    leaf, what = speaking(lambda body, context: (body["sound"].encode(), f"audio/{context.model}"))
    reply, here = asked(leaf, what, ok(b'{"sound":"RIFF"}'))
    assert not isinstance(reply, Live) and (reply.body, reply.content_type) == (b"RIFF", "audio/m")
    assert here.sent[0].request.body == b'{"say":"x"}'


@pytest.mark.parametrize("fault", [KeyError("x"), UpstreamError("no sound")])
def test_sound_that_cannot_be_made_is_a_failure_and_is_tried_again(fault: Exception) -> None:
    leaf, what = speaking(raising(fault))
    reply, here = asked(replace(leaf, retry=RETRY), what, *[ok()] * 3)
    assert (reply.status, reply.tries, len(here.sent)) == (502, -1, 3)
    assert error_of(reply)["message"].startswith("test")


def test_an_error_instead_of_sound_keeps_its_words() -> None:
    reply, _ = asked(*speaking(raising(KeyError("x"))), status(429, b'{"error":{"message":"busy"}}'))
    assert reply.status == 429 and error_of(reply)["message"] == "busy"


def test_a_streamed_transcript_is_a_stream_and_a_plain_one_is_not() -> None:
    scribe = target(provider=provider(routes={TRANSCRIBE: Route("/audio/transcriptions")}))
    what = call({"model": "m", "stream": "true"}, endpoint=TRANSCRIBE)
    delta = b'data: {"type":"transcript.text.delta","delta":"hi"}\n\n'
    reply, _ = asked(scribe, what, opened(), reads={1: [delta]})
    assert isinstance(reply, Live) and reply.body == delta
    reply, _ = asked(scribe, what, opened(kind="text/plain"))
    assert isinstance(reply, Live) and reply.content_type == "text/plain"


# ── keys ─────────────────────────────────────────────────────────────────


def test_leak_02_a_target_without_a_key_fails_before_anything_is_sent() -> None:
    reply, here = asked(target("config.targets[1]"), call(key=None))
    assert reply.status == 401 and error_of(reply)["code"] == "missing_credentials" and not here.log
    assert "config.targets[1]" in error_of(reply)["message"] and reply.target


def test_a_targets_own_key_goes_before_the_callers() -> None:
    _, here = asked(target(credential=Credential(Secret("sk-own-key"))), call(), ok())
    assert here.sent[0].request.headers["authorization"] == "Bearer sk-own-key"


def test_a_key_that_is_kept_elsewhere_is_asked_for() -> None:
    leaf = target(credential=Credential(source="env:KEY", held=True))
    _, here = asked(leaf, call(), ok(), secrets={"env:KEY": "sk-from-env"})
    assert here.sent[0].request.headers["authorization"] == "Bearer sk-from-env"


def test_a_provider_that_needs_no_key_gets_none() -> None:
    leaf = target(provider=provider(needs_key=False))
    _, here = asked(leaf, call(key=None), ok())
    assert here.sent[0].request.headers.get("authorization", "") in ("", "Bearer ")
