"""Whoever comes from Portkey's gateway finds its providers here, with their endpoints and their addresses,
but for what docs/portkey-parity.md says is another, and why."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from machine import target, world

from every import every
from gatewaymw.core.endpoints import ENDPOINTS
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.encode import address, context_of, route_of
from gatewaymw.core.values import Call

TESTS = Path(__file__).parents[1]
THEIRS: dict[str, dict[str, str]] = yaml.safe_load((TESTS / "parity.yaml").read_text("utf-8"))
PAGE = (TESTS.parent / "docs" / "portkey-parity.md").read_text("utf-8")
ADDRESSES = PAGE.partition("## Addresses\n")[2].partition("\n## ")[0]
OPTIONS = {
    **{"resource_name": "res", "deployment_id": "d", "api_version": "v"},
    **{"azure_foundry_url": "https://foundry.example", "azure_api_version": "v", "aws_region": "r"},
    **{"vertex_project_id": "p", "vertex_region": "r", "workers_ai_account_id": "acc"},
    **{"oracle_region": "r", "oracle_api_version": "v", "oracle_compartment_id": "c"},
}
KEPT = [(name, endpoint) for name, row in THEIRS.items() for endpoint in row]


def told_of(provider: str) -> set[str]:
    """The endpoints of a provider that the page says are elsewhere or not at all; `all` of them."""
    rows = re.findall(rf"^\| `{re.escape(provider)}` \| ([^|]*) \|.*\|.*\|.*\|$", ADDRESSES, re.MULTILINE)
    return {name.strip(" `") for row in rows for name in row.split(",")}


def ours(provider: str, endpoint: str) -> str | None:
    """Where this gateway asks; None where it does not."""
    row = ENDPOINTS[endpoint]
    if row not in PROVIDERS[provider].routes:
        return None
    body: dict[str, Any] = {"model": "m", "messages": [], "prompt": "p", "input": "i", "user": "u"}
    call = Call(endpoint=row, method="POST", path=row.path, body=body)
    leaf = target(provider=PROVIDERS[provider], options={**PROVIDERS[provider].assumes, **OPTIONS})
    try:
        context = context_of(leaf, call, body, world().env())
        return address(route_of(leaf, call, "m"), leaf, call, context)
    except GatewayError as error:
        return error.message


def test_each_provider_is_here() -> None:
    assert len(THEIRS) == 72
    assert THEIRS.keys() | {"cortex"} <= PROVIDERS.keys()


@every(THEIRS)
def test_its_endpoints_are_where_they_are_there_or_the_page_says_why_not(provider: str) -> None:
    elsewhere = {name for name, url in THEIRS[provider].items() if ours(provider, name) != url}
    told = told_of(provider)
    assert told == elsewhere or (told == {"all"} and elsewhere == THEIRS[provider].keys())


def test_the_page_tells_of_nobody_else() -> None:
    named = re.findall(r"^\| `([^`]+)` \|", ADDRESSES, re.MULTILINE)
    assert named and {*named} <= THEIRS.keys() and len(named) == len({*named})


# ── as the command tells it ──────────────────────────────────────────────


@pytest.fixture(scope="module")
def listed() -> dict[str, Any]:
    command = [sys.executable, "-m", "gatewaymw", "providers", "--json"]
    told: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return told


def test_the_list_is_longer_than_theirs_and_leaves_out_none(listed: dict[str, Any]) -> None:
    assert len(listed) >= 110
    assert THEIRS.keys() | {"cortex"} <= listed.keys() == PROVIDERS.keys()


def test_the_list_has_each_endpoint_of_theirs_or_the_page_says_why_not(listed: dict[str, Any]) -> None:
    lacking = {
        (name, endpoint)
        for name, row in THEIRS.items()
        for endpoint in row.keys() - {*listed[name]["endpoints"]}
    }
    assert lacking and all(told_of(name) & {endpoint, "all"} for name, endpoint in lacking)
