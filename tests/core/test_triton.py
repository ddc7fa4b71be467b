"""Triton's generate extension: what a prompt becomes, and streams that nothing ends but HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import invoked
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import call, target, world
from openai.types import Completion
from poured import chunks, fault, poured
from refusals import refusing

from gatewaymw.core.dialects.triton import COMPLETE as CODEC
from gatewaymw.core.endpoints import CHAT, COMPLETE
from gatewaymw.core.errors import BadRequest, GatewayError, Unsupported, UpstreamError
from gatewaymw.core.model import Context, Encoded
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.pipeline import ODD
from gatewaymw.core.routing.reply import Live
from gatewaymw.core.values import Answer
from pieces import POINTS

CONTEXT = Context(provider="triton", model="llama2", created=7, id="own")
LOOSE = replace(CONTEXT, strict=False)


def asked(context: Context = CONTEXT, **body: Any) -> Encoded:
    body = {"model": "llama2", "prompt": "Once", **body}
    return invoked.asked(CODEC, body, context)


def told(body: Any, context: Context = CONTEXT) -> dict[str, Any]:
    assert CODEC.response
    made = CODEC.response(body, context)
    Completion.model_validate_json(json.dumps(made), strict=True)
    return made


def test_a_prompt_and_its_parameters_are_inputs_of_the_model() -> None:
    made = asked(max_tokens=5, temperature=0.5, stop="END", seed=3, bad_words=["x"], top_k=None)
    assert made == Encoded(
        {
            **{"text_input": "Once", "max_tokens": 5, "temperature": 0.5, "bad_words": ["x"]},
            **{"random_seed": 3, "stop_words": ["END"]},
        }
    )
    assert asked(stop=["a", "b"], echo=True).body["exclude_input_in_output"] is False
    assert asked(replace(CONTEXT, stream=True), stream=True).body == {"text_input": "Once", "stream": True}


def test_what_no_model_has_is_named() -> None:
    assert asked(n=2, best_of=2, logprobs=0, suffix="x", user="u", logit_bias={"1": 1}).dropped == (
        *("best_of", "logit_bias", "logprobs", "n", "suffix", "user"),
    )
    assert asked(n=1, best_of=1, suffix="", logit_bias={}) == Encoded({"text_input": "Once"})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"prompt": [1]}, Unsupported),
        ({"stop": [1]}, BadRequest),
        ({"stop": 1}, BadRequest),
        ({"seed": "a"}, BadRequest),
    ],
)
def test_what_is_of_the_wrong_kind_is_refused(body: Any, kind: type[Exception]) -> None:
    assert isinstance(refusing(asked, **body), kind)


def test_several_prompts_are_several_requests() -> None:
    assert CODEC.batch
    assert len(CODEC.batch.cut({"model": "m", "prompt": ["a", "b"]}, CONTEXT)) == 2


def test_an_answer() -> None:
    body = {"model_name": "llama2", "model_version": "1", "text_output": "upon a time"}
    made = told(body)
    choice = {"index": 0, "text": "upon a time", "logprobs": None, "finish_reason": "stop"}
    assert (made["choices"], made["model"], "model_name" in made) == ([choice], "llama2", False)
    assert told(body, LOOSE)["model_version"] == "1"


@pytest.mark.parametrize(
    ("body", "says"),
    [({"error": "no such model"}, "no such model"), ({"text_output": 3}, "text_output"), ([], "text_output")],
)
def test_an_answer_that_is_none_is_an_error(body: Any, says: str) -> None:
    with pytest.raises(UpstreamError, match=says):
        told(body)


# ── streams ──────────────────────────────────────────────────────────────


def sse(*events: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in events)


def words(*texts: str) -> bytes:
    return sse(*({"model_name": "llama2", "text_output": text} for text in texts))


def test_a_body_that_is_whole_has_ended_well() -> None:
    assert CODEC.stream
    out = chunks(poured(CODEC.stream, words("upon ", "", "a time"), CONTEXT))
    said = [(choice["text"], choice["finish_reason"]) for chunk in out for choice in chunk["choices"]]
    assert said == [("upon ", None), ("a time", None), ("", "stop")]
    assert chunks(poured(CODEC.stream, words("a"), LOOSE))[0]["model_name"] == "llama2"


def test_one_that_broke_off_has_not_nor_one_that_said_nothing() -> None:
    assert CODEC.stream
    assert fault(poured(CODEC.stream, words("a"), CONTEXT, broken=True))["code"] == "upstream_broken"
    for data in (b"", words(""), b": a comment\n\n"):
        assert fault(poured(CODEC.stream, data, CONTEXT))["code"] == "upstream_stream_incomplete"


def test_one_that_stops_within_an_event_has_broken_off() -> None:
    assert CODEC.stream
    for cut in (words("a", "b")[:-1], words("a") + b"data: {", words("a") + b": "):
        assert fault(poured(CODEC.stream, cut, CONTEXT))["code"].startswith("upstream_stream_in")


@pytest.mark.parametrize(
    ("headers", "whole"),
    [
        ({"transfer-encoding": "chunked"}, True),
        ({"content-length": "9"}, True),
        ({":status": "200"}, True),
        ({}, False),
    ],
)
def test_the_end_of_a_connection_is_none_of_a_stream(headers: dict[str, str], whole: bool) -> None:
    kind = {"content-type": "text/event-stream"}
    here = world(Answer(200, {**kind, **headers}, stream=1), reads={1: [words("a"), b""]})
    asked = call({"model": "m", "prompt": "p", "stream": True}, endpoint=COMPLETE)
    reply = here.run(run(target(provider=PROVIDERS["triton"]), asked, here.env()))
    assert isinstance(reply, Live)
    assert (b"upstream_stream_incomplete" not in reply.passage.close()) is whole


def test_an_error_within_ends_it() -> None:
    assert CODEC.stream
    data = words("a") + sse({"error": "failed to allocate"}) + words("b")
    assert fault(poured(CODEC.stream, data, CONTEXT))["message"] == "failed to allocate"


@given(st.lists(st.text(max_size=6), max_size=5), POINTS, st.booleans())
def test_it_says_the_same_however_it_is_cut(texts: list[str], points: list[int], broken: bool) -> None:
    assert CODEC.stream
    data = words(*texts)
    whole = poured(CODEC.stream, data, CONTEXT, broken=broken)
    assert poured(CODEC.stream, data, CONTEXT, points, broken) == whole
    if any(texts) and not broken:
        assert "".join(each["choices"][0]["text"] for each in chunks(whole)) == "".join(texts)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=6,
)
NAMES = st.sampled_from("prompt stop seed echo n text_output error model_name stream x_own x_other".split())


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_what_is_odd_is_refused_or_an_error_and_what_is_unknown_survives(fields: dict[str, Any]) -> None:
    assert CODEC.request and CODEC.response
    own = {name: fields[name] for name in ("x_own", "x_other") if fields.get(name) is not None}
    try:
        assert own.items() <= CODEC.request({"model": "m", "prompt": "p", **fields}, CONTEXT).body.items()
    except GatewayError as error:
        assert isinstance(error, BadRequest | Unsupported) and error.param
    try:
        assert own.items() <= CODEC.response(fields, LOOSE).items()
    except (UpstreamError, *ODD):
        return


# ── where ────────────────────────────────────────────────────────────────


def url(stream: bool = False, **more: Any) -> str:
    here = world(Answer(200, {}, b'{"text_output": "a"}'))
    body = {"model": "llama2", "prompt": "Once"} | ({"stream": True} if stream else {})
    here.run(run(target(provider=PROVIDERS["triton"], **more), call(body, endpoint=COMPLETE), here.env()))
    return here.sent[0].request.url


def test_a_custom_host_is_one_models_as_in_portkeys_configs() -> None:
    host = {"base_url": "http://triton:8000/v2/models/ensemble"}
    assert url(**host) == "http://triton:8000/v2/models/ensemble/generate"
    assert url(stream=True, **host) == "http://triton:8000/v2/models/ensemble/generate_stream"
    assert url() == "http://localhost:8000/v2/models/llama2/generate"


def test_it_has_no_chats() -> None:
    here = world()
    reply = here.run(run(target(provider=PROVIDERS["triton"]), call(endpoint=CHAT), here.env()))
    assert (reply.status, b"it is by" in reply.body) == (400, True)
