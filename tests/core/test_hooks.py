"""Hooks around a target: who is asked, what goes on, and what is reported."""

from __future__ import annotations

from typing import Any

import pytest
from hooked import (
    Host,
    appends,
    asks,
    breaks,
    check,
    errs,
    hook,
    hooked,
    host,
    notes,
    saying,
    says,
    without,
)
from machine import RETRY, call, group, ok, status

from gatewaymw.core import json
from gatewaymw.core.checks.hook import Hook
from gatewaymw.core.checks.model import Finding, Subject
from gatewaymw.core.checks.subjects import body_of
from gatewaymw.core.endpoints import EMBED, IMAGE, MODELS, PROXY, SPEECH, TRANSCRIBE
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.plan import Node, Retry, Target
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Live, Reply
from gatewaymw.core.values import Answer, Call, Part

HI = ok(saying("hi"))


def asked(node: Node, *outcomes: Any, what: Call | None = None, answers: Any = ()) -> tuple[Reply, Host]:
    here = host(*outcomes)
    here.left = list(answers)
    return here.run(run(node, what or call(), here.env())), here


def results(reply: Reply) -> Any:
    return json.loads(reply.body)["hook_results"]


def sent(here: Host, index: int = 0) -> Any:
    return json.loads(here.sent[index].request.body)


# ── before a request ─────────────────────────────────────────────────────


def test_a_denial_before_a_request_asks_nobody() -> None:
    reply, here = asked(hooked((hook(says(False), deny=True),)))
    assert (reply.status, here.sent) == (446, [])
    body = json.loads(reply.body)
    assert body["error"]["type"] == "hooks_failed" and body["error"]["code"] is body["error"]["param"] is None
    assert body["error"]["message"].startswith("The guardrail checks defined in the config failed.")
    assert [each["verdict"] for each in body["hook_results"]["before_request_hooks"]] == [False]
    assert body["hook_results"]["after_request_hooks"] == []
    assert reply.target is not None and reply.tries == 0


def test_a_failure_that_does_not_deny_is_told_by_246_and_in_strict_answers_as_well() -> None:
    reply, here = asked(hooked((hook(says(False)),)), HI)
    assert (reply.status, len(here.sent)) == (246, 1)
    assert json.loads(reply.body)["choices"][0]["message"]["content"] == "hi"
    assert results(reply)["before_request_hooks"][0]["verdict"] is False
    reply, _ = asked(hooked((hook(says(True)),)), HI)
    assert reply.status == 200 and results(reply)["before_request_hooks"][0]["verdict"] is True


def test_a_report_has_the_original_s_fields() -> None:
    fails, passes = {"value": -1, "weight": 2, "metadata": {"u": "1"}}, {"value": 1}
    made = hook(says(True, "a"), says(False, "b"), errs("c"), on_fail=fails, on_success=passes, id="mine")
    reply, _ = asked(hooked((made,)), HI)
    [told] = results(reply)["before_request_hooks"]
    first, second, third = told.pop("checks")
    assert told == {
        "verdict": False,
        "id": "mine",
        "transformed": False,
        "feedback": {
            "value": -1,
            "weight": 2,
            "metadata": {"u": "1", "successfulChecks": "a", "failedChecks": "b", "erroredChecks": "c"},
        },
        "execution_time": 0,
        "async": False,
        "type": "guardrail",
        "created_at": "1970-01-01T00:16:40.000Z",
        "deny": False,
    }
    assert first == {
        "verdict": True,
        "data": {"saw": "x"},
        "id": "a",
        "execution_time": 0,
        "transformed": False,
        "created_at": "1970-01-01T00:16:40.000Z",
        "log": None,
        "fail_on_error": False,
    }
    assert second["verdict"] is False and "error" not in second
    assert third["error"] == {"name": "Error", "message": "no idea"} and third["verdict"] is True
    reply, _ = asked(hooked((hook(says(True, "a"), on_success=passes),)), HI)
    told = results(reply)["before_request_hooks"][0]["feedback"]
    assert (told["value"], told["weight"], told["metadata"]["successfulChecks"]) == (1, None, "a")
    assert results(asked(hooked((hook(says(True)),)), HI)[0])["before_request_hooks"][0]["feedback"] is None


