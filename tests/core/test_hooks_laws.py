"""Laws of hooks: for any hooks, any verdicts and any answer."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hooked import appends, breaks, check, errs, hook, hooked, host, notes, piece, saying, without
from hypothesis import given
from hypothesis import strategies as st
from machine import DONE, ROLE, STOP, call, group, ok, opened, streaming

from gatewaymw.core import json
from gatewaymw.core.checks.hook import Hook
from gatewaymw.core.checks.model import Finding, Prepared
from gatewaymw.core.plan import Node, Retry
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Live

CHECKS: st.SearchStrategy[Prepared] = st.one_of(
    st.builds(lambda verdict: check("says", lambda subject: Finding(verdict)), st.booleans()),
    st.builds(errs, fail_on_error=st.booleans()),
    st.builds(breaks, fail_on_error=st.booleans()),
    st.builds(appends, st.sampled_from("abc"), st.booleans()),
    st.builds(without, st.sampled_from(["a", "x", "bad"])),
)


@st.composite
def hooks(draw: st.DrawFn) -> Hook:
    return hook(
        *draw(st.lists(CHECKS, max_size=3)),
        type=draw(st.sampled_from(["guardrail", "mutator"])),
        deny=draw(st.booleans()),
        later=draw(st.integers(0, 4)) == 0,
        sequential=draw(st.booleans()),
        stream=draw(st.sampled_from([None, None, "buffer"])),
    )


LISTS = st.lists(hooks(), max_size=3).map(tuple)
SECRET = "answer of the model"


def denying(hooks: tuple[Hook, ...], verdict: bool) -> tuple[Hook, ...]:
    return (*hooks, hook(check("says", lambda subject: Finding(verdict)), deny=True))


@given(LISTS, LISTS, st.booleans())
def test_deny_never_lets_an_answer_through(before: Any, after: Any, early: bool) -> None:
    if early:
        before = denying(before, False)
    else:
        after = denying(after, False)
    for what, outcome, reads in (
        (call(), ok(saying(SECRET)), {}),
        (streaming(), opened(), {1: [ROLE, piece(SECRET), STOP, DONE]}),
    ):
        here = host(outcome, reads=reads)
        reply = here.run(run(hooked(before, after), what, here.env()))
        assert reply.status == 446 and SECRET.encode() not in reply.body and not isinstance(reply, Live)
        assert not (early and here.sent), "what is denied before it is asked is not asked"


@given(LISTS, LISTS)
def test_nothing_edits_its_input_and_each_target_starts_from_the_original(before: Any, after: Any) -> None:
    seen: list[Any] = []
    first = notes(seen, lambda subject: deepcopy(dict(subject.body)))
    plan: Node = group(
        "fallback",
        hooked((hook(first), *before), denying(after, False)),
        hooked((hook(first), *before), after, retry=Retry(1, frozenset({246, 446}))),
    )
    what = call()
    kept = deepcopy(what.body)
    here = host(*[ok(saying("x"))] * 3)
    here.run(run(plan, what, here.env()))
    assert what.body == kept and json.loads(what.raw) == kept
    assert all(body == kept for body in seen) and seen


@given(st.booleans(), st.integers(1, 300))
def test_a_window_lets_nothing_through_that_a_look_denies(ends: bool, window: int) -> None:
    """Whatever is shown was looked at, and what was looked at does not hold the word."""
    words = ["good ", "b", "ad", " more"] * 20
    pieces = [ROLE, *map(piece, words[: len(words) if ends else 1]), STOP, DONE]
    looks = hook(without("bad"), deny=True, stream="window", window=window)
    here = host(opened(), reads={1: pieces})
    reply = here.run(run(hooked(after=(looks,)), streaming(), here.env()))
    shown = reply.body
    if isinstance(reply, Live):
        while not reply.passage.over and (data := here.next_of(1)):
            shown += reply.passage.feed(data)
        shown += reply.passage.close()
    assert b'"ad"' not in shown
    assert ends is (b"guardrail_denied" in shown or reply.status == 446)


@given(LISTS, LISTS, st.booleans())
def test_what_hooks_say_is_told_and_the_status_follows_from_it(before: Any, after: Any, strict: bool) -> None:
    here = host(ok(saying("x")))
    reply = here.run(run(hooked(before, after, strict=strict), call(), here.env()))
    told = json.loads(reply.body).get("hook_results")
    reports = [*told["before_request_hooks"], *told["after_request_hooks"]] if told else []
    failed = [each for each in reports if not each["verdict"]]
    expected = 446 if any(each["deny"] for each in failed) else 246 if failed else 200
    assert reply.status == expected
    assert not any(each["async"] for each in reports), "nobody waits for these"
    assert bool(reply.later) is any(each.later for each in (*before, *after))
