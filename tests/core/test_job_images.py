"""OpenAI's image generations, as jobs of those who make one image each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import call, target, world
from openai.types import ImagesResponse
from refusals import refusing

from gatewaymw.core import json
from gatewaymw.core.dialects import black_forest_labs, imagery, luma
from gatewaymw.core.endpoints import IMAGE as IMAGES
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.model import Codec, Context, Encoded, Next
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.flow import run
from gatewaymw.core.values import Answer

CONTEXT = Context(provider="painter", created=1_700_000_000)
BFL, LUMA = black_forest_labs.IMAGE, luma.IMAGE
CODECS = pytest.mark.parametrize("codec", [BFL, LUMA], ids=["bfl", "luma"])


def ask(codec: Codec, **body: Any) -> Encoded:
    assert codec.request
    body = {"model": "m", "prompt": "a cat", **body}
    given = dict(body)
    made = codec.request(body, CONTEXT)
    assert body == given and codec.request(body, CONTEXT) == made
    return made


def follow(codec: Codec, answer: Any) -> Next | None:
    assert codec.follow
    return codec.follow(answer, CONTEXT)


def told(codec: Codec, answer: Any) -> dict[str, Any]:
    assert codec.response
    made = codec.response(answer, CONTEXT)
    ImagesResponse.model_validate_json(json.dumps(made), strict=True)
    return made


def failing(codec: Codec, answer: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        follow(codec, answer)
    return caught.value


# ── what both have in common ─────────────────────────────────────────────


@CODECS
def test_what_asks_for_nothing_is_left_out(codec: Codec) -> None:
    idle = {
        "n": 1,
        "quality": "auto",
        "size": "auto",
        "stream": False,
        "background": None,
        "moderation": "auto",
    }
    made = ask(codec, **idle, response_format="url", user=None)
    assert made.dropped == () and {*made.body} - {"model"} == {"prompt"}


@CODECS
def test_openais_own_are_named_and_the_providers_go_on(codec: Codec) -> None:
    made = ask(
        codec, quality="high", style="vivid", user="u-1", response_format="png", seed=7, anything={"a": 1}
    )
    assert made.dropped == ("quality", "style", "user", "response_format")
    assert made.body["seed"] == 7 and made.body["anything"] == {"a": 1}


@CODECS
@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"stream": True}, "stream"),
        ({"size": "big"}, "size"),
        ({"size": 5}, "size"),
    ],
)
def test_faults_are_named(codec: Codec, body: Mapping[str, Any], param: str) -> None:
    assert refusing(ask, codec, **body).param == param


@given(st.integers(1, 99_999), st.integers(1, 99_999))
def test_the_nearest_shape_is_as_near_as_any(width: int, height: int) -> None:
    def off(shape: str) -> float:
        wide, _, high = shape.partition(":")
        ratio = int(wide) * height / (int(high) * width)
        return max(ratio, 1 / ratio)

    found = imagery.nearest((width, height), luma.SHAPES)
    assert off(found) <= min(map(off, luma.SHAPES)) * (1 + 1e-9)


def test_each_image_is_a_job() -> None:
    body = {"model": "m", "prompt": "p", "n": 3}
    assert imagery.cut(body, CONTEXT) == ({**body, "n": 1},) * 3
    assert imagery.cut({"prompt": "p"}, CONTEXT) == ({"prompt": "p", "n": 1},)
    for wrong in (0, 11, "2", True):
        assert refusing(imagery.cut, {"n": wrong}, CONTEXT).param == "n"
    answers = ({"created": 1, "data": [{"url": "a"}]}, {"created": 2, "data": [{"url": "b"}]})
    assert imagery.joined(answers) == {"created": 1, "data": [{"url": "a"}, {"url": "b"}]}


def test_an_answer_without_an_image_is_none() -> None:
    for images in ([], [None], [""], [5]):
        with pytest.raises(UpstreamError, match="without an image"):
            imagery.listing(images, CONTEXT)


# ── Black Forest Labs ────────────────────────────────────────────────────


@pytest.mark.parametrize("model", ["flux-2-pro", "flux-pro-1.1", "flux-dev"])
def test_pixels_are_pixels_where_a_model_takes_them(model: str) -> None:
    made = ask(BFL, model=model, size="1024x768", output_format="png")
    assert made.body == {"prompt": "a cat", "width": 1024, "height": 768, "output_format": "png"}


@pytest.mark.parametrize("model", ["flux-kontext-max", "flux-pro-1.1-ultra"])
def test_they_are_a_shape_where_it_takes_that(model: str) -> None:
    assert ask(BFL, model=model, size="1920x1080").body == {"prompt": "a cat", "aspect_ratio": "16:9"}
    assert ask(BFL, model=model, size="1920x1080", aspect_ratio="1:1").body["aspect_ratio"] == "1:1"


def test_answers_go_nowhere_else() -> None:
    made = ask(BFL, webhook_url="https://a.example", webhook_secret="s")
    assert made.dropped == ("webhook_url", "webhook_secret") and made.body == {"prompt": "a cat"}


def test_a_task_is_looked_at_where_it_says_until_it_is_ready() -> None:
    place = "https://api.eu1.bfl.ai/v1/get_result?id=t-1"
    assert follow(BFL, {"id": "t-1", "polling_url": place}) == Next(to=place, after=0.5)
    assert follow(BFL, {"id": "t-1", "status": "Pending", "result": None}) == Next(to="", after=0.5)
    ready = {"id": "t-1", "status": "Ready", "result": {"sample": "https://d.example/a.jpg", "seed": 4}}
    assert follow(BFL, ready) is None
    assert told(BFL, ready) == {"created": 1_700_000_000, "data": [{"url": "https://d.example/a.jpg"}]}


@pytest.mark.parametrize("status", ["Error", "Task not found"])
def test_a_task_that_failed_is_an_error(status: str) -> None:
    error = failing(BFL, {"id": "t", "status": status, "result": None})
    assert (error.status, error.code) == (502, "job_failed") and status in error.message


@pytest.mark.parametrize("status", ["Request Moderated", "Content Moderated"])
def test_what_was_moderated_is_the_clients_matter(status: str) -> None:
    error = failing(BFL, {"status": status, "details": {"Moderation Reasons": ["Derivative Works Filter"]}})
    assert (error.status, error.code, error.type) == (
        400,
        "content_policy_violation",
        "invalid_request_error",
    )
    assert "Derivative Works Filter" in error.message


@pytest.mark.parametrize("answer", [{}, {"polling_url": 5}, {"polling_url": ""}, [], 5])
def test_what_is_no_task_is_odd(answer: Any) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        follow(BFL, answer)


# ── Luma ─────────────────────────────────────────────────────────────────


def test_luma_knows_shapes_and_two_formats() -> None:
    made = ask(LUMA, model="photon-1", size="1920x1080", output_format="jpeg")
    wanted = {"model": "photon-1", "prompt": "a cat", "aspect_ratio": "16:9", "format": "jpg"}
    assert (made.body, made.dropped) == (wanted, ())
    made = ask(LUMA, size="1024x1000", output_format="webp", sync=True, callback_url="https://a.example")
    assert made.body == {"model": "m", "prompt": "a cat", "aspect_ratio": "1:1"}
    assert made.dropped == ("size", "output_format", "callback_url", "sync")
    made = ask(LUMA, size="1024x1024", aspect_ratio="3:4")
    assert (made.body["aspect_ratio"], made.dropped) == ("3:4", ("size",))


@pytest.mark.parametrize("state", ["queued", "dreaming"])
def test_a_generation_is_looked_at_until_it_is_completed(state: str) -> None:
    look = Next(to="/dream-machine/v1/generations/g-1", after=1.0)
    assert follow(LUMA, {"id": "g-1", "state": state, "assets": None}) == look
    done = {"id": "g-1", "state": "completed", "assets": {"image": "https://a.example/i.jpg", "video": None}}
    assert follow(LUMA, done) is None
    assert told(LUMA, done)["data"] == [{"url": "https://a.example/i.jpg"}]


def test_a_generation_that_failed_is_an_error_in_its_words() -> None:
    error = failing(LUMA, {"id": "g", "state": "failed", "failure_reason": "out of dreams"})
    assert (error.status, error.message) == (502, "painter could not do it: out of dreams")
    error = failing(LUMA, {"id": "g", "state": "failed", "failure_reason": "Prompt moderation failed"})
    assert (error.status, error.code) == (400, "content_policy_violation")
    assert "does not say why" in failing(LUMA, {"id": "g", "state": "failed"}).message


@pytest.mark.parametrize("id", ["", "../keys", "a/b", "a?b", 5, None, "x" * 201])
def test_an_id_that_is_none_is_odd(id: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        follow(LUMA, {"id": id, "state": "queued"})


# ── FLUX Kontext at Fireworks ────────────────────────────────────────────

KONTEXT = "accounts/fireworks/models/flux-kontext-pro"
PLACE = f"https://api.fireworks.ai/inference/v1/workflows/{KONTEXT}"
SAMPLE = "https://delivery.bfl.example/sample.jpeg"


def answering(**body: Any) -> Answer:
    return Answer(200, {"content-type": "application/json"}, json.dumps(body))


def test_kontext_at_fireworks_is_a_job_that_is_asked_after_by_post() -> None:
    body = {"model": KONTEXT, "prompt": "a cat", "size": "1536x1024", "seed": 42, "quality": "high"}
    pending = answering(id="r-1", status="Pending", result=None, progress=0.2, details=None)
    ready = answering(id="r-1", status="Ready", result={"sample": SAMPLE}, progress=None, details=None)
    here = world(answering(request_id="r-1"), pending, ready)
    leaf = target(provider=PROVIDERS["fireworks-ai"])
    reply = here.run(run(leaf, call(body, endpoint=IMAGES), here.env()))
    assert json.loads(reply.body)["data"] == [{"url": SAMPLE}] and reply.dropped == ("quality",)
    sent = [(each.request.method, each.request.url, json.loads(each.request.body)) for each in here.sent]
    look = ("POST", f"{PLACE}/get_result", {"id": "r-1"})
    assert sent == [("POST", PLACE, {"prompt": "a cat", "aspect_ratio": "3:2", "seed": 42}), look, look]


def test_kontext_that_was_moderated_is_refused_in_fireworks_words() -> None:
    held = answering(id="r-1", status="Request Moderated", result=None, details={"reasons": ["violence"]})
    here = world(answering(request_id="r-1"), held)
    leaf = target(provider=PROVIDERS["fireworks-ai"])
    reply = here.run(run(leaf, call({"model": KONTEXT, "prompt": "a fight"}, endpoint=IMAGES), here.env()))
    assert reply.status == 400 and b"content_policy_violation" in reply.body and b"violence" in reply.body
