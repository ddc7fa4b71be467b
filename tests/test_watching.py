"""What is told of each provider: its options, credentials and paths, by what it does."""

from __future__ import annotations

from typing import Any

import pytest

from gatewaymw.choice import OPTIONS
from gatewaymw.cli.listing import facts, options, page
from gatewaymw.cli.watching import Shown, options_of, paths, shown_by
from gatewaymw.config.options import NAMES, VARIABLES
from gatewaymw.core.auth.keys import none
from gatewaymw.core.endpoints import CHAT, MODELS
from gatewaymw.core.errors import BadRequest
from gatewaymw.core.model import Codec, Context, Encoded, Keys, Provider, Route
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.values import Request

AZURE = PROVIDERS["azure-openai"]


@pytest.mark.parametrize("name", PROVIDERS)
def test_all_of_it_is_told_of_everyone(name: str) -> None:
    provider, told = PROVIDERS[name], facts(PROVIDERS[name])
    read = options_of(provider)
    assert {*provider.requires} <= {*read} <= NAMES
    assert all(
        OPTIONS[each.header.removeprefix("x-gateway-")] == each.name
        for each in options(provider)
        if each.header
    )
    assert bool(shown_by(provider)) or not provider.needs_key
    assert told["paths"] == {endpoint.name: paths(provider, endpoint) for endpoint in provider.routes}
    assert "SAMPLE" not in str(told["auth"]) + str(told["paths"]) + "\n".join(page(provider))


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("openai", [Shown("authorization", "Bearer <key>", ())]),
        ("anthropic", [Shown("x-api-key", "<key>", ())]),
        ("google", [Shown("x-goog-api-key", "<key>", ())]),
        (
            "azure-openai",
            [
                Shown("api-key", "<key>", ()),
                Shown("authorization", "Bearer <azure_ad_token>", ("azure_ad_token",)),
            ],
        ),
        ("mock", []),
    ],
)
def test_how_a_key_is_shown(name: str, ways: list[Shown]) -> None:
    assert [*shown_by(PROVIDERS[name])] == ways


def test_a_signature_is_told_by_its_scheme() -> None:
    keys = ("aws_access_key_id", "aws_secret_access_key")
    assert Shown("authorization", "AWS4-HMAC-SHA256 …", keys) in shown_by(PROVIDERS["bedrock"])


def test_options_have_headers_and_variables() -> None:
    told = {each.name: each for each in options(AZURE)}
    assert [each.name for each in told.values() if each.required] == ["resource_name", "api_version"]
    resource, tenant = told["resource_name"], told["azure_entra_tenant_id"]
    assert (resource.header, resource.env) == ("x-gateway-azure-resource-name", "AZURE_OPENAI_ENDPOINT")
    assert (tenant.header, tenant.env) == ("x-gateway-azure-entra-tenant-id", "AZURE_TENANT_ID")
    assert VARIABLES.keys() <= NAMES


def test_where_it_is_asked() -> None:
    assert paths(AZURE, CHAT) == ("/deployments/{model}/chat/completions?api-version={api_version}",)
    assert paths(PROVIDERS["google"], CHAT) == (
        "/models/{model}:generateContent",
        "/models/{model}:streamGenerateContent?alt=sse",
    )


# ── providers that nobody has made yet ───────────────────────────────────


def made(**more: Any) -> Provider:
    rest: dict[str, Any] = {"routes": {CHAT: Route("/chat")}, "auth": none, **more}
    return Provider(name="made", base_url="https://made.example", **rest)


def test_a_key_in_an_address_is_seen() -> None:
    def sign(request: Request, keys: Keys) -> Request:
        return Request(request.method, f"{request.url}?key={keys.api_key}", request.headers)

    assert shown_by(made(auth=sign)) == (Shown("(the address)", "key=<key>", ()),)


def test_what_a_transform_a_path_and_an_address_read_is_seen() -> None:
    def request(body: Any, context: Context) -> Encoded:
        if context.options.get("aws_service"):
            raise BadRequest("it needs a bucket", param="aws_s3_bucket")
        return Encoded(body)

    def path(context: Context) -> str:
        return f"/{context.options['vertex_model_name']}/chat"

    assert options_of(made(routes={CHAT: Route("/{snowflake_account}", Codec(request=request))})) == (
        *("aws_service", "snowflake_account"),
    )
    strange = made(routes={CHAT: Route(path), MODELS: Route("/models")})
    assert options_of(strange) == ("vertex_model_name",)
    assert paths(strange, CHAT) == ("(by the model's name)",)
