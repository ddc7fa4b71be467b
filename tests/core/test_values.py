"""The small values of the core, and its registries."""

from __future__ import annotations

import pytest

from gatewaymw.core import mock
from gatewaymw.core.commands import All, Close, Read, all_of, close, read
from gatewaymw.core.endpoints import CHAT, ENDPOINTS, endpoint
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
