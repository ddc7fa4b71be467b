"""Predibase: the tenant and the deployment are in the address, the adapter is the model."""

from __future__ import annotations

import json
from typing import Any

import pytest
from machine import World, call, target, world

from gatewaymw.core.providers import PREDIBASE
from gatewaymw.core.providers.features import ways
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Reply
from gatewaymw.core.values import Answer

HELLO: dict[str, Any] = {"model": "qwen3-8b", "messages": [{"role": "user", "content": "Hi"}]}
PLACE = "https://serving.app.predibase.com/{}/deployments/v2/llms/{}/v1/chat/completions"
TENANT = {"predibase_tenant_id": "t-1"}


def asked(options: dict[str, str], **body: Any) -> tuple[Reply, World]:
    here = world(Answer(200, {}, b"{}"))
    leaf = target(provider=PREDIBASE, options=options)
    return here.run(run(leaf, call({**HELLO, **body}), here.env())), here


@pytest.mark.parametrize(
    ("options", "body", "url", "sent"),
    [
        (TENANT, {}, ("t-1", "qwen3-8b"), {"model": ""}),
        (TENANT, {"model": "q:repo/2"}, ("t-1", "q"), {"model": "repo/2"}),
        (TENANT, {"user": "ann"}, ("t-1", "qwen3-8b"), {"model": "", "user": "ann"}),
        ({}, {"user": "t-2"}, ("t-2", "qwen3-8b"), {"model": ""}),
        ({}, {"user": "a/b"}, ("a%2Fb", "qwen3-8b"), {"model": ""}),
    ],
)
def test_where_a_deployment_is(options: Any, body: Any, url: Any, sent: Any) -> None:
    _, here = asked(options, **body)
    request = here.sent[0].request
    assert request.url == PLACE.format(*url)
    assert json.loads(request.body) == {"messages": HELLO["messages"], **sent}


@pytest.mark.parametrize("body", [{}, {"user": ""}, {"user": 3}])
def test_without_a_tenant_nobody_is_asked(body: Any) -> None:
    reply, here = asked({}, **body)
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["code"], error["param"], here.sent) == (400, "missing_option", "user", [])
    for word in ("predibase_tenant_id", "env:PREDIBASE_TENANT_ID", "x-gateway-predibase-tenant-id", "user"):
        assert word in error["message"]


def test_a_tenant_leads_nowhere_else() -> None:
    reply, here = asked({}, user="..")
    assert (reply.status, here.sent) == (400, [])


def test_its_features_are_told_without_one() -> None:
    assert ways(PREDIBASE)["tools"] == ("tools",)