@pytest.mark.parametrize("make", [errs, breaks])
def test_g2_what_cannot_be_judged_passes_unless_it_is_told_otherwise(make: Any) -> None:
    reply, _ = asked(hooked((hook(make(), deny=True),)), HI)
    assert reply.status == 200 and b"sk-not" not in reply.body
    assert results(reply)["before_request_hooks"][0]["checks"][0]["error"]["message"]
    reply, here = asked(hooked((hook(make(fail_on_error=True), deny=True),)))
    assert (reply.status, here.sent) == (446, [])


def test_a_hook_without_checks_passes() -> None:
    reply, _ = asked(hooked((hook(deny=True),)), HI)
    assert reply.status == 200 and results(reply)["before_request_hooks"][0]["checks"] == []


def test_hooks_see_what_the_target_sets_over_the_call() -> None:
    seen: list[Any] = []
    look = notes(seen, lambda subject: (subject.body["model"], subject.provider))
    reply, _ = asked(hooked((hook(look),), overrides={"model": "other"}), HI)
    assert reply.status == 200 and seen == [("other", "test")]


# ── changes ──────────────────────────────────────────────────────────────


def test_g6_changes_side_by_side_are_made_one_upon_the_other() -> None:
    made = (hook(appends("1"), appends("2"), id="a"), hook(appends("3"), id="b", type="mutator"))
    what = call()
    reply, here = asked(hooked(made), HI, what=what)
    assert sent(here)["messages"][0]["content"] == "x123"
    assert what.body["messages"][0]["content"] == "x", "the client's body stays as it is"
    assert [each["transformed"] for each in results(reply)["before_request_hooks"]] == [True, True]


def test_checks_side_by_side_see_what_came_and_in_turn_what_was_made_of_it() -> None:
    for sequential, saw in ((False, "x"), (True, "x!")):
        made = hook(appends("!"), says(True), sequential=sequential)
        reply, here = asked(hooked((made,)), HI)
        assert results(reply)["before_request_hooks"][0]["checks"][1]["data"] == {"saw": saw}
        assert sent(here)["messages"][0]["content"] == "x!"


def test_mutators_always_go_in_turn() -> None:
    reply, _ = asked(hooked((hook(appends("!"), says(True), type="mutator"),)), HI)
    assert results(reply)["before_request_hooks"][0]["checks"][1]["data"] == {"saw": "x!"}


def test_g6_a_denial_on_what_came_is_not_lost_when_it_is_asked_again() -> None:
    picky = check(
        "picky",
        lambda subject: Finding("!" in subject.text, body={**subject.body, "user": "u"}),
    )
    reply, here = asked(hooked((hook(appends("!"), id="a"), hook(picky, id="b", deny=True))))
    assert (reply.status, here.sent) == (446, [])
    picky = check(
        "picky", lambda subject: Finding("!" not in subject.text, body=subject.body | {"user": "u"})
    )
    reply, here = asked(hooked((hook(appends("!"), id="a"), hook(picky, id="b", deny=True))))
    assert (reply.status, here.sent) == (446, [])


def test_an_error_changes_nothing() -> None:
    odd = check("odd", lambda subject: Finding(True, "oh", body={"model": "gone"}))
    _, here = asked(hooked((hook(odd),)), HI)
    assert sent(here)["model"] == "m"


def test_a_form_is_written_anew_with_its_files() -> None:
    parts = (Part("file", b"sound", "a.wav"), Part("model", b"m"), Part("prompt", b"x"), Part("user", b"u"))
    body = {"model": "m", "prompt": "x", "user": "u"}
    edit = check(
        "edit", lambda subject: Finding(True, body={"model": "m", "prompt": "y"} if subject.text else None)
    )
    what = call(body, endpoint=TRANSCRIBE, parts=parts, headers={"content-type": "multipart/form-data"})
    route = {TRANSCRIBE: "/transcribe"}
    leaf = hooked((hook(edit),), provider=providing(route))
    _, here = asked(leaf, Answer(200, {"content-type": "text/plain"}, stream=1), what=what)
    body_sent = here.sent[0].request.body
    assert b'name="prompt"\r\n\r\ny\r\n' in body_sent and b"sound" in body_sent and b'"user"' not in body_sent
    assert here.sent[0].request.headers["content-type"] == "multipart/form-data; boundary=id"


