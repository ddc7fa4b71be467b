"""IBM Cloud's identities: an API key, exchanged for an access token of an hour.

https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from . import Found, Settings, Source
from .exchange import exchange, token_of

URL = "https://iam.cloud.ibm.com/identity/token"
"""Where keys go, whatever a target or a caller says."""
GRANT = "urn:ibm:params:oauth:grant-type:apikey"
HOUR = 3600.0


def source(settings: Settings, url: str = URL, clock: Callable[[], float] = time.time) -> Source:
    """Where a token comes from. `settings`: `api_key`."""
    headers = {"accept": "application/json"}
    form = {"grant_type": GRANT, "apikey": settings["api_key"]}

    def token() -> Found:
        begun = clock()
        told = exchange(url, headers, form, "IBM Cloud")
        lasts = told.get("expires_in")
        until = begun + (lasts if isinstance(lasts, int) else HOUR)
        return Found({"api_key": token_of(told, "access_token", "IBM Cloud")}, until)

    return token
