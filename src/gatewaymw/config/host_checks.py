"""The checks that a host brings of its own, beside those that are here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..core.errors import ConfigError


def host_checks(checks: Mapping[str, Callable[..., Any]] | None) -> Mapping[str, Callable[..., Any]]:
    """The host's checks. Raises ConfigError for what none can be."""
    if not checks:
        return {}
    from ..core.checks.catalogue import CHECKS  # which most gateways need not load

    for name, function in checks.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", name):
            raise ConfigError("a check is named by letters, digits, - and _", path=f"checks[{name[:64]!a}]")
        if f"default.{name}".lower() in CHECKS:
            raise ConfigError("is the name of a check of ours; give yours another", path=f"checks.{name}")
        if not callable(function):
            raise ConfigError("must be a callable", path=f"checks.{name}")
    return dict(checks)