def providing(routes: dict[Any, str]) -> Any:
    from machine import provider

    from gatewaymw.core.model import Route

    return provider(routes={endpoint: Route(path) for endpoint, path in routes.items()})


# ── after an answer ──────────────────────────────────────────────────────


def test_g11_a_denied_answer_keeps_its_usage_and_the_provider_s_headers() -> None:
    answer = Answer(200, {"x-request-id": "r"}, saying("bad", usage={"total_tokens": 9}))
    reply, _ = asked(hooked(after=(hook(without("bad"), deny=True),)), answer)
    assert reply.status == 446 and reply.headers == {"x-request-id": "r"}
    body = json.loads(reply.body)
    assert body["usage"] == {"total_tokens": 9} and "choices" not in body
    assert body["hook_results"]["after_request_hooks"][0]["deny"] is True
    reply, _ = asked(hooked(after=(hook(without("bad"), deny=True),)), ok(saying("bad")))
    assert "usage" not in json.loads(reply.body)


def test_an_answer_may_be_changed() -> None:
    reply, _ = asked(hooked(after=(hook(appends("!"), type="mutator"),)), HI)
    assert json.loads(reply.body)["choices"][0]["message"]["content"] == "hi!"
    assert results(reply)["after_request_hooks"][0]["transformed"] is True


@pytest.mark.parametrize("before", [(), (hook(says(False)),)])
def test_errors_of_a_provider_are_not_checked_and_keep_their_status(before: tuple[Hook, ...]) -> None:
    reply, _ = asked(hooked(before, (hook(says(False), deny=True),)), status(400))
    assert reply.status == 400
    assert ("hook_results" in json.loads(reply.body)) is bool(before)


@pytest.mark.parametrize("endpoint", [EMBED, SPEECH])
def test_answers_without_words_are_not_checked(endpoint: Any) -> None:
    leaf = hooked((hook(says(True)),), (hook(says(False), deny=True),), provider=providing({endpoint: "/e"}))
    answer = ok() if endpoint is EMBED else Answer(200, {"content-type": "audio/mpeg"}, stream=1)
    reply, _ = asked(leaf, answer, what=call({"model": "m", "input": "x"}, endpoint=endpoint))
    assert reply.status == 200


def test_a_list_of_models_is_asked_for_and_answered_without_hooks() -> None:
    leaf = hooked(
        (hook(says(False), deny=True),), (hook(says(False), deny=True),), provider=providing({MODELS: "/m"})
    )
    reply, here = asked(leaf, ok(), what=call({"model": "m"}, endpoint=MODELS))
    assert (reply.status, len(here.sent)) == (200, 1)


@pytest.mark.parametrize("data, code", [([{"b64_json": "aa"}], 200), ([{"revised_prompt": "bad"}], 446)])
def test_of_pictures_the_words_are_checked_where_there_are_any(data: Any, code: int) -> None:
    leaf = hooked(after=(hook(says(False), deny=True),), provider=providing({IMAGE: "/i"}))
    reply, _ = asked(leaf, ok(json.dumps({"data": data})), what=call({"prompt": "x"}, endpoint=IMAGE))
    assert reply.status == code


NEVER_RUN = check("c", lambda subject: Finding(True), fail_on_error=True)


def test_what_cannot_be_read_cannot_be_judged() -> None:
    listed = ok(b"[1]")
    reply, _ = asked(hooked(after=(hook(says(False), deny=True),)), listed)
    assert (reply.status, reply.body, reply.warnings) == (200, b"[1]", ())
    assert asked(hooked(after=(hook(NEVER_RUN, deny=True),)), listed)[0].status == 446
    reply, _ = asked(hooked(after=(hook(NEVER_RUN),)), listed)
    assert (reply.status, reply.warnings) == (246, ("h: failed",))


