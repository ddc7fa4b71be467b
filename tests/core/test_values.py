"""The small values of the core, and its registries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from gatewaymw.core import mock
from gatewaymw.core.commands import All, Close, Read, all_of, close, read
from gatewaymw.core.endpoints import CHAT, ENDPOINTS, endpoint
from gatewaymw.core.model import Context
from gatewaymw.core.routing.strategies import STRATEGIES, single, strategy
from gatewaymw.core.values import NOTHING, Answer, Request, Secret


def test_a_secret_is_told_by_asking_and_no_other_way() -> None:
    secret = Secret("sk-hidden")
    assert secret.reveal() == "sk-hidden"
    assert f"{secret} {secret!r}" == "Secret(***) Secret(***)"
    assert secret == Secret("sk-hidden") != Secret("sk-other") and secret != "sk-hidden"
    assert len({secret, Secret("sk-hidden")}) == 1


def test_a_request_is_shown_without_its_query_headers_and_body() -> None:
    request = Request(
        "POST", "https://x.example/a?key=sk-hidden", {"authorization": "sk-hidden"}, b"sk-hidden"
    )
    assert repr(request) == "Request(POST https://x.example/a)"


def test_nothing_is_a_mapping_without_entries() -> None:
    assert repr(NOTHING) == "{}"
    assert ("x" in NOTHING, NOTHING.get("x"), NOTHING.get("x", 1), dict(NOTHING)) == (False, None, 1, {})
    with pytest.raises(KeyError):
        NOTHING["x"]


@pytest.mark.parametrize(
    "add",
    [
        lambda nothing: nothing.__setitem__("x", 1),
        lambda nothing: nothing.setdefault("x", 1),
        lambda nothing: nothing.update(x=1),
        lambda nothing: nothing.__ior__({"x": 1}),
    ],
    ids=["[]", "setdefault", "update", "|="],
)
def test_nothing_is_added_to_nothing(add: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match="shared"):
        add(NOTHING)
    assert NOTHING == {}


@pytest.mark.parametrize("idle, expected", [(None, 5.0), (60.0, 5.0), (2.0, 2.0)])
def test_a_request_is_remade_with_all_that_it_has(idle: float | None, expected: float) -> None:
    # Nothing is left at its default, so that a field that is forgotten is seen.
    request = Request("PUT", "https://x.example", {"a": "b"}, b"body", 9.0, idle, 7, True)
    assert request.bearing({"c": "d"}) == replace(request, headers={"c": "d"})
    assert request.within(5.0) == replace(request, timeout=5.0, idle=expected)


def test_a_context_is_remade_with_all_that_it_has() -> None:
    given = {
        "provider": "p", "model": "m", "created": 1, "id": "i", "strict": False, "stream": True,
        "include_usage": True, "options": {"o": "1"}, "request": {"r": 1}, "answer": {"a": "1"},
        "home": False, "later": {"l": 1},
    }  # fmt: skip
    assert given.keys() == {field.name for field in fields(Context)}
    context = Context(**given)
    assert context.answered({"b": "2"}) == replace(context, answer={"b": "2"})


@pytest.mark.parametrize("status, ok", [(199, False), (200, True), (299, True), (300, False)])
def test_an_answer_is_good_from_200_to_299(status: int, ok: bool) -> None:
    assert Answer(status).ok is ok


def test_commands_are_plain_values() -> None:
    flows = (read(1), read(2))
    assert next(all_of(*flows)) == All(flows)
    assert next(read(1, 2.5)) == Read(1, 2.5)
    assert next(close(1)) == Close(1)


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="two endpoints named 'chat'"):
        endpoint("POST", "/elsewhere", name="chat")
    assert ENDPOINTS["chat"] is CHAT
    with pytest.raises(ValueError, match="two strategies named 'single'"):
        strategy("single")(lambda group, call, visit, env: visit(group.children[0]))
    assert STRATEGIES["single"] is single


def test_the_mock_has_no_other_paths() -> None:
    script = mock.answer(Request("POST", "mock://mock/elsewhere"))
    assert script.status == 404 and b"the mock has no POST /elsewhere" in script.body


def test_the_mock_refuses_what_it_cannot_read() -> None:
    body = b'{"model": "mock-tool", "messages": [{"role": "user", "content": "x"}], "tools": 5}'
    script = mock.answer(Request("POST", "mock://mock/chat/completions", {}, body))
    assert script.status == 400 and b"not of the shape" in script.body


def test_nothing_is_an_empty_mapping_that_can_be_a_default() -> None:
    assert dict(NOTHING) == {} and len(NOTHING) == 0 and "x" not in NOTHING
    assert {NOTHING: 1}[NOTHING] == 1
