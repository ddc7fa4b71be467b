"""Where the original's cache went wrong (C1 to C9), and what may be tried against one (CACHE, DOS-13)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from asking import KEY, Ask, at, edges, fallback, in_turn, trusting

from callers import HELLO, STREAMED
from upstream import Script, Upstream, chunked, whole

CHAT = "/openai/chat/completions"
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
STATUS = "x-gateway-cache-status"
SIMPLE = {"cache": {"mode": "simple"}}


def said(words: str = "hi", reason: str = "stop", **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": words, **message}}
    return {"id": "x", "choices": [{**choice, "finish_reason": reason}]}


def numbered(count: int) -> list[Script]:
    return [whole(said(f"answer {number}")) for number in range(count)]


def statuses(answers: list[Any]) -> list[str]:
    return [
        value for answer in answers for name, value in answer.headers.items() if name.endswith("cache-status")
    ]


def by(name: str) -> dict[str, Any]:
    return {"headers": {"x-test-user": name}}


def who(facts: Any) -> Any:
    """The host's own word on who asks."""
    return facts.headers.get("x-test-user") or None


ONE_TARGET = {"strategy": {"mode": "conditional"}}
LIKE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "body": ({}, {"body": {**HELLO, "temperature": 1}}),
    "order of keys": ({}, {"body": dict(reversed(HELLO.items()))}),
    "stream": ({}, {"body": STREAMED}),
    "endpoint": ({}, {"path": "/v1/completions", "body": {**HELLO, "prompt": "Hello"}}),
    "namespace": ({}, {"headers": {"x-gateway-cache-namespace": "other"}}),
    "old namespace": ({}, {"headers": {"x-portkey-cache-namespace": "other"}}),
    "strictness": ({}, {"headers": {"x-gateway-strict-open-ai-compliance": "false"}}),
    "caller": ({}, {"headers": {"authorization": "Bearer sk-other-caller"}}),
    "other header of the caller's key": ({}, {"headers": {"x-api-key": "sk-other-caller"}}),
    "forwarded header": ({"forward_headers": ["x-team"]}, {"headers": {"x-team": "b"}}),
}


@in_turn
@pytest.mark.parametrize("name", LIKE)
def test_c1_and_cache_01_whatever_differs_is_in_the_key(asked: Any, name: str, upstream: Upstream) -> None:
    more, second = LIKE[name]
    for path in (CHAT, "/openai/completions"):
        upstream.script(path, *numbered(2))
    if name == "stream":
        upstream.script(CHAT, whole(said()), chunked([EVENT, STOP, DONE]))
    answers = asked(at(upstream, **SIMPLE, **more), [{}, second, {}, second])
    assert statuses(answers) == ["MISS", "MISS", "HIT", "HIT"]
    assert answers[0].body == answers[2].body and answers[1].body == answers[3].body
    assert len(upstream.seen) == 2


PLACES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "provider": ({}, {"provider": "groq"}),
    "credential": ({}, {"api_key": "sk-another-of-the-operator"}),
    "host": ({}, {"custom_host": "/elsewhere"}),
    "overrides": ({}, {"override_params": {"top_p": 0.5}}),
    "options": ({}, {"openai_organization": "org-2"}),
    "strict_params": ({}, {"strict_params": True}),
}


@in_turn
@pytest.mark.parametrize("name", PLACES)
def test_c1_and_cache_01_a_target_has_entries_of_its_own(asked: Any, name: str, upstream: Upstream) -> None:
    """One body, two targets, chosen by metadata."""
    _, change = PLACES[name]
    change = {**change, **({"custom_host": upstream.url + "/elsewhere"} if "custom_host" in change else {})}
    for path in (CHAT, "/elsewhere/chat/completions"):
        upstream.script(path, *numbered(2))
    first, second = at(upstream, name="first"), {**at(upstream, name="second"), **change}
    conditions = [{"query": {"metadata.to": "second"}, "then": "second"}]
    config = {
        "strategy": {"mode": "conditional", "conditions": conditions, "default": "first"},
        "targets": [first, second],
        **SIMPLE,
    }
    other = {"headers": {"x-gateway-metadata": '{"to": "second"}'}}
    answers = asked(config, [{}, other, {}, other])
    assert statuses(answers) == ["MISS", "MISS", "HIT", "HIT"]
    assert len(upstream.seen) == 2
    assert answers[1].headers["x-gateway-last-used-option-index"] == "config.targets[1]"
    assert answers[3].headers["x-gateway-last-used-option-index"] == "config.targets[1]"