@pytest.mark.parametrize("deny", [True, False])
def test_a_file_that_is_passed_on_cannot_be_judged_either(deny: bool) -> None:
    here = host(Answer(200, {"content-type": "application/zip"}, stream=1), reads={1: [b"PK"]})
    leaf = hooked(after=(hook(NEVER_RUN, deny=deny),))
    reply = here.run(run(leaf, call(endpoint=PROXY), here.env()))
    assert (reply.status, isinstance(reply, Live)) == ((446, False) if deny else (246, True))


def test_an_answer_in_plain_text_is_checked_and_changed() -> None:
    def transcribed(*after: Hook) -> Reply:
        here = host(
            Answer(200, {"content-type": "text/plain; charset=utf-8"}, stream=1), reads={1: [b"hel", b"lo"]}
        )
        what = call({"model": "m"}, endpoint=TRANSCRIBE, parts=(Part("model", b"m"),))
        return here.run(run(hooked(after=after, provider=providing({TRANSCRIBE: "/t"})), what, here.env()))

    assert transcribed(hook(without("hell"), deny=True)).status == 446
    reply = transcribed(hook(appends("!")), hook(says(False), id="soft"))
    assert (reply.status, reply.body, reply.warnings) == (246, b"hello!", ("soft: failed",))


# ── retries and fallbacks ────────────────────────────────────────────────


def denies(**more: Any) -> Target:
    return hooked(after=(hook(without("bad"), deny=True),), **more)


BAD = ok(saying("bad"))


def test_t5_denied_answers_and_failed_calls_share_one_budget_and_its_pauses() -> None:
    retry = Retry(3, frozenset({446, 500}))
    reply, here = asked(denies(retry=retry), BAD, status(500), BAD, HI)
    assert (reply.status, reply.tries, reply.again) == (200, 3, True)
    assert here.waits == [0.5, 1.0, 2.0]
    reply, here = asked(denies(retry=retry), BAD, status(500), status(500), BAD)
    assert (reply.status, reply.tries, reply.again, len(here.sent)) == (446, -1, True, 4)


def test_t5_what_is_not_listed_is_not_tried_again_and_nothing_is_after_the_deadline() -> None:
    reply, here = asked(denies(retry=RETRY), BAD)
    assert (reply.status, reply.tries, len(here.sent)) == (446, 0, 1)
    retry = Retry(3, frozenset({446}))
    reply, here = asked(denies(retry=retry), BAD, what=call(deadline=1000.1))
    assert (reply.status, reply.tries, here.waits) == (446, 0, [])


def test_246_may_be_tried_again_as_well() -> None:
    leaf = hooked(after=(hook(without("bad")),), retry=Retry(1, frozenset({246})))
    reply, here = asked(leaf, BAD, HI)
    assert (reply.status, reply.tries, len(here.sent)) == (200, 1, 2)
    reply, here = asked(leaf, BAD, BAD)
    assert (reply.status, reply.tries, len(here.sent)) == (246, -1, 2)


@pytest.mark.parametrize("on, calls", [(None, 2), (frozenset({446}), 2), (frozenset({500}), 1)])
def test_a_fallback_goes_on_from_a_denial_with_what_the_client_sent(on: Any, calls: int) -> None:
    first = hooked((hook(appends("1")),), (hook(without("bad"), deny=True),))
    second = hooked((hook(appends("2")),))
    reply, here = asked(group("fallback", first, second, on=on), BAD, HI)
    assert (reply.status, len(here.sent)) == ((200, 2) if calls == 2 else (446, 1))
    assert [sent(here, index)["messages"][0]["content"] for index in range(calls)] == ["x1", "x2"][:calls]


def test_a_fallback_may_go_on_from_a_failure() -> None:
    first = hooked((hook(says(False)),))
    reply, here = asked(group("fallback", first, hooked(), on=frozenset({246})), HI, HI)
    assert (reply.status, len(here.sent)) == (200, 2)
    reply, here = asked(group("fallback", first, hooked()), HI)
    assert (reply.status, len(here.sent)) == (246, 1)


