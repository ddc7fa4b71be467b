"""The chats of watsonx, Cortex, GigaChat, SageMaker and Yandex: in what they differ from OpenAI's."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from played import played
from refusals import refusing

import openai_client
from gatewaymw.core.dialects import cortex, gigachat, sagemaker, watsonx, yandex
from gatewaymw.core.errors import BadRequest, Unsupported, UpstreamError
from gatewaymw.core.framing.base import Frame, FramingError
from gatewaymw.core.framing.parts import Parts
from gatewaymw.core.model import Codec, Context
from gatewaymw.core.providers.rows.clouds import CORTEX
from recorded import amazon

Json = dict[str, Any]
HI = {"role": "user", "content": "Hi"}
FUNCTION = {"name": "look", "parameters": {"type": "object", "properties": {}}}
TOOL = {"type": "function", "function": FUNCTION}
OTHER = {"type": "function", "function": {"name": "other", "strict": True}}
AMONG = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [OTHER]}}
ID = "77d3fb14-457a-46ba-937e-8d856156d003"


def context(provider: str, **options: str) -> Context:
    return Context(provider=provider, model="m", created=1_700_000_000, id="own", options=options)


IBM = context("watsonx", watsonx_project_id="p-1", watsonx_api_version="2025-02-06")
SNOW, SBER, AWS = context("cortex"), context("gigachat"), context("sagemaker")


def sent(codec: Codec, body: Json, told: Context) -> tuple[Json, list[str]]:
    """What is sent and what is lost. The client's body is as it was, and the same twice is the same."""
    before = copy.deepcopy(body)
    assert codec.request
    made = codec.request(body, told)
    assert body == before and codec.request(body, told) == made
    return dict(made.body), [*made.dropped]


def answered(codec: Codec, body: Json, told: Context) -> Json:
    before = copy.deepcopy(body)
    assert codec.response
    made = codec.response(body, told)
    assert body == before and codec.response(body, told) == made
    openai_client.completion(made)
    return made


def ask(**params: Any) -> Json:
    return {"model": "m", "messages": [HI], **params}


# ── watsonx ──────────────────────────────────────────────────────────────


def test_the_project_pays_or_else_the_space() -> None:
    assert sent(watsonx.CHAT, ask(), IBM)[0] == {"messages": [HI], "model_id": "m", "project_id": "p-1"}
    space = replace(IBM, options={"watsonx_space_id": "s-1"})
    assert sent(watsonx.CHAT, ask(), space)[0]["space_id"] == "s-1"
    assert sent(watsonx.CHAT, ask(), replace(IBM, options={}))[0] == {"messages": [HI], "model_id": "m"}


@pytest.mark.parametrize(
    ("model", "stream", "path"),
    [
        ("m", False, "/ml/v1/text/chat?version=2025-02-06"),
        ("m", True, "/ml/v1/text/chat_stream?version=2025-02-06"),
        ("deployment/a/b", True, "/ml/v1/deployments/a%2Fb/text/chat_stream?version=2025-02-06"),
    ],
)
def test_a_deployment_is_an_address(model: str, stream: bool, path: str) -> None:
    told = replace(IBM, model=model, stream=stream)
    assert watsonx.chat(told) == path
    assert ("model_id" in sent(watsonx.CHAT, ask(model=model), told)[0]) is (model == "m")


