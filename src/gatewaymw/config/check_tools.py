"""What compiles the parameters of checks: RE2, JSON Schema, and which hosts a check may ask."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..core.checks.model import Address, Pattern, Tools
from ..core.errors import ConfigError
from . import javascript, regexes, schemas
from .hosts import Rule, TrustedHosts, check_custom_host

_URL = re.compile(r"(https?://[^/?#]+)([/?][\x21\x22\x24-\x7e]*)?", re.IGNORECASE | re.ASCII)
LONGEST = 2048
"""Characters of an address."""


def tools(trusted: TrustedHosts | None, warn: Callable[[str], None]) -> Tools:
    """For a caller's config: patterns of RE2 alone, and public hosts, or those that the operator trusts.
    `trusted` of None stands for the operator's own config, which may name any host; what `warn` is told is to
    be known."""
    held = trusted is None
    re2 = regexes.engine()

    def regex(source: str, flags: str) -> Pattern:
        return javascript.pattern(source, flags, re2, warn if held else None)

    return Tools(
        regex=regex,
        schema=lambda value: schemas.schema(value, lambda source: regex(source, "").search),
        address=lambda url, path: address(url, path, trusted),
    )


def address(url: str, path: str, trusted: TrustedHosts | None) -> Address:
    """The address of a service that a check asks. Raises ConfigError."""
    parts = _URL.fullmatch(url) if len(url) <= LONGEST else None
    if not parts or "\\" in url:
        raise ConfigError(
            f"must be an address of up to {LONGEST} printable ASCII characters, without user or fragment",
            path=path,
            code="invalid_host",
        )
    public = None
    if trusted is not None:
        public = TrustedHosts(trusted.exact, (*trusted.wild, Rule("", 443)))
    origin, guarded = check_custom_host(parts[1], public, path)
    rest = parts[2] or "/"
    return Address(origin + (rest if rest[0] == "/" else "/" + rest), guarded)
