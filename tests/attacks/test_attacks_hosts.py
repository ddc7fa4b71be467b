"""Reaching what is inside (SSRF): every path, every option, every redirect, at both edges.

What a host is written as and what it resolves to are tested where that is decided: `config/test_hosts.py`,
`drivers/test_dial.py`, `drivers/test_checked.py`, `edges/test_media.py`.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from asking import KEY, Ask, at, by_wsgi, edges, everything, fallback, sent_to, trusting
from hypothesis import given, settings
from hypothesis import strategies as st

from callers import HELLO
from gatewaymw import GatewayError
from gatewaymw.choice import Book, Chooser
from gatewaymw.config.options import GRAMMARS
from gatewaymw.core import commands
from gatewaymw.core.endpoints import ENDPOINTS
from gatewaymw.core.plan import Target
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.encode import prepare
from gatewaymw.core.values import Call
from gatewaymw.gateway import ENV
from gatewaymw.headers import Wishes
from gatewaymw.inbound import Matcher
from upstream import Upstream, whole

OWN = {"authorization": "Bearer sk-of-the-caller"}


# ── one guard for all paths ──────────────────────────────────────────────

TYPED = [(row.method, "/v1" + row.path.replace("{model}", "m")) for row in ENDPOINTS.values()]
PROXIED = [
    *(
        ("POST", "/v1/proxy/chat/completions"),
        ("GET", "/v1/files"),
        ("POST", "/v1/files"),
        ("GET", "/v1/batches"),
    ),
    *(("GET", "/v1/realtime"), ("POST", "/v1/responses"), ("POST", "/v1/messages"), ("POST", "/v1/rerank")),
    *(("POST", "/v1/prompts/p1/completions"), ("POST", "/v1/fine_tuning/jobs"), ("DELETE", "/v1/files/f1")),
    *(("POST", "/v1/engines/gpt/completions"), ("PUT", "/v1/latest/meta-data"), ("GET", "/v1/models/m/x")),
]


@edges
@pytest.mark.parametrize(("method", "path"), TYPED + PROXIED, ids=lambda word: word.strip("/"))
def test_ssrf_11_and_x1_no_path_goes_round_the_guard(
    asked: Ask, method: str, path: str, upstream: Upstream
) -> None:
    inside = f"{upstream.url}/latest/meta-data"
    target = {"provider": "openai", "custom_host": inside}
    for told in (
        {"x-gateway-provider": "openai", "x-gateway-custom-host": inside},
        {"x-portkey-provider": "openai", "x-portkey-custom-host": inside},
        {"x-gateway-config": json.dumps(fallback(target, target))},
    ):
        answer = asked(None, form_or_json(path), {**OWN, **told, **kind(path)}, path, method=method)
        assert (answer.status, answer.error["code"]) == (400, "invalid_host"), answer.body
    assert upstream.connections == 0


FORMS = ("/images/edits", "/images/variations", "/audio/transcriptions", "/audio/translations")


def kind(path: str) -> dict[str, str]:
    return {"content-type": "multipart/form-data; boundary=b"} if path.endswith(FORMS) else {}


def form_or_json(path: str) -> Any:
    if not path.endswith(FORMS):
        return {**HELLO, "prompt": "p", "input": "i", "voice": "v"}
    fields = (
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\nx\r\n' for name in ("model", "prompt")
    )
    return "".join(fields).encode() + b"--b--\r\n"


@edges
@pytest.mark.parametrize("place", ["127.0.0.1", "localhost", "[::1]"])
def test_x3_loopback_is_nobodys_by_default_and_a_redirect_is_not_followed(
    asked: Ask, place: str, upstream: Upstream
) -> None:
    told = {
        "x-gateway-provider": "openai",
        "x-gateway-custom-host": f"http://{place}:{urlsplit(upstream.url).port}",
    }
    assert asked(None, headers={**OWN, **told}).error["code"] == "invalid_host"
    assert upstream.connections == 0
    upstream.script("/openai/chat/completions", whole(b"", 307, location=f"{upstream.url}/inside"))
    told["x-gateway-custom-host"] = f"{upstream.url}/openai"
    answer = asked(None, headers={**OWN, **told}, trusted_custom_hosts=trusting(upstream))
    assert (answer.status, answer.error["code"]) == (502, "upstream_redirect")
    assert sent_to(upstream) == ["/openai/chat/completions"]


@edges
@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_ssrf_05_a_redirect_is_not_followed(asked: Ask, status: int, upstream: Upstream) -> None:
    upstream.script("/inside", whole({"id": "stolen"}))
    upstream.script("/openai/chat/completions", whole(b"", status, location=f"{upstream.url}/inside"))
    answer = asked(at(upstream))
    assert (answer.status, answer.error["code"]) == (502, "upstream_redirect")
    assert sent_to(upstream) == ["/openai/chat/completions"]
    assert "location" not in answer.headers and b"inside" not in answer.body


def test_ssrf_05_nor_by_a_client_that_would(upstream: Upstream) -> None:
    upstream.script("/openai/chat/completions", whole(b"", 307, location=f"{upstream.url}/inside"))
    with httpx.Client(follow_redirects=True, trust_env=False, timeout=40) as client:
        answer = by_wsgi(at(upstream), http_client=client)
    assert answer.error["code"] == "upstream_redirect"
    assert sent_to(upstream) == ["/openai/chat/completions"]


# ── addresses that a config brings beside its host ───────────────────────


def hooked(url: str) -> list[dict[str, Any]]:
    """Where the original fetches what a request tells it to."""
    webhook = {"id": "default.webhook", "parameters": {"webhookURL": url}}
    jwt = {"id": "default.jwt", "parameters": {"jwksUri": url}}
    hook = {"type": "guardrail", "id": "h", "checks": [webhook, jwt], "deny": True}
    return [
        {"before_request_hooks": [hook]},
        {"after_request_hooks": [hook]},
        {"input_guardrails": [{"default.webhook": {"webhookURL": url}, "deny": True}]},
        {"output_guardrails": [{"default.jwt": {"jwksUri": url}}]},
        {"input_mutators": [{"default.log": {"logURL": url}}]},
    ]


@edges
@pytest.mark.parametrize("index", range(5))
def test_ssrf_08_and_x8_nothing_of_a_config_is_fetched(asked: Ask, index: int, upstream: Upstream) -> None:
    for more in (
        hooked(upstream.url)[index],
        {"targets": [{"provider": "openai", **hooked(upstream.url)[index]}]},
    ):
        config = {"provider": "openai", **more}
        answer = asked(None, headers={**OWN, "x-gateway-config": json.dumps(config)})
        assert answer.status == 400 and "no host that callers may name" in answer.error["message"]
    assert upstream.connections == 0


# ── options that enter an address ────────────────────────────────────────

STEERING = {
    "azure-resource-name": "azure-openai",
    "aws-region": "bedrock",
    "vertex-region": "vertex-ai",
    "vertex-project-id": "vertex-ai",
    "azure-foundry-url": "azure-ai",
    "azure-deployment-id": "azure-openai",
}
NEEDED = {
    "x-gateway-azure-resource-name": "ours",
    "x-gateway-aws-region": "eu-west-1",
    "x-gateway-vertex-region": "europe-west4",
    "x-gateway-vertex-project-id": "ours",
}
WORDS = [
    "evil.com#",
    "evil.com/",
    "evil.com?",
    "a@evil.com",
    "evil.com\\",
    "a%2e",
    "a:80",
    "..",
    "a..b",
    "a b",
]


@edges
@pytest.mark.parametrize("option", STEERING)
def test_ssrf_06_and_x2_what_enters_an_address_is_a_plain_word(asked: Ask, option: str) -> None:
    for word in WORDS:
        told = {**OWN, **NEEDED, "x-gateway-provider": STEERING[option], f"x-gateway-{option}": word}
        answer = asked(None, headers=told)
        assert answer.status == 400, (word, answer.body)
        assert answer.error["code"] in ("invalid_config", "invalid_host"), answer.body


HOSTS = {
    "azure-openai": r"[a-z0-9-]+\.openai\.azure\.com",
    "azure-ai": r"[a-z0-9-]+\.services\.ai\.azure\.com",
    "bedrock": r"bedrock(-runtime)?\.[a-z0-9-]+\.amazonaws\.com",
    "vertex-ai": r"([a-z0-9-]+-)?aiplatform(\.[a-z0-9-]+)?(\.rep)?\.googleapis\.com",
    "databricks": r"[a-z0-9-]+\.cloud\.databricks\.com",
}
"""Where a provider's host depends on options in more ways than its base URL says: what it must look like."""


