"""A host app for real servers: the gateway with the configs of a file; a page tells what it holds."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatewaymw import ASGIGateway, Gateway, WSGIGateway
from gatewaymw.gateway import ENV

LIMITS: dict[str, Any] = {"total_timeout": 2.5, "send_timeout": 1.0, "grace": 0.4}
CONFIGS = json.loads(Path(os.environ["FAULTS_CONFIGS"]).read_text())
OPTIONS = {**LIMITS, **json.loads(os.environ.get("FAULTS", "{}"))}
if dice := os.environ.get("FAULTS_DICE"):  # each time the same, for those who judge how long waits are
    OPTIONS["env"] = replace(ENV, random=lambda: float(dice))
gateway = Gateway(configs=CONFIGS, auth="public", **OPTIONS)


def held() -> bytes:
    """What this process holds: sockets and files, threads, tasks."""
    gc.collect()
    try:
        tasks = len(asyncio.all_tasks())
    except RuntimeError:
        tasks = 0
    open_files = len(os.listdir("/dev/fd")) if os.path.exists("/dev/fd") else 0
    return json.dumps({"files": open_files, "threads": threading.active_count(), "tasks": tasks}).encode()


async def page(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    if scope["path"] == "/close":
        await gateway.aclose()
        await asyncio.sleep(0.05)
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": held()})


def page_wsgi(environ: Any, start_response: Any) -> Any:
    if environ["PATH_INFO"] == "/close":
        gateway.close()
    start_response("200 OK", [("content-type", "application/json")])
    return [held()]


asgi = ASGIGateway(page, gateway=gateway)
wsgi = WSGIGateway(page_wsgi, gateway=gateway)
