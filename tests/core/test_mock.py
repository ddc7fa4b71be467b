"""The mock's answers: right by the official SDK's types, and always the same."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mocked import chat, chunks, document, fault, get, post, strictly
from openai.types import (
    Completion,
    CreateEmbeddingResponse,
    Model,
    ModerationCreateResponse,
)
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from reading import read

from gatewaymw.core import mock
from gatewaymw.core.mock import FAULTS
from gatewaymw.core.values import Request


def answer(*messages: Any, **body: Any) -> Any:
    return strictly(ChatCompletion, document(chat(*messages, **body)))


def tool(name: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


WEATHER = tool("get_weather", city={"type": "string"}, days={"type": "integer", "minimum": 2})
TIME = tool("get_time", zone={"enum": ["utc", "cet"]})
CUSTOM = {"type": "custom", "custom": {"name": "shell"}}


# ── chat ─────────────────────────────────────────────────────────────────


def test_it_says_what_it_was_told_and_counts_words() -> None:
    got = answer({"role": "system", "content": "Be kind."}, "Hello there, mock")
    assert got.choices[0].message.content == "You said: Hello there, mock"
    assert got.choices[0].finish_reason == "stop"
    assert (got.usage.prompt_tokens, got.usage.completion_tokens, got.usage.total_tokens) == (5, 5, 10)
    assert got.model == "mock-echo" and got.id.startswith("chatcmpl-mock-")


def test_the_same_request_gives_the_same_bytes_and_another_one_another_id() -> None:
    assert chat("a") == chat("a")
    assert document(chat("a"))["id"] != document(chat("b"))["id"]
    assert chat("a").headers["x-request-id"].startswith("req_mock_")


def test_it_names_what_else_a_message_held() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    sound = {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}
    got = answer(
        {"role": "user", "content": [{"type": "text", "text": "See"}, picture, picture, sound, "odd"]}
    )
    assert got.choices[0].message.content == "You said: See [2 images] [1 audio]"
    assert got.usage.prompt_tokens == 4


def test_without_a_user_it_takes_the_last_message() -> None:
    assert (
        answer({"role": "system", "content": "Only this"}).choices[0].message.content == "You said: Only this"
    )
    assert answer({"role": "assistant", "content": None}).choices[0].message.content == "You said: "


@pytest.mark.parametrize(
    ("body", "text", "finish"),
    [
        ({"max_tokens": 3}, "You said: one", "length"),
        ({"max_completion_tokens": 2, "max_tokens": 9}, "You said:", "length"),
        ({"max_tokens": 5}, "You said: one two three", "stop"),
        ({"stop": " two"}, "You said: one", "stop"),
        ({"stop": ["zzz", "", "three"]}, "You said: one two ", "stop"),
    ],
)
def test_limits_and_stop_sequences_are_kept(body: dict[str, Any], text: str, finish: str) -> None:
    choice = answer("one two three", **body).choices[0]
    assert (choice.message.content, choice.finish_reason) == (text, finish)


def test_it_makes_as_many_choices_as_it_is_asked_for() -> None:
    texts = [choice.message.content for choice in answer("x", n=3).choices]
    assert texts == ["You said: x", "You said: x (choice 2)", "You said: x (choice 3)"]


def test_json_is_json() -> None:
    assert json.loads(answer("x", response_format={"type": "json_object"}).choices[0].message.content) == {
        "answer": "You said: x"
    }
    wanted = {
        "type": "json_schema",
        "json_schema": {"name": "n", "schema": WEATHER["function"]["parameters"]},
    }
    content = answer("x", response_format=wanted).choices[0].message.content
    assert json.loads(content) == {"city": "mock", "days": 2}
    assert answer("x", response_format={"type": "json_schema"}).choices[0].message.content == "null"


def test_a_stream_is_the_same_answer_in_words() -> None:
    options = {"stream": True, "stream_options": {"include_usage": True}, "n": 2}
    whole, events = document(chat("a  b\nc\n", n=2)), chunks(chat("a  b\nc\n", **options))
    for event in events:
        strictly(ChatCompletionChunk, event)
    assert read(events, "delta") == read([whole], "message")
    assert read(events, "delta").tokens == (3, 12)
    assert [event["choices"] for event in events].index([]) == len(events) - 1
    assert all(event["usage"] is None for event in events[:-1])


def test_without_being_asked_a_stream_tells_no_usage() -> None:
    assert all("usage" not in event for event in chunks(chat("a", stream=True, stream_options={})))


# ── tools ────────────────────────────────────────────────────────────────


def calls(*messages: Any, **body: Any) -> list[Any]:
    choice = answer(*messages, **body).choices[0]
    made = choice.message.tool_calls or []
    assert (choice.finish_reason == "tool_calls", choice.message.content is None) == (bool(made), bool(made))
    return [(call.function.name, json.loads(call.function.arguments)) for call in made]


BOTH = [("get_weather", {"city": "mock", "days": 2}), ("get_time", {"zone": "utc"})]


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ({"model": "mock-tool"}, BOTH),
        ({"model": "mock-tool+drip-20ms"}, BOTH),
        ({"model": "mock-tool", "parallel_tool_calls": False}, BOTH[:1]),
        ({"model": "mock-tool", "tool_choice": "none"}, []),
        ({"model": "mock-echo", "tool_choice": "required"}, BOTH),
        (
            {"model": "mock-echo", "tool_choice": {"type": "function", "function": {"name": "get_time"}}},
            BOTH[1:],
        ),
        ({"model": "mock-tool", "tool_choice": {"type": "allowed_tools"}}, BOTH),
        ({"model": "mock-echo", "tool_choice": "auto"}, []),
    ],
)
def test_it_calls_the_tools_it_should(body: dict[str, Any], made: list[Any]) -> None:
    assert calls("x", tools=[WEATHER, TIME, {"type": "function"}, None], **body) == made


def test_without_tools_the_tool_model_talks() -> None:
    assert calls("x", model="mock-tool") == []


def test_each_call_has_an_id_of_its_own() -> None:
    got = answer("x", model="mock-tool", tools=[WEATHER, TIME], n=2)
    ids = [call.id for choice in got.choices for call in choice.message.tool_calls]
    assert len(set(ids)) == 4


def test_custom_tools_and_tools_without_a_schema_are_called() -> None:
    bare = {"type": "function", "function": {"name": "bare"}}
    script = chat("x", model="mock-tool", tools=[CUSTOM, bare])
    first, second = strictly(ChatCompletion, document(script)).choices[0].message.tool_calls
    assert (first.custom.name, first.custom.input) == ("shell", "mock input")
    assert (second.function.name, second.function.arguments) == ("bare", "{}")


def test_streamed_calls_come_in_pieces_that_fit() -> None:
    body: dict[str, Any] = {"model": "mock-tool", "tools": [WEATHER, TIME]}
    events = chunks(chat("x", stream=True, **body))
    for event in events:
        strictly(ChatCompletionChunk, event)
    got = read(events, "delta")
    assert [(call["name"], call["arguments"]) for call in got.calls] == BOTH
    assert got.finish == "tool_calls"
    custom = chunks(chat("x", model="mock-tool", tools=[CUSTOM], stream=True))
    pieces = [
        call["custom"]["input"]
        for event in custom
        for call in event["choices"][0]["delta"].get("tool_calls", ())
    ]
    assert "".join(pieces) == "mock input"


def test_after_a_tools_result_it_tells_that_result() -> None:
    made = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    custom = {"id": "c2", "type": "custom", "custom": {"name": "shell", "input": ""}}
    told = [
        {"role": "assistant", "content": None, "tool_calls": [made, custom]},
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "ok"}]},
        {"role": "tool", "tool_call_id": "gone", "content": "?"},
    ]
    got = answer("x", *told, model="mock-tool", tools=[WEATHER])
    assert (
        got.choices[0].message.content == "get_weather returned: sunny; shell returned: ok; gone returned: ?"
    )
    assert answer(told[1]).choices[0].message.content == "c1 returned: sunny"


# ── text, vectors, judgements, models ────────────────────────────────────


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("a b", ["You said: a b"]),
        (["a", "b"], ["You said: a", "You said: b"]),
        ([1, 2], ["You said: 1 2"]),
        ([[1, 2], [3]], ["You said: 1 2", "You said: 3"]),
    ],
)
def test_text_completions(prompt: Any, texts: list[str]) -> None:
    body: dict[str, Any] = {"model": "mock-echo", "prompt": prompt}
    whole = strictly(Completion, document(post("/completions", **body)))
    assert [choice.text for choice in whole.choices] == texts
    events = chunks(post("/completions", **body, stream=True, stream_options={"include_usage": True}))
    parsed = [strictly(Completion, event | strict_finish(event)) for event in events]
    streamed = ["" for _ in texts]
    for choice in (choice for event in parsed for choice in event.choices):
        streamed[choice.index] += choice.text
    assert streamed == texts
    assert parsed[-1].usage == whole.usage
    assert all("usage" not in event for event in chunks(post("/completions", **body, stream=True)))


def strict_finish(event: dict[str, Any]) -> dict[str, Any]:
    """The SDK's type of a text chunk knows no chunk before the last: the API sends null there."""
    return {
        "choices": [
            {**choice, "finish_reason": choice["finish_reason"] or "stop"} for choice in event["choices"]
        ]
    }


