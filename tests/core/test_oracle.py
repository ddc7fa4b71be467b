"""Oracle's chats: what becomes of a request in each format, and what an answer says in OpenAI's words."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from played import played
from refusals import refusing

import openai_client
from gatewaymw.core.dialects.oracle import CHAT, EMBED, STREAM
from gatewaymw.core.errors import BadRequest, Unsupported, UpstreamError
from gatewaymw.core.model import Context

Json = dict[str, Any]
OPTIONS = {"oracle_compartment_id": "ocid1.compartment.oc1..a", "oracle_serving_mode": "ON_DEMAND"}
CONTEXT = Context(provider="oracle", model="meta.llama-3", created=1_700_000_000, id="own", options=OPTIONS)
COUNTING = replace(CONTEXT, include_usage=True)
LOOSE = replace(CONTEXT, strict=False)
LLAMA, GPT, COMMAND, SEEING = (
    "meta.llama-3",
    "openai.gpt-5",
    "cohere.command-a-03-2025",
    "cohere.command-a-vision",
)
HI = {"role": "user", "content": "Hi"}
FUNCTION = {
    "name": "look",
    "description": "It looks.",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Where"},
            "days": {"type": "integer", "minimum": 1},
        },
        "required": ["city"],
    },
}
TOOL = {"type": "function", "function": FUNCTION}
OTHER = {"type": "function", "function": {"name": "other", "strict": True}}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"city":"Rome"}'}}


def asked(body: Json, context: Context = CONTEXT) -> tuple[Json, list[str]]:
    """What is sent, and what is lost. The client's body is as it was, and the same twice is the same."""
    before = copy.deepcopy(body)
    assert CHAT.request
    made = CHAT.request(body, context)
    assert body == before and CHAT.request(body, context) == made
    return dict(made.body), [*made.dropped]


def chat(model: str = LLAMA, messages: Any = None, **params: Any) -> Json:
    told, lost = asked({"model": model, "messages": [HI] if messages is None else messages, **params})
    assert not lost
    inner: Json = told["chatRequest"]
    return inner


def lost(model: str = LLAMA, messages: Any = None, **params: Any) -> list[str]:
    return asked({"model": model, "messages": [HI] if messages is None else messages, **params})[1]


def refused(model: str = LLAMA, messages: Any = None, **params: Any) -> Any:
    return refusing(asked, {"model": model, "messages": [HI] if messages is None else messages, **params})


def words(text: str) -> list[Json]:
    return [{"type": "TEXT", "text": text}]


# ── who serves it ────────────────────────────────────────────────────────


def test_a_model_on_demand_is_named_and_a_dedicated_one_is_an_endpoint() -> None:
    told, _ = asked({"model": LLAMA, "messages": [HI]})
    assert told["servingMode"] == {"servingType": "ON_DEMAND", "modelId": LLAMA}
    assert told["compartmentId"] == "ocid1.compartment.oc1..a"
    dedicated = replace(CONTEXT, options={**OPTIONS, "oracle_serving_mode": "DEDICATED"})
    told, _ = asked({"model": "ocid1.endpoint", "messages": [HI]}, dedicated)
    assert told["servingMode"] == {"servingType": "DEDICATED", "endpointId": "ocid1.endpoint"}


def test_a_client_neither_says_who_pays_nor_who_serves() -> None:
    told, names = asked(
        {"model": LLAMA, "messages": [HI], "compartment_id": "x", "serving_mode": "DEDICATED"}
    )
    assert told["compartmentId"] == OPTIONS["oracle_compartment_id"]
    assert names == ["compartment_id", "serving_mode"]


@pytest.mark.parametrize(
    ("model", "format"),
    [(LLAMA, "GENERIC"), ("ocid1.x", "GENERIC"), (COMMAND, "COHERE"), (SEEING, "COHEREV2")],
)
def test_the_format_is_the_models(model: str, format: str) -> None:
    assert chat(model)["apiFormat"] == format


def test_or_the_one_that_the_client_names() -> None:
    assert chat("ocid1.x", api_format="COHERE")["apiFormat"] == "COHERE"
    assert refused(api_format="OTHER").param == "api_format"


