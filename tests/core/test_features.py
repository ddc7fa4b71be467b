"""What providers can do, as the registry says it: the promised table, and what was gained since."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from machine import call, provider, target, world

from every import every
from gatewaymw.core import json
from gatewaymw.core.endpoints import CHAT, EMBED, IMAGE
from gatewaymw.core.errors import Unsupported
from gatewaymw.core.model import Codec, Context, Encoded, Provider, Route
from gatewaymw.core.providers import PROVIDERS, some
from gatewaymw.core.providers.features import MARK, taking, ways
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.values import Call
from promised import FEATURES, GAINED, PROMISED


@pytest.mark.parametrize("name", PROMISED)
def test_the_headline_providers_have_what_is_promised_and_what_was_gained(name: str) -> None:
    had = ways(PROVIDERS[name])
    promised = dict(zip(FEATURES, PROMISED[name].split(), strict=True))
    assert tuple(had) == FEATURES
    for feature, how in had.items():
        if gain := GAINED.get((name, feature)):
            assert (promised[feature], how) == ("no", gain)
        else:
            assert (feature, "yes" if how else "no") == (feature, promised[feature])


def test_what_is_gained_is_told_once() -> None:
    assert GAINED.keys() <= {(name, feature) for name in PROMISED for feature in FEATURES}


@every(PROVIDERS)
def test_a_promise_of_an_endpoint_is_a_route(name: str) -> None:
    paths = {way for how in ways(PROVIDERS[name]).values() for way in how if way.startswith("/")}
    assert paths <= {endpoint.path for endpoint in PROVIDERS[name].routes}


def test_who_takes_a_part_is_told_in_order() -> None:
    able = taking("input_audio")
    assert able == tuple(sorted(able))
    assert {"google", "openai", "bedrock", "mock"} <= {*able}
    assert not {"anthropic", "cohere"} & {*able}


# ── how it is found out ──────────────────────────────────────────────────


def dropping(*names: str) -> Codec:
    """A dialect that leaves parameters out."""

    def request(body: Any, context: Context) -> Encoded:
        return Encoded({name: value for name, value in body.items() if name not in names}, names)

    return Codec(request=request)


def refusing(name: str) -> Codec:
    """A dialect that refuses a parameter."""

    def request(body: Any, context: Context) -> Encoded:
        if name in body:
            raise Unsupported(f"no {name}", param=name)
        return Encoded(dict(body))

    return Codec(request=request)


def test_what_passes_as_it_is_carries_everything() -> None:
    assert [name for name, how in ways(provider()).items() if how] == [
        *("chat", "streaming", "tools", "vision", "audio"),
    ]


@pytest.mark.parametrize("codec", [dropping("tools", "stream"), dropping("stream", "tools")])
def test_what_is_dropped_is_not_had(codec: Codec) -> None:
    had = ways(provider(codec=codec))
    assert (had["tools"], had["streaming"]) == ((), ())
    assert had["vision"] == ("image_url",)


def test_what_is_refused_is_not_had() -> None:
    assert ways(provider(codec=refusing("tools")))["tools"] == ()
    assert ways(provider(codec=refusing("stream")))["streaming"] == ()


def test_a_stream_may_be_asked_for_by_the_address() -> None:
    def where(context: Context) -> str:
        return "/live" if context.stream else "/chat"

    made = provider(routes={CHAT: Route(where, dropping("stream"))})
    assert ways(made)["streaming"] == ("stream",)


def test_one_family_of_models_that_has_it_is_enough() -> None:
    def by(model: str) -> Route:
        return Route("/chat", refusing("tools") if model == "old" else dropping())

    def made(*models: str) -> Provider:
        return provider(by_model={CHAT: by}, models={CHAT: models})

    assert ways(made("old", "new"))["tools"] == ("tools",)
    assert ways(made("old"))["tools"] == ()


def test_without_chats_there_is_nothing_to_carry() -> None:
    had = ways(provider(routes={EMBED: Route("/embed")}))
    assert [name for name, how in had.items() if how] == ["embeddings"]


def test_the_sign_is_nothing_that_a_transform_says_by_itself() -> None:
    for each in (row for row in PROVIDERS.values() if CHAT in row.routes):
        chosen = each.by_model.get(CHAT)
        for model in each.models.get(CHAT, ("m",)):
            codec = (chosen(model) if chosen else each.routes[CHAT]).codec
            body = {"model": model, "messages": [{"role": "user", "content": "x"}], "max_tokens": 9}
            told = Context(
                provider="p", model=model, options={**dict.fromkeys(each.requires, "x"), **each.assumes}
            )
            made = codec.request(body, told) if codec.request else None
            assert made is None or MARK.encode() not in json.dumps(made.body)


# ── what is said of it in errors ─────────────────────────────────────────


def refused(name: str, what: Call) -> dict[str, Any]:
    here = world()
    options = {"aws_region": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "s"}
    leaf = target(provider=PROVIDERS[name], options=options)
    reply = here.run(attempt(leaf, what, here.env()))
    assert not here.sent
    error: dict[str, Any] = json.loads(reply.body)["error"]
    return {"status": reply.status, **error}


def saying(*parts: Any) -> Call:
    return call({"model": "m", "messages": [{"role": "user", "content": list(parts)}]})


def test_a_part_that_the_model_takes_nowhere_is_refused_with_the_names_of_those_who_take_it() -> None:
    error = refused("anthropic", saying({"type": "input_audio", "input_audio": {"data": "AAAA"}}))
    assert (error["status"], error["code"]) == (400, "unsupported")
    assert error["param"] == "messages[0].content[0].input_audio"
    able = some(taking("input_audio"))
    assert error["message"] == (
        "messages[0].content[0].input_audio: Anthropic takes no audio; send its transcript as text "
        f"(input_audio is passed on to {able})"
    )


def test_a_part_that_it_takes_in_another_form_is_refused_without_them() -> None:
    error = refused("bedrock", saying({"type": "image_url", "image_url": "data:image/x-odd;base64,AAAA"}))
    assert error["param"] == "messages[0].content[0].image_url"
    assert "passed on" not in error["message"]


def test_other_refusals_stay_as_they_are() -> None:
    body = {"model": "amazon.nova-canvas-v1:0", "prompt": "a cat", "stream": True}
    what = replace(call(body), endpoint=IMAGE, path=IMAGE.path)
    assert refused("bedrock", what)["message"] == "stream: Bedrock's images come whole; leave it out"
