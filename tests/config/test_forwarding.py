"""Headers a config lets through to providers, and those nothing lets through (P3, X5)."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from books import CALLER, OPERATOR, leaf, refused

from every import every

NEVER = [
    *(
        "authorization",
        "Authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-api-key",
        "api-key",
    ),
    *("x-goog-api-key", "x-amz-security-token", "host", "connection", "keep-alive", "te", "trailer"),
    *("transfer-encoding", "upgrade", "expect", "proxy-connection", "content-length", "content-type"),
    *("content-encoding", "accept-encoding", "x-portkey-config", "x-gateway-provider", "X-Portkey-Api-Key"),
    *("", "a b", "a:b", "é", "x\r\ny", "x" * 129),
]


@every(product(NEVER, [OPERATOR, CALLER]))
def test_some_headers_are_never_forwarded(name: str, book: Any) -> None:
    fault = refused({"provider": "openai", "forward_headers": ["x-fine", name]}, book)
    assert fault.path == "config.forward_headers[1]"


def test_all_others_are_once_and_in_lower_case() -> None:
    config = {"provider": "openai", "forward_headers": ["X-Request-ID", "traceparent", "x-request-id"]}
    assert leaf(config, CALLER).forward == ("x-request-id", "traceparent")


@pytest.mark.parametrize("names", ["x-a", [7], {"x-a": 1}, [f"x-{index}" for index in range(33)]])
def test_what_is_no_list_of_names_is_refused(names: Any) -> None:
    assert refused({"provider": "openai", "forward_headers": names}).path.startswith("config.forward_headers")
