"""Many inputs for a model that embeds one a request: a request each, and one answer of all of them."""

from __future__ import annotations

from typing import Any

import pytest
from invoked import PNG
from machine import RETRY, World, call, ok, status, target, world
from openai.types import CreateEmbeddingResponse

from gatewaymw.core import json
from gatewaymw.core.endpoints import EMBED
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.lanes import WIDTH
from gatewaymw.core.routing.reply import Reply
from gatewaymw.core.values import Answer, Call, Fetching, Secret

TITAN, SEEING = "amazon.titan-embed-text-v2:0", "amazon.titan-embed-image-v1"
NOVA, COHERE = "amazon.nova-2-multimodal-embeddings-v1:0", "cohere.embed-english-v3"
BEDROCK: dict[str, Any] = {"provider": PROVIDERS["bedrock"], "options": {"aws_region": "eu-west-1"}}


def asking(model: str, input: Any, **more: Any) -> Call:
    extra = {name: more.pop(name) for name in ("dimensions", "encoding_format") if name in more}
    body = {"model": model, "input": input, **extra}
    return call(body, endpoint=EMBED, key=Secret("bedrock-key-of-the-caller"), **more)


def asked(here: World, what: Call, **more: Any) -> Reply:
    return here.run(run(target(**BEDROCK, **more), what, here.env()))


def vector(value: float, tokens: int = 2) -> Answer:
    return ok(json.dumps({"embedding": [value], "inputTextTokenCount": tokens}))


def bodies(here: World) -> list[Any]:
    return [json.loads(each.request.body) for each in here.sent]


def test_each_input_is_a_request_and_the_answer_is_one() -> None:
    here = world(vector(0.5), vector(1.5, 3), vector(2.5))
    reply = asked(here, asking(TITAN, ["a", "b", "c"], dimensions=256))
    assert bodies(here) == [{"inputText": each, "dimensions": 256} for each in "abc"]
    made = json.loads(reply.body)
    CreateEmbeddingResponse.model_validate(made)
    assert [(row["index"], row["embedding"]) for row in made["data"]] == [(0, [0.5]), (1, [1.5]), (2, [2.5])]
    assert made["usage"] == {"prompt_tokens": 7, "total_tokens": 7} and made["model"] == TITAN
    assert (reply.status, reply.tries, reply.again) == (200, 0, False)
    assert reply.target is not None and reply.target.path == "config"


@pytest.mark.parametrize("model", [SEEING, NOVA])
def test_images_are_cut_as_texts_are(model: str) -> None:
    here = world(vector(0.5), vector(1.5))
    assert asked(here, asking(model, [{"image": PNG}, "a"])).status == 200
    assert len(here.sent) == 2 and b"iVBOR" in here.sent[0].request.body


def test_order_is_kept_where_there_are_more_than_go_side_by_side() -> None:
    many = [f"{index}" for index in range(2 * WIDTH + 3)]
    lanes = [float(index) for first in range(WIDTH) for index in range(first, len(many), WIDTH)]
    here = world(*(vector(each) for each in lanes))
    made = json.loads(asked(here, asking(TITAN, many)).body)
    assert [row["embedding"] for row in made["data"]] == [[float(each)] for each in range(len(many))]
    assert sorted(int(body["inputText"]) for body in bodies(here)) == [*range(len(many))]


def test_one_that_fails_is_what_the_call_comes_to_and_the_rest_is_left() -> None:
    here = world(vector(0.5), status(400, b'{"message":"too long"}'))
    reply = asked(here, asking(TITAN, ["a", "b", "c"]))
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["message"]) == (400, "too long") and len(here.sent) == 2


def test_each_is_tried_again_by_itself() -> None:
    here = world(status(503), vector(0.5), vector(1.5))
    reply = asked(here, asking(TITAN, ["a", "b"]), retry=RETRY)
    assert (reply.status, reply.tries, reply.again, len(here.sent)) == (200, 1, True, 3)


def test_too_many_are_refused_before_any_is_sent() -> None:
    here = world()
    error = json.loads(asked(here, asking(TITAN, ["a"] * 97)).body)["error"]
    assert (error["param"], "96" in error["message"], here.sent) == ("input", True, [])
    enough = world(*(vector(1) for _ in range(96)))
    assert asked(enough, asking(TITAN, ["a"] * 96)).status == 200


def test_what_is_odd_is_named_by_its_place_before_any_is_sent() -> None:
    here = world()
    error = json.loads(asked(here, asking(TITAN, ["a", ""])).body)["error"]
    assert (error["param"], here.sent) == ("input[1]", [])
    reply = asked(here, asking(TITAN, ["a", "b"], encoding_format="int8"))
    assert json.loads(reply.body)["error"]["param"] == "encoding_format" and not here.sent


def test_who_takes_many_gets_them_in_one() -> None:
    here = world(ok(b'{"embeddings": [[0.5], [1.5]]}'))
    assert asked(here, asking(COHERE, ["a", "b"])).status == 200
    assert [body["texts"] for body in bodies(here)] == [["a", "b"]]


@pytest.mark.parametrize("input", ["a", ["a"]])
def test_one_input_is_one_request(input: Any) -> None:
    here = world(vector(0.5))
    assert asked(here, asking(TITAN, input)).status == 200 and len(here.sent) == 1


def test_overrides_hold_for_each() -> None:
    here = world(vector(0.5), vector(1.5))
    asked(here, asking(TITAN, ["a", "b"]), overrides={"dimensions": 512})
    assert [body["dimensions"] for body in bodies(here)] == [512, 512]


def test_files_are_fetched_once_for_all_before_the_call_is_cut() -> None:
    url = "https://a.example/a.png"
    fetching = Fetching(lambda url, path: url, max_bytes=99, max_count=1, timeout=5)
    opened = Answer(200, {"content-type": "image/png"}, stream=1)
    here = world(opened, vector(0.5), vector(1.5), reads={1: [b"\x89PNG\r\n\x1a\n"]})
    assert asked(here, asking(SEEING, [{"image": url}, {"image": url}], fetching=fetching)).status == 200
    assert [each.request.url == url for each in here.sent] == [True, False, False]
    refused = json.loads(asked(world(), asking(SEEING, ["a", {"image": url}])).body)["error"]
    assert (refused["code"], refused["param"]) == ("media_not_fetched", "input[1].image")


def test_a_target_that_lacks_an_option_says_so() -> None:
    here = world()
    leaf = target(provider=PROVIDERS["bedrock"])
    reply = here.run(run(leaf, asking(TITAN, ["a", "b"]), here.env()))
    assert json.loads(reply.body)["error"]["code"] == "missing_option" and not here.sent