def test_a_stream_counts_tokens_where_the_client_asks() -> None:
    body = {"model": LLAMA, "messages": [HI], "stream": True, "stream_options": {"include_usage": True}}
    assert asked(body)[0]["chatRequest"]["isStream"] is True
    assert "streamOptions" not in asked(body)[0]["chatRequest"]
    assert asked(body, COUNTING)[0]["chatRequest"]["streamOptions"] == {"isIncludeUsage": True}


# ── GENERIC ──────────────────────────────────────────────────────────────


def test_parameters_go_by_oracles_names() -> None:
    told = chat(
        **{
            "temperature": 0.5,
            "top_p": 0.9,
            "top_k": 4,
            "seed": 7,
            "n": 2,
            "stop": ["a", "b"],
            "is_echo": True,
        },
        **{"frequency_penalty": 1, "presence_penalty": -1, "logit_bias": {"1": 2}, "metadata": {"a": "b"}},
        **{"reasoning_effort": "low", "verbosity": "high", "service_tier": "priority"},
        **{"parallel_tool_calls": False, "logprobs": True, "top_logprobs": 3, "max_tokens": 9},
        prediction={"type": "content", "content": "ab"},
        web_search_options={
            "search_context_size": "low",
            "user_location": {"type": "approximate", "approximate": {"city": "Rome"}},
        },
    )
    assert told == {
        **{"apiFormat": "GENERIC", "messages": [{"role": "USER", "content": words("Hi")}]},
        **{"temperature": 0.5, "topP": 0.9, "topK": 4, "seed": 7, "numGenerations": 2, "stop": ["a", "b"]},
        **{"isEcho": True, "frequencyPenalty": 1, "presencePenalty": -1, "logitBias": {"1": 2}},
        **{"metadata": {"a": "b"}, "reasoningEffort": "LOW", "verbosity": "HIGH", "serviceTier": "PRIORITY"},
        **{"isParallelToolCalls": False, "logProbs": 3, "maxTokens": 9},
        "prediction": {"type": "CONTENT", "content": words("ab")},
        "webSearchOptions": {"searchContextSize": "LOW", "userLocation": {"city": "Rome"}},
    }


def test_a_limit_counts_thoughts_for_openais_models() -> None:
    assert chat(LLAMA, max_completion_tokens=5)["maxTokens"] == 5
    assert chat(GPT, max_tokens=5)["maxCompletionTokens"] == 5


def test_what_oracle_has_no_word_for_is_named() -> None:
    assert lost(user="ann", store=True, audio=None) == ["user", "store"]
    assert chat(web_search_options={}, prediction={"content": [{"type": "text", "text": "a"}]})[
        "prediction"
    ] == {
        "type": "CONTENT",
        "content": words("a"),
    }
    assert chat(logprobs=2)["logProbs"] == 2
    assert chat(logprobs=True)["logProbs"] == 1
    assert "logProbs" not in chat(logprobs=False)


def test_a_developer_is_one_to_openais_models_only() -> None:
    for model, role in ((GPT, "DEVELOPER"), (LLAMA, "SYSTEM")):
        (told,) = chat(model, [{"role": "developer", "content": "Be short.", "name": "d"}])["messages"]
        assert told == {"role": role, "content": words("Be short."), "name": "d"}


PARTS: list[tuple[Json, Json]] = [
    ({"type": "text", "text": ""}, {"type": "TEXT", "text": ""}),
    ({"type": "refusal", "refusal": "No."}, {"type": "TEXT", "text": "No."}),
    (
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}},
        {"type": "IMAGE", "imageUrl": {"url": "data:image/png;base64,AA", "detail": "LOW"}},
    ),
    (
        {"type": "image_url", "image_url": "data:image/png;base64,AA"},
        {"type": "IMAGE", "imageUrl": {"url": "data:image/png;base64,AA"}},
    ),
    (
        {"type": "input_audio", "input_audio": {"data": "AA", "format": "mp3"}},
        {"type": "AUDIO", "audioUrl": {"url": "data:audio/mp3;base64,AA"}},
    ),
    (
        {"type": "input_audio", "input_audio": {"data": "data:audio/wav;base64,AA", "format": "wav"}},
        {"type": "AUDIO", "audioUrl": {"url": "data:audio/wav;base64,AA"}},
    ),
    (
        {"type": "file", "file": {"file_data": "AA"}},
        {"type": "DOCUMENT", "documentUrl": {"url": "data:application/pdf;base64,AA"}},
    ),
    (
        {"type": "file", "file": {"file_data": "data:text/csv;base64,AA"}},
        {"type": "DOCUMENT", "documentUrl": {"url": "data:text/csv;base64,AA"}},
    ),
    (
        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AA"}},
        {"type": "VIDEO", "videoUrl": {"url": "data:video/mp4;base64,AA"}},
    ),
    (
        {"type": "video_url", "video_url": "data:video/mp4;base64,AA"},
        {"type": "VIDEO", "videoUrl": {"url": "data:video/mp4;base64,AA"}},
    ),
]


