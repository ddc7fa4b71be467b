"""The gateway as a client, judged by somebody else: llmock breaks down in its ways and says what it thinks of
whoever asked it. Four dialects at once, whole and streamed, below uvicorn and below a server of threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from judged import ASKED, MODES, PATHS, SERVERS, Judge, Said, Site, Verdict, judging, site

PACED = {
    **{"LLMOCK_CONTEXT_WINDOW": "2000", "LLMOCK_RESPONSE_STYLE": "echo"},
    **{"LLMOCK_STREAM_CHUNK_DELAY_MS": "5"},
}
"""It says what it was told, one word at a time, so that those before a fault have been passed on."""
STREAMED = ("streamed",)
DIALECTS = len(PATHS)
BOTH = DIALECTS * len(MODES)
"""How many are asked at once: each dialect whole and streamed."""
MIDST = 38
"""Chunks of a stream, which has more than forty."""
TOO_LONG: Any = {**ASKED, "messages": [{"role": "user", "content": "word " * 4000}]}


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with judging(**PACED) as made:
        yield made


@pytest.fixture(scope="module", params=SERVERS)
def below(
    request: pytest.FixtureRequest, judge: Judge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with site(request.param, judge, tmp_path_factory.mktemp("llmock")) as made:
        yield made


@pytest.fixture(scope="module")
def good(judge: Judge) -> list[Said]:
    """What each client gets when nothing is wrong."""
    return [Said(judge.says(ASKED))] * BOTH


def fail(status: int, times: int | None = 1, after: float | None = None) -> dict[str, Any]:
    return {"type": "fail", "status": status, "times": times, "retry_after": after}


def breaks(kind: str, after: int) -> dict[str, Any]:
    return {"type": "stream_fault", "kind": kind, "after_chunks": after, "stall_seconds": 20}


def of_each(attempts: int, faults: int, *findings: str, passed: bool = True, calls: int = BOTH) -> Verdict:
    """The same of every call: so many attempts at it, so many of them spoilt."""
    return Verdict(passed, calls, calls * attempts, calls * faults, sorted(findings * calls))


def judged(below: Site) -> Verdict:
    found = below.judge.verdict()
    return found._replace(findings=sorted(found.findings))


# ── what it finds nothing to say against ─────────────────────────────────


def test_an_answer_is_asked_for_once(below: Site, good: list[Said]) -> None:
    assert below.play({}) == good
    assert judged(below) == of_each(1, 0)


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_is_asked_for_is_waited(status: int, below: Site, good: list[Said]) -> None:
    assert below.play(fail(status, times=2, after=0.3)) == good
    assert judged(below) == of_each(3, 2)


@pytest.mark.parametrize("status", [500])
def test_waits_grow_where_none_is_asked_for(status: int, below: Site, good: list[Said]) -> None:
    assert below.play(fail(status, times=3)) == good
    assert judged(below) == of_each(4, 3)


def test_who_stays_down_is_left_alone_after_the_last_try(below: Site) -> None:
    told = below.play(fail(500, times=None))
    assert [each.status for each in told] == [500] * BOTH
    assert judged(below) == of_each(4, 4)


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_what_would_fail_again_is_not_asked_again(status: int, below: Site) -> None:
    told = below.play(fail(status, times=None))
    assert [each.status for each in told] == [status] * BOTH
    assert judged(below) == of_each(1, 1)


def test_nor_what_is_too_long_for_the_model(below: Site) -> None:
    told = below.play({}, body=TOO_LONG)
    assert [each.status for each in told] == [400] * BOTH
    assert judged(below) == of_each(1, 1)


@pytest.mark.parametrize("kind", ["disconnect", "truncate", "malformed"])
def test_a_stream_that_breaks_before_its_first_word_is_begun_again(
    kind: str, below: Site, good: list[Said]
) -> None:
    assert below.play(breaks(kind, 0), STREAMED) == good[:DIALECTS]
    assert judged(below) == of_each(2, 1, calls=DIALECTS)


def test_a_first_word_that_is_slow_is_waited_for(below: Site, good: list[Said]) -> None:
    assert below.play({"type": "slow_first_token", "seconds": 0.3}, STREAMED) == good[:DIALECTS]
    assert judged(below) == of_each(1, 0, calls=DIALECTS)


def test_one_that_is_too_slow_is_asked_for_again(below: Site, good: list[Said]) -> None:
    assert (
        below.play({"type": "slow_first_token", "seconds": 10}, STREAMED, setting="hasty") == good[:DIALECTS]
    )
    assert judged(below) == of_each(2, 0, calls=DIALECTS)


def test_an_answer_that_is_too_late_is_given_up(below: Site) -> None:
    """A time-out is a 408, which is not tried again unless the operator says so."""
    told = below.play({"type": "delay", "seconds": 5}, setting="hasty")
    assert [(each.status, each.code) for each in told] == [(408, "timeout")] * BOTH
    below.judge.settle(BOTH)  # it counts what it has answered, and is not done yet
    assert judged(below) == of_each(1, 0)


def test_a_stream_that_stalls_is_not_sat_through(below: Site, good: list[Said]) -> None:
    told = below.play(breaks("stall", MIDST), STREAMED)
    assert [each.code for each in told] == ["upstream_timeout"] * DIALECTS
    assert judged(below) == of_each(1, 1, calls=DIALECTS)


def test_a_quota_is_waited_for_as_long_as_it_takes(tmp_path: Path) -> None:
    """6,000 tokens, of which 100 come back each second: the first call takes most, the next has to wait."""
    with judging(LLMOCK_TPM="6000") as judge, site("waitress", judge, tmp_path) as made:
        told = [made.ask("openai usual", False, {**ASKED, "max_tokens": most}) for most in (5900, 350)]
        assert [each.error for each in told] == ["", ""]
        assert judge.verdict() == Verdict(True, 2, 3, 1, [])


# ── what it cannot know: the client was told ─────────────────────────────

MIDWAY = {
    "disconnect": ("upstream_broken", "gave_up"),
    "truncate": ("upstream_stream_incomplete", "truncated_stream_accepted"),
    "malformed": ("upstream_stream_invalid", "malformed_chunk_ignored"),
}


@pytest.mark.parametrize("kind", MIDWAY)
def test_a_stream_that_breaks_after_words_that_were_shown(kind: str, below: Site, good: list[Said]) -> None:
    """It would have it begun again. Words that the client has read cannot be taken back: the SDK raises."""
    code, finding = MIDWAY[kind]
    told = below.play(breaks(kind, MIDST), STREAMED)
    assert [(each.error, each.code) for each in told] == [("APIError", code)] * DIALECTS
    assert all(each.text and good[0].text.startswith(each.text) for each in told)
    assert judged(below) == of_each(1, 1, finding, passed=kind != "truncate", calls=DIALECTS)


# ── where it is of another mind ──────────────────────────────────────────


@pytest.mark.parametrize("status", [408, 409, 529])
def test_what_the_operator_did_not_say_to_try_again(status: int, below: Site) -> None:
    """It would try these again; Portkey's list, which is the default here, has them not."""
    told = below.play(fail(status))
    assert [each.status for each in told] == [status] * BOTH
    assert judged(below) == of_each(1, 1, "gave_up")