@pytest.mark.parametrize("value", ["one two", ["one", "two"], [1, 2], [[1, 2], [3]]])
def test_embeddings_are_unit_vectors_in_either_encoding(value: Any) -> None:
    body: dict[str, Any] = {"model": "mock-echo", "input": value, "dimensions": 11}
    got = strictly(CreateEmbeddingResponse, document(post("/embeddings", **body)))
    coded = document(post("/embeddings", **body, encoding_format="base64"))
    for row, packed in zip(got.data, coded["data"], strict=True):
        assert sum(number * number for number in row.embedding) == pytest.approx(1, abs=1e-6)
        assert list(struct.unpack("<11f", base64.b64decode(packed["embedding"]))) == row.embedding
    assert got.usage.prompt_tokens == got.usage.total_tokens > 0


def test_embeddings_differ_with_the_text_alone() -> None:
    rows = document(post("/embeddings", model="m", input=["a", "b", "a"]))["data"]
    first, second, third = (row["embedding"] for row in rows)
    assert len(first) == 1536 and first == third != second


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        ("fine", [False]),
        ("so mock-flag it", [True]),
        (["fine", "mock-flag"], [False, True]),
        (
            [{"type": "text", "text": "a"}, {"type": "text", "text": "mock-flag"}, {"type": "image_url"}, 3],
            [True],
        ),
    ],
)
def test_moderations_flag_what_says_so(value: Any, flags: list[bool]) -> None:
    got = strictly(ModerationCreateResponse, document(post("/moderations", input=value)))
    assert [result.flagged for result in got.results] == flags
    assert [result.categories.violence for result in got.results] == flags


