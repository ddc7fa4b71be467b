"""What asks for a provider, an option or an endpoint that is not there is told what is, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import BadRequestError, OpenAI
from sites import SERVERS

from cells import HEADLINE
from exchanges import FOLDER, page
from gatewaymw.core.endpoints import EMBED, IMAGE_VARIATION
from gatewaymw.core.providers import PROVIDERS, serving, some
from gatewaymw.core.providers.registry import SHOWN
from servers import serving as served

HELLO: Any = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module", params=SERVERS)
def client(request: pytest.FixtureRequest) -> Iterator[OpenAI]:
    with (
        served(SERVERS[request.param], {"HOST_CONFIG": "null"}, Path(__file__).parent) as url,
        OpenAI(base_url=f"{url}/v1", api_key="sk-of-the-caller", max_retries=0) as made,
    ):
        yield made


def refused(client: OpenAI, model: str = "m", **headers: str) -> BadRequestError:
    told = {f"x-gateway-{name.replace('_', '-')}": value for name, value in headers.items()}
    with pytest.raises(BadRequestError) as caught:
        client.chat.completions.create(model=model, messages=HELLO, extra_headers=told)
    return caught.value


NESTED = {"strategy": {"mode": "fallback"}, "targets": [{"provider": "openai"}, {"provider": "antropic"}]}


@pytest.mark.parametrize(
    ("model", "headers", "param"),
    [
        ("m", {"provider": "antropic"}, "config.provider"),
        ("m", {"config": json.dumps(NESTED)}, "config.targets[1].provider"),
        ("@antropic/claude", {}, "config.virtual_key"),
    ],
    ids=["header", "config", "model"],
)
def test_an_unknown_name_is_told_the_nearest(
    client: OpenAI, model: str, headers: dict[str, str], param: str
) -> None:
    error = refused(client, model, **headers)
    assert (error.code, error.param) == ("invalid_config", param)
    assert '"antropic"; did you mean "anthropic"' in error.message


def test_a_name_like_no_other_is_told_where_all_are(client: OpenAI) -> None:
    assert "`gatewaymw providers` lists those there are" in refused(client, provider="zzzzzzzz").message


@pytest.mark.parametrize(
    ("provider", "given", "option", "header", "variable"),
    [
        ("bedrock", {}, "aws_region", "x-gateway-aws-region", "env:AWS_REGION"),
        (
            "vertex-ai",
            {"vertex_region": "r"},
            "vertex_project_id",
            "x-gateway-vertex-project-id",
            "env:GOOGLE_CLOUD_PROJECT",
        ),
        (
            "azure-openai",
            {"azure_resource_name": "r"},
            "api_version",
            "x-gateway-api-version",
            "env:OPENAI_API_VERSION",
        ),
    ],
)
def test_an_option_that_is_missing_is_named_with_its_header_and_variable(
    client: OpenAI, provider: str, given: dict[str, str], option: str, header: str, variable: str
) -> None:
    error = refused(client, provider=provider, **given)
    assert error.code == "missing_option"
    assert f"cannot be called without {option}" in error.message
    assert header in error.message and variable in error.message


def test_who_serves_an_endpoint_is_told_but_not_all_of_them(client: OpenAI) -> None:
    named = client.with_options(default_headers={"x-gateway-provider": "anthropic"})
    with pytest.raises(BadRequestError) as caught:
        named.embeddings.create(model="m", input="x")
    able = serving(EMBED)
    assert caught.value.code == "unsupported"
    assert f"/embeddings is not supported by anthropic; it is by {some(able)}" in caught.value.message
    assert "openai" in caught.value.message


def test_of_many_names_a_dozen_are_told_those_with_the_most_endpoints_first() -> None:
    told = some(PROVIDERS)
    assert told.endswith(f" and {len(PROVIDERS) - SHOWN} more (`gatewaymw providers` lists them)")
    named = told.partition(" and ")[0].split(", ")
    counts = [len(PROVIDERS[name].routes) for name in named]
    assert len(named) == SHOWN and counts == sorted(counts, reverse=True)
    assert not {"mock", "ollama"} & {*named} and "openai" in named
    assert some(["openai", "anthropic"]) == "openai, anthropic" and some(()) == ""


def test_it_is_openais_shape(client: OpenAI) -> None:
    answer = httpx.post(
        f"{client.base_url}chat/completions",
        json={"model": "m", "messages": HELLO},
        headers={"x-gateway-provider": "antropic"},
        timeout=40,
    )
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


# ── each provider of the catalogue ───────────────────────────────────────

NAMED = sorted(name for name, each in PROVIDERS.items() if each.base_url or each.base)
"""Those who have an address without a custom host, which is not for strangers to name."""
LONG = sorted(name for name in PROVIDERS if len(name) > 5)
REQUIRED = [(name, option) for name in NAMED for option in PROVIDERS[name].requires]


def options_of(name: str) -> dict[str, str]:
    """What a provider cannot be called without, as its exchanges have it."""
    needed = PROVIDERS[name].requires
    told = page(FOLDER / f"{name}.yaml").get("options", {}) if needed and name not in HEADLINE else {}
    return {option: str(told.get(option, NEEDED.get(option, "name"))) for option in needed}


NEEDED = {"azure_foundry_url": "https://models.services.ai.azure.com"}


def test_each_name_with_a_letter_missing_is_told_what_was_meant(client: OpenAI) -> None:
    for name in LONG:
        error = refused(client, provider=f"{name[:2]}{name[3:]}")
        assert (error.status_code, error.code) == (400, "invalid_config")
        assert f'did you mean "{name}"' in error.message, error.message


@pytest.mark.parametrize(("provider", "option"), REQUIRED)
def test_each_option_that_is_missing_is_named(client: OpenAI, provider: str, option: str) -> None:
    given = {name: value for name, value in options_of(provider).items() if name != option}
    error = refused(client, provider=provider, **given)
    assert (error.status_code, error.code) == (400, "missing_option")
    for told in (option, f"x-gateway-{option.replace('_', '-')}", PROVIDERS[provider].requires[option]):
        assert told in error.message


def test_each_endpoint_that_a_provider_lacks_is_told_with_those_who_have_it(client: OpenAI) -> None:
    lacking = [name for name in NAMED if IMAGE_VARIATION not in PROVIDERS[name].routes]
    assert len(lacking) > 100
    with httpx.Client(
        base_url=str(client.base_url), headers={"authorization": "Bearer sk-1"}, timeout=40
    ) as http:
        for name in lacking:
            told = {"provider": name, **options_of(name)}
            headers = {f"x-gateway-{each.replace('_', '-')}": value for each, value in told.items()}
            form: Any = {"data": {"model": "m"}, "files": {"image": b"x"}}
            answer = http.post("images/variations", headers=headers, **form)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unsupported"), answer.text
            assert f"/images/variations is not supported by {name}; it is by " in answer.text
            assert "openai" in answer.json()["error"]["message"]