def pattern(provider: str) -> str:
    host = re.escape(urlsplit(PROVIDERS[provider].base_url).hostname or "")
    return HOSTS.get(provider) or re.sub(r"\\\{\w+\\\}", "[a-z0-9-]+", host)


ODD = st.text(max_size=12) | st.text("ab.-/#?@%:\\_0", max_size=12) | st.sampled_from(WORDS)
FAIR = st.sampled_from(
    ["us-east-1", "global", "eu", "my-project", "2024-10-21", "https://x.services.ai.azure.com"]
)
TOLD = st.dictionaries(st.sampled_from(sorted(GRAMMARS)), ODD | FAIR, max_size=3)
FILLED = {
    "azure-openai": {"resource_name": "ours", "api_version": "2024-10-21"},
    "azure-ai": {"azure_foundry_url": "https://ours.services.ai.azure.com"},
    "bedrock": {"aws_region": "eu-west-1"},
    "vertex-ai": {"vertex_project_id": "ours", "vertex_region": "europe-west4"},
    "databricks": {"databricks_host": "https://ours.cloud.databricks.com"},
}


def filled(provider: str) -> dict[str, str]:
    """What it cannot be called without."""
    return FILLED.get(provider) or dict.fromkeys(PROVIDERS[provider].requires, "ours")


