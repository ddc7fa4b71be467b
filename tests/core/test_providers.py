"""The table of providers, OpenAI's row, and the credentials that are one header."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from every import every
from gatewaymw.core.auth.keys import bearer, beside, header, none
from gatewaymw.core.endpoints import CHAT, ENDPOINTS, MODEL, MODERATE
from gatewaymw.core.errors import Unauthorized
from gatewaymw.core.model import IDENTITY, Keys, Provider
from gatewaymw.core.plan import Target
from gatewaymw.core.providers import MOCK, OPENAI, PROVIDERS, provide, serving
from gatewaymw.core.values import Request

REQUEST = Request("POST", "https://api.example/v1/chat", {"content-type": "application/json"}, b"{}")


# ── the table ────────────────────────────────────────────────────────────


def test_the_table_names_each_provider_by_its_own_name() -> None:
    assert all(name == provider.name for name, provider in PROVIDERS.items())
    assert {"openai", "anthropic", "groq", "deepseek", "together-ai", "mistral-ai"} <= PROVIDERS.keys()
    assert {"x-ai", "openrouter", "ollama", "mock"} <= PROVIDERS.keys()


def test_a_second_provider_of_one_name_is_refused_and_the_same_one_is_not() -> None:
    assert provide(OPENAI) is OPENAI
    with pytest.raises(ValueError, match="two providers named 'openai'"):
        provide(Provider(name="openai", base_url="", routes={}, auth=none))
    assert PROVIDERS["openai"] is OPENAI


def test_who_serves_an_endpoint_is_told_in_order() -> None:
    able = serving(MODERATE)
    assert able == tuple(sorted(name for name in PROVIDERS if MODERATE in PROVIDERS[name].routes))
    assert {"mock", "openai"} <= {*able}
    assert "groq" in serving(CHAT) and "groq" not in able


@every(PROVIDERS.values(), lambda provider: provider.name)
def test_addresses_join_and_header_names_are_lower_case(provider: Provider) -> None:
    assert not provider.base_url.endswith("/")
    names = {*provider.headers, *provider.accepts, *provider.option_headers.values()}
    assert all(name == name.lower() for name in names)
    assert all(callable(route.path) or route.path.startswith("/") for route in provider.routes.values())


def test_importing_the_table_does_not_import_what_the_mock_answers() -> None:
    code = (
        "import sys, types; package = types.ModuleType('gatewaymw');"
        f"package.__path__ = [{next(iter(sys.modules['gatewaymw'].__path__))!r}];"
        "sys.modules['gatewaymw'] = package; import gatewaymw.core.providers;"
        "assert 'gatewaymw.core.mock' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ── openai and the mock ──────────────────────────────────────────────────


@pytest.mark.parametrize("provider", [OPENAI, MOCK], ids=str)
def test_openai_and_the_mock_serve_all_of_openais_endpoints_byte_for_byte(provider: Provider) -> None:
    defined = {endpoint for endpoint in ENDPOINTS.values() if endpoint.client is CHAT.client}
    assert provider.routes.keys() <= defined
    assert len(provider.routes) == 12
    for endpoint, route in provider.routes.items():
        codec = replace(route.codec, request=None) if endpoint is CHAT else route.codec
        assert (route.path, codec, route.method) == (endpoint.path, IDENTITY, None)
    assert provider.routes[MODEL].path == "/models/{model}"


def test_openais_options_travel_as_its_headers() -> None:
    options = {"openai_organization": "org", "openai_project": "proj", "openai_beta": "assistants=v2"}
    target = Target(path="config", provider=OPENAI, options=options)
    assert target.headers == {
        "openai-organization": "org",
        "openai-project": "proj",
        "openai-beta": "assistants=v2",
    }
    assert OPENAI.accepts == frozenset(target.headers)


def test_the_mock_needs_neither_key_nor_network() -> None:
    assert (MOCK.base_url, MOCK.needs_key) == ("mock://mock", False)
    assert MOCK.auth(REQUEST, Keys("secret")) is REQUEST


# ── credentials ──────────────────────────────────────────────────────────


def test_a_bearer_replaces_whatever_spelling_was_there_and_changes_nothing_else() -> None:
    request = Request(
        "POST", "https://x", {"Authorization": "old", "accept": "*/*"}, b"body", 3.0, guarded=True
    )
    signed = bearer(request, Keys("sk-1"))
    assert signed.headers == {"accept": "*/*", "authorization": "Bearer sk-1"}
    assert request.headers["Authorization"] == "old"
    assert (signed.body, signed.timeout, signed.guarded) == (b"body", 3.0, True)


def test_a_key_may_go_into_a_header_of_its_own() -> None:
    assert header("X-Api-Key")(REQUEST, Keys("sk-1")).headers["x-api-key"] == "sk-1"


def test_a_token_may_stand_beside_a_key_or_alone() -> None:
    both = beside(bearer, "X-Token", "my_token")
    keys = Keys("sk-1", {"my_token": "t-1"})
    assert both(REQUEST, keys).headers.items() >= {
        ("authorization", "Bearer sk-1"),
        ("x-token", "Bearer t-1"),
    }
    assert both(REQUEST, replace(keys, api_key="")).headers == {**REQUEST.headers, "x-token": "Bearer t-1"}
    assert both(REQUEST, Keys("sk-1")) == bearer(REQUEST, Keys("sk-1"))
    with pytest.raises(Unauthorized, match="x-token"):
        both(REQUEST, Keys("sk-1", {"my_token": "t\n"}))


def test_without_a_key_no_header_is_sent() -> None:
    assert bearer(REQUEST, Keys()) is REQUEST
    assert none(REQUEST, Keys("sk-1")) is REQUEST


@pytest.mark.parametrize(
    "key", ["sk-\n1", "sk-1\n", "sk\x00", "sk-\x7f", "sk-\x85", "sk-ключ", " sk-1", "sk-1 "]
)
def test_a_key_no_header_can_carry_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(Unauthorized, match="x-api-key") as caught:
        header("x-api-key")(REQUEST, Keys(key))
    assert key not in caught.value.message
    assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")


@given(st.text(min_size=8))
def test_every_key_is_sent_whole_or_refused_in_silence_about_it(key: str) -> None:
    try:
        sent = bearer(REQUEST, Keys(key)).headers["authorization"]
    except Unauthorized as error:
        assert key not in error.message
    else:
        assert sent == f"Bearer {key}"
        assert sent.encode("latin-1").isascii() or not key.isascii()
        assert not {*"\r\n\0"} & {*sent}
