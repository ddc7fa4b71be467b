"""Whether files that clients give by their addresses are fetched for providers that take bytes only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..core.errors import BadRequest, ConfigError, Forbidden
from ..core.values import Fetching
from .hosts import TrustedHosts, check_custom_host, trusted_hosts
from .models import FETCH_MEDIA, FetchMedia
from .reading import validated

_URL = re.compile(r"(https?://[^/?#]+)([/?][\x21-\x7e]*)?", re.IGNORECASE | re.ASCII)
LONGEST = 4096
"""Characters of an address: those that are signed are long."""


def fetching_of(value: Any) -> Fetching | None:
    """What the operator allows: nothing (None, False), anything public (True), or what a table says.

    Raises ConfigError, its path as `fetch_media.hosts[0]`.
    """
    if value is None or value is False:
        return None
    if value is not True and not isinstance(value, Mapping):
        raise ConfigError("must be true, false, or a table of bounds", path="fetch_media")
    settings, faults = validated({} if value is True else dict(value), "fetch_media", FETCH_MEDIA)
    if faults:
        raise faults[0]
    if settings.model_extra:
        known = ", ".join(FetchMedia.model_fields)
        raise ConfigError(f"has unknown keys; it may have {known}", path="fetch_media")
    hosts = trusted_hosts(settings.hosts, "fetch_media.hosts")
    return Fetching(
        lambda url, path: checked(url, path, hosts), settings.max_bytes, settings.max_count, settings.timeout
    )


def checked(url: str, path: str, hosts: TrustedHosts) -> str:
    """The address as it is called, without a fragment. Raises BadRequest, Forbidden."""
    found = _URL.fullmatch(url.partition("#")[0]) if len(url) <= LONGEST else None
    if not found or "\\" in url:
        raise BadRequest(
            f"{path} must be an address of up to {LONGEST} printable ASCII characters, without a user name",
            param=path,
            code="media_url_invalid",
        )
    try:
        origin, _ = check_custom_host(found[1], hosts, path)
    except ConfigError:
        origin = ""
    if not origin:
        raise Forbidden(
            f"{path}: files are not fetched from there; it takes https, the usual port and a public host, and"
            " the operator may allow certain hosts only (fetch_media); send the file as a data URI",
            param=path,
            code="media_not_permitted",
        )
    return origin + (found[2] or "/")
