"""Google's error bodies, in OpenAI's shape."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from gemini import CONTEXT

from gatewaymw.core.dialects.gemini import CHAT
from gatewaymw.core.dialects.gemini.errors import STATUSES, fault

KEY = {
    "code": 400,
    "message": "API key not valid. Please pass a valid API key.",
    "status": "INVALID_ARGUMENT",
    "details": [
        "odd",
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"},
    ],
}


def told(body: Any, status: int = 400) -> dict[str, Any]:
    before = copy.deepcopy(body)
    assert CHAT.error
    made = CHAT.error(body, status, CONTEXT)
    assert body == before
    assert CHAT.error(body, status, CONTEXT) == made
    error: dict[str, Any] = made["error"]
    assert error.keys() >= {"message", "type", "param", "code"}
    return error


@pytest.mark.parametrize("body", [{"error": KEY}, [{"error": KEY}]])
def test_p17_words_status_and_details_are_kept_be_they_in_a_list(body: Any) -> None:
    assert told(body) == {
        "message": KEY["message"],
        "type": "invalid_request_error",
        "param": None,
        "code": "API_KEY_INVALID",
        "status": "INVALID_ARGUMENT",
        "details": KEY["details"],
    }


def test_without_a_finer_reason_the_status_is_the_code() -> None:
    error = told({"error": {"code": 429, "message": "Quota.", "status": "RESOURCE_EXHAUSTED"}}, 429)
    assert (error["type"], error["code"]) == ("rate_limit_error", "RESOURCE_EXHAUSTED")


def test_the_field_at_fault_is_told() -> None:
    violations = [
        "odd",
        {"description": "x"},
        {"field": "contents[0].parts", "description": "must not be empty"},
    ]
    details = [{"fieldViolations": "odd"}, {"fieldViolations": violations}]
    error = told({"error": {"message": "Bad.", "status": "INVALID_ARGUMENT", "details": details}})
    assert (error["param"], error["code"]) == ("contents[0].parts", "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    "body",
    [
        *("<html>Bad gateway</html>", "", None, [], {}, {"error": None}, {"error": 5}),
        *({"error": {"status": ["odd"]}}, {"error": {"status": "NEW", "details": 5}}),
    ],
)
def test_bodies_of_odd_shapes_have_words_and_a_type(body: Any) -> None:
    error = told(body, 503)
    assert error["message"]
    assert error["type"] == "upstream_error"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 503, "status": "UNAVAILABLE", "message": "x"}, 503),
        ({"code": 8, "status": "RESOURCE_EXHAUSTED", "message": "x"}, 429),
        ({"status": "DEADLINE_EXCEEDED", "message": "x"}, 504),
        ({"status": "NEW", "message": "x"}, 502),
        ({"message": "x"}, 502),
        ("x", 502),
    ],
)
def test_an_error_that_comes_by_itself_has_the_status_google_means(error: Any, status: int) -> None:
    made = fault({"error": error}, CONTEXT)
    assert (made.status, made.message) == (status, "x")


def test_every_status_of_googles_is_an_error() -> None:
    assert all(400 <= status < 600 for status in STATUSES.values())
