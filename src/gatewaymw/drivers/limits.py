"""What all who open connections of their own keep to: how many, for how long, and whom they trust."""

from __future__ import annotations

import ssl
from functools import lru_cache

import certifi

CONNECTIONS = 1000
"""At most so many connections to one origin, as the official SDKs have it."""
KEPT = 100
EXPIRY = 30.0
CONNECTING = 10.0
"""Seconds for a place among the connections, and again for a new one."""
WRITING = 60.0


@lru_cache(1)
def tls() -> ssl.SSLContext:
    """One context for all: building one reads files of certificates, the system's and Mozilla's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
