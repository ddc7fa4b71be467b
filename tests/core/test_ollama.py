"""Ollama's own API: what becomes of OpenAI's requests, and what its answers and streams tell."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import invoked
import pytest
from openai.types import Completion, CreateEmbeddingResponse
from played import played
from poured import chunks, fault, poured
from refusals import refusing

import openai_client
from gatewaymw.core.dialects.ollama import CHAT, COMPLETE, EMBED, MODELS
from gatewaymw.core.errors import BadRequest, Unsupported, UpstreamError
from gatewaymw.core.model import Codec, Context, Encoded

CONTEXT = Context(provider="ollama-native", model="qwen3", created=7, id="own")
LOOSE = replace(CONTEXT, strict=False)
COUNTED = replace(CONTEXT, include_usage=True)
HELLO = {"role": "user", "content": "Hi"}
FUNCTION = {"name": "f", "parameters": {"type": "object"}}
TOOL = {"type": "function", "function": FUNCTION}


def encoded(codec: Codec, body: dict[str, Any], context: Context = CONTEXT) -> Encoded:
    return invoked.asked(codec, body, context)


def ask(**body: Any) -> Encoded:
    return encoded(CHAT, {"model": "qwen3", "messages": [HELLO], **body})


def sent(*messages: Any) -> list[Any]:
    made: list[Any] = ask(messages=list(messages)).body["messages"]
    return made


def generate(**body: Any) -> Encoded:
    return encoded(COMPLETE, {"model": "qwen3", "prompt": "Once", **body})


def embed(**body: Any) -> Encoded:
    return encoded(EMBED, {"model": "all-minilm", "input": "a", **body})


# ── parameters ───────────────────────────────────────────────────────────


def test_a_chat_is_not_streamed_unless_it_is_asked_for() -> None:
    assert ask() == Encoded({"model": "qwen3", "messages": [HELLO], "stream": False})
    asked = {"model": "qwen3", "messages": [HELLO], "stream": True, "stream_options": {"include_usage": True}}
    made = encoded(CHAT, asked, replace(CONTEXT, stream=True))
    assert made == Encoded({"model": "qwen3", "messages": [HELLO], "stream": True})


def test_settings_are_options_where_the_clients_own_win() -> None:
    made = ask(temperature=0, top_p=0.5, seed=1, stop="a", max_tokens=5, max_completion_tokens=6, num_ctx=99)
    options = {"temperature": 0, "top_p": 0.5, "seed": 1, "stop": ["a"], "num_predict": 6, "num_ctx": 99}
    assert (made.body["options"], made.dropped) == (options, ("max_tokens",))
    made = ask(seed=1, max_tokens=5, options={"seed": 2, "mirostat": 1, "num_predict": 6})
    assert made.body["options"] == {"seed": 2, "mirostat": 1, "num_predict": 6}
    assert made.dropped == ("seed", "max_tokens")


def test_what_is_not_openais_goes_on() -> None:
    own = {
        "keep_alive": "5m",
        "think": "high",
        "format": {"type": "object"},
        "logprobs": True,
        "top_logprobs": 2,
    }
    assert own.items() <= ask(**own).body.items()
    assert {"raw": True, "suffix": "end"}.items() <= generate(raw=True, suffix="end").body.items()


def test_what_ollama_lacks_is_named_unless_it_asks_for_nothing() -> None:
    assert ask(n=2, user="u", logit_bias={"1": 1}, verbosity="low").dropped == (
        *("n", "user", "logit_bias", "verbosity"),
    )
    assert ask(n=1, store=False, service_tier="auto", logit_bias={}).dropped == ()
    made = generate(n=2, best_of=2, echo=True, logprobs=1, messages=[HELLO])
    assert {*made.dropped} == {"n", "best_of", "echo", "logprobs", "messages"}
    assert made.body == {"model": "qwen3", "prompt": "Once", "stream": False}
    assert generate(best_of=1, echo=False).dropped == ()


@pytest.mark.parametrize(
    ("effort", "think"),
    [("none", False), ("minimal", "low"), ("medium", "medium"), ("xhigh", "high")],
)
def test_efforts_are_ways_to_think(effort: str, think: Any) -> None:
    assert ask(reasoning_effort=effort).body["think"] == think


SCHEMA = {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": "json_object"}, "json"),
        ({"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}, SCHEMA),
        ({"type": "json_schema", "json_schema": {"name": "a"}}, "json"),
        ({"type": "text"}, None),
    ],
)
def test_formats(given: Any, made: Any) -> None:
    assert ask(response_format=given).body.get("format") == made


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"reasoning_effort": "much"}, "reasoning_effort"),
        ({"reasoning_effort": 3}, "reasoning_effort"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": 1}}}, "json_schema.schema"),
        ({"stop": [1]}, "stop"),
        ({"seed": "a"}, "seed"),
        ({"options": []}, "options"),
        ({"tools": [1]}, "tools[0]"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot"}]}, "messages[0].role"),
        ({"messages": [{"role": ["user"]}]}, "messages[0].role"),
    ],
)
def test_what_is_of_the_wrong_kind_is_refused(body: Any, param: str) -> None:
    error = refusing(ask, **body)
    assert isinstance(error, BadRequest) and error.param and error.param.endswith(param)


# ── tools ────────────────────────────────────────────────────────────────


def test_tools_are_openais_and_the_choice_is_the_models() -> None:
    assert ask(tools=[TOOL], tool_choice="auto").body["tools"] == [TOOL]
    assert ask(tools=[TOOL], tool_choice="none").body.keys() == {"model", "messages", "stream"}
    made = ask(tools=[TOOL], tool_choice="required", parallel_tool_calls=False)
    assert (made.body["tools"], made.dropped) == ([TOOL], ("tool_choice", "parallel_tool_calls"))
    assert ask(tools=[TOOL, {"type": "custom", "custom": {"name": "x"}}]).dropped == ("tools",)


def test_functions_are_tools() -> None:
    made = ask(functions=[FUNCTION], function_call={"name": "f"})
    assert (made.body["tools"], made.dropped) == ([TOOL], ("function_call",))
    assert "tools" not in ask(functions=[FUNCTION], function_call="none").body


# ── messages ─────────────────────────────────────────────────────────────

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}


def test_a_talk_with_tools() -> None:
    made = sent(
        {"role": "developer", "content": "Be brief"},
        {"role": "user", "content": "Hi", "name": "ann"},
        {"role": "assistant", "content": None, "reasoning_content": "hm", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {"role": "tool", "tool_call_id": "c9", "content": "2"},
        {"role": "assistant", "content": None, "function_call": {"name": "g", "arguments": ""}},
        {"role": "function", "name": "g", "content": "3"},
        {"role": "assistant", "content": None, "refusal": "No"},
    )
    called = {"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}
    assert made == [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "", "thinking": "hm", "tool_calls": [called]},
        {"role": "tool", "content": "1", "tool_call_id": "c1", "tool_name": "f"},
        {"role": "tool", "content": "2", "tool_call_id": "c9"},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "g", "arguments": {}}}]},
        {"role": "tool", "content": "3", "tool_name": "g"},
        {"role": "assistant", "content": "No"},
    ]


def test_what_an_earlier_turn_cannot_keep_is_named() -> None:
    turn = {"role": "assistant", "content": "a", "content_blocks": [{"type": "text"}], "audio": {"id": "x"}}
    made = ask(messages=[{**HELLO, "name": "ann"}, turn])
    assert {*made.dropped} == {"messages[].name", "messages[].audio", "messages[].content_blocks"}


def user(*parts: Any) -> Any:
    return {"role": "user", "content": list(parts)}


def file(**spec: Any) -> Any:
    return {"type": "file", "file": spec}


def test_parts_are_a_text_and_images() -> None:
    picture = "data:image/png;base64,AAAA"
    (made,) = sent(
        user(
            {"type": "text", "text": "What"},
            {"type": "image_url", "image_url": {"url": picture, "detail": "auto"}},
            {"type": "image_url", "image_url": picture},
            file(file_data="AAAA", filename="a.png"),
            file(file_data="aGk=", filename="a.md"),
            file(file_data="data:text/plain;base64,aGk="),
            {"type": "text", "text": "is it?"},
        )
    )
    assert made["content"] == "What\na.md\n\nhi\nhi\nis it?"
    assert made["images"] == ["AAAA", "AAAA", "AAAA"]


def test_detail_is_named() -> None:
    picture = {"url": "data:image/png;base64,AAAA", "detail": "high"}
    made = ask(messages=[user({"type": "image_url", "image_url": picture})])
    assert made.dropped == ("messages[].content[].image_url.detail",)


@pytest.mark.parametrize(
    ("part", "kind", "param"),
    [
        ({"type": "input_audio", "input_audio": {}}, Unsupported, "input_audio"),
        (file(file_id="f1"), Unsupported, "file"),
        (file(file_data="AAAA", filename="a.pdf"), Unsupported, "file_data"),
        (file(file_data="AAAA"), Unsupported, "file_data"),
        ({"type": "image_url", "image_url": {"url": "https://x.example/a"}}, BadRequest, "url"),
        ({"type": "video"}, BadRequest, "type"),
        ({"type": "text", "text": 1}, BadRequest, "text"),
    ],
)
def test_parts_that_it_does_not_take(part: Any, kind: type[Exception], param: str) -> None:
    error = refusing(sent, user(part))
    assert isinstance(error, kind)
    assert error.param and error.param.startswith("messages[0].content[0]") and error.param.endswith(param)


def test_content_of_another_kind_is_refused() -> None:
    assert refusing(sent, {"role": "user", "content": 7}).param == "messages[0].content"


def test_links_to_images_are_found_for_whoever_fetches_them() -> None:
    assert CHAT.links
    body = {"messages": [user({"type": "image_url", "image_url": {"url": "https://x.example/a"}})]}
    assert [each.url for each in CHAT.links(body)] == ["https://x.example/a"]


# ── answers ──────────────────────────────────────────────────────────────


def line(done: bool = False, **more: Any) -> dict[str, Any]:
    counts = {"done_reason": "stop", "total_duration": 9, "prompt_eval_count": 3, "eval_count": 2}
    return {"model": "qwen3", "created_at": "t", "done": done, **(counts if done else {}), **more}


def said(done: bool = False, reason: str = "stop", **message: Any) -> dict[str, Any]:
    made = line(done, message={"role": "assistant", "content": "", **message})
    return made | ({"done_reason": reason} if done else {})


def told(body: dict[str, Any], context: Context = CONTEXT) -> dict[str, Any]:
    before = copy.deepcopy(body)
    assert CHAT.response
    made = CHAT.response(body, context)
    assert body == before
    openai_client.completion(made)
    return made


def test_an_answer() -> None:
    made = told(said(True, "length", content="Hi", thinking="hm"))
    message = {"role": "assistant", "content": "Hi", "refusal": None, "reasoning_content": "hm"}
    assert made["choices"] == [{"index": 0, "message": message, "logprobs": None, "finish_reason": "length"}]
    assert made["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert (made["id"], made["created"], made["model"]) == ("own", 7, "qwen3")
    assert "total_duration" not in made
    assert told(said(True, content="Hi"), LOOSE)["total_duration"] == 9


def test_calls_have_ids_and_written_arguments() -> None:
    call = {"function": {"name": "f", "arguments": {"a": 1}}}
    (choice,) = told(said(True, tool_calls=[call, {"id": "c9", "function": {"name": "g"}}]))["choices"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)
    one, two = choice["message"]["tool_calls"]
    assert one == {"id": "call_own_0", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    assert (two["id"], two["function"]["arguments"]) == ("c9", "{}")
    functional = replace(CONTEXT, request={"functions": [FUNCTION]})
    (choice,) = told(said(True, tool_calls=[call]), functional)["choices"]
    assert choice["finish_reason"] == "function_call"
    assert choice["message"]["function_call"] == {"name": "f", "arguments": '{"a":1}'}


def test_likelihoods_are_openais() -> None:
    item = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": [{"token": "a", "logprob": -0.5}]}
    body = said(True, content="a") | {"logprobs": [{"token": "b", "logprob": -1.0}]}
    (choice,) = told(body)["choices"]
    assert choice["logprobs"]["content"][0] == {
        **{"token": "b", "logprob": -1.0},
        **{"bytes": None, "top_logprobs": []},
    }
    assert CHAT.response
    made = CHAT.response(said(True) | {"logprobs": [item]}, CONTEXT)
    assert made["choices"][0]["logprobs"]["content"] == [item]


@pytest.mark.parametrize("body", [[], {}, {"message": "a"}, {"error": "model not found"}])
def test_an_answer_that_is_none_is_an_error(body: Any) -> None:
    for codec in (CHAT, COMPLETE):
        assert codec.response
        with pytest.raises(UpstreamError) as caught:
            codec.response(body, CONTEXT)
        assert ("not found" in caught.value.message) == ("error" in body)


def test_a_completion() -> None:
    assert COMPLETE.response
    body = line(True, response="Once", thinking="hm", context=[1])
    made = COMPLETE.response(body, CONTEXT)
    Completion.model_validate_json(json.dumps(made), strict=True)
    assert made["choices"] == [{"index": 0, "text": "Once", "logprobs": None, "finish_reason": "stop"}]
    loose = COMPLETE.response(body, LOOSE)
    assert (loose["context"], loose["choices"][0]["reasoning_content"]) == ([1], "hm")


# ── streams ──────────────────────────────────────────────────────────────


def test_a_stream_of_thoughts_text_and_calls() -> None:
    assert CHAT.stream
    call = {"function": {"name": "f", "arguments": {"a": 1}}}
    lines = [
        *(said(thinking="hm"), said(), said(content="Hi"), said(tool_calls=[call]), said(tool_calls=[call])),
        said(True),
    ]
    state, out = played(CHAT.stream, lines, COUNTED)
    assert CHAT.stream.ended(state)
    deltas = [each["choices"][0]["delta"] for each in out[:-1]]
    written = {"name": "f", "arguments": '{"a":1}'}
    assert deltas == [
        {"role": "assistant", "content": "", "reasoning_content": "hm"},
        {"content": "Hi"},
        {"tool_calls": [{"index": 0, "id": "call_own_0", "type": "function", "function": written}]},
        {"tool_calls": [{"index": 1, "id": "call_own_1", "type": "function", "function": written}]},
        {},
    ]
    assert out[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert (out[-1]["choices"], out[-1]["usage"]["total_tokens"]) == ([], 5)


def test_functions_and_likelihoods_are_told_in_streams() -> None:
    assert CHAT.stream
    functional = replace(LOOSE, request={"functions": [FUNCTION]})
    call = {"function": {"name": "f", "arguments": {}}}
    likely = said(content="a") | {"logprobs": [{"token": "a", "logprob": -1.0}]}
    _, out = played(CHAT.stream, [likely, said(tool_calls=[call]), said(True)], functional)
    assert out[0]["choices"][0]["logprobs"]["content"][0]["token"] == "a"
    assert out[1]["choices"][0]["delta"] == {"function_call": {"name": "f", "arguments": "{}"}}
    assert (out[2]["choices"][0]["finish_reason"], out[2]["total_duration"]) == ("function_call", 9)


def lines(*given: Any) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in given)


def test_a_stream_that_fails_or_stops_short_ends_in_an_error() -> None:
    for codec, first in ((CHAT, said(content="a")), (COMPLETE, line(response="a"))):
        assert codec.stream
        error = fault(poured(codec.stream, lines(first, {"error": "out of memory"}), CONTEXT))
        assert error["message"] == "out of memory"
        short = fault(poured(codec.stream, lines(first), CONTEXT))
        assert short["code"] == "upstream_stream_incomplete"


def test_a_stream_of_a_completion() -> None:
    assert COMPLETE.stream
    data = lines(
        line(response="", thinking="hm"), line(response="Once"), line(response=""), line(True, response="")
    )
    out = chunks(poured(COMPLETE.stream, data, CONTEXT))
    assert [each["choices"][0]["text"] for each in out] == ["Once", ""]
    loose = chunks(poured(COMPLETE.stream, data, LOOSE))
    assert loose[0]["choices"][0]["reasoning_content"] == "hm"


# ── embeddings and models ────────────────────────────────────────────────


def test_embeddings() -> None:
    made = embed(input=["a", "b"], truncate=False, user="u", encoding_format="base64")
    assert made == Encoded({"model": "all-minilm", "input": ["a", "b"], "truncate": False}, ("user",))
    assert EMBED.response
    body = {"model": "all-minilm", "embeddings": [[0.5], [1.0]], "prompt_eval_count": 4, "total_duration": 9}
    told = EMBED.response(body, CONTEXT)
    CreateEmbeddingResponse.model_validate_json(json.dumps(told), strict=True)
    assert (told["usage"]["prompt_tokens"], "total_duration" in told) == (4, False)
    assert EMBED.response(body, LOOSE)["total_duration"] == 9
    packed = EMBED.response(body, replace(CONTEXT, request={"encoding_format": "base64"}))
    assert packed["data"][0]["embedding"] == "AAAAPw=="


@pytest.mark.parametrize(
    ("given", "kind"),
    [([], BadRequest), ([None], BadRequest), (7, BadRequest), ([1, 2], Unsupported), ([[1]], Unsupported)],
)
def test_what_cannot_be_embedded(given: Any, kind: type[Exception]) -> None:
    assert isinstance(refusing(embed, input=given), kind)


def test_embeddings_that_are_none_are_an_error() -> None:
    assert EMBED.response
    with pytest.raises(UpstreamError, match="without embeddings"):
        EMBED.response({}, CONTEXT)


def test_models_keep_what_is_told_of_them() -> None:
    assert MODELS.response
    made = MODELS.response({"models": [{"name": "a:1b", "size": 3}]}, CONTEXT)
    owned = {"object": "model", "created": 0, "owned_by": "ollama-native"}
    assert made["data"] == [{"name": "a:1b", "size": 3, "id": "a:1b", **owned}]
