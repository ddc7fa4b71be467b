"""Answers that are kept: looked up, made once for many, stored when they end well, given again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import CHUNK, DONE, STOP, World, call, opened, provider, status, streaming, target, world

from gatewaymw.core import json, stored
from gatewaymw.core.commands import Ask
from gatewaymw.core.endpoints import CHAT, PROXY, TRANSCRIBE
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.plan import Caching, Credential, Target
from gatewaymw.core.routing.entries import entry_of, reply_of
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.likes import digest, identity, key_of
from gatewaymw.core.routing.pipeline import Raw
from gatewaymw.core.routing.reply import Live, Reply
from gatewaymw.core.routing.taping import Tape
from gatewaymw.core.values import Answer, Call, Failure, Part, Secret

KEEP = Caching(max_age=7.0)
GOOD = json.dumps({"choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]})


def good(**headers: str) -> Answer:
    return Answer(200, {"content-type": "application/json", **headers}, GOOD)


def keeping(**more: Any) -> Target:
    return target(caching=KEEP, **more)


def asked(made: World, leaf: Target, given: Call) -> Reply:
    return made.run(run(leaf, given, made.env()))


def test_without_a_cache_nothing_is_asked() -> None:
    made = world(good())
    assert asked(made, target(), call()).cache_status == "DISABLED"
    assert not any(isinstance(command, Ask) for command in made.log)


def test_an_answer_is_kept_and_given_again() -> None:
    made, leaf = world(good(openai_model="m")), keeping()
    first, second = asked(made, leaf, call()), asked(made, leaf, call())
    assert (first.cache_status, second.cache_status) == ("MISS", "HIT")
    assert first.body == second.body == GOOD and second.target is leaf and second.tries == 0
    assert len(made.sent) == 1 and len(made.kept) == 1
    [entry] = made.kept.values()
    assert made.landed == [entry, entry]
    [ttl] = [command.args[3] for command in made.log if isinstance(command, Ask) and command.args[0] == "set"]
    assert ttl == 7.0


def test_who_waits_gets_what_the_leader_came_to() -> None:
    first = world(good())
    asked(first, keeping(), call())
    [entry] = first.kept.values()
    made = world(boarding=[entry])
    assert asked(made, keeping(), call()).cache_status == "HIT"
    assert made.kept == {} and made.landed == [] and made.sent == []


@pytest.mark.parametrize("came", [None, b"garbage"])
def test_who_waited_for_nothing_goes_on_alone(came: bytes | None) -> None:
    made = world(good(), boarding=[came])
    assert asked(made, keeping(), call()).cache_status == "MISS"
    assert len(made.kept) == 1 and made.landed == []


def test_nobody_waits_longer_than_for_an_answer_of_ones_own() -> None:
    def waited(leaf: Target, given: Call) -> float:
        made = world(good())
        asked(made, leaf, given)
        return next(command.args[2] for command in made.log if isinstance(command, Ask))

    assert waited(keeping(), call()) == 600.0
    assert waited(keeping(timeout=3.0), call()) == 3.0
    assert waited(keeping(timeout=3.0), call(deadline=1002.0)) == 2.0
    assert waited(keeping(), call(deadline=1000.0)) == 0.001


def test_a_refresh_asks_and_keeps() -> None:
    made, leaf = world(good(), status(500), good()), keeping()
    assert asked(made, leaf, call(refresh=True)).cache_status == "REFRESH"
    assert asked(made, leaf, call(refresh=True)).cache_status == "REFRESH"
    assert asked(made, leaf, call()).cache_status == "HIT"
    assert made.landed == [*made.kept.values()]


def test_a_failure_is_not_kept_and_those_who_wait_are_told() -> None:
    made = world(status(500))
    assert asked(made, keeping(), call()).status == 500
    assert made.kept == {} and made.landed == [None]


def test_a_stream_is_kept_once_it_has_ended() -> None:
    made, leaf = world(opened(1), reads={1: [CHUNK, CHUNK + STOP, DONE]}), keeping()
    first = asked(made, leaf, streaming())
    assert isinstance(first, Live) and first.cache_status == "MISS" and made.kept == {}
    assert first.passage.speaks and first.passage.started and made.landed == []
    told = made.pour(first)
    assert told == CHUNK * 2 + STOP + DONE and len(made.kept) == 1
    made.open.clear()
    second = asked(made, leaf, streaming())
    assert isinstance(second, Live) and second.cache_status == "HIT"
    assert second.body == told and second.content_type == first.content_type
    passage = second.passage
    assert passage.over and passage.started and passage.speaks and passage.error is None
    assert passage.feed(b"x") == passage.close() == passage.fail(Failure("broken")) == b""
    assert passage.stop(GatewayError("no")) == b""
    assert made.pour(second) == told


@pytest.mark.parametrize("ending", [b"", Failure("broken", "reset")], ids=["ends", "breaks"])
def test_a_stream_that_is_cut_is_not_kept(ending: Any) -> None:
    made = world(opened(1), reads={1: [CHUNK, ending]})
    reply = asked(made, keeping(), streaming())
    assert isinstance(reply, Live)
    assert b"error" in made.pour(reply)
    assert reply.passage.error is not None and made.kept == {}


def test_a_stream_that_breaks_off_behind_its_end_has_ended() -> None:
    made = world(opened(1), reads={1: [CHUNK, STOP, Failure("broken")]})
    reply = asked(made, keeping(), streaming())
    assert isinstance(reply, Live)
    made.pour(reply)
    assert len(made.kept) == 1


def test_a_stream_that_is_too_long_is_not_kept_and_not_held() -> None:
    made = world(opened(1), reads={1: [CHUNK] * 9 + [STOP, DONE]})
    reply = asked(made, target(caching=Caching(max_bytes=len(CHUNK) * 4)), streaming())
    assert isinstance(reply, Live) and made.pour(reply).endswith(DONE)
    assert made.kept == {} and made.landed == [None]


def test_a_tape_that_is_stopped_holds_nothing() -> None:
    tape = Tape(Raw(), b"begun", 100)
    assert tape.recorded() is None
    with pytest.raises(Exception, match="over"):
        tape.stop(GatewayError("over"))
    assert tape.close() == b"" and tape.recorded() is None


# ── entries ──────────────────────────────────────────────────────────────

KINDS = st.sampled_from(["application/json", "audio/mpeg", "text/event-stream; charset=utf-8"])


@given(kind=KINDS, body=st.binary(min_size=1), dropped=st.lists(st.text()))
def test_what_is_kept_is_what_is_given(kind: str, body: bytes, dropped: list[str]) -> None:
    leaf = target()
    told = {"openai-model": "m", "x-request-id": "1"}
    reply = Reply(status=200, body=body, content_type=kind, headers=told, dropped=tuple(dropped))
    entry = entry_of(reply, KEEP)
    if entry is None:
        assert not kind.startswith("audio")
        return
    again = reply_of(entry, leaf)
    assert again is not None and (again.body, again.content_type) == (body, kind)
    assert again.dropped == tuple(dropped) and again.headers == {"openai-model": "m"}
    assert isinstance(again, Live) is kind.startswith("text/event-stream")


@given(st.data())
def test_an_entry_that_was_changed_is_none(data: st.DataObject) -> None:
    reply = Reply(status=200, body=GOOD, headers={"openai-model": "m"})
    entry = entry_of(reply, KEEP)
    assert entry is not None
    at = data.draw(st.integers(0, len(entry) - 1))
    bent = entry[:at] + data.draw(st.binary(max_size=2)) + entry[at + data.draw(st.integers(0, 2)) :]
    again = reply_of(bent, target())
    assert again is None or again.body == GOOD


@pytest.mark.parametrize(
    "said",
    [
        {"error": {"message": "x"}},
        {"type": "error"},
        {"choices": [7]},
        {"choices": [{"finish_reason": "length"}]},
        {"choices": [{"finish_reason": "stop"}, {"finish_reason": "content_filter"}]},
        {"choices": [{"message": {"tool_calls": [{}]}}]},
        {"choices": [{"delta": {"function_call": {"name": "f"}}}]},
    ],
)
def test_what_is_no_whole_answer_is_not_kept(said: Any) -> None:
    assert entry_of(Reply(status=200, body=json.dumps(said)), KEEP) is None
    event = b"data: " + json.dumps(said) + b"\n\n"
    assert entry_of(Reply(status=200, body=event, content_type="text/event-stream"), KEEP) is None


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        7,
        {"error": None},
        {"choices": None},
        {"choices": [{"message": None}]},
        {"data": [{}]},
    ],
)
def test_other_answers_are_kept(said: Any) -> None:
    assert entry_of(Reply(status=200, body=json.dumps(said)), KEEP)


def test_what_cannot_be_read_is_not_kept() -> None:
    assert entry_of(Reply(status=200, body=b"{"), KEEP) is None
    assert entry_of(Reply(status=200, body=b"data: {\n\n", content_type="text/event-stream"), KEEP) is None
    assert entry_of(Reply(status=200, body=b""), KEEP) is None
    assert entry_of(Reply(status=201, body=GOOD), KEEP) is None


# ── keys ─────────────────────────────────────────────────────────────────


@dataclass
class User:
    id: Any = None

    def pk(self) -> str:
        return "a method is no name"


WHO = st.one_of(
    st.text(),
    st.integers(),
    st.uuids(),
    st.builds(User, st.text() | st.integers() | st.uuids()),
    st.fixed_dictionaries({"id": st.text() | st.integers()}),
    st.dictionaries(st.text(), st.text(), min_size=1),
    st.tuples(st.text(), st.text()),
)


@given(WHO, WHO)
def test_two_principals_are_two_tenants(one: Any, other: Any) -> None:
    first, second = (key_of(keeping(), call(principal=each)) for each in (one, other))
    assert first is not None and second is not None
    if first == second:
        assert one == other or one["id"] == other["id"]


@pytest.mark.parametrize(
    "who",
    [True, object(), User(), {"x": object()}, 1.5],
    ids=["true", "object", "nameless", "holder", "number"],
)
def test_a_principal_without_a_name_has_no_tenant(who: Any) -> None:
    assert identity(who) is None
    assert key_of(keeping(), call(principal=who)) is None
    named = key_of(keeping(), call(principal=who, headers={"authorization": "Bearer a"}))
    assert named is not None
    assert named != key_of(keeping(), call(principal=who, headers={"authorization": "Bearer b"}))


@given(st.lists(st.binary(), max_size=5), st.lists(st.binary(), max_size=5))
def test_where_a_part_ends_is_part_of_it(one: list[bytes], other: list[bytes]) -> None:
    assert (digest(one) == digest(other)) is (one == other)


def held(secret: str, option: str = "") -> Credential:
    return Credential(Secret(secret), held=True, option=option)


def source(value: Any) -> Credential:
    return Credential(source=value, held=True)


def one_token() -> str:
    return "token"


TARGETS = [
    keeping(),
    keeping(provider=provider("other")),
    keeping(base_url="https://elsewhere.example"),
    keeping(options={"region": "eu"}),
    keeping(overrides={"top_p": 1}),
    keeping(strict=False),
    keeping(refuse_dropped=True),
    *(keeping(credential=held(each)) for each in ("sk-1", "sk-2")),
    keeping(credential=held("sk-1", "azure_ad_token")),
    *(keeping(credential=source(f"env:{each}")) for each in ("A", "B")),
    keeping(credential=source(one_token)),
    keeping(path="config.targets[1]", credential=source(one_token)),
    keeping(credential=Credential(held=True)),
]
CALLS = [
    call(),
    call({"model": "m", "messages": []}),
    call(namespace="n"),
    call(query="a=b"),
    replace(call(), path="/elsewhere"),
    call(key=Secret("sk-another")),
    call(headers={"x-api-key": "sk-another"}),
    call(principal="a"),
    call(endpoint=TRANSCRIBE, parts=(Part("file", b"x", "a.wav", "audio/wav"),)),
    call(endpoint=TRANSCRIBE, parts=(Part("file", b"y", "a.wav", "audio/wav"),)),
    call(endpoint=TRANSCRIBE, parts=(Part("file", b"x", "b.wav", "audio/wav"),)),
]


def test_all_that_makes_an_answer_another_is_in_the_key() -> None:
    keys = [key_of(leaf, call()) for leaf in TARGETS] + [key_of(keeping(), each) for each in CALLS[1:]]
    assert None not in keys and len(set(keys)) == len(keys)
    assert all(str(key).startswith("cache:") and len(str(key)) == 70 for key in keys)
    assert [key_of(leaf, call()) for leaf in TARGETS] == keys[: len(TARGETS)]


def test_a_forwarded_header_is_in_the_key() -> None:
    leaf = keeping(forward=("x-team",))
    keys = {key_of(leaf, call(headers={"x-team": team})) for team in ("a", "b")}
    assert len(keys | {key_of(leaf, call(headers={"x-other": "c"}))}) == 3


def test_a_call_without_its_bytes_is_known_by_its_body() -> None:
    bare = replace(call(), raw=b"")
    assert key_of(keeping(), bare) == key_of(keeping(), call())


def test_what_may_change_something_has_no_key() -> None:
    assert key_of(keeping(), call(endpoint=PROXY)) is None
    made = world(Answer(200, {}, b"x", stream=None))
    assert key_of(keeping(), call(endpoint=CHAT)) is not None
    assert asked(made, keeping(provider=provider()), call(principal=True)).cache_status == "DISABLED"


# ── words ────────────────────────────────────────────────────────────────


def test_the_words_for_a_store() -> None:
    made = world()
    assert made.carry(stored.get("a")) is None
    assert made.carry(stored.keep("a", b"x", 1.0)) is None
    assert made.carry(stored.get("a")) == b"x"
    assert made.carry(stored.swap("a", b"y", b"z", 1.0)) is False
    assert made.carry(stored.swap("a", b"x", b"7", 1.0)) is True
    assert made.carry(stored.add("a", 2, 1.0)) == 9
    assert made.carry(stored.drop("a")) is None
    assert made.carry(stored.get("a")) is None
    assert stored.Lead().land(None) is None  # type: ignore[func-returns-value]
