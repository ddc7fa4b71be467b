"""Azure OpenAI: where a deployment is called, in whose name, and what options settle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from machine import call, ok, world

from gatewaymw.core import json
from gatewaymw.core.endpoints import (
    CHAT,
    COMPLETE,
    EMBED,
    IMAGE,
    IMAGE_EDIT,
    MODEL,
    MODELS,
    MODERATE,
    PROXY,
    SPEECH,
    TRANSCRIBE,
    TRANSLATE,
    Endpoint,
)
from gatewaymw.core.errors import Unauthorized
from gatewaymw.core.model import Context, Keys
from gatewaymw.core.plan import Target
from gatewaymw.core.providers import AZURE_OPENAI
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.values import Call, Part, Request

DATED = {"resource_name": "res", "api_version": "2024-10-21"}
CURRENT = {"resource_name": "res", "api_version": "v1"}
HOST = "https://res.openai.azure.com/openai"


def target(options: dict[str, str], **more: Any) -> Target:
    return Target(path="config", provider=AZURE_OPENAI, options=options, **more)


def asking(endpoint: Endpoint = CHAT, body: dict[str, Any] | None = None, **more: Any) -> Call:
    made = call({"model": "gpt-4o"} if body is None else body, endpoint=endpoint)
    return replace(made, method=endpoint.method, path=endpoint.path, **more)


def sent(leaf: Target, what: Call) -> Request:
    here = world(ok(b'{"data":[],"id":"m"}'))
    reply = here.run(attempt(leaf, what, here.env()))
    assert here.sent, reply.body
    return here.sent[0].request


def refused(leaf: Target, what: Call) -> dict[str, Any]:
    here = world()
    reply = here.run(attempt(leaf, what, here.env()))
    error: dict[str, Any] = json.loads(reply.body)["error"]
    return {"status": reply.status, **error}


# ── addresses ────────────────────────────────────────────────────────────

DEPLOYED = [CHAT, COMPLETE, EMBED, IMAGE, IMAGE_EDIT, SPEECH, TRANSCRIBE, TRANSLATE]


@pytest.mark.parametrize("endpoint", DEPLOYED, ids=lambda each: each.name)
@pytest.mark.parametrize(
    ("options", "before", "after"),
    [
        (DATED, "/deployments/gpt-4o", "?api-version=2024-10-21"),
        ({**DATED, "deployment_id": "mine"}, "/deployments/mine", "?api-version=2024-10-21"),
        (CURRENT, "/v1", ""),
        ({**CURRENT, "api_version": "preview"}, "/v1", "?api-version=preview"),
        ({**CURRENT, "deployment_id": "mine"}, "/v1", ""),
    ],
)
def test_where_a_deployment_is_called(
    endpoint: Endpoint, options: dict[str, str], before: str, after: str
) -> None:
    assert sent(target(options), asking(endpoint)).url == f"{HOST}{before}{endpoint.path}{after}"


@pytest.mark.parametrize(
    ("endpoint", "options", "path"),
    [
        (MODELS, DATED, "/models?api-version=2024-10-21&limit=2"),
        (MODELS, CURRENT, "/v1/models?limit=2"),
        (MODEL, DATED, "/models/gpt%2F4?api-version=2024-10-21&limit=2"),
        (MODEL, CURRENT, "/v1/models/gpt%2F4?limit=2"),
    ],
)
def test_where_models_are_listed(endpoint: Endpoint, options: dict[str, str], path: str) -> None:
    what = asking(endpoint, {"model": "gpt/4"}, query="limit=2", raw=b"")
    assert sent(target(options), what).url == HOST + path


def test_another_path_is_below_the_same_address() -> None:
    what = replace(asking(PROXY), path="/responses", query="api-version=2025-03-01-preview")
    assert sent(target(DATED), what).url == f"{HOST}/responses?api-version=2025-03-01-preview"


def test_a_name_cannot_leave_its_step_of_the_path() -> None:
    url = sent(target(DATED), asking(body={"model": "../a?b#c"})).url
    assert url.startswith(f"{HOST}/deployments/..%2Fa%3Fb%23c/chat/completions?")


def test_a_request_without_a_model_needs_a_deployment() -> None:
    error = refused(target(DATED), asking(IMAGE, {"prompt": "a cat"}))
    assert (error["status"], error["param"]) == (400, "model")
    assert sent(target({**DATED, "deployment_id": "d"}), asking(IMAGE, {"prompt": "a"})).url.startswith(
        f"{HOST}/deployments/d/"
    )


def test_an_address_of_its_own_needs_no_resource() -> None:
    own = target({"api_version": "2024-10-21"}, base_url="https://gate.example/openai/")
    assert own.missing == ()
    assert sent(own, asking()).url == (
        "https://gate.example/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    )


@pytest.mark.parametrize("name", ["resource_name", "api_version"])
def test_what_is_missing_is_named(name: str) -> None:
    options = {key: value for key, value in DATED.items() if key != name}
    error = refused(target(options), asking())
    assert (error["status"], error["code"], error["param"]) == (400, "missing_option", name)


def test_moderations_are_not_azures() -> None:
    assert refused(target(DATED), asking(MODERATE))["code"] == "unsupported"


# ── bodies ───────────────────────────────────────────────────────────────


def test_a_dated_api_gets_the_body_byte_for_byte() -> None:
    raw = b'{"model": "gpt-4o",  "messages": []}'
    assert sent(target({**DATED, "deployment_id": "mine"}), asking(raw=raw)).body == raw
    assert sent(target(CURRENT), asking(raw=raw)).body == raw


def test_the_current_api_finds_a_deployment_by_the_model() -> None:
    own = target({**CURRENT, "deployment_id": "mine"})
    assert json.loads(sent(own, asking(body={"model": "m", "n": 2})).body) == {"model": "mine", "n": 2}
    assert own.overrides == {"model": "mine"}
    assert target({**CURRENT, "deployment_id": "mine"}, overrides={"model": "other"}).overrides == {
        "model": "other"
    }
    assert target(CURRENT).overrides == {} and target({**DATED, "deployment_id": "mine"}).overrides == {}


def test_so_it_does_in_a_form() -> None:
    parts = (Part("model", b"whisper"), Part("file", b"RIFF", "a.wav", "audio/wav"))
    what = asking(TRANSCRIBE, {"model": "whisper"}, parts=parts)
    body = sent(target({**CURRENT, "deployment_id": "mine"}), what).body
    assert b"\r\nmine\r\n" in body and b"whisper" not in body and b"RIFF" in body


# ── credentials ──────────────────────────────────────────────────────────

REQUEST = Request("POST", f"{HOST}/v1/chat/completions", {"content-type": "application/json"})
TOKEN = {"azure_ad_token": "eyJ0"}


def signed(api_key: str = "", **options: str) -> dict[str, str]:
    headers = AZURE_OPENAI.auth(REQUEST, Keys(api_key, options)).headers
    return {name: value for name, value in headers.items() if name != "content-type"}


def test_a_key_goes_by_a_header_of_its_own_and_a_token_is_a_bearer() -> None:
    assert signed("sk-1") == {"api-key": "sk-1"}
    assert signed("", **TOKEN) == {"authorization": "Bearer eyJ0"}
    assert signed("sk-1", **TOKEN) == {"authorization": "Bearer eyJ0"}
    assert REQUEST.headers == {"content-type": "application/json"}


def test_without_either_nothing_is_sent() -> None:
    with pytest.raises(Unauthorized, match="azure_ad_token") as caught:
        signed()
    assert caught.value.code == "missing_credentials"
    here = world()
    reply = here.run(attempt(target(DATED), replace(asking(), key=None), here.env()))
    assert (reply.status, here.sent) == (401, [])


@pytest.mark.parametrize("options", [{}, TOKEN])
def test_what_no_header_can_carry_is_refused_without_being_shown(options: dict[str, str]) -> None:
    bad = {name: value + "\n" for name, value in options.items()}
    with pytest.raises(Unauthorized) as caught:
        signed("sk-\n1" if not bad else "", **bad)
    assert "eyJ0" not in caught.value.message and "sk-" not in caught.value.message


def test_a_beta_travels_as_its_header() -> None:
    own = target({**DATED, "openai_beta": "x=y"})
    assert sent(own, asking()).headers["openai-beta"] == "x=y"


# ── what is read ─────────────────────────────────────────────────────────

CONTEXT = Context(provider="azure-openai", model="gpt-4o", created=7, id="own")


def test_models_have_what_openais_clients_require() -> None:
    many, one = (AZURE_OPENAI.routes[each].codec.response for each in (MODELS, MODEL))
    assert many and one
    row = {
        "id": "gpt-4o",
        "object": "model",
        "created_at": 1_715_558_400,
        "capabilities": {"inference": True},
    }
    made = many({"data": [row, {"id": "b"}], "object": "list"}, CONTEXT)
    assert made["data"] == [
        {**row, "created": 1_715_558_400, "owned_by": "azure-openai"},
        {"id": "b", "object": "model", "created": 0, "owned_by": "azure-openai"},
    ]
    own = {"id": "a", "object": "model", "created": 5, "owned_by": "system"}
    assert one(own, CONTEXT) == own


def test_what_the_filter_says_of_an_error_is_kept() -> None:
    """https://learn.microsoft.com/azure/foundry/openai/concepts/content-filter."""
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}}
    body = {
        "error": {
            **{"message": "The response was filtered", "type": None, "param": "prompt"},
            **{"code": "content_filter", "status": 400, "innererror": inner},
        }
    }
    here = world(replace(ok(json.dumps(body)), status=400))
    reply = here.run(attempt(target(DATED), asking(), here.env()))
    error = json.loads(reply.body)["error"]
    assert reply.status == 400
    assert error == {**body["error"], "type": "invalid_request_error"}