def test_models_are_listed_and_found() -> None:
    listed = document(get("/models"))
    names = [strictly(Model, row).id for row in listed["data"]]
    assert listed["object"] == "list"
    assert names == ["mock-echo", "mock-tool", *(each.example for each in FAULTS)]
    assert strictly(Model, document(get("/models/mock-any%2Bthing"))).id == "mock-any+thing"
    assert fault(get("/models/gpt-9"), 404)["code"] == "model_not_found"


# ── what it refuses ──────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/chat/completions", {}, "messages"),
        ("/chat/completions", {"messages": []}, "messages"),
        ("/chat/completions", {"messages": [{"content": "a"}, 3]}, "messages[1]"),
        ("/chat/completions", {"messages": [{}], "n": 0}, "n"),
        ("/chat/completions", {"messages": [{}], "n": True}, "n"),
        ("/chat/completions", {"messages": [{}], "max_tokens": "few"}, "max_tokens"),
        ("/completions", {"prompt": 3}, "prompt"),
        ("/completions", {"prompt": []}, "prompt"),
        ("/embeddings", {"input": ""}, "input"),
        ("/embeddings", {"input": []}, "input"),
        ("/embeddings", {"input": "a", "dimensions": 5_000}, "dimensions"),
        ("/moderations", {}, "input"),
        ("/images/generations", {"prompt": "a", "n": 11}, "n"),
        ("/images/generations", {"stream": True, "partial_images": 4}, "partial_images"),
        ("/audio/speech", {"voice": "alloy"}, "input"),
        ("/audio/transcriptions", {}, "file"),
    ],
)
def test_what_is_wrong_is_named(path: str, body: dict[str, Any], param: str) -> None:
    error = fault(post(path, **body))
    assert (error["param"], error["type"]) == (param, "invalid_request_error")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"--xyz\r\n", "multipart/form-data"),
        (b"nothing", "multipart/form-data; boundary=xyz"),
        (b"\r\n--xyz\r\n\r\n" * 1_100 + b"--xyz--", "multipart/form-data; boundary=xyz"),
    ],
)
def test_unreadable_bodies_are_refused(body: bytes, kind: str) -> None:
    request = Request("POST", "mock://mock/chat/completions", {"content-type": kind}, body)
    fault(mock.answer(request))


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/files"), ("GET", "/completions"), ("DELETE", "/models")]
)
def test_what_it_does_not_have_is_not_found(method: str, path: str) -> None:
    error = fault(mock.answer(Request(method, f"mock://mock{path}")), 404)
    assert error["message"] == f"the mock has no {method} {path}"


@pytest.mark.parametrize(
    "url", ["mock://mock/v1/models", "mock://any.host/models?limit=2", "mock://mock/models"]
)
def test_the_version_and_the_query_do_not_matter(url: str) -> None:
    assert mock.answer(Request("GET", url)).status == 200


@given(
    st.sampled_from(sorted(mock.HANDLERS)),
    st.sampled_from(("application/json", "multipart/form-data; boundary=x", "")),
    st.binary(max_size=60) | st.just(b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n--x--'),
)
def test_any_bytes_are_answered(path: str, kind: str, body: bytes) -> None:
    script = mock.answer(Request("POST", f"mock://mock{path}", {"content-type": kind}, body))
    assert script.status in (200, 400)
    assert all(data for _, data in script.steps)


FIELDS = ("messages", "tools", "tool_choice", "response_format", "stop", "stream", "stream_options", "prompt")
INSIDE = ("role", "content", "tool_calls", "type", "function", "name", "json_schema", "schema", "text", "id")
NOISE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.text(max_size=3)
    | st.sampled_from(("tool", "function")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INSIDE), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.sampled_from(sorted(mock.HANDLERS)), st.dictionaries(st.sampled_from((*FIELDS, "input", "n")), NOISE)
)
def test_any_json_is_answered(path: str, body: dict[str, Any]) -> None:
    assert post(path, model="mock-tool", **body).status in (200, 400)
    rest = {name: value for name, value in body.items() if name != "messages"}
    assert chat("x", **rest, model="mock-tool").status in (200, 400)
