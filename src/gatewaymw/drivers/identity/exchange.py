"""Keys that are exchanged for tokens by one request to one fixed address (OAuth 2.0, RFC 6749).

Nothing of an answer is shown but a code that looks like one: it may quote what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any

from httpx import Client, Timeout

from ...core import json
from ...core.errors import Unauthorized, UpstreamError
from ..limits import tls

PATIENCE = 5.0
"""Seconds to a connection, and between two reads."""
TOTAL = 20.0
"""Seconds to the end of an answer, however little of it comes at a time."""
LONGEST = 64 * 1024
"""Bytes of an answer that are read."""
CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
TELLING = 8
"""Characters of what was sent that would tell something of it."""


def exchange(
    url: str, headers: Mapping[str, str], form: Mapping[str, str], cloud: str, seconds: float = TOTAL
) -> Mapping[str, Any]:
    """The answer to a form. Raises Unauthorized where the cloud refuses the key, UpstreamError where it is
    busy or says nothing that can be read, httpx's errors where it cannot be reached."""
    status, told = answered(url, headers, form, cloud, seconds)
    if status == 200 and told:
        return told
    if status >= 500 or status in (200, 408, 429):
        raise unavailable(f"{cloud} gave no token: it answered {status}")
    why = code(told, (*headers.values(), *form.values()))
    raise Unauthorized(
        f"{cloud} gave no token: it answered {status}{why}; is the key still valid?",
        code="invalid_credentials",
    )


def answered(
    url: str, headers: Mapping[str, str], form: Mapping[str, str], cloud: str, seconds: float
) -> tuple[int, Mapping[str, Any]]:
    """The status and the JSON of an answer. Raises UpstreamError for one that is too long, or too slow."""
    until = monotonic() + seconds
    with (
        Client(verify=tls(), timeout=Timeout(PATIENCE), follow_redirects=False) as client,
        client.stream("POST", url, headers=dict(headers), data=dict(form)) as answer,
    ):
        body = b""
        for piece in answer.iter_bytes():
            body += piece
            if monotonic() > until:
                raise unavailable(f"{cloud} took longer than {seconds:g} seconds to give a token")
            if len(body) > LONGEST:
                raise unavailable(
                    f"{cloud} answered with more than {LONGEST} bytes where a token was asked for"
                )
    return answer.status_code, read(body)


def read(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def code(told: Mapping[str, Any], sent: Iterable[str]) -> str:
    """The code of an error, unless it is a piece of what was sent."""
    given = str(told.get("errorCode") or told.get("code") or told.get("error") or "")
    quoted = len(given) >= TELLING and any(given in each for each in sent)
    return f" ({given})" if CODE.fullmatch(given) and not quoted else ""


def unavailable(why: str) -> UpstreamError:
    return UpstreamError(why, code="identity_unavailable")


def token_of(told: Mapping[str, Any], name: str, cloud: str) -> str:
    """The token in an answer. Raises UpstreamError."""
    found = told.get(name)
    if not isinstance(found, str) or not found:
        raise unavailable(f"{cloud} answered without a token")
    return found