@in_turn
def test_c1_and_cache_01_two_tenants_never_share_an_entry(asked: Any, upstream: Upstream) -> None:
    upstream.script(CHAT, *numbered(4))
    requests = [by("a"), by("b"), by("a"), by("b"), by("c")]
    answers = asked(at(upstream, **SIMPLE), requests, auth=who)
    assert statuses(answers) == ["MISS", "MISS", "HIT", "HIT", "MISS"]
    assert answers[0].body == answers[2].body != answers[1].body == answers[3].body
    # Nor does a header that only a caller controls make one of another.
    forged = {"headers": {"x-test-user": "a", "x-gateway-cache-namespace": "", "authorization": "Bearer b"}}
    assert statuses(asked(at(upstream, **SIMPLE), [by("b"), forged], auth=who)) == ["MISS", "MISS"]


@in_turn
def test_cache_02_who_is_known_but_not_named_shares_nothing(asked: Any, upstream: Upstream) -> None:
    upstream.script(CHAT, *numbered(9))
    config = at(upstream, **SIMPLE)
    assert statuses(asked(config, [{}, {}], auth=lambda facts: True)) == ["DISABLED", "DISABLED"]
    own = {"headers": {"authorization": "Bearer sk-of-mine"}}
    other = {"headers": {"authorization": "Bearer sk-of-yours"}}
    told = asked(config, [own, other, own, {}], auth=lambda facts: True)
    assert statuses(told) == ["MISS", "MISS", "HIT", "DISABLED"]


@in_turn
def test_cache_02_a_caller_who_brings_the_config_is_its_own_tenant(asked: Any, upstream: Upstream) -> None:
    upstream.script(CHAT, *numbered(9))
    config = {"provider": "openai", "custom_host": f"{upstream.url}/openai", "cache": "simple"}

    def request(key: str) -> dict[str, Any]:
        told = {"x-gateway-config": json.dumps(config), "authorization": f"Bearer {key}"}
        return {"headers": told}

    requests = [request("sk-a"), request("sk-b"), request("sk-a"), request("sk-ab")]
    told = asked(None, requests, auth=None, trusted_custom_hosts=trusting(upstream))
    assert statuses(told) == ["MISS", "MISS", "HIT", "MISS"]
    assert [seen.header("authorization") for seen in upstream.seen] == [
        "Bearer sk-a",
        "Bearer sk-b",
        "Bearer sk-ab",
    ]


UNSOUND: dict[str, Script] = {
    "an error": whole({"error": {"message": "no"}}, 500),
    "a client's error": whole({"error": {"message": "no"}}, 400),
    "another 2xx": whole(said(), 201),
    "200 with an error": whole({"error": {"message": "busy"}, "id": "x"}),
    "no JSON": whole(b"<html>", kind="text/html"),
    "cut by its length": whole(said(reason="length")),
    "filtered": whole(said(reason="content_filter")),
    "calls": whole(said(reason="tool_calls", tool_calls=[{"id": "1", "type": "function"}])),
    "too long": whole(said("x" * 2**20)),
}
CUT: dict[str, Script] = {
    "cut": chunked([EVENT], "close"),
    "reset": chunked([EVENT], "reset"),
    "no end": chunked([EVENT]),
    "an error within": chunked([EVENT, b'data: {"error":{"message":"busy"}}\n\n', DONE]),
    "an error at once": chunked([b'data: {"error":{"message":"busy"}}\n\n', DONE]),
    "no event": chunked([EVENT, b"data: {\n\n", DONE]),
    "cut by its length": chunked([EVENT, STOP.replace(b"stop", b"length"), DONE]),
    "too long": chunked([EVENT.replace(b"hi", b"x" * 60_000)] * 20 + [STOP, DONE]),
    "calls": chunked([EVENT.replace(b'"content":"hi"', b'"tool_calls":[{"index":0}]'), STOP, DONE]),
}


