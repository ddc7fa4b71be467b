"""Which headers of a client may be copied to a provider, once somebody asks for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.errors import ConfigError

MOST = 32
"""Names in one list."""

TOKEN = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,128}")
CREDENTIALS = frozenset(
    [
        "authorization",
        "cookie",
        "cookie2",
        "set-cookie",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "x-auth-token",
        "x-csrftoken",
        "x-csrf-token",
        "x-xsrf-token",
        "x-amz-security-token",
    ]
)
"""A provider gets the key its target has, and nobody's session."""
HOP_BY_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
        "expect",
        "http2-settings",
    ]
)
"""They speak of one connection (RFC 9110, section 7.6.1), and ours to the provider is another."""
OF_THE_BODY = frozenset(
    [
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "content-md5",
        "digest",
        "accept-encoding",
        "range",
    ]
)
"""They describe what is sent or wanted back, which the gateway makes anew."""
DENIED = CREDENTIALS | HOP_BY_HOP | OF_THE_BODY
DENIED_PREFIXES = ("x-portkey-", "x-gateway-", "proxy-")


def forwardable(names: Sequence[str], path: str = "config.forward_headers") -> tuple[str, ...]:
    """The names in lower case, each once. Raises ConfigError for one that must not leave the gateway."""
    if len(names) > MOST:
        raise ConfigError(f"at most {MOST} headers can be forwarded", path=path)
    kept = [_checked(name.lower(), f"{path}[{index}]") for index, name in enumerate(names)]
    return tuple(dict.fromkeys(kept))


def _checked(name: str, path: str) -> str:
    if not TOKEN.fullmatch(name):
        raise ConfigError("is no name of a header", path=path)
    if name in DENIED or name.startswith(DENIED_PREFIXES):
        raise ConfigError(f"{name} is never forwarded to a provider", path=path)
    return name
