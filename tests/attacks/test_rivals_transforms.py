"""Where the original's transforms go wrong (P1…P21), and what is sent and told here instead.

Which edge a request comes through makes no difference to these.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from asking import at, by_wsgi, sent_to

from callers import HELLO, Answer
from upstream import Upstream, closed_port, whole

CLAUDE = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "c",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 5, "cache_read_input_tokens": 3, "output_tokens": 1},
}
CONVERSE = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12},
}
COHERE = {"id": "c", "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]}}
OPENAI = {"id": "x", "object": "chat.completion", "choices": []}
PATHS: dict[str, tuple[str, Any]] = {
    "openai": ("/chat/completions", OPENAI),
    "anthropic": ("/messages", CLAUDE),
    "bedrock": ("/model/m/converse", CONVERSE),
    "cohere": ("/v2/chat", {**COHERE, "finish_reason": "COMPLETE"}),
}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "ok"}


def chat(upstream: Upstream, provider: str, target: Any = None, **params: Any) -> Answer:
    """A chat with a provider that answers well, unless it was told otherwise before."""
    path, answer = PATHS.get(provider, PATHS["openai"])
    if f"/{provider}{path}" not in upstream.scripts:
        upstream.script(f"/{provider}{path}", whole(answer))
    told = at(upstream, provider, **{"aws_region": "eu-west-1", **(target or {})})
    return by_wsgi(told, {**HELLO, "max_tokens": 50, **params})


def sent(upstream: Upstream, provider: str, target: Any = None, **params: Any) -> dict[str, Any]:
    """What the provider is asked."""
    answer = chat(upstream, provider, target, **params)
    assert answer.status == 200, answer.body
    body: dict[str, Any] = upstream.seen[-1].json
    return body


def talk(*messages: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "Hi"}, *messages]}


def test_p1_what_cannot_be_carried_is_named_or_refused_and_nothing_is_clamped(upstream: Upstream) -> None:
    answer = chat(upstream, "anthropic", logit_bias={"1": 2}, seed=7, temperature=7)
    assert answer.headers["x-gateway-dropped-params"].split(", ") == ["logit_bias", "seed"]
    assert upstream.seen[-1].json["temperature"] == 7
    refused = chat(upstream, "anthropic", {"strict_params": True}, logit_bias={"1": 2})
    assert (refused.status, refused.error["param"], len(upstream.seen)) == (400, "logit_bias", 1)


@pytest.mark.parametrize("provider", PATHS)
def test_p2_a_missing_model_is_nobodys(provider: str, upstream: Upstream) -> None:
    for model in (None, ""):
        body = {"messages": HELLO["messages"], **({} if model is None else {"model": model})}
        answer = by_wsgi(at(upstream, provider, aws_region="eu-west-1"), body)
        assert answer.status in (400, 404), answer.body
    assert model == "" and all("model" in seen.json for seen in upstream.seen if provider == "openai")
    assert not [seen for seen in upstream.seen if seen.json.get("model")]


@pytest.mark.parametrize("body", [b"{", b"", b"null", b"[]", b'"x"', b"{'model': 1}"])
def test_p3_a_body_that_is_no_json_is_400(body: bytes, upstream: Upstream) -> None:
    answer = by_wsgi(at(upstream), body, {"content-type": "application/json"})
    assert (answer.status, answer.error["code"], upstream.seen) == (400, "invalid_json", [])


WORDLESS = [b"<html>", b"", b"{", b"null"]
ODD = [b'{"odd": true}', b'{"error": {"message": "no"}}']
NO_ANSWERS = [
    (provider, body) for provider in PATHS for body in WORDLESS + (ODD if provider != "openai" else [])
]
"""What is an object in the client's own dialect passes byte for byte."""


@pytest.mark.parametrize(("provider", "body"), NO_ANSWERS)
def test_p4_an_answer_that_is_none_is_502(provider: str, body: bytes, upstream: Upstream) -> None:
    upstream.script(f"/{provider}{PATHS[provider][0]}", whole(body))
    answer = chat(upstream, provider)
    assert answer.status == 502 and answer.error["message"], answer.body


def test_p5_a_transcript_in_text_stays_text(upstream: Upstream) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--b--\r\n'
    upstream.script("/openai/audio/transcriptions", whole("Bonjour, ça va?".encode(), kind="text/plain"))
    told = {"content-type": "multipart/form-data; boundary=b"}
    answer = by_wsgi(at(upstream), form, told, "/v1/audio/transcriptions")
    assert (answer.body.decode(), answer.headers["content-type"]) == ("Bonjour, ça va?", "text/plain")


def test_p6_an_error_of_the_network_tells_no_address() -> None:
    host = closed_port()
    answer = by_wsgi({"provider": "openai", "api_key": "sk-12345678", "custom_host": host})
    assert (answer.status, answer.error["code"]) == (502, "upstream_unreachable")
    words = answer.body.decode()
    assert not any(word in words for word in ("127.0.0.1", host.rpartition(":")[2], "Errno", "Traceback"))


