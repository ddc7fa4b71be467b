"""A host app for real servers: one page of its own, and the gateway as `HOST_CONFIG` says."""

from __future__ import annotations

import json
import os
from typing import Any

from gatewaymw import ASGIGateway, WSGIGateway

CONFIG = json.loads(os.environ["HOST_CONFIG"])
PAGE = b"the host's own page"


async def page(scope: Any, receive: Any, send: Any) -> None:
    """It knows no lifespan, as Django does not."""
    assert scope["type"] == "http"
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(PAGE))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE})


def page_wsgi(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [("content-type", "text/plain"), ("content-length", str(len(PAGE)))])
    return [PAGE]


asgi = ASGIGateway(page, CONFIG, auth="public")
wsgi = WSGIGateway(page_wsgi, CONFIG, auth="public")