@pytest.mark.parametrize(
    ("params", "made", "lost"),
    [
        ({"tool_choice": "auto"}, {}, []),
        ({"tool_choice": "required"}, {}, ["tool_choice"]),
        ({"tools": [TOOL]}, {"tools": [TOOL]}, []),
        (
            {"tools": [TOOL], "tool_choice": "required"},
            {"tools": [TOOL], "tool_choice_option": "required"},
            [],
        ),
        ({"tools": [TOOL], "tool_choice": TOOL}, {"tools": [TOOL], "tool_choice": TOOL}, []),
        (
            {"tools": [TOOL, OTHER, "x"], "tool_choice": AMONG},
            {"tools": [OTHER], "tool_choice_option": "auto"},
            [],
        ),
        (
            {"stop": "a", "user": "ann", "parallel_tool_calls": False},
            {"stop": ["a"]},
            ["user", "parallel_tool_calls"],
        ),
    ],
)
def test_what_watsonx_is_asked(params: Json, made: Json, lost: list[str]) -> None:
    told, names = sent(watsonx.CHAT, ask(**params), IBM)
    assert told == {"messages": [HI], "model_id": "m", "project_id": "p-1", **made}
    assert names == lost


def test_turns_without_what_ibm_has_no_place_for() -> None:
    turn = {"role": "assistant", "content": "a", "refusal": None, "annotations": [1], "content_blocks": [1]}
    told, names = sent(watsonx.CHAT, ask(messages=[turn, "x"]), IBM)
    assert told["messages"] == [{"role": "assistant", "content": "a"}, "x"]
    assert names == ["messages[].content_blocks", "messages[].annotations"]
    assert refusing(sent, watsonx.CHAT, ask(messages="x"), IBM).param == "messages"


def test_an_answer_of_watsonx() -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}
    body = {"id": "c", "model_id": "ibm/x", "created": 7, "system": {"warnings": []}, "choices": [choice]}
    made = answered(watsonx.CHAT, body, IBM)
    assert (made["model"], made["object"], made["created"]) == ("ibm/x", "chat.completion", 7)
    assert not {"model_id", "system"} & made.keys()
    assert answered(watsonx.CHAT, body, replace(IBM, strict=False))["system"] == {"warnings": []}


