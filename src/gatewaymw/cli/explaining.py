"""What `gatewaymw explain` prints: whom a config would ask, and why, without a network."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import ConfigError
from ..explaining import table_of
from ..explaining.explanation import KEYS
from ..gateway import Gateway


def explain(config: str, request: str | None, fails: Sequence[str], seed: int, *, as_json: bool) -> int:
    """Print one explanation; 1 for a config with a fault, 2 for a request or script that cannot be read."""
    try:
        given, script = requested(request), table_of(fails)
    except ConfigError as error:
        return complained(error, 2)
    try:
        gateway = Gateway(config, auth="public")
    except ConfigError as error:
        return complained(error, 1)
    try:
        made = gateway.explain(given, script, seed=seed)
    except ConfigError as error:
        return complained(error, 2)
    print(json.dumps(made.as_json(), indent=2) if as_json else made)
    return 0


def complained(error: ConfigError, code: int) -> int:
    print(f"gatewaymw: {error}", file=sys.stderr)
    return code


def requested(file: str | None) -> Mapping[str, Any]:
    """What a file says of a request: `{"path", "headers", "body", …}`, or the body of a chat alone."""
    if file is None:
        return {}
    try:
        found = json.loads(Path(file).read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {type(error).__name__}", path="request") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{file} holds no object", path="request")
    return found if KEYS.issuperset(found) else {"body": found}
