"""A Django site in one file, with a page, a login of its own, and the gateway beside them.

`application` is for an ASGI server, `wsgi` for a WSGI server.
"""

from __future__ import annotations

import os
import secrets
from html import escape
from http.cookies import SimpleCookie
from pathlib import Path

import django
from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import path

from gatewaymw import ASGIGateway, Facts, Gateway, WSGIGateway

CONFIG = os.environ.get("GATEWAYMW_CONFIG") or Path(__file__).parents[1] / "gateway.toml"
PAGE = (
    '<p>Hello {}.</p><form method="post" action="/login">'
    '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
    '<input name="user"><button>Log in</button></form>'
)

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_hex(),
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)
django.setup()


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE.format(escape(request.session.get("user", "stranger")), get_token(request)))


def login(request: HttpRequest) -> HttpResponse:
    request.session["user"] = request.POST.get("user", "guest")
    return HttpResponseRedirect("/", status=303)


urlpatterns = [path("", page), path("login", login)]


def user(request: Facts) -> str | None:
    """Who may use the gateway: whoever is logged in at this site."""
    cookie = SimpleCookie(request.headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    return SessionStore(cookie.value).get("user") if cookie else None


gateway = Gateway(CONFIG, auth="public" if os.environ.get("DEMO_PUBLIC") else user)
application = ASGIGateway(get_asgi_application(), gateway=gateway)
wsgi = WSGIGateway(get_wsgi_application(), gateway=gateway)
