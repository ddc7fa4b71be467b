"""A host for real servers that is nothing but the gateway, with checks of its own: sync and async ones."""

from __future__ import annotations

import json
import os
from typing import Any

from gatewaymw import ASGIGateway, CheckFacts, WSGIGateway

CONFIG = json.loads(os.environ["HOST_CONFIG"])


def short(facts: CheckFacts) -> bool:
    return len(facts.text) <= int(facts.parameters["most"])


async def polite(facts: CheckFacts) -> dict[str, Any]:
    return {"verdict": "please" in facts.text.lower()}


async def page(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("nobody asks for it")


def page_wsgi(environ: Any, start_response: Any) -> Any:
    raise AssertionError("nobody asks for it")


OWN: Any = {"short": short, "polite": polite}
asgi = ASGIGateway(page, CONFIG, auth="public", checks=OWN)
wsgi = WSGIGateway(page_wsgi, CONFIG, auth="public", checks=OWN)
