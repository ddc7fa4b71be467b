"""Several calls that make one answer: in their order, within bounds, to the provider's own hosts alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import RETRY, STOP, World, call, opened, provider, status, streaming, target

from gatewaymw.core import json
from gatewaymw.core.commands import Send
from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.model import Codec, Context, Encoded, Next, Route, Stream
from gatewaymw.core.plan import Retry, Timeouts
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.following import GROWTH, LONGEST, LOOK, MOST, PATIENT, address_of
from gatewaymw.core.routing.reply import Live, Reply
from gatewaymw.core.routing.trace import Done, Log, Said, observed, recorded, replayed
from gatewaymw.core.values import Answer, Failure, Outcome

HOME = "https://jobs.example"
SLOW = Failure("timeout", "took longer", 408, "timeout")
AWAY = Failure("connect", "could not be reached")


def follow(answer: dict[str, Any], context: Context) -> Next | None:
    """A dialect in which answers say themselves what is to follow."""
    if "failed" in answer:
        raise UpstreamError(answer["failed"], status=503, code="job_failed")
    return Next(**answer["next"]) if "next" in answer else None


def told(answer: dict[str, Any], context: Context) -> dict[str, Any]:
    return {"told": answer["said"]}


JOBS = provider(
    "jobs",
    routes={CHAT: Route("/jobs", Codec(follow=follow, response=told))},
    hosts=re.compile(r"[ab]\.jobs\.example"),
)


def answering(**body: Any) -> Answer:
    return Answer(200, {"content-type": "application/json"}, json.dumps(body))


def after(to: str = "/jobs/1", **more: Any) -> Answer:
    return answering(next={"to": to, **more})


DONE = answering(said="this")
AGAIN = after("", after=1.0)


def asked(
    *outcomes: Outcome, of: Any = JOBS, lasts: float = 0.0, what: Any = None, **more: Any
) -> tuple[Reply, World]:
    """The reply, and the world it was found in: the last outcome is given again and again."""
    here = World(chain(outcomes, repeat(outcomes[-1])), lasts=lasts)
    leaf = target(provider=of, **more)
    return here.run(attempt(leaf, what or call(), here.env())), here


def error_of(reply: Reply) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(reply.body)["error"]
    return error


def lines(here: World) -> list[str]:
    return [f"{each.request.method} {each.request.url}" for each in here.sent]


# ── in order ─────────────────────────────────────────────────────────────


def test_an_answer_that_is_all_there_is_has_nothing_after_it() -> None:
    reply, here = asked(DONE)
    assert (reply.status, reply.body, reply.attempts, reply.again) == (200, b'{"told":"this"}', 1, False)
    assert lines(here) == [f"POST {HOME}/jobs"]


def test_steps_are_taken_one_after_the_other_with_the_credential() -> None:
    step = after("/transcripts?a=1", method="POST", body={"of": "it"}, headers={"x-own": "1"})
    reply, here = asked(step, after(f"{HOME}/jobs/1#part", after=2.0), AGAIN, DONE)
    assert reply.body == b'{"told":"this"}'
    assert lines(here) == [
        f"POST {HOME}/jobs",
        f"POST {HOME}/transcripts?a=1",
        f"GET {HOME}/jobs/1",
        f"GET {HOME}/jobs/1",
    ]
    assert {each.request.headers["authorization"] for each in here.sent} == {"Bearer sk-caller-key"}
    assert [each.request.body for each in here.sent[1:]] == [b'{"of":"it"}', b"", b""]
    kinds = [each.request.headers.get("content-type") for each in here.sent[1:]]
    assert kinds == ["application/json", None, None] and here.sent[1].request.headers["x-own"] == "1"
    assert here.waits == [2.0, GROWTH]
    assert (reply.attempts, reply.again, reply.tries) == (4, True, 0)


def test_a_job_that_is_asked_after_by_post_is_looked_at_all_the_same() -> None:
    look = after("/jobs/result", method="POST", body={"id": "1"}, asks=True, after=2.0)
    reply, here = asked(look, status(503), look, AWAY, DONE, retry=RETRY)
    assert lines(here) == [f"POST {HOME}/jobs", *[f"POST {HOME}/jobs/result"] * 4]
    assert (reply.body, reply.attempts) == (b'{"told":"this"}', 5)
    assert {each.request.body for each in here.sent[1:]} == {b'{"id":"1"}'}
    assert all(each.request.timeout <= LOOK for each in here.sent[1:])
    lost, here = asked(look, status(404), retry=RETRY)
    assert (lost.status, len(here.sent)) == (404, 2)  # it may be under way: it is not begun anew


def test_looks_come_further_and_further_apart() -> None:
    _, here = asked(after(after=0.5), *[after(after=0.5)] * 40, DONE)
    assert here.waits == sorted(here.waits) and here.waits[0] == 0.5
    assert {*here.waits[20:]} == {LONGEST}


def test_a_wait_that_is_named_is_kept_but_for_the_longest() -> None:
    _, here = asked(after(after=20.0), after(after=1e9), DONE)
    assert here.waits == [20.0, 12 * LONGEST]


def test_a_target_with_an_address_of_its_own_is_asked_there() -> None:
    where = {"base_url": "http://127.0.0.1:1/of", "guarded": True}
    _, here = asked(after("/a"), after("http://127.0.0.1:1/b"), DONE, **where)
    assert lines(here)[1:] == ["GET http://127.0.0.1:1/of/a", "GET http://127.0.0.1:1/b"]
    assert all(each.request.guarded for each in here.sent)


def test_a_request_may_have_headers_and_later_calls_a_request_of_their_own() -> None:
    codec = Codec(
        request=lambda body, context: Encoded(body, (), {"prefer": "wait"}), follow=follow, response=told
    )
    leaf = target(provider=provider("jobs", codec), credential=None)
    here = World(iter([after(), DONE, DONE]))
    here.run(attempt(leaf, call(), here.env()))
    here.run(attempt(leaf, call(), here.env()))
    assert [each.request.headers.get("prefer") for each in here.sent] == ["wait", None, "wait"]


# ── where it may go ──────────────────────────────────────────────────────

FOREIGN = [
    *("http://jobs.example/a", "https://jobs.example:8443/a", "https://evil.example/a", "//evil.example/a"),
    *("https://jobs.example@evil.example/a", "https://jobs.example\\@evil.example/a", "https://evil.example"),
    *(
        "https://c.jobs.example/a",
        "http://a.jobs.example/",
        "https://a.jobs.example:444/",
        "ftp://jobs.example/",
    ),
    *(
        "https://[::1]/a",
        "https://jobs.example/a b",
        "https://jobs.example/\r\nx",
        "/a\r\nx: y",
        "jobs/1",
        "",
        "https://",
    ),
    "https://a.jobs.example.evil.example/",
    f"{HOME}/{'a' * 70_000}",
]


@pytest.mark.parametrize("place", FOREIGN, ids=range(len(FOREIGN)))
def test_ssrf_12_no_other_host_is_called_and_no_job_begun_again(place: str) -> None:
    reply, here = asked(after(place), retry=RETRY)
    assert (reply.status, error_of(reply)["code"]) == (502, "upstream_address")
    assert len(here.sent) == 1 and reply.again
    assert "evil" not in error_of(reply)["message"]


@pytest.mark.parametrize(
    "place", ["https://a.jobs.example/x", "https://B.jobs.example:443/x?y", f"{HOME}:443"]
)
def test_hosts_of_its_own_are_called(place: str) -> None:
    reply, here = asked(after(place), DONE)
    assert reply.status == 200
    assert here.sent[1].request.url in (
        *(
            "https://a.jobs.example/?x",
            "https://a.jobs.example/x",
            "https://b.jobs.example:443/x?y",
            f"{HOME}:443/",
        ),
    )


def test_ssrf_12_its_other_hosts_are_not_called_by_a_target_with_another_address() -> None:
    reply, here = asked(after("https://a.jobs.example/x"), base_url="https://proxy.example")
    assert (error_of(reply)["code"], len(here.sent)) == ("upstream_address", 1)


@pytest.mark.parametrize(
    ("base", "its"),
    [
        ("https://b.jobs.example/v1", True),
        ("http://b.jobs.example", False),
        ("https://jobs.example.evil.example", False),
    ],
)
def test_one_of_its_hosts_may_lead_to_another(base: str, its: bool) -> None:
    reply, _ = asked(after("https://a.jobs.example/x"), DONE, base_url=base)
    assert (reply.status == 200) is its


PIECES = st.sampled_from(
    [
        *"/:@?#\\[]%. ",
        "https",
        "http",
        "://",
        "jobs.example",
        "a.jobs.example",
        "evil.example",
        "443",
        "\r\n",
        "é",
    ]
)


@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=9).map("".join)))
def test_ssrf_12_whatever_is_named_is_its_own_or_refused(place: str) -> None:
    try:
        made = address_of(place, target(provider=JOBS))
    except UpstreamError as error:
        assert error.code == "upstream_address"
        return
    for read in (urlsplit(made), httpx2.URL(made)):
        host = read.hostname if isinstance(read, SplitResult) else read.host
        assert host in ("jobs.example", "a.jobs.example", "b.jobs.example") and read.scheme == "https"
        assert read.port in (None, 443) and "@" not in made.split("/")[2]


def test_an_address_of_numbers_is_an_origin_as_well() -> None:
    _, here = asked(after("http://[::1]:80/x"), DONE, base_url="http://[::1]")
    assert lines(here)[1] == "GET http://[::1]:80/x"


# ── what goes wrong ──────────────────────────────────────────────────────


def test_a_job_that_failed_is_an_error_in_its_words_and_may_be_begun_again() -> None:
    failed = answering(failed="out of colours")
    reply, here = asked(after(), failed, after(), DONE, retry=RETRY)
    assert (reply.status, reply.tries, reply.attempts) == (200, 1, 4)
    reply, here = asked(after(), failed)
    assert (reply.status, error_of(reply)["message"]) == (503, "jobs: out of colours")
    assert error_of(reply)["code"] == "job_failed" and len(here.sent) == 2 and not reply.again


@pytest.mark.parametrize("trouble", [status(503), status(429, retry_after="7"), AWAY, SLOW])
def test_a_look_that_fails_in_passing_is_made_again_and_the_job_is_not(trouble: Outcome) -> None:
    reply, here = asked(after(), *[trouble] * PATIENT, DONE)
    assert reply.status == 200 and [line.split()[0] for line in lines(here)] == [
        "POST",
        *["GET"] * (PATIENT + 1),
    ]
    assert all(seconds >= 1 for seconds in here.waits[1:])
    if isinstance(trouble, Answer) and trouble.headers:
        assert here.waits == [7.0] * PATIENT


def test_a_look_that_goes_on_failing_ends_it_and_nothing_is_begun_again() -> None:
    reply, here = asked(after(), status(503, b'{"error":{"message":"busy"}}'), retry=RETRY)
    assert (reply.status, error_of(reply)["message"], reply.again, reply.tries) == (503, "busy", True, 0)
    assert len(here.sent) == PATIENT + 2 == reply.attempts


@pytest.mark.parametrize("trouble", [status(404), status(302), status(401), Failure("refused", "no", 400)])
def test_a_look_that_fails_for_good_ends_it(trouble: Outcome) -> None:
    reply, here = asked(after(), trouble, retry=Retry(2, frozenset({404, 401, 400, 502})))
    assert reply.status == (502 if trouble.status == 302 else trouble.status) and len(here.sent) == 2


def test_a_step_that_fails_before_the_job_is_begun_may_be_taken_again() -> None:
    step = after("/begin", method="POST", body={})
    reply, here = asked(step, status(503), step, after(), DONE, retry=RETRY)
    assert (reply.status, reply.tries) == (200, 1)
    assert [line.split()[0] for line in lines(here)] == ["POST", "POST", "POST", "POST", "GET"]


@pytest.mark.parametrize("odd", [b"<html>", b"[]", b'{"next": 1}', b'{"next": {"nope": 1}}', b"5", b"{"])
def test_an_answer_that_cannot_be_read_ends_it(odd: bytes) -> None:
    reply, here = asked(Answer(200, {}, odd), retry=RETRY)
    assert (reply.status, error_of(reply)["code"], len(here.sent)) == (502, "upstream_invalid_response", 1)
    assert reply.again  # an SDK would send it once more


def test_an_answer_that_is_none_is_not_asked_for_again() -> None:
    reply, here = asked(after(), answering(nothing=1), retry=RETRY)
    assert (reply.status, error_of(reply)["code"], len(here.sent)) == (502, "upstream_invalid_response", 2)


def test_what_a_look_says_holds_no_credential() -> None:
    said = Answer(401, {"x-said": "sk-caller-key"}, b'{"error":{"message":"sk-caller-key is wrong"}}')
    reply, _ = asked(after(), said)
    assert "sk-caller-key" not in reply.body.decode() and "x-said" not in reply.headers


# ── bounds ───────────────────────────────────────────────────────────────


def test_dos_09_a_job_that_is_never_done_is_given_up_when_the_time_of_the_target_is_over() -> None:
    reply, here = asked(after(after=1.0), timeout=30.0, retry=Retry(3, frozenset({408})))
    error = error_of(reply)
    assert (reply.status, error["code"], error["type"]) == (408, "timeout", "timeout_error")
    assert "30000ms" in error["message"] and reply.again
    assert here.time <= 1030.0 and len([line for line in lines(here) if line.startswith("POST")]) == 1


def test_it_is_given_up_at_the_deadline_of_the_call() -> None:
    reply, here = asked(after(after=1.0), what=call(deadline=1010.0))
    assert (reply.status, here.time <= 1010.0) == (408, True)


def test_each_look_has_little_time_and_the_last_no_more_than_is_left() -> None:
    _, here = asked(after(after=1.0), lasts=20.0, timeout=130.0)
    given = [each.request.timeout or 0 for each in here.sent[1:]]
    assert given[0] == LOOK and given[-1] < LOOK and min(given) > 0


def test_dos_09_calls_without_end_are_counted() -> None:
    reply, here = asked(after(after=0.0), retry=RETRY)
    assert (reply.status, error_of(reply)["code"], len(here.sent)) == (504, "timeout", MOST + 1)
    assert str(MOST) in error_of(reply)["message"] and here.waits == []


def test_steps_without_end_are_counted_as_well() -> None:
    reply, here = asked(after(method="POST", body={}))
    assert (reply.status, len(here.sent)) == (504, MOST + 1)


OUTCOMES = st.one_of(
    st.just(DONE),
    st.just(answering(failed="no")),
    st.just(Answer(200, {}, b"<html>")),
    st.builds(
        after,
        st.sampled_from(
            ["", "/jobs/1", f"{HOME}/jobs/2", "https://a.jobs.example/3", "https://evil.example/"]
        ),
        method=st.sampled_from(["GET", "GET", "POST"]),
        after=st.sampled_from([0.0, 0.5, 90.0]),
    ),
    st.sampled_from([400, 404, 408, 429, 500, 503]).map(lambda number: status(number, retry_after="3")),
    st.sampled_from([SLOW, AWAY, Failure("broken", "cut"), Failure("refused", "no", 400)]),
)


@given(
    st.lists(OUTCOMES, min_size=1, max_size=12),
    st.builds(Retry, attempts=st.integers(0, 2), on=st.just(frozenset({404, 408, 429, 500, 502, 503, 504}))),
    st.sampled_from([None, 20.0]),
)
def test_bounds_hold_for_any_answers(outcomes: list[Outcome], retry: Retry, timeout: float | None) -> None:
    reply, here = asked(*outcomes, retry=retry, timeout=timeout)
    made = retry.attempts + 1
    assert len(here.sent) == reply.attempts <= made * (MOST + 1)
    assert all(0 <= seconds <= 12 * LONGEST for seconds in here.waits)
    assert here.time - 1000.0 <= made * (timeout or 600.0) + retry.attempts * retry.cap
    assert {each.request.url.split("/")[2] for each in here.sent} <= {"jobs.example", "a.jobs.example"}
    assert reply.status == 200 or error_of(reply)["message"]
    begun = [each for each in here.sent if each.request.url == f"{HOME}/jobs"]
    assert len(begun) <= made


@given(st.lists(OUTCOMES, min_size=2, max_size=12))
def test_a_job_is_begun_anew_only_where_it_failed_or_was_not_begun(outcomes: list[Outcome]) -> None:
    always = Retry(2, frozenset(range(400, 600)), base=0.0)
    _, here = asked(*outcomes, retry=always, timeout=1e6)
    heard: Iterator[Outcome] = chain(outcomes, repeat(outcomes[-1]))
    before: tuple[str, Outcome] | None = None
    for each in here.sent:
        if before and each.request.url == f"{HOME}/jobs":
            method, outcome = before
            failed = isinstance(outcome, Answer) and outcome.ok and b"failed" in outcome.body
            assert failed or (method == "POST" and not (isinstance(outcome, Answer) and outcome.ok))
        before = each.request.method, next(heard)


# ── streams ──────────────────────────────────────────────────────────────


def step(state: bool, event: dict[str, Any], context: Context) -> tuple[bool, tuple[dict[str, Any], ...]]:
    if "error" in event:
        raise UpstreamError("the model broke")
    return state or bool(event["choices"][0]["finish_reason"]), (event,)


CUT = Stream(start=False, step=step, ended=lambda state: state)
TEXT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
STREAMING = provider("jobs", routes={CHAT: Route("/jobs", Codec(follow=follow, response=told, stream=CUT))})


def test_a_stream_may_be_what_follows() -> None:
    here = World(
        iter([after("/live", live=True, headers={"accept": "text/event-stream"}), opened()]),
        {1: [TEXT, STOP]},
    )
    reply = here.run(attempt(target(provider=STREAMING), streaming(), here.env()))
    assert isinstance(reply, Live) and reply.attempts == 2
    assert [each.stream for each in here.sent] == [False, True]
    assert b"hi" in here.pour(reply) and reply.passage.error is None


@pytest.mark.parametrize("pieces", [[], [b'data: {"error": {"message": "no"}}\n\n'], [AWAY]])
def test_a_stream_that_fails_before_its_first_word_is_not_begun_again(
    pieces: list[bytes | Failure],
) -> None:
    here = World(iter([after("/live", live=True), opened()]), {1: pieces})
    reply = here.run(attempt(target(provider=STREAMING, retry=RETRY), streaming(), here.env()))
    assert (reply.status, len(here.sent), reply.again) == (502, 2, True)


def test_it_has_the_time_of_a_first_token() -> None:
    here = World(iter([after("/live", live=True), opened()]), {1: [TEXT, STOP]})
    leaf = target(provider=STREAMING, timeouts=Timeouts(first_token=9.0, idle=3.0))
    here.run(attempt(leaf, streaming(), here.env()))
    assert here.sent[1].request.timeout == 9.0 and here.sent[1].request.idle == 3.0


# ── why ──────────────────────────────────────────────────────────────────


def test_a_trace_tells_of_each_call_and_can_be_played_again() -> None:
    here, log = World(chain([after(after=1.0), status(503)], repeat(status(404)))), Log()
    leaf, what = target(provider=JOBS, retry=RETRY), call(traced=True)
    env = here.env()
    here.run(recorded(run(leaf, what, observed(env, log)), log, env.now))
    notes = [entry.note for entry in log.trace if isinstance(entry, Said)]
    assert [note.text for note in notes if note.what == "because"] == [
        "200: followed up in 1.000 s",
        "503: followed up in 1.200 s",
        "404: not begun anew, since it may be under way or done",
    ]
    sent = [entry for entry in log.trace if isinstance(entry, Done) and isinstance(entry.command, Send)]
    assert len(sent) == 3
    again = replayed(lambda env: run(leaf, what, env), log.trace)
    assert again.status == 404