def test_p7_anthropic_is_told_all_it_has_a_word_for(upstream: Upstream) -> None:
    pdf = {"filename": "a.pdf", "file_data": "data:application/pdf;name=a.pdf;base64,JVBERi0="}
    content = [{"type": "text", "text": "Read"}, {"type": "file", "file": pdf}]
    body = sent(
        *(upstream, "anthropic"),
        model="claude-sonnet-4-5",
        messages=[{"role": "user", "content": content}],
        stop="END",
        reasoning_effort="high",
        max_tokens=30_000,
        parallel_tool_calls=False,
        tools=[TOOL],
        metadata={"user_id": "u1"},
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
    )
    assert body["stop_sequences"] == ["END"]
    assert body["thinking"]["type"] == "enabled" and body["thinking"]["budget_tokens"] < body["max_tokens"]
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert body["metadata"] == {"user_id": "u1"}
    assert "json_schema" in json.dumps(body)
    source = body["messages"][0]["content"][1]["source"]
    assert source == {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}


def test_p7_thoughts_are_told_and_counts_add_up(upstream: Upstream) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    upstream.script("/anthropic/messages", whole({**CLAUDE, "content": [thought, *CLAUDE["content"]]}))
    read = chat(upstream, "anthropic").json
    assert read["choices"][0]["message"]["reasoning_content"] == "hm"
    usage = read["usage"]
    assert usage["prompt_tokens"] == 8
    assert usage["prompt_tokens"] + usage["completion_tokens"] == usage["total_tokens"]


@pytest.mark.parametrize("provider", ["anthropic", "bedrock"])
def test_p8_results_are_one_turn_and_arguments_have_to_be_json(provider: str, upstream: Upstream) -> None:
    calls = [CALL, {**CALL, "id": "call_2"}]
    turns = talk({"role": "assistant", "tool_calls": calls}, RESULT, {**RESULT, "tool_call_id": "call_2"})
    body = sent(upstream, provider, tools=[TOOL], **turns)
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert len(body["messages"][2]["content"]) == 2
    broken = {**CALL, "function": {"name": "f", "arguments": "{"}}
    answer = chat(
        upstream, provider, tools=[TOOL], **talk({"role": "assistant", "tool_calls": [broken]}, RESULT)
    )
    assert answer.status == 400
    assert answer.error["param"] == "messages[1].tool_calls[0].function.arguments"


def test_p9_bedrock_says_what_it_cannot_and_does_what_it_can(upstream: Upstream) -> None:
    image = {"type": "image_url", "image_url": {"url": "http://images.test/a.png"}}
    refused = chat(upstream, "bedrock", messages=[{"role": "user", "content": [image]}])
    assert (refused.status, upstream.seen) == (400, [])
    assert refused.error["param"] == "messages[0].content[0].image_url.url"
    system = [{"role": "system", "content": [{"type": "text", "text": "Be brief"}]}, *HELLO["messages"]]
    body = sent(upstream, "bedrock", stop="END", tools=[TOOL], tool_choice="none", messages=system)
    assert body["inferenceConfig"]["stopSequences"] == ["END"]
    assert "toolConfig" not in body
    assert body["system"] == [{"text": "Be brief"}]
    upstream.script(
        "/bedrock/model/m/converse", whole({"message": "no"}, 400, x_amzn_errortype="ValidationException")
    )
    assert chat(upstream, "bedrock").error["code"] == "ValidationException"


def test_p9_each_input_is_embedded(upstream: Upstream) -> None:
    model = "amazon.titan-embed-text-v2:0"
    upstream.script("/bedrock/model/amazon.titan-embed-text-v2%3A0/invoke", whole({"embedding": [1.0]}))
    config = at(upstream, "bedrock", aws_region="eu-west-1")
    answer = by_wsgi(config, {"model": model, "input": ["a", "b", "c"]}, path="/v1/embeddings")
    assert answer.status == 200, answer.body
    assert [item["index"] for item in answer.json["data"]] == [0, 1, 2]
    assert sorted(seen.json["inputText"] for seen in upstream.seen) == ["a", "b", "c"]


