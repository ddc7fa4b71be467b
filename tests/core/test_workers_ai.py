"""Workers AI by its own API: completions, images and sound, in the envelope or out of it."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import replace
from typing import Any

import invoked
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import call, opened, target, world
from openai.types import Completion, ImagesResponse
from poured import chunks, fault, poured
from refusals import refusing

from gatewaymw.core.dialects import workers_ai
from gatewaymw.core.endpoints import COMPLETE, IMAGE, SPEECH, TRANSCRIBE, Endpoint
from gatewaymw.core.errors import BadRequest, GatewayError, Unsupported, UpstreamError
from gatewaymw.core.model import Codec, Context, Encoded, Filled
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.pipeline import ODD
from gatewaymw.core.routing.reply import Live, Reply
from gatewaymw.core.values import Answer, Part
from pieces import POINTS

CONTEXT = Context(provider="workers-ai", model="@cf/a/b", created=7, id="own")
LOOSE = replace(CONTEXT, strict=False)
COUNTED = replace(CONTEXT, include_usage=True)
USAGE = {"prompt_tokens": 4, "completion_tokens": 5, "total_tokens": 9}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n0").decode()


def asked(codec: Codec, body: dict[str, Any], context: Context = CONTEXT) -> Encoded:
    return invoked.asked(codec, body, context)


def complete(**body: Any) -> Encoded:
    return asked(workers_ai.COMPLETE, {"model": "@cf/a/b", "prompt": "Hi", **body})


def paint(**body: Any) -> Encoded:
    return asked(workers_ai.IMAGE, {"model": "@cf/a/b", "prompt": "A lizard", **body})


def envelope(**result: Any) -> dict[str, Any]:
    return {"result": result, "success": True, "errors": [], "messages": []}


def told(codec: Codec, body: Any, context: Context = CONTEXT) -> dict[str, Any]:
    before = copy.deepcopy(body)
    assert codec.response
    made = codec.response(body, context)
    assert body == before
    return made


# ── the envelope ─────────────────────────────────────────────────────────


def test_an_error_is_the_first_that_is_told() -> None:
    body = {"success": False, "errors": [{"code": 7003, "message": "No route"}], "messages": ["x"]}
    error = workers_ai.error(body, 400, CONTEXT)["error"]
    assert (error["message"], error["code"], error["messages"]) == ("No route", "7003", ["x"])
    for odd in ("<html>", {"errors": []}, {"errors": ["a"]}, None):
        assert workers_ai.error(odd, 500, CONTEXT)["error"]["message"]


NO_CODE = "upstream_invalid_response"
BUSY = {"success": False, "errors": [{"code": 5, "message": "Out of capacity"}], "result": {}}


@pytest.mark.parametrize(
    ("body", "code"),
    [(BUSY, "5"), ({"result": None}, NO_CODE), ({"result": {}, "success": False}, NO_CODE), ([], NO_CODE)],
)
def test_an_envelope_without_a_result_is_an_error(body: Any, code: str) -> None:
    for codec in (workers_ai.COMPLETE, workers_ai.IMAGE):
        with pytest.raises(UpstreamError) as caught:
            told(codec, body)
        assert (caught.value.status, caught.value.code) == (502, code)
        assert code == NO_CODE or caught.value.message == "Out of capacity"


# ── completions ──────────────────────────────────────────────────────────


def test_a_prompt_goes_on_with_what_is_the_models_own() -> None:
    assert complete(max_tokens=5, raw=True, lora="x", temperature=None) == Encoded(
        {"prompt": "Hi", "max_tokens": 5, "raw": True, "lora": "x"}
    )
    assert complete(n=2, stop=["."], user="u", echo=True).dropped == ("echo", "n", "user", "stop")
    streamed = {"model": "m", "prompt": "Hi", "stream": True, "stream_options": {}}
    made = asked(workers_ai.COMPLETE, streamed, replace(CONTEXT, stream=True))
    assert made == Encoded({"prompt": "Hi", "stream": True})


def completion(body: Any, context: Context = CONTEXT) -> Any:
    made = told(workers_ai.COMPLETE, body, context)
    Completion.model_validate_json(json.dumps(made), strict=True)
    return made


def test_a_text_ends_by_its_length_or_by_itself() -> None:
    body = envelope(response="Hello", usage=USAGE, tool_calls=[])
    made = completion(body, replace(CONTEXT, request={"max_tokens": 5}))
    assert (made["choices"][0]["finish_reason"], made["usage"]) == ("length", USAGE)
    assert completion(body)["choices"][0]["finish_reason"] == "stop"
    assert "usage" not in completion(envelope(response=""))
    assert completion(body, LOOSE)["tool_calls"] == []


def test_newer_models_answer_in_choices() -> None:
    body = envelope(choices=[{"index": 0, "text": "Hello", "finish_reason": "length"}], usage=USAGE)
    (choice,) = completion(body)["choices"]
    assert (choice["text"], choice["finish_reason"]) == ("Hello", "length")


def test_a_result_without_a_text_is_an_error() -> None:
    with pytest.raises(UpstreamError, match="without a text"):
        completion(envelope(shape=[1]))


def sse(*events: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in events)


DONE = b"data: [DONE]\n\n"
STREAM = workers_ai.STREAM


def test_a_stream_ends_with_its_marker_alone() -> None:
    data = sse({"response": "He", "p": "x"}, {"response": "llo"}, {"response": "", "usage": USAGE})
    out = chunks(poured(STREAM, data + b": quiet\n\n" + DONE + DONE, COUNTED))
    said = [(choice["text"], choice["finish_reason"]) for chunk in out for choice in chunk["choices"]]
    assert said == [("He", None), ("llo", None), ("", "stop")]
    assert (out[-1]["choices"], out[-1]["usage"]) == ([], USAGE)
    assert len(chunks(poured(STREAM, data + DONE, CONTEXT))) == 3
    assert fault(poured(STREAM, data, CONTEXT))["code"] == "upstream_stream_incomplete"


def test_a_stream_in_choices_tells_its_own_end() -> None:
    data = sse(
        {"choices": [{"text": "Hi"}]},
        {"choices": [{"text": "", "finish_reason": "length"}]},
        {"usage": USAGE},
    )
    out = chunks(poured(STREAM, data + DONE, CONTEXT))
    assert out[-1]["choices"][0]["finish_reason"] == "length"


def test_an_error_within_a_stream_ends_it() -> None:
    data = sse({"response": "He"}, {"error": {"message": "Out of capacity", "code": 503}})
    assert fault(poured(STREAM, data, CONTEXT))["message"] == "Out of capacity"


@given(st.lists(st.text(max_size=6), max_size=5), POINTS)
def test_it_says_the_same_however_it_is_cut(texts: list[str], points: list[int]) -> None:
    data = sse(*({"response": text} for text in texts)) + DONE
    whole = poured(STREAM, data, CONTEXT)
    assert poured(STREAM, data, CONTEXT, points) == whole
    assert "".join(each["choices"][0]["text"] for each in chunks(whole)) == "".join(texts)


# ── images ───────────────────────────────────────────────────────────────


def test_what_to_paint() -> None:
    made = paint(size="1024x768", n=1, response_format="b64_json", seed=3, num_steps=4)
    assert made == Encoded({"prompt": "A lizard", "seed": 3, "num_steps": 4, "width": 1024, "height": 768})
    made = paint(n=2, response_format="url", style="vivid", size="auto", quality="standard")
    assert (made.body, made.dropped) == ({"prompt": "A lizard"}, ("n", "style", "response_format"))
    both = paint(size="1024x768", width=512)
    assert (both.body["width"], both.body["height"], both.dropped) == (512, 768, ("size",))
    assert refusing(paint, stream=True).param == "stream"


@pytest.mark.parametrize("body", [{"size": "big"}, {"size": 3}, {"prompt": ""}, {"prompt": 1}])
def test_what_cannot_be_painted(body: Any) -> None:
    assert refusing(paint, **body).param in ("size", "prompt")


def test_an_image_comes_in_the_envelope_or_as_it_is() -> None:
    made = told(workers_ai.IMAGE, envelope(image=PNG))
    ImagesResponse.model_validate_json(json.dumps(made), strict=True)
    assert made["data"] == [{"b64_json": PNG}]
    bare = workers_ai.IMAGE.reads(base64.b64decode(PNG))
    assert told(workers_ai.IMAGE, bare) == made


@pytest.mark.parametrize("image", [None, 3, "", "AAAA", "~~~~", "é"])
def test_what_is_no_image_is_an_error(image: Any) -> None:
    with pytest.raises(UpstreamError):
        told(workers_ai.IMAGE, envelope(image=image))


# ── sound ────────────────────────────────────────────────────────────────


def test_what_is_to_be_said() -> None:
    body = {"model": "@cf/deepgram/aura-1", "input": "Hi", "voice": "luna"}
    assert asked(workers_ai.AURA, body) == Encoded({"text": "Hi", "speaker": "luna", "encoding": "mp3"})
    made = asked(workers_ai.AURA, {**body, "response_format": "pcm", "speed": 1, "sample_rate": 8000})
    assert made == Encoded(
        {
            **{"text": "Hi", "speaker": "luna", "sample_rate": 8000},
            **{"encoding": "linear16", "container": "none"},
        }
    )
    named = asked(workers_ai.AURA, {**body, "speed": 2, "instructions": "Loud", "stream_format": "audio"})
    assert named.dropped == ("instructions", "speed")
    assert refusing(asked, workers_ai.AURA, {**body, "voice": "alloy"}).param == "voice"
    assert refusing(asked, workers_ai.AURA, {**body, "response_format": "ogg"}).param == "response_format"


def test_melotts_has_one_voice_a_language() -> None:
    body = {"model": "@cf/myshell-ai/melotts", "input": "Hola", "voice": "alloy", "lang": "es"}
    assert asked(workers_ai.MELO, body) == Encoded({"prompt": "Hola", "lang": "es"}, ("voice",))
    assert asked(workers_ai.MELO, {**body, "response_format": "wav"}).dropped == ("voice", "response_format")
    assert workers_ai.MELO.media
    assert workers_ai.MELO.media(envelope(audio="SUQz"), CONTEXT) == (b"ID3", "audio/mpeg")
    assert workers_ai.MELO.media(workers_ai.MELO.reads(b"ID3"), CONTEXT) == (b"ID3", "audio/mpeg")
    with pytest.raises(UpstreamError, match="base64"):
        workers_ai.MELO.media(envelope(audio=None), CONTEXT)


FILE = Part("file", b"sound", "a.mp3", "audio/mpeg")


def field(name: str, value: str) -> Part:
    return Part(name, value.encode())


def hear(*parts: Part, codec: Codec = workers_ai.TRANSCRIPT) -> Encoded:
    assert codec.form
    made = codec.form((FILE, *parts), CONTEXT)
    assert isinstance(made, Encoded) and not isinstance(made, Filled)
    return made


def test_what_is_to_be_heard() -> None:
    given = (
        field("language", "en"),
        field("prompt", "Oslo"),
        field("vad_filter", "true"),
        field("temperature", "1"),
    )
    made = hear(field("model", "m"), *given, Part("mask", b"x", "x", ""))
    told = {"audio": "c291bmQ=", "task": "transcribe", "vad_filter": "true"}
    assert made == Encoded({**told, "language": "en", "initial_prompt": "Oslo"}, ("temperature", "mask"))
    assert hear(codec=workers_ai.TRANSLATION).body["task"] == "translate"
    times = hear(field("timestamp_granularities[]", "segment"), field("include[]", "logprobs"))
    assert (times.body, times.dropped) == ({"audio": "c291bmQ=", "task": "transcribe"}, ("include",))
    assert isinstance(refusing(hear, field("response_format", "srt")), Unsupported)
    assert isinstance(refusing(hear, FILE), BadRequest)


HEARD = envelope(
    text="The sun rises.",
    vtt="WEBVTT",
    transcription_info={"language": "en", "duration": 1.5},
    segments=[
        {
            "start": 0.0,
            "end": 1.5,
            "text": "The sun rises.",
            "words": [{"word": "The", "start": 0.0, "end": 0.2}],
        }
    ],
)


@pytest.mark.parametrize(
    ("wanted", "kind", "says"),
    [
        (
            *(None, "application/json"),
            b'{"text":"The sun rises.","usage":{"type":"duration","seconds":1.5}}',
        ),
        ("text", "text/plain; charset=utf-8", b"The sun rises.\n"),
        ("vtt", "text/vtt; charset=utf-8", b"WEBVTT"),
    ],
)
def test_what_was_heard(wanted: Any, kind: str, says: bytes) -> None:
    assert workers_ai.TRANSCRIPT.media
    context = replace(CONTEXT, request={"response_format": wanted})
    assert workers_ai.TRANSCRIPT.media(HEARD, context) == (says, kind)


def test_what_was_heard_in_detail() -> None:
    assert workers_ai.TRANSCRIPT.media
    context = replace(CONTEXT, request={"response_format": "verbose_json"})
    made = json.loads(workers_ai.TRANSCRIPT.media(HEARD, context)[0])
    segment = {"id": 0, "start": 0.0, "end": 1.5, "text": "The sun rises."}
    assert made == {
        **{"task": "transcribe", "language": "en", "duration": 1.5, "text": "The sun rises."},
        **{"words": [{"word": "The", "start": 0.0, "end": 0.2}], "segments": [segment]},
        "usage": {"type": "duration", "seconds": 1.5},
    }
    assert workers_ai.TRANSLATION.media
    assert json.loads(workers_ai.TRANSLATION.media(HEARD, context)[0])["task"] == "translate"
    with pytest.raises(UpstreamError, match="without a transcript"):
        workers_ai.TRANSCRIPT.media(envelope(), context)


# ── laws ─────────────────────────────────────────────────────────────────

NAMES = st.sampled_from(
    """prompt input voice response_format size result success errors response usage choices text image audio
    segments transcription_info completion_tokens error x_own max_tokens""".split()
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
CODECS = [workers_ai.COMPLETE, workers_ai.IMAGE, workers_ai.AURA, workers_ai.MELO]


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.sampled_from(CODECS))
def test_only_refusals_that_name_the_fault_escape(fields: dict[str, Any], codec: Codec) -> None:
    body = {"model": "m", "prompt": "p", "input": "i", "voice": "v", **fields}
    try:
        made = asked(codec, body)
    except GatewayError as error:
        assert isinstance(error, BadRequest | Unsupported) and error.param
    else:
        json.dumps(made.body)
        assert fields.get("x_own") is None or made.body["x_own"] == fields["x_own"]


@given(st.dictionaries(NAMES, VALUES, max_size=4), st.sampled_from(["result", "bare"]))
def test_an_answer_is_read_or_is_an_error(fields: dict[str, Any], where: str) -> None:
    body = envelope(**fields) if where == "result" else fields
    reads = [workers_ai.COMPLETE.response, workers_ai.IMAGE.response]
    reads += [workers_ai.MELO.media, workers_ai.TRANSCRIPT.media]  # type: ignore[list-item]
    for read in reads:
        assert read
        try:
            read(body, LOOSE)
        except (UpstreamError, *ODD):
            continue


# ── where ────────────────────────────────────────────────────────────────

RUN = "https://api.cloudflare.com/client/v4/accounts/acc/ai/run"


def sent(endpoint: Endpoint, answer: Answer, parts: tuple[Part, ...] = (), **body: Any) -> tuple[Reply, Any]:
    here = world(answer, reads={1: [b"OggS"]})
    leaf = target(provider=PROVIDERS["workers-ai"], options={"workers_ai_account_id": "acc"})
    asks = call(body, endpoint=endpoint, parts=parts)
    return here.run(run(leaf, asks, here.env())), here


def test_a_model_is_steps_of_the_path_and_leads_nowhere_else() -> None:
    _, here = sent(
        COMPLETE, Answer(200, {}, b'{"result":{"response":"a"}}'), model="@cf/meta/llama", prompt="a"
    )
    assert here.sent[0].request.url == f"{RUN}/@cf/meta/llama"
    reply, here = sent(COMPLETE, Answer(200), model="@cf/../../x", prompt="a")
    assert (reply.status, here.sent) == (400, [])


def test_an_image_that_is_no_json_is_one_still() -> None:
    answer = Answer(200, {"content-type": "image/png"}, base64.b64decode(PNG))
    reply, _ = sent(IMAGE, answer, model="@cf/stabilityai/stable-diffusion-xl-base-1.0", prompt="a")
    assert (reply.status, json.loads(reply.body)["data"]) == (200, [{"b64_json": PNG}])
    reply, _ = sent(IMAGE, Answer(200, {}, b"<html>"), model="@cf/a", prompt="a")
    assert reply.status == 502


def test_sound_goes_on_as_it_comes_or_out_of_the_envelope() -> None:
    said = {"input": "Hi", "voice": "luna"}
    reply, _ = sent(SPEECH, opened(kind="audio/ogg"), model="@cf/deepgram/aura-1", **said)
    assert isinstance(reply, Live)
    answer = Answer(200, {}, json.dumps(envelope(audio="SUQz")).encode())
    reply, here = sent(SPEECH, answer, model="@cf/myshell-ai/melotts", **said)
    assert (reply.body, reply.content_type) == (b"ID3", "audio/mpeg")
    assert json.loads(here.sent[0].request.body) == {"prompt": "Hi"}


def test_a_recording_goes_as_base64() -> None:
    answer = Answer(200, {}, json.dumps(HEARD).encode())
    reply, here = sent(
        TRANSCRIBE, answer, (field("model", "m"), FILE), model="@cf/openai/whisper-large-v3-turbo"
    )
    assert json.loads(here.sent[0].request.body) == {"audio": "c291bmQ=", "task": "transcribe"}
    assert json.loads(reply.body)["text"] == "The sun rises."