@pytest.mark.parametrize(("part", "made"), PARTS)
def test_parts(part: Json, made: Json) -> None:
    (told,) = chat(messages=[{"role": "user", "content": [part]}])["messages"]
    assert told["content"] == [made]


@pytest.mark.parametrize(
    ("content", "param"),
    [
        (7, "messages[0].content"),
        ([{"type": "text", "text": 7}], "messages[0].content[0].text"),
        ([{"type": "image_url", "image_url": {}}], "messages[0].content[0].image_url.url"),
        ([{"type": "file", "file": {"file_id": "f"}}], "messages[0].content[0].file"),
        ([{"type": "other"}], "messages[0].content[0].other"),
        ([{}], "messages[0].content[0].None"),
    ],
)
def test_parts_that_are_none(content: Any, param: str) -> None:
    assert refused(messages=[{"role": "user", "content": content}]).param == param


def test_calls_and_results() -> None:
    messages = [
        HI,
        {"role": "assistant", "content": None, "tool_calls": [CALL], "refusal": None},
        {"role": "tool", "tool_call_id": "c1", "content": "warm"},
        {"role": "tool", "tool_call_id": "c1", "content": None},
    ]
    told = chat(messages=messages)["messages"]
    flat = {"id": "c1", "type": "FUNCTION", "name": "look", "arguments": '{"city":"Rome"}'}
    assert told[1:] == [
        {"role": "ASSISTANT", "content": None, "toolCalls": [flat]},
        {"role": "TOOL", "toolCallId": "c1", "content": words("warm")},
        {"role": "TOOL", "toolCallId": "c1", "content": words("")},
    ]
    told = chat(SEEING, messages)["messages"]
    nested = {"id": "c1", "type": "FUNCTION", "function": CALL["function"]}
    assert told[1]["toolCalls"] == [nested]


def test_functions_as_they_were_before_tools() -> None:
    messages = [
        {"role": "assistant", "content": "So.", "function_call": {"name": "look", "arguments": "{}"}},
        {"role": "function", "name": "look", "content": "warm"},
    ]
    told = chat(messages=messages, functions=[FUNCTION], function_call={"name": "look"})
    assert told["messages"][0]["toolCalls"][0]["id"] == told["messages"][1]["toolCallId"]
    assert told["messages"][0]["content"] == words("So.")
    assert told["toolChoice"] == {"type": "FUNCTION", "name": "look"}


def test_what_the_assistant_said() -> None:
    told = chat(messages=[{"role": "assistant", "content": "", "refusal": "No."}, {"role": "assistant"}])[
        "messages"
    ]
    assert [each["content"] for each in told] == [words("No."), words("")]
    assert lost(messages=[{"role": "assistant", "content": "a", "audio": {"id": "x"}}]) == [
        "messages[].audio"
    ]
    assert lost(SEEING, [{**HI, "name": "ann"}]) == ["messages[].name"]


@pytest.mark.parametrize(
    ("messages", "param"),
    [("x", "messages"), ([], "messages"), (["x"], "messages[0]"), ([{"role": "x"}], "messages[0].role")],
)
@pytest.mark.parametrize("model", [LLAMA, COMMAND])
def test_messages_that_are_none(messages: Any, param: str, model: str) -> None:
    assert refused(model, messages).param == param


@pytest.mark.parametrize(
    ("params", "choice", "names"),
    [
        ({}, None, ["look", "other"]),
        ({"tool_choice": "auto"}, {"type": "AUTO"}, ["look", "other"]),
        ({"tool_choice": "none"}, {"type": "NONE"}, ["look", "other"]),
        ({"tool_choice": "required"}, {"type": "REQUIRED"}, ["look", "other"]),
        ({"tool_choice": TOOL}, {"type": "FUNCTION", "name": "look"}, ["look", "other"]),
        (
            {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [OTHER]}}},
            {"type": "AUTO"},
            ["other"],
        ),
    ],
)
def test_tools_and_the_choice_among_them(params: Json, choice: Json | None, names: list[str]) -> None:
    told, gone = asked({"model": LLAMA, "messages": [HI], "tools": [TOOL, OTHER], **params})
    assert told["chatRequest"].get("toolChoice") == choice
    assert [tool["name"] for tool in told["chatRequest"]["tools"]] == names
    assert told["chatRequest"]["tools"][0]["type"] == "FUNCTION"
    assert gone == ["tools[1].function.strict"]