@in_turn
@pytest.mark.parametrize("name", [*UNSOUND, *(f"stream: {name}" for name in CUT)])
def test_c2_and_cache_03_only_what_ended_well_is_kept(asked: Any, name: str, upstream: Upstream) -> None:
    stream = name.startswith("stream: ")
    script = CUT[name.removeprefix("stream: ")] if stream else UNSOUND[name]
    fine = chunked([EVENT, STOP, DONE]) if stream else whole(said())
    upstream.script(CHAT, script, fine)
    body = STREAMED if stream else HELLO
    first, second, third = asked(at(upstream, **SIMPLE), [{"body": body}] * 3)
    assert statuses([first, second, third]) == ["MISS", "MISS", "HIT"]
    assert second.status == third.status == 200 and second.body == third.body
    assert len(upstream.seen) == 2


@in_turn
def test_cache_03_calls_of_tools_are_kept_where_that_is_asked_for(asked: Any, upstream: Upstream) -> None:
    upstream.script(CHAT, UNSOUND["calls"])
    config = at(upstream, cache={"mode": "simple", "tool_calls": True})
    assert statuses(asked(config, [{}, {}])) == ["MISS", "HIT"]


@in_turn
def test_c3_nobody_gets_from_the_cache_who_did_not_ask_for_one(asked: Any, upstream: Upstream) -> None:
    upstream.script(CHAT, *numbered(9))
    first, second = at(upstream, name="first", **SIMPLE), at(upstream, name="second")
    conditions = [{"query": {"metadata.to": "second"}, "then": "second"}]
    strategy = {"mode": "conditional", "conditions": conditions, "default": "first"}
    plain = {"headers": {"x-gateway-metadata": '{"to": "second"}'}}
    answers = asked({"strategy": strategy, "targets": [first, second]}, [{}, {}, plain, plain, {}])
    assert statuses(answers) == ["MISS", "HIT", "DISABLED", "DISABLED", "HIT"]
    assert len({answer.body for answer in answers}) == 3


@in_turn
@pytest.mark.parametrize("body", [HELLO, STREAMED], ids=["whole", "stream"])
def test_c4_what_is_kept_is_the_answer_under_the_target_that_gave_it(
    asked: Any, body: Any, upstream: Upstream
) -> None:
    upstream.script("/groq/chat/completions", whole({"error": {"message": "no"}}, 500))
    upstream.script(CHAT, chunked([EVENT, STOP, DONE]) if body is STREAMED else whole(said()))
    config = fallback(at(upstream, "groq"), at(upstream))
    answers = asked({**config, **SIMPLE}, [{"body": body}] * 3)
    assert [answer.status for answer in answers] == [200] * 3
    assert statuses(answers) == ["MISS", "HIT", "HIT"]
    assert {answer.headers["x-gateway-last-used-option-index"] for answer in answers} == {"config.targets[1]"}
    assert [seen.target for seen in upstream.seen].count(CHAT) == 1
    # The first target is asked each time: its failure is not kept, and it may be well again.
    upstream.script("/groq/chat/completions", chunked([EVENT, STOP, DONE]) if body is STREAMED else whole({}))
    [answer] = asked({**config, **SIMPLE}, [{"body": body}])
    assert answer.headers["x-gateway-last-used-option-index"] == "config.targets[0]"


@edges
def test_c5_max_age_is_in_seconds(asked: Ask, upstream: Upstream) -> None:
    upstream.script(CHAT, whole(said()))
    answer = asked(
        None,
        headers={
            "authorization": "Bearer sk-x",
            "x-gateway-config": json.dumps(
                {"provider": "openai", "cache": {"mode": "simple", "max_age": 86_400_000}}
            ),
        },
    )
    assert answer.status == 400 and answer.error["param"] == "config.cache.max_age"
    assert "seconds" in answer.error["message"] and upstream.seen == []


