"""OpenAI's dialect: any error in its shape, what a chunk tells, and the cousins' answers made alike."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import recorded
from gatewaymw.core import json
from gatewaymw.core.dialects import mistral
from gatewaymw.core.dialects.openai import error, meaningful, stream_fault
from gatewaymw.core.dialects.told import State, Told, telling
from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.model import Context

CONTEXT = Context(provider="acme")
NAMES = ("error", "message", "detail", "errors", "type", "code", "param", "loc", "msg", "choices")
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ("error", "message", "detail", "errors", "type", "code", "param", "loc", "msg", "choices")
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


def told(body: Any, status: int = 400) -> dict[str, Any]:
    return error(body, status, CONTEXT)["error"]


# ── errors ───────────────────────────────────────────────────────────────


def test_openais_own_error_is_kept_as_it_is() -> None:
    inner = {"message": "No.", "type": "invalid_request_error", "param": "n", "code": "bad", "more": [1]}
    assert error({"error": inner}, 400, CONTEXT) == {"error": inner, "provider": "acme"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": "model not found"}, "model not found"),
        ({"message": "Unauthorized", "request_id": "r"}, "Unauthorized"),
        ({"detail": "Not Found"}, "Not Found"),
        ({"error": {"message": {"detail": "deep"}}}, "deep"),
        ({"errors": [{"message": "one"}, {"message": "two"}, {}]}, "one; two"),
        ({"errors": ["one", 2]}, "one"),
        ({"error": "invalid_grant", "error_description": "The token ran out."}, "The token ran out."),
        ({"type": "about:blank", "title": "Gone", "status": 410}, "Gone"),
        ([{"error": {"message": "in a list"}}], "in a list"),
        ("  Bad Gateway\n", "Bad Gateway"),
        (b"bytes \xff", "bytes \ufffd"),
        ("", "acme answered 400 with an empty body"),
        (" \n", "acme answered 400 with an empty body"),
        (None, "acme answered 400 with an empty body"),
        ({}, "acme answered 400 with an empty body"),
        ([], "acme answered 400 with an empty body"),
        (17, "acme answered 400: 17"),
        ({"error": {"message": ""}}, 'acme answered 400: {"error":{"message":""}}'),
        ({"error": True}, 'acme answered 400: {"error":true}'),
    ],
)
def test_the_wording_is_found_wherever_it_is(body: Any, message: str) -> None:
    assert told(body)["message"] == message


def test_validators_words_name_the_field() -> None:
    detail = [
        {"loc": ["body", "messages", 0, "content"], "msg": "Field required", "type": "missing"},
        {"loc": ["user"], "msg": "Not permitted"},
        {"loc": "odd", "msg": "Really"},
    ]
    got = told({"detail": detail}, 422)
    assert got["message"] == "messages[0].content: Field required; user: Not permitted; Really"
    assert (got["param"], got["type"], got["detail"]) == (
        "messages[0].content",
        "invalid_request_error",
        detail,
    )


def test_mistrals_errors() -> None:
    detail = [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]
    sent = {"object": "error", "message": {"detail": detail}, "type": "invalid_request_error", "code": None}
    got = told({**sent, "raw_status_code": 422}, 422)
    assert got["message"] == "seed: Extra inputs are not permitted"
    assert (got["type"], got["param"], got["code"]) == ("invalid_request_error", "seed", None)
    assert (got["detail"], got["raw_status_code"]) == (detail, 422)


def test_a_validators_error_without_a_place_has_no_param() -> None:
    assert told({"detail": [{"msg": "no"}]}) | {"detail": 0} == {
        "message": "no",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
        "detail": 0,
    }


def test_what_stands_around_an_error_is_kept_but_for_its_envelope() -> None:
    sent = {"type": "error", "error": {"type": "overloaded_error", "message": "m"}, "request_id": "req_1"}
    assert told(sent, 529) == {
        "request_id": "req_1",
        "message": "m",
        "type": "overloaded_error",
        "param": None,
        "code": None,
    }
    assert told({"type": "error", "message": "bare"}, 404)["type"] == "not_found_error"
    assert told({"error": "invalid_grant", "message": "m"})["code"] == "invalid_grant"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (429, "rate_limit_error"),
        (503, "upstream_error"),
    ],
)
def test_the_type_follows_from_the_status_where_none_is_given(status: int, kind: str) -> None:
    assert told({"message": "m"}, status)["type"] == kind


def test_numbers_and_objects_become_words_where_clients_expect_words() -> None:
    got = told({"error": {"message": "m", "code": 401, "type": ["a"], "param": {"b": 1}}})
    assert (got["code"], got["type"], got["param"]) == ("401", '["a"]', '{"b":1}')


def test_of_a_page_only_the_title_is_told() -> None:
    page = "\n<!DOCTYPE html><html><head><title lang=en> 502\n Bad &amp; Gateway </title></head>…"
    assert told(page, 502)["message"] == "acme answered 502 with an HTML page: 502 Bad & Gateway"
    assert told("<HTML><body>x", 502)["message"] == "acme answered 502 with an HTML page"


def test_long_text_is_cut() -> None:
    assert told("x" * 5_000)["message"] == "x" * 2_000
    assert len(told({"odd": ["y" * 5_000]} | {"message": 0})["message"]) < 2_100


def test_what_is_nested_too_deeply_to_be_written_around_is_left_out() -> None:
    deep = json.loads("[" * 900 + "]" * 900)
    got = told({"error": {"code": deep, "more": deep, "few": [[]]}})
    assert got["message"] == "acme answered 400: something nested too deeply to show"
    assert (got["code"], got["few"], "more" in got) == (None, [[]], False)


@given(JSONS, st.integers(400, 599))
def test_any_body_gives_an_error_a_client_can_read(body: Any, status: int) -> None:
    before = copy.deepcopy(body)
    got = error(body, status, CONTEXT)
    assert body == before
    assert got == error(body, status, CONTEXT)
    assert got["provider"] == "acme"
    assert isinstance(got["error"]["message"], str) and got["error"]["message"]
    assert isinstance(got["error"]["type"], str)
    assert all(isinstance(got["error"][name], str | None) for name in ("param", "code"))
    assert json.dumps(got)


PROVIDERS = ("openai", "groq", "deepseek", "openrouter", "ollama", "perplexity", "azure")
ANSWERS = [row for name in PROVIDERS for row in recorded.cases(name, "chat_completions")]


@pytest.mark.parametrize("row", recorded.each(row for row in ANSWERS if row["status"] >= 400))
def test_recorded_errors_keep_their_words_and_fields(row: recorded.Row) -> None:
    body = recorded.body(recorded.case(row))
    got = error(body, row["status"], CONTEXT)["error"]
    assert got["message"] == body["error"]["message"]
    assert got.keys() >= body["error"].keys()


# ── events ───────────────────────────────────────────────────────────────


def delta(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields}]}


@pytest.mark.parametrize(
    "chunk",
    [
        delta(content="x"),
        delta(content=" "),
        delta(tool_calls=[{"index": 0}]),
        delta(reasoning_content="hm"),
        delta(reasoning="hm"),
        delta(refusal="no"),
        delta(audio={"data": "AA=="}),
        delta(function_call={"name": "f"}),
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [{"index": 0, "text": "x"}]},
        {"choices": [], "error": {"message": "m"}},
        {"choices": [{"delta": {}}, {"delta": {"content": "second"}}]},
        {"error": {"message": "m"}},
        {"type": "image_generation.partial_image"},
    ],
)
def test_what_a_client_would_show_is_meaningful(chunk: dict[str, Any]) -> None:
    assert meaningful(chunk)


@pytest.mark.parametrize(
    "chunk",
    [
        delta(role="assistant"),
        delta(role="assistant", content="", refusal=None, tool_calls=[]),
        {"choices": [], "usage": {"total_tokens": 3}},
        {"choices": None, "usage": {"total_tokens": 3}},
        {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
        {"choices": [{"index": 0, "text": "", "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": None}]},
    ],
)
def test_a_role_a_count_and_nothing_are_not(chunk: dict[str, Any]) -> None:
    assert not meaningful(chunk)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"message": "m", "code": "rate_limit_exceeded", "type": "tokens"}, 429),
        ({"message": "m", "type": "insufficient_quota"}, 429),
        ({"message": "m", "code": 429}, 429),
        ({"message": "m", "code": "502"}, 502),
        ({"message": "m", "type": "overloaded_error"}, 529),
        ({"message": "m", "code": "engine_overloaded"}, 503),
        ({"message": "m", "status": "UNAVAILABLE", "code": 0}, 503),
        ({"message": "m", "code": "timeout"}, 504),
        ({"message": "m", "code": "invalid_api_key", "type": "invalid_request_error"}, 401),
        ({"message": "m", "type": "permission_error"}, 403),
        ({"message": "m", "code": "model_not_found"}, 404),
        ({"message": "m", "type": "invalid_request_error", "param": "n"}, 400),
        ({"message": "m", "code": "context_length_exceeded"}, 400),
        ({"message": "m", "type": "server_error"}, 500),
        ({"message": "m", "code": 99999999999999999999}, 502),
        ({"message": "m", "type": "queer"}, 502),
        ({"message": "m"}, 502),
        ("m", 502),
    ],
)
def test_an_error_event_counts_as_the_status_its_words_say(fault: Any, status: int) -> None:
    found = stream_fault({"error": fault})
    assert found is not None
    assert (found.message, found.status) == ("m", status)


def test_an_error_events_fields_are_kept_and_its_type_is_made_up_where_there_is_none() -> None:
    found = stream_fault({"error": {"message": "m", "type": "t", "code": 500, "param": "p"}})
    assert found is not None and (found.type, found.code, found.param) == ("t", "500", "p")
    bare = stream_fault({"error": {"code": 429}})
    assert bare is not None and bare.type == "rate_limit_error"
    assert bare.message == 'an error event: {"code":429}'


def test_errors_that_are_not_called_error() -> None:
    named = stream_fault({"type": "error", "message": "m", "code": "server_error"})
    assert named is not None and (named.message, named.status) == ("m", 500)
    finished = stream_fault({"choices": [None, {"finish_reason": "error"}]})
    assert finished is not None and finished.message == "the model ended with an error"


@pytest.mark.parametrize(
    "event", [{}, {"error": None}, {"choices": []}, delta(content="x"), {"type": "response.done"}]
)
def test_other_events_are_no_faults(event: dict[str, Any]) -> None:
    assert stream_fault(event) is None


@given(st.dictionaries(st.sampled_from(("error", "type", "message", "code")), JSONS, max_size=4))
def test_no_error_event_is_too_odd_to_be_read(event: dict[str, Any]) -> None:
    found = stream_fault(event)
    assert (found is not None) == bool(event.get("error") or event.get("type") == "error")
    assert found is None or (found.message and 400 <= found.status <= 599)


# ── streams of cousins ───────────────────────────────────────────────────


def test_a_relayed_stream_has_ended_when_all_that_began_has() -> None:
    stream = telling(Told(finish={"eos": "stop"}), CHAT).stream
    assert stream is not None
    state, chunks = stream.step(stream.start, {"choices": [], "id": "x"}, CONTEXT)
    assert (state, chunks) == (State(), ({"choices": [], "id": "x"},))
    assert not stream.ended(state)
    for chunk, over in (
        ({"choices": [{"index": 0, "delta": {}}]}, False),
        ({"choices": [{"index": 1, "delta": {}}]}, False),
        ({"choices": [{"index": 1, "finish_reason": "stop"}]}, False),
        ({"choices": [{"finish_reason": "stop"}]}, True),
        ({"choices": None, "usage": {}}, True),
    ):
        state, _ = stream.step(state, chunk, CONTEXT)
        assert stream.ended(state) is over


def test_a_translated_stream_raises_an_error_event() -> None:
    stream = telling(Told(finish={"eos": "stop"}), CHAT).stream
    assert stream is not None
    with pytest.raises(UpstreamError, match="late"):
        stream.step(stream.start, {"error": {"message": "late"}}, CONTEXT)


# ── mistral ──────────────────────────────────────────────────────────────

THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}, {"type": "reference"}]}
MIXED = [THOUGHT, {"type": "thinking", "thinking": "!"}, {"type": "text", "text": "4"}, {"type": "reference"}]


def test_mistrals_thinking_becomes_reasoning_content() -> None:
    body = {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": MIXED}, "finish_reason": "stop"}]
    }
    message = mistral.response(body, CONTEXT)["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "4", "reasoning_content": "hm!"}
    loose = mistral.response(body, Context(provider="acme", strict=False))["choices"][0]["message"]
    assert loose == message | {"content_blocks": MIXED}
    assert body["choices"][0]["message"] == {"role": "assistant", "content": MIXED}


def test_mistrals_tool_calls_get_what_openais_clients_require() -> None:
    call = {"id": "a", "function": {"name": "f", "arguments": "{}"}}
    whole = mistral.response({"choices": [{"message": {"tool_calls": [call]}}]}, CONTEXT)
    assert whole["choices"][0]["message"]["tool_calls"] == [{**call, "type": "function"}]
    later = {"function": {"name": "", "arguments": "}"}, "index": 3}
    chunk = delta(tool_calls=[call, {**call, "index": None}, later])
    _, (made,) = mistral.step(mistral.State(), chunk, CONTEXT)
    assert made["choices"][0]["delta"]["tool_calls"] == [
        {**call, "index": 0, "type": "function"},
        {**call, "index": 1, "type": "function"},
        later,
    ]


def test_mistrals_usage_is_a_chunk_of_its_own_where_it_was_asked_for() -> None:
    last = {"id": "x", "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "model_length"}]}
    counts = {"usage": {"total_tokens": 3}}
    asked = Context(provider="acme", include_usage=True)
    state, chunks = mistral.step(mistral.State(), last | counts, asked)
    ended = {"id": "x", "choices": [{**last["choices"][0], "finish_reason": "length"}]}  # type: ignore[dict-item]
    assert chunks == (ended, {"id": "x", "choices": [], **counts})
    assert mistral.CHAT.stream is not None and mistral.CHAT.stream.ended(state)
    assert mistral.step(mistral.State(), last | counts, CONTEXT)[1] == (ended | counts,)


def test_mistral_giving_up_is_an_error() -> None:
    with pytest.raises(UpstreamError) as caught:
        mistral.response({"choices": [{"message": {}, "finish_reason": "error"}]}, CONTEXT)
    assert caught.value.status == 502