def test_a_choice_among_none_is_none() -> None:
    assert chat(tools=[], tool_choice="auto").keys() == {"apiFormat", "messages"}


@pytest.mark.parametrize(
    ("asks", "made"),
    [
        ({"type": "text"}, {"type": "TEXT"}),
        ({"type": "json_object"}, {"type": "JSON_OBJECT"}),
        (
            {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
            },
            {
                "type": "JSON_SCHEMA",
                "jsonSchema": {"name": "n", "schema": {"type": "object"}, "isStrict": True},
            },
        ),
        (
            {"type": "json_schema", "json_schema": {"name": "n"}},
            {"type": "JSON_SCHEMA", "jsonSchema": {"name": "n"}},
        ),
    ],
)
def test_formats_of_answers(asks: Json, made: Json) -> None:
    assert chat(response_format=asks)["responseFormat"] == made


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"response_format": {"type": "x"}}, "response_format.type"),
        ({"stop": [7]}, "stop"),
        ({"prediction": {"content": [{}]}}, "prediction.content[].text"),
        ({"model": ""}, "model"),
    ],
)
def test_parameters_that_are_none(params: Json, param: str) -> None:
    assert refused(**params).param == param


# ── COHERE ───────────────────────────────────────────────────────────────


def test_the_last_turn_is_the_message_and_the_others_go_before() -> None:
    told = chat(
        COMMAND,
        [
            {"role": "system", "content": "Be short."},
            HI,
            {"role": "assistant", "content": "Hello", "refusal": "!"},
            {"role": "user", "content": [{"type": "text", "text": "And "}, {"type": "text", "text": "now"}]},
        ],
    )
    assert told == {
        "apiFormat": "COHERE",
        "message": "And now",
        "chatHistory": [
            {"role": "SYSTEM", "message": "Be short."},
            {"role": "USER", "message": "Hi"},
            {"role": "CHATBOT", "message": "Hello!"},
        ],
    }
    assert chat(COMMAND) == {"apiFormat": "COHERE", "message": "Hi"}


def test_results_go_with_the_calls_that_they_are_of() -> None:
    second = {"id": "c2", "type": "function", "function": {"name": "look", "arguments": ""}}
    told = chat(
        COMMAND,
        [
            HI,
            {"role": "assistant", "tool_calls": [CALL, second]},
            {"role": "tool", "tool_call_id": "c1", "content": '{"degrees":30}'},
            {"role": "tool", "tool_call_id": "c2", "content": '[{"a":1},{"b":2}]'},
            {"role": "tool", "tool_call_id": "c2", "content": "[1]"},
            {"role": "tool", "tool_call_id": "c2", "content": "warm"},
        ],
    )
    rome, other = {"name": "look", "parameters": {"city": "Rome"}}, {"name": "look", "parameters": {}}
    assert told["chatHistory"][1] == {"role": "CHATBOT", "message": "", "toolCalls": [rome, other]}
    assert (told["message"], told["toolResults"]) == (
        "",
        [
            {"call": rome, "outputs": [{"degrees": 30}]},
            {"call": other, "outputs": [{"a": 1}, {"b": 2}]},
            {"call": other, "outputs": [{"output": "[1]"}]},
            {"call": other, "outputs": [{"output": "warm"}]},
        ],
    )


def test_what_the_first_format_cannot_be_asked() -> None:
    assert refused(COMMAND, [{"role": "assistant", "content": "a"}]).param == "messages"
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    error = refused(COMMAND, [{"role": "user", "content": [image]}])
    assert isinstance(error, Unsupported) and error.param == "messages[0].content.image_url"
    error = refused(COMMAND, [{"role": "tool", "tool_call_id": "c9", "content": "a"}])
    assert isinstance(error, BadRequest) and error.param == "messages[0].tool_call_id"
    assert lost(COMMAND, [{**HI, "name": "ann"}]) == ["messages[].name"]