@in_turn
def test_c5_an_entry_ends_after_its_seconds(asked: Any, upstream: Upstream) -> None:
    upstream.script(CHAT, *numbered(9))
    config = at(upstream, cache={"mode": "simple", "max_age": 1e-6})
    assert statuses(asked(config, [{}, {}, {}])) == ["MISS"] * 3
    config = at(upstream, cache={"mode": "simple", "max_age": 1000})
    assert statuses(asked(config, [{}, {}, {}])) == ["MISS", "HIT", "HIT"]


@in_turn
def test_c6_and_dos_13_a_cache_of_many_stays_within_its_bytes(asked: Any, upstream: Upstream) -> None:
    from gatewaymw.drivers.stores.memory import Memory

    upstream.script(CHAT, whole(said("x" * 20_000)))
    memory = Memory(most_bytes=100_000)
    bodies = [{"body": {**HELLO, "seed": seed}} for seed in range(20)]
    answers = asked(at(upstream, **SIMPLE), [*bodies, bodies[-1], bodies[0]], store=memory)
    assert statuses(answers) == ["MISS"] * 20 + ["HIT", "MISS"]
    assert memory.size <= 100_000


@in_turn
def test_c7_a_stream_is_kept_as_it_was_and_given_as_a_stream(asked: Any, upstream: Upstream) -> None:
    upstream.script(CHAT, chunked([EVENT[:30], EVENT[30:] + EVENT, STOP, DONE]))
    first, second, third = asked(at(upstream, **SIMPLE), [{"body": STREAMED}, {"body": STREAMED}, {}])
    assert statuses([first, second]) == ["MISS", "HIT"]
    assert first.body == second.body == EVENT + EVENT + STOP + DONE
    for name in ("content-type", "cache-control", "x-accel-buffering"):
        assert first.headers[name] == second.headers[name]
    assert "content-length" not in second.headers
    assert third.headers[STATUS] == "MISS" and len(upstream.seen) == 2


@in_turn
def test_c7_a_translated_stream_is_kept_as_the_client_got_it(asked: Any, upstream: Upstream) -> None:
    def event(kind: str, **more: Any) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode()

    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [], "usage": usage}
    text = {"type": "text", "text": ""}
    events = [
        event("message_start", message=message),
        event("content_block_start", index=0, content_block=text),
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": "hi"}),
        event("content_block_stop", index=0),
        event("message_delta", delta={"stop_reason": "end_turn"}, usage=usage),
        event("message_stop"),
    ]
    upstream.script("/anthropic/messages", chunked(events), chunked(events[:3]))
    config = at(upstream, "anthropic", **SIMPLE)
    body = {**STREAMED, "max_tokens": 5, "logit_bias": {"1": 2}}
    first, second = asked(config, [{"body": body}] * 2)
    assert statuses([first, second]) == ["MISS", "HIT"]
    assert first.body == second.body and b"hi" in first.body and first.body.endswith(DONE)
    assert first.headers["x-gateway-dropped-params"] == second.headers["x-gateway-dropped-params"]


@in_turn
def test_c7_sound_is_kept_where_it_came_to_its_end(asked: Any, upstream: Upstream) -> None:
    speech = {"path": "/v1/audio/speech", "body": {"model": "m", "input": "x", "voice": "v"}}
    sound = bytes(range(256)) * 100
    upstream.script("/openai/audio/speech", chunked([sound], kind="audio/mpeg"))
    first, second = asked(at(upstream, **SIMPLE), [speech, speech])
    assert statuses([first, second]) == ["MISS", "HIT"]
    assert first.body == second.body == sound and second.headers["content-type"] == "audio/mpeg"


@in_turn
def test_a_request_does_not_wait_for_itself(asked: Any, upstream: Upstream) -> None:
    """A target that stands twice in a fallback, which goes on from a 200: the first one's stream is open."""
    upstream.script(CHAT, chunked([EVENT, STOP, DONE]))
    config = {"strategy": {"mode": "fallback", "on_status_codes": [200]}, "targets": [at(upstream)] * 2}
    begun = time.monotonic()
    [answer] = asked({**config, "cache": "simple"}, [{"body": STREAMED}])
    assert answer.status == 200 and time.monotonic() - begun < 20


