"""A FastAPI site with a page, a login of its own, and the gateway beside them."""

from __future__ import annotations

import os
import secrets
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.middleware.sessions import SessionMiddleware

from gatewaymw import ASGIGateway, Facts

CONFIG = os.environ.get("GATEWAYMW_CONFIG") or Path(__file__).parents[1] / "gateway.toml"
PAGE = '<p>Hello {}.</p><form method="post" action="/login"><input name="user"><button>Log in</button></form>'


def user(request: Facts) -> str | None:
    """Who may use the gateway: whoever is logged in at this site."""
    name: str | None = request.native["session"].get("user")
    return name


app = FastAPI(title="An example host")
app.add_middleware(ASGIGateway, config=CONFIG, auth="public" if os.environ.get("DEMO_PUBLIC") else user)
# What is added last is outermost: the session is read before the gateway asks for it.
app.add_middleware(SessionMiddleware, secret_key=os.environ.get("SECRET_KEY") or secrets.token_hex())


@app.get("/", response_class=HTMLResponse)
async def page(request: Request) -> str:
    return PAGE.format(escape(request.session.get("user", "stranger")))


@app.post("/login")
async def login(request: Request) -> RedirectResponse:
    form = parse_qs((await request.body()).decode())
    request.session["user"] = form.get("user", ["guest"])[0]
    return RedirectResponse("/", status_code=303)