def test_tools_of_the_first_format_are_a_flat_list() -> None:
    told, gone = asked(
        {"model": COMMAND, "messages": [HI], "tools": [TOOL, OTHER], "tool_choice": "required"}
    )
    assert told["chatRequest"]["tools"] == [
        {
            "name": "look",
            "description": "It looks.",
            "parameterDefinitions": {
                "city": {"type": "str", "description": "Where", "isRequired": True},
                "days": {"type": "int", "isRequired": False},
            },
        },
        {"name": "other", "description": "other"},
    ]
    assert gone == ["tools[1].function.strict", "tool_choice", "tools[0].function.parameters.properties.days"]
    assert "tools" not in chat(COMMAND, tools=[TOOL], tool_choice="none")
    only = asked({"model": COMMAND, "messages": [HI], "tools": [TOOL, OTHER], "tool_choice": OTHER})[0]
    assert [tool["name"] for tool in only["chatRequest"]["tools"]] == ["other"]


def test_a_type_that_is_none_is_a_text() -> None:
    odd = {
        "name": "f",
        "parameters": {"type": "object", "properties": {"a": {"type": ["string"]}, "b": {"type": "x"}}},
    }
    told = chat(COMMAND, tools=[{"type": "function", "function": odd}])
    assert [each["type"] for each in told["tools"][0]["parameterDefinitions"].values()] == ["str", "str"]


def test_parameters_of_both_of_coheres_formats() -> None:
    params: Json = {
        **{"max_completion_tokens": 5, "top_k": 3, "stop": "a", "safety_mode": "strict", "seed": 1},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": {"type": "object"}},
        },
        "documents": [{"text": "d"}],
    }
    shared = {
        **{"maxTokens": 5, "topK": 3, "stopSequences": ["a"], "safetyMode": "STRICT", "seed": 1},
        "responseFormat": {"type": "JSON_OBJECT", "schema": {"type": "object"}},
        "documents": [{"text": "d"}],
    }
    assert shared.items() <= chat(COMMAND, citation_quality="fast", **params).items()
    assert shared.items() <= chat(SEEING, citation_options={"mode": "FAST"}, **params).items()
    assert chat(COMMAND, response_format={"type": "json_object"})["responseFormat"] == {"type": "JSON_OBJECT"}
    assert lost(COMMAND, n=2, logprobs=True) == ["n", "logprobs"]


def test_the_second_format_sees_and_may_be_made_to_call() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    told = chat(SEEING, [{"role": "user", "content": [image]}], tools=[TOOL], tool_choice="required")
    assert told["messages"][0]["content"] == [
        {"type": "IMAGE_URL", "imageUrl": {"url": "data:image/png;base64,AA"}}
    ]
    assert told["tools"] == [{"type": "FUNCTION", "function": FUNCTION}]
    assert told["toolsChoice"] == "REQUIRED"
    assert chat(SEEING, tools=[TOOL], tool_choice="auto").keys() == {"apiFormat", "messages", "tools"}
    assert chat(SEEING, tool_choice="none").keys() == {"apiFormat", "messages"}


# ── whole answers ────────────────────────────────────────────────────────


def answer(chatted: Json, context: Context = CONTEXT, **beside: Any) -> Json:
    body = {"modelId": "meta.llama-3", "modelVersion": "1", "chatResponse": chatted, **beside}
    before = copy.deepcopy(body)
    assert CHAT.response
    made = CHAT.response(body, context)
    assert body == before and CHAT.response(body, context) == made
    openai_client.completion(made)
    return made


def generic(message: Json, reason: str = "stop", **more: Any) -> Json:
    return {
        "apiFormat": "GENERIC",
        "choices": [{"index": 0, "message": message, "finishReason": reason, **more}],
    }