def served(provider: str) -> str:
    """The path of an endpoint that it serves, of any path where it is only handed what callers say."""
    paths = [endpoint.path for endpoint in PROVIDERS[provider].routes if endpoint.body == "json"]
    return "/chat/completions" if "/chat/completions" in paths else [*paths, "/anything"][0]


LOCAL = ("http://", "mock://")
NAMED = {name for name, each in PROVIDERS.items() if each.base_url or each.base}
"""Those who have an address without a custom host."""
SERVED = sorted(name for name in NAMED if not PROVIDERS[name].base_url.startswith(LOCAL))


PATHS = ["/chat/completions", "/embeddings", "/{}", "/models/{}"]
MODELS = ["gpt-4o", "claude-sonnet-4-5", "anthropic.claude-3-haiku", "gemini-2.5-pro"]


def addressed(provider: str, options: dict[str, str], model: str, path: str) -> str | None:
    """Where a caller's request would go; None where the path is not the gateway's."""
    match = Matcher("/v1").match("POST", path, ["x-gateway-provider"])
    if match is None:
        return None
    config = {"provider": provider, "api_key": KEY, **options}
    wishes = Wishes(given={"provider": provider, "config": json.dumps(config)})
    plan, _ = Chooser(Book()).choose(wishes, model)
    assert isinstance(plan.root, Target)
    names = match.endpoint.required or ("input",)
    body = {**dict.fromkeys(names, "x"), **(HELLO if "messages" in names else {}), "model": model}
    call = Call(endpoint=match.endpoint, method="POST", path=match.path, body=body, raw=b"{}", deadline=9e9)
    flow = prepare(plan.root, call, ENV)
    said: Any = None
    try:
        while True:
            asked = flow.send(said)
            assert isinstance(asked, commands.Ask)
            said = {"api_key": "token-of-a-service"} if asked.service == "identity" else "a-secret"
    except StopIteration as stop:
        url: str = stop.value.request.url
        return url


@settings(max_examples=-(-settings().max_examples // 3))  # of each of a hundred providers
@given(TOLD, ODD | st.sampled_from(MODELS), st.sampled_from(PATHS))
@pytest.mark.parametrize("provider", SERVED)
def test_ssrf_07_whatever_is_said_the_host_is_the_providers(
    provider: str, told: dict[str, str], model: str, path: str
) -> None:
    try:
        url = addressed(provider, {**filled(provider), **told}, model, "/v1" + path.format(model))
    except GatewayError as error:
        assert error.status < 500
        return
    if url is not None:
        parts = urlsplit(url)
        assert re.fullmatch(pattern(provider), parts.hostname or ""), url
        assert (parts.scheme, parts.username, parts.port, parts.fragment) == ("https", None, None, "")
        assert ".." not in parts.path.split("/") and url.isascii() and url.isprintable()


@edges
@pytest.mark.parametrize("provider", ["bedrock", "azure-openai"])
@pytest.mark.parametrize("model", ["..", "."])
def test_ssrf_06_a_model_is_no_step_of_a_path(
    asked: Ask, provider: str, model: str, upstream: Upstream
) -> None:
    target = at(upstream, provider, aws_region="eu-west-1", resource_name="r", api_version="2024-10-21")
    answer = asked(target, {**HELLO, "model": model})
    assert (answer.status, answer.error["param"], upstream.seen) == (400, "model", []), answer.body


@pytest.mark.parametrize("provider", SERVED)
def test_ssrf_07_the_providers_host_is_what_is_looked_for(provider: str) -> None:
    model = {"replicate": "owner/name", "stability-ai": "core"}.get(provider, "claude-sonnet-4-5")
    url = addressed(provider, filled(provider), model, "/v1" + served(provider))
    assert url and re.fullmatch(pattern(provider), urlsplit(url).hostname or "")


# ── whose key goes there ─────────────────────────────────────────────────


@edges
def test_key_01_the_operators_key_goes_to_no_host_of_a_callers(asked: Ask, upstream: Upstream) -> None:
    """Not even to one that callers may name for keys of their own."""
    keys = {"prod": {"provider": "openai", "api_key": KEY}}
    host = f"{upstream.url}/collector"
    brought = {"provider": "openai", "virtual_key": "prod", "custom_host": host}
    for told in (
        {"x-gateway-custom-host": host},
        {"x-gateway-virtual-key": "prod", "x-gateway-custom-host": host},
        {"x-gateway-provider": "@prod", "x-gateway-custom-host": host},
        {"x-gateway-config": "house", "x-gateway-custom-host": host},
        {"x-gateway-config": json.dumps(brought)},
        {"x-gateway-config": json.dumps({"custom_host": host, "targets": [{"virtual_key": "prod"}]})},
    ):
        answer = asked(
            {"virtual_key": "prod"},
            headers={**OWN, **told},
            virtual_keys=keys,
            configs={"house": {"virtual_key": "prod"}},
            trusted_custom_hosts=trusting(upstream),
        )
        assert answer.status in (400, 403), answer.body
    assert upstream.connections == 0 and KEY not in everything(upstream)