# ── once the client has its answer ───────────────────────────────────────


def test_g4_async_hooks_run_when_they_are_let_and_change_nothing() -> None:
    late = {"later": True, "deny": True}
    leaf = hooked((hook(says(False), id="in", **late),), (hook(appends("!"), id="out", later=True),))
    reply, here = asked(leaf, HI)
    assert reply.status == 200 and reply.body == saying("hi") and here.told == []
    [make] = reply.later
    here.carry(make())
    [[before, after]] = here.told
    assert (before["id"], before["verdict"], before["async"]) == ("in", False, True)
    assert (after["id"], after["transformed"]) == ("out", True)


@pytest.mark.parametrize("outcome, ids", [(status(500), ["in"]), (HI, ["in", "out"])])
def test_g4_of_an_answer_that_is_none_only_the_request_is_looked_at(outcome: Any, ids: list[str]) -> None:
    leaf = hooked((hook(says(True), id="in", later=True),), (hook(says(True), id="out", later=True),))
    reply, here = asked(leaf, outcome)
    here.carry(reply.later[0]())
    assert [each["id"] for each in here.told[0]] == ids


# ── the host's own ───────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "answer, code, words",
    [
        (True, 200, ""),
        (False, 446, ""),
        ({"verdict": True, "data": {"a": 1}}, 200, ""),
        ({"verdict": False}, 446, ""),
        (None, 200, "answered with NoneType"),
        ("yes", 200, "answered with str"),
        ({"verdict": "yes"}, 200, "answered with dict"),
        ({"verdict": True, "transformedData": "odd"}, 200, ""),
    ],
)
def test_what_the_host_s_own_check_answers(answer: Any, code: int, words: str) -> None:
    reply, here = asked(hooked((hook(asks(limit=3), deny=True),)), HI, answers=[answer])
    assert reply.status == code
    [told] = results(reply)["before_request_hooks"][0]["checks"]
    assert told["id"] == "host.mine" and words in told.get("error", {}).get("message", "")
    [facts] = here.facts
    assert (facts.kind, facts.text, facts.parameters, facts.response) == ("input", "x", {"limit": 3}, None)


def test_the_host_s_own_check_may_change_bodies_but_not_those_it_is_handed() -> None:
    change = {"verdict": True, "transformedData": {"request": {"json": {"model": "n", "messages": []}}}}
    _, here = asked(hooked((hook(asks()),)), HI, answers=[change])
    assert sent(here) == {"model": "n", "messages": []}
    change = {"verdict": True, "transformed_data": {"response": {"json": {"id": "y"}}}}
    reply, here = asked(hooked(after=(hook(asks()),)), HI, answers=[change])
    assert json.loads(reply.body)["id"] == "y"
    assert here.facts[0].kind == "output" and here.facts[0].response["id"] == "x"
    here.facts[0].request["messages"].append("gone")


def test_checks_that_ask_are_asked_side_by_side() -> None:
    made = (hook(asks("a"), asks("b"), id="1"), hook(says(True), id="2"))
    reply, here = asked(hooked(made), HI, answers=[True, False])
    assert reply.status == 246 and len(here.facts) == 2


def test_a_check_of_the_host_s_that_fails_is_told_by_its_words() -> None:
    def fails(subject: Subject) -> Finding:
        raise GatewayError("the check mine took longer than 5 s", code="check_timeout")

    reply, _ = asked(hooked((hook(check("mine", fails)), hook(id="none"))), HI)
    assert results(reply)["before_request_hooks"][0]["checks"][0]["error"]["message"].endswith("5 s")
    reply, _ = asked(hooked((hook(asks("mine")), hook(id="none"))), HI, answers=[True])
    assert reply.status == 200


@pytest.mark.parametrize("kind, body", [("application/zip", b"PK"), ("application/json", b"{]")])
def test_a_body_that_is_none_is_not_read(kind: str, body: bytes) -> None:
    assert body_of(Reply(status=200, content_type=kind, body=body)) is None