def test_a_stream_of_watsonx_ends_with_its_counts() -> None:
    last = {
        "id": "c",
        "choices": [],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
    events = [
        {"id": "c", "choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]},
        {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        last,
    ]
    state, chunks = played(watsonx.STREAM, events, IBM)
    assert watsonx.STREAM.ended(state) and len(chunks) == 2
    _, chunks = played(watsonx.STREAM, events, replace(IBM, include_usage=True))
    assert (chunks[-1]["choices"], chunks[-1]["usage"]["total_tokens"]) == ([], 2)
    assert not watsonx.STREAM.ended(played(watsonx.STREAM, events[:1], IBM)[0])


def test_an_error_of_watsonx() -> None:
    body = {"errors": [{"code": "rate_limit", "message": "Slow down"}], "trace": "t", "status_code": 429}
    with pytest.raises(UpstreamError, match="Slow down") as caught:
        played(watsonx.STREAM, [body], IBM)
    assert (caught.value.status, caught.value.code) == (429, "rate_limit")
    assert watsonx.error(body, 429, IBM)["error"]["code"] == "rate_limit"
    for odd in ({"errors": []}, {"errors": ["x"]}, {"errors": "x"}, "x", None):
        assert watsonx.error(odd, 500, IBM)["error"]["message"]


def test_embeddings_and_models_of_watsonx() -> None:
    told, lost = sent(
        watsonx.EMBED, {"model": "m", "input": ["a"], "truncate_input_tokens": 9, "user": "u"}, IBM
    )
    assert told["parameters"] == {"truncate_input_tokens": 9} and lost == ["user"]
    assert watsonx.EMBED.response and watsonx.MODELS.response
    body = {"results": [{"embedding": [0.5]}]}
    assert watsonx.EMBED.response(body, IBM)["data"][0]["embedding"] == [0.5]
    assert refusing(sent, watsonx.EMBED, {"model": "m", "input": [1]}, IBM).status == 400
    (row,) = watsonx.MODELS.response({"resources": [{"model_id": "a"}]}, IBM)["data"]
    assert (row["id"], row["owned_by"]) == ("a", "watsonx")


# ── Cortex ───────────────────────────────────────────────────────────────


def test_an_account_is_a_host() -> None:
    assert CORTEX.base and CORTEX.base({"snowflake_account": "my_org-a_b"}) == (
        "https://my-org-a-b.snowflakecomputing.com/api/v2/cortex"
    )


def test_thoughts_do_not_go_back_twice() -> None:
    turn = {
        "role": "assistant",
        "content": "a",
        "reasoning_content": "hm",
        "reasoning_details": [{"text": "hm"}],
    }
    told, lost = sent(cortex.CHAT, ask(messages=[HI, turn]), SNOW)
    assert told["messages"] == [HI, {name: turn[name] for name in turn if name != "reasoning_content"}]
    assert not lost
    other = {"role": "assistant", "content": "a", "reasoning_content": "hm"}
    assert sent(cortex.CHAT, ask(messages=[other]), SNOW)[0]["messages"] == [other]
    assert sent(cortex.CHAT, ask(messages="x"), SNOW)[0]["messages"] == "x"


HOLLOW: Json = {
    **{
        "function_call": {"arguments": "", "name": ""},
        "refusal": "",
        "annotations": None,
        "tool_calls": None,
    },
    "audio": {"data": "", "expires_at": 0, "id": "", "transcript": ""},
}


def snowy(message: Json, reason: str = "", taken: int = 5) -> Json:
    choice = {"index": 0, "message": {"role": "assistant", **HOLLOW, **message}, "finish_reason": reason}
    usage = {"prompt_tokens": 1, "completion_tokens": taken, "total_tokens": 1 + taken}
    return {"id": "", "created": 7, "model": "x", "service_tier": "", "usage": usage, "choices": [choice]}


def test_what_says_nothing_is_left_out() -> None:
    made = answered(cortex.CHAT, snowy({"content": "a"}), SNOW)
    assert made["choices"][0]["message"] == {
        **{"role": "assistant", "content": "a", "refusal": None, "annotations": None, "tool_calls": None}
    }
    assert (made["id"], "service_tier" in made) == ("own", False)
    kept = answered(cortex.CHAT, snowy({"content": "a", "refusal": "No"}), SNOW)
    assert kept["choices"][0]["message"]["refusal"] == "No"


@pytest.mark.parametrize(
    ("body", "asks", "reason"),
    [
        (snowy({"content": "a"}), {}, "stop"),
        (snowy({"content": "a"}), {"max_tokens": 5}, "length"),
        (snowy({"content": "a"}), {"max_completion_tokens": 6}, "stop"),
        (snowy({"content": "a"}, "content_filter"), {"max_tokens": 5}, "content_filter"),
        (
            snowy(
                {
                    "content": "",
                    "tool_calls": [
                        {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                    ],
                }
            ),
            {},
            "tool_calls",
        ),
        ({**snowy({"content": "a"}), "usage": None}, {"max_tokens": 5}, "stop"),
    ],
)
def test_why_it_ended_is_found_out(body: Json, asks: Json, reason: str) -> None:
    made = answered(cortex.CHAT, body, replace(SNOW, request=asks))
    assert made["choices"][0]["finish_reason"] == reason


def delta(**told: Any) -> Json:
    choice = {"index": 0, "delta": {"role": "assistant", "refusal": "", **told}}
    return {"id": "", "created": 0, "model": "x", "object": "chat.completion.chunk", "choices": [choice]}


COUNTS = {
    **{"choices": [], "created": 0, "id": "", "model": "x", "object": "chat.completion.chunk"},
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}
SNOWY_CALL = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def test_a_stream_that_never_says_why_it_ended() -> None:
    thought = delta(content="", reasoning_details=[{"text": "hm"}])
    events = [thought, delta(content="a"), COUNTS, cortex.END]
    state, chunks = played(cortex.STREAM, events, replace(SNOW, include_usage=True))
    assert cortex.STREAM.ended(state)
    read = openai_client.read(chunks, "delta")
    assert (read.text, read.reasoning, read.finish, read.usage["total_tokens"]) == ("a", "hm", "stop", 3)
    assert [len(chunk["choices"]) for chunk in chunks] == [1, 1, 1, 0]
    assert {chunk["created"] for chunk in chunks} == {1_700_000_000}
    _, chunks = played(cortex.STREAM, [delta(content="a"), COUNTS], SNOW)
    assert [len(chunk["choices"]) for chunk in chunks] == [1, 1]
    assert not cortex.STREAM.ended(played(cortex.STREAM, [thought, delta(content="a")], SNOW)[0])


def test_a_stream_that_says_why() -> None:
    said = delta(content="a")
    said["choices"][0]["finish_reason"] = "length"
    state, chunks = played(cortex.STREAM, [said, cortex.END], SNOW)
    assert cortex.STREAM.ended(state) and len(chunks) == 1
    _, chunks = played(cortex.STREAM, [delta(content="", tool_calls=[SNOWY_CALL]), cortex.END], SNOW)
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_the_end_of_a_stream_is_an_event() -> None:
    assert cortex.decode(Frame(b"[DONE]")) is cortex.END
    assert cortex.decode(Frame(b'{"a":1}')) == {"a": 1}


def test_embeddings_of_cortex() -> None:
    assert cortex.EMBED.response
    body = {"data": [{"embedding": [[0.5]]}, {"embedding": [0.25]}, {"embedding": []}]}
    rows = cortex.EMBED.response(body, SNOW)["data"]
    assert [row["embedding"] for row in rows] == [[0.5], [0.25], []]


# ── GigaChat ─────────────────────────────────────────────────────────────


def talk(*messages: Any) -> list[Json]:
    told: list[Json] = sent(gigachat.CHAT, ask(messages=[*messages]), SBER)[0]["messages"]
    return told


def called(id: str, name: str = "look", arguments: str = '{"a":1}') -> Json:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def test_a_call_goes_back_with_the_state_it_came_with() -> None:
    assert talk(
        HI,
        {"role": "assistant", "content": None, "tool_calls": [called(ID)]},
        {"role": "tool", "tool_call_id": ID, "content": "warm"},
    )[1:] == [
        {
            **{"role": "assistant", "content": "", "functions_state_id": ID},
            "function_call": {"name": "look", "arguments": {"a": 1}},
        },
        {"role": "function", "name": "look", "content": '"warm"'},
    ]
    own = {"role": "assistant", "content": "", "tool_calls": [called(ID)], "functions_state_id": "kept"}
    assert talk(own)[0]["functions_state_id"] == "kept"


def test_several_calls_are_turns_of_their_own() -> None:
    told = talk(
        {"role": "assistant", "content": "So:", "tool_calls": [called("c1"), called("c2", "other")]},
        {"role": "tool", "tool_call_id": "c2", "content": "[1]"},
        {"role": "tool", "tool_call_id": "c1", "content": '{"b":2}'},
        HI,
    )
    assert [(turn["role"], turn["content"]) for turn in told] == [
        ("assistant", "So:"),
        ("function", '{"b":2}'),
        ("assistant", ""),
        ("function", "[1]"),
        ("user", "Hi"),
    ]
    assert [turn["function_call"]["name"] for turn in told if "function_call" in turn] == ["look", "other"]


def test_functions_of_before_there_were_tools() -> None:
    told = talk(
        {"role": "assistant", "content": None, "function_call": {"name": "look", "arguments": ""}},
        {"role": "function", "name": "look", "content": None},
    )
    assert told == [
        {"role": "assistant", "content": "", "function_call": {"name": "look", "arguments": {}}},
        {"role": "function", "name": "look", "content": '""'},
    ]


def test_words_of_messages() -> None:
    told = talk(
        {"role": "developer", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "user", "content": "see", "attachments": ["f-1"]},
        {"role": "assistant", "content": None, "refusal": "No"},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No"}]},
    )
    assert [turn["content"] for turn in told] == ["ab", "see", "No", "No"]
    assert (told[0]["role"], told[1]["attachments"]) == ("system", ["f-1"])
    assert sent(gigachat.CHAT, ask(messages=[{**HI, "name": "ann"}]), SBER)[1] == ["messages[].name"]


@pytest.mark.parametrize(
    ("message", "kind", "param"),
    [
        ({"role": "user", "content": 7}, BadRequest, "messages[0].content"),
        (
            {"role": "user", "content": [{"type": "image_url"}]},
            Unsupported,
            "messages[0].content[0].image_url",
        ),
        ({"role": "tool", "tool_call_id": "c", "content": "a"}, BadRequest, "messages[0].tool_call_id"),
        ({"role": "function", "name": "f", "content": "a"}, BadRequest, "messages[0].name"),
        ({"content": "a"}, BadRequest, "messages[0].role"),
    ],
)
def test_messages_that_gigachat_cannot_take(message: Json, kind: type, param: str) -> None:
    error = refusing(sent, gigachat.CHAT, ask(messages=[message]), SBER)
    assert isinstance(error, kind) and error.param == param


@pytest.mark.parametrize(
    ("params", "made", "lost"),
    [
        ({}, {}, []),
        ({"tools": [TOOL]}, {"functions": [FUNCTION], "function_call": "auto"}, []),
        ({"tools": [TOOL], "tool_choice": "none"}, {"functions": [FUNCTION], "function_call": "none"}, []),
        (
            {"tools": [TOOL, TOOL], "tool_choice": "required"},
            {"functions": [FUNCTION, FUNCTION], "function_call": "auto"},
            ["tool_choice"],
        ),
        (
            {"tools": [TOOL], "tool_choice": "required"},
            {"functions": [FUNCTION], "function_call": {"name": "look"}},
            [],
        ),
        (
            {"tools": [TOOL, OTHER], "tool_choice": TOOL},
            {"functions": [FUNCTION], "function_call": {"name": "look"}},
            ["tools[1].function.strict"],
        ),
        ({"response_format": {"type": "text"}}, {}, []),
        ({"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}, []),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": {}, "strict": True},
                }
            },
            {"response_format": {"type": "json_schema", "schema": {}, "strict": True}},
            [],
        ),
        (
            {"max_completion_tokens": 5, "user": "ann", "parallel_tool_calls": False},
            {"max_tokens": 5},
            ["user"],
        ),
    ],
)
def test_what_gigachat_is_asked(params: Json, made: Json, lost: list[str]) -> None:
    assert sent(gigachat.CHAT, ask(**params), SBER) == ({"model": "m", "messages": [HI], **made}, lost)


def sber(message: Json, reason: str = "stop", **more: Any) -> Json:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    return {
        "choices": [choice],
        "created": 7,
        "model": "x",
        "usage": usage,
        "object": "chat.completion",
        **more,
    }


def test_a_call_of_gigachat() -> None:
    call = {"name": "look", "arguments": {"a": 1}}
    (choice,) = answered(gigachat.CHAT, sber({"content": "", "function_call": call}, "function_call"), SBER)[
        "choices"
    ]
    assert choice["message"]["tool_calls"][0]["id"] == "call_own"
    assert choice["finish_reason"] == "tool_calls"
    legacy = replace(SBER, request={"functions": []})
    (choice,) = answered(
        gigachat.CHAT, sber({"content": "", "function_call": call}, "function_call"), legacy
    )["choices"]
    assert choice["message"]["function_call"] == {"name": "look", "arguments": '{"a":1}'}
    assert choice["finish_reason"] == "function_call"


def test_why_gigachat_ended() -> None:
    made = answered(gigachat.CHAT, sber({"content": "a"}, "blacklist", usage=None), SBER)
    assert made["choices"][0]["finish_reason"] == "content_filter"
    with pytest.raises(UpstreamError, match="ended with an error"):
        answered(gigachat.CHAT, sber({"content": "a"}, "error"), SBER)


def test_what_was_kept_from_before_counts_as_read() -> None:
    usage = {"prompt_tokens": 18, "completion_tokens": 68, "precached_prompt_tokens": 37, "total_tokens": 86}
    made = answered(gigachat.CHAT, sber({"content": "a"}, usage=usage), SBER)["usage"]
    assert (made["prompt_tokens"], made["total_tokens"]) == (55, 123)
    assert made["prompt_tokens_details"] == {"cached_tokens": 37}


def part(told: Json, reason: str | None = None, place: int = 0, **more: Any) -> Json:
    choice = {"index": place, "delta": told, **({"finish_reason": reason} if reason else {})}
    return {"choices": [choice], "created": 7, "model": "x", "object": "chat.completion", **more}


def test_a_stream_of_gigachat() -> None:
    usage = {"usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}
    events = [part({"role": "assistant", "content": "a"}), part({"content": "b"}, "stop", **usage)]
    state, chunks = played(gigachat.STREAM, events, replace(SBER, include_usage=True))
    assert gigachat.STREAM.ended(state) and chunks[-1]["usage"]["total_tokens"] == 3
    assert openai_client.read(chunks, "delta").text == "ab"
    assert len(played(gigachat.STREAM, events, SBER)[1]) == 2
    apart = [events[0], part({}, "stop"), {**part({}), "choices": [], **usage}]
    assert len(played(gigachat.STREAM, apart, replace(SBER, include_usage=True))[1]) == 3
    assert len(played(gigachat.STREAM, apart, SBER)[1]) == 2
    assert not gigachat.STREAM.ended(played(gigachat.STREAM, events[:1], SBER)[0])


def test_calls_in_a_stream_of_gigachat() -> None:
    call = {"function_call": {"name": "look", "arguments": {"a": 1}}, "functions_state_id": ID}
    events = [part(call), part(call, place=1), part({}, "function_call"), part({}, "function_call", 1)]
    _, chunks = played(gigachat.STREAM, events, SBER)
    read = openai_client.read(chunks[::2], "delta")
    assert (read.calls, read.finish) == ([{"name": "look", "arguments": {"a": 1}}], "tool_calls")
    lone = {"function_call": {"name": "look"}}
    _, chunks = played(gigachat.STREAM, [part(lone, place=1)], SBER)
    assert chunks[0]["choices"][0]["delta"]["tool_calls"][0]["id"] == "call_own_1"
    _, chunks = played(gigachat.STREAM, events[:1] + events[2:3], replace(SBER, request={"functions": []}))
    assert chunks[-1]["choices"][0]["finish_reason"] == "function_call"


def test_embeddings_of_gigachat_are_put_in_order() -> None:
    assert gigachat.EMBED.response
    rows = [
        {"embedding": [0.5], "index": 1},
        {"embedding": [0.25], "index": 0, "usage": {"prompt_tokens": 6}},
    ]
    made = gigachat.EMBED.response({"data": rows}, SBER)
    assert [row["embedding"] for row in made["data"]] == [[0.25], [0.5]]
    assert made["usage"]["prompt_tokens"] == 6


# ── SageMaker ────────────────────────────────────────────────────────────


def test_an_endpoint_is_an_address_and_its_container_has_a_model() -> None:
    assert sagemaker.invoked(replace(AWS, model="a/b")) == "/endpoints/a%2Fb/invocations"
    assert sent(sagemaker.CHAT, ask(), AWS) == ({"messages": [HI]}, [])
    named = replace(AWS, options={"amzn_sagemaker_model_name": "served"})
    assert sent(sagemaker.CHAT, ask(), named)[0]["model"] == "served"
    told = [{"role": "assistant", "content": "a", "content_blocks": [1]}]
    assert sent(sagemaker.CHAT, ask(messages=told), AWS)[1] == ["messages[].content_blocks"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"Message": "No such endpoint"}, "No such endpoint"),
        ({"Message": "a", "OriginalMessage": '{"error":{"message":"too long","code":7}}'}, "too long"),
        ({"Message": "a", "OriginalMessage": "plain words"}, "plain words"),
        ({"Message": "a", "OriginalMessage": ""}, "a"),
        ("x", "x"),
    ],
)
def test_errors_of_sagemaker_and_of_the_container(body: Any, message: str) -> None:
    assert sagemaker.error(body, 424, AWS)["error"]["message"] == message


