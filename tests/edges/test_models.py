"""The list of models, by OpenAI's SDK over real sockets: one provider's, and that of all there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from openai import NotFoundError, OpenAI
from openai.types import Model
from sites import SERVERS

from callers import Answer, ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, Gateway, WSGIGateway
from gatewaymw.drivers.stores.memory import Memory
from servers import serving
from upstream import Upstream, listening, raw, whole

ONE = {"id": "gpt-4o", "object": "model", "created": 1_715_367_049, "owned_by": "system"}
LLAMA = {"id": "org/llama", "display_name": "Llama", "context_length": 8192}
COMMAND = {"name": "command-a", "endpoints": ["chat"]}
DOWN = whole({"error": {"message": "no such key", "code": "invalid_api_key"}}, 401)
CHAT = {
    **{"id": "c", "object": "chat.completion", "created": 1, "model": "m"},
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
}
HELLO: Any = [{"role": "user", "content": "Hello"}]


def config(url: str) -> dict[str, Any]:
    """Providers with lists of different shapes, one that is down, one without a list, and a virtual key."""

    def at(provider: str, place: str = "", **more: Any) -> dict[str, Any]:
        place = place or provider
        return {"provider": provider, "api_key": f"sk-{place}", "custom_host": f"{url}/{place}", **more}

    return {
        "strategy": {"mode": "fallback"},
        "targets": [
            at("openai"),
            at("openai", api_key="sk-another"),  # the same service twice
            at("together-ai"),
            {"strategy": {"mode": "loadbalance"}, "targets": [at("cohere"), at("groq")]},
            at("anthropic", override_params={"model": "claude-x", "max_tokens": 9}),
            at("bedrock", aws_region="r"),
        ],
        "virtual_keys": {
            "house": at("mistral-ai", "house"),
            "far": {"provider": "azure-openai", "api_key": "k"},
        },
    }


def scripted(upstream: Upstream) -> None:
    upstream.script("/openai/models", whole({"object": "list", "data": [ONE]}))
    upstream.script("/openai/models/gpt-4o", whole(ONE))
    upstream.script("/together-ai/models", whole([LLAMA, {"id": "b", "created": 0}]))
    upstream.script("/cohere/v1/models?page_size=1000", whole({"models": [COMMAND]}))
    upstream.script("/cohere/v1/models", whole({"models": [COMMAND], "next_page_token": "t"}))
    upstream.script("/groq/models", DOWN)
    upstream.script("/house/models", whole({"data": [{"id": "m", "created": "2024-05-01T00:00:00Z"}]}))
    for place in ("openai", "together-ai", "house"):
        upstream.script(f"/{place}/chat/completions", whole(CHAT))


IDS = [
    *("@openai/gpt-4o", "@together-ai/org/llama", "@together-ai/b", "@cohere/command-a"),
    *("@anthropic/claude-x", "@house/m"),
]
WARNINGS = (
    "cohere has more models than it lists at once; groq was left out: 401 invalid_api_key; "
    "bedrock has no list of models"
)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with listening() as made:
        scripted(made)
        yield made


@pytest.fixture(scope="module", params=SERVERS)
def client(request: pytest.FixtureRequest, upstream: Upstream) -> Iterator[OpenAI]:
    env = {"HOST_CONFIG": json.dumps(config(upstream.url))}
    with (
        serving(SERVERS[request.param], env, Path(__file__).parent) as url,
        OpenAI(
            base_url=f"{url}/v1", api_key="unused", max_retries=0, _strict_response_validation=True
        ) as made,
    ):
        yield made


def test_all_models_that_are_configured(client: OpenAI, upstream: Upstream) -> None:
    upstream.seen.clear()
    answer = client.models.with_raw_response.list(extra_headers={"x-gateway-cache-force-refresh": "true"})
    models = answer.parse().data
    assert [model.id for model in models] == IDS
    assert models[0].model_dump(exclude_unset=True) == {**ONE, "id": "@openai/gpt-4o"}
    assert models[1].model_dump(exclude_unset=True) == {
        **{**LLAMA, "id": "@together-ai/org/llama"},
        **{"object": "model", "created": 0, "owned_by": "together-ai"},
    }
    assert models[-1].created == 1_714_521_600
    assert answer.headers["x-gateway-warning"] == WARNINGS
    asked = sorted(seen.target.partition("?")[0] for seen in upstream.seen)
    assert asked == [
        "/cohere/v1/models",
        *(f"/{each}/models" for each in ("groq", "house", "openai", "together-ai")),
    ]
    assert {seen.header("authorization") for seen in upstream.seen} == {
        f"Bearer sk-{place}" for place in ("openai", "together-ai", "cohere", "groq", "house")
    }
    client.models.list()
    again = [seen.target for seen in upstream.seen][len(asked) :]
    assert again == ["/groq/models"]  # the others' lists are kept for a while


def test_what_the_list_gives_can_be_asked(client: OpenAI, upstream: Upstream) -> None:
    for id, key, model in (
        ("@openai/gpt-4o", "sk-openai", "gpt-4o"),
        ("@together-ai/org/llama", "sk-together-ai", "org/llama"),
        ("@house/m", "sk-house", "m"),
    ):
        upstream.seen.clear()
        client.chat.completions.create(model=id, messages=HELLO)
        (seen,) = upstream.seen
        assert (seen.header("authorization"), seen.json["model"]) == (f"Bearer {key}", model)


@pytest.mark.parametrize("id", IDS)
def test_each_of_them_can_be_had_by_itself(client: OpenAI, id: str, upstream: Upstream) -> None:
    if id == "@cohere/command-a":
        upstream.script("/cohere/v1/models/command-a", whole(COMMAND))
    if id == "@house/m":
        upstream.script("/house/models/m", whole({"id": "m"}))
    assert client.models.retrieve(id).id == id


def test_one_that_there_is_not(client: OpenAI) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.models.retrieve("gpt-5000")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    with pytest.raises(NotFoundError):
        client.models.retrieve("@together-ai/none")


def test_one_provider_lists_its_own_names(client: OpenAI) -> None:
    named = client.with_options(default_headers={"x-gateway-virtual-key": "house"})
    assert [model.id for model in named.models.list()] == ["m"]
    brought = client.with_options(default_headers={"x-gateway-provider": "mock"})
    assert "mock-echo" in [model.id for model in brought.models.list()]


# ── who may ask, and what goes wrong: at both edges ──────────────────────


def asked(edge: str, given: Any, path: str = "/v1/models", headers: Any = None, **options: Any) -> Answer:
    gateway = Gateway(given, **options)
    if edge == "wsgi":
        try:
            app = WSGIGateway(nothing_wsgi, gateway=gateway)
            return ask_wsgi(app, path, b"", headers, REQUEST_METHOD="GET")
        finally:
            gateway.close()

    async def run() -> Answer:
        try:
            return await ask(ASGIGateway(nothing, gateway=gateway), path, b"", headers, method="GET")
        finally:
            await gateway.aclose()

    return anyio.run(run)


edges = pytest.mark.parametrize("edge", ["asgi", "wsgi"])


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [Model.model_validate(row, strict=True).id for row in answer.json["data"]]


@edges
def test_who_is_not_known_gets_nothing(edge: str, upstream: Upstream) -> None:
    upstream.seen.clear()
    for path in ("/v1/models", "/v1/models/gpt-4o", "/v1/models/@openai/gpt-4o"):
        answer = asked(edge, config(upstream.url), path, auth=lambda facts: facts.headers.get("x-user"))
        assert (answer.status, answer.error["code"]) == (401, "unauthorized")
    assert upstream.seen == []


@edges
def test_without_a_config_of_its_own_the_keys_that_may_be_named(edge: str, upstream: Upstream) -> None:
    keys = config(upstream.url)["virtual_keys"]
    assert ids(asked(edge, None, virtual_keys=keys, auth="public")) == ["@house/m"]
    assert asked(edge, None).error["code"] == "no_provider"


@edges
def test_where_nobody_may_be_named_models_go_by_their_own_names(edge: str, upstream: Upstream) -> None:
    answer = asked(edge, config(upstream.url), auth="public", caller_config="none")
    assert ids(answer) == ["gpt-4o", "org/llama", "b", "command-a", "claude-x"]
    named = asked(edge, config(upstream.url), "/v1/models/b", auth="public", caller_config="none")
    assert named.json["id"] == "b"


@edges
def test_where_names_are_taken_those_of_the_operators_targets_are(edge: str, upstream: Upstream) -> None:
    given = {"auth": "public", "caller_config": "named"}
    assert ids(asked(edge, config(upstream.url), **given)) == IDS[:-1]
    one = asked(edge, config(upstream.url), "/v1/models/@openai/gpt-4o", **given)
    assert one.json == {**ONE, "id": "@openai/gpt-4o"}


@edges
def test_the_callers_key_goes_to_none_of_several(edge: str, upstream: Upstream) -> None:
    upstream.seen.clear()
    targets = [{"provider": name, "custom_host": f"{upstream.url}/{name}"} for name in ("openai", "groq")]
    answer = asked(
        edge,
        {"strategy": {"mode": "fallback"}, "targets": targets},
        headers={"authorization": "Bearer sk-callers"},
    )
    assert (answer.status, answer.error["code"], upstream.seen) == (401, "missing_credentials", [])
    assert answer.headers["x-gateway-warning"].count("was left out: 401 missing_credentials") == 2


@edges
def test_all_that_fail_are_an_error(edge: str) -> None:
    with listening() as down:
        down.script("/a/models", whole({"error": {"message": "busy", "code": "overloaded"}}, 503))
        down.script("/b/models", raw())
        targets = [
            {"provider": "openai", "api_key": "k", "custom_host": f"{down.url}/a"},
            {"provider": "groq", "api_key": "k", "custom_host": f"{down.url}/b"},
        ]
        answer = asked(edge, {"strategy": {"mode": "fallback"}, "targets": targets}, auth="public")
    assert (answer.status, answer.error["message"]) == (503, "busy")
    assert answer.headers["x-gateway-attempts"] == "2"
    assert answer.headers["x-gateway-warning"] == (
        "openai was left out: 503 overloaded; groq was left out: 502 upstream_broken"
    )


MOMENTS = ((0.0, "MISS", 1), (59.9, "HIT", 1), (60.1, "MISS", 2), (61.0, "HIT", 2))


def test_a_list_is_kept_for_a_minute_by_a_clock_that_is_handed_in() -> None:
    now = 0.0
    with listening() as there:
        there.script("/a/models", whole({"data": [ONE]}))
        given: Any = {"provider": "openai", "api_key": "k", "custom_host": f"{there.url}/a"}
        gateway = Gateway(given, auth="public", store=Memory(now=lambda: now))
        app = WSGIGateway(nothing_wsgi, gateway=gateway)

        def listed(**headers: str) -> tuple[str, int]:
            answer = ask_wsgi(app, "/v1/models", b"", headers, REQUEST_METHOD="GET")
            assert ids(answer) == ["gpt-4o"]
            return answer.headers["x-gateway-cache-status"], len(there.seen)

        for moment, status, calls in MOMENTS:
            now = moment
            assert listed() == (status, calls)
        assert listed(**{"x-gateway-cache-force-refresh": "true"}) == ("REFRESH", 3)
        gateway.close()