def test_p12_cohere_is_told_of_calls_and_keeps_its_failures(upstream: Upstream) -> None:
    turns = talk({"role": "assistant", "tool_calls": [CALL]}, RESULT)
    body = sent(upstream, "cohere", tools=[TOOL], **turns)
    assert body["messages"][1]["tool_calls"][0]["id"] == "call_1"
    assert body["messages"][2]["tool_call_id"] == "call_1"
    for reason in ("ERROR", "TIMEOUT"):
        upstream.script("/cohere/v2/chat", whole({**COHERE, "finish_reason": reason}))
        assert chat(upstream, "cohere").status in (502, 504)
    upstream.scripts.clear()
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    body = sent(upstream, "cohere", response_format=form)
    assert body["response_format"]["json_schema"] == schema
    upstream.script("/cohere/v2/embed", whole({"id": "e", "embeddings": {"float": [[1.0, 2.0]]}}))
    asked = {"model": "embed-v4.0", "input": "x", "dimensions": 512, "encoding_format": "base64"}
    answer = by_wsgi(at(upstream, "cohere"), asked, path="/v1/embeddings")
    assert isinstance(answer.json["data"][0]["embedding"], str)
    assert (upstream.seen[-1].json["output_dimension"], upstream.seen[-1].json["input_type"]) == (
        512,
        "search_document",
    )


AZURE = {"resource_name": "r", "api_version": "2024-10-21"}


def test_p13_azure_gets_the_body_whole_and_its_words_are_kept(upstream: Upstream) -> None:
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}}
    error = {"message": "filtered", "code": "content_filter", "status": 400, "innererror": inner}
    upstream.script("/azure-openai/deployments/m/chat/completions", whole({"error": error}, 400))
    told = at(upstream, "azure-openai", **AZURE)
    body = {**HELLO, "tools": [TOOL], "parallel_tool_calls": False, "service_tier": "priority"}
    answer = by_wsgi(told, body)
    assert answer.error["innererror"] == inner and upstream.seen[0].json == body
    form = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--b--\r\n'
    kind = {"content-type": "multipart/form-data; boundary=b"}
    by_wsgi({**told, "azure_ad_token": "entra-token"}, form, kind, "/v1/audio/transcriptions")
    seen = upstream.seen[1]
    assert (seen.header("content-type") or "").startswith("multipart/form-data; boundary=")
    assert seen.header("authorization") == "Bearer entra-token"


@pytest.mark.parametrize(
    "provider", ["deepseek", "openrouter", "together-ai", "groq", "x-ai", "ollama", "mistral-ai"]
)
def test_p14_a_cousin_of_openais_keeps_what_is_standard(provider: str, upstream: Upstream) -> None:
    form = {"type": "json_object"}
    body = sent(
        upstream, provider, stop=["x"], response_format=form, tools=[TOOL], tool_choice="auto", top_p=0.5
    )
    assert (body["stop"], body["response_format"], body["tools"], body["top_p"]) == (["x"], form, [TOOL], 0.5)


@pytest.mark.parametrize("provider", ["anthropic", "bedrock", "cohere"])
def test_p16_a_strict_answer_has_openais_fields_alone(provider: str, upstream: Upstream) -> None:
    read = chat(upstream, provider).json
    fields = {"id", "object", "created", "model", "choices", "usage", "service_tier", "system_fingerprint"}
    assert read.keys() <= fields, read.keys()
    [choice] = read["choices"]
    assert choice.keys() <= {"index", "message", "finish_reason", "logprobs"}
    assert choice["message"].keys() <= {"role", "content", "refusal", "annotations", "reasoning_content"}


def test_p17_what_stands_beside_an_errors_words_is_kept(upstream: Upstream) -> None:
    error = {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "no"},
        "request_id": "req_1",
    }
    upstream.script("/anthropic/messages", whole(error, 400, request_id="req_1"))
    answer = chat(upstream, "anthropic")
    assert "req_1" in answer.body.decode() and answer.headers["request-id"] == "req_1"
    told = {"error": {"message": "no", "type": "t", "code": 42, "param": "p", "details": [{"a": 1}]}}
    upstream.script("/openai/chat/completions", whole(told, 422))
    inner = chat(upstream, "openai").error
    assert (inner["details"], inner["param"], str(inner["code"])) == ([{"a": 1}], "p", "42")


def test_p19_a_path_of_the_providers_is_joined_whole_and_models_are_a_list(upstream: Upstream) -> None:
    houses = {"c": at(upstream, "cohere"), "o": at(upstream)}
    for name, path in (("c", "/cohere/v1/tokenize"), ("o", "/openai/tokenize")):
        upstream.script(path, whole({"ok": name}))
    for name in houses:
        by_wsgi(None, HELLO, {"x-gateway-config": name}, "/v1/tokenize", configs=houses)
    assert [target.rpartition("/")[2] for target in sent_to(upstream)] == ["tokenize", "tokenize"]
    upstream.script("/cohere/v1/models", whole({"models": [{"name": "command"}]}))
    answer = by_wsgi(at(upstream, "cohere"), b"", {}, "/v1/models", method="GET")
    assert answer.json["object"] == "list" and answer.json["data"][0]["id"] == "command"


def test_p21_a_schema_that_a_provider_cannot_enforce_is_named(upstream: Upstream) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    answer = chat(upstream, "anthropic", model="claude-3-haiku-20240307", response_format=form)
    assert answer.status == 200 and "response_format" in answer.headers["x-gateway-dropped-params"]
