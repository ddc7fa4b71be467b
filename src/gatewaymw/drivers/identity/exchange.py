"""Keys that are exchanged for tokens by one request to one fixed address (OAuth 2.0, RFC 6749).

Nothing of an answer is shown but a code that looks like one: it may quote what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from httpx import Client, Timeout

from ...core import json
from ...core.errors import Unauthorized, UpstreamError
from ..limits import tls

PATIENCE = 5.0
"""Seconds to a connection, and between two reads."""
LONGEST = 64 * 1024
"""Bytes of an answer that are read."""
CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def exchange(url: str, headers: Mapping[str, str], form: Mapping[str, str], cloud: str) -> Mapping[str, Any]:
    """The answer to a form. Raises Unauthorized where the cloud refuses the key, UpstreamError where it is
    busy or says nothing that can be read, httpx's errors where it cannot be reached."""
    with (
        Client(verify=tls(), timeout=Timeout(PATIENCE), follow_redirects=False) as client,
        client.stream("POST", url, headers=dict(headers), data=dict(form)) as answer,
    ):
        body = b""
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > LONGEST:
                raise unavailable(
                    f"{cloud} answered with more than {LONGEST} bytes where a token was asked for"
                )
        status = answer.status_code
    told = read(body)
    if status == 200 and told:
        return told
    if status >= 500 or status in (200, 408, 429):
        raise unavailable(f"{cloud} gave no token: it answered {status}")
    raise Unauthorized(
        f"{cloud} gave no token: it answered {status}{code(told)}; is the key still valid?",
        code="invalid_credentials",
    )


def read(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def code(told: Mapping[str, Any]) -> str:
    given = str(told.get("errorCode") or told.get("code") or told.get("error") or "")
    return f" ({given})" if CODE.fullmatch(given) else ""


def unavailable(why: str) -> UpstreamError:
    return UpstreamError(why, code="identity_unavailable")


def token_of(told: Mapping[str, Any], name: str, cloud: str) -> str:
    """The token in an answer. Raises UpstreamError."""
    found = told.get(name)
    if not isinstance(found, str) or not found:
        raise unavailable(f"{cloud} answered without a token")
    return found