def test_an_answer_with_all_there_is() -> None:
    message = {
        **{
            "role": "ASSISTANT",
            "content": words("a") + words("b"),
            "reasoningContent": "hm",
            "refusal": "No.",
        },
        "toolCalls": [
            {"id": "c1", "type": "FUNCTION", "name": "look", "arguments": "{}"},
            {"type": "FUNCTION", "name": "look"},
        ],
        "annotations": [
            {
                "type": "URL_CITATION",
                "urlCitation": {"startIndex": 1, "endIndex": 2, "title": "t", "url": "u"},
            },
            {"type": "OTHER"},
        ],
    }
    usage = {
        **{"promptTokens": 3, "completionTokens": 2},
        "promptTokensDetails": {"cachedTokens": 1},
        "completionTokensDetails": {"reasoningTokens": 1, "acceptedPredictionTokens": None},
    }
    chatted = generic(message, "tool_calls", usage=usage, logprobs={"tokens": ["a"], "tokenLogprobs": [-1.5]})
    made = answer(chatted, replace(CONTEXT, answer={"opc-request-id": "req-1"}))
    assert made["id"] == "req-1"
    (choice,) = made["choices"]
    assert choice["message"] == {
        **{"role": "assistant", "content": "ab", "refusal": "No.", "reasoning_content": "hm"},
        "annotations": [
            {
                "type": "url_citation",
                "url_citation": {"start_index": 1, "end_index": 2, "title": "t", "url": "u"},
            }
        ],
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}},
            {"id": "call_own_1", "type": "function", "function": {"name": "look", "arguments": "{}"}},
        ],
    }
    assert choice["finish_reason"] == "tool_calls"
    assert choice["logprobs"]["content"][0] == {
        "token": "a",
        "logprob": -1.5,
        "bytes": [97],
        "top_logprobs": [],
    }
    assert made["usage"] == {
        **{"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        "prompt_tokens_details": {"cached_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }


def test_an_answer_of_cohere() -> None:
    made = answer({"apiFormat": "COHERE", "text": "Hi", "finishReason": "MAX_TOKENS", "chatHistory": []})
    assert made["choices"][0]["message"]["content"] == "Hi"
    assert (made["choices"][0]["finish_reason"], "usage" in made) == ("length", False)
    calls = [{"name": "look", "parameters": {"city": "Rome"}}]
    made = answer({"apiFormat": "COHERE", "text": "", "finishReason": "COMPLETE", "toolCalls": calls})
    (told,) = made["choices"][0]["message"]["tool_calls"]
    assert told["function"] == {"name": "look", "arguments": '{"city":"Rome"}'}
    assert (made["choices"][0]["message"]["content"], made["choices"][0]["finish_reason"]) == (
        None,
        "tool_calls",
    )


def test_an_answer_of_coheres_second_format() -> None:
    message = {
        "role": "ASSISTANT",
        "content": [{"type": "THINKING", "thinking": "hm"}, {"type": "TEXT", "text": "Hi"}],
        "toolCalls": [{"id": "c", "type": "FUNCTION", "function": {"name": "look", "arguments": "{}"}}],
    }
    made = answer({"apiFormat": "COHEREV2", "id": "v2", "message": message, "finishReason": "TOOL_CALL"})
    assert (made["id"], made["choices"][0]["message"]["reasoning_content"]) == ("v2", "hm")
    assert made["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "look"


def test_a_second_choice_has_its_own_ids() -> None:
    call = {"name": "f", "arguments": "{}"}
    choice = {"message": {"toolCalls": [call]}, "finishReason": "tool_calls"}
    made = answer({"apiFormat": "GENERIC", "choices": [choice, choice]})
    ids = [each["message"]["tool_calls"][0]["id"] for each in made["choices"]]
    assert ids == ["call_own_0", "call_own_1_0"]


def test_clients_of_functions_are_told_of_functions() -> None:
    asks = replace(CONTEXT, request={"functions": [FUNCTION]})
    message = {"toolCalls": [{"id": "c", "name": "look", "arguments": "{}"}]}
    (choice,) = answer(generic(message, "tool_calls"), asks)["choices"]
    assert choice["message"]["function_call"] == {"name": "look", "arguments": "{}"}
    assert choice["finish_reason"] == "function_call"


def test_log_probabilities() -> None:
    told = {"tokens": ["a", "b"], "tokenLogprobs": [-1.0], "topLogprobs": [{"a": "-1.0", "c": "-2.0"}]}
    (choice,) = answer(generic({"content": words("ab")}, logprobs=told))["choices"]
    first, second = choice["logprobs"]["content"]
    assert [each["logprob"] for each in first["top_logprobs"]] == [-1.0, -2.0]
    assert (second["logprob"], second["top_logprobs"]) == (0.0, [])


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("stop", "stop"),
        ("STOP_SEQUENCE", "stop"),
        ("length", "length"),
        ("ERROR_LIMIT", "length"),
        ("ERROR_TOXIC", "content_filter"),
        ("content_filter", "content_filter"),
        ("tool_calls", "stop"),
        ("something new", "stop"),
    ],
)
def test_reasons(reason: str, told: str) -> None:
    assert answer(generic({"content": words("a")}, reason))["choices"][0]["finish_reason"] == told


