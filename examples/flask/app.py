"""A Flask site with a page, a login of its own, and the gateway beside them."""

from __future__ import annotations

import os
import secrets
from html import escape
from pathlib import Path

from flask import Flask, redirect, request, session
from werkzeug.wrappers import Response

from gatewaymw import Facts, WSGIGateway

CONFIG = os.environ.get("GATEWAYMW_CONFIG") or Path(__file__).parents[1] / "gateway.toml"
PAGE = '<p>Hello {}.</p><form method="post" action="/login"><input name="user"><button>Log in</button></form>'

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY") or secrets.token_hex()


def user(facts: Facts) -> str | None:
    """Who may use the gateway: whoever is logged in at this site."""
    with app.request_context(dict(facts.native)):
        return session.get("user")


@app.get("/")
def page() -> str:
    return PAGE.format(escape(session.get("user", "stranger")))


@app.post("/login")
def login() -> Response:
    session["user"] = request.form.get("user", "guest")
    return redirect("/", 303)


app.wsgi_app = WSGIGateway(  # type: ignore[method-assign]
    app.wsgi_app, config=CONFIG, auth="public" if os.environ.get("DEMO_PUBLIC") else user
)
