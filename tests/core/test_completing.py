"""Text completions over chats: what a prompt becomes, what an answer does, and for whom it is so."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import invoked
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import call, opened, target, world
from openai.types import Completion
from poured import chunks, fault, poured
from refusals import refusing

import recorded
from gatewaymw.core.dialects import anthropic, cohere, converse, gemini
from gatewaymw.core.dialects.completing import CHATS, MOST, completing, completions, joined
from gatewaymw.core.endpoints import COMPLETE
from gatewaymw.core.errors import BadRequest, Unsupported
from gatewaymw.core.model import IDENTITY, Codec, Context, Encoded, Route
from gatewaymw.core.plan import Target
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Live, Reply
from gatewaymw.core.values import Answer, Failure
from pieces import POINTS

CONTEXT = Context(provider="acme", model="m", created=7, id="own")
LOOSE = replace(CONTEXT, strict=False)
PLAIN = completing(IDENTITY)
CLAUDE = completing(anthropic.CHAT)


def asked(codec: Codec = PLAIN, context: Context = CONTEXT, **body: Any) -> Encoded:
    body = {"model": "m", "prompt": "Once", **body}
    return invoked.asked(codec, body, context)


def told(body: dict[str, Any], codec: Codec = PLAIN, context: Context = CONTEXT) -> dict[str, Any]:
    before = copy.deepcopy(body)
    assert codec.response
    made = codec.response(body, context)
    assert body == before
    assert codec.response(body, context) == made
    Completion.model_validate_json(json.dumps(made), strict=True)
    return made


def chat(message: dict[str, Any], finish: str = "stop", **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": {"content": []}}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "x", "choices": [choice], **more}


# ── requests ─────────────────────────────────────────────────────────────


def test_a_prompt_is_what_the_user_says() -> None:
    wanted = Encoded({"model": "m", "messages": [{"role": "user", "content": "Once"}]})
    assert asked() == asked(prompt=["Once"]) == wanted


def test_what_both_have_means_the_same_and_a_providers_own_goes_on() -> None:
    same = {"max_tokens": 9, "temperature": 0, "n": 2, "stop": ["."], "seed": 1, "user": "u", "top_k": 4}
    made = asked(**same, stream=True, stream_options={"include_usage": True})
    assert same.items() <= made.body.items()
    assert (made.body["stream"], made.dropped) == (True, ())


def test_what_only_makes_sense_of_a_text_that_goes_on_is_named() -> None:
    made = asked(suffix="end", echo=True, best_of=3, logprobs=0)
    assert made.dropped == ("suffix", "echo", "best_of", "logprobs")
    assert made.body.keys() == {"model", "messages"}


def test_what_asks_for_nothing_is_not_named() -> None:
    made = asked(suffix="", echo=False, best_of=1, logprobs=None, tools=None)
    assert (made.dropped, made.body.keys()) == ((), {"model", "messages"})


def test_what_chats_have_and_completions_do_not_is_named() -> None:
    given = {name: ["x"] for name in CHATS}
    assert asked(**given).dropped == CHATS


def test_the_chat_names_what_it_lacks_itself() -> None:
    made = asked(CLAUDE, model="claude-sonnet-4-5", logit_bias={"1": 2}, echo=True, max_tokens=9)
    assert made.dropped == ("echo", "logit_bias")
    assert made.body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Once"}]}]


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("", BadRequest),
        ([], BadRequest),
        ([""], BadRequest),
        (None, BadRequest),
        ({"a": 1}, BadRequest),
        ([{}], BadRequest),
        (["a", "b"], BadRequest),
        ([1, 2], Unsupported),
        ([[1], [2]], Unsupported),
    ],
)
def test_a_prompt_that_is_none_is_refused(prompt: Any, kind: type[Exception]) -> None:
    error = refusing(asked, prompt=prompt)
    assert isinstance(error, kind)
    assert error.param == "prompt"


# ── several prompts ──────────────────────────────────────────────────────


def pieces(prompt: Any, **more: Any) -> tuple[Any, ...]:
    assert PLAIN.batch
    return PLAIN.batch.cut({"model": "m", "prompt": prompt, "n": 2}, replace(CONTEXT, **more))


def test_several_prompts_are_a_request_each() -> None:
    assert pieces(["a", "b"]) == tuple({"model": "m", "prompt": each, "n": 2} for each in "ab")
    assert pieces("a") == pieces(["a"]) == ()


@pytest.mark.parametrize(
    ("prompt", "says"),
    [(["a", ""], "prompt[1] must not be empty"), (["a", None], "prompt[1]"), (["a"] * (MOST + 1), "128")],
)
def test_prompts_that_are_none_are_refused(prompt: Any, says: str) -> None:
    assert says in refusing(pieces, prompt).message


def test_several_prompts_come_whole() -> None:
    assert "streamed" in refusing(pieces, ["a", "b"], stream=True).message


def test_their_completions_are_one() -> None:
    counts = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    first = told(chat({"content": "A"}, usage={**counts, "details": {"cached": 1}, "x": None}))
    second = told(chat({"content": "B"}, "length", usage={**counts, "details": {"cached": 2}, "tier": "a"}))
    made = joined((first, second))
    assert [(each["index"], each["text"]) for each in made["choices"]] == [(0, "A"), (1, "B")]
    both = {name: 2 * count for name, count in counts.items()}
    assert made["usage"] == {**both, "details": {"cached": 3}, "x": None, "tier": "a"}
    assert "usage" not in joined((told(chat({"content": "A"})),))


# ── answers ──────────────────────────────────────────────────────────────


def test_an_answer_is_a_completion_and_what_it_says_besides_stays() -> None:
    made = told(chat({"role": "assistant", "content": "upon a time"}, "length", system_fingerprint="f"))
    choice = {"index": 0, "text": "upon a time", "logprobs": None, "finish_reason": "length"}
    assert (made["object"], made["choices"], made["system_fingerprint"]) == ("text_completion", [choice], "f")


@pytest.mark.parametrize(
    ("message", "finish", "text", "reason"),
    [
        ({"content": None, "refusal": "No."}, "content_filter", "No.", "content_filter"),
        ({"content": None, "tool_calls": []}, "tool_calls", "", "stop"),
    ],
)
def test_a_refusal_is_text_and_there_is_no_end_by_calls(
    message: Any, finish: str, text: str, reason: str
) -> None:
    (choice,) = told(chat(message, finish))["choices"]
    assert (choice["text"], choice["finish_reason"]) == (text, reason)


def test_thoughts_come_along_where_strictness_is_off() -> None:
    body = chat({"role": "assistant", "content": "a", "refusal": None, "reasoning_content": "hm"})
    assert "reasoning_content" not in told(body)["choices"][0]
    assert told(body, context=LOOSE)["choices"][0]["reasoning_content"] == "hm"


# ── streams ──────────────────────────────────────────────────────────────

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "x"}


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps({**CHUNK, **each}).encode() + b"\n\n" for each in events)


def delta(finish: str | None = None, **said: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": said, "finish_reason": finish}]}


WORDS = (delta(role="assistant", content=""), delta(content="upon "), delta(content="a time"))
USAGE = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}


def test_chunks_are_those_of_a_completion() -> None:
    assert PLAIN.stream
    out = chunks(poured(PLAIN.stream, sse(*WORDS, delta("stop"), USAGE) + b"data: [DONE]\n\n", CONTEXT))
    assert [each["object"] for each in out] == ["text_completion"] * 4
    assert [each["text"] for chunk in out for each in chunk["choices"]] == ["upon ", "a time", ""]
    assert (out[2]["choices"][0]["finish_reason"], out[3]["usage"]["total_tokens"]) == ("stop", 3)


def test_a_stream_that_breaks_ends_in_an_error() -> None:
    assert PLAIN.stream
    for broken in (False, True):
        error = fault(poured(PLAIN.stream, sse(*WORDS), CONTEXT, broken=broken))
        assert error["code"] in ("upstream_stream_incomplete", "upstream_broken")
    said = fault(poured(PLAIN.stream, sse(*WORDS, {"error": {"message": "Too busy", "code": 503}}), CONTEXT))
    assert said["message"] == "Too busy"


def test_thoughts_are_told_as_they_come_where_strictness_is_off() -> None:
    assert PLAIN.stream
    data = sse(delta(reasoning_content="hm"), delta(content="a"), delta("stop"))
    first, *rest = chunks(poured(PLAIN.stream, data, LOOSE))
    assert first["choices"][0] | {"reasoning_content": "hm", "text": ""} == first["choices"][0]
    assert len(rest) == 2
    assert len(chunks(poured(PLAIN.stream, data, CONTEXT))) == 2


CASSETTES = {
    "anthropic": (anthropic.CHAT, "anthropic/chat-stream-text"),
    "gemini": (gemini.CHAT, "google/chat-stream-vision"),
    "cohere": (cohere.CHAT, "cohere/chat-stream-vision"),
    "converse": (converse.CHAT, "bedrock/chat-stream-vision"),
}


def wire(folder: str) -> bytes:
    from cells import CASSETTES as place

    events = place / folder / "upstream.bin"
    if events.exists():
        return b"".join(recorded.binary(events.read_bytes(), "application/vnd.amazon.eventstream"))
    text = (place / folder / "upstream.sse").read_text("utf-8")
    return b"".join(recorded.textual(text))


@pytest.mark.parametrize("name", CASSETTES)
@given(points=POINTS)
def test_a_chats_stream_says_the_same_as_a_completion_however_it_is_cut(name: str, points: list[int]) -> None:
    codec, folder = CASSETTES[name]
    data, context = wire(folder), replace(CONTEXT, request={"prompt": "x", "model": "m"}, include_usage=True)
    made = completing(codec)
    assert codec.stream and made.stream
    spoken = chunks(poured(codec.stream, data, context))
    out = poured(made.stream, data, context, points)
    assert out == poured(made.stream, data, context)
    words = "".join(each["delta"].get("content") or "" for chunk in spoken for each in chunk["choices"])
    assert "".join(each["text"] for chunk in chunks(out) for each in chunk["choices"]) == words


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
NAMES = st.text("abcdefgh_", min_size=1, max_size=6).map("x_{}".format)


@given(st.dictionaries(NAMES, VALUES, max_size=4), st.dictionaries(NAMES, VALUES, max_size=4))
def test_unknown_fields_survive_both_ways(sent: dict[str, Any], said: dict[str, Any]) -> None:
    assert sent.items() <= asked(**sent).body.items()
    assert said.items() <= told(chat({"content": "a"}, **said)).items()


# ── for whom it is so ────────────────────────────────────────────────────

AWS = {"aws_region": "r", "aws_access_key_id": "a", "aws_secret_access_key": "s"}
CLOUD = {"vertex_project_id": "p", "vertex_region": "us-central1"}
HOME = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1"
GEMINI = {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]}
MESSAGE = {"content": [{"type": "text", "text": "a"}], "stop_reason": "end_turn", "usage": {}}
OPENAIS = chat({"role": "assistant", "content": "a"})
CALLED: dict[str, tuple[str, dict[str, str], str, str, Any]] = {
    "anthropic": ("claude-sonnet-4-5", {}, "https://api.anthropic.com/v1/messages", "messages", MESSAGE),
    "cohere": (
        *("command-a-03-2025", {}, "https://api.cohere.com/v2/chat", "messages"),
        {"id": "i", "message": {"content": [{"type": "text", "text": "a"}]}, "finish_reason": "COMPLETE"},
    ),
    "google": (
        *("gemini-2.5-flash", {}),
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
        *("contents", GEMINI),
    ),
    "bedrock": (
        *("amazon.nova-lite-v1:0", AWS),
        "https://bedrock-runtime.r.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse",
        *("messages", {"output": {"message": {"content": [{"text": "a"}]}}, "stopReason": "end_turn"}),
    ),
    "vertex-ai": (
        *("gemini-2.5-pro", CLOUD, f"{HOME}/publishers/google/models/gemini-2.5-pro:generateContent"),
        *("contents", GEMINI),
    ),
    "vertex-ai claude": (
        *("anthropic/claude-opus-4-5", CLOUD),
        f"{HOME}/publishers/anthropic/models/claude-opus-4-5:rawPredict",
        *("messages", MESSAGE),
    ),
    "vertex-ai llama": (
        *("meta/llama-4", CLOUD, f"{HOME}/endpoints/openapi/chat/completions", "messages", OPENAIS),
    ),
}


def leaf(name: str) -> Target:
    return target(provider=PROVIDERS[name.partition(" ")[0]], options=CALLED[name][1])


def completed(name: str, *answers: Answer | Failure, **body: Any) -> tuple[Reply, Any]:
    here = world(*answers)
    asks = call({"model": CALLED[name][0], "prompt": "Once", **body}, endpoint=COMPLETE)
    return here.run(run(leaf(name), asks, here.env())), here


@pytest.mark.parametrize("name", CALLED)
def test_the_headline_providers_complete_by_their_chats(name: str) -> None:
    _, _, url, field, body = CALLED[name]
    reply, here = completed(name, Answer(200, {}, json.dumps(body).encode()), max_tokens=9)
    (sent,) = here.sent
    assert sent.request.url == url
    assert "Once" in json.dumps(json.loads(sent.request.body)[field])
    made = Completion.model_validate_json(reply.body, strict=True)
    assert (made.object, made.choices[0].text) == ("text_completion", "a")


def test_several_prompts_are_asked_one_by_one_and_answered_at_once() -> None:
    answers = [Answer(200, {}, json.dumps(OPENAIS).encode()) for _ in range(3)]
    reply, here = completed("vertex-ai llama", *answers, prompt=["x", "y", "z"])
    assert len(here.sent) == 3
    assert [each.index for each in Completion.model_validate_json(reply.body).choices] == [0, 1, 2]


def test_several_prompts_are_not_streamed() -> None:
    reply, here = completed("anthropic", prompt=["x", "y"], stream=True)
    assert (reply.status, here.sent, b"streamed" in reply.body) == (400, [], True)


def test_a_stream_goes_to_where_chats_are_streamed() -> None:
    here = world(opened(), reads={1: [wire("google/chat-stream-vision")]})
    asks = call({"model": "gemini-2.5-flash", "prompt": "x", "stream": True}, endpoint=COMPLETE)
    reply = here.run(run(leaf("google"), asks, here.env()))
    assert here.sent[0].request.url.endswith("gemini-2.5-flash:streamGenerateContent?alt=sse")
    assert isinstance(reply, Live) and b"text_completion" in here.pour(reply)


def test_a_route_keeps_its_address() -> None:
    made = completions(Route("/chat", IDENTITY, "PUT"))
    assert (made.path, made.method) == ("/chat", "PUT")