@pytest.mark.parametrize(("more", "words_"), [({"errorMessage": "Sorry."}, "Sorry."), ({}, "gave up")])
def test_an_answer_that_failed_is_an_error(more: Json, words_: str) -> None:
    with pytest.raises(UpstreamError, match=words_):
        answer({"apiFormat": "COHERE", "text": "", "finishReason": "ERROR", **more})


def test_what_openai_has_no_place_for_comes_along_where_strictness_is_off() -> None:
    chatted = {**generic({"content": words("a")}, groundingMetadata={"x": 1}), "serviceTier": "AUTO"}
    made = answer(chatted, LOOSE)
    assert (made["modelVersion"], made["serviceTier"]) == ("1", "AUTO")
    assert made["choices"][0]["groundingMetadata"] == {"x": 1}
    assert not {"modelVersion", "serviceTier"} & answer(chatted).keys()


# ── streams ──────────────────────────────────────────────────────────────


def piece(text: str = "", **more: Any) -> Json:
    message: Json = {"role": "ASSISTANT", **({"content": words(text)} if text else {}), **more}
    return {"index": 0, "message": message, "pad": "aaa"}


def end(reason: str = "stop", **more: Any) -> Json:
    return {"message": {"role": "ASSISTANT"}, "finishReason": reason, "pad": "aa", **more}


def read(events: list[Json], context: Context = CONTEXT) -> openai_client.Read:
    state, chunks = played(STREAM, events, context)
    assert STREAM.ended(state)
    return openai_client.read(chunks, "delta")


def test_a_stream_of_text() -> None:
    state, chunks = played(STREAM, [piece("Hel"), {"pad": "a"}, piece("lo"), end("length")], CONTEXT)
    assert STREAM.ended(state)
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant", "content": "Hel"},
        {"content": "lo"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, "length"]


def test_no_end_comes_before_oracles_own() -> None:
    events = [piece("a"), piece("b"), end()]
    for cut in range(len(events)):
        assert not STREAM.ended(played(STREAM, events[:cut], CONTEXT)[0])


@pytest.mark.parametrize("late", [True, False])
def test_tokens_are_told_once_where_they_are_asked_for(late: bool) -> None:
    usage = {"usage": {"promptTokens": 3, "completionTokens": 2, "totalTokens": 5}}
    events = [piece("a"), end(), {**usage, "pad": "a"}] if late else [{**piece("a"), **usage}, end(**usage)]
    _, chunks = played(STREAM, events, COUNTING)
    assert [chunk["usage"]["total_tokens"] for chunk in chunks if chunk.get("usage")] == [5]
    assert chunks[-1]["choices"] == []
    assert not any(chunk.get("usage") for chunk in played(STREAM, events, CONTEXT)[1])


def test_thoughts_refusals_and_pages() -> None:
    page = {"type": "URL_CITATION", "urlCitation": {"url": "u"}}
    _, chunks = played(
        STREAM,
        [piece("", reasoningContent="hm"), piece("No", refusal="No", annotations=[page]), end()],
        CONTEXT,
    )
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "reasoning_content": "hm"}
    assert chunks[1]["choices"][0]["delta"].keys() == {"content", "refusal", "annotations"}


def test_cohere_says_its_text_once_more_at_the_end() -> None:
    events = [{"apiFormat": "COHERE", "text": "Grüße"}, {"apiFormat": "COHERE", "text": " an"}]
    again = {"apiFormat": "COHERE", "text": "Grüße an alle", "finishReason": "COMPLETE", "chatHistory": [{}]}
    assert read([*events, again]).text == "Grüße an alle"
    assert read([*events, {**again, "text": "Grüße an"}]).text == "Grüße an"
    assert read([*events, {**again, "text": " dich"}]).text == "Grüße an dich"
    assert read([*events, {"apiFormat": "COHERE", "finishReason": "COMPLETE"}]).text == "Grüße an"
    assert read([again]).text == "Grüße an alle"


