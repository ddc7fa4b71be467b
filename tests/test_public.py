"""What outsiders rely on: the exported names and their signatures. A change here is a release note."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import gatewaymw
from gatewaymw import ASGIGateway, Facts, Gateway, WSGIGateway
from gatewaymw.gateway import Options

EDGE = "(app: App, config: Any = None, *, gateway: Gateway | None = None, **options: Unpack[Options]) -> None"
GATEWAY = (
    "(config: Any = None, *, "
    "virtual_keys: Mapping[str, Mapping[str, Any]] | None = None, "
    "configs: Mapping[str, Any] | None = None, "
    "auth: Auth | Literal[public] | None = None, "
    "caller_config: Literal[full, named, none] | None = None, "
    "trusted_custom_hosts: Iterable[str] | None = None, "
    "prefix: str = /v1, "
    "max_body: int | None = None, "
    "fetch_media: bool | Mapping[str, Any] | None = None, "
    "checks: Mapping[str, Callable[..., Any]] | None = None, "
    "check_timeout: float = 5.0, "
    "body_timeout: float = 120.0, "
    "total_timeout: float = 600.0, "
    "send_timeout: float = 60.0, "
    "keep_alive: float | None = None, "
    "grace: float = 30.0, "
    "store: str | Store | AsyncStore | None = None, "
    "http_client: Any = None, "
    "transport: Literal[auto, wire, httpx, aiohttp] | None = None, "
    "health: str | None = None) -> None"
)


def signature(thing: object) -> str:
    """As it is written, but for quotes; `env` is for tests of our own."""
    made = inspect.signature(thing)  # type: ignore[arg-type]
    kept = [each for each in made.parameters.values() if each.name != "env"]
    return str(made.replace(parameters=kept)).translate({ord("'"): None, ord('"'): None})


def test_the_exported_names() -> None:
    assert gatewaymw.__all__ == [
        "ASGIGateway",
        "CheckFacts",
        "ConfigError",
        "Facts",
        "Gateway",
        "GatewayError",
        "WSGIGateway",
    ]
    assert all(hasattr(gatewaymw, name) for name in gatewaymw.__all__)


def test_the_version_is_the_packages() -> None:
    assert gatewaymw.__version__ == version("gatewaymw")


def test_how_a_gateway_is_made() -> None:
    assert signature(Gateway) == GATEWAY


def test_how_an_edge_is_made() -> None:
    assert signature(ASGIGateway) == EDGE
    assert signature(WSGIGateway) == EDGE


def test_edges_take_every_keyword_of_a_gateway() -> None:
    keywords = [each for each in inspect.signature(Gateway).parameters if each != "config"]
    assert list(Options.__annotations__) == keywords


def test_what_a_gateway_does_for_its_host() -> None:
    assert signature(Gateway.sdk_transport) == "(self, family: Family = httpx2) -> Any"
    assert signature(Gateway.async_sdk_transport) == "(self, family: Family = httpx2) -> Any"
    assert signature(Gateway.close) == "(self) -> None"
    assert signature(Gateway.aclose) == "(self) -> None"
    assert inspect.iscoroutinefunction(Gateway.aclose)
    assert signature(Gateway.drain) == "(self, grace: float | None = None) -> None"
    assert signature(Gateway.adrain) == "(self, grace: float | None = None) -> None"
    assert inspect.iscoroutinefunction(Gateway.adrain)


def test_what_auth_is_told() -> None:
    assert list(inspect.signature(Facts).parameters) == ["method", "path", "headers", "native"]