EVENT = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n'


def test_parts_are_put_together() -> None:
    framer = Parts()
    whole = b"".join(amazon("PayloadPart", piece) for piece in (EVENT[:20], EVENT[20:] + EVENT, b""))
    assert [frame.data for frame in framer.feed(whole)] == [EVENT[6:-2]] * 2
    assert framer.close() == []
    framer = Parts()
    framer.feed(amazon("PayloadPart", EVENT.rstrip()))
    assert [frame.data for frame in framer.close()] == [EVENT[6:-2]]


def test_a_part_that_is_cut_is_a_fault() -> None:
    framer = Parts()
    framer.feed(amazon("PayloadPart", EVENT)[:-1])
    with pytest.raises(FramingError):
        framer.close()


@pytest.mark.parametrize(
    ("event", "payload", "told"),
    [
        (
            "ModelStreamError",
            {"Message": "It took too long", "ErrorCode": "ModelInvocationTimeExceeded"},
            (502, "ModelInvocationTimeExceeded", "It took too long"),
        ),
        ("InternalStreamFailure", {"message": "Try again"}, (500, "InternalStreamFailure", "Try again")),
        ("Other", "x", (502, "Other", "Other")),
    ],
)
def test_exceptions_within_a_stream(event: str, payload: Any, told: tuple[int, str, str]) -> None:
    (frame,) = Parts().feed(amazon(event, json.dumps(payload).encode(), "exception"))
    with pytest.raises(UpstreamError) as caught:
        sagemaker.decode(frame)
    assert (caught.value.status, caught.value.code, caught.value.message) == told
    (frame,) = Parts().feed(amazon(event, b"{", "exception"))
    with pytest.raises(UpstreamError):
        sagemaker.decode(frame)


