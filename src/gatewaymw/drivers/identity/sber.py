"""Sber's identities: an authorization key of GigaChat's, exchanged for an access token of half an hour.

https://developers.sber.ru/docs/ru/gigachat/api/reference/rest/post-token. The certificate of that server is
signed by the Russian Ministry of Digital Development, which this machine may have to be told to trust
(https://developers.sber.ru/docs/ru/gigachat/certificates): by its own store, or by SSL_CERT_FILE.
"""

from __future__ import annotations

from uuid import uuid4

from . import Found, Settings, Source
from .exchange import exchange, token_of, unavailable

URL = "https://ngw.devices.sberbank.ru:9443/api/v2/oauth"
"""Where keys go, whatever a target or a caller says."""


def source(settings: Settings, url: str = URL) -> Source:
    """Where a token comes from. `settings`: `api_key`, `gigachat_scope`."""
    form = {"scope": settings["gigachat_scope"]}

    def token() -> Found:
        headers = {
            "accept": "application/json",
            "authorization": f"Basic {settings['api_key']}",
            "rquid": str(uuid4()),
        }
        told = exchange(url, headers, form, "Sber")
        until = told.get("expires_at")
        if not isinstance(until, int):
            raise unavailable("Sber answered without the time at which its token ends")
        return Found({"api_key": token_of(told, "access_token", "Sber")}, until / 1000)

    return token
