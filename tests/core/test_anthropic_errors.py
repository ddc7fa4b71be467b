"""Anthropic's error bodies, in OpenAI's shape."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from claude import CONTEXT

from gatewaymw.core.dialects.anthropic import CHAT
from gatewaymw.core.endpoints import CHAT as ENDPOINT
from gatewaymw.core.model import Keys, Route
from gatewaymw.core.providers.anthropic import ANTHROPIC
from gatewaymw.core.values import Request


def told(body: Any, status: int = 400) -> dict[str, Any]:
    before = copy.deepcopy(body)
    assert CHAT.error
    made = CHAT.error(body, status, CONTEXT)
    assert body == before
    assert CHAT.error(body, status, CONTEXT) == made
    error: dict[str, Any] = made["error"]
    assert error.keys() >= {"message", "type", "param", "code"}
    return error


def test_words_type_and_request_id_are_kept() -> None:
    error = {"type": "rate_limit_error", "message": "Number of request tokens has exceeded your limit."}
    assert told({"type": "error", "error": error, "request_id": "req_1"}, 429) == {
        **error,
        "request_id": "req_1",
        "param": None,
        "code": None,
    }


def test_the_finer_code_is_told() -> None:
    details = {"error_code": "file_expired"}
    body = {"type": "error", "error": {"type": "not_found_error", "message": "Gone.", "details": details}}
    assert told(body, 404)["code"] == "file_expired"
    assert told({"type": "error", "error": {"message": "x", "details": {}}})["code"] is None


@pytest.mark.parametrize(
    "body", ["<html>Bad gateway</html>", "", None, [], {}, {"error": None}, {"error": 5}]
)
def test_bodies_of_odd_shapes_have_words_and_a_type(body: Any) -> None:
    error = told(body, 529)
    assert error["message"]
    assert error["type"] == "overloaded_error"


def test_the_provider_says_where_and_with_what_key() -> None:
    route = ANTHROPIC.routes[ENDPOINT]
    assert (ANTHROPIC.base_url, route) == ("https://api.anthropic.com/v1", Route("/messages", CHAT))
    assert ANTHROPIC.headers == {"anthropic-version": "2023-06-01"}
    assert ANTHROPIC.accepts == {"anthropic-version", "anthropic-beta"}
    request = Request("POST", ANTHROPIC.base_url, {})
    assert ANTHROPIC.auth(request, Keys("sk-ant-1")).headers["x-api-key"] == "sk-ant-1"
