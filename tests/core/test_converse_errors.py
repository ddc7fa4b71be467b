"""Amazon's error bodies, in OpenAI's shape."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from conversed import CONTEXT

from gatewaymw.core.dialects.converse import CHAT


def told(body: Any, status: int = 400) -> dict[str, Any]:
    before = copy.deepcopy(body)
    assert CHAT.error
    made = CHAT.error(body, status, CONTEXT)
    assert body == before
    assert CHAT.error(body, status, CONTEXT) == made
    error: dict[str, Any] = made["error"]
    assert error.keys() >= {"message", "type", "param", "code"}
    return error


def test_words_are_kept() -> None:
    assert told({"message": "The provided model identifier is invalid."}) == {
        "message": "The provided model identifier is invalid.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


def test_the_front_doors_spelling_is_read_too() -> None:
    error = told({"Message": "User is not authorized"}, 403)
    assert (error["message"], error["type"]) == ("User is not authorized", "permission_error")
    assert "Message" not in error


@pytest.mark.parametrize(
    "kind",
    [
        "ThrottlingException",
        "com.amazon.bedrock#ThrottlingException",
        "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
    ],
)
def test_an_errors_name_is_its_code(kind: str) -> None:
    error = told({"__type": kind, "message": "Slow down."}, 429)
    assert (error["code"], error["message"], error["type"]) == (
        "ThrottlingException",
        "Slow down.",
        "rate_limit_error",
    )
    assert "__type" not in error


@pytest.mark.parametrize("body", [{"message": "Slow down."}, {"Message": "Slow down."}, {}])
def test_its_name_may_stand_in_a_header(body: Any) -> None:
    """As over HTTP it does: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html."""
    assert CHAT.error
    kind = {"x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/"}
    error = CHAT.error(body, 429, replace(CONTEXT, answer=kind))["error"]
    assert error["code"] == "ThrottlingException"
    assert error["message"] == ("Slow down." if body else "ThrottlingException")
    assert CHAT.error("busy", 503, replace(CONTEXT, answer=kind))["error"]["message"] == "busy"


def test_a_name_alone_is_better_than_no_words() -> None:
    body = {"Output": {"__type": "com.amazon.coral.service#UnknownOperationException"}, "Version": "1.0"}
    error = told(body, 404)
    assert (error["message"], error["code"]) == ("UnknownOperationException", "UnknownOperationException")
    assert error["Version"] == "1.0"


def test_what_else_is_said_is_kept() -> None:
    body = {"message": "Failed", "originalStatusCode": 500, "resourceName": "m"}
    error = told(body, 424)
    assert (error["originalStatusCode"], error["resourceName"]) == (500, "m")


@pytest.mark.parametrize(
    "body",
    ["<html>Bad gateway</html>", "", None, [], {}, {"__type": 5}, {"Output": 5}, {"message": {"a": 1}}],
)
def test_bodies_of_odd_shapes_have_words_and_a_type(body: Any) -> None:
    error = told(body, 503)
    assert error["message"]
    assert error["type"] == "upstream_error"