def test_a_stream_of_a_container() -> None:
    chunk = json.loads(EVENT[6:])
    last = {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    state, chunks = played(sagemaker.STREAM, [chunk, last], AWS)
    assert sagemaker.STREAM.ended(state) and chunks == [chunk, last]
    with pytest.raises(UpstreamError, match="no room"):
        played(sagemaker.STREAM, [{"error": {"message": "no room"}}], AWS)


# ── Yandex ───────────────────────────────────────────────────────────────


def test_a_model_of_yandex_is_an_address() -> None:
    told = context("yandex", yandex_folder_id="b1g")
    assert sent(yandex.CHAT, ask(model="yandexgpt"), told)[0]["model"] == "gpt://b1g/yandexgpt"
    assert sent(yandex.CHAT, ask(model="ds://x/y"), told)[0]["model"] == "ds://x/y"
    assert sent(yandex.EMBED, {"model": "doc", "input": "a"}, told)[0]["model"] == "emb://b1g/doc"


# ── rankings ─────────────────────────────────────────────────────────────


def test_a_ranking_of_watsonx_is_of_all_documents_unless_some_are_asked_for() -> None:
    body = {"model": "m", "query": "q", "documents": ["a"]}
    made = {"model_id": "m", "project_id": "p-1", "query": "q", "inputs": [{"text": "a"}]}
    assert sent(watsonx.RERANK, body, IBM) == (made, [])
    told, _ = sent(watsonx.RERANK, {**body, "top_n": 1}, IBM)
    assert told == {**made, "parameters": {"return_options": {"top_n": 1}}}
    assert refusing(sent, watsonx.RERANK, {**body, "documents": []}, IBM).param == "documents"
