"""Models whose own names begin with `@`, as Workers AI's do, beside `@provider/model`."""

from __future__ import annotations

from typing import Any

import pytest

from gatewaymw.choice import Book, Chooser
from gatewaymw.core.errors import ConfigError
from gatewaymw.core.plan import targets
from gatewaymw.headers import Wishes

LLAMA = "@cf/meta/llama-3.1-8b-instruct"
OURS = {"provider": "workers-ai", "api_key": "k", "workers_ai_account_id": "acc-1"}


def chosen(model: str, config: Any = None, **more: Any) -> tuple[list[str], str | None]:
    plan, named = Chooser(Book(config=config, open=True, **more)).choose(Wishes(), model)
    return [leaf.provider.name for leaf in targets(plan.root)], named


def test_a_name_of_the_operators_own_provider_is_no_other_provider() -> None:
    both = {"strategy": {"mode": "fallback"}, "targets": [OURS, {"provider": "openai", "api_key": "k"}]}
    assert chosen(LLAMA, OURS) == (["workers-ai"], None)
    assert chosen(LLAMA, both) == (["workers-ai", "openai"], None)
    assert chosen(f"@workers-ai/{LLAMA}", OURS) == (["workers-ai"], LLAMA)


def test_a_key_of_that_name_goes_before() -> None:
    keys = {"cf": {"provider": "openai", "api_key": "k"}}
    assert chosen("@cf/gpt-4o", OURS, virtual_keys=keys) == (["openai"], "gpt-4o")


@pytest.mark.parametrize("config", [None, {"provider": "openai", "api_key": "k"}])
def test_where_nobody_has_such_names_it_stands_for_a_provider(config: Any) -> None:
    with pytest.raises(ConfigError, match="cf"):
        chosen(LLAMA, config)
