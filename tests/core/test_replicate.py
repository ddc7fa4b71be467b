"""OpenAI's chats and images, as predictions of Replicate's models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from machine import call, target, world
from openai.types import ImagesResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from refusals import refusing

from gatewaymw.core import json
from gatewaymw.core.dialects import replicate
from gatewaymw.core.endpoints import PROXY
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.framing.base import Frame
from gatewaymw.core.model import Context, Encoded, Next
from gatewaymw.core.providers import REPLICATE
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.routing.reply import Live
from gatewaymw.core.values import Answer

MODEL = "meta/meta-llama-3-70b-instruct"
HASH = "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa"
HELLO = [{"role": "user", "content": "Hello"}]


def context(**more: Any) -> Context:
    return Context(**{"provider": "replicate", "model": MODEL, "created": 5, "id": "id-1", **more})


def chat(stream: bool = False, usage: bool = False, **body: Any) -> Encoded:
    body = {"model": MODEL, "messages": HELLO, **body}
    before = json.dumps(body)
    assert replicate.CHAT.request
    made = replicate.CHAT.request(body, context(stream=stream, include_usage=usage))
    assert json.dumps(body) == before
    return made


def inputs(**body: Any) -> dict[str, Any]:
    found: dict[str, Any] = chat(**body).body["input"]
    return found


def imagine(**body: Any) -> Encoded:
    assert replicate.IMAGE.request
    return replicate.IMAGE.request(
        {"model": "black-forest-labs/flux-schnell", "prompt": "p", **body}, context()
    )


# ── predictions ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("model", "path", "version"),
    [
        (MODEL, f"/models/{MODEL}/predictions", None),
        (HASH, "/predictions", HASH),
        (f"owner/name:{HASH}", "/predictions", f"owner/name:{HASH}"),
    ],
)
def test_a_model_is_named_by_the_path_and_a_version_by_the_body(
    model: str, path: str, version: str | None
) -> None:
    assert replicate.path(context(model=model)) == path
    assert chat(model=model).body.get("version") == version


@pytest.mark.parametrize("model", ["llama", "a/b/c", "a/b:short", "a/b?c", "/", "", "../.."[:1], None])
def test_what_is_no_model_is_refused(model: Any) -> None:
    assert refusing(chat, model=model).param == "model"
    assert refusing(imagine, model=model).param == "model"


def test_requests_wait_but_for_those_that_stream() -> None:
    assert chat().headers == imagine().headers == {"prefer": "wait"}
    made = chat(stream=True)
    assert made.headers is None and made.body["stream"] is True


def follow(answer: Any, stream: bool = False) -> Next | None:
    assert replicate.CHAT.follow is replicate.IMAGE.follow
    assert replicate.CHAT.follow
    return replicate.CHAT.follow(answer, context(stream=stream))


@pytest.mark.parametrize("status", ["starting", "processing"])
def test_a_prediction_is_looked_at_until_it_is_over(status: str) -> None:
    assert follow({"id": "p1", "status": status}) == Next(to="/predictions/p1", after=0.5)
    assert follow({"id": "p1", "status": "succeeded"}) is None


@pytest.mark.parametrize("status", ["failed", "canceled", "aborted"])
def test_one_that_came_to_nothing_is_an_error(status: str) -> None:
    with pytest.raises(UpstreamError, match=f"could not do it: {status}") as caught:
        follow({"id": "p1", "status": status, "error": None}, stream=True)
    assert (caught.value.status, caught.value.code) == (502, "job_failed")
    with pytest.raises(UpstreamError, match="NSFW") as caught:
        follow({"id": "p1", "status": status, "error": "NSFW content detected."})
    assert (caught.value.status, caught.value.code) == (400, "content_policy_violation")


def test_a_stream_is_read_where_the_prediction_says() -> None:
    place = "https://stream.replicate.com/v1/files/x"
    step = follow({"id": "p1", "status": "starting", "urls": {"stream": place}}, stream=True)
    assert step and (step.to, step.live, step.headers["accept"]) == (place, True, "text/event-stream")
    with pytest.raises(UpstreamError, match="does not stream") as caught:
        follow({"id": "p1", "status": "starting", "urls": {"get": "x"}}, stream=True)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("host", "its"),
    [
        ("stream.replicate.com", True),
        ("streaming.api.replicate.com", True),
        ("stream-b.svc.ric1.c.replicate.net", True),
        ("replicate.com", False),
        ("stream.replicate.com.evil.example", False),
        ("xstream.replicate.com", False),
    ],
)
def test_its_streams_are_at_its_own_hosts(host: str, its: bool) -> None:
    assert REPLICATE.hosts and bool(REPLICATE.hosts.fullmatch(host)) is its


def test_any_other_path_is_handed_through_as_it_is() -> None:
    here = world(Answer(200, {}, stream=1), reads={1: [b"{}"]})
    what = replace(call(endpoint=PROXY), method="GET", path="/predictions/p1", raw=b"", query="a=b")
    reply = here.run(attempt(target(provider=REPLICATE), what, here.env()))
    request = here.sent[0].request
    assert (reply.status, len(here.sent)) == (200, 1) and isinstance(reply, Live)
    assert (request.method, request.url) == ("GET", "https://api.replicate.com/v1/predictions/p1?a=b")
    assert request.headers["authorization"] == "Bearer sk-caller-key" and "prefer" not in request.headers


# ── images ───────────────────────────────────────────────────────────────


def test_an_images_parameters_are_the_models_inputs() -> None:
    made = imagine(size="1024x1024", quality="high", output_format="png", seed=3, user="u", n=1)
    assert made.body == {
        "input": {"prompt": "p", "seed": 3, "size": "1024x1024", "quality": "high", "output_format": "png"}
    }
    assert made.dropped == ("user",)


@pytest.mark.parametrize(
    ("output", "rows"),
    [
        ("https://a.example/1.webp", [{"url": "https://a.example/1.webp"}]),
        (["https://a/1", "data:image/png;base64,QUJD"], [{"url": "https://a/1"}, {"b64_json": "QUJD"}]),
    ],
)
def test_one_image_or_several(output: Any, rows: list[dict[str, str]]) -> None:
    assert replicate.IMAGE.response
    made = replicate.IMAGE.response({"output": output}, context())
    ImagesResponse.model_validate_json(json.dumps(made), strict=True)
    assert made["data"] == rows


# ── chats ────────────────────────────────────────────────────────────────


def test_one_turn_is_the_prompt() -> None:
    system = [
        {"role": "system", "content": "Be kind."},
        {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
    ]
    assert inputs(messages=[*system, *HELLO]) == {"prompt": "Hello", "system_prompt": "Be kind.\n\nBe brief."}
    assert inputs() == {"prompt": "Hello"}


def test_several_turns_are_told_by_their_roles() -> None:
    turns = [*HELLO, {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Who are you?"}]
    assert (
        inputs(messages=turns)["prompt"] == "User: Hello\n\nAssistant: Hi\n\nUser: Who are you?\n\nAssistant:"
    )
    assert inputs(messages=turns[:2])["prompt"] == "User: Hello\n\nAssistant: Hi"


def test_settings_go_by_the_models_names_and_its_own_go_on() -> None:
    made = chat(max_completion_tokens=9, temperature=0.5, top_k=3, stop=["a", "b"], seed=None)
    assert made.body["input"] == {
        "prompt": "Hello",
        "temperature": 0.5,
        "top_k": 3,
        "max_tokens": 9,
        "stop_sequences": "a,b",
    }
    assert made.dropped == () and inputs(stop="a")["stop_sequences"] == "a"
    assert inputs(max_tokens=4) == {"prompt": "Hello", "max_tokens": 4}


def test_what_no_model_takes_is_named() -> None:
    made = chat(
        tools=[{"type": "function"}], n=2, user="u", logprobs=False, messages=[{**HELLO[0], "name": "ann"}]
    )
    assert made.dropped == ("tools", "n", "user", "messages[].name")


def test_tokens_of_a_stream_are_told_by_nobody() -> None:
    assert chat(stream=True, stream_options={"include_usage": False}).dropped == ()
    asked = chat(stream=True, usage=True, stream_options={"include_usage": True})
    assert asked.dropped == ("stream_options",) and "stream_options" not in asked.body["input"]


PICTURE = {"type": "image_url", "image_url": {"url": "data:,x"}}


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ("Hello", "messages"),
        ([], "messages"),
        ([{"role": "system", "content": "s"}], "messages"),
        (["Hello"], "messages[0]"),
        ([{"role": "robot", "content": "s"}], "messages[0].role"),
        ([{"role": "tool", "content": "s"}], "messages[0].role"),
        ([{"role": "assistant", "content": None, "tool_calls": [{}]}], "messages[0].tool_calls"),
        ([{"role": "user", "content": 5}], "messages[0].content"),
        ([{"role": "user", "content": [{"type": "text", "text": 5}]}], "messages[0].content[0].text"),
        ([{"role": "user", "content": [PICTURE]}], "messages[0].content[0].image_url"),
    ],
)
def test_faults_of_messages_are_named(messages: Any, param: str) -> None:
    assert refusing(chat, messages=messages).param == param


def test_a_comma_cannot_be_a_stop() -> None:
    assert refusing(chat, stop=["a,b"]).param == "stop"


def answered(output: Any, **more: Any) -> dict[str, Any]:
    assert replicate.CHAT.response
    made = replicate.CHAT.response({"id": "p1", "output": output, **more}, context())
    ChatCompletion.model_validate_json(json.dumps(made), strict=True)
    return made


def test_an_output_is_an_answer_with_what_it_cost() -> None:
    made = answered(
        ["Hel", "lo"], metrics={"input_token_count": 3, "output_token_count": 2, "predict_time": 0.1}
    )
    assert made["choices"][0]["message"]["content"] == "Hello" and made["id"] == "p1"
    assert made["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert "usage" not in answered("Hello", metrics={"predict_time": 0.1}) and "usage" not in answered(
        "Hello"
    )


@pytest.mark.parametrize("output", [None, {"a": 1}, ["a", 5]])
def test_an_output_that_is_no_text_is_no_answer(output: Any) -> None:
    with pytest.raises(UpstreamError, match="no text"):
        answered(output)


# ── streams ──────────────────────────────────────────────────────────────


def streamed(*frames: tuple[str, str]) -> tuple[list[dict[str, Any]], bool]:
    stream = replicate.CHAT.stream
    assert stream
    state, chunks = stream.start, []
    for event, data in frames:
        state, made = stream.step(state, stream.decode(Frame(data.encode(), event)), context())
        chunks += made
    for each in chunks:
        ChatCompletionChunk.model_validate_json(json.dumps(each), strict=True)
    return chunks, stream.ended(state)


def test_a_stream_is_text_and_an_end() -> None:
    chunks, ended = streamed(
        ("output", ""), ("output", "Hel"), ("logs", "x"), ("output", "lo\n"), ("done", "{}"), ("output", "no")
    )
    deltas = [each["choices"][0]["delta"] for each in chunks]
    assert deltas == [{"role": "assistant", "content": "Hel"}, {"content": "lo\n"}, {}]
    assert ended and chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert not streamed(("output", "Hel"))[1]


@pytest.mark.parametrize(
    ("event", "data", "said"),
    [
        ("error", '{"detail": "it broke"}', "it broke"),
        ("error", "it broke", "it broke"),
        ("error", "", "does not say why"),
        ("done", '{"reason": "canceled"}', "canceled"),
        ("done", '{"reason": "error"}', "error"),
    ],
)
def test_a_stream_that_failed_says_so(event: str, data: str, said: str) -> None:
    with pytest.raises(UpstreamError, match=said):
        streamed(("output", "Hel"), (event, data))


def test_an_end_need_not_say_why() -> None:
    assert streamed(("done", ""))[1]
