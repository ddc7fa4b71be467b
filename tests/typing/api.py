"""What users write, as the type checker sees it. mypy reads this file; nothing runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

from fastapi import FastAPI
from flask import Flask

from gatewaymw import ASGIGateway, CheckFacts, ConfigError, Facts, Gateway, GatewayError, WSGIGateway


def someone(request: Facts) -> str | None:
    return request.headers.get("x-user") if request.method == "POST" else None


async def someone_later(request: Facts) -> dict[str, str] | None:
    return {"id": request.path} if "session" in request.native else None


def short(facts: CheckFacts) -> bool:
    return len(facts.text) < int(facts.parameters.get("most", 10)) and facts.response is None


async def kind(facts: CheckFacts) -> dict[str, Any]:
    return {"verdict": facts.kind == "input", "data": facts.metadata.get("user")}


def in_process() -> None:
    gateway = Gateway({"provider": "mock"})
    assert_type(gateway, Gateway)
    Gateway()
    Gateway(Path("gateway.toml"), auth=someone, caller_config="named", prefix="/llm/v1", max_body=1024)
    Gateway(fetch_media=True)
    Gateway(fetch_media={"max_bytes": 2**20, "max_count": 2, "timeout": 5, "hosts": ["*.example.com"]})
    Gateway("gateway.json", auth=someone_later, trusted_custom_hosts=["localhost:11434"])
    Gateway(
        {"virtual_key": "house"},
        virtual_keys={"house": {"provider": "openai", "api_key": "env:OPENAI_API_KEY"}},
        configs={"other": {"provider": "mock"}},
        auth="public",
        body_timeout=10,
        total_timeout=30,
    )
    Gateway(checks={"short": short, "kind": kind}, check_timeout=1)
    Gateway(checks={"short": True})  # type: ignore[dict-item]
    Gateway(auth="everyone")  # type: ignore[arg-type]
    Gateway(caller_config="some")  # type: ignore[arg-type]
    gateway.close()


async def on_hosts(shared: Gateway) -> None:
    app = FastAPI()
    app.add_middleware(ASGIGateway, config={"provider": "mock"})
    app.add_middleware(ASGIGateway, gateway=shared)
    ASGIGateway(app, auth="everyone")  # type: ignore[arg-type]
    ASGIGateway(app, no_keyword_of="the gateway")  # type: ignore[call-arg]
    assert_type(ASGIGateway(app, {"provider": "mock"}).gateway, Gateway)
    flask = Flask(__name__)
    flask.wsgi_app = WSGIGateway(flask.wsgi_app, gateway=shared)  # type: ignore[method-assign]
    await shared.aclose()


def faults() -> tuple[Any, ...]:
    try:
        Gateway({"provider": "nobody"})
    except ConfigError as error:
        assert_type(error.path, str)
        return error.path, error.message
    except GatewayError as error:
        return error.status, error.type, error.code, error.param, error.headers
    return ()