@pytest.mark.parametrize("status", [408, 409, 529])
def test_is_tried_again_where_the_operator_says_so(status: int, below: Site, good: list[Said]) -> None:
    assert below.play(fail(status, after=0.0), setting="eager") == good
    assert judged(below) == of_each(2, 1)


@pytest.mark.parametrize("status", [500, 529])
def test_a_wait_is_believed_with_429_and_503_alone(status: int, below: Site, good: list[Said]) -> None:
    """As docs/portkey-parity.md says. It would believe it with any status."""
    assert below.play(fail(status, after=0.5), setting="eager") == good
    assert judged(below) == of_each(2, 1, "retry_after_ignored", passed=False)


def test_a_wait_that_is_too_long_is_passed_on(below: Site) -> None:
    told = below.play(fail(429, after=30))
    assert [each.status for each in told] == [429] * BOTH
    assert judged(below) == of_each(1, 1, "gave_up")


# ── that it looks ────────────────────────────────────────────────────────


def test_it_finds_what_a_config_has_wrong(below: Site, good: list[Said]) -> None:
    """Waits that are not believed, what cannot succeed tried again, and what could not tried at all."""
    assert below.play(fail(429, after=0.5), setting="deaf") == good
    assert judged(below) == of_each(2, 1, "retry_after_ignored", passed=False)
    assert below.play(fail(400), setting="eager") == good
    assert judged(below) == of_each(2, 1, "retried_non_retryable", passed=False)
    assert {each.status for each in below.play(fail(500), setting="once")} == {500}
    assert judged(below) == of_each(1, 1, "gave_up")


# ── tools ────────────────────────────────────────────────────────────────

CITIES = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: Any = [{"type": "function", "function": {"name": "get_weather", "parameters": CITIES}}]
CITY = '{"city":"mock-city"}'


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("kind", ["malformed_arguments", "unknown_tool"])
def test_broken_calls_of_tools_reach_the_client(kind: str, name: str, below: Site) -> None:
    """It is for the client to say what it makes of them: they are passed on, and nothing is asked again."""
    below.judge.plays({"type": "tool_fault", "kind": kind})
    told = below.client.chat.completions.create(
        **{**ASKED, "tools": TOOLS}, extra_headers={"x-gateway-config": f"{name} usual"}
    )
    [call] = told.choices[0].message.tool_calls
    broken = kind == "malformed_arguments"
    assert call.function.name == ("get_weather" if broken else "llmock_unknown_tool")
    assert call.function.arguments.replace(" ", "") in (('{"city":"', "{}") if broken else (CITY,))
    assert judged(below) == Verdict(True, 1, 1, 0, [])
