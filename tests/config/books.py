"""A small world for configs: four providers, two virtual keys, and the books of an operator and a caller."""

from __future__ import annotations

from typing import Any

import pytest

from gatewaymw.config import Book, compile_config, compile_virtual_keys
from gatewaymw.core.auth.keys import bearer
from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.errors import ConfigError
from gatewaymw.core.model import Provider, Route
from gatewaymw.core.plan import Group, Plan, Target


def provider(name: str, base_url: str) -> Provider:
    return Provider(name=name, base_url=base_url, routes={CHAT: Route("/chat/completions")}, auth=bearer)


PROVIDERS = {
    made.name: made
    for made in (
        provider("openai", "https://api.openai.com/v1"),
        provider("anthropic", "https://api.anthropic.com/v1"),
        provider("azure-openai", "https://{resource_name}.openai.azure.com/openai"),
        provider("ollama", ""),
    )
}
MODES = ("single", "fallback", "loadbalance", "conditional", "compare")
KEYS = compile_virtual_keys(
    {
        "prod": {
            "provider": "openai",
            "api_key": "env:OPENAI_API_KEY",
            "override_params": {"user": "gateway"},
        },
        "inside": {"provider": "openai", "api_key": "sk-inside", "custom_host": "http://llm.inside:8000/v1/"},
        "azure": {
            "provider": "azure-openai",
            "api_key": "az",
            "resource_name": "ours",
            "retry": {"attempts": 1},
        },
    },
    providers=PROVIDERS,
)
OPERATOR = Book(KEYS, held=True, providers=PROVIDERS, modes=MODES)
CALLER = Book(KEYS, held=False, strict_keys=False, providers=PROVIDERS, modes=MODES)


def plan(config: Any, book: Book = OPERATOR) -> Plan:
    return compile_config(config, book)


def leaf(config: Any, book: Book = OPERATOR) -> Target:
    root = plan(config, book).root
    assert isinstance(root, Target)
    return root


def group(config: Any, book: Book = OPERATOR) -> Group:
    root = plan(config, book).root
    assert isinstance(root, Group)
    return root


def child(group: Group, index: int) -> Target:
    node = group.children[index]
    assert isinstance(node, Target)
    return node


def refused(config: Any, book: Book = OPERATOR) -> ConfigError:
    """The fault of a config that is not taken."""
    with pytest.raises(ConfigError) as caught:
        compile_config(config, book)
    assert caught.value.status == 400 and caught.value.param == caught.value.path
    return caught.value