def test_calls_of_cohere_are_told_once() -> None:
    calls = [{"name": "look", "parameters": {"city": "Rome"}}, {"name": "look", "parameters": {}}]
    events = [{"text": "", "toolCalls": calls}, {"text": "", "toolCalls": calls, "finishReason": "COMPLETE"}]
    told = read(events)
    assert told.calls == [{"name": "look", "arguments": {"city": "Rome"}}, {"name": "look", "arguments": {}}]
    assert told.finish == "tool_calls"


def calling(*calls: Json) -> Json:
    return piece("", toolCalls=[*calls])


def test_a_call_in_pieces_of_which_the_first_has_an_id() -> None:
    events = [
        calling({"id": "c1", "name": "look", "arguments": ""}),
        calling({"arguments": '{"city":'}),
        calling({"id": "c1", "arguments": '"Rome"}'}),
        calling({"id": "c2", "name": "look", "arguments": "{}"}),
        end("tool_calls"),
    ]
    _, chunks = played(STREAM, events, CONTEXT)
    assert read(events).calls == [
        {"name": "look", "arguments": {"city": "Rome"}},
        {"name": "look", "arguments": {}},
    ]
    told = [chunk["choices"][0]["delta"].get("tool_calls", [{}])[0] for chunk in chunks]
    assert [(each.get("index"), each.get("id")) for each in told] == [
        (0, "c1"),
        (0, None),
        (0, None),
        (1, "c2"),
        (None, None),
    ]


def test_whole_calls_without_ids_are_calls_of_their_own() -> None:
    events = [
        calling({"name": "look", "arguments": "{}"}),
        calling({"name": "see", "arguments": "{}"}),
        end(),
    ]
    _, chunks = played(STREAM, events, CONTEXT)
    ids = [chunk["choices"][0]["delta"]["tool_calls"][0]["id"] for chunk in chunks[:2]]
    assert ids == ["call_own_0", "call_own_1"]
    assert read(events).finish == "tool_calls"


def test_a_stream_for_clients_of_functions() -> None:
    asks = replace(CONTEXT, request={"functions": [FUNCTION]})
    events = [
        calling({"id": "c1", "name": "look", "arguments": "{"}),
        calling({"id": "", "arguments": "}"}),
        calling({"id": "c2", "name": "see", "arguments": "{}"}),
        end("tool_calls"),
    ]
    _, chunks = played(STREAM, events, asks)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0] == {"role": "assistant", "function_call": {"name": "look", "arguments": "{"}}
    assert deltas[1] == {"function_call": {"name": "", "arguments": "}"}} or deltas[1] == {
        "function_call": {"arguments": "}"}
    }
    assert len(chunks) == 3 and chunks[-1]["choices"][0]["finish_reason"] == "function_call"


def test_an_error_within_a_stream_is_one() -> None:
    with pytest.raises(UpstreamError, match="Too many") as caught:
        played(STREAM, [piece("a"), {"code": "429", "message": "Too many requests"}], CONTEXT)
    assert caught.value.status == 429
    with pytest.raises(UpstreamError, match="gave up"):
        played(STREAM, [{"text": "", "finishReason": "ERROR"}], CONTEXT)


def test_what_an_event_says_besides_comes_along_where_strictness_is_off() -> None:
    _, chunks = played(STREAM, [{**piece("a"), "groundingMetadata": {"x": 1}}], LOOSE)
    assert chunks[0]["groundingMetadata"] == {"x": 1}


# ── embeddings ───────────────────────────────────────────────────────────


def test_texts_are_embedded() -> None:
    assert EMBED.request and EMBED.response
    body = {"model": "cohere.embed-v4.0", "input": "Hi", "input_type": "search_query", "truncate": "end"}
    made = EMBED.request(body, CONTEXT)
    assert made.body == {
        **{"compartmentId": "ocid1.compartment.oc1..a", "inputs": ["Hi"], "inputType": "SEARCH_QUERY"},
        "servingMode": {"servingType": "ON_DEMAND", "modelId": "cohere.embed-v4.0"},
        "truncate": "END",
    }
    told = EMBED.response({"embeddings": [[0.5]], "modelId": "m"}, CONTEXT)
    assert (told["data"][0]["embedding"], told["model"], told["usage"]["prompt_tokens"]) == ([0.5], "m", 0)
    assert refusing(EMBED.request, {**body, "encoding_format": "x"}, CONTEXT).param == "encoding_format"
