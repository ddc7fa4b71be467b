"""What a dialect refuses, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gatewaymw.core.errors import GatewayError


def refusing(ask: Callable[..., object], *asked: Any, **params: Any) -> GatewayError:
    """The refusal of what is asked for."""
    with pytest.raises(GatewayError) as caught:
        ask(*asked, **params)
    assert caught.value.status == 400
    return caught.value