@in_turn
def test_c9_the_status_says_what_was_done(asked: Any, upstream: Upstream) -> None:
    upstream.script(CHAT, *numbered(9))
    fresh = {"headers": {"x-gateway-cache-force-refresh": "true"}}
    old = {"headers": {"x-portkey-cache-force-refresh": "1"}}
    no = {"headers": {"x-gateway-cache-force-refresh": "false"}}
    answers = asked(at(upstream, **SIMPLE), [{}, {}, fresh, {}, no, old])
    assert statuses(answers) == ["MISS", "HIT", "REFRESH", "HIT", "HIT", "REFRESH"]
    assert answers[3].body == answers[2].body != answers[1].body
    plain = asked(at(upstream), [{}, fresh, {"body": b"{"}])
    assert statuses(plain) == ["DISABLED"] * 3


@in_turn
def test_c9_what_changes_something_at_the_provider_is_not_kept(asked: Any, upstream: Upstream) -> None:
    upstream.script("/openai/batches", *numbered(2))
    batch = {"path": "/v1/batches", "headers": {"x-gateway-provider": "@k"}}
    keys = {"k": at(upstream, **SIMPLE)}
    assert statuses(asked(None, [batch, batch], virtual_keys=keys)) == ["DISABLED"] * 2
    assert len(upstream.seen) == 2


@in_turn
def test_cache_04_an_answer_from_the_cache_is_for_nobody_elses(asked: Any, upstream: Upstream) -> None:
    limits = {"x_ratelimit_remaining_requests": "7", "openai_model": "m-1", "set_cookie": "a=b"}
    upstream.script(CHAT, whole(said(), cache_control="public, max-age=600", **limits))
    first, second = asked(at(upstream, **SIMPLE), [{}, {}])
    assert (first.headers["cache-control"], second.headers["cache-control"]) == ("private, no-store",) * 2
    assert first.headers["x-ratelimit-remaining-requests"] == "7"
    assert "x-ratelimit-remaining-requests" not in second.headers and "set-cookie" not in second.headers
    assert second.headers["openai-model"] == "m-1"
    assert second.headers["x-gateway-trace-id"] != first.headers["x-gateway-trace-id"]


@in_turn
def test_cache_03_whatever_else_is_in_a_store_is_no_answer(asked: Any, upstream: Upstream) -> None:
    from gatewaymw.drivers.stores.memory import Memory

    class Bent(Memory):
        bend = staticmethod(lambda value: value)

        def get(self, key: str) -> bytes | None:
            value = super().get(key)
            return value if value is None else self.bend(value)

    upstream.script(CHAT, *numbered(99))
    store = Bent()
    for bend in (
        lambda value: b"",
        lambda value: b"garbage",
        lambda value: value[:-1],
        lambda value: value.replace(b"answer", b"ANSWER"),
        lambda value: b"[]\n" + value,
        lambda value: b'{"v":2}\n' + value.partition(b"\n")[2],
        lambda value: b"\x80\x04pickle\n.",
        lambda value: value.replace(b'"headers":{}', b'"headers":7'),
    ):
        store.bend = bend  # type: ignore[assignment]
        before = len(upstream.seen)
        answers = asked(at(upstream, **SIMPLE), [{}, {}], store=store)
        assert statuses(answers) == ["MISS", "MISS"] and len(upstream.seen) == before + 2
    assert KEY not in repr(list(store._items))


@edges
@pytest.mark.parametrize("status", [200, 400, 404, 500])
def test_cache_04_no_answer_is_for_anybody_elses_cache(asked: Ask, status: int, upstream: Upstream) -> None:
    upstream.script(CHAT, whole({"id": "x"}, status, cache_control="public, max-age=600"))
    assert asked(at(upstream)).headers["cache-control"] == "private, no-store"
    assert asked(None).headers["cache-control"] == "private, no-store"
    upstream.script(CHAT, chunked([EVENT, STOP, DONE]))
    assert asked(at(upstream), STREAMED).headers["cache-control"] == "no-cache, no-transform"
