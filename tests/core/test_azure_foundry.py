"""Foundry: which of its APIs is called for a model, where, and with which header."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from machine import call, ok, world

from gatewaymw.core import json
from gatewaymw.core.endpoints import CHAT, EMBED, PROXY, SPEECH, Endpoint
from gatewaymw.core.plan import Target
from gatewaymw.core.providers import AZURE_AI
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.routing.reply import Reply
from gatewaymw.core.values import Request

HOST = "https://res.services.ai.azure.com"
SERVERLESS = "https://Phi-4-x.eastus2.models.ai.azure.com"
DATED = {"azure_api_version": "2024-05-01-preview"}
VERSION = "?api-version=2024-05-01-preview"
MESSAGE = {
    **{"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5"},
    **{"content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn"},
    "usage": {"input_tokens": 3, "output_tokens": 1},
}


def target(url: str, **more: Any) -> Target:
    options = {"azure_foundry_url": url, **more.pop("options", {})}
    return Target(path="config", provider=AZURE_AI, options=options, **more)


def run(leaf: Target, endpoint: Endpoint = CHAT, model: str = "grok-4", **more: Any) -> tuple[Request, Reply]:
    body = {"model": model, "messages": [{"role": "user", "content": "x"}]}
    what = replace(call(body, endpoint=endpoint), method=endpoint.method, **{"path": endpoint.path, **more})
    here = world(ok(json.dumps(MESSAGE)))
    reply = here.run(attempt(leaf, what, here.env()))
    assert here.sent, reply.body
    return here.sent[0].request, reply


def url(leaf: Target, endpoint: Endpoint = CHAT, model: str = "grok-4", **more: Any) -> str:
    return run(leaf, endpoint, model, **more)[0].url


# ── addresses ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("endpoint", [CHAT, EMBED, SPEECH], ids=lambda each: each.name)
@pytest.mark.parametrize(
    ("given", "options", "before", "after"),
    [
        (HOST, {}, HOST + "/openai/v1", ""),
        (HOST, {"azure_api_version": "v1"}, HOST + "/openai/v1", ""),
        (HOST, {"azure_api_version": "preview"}, HOST + "/openai/v1", "?api-version=preview"),
        (HOST, DATED, HOST + "/models", VERSION),
        (HOST + "/models", DATED, HOST + "/models", VERSION),
        (HOST + "/openai/v1", {}, HOST + "/openai/v1", ""),
        (HOST + "/openai/deployments/d", DATED, HOST + "/openai/deployments/d", VERSION),
        (SERVERLESS, DATED, SERVERLESS, VERSION),
        (SERVERLESS + "/v1", {}, SERVERLESS + "/v1", ""),
    ],
)
def test_where_openais_dialect_is_spoken(
    endpoint: Endpoint, given: str, options: dict[str, str], before: str, after: str
) -> None:
    assert url(target(given, options=options), endpoint) == f"{before}{endpoint.path}{after}"


@pytest.mark.parametrize("given", ["", "/models", "/openai/v1", "/anthropic", "/anthropic/v1"])
@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "My-Claude"])
def test_claude_is_spoken_to_in_its_own(given: str, model: str) -> None:
    request, reply = run(target(HOST + given, options=DATED), model=model)
    assert request.url == HOST + "/anthropic/v1/messages"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert json.loads(request.body)["max_tokens"] > 0
    assert json.loads(reply.body)["choices"][0]["message"]["content"] == "Hi"


def test_at_claudes_address_nobody_else_is_spoken_to() -> None:
    here = world()
    reply = here.run(attempt(target(HOST + "/anthropic"), call({"model": "gpt-5"}), here.env()))
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["param"], here.sent) == (400, "model", [])
    assert "claude" in error["message"]


def test_another_path_is_below_the_resource() -> None:
    leaf = target(HOST + "/models")
    assert url(leaf, PROXY, path="/openai/v1/responses", query="a=b") == HOST + "/openai/v1/responses?a=b"


def test_an_address_of_its_own_needs_no_other() -> None:
    own = Target(path="config", provider=AZURE_AI, options=DATED, base_url="https://gate.example/x")
    assert own.missing == ()
    assert url(own) == "https://gate.example/x/models/chat/completions" + VERSION
    lacking = Target(path="config", provider=AZURE_AI)
    assert lacking.missing == ("azure_foundry_url",)


# ── headers ──────────────────────────────────────────────────────────────

CREDENTIALS = ("api-key", "authorization", "x-api-key")


def credentials(leaf: Target, model: str = "grok-4") -> dict[str, str]:
    headers = run(leaf, model=model)[0].headers
    return {name: headers[name] for name in CREDENTIALS if name in headers}


@pytest.mark.parametrize(
    ("given", "model", "made"),
    [
        (HOST, "grok-4", {"api-key": "sk-caller-key"}),
        (HOST + "/openai/deployments/d", "d", {"api-key": "sk-caller-key"}),
        ("https://gate.example", "grok-4", {"api-key": "sk-caller-key"}),
        (SERVERLESS, "Phi-4", {"authorization": "Bearer sk-caller-key"}),
        (HOST, "claude-opus-4-5", {"x-api-key": "sk-caller-key"}),
    ],
)
def test_a_key_goes_by_the_header_of_what_is_called(given: str, model: str, made: dict[str, str]) -> None:
    assert credentials(target(given), model) == made


@pytest.mark.parametrize("model", ["grok-4", "claude-opus-4-5"])
def test_a_token_is_a_bearer_everywhere(model: str) -> None:
    leaf = target(HOST, options={"azure_ad_token": "eyJ0"})
    assert credentials(leaf, model) == {"authorization": "Bearer eyJ0"}


def test_without_either_nothing_is_sent() -> None:
    here = world()
    reply = here.run(attempt(target(HOST), call(key=None), here.env()))
    assert (reply.status, json.loads(reply.body)["error"]["code"]) == (401, "missing_credentials")


def test_options_travel_as_headers() -> None:
    own = {
        "azure_extra_parameters": "drop",
        "azure_deployment_name": "blue",
        "anthropic_version": "2024-01-01",
        "anthropic_beta": "b1",
    }
    headers = run(target(HOST, options=own))[0].headers
    assert headers["extra-parameters"] == "drop"
    assert headers["azureml-model-deployment"] == "blue"
    assert (headers["anthropic-version"], headers["anthropic-beta"]) == ("2024-01-01", "b1")
    assert run(target(HOST))[0].headers["extra-parameters"] == "pass-through"
