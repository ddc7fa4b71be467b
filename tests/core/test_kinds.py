"""What kind of error an answer is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core import json
from gatewaymw.core.routing.kinds import CODES, KINDS, STATUSES, WORDS, kind_of, listed


def said(message: str = "", code: object = None, type: object = None) -> bytes:
    return json.dumps({"error": {"message": message, "code": code, "type": type}})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (408, said(code="timeout"), "timeout"),
        (504, said(code="upstream_timeout"), "timeout"),
        (504, b"<html>", "timeout"),
        (502, said(code="upstream_unreachable"), "connect"),
        (502, said(code="upstream_broken"), "broken"),
        (502, said(code="upstream_invalid_response"), ""),
        (400, said(code="context_length_exceeded"), "context_length"),
        (400, said("anthropic: prompt is too long: 210000 tokens > 200000 maximum"), "context_length"),
        (400, said("The input token count (3) exceeds the maximum (2)", 400), "context_length"),
        (400, said("The response was filtered due to Azure's content management policy"), "content_filter"),
        (400, said(code="content_filter"), "content_filter"),
        (429, said(code="insufficient_quota"), "quota"),
        (429, said("You exceeded your current quota, please check your plan"), "quota"),
        (400, said("Your credit balance is too low to access the Anthropic API"), "quota"),
        (402, said("pay"), "quota"),
        (429, said("slow down"), "rate_limit"),
        (429, said(type="rate_limit_error"), "rate_limit"),
        (446, said("denied"), "guardrail"),
        (246, b"{}", "guardrail"),
        (500, said("our content filter crashed"), ""),
        (400, said("no such model"), ""),
        (200, said(), ""),
        (400, b"[]", ""),
        (400, b'{"error": "text"}', ""),
    ],
)
def test_a_kind_is_known_by_code_words_or_status(status: int, body: bytes, kind: str) -> None:
    assert kind_of(status, body) == kind


def test_all_kinds_can_be_had() -> None:
    assert {*CODES.values(), *WORDS, *STATUSES.values()} == {*KINDS}


@given(st.integers(100, 599), st.binary() | st.builds(said, st.text(), st.integers() | st.text(), st.text()))
def test_any_answer_has_one_kind_or_none(status: int, body: bytes) -> None:
    assert kind_of(status, body) in {*KINDS, ""}


def test_an_answer_is_listed_by_status_or_kind() -> None:
    assert listed({500}, (), 500, b"") and not listed({500}, (), 502, b"")
    assert listed((), {"quota"}, 402, b"") and not listed((), {"quota"}, 429, b"")
